//! Notifications of the platforms and the schedules on which they are repeated.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::{HOUR_MS, MINUTE_MS, SECOND_MS};
use crate::crypto;

/// Waits between deliveries of WeChat Pay: 15 repeats after the first, 24 hours and 4 minutes in all.
const WECHAT_PAY_RETRIES_MS: [i64; 15] = [
    15 * SECOND_MS,
    15 * SECOND_MS,
    30 * SECOND_MS,
    3 * MINUTE_MS,
    10 * MINUTE_MS,
    20 * MINUTE_MS,
    30 * MINUTE_MS,
    30 * MINUTE_MS,
    30 * MINUTE_MS,
    60 * MINUTE_MS,
    3 * HOUR_MS,
    3 * HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    6 * HOUR_MS,
];

/// Waits between calls of the payment gateway: 11 repeats after the first.
const GATEWAY_RETRIES_MS: [i64; 11] = [
    15 * SECOND_MS,
    30 * SECOND_MS,
    MINUTE_MS,
    3 * MINUTE_MS,
    10 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    8 * HOUR_MS,
    8 * HOUR_MS,
];

/// Who notifies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Platform {
    #[default]
    WechatPay,
    Gateway,
}

impl Platform {
    fn retries_ms(self) -> &'static [i64] {
        match self {
            Self::WechatPay => &WECHAT_PAY_RETRIES_MS,
            Self::Gateway => &GATEWAY_RETRIES_MS,
        }
    }
}

/// What happens to notifications that are made from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CallbackMode {
    /// Delivered at once and repeated until answered.
    Deliver,
    /// Kept until a tester releases it.
    Hold,
    /// Never sent.
    Lose,
    /// Sent twice at the same time.
    Double,
}

/// Where one notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum CallbackState {
    Waiting,
    Held,
    Lost,
    Delivered,
    GivenUp,
}

/// One notification, with all its deliveries.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Callback {
    /// The same for every delivery of this event.
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) platform: Platform,
    /// The order, or the notice, that it is about.
    pub(crate) out_trade_no: String,
    pub(crate) notify_url: String,
    /// The plain resource; sealed anew for every delivery.
    pub(crate) resource: Value,
    pub(crate) created_ms: i64,
    pub(crate) mode: CallbackMode,
    pub(crate) state: CallbackState,
    pub(crate) next_due_ms: i64,
    pub(crate) attempts: Vec<Attempt>,
    /// Scheduled attempts that failed; releases by hand do not count.
    pub(crate) failures: usize,
    /// Under way right now. Not kept: after a restart nothing is under way.
    #[serde(skip)]
    pub(crate) in_flight: bool,
}

/// One delivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attempt {
    pub(crate) at_ms: i64,
    pub(crate) url: String,
    /// The HTTP status, or nothing when no answer came in time.
    pub(crate) status: Option<u16>,
    pub(crate) forged: bool,
    /// Whether the answer was one that stops the repeats.
    #[serde(default)]
    pub(crate) taken: bool,
}

/// Only these two statuses stop the repeats of WeChat Pay; 201 does not.
pub(crate) fn is_taken(status: Option<u16>) -> bool {
    matches!(status, Some(200 | 204))
}

impl Callback {
    /// A notification that is due at once, or whatever the mode makes of it.
    pub(crate) fn new(
        platform: Platform,
        about: &str,
        notify_url: &str,
        resource: Value,
        mode: CallbackMode,
        now_ms: i64,
    ) -> Self {
        let hex = crypto::hex(&crypto::random_bytes::<16>());
        let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        Self {
            id: format!("{a}-{b}-{c}-{d}-{e}"),
            platform,
            out_trade_no: about.to_owned(),
            notify_url: notify_url.to_owned(),
            resource,
            created_ms: now_ms,
            mode,
            state: match mode {
                CallbackMode::Deliver | CallbackMode::Double => CallbackState::Waiting,
                CallbackMode::Hold => CallbackState::Held,
                CallbackMode::Lose => CallbackState::Lost,
            },
            next_due_ms: now_ms,
            attempts: Vec::new(),
            failures: 0,
            in_flight: false,
        }
    }

    pub(crate) fn is_due(&self, now_ms: i64) -> bool {
        self.state == CallbackState::Waiting && !self.in_flight && self.next_due_ms <= now_ms
    }

    /// Books the outcome of a scheduled delivery. The next one counts from now: a clock that
    /// jumped over several does not make up for them.
    pub(crate) fn settle(&mut self, taken: bool, now_ms: i64) {
        self.in_flight = false;
        if self.state != CallbackState::Waiting {
            return;
        }
        if taken {
            self.state = CallbackState::Delivered;
        } else if let Some(wait_ms) = self.platform.retries_ms().get(self.failures) {
            self.failures += 1;
            self.next_due_ms = now_ms + wait_ms;
        } else {
            self.state = CallbackState::GivenUp;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_lasts_24_hours_and_4_minutes() {
        assert_eq!(WECHAT_PAY_RETRIES_MS.iter().sum::<i64>(), 24 * HOUR_MS + 4 * MINUTE_MS);
    }

    #[test]
    fn only_200_and_204_are_taken() {
        assert!(is_taken(Some(200)) && is_taken(Some(204)));
        for status in [None, Some(201), Some(202), Some(302), Some(500)] {
            assert!(!is_taken(status), "{status:?}");
        }
    }
}

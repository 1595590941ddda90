//! Notifications, and the schedules on which the platforms repeat them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::{HOUR_MS, MINUTE_MS, SECOND_MS};

/// WeChat Pay's waits between deliveries: 15 repeats after the first, 24 hours and 4 minutes in all.
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

/// UnionPay's: five deliveries in all.
const UNIONPAY_RETRIES_MS: [i64; 4] = [0, MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS];

/// Who sends a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Platform {
    #[default]
    WechatPay,
    Unionpay,
}

impl Platform {
    /// Waits between deliveries.
    fn retries_ms(self) -> &'static [i64] {
        match self {
            Self::WechatPay => &WECHAT_PAY_RETRIES_MS,
            Self::Unionpay => &UNIONPAY_RETRIES_MS,
        }
    }

    /// Whether the answer stops the repeats. For WeChat Pay 201 does not.
    pub(crate) fn is_taken(self, status: Option<u16>) -> bool {
        match self {
            Self::WechatPay => matches!(status, Some(200 | 204)),
            Self::Unionpay => matches!(status, Some(200 | 302)),
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
    /// The merchant's number of what it is about.
    pub(crate) out_trade_no: String,
    pub(crate) notify_url: String,
    /// The plain content; sealed and signed anew for every delivery.
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
}

impl Callback {
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
    fn the_schedules_are_the_documented_ones() {
        let lasts = |platform: Platform| platform.retries_ms().iter().sum::<i64>();
        assert_eq!(lasts(Platform::WechatPay), 24 * HOUR_MS + 4 * MINUTE_MS);
        assert_eq!(lasts(Platform::Unionpay), 7 * MINUTE_MS);
    }

    #[test]
    fn each_platform_knows_what_is_taken() {
        let taken = |platform: Platform| {
            [None, Some(200), Some(201), Some(202), Some(204), Some(302), Some(500)]
                .into_iter()
                .filter(|status| platform.is_taken(*status))
                .flatten()
                .collect::<Vec<_>>()
        };
        assert_eq!(taken(Platform::WechatPay), [200, 204]);
        assert_eq!(taken(Platform::Unionpay), [200, 302]);
    }
}

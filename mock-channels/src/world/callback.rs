//! Notifications of the platforms and the schedules on which they repeat them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::{HOUR_MS, MINUTE_MS, SECOND_MS};

/// WeChat Pay's waits between deliveries: 15 repeats after the first, 24 hours and 4 minutes in
/// all.
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

/// Alipay's waits between deliveries: 7 repeats after the first. The platform says that it stops
/// after 24 hours and 22 minutes, which is two minutes less than its own waits.
const ALIPAY_RETRIES_MS: [i64; 7] = [
    4 * MINUTE_MS,
    10 * MINUTE_MS,
    10 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    6 * HOUR_MS,
    15 * HOUR_MS,
];

/// UnionPay's: five deliveries in all.
const UNIONPAY_RETRIES_MS: [i64; 4] = [0, MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS];

/// The payment gateway's waits between deliveries: 11 repeats after the first.
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

/// Events of the mini-program: three repeats, five seconds apart.
const WECHAT_MESSAGE_RETRIES_MS: [i64; 3] = [5 * SECOND_MS, 5 * SECOND_MS, 5 * SECOND_MS];

/// Who sends a notification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Platform {
    #[default]
    WechatPay,
    Alipay,
    Unionpay,
    Gateway,
    WechatMessage,
}

impl Platform {
    /// Those that move money.
    pub(crate) const ALL: [Self; 4] =
        [Self::WechatPay, Self::Alipay, Self::Unionpay, Self::Gateway];

    /// As levers and scripts write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WechatPay => "wechat-pay",
            Self::Alipay => "alipay",
            Self::Unionpay => "unionpay",
            Self::Gateway => "gateway",
            Self::WechatMessage => "wechat-message",
        }
    }

    fn retries_ms(self) -> &'static [i64] {
        match self {
            Self::WechatPay => &WECHAT_PAY_RETRIES_MS,
            Self::Alipay => &ALIPAY_RETRIES_MS,
            Self::Unionpay => &UNIONPAY_RETRIES_MS,
            Self::Gateway => &GATEWAY_RETRIES_MS,
            Self::WechatMessage => &WECHAT_MESSAGE_RETRIES_MS,
        }
    }

    /// How long the receiver may take to answer.
    pub(crate) fn deadline(self) -> Duration {
        Duration::from_secs(match self {
            Self::WechatPay | Self::Alipay | Self::Gateway | Self::WechatMessage => 5,
            Self::Unionpay => 10,
        })
    }

    /// Whether an answer stops the repeats. Of the gateway's, only half of it: its answers are
    /// signed documents, which must be read as well.
    pub(crate) fn is_taken(self, status: u16, body: &[u8]) -> bool {
        match self {
            // 201 does not.
            Self::WechatPay => matches!(status, 200 | 204),
            // Not a byte more or less.
            Self::Alipay => status == 200 && body == b"success",
            Self::Unionpay => matches!(status, 200 | 302),
            Self::Gateway => status == 200,
            Self::WechatMessage => status == 200 && matches!(body, b"success" | b""),
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
    /// States from before there were several have WeChat Pay's only.
    #[serde(default)]
    pub(crate) platform: Platform,
    /// The same for every delivery of this event.
    pub(crate) id: String,
    /// The order, or the notice, that it is about.
    pub(crate) out_trade_no: String,
    /// What happened, in the platform's word; empty where the platform has one only.
    #[serde(default)]
    pub(crate) event: String,
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
    /// Whether the answer stops the repeats.
    #[serde(default)]
    pub(crate) taken: bool,
}

impl Callback {
    /// A notification that is due at `due_ms`, or never, as the mode says.
    pub(crate) fn new(
        platform: Platform,
        id: String,
        notify_url: String,
        mode: CallbackMode,
        due_ms: i64,
    ) -> Self {
        let mut made = Self {
            platform,
            id,
            out_trade_no: String::new(),
            event: String::new(),
            notify_url,
            resource: Value::Null,
            created_ms: due_ms,
            mode,
            state: CallbackState::Waiting,
            next_due_ms: due_ms,
            attempts: Vec::new(),
            failures: 0,
            in_flight: false,
        };
        made.set_mode(mode);
        made
    }

    /// Says what becomes of it.
    pub(crate) fn set_mode(&mut self, mode: CallbackMode) {
        self.mode = mode;
        self.state = match mode {
            CallbackMode::Deliver | CallbackMode::Double => CallbackState::Waiting,
            CallbackMode::Hold => CallbackState::Held,
            CallbackMode::Lose => CallbackState::Lost,
        };
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
    fn the_schedules_last_as_long_as_the_platforms_say() {
        let lasts = |platform: Platform| platform.retries_ms().iter().sum::<i64>();
        assert_eq!(lasts(Platform::WechatPay), 24 * HOUR_MS + 4 * MINUTE_MS);
        assert_eq!(lasts(Platform::Alipay), 24 * HOUR_MS + 24 * MINUTE_MS);
        assert_eq!(lasts(Platform::Unionpay), 7 * MINUTE_MS);
        let gateway_ms = 23 * HOUR_MS + 44 * MINUTE_MS + 45 * SECOND_MS;
        assert_eq!(lasts(Platform::Gateway), gateway_ms);
    }

    #[test]
    fn wechat_pay_takes_only_200_and_204() {
        let taken = |status| Platform::WechatPay.is_taken(status, b"");
        assert!(taken(200) && taken(204));
        for status in [201, 202, 302, 500] {
            assert!(!taken(status), "{status}");
        }
    }

    #[test]
    fn unionpay_takes_only_200_and_302() {
        let taken = |status| Platform::Unionpay.is_taken(status, b"");
        assert!(taken(200) && taken(302));
        for status in [201, 202, 204, 500] {
            assert!(!taken(status), "{status}");
        }
    }

    #[test]
    fn alipay_takes_only_the_word_success() {
        assert!(Platform::Alipay.is_taken(200, b"success"));
        for (status, body) in
            [(200, &b"SUCCESS"[..]), (200, b"success\n"), (200, b""), (201, b"success")]
        {
            assert!(!Platform::Alipay.is_taken(status, body), "{status} {body:?}");
        }
    }
}

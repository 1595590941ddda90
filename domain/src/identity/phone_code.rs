//! One-time codes by text message (短信验证码): the native app's way to prove a phone.

use crate::clock::{Clock, IdSource};
use crate::outside::{OutsideError, StoreError};
use crate::standards::Mobile;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::sync::Arc;

/// How long a code can be typed in.
pub const CODE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// Wrong codes before the right one is worth nothing: a guesser's chance is 5 in a million.
pub const WRONG_CODES: u32 = 5;
/// Codes of one phone: one a minute, five an hour, ten a day. A message costs money, and a
/// stranger must not be able to fill somebody's phone.
pub const QUOTAS: [(SignedDuration, u32); 3] = [
    (SignedDuration::from_mins(1), 1),
    (SignedDuration::from_hours(1), 5),
    (SignedDuration::from_hours(24), 10),
];

/// Six digits. `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct SixDigits(String);

impl SixDigits {
    /// From 000000 to 999999, each as likely as another to one part in four thousand.
    pub fn generate(ids: &dyn IdSource) -> Self {
        let bytes = ids.random_bytes();
        let number = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Self(format!("{:06}", number % 1_000_000))
    }

    /// The digits: for the message and for hashing, nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SixDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SixDigits(***)")
    }
}

/// A code that is about to be sent.
#[derive(Debug, Clone)]
pub struct PhoneCode {
    /// Whose phone.
    pub phone: Mobile,
    /// What the citizen will type in.
    pub code: SixDigits,
    /// When it was made.
    pub issued_at: Timestamp,
}

/// Was the code kept?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeIssued {
    /// Yes; earlier codes of the phone are worth nothing now.
    Kept,
    /// The phone has had too many; the next one not before this.
    TooMany(Timestamp),
}

/// What a code that was typed in is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRedeemed {
    /// It is right, and used up by this.
    Right,
    /// It is wrong, was used, or too many wrong ones came before it.
    Wrong,
    /// It was right, and is too old.
    Expired,
}

/// Codes that were sent.
#[async_trait]
pub trait PhoneCodeStore: Send + Sync {
    /// Keeps a code, if the [`QUOTAS`] of the phone allow it; counted and kept in one step.
    /// MUST keep a hash of the code only, and no readable phone.
    async fn issue(&self, code: &PhoneCode) -> Result<CodeIssued, StoreError>;
    /// Compares with the newest code of the phone, counting a wrong one; a right one is used up.
    /// MUST let one of several that come at once win.
    async fn redeem(
        &self,
        phone: &Mobile,
        code: &str,
        now: Timestamp,
    ) -> Result<CodeRedeemed, StoreError>;
}

/// Sends text messages.
#[async_trait]
pub trait CodeSender: Send + Sync {
    /// Sends the code to its phone.
    async fn send(&self, code: &PhoneCode) -> Result<(), OutsideError>;
}

/// Why no code is on its way.
#[derive(Debug, thiserror::Error)]
pub enum SendCodeError {
    /// The phone has had too many.
    #[error("the phone has had too many codes")]
    TooMany(Timestamp),
    /// The message platform did not take it; it may have been sent all the same.
    #[error("the message platform did not answer")]
    Platform(#[source] OutsideError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: send a code to a phone.
pub struct SendPhoneCode {
    /// Codes.
    pub codes: Arc<dyn PhoneCodeStore>,
    /// Messages.
    pub sender: Arc<dyn CodeSender>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl SendPhoneCode {
    /// Answers from when on another code may be asked for. Says nothing of whether anybody is
    /// known by this phone.
    ///
    /// # Errors
    /// [`SendCodeError`].
    pub async fn run(&self, phone: &Mobile) -> Result<Timestamp, SendCodeError> {
        let now = self.clock.now();
        let code = SixDigits::generate(self.ids.as_ref());
        let kept = PhoneCode { phone: phone.clone(), code, issued_at: now };
        match self.codes.issue(&kept).await? {
            CodeIssued::Kept => {}
            CodeIssued::TooMany(until) => return Err(SendCodeError::TooMany(until)),
        }
        self.sender.send(&kept).await.map_err(SendCodeError::Platform)?;
        Ok(now + QUOTAS[0].0)
    }
}

/// When the next code may be issued, given when earlier ones were; `None`: now.
pub fn next_issue(earlier: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    let wait = QUOTAS.into_iter().filter_map(|(window, most)| {
        let mut within: Vec<_> = earlier.iter().filter(|at| **at + window > now).collect();
        within.sort();
        let full = within.len() >= usize::try_from(most).unwrap_or(usize::MAX);
        // The oldest of the last `most` must leave the window first.
        let oldest = within.len().checked_sub(usize::try_from(most).unwrap_or(0));
        oldest.filter(|_| full).and_then(|at| within.get(at)).map(|at| **at + window)
    });
    wait.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::samples::at;

    #[test]
    fn a_phone_gets_one_a_minute_five_an_hour_ten_a_day() {
        let (minute, hour, day) = (60, 3_600, 86_400);
        assert_eq!(next_issue(&[], at(0)), None);
        assert_eq!(next_issue(&[at(0)], at(minute - 1)), Some(at(minute)));
        assert_eq!(next_issue(&[at(0)], at(minute)), None);
        let five: Vec<_> = (0..5).map(|n| at(n * 100)).collect();
        assert_eq!(next_issue(&five, at(hour - 1)), Some(at(hour)));
        assert_eq!(next_issue(&five, at(hour)), None);
        let ten: Vec<_> = (0..10).map(|n| at(n * hour)).collect();
        assert_eq!(next_issue(&ten, at(day - 1)), Some(at(day)));
        assert_eq!(next_issue(&ten, at(day)), None);
    }
}

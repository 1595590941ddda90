//! One-time codes by text message (短信验证码): the native app's way to prove a phone.

use crate::clock::{Clock, IdSource};
use crate::outside::{OutsideError, StoreError};
use crate::standards::Mobile;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// How long a code can be typed in.
pub const CODE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// Wrong codes before the right one is worth nothing: a guesser's chance is 5 in a million.
pub const WRONG_CODES: u32 = 5;
/// So many codes within so long, for several spans.
pub type Quotas = [(SignedDuration, u32); 3];

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Who or what codes are counted for. A message costs money, and a stranger must not be able to
/// fill somebody's phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The phone that the code goes to.
    Phone,
    /// The client's own name of the device that asks.
    Device,
    /// The network address that asks.
    Address,
}

impl Source {
    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Device => "device",
            Self::Address => "address",
        }
    }

    /// A person who mistypes needs one code a minute. One device serves a family of three. Behind
    /// one address of a mobile carrier stand some hundred citizens, few of whom sign in by code
    /// in the same hour; a script behind it costs at most the day's messages.
    pub const fn quotas(self) -> Quotas {
        match self {
            Self::Phone => [(MINUTE, 1), (HOUR, 5), (DAY, 10)],
            Self::Device => [(MINUTE, 3), (HOUR, 10), (DAY, 30)],
            Self::Address => [(MINUTE, 20), (HOUR, 200), (DAY, 1_000)],
        }
    }
}

/// From where a code is asked for, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedFrom {
    /// What the client calls its device.
    pub device: Option<String>,
    /// Its network address.
    pub address: Option<IpAddr>,
}

impl AskedFrom {
    /// What is counted besides the phone, each with its name. An IPv6 address counts with its
    /// neighbours: every home has 2^64 of its own.
    pub fn sources(&self) -> Vec<(Source, String)> {
        let device = self.device.iter().map(|id| (Source::Device, id.clone()));
        let address = self.address.iter().map(|at| (Source::Address, network(*at)));
        device.chain(address).collect()
    }
}

/// As what an address is counted: an IPv6 address with its neighbours.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

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
    /// The phone, the device or the address has had too many; the next one not before this.
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
    /// Keeps a code, if the quotas of the phone and of every [`AskedFrom::sources`] allow it;
    /// counted and kept in one step. What is refused MUST count for nobody.
    /// MUST keep a hash of the code only, and no readable phone, device or address.
    async fn issue(&self, code: &PhoneCode, from: &AskedFrom) -> Result<CodeIssued, StoreError>;
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
    /// The phone, the device or the address has had too many.
    #[error("too many codes were asked for")]
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
    /// known by this phone. What is refused costs no message.
    ///
    /// # Errors
    /// [`SendCodeError`].
    pub async fn run(&self, phone: &Mobile, from: &AskedFrom) -> Result<Timestamp, SendCodeError> {
        let now = self.clock.now();
        let code = SixDigits::generate(self.ids.as_ref());
        let kept = PhoneCode { phone: phone.clone(), code, issued_at: now };
        match self.codes.issue(&kept, from).await? {
            CodeIssued::Kept => {}
            CodeIssued::TooMany(until) => return Err(SendCodeError::TooMany(until)),
        }
        self.sender.send(&kept).await.map_err(SendCodeError::Platform)?;
        Ok(now + MINUTE)
    }
}

/// When the next code may be issued for this source, given when earlier ones were; `None`: now.
pub fn next_issue(source: Source, earlier: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    let wait = source.quotas().into_iter().filter_map(|(window, most)| {
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

    /// `most` codes within `seconds`, and no code before in any longer span.
    fn edge(source: Source, seconds: i64, most: i64) {
        let step = seconds / most;
        let earlier: Vec<_> = (0..most).map(|n| at(n * step)).collect();
        let (last, kind) = (at(seconds - 1), source.code());
        assert_eq!(next_issue(source, &earlier[1..], last), None, "{kind}: {most} in {seconds}");
        assert_eq!(next_issue(source, &earlier, last), Some(at(seconds)), "{kind}: one more");
        assert_eq!(next_issue(source, &earlier, at(seconds)), None, "{kind}: a second later");
    }

    #[test]
    fn every_quota_holds_to_its_edge() {
        let (minute, hour, day) = (60, 3_600, 86_400);
        assert_eq!(next_issue(Source::Phone, &[], at(0)), None);
        edge(Source::Phone, minute, 1);
        edge(Source::Phone, hour, 5);
        edge(Source::Phone, day, 10);
        edge(Source::Device, minute, 3);
        edge(Source::Device, hour, 10);
        edge(Source::Device, day, 30);
        edge(Source::Address, minute, 20);
        edge(Source::Address, hour, 200);
        edge(Source::Address, day, 1_000);
    }

    #[test]
    fn an_address_counts_with_its_network() {
        let named = |text: &str| {
            let address = Some(text.parse().unwrap());
            AskedFrom { device: None, address }.sources()
        };
        assert_eq!(named("203.0.113.9"), [(Source::Address, "203.0.113.9".to_owned())]);
        assert_eq!(named("::ffff:203.0.113.9"), named("203.0.113.9"));
        assert_eq!(named("2001:db8:1:2::1"), named("2001:db8:1:2:ffff::9"));
        assert_ne!(named("2001:db8:1:2::1"), named("2001:db8:1:3::1"));
        assert_eq!(AskedFrom::default().sources(), []);
    }
}

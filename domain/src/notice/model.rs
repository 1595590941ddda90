//! A notice, as the gateway holds it.

use super::{LateFee, PayerKey, PayerName};
use crate::clock::beijing_day;
use crate::money::{Fen, FenOverflow};
use crate::outside::OutsideError;
use crate::standards::{CitizenId, PayCode, RegionCode};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;
use std::sync::Arc;

/// Number of a notice (缴款单号): the 9-digit channel number of the province, which begins with
/// 33, and the business number of 1 to 31 upper-case letters and digits.
///
/// Source: the bill fields NOTICENO = CHANNELNO + ORIGINALNOTICENO of the unified platform.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeNo(String);

/// Why a text is not a notice number of this province.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum NoticeNoInvalid {
    /// Shorter than 10 or longer than 40 characters.
    #[error("a notice number has 10 to 40 characters")]
    Length,
    /// The first nine characters are not digits.
    #[error("a notice number begins with a channel number of nine digits")]
    Channel,
    /// The channel number is another province's.
    #[error("the channel number is not one of this province (33)")]
    Province,
    /// The business number has other characters.
    #[error("a business number has upper-case letters and digits only")]
    Business,
}

impl NoticeNo {
    /// # Errors
    /// [`NoticeNoInvalid`] names the first rule that is broken.
    pub fn new(text: &str) -> Result<Self, NoticeNoInvalid> {
        if !(10..=40).contains(&text.len()) {
            return Err(NoticeNoInvalid::Length);
        }
        let (channel, business) = text.as_bytes().split_at(9);
        if !channel.iter().all(u8::is_ascii_digit) {
            return Err(NoticeNoInvalid::Channel);
        }
        if !channel.starts_with(b"33") {
            return Err(NoticeNoInvalid::Province);
        }
        if !business.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
            return Err(NoticeNoInvalid::Business);
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// CHANNELNO: the first nine digits.
    pub fn channel_no(&self) -> &str {
        &self.0[..9]
    }

    /// ORIGINALNOTICENO: the agency's own number.
    pub fn business_no(&self) -> &str {
        &self.0[9..]
    }
}

impl fmt::Display for NoticeNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The unit that decides and is owed (执收单位).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// ENTERCODE.
    pub code: String,
    /// ENTERNAME.
    pub name: String,
}

/// One line of a notice (执收项目).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeItem {
    /// CHITCODE.
    pub code: String,
    /// CHITNAME.
    pub name: String,
    /// METRICUNIT: what is counted.
    pub unit: String,
    /// CHCOUNT as printed: `1`, `2.5`.
    pub quantity: String,
    /// CHARGESTANDARD: what one costs.
    pub price: Fen,
    /// Without late fee; at least one fen.
    pub amount: Fen,
    /// How the line's late fee is found.
    pub late_fee: LateFee,
}

/// What the gateway says about a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeStanding {
    /// Open.
    Open,
    /// Written off.
    Paid,
    /// Taken back by the agency.
    Withdrawn,
}

/// A notice of the gateway. Has at least one item; the sum of the items is its principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The business number.
    pub no: NoticeNo,
    /// What it is for, in the agency's words.
    pub title: String,
    /// Who is owed.
    pub agency: Agency,
    /// REGICODE: the region of the agency.
    pub region: RegionCode,
    /// PAYER: who owes, by name.
    pub payer: PayerName,
    /// PAYCODE (缴款识别码).
    pub pay_code: Option<PayCode>,
    /// YWCODE: the agency's business; may be empty.
    pub business_code: String,
    /// Its lines.
    pub items: Vec<NoticeItem>,
    /// Nothing can be paid from here on; `None`: no deadline.
    pub expires_at: Option<Timestamp>,
    /// Open, paid or withdrawn, as the gateway has it.
    pub standing: NoticeStanding,
}

/// The gateway's notice contradicts itself.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoticeFaulty {
    /// No line at all.
    #[error("the notice has no item")]
    NoItem,
    /// A line of zero or less.
    #[error("item {0} has no positive amount")]
    ItemAmount(String),
    /// The printed total is not the sum of the lines.
    #[error("the items add up to {items}, the notice says {total}")]
    Total {
        /// Sum of the lines.
        items: Fen,
        /// TOTALMONEY.
        total: Fen,
    },
    /// Beyond 64 bits.
    #[error(transparent)]
    Overflow(#[from] FenOverflow),
}

/// What a notice costs on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Sum of the items.
    pub principal: Fen,
    /// Sum of their late fees.
    pub late_fee: Fen,
    /// Both.
    pub total: Fen,
}

impl Notice {
    /// Checks what the gateway sent: at least one item, positive amounts, the right total.
    ///
    /// # Errors
    /// [`NoticeFaulty`] names the contradiction.
    pub fn checked(self, printed_total: Fen) -> Result<Self, NoticeFaulty> {
        if self.items.is_empty() {
            return Err(NoticeFaulty::NoItem);
        }
        if let Some(item) = self.items.iter().find(|item| item.amount <= Fen::ZERO) {
            return Err(NoticeFaulty::ItemAmount(item.code.clone()));
        }
        let items = Fen::sum(self.items.iter().map(|item| item.amount))?;
        if items == printed_total {
            Ok(self)
        } else {
            Err(NoticeFaulty::Total { items, total: printed_total })
        }
    }

    /// What it costs if it is paid on the Beijing day of `at`.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn due(&self, at: Timestamp) -> Result<Due, FenOverflow> {
        let day: Date = beijing_day(at);
        let principal = Fen::sum(self.items.iter().map(|item| item.amount))?;
        let late_fee = self
            .items
            .iter()
            .try_fold(Fen::ZERO, |sum, item| sum.plus(item.late_fee.on(item.amount, day)?))?;
        Ok(Due { principal, late_fee, total: principal.plus(late_fee)? })
    }

    /// Has its deadline passed?
    pub fn expired(&self, at: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= at)
    }
}

/// The gateway's notices, as this service reads them.
#[async_trait]
pub trait NoticeBook: Send + Sync {
    /// The notice with this number; `None` when the gateway does not know it.
    /// MUST answer [`OutsideError::Refused`] only for the gateway's own refusal.
    async fn find(&self, no: &NoticeNo) -> Result<Option<Notice>, OutsideError>;
    /// The notice with this payment code; otherwise as [`NoticeBook::find`].
    async fn find_by_pay_code(&self, code: &PayCode) -> Result<Option<Notice>, OutsideError>;
    /// The open notices of this payer; at most 100. One that contradicts itself is left out:
    /// nobody may pay it.
    async fn list_of_payer(&self, payer: &PayerKey) -> Result<Vec<Notice>, OutsideError>;
}

/// A notice with what it costs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedNotice {
    /// The notice.
    pub notice: Notice,
    /// What it costs if it is paid now.
    pub due: Due,
}

/// Use case: the open notices of a citizen who proved their name, the most urgent first.
pub struct FindNotices {
    /// The gateway.
    pub notices: Arc<dyn NoticeBook>,
}

impl FindNotices {
    /// # Errors
    /// As the gateway fails. A notice whose sums overflow is left out: nobody could pay it.
    pub async fn run(
        &self,
        id_card: &CitizenId,
        now: Timestamp,
    ) -> Result<Vec<ListedNotice>, OutsideError> {
        self.of_payer(&PayerKey::Person(id_card.clone()), now).await
    }

    /// The same of a vehicle or a company. The caller must have proved that they may see it.
    ///
    /// # Errors
    /// As [`FindNotices::run`].
    pub async fn of_payer(
        &self,
        payer: &PayerKey,
        now: Timestamp,
    ) -> Result<Vec<ListedNotice>, OutsideError> {
        let found = self.notices.list_of_payer(payer).await?;
        let mut listed: Vec<_> = found
            .into_iter()
            .filter_map(|notice| notice.due(now).ok().map(|due| ListedNotice { notice, due }))
            .collect();
        listed.sort_by(|a, b| urgency(a).cmp(&urgency(b)));
        Ok(listed)
    }
}

/// Harm that runs already first, then the nearest deadline; numbers settle the rest.
fn urgency(listed: &ListedNotice) -> (bool, Timestamp, &NoticeNo) {
    let running = listed.due.late_fee > Fen::ZERO;
    let deadline = listed.notice.expires_at.unwrap_or(Timestamp::MAX);
    (!running, deadline, &listed.notice.no)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{FakeGateway, FaultPlan, samples};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn notice_numbers_are_those_of_this_province() {
        let ok = NoticeNo::new("330000001FS0000000001").unwrap();
        assert_eq!((ok.channel_no(), ok.business_no()), ("330000001", "FS0000000001"));
        for (text, why) in [
            ("310000001FS0000000001", NoticeNoInvalid::Province),
            ("330000001", NoticeNoInvalid::Length),
            ("33000001fs1", NoticeNoInvalid::Channel),
            ("330000001fs1", NoticeNoInvalid::Business),
            ("330000001FS 1", NoticeNoInvalid::Business),
            ("３３００００００１", NoticeNoInvalid::Channel),
        ] {
            assert_eq!(NoticeNo::new(text), Err(why), "{text}");
        }
        let longest = format!("330000001{}", "A".repeat(31));
        assert!(NoticeNo::new(&longest).is_ok());
        assert_eq!(NoticeNo::new(&format!("{longest}A")), Err(NoticeNoInvalid::Length));
    }

    #[test]
    fn a_notice_whose_total_is_not_its_items_is_refused() {
        let notice = samples::notice("330000001FS1", 20_000);
        assert!(notice.clone().checked(Fen::new(20_000)).is_ok());
        let faulty = NoticeFaulty::Total { items: Fen::new(20_000), total: Fen::new(2_000) };
        assert_eq!(notice.clone().checked(Fen::new(2_000)), Err(faulty));
        for fen in [0, -1] {
            let owed_to_citizens = samples::notice("330000001FS1", fen);
            let faulty = NoticeFaulty::ItemAmount("00050001".to_owned());
            assert_eq!(owed_to_citizens.checked(Fen::new(fen)), Err(faulty), "{fen}");
        }
        let empty = Notice { items: Vec::new(), ..notice };
        assert_eq!(empty.checked(Fen::ZERO), Err(NoticeFaulty::NoItem));
    }

    /// With a late fee of this much besides.
    fn late(no: &str, fen: i64, fee: i64) -> Notice {
        let mut notice = samples::notice(no, fen);
        notice.items[0].late_fee = LateFee::Fixed {
            fee: Fen::new(fee),
            booked_on_code: "00050002".to_owned(),
            booked_on_name: "滞纳金".to_owned(),
        };
        notice
    }

    #[test]
    fn a_notice_costs_its_items_and_their_late_fees() {
        let mut notice = late("330000001FS1", 20_000, 60);
        notice.items.extend(late("330000001FS1", 500, 4).items);
        notice.items.extend(samples::notice("330000001FS1", 3).items);
        let (principal, late_fee) = (Fen::new(20_503), Fen::new(64));
        assert_eq!(
            notice.due(samples::at(0)),
            Ok(Due { principal, late_fee, total: Fen::new(20_567) })
        );
    }

    #[test]
    fn nothing_can_be_paid_from_the_deadline_on() {
        let end = samples::at(60);
        let notice = Notice { expires_at: Some(end), ..samples::notice("330000001FS1", 1) };
        let told = [59, 60, 61].map(|second| notice.expired(samples::at(second)));
        assert_eq!(told, [false, true, true]);
        assert!(!Notice { expires_at: None, ..notice }.expired(Timestamp::MAX));
    }

    #[test]
    fn what_grows_already_comes_first_then_the_nearest_deadline() {
        let until = |no: &str, second| Notice {
            expires_at: Some(samples::at(second)),
            ..samples::notice(no, 1)
        };
        let notices = vec![
            samples::notice("330000001FS1", 1),
            until("330000001FS2", 90),
            until("330000001FS4", 60),
            until("330000001FS3", 60),
            late("330000001FS5", 1, 1),
        ];
        let gateway = FakeGateway::new(notices, Arc::new(FaultPlan::none()));
        let find = FindNotices { notices: Arc::new(gateway) };
        let card = CitizenId::new("33010619000101099X").unwrap();
        let found = pin!(find.run(&card, samples::at(0)));
        let Poll::Ready(found) = found.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("fakes never wait")
        };
        let order: Vec<_> =
            found.unwrap().iter().map(|listed| listed.notice.no.business_no().to_owned()).collect();
        assert_eq!(order, ["FS5", "FS3", "FS4", "FS2", "FS1"]);
    }
}

//! The double-entry ledger: append-only journals whose debits equal their credits.

use super::{FinanceLevel, NoticeSnapshot, Payment, Rail};
use crate::clock::beijing_day;
use crate::ids::{PaymentNo, RefundNo};
use crate::money::{Fen, FenOverflow};
use crate::notice::{Destination, NoticeNo};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Where money stands, or who is owed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Owed by citizens to an agency (应收): claimed and settled by the journal that honours their
    /// money, so that each claim that was met is on record, and stands at zero.
    Receivable {
        /// 执收单位编码.
        agency: String,
    },
    /// Taken by a rail for us, not yet cleared by the bank.
    RailClearing(Rail),
    /// What a rail keeps for its service (手续费), as its statements say.
    Fees(Rail),
    /// Owed to one level's account for an agency's item.
    Share {
        /// Treasury, or which account.
        destination: Destination,
        /// Whose part it is.
        level: FinanceLevel,
        /// 执收单位编码.
        agency: String,
        /// 执收项目编码.
        item: String,
    },
    /// Owed to the fiscal account of an agency's item, undivided: of payments that were made
    /// before shares were kept.
    Fiscal {
        /// 执收单位编码.
        agency: String,
        /// 执收项目编码.
        item: String,
    },
    /// Taken, but nobody knows yet for what: staff decide.
    Suspense(Rail),
    /// Owed back to citizens.
    RefundDue(Rail),
    /// On its way back: the rail was asked, and has not said that it is there.
    Refunding(Rail),
}

/// The column does not name an account.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an account of the ledger")]
pub struct UnknownAccount(String);

impl Account {
    /// The account's name in the ledger: `rail_clearing:WECHAT_PAY`, `fiscal:330101:00050001`.
    pub fn code(&self) -> String {
        match self {
            Self::Share { destination, level, agency, item } => {
                format!("share:{}:{}:{agency}:{item}", destination.word(), level.code())
            }
            Self::Receivable { agency } => format!("receivable:{agency}"),
            Self::RailClearing(rail) => format!("rail_clearing:{}", rail.code()),
            Self::Fees(rail) => format!("fees:{}", rail.code()),
            Self::Fiscal { agency, item } => format!("fiscal:{agency}:{item}"),
            Self::Suspense(rail) => format!("suspense:{}", rail.code()),
            Self::RefundDue(rail) => format!("refund_due:{}", rail.code()),
            Self::Refunding(rail) => format!("refunding:{}", rail.code()),
        }
    }

    /// Whose money it is: of a level's share that level's, of all else the collecting side's.
    const fn level(&self) -> FinanceLevel {
        match self {
            Self::Share { level, .. } => *level,
            Self::Receivable { .. }
            | Self::RailClearing(_)
            | Self::Fees(_)
            | Self::Fiscal { .. }
            | Self::Suspense(_)
            | Self::RefundDue(_)
            | Self::Refunding(_) => FinanceLevel::Local,
        }
    }

    /// Reads [`Account::code`] back.
    ///
    /// # Errors
    /// [`UnknownAccount`] for any other text.
    pub fn from_code(code: &str) -> Result<Self, UnknownAccount> {
        let unknown = || UnknownAccount(code.to_owned());
        let (kind, rest) = code.split_once(':').ok_or_else(unknown)?;
        let rail = || Rail::from_code(rest).ok_or_else(unknown);
        match kind {
            "receivable" => Ok(Self::Receivable { agency: rest.to_owned() }),
            "rail_clearing" => Ok(Self::RailClearing(rail()?)),
            "fees" => Ok(Self::Fees(rail()?)),
            "suspense" => Ok(Self::Suspense(rail()?)),
            "refund_due" => Ok(Self::RefundDue(rail()?)),
            "refunding" => Ok(Self::Refunding(rail()?)),
            "share" => {
                let parts: Vec<_> = rest.split(':').collect();
                let [destination, level, agency, item] = parts[..] else { return Err(unknown()) };
                Ok(Self::Share {
                    destination: Destination::from_word(destination).ok_or_else(unknown)?,
                    level: FinanceLevel::from_code(level).ok_or_else(unknown)?,
                    agency: agency.to_owned(),
                    item: item.to_owned(),
                })
            }
            "fiscal" => {
                let (agency, item) = rest.split_once(':').ok_or_else(unknown)?;
                Ok(Self::Fiscal { agency: agency.to_owned(), item: item.to_owned() })
            }
            _ => Err(unknown()),
        }
    }
}

/// Left or right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// 借.
    Debit,
    /// 贷.
    Credit,
}

/// One line of a journal; the amount is positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub account: Account,
    /// Left or right.
    pub side: Side,
    /// How much.
    pub amount: Fen,
}

/// Why the journal was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JournalKind {
    /// Money that counts.
    Paid,
    /// Money of another amount than asked.
    HeldForReview,
    /// Money that must go back.
    OwedBack,
    /// Two persons agreed to the refund of money of another amount: it is owed back now.
    ReviewOver,
    /// A refund was sent: the shares of its items are taken back.
    RefundSent,
    /// The money of a refund has left.
    RefundDone,
    /// A refund came to nothing: what was taken back for it stands again.
    RefundFailed,
    /// The rail kept a fee, as a line of its statement says.
    Fee,
    /// The rail gave a fee back with a refund, as a line of its statement says.
    FeeBack,
}

impl JournalKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Paid,
        Self::HeldForReview,
        Self::OwedBack,
        Self::ReviewOver,
        Self::RefundSent,
        Self::RefundDone,
        Self::RefundFailed,
        Self::Fee,
        Self::FeeBack,
    ];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paid => "PAID",
            Self::HeldForReview => "HELD_FOR_REVIEW",
            Self::OwedBack => "OWED_BACK",
            Self::ReviewOver => "REVIEW_OVER",
            Self::RefundSent => "REFUND_SENT",
            Self::RefundDone => "REFUND_DONE",
            Self::RefundFailed => "REFUND_FAILED",
            Self::Fee => "FEE",
            Self::FeeBack => "FEE_BACK",
        }
    }

    /// The kind whose [`JournalKind::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Does it book money that came, so that a statement must show it as taken?
    pub const fn is_money_taken(self) -> bool {
        matches!(self, Self::Paid | Self::HeldForReview | Self::OwedBack)
    }
}

/// Debits and credits of a journal differ, or it has no entry, or an entry is not positive.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("debits {debits} and credits {credits} do not balance")]
pub struct Unbalanced {
    debits: Fen,
    credits: Fen,
}

/// One booking. Balanced by construction; never changed, never deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// Of which payment; with `kind` and `refund_no` it is the journal's key, so that nothing is
    /// booked twice.
    pub payment_no: PaymentNo,
    /// Why.
    pub kind: JournalKind,
    /// Of which refund, where it is one's.
    pub refund_no: Option<RefundNo>,
    /// When the rail took or gave back the money; of a refund sent or failed, when we learnt it;
    /// of a review, when it was over.
    pub at: Timestamp,
    entries: Vec<Entry>,
}

impl Journal {
    /// # Errors
    /// [`Unbalanced`] unless debits equal credits and every entry is positive.
    pub fn new(
        payment_no: PaymentNo,
        kind: JournalKind,
        at: Timestamp,
        entries: Vec<Entry>,
    ) -> Result<Self, Unbalanced> {
        let (debits, credits) = (total(&entries, Side::Debit), total(&entries, Side::Credit));
        let positive = !entries.is_empty() && entries.iter().all(|entry| entry.amount > Fen::ZERO);
        match (debits, credits) {
            (Ok(debits), Ok(credits)) if debits == credits && positive => {
                Ok(Self { payment_no, kind, refund_no: None, at, entries })
            }
            (debits, credits) => Err(Unbalanced {
                debits: debits.unwrap_or(Fen::ZERO),
                credits: credits.unwrap_or(Fen::ZERO),
            }),
        }
    }

    /// The same, as the booking of a refund.
    #[must_use]
    pub fn of_refund(self, no: RefundNo) -> Self {
        Self { refund_no: Some(no), ..self }
    }

    /// What a payment's money does to the ledger; `None` while there is none.
    ///
    /// # Errors
    /// [`Unbalanced`] when the stored notices do not add up to the amount: a bug, and no money
    /// may move on it.
    pub fn of(payment: &Payment) -> Result<Option<Self>, Unbalanced> {
        use super::PaymentState as S;
        let (money, kind, credits) = match &payment.state {
            S::Paid(money) => (money, JournalKind::Paid, honoured(&payment.notices)?),
            S::UnderReview(money) => {
                let held = credit(Account::Suspense(payment.rail), money.amount.fen());
                (money, JournalKind::HeldForReview, vec![held])
            }
            S::RefundDue(money) => {
                let owed = credit(Account::RefundDue(payment.rail), money.amount.fen());
                (money, JournalKind::OwedBack, vec![owed])
            }
            S::Submitted
            | S::Unknown
            | S::Closed
            | S::Refunding(..)
            | S::PartiallyRefunded(..)
            | S::Refunded(..) => return Ok(None),
        };
        let taken = Entry {
            account: Account::RailClearing(payment.rail),
            side: Side::Debit,
            amount: money.amount.fen(),
        };
        let entries = std::iter::once(taken).chain(credits).collect();
        Self::new(payment.no.clone(), kind, money.at, entries).map(Some)
    }

    /// What a line of a statement says the rail kept for a payment, or gave back with a refund;
    /// `None` where it did neither.
    pub fn of_fee(
        payment_no: PaymentNo,
        refund_no: Option<RefundNo>,
        rail: Rail,
        fee: Fen,
        at: Timestamp,
    ) -> Option<Self> {
        let (kind, amount, from, to) = match fee.value() {
            0 => return None,
            1.. => (JournalKind::Fee, fee, Account::RailClearing(rail), Account::Fees(rail)),
            _ => {
                let back = fee.value().checked_neg().map(Fen::new)?;
                (JournalKind::FeeBack, back, Account::Fees(rail), Account::RailClearing(rail))
            }
        };
        let entries = vec![Entry { account: to, side: Side::Debit, amount }, credit(from, amount)];
        Some(Self { payment_no, kind, refund_no, at, entries })
    }

    /// The lines; they balance.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The accounting day: Beijing's, of the rail's time.
    pub fn day(&self) -> Date {
        beijing_day(self.at)
    }
}

fn credit(account: Account, amount: Fen) -> Entry {
    Entry { account, side: Side::Credit, amount }
}

/// One credit that a paid payment gave: what an item, and of it a level of finance, received.
/// Its place among [`fiscal_slices`] is its number, for as long as the payment is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiscalSlice {
    /// Of which notice.
    pub notice_no: NoticeNo,
    /// Where it was booked.
    pub account: Account,
    /// Whose share it is.
    pub level: FinanceLevel,
    /// Positive.
    pub amount: Fen,
}

/// Every credit of a paid payment, in the order of its notices, items and levels.
pub fn fiscal_slices(notices: &[NoticeSnapshot]) -> Vec<FiscalSlice> {
    let slices = notices.iter().flat_map(|notice| {
        let credits =
            notice.items.iter().flat_map(|item| item.accounts(&notice.agency, item.amount));
        credits.map(|(account, amount)| FiscalSlice {
            notice_no: notice.no.clone(),
            level: account.level(),
            account,
            amount,
        })
    });
    slices.collect()
}

/// Each agency's claim, met by the money that came, and what it gives to each level.
fn honoured(notices: &[NoticeSnapshot]) -> Result<Vec<Entry>, Unbalanced> {
    let mut claims: BTreeMap<&str, Vec<Fen>> = BTreeMap::new();
    for notice in notices {
        claims.entry(&notice.agency.code).or_default().push(notice.total());
    }
    let mut entries = Vec::new();
    for (agency, sums) in claims {
        let unbalanced = |_| Unbalanced { debits: Fen::ZERO, credits: Fen::ZERO };
        let amount = Fen::sum(sums).map_err(unbalanced)?;
        let account = Account::Receivable { agency: agency.to_owned() };
        entries.push(Entry { account: account.clone(), side: Side::Debit, amount });
        entries.push(credit(account, amount));
    }
    let slices = fiscal_slices(notices).into_iter();
    entries.extend(slices.map(|slice| credit(slice.account, slice.amount)));
    Ok(entries)
}

fn total(entries: &[Entry], side: Side) -> Result<Fen, FenOverflow> {
    Fen::sum(entries.iter().filter(|entry| entry.side == side).map(|entry| entry.amount))
}

#[cfg(test)]
#[path = "ledger_booking_tests.rs"]
mod booking_tests;

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;

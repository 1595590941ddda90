//! A payment: one attempt to pay one or more notices by one rail.

use super::{
    Account, CashierKind, FinanceLevel, Journal, OrderKey, OutboxItem, OutboxKind, PaymentEvent,
    PaymentState, Rail, RailOrder, TransitionRefused,
};
use crate::identity::{Channel, OpenId};
use crate::ids::{IdempotencyKey, PaymentNo, PersonId, RefundNo};
use crate::money::{Fen, PayableFen};
use crate::notice::{
    Agency, Destination, Due, Notice, NoticeNo, PaymentItem, PaymentItems, Shares,
};
use crate::standards::RegionCode;
use jiff::{SignedDuration, Timestamp};

/// One booked line of a paid notice: an item, or the late fee on its own item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotItem {
    /// 执收项目编码 that the money is booked on.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Positive.
    pub amount: Fen,
    /// Who gets it; `None` only in payments made before shares were kept.
    pub allotment: Option<Allotment>,
}

/// Where the money of an item goes, and who shares it: as the catalogue said when the payment
/// was made, so that a refund takes back what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allotment {
    /// Treasury, or which account.
    pub destination: Destination,
    /// Central government, province, city or county.
    pub shares: Shares,
}

impl SnapshotItem {
    fn of(item: &PaymentItem, code: &str, name: &str, amount: Fen) -> Self {
        let allotment = Allotment { destination: item.destination, shares: item.shares };
        let (code, name) = (code.to_owned(), name.to_owned());
        Self { code, name, amount, allotment: Some(allotment) }
    }

    /// `amount` of this item by accounts of `agency`; together it is the amount, to the fen.
    pub fn accounts(&self, agency: &Agency, amount: Fen) -> Vec<(Account, Fen)> {
        let (agency, item) = (agency.code.clone(), self.code.clone());
        let Some(Allotment { destination, shares }) = self.allotment else {
            return vec![(Account::Fiscal { agency, item }, amount)];
        };
        let split = shares.split(amount);
        let parts = [
            (FinanceLevel::Central, split.central),
            (FinanceLevel::Province, split.province),
            (FinanceLevel::Local, split.local),
        ];
        let of = |level| {
            let (agency, item) = (agency.clone(), item.clone());
            Account::Share { destination, level, agency, item }
        };
        let parts = parts.into_iter().filter(|(_, part)| *part != Fen::ZERO);
        parts.map(|(level, part)| (of(level), part)).collect()
    }
}

/// Why a notice cannot be taken down.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SnapshotError {
    /// A line's item is not in the catalogue: nobody knows whose money it would be.
    #[error("item {0} is not in the catalogue")]
    UnknownItem(String),
    /// Beyond 64 bits.
    #[error(transparent)]
    Overflow(#[from] crate::money::FenOverflow),
}

/// A notice as it stood when the payment was made; stored with it, never fetched again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeSnapshot {
    /// The notice.
    pub no: NoticeNo,
    /// What it is for.
    pub title: String,
    /// Who is owed.
    pub agency: Agency,
    /// The agency's region; `None` in payments from before it was kept.
    pub region: Option<RegionCode>,
    /// Items and late fees as booked; they add up to [`NoticeSnapshot::total`].
    pub items: Vec<SnapshotItem>,
    /// Without late fee.
    pub principal: Fen,
    /// As of the payment's making.
    pub late_fee: Fen,
    /// Deadline, if the notice has one.
    pub expires_at: Option<Timestamp>,
    /// When the gateway confirmed the write-off (销账).
    pub written_off_at: Option<Timestamp>,
}

impl NoticeSnapshot {
    /// The notice with `due` as of now.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn of(
        notice: &Notice,
        at: Timestamp,
        catalogue: &PaymentItems,
    ) -> Result<Self, SnapshotError> {
        let known = |code: &str| {
            let found = catalogue.find_by_chit_code(code);
            found.ok_or_else(|| SnapshotError::UnknownItem(code.to_owned()))
        };
        let due: Due = notice.due(at)?;
        let day = crate::clock::beijing_day(at);
        let mut items = Vec::with_capacity(notice.items.len());
        for item in &notice.items {
            items.push(SnapshotItem::of(known(&item.code)?, &item.code, &item.name, item.amount));
            let fee = item.late_fee.on(item.amount, day)?;
            if let Some((code, name)) = item.late_fee.booked_on().filter(|_| fee > Fen::ZERO) {
                items.push(SnapshotItem::of(known(code)?, code, name, fee));
            }
        }
        Ok(Self {
            no: notice.no.clone(),
            title: notice.title.clone(),
            agency: notice.agency.clone(),
            region: Some(notice.region.clone()),
            items,
            principal: due.principal,
            late_fee: due.late_fee,
            expires_at: notice.expires_at,
            written_off_at: None,
        })
    }

    /// Principal and late fee.
    pub fn total(&self) -> Fen {
        Fen::new(self.principal.value().saturating_add(self.late_fee.value()))
    }
}

/// Whether the agencies that are owed have marked their notices as settled (销账).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOffStatus {
    /// There is no money that counts.
    NotDue,
    /// None is.
    Pending,
    /// Some are.
    Partial,
    /// All are.
    Done,
}

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Ours, and the rail's order number.
    pub no: PaymentNo,
    /// Who started it.
    pub person: PersonId,
    /// Where.
    pub channel: Channel,
    /// By which rail.
    pub rail: Rail,
    /// Which of its cashiers.
    pub cashier: CashierKind,
    /// The payer there, where [`CashierKind::needs_payer`].
    pub payer: Option<OpenId>,
    /// Sum of the notices.
    pub amount: PayableFen,
    /// What is paid, as it stood; 1 to [`Payment::MAX_NOTICES`], in order of their numbers.
    pub notices: Vec<NoticeSnapshot>,
    /// The client's key.
    pub key: IdempotencyKey,
    /// When it was stored.
    pub created_at: Timestamp,
    /// The late fees are those of this moment's day: the quote's issue, else the making.
    pub quoted_at: Timestamp,
    /// The rail takes no money for it after this.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: PaymentState,
    /// When the healer asks next, while it is unsettled.
    pub next_check_at: Timestamp,
    /// Grows with every save; guards against lost updates.
    pub version: u32,
}

/// Why a payment changed, for history and support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventReason {
    /// The citizen started it.
    Started,
    /// The rail has the order and waits.
    RailWaits,
    /// The rail did not answer.
    RailSilent,
    /// The rail refused the order.
    RailRefused,
    /// The rail took the money.
    RailConfirmed,
    /// The rail took another amount.
    OtherAmount,
    /// Money came after closing, and the notices were still payable for it.
    LateHonoured,
    /// Money came after closing, and the notices were not payable for it.
    LateOwedBack,
    /// The order ran out at the rail.
    Expired,
    /// The citizen gave up.
    Cancelled,
    /// A refund was sent to the rail.
    RefundSent,
    /// The rail gave money back.
    RefundDone,
    /// The rail gave a refund up.
    RefundFailed,
    /// The agency took a notice back.
    NoticeWithdrawn,
    /// Two persons agreed that money of another amount goes back.
    ReviewOver,
}

impl EventReason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::Started,
        Self::RailWaits,
        Self::RailSilent,
        Self::RailRefused,
        Self::RailConfirmed,
        Self::OtherAmount,
        Self::LateHonoured,
        Self::LateOwedBack,
        Self::Expired,
        Self::Cancelled,
        Self::RefundSent,
        Self::RefundDone,
        Self::RefundFailed,
        Self::NoticeWithdrawn,
        Self::ReviewOver,
    ];

    /// The word of columns and clients.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::RailWaits => "RAIL_WAITS",
            Self::RailSilent => "RAIL_SILENT",
            Self::RailRefused => "RAIL_REFUSED",
            Self::RailConfirmed => "RAIL_CONFIRMED",
            Self::OtherAmount => "OTHER_AMOUNT",
            Self::LateHonoured => "LATE_HONOURED",
            Self::LateOwedBack => "LATE_OWED_BACK",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
            Self::RefundSent => "REFUND_SENT",
            Self::RefundDone => "REFUND_DONE",
            Self::RefundFailed => "REFUND_FAILED",
            Self::NoticeWithdrawn => "NOTICE_WITHDRAWN",
            Self::ReviewOver => "REVIEW_OVER",
        }
    }

    /// The reason whose [`EventReason::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// What proves that a rail said so (no success without evidence), or who decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The number of a stored callback.
    Callback(String),
    /// The rail's answer to our question, asked then.
    Answer(Timestamp),
    /// A line of the statement of a day: `2026-03-02#7`.
    Statement(String),
    /// The decisions that are kept with a refund.
    Decision(RefundNo),
}

impl Evidence {
    /// The word of columns: `callback:…`, `answer:…`, `statement:…`, `decision:…`.
    pub fn code(&self) -> String {
        match self {
            Self::Callback(id) => format!("callback:{id}"),
            Self::Answer(at) => format!("answer:{at}"),
            Self::Statement(line) => format!("statement:{line}"),
            Self::Decision(refund_no) => format!("decision:{refund_no}"),
        }
    }
}

/// One line of a payment's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRecord {
    /// When we learnt it.
    pub at: Timestamp,
    /// Where the payment stood after it.
    pub status: super::PaymentStatus,
    /// Why.
    pub reason: EventReason,
    /// [`Evidence::code`], where a rail said so.
    pub evidence: Option<String>,
}

impl Payment {
    /// One order, one cashier: more lines than this no agency sends.
    pub const MAX_NOTICES: usize = 20;

    /// The same payment after `event`, with what must be stored in the same transaction:
    /// the history line, the ledger's journal and the outbox rows.
    ///
    /// # Errors
    /// [`TransitionRefused`] when the state machine has no such edge; a journal that does not
    /// balance is a bug and panics before anything is stored.
    pub fn after(
        &self,
        event: PaymentEvent,
        record: (EventReason, Option<Evidence>),
        now: Timestamp,
    ) -> Result<super::PaymentChange, TransitionRefused> {
        let state = self.state.clone().apply(event)?;
        let moved = state != self.state;
        let payment = Self { state, ..self.clone() };
        let (reason, evidence) = record;
        let record = PaymentRecord {
            at: now,
            status: payment.state.status(),
            reason,
            evidence: evidence.map(|evidence| evidence.code()),
        };
        // Money is booked when it comes. What refunds book is theirs to say.
        let arrived = moved && self.state.money().is_none();
        let journal = if arrived {
            Journal::of(&payment).unwrap_or_else(|unbalanced| {
                panic!("payment {}: {unbalanced}", payment.no);
            })
        } else {
            None
        };
        let counts = arrived && matches!(payment.state, PaymentState::Paid(_));
        let outbox = if counts { payment.effects() } else { Vec::new() };
        let messages = if arrived { super::tell::arrived(&payment, now) } else { Vec::new() };
        let record = moved.then_some(record);
        Ok(super::PaymentChange { payment, record, journal, outbox, messages })
    }

    /// What a paid payment owes the world: a write-off and a receipt per notice.
    fn effects(&self) -> Vec<OutboxItem> {
        let of = |kind| {
            self.notices.iter().map(move |notice| OutboxItem {
                payment_no: self.no.clone(),
                notice_no: notice.no.clone(),
                kind,
            })
        };
        of(OutboxKind::WriteOff).chain(of(OutboxKind::IssueReceipt)).collect()
    }

    /// What the rail is asked for.
    pub fn order(&self) -> RailOrder {
        let title = self.notices.first().map_or("政务缴款", |notice| notice.title.as_str());
        let more = match self.notices.len() {
            0 | 1 => String::new(),
            n => format!("等{n}笔"),
        };
        let description: String = format!("政务服务缴款-{title}{more}").chars().take(60).collect();
        RailOrder {
            no: self.no.clone(),
            amount: self.amount,
            description,
            cashier: self.cashier,
            payer: self.payer.clone(),
            made_at: self.created_at,
            expires_at: self.expires_at,
        }
    }

    /// By what the rail finds the order.
    pub fn order_key(&self) -> OrderKey {
        OrderKey { no: self.no.clone(), made_at: self.created_at }
    }

    /// How far the write-off has come.
    pub fn write_off(&self) -> WriteOffStatus {
        let counts = self.state.holds_notices() && self.state.money().is_some();
        let done = self.notices.iter().filter(|n| n.written_off_at.is_some()).count();
        match (counts && !matches!(self.state, PaymentState::UnderReview(_)), done) {
            (_, done) if done == self.notices.len() => WriteOffStatus::Done,
            (false, 0) => WriteOffStatus::NotDue,
            (true, 0) => WriteOffStatus::Pending,
            (_, _) => WriteOffStatus::Partial,
        }
    }

    /// When the healer should ask after one asked at `now`: often while the citizen stands at
    /// the cashier, every 20 s until the order runs out, then each minute until the rail is clear.
    pub fn check_after(&self, now: Timestamp) -> Timestamp {
        let age = now.duration_since(self.created_at);
        let pause = if age < SignedDuration::from_secs(30) {
            5
        } else if now < self.expires_at {
            20
        } else {
            60
        };
        now + SignedDuration::from_secs(pause)
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;

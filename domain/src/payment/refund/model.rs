//! A refund: money of one payment that goes back, with who wanted it and who agreed.

use super::{
    Decision, DecisionStage, DeskStep, FinanceLevel, ReceiptStep, Redirect, RefundEvent,
    RefundReasonCode, RefundState, RefundStatus, RefundTransitionRefused,
};
use crate::ids::{IdempotencyKey, PaymentNo, PersonId, RefundNo};
use crate::money::{Fen, PayableFen};
use crate::notice::NoticeNo;
use crate::payment::{Account, Evidence, Payment, Rail, RefundOrder};
use jiff::Timestamp;

/// Why there is a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundCause {
    /// By rule: money that never counted (a duplicate, or late and not honoured).
    Automatic,
    /// Somebody asked.
    Requested,
}

impl RefundCause {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Automatic, Self::Requested];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Automatic => "AUTOMATIC",
            Self::Requested => "REQUESTED",
        }
    }

    /// The cause whose [`RefundCause::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }
}

/// Who did something to a refund.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// The rules, without anybody.
    Rule,
    /// The rail's word.
    Rail,
    /// A citizen.
    Citizen(PersonId),
    /// A staff account.
    Staff(String),
    /// Somebody at the gateway, in its words.
    Desk(String),
}

impl Actor {
    /// Kind and name, as columns hold them.
    pub fn code(&self) -> (&'static str, &str) {
        match self {
            Self::Rule => ("RULE", ""),
            Self::Rail => ("RAIL", ""),
            Self::Citizen(person) => ("CITIZEN", person.as_str()),
            Self::Staff(name) => ("STAFF", name),
            Self::Desk(name) => ("DESK", name),
        }
    }

    /// The actor whose [`Actor::code`] is this.
    pub fn from_code(kind: &str, name: &str) -> Option<Self> {
        match (kind, name) {
            ("RULE", "") => Some(Self::Rule),
            ("RAIL", "") => Some(Self::Rail),
            ("CITIZEN", person) => PersonId::new(person).ok().map(Self::Citizen),
            ("STAFF", name) => Some(Self::Staff(name.to_owned())),
            ("DESK", name) => Some(Self::Desk(name.to_owned())),
            _ => None,
        }
    }
}

/// A part of one credit of the payment's booking that goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundSlice {
    /// Its place among [`crate::payment::fiscal_slices`].
    pub place: u16,
    /// Where it was booked.
    pub account: Account,
    /// Positive.
    pub amount: Fen,
}

/// The written-off notice that a refund takes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundedNotice {
    /// Which.
    pub no: NoticeNo,
    /// 执收单位编码.
    pub agency_code: String,
    /// What is taken back of its items; adds up to the refund's amount.
    pub slices: Vec<RefundSlice>,
    /// At the gateway.
    pub desk: DeskStep,
    /// The red receipt.
    pub receipt: ReceiptStep,
    /// The refund under whose number the receipt was reversed, where that is another one: it
    /// failed afterwards, and left the receipt reversed.
    pub reversed_by: Option<RefundNo>,
}

/// By which call it was asked for: the same key is the same refunds, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundKey {
    /// The client's.
    pub key: IdempotencyKey,
    /// Which of the refunds that the call made, from 0.
    pub position: u8,
    /// What the call asked for; another content under the same key is refused.
    pub asked: String,
}

/// Money of one payment that goes back: the whole of it, or of one notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Ours, made once: the rail's and the gateway's number of it.
    pub no: RefundNo,
    /// Whose money.
    pub payment_no: PaymentNo,
    /// Who paid it.
    pub person: PersonId,
    /// The same route back.
    pub rail: Rail,
    /// By rule, or because somebody asked.
    pub cause: RefundCause,
    /// How much.
    pub amount: PayableFen,
    /// What it is taken from; `None` for money that never counted.
    pub notice: Option<RefundedNotice>,
    /// Why, sorted.
    pub reason_code: RefundReasonCode,
    /// Why, in words: 1 to [`Refund::MAX_REASON`] characters.
    pub reason: String,
    /// The call that made it.
    pub key: Option<RefundKey>,
    /// The finance levels that must approve, in order.
    pub levels: Vec<FinanceLevel>,
    /// Who asked, checked, approved; in order.
    pub decisions: Vec<Decision>,
    /// Another account, where one was named.
    pub redirect: Option<Redirect>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When the rail was first to be asked: stored before that, and the same on every try. A
    /// rail that wants the present moment in an order (UnionPay) takes a new one in a window
    /// around it, and the approval may be days after the request.
    pub sent_at: Option<Timestamp>,
    /// Where it stands.
    pub state: RefundState,
    /// When the worker looks again; `None`: it waits for people, or is over.
    pub next_try_at: Option<Timestamp>,
    /// How often in a row a step did not work.
    pub attempts: u32,
    /// Grows with every save; guards against lost updates.
    pub version: u32,
}

/// One line of a refund's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRecord {
    /// When we learnt it.
    pub at: Timestamp,
    /// Where the refund stood after it.
    pub status: RefundStatus,
    /// Who did it.
    pub by: Actor,
    /// What: `SEND`, `ANSWER`, `REFUND_CHECK`…
    pub what: String,
    /// [`Evidence::code`], where a rail or the gateway said so.
    pub evidence: Option<String>,
}

/// What the worker does next for a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Todo {
    /// Nothing: it waits for people, or is over.
    Nothing,
    /// Ask the gateway's desk.
    AskDesk,
    /// See what the desk decided.
    QueryDesk,
    /// Have the receipt reversed.
    ReverseReceipt,
    /// Send it to the rail.
    Send,
    /// Ask the rail what became of it.
    QueryRail,
    /// Tell the desk that the money is back.
    TellDesk,
    /// Have a receipt of the rest issued.
    ReplaceReceipt,
}

impl Refund {
    /// The longest reason, in characters.
    pub const MAX_REASON: usize = 200;

    /// The same refund after `event`.
    ///
    /// # Errors
    /// [`RefundTransitionRefused`] when the state machine has no such edge.
    pub fn after(&self, event: RefundEvent) -> Result<Self, RefundTransitionRefused> {
        let state = self.state.clone().apply(event)?;
        let attempts = if state == self.state { self.attempts } else { 0 };
        Ok(Self { state, attempts, ..self.clone() })
    }

    /// What is next. The gateway's word, the red receipt and the approval come before the money.
    pub fn todo(&self) -> Todo {
        use RefundState as S;
        let desk = self.notice.as_ref().map(|notice| (notice.desk, notice.receipt));
        match (&self.state, desk) {
            (S::Requested | S::AgencyChecked | S::Approved, Some((DeskStep::Due, _))) => {
                Todo::AskDesk
            }
            (S::Requested | S::AgencyChecked | S::Approved, Some((DeskStep::Asked, _))) => {
                Todo::QueryDesk
            }
            (S::Approved, Some((_, ReceiptStep::Standing))) => Todo::ReverseReceipt,
            (S::Approved, _) => Todo::Send,
            (S::Submitted | S::Unknown | S::NeedsAccount, _) => Todo::QueryRail,
            (S::Done { .. }, Some((DeskStep::Unconcerned, _)))
            | (S::Done { .. }, Some((DeskStep::Told(_), ReceiptStep::Settled))) => Todo::Nothing,
            (S::Done { .. }, Some((DeskStep::Told(_), _))) => Todo::ReplaceReceipt,
            (S::Done { .. }, Some(_)) => Todo::TellDesk,
            (S::Done { .. }, None)
            | (S::Requested | S::AgencyChecked | S::Rejected | S::Failed { .. }, _) => {
                Todo::Nothing
            }
        }
    }

    /// What the rail is asked for: the same on every try. `None` before it is first to be sent.
    pub fn order(&self, payment: &Payment) -> Option<RefundOrder> {
        let money = payment.state.money()?;
        Some(RefundOrder {
            no: self.no.clone(),
            payment: payment.order_key(),
            txn: money.txn.clone(),
            paid: money.amount,
            amount: self.amount,
            reason: self.reason.chars().take(80).collect(),
            made_at: self.sent_at?,
        })
    }

    /// Has this person acted in this round?
    pub fn has_acted(&self, who: &Actor, round: u8) -> bool {
        self.decisions.iter().any(|made| made.stage.round() == round && made.by == *who)
    }

    /// Was this decided?
    pub fn is_decided(&self, stage: DecisionStage) -> bool {
        self.decisions.iter().any(|made| made.stage == stage)
    }

    /// The finance level that must decide next; `None` once all have.
    pub fn next_level(&self) -> Option<FinanceLevel> {
        let undecided = |level: &&FinanceLevel| !self.is_decided(DecisionStage::Finance(**level));
        self.levels.iter().find(undecided).copied()
    }

    /// Under whose number the receipt of its notice is, or is to be, reversed.
    pub fn reversal_no(&self) -> &RefundNo {
        let other = self.notice.as_ref().and_then(|notice| notice.reversed_by.as_ref());
        other.unwrap_or(&self.no)
    }

    /// Who asked for it.
    pub fn maker(&self) -> Option<&Actor> {
        let request = self.decisions.iter().find(|made| made.stage == DecisionStage::Request);
        request.map(|made| &made.by)
    }

    /// A history line of the state that it has now.
    pub fn record(
        &self,
        (by, what): (Actor, &str),
        evidence: Option<&Evidence>,
        at: Timestamp,
    ) -> RefundRecord {
        let evidence = evidence.map(Evidence::code);
        let what = what.to_owned();
        RefundRecord { at, status: self.state.status(), by, what, evidence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_and_stages_survive_their_columns() {
        let actors = [
            Actor::Rule,
            Actor::Rail,
            Actor::Citizen(PersonId::new("P1").unwrap()),
            Actor::Staff("王小明".to_owned()),
            Actor::Desk("市财政局".to_owned()),
        ];
        for actor in actors {
            let (kind, name) = actor.code();
            assert_eq!(Actor::from_code(kind, name), Some(actor.clone()));
        }
        assert_eq!(Actor::from_code("CITIZEN", ""), None);
        assert_eq!(Actor::from_code("RULE", "x"), None);
        let finance = FinanceLevel::ALL.map(DecisionStage::Finance);
        let others = [
            DecisionStage::Request,
            DecisionStage::Check,
            DecisionStage::Reject,
            DecisionStage::Account(2),
            DecisionStage::AccountAgreed(2),
        ];
        for stage in finance.into_iter().chain(others) {
            assert_eq!(DecisionStage::from_code(&stage.code()), Some(stage));
        }
        for bad in ["", "FINANCE", "FINANCE:X", "ACCOUNT:", "ACCOUNT:256"] {
            assert_eq!(DecisionStage::from_code(bad), None, "{bad}");
        }
    }
}

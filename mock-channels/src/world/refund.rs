//! Refunds of written-off payments (退付): asked for, checked by the agency, decided by finance.

use serde::{Deserialize, Serialize};

use super::notice::Level;

/// One refund.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refund {
    /// Ours to count; levers name it.
    pub(crate) id: String,
    /// The caller's number; empty while only finance knows of it.
    pub(crate) refund_no: String,
    pub(crate) notice_no: String,
    pub(crate) pay_no: String,
    pub(crate) amount_fen: i64,
    pub(crate) reason_code: String,
    pub(crate) reason: String,
    pub(crate) applicant: String,
    pub(crate) state: RefundState,
    /// Levels that must approve, in order.
    pub(crate) levels: Vec<Level>,
    /// What becomes of the notice when everything is back.
    pub(crate) notice_after: NoticeAfter,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) asked_ms: i64,
    /// Where finance began it: to whom the money goes.
    pub(crate) payee: Option<Payee>,
    pub(crate) paid: Option<PaidBack>,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RefundState {
    WithAgency,
    WithFinance,
    Approved,
    Rejected,
    PaidBack,
}

impl RefundState {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::WithAgency => "0",
            Self::WithFinance => "1",
            Self::Approved => "2",
            Self::Rejected => "3",
            Self::PaidBack => "4",
        }
    }
}

/// What becomes of a notice whose payment is back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum NoticeAfter {
    Open,
    #[default]
    Cancelled,
}

impl NoticeAfter {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// One decision about a refund.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Decision {
    /// Empty for the agency's.
    pub(crate) level: Option<Level>,
    pub(crate) approved: bool,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) at_ms: i64,
}

impl Decision {
    pub(crate) fn stage(&self) -> &'static str {
        if self.level.is_some() { "FINANCE" } else { "AGENCY" }
    }

    pub(crate) fn verdict(&self) -> &'static str {
        if self.approved { "APPROVED" } else { "REJECTED" }
    }
}

/// To whom finance wants money paid.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Payee {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) phone: String,
    #[serde(default)]
    pub(crate) account: String,
    #[serde(default)]
    pub(crate) bank: String,
}

/// That the money is back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaidBack {
    pub(crate) trade_no: String,
    pub(crate) date: String,
    pub(crate) time: String,
}

impl Refund {
    /// Whether its sum is taken out of what can still be asked for.
    pub(crate) fn binds(&self) -> bool {
        match self.state {
            RefundState::WithAgency
            | RefundState::WithFinance
            | RefundState::Approved
            | RefundState::PaidBack => true,
            RefundState::Rejected => false,
        }
    }

    /// The level that decides next.
    pub(crate) fn next_level(&self) -> Option<Level> {
        let decided = self.decisions.iter().filter(|decision| decision.level.is_some()).count();
        (self.state == RefundState::WithFinance).then(|| self.levels.get(decided).copied())?
    }

    /// Books a decision of whoever has it now.
    pub(crate) fn decide(&mut self, decision: Decision) {
        self.state = match (self.state, decision.approved) {
            (RefundState::WithAgency | RefundState::WithFinance, false) => RefundState::Rejected,
            (RefundState::WithAgency, true) => RefundState::WithFinance,
            (RefundState::WithFinance, true) => {
                let last = self.next_level() == self.levels.last().copied();
                if last { RefundState::Approved } else { RefundState::WithFinance }
            }
            (state, _) => state,
        };
        self.decisions.push(decision);
    }
}

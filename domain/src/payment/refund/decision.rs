//! Who decided what about a refund.

use super::{Actor, FinanceLevel};
use jiff::Timestamp;

/// What is decided about a refund; each once, but for accounts, which may be named again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecisionStage {
    /// It was asked for.
    Request,
    /// The agency, or the checker of money that no agency had, agreed.
    Check,
    /// A level of finance agreed.
    Finance(FinanceLevel),
    /// Somebody refused.
    Reject,
    /// Another account was named; counted from 1.
    Account(u8),
    /// A second person agreed to that account.
    AccountAgreed(u8),
}

impl DecisionStage {
    /// The word of columns.
    pub fn code(self) -> String {
        match self {
            Self::Request => "REQUEST".to_owned(),
            Self::Check => "CHECK".to_owned(),
            Self::Finance(level) => format!("FINANCE:{}", level.code()),
            Self::Reject => "REJECT".to_owned(),
            Self::Account(round) => format!("ACCOUNT:{round}"),
            Self::AccountAgreed(round) => format!("ACCOUNT_AGREED:{round}"),
        }
    }

    /// The stage whose [`DecisionStage::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        match code.split_once(':') {
            Some(("FINANCE", level)) => FinanceLevel::from_code(level).map(Self::Finance),
            Some(("ACCOUNT", round)) => round.parse().ok().map(Self::Account),
            Some(("ACCOUNT_AGREED", round)) => round.parse().ok().map(Self::AccountAgreed),
            Some(_) => None,
            None => [Self::Request, Self::Check, Self::Reject]
                .into_iter()
                .find(|stage| stage.code() == code),
        }
    }

    /// Within one round nobody acts twice: 0 is the way to the approval, each naming of an
    /// account is a round of its own.
    pub const fn round(self) -> u8 {
        match self {
            Self::Request | Self::Check | Self::Finance(_) | Self::Reject => 0,
            Self::Account(round) | Self::AccountAgreed(round) => round,
        }
    }
}

/// Who decided what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What.
    pub stage: DecisionStage,
    /// Who.
    pub by: Actor,
    /// In which words; may be empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

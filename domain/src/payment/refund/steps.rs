//! How far the parts of a refund are: the gateway, the receipt, another account.

use super::{NoticeAfter, PayeeAccount};

/// How far the gateway's procedure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeskStep {
    /// To be asked.
    Due,
    /// Asked; the agency or finance has it.
    Asked,
    /// All agreed there.
    Approved(NoticeAfter),
    /// It knows that the money is back.
    Told(NoticeAfter),
    /// It has no part in it: the write-off does not stand there, for ever.
    Unconcerned,
}

/// How far the receipt has been taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptStep {
    /// It may still be valid: no money leaves.
    Standing,
    /// Reversed, or there never is one.
    Reversed,
    /// Reversed, and one of the rest is issued, or there is no rest.
    Settled,
}

impl ReceiptStep {
    /// Every step.
    pub const ALL: [Self; 3] = [Self::Standing, Self::Reversed, Self::Settled];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standing => "STANDING",
            Self::Reversed => "REVERSED",
            Self::Settled => "SETTLED",
        }
    }

    /// The step whose [`ReceiptStep::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.code() == code)
    }
}

/// Another account for a refund that cannot reach the payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Which.
    pub account: PayeeAccount,
    /// How far it is.
    pub step: RedirectStep,
}

/// How far the way to another account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedirectStep {
    /// One person named it.
    Named,
    /// A second one agreed; the rail is to be told.
    Agreed,
    /// The rail has it.
    Sent,
}

impl RedirectStep {
    /// Every step.
    pub const ALL: [Self; 3] = [Self::Named, Self::Agreed, Self::Sent];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Named => "NAMED",
            Self::Agreed => "AGREED",
            Self::Sent => "SENT",
        }
    }

    /// The step whose [`RedirectStep::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.code() == code)
    }
}

impl Redirect {
    /// Is the rail to be told of it?
    pub fn is_agreed(&self) -> bool {
        self.step == RedirectStep::Agreed
    }
}

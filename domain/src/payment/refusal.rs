//! Why no payment is under way.

use super::payable::PayableError;
use super::{Payment, Started};
use crate::money::{Fen, PayableFen};
use crate::outside::{OutsideError, StoreError};

/// Expected refusals; the citizen can act on each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No notice, or too many, or one twice.
    Notices,
    /// The gateway does not know the notice with this index.
    UnknownNotice(usize),
    /// It has an item that is not in the catalogue: this code.
    UnknownItem(usize, String),
    /// It is paid.
    AlreadyPaid(usize),
    /// It was withdrawn, or its deadline has passed.
    NotPayable(usize),
    /// The total is another one.
    AmountChanged(Fen),
    /// The quote is not one of ours, or is for other notices.
    QuoteInvalid,
    /// The quote no longer holds.
    QuoteExpired,
    /// More than the rail takes in one order: its limit.
    OverRailLimit(PayableFen),
    /// The rail does not answer at present, in words for the citizen.
    RailSick(String),
    /// The rail is not connected, the channel cannot open it, or the citizen has no account there.
    RailUnavailable,
    /// The key was used for something else.
    KeyReused,
    /// The rail refused the order; nothing was taken.
    RailRefused,
    /// Another attempt is under way for one of the notices.
    InProgress,
}

/// Why there is no payment under way.
#[derive(Debug, thiserror::Error)]
pub enum StartPaymentError {
    /// Expected; with the caller's own payment where there is one.
    #[error("refused: {0:?}")]
    Refused(Refusal, Option<Box<Started>>),
    /// The rail did not say whether it has the order; the payment is there, and will be healed.
    #[error("the rail did not say whether it has the order")]
    OutcomeUnknown(Box<Payment>),
    /// The rail was not reached; the payment is there, the same key tries again.
    #[error("the rail was not reached")]
    RailNotReached(Box<Payment>),
    /// The gateway could not be asked; nothing was stored.
    #[error("the gateway did not answer")]
    Gateway(#[source] OutsideError),
    /// The store failed; nothing was sent.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PayableError> for StartPaymentError {
    fn from(error: PayableError) -> Self {
        match error {
            PayableError::Refused(refusal) => Self::Refused(refusal, None),
            PayableError::Gateway(error) => Self::Gateway(error),
        }
    }
}

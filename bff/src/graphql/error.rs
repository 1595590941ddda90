//! The two ways of saying no: a `userErrors` entry that the client can act on, and a failure in
//! `errors[]` with a code of a closed list.

use async_graphql::{Enum, Error, ErrorExtensions, SimpleObject};
use domain::outside::{OutsideError, StoreError};

/// Every code a client can see in `errors[].extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureCode {
    /// Sign in first, or again.
    NotSignedIn,
    /// Signed in, and not allowed to.
    NotAllowed,
    /// The document or its variables are malformed.
    BadInput,
    /// No such thing.
    NotFound,
    /// The gateway did not answer.
    GatewayUnavailable,
    /// A department did not answer.
    DepartmentUnavailable,
    /// The document's hash is not known here: send the text with it.
    PersistedQueryNotFound,
    /// The document is in no manifest of a client, and only those are executed here.
    DocumentNotTrusted,
    /// It took too long.
    Timeout,
    /// Somebody else changed the same thing: try again.
    Conflict,
    /// The store can do nothing now; nothing was done and nothing was sent.
    Unavailable,
    /// So much is under way that this had no turn; nothing was done.
    Overloaded,
    /// A fault of ours; the trace id finds it.
    Internal,
}

impl FailureCode {
    /// Every code that this server gives today.
    pub const ALL: [Self; 13] = [
        Self::NotSignedIn,
        Self::NotAllowed,
        Self::BadInput,
        Self::NotFound,
        Self::GatewayUnavailable,
        Self::DepartmentUnavailable,
        Self::PersistedQueryNotFound,
        Self::DocumentNotTrusted,
        Self::Timeout,
        Self::Conflict,
        Self::Unavailable,
        Self::Overloaded,
        Self::Internal,
    ];

    /// The word of the contract, and what a citizen reads.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotSignedIn => ("NOT_SIGNED_IN", "请先登录，或重新登录"),
            Self::NotAllowed => ("NOT_ALLOWED", "没有权限"),
            Self::BadInput => ("BAD_INPUT", "请求有误"),
            Self::NotFound => ("NOT_FOUND", "没有找到"),
            Self::GatewayUnavailable => ("GATEWAY_UNAVAILABLE", "缴款平台暂时没有应答，请稍后再试"),
            Self::DepartmentUnavailable => {
                ("DEPARTMENT_UNAVAILABLE", "部门系统暂时没有应答，请稍后再试")
            }
            // The words that Apollo's clients wait for.
            Self::PersistedQueryNotFound => ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound"),
            Self::DocumentNotTrusted => {
                ("DOCUMENT_NOT_TRUSTED", "这个版本不能使用了，请更新后再试")
            }
            Self::Timeout => ("TIMEOUT", "处理超时，请稍后再试"),
            Self::Conflict => ("CONFLICT", "刚刚有人修改过，请重试"),
            Self::Unavailable => ("UNAVAILABLE", "系统暂时不能办理，本次没有扣款，请稍后再试"),
            Self::Overloaded => ("OVERLOADED", "现在办理的人太多，本次没有扣款，请稍后再试"),
            Self::Internal => ("INTERNAL", "系统开小差了，请稍后再试"),
        }
    }

    /// The failure, worded.
    pub fn error(self) -> Error {
        let (code, message) = self.words();
        Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
    }
}

/// A store that fails is ours to mend: logged here, once, and masked.
pub fn store_failed(error: &StoreError) -> Error {
    match error {
        StoreError::Conflict => FailureCode::Conflict.error(),
        StoreError::Corrupt { .. } | StoreError::Unavailable(_) => internal(error),
    }
}

/// A store that failed before anything was done: true to say so, and that no money was taken.
pub fn nothing_done(error: &StoreError) -> Error {
    match error {
        StoreError::Conflict => FailureCode::Conflict.error(),
        StoreError::Corrupt { .. } => internal(error),
        StoreError::Unavailable(_) => {
            tracing::error!(error = %chain(error), "the store does nothing now");
            FailureCode::Unavailable.error()
        }
    }
}

/// Anything that should not happen: logged here, once, and masked.
pub fn internal(error: &(dyn std::error::Error + 'static)) -> Error {
    tracing::error!(error = %chain(error), "request failed");
    FailureCode::Internal.error()
}

/// The gateway failed while something below `viewer` was asked of it.
pub fn gateway_failed(error: &OutsideError) -> Error {
    tracing::warn!(error = %chain(error), "gateway failed");
    FailureCode::GatewayUnavailable.error()
}

/// BAD_INPUT with words of its own.
pub fn bad_input(message: &str) -> Error {
    Error { message: message.to_owned(), ..FailureCode::BadInput.error() }
}

/// An error with its causes.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Codes of `userErrors`; the words are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// Malformed; the message says how it should be.
    Invalid,
    /// Missing.
    Required,
    /// No such thing.
    NotFound,
    /// Somebody else changed it.
    Conflict,
    /// The app asks for more than was proved.
    IdentityLevelTooLow,
    /// Prove it again.
    StepUpRequired,
    /// The one-time code is wrong or used.
    CodeInvalid,
    /// The one-time code is too old.
    CodeExpired,
    /// Another account has it.
    LinkedToAnotherPerson,
    /// Nothing is owed any more.
    AlreadyPaid,
    /// The total is another one: show it and ask again.
    AmountChanged,
    /// The quote is too old.
    QuoteExpired,
    /// More than the rail takes.
    AmountOverRailLimit,
    /// Withdrawn or past its deadline.
    NoticeNotPayable,
    /// An attempt is under way.
    PaymentInProgress,
    /// Nobody knows yet: do not pay again.
    OutcomeUnknown,
    /// The rail cannot be used here or now.
    RailUnavailable,
    /// The department did not answer.
    DepartmentUnavailable,
    /// Cannot be given back.
    NotRefundable,
    /// More than was paid.
    RefundExceedsPayment,
    /// Somebody else has it.
    SlotTaken,
    /// Closed here or now.
    AppNotOpen,
    /// The form has changed.
    FormVersionRetired,
    /// Once only.
    AlreadyRated,
    /// The key was used with other input.
    IdempotencyKeyReused,
    /// A quota of the business.
    RateLimited,
}

/// A refusal that the citizen or the client can act on.
#[derive(Debug, Clone, SimpleObject)]
pub struct UserError {
    /// What to branch on.
    pub code: UserErrorCode,
    /// What to show.
    pub message: String,
    /// Where in the input: names and indexes from the outside in.
    pub field: Option<Vec<String>>,
}

impl UserError {
    /// A refusal of one field.
    pub fn at(code: UserErrorCode, field: &[&str], message: impl Into<String>) -> Self {
        let field = field.iter().map(|name| (*name).to_owned()).collect();
        Self { code, message: message.into(), field: Some(field) }
    }

    /// A refusal of the whole.
    pub fn whole(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None }
    }
}

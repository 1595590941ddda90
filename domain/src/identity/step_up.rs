//! Proving again: what a session alone is not enough for, its thief must not be able to do.

use super::{Caller, ChannelDoor, IdentityLevel, SignInBy, SignInError};
use crate::outside::StoreError;
use jiff::{SignedDuration, Timestamp};

/// How long a face that was shown counts.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// Why what was sent does not do.
#[derive(Debug, thiserror::Error)]
pub enum StepUpError {
    /// The caller has proved no name.
    #[error("the caller has not proved a name")]
    LevelTooLow,
    /// Neither a face within [`FRESH`] nor a code.
    #[error("nothing was proved again")]
    Required,
    /// The code to the caller's own phone is wrong or used.
    #[error("the code is not valid")]
    CodeInvalid,
    /// The code to the caller's own phone is too old.
    #[error("the code is too old")]
    CodeExpired,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What proves the caller again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// A face, not long ago.
    Face,
    /// The code to the caller's own phone, which is the phone that is being signed in with.
    SamePhone,
    /// A code to the caller's own phone.
    Code(String),
}

/// What there is to prove the caller with; nothing is used up by looking.
///
/// # Errors
/// [`StepUpError::LevelTooLow`], [`StepUpError::Required`].
pub(super) fn proof_of(
    caller: &Caller,
    by: &SignInBy,
    code: Option<&str>,
    now: Timestamp,
) -> Result<Proof, StepUpError> {
    let person = &caller.person;
    if person.level() < IdentityLevel::RealName {
        return Err(StepUpError::LevelTooLow);
    }
    if person.face_checked_at.is_some_and(|at| now < at + FRESH) {
        return Ok(Proof::Face);
    }
    let same = match by {
        SignInBy::Phone { phone, .. } => person.phone.as_ref() == Some(phone),
        SignInBy::Platform(..) => false,
    };
    match code {
        _ if same => Ok(Proof::SamePhone),
        Some(code) if person.phone.is_some() => Ok(Proof::Code(code.to_owned())),
        Some(_) | None => Err(StepUpError::Required),
    }
}

/// Uses the proof up.
///
/// # Errors
/// [`StepUpError`].
pub(super) async fn redeem(
    door: &ChannelDoor,
    caller: &Caller,
    proof: &Proof,
    now: Timestamp,
) -> Result<(), StepUpError> {
    let (Proof::Code(code), Some(phone)) = (proof, &caller.person.phone) else { return Ok(()) };
    match door.phone(phone, code, now).await {
        Ok(()) => Ok(()),
        Err(SignInError::PhoneCodeExpired) => Err(StepUpError::CodeExpired),
        Err(SignInError::Store(error)) => Err(error.into()),
        Err(
            SignInError::PhoneCodeInvalid
            | SignInError::CodeInvalid
            | SignInError::StepUpRequired
            | SignInError::NotConnected
            | SignInError::Platform(_),
        ) => Err(StepUpError::CodeInvalid),
    }
}

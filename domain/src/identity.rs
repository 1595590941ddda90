//! Who somebody is: person, channel links, identity levels, sessions.

mod audit;
mod person;
mod phone_code;
mod session;
mod sign_in;
mod staff;
mod verify;

pub use audit::{AuditEntry, AuditRecord, AuditTrail, AuditVerdict};
pub use person::{
    Audience, Channel, ChannelLink, IdentityLevel, NameInvalid, OpenId, OpenIdInvalid, Person,
    PersonName, PersonStore, RealName,
};
pub use phone_code::{
    CODE_LIFE, CodeIssued, CodeRedeemed, CodeSender, PhoneCode, PhoneCodeStore, SendCodeError,
    SendPhoneCode, SixDigits, WRONG_CODES, next_issue,
};
pub use session::{
    Authenticate, Caller, Everywhere, IssuedSession, RefreshError, RefreshSession, Secret,
    SecretInvalid, Session, SessionStore, SignOut, Tokens,
};
pub use sign_in::{ChannelAccount, ChannelCodes, ChannelIdentity, SignIn, SignInBy, SignInError};
pub use staff::{
    PasswordCheck, SignInStaff, StaffAccount, StaffRole, StaffSession, StaffSessions,
    StaffSignInError, StaffStore,
};
pub use verify::{
    CheckFace, FaceCheck, FaceError, FaceStart, FaceState, RealNameCheck, VerifyError,
    VerifyRealName,
};

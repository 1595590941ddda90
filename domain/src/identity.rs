//! Who somebody is: person, channel links, identity levels, sessions.

mod acting;
mod audit;
mod data;
mod devices;
mod door;
mod links;
mod mandate;
mod mandates;
mod merge;
mod person;
mod phone_code;
mod prefill;
mod session;
mod sign_in;
mod sso;
mod staff;
mod step_up;
mod verify;

pub use acting::{Acting, ActingFor};
pub use audit::{AuditEntry, AuditRecord, AuditTrail, AuditVerdict};
pub use data::{
    Consent, ConsentGiven, DataReading, DataSharing, DataStore, ReadingPurpose, RecordedFaces,
};
pub use devices::OwnSessions;
pub use door::{ChannelDoor, ProvedAccount};
pub use links::{LinkChannel, LinkError, LinkStore, Linked, UnlinkChannel, Unlinked};
pub use mandate::{
    LegalPerson, Mandate, MandateKind, MandateRefused, MandateState, MandateStatus, MandateStore,
    Principal, ProxyAct,
};
pub use mandates::{FamilyRegister, ForDays, Kinship, LegalPersonRegister, MandateError, Mandates};
pub use merge::{Account, Merge, MergeError, MergePersons, MergeRefusal, Merged};
pub use person::{
    Audience, Channel, ChannelLink, IdentityLevel, NameInvalid, OpenId, OpenIdInvalid, Person,
    PersonName, PersonStore, RealName, all_living, living,
};
pub use phone_code::{
    AskedFrom, CODE_LIFE, CodeIssued, CodeRedeemed, CodeSender, PhoneCode, PhoneCodeStore,
    SendCodeError, SendPhoneCode, SixDigits, Source, WRONG_CODES, network, next_issue,
};
pub use prefill::{
    Fact, FactOrigin, FactStore, LearnFacts, Learnt, Prefill, PrefillSource, Prefills,
};
pub use session::{
    Authenticate, Caller, Everywhere, IssuedSession, RefreshError, RefreshSession, Renewal, Secret,
    SecretInvalid, Session, SessionStore, SignOut, Tokens,
};
pub use sign_in::{
    ChannelAccount, ChannelCodes, ChannelIdentity, ClaimedName, SignIn, SignInBy, SignInError,
};
pub use sso::{
    IssueTicket, NewTicket, Ticket, TicketError, TicketStore, VerifiedTicket, VerifyTicket,
    VerifyTicketError,
};
pub use staff::{
    FactorAnswer, PasswordCheck, STAFF_LIFE, SecondFactor, SignInStaff, StaffAccount, StaffRole,
    StaffSession, StaffSessions, StaffSignInError, StaffStore,
};
pub use step_up::{FRESH, StepUpError};
pub use verify::{
    CheckFace, FaceCheck, FaceError, FaceStart, FaceState, RealNameCheck, VerifyError,
    VerifyRealName,
};

#[cfg(test)]
mod account_tests;
#[cfg(test)]
mod mandate_tests;

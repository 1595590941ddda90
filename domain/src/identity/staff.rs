//! Staff accounts: who may do what at the desk, and the sessions they do it in.

use super::Secret;
use crate::clock::{Clock, IdSource};
use crate::money::FinanceLevel;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// What somebody may do. Every role may look at refunds; who decides must not have asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StaffRole {
    /// Closes days, and asks for refunds on a citizen's behalf.
    Clerk,
    /// Checks refunds of money that no agency ever had.
    Checker,
    /// Of one 执收单位 (its six-digit code): asks for and checks refunds of its notices.
    Agency(String),
    /// Approves refunds for one level of finance.
    Finance(FinanceLevel),
    /// Reads the audit trail.
    Auditor,
    /// Runs the machines.
    Operator,
    /// Publishes apps.
    Editor,
}

impl StaffRole {
    /// The word of columns and of the command: `CLERK`, `AGENCY:330101`, `FINANCE:PROVINCE`.
    pub fn code(&self) -> String {
        match self {
            Self::Clerk => "CLERK".to_owned(),
            Self::Checker => "CHECKER".to_owned(),
            Self::Agency(unit) => format!("AGENCY:{unit}"),
            Self::Finance(level) => format!("FINANCE:{}", level.code()),
            Self::Auditor => "AUDITOR".to_owned(),
            Self::Operator => "OPERATOR".to_owned(),
            Self::Editor => "EDITOR".to_owned(),
        }
    }

    /// The role whose [`StaffRole::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        match code.split_once(':') {
            Some(("AGENCY", unit)) => {
                let fits = unit.len() == 6 && unit.bytes().all(|b| b.is_ascii_digit());
                fits.then(|| Self::Agency(unit.to_owned()))
            }
            Some(("FINANCE", level)) => FinanceLevel::from_code(level).map(Self::Finance),
            Some(_) => None,
            None => [Self::Clerk, Self::Checker, Self::Auditor, Self::Operator, Self::Editor]
                .into_iter()
                .find(|role| role.code() == code),
        }
    }
}

/// An account of somebody who works here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffAccount {
    /// Sign-in name.
    pub name: String,
    /// A password hash in PHC string format; never the password.
    pub password_hash: String,
    /// At least one.
    pub roles: Vec<StaffRole>,
    /// Since when.
    pub created_at: Timestamp,
}

impl StaffAccount {
    /// Does the account have this very role?
    pub fn has(&self, role: &StaffRole) -> bool {
        self.roles.contains(role)
    }

    /// Is this a name that an account can have: 1 to 64 characters, no control characters and
    /// no `:`, which would end it in a browser's sign-in?
    pub fn is_name(text: &str) -> bool {
        (1..=64).contains(&text.len()) && !text.chars().any(|c| c.is_control() || c == ':')
    }
}

/// Staff accounts.
#[async_trait]
pub trait StaffStore: Send + Sync {
    /// The account with this name.
    async fn find(&self, name: &str) -> Result<Option<StaffAccount>, StoreError>;
    /// Stores a new account. MUST answer [`StoreError::Conflict`] when the name is taken.
    async fn insert(&self, account: &StaffAccount) -> Result<(), StoreError>;
}

/// Sessions of staff, by hashes of their tokens.
#[async_trait]
pub trait StaffSessions: Send + Sync {
    /// Opens a session of this account until then.
    async fn open(&self, name: &str, token: &Secret, until: Timestamp) -> Result<(), StoreError>;
    /// Whose session the token opens at `now`; `None` when it is over or was closed.
    async fn account_of(
        &self,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Option<StaffAccount>, StoreError>;
    /// Lets an open session go on until then.
    async fn extend(&self, token: &Secret, until: Timestamp) -> Result<(), StoreError>;
    /// Closes the session; closing it again is `Ok`.
    async fn close(&self, token: &Secret) -> Result<(), StoreError>;
}

/// Checks passwords, slowly on purpose.
#[async_trait]
pub trait PasswordCheck: Send + Sync {
    /// Is `phc` a hash of this password? MUST take as long for `None`, which is nobody's.
    async fn matches(&self, password: &str, phc: Option<&str>) -> bool;
}

/// What the second factor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorAnswer {
    /// The account has none.
    NotEnrolled,
    /// The code is right, and used up now.
    Right,
    /// It is not, or was used before.
    Wrong,
    /// Too many wrong ones: none is looked at for a while.
    TooOften,
}

/// One-time passwords of staff (RFC 6238).
#[async_trait]
pub trait SecondFactor: Send + Sync {
    /// Is this the account's code at `now`? MUST use a code up, count wrong ones, and do both so that of two who come at
    /// once with one code one is told [`FactorAnswer::Right`].
    async fn check(
        &self,
        name: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<FactorAnswer, StoreError>;
}

/// How long staff stay signed in without doing anything.
pub const STAFF_LIFE: SignedDuration = SignedDuration::from_mins(30);

/// A session that was just opened.
#[derive(Debug, Clone)]
pub struct StaffSession {
    /// Whose.
    pub account: StaffAccount,
    /// Known to its holder alone from now on.
    pub token: Secret,
    /// Over then.
    pub until: Timestamp,
}

/// Why nobody signed in.
#[derive(Debug, thiserror::Error)]
pub enum StaffSignInError {
    /// No such account, or another password: which of both is not told.
    #[error("name, password or code is wrong")]
    Wrong,
    /// The password is right, and the account has no second factor, or too many wrong codes were sent.
    #[error("the second factor cannot be checked: {0:?}")]
    Factor(FactorAnswer),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: staff sign in with name, password and a one-time code.
pub struct SignInStaff {
    /// One-time codes.
    pub factor: Arc<dyn SecondFactor>,
    /// The time that phones show: codes follow it, wherever ours is set to.
    pub phone_clock: Arc<dyn Clock>,
    /// Accounts.
    pub staff: Arc<dyn StaffStore>,
    /// Sessions.
    pub sessions: Arc<dyn StaffSessions>,
    /// Checks passwords.
    pub passwords: Arc<dyn PasswordCheck>,
    /// Keeps what was done.
    pub audit: Arc<dyn super::AuditTrail>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl SignInStaff {
    /// Every try with a known name is in the audit trail, before anybody is let in. `must`: an account without a second factor
    /// stays out; else it comes in by its password alone.
    ///
    /// # Errors
    /// [`StaffSignInError`]. Which of name, password and code is wrong is not told.
    pub async fn run(
        &self,
        name: &str,
        password: &str,
        (code, must): (&str, bool),
    ) -> Result<StaffSession, StaffSignInError> {
        let known = if StaffAccount::is_name(name) { self.staff.find(name).await? } else { None };
        let phc = known.as_ref().map(|account| account.password_hash.as_str());
        let matches = self.passwords.matches(password, phc).await;
        let Some(account) = known else { return Err(StaffSignInError::Wrong) };
        let now = self.clock.now();
        // No code is used up, and none counted, for who has not the password.
        let answer = match matches {
            true => Some(self.factor.check(&account.name, code, self.phone_clock.now()).await?),
            false => None,
        };
        let refused = match answer {
            Some(FactorAnswer::Right) => None,
            Some(FactorAnswer::NotEnrolled) if !must => None,
            Some(said @ (FactorAnswer::NotEnrolled | FactorAnswer::TooOften)) => {
                Some(StaffSignInError::Factor(said))
            }
            Some(FactorAnswer::Wrong) | None => Some(StaffSignInError::Wrong),
        };
        let act = if refused.is_none() { "SIGN_IN" } else { "SIGN_IN_REFUSED" };
        let record = super::AuditRecord::new(now, &account.name, act, &account.name, "");
        self.audit.append(&record).await?;
        if let Some(refused) = refused {
            return Err(refused);
        }
        let token = Secret::generate(self.ids.as_ref());
        let until = now + STAFF_LIFE;
        self.sessions.open(&account.name, &token, until).await?;
        Ok(StaffSession { account, token, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_survive_their_words() {
        let roles = [
            StaffRole::Clerk,
            StaffRole::Checker,
            StaffRole::Agency("330101".to_owned()),
            StaffRole::Finance(FinanceLevel::Local),
            StaffRole::Finance(FinanceLevel::Province),
            StaffRole::Finance(FinanceLevel::Central),
            StaffRole::Auditor,
            StaffRole::Operator,
            StaffRole::Editor,
        ];
        for role in roles {
            assert_eq!(StaffRole::from_code(&role.code()), Some(role));
        }
        for bad in ["", "clerk", "AGENCY", "AGENCY:", "AGENCY:33010", "FINANCE:TOWN", "CLERK:1"] {
            assert_eq!(StaffRole::from_code(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_fit_a_sign_in_form() {
        for good in ["clerk", "王小明", "z"] {
            assert!(StaffAccount::is_name(good));
        }
        for bad in ["", "a:b", "a\0", "a\n", &"a".repeat(65)] {
            assert!(!StaffAccount::is_name(bad), "{bad}");
        }
    }
}

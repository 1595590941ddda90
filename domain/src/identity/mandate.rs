//! Mandates (代办授权): somebody may act for somebody else, for a time, by consent on record.
//!
//! Invariants: nobody acts under a mandate that is not active at that moment; a mandate that was
//! ended never comes back, a new one is made instead.

use super::{AuditRecord, PersonName, RealName};
use crate::catalogue::AppSlug;
use crate::ids::{ActNo, MandateNo, PersonId, SessionId};
use crate::outside::StoreError;
use crate::standards::{CitizenId, Uscc};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// Why somebody may act for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MandateKind {
    /// The register names them the legal representative (法定代表人).
    Representative,
    /// The legal representative authorised them (经办人).
    Operator,
    /// They are a parent of a minor.
    MinorChild,
    /// A grown parent or child said yes.
    Adult,
}

impl MandateKind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::Representative, Self::Operator, Self::MinorChild, Self::Adult];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Representative => "REPRESENTATIVE",
            Self::Operator => "OPERATOR",
            Self::MinorChild => "MINOR_CHILD",
            Self::Adult => "ADULT",
        }
    }

    /// The kind of that word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A body with a code: a company, an institution, an association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalPerson {
    /// Its unified social credit code (GB 32100).
    pub uscc: Uscc,
    /// As registered; at most 200 characters.
    pub name: String,
}

/// For whom somebody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A legal person.
    LegalPerson(LegalPerson),
    /// A natural person, whether they have an account or not.
    Person {
        /// As on the id card.
        name: PersonName,
        /// GB 11643.
        id_card: CitizenId,
    },
}

/// How a mandate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MandateState {
    /// The represented person has not answered.
    Asked,
    /// Consent was given, or the register's word stands for it.
    Given {
        /// When.
        at: Timestamp,
    },
    /// Over: declined, revoked, or given up.
    Ended {
        /// When it had been given, if it was.
        given_at: Option<Timestamp>,
        /// When it ended.
        at: Timestamp,
    },
}

/// How a mandate stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MandateStatus {
    /// The represented person has not answered.
    Asked,
    /// One may act under it.
    Active,
    /// Its time is over, or nobody answered in time.
    Expired,
    /// Declined, revoked, or given up.
    Ended,
}

/// The change is not one that a mandate in this state can take.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a mandate that is {0:?} does not change so")]
pub struct MandateRefused(pub MandateStatus);

/// Somebody may act for somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Our number.
    pub no: MandateNo,
    /// Why.
    pub kind: MandateKind,
    /// Who acts.
    pub agent: PersonId,
    /// For whom.
    pub principal: Principal,
    /// How it stands.
    pub state: MandateState,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Until when one may act under it.
    pub until: Timestamp,
    /// Grows with every save; guards against lost updates.
    pub version: u32,
}

impl Mandate {
    /// So long an unanswered one can be answered.
    pub const ANSWER_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
    /// The longest time for which consent is given; then it must be given anew.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
    /// The most that are shown of one person.
    pub const MOST: u16 = 50;

    /// How it stands at `now`.
    pub fn status(&self, now: Timestamp) -> MandateStatus {
        let answered_by = self.until.min(self.asked_at + Self::ANSWER_WITHIN);
        match self.state {
            MandateState::Ended { .. } => MandateStatus::Ended,
            MandateState::Asked if now >= answered_by => MandateStatus::Expired,
            MandateState::Asked => MandateStatus::Asked,
            MandateState::Given { .. } if now >= self.until => MandateStatus::Expired,
            MandateState::Given { .. } => MandateStatus::Active,
        }
    }

    /// The represented person says yes. Saying it again changes nothing.
    ///
    /// # Errors
    /// [`MandateRefused`] when it is over.
    pub fn give(self, now: Timestamp) -> Result<Self, MandateRefused> {
        match self.status(now) {
            MandateStatus::Asked => Ok(Self { state: MandateState::Given { at: now }, ..self }),
            MandateStatus::Active => Ok(self),
            over @ (MandateStatus::Expired | MandateStatus::Ended) => Err(MandateRefused(over)),
        }
    }

    /// Either side ends it. Ending it again changes nothing.
    ///
    /// # Errors
    /// [`MandateRefused`] when its time is over: there is nothing to end.
    pub fn end(self, now: Timestamp) -> Result<Self, MandateRefused> {
        let given_at = match self.state {
            MandateState::Given { at } => Some(at),
            MandateState::Asked | MandateState::Ended { .. } => None,
        };
        match self.status(now) {
            MandateStatus::Asked | MandateStatus::Active => {
                Ok(Self { state: MandateState::Ended { given_at, at: now }, ..self })
            }
            MandateStatus::Ended => Ok(self),
            over @ MandateStatus::Expired => Err(MandateRefused(over)),
        }
    }

    /// Is this proved name the represented person's?
    pub fn represents(&self, real_name: Option<&RealName>) -> bool {
        match (&self.principal, real_name) {
            (Principal::Person { id_card, .. }, Some(proved)) => *id_card == proved.id_card,
            (Principal::Person { .. }, None) | (Principal::LegalPerson(_), _) => false,
        }
    }
}

/// Something that was done under a mandate. Never what was said, only that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyAct {
    /// Our number; later ones are greater.
    pub no: ActNo,
    /// Under which mandate.
    pub mandate: MandateNo,
    /// Who did it.
    pub agent: PersonId,
    /// What was submitted.
    pub app: AppSlug,
    /// When.
    pub at: Timestamp,
}

/// Mandates, and what was done under them. Names and numbers of the represented MUST be stored
/// sealed; each change MUST be stored together with its line of the audit trail, or not at all.
#[async_trait]
pub trait MandateStore: Send + Sync {
    /// Stores a new one. MUST answer [`StoreError::Conflict`] while the agent has another of the
    /// same principal that is neither ended nor over.
    async fn ask_mandate(&self, mandate: &Mandate, audit: &AuditRecord) -> Result<(), StoreError>;
    /// Replaces the one whose stored version is `mandate.version`, and stores version + 1. MUST
    /// answer [`StoreError::Conflict`] on another version.
    async fn change_mandate(
        &self,
        mandate: &Mandate,
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
    /// The one with this number.
    async fn find_mandate(&self, no: &MandateNo) -> Result<Option<Mandate>, StoreError>;
    /// Those under which one of these ids acts, the newest first; at most [`Mandate::MOST`].
    async fn mandates_of_agent(&self, agents: &[PersonId]) -> Result<Vec<Mandate>, StoreError>;
    /// Those of this principal, the newest first; at most [`Mandate::MOST`].
    async fn mandates_of_principal(&self, of: &Principal) -> Result<Vec<Mandate>, StoreError>;
    /// The session acts under this mandate from now on, or for its person again.
    async fn act_under(
        &self,
        session: &SessionId,
        mandate: Option<&MandateNo>,
    ) -> Result<(), StoreError>;
    /// Under which mandate the session acts.
    async fn mandate_of_session(
        &self,
        session: &SessionId,
    ) -> Result<Option<MandateNo>, StoreError>;
    /// Keeps what is being done, with its line of the audit trail.
    async fn note_act(&self, act: &ProxyAct, audit: &AuditRecord) -> Result<(), StoreError>;
    /// What was done under a mandate before (older than) this act, the newest first.
    async fn list_acts(
        &self,
        mandate: &MandateNo,
        before: Option<&ActNo>,
        limit: u16,
    ) -> Result<Vec<ProxyAct>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::samples::at;

    fn mandate(state: MandateState) -> Mandate {
        Mandate {
            no: MandateNo::new("YD0001").unwrap(),
            kind: MandateKind::Adult,
            agent: PersonId::new("P1").unwrap(),
            principal: Principal::Person {
                name: PersonName::new("王老五").unwrap(),
                id_card: CitizenId::new("33010619000101099X").unwrap(),
            },
            state,
            asked_at: at(0),
            until: at(1_000_000),
            version: 0,
        }
    }

    fn state(name: &str) -> MandateState {
        match name {
            "Asked" => MandateState::Asked,
            "Active" => MandateState::Given { at: at(5) },
            _ => MandateState::Ended { given_at: None, at: at(6) },
        }
    }

    #[test]
    fn every_state_answers_every_event() {
        let table = "state  give    end
                     Asked  Active  Ended
                     Active Active  Ended
                     Ended  -       Ended";
        for row in table.lines().skip(1) {
            let row: Vec<_> = row.split_whitespace().collect();
            type Event = fn(Mandate, Timestamp) -> Result<Mandate, MandateRefused>;
            let events: [Event; 2] = [Mandate::give, Mandate::end];
            for (event, expected) in events.into_iter().zip(&row[1..]) {
                let got = event(mandate(state(row[0])), at(10));
                let got = got.map_or("-".to_owned(), |next| format!("{:?}", next.status(at(10))));
                assert_eq!(got, *expected, "{}", row[0]);
            }
        }
    }

    #[test]
    fn consent_is_for_a_time_and_an_answer_within_a_week() {
        let asked = mandate(MandateState::Asked);
        let week = 7 * 24 * 3_600;
        assert_eq!(asked.status(at(week - 1)), MandateStatus::Asked);
        assert_eq!(asked.status(at(week)), MandateStatus::Expired);
        assert_eq!(asked.clone().give(at(week)), Err(MandateRefused(MandateStatus::Expired)));
        let given = mandate(MandateState::Given { at: at(5) });
        assert_eq!(given.status(at(999_999)), MandateStatus::Active);
        assert_eq!(given.status(at(1_000_000)), MandateStatus::Expired);
        assert_eq!(given.end(at(1_000_000)), Err(MandateRefused(MandateStatus::Expired)));
    }

    #[test]
    fn kinds_survive_their_words() {
        for kind in MandateKind::ALL {
            assert_eq!(MandateKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(MandateKind::from_code("FRIEND"), None);
    }
}

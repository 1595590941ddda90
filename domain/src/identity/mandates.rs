//! Who may act for whom: asking, consenting, ending, and looking at what was done.

use super::{
    AuditRecord, Caller, LegalPerson, Mandate, MandateKind, MandateRefused, MandateState,
    MandateStatus, MandateStore, Person, PersonName, PersonStore, Principal, ProxyAct, RealName,
};
use crate::clock::{Clock, IdSource, beijing_day};
use crate::ids::{ActNo, MandateNo};
use crate::outside::{OutsideError, StoreError};
use crate::standards::{CitizenId, Uscc};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::sync::Arc;

/// The register of legal persons.
#[async_trait]
pub trait LegalPersonRegister: Send + Sync {
    /// The legal person of this code, if the holder of this name is its legal representative now;
    /// `None` for every other holder, and for a code that the register does not know or has
    /// struck off: which of these is not told.
    async fn represented_by(
        &self,
        of: &RealName,
        uscc: &Uscc,
    ) -> Result<Option<LegalPerson>, OutsideError>;
}

/// What somebody is to the one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinship {
    /// Their child.
    Child,
    /// Their father or mother.
    Parent,
}

/// Public security's register of families.
#[async_trait]
pub trait FamilyRegister: Send + Sync {
    /// What the person of this name and number is to the holder; `None`: neither child nor parent.
    async fn kin(
        &self,
        of: &RealName,
        name: &PersonName,
        id_card: &CitizenId,
    ) -> Result<Option<Kinship>, OutsideError>;
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum MandateError {
    /// The caller has proved no name.
    #[error("the caller has not proved a name")]
    LevelTooLow,
    /// No such mandate, person or legal person; or it is none of the caller's business.
    #[error("there is none, or it is not the caller's")]
    NotFound,
    /// The register knows no such bond.
    #[error("the register does not confirm it")]
    NotConfirmed,
    /// One acts for oneself without a mandate.
    #[error("nobody needs a mandate for themselves")]
    Oneself,
    /// There is one already.
    #[error("there is one already")]
    Exists,
    /// It cannot be answered or used any more.
    #[error(transparent)]
    Over(#[from] MandateRefused),
    /// Not 1 to 366 days.
    #[error("not 1 to 366 days")]
    Days,
    /// The register did not answer.
    #[error("the register did not answer")]
    Register(#[source] OutsideError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl From<StoreError> for MandateError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// For how many days consent is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForDays(u16);

impl ForDays {
    /// # Errors
    /// [`MandateError::Days`] outside of 1 to 366.
    pub fn new(days: i64) -> Result<Self, MandateError> {
        let days = u16::try_from(days).ok().filter(|days| (1..=366).contains(days));
        days.map(Self).ok_or(MandateError::Days)
    }

    fn after(self, now: Timestamp) -> Timestamp {
        now + SignedDuration::from_hours(24 * i64::from(self.0))
    }
}

/// The register is asked again after so many days whether the representative still is one.
const REPRESENTATIVE_DAYS: ForDays = ForDays(30);

/// Use cases: who may act for whom.
pub struct Mandates {
    /// Mandates.
    pub store: Arc<dyn MandateStore>,
    /// Persons.
    pub persons: Arc<dyn PersonStore>,
    /// Legal persons.
    pub legal_persons: Arc<dyn LegalPersonRegister>,
    /// Families.
    pub families: Arc<dyn FamilyRegister>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

/// A mandate that is about to be asked for.
struct Wish {
    kind: MandateKind,
    principal: Principal,
    state: MandateState,
    until: Timestamp,
}

impl Mandates {
    /// The caller, whom the register names as legal representative, acts for the legal person.
    /// Asking again while one may act anyway changes nothing.
    ///
    /// # Errors
    /// [`MandateError`]; nothing is stored then.
    pub async fn link_legal_person(
        &self,
        caller: &Caller,
        uscc: &Uscc,
    ) -> Result<Mandate, MandateError> {
        let of = proved(caller)?;
        let registered = self.legal_persons.represented_by(of, uscc).await;
        let registered = registered.map_err(MandateError::Register)?;
        let principal = Principal::LegalPerson(registered.ok_or(MandateError::NotConfirmed)?);
        let now = self.clock.now();
        if let Some(living) = self.representative_of(caller, uscc, now).await? {
            return Ok(living);
        }
        let wish = Wish {
            kind: MandateKind::Representative,
            principal,
            state: MandateState::Given { at: now },
            until: REPRESENTATIVE_DAYS.after(now),
        };
        self.ask(caller, &caller.person, wish, now).await
    }

    /// The legal person's representative authorises somebody, who has an account with a proved
    /// name.
    ///
    /// # Errors
    /// [`MandateError`]; [`MandateError::NotFound`] does not tell whether the code, the name or
    /// the number is the wrong one.
    pub async fn authorise_operator(
        &self,
        caller: &Caller,
        uscc: &Uscc,
        (name, id_card): (&PersonName, &CitizenId),
        days: ForDays,
    ) -> Result<Mandate, MandateError> {
        if proved(caller)?.id_card == *id_card {
            return Err(MandateError::Oneself);
        }
        let now = self.clock.now();
        let own = self.representative_of(caller, uscc, now).await?;
        let own = own.ok_or(MandateError::NotFound)?;
        let operator = self.persons.find_by_id_card(id_card).await?;
        let named =
            |person: &Person| person.real_name.as_ref().is_some_and(|proved| proved.name == *name);
        let operator = operator.filter(named).ok_or(MandateError::NotFound)?;
        let wish = Wish {
            kind: MandateKind::Operator,
            principal: own.principal,
            state: MandateState::Given { at: now },
            until: days.after(now),
        };
        self.ask(caller, &operator, wish, now).await
    }

    /// The caller asks to act for a child or a parent. For a minor the register's word is enough,
    /// until the child is of age; a grown person must say yes.
    ///
    /// # Errors
    /// [`MandateError`]; nothing is stored then.
    pub async fn ask_for_kin(
        &self,
        caller: &Caller,
        (name, id_card): (PersonName, CitizenId),
        days: ForDays,
    ) -> Result<Mandate, MandateError> {
        let of = proved(caller)?;
        if of.id_card == id_card {
            return Err(MandateError::Oneself);
        }
        let kin = self.families.kin(of, &name, &id_card).await;
        let kin = kin.map_err(MandateError::Register)?.ok_or(MandateError::NotConfirmed)?;
        let now = self.clock.now();
        let of_age = id_card.birth_date().saturating_add(18.years());
        let minor_days = (of_age - beijing_day(now)).get_days();
        let (kind, state, days) = match kin {
            Kinship::Child if minor_days > 0 => {
                let left = u16::try_from(minor_days).unwrap_or(u16::MAX);
                let days = ForDays(days.0.min(left));
                (MandateKind::MinorChild, MandateState::Given { at: now }, days)
            }
            Kinship::Child | Kinship::Parent => (MandateKind::Adult, MandateState::Asked, days),
        };
        let principal = Principal::Person { name, id_card };
        let wish = Wish { kind, principal, state, until: days.after(now) };
        self.ask(caller, &caller.person, wish, now).await
    }

    async fn ask(
        &self,
        caller: &Caller,
        agent: &Person,
        wish: Wish,
        now: Timestamp,
    ) -> Result<Mandate, MandateError> {
        let Wish { kind, principal, state, until } = wish;
        let no = MandateNo::generate(now, self.ids.as_ref());
        let agent = agent.id.clone();
        let mandate =
            Mandate { no, kind, agent, principal, state, asked_at: now, until, version: 0 };
        let act = match state {
            MandateState::Asked => "MANDATE_ASKED",
            MandateState::Given { .. } | MandateState::Ended { .. } => "MANDATE_GIVEN",
        };
        let audit = line(caller, act, &mandate, now);
        match self.store.ask_mandate(&mandate, &audit).await {
            Ok(()) => Ok(mandate),
            Err(StoreError::Conflict) => Err(MandateError::Exists),
            Err(error) => Err(error.into()),
        }
    }

    /// The represented person says yes.
    ///
    /// # Errors
    /// [`MandateError`]; it stays as it was.
    pub async fn accept(&self, caller: &Caller, no: &MandateNo) -> Result<Mandate, MandateError> {
        let mandate = self.store.find_mandate(no).await?.ok_or(MandateError::NotFound)?;
        if !mandate.represents(caller.person.real_name.as_ref()) {
            return Err(MandateError::NotFound);
        }
        let now = self.clock.now();
        let given = mandate.clone().give(now)?;
        self.save(caller, "MANDATE_GIVEN", (&mandate, given), now).await
    }

    /// Either side ends it: the represented person or the legal representative, or who acts.
    ///
    /// # Errors
    /// [`MandateError`]; it stays as it was.
    pub async fn end(&self, caller: &Caller, no: &MandateNo) -> Result<Mandate, MandateError> {
        let mandate = self.find(caller, no).await?.ok_or(MandateError::NotFound)?;
        let now = self.clock.now();
        let ended = mandate.clone().end(now)?;
        self.save(caller, "MANDATE_ENDED", (&mandate, ended), now).await
    }

    async fn save(
        &self,
        caller: &Caller,
        act: &str,
        (before, after): (&Mandate, Mandate),
        now: Timestamp,
    ) -> Result<Mandate, MandateError> {
        if *before == after {
            return Ok(after);
        }
        self.store.change_mandate(&after, &line(caller, act, &after, now)).await?;
        Ok(Mandate { version: after.version + 1, ..after })
    }

    /// One that the caller may see: as who acts, as the represented, or as the representative.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn find(
        &self,
        caller: &Caller,
        no: &MandateNo,
    ) -> Result<Option<Mandate>, StoreError> {
        let Some(mandate) = self.store.find_mandate(no).await? else { return Ok(None) };
        let person = &caller.person;
        let sees = person.owns(&mandate.agent) || mandate.represents(person.real_name.as_ref());
        if sees {
            return Ok(Some(mandate));
        }
        let Principal::LegalPerson(legal) = &mandate.principal else { return Ok(None) };
        let now = self.clock.now();
        let representative = self.representative_of(caller, &legal.uscc, now).await?;
        Ok(representative.map(|_| mandate))
    }

    /// Those under which the person acts, the newest first.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn held_by(&self, person: &Person) -> Result<Vec<Mandate>, StoreError> {
        self.store.mandates_of_agent(&person.ids()).await
    }

    /// Those under which others act for the person, or for a legal person that the person
    /// represents; the newest first.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn given_by(&self, person: &Person) -> Result<Vec<Mandate>, StoreError> {
        let mut given = Vec::new();
        if let Some(RealName { name, id_card, .. }) = person.real_name.clone() {
            let principal = Principal::Person { name, id_card };
            given = self.store.mandates_of_principal(&principal).await?;
        }
        let now = self.clock.now();
        for own in self.held_by(person).await? {
            let represents =
                own.kind == MandateKind::Representative && own.status(now) == MandateStatus::Active;
            if represents {
                let all = self.store.mandates_of_principal(&own.principal).await?;
                given.extend(all.into_iter().filter(|one| one.kind == MandateKind::Operator));
            }
        }
        given.sort_by(|a, b| b.no.cmp(&a.no));
        given.truncate(usize::from(Mandate::MOST));
        Ok(given)
    }

    /// What was done under one that the caller may see; `None`: there is none such.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn acts(
        &self,
        caller: &Caller,
        no: &MandateNo,
        (before, limit): (Option<&ActNo>, u16),
    ) -> Result<Option<Vec<ProxyAct>>, StoreError> {
        match self.find(caller, no).await? {
            Some(mandate) => self.store.list_acts(&mandate.no, before, limit).await.map(Some),
            None => Ok(None),
        }
    }

    async fn representative_of(
        &self,
        caller: &Caller,
        uscc: &Uscc,
        now: Timestamp,
    ) -> Result<Option<Mandate>, StoreError> {
        let held = self.store.mandates_of_agent(&caller.person.ids()).await?;
        let represents = |one: &Mandate| {
            one.kind == MandateKind::Representative
                && one.status(now) == MandateStatus::Active
                && matches!(&one.principal, Principal::LegalPerson(legal) if legal.uscc == *uscc)
        };
        Ok(held.into_iter().find(represents))
    }
}

fn proved(caller: &Caller) -> Result<&RealName, MandateError> {
    caller.person.real_name.as_ref().ok_or(MandateError::LevelTooLow)
}

/// Without names and numbers: the mandate's own row knows them, sealed.
pub(super) fn line(caller: &Caller, act: &str, mandate: &Mandate, at: Timestamp) -> AuditRecord {
    let actor = format!("person:{}", caller.person.id);
    let detail = format!("{} for person:{}", mandate.kind.code(), mandate.agent);
    AuditRecord::new(at, &actor, act, mandate.no.as_str(), &detail)
}

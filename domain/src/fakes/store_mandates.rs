//! Mandates, readings, consents, facts and tickets, in memory.

use super::InMemoryStore;
use super::store_staff::append_audit;
use crate::catalogue::AppSlug;
use crate::identity::{
    AuditRecord, Consent, ConsentGiven, DataReading, DataStore, Fact, FactOrigin, FactStore,
    Mandate, MandateState, MandateStore, Principal, ProxyAct, Secret, Ticket, TicketStore,
};
use crate::ids::{ActNo, MandateNo, PersonId, ReadNo, SessionId};
use crate::outside::StoreError;
use crate::standards::CitizenId;
use async_trait::async_trait;
use jiff::Timestamp;

/// What these ports keep.
#[derive(Debug, Default)]
pub(super) struct Around {
    mandates: Vec<Mandate>,
    acting: Vec<(SessionId, MandateNo)>,
    acts: Vec<ProxyAct>,
    readings: Vec<(CitizenId, DataReading)>,
    consents: Vec<(PersonId, Consent)>,
    facts: Vec<(PersonId, Fact)>,
    tickets: Vec<(String, Ticket)>,
}

fn same(a: &Principal, b: &Principal) -> bool {
    match (a, b) {
        (Principal::LegalPerson(a), Principal::LegalPerson(b)) => a.uscc == b.uscc,
        (Principal::Person { id_card: a, .. }, Principal::Person { id_card: b, .. }) => a == b,
        (Principal::LegalPerson(_), Principal::Person { .. })
        | (Principal::Person { .. }, Principal::LegalPerson(_)) => false,
    }
}

fn newest(mut mandates: Vec<Mandate>) -> Vec<Mandate> {
    mandates.sort_by(|a, b| b.no.cmp(&a.no));
    mandates.truncate(usize::from(Mandate::MOST));
    mandates
}

#[async_trait]
impl MandateStore for InMemoryStore {
    async fn ask_mandate(&self, mandate: &Mandate, audit: &AuditRecord) -> Result<(), StoreError> {
        self.call(|t| {
            let open = |one: &&Mandate| {
                let ended = matches!(one.state, MandateState::Ended { .. });
                let over = mandate.asked_at >= one.until;
                let unanswered = one.state == MandateState::Asked
                    && mandate.asked_at >= one.asked_at + Mandate::ANSWER_WITHIN;
                !ended && !over && !unanswered
            };
            let mut others = t.around.mandates.iter().filter(open);
            let taken = |one: &Mandate| {
                one.agent == mandate.agent && same(&one.principal, &mandate.principal)
            };
            if others.any(taken) {
                return Err(StoreError::Conflict);
            }
            t.around.mandates.push(mandate.clone());
            append_audit(t, audit);
            Ok(())
        })
    }

    async fn change_mandate(
        &self,
        mandate: &Mandate,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        self.call(|t| {
            let mut all = t.around.mandates.iter_mut();
            let stored = all.find(|one| one.no == mandate.no && one.version == mandate.version);
            let stored = stored.ok_or(StoreError::Conflict)?;
            *stored = Mandate { version: mandate.version + 1, ..mandate.clone() };
            append_audit(t, audit);
            Ok(())
        })
    }

    async fn find_mandate(&self, no: &MandateNo) -> Result<Option<Mandate>, StoreError> {
        self.call(|t| Ok(t.around.mandates.iter().find(|one| one.no == *no).cloned()))
    }

    async fn mandates_of_agent(&self, agents: &[PersonId]) -> Result<Vec<Mandate>, StoreError> {
        self.call(|t| {
            let held = t.around.mandates.iter().filter(|one| agents.contains(&one.agent));
            Ok(newest(held.cloned().collect()))
        })
    }

    async fn mandates_of_principal(&self, of: &Principal) -> Result<Vec<Mandate>, StoreError> {
        self.call(|t| {
            let given = t.around.mandates.iter().filter(|one| same(&one.principal, of));
            Ok(newest(given.cloned().collect()))
        })
    }

    async fn act_under(
        &self,
        session: &SessionId,
        mandate: Option<&MandateNo>,
    ) -> Result<(), StoreError> {
        self.call(|t| {
            t.around.acting.retain(|(known, _)| known != session);
            t.around.acting.extend(mandate.map(|no| (session.clone(), no.clone())));
            Ok(())
        })
    }

    async fn mandate_of_session(
        &self,
        session: &SessionId,
    ) -> Result<Option<MandateNo>, StoreError> {
        self.call(|t| {
            let found = t.around.acting.iter().find(|(known, _)| known == session);
            Ok(found.map(|(_, no)| no.clone()))
        })
    }

    async fn note_act(&self, act: &ProxyAct, audit: &AuditRecord) -> Result<(), StoreError> {
        self.call(|t| {
            t.around.acts.push(act.clone());
            append_audit(t, audit);
            Ok(())
        })
    }

    async fn list_acts(
        &self,
        mandate: &MandateNo,
        before: Option<&ActNo>,
        limit: u16,
    ) -> Result<Vec<ProxyAct>, StoreError> {
        self.call(|t| {
            let of = t.around.acts.iter().filter(|act| act.mandate == *mandate);
            let older = of.filter(|act| before.is_none_or(|before| act.no < *before));
            let mut acts: Vec<_> = older.cloned().collect();
            acts.sort_by(|a, b| b.no.cmp(&a.no));
            acts.truncate(usize::from(limit));
            Ok(acts)
        })
    }
}

#[async_trait]
impl DataStore for InMemoryStore {
    async fn note_reading(&self, of: &CitizenId, reading: &DataReading) -> Result<(), StoreError> {
        self.call(|t| {
            t.around.readings.push((of.clone(), reading.clone()));
            Ok(())
        })
    }

    async fn list_readings(
        &self,
        of: &CitizenId,
        before: Option<&ReadNo>,
        limit: u16,
    ) -> Result<Vec<DataReading>, StoreError> {
        self.call(|t| {
            let of = t.around.readings.iter().filter(|(known, _)| known == of);
            let older = of.filter(|(_, one)| before.is_none_or(|before| one.no < *before));
            let mut readings: Vec<_> = older.map(|(_, one)| one.clone()).collect();
            readings.sort_by(|a, b| b.no.cmp(&a.no));
            readings.truncate(usize::from(limit));
            Ok(readings)
        })
    }

    async fn set_consent(
        &self,
        person: &PersonId,
        consent: &Consent,
        given: ConsentGiven,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        self.call(|t| {
            let name = &consent.department;
            let of = |p: &PersonId, known: &str| p == person && known == name;
            t.around.consents.retain(|(p, known)| !of(p, &known.department));
            match given {
                ConsentGiven::Yes => t.around.consents.push((person.clone(), consent.clone())),
                ConsentGiven::No => t.around.facts.retain(|(p, fact)| match &fact.origin {
                    FactOrigin::Department(known) => !of(p, known),
                    FactOrigin::Answer => true,
                }),
            }
            append_audit(t, audit);
            Ok(())
        })
    }

    async fn consents_of(&self, persons: &[PersonId]) -> Result<Vec<Consent>, StoreError> {
        self.call(|t| {
            let own = t.around.consents.iter().filter(|(person, _)| persons.contains(person));
            let mut own: Vec<_> = own.map(|(_, consent)| consent.clone()).collect();
            own.sort_by_key(|consent| consent.given_at);
            own.truncate(200);
            Ok(own)
        })
    }
}

#[async_trait]
impl FactStore for InMemoryStore {
    async fn keep_facts(&self, person: &PersonId, facts: &[Fact]) -> Result<(), StoreError> {
        self.call(|t| {
            for fact in facts {
                t.around.facts.retain(|(of, known)| {
                    let same = (&known.field, known.kind, &known.origin)
                        == (&fact.field, fact.kind, &fact.origin);
                    of != person || !same
                });
                t.around.facts.push((person.clone(), fact.clone()));
            }
            Ok(())
        })
    }

    async fn facts_of(&self, persons: &[PersonId]) -> Result<Vec<Fact>, StoreError> {
        self.call(|t| {
            let own = t.around.facts.iter().filter(|(person, _)| persons.contains(person));
            let mut own: Vec<_> = own.map(|(_, fact)| fact.clone()).collect();
            own.sort_by_key(|fact| std::cmp::Reverse(fact.as_of));
            own.truncate(200);
            Ok(own)
        })
    }
}

#[async_trait]
impl TicketStore for InMemoryStore {
    async fn keep_ticket(&self, secret: &Secret, ticket: &Ticket) -> Result<(), StoreError> {
        self.call(|t| {
            t.around.tickets.push((secret.expose().to_owned(), ticket.clone()));
            Ok(())
        })
    }

    async fn use_ticket(
        &self,
        secret: &Secret,
        app: &AppSlug,
        now: Timestamp,
    ) -> Result<Option<Ticket>, StoreError> {
        self.call(|t| {
            let found = t.around.tickets.iter().position(|(known, ticket)| {
                known == secret.expose() && ticket.app == *app && now < ticket.until
            });
            Ok(found.map(|at| t.around.tickets.swap_remove(at).1))
        })
    }
}

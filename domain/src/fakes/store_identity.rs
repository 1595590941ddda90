//! Persons, sessions and staff, in memory.

use super::InMemoryStore;
use super::store::{Held, SentCode, Tables};
use crate::identity::{
    AskedFrom, CODE_LIFE, Channel, ChannelLink, CodeIssued, CodeRedeemed, OpenId, Person,
    PersonStore, PhoneCode, PhoneCodeStore, Renewal, Secret, Session, SessionStore, Source,
    StaffAccount, StaffStore, Tokens, WRONG_CODES, next_issue,
};
use crate::ids::{PersonId, SessionId};
use crate::outside::StoreError;
use crate::standards::{CitizenId, Mobile};
use async_trait::async_trait;
use jiff::Timestamp;

fn id_card(person: &Person) -> Option<&CitizenId> {
    person.real_name.as_ref().map(|proved| &proved.id_card)
}

pub(super) fn update(t: &mut Tables, person: &Person) -> Result<(), StoreError> {
    let proved = id_card(person);
    let mut others = t.persons.iter().filter(|other| other.id != person.id);
    if proved.is_some() && others.any(|other| id_card(other) == proved) {
        return Err(StoreError::Conflict);
    }
    let mut stored = t.persons.iter_mut();
    let stored = stored.find(|known| known.id == person.id && known.version == person.version);
    let stored = stored.ok_or(StoreError::Conflict)?;
    *stored = Person { version: person.version + 1, ..person.clone() };
    Ok(())
}

#[async_trait]
impl PersonStore for InMemoryStore {
    async fn insert(&self, person: &Person, link: &ChannelLink) -> Result<(), StoreError> {
        self.call(|t| {
            let taken = t.links.iter().any(|known| {
                known.channel == link.channel
                    && known.app_id == link.app_id
                    && known.open_id == link.open_id
            });
            if taken || t.persons.iter().any(|known| known.id == person.id) {
                return Err(StoreError::Conflict);
            }
            t.persons.push(person.clone());
            t.index.link(&link.person, t.links.len());
            t.links.push(link.clone());
            Ok(())
        })
    }

    async fn update(&self, person: &Person) -> Result<(), StoreError> {
        self.call(|t| update(t, person))
    }

    async fn find(&self, id: &PersonId) -> Result<Option<Person>, StoreError> {
        self.call(|t| Ok(t.persons.iter().find(|person| &person.id == id).cloned()))
    }

    async fn find_by_id_card(&self, wanted: &CitizenId) -> Result<Option<Person>, StoreError> {
        self.call(|t| Ok(t.persons.iter().find(|p| id_card(p) == Some(wanted)).cloned()))
    }

    async fn find_link(
        &self,
        channel: Channel,
        app_id: &str,
        open_id: &OpenId,
    ) -> Result<Option<ChannelLink>, StoreError> {
        self.call(|t| {
            let mut links = t.links.iter();
            let found = links.find(|link| {
                link.channel == channel && link.app_id == app_id && &link.open_id == open_id
            });
            Ok(found.cloned())
        })
    }

    fn phone_handle(&self, phone: &Mobile) -> OpenId {
        OpenId::new(&format!("phone-{}", phone.as_str())).expect("printable")
    }

    async fn list_links(&self, person: &PersonId) -> Result<Vec<ChannelLink>, StoreError> {
        self.call(|t| {
            let mut mine: Vec<_> =
                t.index.links_of(person).iter().map(|at| t.links[*at].clone()).collect();
            mine.sort_by_key(|link| link.linked_at);
            mine.truncate(ChannelLink::MAX);
            Ok(mine)
        })
    }
}

#[async_trait]
impl SessionStore for InMemoryStore {
    async fn insert(&self, session: &Session, tokens: &Tokens) -> Result<(), StoreError> {
        self.call(|t| {
            t.sessions.push(Held {
                session: session.clone(),
                access: tokens.access.expose().to_owned(),
                refresh: tokens.refresh.expose().to_owned(),
                used: Vec::new(),
                revoked: false,
            });
            Ok(())
        })
    }

    async fn find_by_access(
        &self,
        access: &Secret,
    ) -> Result<Option<(Session, Person)>, StoreError> {
        self.call(|t| {
            let living = t.sessions.iter().filter(|held| !held.revoked);
            let mut found = living.filter(|held| held.access == access.expose());
            Ok(found.next().and_then(|held| {
                let person = t.persons.iter().find(|person| person.id == held.session.person)?;
                Some((held.session.clone(), person.clone()))
            }))
        })
    }

    async fn rotate(
        &self,
        used: &Secret,
        renewal: &Renewal,
    ) -> Result<Option<Session>, StoreError> {
        self.call(|t| {
            for held in t.sessions.iter_mut().filter(|held| !held.revoked) {
                if held.used.iter().any(|old| old == used.expose()) {
                    held.revoked = true;
                    return Ok(None);
                }
                let elsewhere = renewal.channel.is_some_and(|at| at != held.session.channel);
                let living = held.session.refresh_until > renewal.at && !elsewhere;
                if held.refresh == used.expose() && living {
                    held.used.push(held.refresh.clone());
                    held.refresh = renewal.tokens.refresh.expose().to_owned();
                    held.access = renewal.tokens.access.expose().to_owned();
                    held.session = Session {
                        last_seen_at: renewal.at,
                        access_until: renewal.access_until,
                        refresh_until: renewal.refresh_until,
                        ..held.session.clone()
                    };
                    return Ok(Some(held.session.clone()));
                }
            }
            Ok(None)
        })
    }

    async fn revoke(&self, session: &SessionId) -> Result<(), StoreError> {
        self.call(|t| {
            for held in t.sessions.iter_mut().filter(|held| &held.session.id == session) {
                held.revoked = true;
            }
            Ok(())
        })
    }

    async fn revoke_all(&self, person: &PersonId) -> Result<(), StoreError> {
        self.call(|t| {
            for held in t.sessions.iter_mut().filter(|held| &held.session.person == person) {
                held.revoked = true;
            }
            Ok(())
        })
    }

    async fn list_sessions(
        &self,
        person: &PersonId,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<Session>, StoreError> {
        self.call(|t| {
            let living = t.sessions.iter().filter(|held| !held.revoked).map(|held| &held.session);
            let mine = living.filter(|s| &s.person == person && s.refresh_until > now);
            let mut mine: Vec<_> = mine.cloned().collect();
            mine.sort_by_key(|s| std::cmp::Reverse((s.created_at, s.id.clone())));
            mine.truncate(usize::from(limit));
            Ok(mine)
        })
    }

    async fn revoke_of(&self, person: &PersonId, session: &SessionId) -> Result<bool, StoreError> {
        self.call(|t| {
            let mut all = t.sessions.iter_mut();
            let found = all.find(|h| &h.session.person == person && &h.session.id == session);
            Ok(found.map(|held| held.revoked = true).is_some())
        })
    }
}

#[async_trait]
impl StaffStore for InMemoryStore {
    async fn find(&self, name: &str) -> Result<Option<StaffAccount>, StoreError> {
        self.call(|t| Ok(t.staff.iter().find(|account| account.name == name).cloned()))
    }

    async fn insert(&self, account: &StaffAccount) -> Result<(), StoreError> {
        self.call(|t| {
            if t.staff.iter().any(|known| known.name == account.name) {
                return Err(StoreError::Conflict);
            }
            t.staff.push(account.clone());
            Ok(())
        })
    }
}

#[async_trait]
impl PhoneCodeStore for InMemoryStore {
    async fn issue(&self, code: &PhoneCode, from: &AskedFrom) -> Result<CodeIssued, StoreError> {
        self.call(|t| {
            let mut sources = from.sources();
            sources.push((Source::Phone, code.phone.as_str().to_owned()));
            let full = sources.iter().filter_map(|(source, name)| {
                let same = t.phone_codes.iter().filter(|sent| {
                    sent.sources.iter().any(|(of, known)| of == source && known == name)
                });
                let earlier: Vec<_> = same.map(|sent| sent.code.issued_at).collect();
                next_issue(*source, &earlier, code.issued_at)
            });
            Ok(match full.max() {
                Some(until) => CodeIssued::TooMany(until),
                None => {
                    let code = code.clone();
                    t.phone_codes.push(SentCode { code, sources, wrong: 0, used: false });
                    CodeIssued::Kept
                }
            })
        })
    }

    async fn redeem(
        &self,
        phone: &Mobile,
        code: &str,
        now: Timestamp,
    ) -> Result<CodeRedeemed, StoreError> {
        self.call(|t| {
            let same = t.phone_codes.iter_mut().filter(|sent| &sent.code.phone == phone);
            let newest = same.max_by_key(|sent| sent.code.issued_at);
            let spent = |sent: &SentCode| sent.used || sent.wrong >= WRONG_CODES;
            let Some(sent) = newest.filter(|sent| !spent(sent)) else {
                return Ok(CodeRedeemed::Wrong);
            };
            if sent.code.code.expose() != code {
                sent.wrong += 1;
                return Ok(CodeRedeemed::Wrong);
            }
            sent.used = true;
            let old = now >= sent.code.issued_at + CODE_LIFE;
            Ok(if old { CodeRedeemed::Expired } else { CodeRedeemed::Right })
        })
    }
}

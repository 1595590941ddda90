//! Messages and what citizens allowed, in memory.

use super::InMemoryStore;
use super::store::Tables;
use crate::ids::PersonId;
use crate::messaging::{
    EventKey, EventKind, Grant, GrantMove, GrantStep, Message, MessageChange, MessageChannel,
    MessageEvent, MessageGroup, MessagePage, MessageStore, NewMessage, PUSH_DEVICES_MAX,
    PushDevice, ReachStore, Wishes,
};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// One choice of a person.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    person: PersonId,
    group: MessageGroup,
    channels: Vec<MessageChannel>,
    at: Timestamp,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// In order of their coming, with the message that was made of each.
    events: Vec<MessageEvent>,
    keys: BTreeSet<EventKey>,
    messages: Vec<Message>,
    wishes: Vec<Wish>,
    grants: Vec<Grant>,
    devices: Vec<PushDevice>,
}

impl Tables {
    /// Keeps events; one whose key is known changes nothing.
    pub fn hear(&mut self, events: &[MessageEvent]) {
        for event in events {
            if self.messages.keys.insert(event.key.clone()) {
                self.messages.events.push(event.clone());
            }
        }
    }
}

impl InMemoryStore {
    /// Something happened, without the change that a real store would keep with it.
    pub fn hear(&self, events: &[MessageEvent]) {
        self.inside(|t| t.hear(events));
    }
}

fn key(message: &Message) -> (Timestamp, &EventKey) {
    (message.event.at, &message.event.key)
}

impl Messages {
    fn message(&mut self, key: &EventKey) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| &message.event.key == key)
    }

    fn step(&mut self, moved: &GrantMove) -> Result<(), StoreError> {
        let GrantMove { person, channel, template_id, step } = moved;
        let known = self.grants.iter_mut().find(|grant| {
            &grant.person == person
                && grant.channel == *channel
                && &grant.template_id == template_id
        });
        let grant = known.ok_or(StoreError::Conflict)?;
        grant.left = match step {
            GrantStep::Use => grant.left.checked_sub(1).ok_or(StoreError::Conflict)?,
            GrantStep::Return => grant.left + 1,
            GrantStep::Drop => 0,
        };
        Ok(())
    }
}

#[async_trait]
impl MessageStore for InMemoryStore {
    async fn list_new_events(
        &self,
        kinds: &[EventKind],
        limit: u16,
    ) -> Result<Vec<MessageEvent>, StoreError> {
        self.call(|t| {
            let m = &t.messages;
            let is_new = |event: &&MessageEvent| {
                kinds.contains(&event.kind)
                    && !m.messages.iter().any(|message| message.event.key == event.key)
            };
            let mut new: Vec<_> = m.events.iter().filter(is_new).cloned().collect();
            new.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
            new.truncate(usize::from(limit));
            Ok(new)
        })
    }

    async fn accept(&self, new: &NewMessage) -> Result<(), StoreError> {
        self.call(|t| {
            if t.messages.message(&new.key).is_some() {
                return Ok(());
            }
            let event = t.messages.events.iter().find(|event| event.key == new.key);
            let event = event.cloned().ok_or(StoreError::Conflict)?;
            t.messages.messages.push(Message {
                event,
                template_version: new.template_version,
                words: new.words.clone(),
                about: new.about.clone(),
                read_at: None,
                attempts: Vec::new(),
                due_at: Some(new.due_at),
                version: 0,
            });
            Ok(())
        })
    }

    async fn lease_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Message>, StoreError> {
        self.call(|t| {
            let due = |message: &&mut Message| message.due_at.is_some_and(|due| due <= now);
            let mut due: Vec<_> = t.messages.messages.iter_mut().filter(due).collect();
            due.sort_by(|a, b| (a.due_at, &a.event.key).cmp(&(b.due_at, &b.event.key)));
            let taken = due.into_iter().take(usize::from(limit)).map(|message| {
                message.due_at = Some(until);
                message.clone()
            });
            Ok(taken.collect())
        })
    }

    async fn save_message(&self, change: &MessageChange) -> Result<(), StoreError> {
        self.call(|t| {
            let new = &change.message;
            let stored = t.messages.message(&new.event.key).ok_or(StoreError::Conflict)?;
            if stored.version != new.version {
                return Err(StoreError::Conflict);
            }
            if let Some(moved) = &change.grant {
                t.messages.step(moved)?;
            }
            let stored = t.messages.message(&new.event.key).ok_or(StoreError::Conflict)?;
            let (read_at, version) = (stored.read_at, stored.version + 1);
            *stored = Message { read_at, version, ..new.clone() };
            Ok(())
        })
    }

    async fn find_message(&self, key: &EventKey) -> Result<Option<Message>, StoreError> {
        self.call(|t| Ok(t.messages.message(key).cloned()))
    }

    async fn find_by_platform_no(
        &self,
        channel: MessageChannel,
        platform_no: &str,
    ) -> Result<Option<Message>, StoreError> {
        self.call(|t| {
            let told = |message: &&Message| {
                let attempt = message.attempt(channel);
                attempt.is_some_and(|a| a.platform_no.as_deref() == Some(platform_no))
            };
            Ok(t.messages.messages.iter().find(told).cloned())
        })
    }

    async fn list_messages_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&EventKey>,
        limit: u16,
    ) -> Result<MessagePage, StoreError> {
        self.call(|t| {
            let all = &t.messages.messages;
            let mine = || all.iter().filter(|message| owners.contains(&message.event.person));
            let edge = before.map(|before| mine().find(|message| &message.event.key == before));
            let mut messages: Vec<Message> = match edge {
                None => mine().cloned().collect(),
                Some(None) => Vec::new(),
                Some(Some(edge)) => mine().filter(|m| key(m) < key(edge)).cloned().collect(),
            };
            messages.sort_by(|a, b| key(b).cmp(&key(a)));
            let more = messages.len() > usize::from(limit);
            messages.truncate(usize::from(limit));
            Ok(MessagePage { messages, more })
        })
    }

    async fn count_unread(&self, owners: &[PersonId]) -> Result<u64, StoreError> {
        self.call(|t| {
            let unread = |message: &&Message| {
                owners.contains(&message.event.person) && message.read_at.is_none()
            };
            Ok(t.messages.messages.iter().filter(unread).count() as u64)
        })
    }

    async fn mark_read(
        &self,
        owners: &[PersonId],
        keys: &[EventKey],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(|t| {
            for message in &mut t.messages.messages {
                let own = owners.contains(&message.event.person);
                if own && keys.contains(&message.event.key) && message.read_at.is_none() {
                    message.read_at = Some(at);
                }
            }
            Ok(())
        })
    }

    async fn count_waiting(&self) -> Result<u64, StoreError> {
        self.call(|t| {
            let waiting = |message: &&Message| message.due_at.is_some();
            Ok(t.messages.messages.iter().filter(waiting).count() as u64)
        })
    }
}

#[async_trait]
impl ReachStore for InMemoryStore {
    async fn wishes(&self, owners: &[PersonId]) -> Result<Wishes, StoreError> {
        self.call(|t| {
            let mut mine: Vec<_> =
                t.messages.wishes.iter().filter(|wish| owners.contains(&wish.person)).collect();
            mine.sort_by_key(|wish| wish.at);
            Ok(Wishes::new(mine.into_iter().map(|wish| (wish.group, wish.channels.clone()))))
        })
    }

    async fn set_wish(
        &self,
        person: &PersonId,
        group: MessageGroup,
        channels: &[MessageChannel],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(|t| {
            let wishes = &mut t.messages.wishes;
            wishes.retain(|wish| !(&wish.person == person && wish.group == group));
            let (person, channels) = (person.clone(), channels.to_vec());
            wishes.push(Wish { person, group, channels, at });
            Ok(())
        })
    }

    async fn grants(&self, owners: &[PersonId]) -> Result<Vec<Grant>, StoreError> {
        self.call(|t| {
            let mine = |grant: &&Grant| owners.contains(&grant.person) && grant.left > 0;
            Ok(t.messages.grants.iter().filter(mine).cloned().collect())
        })
    }

    async fn add_grants(
        &self,
        person: &PersonId,
        channel: MessageChannel,
        template_ids: &[String],
    ) -> Result<(), StoreError> {
        self.call(|t| {
            for template_id in template_ids {
                let known = t.messages.grants.iter_mut().find(|grant| {
                    &grant.person == person
                        && grant.channel == channel
                        && &grant.template_id == template_id
                });
                match known {
                    Some(grant) => grant.left = (grant.left + 1).min(Grant::MAX),
                    None => t.messages.grants.push(Grant {
                        person: person.clone(),
                        channel,
                        template_id: template_id.clone(),
                        left: 1,
                    }),
                }
            }
            Ok(())
        })
    }

    async fn push_tokens(
        &self,
        owners: &[PersonId],
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        self.call(|t| {
            let lives = |device: &PushDevice| {
                t.sessions.iter().any(|held| {
                    held.session.id == device.session
                        && !held.revoked
                        && held.session.refresh_until > now
                })
            };
            let mine = |device: &&PushDevice| owners.contains(&device.person) && lives(device);
            let mut mine: Vec<_> = t.messages.devices.iter().filter(mine).collect();
            mine.sort_by_key(|device| std::cmp::Reverse(device.at));
            let newest = mine.into_iter().take(usize::from(PUSH_DEVICES_MAX));
            Ok(newest.map(|device| device.token.clone()).collect())
        })
    }

    async fn set_push_device(&self, device: &PushDevice) -> Result<(), StoreError> {
        self.call(|t| {
            let devices = &mut t.messages.devices;
            devices.retain(|d| d.session != device.session && d.token != device.token);
            devices.push(device.clone());
            Ok(())
        })
    }
}

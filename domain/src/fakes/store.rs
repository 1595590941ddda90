//! The stores, in memory. Every call can be made to fail by the [`FaultPlan`].

use super::{Fault, FaultPlan};
use crate::identity::{AuditEntry, ChannelLink, Person, PhoneCode, Session, StaffAccount};
use crate::money::Fen;
use crate::outside::StoreError;
use crate::payment::{
    Journal, OutboxItem, Payment, PaymentRecord, Rail, Received, Refund, RefundRecord,
    StoredCallback,
};
use crate::receipt::{FiledReceipt, GatewayEvent};
use crate::reconciliation::{ClearedDay, DayBook, DayResult};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A lock that outlives a test's panic elsewhere.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One item of the outbox.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub item: OutboxItem,
    pub attempts: u32,
    pub due: Option<Timestamp>,
    pub done: bool,
}

/// One callback of the inbox.
#[derive(Debug, Clone)]
pub(super) struct Boxed {
    pub callback: StoredCallback,
    pub leased_until: Timestamp,
    pub outcome: Option<String>,
}

/// One event of the gateway's inbox.
#[derive(Debug, Clone)]
pub(super) struct BoxedNews {
    pub event: GatewayEvent,
    pub leased_until: Timestamp,
    pub outcome: Option<String>,
}

/// A session with its tokens, old ones last.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub session: Session,
    pub access: String,
    pub refresh: String,
    pub used: Vec<String>,
    pub revoked: bool,
}

/// A code that was sent to a phone.
#[derive(Debug, Clone)]
pub(super) struct SentCode {
    pub code: PhoneCode,
    pub wrong: u32,
    pub used: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub persons: Vec<Person>,
    pub links: Vec<ChannelLink>,
    pub sessions: Vec<Held>,
    pub staff: Vec<StaffAccount>,
    pub phone_codes: Vec<SentCode>,
    pub payments: BTreeMap<String, (Payment, Vec<PaymentRecord>)>,
    pub journals: Vec<Journal>,
    pub outbox: Vec<Waiting>,
    pub inbox: Vec<Boxed>,
    pub gateway_inbox: Vec<BoxedNews>,
    pub clearing: BTreeMap<Date, ClearedDay>,
    pub receipts: Vec<FiledReceipt>,
    pub days: BTreeMap<(Date, Rail), (DayResult, String)>,
    pub refunds: BTreeMap<String, (Refund, Vec<RefundRecord>)>,
    pub balances: BTreeMap<String, super::store_refund::Left>,
    pub ceilings: BTreeMap<(Rail, Date), Fen>,
    pub released: BTreeSet<(String, String)>,
    pub audit: Vec<AuditEntry>,
    pub staff_sessions: Vec<(String, String, Timestamp)>,
}

/// Every store port, in memory; clones share their content.
#[derive(Debug, Clone, Default)]
pub struct InMemoryStore {
    tables: Arc<Mutex<Tables>>,
    plan: Arc<FaultPlan>,
}

impl InMemoryStore {
    /// Empty, and never failing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same content, with calls that fail as planned.
    pub fn with_plan(&self, plan: Arc<FaultPlan>) -> Self {
        Self { tables: Arc::clone(&self.tables), plan }
    }

    /// Runs one call: all of it or nothing, and perhaps with the planned fault.
    pub(super) fn call<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce(&mut Tables) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.plan.next() {
            None => act(&mut locked(&self.tables)),
            Some(fault) => {
                if fault == Fault::SilentDone {
                    act(&mut locked(&self.tables))?;
                }
                Err(fault.store().into())
            }
        }
    }
}

#[async_trait]
impl DayBook for InMemoryStore {
    async fn save(&self, result: &DayResult, _original: &[u8]) -> Result<(), StoreError> {
        self.call(|t| {
            let kept = (result.clone(), result.file_hash.clone());
            t.days.insert((result.day, result.rail), kept);
            Ok(())
        })
    }

    async fn find(&self, rail: Rail, day: Date) -> Result<Option<DayResult>, StoreError> {
        self.call(|t| Ok(t.days.get(&(day, rail)).map(|(result, _)| result.clone())))
    }

    async fn list(&self, limit: u16) -> Result<Vec<DayResult>, StoreError> {
        self.call(|t| {
            let newest = t.days.values().rev().take(usize::from(limit));
            Ok(newest.map(|(day, _)| DayResult { lines: Vec::new(), ..day.clone() }).collect())
        })
    }

    async fn day_of_file(
        &self,
        rail: Rail,
        hash: &str,
        other_than: Date,
    ) -> Result<Option<Date>, StoreError> {
        self.call(|t| {
            let mut others = t
                .days
                .iter()
                .filter(|((day, of), (_, kept))| *of == rail && *day != other_than && kept == hash);
            Ok(others.next().map(|((day, _), _)| *day))
        })
    }

    async fn first_day(&self, rail: Rail) -> Result<Option<Date>, StoreError> {
        self.call(|t| {
            let of_rail = t.payments.values().filter(|(payment, _)| payment.rail == rail);
            Ok(of_rail.map(|(p, _)| crate::clock::beijing_day(p.created_at)).min())
        })
    }
}

#[async_trait]
impl crate::payment::CallbackInbox for InMemoryStore {
    async fn record(&self, callback: &StoredCallback, _raw: &[u8]) -> Result<Received, StoreError> {
        self.call(|t| {
            let same = |kept: &Boxed| {
                kept.callback.event_id == callback.event_id && kept.callback.news == callback.news
            };
            if t.inbox.iter().any(same) {
                return Ok(Received::Seen);
            }
            let (leased_until, outcome) = (Timestamp::MIN, None);
            t.inbox.push(Boxed { callback: callback.clone(), leased_until, outcome });
            Ok(Received::New)
        })
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<StoredCallback>, StoreError> {
        self.call(|t| {
            let free = t.inbox.iter_mut().filter(|b| b.outcome.is_none() && b.leased_until <= now);
            let taken = free.take(usize::from(limit)).map(|boxed| {
                boxed.leased_until = until;
                boxed.callback.clone()
            });
            Ok(taken.collect())
        })
    }

    async fn finish(&self, callback: &StoredCallback, outcome: &str) -> Result<(), StoreError> {
        self.call(|t| {
            for boxed in t.inbox.iter_mut().filter(|boxed| &boxed.callback == callback) {
                boxed.outcome = Some(outcome.to_owned());
            }
            Ok(())
        })
    }
}

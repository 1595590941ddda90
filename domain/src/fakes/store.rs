//! The stores, in memory. Every call can be made to fail by the [`FaultPlan`].

use super::index::Index;
use super::store_catalogue::CatalogueTables;
use super::{Fault, FaultPlan};
use crate::casework::case::{Case, CaseRecord, Draft};
use crate::casework::certificate::{Certificate, Guesses};
use crate::catalogue::AppSlug;
use crate::identity::{AuditEntry, ChannelLink, Person, PhoneCode, Session, Source, StaffAccount};
use crate::ids::{IdempotencyKey, PaymentNo, PersonId, SerialNo, SubmissionNo};
use crate::messaging::MessageEvent;
use crate::money::Fen;
use crate::outside::StoreError;
use crate::payment::{
    Journal, LedgerCheck, OutboxItem, Payment, PaymentRecord, Rail, Received, Refund, RefundRecord,
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
    /// What it counts for, the phone included.
    pub sources: Vec<(Source, String)>,
    pub wrong: u32,
    pub used: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub persons: Vec<Person>,
    pub links: Vec<ChannelLink>,
    pub sessions: Vec<Held>,
    pub staff: Vec<StaffAccount>,
    pub catalogue: CatalogueTables,
    pub phone_codes: Vec<SentCode>,
    pub payments: BTreeMap<String, (Payment, Vec<PaymentRecord>)>,
    pub journals: Vec<Journal>,
    pub outbox: Vec<Waiting>,
    pub inbox: Vec<Boxed>,
    pub gateway_inbox: Vec<BoxedNews>,
    pub clearing: BTreeMap<Date, ClearedDay>,
    pub ledger_checks: BTreeMap<Date, LedgerCheck>,
    pub receipts: Vec<FiledReceipt>,
    pub days: BTreeMap<(Date, Rail), (DayResult, String)>,
    pub refunds: BTreeMap<String, (Refund, Vec<RefundRecord>)>,
    pub balances: BTreeMap<String, super::store_refund::Left>,
    pub ceilings: BTreeMap<(Rail, Date), Fen>,
    pub released: BTreeSet<(String, String)>,
    pub audit: Vec<AuditEntry>,
    pub staff_sessions: Vec<(String, String, Timestamp)>,
    /// Owner, app, since when.
    pub favourites: Vec<(PersonId, AppSlug, Timestamp)>,
    /// Owner, app, last used when.
    pub recent: Vec<(PersonId, AppSlug, Timestamp)>,
    pub certificates: Vec<Certificate>,
    pub certificate_guesses: BTreeMap<(SerialNo, String), Guesses>,
    pub certificate_events: Vec<MessageEvent>,
    pub files: Vec<super::store_files::KeptFile>,
    /// Owner, key, input, number.
    pub submissions: Vec<(PersonId, IdempotencyKey, String, SubmissionNo)>,
    pub bookings: Vec<super::store_booking::KeptBooking>,
    /// How many places are taken.
    pub slots: BTreeMap<crate::casework::booking::SlotKey, u32>,
    pub cases: BTreeMap<String, (Case, Vec<CaseRecord>)>,
    pub drafts: Vec<Draft>,
    pub message_events: Vec<MessageEvent>,
    /// Mandates, readings, consents, facts, tickets.
    pub around: super::store_mandates::Around,
    pub messages: super::store_messages::Messages,
    /// Files of reconciliation.
    pub sources: super::store_source::SourceTables,
    pub index: Index,
    /// Which payments were written to, while somebody watches.
    pub written: Option<Vec<PaymentNo>>,
    /// See [`InMemoryStore::lose_index_of_holders`].
    pub holders_unchecked: bool,
}

impl Tables {
    /// A receipt is filed, and found from now on.
    pub fn file(&mut self, receipt: &FiledReceipt) {
        self.index.receipt(&receipt.receipt, self.receipts.len());
        self.receipts.push(receipt.clone());
    }

    /// A payment's receipts of all kinds, in the order in which they were filed.
    pub fn receipts_of(&self, no: &PaymentNo) -> impl Iterator<Item = &FiledReceipt> {
        self.index.receipts_of(no).iter().map(|place| &self.receipts[*place])
    }

    pub fn wrote(&mut self, no: &PaymentNo) {
        if let Some(written) = &mut self.written {
            written.push(no.clone());
        }
    }
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

    /// For looking, and for levers: never fails, and counts as no call.
    pub(super) fn inside<T>(&self, act: impl FnOnce(&mut Tables) -> T) -> T {
        act(&mut locked(&self.tables))
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
        self.call(|t| Ok(t.index.first_day(rail)))
    }
}

#[async_trait]
impl crate::payment::CallbackInbox for InMemoryStore {
    async fn record(&self, callback: &StoredCallback, _raw: &[u8]) -> Result<Received, StoreError> {
        self.call(|t| {
            let kept = t.index.of_event(&callback.event_id).iter();
            if kept.into_iter().any(|at| t.inbox[*at].callback.news == callback.news) {
                return Ok(Received::Seen);
            }
            let (leased_until, outcome) = (Timestamp::MIN, None);
            let boxed = Boxed { callback: callback.clone(), leased_until, outcome };
            t.index.callback(&boxed, t.inbox.len());
            t.inbox.push(boxed);
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
            let mut taken = Vec::new();
            for at in t.index.due_callbacks(now, limit) {
                let boxed = &mut t.inbox[at];
                t.index.callback_due(at, boxed.leased_until, Some(until));
                boxed.leased_until = until;
                taken.push(boxed.callback.clone());
            }
            Ok(taken)
        })
    }

    async fn finish(&self, done: &[(StoredCallback, String)]) -> Result<(), StoreError> {
        self.call(|t| {
            for (callback, outcome) in done {
                for at in t.index.of_event(&callback.event_id).to_vec() {
                    let boxed = &mut t.inbox[at];
                    if &boxed.callback == callback {
                        t.index.callback_due(at, boxed.leased_until, None);
                        boxed.outcome = Some(outcome.clone());
                    }
                }
            }
            Ok(())
        })
    }
}

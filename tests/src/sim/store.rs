//! The database, from a node: the in-memory store behind calls that take time and can fail,
//! with a ledger of rows beside it, as a database keeps one.

use super::fault::Kind;
use super::options::Plant;
use super::world::{Core, World};
use async_trait::async_trait;
use domain::fakes::InMemoryStore;
use domain::identity::{Channel, ChannelLink, OpenId, Person, PersonStore};
use domain::ids::{IdempotencyKey, PaymentNo, PersonId};
use domain::messaging::MessageEvent;
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::outside::StoreError;
use domain::payment::{
    CallbackInbox, InsertError, Journal, LedgerBook, OutboxItem, OutboxRow, OutboxStore, Payment,
    PaymentChange, PaymentPage, PaymentRecord, PaymentStatus, PaymentStore, Rail, Received, Side,
    StoredCallback,
};
use domain::receipt::FiledReceipt;
use domain::reconciliation::{DayBook, DayResult};
use domain::standards::{CitizenId, Mobile};
use jiff::Timestamp;
use jiff::civil::Date;

/// One node's connection.
#[derive(Clone)]
pub struct SimStore {
    pub world: World,
    pub truth: InMemoryStore,
}

fn failed(why: &'static str) -> StoreError {
    StoreError::Unavailable(why.into())
}

impl SimStore {
    /// A call that writes: see [`SimStore::call`].
    pub async fn write<T, E, F>(&self, act: F) -> Result<T, E>
    where
        T: Send,
        E: From<StoreError> + Send,
        F: Future<Output = Result<T, E>> + Send,
    {
        let full = self.world.with(|core| {
            let node = core.nodes[core.current.node];
            node.store_full_until > core.now
        });
        if full {
            self.world.sleep(1).await;
            return Err(failed("the store takes nothing at present").into());
        }
        self.call(act).await
    }

    /// One call: it may fail before anything is done, or after all is.
    pub async fn call<T, E, F>(&self, act: F) -> Result<T, E>
    where
        T: Send,
        E: From<StoreError> + Send,
        F: Future<Output = Result<T, E>> + Send,
    {
        let (before, after, ms) = self.world.with(|core| {
            let key = core.next_key();
            let down = core.nodes[core.current.node].store_down_until > core.now;
            let before = down || core.fault(Kind::StoreFails, key);
            let after = !before && core.fault(Kind::CommitUnknown, key);
            (before, after, 1 + i64::from(key.is_multiple_of(8)) * 6)
        });
        let done = if before { Err(failed("not reached").into()) } else { act.await };
        self.world.sleep(ms).await;
        if after { Err(failed("the connection died at the commit").into()) } else { done }
    }

    pub fn plant_is(&self, plant: Plant) -> bool {
        self.world.with(|core| core.plant_is(plant))
    }

    pub fn write_rows(&self, journal: &Journal) {
        let lost = self.plant_is(Plant::LostLedgerLine) && is_unlucky(&journal.payment_no);
        let keep = journal.entries().len() - usize::from(lost);
        self.world.with(|core| {
            for entry in journal.entries().iter().take(keep) {
                core.checks.ledger.write(entry);
            }
        });
    }
}

/// One payment in sixteen.
fn is_unlucky(no: &PaymentNo) -> bool {
    super::chance::key(no.as_str()).is_multiple_of(16)
}

#[async_trait]
impl PaymentStore for SimStore {
    async fn insert(&self, payment: &Payment, record: &PaymentRecord) -> Result<(), InsertError> {
        let insert = async {
            let mut stored = payment.clone();
            if self.plant_is(Plant::ForgottenKeys) {
                // The unique index is on key and hour, say.
                let word = payment.created_at.as_second() / 600;
                stored.key = IdempotencyKey::new(&format!("{}-{word}", payment.key)).unwrap();
            }
            let done = PaymentStore::insert(&self.truth, &stored, record).await;
            let held = matches!(done, Err(InsertError::NoticeHeld { .. }));
            if held && self.plant_is(Plant::HalfInsert) {
                stored.notices.clear();
                PaymentStore::insert(&self.truth, &stored, record).await?;
            }
            done
        };
        self.write(insert).await
    }

    async fn save(&self, change: &PaymentChange) -> Result<(), StoreError> {
        let save = async {
            let mut change = change.clone();
            let no = change.payment.no.clone();
            if self.plant_is(Plant::LastWriteWins) {
                let now = PaymentStore::find(&self.truth, &no).await?;
                change.payment.version = now.map_or(0, |now| now.version);
            }
            if self.plant_is(Plant::LostOutboxRow) && is_unlucky(&no) {
                change.outbox.pop();
            }
            if self.plant_is(Plant::ForgottenEvent) && is_unlucky(&no) {
                let status = change.payment.state.status();
                change.record = change.record.filter(|_| status != PaymentStatus::Closed);
            }
            PaymentStore::save(&self.truth, &change).await?;
            if let Some(journal) = &change.journal {
                self.write_rows(journal);
            }
            Ok(())
        };
        self.write(save).await
    }

    async fn find(&self, no: &PaymentNo) -> Result<Option<Payment>, StoreError> {
        self.call(PaymentStore::find(&self.truth, no)).await
    }

    async fn find_by_key(
        &self,
        person: &PersonId,
        key: &IdempotencyKey,
    ) -> Result<Option<Payment>, StoreError> {
        if self.plant_is(Plant::ForgottenKeys) {
            return self.call(async { Ok(None) }).await;
        }
        self.call(self.truth.find_by_key(person, key)).await
    }

    async fn find_holder(&self, notice: &NoticeNo) -> Result<Option<Payment>, StoreError> {
        if self.plant_is(Plant::CachedHolders) {
            return self.call(async { Ok(None) }).await;
        }
        self.call(self.truth.find_holder(notice)).await
    }

    async fn history(&self, no: &PaymentNo) -> Result<Vec<PaymentRecord>, StoreError> {
        self.call(self.truth.history(no)).await
    }

    async fn list_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&PaymentNo>,
        limit: u16,
    ) -> Result<PaymentPage, StoreError> {
        self.call(self.truth.list_of_person(owners, before, limit)).await
    }

    async fn lease_unsettled(
        &self,
        rail: Rail,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Payment>, StoreError> {
        let mut due = self.write(self.truth.lease_unsettled(rail, now, until, limit)).await?;
        if self.plant_is(Plant::PassedOver) {
            due.retain(|payment| payment.state.status() != PaymentStatus::Unknown);
        }
        Ok(due)
    }
}

#[async_trait]
impl OutboxStore for SimStore {
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.write(OutboxStore::lease(&self.truth, now, until, limit)).await
    }

    async fn written_off(&self, item: &OutboxItem, at: Timestamp) -> Result<(), StoreError> {
        self.write(self.truth.written_off(item, at)).await
    }

    async fn receipted(
        &self,
        item: &OutboxItem,
        receipt: &FiledReceipt,
        events: &[MessageEvent],
    ) -> Result<(), StoreError> {
        self.write(self.truth.receipted(item, receipt, events)).await
    }

    async fn never_receipted(&self, item: &OutboxItem, at: Timestamp) -> Result<(), StoreError> {
        self.write(self.truth.never_receipted(item, at)).await
    }

    async fn postpone(
        &self,
        item: &OutboxItem,
        reason: &str,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.write(self.truth.postpone(item, reason, next)).await
    }

    async fn backlog(&self) -> Result<(u64, u64), StoreError> {
        self.call(self.truth.backlog()).await
    }
}

#[async_trait]
impl LedgerBook for SimStore {
    async fn journals_of(&self, rail: Rail, day: Date) -> Result<Vec<Journal>, StoreError> {
        self.call(self.truth.journals_of(rail, day)).await
    }

    async fn book(&self, rail: Rail, journal: &Journal) -> Result<bool, StoreError> {
        let book = async {
            let booked = self.truth.book(rail, journal).await?;
            if booked {
                self.write_rows(journal);
            }
            Ok(booked)
        };
        self.write(book).await
    }

    async fn totals(&self) -> Result<(Fen, Fen), StoreError> {
        let sides = |core: &mut Core| {
            (core.checks.ledger.sum(Side::Debit), core.checks.ledger.sum(Side::Credit))
        };
        let totals = self.world.with(sides);
        self.call(async { Ok(totals) }).await
    }
}

#[async_trait]
impl CallbackInbox for SimStore {
    async fn record(&self, callback: &StoredCallback, raw: &[u8]) -> Result<Received, StoreError> {
        self.write(self.truth.record(callback, raw)).await
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<StoredCallback>, StoreError> {
        self.write(CallbackInbox::lease(&self.truth, now, until, limit)).await
    }

    async fn finish(&self, done: &[(StoredCallback, String)]) -> Result<(), StoreError> {
        self.write(CallbackInbox::finish(&self.truth, done)).await
    }
}

#[async_trait]
impl DayBook for SimStore {
    async fn save(&self, result: &DayResult, original: &[u8]) -> Result<(), StoreError> {
        self.write(DayBook::save(&self.truth, result, original)).await
    }

    async fn find(&self, rail: Rail, day: Date) -> Result<Option<DayResult>, StoreError> {
        self.call(DayBook::find(&self.truth, rail, day)).await
    }

    async fn list(&self, limit: u16) -> Result<Vec<DayResult>, StoreError> {
        self.call(self.truth.list(limit)).await
    }

    async fn day_of_file(
        &self,
        rail: Rail,
        hash: &str,
        other_than: Date,
    ) -> Result<Option<Date>, StoreError> {
        self.call(self.truth.day_of_file(rail, hash, other_than)).await
    }

    async fn first_day(&self, rail: Rail) -> Result<Option<Date>, StoreError> {
        self.call(self.truth.first_day(rail)).await
    }
}

#[async_trait]
impl PersonStore for SimStore {
    async fn insert(&self, person: &Person, link: &ChannelLink) -> Result<(), StoreError> {
        self.call(PersonStore::insert(&self.truth, person, link)).await
    }

    async fn update(&self, person: &Person) -> Result<(), StoreError> {
        self.call(self.truth.update(person)).await
    }

    async fn find(&self, id: &PersonId) -> Result<Option<Person>, StoreError> {
        self.call(PersonStore::find(&self.truth, id)).await
    }

    async fn find_by_id_card(&self, id_card: &CitizenId) -> Result<Option<Person>, StoreError> {
        self.call(self.truth.find_by_id_card(id_card)).await
    }

    async fn find_link(
        &self,
        channel: Channel,
        app_id: &str,
        open_id: &OpenId,
    ) -> Result<Option<ChannelLink>, StoreError> {
        self.call(self.truth.find_link(channel, app_id, open_id)).await
    }

    fn phone_handle(&self, phone: &Mobile) -> OpenId {
        self.truth.phone_handle(phone)
    }

    async fn list_links(&self, person: &PersonId) -> Result<Vec<ChannelLink>, StoreError> {
        self.call(self.truth.list_links(person)).await
    }
}

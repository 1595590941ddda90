//! What many entries of a list ask for one by one is read for all of them at once. Entries of a
//! list are resolved side by side, so whoever asks first waits for a moment, and then reads for
//! all who asked meanwhile. Nothing is remembered: what is asked for later, behind a mutation or in
//! the next answer of a subscription, is read anew.

use super::error::store_failed;
use async_graphql::{Context, Error, Result};
use domain::casework::case::CaseRecord;
use domain::casework::delivery::{Delivery, DeliverySubject};
use domain::casework::lottery::Entry;
use domain::casework::rating::OwnRating;
use domain::identity::Person;
use domain::ids::{CaseNo, PaymentNo, PersonId};
use domain::notice::NoticeNo;
use domain::outside::StoreError;
use domain::payment::{Holder, PaymentRecord, Refund};
use domain::receipt::{FiledReceipt, ReceiptId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// The loaders of one request.
#[derive(Default)]
pub struct Loaders {
    /// Who holds a notice.
    pub holders: Loader<NoticeNo, Holder>,
    /// Histories of payments.
    pub histories: Loader<PaymentNo, Vec<PaymentRecord>>,
    /// Refunds of payments.
    pub refunds: Loader<PaymentNo, Vec<Refund>>,
    /// Receipts of payments.
    pub receipts_of: Loader<PaymentNo, Vec<FiledReceipt>>,
    /// Receipts by their ids.
    pub receipts: Loader<ReceiptId, FiledReceipt>,
    /// Timelines of cases.
    pub timelines: Loader<CaseNo, Vec<CaseRecord>>,
    /// Ratings of cases.
    pub ratings: Loader<CaseNo, OwnRating>,
    /// Entries of draws, by cases.
    pub entries: Loader<CaseNo, Entry>,
    /// Parcels.
    pub deliveries: Loader<DeliverySubject, Vec<Delivery>>,
    /// Persons, each the one that lives under the id.
    pub persons: Loader<PersonId, Person>,
}

/// Those of the request that is being answered.
pub fn loaders<'a>(ctx: &Context<'a>) -> &'a Loaders {
    ctx.data_unchecked::<Loaders>()
}

struct Batch<K, V> {
    keys: Mutex<Vec<K>>,
    read: OnceCell<Result<BTreeMap<K, V>, Error>>,
}

/// Reads what is asked for side by side in one go.
pub struct Loader<K, V>(Mutex<Option<Arc<Batch<K, V>>>>);

impl<K, V> Default for Loader<K, V> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: Clone + Ord, V: Clone> Loader<K, V> {
    /// The value under `key`; `read` is asked by one of those who ask at the same time, for the
    /// keys of all of them.
    ///
    /// # Errors
    /// As the store fails, for all who asked.
    pub async fn load<F>(&self, key: K, read: impl FnOnce(Vec<K>) -> F) -> Result<Option<V>>
    where
        F: Future<Output = Result<BTreeMap<K, V>, StoreError>>,
    {
        let batch = self.join(key.clone());
        // All entries of a list are asked before the first of them goes on.
        tokio::task::yield_now().await;
        self.close(&batch);
        let all = batch.read.get_or_init(|| async {
            let mut keys = std::mem::take(&mut *lock(&batch.keys));
            keys.sort_unstable();
            keys.dedup();
            read(keys).await.map_err(|error| store_failed(&error))
        });
        all.await.as_ref().map(|all| all.get(&key).cloned()).map_err(Clone::clone)
    }

    fn join(&self, key: K) -> Arc<Batch<K, V>> {
        let mut open = lock(&self.0);
        let fresh = || Arc::new(Batch { keys: Mutex::default(), read: OnceCell::new() });
        let batch = open.get_or_insert_with(fresh).clone();
        lock(&batch.keys).push(key);
        batch
    }

    fn close(&self, batch: &Arc<Batch<K, V>>) {
        let mut open = lock(&self.0);
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, batch)) {
            *open = None;
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Squares(Loader<u32, u32>, AtomicUsize);

    impl Squares {
        async fn of(&self, number: u32) -> Result<Option<u32>> {
            let read = |numbers: Vec<u32>| async move {
                self.1.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                let odd = numbers.into_iter().filter(|number| number % 2 == 1);
                Ok(odd.map(|number| (number, number * number)).collect())
            };
            self.0.load(number, read).await
        }

        fn reads(&self) -> usize {
            self.1.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn a_hundred_who_ask_side_by_side_are_read_at_once_and_each_gets_its_own() {
        let squares = Squares(Loader::default(), AtomicUsize::new(0));
        let all = join_all((0..100).chain(0..100).map(|number| squares.of(number))).await;
        assert_eq!(squares.reads(), 1);
        for (number, square) in (0..100).chain(0..100).zip(all) {
            assert_eq!(square.unwrap(), (number % 2 == 1).then_some(number * number));
        }
    }

    #[tokio::test]
    async fn nothing_is_remembered() {
        let squares = Squares(Loader::default(), AtomicUsize::new(0));
        for _ in 0..3 {
            assert_eq!(squares.of(3).await.unwrap(), Some(9));
        }
        assert_eq!(squares.reads(), 3);
    }

    #[tokio::test]
    async fn a_failure_is_that_of_all_who_asked_and_of_nobody_later() {
        let loader = Loader::<u32, u32>::default();
        let fails = |_: Vec<u32>| async { Err(StoreError::Conflict) };
        let all = join_all((0..3).map(|number| loader.load(number, fails))).await;
        assert!(all.iter().all(Result::is_err));
        let reads = |keys: Vec<u32>| async { Ok(keys.into_iter().map(|key| (key, key)).collect()) };
        assert_eq!(loader.load(1, reads).await.unwrap(), Some(1));
    }
}

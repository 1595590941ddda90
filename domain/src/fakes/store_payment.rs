//! Payments, ledger and outbox, in memory.

use super::InMemoryStore;
use super::store::{Tables, Waiting};
use crate::ids::{IdempotencyKey, PaymentNo, PersonId};
use crate::messaging::MessageEvent;
use crate::money::Fen;
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::payment::{
    AccountSums, InsertError, Journal, LedgerBalances, LedgerBook, LedgerCheck, OutboxItem,
    OutboxKind, OutboxRow, OutboxStore, Payment, PaymentChange, PaymentPage, PaymentRecord,
    PaymentStore, Rail, Side, Sums,
};
use crate::receipt::FiledReceipt;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Another payment that holds one of the notices.
fn other_holder<'a>(t: &'a Tables, payment: &Payment) -> Option<(NoticeNo, &'a Payment)> {
    let claimed = payment.notices.iter().filter(|notice| !is_released(t, &payment.no, &notice.no));
    claimed.into_iter().find_map(|notice| {
        let other = holder(t, &notice.no, Some(&payment.no))?;
        Some((notice.no.clone(), other))
    })
}

/// Money that went back in full let the notice go.
fn is_released(t: &Tables, payment: &PaymentNo, notice: &NoticeNo) -> bool {
    t.released.contains(&(payment.to_string(), notice.to_string()))
}

/// The payment that holds the notice, `other_than` aside.
fn holder<'a>(
    t: &'a Tables,
    notice: &NoticeNo,
    other_than: Option<&PaymentNo>,
) -> Option<&'a Payment> {
    let mut holders = t.index.holders(notice).filter(|no| Some(*no) != other_than);
    let no = holders.find(|no| !is_released(t, no, notice))?;
    t.payments.get(no.as_str()).map(|(payment, _)| payment)
}

/// The change of a payment, as part of a larger one.
pub(super) fn save_payment(t: &mut Tables, change: &PaymentChange) -> Result<(), StoreError> {
    let holds = change.payment.state.holds_notices() && !t.holders_unchecked;
    if holds && other_holder(t, &change.payment).is_some() {
        return Err(StoreError::Conflict);
    }
    let stored = t.payments.get_mut(change.payment.no.as_str());
    let (payment, history) = stored.ok_or(StoreError::Conflict)?;
    if payment.version != change.payment.version {
        return Err(StoreError::Conflict);
    }
    let mut saved = Payment { version: payment.version + 1, ..change.payment.clone() };
    // Write-offs are marked by the outbox alone, and outlive a save of an older reading.
    for (notice, stored) in saved.notices.iter_mut().zip(&payment.notices) {
        notice.written_off_at = stored.written_off_at;
    }
    t.index.payment(Some(payment), &saved);
    *payment = saved;
    history.extend(change.record.clone());
    t.wrote(&change.payment.no);
    if let Some(journal) = &change.journal {
        t.index.journal(change.payment.rail, journal, t.journals.len());
        t.journals.push(journal.clone());
    }
    t.hear(&change.messages);
    for item in &change.outbox {
        let (place, due) = (t.outbox.len(), Some(Timestamp::MIN));
        t.outbox.push(Waiting { item: item.clone(), attempts: 0, due, done: false });
        t.index.item(item, place);
        t.index.outbox_due(&t.outbox, place, None);
    }
    Ok(())
}

#[async_trait]
impl PaymentStore for InMemoryStore {
    async fn insert(&self, payment: &Payment, record: &PaymentRecord) -> Result<(), InsertError> {
        self.call(|t| {
            if let Some(no) = t.index.by_key(&payment.person, &payment.key) {
                return Err(InsertError::KeyUsed { payment_no: no.clone() });
            }
            if let Some((notice_no, other)) = other_holder(t, payment) {
                let payment_no = other.no.clone();
                return Err(InsertError::NoticeHeld { notice_no, payment_no });
            }
            t.index.payment(None, payment);
            t.wrote(&payment.no);
            let row = (payment.clone(), vec![record.clone()]);
            t.payments.insert(payment.no.to_string(), row);
            Ok(())
        })
    }

    async fn save(&self, change: &PaymentChange) -> Result<(), StoreError> {
        self.call(|t| save_payment(t, change))
    }

    async fn find(&self, no: &PaymentNo) -> Result<Option<Payment>, StoreError> {
        self.call(|t| Ok(t.payments.get(no.as_str()).map(|(payment, _)| payment.clone())))
    }

    async fn find_by_key(
        &self,
        person: &PersonId,
        key: &IdempotencyKey,
    ) -> Result<Option<Payment>, StoreError> {
        self.call(|t| {
            let no = t.index.by_key(person, key);
            Ok(no.and_then(|no| t.payments.get(no.as_str())).map(|(payment, _)| payment.clone()))
        })
    }

    async fn find_holder(&self, notice: &NoticeNo) -> Result<Option<Payment>, StoreError> {
        self.call(|t| Ok(holder(t, notice, None).cloned()))
    }

    async fn history(&self, no: &PaymentNo) -> Result<Vec<PaymentRecord>, StoreError> {
        self.call(|t| {
            let stored = t.payments.get(no.as_str());
            Ok(stored.map(|(_, history)| history.clone()).unwrap_or_default())
        })
    }

    async fn list_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&PaymentNo>,
        limit: u16,
    ) -> Result<PaymentPage, StoreError> {
        self.call(|t| {
            let edge = before.and_then(|no| t.payments.get(no.as_str()));
            let edge = edge.map(|(payment, _)| (payment.created_at, payment.no.clone()));
            let older = t.index.of_person(owners, edge).take(usize::from(limit) + 1);
            let older = older.filter_map(|no| t.payments.get(no.as_str()));
            let mut mine: Vec<_> = older.map(|(payment, _)| payment.clone()).collect();
            let more = mine.len() > usize::from(limit);
            mine.truncate(usize::from(limit));
            Ok(PaymentPage { payments: mine, more })
        })
    }

    async fn lease_unsettled(
        &self,
        rail: Rail,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Payment>, StoreError> {
        self.call(|t| {
            let due = t.index.unsettled(rail, now).take(usize::from(limit));
            let due: Vec<_> = due.cloned().collect();
            let mut taken = Vec::with_capacity(due.len());
            for no in due {
                let Some((payment, _)) = t.payments.get_mut(no.as_str()) else { continue };
                let leased = Payment { next_check_at: until, ..payment.clone() };
                t.index.payment(Some(payment), &leased);
                *payment = leased.clone();
                taken.push(leased);
            }
            Ok(taken)
        })
    }
}

impl InMemoryStore {
    fn with_item(
        &self,
        item: &OutboxItem,
        act: impl FnOnce(&mut Waiting),
        also: impl FnOnce(&mut Tables),
    ) -> Result<(), StoreError> {
        self.call(|t| {
            if let Some(place) = t.index.place_of(item) {
                let was_due = t.outbox[place].due;
                act(&mut t.outbox[place]);
                t.index.outbox_due(&t.outbox, place, was_due);
            }
            let next = OutboxItem { kind: OutboxKind::IssueReceipt, ..item.clone() };
            if let Some(place) = t.index.place_of(&next) {
                t.index.outbox_due(&t.outbox, place, t.outbox[place].due);
            }
            also(t);
            t.wrote(&item.payment_no);
            Ok(())
        })
    }
}

#[async_trait]
impl OutboxStore for InMemoryStore {
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.call(|t| {
            let mut taken = Vec::new();
            for place in t.index.due_items(&t.outbox, now, limit) {
                let waiting = &mut t.outbox[place];
                let was_due = waiting.due.replace(until);
                taken.push(OutboxRow { item: waiting.item.clone(), attempts: waiting.attempts });
                t.index.outbox_due(&t.outbox, place, was_due);
            }
            Ok(taken)
        })
    }

    async fn written_off(&self, item: &OutboxItem, at: Timestamp) -> Result<(), StoreError> {
        let mark = |t: &mut Tables| {
            if let Some((payment, _)) = t.payments.get_mut(item.payment_no.as_str()) {
                for notice in payment.notices.iter_mut().filter(|n| n.no == item.notice_no) {
                    notice.written_off_at.get_or_insert(at);
                }
            }
        };
        self.with_item(item, |waiting| waiting.done = true, mark)
    }

    async fn receipted(
        &self,
        item: &OutboxItem,
        receipt: &FiledReceipt,
        events: &[MessageEvent],
    ) -> Result<(), StoreError> {
        let keep = |t: &mut Tables| {
            t.hear(events);
            if t.index.receipt_place(&receipt.receipt.id).is_none() {
                t.file(receipt);
            }
        };
        self.with_item(item, |waiting| waiting.done = true, keep)
    }

    async fn never_receipted(&self, item: &OutboxItem, _at: Timestamp) -> Result<(), StoreError> {
        self.with_item(item, |waiting| waiting.done = true, |_| ())
    }

    async fn postpone(
        &self,
        item: &OutboxItem,
        _reason: &str,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let later = |waiting: &mut Waiting| {
            waiting.attempts += 1;
            waiting.due = next;
        };
        self.with_item(item, later, |_| {})
    }

    async fn backlog(&self) -> Result<(u64, u64), StoreError> {
        self.call(|t| {
            let open = t.outbox.iter().filter(|waiting| !waiting.done);
            let (parked, waiting): (Vec<_>, Vec<_>) = open.partition(|w| w.due.is_none());
            Ok((waiting.len() as u64, parked.len() as u64))
        })
    }
}

#[async_trait]
impl LedgerBook for InMemoryStore {
    async fn journals_of(&self, rail: Rail, day: Date) -> Result<Vec<Journal>, StoreError> {
        self.call(|t| {
            Ok(t.index.journals(rail, day).map(|place| t.journals[place].clone()).collect())
        })
    }

    async fn book(&self, rail: Rail, journal: &Journal) -> Result<bool, StoreError> {
        self.call(|t| {
            let same = |known: &Journal| {
                (&known.payment_no, known.kind, &known.refund_no)
                    == (&journal.payment_no, journal.kind, &journal.refund_no)
            };
            let known = t.index.journals_of(&journal.payment_no);
            if known.iter().any(|place| same(&t.journals[*place])) {
                return Ok(false);
            }
            t.index.journal(rail, journal, t.journals.len());
            t.journals.push(journal.clone());
            t.wrote(&journal.payment_no);
            Ok(true)
        })
    }

    async fn totals(&self) -> Result<(Fen, Fen), StoreError> {
        self.call(|t| {
            let sum = |side| {
                let entries = t.journals.iter().flat_map(Journal::entries);
                Fen::sum(entries.filter(|e| e.side == side).map(|e| e.amount))
            };
            let overflow = |e: crate::money::FenOverflow| StoreError::Unavailable(e.into());
            Ok((sum(Side::Debit).map_err(overflow)?, sum(Side::Credit).map_err(overflow)?))
        })
    }
}

#[async_trait]
impl LedgerBalances for InMemoryStore {
    /// A fake keeps no balances beside its entries: both ways are the same.
    async fn sums(&self) -> Result<Vec<AccountSums>, StoreError> {
        self.call(|t| {
            let mut all: BTreeMap<String, AccountSums> = BTreeMap::new();
            for entry in t.journals.iter().flat_map(Journal::entries) {
                let account = || entry.account.clone();
                let zero = || AccountSums {
                    account: account(),
                    kept: Sums::default(),
                    added: Sums::default(),
                };
                let sums = all.entry(entry.account.code()).or_insert_with(zero);
                sums.added = sums.added.with(entry).expect("tests stay below 64 bits");
                sums.kept = sums.added;
            }
            Ok(all.into_values().collect())
        })
    }

    async fn rebuild(&self) -> Result<(), StoreError> {
        self.call(|_| Ok(()))
    }

    async fn save_check(&self, check: &LedgerCheck) -> Result<(), StoreError> {
        self.call(|t| {
            t.ledger_checks.insert(check.day, check.clone());
            Ok(())
        })
    }

    async fn last_check(&self) -> Result<Option<LedgerCheck>, StoreError> {
        self.call(|t| Ok(t.ledger_checks.values().next_back().cloned()))
    }
}

//! Payments, ledger and outbox, in memory.

use super::InMemoryStore;
use super::store::{Tables, Waiting};
use crate::ids::{IdempotencyKey, PaymentNo, PersonId};
use crate::money::Fen;
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::payment::{
    InsertError, Journal, LedgerBook, OutboxItem, OutboxKind, OutboxRow, OutboxStore, Payment,
    PaymentChange, PaymentPage, PaymentRecord, PaymentStore, Rail, Side,
};
use crate::receipt::FiledReceipt;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

/// Another payment that holds one of the notices.
fn other_holder<'a>(t: &'a Tables, payment: &Payment) -> Option<(NoticeNo, &'a Payment)> {
    let others = t.payments.values().map(|(other, _)| other).filter(|o| o.no != payment.no);
    others.into_iter().find_map(|other| {
        let wanted = |no: &NoticeNo| payment.notices.iter().any(|notice| &notice.no == no);
        let mut shared = other.notices.iter().map(|notice| &notice.no).filter(|no| wanted(no));
        let no = shared.find(|no| holds(t, other, no) && !is_released(t, payment, no))?;
        Some((no.clone(), other))
    })
}

fn is_released(t: &Tables, payment: &Payment, no: &NoticeNo) -> bool {
    t.released.contains(&(payment.no.to_string(), no.to_string()))
}

fn holds(t: &Tables, payment: &Payment, no: &NoticeNo) -> bool {
    payment.state.holds_notices()
        && payment.notices.iter().any(|notice| &notice.no == no)
        && !is_released(t, payment, no)
}

/// The change of a payment, as part of a larger one.
pub(super) fn save_payment(t: &mut Tables, change: &PaymentChange) -> Result<(), StoreError> {
    if change.payment.state.holds_notices() && other_holder(t, &change.payment).is_some() {
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
    *payment = saved;
    history.extend(change.record.clone());
    t.journals.extend(change.journal.clone());
    t.outbox.extend(change.outbox.iter().map(|item| Waiting {
        item: item.clone(),
        attempts: 0,
        due: Some(Timestamp::MIN),
        done: false,
    }));
    Ok(())
}

#[async_trait]
impl PaymentStore for InMemoryStore {
    async fn insert(&self, payment: &Payment, record: &PaymentRecord) -> Result<(), InsertError> {
        self.call(|t| {
            let used = t
                .payments
                .values()
                .find(|(other, _)| other.person == payment.person && other.key == payment.key);
            if let Some((other, _)) = used {
                return Err(InsertError::KeyUsed { payment_no: other.no.clone() });
            }
            if let Some((notice_no, other)) = other_holder(t, payment) {
                let payment_no = other.no.clone();
                return Err(InsertError::NoticeHeld { notice_no, payment_no });
            }
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
            let mut all = t.payments.values().map(|(payment, _)| payment);
            Ok(all.find(|p| &p.person == person && &p.key == key).cloned())
        })
    }

    async fn find_holder(&self, notice: &NoticeNo) -> Result<Option<Payment>, StoreError> {
        self.call(|t| {
            let mut all = t.payments.values().map(|(payment, _)| payment);
            Ok(all.find(|payment| holds(t, payment, notice)).cloned())
        })
    }

    async fn history(&self, no: &PaymentNo) -> Result<Vec<PaymentRecord>, StoreError> {
        self.call(|t| {
            let stored = t.payments.get(no.as_str());
            Ok(stored.map(|(_, history)| history.clone()).unwrap_or_default())
        })
    }

    async fn list_of_person(
        &self,
        person: &PersonId,
        before: Option<&PaymentNo>,
        limit: u16,
    ) -> Result<PaymentPage, StoreError> {
        self.call(|t| {
            let edge = before.and_then(|no| t.payments.get(no.as_str()));
            let edge = edge.map(|(payment, _)| (payment.created_at, payment.no.clone()));
            let mut mine: Vec<_> = t
                .payments
                .values()
                .map(|(payment, _)| payment)
                .filter(|p| &p.person == person)
                .filter(|p| edge.as_ref().is_none_or(|e| (p.created_at, p.no.clone()) < *e))
                .cloned()
                .collect();
            mine.sort_by(|a, b| (b.created_at, &b.no).cmp(&(a.created_at, &a.no)));
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
            let mut due: Vec<_> = t
                .payments
                .values_mut()
                .map(|(payment, _)| payment)
                .filter(|p| p.rail == rail && p.state.is_unsettled() && p.next_check_at <= now)
                .collect();
            due.sort_by(|a, b| (a.next_check_at, &a.no).cmp(&(b.next_check_at, &b.no)));
            let taken = due.into_iter().take(usize::from(limit)).map(|payment| {
                payment.next_check_at = until;
                payment.clone()
            });
            Ok(taken.collect())
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
            if let Some(waiting) = t.outbox.iter_mut().find(|waiting| &waiting.item == item) {
                act(waiting);
            }
            also(t);
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
            let written_off: Vec<_> = t
                .outbox
                .iter()
                .filter(|w| w.done && w.item.kind == OutboxKind::WriteOff)
                .map(|w| (w.item.payment_no.clone(), w.item.notice_no.clone()))
                .collect();
            let ready = |item: &OutboxItem| match item.kind {
                OutboxKind::WriteOff => true,
                OutboxKind::IssueReceipt => {
                    written_off.contains(&(item.payment_no.clone(), item.notice_no.clone()))
                }
            };
            let open: Vec<_> = t
                .outbox
                .iter()
                .filter(|w| !w.done && w.due.is_some() && w.item.kind == OutboxKind::WriteOff)
                .map(|w| w.item.clone())
                .collect();
            let first = |item: &OutboxItem| {
                let earlier = |other: &OutboxItem| {
                    other.notice_no == item.notice_no && other.payment_no < item.payment_no
                };
                !open.iter().any(earlier)
            };
            let due = t.outbox.iter_mut().filter(|waiting| {
                let due = !waiting.done && waiting.due.is_some_and(|due| due <= now);
                due && ready(&waiting.item) && first(&waiting.item)
            });
            let taken = due.take(usize::from(limit)).map(|waiting| {
                waiting.due = Some(until);
                OutboxRow { item: waiting.item.clone(), attempts: waiting.attempts }
            });
            Ok(taken.collect())
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

    async fn receipted(&self, item: &OutboxItem, receipt: &FiledReceipt) -> Result<(), StoreError> {
        let keep = |t: &mut Tables| {
            if !t.receipts.iter().any(|known| known.receipt.id == receipt.receipt.id) {
                t.receipts.push(receipt.clone());
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
            let of_rail = |journal: &&Journal| {
                t.payments
                    .get(journal.payment_no.as_str())
                    .is_some_and(|(payment, _)| payment.rail == rail)
            };
            let mut found: Vec<_> =
                t.journals.iter().filter(|j| j.day() == day).filter(of_rail).cloned().collect();
            found.sort_by(|a, b| a.payment_no.cmp(&b.payment_no));
            Ok(found)
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

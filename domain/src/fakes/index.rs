//! What a database finds by its indexes: kept beside the tables, so that no call walks them.

use super::NextDue;
use super::store::{Boxed, Waiting};
use crate::clock::beijing_day;
use crate::identity::ChannelLink;
use crate::ids::{IdempotencyKey, PaymentNo, PersonId};
use crate::notice::NoticeNo;
use crate::payment::{Journal, OutboxItem, OutboxKind, Payment, Rail};
use crate::receipt::{Receipt, ReceiptId};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Places are indexes into the tables' vectors.
#[derive(Debug, Default)]
pub(super) struct Index {
    keys: BTreeMap<(PersonId, IdempotencyKey), PaymentNo>,
    persons: BTreeMap<PersonId, BTreeSet<(Timestamp, PaymentNo)>>,
    holders: BTreeMap<NoticeNo, BTreeSet<PaymentNo>>,
    unsettled: BTreeMap<Rail, BTreeSet<(Timestamp, PaymentNo)>>,
    first_days: BTreeMap<Rail, Date>,
    journals: BTreeMap<(Rail, Date), BTreeSet<(PaymentNo, usize)>>,
    journals_of: BTreeMap<PaymentNo, Vec<usize>>,
    outbox: BTreeMap<OutboxItem, usize>,
    outbox_of: BTreeMap<PaymentNo, Vec<usize>>,
    outbox_due: BTreeSet<(Timestamp, usize)>,
    /// Write-offs that the gateway is still to be told of.
    untold: BTreeMap<NoticeNo, BTreeSet<PaymentNo>>,
    callbacks: BTreeMap<String, Vec<usize>>,
    callbacks_due: BTreeSet<(Timestamp, usize)>,
    receipts: BTreeMap<(String, String), usize>,
    receipts_of: BTreeMap<PaymentNo, Vec<usize>>,
    links: BTreeMap<PersonId, Vec<usize>>,
}

impl Index {
    /// The payment is stored as `new` from now on.
    pub fn payment(&mut self, old: Option<&Payment>, new: &Payment) {
        match old {
            Some(old) => {
                if let Some(waiting) = self.unsettled.get_mut(&old.rail) {
                    waiting.remove(&(old.next_check_at, old.no.clone()));
                }
                for notice in old.notices.iter().filter(|_| old.state.holds_notices()) {
                    if let Some(holders) = self.holders.get_mut(&notice.no) {
                        holders.remove(&old.no);
                    }
                }
            }
            None => {
                self.keys.insert((new.person.clone(), new.key.clone()), new.no.clone());
                let mine = self.persons.entry(new.person.clone()).or_default();
                mine.insert((new.created_at, new.no.clone()));
                let day = beijing_day(new.created_at);
                let first = self.first_days.entry(new.rail).or_insert(day);
                *first = day.min(*first);
            }
        }
        if new.state.is_unsettled() {
            let waiting = self.unsettled.entry(new.rail).or_default();
            waiting.insert((new.next_check_at, new.no.clone()));
        }
        for notice in new.notices.iter().filter(|_| new.state.holds_notices()) {
            self.holders.entry(notice.no.clone()).or_default().insert(new.no.clone());
        }
    }

    pub fn by_key(&self, person: &PersonId, key: &IdempotencyKey) -> Option<&PaymentNo> {
        self.keys.get(&(person.clone(), key.clone()))
    }

    /// The payments in a state that holds the notice, in order.
    pub fn holders(&self, notice: &NoticeNo) -> impl Iterator<Item = &PaymentNo> {
        self.holders.get(notice).into_iter().flatten()
    }

    /// The payments of a person, who has these ids, newest first, before `edge`.
    pub fn of_person<'a>(
        &'a self,
        owners: &[PersonId],
        edge: Option<(Timestamp, PaymentNo)>,
    ) -> impl Iterator<Item = &'a PaymentNo> {
        let mine = owners.iter().flat_map(|owner| self.persons.get(owner).into_iter().flatten());
        let mine = mine.collect::<BTreeSet<_>>().into_iter().rev();
        mine.filter(move |at| edge.as_ref().is_none_or(|edge| *at < edge)).map(|(_, no)| no)
    }

    /// Payments of a rail whose check is due at `now`, the longest overdue first.
    pub fn unsettled(&self, rail: Rail, now: Timestamp) -> impl Iterator<Item = &PaymentNo> {
        let waiting = self.unsettled.get(&rail).into_iter().flatten();
        waiting.take_while(move |(at, _)| *at <= now).map(|(_, no)| no)
    }

    pub fn first_day(&self, rail: Rail) -> Option<Date> {
        self.first_days.get(&rail).copied()
    }

    pub fn journal(&mut self, rail: Rail, journal: &Journal, place: usize) {
        let no = &journal.payment_no;
        self.journals.entry((rail, journal.day())).or_default().insert((no.clone(), place));
        self.journals_of.entry(no.clone()).or_default().push(place);
    }

    /// In order of payment numbers.
    pub fn journals(&self, rail: Rail, day: Date) -> impl Iterator<Item = usize> {
        self.journals.get(&(rail, day)).into_iter().flatten().map(|(_, place)| *place)
    }

    pub fn journals_of(&self, no: &PaymentNo) -> &[usize] {
        self.journals_of.get(no).map_or(&[], Vec::as_slice)
    }

    pub fn item(&mut self, item: &OutboxItem, place: usize) {
        self.outbox.entry(item.clone()).or_insert(place);
        self.outbox_of.entry(item.payment_no.clone()).or_default().push(place);
    }

    pub fn place_of(&self, item: &OutboxItem) -> Option<usize> {
        self.outbox.get(item).copied()
    }

    pub fn outbox_of(&self, no: &PaymentNo) -> &[usize] {
        self.outbox_of.get(no).map_or(&[], Vec::as_slice)
    }

    /// Call it after every change of the row: `old` is when it was due before.
    pub fn outbox_due(&mut self, outbox: &[Waiting], place: usize, old: Option<Timestamp>) {
        if let Some(old) = old {
            self.outbox_due.remove(&(old, place));
        }
        let row = &outbox[place];
        if row.item.kind == OutboxKind::WriteOff {
            let untold = self.untold.entry(row.item.notice_no.clone()).or_default();
            if !row.done && row.due.is_some() {
                untold.insert(row.item.payment_no.clone());
            } else {
                untold.remove(&row.item.payment_no);
            }
        }
        if let Some(due) = row.due.filter(|_| !row.done && self.is_ready(outbox, &row.item)) {
            self.outbox_due.insert((due, place));
        }
    }

    /// A notice's receipt waits for its write-off.
    fn is_ready(&self, outbox: &[Waiting], item: &OutboxItem) -> bool {
        match item.kind {
            OutboxKind::WriteOff => true,
            OutboxKind::IssueReceipt => {
                let before = OutboxItem { kind: OutboxKind::WriteOff, ..item.clone() };
                self.place_of(&before).is_some_and(|place| outbox[place].done)
            }
        }
    }

    /// Messages about one notice go out in the order of its payments.
    fn is_first(&self, outbox: &[Waiting], place: usize) -> bool {
        let item = &outbox[place].item;
        let first = self.untold.get(&item.notice_no).and_then(BTreeSet::first);
        first.is_none_or(|first| *first >= item.payment_no)
    }

    pub fn due_items(&self, outbox: &[Waiting], now: Timestamp, limit: u16) -> Vec<usize> {
        let due = self.outbox_due.iter().take_while(|(at, _)| *at <= now);
        let first = due.map(|(_, place)| *place).filter(|place| self.is_first(outbox, *place));
        first.take(usize::from(limit)).collect()
    }

    pub fn callback(&mut self, boxed: &Boxed, place: usize) {
        let event = boxed.callback.event_id.clone();
        self.callbacks.entry(event).or_default().push(place);
        self.callbacks_due.insert((boxed.leased_until, place));
    }

    pub fn of_event(&self, event_id: &str) -> &[usize] {
        self.callbacks.get(event_id).map_or(&[], Vec::as_slice)
    }

    pub fn callback_due(&mut self, place: usize, old: Timestamp, new: Option<Timestamp>) {
        self.callbacks_due.remove(&(old, place));
        self.callbacks_due.extend(new.map(|at| (at, place)));
    }

    pub fn due_callbacks(&self, now: Timestamp, limit: u16) -> Vec<usize> {
        let due = self.callbacks_due.iter().take_while(|(at, _)| *at <= now);
        due.take(usize::from(limit)).map(|(_, place)| *place).collect()
    }

    pub fn receipt(&mut self, receipt: &Receipt, place: usize) {
        self.receipts.insert(text_of(&receipt.id), place);
        self.receipts_of.entry(receipt.payment_no.clone()).or_default().push(place);
    }

    pub fn receipt_place(&self, id: &ReceiptId) -> Option<usize> {
        self.receipts.get(&text_of(id)).copied()
    }

    pub fn receipts_of(&self, no: &PaymentNo) -> &[usize] {
        self.receipts_of.get(no).map_or(&[], Vec::as_slice)
    }

    pub fn link(&mut self, person: &PersonId, place: usize) {
        self.links.entry(person.clone()).or_default().push(place);
    }

    /// Anew, after links moved or went.
    pub fn relink(&mut self, links: &[ChannelLink]) {
        self.links.clear();
        for (place, link) in links.iter().enumerate() {
            self.link(&link.person, place);
        }
    }

    pub fn links_of(&self, person: &PersonId) -> &[usize] {
        self.links.get(person).map_or(&[], Vec::as_slice)
    }

    pub fn next_due(&self, outbox: &[Waiting]) -> NextDue {
        let payments = Rail::ALL.map(|rail| {
            let waiting = self.unsettled.get(&rail)?;
            waiting.first().map(|(at, _)| *at)
        });
        NextDue {
            payments,
            outbox: self
                .outbox_due
                .iter()
                .find(|(_, place)| self.is_first(outbox, *place))
                .map(|(at, _)| *at),
            callback: self.callbacks_due.first().map(|(at, _)| *at),
        }
    }
}

fn text_of(id: &ReceiptId) -> (String, String) {
    (id.code.as_str().to_owned(), id.number.as_str().to_owned())
}

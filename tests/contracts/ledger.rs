//! The contract of `LedgerBook`.

use crate::bench::{Bench, EveryPort, happens, insert, paid, payment, payment_of};
use domain::clock::beijing_day;
use domain::fakes::samples::{self, at};
use domain::money::Fen;
use domain::payment::{Journal, JournalKind, Money, Payment, PaymentEvent, Rail};
use jiff::SignedDuration;

/// What every `LedgerBook` must do.
pub async fn ledger_book_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    an_empty_ledger_adds_up_to_nothing(&new_bench().await.store).await;
    journals_come_back_as_they_were_booked(&new_bench().await.store).await;
    a_journal_belongs_to_the_rails_day_and_the_rail(&new_bench().await.store).await;
}

async fn an_empty_ledger_adds_up_to_nothing(store: &impl EveryPort) {
    assert_eq!(store.totals().await.unwrap(), (Fen::ZERO, Fen::ZERO));
    let journals = store.journals_of(Rail::WeChatPay, beijing_day(at(0))).await.unwrap();
    assert_eq!(journals, []);
}

async fn journals_come_back_as_they_were_booked(store: &impl EveryPort) {
    let (counts, late) = (payment_of(2, &[2, 3]), payment(1, 1));
    let counts = paid(store, &counts).await;
    insert(store, &late).await;
    happens(store, &late, PaymentEvent::Close).await;
    let late = happens(store, &late, PaymentEvent::Confirm(samples::money("T1", 20_600))).await;
    // A refund moves no money in this ledger yet, and nothing is booked twice.
    happens(store, &late, PaymentEvent::StartRefund).await;
    let booked = store.journals_of(Rail::WeChatPay, beijing_day(at(10))).await.unwrap();
    let expected = [&late, &counts].map(|payment| Journal::of(payment).unwrap().unwrap());
    assert_eq!(booked, expected, "in order of payment numbers");
    assert_eq!(kinds(&booked), [JournalKind::OwedBack, JournalKind::Paid]);
    assert_eq!(store.totals().await.unwrap(), (Fen::new(61_800), Fen::new(61_800)));
}

fn kinds(journals: &[Journal]) -> Vec<JournalKind> {
    journals.iter().map(|journal| journal.kind).collect()
}

async fn a_journal_belongs_to_the_rails_day_and_the_rail(store: &impl EveryPort) {
    // 10:00 in Beijing and 14 hours: the first moment of the next day there.
    let midnight = at(0) + SignedDuration::from_hours(14);
    let before_midnight = midnight - SignedDuration::from_secs(1);
    for (number, at, rail) in [
        (1, before_midnight, Rail::WeChatPay),
        (2, midnight, Rail::WeChatPay),
        (3, before_midnight, Rail::Alipay),
    ] {
        let one = Payment { rail, ..payment(number, number) };
        insert(store, &one).await;
        let money = Money { at, ..samples::money("T1", 20_600) };
        happens(store, &one, PaymentEvent::Confirm(money)).await;
    }
    for (rail, at, number) in [
        (Rail::WeChatPay, before_midnight, "YW000001"),
        (Rail::WeChatPay, midnight, "YW000002"),
        (Rail::Alipay, before_midnight, "YW000003"),
    ] {
        let journals = store.journals_of(rail, beijing_day(at)).await.unwrap();
        let numbers: Vec<_> = journals.iter().map(|j| j.payment_no.as_str()).collect();
        assert_eq!(numbers, [number]);
    }
    let none = store.journals_of(Rail::UnionPay, beijing_day(midnight)).await.unwrap();
    assert_eq!(none, []);
}

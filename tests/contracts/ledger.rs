//! The contract of `LedgerBook`.

use crate::bench::{Bench, EveryPort, happens, insert, paid, payment, payment_of};
use domain::clock::beijing_day;
use domain::fakes::samples::{self, at};
use domain::money::Fen;
use domain::payment::{
    Account, Journal, JournalKind, LedgerCheck, Money, Payment, PaymentEvent, Rail,
};
use jiff::SignedDuration;

/// What every `LedgerBook` must do.
pub async fn ledger_book_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    an_empty_ledger_adds_up_to_nothing(&new_bench().await.store).await;
    journals_come_back_as_they_were_booked(&new_bench().await.store).await;
    a_journal_belongs_to_the_rails_day_and_the_rail(&new_bench().await.store).await;
    a_fee_is_booked_once(&new_bench().await.store).await;
    balances_are_kept_and_can_be_rebuilt(&new_bench().await).await;
    the_newest_check_is_kept(&new_bench().await.store).await;
}

fn fee(number: u32, fen: i64) -> Journal {
    let no = payment(number, number).no;
    Journal::of_fee(no, None, Rail::WeChatPay, Fen::new(fen), at(30)).unwrap()
}

async fn a_fee_is_booked_once(store: &impl EveryPort) {
    paid(store, &payment(1, 1)).await;
    assert!(store.book(Rail::WeChatPay, &fee(1, 12)).await.unwrap());
    for again in [fee(1, 12), fee(1, 13)] {
        assert!(!store.book(Rail::WeChatPay, &again).await.unwrap(), "a payment has one fee");
    }
    let booked = store.journals_of(Rail::WeChatPay, beijing_day(at(30))).await.unwrap();
    assert_eq!(booked.len(), 2, "{booked:?}");
    assert!(booked.contains(&fee(1, 12)), "{booked:?}");
}

async fn balances_are_kept_and_can_be_rebuilt<S: EveryPort>(bench: &Bench<S>) {
    assert_eq!(bench.store.sums().await.unwrap(), []);
    let numbers: Vec<u32> = (1..=24).collect();
    let booking = numbers.iter().map(|number| {
        let (store, number) = (if number % 2 == 0 { &bench.store } else { &bench.other }, *number);
        async move {
            paid(store, &payment(number, number)).await;
            assert!(store.book(Rail::WeChatPay, &fee(number, 10)).await.unwrap());
        }
    });
    for one in booking {
        one.await;
    }
    let sums = bench.store.sums().await.unwrap();
    assert!(sums.iter().all(|of| of.kept == of.added), "{sums:?}");
    let of = |account: &Account| {
        let found = sums.iter().find(|of| &of.account == account).unwrap();
        (found.kept.debits.value(), found.kept.credits.value())
    };
    assert_eq!(of(&Account::RailClearing(Rail::WeChatPay)), (24 * 20_600, 24 * 10));
    assert_eq!(of(&Account::Fees(Rail::WeChatPay)), (24 * 10, 0));
    bench.store.rebuild().await.unwrap();
    assert_eq!(bench.other.sums().await.unwrap(), sums, "the same from zero");
}

async fn the_newest_check_is_kept(store: &impl EveryPort) {
    assert_eq!(store.last_check().await.unwrap(), None);
    let check = |days: i64, faults: &[&str]| LedgerCheck {
        day: beijing_day(at(days * 86_400)),
        at: at(days * 86_400),
        accounts: 3,
        faults: faults.iter().map(|text| (*text).to_owned()).collect(),
    };
    for saved in [check(0, &[]), check(1, &["a", "b"]), check(1, &["a"])] {
        store.save_check(&saved).await.unwrap();
        assert_eq!(store.last_check().await.unwrap(), Some(saved));
    }
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
    // 61 800 came; of the 41 200 that count each agency's claim is booked besides.
    let sum = Fen::new(61_800 + 41_200);
    assert_eq!(store.totals().await.unwrap(), (sum, sum));
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

//! The contract of `CallbackInbox`.

use crate::bench::{Bench, EveryPort};
use domain::fakes::samples::{self, at};
use domain::money::Fen;
use domain::payment::{
    CallbackInbox, Money, Rail, RailNews, RailRefundState, RailReport, RailTxn, Received,
    RefundReport, StoredCallback,
};
use jiff::Timestamp;

/// What every `CallbackInbox` must do.
pub async fn callback_inbox_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_callback_is_kept_once(&new_bench().await.store).await;
    the_same_event_with_other_content_is_kept_too(&new_bench().await.store).await;
    of_many_that_come_at_once_one_is_new(&new_bench().await).await;
    a_lease_is_for_one_worker_and_ends(&new_bench().await).await;
    a_finished_callback_does_not_come_again(&new_bench().await.store).await;
    many_are_finished_at_once_with_the_outcome_of_each(&new_bench().await.store).await;
    a_lease_takes_the_oldest_and_no_more_than_asked(&new_bench().await.store).await;
    a_refund_is_kept_with_each_state(&new_bench().await.store).await;
}

fn callback(event: &str) -> StoredCallback {
    StoredCallback {
        event_id: event.to_owned(),
        received_at: at(0),
        news: RailNews::Paid(RailReport {
            rail: Rail::WeChatPay,
            order_no: "YW000001".to_owned(),
            app_id: samples::APP_ID.to_owned(),
            merchant_no: samples::MERCHANT_NO.to_owned(),
            currency: "CNY".to_owned(),
            money: samples::money("T1", 20_600),
        }),
    }
}

async fn record(store: &impl EveryPort, callback: &StoredCallback) -> Received {
    CallbackInbox::record(store, callback, b"{\"raw\": \"\xff\x00\"}").await.unwrap()
}

async fn leased(store: &impl EveryPort, now: Timestamp, until: Timestamp) -> Vec<StoredCallback> {
    CallbackInbox::lease(store, now, until, 100).await.unwrap()
}

async fn a_callback_is_kept_once(store: &impl EveryPort) {
    assert_eq!(leased(store, at(1), at(20)).await, []);
    let first = callback("EV1");
    assert_eq!(record(store, &first).await, Received::New);
    let again = StoredCallback { received_at: at(15), ..first.clone() };
    assert_eq!(record(store, &again).await, Received::Seen);
    assert_eq!(leased(store, at(20), at(40)).await, [first], "as it came first");
}

async fn the_same_event_with_other_content_is_kept_too(store: &impl EveryPort) {
    let first = callback("EV1");
    let report =
        |report: RailReport| StoredCallback { news: RailNews::Paid(report), ..first.clone() };
    let RailNews::Paid(same) = first.news.clone() else { panic!("of a payment") };
    let later = Money { at: at(11), ..same.money.clone() };
    let twins = [
        report(RailReport { rail: Rail::Alipay, ..same.clone() }),
        report(RailReport { order_no: "YW000002".to_owned(), ..same.clone() }),
        report(RailReport { app_id: "wx2".to_owned(), ..same.clone() }),
        report(RailReport { merchant_no: "1900000002".to_owned(), ..same.clone() }),
        report(RailReport { currency: "USD".to_owned(), ..same.clone() }),
        report(RailReport { money: samples::money("T2", 20_600), ..same.clone() }),
        report(RailReport { money: samples::money("T1", 20_601), ..same.clone() }),
        report(RailReport { money: later, ..same }),
        callback("EV2"),
    ];
    for new in std::iter::once(&first).chain(&twins) {
        assert_eq!(record(store, new).await, Received::New, "{new:?}");
        assert_eq!(record(store, new).await, Received::Seen);
    }
    let kept = leased(store, at(1), at(20)).await;
    assert_eq!(kept.len(), 1 + twins.len());
    assert!(kept.contains(&first) && twins.iter().all(|twin| kept.contains(twin)));
}

async fn of_many_that_come_at_once_one_is_new<S: EveryPort>(bench: &Bench<S>) {
    let tasks = (0..8).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        tokio::spawn(async move { record(&store, &callback("EV1")).await })
    });
    let mut new = 0;
    for task in tasks.collect::<Vec<_>>() {
        new += usize::from(task.await.unwrap() == Received::New);
    }
    assert_eq!(new, 1);
}

async fn a_lease_is_for_one_worker_and_ends<S: EveryPort>(bench: &Bench<S>) {
    let one = callback("EV1");
    record(&bench.store, &one).await;
    let one = [one];
    assert_eq!(leased(&bench.store, at(1), at(20)).await, one);
    assert_eq!(leased(&bench.other, at(19), at(40)).await, []);
    assert_eq!(leased(&bench.other, at(20), at(40)).await, one);
}

async fn a_finished_callback_does_not_come_again(store: &impl EveryPort) {
    let (one, two) = (callback("EV1"), callback("EV2"));
    record(store, &one).await;
    record(store, &two).await;
    CallbackInbox::finish(store, &[(one.clone(), "Paid\0".to_owned())]).await.unwrap();
    assert_eq!(leased(store, at(99), at(100)).await, [two]);
    assert_eq!(record(store, &one).await, Received::Seen);
}

async fn many_are_finished_at_once_with_the_outcome_of_each(store: &impl EveryPort) {
    let mut done = Vec::new();
    for number in 1..=5 {
        let callback = callback(&format!("EV{number}"));
        record(store, &callback).await;
        done.push((callback, if number % 2 == 0 { "Paid" } else { "Foreign" }.to_owned()));
    }
    let (left, _) = done.pop().unwrap();
    CallbackInbox::finish(store, &done).await.unwrap();
    assert_eq!(leased(store, at(99), at(100)).await, [left]);
}

async fn a_lease_takes_the_oldest_and_no_more_than_asked(store: &impl EveryPort) {
    for number in 1..=5 {
        let received_at = at(number);
        record(store, &StoredCallback { received_at, ..callback(&format!("EV{number}")) }).await;
    }
    for expected in [["EV1", "EV2"], ["EV3", "EV4"]] {
        let taken = CallbackInbox::lease(store, at(10), at(30), 2).await.unwrap();
        let events: Vec<_> = taken.iter().map(|callback| callback.event_id.as_str()).collect();
        assert_eq!(events, expected);
    }
}

async fn a_refund_is_kept_with_each_state(store: &impl EveryPort) {
    use RailRefundState as S;
    let txn = RailTxn::new("R-1").ok();
    let states = [
        S::Processing,
        S::Done { txn, at: at(3) },
        S::Done { txn: None, at: at(3) },
        S::Failed { code: "CLOSED".to_owned() },
        S::NeedsAccount,
    ];
    let mut kept = Vec::new();
    for state in states {
        let news = RailNews::Refunded(RefundReport {
            rail: Rail::Alipay,
            refund_no: "YT000001".to_owned(),
            order_no: "YW000001".to_owned(),
            merchant_no: samples::MERCHANT_NO.to_owned(),
            amount: Fen::new(100),
            state,
        });
        let callback = StoredCallback { event_id: "EV1".to_owned(), received_at: at(0), news };
        assert_eq!(record(store, &callback).await, Received::New, "another content, another event");
        assert_eq!(record(store, &callback).await, Received::Seen);
        kept.push(callback);
    }
    let mut found = leased(store, at(1), at(20)).await;
    assert_eq!(found.len(), kept.len());
    found.retain(|callback| !kept.contains(callback));
    assert_eq!(found, [], "each comes back as it was stored");
}

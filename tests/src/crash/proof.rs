//! After a run: the invariants of money, seen from outside and in the store.

use super::run::Run;
use super::story::{DAY, Told};
use crate::citizen::started;
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::payment::{
    Account, JournalKind, LedgerBalances as _, LedgerBook as _, PaymentRecord, PaymentStore as _,
    Rail,
};
use domain::reconciliation::{Bucket, DayBook};
use serde_json::{Value, json};

/// The payment counts exactly once everywhere, the one given up nowhere.
pub async fn paid_once(run: &mut Run, told: &Told) {
    for_the_citizen(run, told).await;
    at_the_rail(run, told).await;
    at_the_gateway(run, told).await;
    in_the_history(run, told).await;
    in_the_books(run, told).await;
}

/// M3, M6, M8, M9 and M11: one payment of the notice, the one given up, and none of what was
/// refused; the client's key still means the same payment.
async fn for_the_citizen(run: &mut Run, told: &Told) {
    let again = run.mutates(&told.citizen, "startPayment", &started(), &told.wish).await;
    assert_eq!(again["payment"]["paymentNo"], told.paid.as_str(), "{again}");
    assert_eq!(again["cashier"], Value::Null, "nobody is asked to pay twice: {again}");
    let mut payments = run.payments(&told.citizen).await;
    // Both may be of the same second, and of no order then.
    payments.sort_by_key(|payment| payment["status"].to_string());
    let shown = |payment: &Value| (payment["paymentNo"].clone(), payment["status"].clone());
    let shown: Vec<_> = payments.iter().map(shown).collect();
    let expected = [(json!(told.given_up), json!("CLOSED")), (json!(told.paid), json!("PAID"))];
    assert_eq!(shown, expected);
    let paid = &payments[1];
    assert_eq!(paid["writeOff"], "DONE");
    assert_eq!(paid["amount"]["fen"], told.fen);
    assert_eq!(paid["receipts"].as_array().unwrap().len(), 1, "{paid}");
    assert_eq!(paid["receipts"][0]["amount"]["fen"], told.fen);
}

/// The rail knows two orders of ours, and took money for one of them, once.
async fn at_the_rail(run: &Run, told: &Told) {
    let orders = run.levers.look("orders").await;
    let shown = |order: &Value| {
        let paid = order["paidFen"].clone();
        (order["outTradeNo"].clone(), order["state"].clone(), paid)
    };
    let mut shown: Vec<_> = orders["orders"].as_array().unwrap().iter().map(shown).collect();
    shown.sort_by_key(|(_, state, _)| state.to_string());
    let expected = [
        (json!(told.given_up), json!("CLOSED"), Value::Null),
        (json!(told.paid), json!("SUCCESS"), json!(told.fen)),
    ];
    assert_eq!(shown, expected);
    let truth = run.levers.look(&format!("truth?date={DAY}")).await;
    let payments = truth["payments"].as_array().unwrap();
    assert_eq!(payments.len(), 1, "{truth}");
    assert_eq!(payments[0]["amountFen"], told.fen);
}

/// Written off by this payment alone, however often we told it, and receipted once.
async fn at_the_gateway(run: &mut Run, told: &Told) {
    let notice = run.levers.gateway_notice(&told.fine).await;
    assert_eq!(notice["state"], "PAID", "{notice}");
    let calls = notice["writeOffs"].as_array().unwrap();
    assert!(!calls.is_empty());
    for call in calls {
        assert_eq!(call["payNo"], told.paid.as_str(), "{notice}");
        assert_eq!(call["amountFen"], told.fen, "{notice}");
    }
    let receipts = notice["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 1, "{notice}");
    let ours = run.payment(&told.citizen, &told.paid).await;
    assert_eq!(ours["receipts"][0]["number"], receipts[0]["no"], "{notice}");

    let spared = run.levers.gateway_notice(&told.spared).await;
    assert_ne!(spared["state"], "PAID", "{spared}");
    assert_eq!((&spared["writeOffs"], &spared["receipts"]), (&json!([]), &json!([])));
}

/// M4, M7 and M9: states move along edges, success has its evidence and stays.
async fn in_the_history(run: &Run, told: &Told) {
    let history = async |no: &str| -> Vec<PaymentRecord> {
        run.store.history(&PaymentNo::new(no).unwrap()).await.unwrap()
    };
    for (no, last) in [(&told.paid, "PAID"), (&told.given_up, "CLOSED")] {
        let records = history(no).await;
        let statuses: Vec<_> = records.iter().map(|record| record.status.code()).collect();
        let (end, open) = statuses.split_last().unwrap();
        assert_eq!(*end, last, "{statuses:?}");
        assert_eq!(open.first(), Some(&"SUBMITTED"), "{statuses:?}");
        let waits = |status: &&str| ["SUBMITTED", "UNKNOWN"].contains(status);
        assert!(open.iter().all(waits), "{statuses:?}");
        assert!(open.is_sorted_by(|a, b| a != b), "no line tells nothing new: {statuses:?}");
        assert!(records.last().unwrap().evidence.is_some(), "{no} {last} without evidence");
    }
}

/// M1, M5 and M15: the books balance and equal the rail's statement, each effect was owed once,
/// and nothing waits.
async fn in_the_books(run: &Run, told: &Told) {
    the_ledger_is_whole(run).await;
    let journals = run.store.journals_of(Rail::WeChatPay, DAY).await.unwrap();
    let mut kinds: Vec<_> = journals.iter().map(|journal| journal.kind).collect();
    kinds.sort_by_key(|kind| kind.code());
    assert_eq!(kinds, [JournalKind::Fee, JournalKind::Paid], "{journals:?}");
    let truth = run.levers.look(&format!("truth?date={DAY}")).await;
    let truth = &truth["platforms"]["wechat-pay"]["totals"];
    for journal in &journals {
        let clearing = Account::RailClearing(Rail::WeChatPay);
        let mut of_rail = journal.entries().iter().filter(|entry| entry.account == clearing);
        let moved = of_rail.next().unwrap().amount.value();
        let name = if journal.kind == JournalKind::Fee { "feeFen" } else { "paidFen" };
        assert_eq!(truth[name], moved, "{journal:?}");
    }

    let day = DayBook::find(&run.store, Rail::WeChatPay, DAY).await.unwrap().unwrap();
    assert_eq!(day.tally(|_| true).unwrap(), (1, Fen::new(told.fen)));
    assert_eq!(day.tally(|bucket| bucket == Bucket::Matched).unwrap(), (1, Fen::new(told.fen)));
    assert_eq!((day.ledger_count, day.ledger_total), (1, Fen::new(told.fen)));
    assert_eq!(day.discrepancies, Vec::new());

    let effects = format!("outbox WHERE payment_no = '{}'", told.paid);
    assert_eq!(run.count(&effects).await, 2, "a write-off and a receipt");
    assert_eq!(run.count("outbox").await, 2, "and nothing for what was given up");
    assert_eq!(run.count("outbox WHERE done_at IS NULL").await, 0);
    assert_eq!(run.count("callback_inbox WHERE outcome IS NULL").await, 0);
    assert_eq!(run.count("receipt").await, 1);
    assert_eq!(run.count("payment_notice WHERE holds").await, 1, "M3: one holder");
}

/// M1: debits equal credits, and every balance is what its entries add up to.
pub async fn the_ledger_is_whole(run: &Run) {
    let (debits, credits) = run.store.totals().await.unwrap();
    assert_eq!(debits, credits, "the ledger balances");
    for sums in run.store.sums().await.unwrap() {
        assert_eq!(sums.kept, sums.added, "{}", sums.account.code());
    }
}

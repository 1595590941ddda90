//! What happens in a run: between them, the stories pass every crash point there is.

use super::run::{Run, Wait};
use crate::citizen::{Citizen, PAYMENT, started};
use domain::ids::PaymentNo;
use domain::payment::{LedgerBalances as _, OutboxStore as _, PaymentStore, Rail};
use domain::reconciliation::{ClearingBook, ClearingState, DayBook, DayState};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

/// The day on which everything happens.
pub const DAY: Date = date(2026, 3, 2);

/// What a story did, for the proof.
pub struct Told {
    /// Who.
    pub citizen: Citizen,
    /// The notice that was paid.
    pub fine: String,
    /// What it cost.
    pub fen: i64,
    /// The payment of it.
    pub paid: String,
    /// What the client asked for.
    pub wish: Value,
    /// The notice that was not paid in the end.
    pub spared: String,
    /// The payment of it, which the citizen gave up.
    pub given_up: String,
}

/// One citizen gives up one payment and makes another, on a day when the gateway loses an
/// answer; the day is reconciled.
pub async fn paying(run: &mut Run) -> Told {
    let citizen = run.citizen().await;
    let (fine, fen) = run.finds_fine(&citizen).await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let spared = run.levers.notice(id, json!({ "amountFen": 12_300 })).await;
    let given_up = gives_up(run, &citizen, &spared, 12_300).await;

    let wish = Citizen::wish(&fine, fen, "the-same-for-ever");
    wrong_amount_is_refused(run, &citizen, &fine, fen + 1).await;
    let paid = starts(run, &citizen, &wish).await;
    comes_back_too_early(run, &citizen, &paid).await;
    is_looked_at_by_the_healer(run, &paid).await;

    run.levers.fault("gateway", "GetPay_Info", "lost-answer", 1).await;
    run.levers.pays(&paid).await;
    is_settled(run, &citizen, &paid, 1).await;
    nothing_is_queued(run).await;
    is_reconciled(run).await;
    run.rebuilds_the_ledger().await;
    // The session ended with the day.
    let citizen = run.signs_in_again(&citizen).await;
    Told { citizen, fine, fen, paid, wish, spared, given_up }
}

/// The payment's number, once the client can open the cashier.
pub async fn starts(run: &mut Run, citizen: &Citizen, wish: &Value) -> String {
    let payload = run.mutates(citizen, "startPayment", &started(), wish).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload}");
    assert!(payload["cashier"]["paySign"].is_string(), "{payload}");
    payload["payment"]["paymentNo"].as_str().unwrap().to_owned()
}

async fn wrong_amount_is_refused(run: &mut Run, citizen: &Citizen, notice: &str, fen: i64) {
    let wish = Citizen::wish(notice, fen, "refused-at-once");
    let payload = run.mutates(citizen, "startPayment", &started(), &wish).await;
    assert_eq!(payload["userErrors"][0]["code"], "AMOUNT_CHANGED", "{payload}");
}

/// The number of a payment that was started and given up.
pub async fn gives_up(run: &mut Run, citizen: &Citizen, notice: &str, fen: i64) -> String {
    let no = starts(run, citizen, &Citizen::wish(notice, fen, "given-up-later")).await;
    let mut wait = Wait::of("a closed payment");
    loop {
        let fields = format!("payment{{{PAYMENT}}}");
        let input = json!({ "paymentNo": no });
        run.mutates(citizen, "cancelPayment", &fields, &input).await;
        if run.payment(citizen, &no).await["status"] == "CLOSED" {
            return no;
        }
        run.waits(&mut wait).await;
    }
}

async fn comes_back_too_early(run: &mut Run, citizen: &Citizen, no: &str) {
    let fields = format!("payment{{{PAYMENT}}}");
    let input = json!({ "paymentNo": no });
    let payload = run.mutates(citizen, "refreshPayment", &fields, &input).await;
    assert_eq!(payload["payment"]["status"], "SUBMITTED", "{payload}");
}

async fn is_looked_at_by_the_healer(run: &mut Run, no: &str) {
    let no = PaymentNo::new(no).unwrap();
    let looks_next =
        async |run: &Run| PaymentStore::find(&run.store, &no).await.unwrap().unwrap().next_check_at;
    let before = looks_next(run).await;
    run.levers.advance(6).await;
    let mut wait = Wait::of("a look of the healer");
    while looks_next(run).await == before {
        run.waits(&mut wait).await;
    }
}

/// The payment is written off and has so many receipts.
pub async fn is_settled(run: &mut Run, citizen: &Citizen, no: &str, receipts: usize) {
    let mut wait = Wait::of("a settled payment");
    loop {
        let payment = run.payment(citizen, no).await;
        let issued = payment["receipts"].as_array().unwrap().len();
        if payment["writeOff"] == "DONE" && issued == receipts {
            return;
        }
        run.waits(&mut wait).await;
    }
}

/// Nothing waits, here or outside.
pub async fn nothing_is_queued(run: &mut Run) {
    let mut wait = Wait::of("empty queues");
    loop {
        let outbox = run.store.backlog().await.unwrap();
        let inbox = run.count("callback_inbox WHERE outcome IS NULL").await
            + run.count("gateway_inbox WHERE outcome IS NULL").await;
        let callbacks = run.levers.look("callbacks").await;
        let mut told = callbacks["callbacks"].as_array().unwrap().iter();
        // The rail too has nothing left to say.
        let settled = told.all(|callback| callback["state"] == "DELIVERED");
        if (outbox, inbox) == ((0, 0), 0) && settled {
            return;
        }
        run.waits(&mut wait).await;
    }
}

/// The rail's own statement says what our ledger says, finance agrees, and the night's check of
/// the ledger was made.
async fn is_reconciled(run: &mut Run) {
    run.levers.tomorrow_at("10:00").await;
    let mut wait = Wait::of("a matched day");
    loop {
        let day = DayBook::find(&run.store, Rail::WeChatPay, DAY).await.unwrap();
        // Once more after it is there: whoever stored it may be dying.
        run.waits(&mut wait).await;
        let cleared = ClearingBook::find(&run.store, DAY).await.unwrap();
        let agreed = cleared.is_some_and(|day| day.state == ClearingState::Agreed);
        let checked = run.store.last_check().await.unwrap();
        let checked = checked.is_some_and(|check| check.day > DAY);
        if checked && agreed && day.is_some_and(|day| day.state == DayState::Matched) {
            return;
        }
    }
}

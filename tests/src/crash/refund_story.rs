//! Money that goes back: a part that the citizen asks for, and all of a payment that came late.

use super::run::{Run, Wait};
use super::story::{gives_up, is_settled, nothing_is_queued, starts};
use crate::citizen::{Citizen, document};
use domain::ids::{PaymentNo, RefundNo};
use domain::payment::RefundStore;
use serde_json::{Value, json};

/// What goes back of the fine.
pub const PART: i64 = 101;
/// What the notice costs whose money comes too late.
pub const LATE: i64 = 12_300;
/// What is collected for others costs.
pub const OTHERS: i64 = 5_000;

/// What the story did, for the proof.
pub struct ToldBack {
    /// Who.
    pub citizen: Citizen,
    /// The notice of which a part went back, and the payment of it.
    pub fine: (String, String),
    /// What it cost.
    pub fen: i64,
    /// The refund of the part.
    pub part: String,
    /// What the client asked for.
    pub wish: Value,
    /// The notice that was withdrawn, and the payment that came too late for it.
    pub late: (String, String),
    /// The notice that gets no receipt, and the payment of it.
    pub others: (String, String),
}

const ASKED: &str = "refund{refundNo status}";

/// A fine is paid, and a part of it goes back through all offices; money comes for a notice
/// that was withdrawn, and goes back by rule; what is collected for others gets no receipt.
pub async fn giving_back(run: &mut Run) -> ToldBack {
    let notify = json!({ "notifyUrl": format!("{}/callbacks/non-tax", run.address()) });
    run.levers.pull("gateway/settings", notify).await;
    let citizen = run.citizen().await;
    let (fine, fen) = run.finds_fine(&citizen).await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let late = run.levers.notice(id, json!({ "amountFen": LATE })).await;
    let owed = json!({ "amountFen": OTHERS, "itemCode": "901050000" });
    let others = run.levers.notice(id, owed).await;

    let paid = starts(run, &citizen, &Citizen::wish(&fine, fen, "paid-and-back")).await;
    let paid_others = starts(run, &citizen, &Citizen::wish(&others, OTHERS, "for-others")).await;
    let came_late = gives_up(run, &citizen, &late, LATE).await;
    run.levers.pays(&paid).await;
    run.levers.pays(&paid_others).await;
    is_settled(run, &citizen, &paid, 1).await;
    is_settled(run, &citizen, &paid_others, 0).await;
    nothing_is_queued(run).await;

    let wish = json!({
        "paymentNo": paid, "noticeNo": fine, "amount": PART, "reason": "多缴",
        "idempotencyKey": "the-same-refund-for-ever"
    });
    let made = run.mutates(&citizen, "requestRefund", ASKED, &wish).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    let part = made["refund"]["refundNo"].as_str().unwrap().to_owned();
    // What nobody may have is refused, and leaves nothing.
    let too_much = json!({
        "paymentNo": paid, "amount": fen, "reason": "多缴", "idempotencyKey": "refused-at-once"
    });
    let refused = run.mutates(&citizen, "requestRefund", ASKED, &too_much).await;
    assert_eq!(refused["userErrors"][0]["code"], "REFUND_EXCEEDS_PAYMENT", "{refused}");
    // The rail takes it and decides later, so that it must be asked where it stands.
    run.levers.pull("wechat-pay/refund-outcomes", json!({ "outcomes": ["pending"] })).await;
    is_approved(run, &part).await;
    is_looked_at_again(run, &part).await;
    run.levers.pull(&format!("wechat-pay/refunds/{part}/finish"), json!({})).await;
    is_back(run, &paid, &["DONE"]).await;

    run.levers.pull(&format!("notices/{late}/withdraw"), json!({})).await;
    let forced = json!({ "force": true });
    run.levers.pull(&format!("orders/{came_late}/approve"), forced).await;
    is_back(run, &came_late, &["DONE"]).await;
    nothing_is_queued(run).await;
    let citizen = run.signs_in_again(&citizen).await;
    let (fine, late, others) = ((fine, paid), (late, came_late), (others, paid_others));
    ToldBack { citizen, fine, fen, part, wish, late, others }
}

/// Agency and every level of finance agree, at the gateway.
async fn is_approved(run: &mut Run, refund: &str) {
    let mut wait = Wait::of("a refund at the gateway");
    let levels = loop {
        let all = run.levers.look("refunds").await;
        let all = all["refunds"].as_array().unwrap();
        let found = all.iter().find(|known| known["refundNo"] == refund);
        if let Some(found) = found {
            break found["levels"].as_array().unwrap().len();
        }
        run.waits(&mut wait).await;
    };
    let agrees = json!({ "approve": true });
    run.levers.pull(&format!("refunds/{refund}/agency"), agrees.clone()).await;
    for _ in 0..levels {
        run.levers.pull(&format!("refunds/{refund}/finance"), agrees.clone()).await;
    }
}

/// The rail has it and has not decided, and has been asked where it stands since: every answer
/// that is no outcome is counted, and at most one of them is that of the request itself.
async fn is_looked_at_again(run: &mut Run, refund: &str) {
    let no = RefundNo::new(refund).unwrap();
    let mut wait = Wait::of("another look at a refund");
    loop {
        let known = RefundStore::find(&run.store, &no).await.unwrap().unwrap();
        if known.state.is_at_rail() && known.attempts >= 2 {
            return;
        }
        run.waits(&mut wait).await;
    }
}

/// All refunds of the payment stand there, and none has anything left to do.
async fn is_back(run: &mut Run, payment: &str, statuses: &[&str]) {
    let no = PaymentNo::new(payment).unwrap();
    let mut wait = Wait::of("money that is back");
    loop {
        let all = run.store.list_of_payment(&no).await.unwrap();
        let stands: Vec<_> = all.iter().map(|refund| refund.state.status().code()).collect();
        if stands == statuses && all.iter().all(|refund| refund.next_try_at.is_none()) {
            return;
        }
        run.waits(&mut wait).await;
    }
}

/// The document by which the client asks again.
pub fn asks_again() -> (String, &'static str) {
    (document("requestRefund", "RequestRefundInput", ASKED), "requestRefund")
}

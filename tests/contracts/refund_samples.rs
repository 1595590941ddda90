//! Refunds to put into stores.

use crate::bench::{RefundPorts, change};
use domain::fakes::samples::at;
use domain::ids::{IdempotencyKey, RefundNo};
use domain::money::{Fen, FinanceLevel, PayableFen};
use domain::payment::{
    Account, Actor, BalanceMove, Decision, DecisionStage, DeskStep, Entry, Journal, JournalKind,
    NewRefunds, Payment, PaymentChange, PaymentEvent, ReceiptStep, Refund, RefundCause,
    RefundChange, RefundEvent, RefundKey, RefundReasonCode, RefundSlice, RefundState, RefundStore,
    RefundedNotice, Side, fiscal_slices,
};

/// `YT2026…` and a number.
pub fn refund_no(number: u32) -> RefundNo {
    RefundNo::new(&format!("YT20260302100000{number:06}")).unwrap()
}

/// A member of staff.
pub fn by(name: &str) -> Actor {
    Actor::Staff(name.to_owned())
}

fn decision(who: Actor) -> Decision {
    Decision { stage: DecisionStage::Request, by: who, reason: "多缴".to_owned(), at: at(0) }
}

/// A refund of the payment's first notice that 甲 asked for, taken from its first share.
pub fn requested(number: u32, of: &Payment, fen: i64) -> Refund {
    let slice = fiscal_slices(&of.notices).remove(0);
    Refund {
        no: refund_no(number),
        payment_no: of.no.clone(),
        person: of.person.clone(),
        rail: of.rail,
        cause: RefundCause::Requested,
        amount: PayableFen::new(fen).unwrap(),
        notice: Some(RefundedNotice {
            no: of.notices[0].no.clone(),
            agency_code: "330101".to_owned(),
            slices: vec![RefundSlice { place: 0, account: slice.account, amount: Fen::new(fen) }],
            desk: DeskStep::Due,
            receipt: ReceiptStep::Standing,
            reversed_by: None,
        }),
        reason_code: RefundReasonCode::Overcharged,
        reason: "多缴".to_owned(),
        key: Some(RefundKey {
            key: IdempotencyKey::new(&format!("key-number-{number}")).unwrap(),
            position: 0,
            asked: "all of it".to_owned(),
        }),
        levels: FinanceLevel::ALL.to_vec(),
        decisions: vec![decision(by("甲"))],
        redirect: None,
        created_at: at(0),
        sent_at: None,
        state: RefundState::Requested,
        next_try_at: Some(at(0)),
        attempts: 0,
        version: 0,
    }
}

/// A refund by rule that may leave.
pub fn automatic(number: u32, of: &Payment, fen: i64) -> Refund {
    Refund {
        cause: RefundCause::Automatic,
        notice: None,
        key: None,
        levels: vec![FinanceLevel::Local],
        decisions: vec![decision(Actor::Rule)],
        state: RefundState::Approved,
        ..requested(number, of, fen)
    }
}

/// To be stored together, of all the payment's money.
pub fn new(of: &Payment, known: u32, refunds: &[&Refund]) -> NewRefunds {
    let with_record = |refund: &&Refund| {
        let maker = refund.maker().cloned().unwrap();
        ((*refund).clone(), refund.record((maker, "REQUEST"), None, at(0)))
    };
    NewRefunds {
        payment_no: of.no.clone(),
        captured: of.amount,
        known,
        refunds: refunds.iter().map(with_record).collect(),
        ceiling: None,
        audit: None,
    }
}

/// Stores it.
pub async fn stored(store: &impl RefundPorts, of: &Payment, known: u32, refund: &Refund) {
    stored_all(store, of, known, &[refund]).await;
}

/// Stores them together.
pub async fn stored_all(store: &impl RefundPorts, of: &Payment, known: u32, refunds: &[&Refund]) {
    RefundStore::insert(store, &new(of, known, refunds)).await.unwrap();
}

/// The refund after `event`, learnt at second 60.
pub fn moved(refund: &Refund, event: RefundEvent, balance: BalanceMove) -> RefundChange {
    let after = refund.after(event).unwrap();
    let record = after.record((Actor::Rail, "ANSWER"), None, at(60));
    RefundChange { balance, ..RefundChange::of(after, Some(record)) }
}

/// The payment's change with a booking of the refund.
pub fn payment_change(
    payment: &Payment,
    event: PaymentEvent,
    refund: &Refund,
    kind: JournalKind,
) -> PaymentChange {
    let amount = refund.amount.fen();
    let entry = |account, side| Entry { account, side, amount };
    let way = Account::Refunding(refund.rail);
    let entries = if kind == JournalKind::RefundDone {
        let clearing = Account::RailClearing(refund.rail);
        vec![entry(way, Side::Debit), entry(clearing, Side::Credit)]
    } else {
        vec![entry(Account::RefundDue(refund.rail), Side::Debit), entry(way, Side::Credit)]
    };
    let journal = Journal::new(payment.no.clone(), kind, at(60), entries).unwrap();
    let journal = Some(journal.of_refund(refund.no.clone()));
    PaymentChange { journal, ..change(payment, event) }
}

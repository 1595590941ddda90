//! What a payment takes down, books, owes the world and asks a rail.

use super::*;
use crate::fakes::samples::{self, at};
use crate::notice::LateFee;
use crate::payment::{Money, PaymentStatus, RefundOrigin};
use std::collections::BTreeSet;

const NOTICE: &str = "330000001FS1";

fn late(fee: i64, booked_on_code: &str) -> Notice {
    let mut notice = samples::notice(NOTICE, 20_003);
    notice.items[0].late_fee = LateFee::Fixed {
        fee: Fen::new(fee),
        booked_on_code: booked_on_code.to_owned(),
        booked_on_name: "加处罚款".to_owned(),
    };
    notice
}

#[test]
fn a_late_fee_is_a_line_of_its_own_if_there_is_one() {
    let taken = |notice: &Notice| NoticeSnapshot::of(notice, at(0), &samples::items());
    let lines = |found: &NoticeSnapshot| {
        found.items.iter().map(|line| (line.code.clone(), line.amount.value())).collect::<Vec<_>>()
    };
    let found = taken(&late(7, "00050002")).unwrap();
    let (item, fee) = (("00050001".to_owned(), 20_003), ("00050002".to_owned(), 7));
    assert_eq!(lines(&found), [item.clone(), fee]);
    assert_eq!((found.principal, found.late_fee), (Fen::new(20_003), Fen::new(7)));
    assert_eq!(found.total(), Fen::new(20_010));
    assert_eq!(lines(&taken(&late(0, "00050002")).unwrap()), [item]);
    let unknown = SnapshotError::UnknownItem("99999999".to_owned());
    assert_eq!(taken(&late(7, "99999999")), Err(unknown), "nobody knows whose money it would be");
}

#[test]
fn an_item_goes_to_the_accounts_of_those_who_share_it_and_to_no_other() {
    let payment = samples::payment("YW000001", NOTICE, 20_003);
    let (item, agency) = (&payment.notices[0].items[0], &payment.notices[0].agency);
    let booked = |item: &SnapshotItem, fen| {
        let parts = item.accounts(agency, Fen::new(fen)).into_iter();
        parts.map(|(account, part)| (account.code(), part.value())).collect::<Vec<_>>()
    };
    let share = |level: &str, fen| (format!("share:treasury:{level}:330101:00050001"), fen);
    let all = [share("CENTRAL", 2_000), share("PROVINCE", 6_600), share("LOCAL", 11_403)];
    assert_eq!(booked(item, 20_003), all);
    assert_eq!(booked(item, 4), [share("PROVINCE", 1), share("LOCAL", 3)], "nobody gets nothing");
    let old = SnapshotItem { allotment: None, ..item.clone() };
    assert_eq!(booked(&old, 20_003), [("fiscal:330101:00050001".to_owned(), 20_003)]);
}

#[test]
fn reasons_survive_their_columns_and_share_no_word() {
    let words: BTreeSet<_> = EventReason::ALL.into_iter().map(EventReason::code).collect();
    assert_eq!(words.len(), EventReason::ALL.len());
    for reason in EventReason::ALL {
        assert_eq!(EventReason::from_code(reason.code()), Some(reason));
    }
    assert_eq!(EventReason::from_code("PAID"), None);
}

#[test]
fn evidence_says_where_it_can_be_looked_up() {
    assert_eq!(Evidence::Callback("E1".to_owned()).code(), "callback:E1");
    assert_eq!(Evidence::Answer(at(0)).code(), "answer:2026-03-02T02:00:00Z");
    assert_eq!(Evidence::Statement("2026-03-02#7".to_owned()).code(), "statement:2026-03-02#7");
}

/// Does the event leave a history line, book money, and how many effects follow?
fn follows(from: PaymentState, event: PaymentEvent) -> (bool, bool, usize) {
    let payment = Payment { state: from, ..samples::payment("YW000001", NOTICE, 100) };
    let record = (EventReason::RailConfirmed, Some(Evidence::Callback("E1".to_owned())));
    let change = payment.after(event, record, at(20)).unwrap();
    if let Some(record) = &change.record {
        assert_eq!((record.at, record.status), (at(20), change.payment.state.status()));
        assert_eq!(record.evidence.as_deref(), Some("callback:E1"));
    }
    (change.record.is_some(), change.journal.is_some(), change.outbox.len())
}

#[test]
fn money_is_booked_once_when_it_comes_and_only_what_counts_has_effects() {
    use {PaymentEvent as E, PaymentState as S};
    let money = || samples::money("T1", 100);
    let other = || samples::money("T1", 99);
    for (from, event, expected) in [
        (S::Submitted, E::Silence, (true, false, 0)),
        (S::Submitted, E::Wait, (false, false, 0)),
        (S::Submitted, E::Confirm(money()), (true, true, 2)),
        (S::Closed, E::HonourLate(money()), (true, true, 2)),
        (S::Submitted, E::ConfirmOther(other()), (true, true, 0)),
        (S::Closed, E::Confirm(money()), (true, true, 0)),
        (S::Paid(money()), E::Confirm(money()), (false, false, 0)),
        (S::Paid(money()), E::StartRefund, (true, false, 0)),
        (S::Refunding(money(), RefundOrigin::Paid), E::StopRefund, (true, false, 0)),
    ] {
        assert_eq!(follows(from.clone(), event.clone()), expected, "{from:?} on {event:?}");
    }
}

#[test]
fn each_notice_is_written_off_and_receipted() {
    let mut payment = samples::payment("YW000001", NOTICE, 100);
    payment.notices.append(&mut samples::payment("YW000001", "330000001FS2", 20).notices);
    let payment = Payment { amount: PayableFen::new(120).unwrap(), ..payment };
    let confirm = PaymentEvent::Confirm(samples::money("T1", 120));
    let change = payment.after(confirm, (EventReason::RailConfirmed, None), at(20)).unwrap();
    let effects: Vec<_> =
        change.outbox.iter().map(|item| (item.notice_no.business_no(), item.kind)).collect();
    let (off, receipt) = (OutboxKind::WriteOff, OutboxKind::IssueReceipt);
    assert_eq!(effects, [("FS1", off), ("FS2", off), ("FS1", receipt), ("FS2", receipt)]);
}

#[test]
fn a_rail_is_asked_for_the_whole_amount_in_words_that_it_can_show() {
    let mut payment = samples::payment("YW000001", NOTICE, 20_003);
    let order = payment.order();
    assert_eq!((order.no.as_str(), order.amount.fen().value()), ("YW000001", 20_003));
    assert_eq!(order.description, "政务服务缴款-交通违法罚款");
    assert_eq!((order.made_at, order.expires_at), (at(0), at(900)));
    assert_eq!((payment.order_key().no, payment.order_key().made_at), (payment.no.clone(), at(0)));
    payment.notices.push(payment.notices[0].clone());
    assert_eq!(payment.order().description, "政务服务缴款-交通违法罚款等2笔");
    payment.notices[0].title = "长".repeat(80);
    assert_eq!(payment.order().description.chars().count(), 60);
}

#[test]
fn a_write_off_is_due_where_money_counts_and_done_when_every_notice_is() {
    use {PaymentState as S, WriteOffStatus as W};
    let money = || samples::money("T1", 120);
    let with = |state: S, marked: usize| {
        let mut payment = samples::payment("YW000001", NOTICE, 100);
        payment.notices.append(&mut samples::payment("YW000001", "330000001FS2", 20).notices);
        for notice in payment.notices.iter_mut().take(marked) {
            notice.written_off_at = Some(at(30));
        }
        Payment { state, ..payment }.write_off()
    };
    for (state, expected) in [
        (S::Submitted, W::NotDue),
        (S::Unknown, W::NotDue),
        (S::UnderReview(money()), W::NotDue),
        (S::Paid(money()), W::Pending),
        (S::Closed, W::NotDue),
        (S::RefundDue(money()), W::NotDue),
        (S::Refunding(money(), RefundOrigin::Paid), W::Pending),
        (S::Refunding(money(), RefundOrigin::RefundDue), W::NotDue),
        (S::Refunded(money(), RefundOrigin::Paid), W::NotDue),
    ] {
        assert_eq!(with(state.clone(), 0), expected, "{state:?}");
        assert_eq!(with(state, 2), W::Done);
    }
    assert_eq!(with(S::Paid(money()), 1), W::Partial);
    assert_eq!(with(S::Refunded(money(), RefundOrigin::Paid), 1), W::Partial);
}

#[test]
fn the_rail_is_asked_often_while_the_citizen_stands_there_and_each_minute_after_the_end() {
    let payment = samples::payment("YW000001", NOTICE, 100); // From second 0 to second 900.
    for (second, pause) in [(0, 5), (29, 5), (30, 20), (899, 20), (900, 60), (9_000, 60)] {
        assert_eq!(payment.check_after(at(second)), at(second + pause), "at {second} s");
    }
}

#[test]
fn a_change_leaves_all_else_of_the_payment_as_it_was() {
    let payment = samples::payment("YW000001", NOTICE, 100);
    let money: Money = samples::money("T1", 100);
    let confirm = PaymentEvent::Confirm(money.clone());
    let change = payment.after(confirm, (EventReason::RailConfirmed, None), at(20)).unwrap();
    assert_eq!(change.payment.state.status(), PaymentStatus::Paid);
    assert_eq!(change.payment, Payment { state: PaymentState::Paid(money), ..payment });
}

//! Asking for a refund: every refusal, and the key.

use super::bench::{Bench, NOTICE_1, NOTICE_2, agency, staff, wait, wanted};
use super::{
    DecideRefusal, DeskStep, HearRefundDecision, ReceiptStep, RefundAct, RefundMaker,
    RefundRefusal as No, RefundState, RejectedWriteOff, WantedRefund,
};
use crate::fakes::samples;
use crate::fakes::{DeskSays, FaultPlan, InMemoryStore};
use crate::identity::{AuditTrail, StaffRole};
use crate::ids::RefundNo;
use crate::money::Fen;
use crate::notice::NoticeNo;
use crate::payment::{DeskStanding, NoticeAfter};
use std::sync::Arc;

fn bench() -> Bench {
    Bench::over(&Arc::new(FaultPlan::none()))
}

fn audited(store: &InMemoryStore) -> Vec<String> {
    let entries = wait(AuditTrail::list(store, None, 100)).unwrap();
    entries
        .into_iter()
        .map(|entry| format!("{} {}", entry.record.actor, entry.record.act))
        .collect()
}

#[test]
fn every_refusal_has_its_own_answer_and_stores_nothing() {
    let bench = bench();
    let no = bench.settled();
    let good = wanted(Some(NOTICE_1), Some(1), "key-number-1");
    let absent = WantedRefund { payment_no: samples::payment_no("YW999999"), ..good.clone() };
    let other = NoticeNo::new("330000001FS9").unwrap();
    let long = "长".repeat(201);
    let cases = [
        (absent, No::NotFound),
        (WantedRefund { notice_no: Some(other), ..good.clone() }, No::UnknownNotice),
        (WantedRefund { notice_no: None, ..good.clone() }, No::WhichNotice),
        (WantedRefund { amount: Some(Fen::ZERO), ..good.clone() }, No::Amount),
        (WantedRefund { amount: Some(Fen::new(-1)), ..good.clone() }, No::Amount),
        (
            WantedRefund { amount: Some(Fen::new(20_004)), ..good.clone() },
            No::Exceeds(Fen::new(20_003)),
        ),
        (WantedRefund { reason: "  ".to_owned(), ..good.clone() }, No::Reason),
        (WantedRefund { reason: long, ..good.clone() }, No::Reason),
        (WantedRefund { reason: "多\u{7}缴".to_owned(), ..good.clone() }, No::Reason),
    ];
    for (wanted, why) in cases {
        assert_eq!(bench.asks(&wanted), Err(why), "{wanted:?}");
    }
    let stranger = samples::caller("P2");
    assert_eq!(bench.asks_as(RefundMaker::Citizen(&stranger), &good), Err(No::NotFound));
    assert_eq!(bench.refunds(&no), []);
    assert_eq!(bench.refundable(&no), 20_104);
}

#[test]
fn only_settled_money_that_counts_can_be_asked_back() {
    let bench = bench();
    let owed = bench.owed(2, 500);
    bench.paid();
    let one = wanted(Some(NOTICE_1), None, "key-number-1");
    assert_eq!(bench.asks(&one), Err(No::NotWrittenOff));
    let due = WantedRefund { payment_no: owed, ..one };
    assert_eq!(bench.asks(&due), Err(No::NotRefundable), "it goes back by itself");
}

#[test]
fn staff_ask_for_what_is_theirs_and_it_is_audited() {
    let bench = bench();
    bench.settled();
    let one = wanted(Some(NOTICE_1), Some(3), "key-number-1");
    let others = [
        StaffRole::Checker,
        StaffRole::Auditor,
        StaffRole::Operator,
        StaffRole::Editor,
        StaffRole::Agency("330102".to_owned()),
    ];
    for role in others {
        let who = staff("丁", role);
        assert_eq!(bench.asks_as(RefundMaker::Staff(&who), &one), Err(No::NotAllowed));
    }
    assert_eq!(audited(&bench.truth), [""; 0]);
    let clerk = staff("丁", StaffRole::Clerk);
    let made = bench.asks_as(RefundMaker::Staff(&clerk), &one).unwrap();
    assert_eq!(audited(&bench.truth), ["丁 REFUND_REQUEST"]);
    let own = wanted(Some(NOTICE_2), Some(3), "key-number-1");
    let by_agency = bench.asks_as(RefundMaker::Staff(&agency()), &own).unwrap();
    let refused = bench.decides(&agency(), &by_agency[0].no, &RefundAct::Check);
    assert_eq!(refused, Err(DecideRefusal::SamePerson), "who asked does not check");
    assert!(bench.decides(&agency(), &made[0].no, &RefundAct::Check).is_ok());
}

#[test]
fn a_key_asks_once_for_ever_and_for_one_thing() {
    let bench = bench();
    let no = bench.settled();
    let all = wanted(None, None, "key-number-1");
    let made = bench.asks(&all).unwrap();
    let amounts: Vec<_> = made.iter().map(|refund| refund.amount.fen().value()).collect();
    assert_eq!(amounts, [20_003, 101], "one refund a notice");
    assert_eq!(bench.refundable(&no), 0);
    assert_eq!(bench.asks(&all).unwrap(), made, "the same call makes nothing new");
    let more = WantedRefund { reason: "多缴了".to_owned(), ..all.clone() };
    assert_eq!(bench.asks(&more), Err(No::KeyReused));
    let next = WantedRefund { key: wanted(None, None, "key-number-2").key, ..all };
    assert_eq!(bench.asks(&next), Err(No::NotRefundable), "nothing is left");
    assert_eq!(bench.refunds(&no).len(), 2);
}

#[test]
fn what_is_asked_for_is_reserved_and_a_refusal_frees_it() {
    let bench = bench();
    let no = bench.settled();
    let made = bench.asks(&wanted(Some(NOTICE_1), Some(20_000), "key-number-1")).unwrap();
    assert_eq!(bench.refundable(&no), 104);
    let four = wanted(Some(NOTICE_1), Some(4), "key-number-2");
    assert_eq!(bench.asks(&four), Err(No::Exceeds(Fen::new(3))));
    let reject = RefundAct::Reject("查无多缴".to_owned());
    let rejected = bench.decides(&agency(), &made[0].no, &reject).unwrap();
    assert_eq!(rejected.state, RefundState::Rejected);
    assert_eq!(bench.refundable(&no), 20_104);
    assert!(bench.asks(&four).is_ok());
}

#[test]
fn all_that_is_left_is_that_of_the_notices_which_have_something_left() {
    let bench = bench();
    let no = bench.settled();
    bench.asks(&wanted(Some(NOTICE_2), None, "key-number-1")).unwrap();
    let rest = bench.asks(&wanted(None, None, "key-number-2")).unwrap();
    let amounts: Vec<_> = rest.iter().map(|refund| refund.amount.fen().value()).collect();
    assert_eq!(amounts, [20_003]);
    assert_eq!(bench.refundable(&no), 0);
}

#[test]
fn the_words_are_kept_without_what_surrounds_them() {
    let bench = bench();
    bench.settled();
    let spaced =
        WantedRefund { reason: " 多缴\n".to_owned(), ..wanted(None, None, "key-number-1") };
    let made = bench.asks(&spaced).unwrap();
    assert_eq!(made[0].reason, "多缴");
    assert_eq!(bench.asks(&wanted(None, None, "key-number-1")).unwrap(), made, "the same call");
}

#[test]
fn of_a_single_notice_an_amount_need_not_say_of_which() {
    let bench = bench();
    let no = bench.settled_of_one();
    let made = bench.asks(&wanted(None, Some(50), "key-number-1")).unwrap();
    let amounts: Vec<_> = made.iter().map(|refund| refund.amount.fen().value()).collect();
    assert_eq!(amounts, [50]);
    assert_eq!(bench.refundable(&no), 51);
}

#[test]
fn what_the_agency_never_wrote_off_is_asked_back_without_it() {
    let bench = bench();
    let no = bench.paid();
    let rejected = RejectedWriteOff {
        payment_no: no.clone(),
        notice_no: NoticeNo::new(NOTICE_1).unwrap(),
        proven: false,
        reason: String::new(),
    };
    wait(bench.owe.give_back(&rejected)).unwrap();
    let first = bench.refunds(&no).remove(0);
    let reject = RefundAct::Reject("先核实".to_owned());
    bench.decides(&agency(), &first.no, &reject).unwrap();
    let made = bench.asks(&wanted(Some(NOTICE_1), Some(5), "key-number-1")).unwrap();
    let notice = made[0].notice.as_ref().unwrap();
    assert_eq!((notice.desk, notice.receipt), (DeskStep::Unconcerned, ReceiptStep::Settled));
    let other = wanted(Some(NOTICE_2), Some(5), "key-number-2");
    assert_eq!(bench.asks(&other), Err(No::NotWrittenOff), "that one is still under way");
}

#[test]
fn nobody_asks_without_end() {
    let bench = bench();
    bench.settled();
    let reject = RefundAct::Reject("否".to_owned());
    for number in 0..100 {
        let one = wanted(Some(NOTICE_2), Some(1), &format!("key-number-{number}"));
        let made = bench.asks(&one).unwrap();
        bench.decides(&agency(), &made[0].no, &reject).unwrap();
    }
    let last = wanted(Some(NOTICE_2), Some(1), "key-number-100");
    assert_eq!(bench.asks(&last), Err(No::TooMany));
}

#[test]
fn a_refund_that_is_not_there_is_decided_by_nobody() {
    let no = RefundNo::new("YT20260302101531XX").unwrap();
    assert_eq!(bench().decides(&agency(), &no, &RefundAct::Check), Err(DecideRefusal::NotFound));
}

#[test]
fn the_gateways_message_has_the_worker_ask_at_once_and_decides_nothing_itself() {
    let bench = bench();
    bench.settled();
    bench.gateway.desk_says(DeskSays::Waiting);
    let made = bench.asks(&wanted(Some(NOTICE_2), None, "key-number-1")).unwrap();
    bench.work(); // Asked; the next look is minutes away.
    bench.gateway.desk_moves(&made[0].no, DeskStanding::Approved(NoticeAfter::Cancelled));
    bench.work();
    assert_eq!(bench.refund(&made[0].no).state, RefundState::Requested);
    let hear =
        HearRefundDecision { refunds: Arc::new(bench.truth.clone()), clock: bench.clock.clone() };
    for unknown in ["", "YT20260302101531XX", "不"] {
        wait(hear.run(unknown)).unwrap();
    }
    wait(hear.run(made[0].no.as_str())).unwrap();
    assert_eq!(bench.refund(&made[0].no).state, RefundState::Requested);
    bench.work();
    assert!(matches!(bench.refund(&made[0].no).state, RefundState::Done { .. }));
}

#[test]
fn what_a_merged_account_paid_and_asked_for_is_the_persons_still() {
    let bench = bench();
    let no = bench.settled();
    let one = wanted(Some(NOTICE_1), Some(3), "key-number-1");
    let made = bench.asks(&one).unwrap();
    let mut elder = samples::caller("P0");
    elder.person.former_ids = vec![samples::person("P1").id];
    let elder = RefundMaker::Citizen(&elder);
    assert_eq!(bench.asks_as(elder, &one).unwrap(), made, "the key has been used");
    let other = WantedRefund { amount: Some(Fen::new(4)), ..one };
    assert_eq!(bench.asks_as(elder, &other), Err(No::KeyReused));
    let anew = WantedRefund { key: wanted(None, None, "key-number-2").key, ..other };
    let anew = bench.asks_as(elder, &anew).unwrap();
    assert_eq!((anew[0].person.as_str(), bench.refunds(&no).len()), ("P1", 2));
}

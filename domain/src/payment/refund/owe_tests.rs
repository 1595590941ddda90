//! What goes back by itself: how much, of whose share, by whose leave, and with which words.

use super::*;
use crate::fakes::FaultPlan;
use crate::fakes::samples::{self, at};
use crate::money::Fen;
use crate::payment::refund::bench::{Bench, CEILING, NOTICE_1, NOTICE_2, wait};

fn bench() -> Bench {
    Bench::over(&Arc::new(FaultPlan::none()))
}

fn rejected(notice: &str, proven: bool, reason: &str) -> RejectedWriteOff {
    RejectedWriteOff {
        payment_no: samples::payment_no("YW000001"),
        notice_no: samples::notice_no(notice),
        proven,
        reason: reason.to_owned(),
    }
}

fn gives_back(bench: &Bench, rejected: &RejectedWriteOff) -> Owed {
    wait(bench.owe.give_back(rejected)).unwrap()
}

#[test]
fn money_that_never_counted_is_owed_back_in_full_by_the_rule() {
    let bench = bench();
    let no = bench.owed(1, 20_003);
    let told = wait(bench.owe.run_once(16)).unwrap();
    let told: Vec<_> = told.into_iter().map(|(no, owed)| (no, owed.unwrap())).collect();
    assert_eq!(told, [(no.clone(), Owed::GoesBack)]);
    let refund = bench.refunds(&no).remove(0);
    assert_eq!(refund.amount.fen(), Fen::new(20_003));
    assert_eq!(
        (refund.cause, refund.reason_code),
        (RefundCause::Automatic, RefundReasonCode::Duplicate)
    );
    assert_eq!(refund.reason, "重复缴款或逾期到账，原路退回");
    assert_eq!((refund.notice.clone(), refund.levels.clone()), (None, vec![FinanceLevel::Local]));
    assert_eq!((refund.state.clone(), refund.next_try_at), (RefundState::Approved, Some(at(60))));
    assert_eq!(refund.maker(), Some(&Actor::Rule));
    wait(bench.owe.run_once(16)).unwrap();
    assert_eq!(bench.refunds(&no), [refund], "once");
}

#[test]
fn what_is_above_the_days_ceiling_waits_for_staff() {
    let bench = bench();
    let no = bench.owed(1, CEILING + 1);
    let told = wait(bench.owe.run_once(16)).unwrap();
    assert_eq!(*told[0].1.as_ref().unwrap(), Owed::WaitsForStaff);
    let refund = bench.refunds(&no).remove(0);
    assert_eq!((refund.state, refund.next_try_at), (RefundState::Requested, None));
}

#[test]
fn of_a_rejected_write_off_the_notices_own_shares_go_back_once() {
    let bench = bench();
    let no = bench.paid();
    assert_eq!(gives_back(&bench, &rejected(NOTICE_2, true, "重复")), Owed::GoesBack);
    let refund = bench.refunds(&no).remove(0);
    assert_eq!(refund.amount.fen(), Fen::new(101));
    assert_eq!(refund.reason_code, RefundReasonCode::Duplicate);
    use FinanceLevel::{Central, Local, Province};
    assert_eq!(refund.levels, [Local, Province, Central]);
    let notice = refund.notice.clone().unwrap();
    assert_eq!((notice.no.as_str(), notice.agency_code.as_str()), (NOTICE_2, "330101"));
    assert_eq!((notice.desk, notice.receipt), (DeskStep::Unconcerned, ReceiptStep::Settled));
    let slices: Vec<_> = notice.slices.iter().map(|s| (s.place, s.amount.value())).collect();
    assert_eq!(slices, [(3, 10), (4, 33), (5, 58)]);
    assert_eq!(gives_back(&bench, &rejected(NOTICE_2, true, "重复")), Owed::Known);
    assert_eq!(bench.refunds(&no), [refund]);
    assert_eq!(gives_back(&bench, &rejected(NOTICE_1, true, "")), Owed::GoesBack, "the other");
}

#[test]
fn what_is_not_proven_two_persons_judge() {
    let bench = bench();
    let no = bench.paid();
    assert_eq!(gives_back(&bench, &rejected(NOTICE_1, false, "")), Owed::WaitsForStaff);
    let refund = bench.refunds(&no).remove(0);
    assert_eq!((refund.state, refund.next_try_at), (RefundState::Requested, None));
    assert_eq!(refund.reason_code, RefundReasonCode::Other);
}

#[test]
fn the_agencys_words_are_kept_as_far_as_a_statement_can_show_them() {
    for (words, kept) in [
        ("", "执收单位未予入账，原路退回".to_owned()),
        ("已撤\u{7}销\n", "执收单位未予入账，原路退回：已撤销".to_owned()),
        (&"长".repeat(300), format!("执收单位未予入账，原路退回：{}", "长".repeat(186))),
    ] {
        let bench = bench();
        let no = bench.paid();
        gives_back(&bench, &rejected(NOTICE_1, true, words));
        let refund = bench.refunds(&no).remove(0);
        assert_eq!(refund.reason, kept);
        assert!(refund.reason.chars().count() <= Refund::MAX_REASON);
    }
}

#[test]
fn nothing_goes_back_of_what_was_not_taken() {
    let bench = bench();
    assert_eq!(gives_back(&bench, &rejected(NOTICE_1, true, "")), Owed::Known, "no such payment");
    let no = bench.paid();
    let foreign = rejected("330000001FS9", true, "");
    assert_eq!(gives_back(&bench, &foreign), Owed::Known, "not a notice of this payment");
    assert_eq!(bench.refunds(&no), []);
}

//! Money of another amount: it stays in suspense until two persons agree, and then goes back whole.

use super::bench::{Bench, agency, finance, staff, wait, wanted};
use super::{
    Actor, DecideRefusal, Refund, RefundAct, RefundMaker, RefundReasonCode, RefundRefusal,
    RefundState,
};
use crate::clock::beijing_day;
use crate::fakes::FaultPlan;
use crate::fakes::samples::at;
use crate::identity::{StaffAccount, StaffRole};
use crate::ids::PaymentNo;
use crate::money::FinanceLevel;
use crate::payment::{
    Account, EventReason, JournalKind, LedgerBook, PaymentStatus, PaymentStore, Rail, Side,
};
use jiff::SignedDuration;
use std::sync::Arc;

/// What the rail took, where 10 000 fen were asked for: one fen less is another amount already.
const TAKEN: i64 = 9_999;

fn held() -> (Bench, PaymentNo, Refund) {
    let bench = Bench::over(&Arc::new(FaultPlan::none()));
    let no = bench.under_review(TAKEN);
    bench.work();
    let refund = bench.refunds(&no).remove(0);
    (bench, no, refund)
}

fn status(bench: &Bench, no: &PaymentNo) -> PaymentStatus {
    bench.payment(no).state.status()
}

/// Kind and entries of the journals of the first day, without the amounts, which are all alike.
fn booked(bench: &Bench) -> Vec<(JournalKind, Vec<(Side, Account)>)> {
    let journals = wait(bench.truth.journals_of(Rail::WeChatPay, beijing_day(at(0)))).unwrap();
    let lines = journals.into_iter().map(|journal| {
        let entries = journal.entries().iter().map(|entry| {
            assert_eq!(entry.amount.value(), TAKEN);
            (entry.side, entry.account.clone())
        });
        (journal.kind, entries.collect())
    });
    lines.collect()
}

fn checker(name: &str) -> StaffAccount {
    staff(name, StaffRole::Checker)
}

fn local(name: &str) -> StaffAccount {
    finance(name, FinanceLevel::Local)
}

#[test]
fn a_refund_of_all_of_it_waits_for_two_persons_and_nothing_moves_meanwhile() {
    let (bench, no, refund) = held();
    assert_eq!((refund.state.clone(), refund.next_try_at), (RefundState::Requested, None));
    assert_eq!((refund.amount.fen().value(), refund.notice.clone()), (TAKEN, None));
    assert_eq!(refund.reason_code, RefundReasonCode::Other);
    assert_eq!(refund.reason, "到账金额与应缴金额不符，原路全额退回");
    assert_eq!(bench.maker(&refund.no), Actor::Rule);
    bench.works_for(3);
    assert_eq!(bench.refunds(&no).len(), 1, "one is made, however often it is looked at");
    assert_eq!(status(&bench, &no), PaymentStatus::UnderReview);
    let checked = bench.decides(&checker("甲"), &refund.no, &RefundAct::Check).unwrap();
    assert_eq!(checked.state, RefundState::AgencyChecked);
    bench.works_for(3);
    assert_eq!(status(&bench, &no), PaymentStatus::UnderReview, "one person moves nothing");
    assert_eq!(bench.rail.refund_nos(), []);
    assert_eq!(booked(&bench).len(), 1);
}

#[test]
fn once_both_agree_it_leaves_suspense_and_goes_back_by_the_same_route() {
    let (bench, no, refund) = held();
    bench.decides(&checker("甲"), &refund.no, &RefundAct::Check).unwrap();
    bench.decides(&local("乙"), &refund.no, &RefundAct::Approve).unwrap();
    let payment = bench.payment(&no);
    assert_eq!(payment.state.status(), PaymentStatus::RefundDue);
    assert!(!payment.state.holds_notices(), "the notice can be paid again at once");
    let last = wait(PaymentStore::history(&bench.truth, &no)).unwrap().pop().unwrap();
    assert_eq!((last.status, last.reason), (PaymentStatus::RefundDue, EventReason::ReviewOver));
    assert_eq!(last.evidence, Some(format!("decision:{}", refund.no)));
    let rail = Rail::WeChatPay;
    let over =
        vec![(Side::Debit, Account::Suspense(rail)), (Side::Credit, Account::RefundDue(rail))];
    assert!(booked(&bench).contains(&(JournalKind::ReviewOver, over)), "{:?}", booked(&bench));

    bench.works_for(2);
    assert_eq!(status(&bench, &no), PaymentStatus::Refunded);
    assert_eq!(bench.rail.refund_nos(), vec![refund.no], "once, under the number agreed to");
    let kinds: Vec<_> = booked(&bench).into_iter().map(|(kind, _)| kind).collect();
    for kind in [JournalKind::HeldForReview, JournalKind::ReviewOver, JournalKind::RefundSent] {
        assert_eq!(kinds.iter().filter(|booked| **booked == kind).count(), 1, "{kinds:?}");
    }
}

#[test]
fn nobody_agrees_twice_and_no_agency_has_a_word() {
    let (bench, no, refund) = held();
    let both = StaffAccount {
        roles: vec![StaffRole::Checker, StaffRole::Finance(FinanceLevel::Local)],
        ..checker("甲")
    };
    let refused =
        |who: &StaffAccount, act: &RefundAct| bench.decides(who, &refund.no, act).unwrap_err();
    assert_eq!(refused(&agency(), &RefundAct::Check), DecideRefusal::NotAllowed);
    bench.decides(&both, &refund.no, &RefundAct::Check).unwrap();
    assert_eq!(refused(&both, &RefundAct::Approve), DecideRefusal::SamePerson);
    assert_eq!(refused(&checker("丙"), &RefundAct::Approve), DecideRefusal::NotAllowed);
    assert_eq!(status(&bench, &no), PaymentStatus::UnderReview);
}

#[test]
fn a_refusal_begins_it_anew_because_the_money_can_go_nowhere_else() {
    let (bench, no, refund) = held();
    let refuses = RefundAct::Reject("先与渠道核对".to_owned());
    bench.decides(&checker("甲"), &refund.no, &refuses).unwrap();
    bench.clock.advance(SignedDuration::from_mins(1));
    bench.works_for(2);
    let refunds = bench.refunds(&no);
    assert_eq!(refunds.len(), 2);
    assert_eq!(refunds[0].state, RefundState::Rejected);
    assert_eq!(refunds[1].state, RefundState::Requested);
    assert_eq!(status(&bench, &no), PaymentStatus::UnderReview);
    bench.decides(&checker("甲"), &refunds[1].no, &RefundAct::Check).unwrap();
    bench.decides(&local("乙"), &refunds[1].no, &RefundAct::Approve).unwrap();
    bench.works_for(2);
    assert_eq!(bench.rail.refund_nos(), std::slice::from_ref(&refunds[1].no));
}

#[test]
fn what_was_refused_after_the_review_waits_for_two_persons_again() {
    let (bench, no, refund) = held();
    bench.decides(&checker("甲"), &refund.no, &RefundAct::Check).unwrap();
    bench.decides(&local("乙"), &refund.no, &RefundAct::Approve).unwrap();
    let refuses = RefundAct::Reject("账户有误".to_owned());
    bench.decides(&checker("丙"), &refund.no, &refuses).unwrap();
    bench.clock.advance(SignedDuration::from_mins(1));
    bench.works_for(2);
    assert_eq!(status(&bench, &no), PaymentStatus::RefundDue, "the review is over");
    let last = bench.refunds(&no).pop().unwrap();
    assert_eq!(last.state, RefundState::Requested, "and no rule sends what a person refused");
    assert_eq!(bench.rail.refund_nos(), []);
}

#[test]
fn nobody_asks_for_it_because_it_is_asked_for_already() {
    let (bench, _, _) = held();
    let clerk = staff("丁", StaffRole::Clerk);
    let asked = bench.asks_as(RefundMaker::Staff(&clerk), &wanted(None, None, "key-number-1"));
    assert_eq!(asked.unwrap_err(), RefundRefusal::NotRefundable);
    let asked = bench.asks(&wanted(None, None, "key-number-2"));
    assert_eq!(asked.unwrap_err(), RefundRefusal::NotRefundable);
}

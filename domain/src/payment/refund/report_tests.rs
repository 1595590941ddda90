//! Whose refund a rail's word is about, whether it is news, and when the rail is asked next.

use super::*;
use crate::fakes::samples::{self, at};
use crate::fakes::{FakeRail, FaultPlan, RefundsGo};
use crate::payment::apply::tests::Alipay;
use crate::payment::refund::bench::{Bench, NOTICE_1, NOTICE_2, finance, wait, wanted};
use crate::payment::{FinanceLevel, PaymentRail, PaymentStatus, Rail, Redirect, RefundAct};

fn bench() -> Bench {
    Bench::over(&Arc::new(FaultPlan::none()))
}

fn done() -> RailRefundState {
    RailRefundState::Done { txn: None, at: at(90) }
}

fn report(refund_no: &str, order_no: &str) -> RefundReport {
    RefundReport {
        rail: Rail::WeChatPay,
        refund_no: refund_no.to_owned(),
        order_no: order_no.to_owned(),
        merchant_no: samples::MERCHANT_NO.to_owned(),
        amount: Fen::new(500),
        state: done(),
    }
}

fn applies(bench: &Bench, report: &RefundReport) -> RefundApplied {
    let other: Arc<dyn PaymentRail> = Arc::new(Alipay(FakeRail::new(Arc::new(FaultPlan::none()))));
    let apply = ApplyRefundReport {
        refunds: Arc::new(bench.truth.clone()),
        payments: Arc::new(bench.truth.clone()),
        rails: Rails::new(vec![bench.rail.clone(), other]),
        clock: bench.clock.clone(),
    };
    wait(apply.run(report, &Evidence::Callback("E9".to_owned()))).unwrap()
}

#[test]
fn the_same_number_at_another_rail_is_another_refund() {
    let bench = bench();
    let no = bench.owed(1, 500);
    bench.rail.refunds_go(RefundsGo::Nowhere);
    bench.work();
    let ours = report(bench.refunds(&no)[0].no.as_str(), no.as_str());
    let foreign = RefundReport { rail: Rail::Alipay, ..ours.clone() };
    assert_eq!(applies(&bench, &foreign), RefundApplied::Foreign(RefundMismatch::Refund));
    assert_eq!(applies(&bench, &ours), RefundApplied::Moved(RefundStatus::Done));
}

#[test]
fn news_of_an_unknown_refund_waits_only_for_a_payment_that_is_not_settled_yet() {
    let bench = bench();
    let open = samples::payment("YW000001", NOTICE_2, 500);
    wait(PaymentStore::insert(&bench.truth, &open, &samples::started())).unwrap();
    let settled = bench.owed(2, 500);
    let foreign = RefundApplied::Foreign(RefundMismatch::Refund);
    for refund_no in ["YT20260302101531XX", "?"] {
        let of = |order_no: &str| report(refund_no, order_no);
        assert_eq!(applies(&bench, &of("YW000001")), RefundApplied::TooEarly);
        assert_eq!(applies(&bench, &of(settled.as_str())), foreign);
        assert_eq!(applies(&bench, &of("YW999999")), foreign);
        assert_eq!(applies(&bench, &of("?")), foreign);
        let elsewhere = RefundReport { rail: Rail::Alipay, ..of("YW000001") };
        assert_eq!(applies(&bench, &elsewhere), foreign);
    }
}

#[test]
fn a_rail_that_works_on_a_refund_is_asked_soon_and_one_that_waits_for_people_each_hour() {
    let bench = bench();
    let no = bench.owed(1, 500);
    wait(bench.owe.run_once(16)).unwrap();
    let refund = bench.refunds(&no).remove(0);
    let failed = RefundState::Failed { code: "X".to_owned() };
    for (state, next) in [
        (RefundState::Approved, Some(0)),
        (RefundState::Submitted, Some(5)),
        (RefundState::Unknown, Some(5)),
        (RefundState::NeedsAccount, Some(3_600)),
        (failed, None),
    ] {
        let refund = Refund { state, ..refund.clone() };
        assert_eq!(next_look(&refund, at(0)), next.map(at), "{:?}", refund.state);
    }
}

#[test]
fn after_another_account_was_named_only_the_rails_answer_says_that_it_is_stuck() {
    let bench = bench();
    let no = bench.owed(1, 500);
    wait(bench.owe.run_once(16)).unwrap();
    let refund = bench.refunds(&no).remove(0);
    let account = crate::payment::PayeeAccount {
        holder: "王小明".to_owned(),
        number: "6222020200112230".to_owned(),
        bank: "工商银行".to_owned(),
    };
    let (callback, answer) = (Evidence::Callback("E9".to_owned()), Evidence::Answer(at(90)));
    let stuck = RailRefundState::NeedsAccount;
    for (step, told, asked) in [
        (None, false, false),
        (Some(RedirectStep::Named), false, false),
        (Some(RedirectStep::Agreed), true, false),
        (Some(RedirectStep::Sent), true, false),
    ] {
        let redirect = step.map(|step| Redirect { account: account.clone(), step });
        let refund = Refund { redirect, ..refund.clone() };
        assert_eq!(is_old_news(&refund, &stuck, &callback), told, "{step:?}");
        assert_eq!(is_old_news(&refund, &stuck, &answer), asked, "{step:?}");
        assert!(!is_old_news(&refund, &done(), &callback), "money is always news");
    }
}

#[test]
fn two_refunds_of_one_payment_that_are_under_way_end_one_after_the_other() {
    let bench = bench();
    let no = bench.settled();
    bench.rail.refunds_go(RefundsGo::Nowhere);
    let all = wanted(None, None, "key-number-1");
    let made = bench.asks(&all).unwrap();
    bench.works_for(4);
    let stands = || bench.payment(&no).state.status();
    assert_eq!(stands(), PaymentStatus::Refunding);
    let ends = |refund: &Refund, state: RailRefundState| {
        let (refund_no, amount) = (refund.no.to_string(), refund.amount.fen());
        let report = RefundReport { refund_no, amount, state, ..report("", no.as_str()) };
        applies(&bench, &report)
    };
    let failed = RailRefundState::Failed { code: "X".to_owned() };
    assert_eq!(ends(&made[0], failed), RefundApplied::Moved(RefundStatus::Failed));
    assert_eq!(stands(), PaymentStatus::Refunding, "the other is still on its way");
    assert_eq!(ends(&made[1], done()), RefundApplied::Moved(RefundStatus::Done));
    assert_eq!(stands(), PaymentStatus::PartiallyRefunded);
}

#[test]
fn a_notice_can_be_paid_again_once_all_of_its_money_is_back() {
    let bench = bench();
    bench.settled();
    let holder = |notice| {
        let notice = samples::notice_no(notice);
        wait(bench.truth.find_holder(&notice)).unwrap().is_some()
    };
    bench.asks(&wanted(Some(NOTICE_2), Some(50), "key-number-1")).unwrap();
    bench.works_for(4);
    assert!(holder(NOTICE_2), "half of it is still there");
    bench.asks(&wanted(Some(NOTICE_2), None, "key-number-2")).unwrap();
    bench.works_for(4);
    assert!(!holder(NOTICE_2) && holder(NOTICE_1));
}

#[test]
fn an_account_that_did_not_do_is_forgotten() {
    let bench = bench();
    let no = bench.owed(1, 500);
    bench.rail.refunds_go(RefundsGo::Stuck);
    bench.work();
    let refund = bench.refunds(&no).remove(0).no;
    let account = crate::payment::PayeeAccount {
        holder: "王小明".to_owned(),
        number: "6222020200112230".to_owned(),
        bank: "工商银行".to_owned(),
    };
    let (one, two) = (finance("甲", FinanceLevel::Local), finance("乙", FinanceLevel::Local));
    bench.decides(&one, &refund, &RefundAct::NameAccount(account)).unwrap();
    bench.decides(&two, &refund, &RefundAct::AgreeToAccount).unwrap();
    assert!(bench.refund(&refund).redirect.is_some());
    let answer = Evidence::Answer(at(90));
    let stuck = wait(bench.send.apply.learn(&refund, &RailRefundState::NeedsAccount, &answer));
    assert_eq!(stuck.unwrap(), RefundApplied::Moved(RefundStatus::NeedsAccount));
    assert_eq!(bench.refund(&refund).redirect, None);
}

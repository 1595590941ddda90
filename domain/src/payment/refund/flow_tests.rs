//! From the request to the money, and back into the ledger.

use super::bench::{Bench, CEILING, NOTICE_1, NOTICE_2, agency, finance, staff, wait, wanted};
use super::{
    Actor, ApplyRefundReport, PayeeAccount, ReceiptStep, Refund, RefundAct, RefundApplied,
    RefundMismatch, RefundState, RefundStatus, Refunders,
};
use crate::clock::{Clock, beijing_day};
use crate::fakes::samples::at;
use crate::fakes::{DeskSays, FakeRail, Fault, FaultPlan, InMemoryStore, RefundsGo};
use crate::identity::StaffRole;
use crate::ids::{PaymentNo, RefundNo};
use crate::money::{Fen, FinanceLevel, PayableFen};
use crate::outside::OutsideError;
use crate::payment::{
    Account, DeskStanding, Evidence, JournalKind, LedgerBook, NoticeAfter, PaymentStatus, Rail,
    RailRefundState, RailRefunds, RefundOrder, RefundReport, Side,
};
use crate::reconciliation::{DayBook, DayResult, DayState};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

fn bench() -> Bench {
    Bench::over(&Arc::new(FaultPlan::none()))
}

/// What every account holds, credits less debits; accounts with nothing are left out.
fn balances(store: &InMemoryStore) -> BTreeMap<Account, i64> {
    let mut sums = BTreeMap::new();
    for day in [at(0), at(86_400), at(2 * 86_400)].map(beijing_day) {
        for journal in wait(store.journals_of(Rail::WeChatPay, day)).unwrap() {
            for entry in journal.entries() {
                let sign = if entry.side == Side::Credit { 1 } else { -1 };
                *sums.entry(entry.account.clone()).or_insert(0) += sign * entry.amount.value();
            }
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn levels_of(refund: &Refund) -> BTreeMap<FinanceLevel, i64> {
    let slices = refund.notice.iter().flat_map(|notice| &notice.slices);
    let mut sums = BTreeMap::new();
    for slice in slices {
        let Account::Share { level, .. } = slice.account else { panic!("{slice:?}") };
        *sums.entry(level).or_insert(0) += slice.amount.value();
    }
    sums
}

fn status(bench: &Bench, no: &PaymentNo) -> PaymentStatus {
    bench.payment(no).state.status()
}

#[test]
fn a_part_and_then_the_rest_take_back_each_levels_share_to_the_fen() {
    let bench = bench();
    let no = bench.settled();
    let booked = balances(&bench.truth);
    let part = bench.asks(&wanted(Some(NOTICE_1), Some(7_001), "key-number-1")).unwrap();
    // Of 200.03 central has 20.00, the province 66.00, the city 114.03.
    use FinanceLevel::{Central, Local, Province};
    let shares = BTreeMap::from([(Central, 700), (Province, 2_310), (Local, 3_991)]);
    assert_eq!(levels_of(&part[0]), shares, "in proportion, by largest remainder");
    assert_eq!(part[0].levels, [Local, Province, Central]);
    bench.works_for(2);
    assert_eq!(bench.refund(&part[0].no).state.status(), RefundStatus::Done);
    assert_eq!(status(&bench, &no), PaymentStatus::PartiallyRefunded);
    let left = balances(&bench.truth);
    let (clearing, before) = (Account::RailClearing(Rail::WeChatPay), -20_104);
    assert_eq!((booked[&clearing], left[&clearing]), (before, before + 7_001));

    let rest = bench.asks(&wanted(None, None, "key-number-2")).unwrap();
    let amounts: Vec<_> = rest.iter().map(|refund| refund.amount.fen().value()).collect();
    assert_eq!(amounts, [13_002, 101]);
    bench.works_for(4);
    assert_eq!(status(&bench, &no), PaymentStatus::Refunded);
    assert_eq!(balances(&bench.truth), BTreeMap::new(), "no account of any level keeps a fen");
    assert_eq!(bench.rail.given_back(&no), 20_104);
    let (reversed, replaced) = bench.gateway.reversals(&bench.payment(&no).notices[0].no, &no);
    assert_eq!((reversed, replaced), (2, None), "the receipt, and that of the rest");
}

#[test]
fn two_parts_of_one_notice_take_turns_with_its_receipt() {
    let bench = bench();
    let no = bench.settled();
    let notice = bench.payment(&no).notices[0].no.clone();
    for (number, fen) in [(1, 5_000), (2, 6_000), (3, 1)] {
        bench.asks(&wanted(Some(NOTICE_1), Some(fen), &format!("key-number-{number}"))).unwrap();
    }
    bench.works_for(12);
    let done = |refund: &Refund| refund.state.status() == RefundStatus::Done;
    assert!(bench.refunds(&no).iter().all(done), "{:?}", bench.refunds(&no));
    let rest = PayableFen::new(20_003 - 11_001).ok();
    assert_eq!(bench.gateway.reversals(&notice, &no), (3, rest));
}

#[test]
fn a_refund_that_failed_after_its_receipt_was_reversed_leaves_the_way_open() {
    let bench = bench();
    let no = bench.settled();
    let notice = bench.payment(&no).notices[0].no.clone();
    bench.rail.refunds_go(RefundsGo::Failed("USER_ACCOUNT_ABNORMAL".to_owned()));
    for number in 1..=2 {
        let key = format!("key-number-{number}");
        bench.asks(&wanted(Some(NOTICE_1), Some(7_000), &key)).unwrap();
        bench.works_for(4);
    }
    assert!(bench.refunds(&no).iter().all(|r| r.state.status() == RefundStatus::Failed));
    bench.rail.refunds_go(RefundsGo::Back);
    bench.asks(&wanted(Some(NOTICE_1), Some(7_000), "key-number-3")).unwrap();
    bench.works_for(4);
    assert_eq!(bench.rail.given_back(&no), 7_000);
    let rest = PayableFen::new(13_003).ok();
    assert_eq!(bench.gateway.reversals(&notice, &no), (1, rest), "reversed once, for all three");
    bench.asks(&wanted(Some(NOTICE_1), None, "key-number-4")).unwrap();
    bench.works_for(4);
    assert_eq!(bench.gateway.reversals(&notice, &no), (2, None), "and the rest like any other");
}

#[test]
fn no_money_leaves_before_gateway_and_finance_agree_and_the_receipt_is_reversed() {
    let bench = bench();
    let no = bench.settled();
    bench.gateway.desk_says(DeskSays::Waiting);
    let made = bench.asks(&wanted(Some(NOTICE_2), None, "key-number-1")).unwrap();
    let refund = &made[0].no;
    bench.works_for(2);
    bench.decides(&agency(), refund, &RefundAct::Check).unwrap();
    use FinanceLevel::{Central, Local, Province};
    for (name, level) in [("乙", Local), ("丙", Province), ("丁", Central)] {
        // The levels that the gateway named count: ours alone here.
        if bench.refund(refund).state.status() == RefundStatus::AgencyChecked {
            bench.decides(&finance(name, level), refund, &RefundAct::Approve).unwrap();
        }
    }
    bench.works_for(2);
    assert_eq!(bench.refund(refund).state.status(), RefundStatus::Approved);
    assert_eq!(bench.rail.refund_nos(), [], "our people agreed, the gateway has not");
    let notice = bench.payment(&no).notices[1].no.clone();
    assert_eq!(bench.gateway.reversals(&notice, &no), (0, None));
    let approved = DeskStanding::Approved(NoticeAfter::Open);
    assert!(bench.gateway.desk_moves(refund, approved));
    bench.works_for(2);
    assert_eq!(bench.gateway.reversals(&notice, &no), (1, None));
    assert_eq!(bench.rail.given_back(&no), 101);
    let settled = bench.refund(refund);
    assert_eq!(settled.notice.map(|notice| notice.receipt), Some(ReceiptStep::Settled));
    assert_eq!(bench.gateway.desk_case(refund), Some(DeskStanding::PaidBack));
}

#[test]
fn what_the_gateway_refuses_frees_the_amount() {
    let bench = bench();
    let no = bench.settled();
    bench.gateway.desk_says(DeskSays::Rejected);
    let made = bench.asks(&wanted(None, None, "key-number-1")).unwrap();
    bench.works_for(1);
    assert!(made.iter().all(|r| bench.refund(&r.no).state == RefundState::Rejected));
    assert_eq!(bench.refundable(&no), 20_104);
    assert_eq!(status(&bench, &no), PaymentStatus::Paid);
}

#[test]
fn money_that_never_counted_goes_back_by_itself_up_to_the_ceiling_and_not_a_fen_more() {
    let bench = bench();
    let numbers = [bench.owed(1, CEILING - 1), bench.owed(2, 1), bench.owed(3, 1)];
    bench.work();
    let states = numbers.clone().map(|no| status(&bench, &no));
    assert_eq!(states[..2], [PaymentStatus::Refunded; 2], "exactly the ceiling");
    assert_eq!(states[2], PaymentStatus::RefundDue, "one fen above it");
    let waits = bench.refunds(&numbers[2]).remove(0);
    assert_eq!((waits.state, waits.next_try_at), (RefundState::Requested, None));

    // Two persons, of whom none is the other.
    let checker = staff("甲", StaffRole::Checker);
    bench.decides(&checker, &waits.no, &RefundAct::Check).unwrap();
    bench.decides(&finance("乙", FinanceLevel::Local), &waits.no, &RefundAct::Approve).unwrap();
    bench.work();
    assert_eq!(status(&bench, &numbers[2]), PaymentStatus::Refunded);
    assert_eq!(balances(&bench.truth), BTreeMap::new());

    bench.clock.advance(SignedDuration::from_hours(24));
    let next_day = bench.owed(4, CEILING);
    bench.work();
    assert_eq!(status(&bench, &next_day), PaymentStatus::Refunded, "each day has its own");
    assert_eq!(bench.maker(&bench.refunds(&next_day)[0].no), Actor::Rule);
}

#[test]
fn money_of_a_settled_day_goes_back_by_two_persons_alone() {
    let bench = bench();
    let no = bench.owed(1, 500);
    let day = DayResult {
        rail: Rail::WeChatPay,
        day: beijing_day(at(10)),
        state: DayState::Matched,
        judged_at: at(60),
        file_hash: String::new(),
        lines: Vec::new(),
        ledger_count: 0,
        ledger_total: Fen::ZERO,
        fee_total: Fen::ZERO,
        discrepancies: Vec::new(),
        next_try_at: None,
    };
    wait(DayBook::save(&bench.truth, &day, b"")).unwrap();
    bench.works_for(2);
    assert_eq!(bench.refunds(&no)[0].state, RefundState::Requested);
    assert_eq!(bench.rail.refund_nos(), []);
}

#[test]
fn a_refund_that_the_rail_gives_up_is_for_people_and_has_a_new_number() {
    let bench = bench();
    let no = bench.owed(1, 500);
    bench.rail.refunds_go(RefundsGo::Failed("USER_ACCOUNT_ABNORMAL".to_owned()));
    bench.works_for(2);
    let refunds = bench.refunds(&no);
    assert_eq!(refunds.len(), 2);
    assert_eq!(refunds[0].state, RefundState::Failed { code: "USER_ACCOUNT_ABNORMAL".to_owned() });
    assert_eq!(refunds[1].state, RefundState::Requested);
    assert_ne!(refunds[0].no, refunds[1].no);
    assert_eq!(status(&bench, &no), PaymentStatus::RefundDue);
    let owed = BTreeMap::from([
        (Account::RailClearing(Rail::WeChatPay), -500),
        (Account::RefundDue(Rail::WeChatPay), 500),
    ]);
    assert_eq!(balances(&bench.truth), owed, "it is owed again");
}

#[test]
fn a_refusal_is_believed_the_sixth_time_and_not_before() {
    let bench = bench();
    let no = bench.owed(1, 500);
    bench.rail.refunds_go(RefundsGo::Refused("NOT_ENOUGH".to_owned()));
    bench.works_for(5);
    assert!(bench.refunds(&no)[0].state.is_at_rail(), "there may be money tomorrow");
    bench.rail.refunds_go(RefundsGo::Back);
    bench.works_for(1);
    assert_eq!(status(&bench, &no), PaymentStatus::Refunded);
    let other = bench.owed(2, 500);
    bench.rail.refunds_go(RefundsGo::Refused("NOT_ENOUGH".to_owned()));
    bench.works_for(7);
    assert_eq!(
        bench.refunds(&other)[0].state,
        RefundState::Failed { code: "NOT_ENOUGH".to_owned() }
    );
}

/// A rail that keeps every order, knows of none, and never says what it did.
#[derive(Default)]
struct Mute(Mutex<Vec<RefundOrder>>);

#[async_trait]
impl RailRefunds for Mute {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        self.0.lock().unwrap().push(refund.clone());
        Err(OutsideError::OutcomeUnknown("silence".into()))
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        self.0.lock().unwrap().push(refund.clone());
        Ok(RailRefundState::NotFound)
    }
}

#[test]
fn every_try_asks_for_the_same_refund_under_the_same_number_and_moment() {
    let plan = Arc::new(FaultPlan::none());
    let mute = Arc::new(Mute::default());
    let ports = Refunders::new(vec![Arc::clone(&mute) as Arc<dyn RailRefunds>], Vec::new());
    let rail = Arc::new(FakeRail::new(Arc::clone(&plan)));
    let bench = Bench::with(InMemoryStore::new(), rail, ports, &plan);
    let no = bench.owed(1, 500);
    let first_sent: Timestamp = bench.clock.now();
    bench.works_for(5);
    let orders = mute.0.lock().unwrap().clone();
    assert_eq!(orders.len(), 9, "asked once, then looked and asked again four times");
    let refund = bench.refunds(&no).remove(0);
    assert!(orders.iter().all(|order| *order == orders[0]));
    assert_eq!((&orders[0].no, orders[0].made_at), (&refund.no, first_sent));
    assert_eq!(refund.state, RefundState::Unknown, "silence is no failure");
    assert_eq!(bench.refundable(&no), 0);
}

#[test]
fn the_moment_is_that_of_the_first_sending_though_the_approval_took_days() {
    let bench = bench();
    bench.settled();
    bench.gateway.desk_says(DeskSays::Waiting);
    let made = bench.asks(&wanted(Some(NOTICE_2), None, "key-number-1")).unwrap();
    bench.works_for(1);
    assert_eq!(bench.refund(&made[0].no).sent_at, None);
    bench.clock.advance(SignedDuration::from_hours(50));
    bench.gateway.desk_moves(&made[0].no, DeskStanding::Approved(NoticeAfter::Cancelled));
    let sent: Timestamp = bench.clock.now();
    bench.works_for(1);
    assert_eq!(bench.refund(&made[0].no).sent_at, Some(sent));
}

fn account() -> PayeeAccount {
    PayeeAccount {
        holder: "王小明".to_owned(),
        number: "6222020200112230".to_owned(),
        bank: "工商银行".to_owned(),
    }
}

#[test]
fn a_stuck_refund_goes_to_the_account_that_two_persons_named() {
    let bench = bench();
    let no = bench.owed(1, 500);
    bench.rail.refunds_go(RefundsGo::Stuck);
    bench.work();
    let refund = bench.refunds(&no).remove(0);
    assert_eq!(refund.state, RefundState::NeedsAccount);
    let (one, two) = (finance("甲", FinanceLevel::Local), finance("乙", FinanceLevel::Local));
    bench.decides(&one, &refund.no, &RefundAct::NameAccount(account())).unwrap();
    bench.works_for(2);
    assert_eq!(bench.rail.refund_account(&refund.no), None, "one person is not enough");
    bench.decides(&two, &refund.no, &RefundAct::AgreeToAccount).unwrap();
    bench.works_for(2);
    assert_eq!(bench.rail.refund_account(&refund.no), Some(account()));
    assert_eq!(status(&bench, &no), PaymentStatus::Refunded);
}

fn applies(bench: &Bench, report: &RefundReport) -> RefundApplied {
    let apply: &ApplyRefundReport = &bench.send.apply;
    wait(apply.run(report, &Evidence::Callback("E9".to_owned()))).unwrap()
}

#[test]
fn a_callback_settles_a_refund_once_and_only_ours() {
    let bench = bench();
    let no = bench.owed(1, 500);
    bench.rail.refunds_go(RefundsGo::Nowhere);
    bench.work();
    let refund = bench.refunds(&no).remove(0).no;
    let done = RailRefundState::Done { txn: None, at: at(90) };
    assert!(bench.rail.decides_refund(&refund, done));
    let report = bench.rail.refund_report(&refund).unwrap();
    use RefundMismatch as Not;
    let foreign = [
        (RefundReport { refund_no: "YT99999999".to_owned(), ..report.clone() }, Not::Refund),
        (RefundReport { rail: Rail::Alipay, ..report.clone() }, Not::Refund),
        (RefundReport { order_no: "YW000002".to_owned(), ..report.clone() }, Not::Order),
        (RefundReport { merchant_no: "1".to_owned(), ..report.clone() }, Not::Merchant),
        (RefundReport { amount: Fen::new(499), ..report.clone() }, Not::Amount),
    ];
    for (report, field) in foreign {
        assert_eq!(applies(&bench, &report), RefundApplied::Foreign(field));
    }
    assert_eq!(status(&bench, &no), PaymentStatus::Refunding, "nothing was changed");
    assert_eq!(applies(&bench, &report), RefundApplied::Moved(RefundStatus::Done));
    assert_eq!(applies(&bench, &report), RefundApplied::Known(RefundStatus::Done));
    let failed = RailRefundState::Failed { code: "X".to_owned() };
    let late = RefundReport { state: failed, ..report };
    assert_eq!(applies(&bench, &late), RefundApplied::Contradicts(RefundStatus::Done));
    assert_eq!(balances(&bench.truth), BTreeMap::new(), "booked once");
    assert_eq!(status(&bench, &no), PaymentStatus::Refunded);
}

#[test]
fn every_call_may_fail_once_in_every_way_and_the_money_goes_back_once() {
    let story = |plan: &Arc<FaultPlan>| {
        let bench = Bench::over(plan);
        let (owed, paid) = (bench.owed(2, 500), bench.settled());
        let before = plan.calls();
        let all = wanted(None, None, "key-number-1");
        for _ in 0..2 {
            let caller = crate::fakes::samples::caller("P1");
            let _ = wait(bench.request.run(super::RefundMaker::Citizen(&caller), &all));
        }
        bench.works_for(14);
        (bench, owed, paid, before)
    };
    let calm = Arc::new(FaultPlan::none());
    let (.., before) = story(&calm);
    let calls = before..calm.calls();
    assert!(calls.len() > 40, "{calls:?}");
    for call in calls {
        for fault in Fault::ALL {
            let (bench, owed, paid, _) = story(&Arc::new(FaultPlan::at(call, fault)));
            let why = format!("call {call}, {fault:?}");
            for (no, fen) in [(&owed, 500), (&paid, 20_104)] {
                assert_eq!(status(&bench, no), PaymentStatus::Refunded, "{why}");
                assert_eq!(bench.rail.given_back(no), fen, "{why}: given back once");
            }
            assert_eq!(balances(&bench.truth), BTreeMap::new(), "{why}");
            let numbers: Vec<RefundNo> = bench.rail.refund_nos();
            assert_eq!(numbers.len(), 3, "{why}: one number a refund");
        }
    }
}

#[test]
fn a_booking_names_the_refund_so_that_each_books_for_itself() {
    let bench = bench();
    let no = bench.owed(1, 500);
    bench.work();
    let refund = bench.refunds(&no).remove(0);
    let journals = wait(bench.truth.journals_of(Rail::WeChatPay, beijing_day(at(0)))).unwrap();
    let of_refund = journals.iter().filter(|journal| journal.refund_no.is_some());
    let kinds: Vec<_> =
        of_refund.map(|journal| (journal.kind, journal.refund_no.clone())).collect();
    let no = Some(refund.no.clone());
    assert_eq!(kinds, [(JournalKind::RefundSent, no.clone()), (JournalKind::RefundDone, no)]);
    assert_eq!(refund.amount, PayableFen::new(500).unwrap());
}

//! Two persons: who may decide what, and who may not any more.

use super::*;
use crate::fakes::samples;
use crate::ids::{PaymentNo, PersonId};
use crate::money::PayableFen;
use crate::payment::{
    DeskStep, FinanceLevel, Rail, ReceiptStep, RefundCause, RefundReasonCode, RefundedNotice,
};

const AGENCY: &str = "330101";

fn staff(name: &str, roles: &[StaffRole]) -> StaffAccount {
    let (name, password_hash) = (name.to_owned(), String::new());
    StaffAccount { name, password_hash, roles: roles.to_vec(), created_at: samples::at(0) }
}

fn finance(name: &str, level: FinanceLevel) -> StaffAccount {
    staff(name, &[StaffRole::Finance(level)])
}

fn agency(name: &str) -> StaffAccount {
    staff(name, &[StaffRole::Agency(AGENCY.to_owned())])
}

fn requested(by: Actor, levels: &[FinanceLevel]) -> Refund {
    let request = Decision {
        stage: DecisionStage::Request,
        by,
        reason: "多缴".to_owned(),
        at: samples::at(0),
    };
    Refund {
        no: RefundNo::new("YT2026030210153111").unwrap(),
        payment_no: PaymentNo::new("YW000001").unwrap(),
        person: PersonId::new("P1").unwrap(),
        rail: Rail::WeChatPay,
        cause: RefundCause::Requested,
        amount: PayableFen::new(100).unwrap(),
        notice: Some(RefundedNotice {
            no: samples::notice_no("330000001FS1"),
            agency_code: AGENCY.to_owned(),
            slices: Vec::new(),
            desk: DeskStep::Asked,
            receipt: ReceiptStep::Standing,
            reversed_by: None,
        }),
        reason_code: RefundReasonCode::Overcharged,
        reason: "多缴".to_owned(),
        key: None,
        levels: levels.to_vec(),
        decisions: vec![request],
        redirect: None,
        created_at: samples::at(0),
        sent_at: None,
        state: RefundState::Requested,
        next_try_at: Some(samples::at(0)),
        attempts: 0,
        version: 0,
    }
}

fn acts(refund: &Refund, who: &StaffAccount, act: RefundAct) -> Result<Refund, DecideRefusal> {
    decided(refund, who, &act, samples::at(60)).map(|change| {
        assert!(change.audit.is_some(), "every act is audited");
        assert_eq!(change.decisions.len(), 1);
        change.refund
    })
}

fn citizen() -> Actor {
    Actor::Citizen(PersonId::new("P1").unwrap())
}

#[test]
fn agency_and_finance_agree_and_then_the_money_may_leave() {
    let refund = requested(citizen(), &[FinanceLevel::Local]);
    let checked = acts(&refund, &agency("甲"), RefundAct::Check).unwrap();
    assert_eq!(checked.state, RefundState::AgencyChecked);
    let local = finance("乙", FinanceLevel::Local);
    let approved = acts(&checked, &local, RefundAct::Approve).unwrap();
    assert_eq!(approved.state, RefundState::Approved);
}

#[test]
fn a_share_of_a_higher_level_needs_a_second_approval_of_that_level() {
    let levels = [FinanceLevel::Local, FinanceLevel::Province];
    let refund = requested(citizen(), &levels);
    let checked = acts(&refund, &agency("甲"), RefundAct::Check).unwrap();
    let local = finance("乙", FinanceLevel::Local);
    let province = finance("丙", FinanceLevel::Province);
    let early = acts(&checked, &province, RefundAct::Approve);
    assert_eq!(early, Err(DecideRefusal::NotAllowed), "the lower level decides first");
    let once = acts(&checked, &local, RefundAct::Approve).unwrap();
    assert_eq!(once.state, RefundState::AgencyChecked, "not enough yet");
    let both = staff("乙", &levels.map(StaffRole::Finance));
    assert_eq!(acts(&once, &both, RefundAct::Approve), Err(DecideRefusal::SamePerson));
    let twice = acts(&once, &province, RefundAct::Approve).unwrap();
    assert_eq!(twice.state, RefundState::Approved);
}

#[test]
fn nobody_agrees_to_what_they_asked_for_or_checked() {
    let everything = [
        StaffRole::Agency(AGENCY.to_owned()),
        StaffRole::Finance(FinanceLevel::Local),
        StaffRole::Checker,
    ];
    let one = staff("甲", &everything);
    let refund = requested(Actor::Staff("甲".to_owned()), &[FinanceLevel::Local]);
    assert_eq!(acts(&refund, &one, RefundAct::Check), Err(DecideRefusal::SamePerson));
    let refund = requested(citizen(), &[FinanceLevel::Local]);
    let checked = acts(&refund, &one, RefundAct::Check).unwrap();
    assert_eq!(acts(&checked, &one, RefundAct::Approve), Err(DecideRefusal::SamePerson));
    let rejected = acts(&checked, &one, RefundAct::Reject("查无此事".to_owned())).unwrap();
    assert_eq!(rejected.state, RefundState::Rejected);
}

#[test]
fn other_roles_and_other_agencies_decide_nothing() {
    let refund = requested(citizen(), &[FinanceLevel::Local]);
    let others = [
        StaffRole::Clerk,
        StaffRole::Checker,
        StaffRole::Auditor,
        StaffRole::Operator,
        StaffRole::Editor,
        StaffRole::Agency("330102".to_owned()),
        StaffRole::Finance(FinanceLevel::Local),
    ];
    for role in others {
        let who = staff("丁", &[role]);
        assert_eq!(acts(&refund, &who, RefundAct::Check), Err(DecideRefusal::NotAllowed));
    }
    let due = Refund { notice: None, ..refund };
    assert_eq!(acts(&due, &agency("甲"), RefundAct::Check), Err(DecideRefusal::NotAllowed));
    let checker = staff("丁", &[StaffRole::Checker]);
    assert!(acts(&due, &checker, RefundAct::Check).is_ok(), "no agency ever had this money");
}

#[test]
fn a_refusal_needs_words_and_nothing_is_refused_once_it_was_sent() {
    let refund = requested(citizen(), &[FinanceLevel::Local]);
    for bad in ["", "  ", "\u{7}", &"长".repeat(201)] {
        let refused = acts(&refund, &agency("甲"), RefundAct::Reject(bad.to_owned()));
        assert_eq!(refused, Err(DecideRefusal::Reason), "{bad}");
    }
    let sent = Refund { state: RefundState::Submitted, ..refund };
    let late = acts(&sent, &agency("甲"), RefundAct::Reject("晚了".to_owned()));
    assert_eq!(late, Err(DecideRefusal::WrongState(RefundStatus::Submitted)));
}

#[test]
fn another_account_needs_two_persons_each_time_it_is_named() {
    let account = PayeeAccount {
        holder: "王小明".to_owned(),
        number: "6222020200112230".to_owned(),
        bank: "工商银行".to_owned(),
    };
    let stuck =
        Refund { state: RefundState::NeedsAccount, ..requested(citizen(), &[FinanceLevel::Local]) };
    let (first, second) =
        (finance("甲", FinanceLevel::Local), finance("乙", FinanceLevel::Province));
    let bad = PayeeAccount { number: "12ab".to_owned(), ..account.clone() };
    let refused = acts(&stuck, &first, RefundAct::NameAccount(bad));
    assert_eq!(refused, Err(DecideRefusal::Account));
    let too_early = acts(&stuck, &second, RefundAct::AgreeToAccount);
    assert!(matches!(too_early, Err(DecideRefusal::WrongState(_))));
    let named = acts(&stuck, &first, RefundAct::NameAccount(account.clone())).unwrap();
    let alone = acts(&named, &first, RefundAct::AgreeToAccount);
    assert_eq!(alone, Err(DecideRefusal::SamePerson));
    let agreed = acts(&named, &second, RefundAct::AgreeToAccount).unwrap();
    assert_eq!(agreed.state, RefundState::Submitted);
    assert!(agreed.redirect.as_ref().is_some_and(Redirect::is_agreed));
    // Stuck again: a new round, in which both may act again.
    let again = Refund { state: RefundState::NeedsAccount, redirect: None, ..agreed };
    let named = acts(&again, &second, RefundAct::NameAccount(account)).unwrap();
    assert!(acts(&named, &first, RefundAct::AgreeToAccount).is_ok());
}

#[test]
fn a_refusal_frees_the_amount_and_no_other_act_does() {
    let refund = requested(citizen(), &[FinanceLevel::Local]);
    let balance = |act| decided(&refund, &agency("甲"), &act, samples::at(60)).unwrap().balance;
    assert_eq!(balance(RefundAct::Reject("查无此事".to_owned())), BalanceMove::Freed);
    assert_eq!(balance(RefundAct::Check), BalanceMove::None);
}

#[test]
fn agency_and_finance_may_refuse_what_has_not_left_and_nobody_else() {
    let refund = requested(citizen(), &[FinanceLevel::Local]);
    let reject = || RefundAct::Reject("查无此事".to_owned());
    for who in [agency("甲"), finance("乙", FinanceLevel::Province)] {
        let rejected = acts(&refund, &who, reject()).unwrap();
        assert_eq!(rejected.state, RefundState::Rejected);
    }
    let clerk = staff("丁", &[StaffRole::Clerk]);
    assert_eq!(acts(&refund, &clerk, reject()), Err(DecideRefusal::NotAllowed));
}

#[test]
fn every_act_has_its_own_word_in_history_and_audit() {
    let account = PayeeAccount {
        holder: "王小明".to_owned(),
        number: "6222020200112230".to_owned(),
        bank: "工商银行".to_owned(),
    };
    let words = [
        (RefundAct::Check, "REFUND_CHECK"),
        (RefundAct::Approve, "REFUND_APPROVE"),
        (RefundAct::Reject(String::new()), "REFUND_REJECT"),
        (RefundAct::NameAccount(account), "REFUND_NAME_ACCOUNT"),
        (RefundAct::AgreeToAccount, "REFUND_AGREE_TO_ACCOUNT"),
    ];
    for (act, word) in words {
        assert_eq!(act.code(), word);
    }
    let refund = requested(citizen(), &[FinanceLevel::Local]);
    let change = decided(&refund, &agency("甲"), &RefundAct::Check, samples::at(60)).unwrap();
    assert_eq!(change.record.unwrap().what, "REFUND_CHECK");
    assert_eq!(change.audit.unwrap().act, "REFUND_CHECK");
}

#[test]
fn an_account_is_named_by_clerk_agency_or_finance_and_not_without_end() {
    let account = PayeeAccount {
        holder: "王小明".to_owned(),
        number: "6222020200112230".to_owned(),
        bank: "工商银行".to_owned(),
    };
    let stuck =
        Refund { state: RefundState::NeedsAccount, ..requested(citizen(), &[FinanceLevel::Local]) };
    let names = |refund: &Refund, who: &StaffAccount| {
        acts(refund, who, RefundAct::NameAccount(account.clone()))
    };
    let (clerk, local) = (staff("丁", &[StaffRole::Clerk]), finance("乙", FinanceLevel::Local));
    for who in [clerk.clone(), agency("甲"), local.clone()] {
        assert!(names(&stuck, &who).is_ok(), "{}", who.name);
    }
    let auditor = staff("丁", &[StaffRole::Auditor]);
    assert_eq!(names(&stuck, &auditor), Err(DecideRefusal::NotAllowed));
    let named = names(&stuck, &local).unwrap();
    assert_eq!(acts(&named, &clerk, RefundAct::AgreeToAccount), Err(DecideRefusal::NotAllowed));
    let mut refund = stuck;
    for round in 1..=20 {
        refund = names(&refund, &local).unwrap();
        assert!(refund.is_decided(DecisionStage::Account(round)), "round {round}");
    }
    let wrong = DecideRefusal::WrongState(RefundStatus::NeedsAccount);
    assert_eq!(names(&refund, &local), Err(wrong), "somebody must look deeper");
}

#[test]
fn what_is_answered_is_what_was_stored() {
    use crate::payment::refund::bench::{Bench, wanted};
    let bench = Bench::over(&std::sync::Arc::new(crate::fakes::FaultPlan::none()));
    bench.settled();
    let made = bench.asks(&wanted(None, None, "key-number-1")).unwrap();
    let checked = bench.decides(&agency("甲"), &made[0].no, &RefundAct::Check).unwrap();
    assert_eq!(checked, bench.refund(&made[0].no));
}

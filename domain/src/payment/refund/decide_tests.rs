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

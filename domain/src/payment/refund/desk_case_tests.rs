use super::super::bench::{Bench, NOTICE_1, NOTICE_2, wanted};
use super::super::{DeskDecision, NoticeAfter};
use super::*;
use crate::fakes::FaultPlan;
use crate::fakes::samples::at;
use std::sync::Arc;

/// A refund of a written-off notice that somebody asked for.
fn asked() -> Refund {
    let bench = Bench::over(&Arc::new(FaultPlan::none()));
    bench.settled();
    bench.asks(&wanted(Some(NOTICE_1), None, "key-number-1")).unwrap().remove(0)
}

fn decision(stage: DeskStage, approved: bool) -> DeskDecision {
    let (decided_by, reason) = ("网关人员".to_owned(), "依据充分".to_owned());
    DeskDecision { stage, approved, decided_by, reason, at: at(70) }
}

fn case(standing: DeskStanding, decisions: Vec<DeskDecision>) -> DeskCase {
    DeskCase { standing, levels: vec![FinanceLevel::Local], decisions }
}

#[test]
fn what_was_decided_there_is_stored_with_the_refund_and_only_once() {
    let refund = asked();
    let agency = || decision(DeskStage::Agency, true);
    let checked = learnt(&refund, &case(DeskStanding::WithFinance, vec![agency()]), at(80));
    let checked = checked.unwrap();
    let made = |stage| {
        let by = Actor::Desk("网关人员".to_owned());
        Decision { stage, by, reason: "依据充分".to_owned(), at: at(70) }
    };
    assert_eq!(checked.decisions, [made(DecisionStage::Check)]);
    assert_eq!(checked.refund.state, RefundState::AgencyChecked);
    assert_eq!((checked.balance, checked.refund.attempts), (BalanceMove::None, 0));
    assert_eq!(checked.refund.next_try_at, Some(at(80)));

    let finance = decision(DeskStage::Finance(FinanceLevel::Local), true);
    let approved = DeskStanding::Approved(NoticeAfter::Open);
    let all = case(approved, vec![agency(), finance]);
    let after = learnt(&checked.refund, &all, at(90)).unwrap();
    assert_eq!(after.decisions, [made(DecisionStage::Finance(FinanceLevel::Local))]);
    assert_eq!(after.refund.state, RefundState::Approved);
    let desk = after.refund.notice.as_ref().map(|notice| notice.desk);
    assert_eq!(desk, Some(DeskStep::Approved(NoticeAfter::Open)));
    assert!(learnt(&after.refund, &all, at(99)).is_none(), "nothing new");
}

#[test]
fn an_approval_that_names_nobody_is_one_of_every_level_all_the_same() {
    let refund = asked();
    let approved = DeskStanding::Approved(NoticeAfter::Cancelled);
    let change = learnt(&refund, &case(approved, Vec::new()), at(80)).unwrap();
    let stages: Vec<_> = change.decisions.iter().map(|made| (made.stage, made.at)).collect();
    let local = DecisionStage::Finance(FinanceLevel::Local);
    assert_eq!(stages, [(DecisionStage::Check, at(80)), (local, at(80))]);
    assert_eq!(change.refund.state, RefundState::Approved);
    assert_eq!(change.refund.levels, [FinanceLevel::Local], "those of the gateway");
}

#[test]
fn a_case_without_levels_leaves_ours() {
    let refund = asked();
    let levels = refund.levels.clone();
    assert!(levels.len() > 1, "{levels:?}");
    let silent = DeskCase { levels: Vec::new(), ..case(DeskStanding::WithAgency, Vec::new()) };
    assert_eq!(learnt(&refund, &silent, at(80)).unwrap().refund.levels, levels);
}

#[test]
fn a_refusal_frees_the_amount_is_stored_with_its_reason_and_ends_the_refund() {
    let refund = asked();
    let refused = DeskDecision {
        reason: "不予退付".to_owned(),
        ..decision(DeskStage::Finance(FinanceLevel::Local), false)
    };
    let all = vec![decision(DeskStage::Agency, true), refused];
    let change = learnt(&refund, &case(DeskStanding::Rejected, all), at(80)).unwrap();
    let by = Actor::Desk("网关人员".to_owned());
    let made =
        Decision {
            stage: DecisionStage::Reject, by, reason: "不予退付".to_owned(), at: at(80)
        };
    assert_eq!((change.decisions, change.balance), (vec![made], BalanceMove::Freed));
    assert_eq!(
        (change.refund.state.clone(), change.refund.next_try_at),
        (RefundState::Rejected, None)
    );
    assert!(rejected(&change.refund, "AMOUNT", at(99)).is_none(), "freed once");

    let change = rejected(&refund, "AMOUNT", at(80)).unwrap();
    assert_eq!(
        (change.decisions[0].reason.as_str(), change.balance),
        ("AMOUNT", BalanceMove::Freed)
    );
}

#[test]
fn what_the_gateway_refuses_can_be_asked_for_again() {
    let bench = Bench::over(&Arc::new(FaultPlan::none()));
    bench.settled();
    bench.gateway.desk_says(crate::fakes::DeskSays::Rejected);
    for key in ["key-number-1", "key-number-2"] {
        let made = bench.asks(&wanted(Some(NOTICE_2), None, key)).unwrap();
        bench.work();
        assert_eq!(bench.refund(&made[0].no).state, RefundState::Rejected, "{key}");
    }
}

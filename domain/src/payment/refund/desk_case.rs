//! What the gateway's decisions do to a refund: pure.

use super::report::next_look;
use super::{
    Actor, BalanceMove, Decision, DecisionStage, DeskCase, DeskStage, DeskStanding, DeskStep,
    FinanceLevel, Refund, RefundChange, RefundEvent, RefundState,
};
use crate::payment::Evidence;
use jiff::Timestamp;

/// The change that the case makes; `None` when it says nothing new. The gateway's agency and
/// finance decide in the place of ours; what ours decided before stands.
pub(super) fn learnt(refund: &Refund, case: &DeskCase, now: Timestamp) -> Option<RefundChange> {
    if case.standing == DeskStanding::Rejected {
        let last = case.decisions.iter().rfind(|decision| !decision.approved);
        let (by, why) = last.map_or(("", ""), |d| (d.decided_by.as_str(), d.reason.as_str()));
        return reject(refund, (by, why), now);
    }
    let mut after = refund.clone();
    // Shares are known best where they are accounted for.
    if !case.levels.is_empty() {
        after.levels.clone_from(&case.levels);
    }
    let mut made = Vec::new();
    for decision in case.decisions.iter().filter(|decision| decision.approved) {
        let stage = match decision.stage {
            DeskStage::Agency => DecisionStage::Check,
            DeskStage::Finance(level) => DecisionStage::Finance(level),
        };
        let by = Actor::Desk(decision.decided_by.clone());
        decide(&mut after, &mut made, (stage, by, &decision.reason), decision.at);
    }
    let approved = match case.standing {
        DeskStanding::Approved(becomes) => Some(becomes),
        DeskStanding::WithAgency
        | DeskStanding::WithFinance
        | DeskStanding::Rejected
        | DeskStanding::PaidBack => None,
    };
    if let Some(notice) = &mut after.notice {
        notice.desk = match (approved, notice.desk) {
            (Some(becomes), DeskStep::Due | DeskStep::Asked) => DeskStep::Approved(becomes),
            (None, DeskStep::Due) => DeskStep::Asked,
            (_, known) => known,
        };
    }
    if approved.is_some() {
        let levels: Vec<FinanceLevel> = after.levels.clone();
        let finance = levels.into_iter().map(DecisionStage::Finance);
        for stage in std::iter::once(DecisionStage::Check).chain(finance) {
            decide(&mut after, &mut made, (stage, Actor::Desk(String::new()), ""), now);
        }
    }
    after = moved(after)?;
    if after == *refund {
        return None;
    }
    after.attempts = 0;
    after.next_try_at = next_look(&after, now);
    let by = made.last().map_or(Actor::Desk(String::new()), |decision| decision.by.clone());
    let record = after.record((by, "DESK"), Some(&Evidence::Answer(now)), now);
    Some(RefundChange { decisions: made, ..RefundChange::of(after, Some(record)) })
}

/// The desk refused the request itself, with this code.
pub(super) fn rejected(refund: &Refund, code: &str, now: Timestamp) -> Option<RefundChange> {
    reject(refund, ("", code), now)
}

fn reject(refund: &Refund, (by, why): (&str, &str), now: Timestamp) -> Option<RefundChange> {
    let mut after = refund.after(RefundEvent::Reject).ok()?;
    if after.state == refund.state {
        return None;
    }
    let mut made = Vec::new();
    let by = Actor::Desk(by.to_owned());
    decide(&mut after, &mut made, (DecisionStage::Reject, by.clone(), why), now);
    after.next_try_at = None;
    let record = after.record((by, "DESK"), Some(&Evidence::Answer(now)), now);
    let change = RefundChange::of(after, Some(record));
    Some(RefundChange { decisions: made, balance: BalanceMove::Freed, ..change })
}

fn decide(
    refund: &mut Refund,
    made: &mut Vec<Decision>,
    (stage, by, why): (DecisionStage, Actor, &str),
    at: Timestamp,
) {
    if refund.is_decided(stage) {
        return;
    }
    let reason = why.chars().take(Refund::MAX_REASON).collect();
    let decision = Decision { stage, by, reason, at };
    refund.decisions.push(decision.clone());
    made.push(decision);
}

/// The state that follows from who has agreed by now.
fn moved(refund: Refund) -> Option<Refund> {
    let mut refund = refund;
    if refund.state == RefundState::Requested && refund.is_decided(DecisionStage::Check) {
        refund = refund.after(RefundEvent::Check).ok()?;
    }
    if refund.state == RefundState::AgencyChecked && refund.next_level().is_none() {
        refund = refund.after(RefundEvent::Approve).ok()?;
    }
    Some(refund)
}

#[cfg(test)]
#[path = "desk_case_tests.rs"]
mod tests;

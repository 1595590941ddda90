//! What staff decide about a refund. Who decides must not have asked, and nobody decides twice.

use super::booking::journal;
use super::report::{ROUNDS, next_look};
use super::{
    Actor, BalanceMove, Decision, DecisionStage, PayeeAccount, Redirect, RedirectStep, Refund,
    RefundChange, RefundEvent, RefundState, RefundStatus, RefundStore,
};
use crate::clock::Clock;
use crate::identity::{AuditRecord, StaffAccount, StaffRole};
use crate::ids::RefundNo;
use crate::outside::StoreError;
use crate::payment::{
    EventReason, Evidence, JournalKind, PaymentChange, PaymentEvent, PaymentState, PaymentStore,
};
use jiff::Timestamp;
use std::sync::Arc;

/// What a member of staff does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAct {
    /// Agrees as the first person: the agency, or the checker of money that no agency had.
    Check,
    /// Agrees for the next level of finance.
    Approve,
    /// Refuses; in words for the citizen.
    Reject(String),
    /// Names another account for a refund that cannot reach the payer.
    NameAccount(PayeeAccount),
    /// Agrees, as a second person, to the account that was named.
    AgreeToAccount,
}

impl RefundAct {
    /// The word of the audit trail.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Check => "REFUND_CHECK",
            Self::Approve => "REFUND_APPROVE",
            Self::Reject(_) => "REFUND_REJECT",
            Self::NameAccount(_) => "REFUND_NAME_ACCOUNT",
            Self::AgreeToAccount => "REFUND_AGREE_TO_ACCOUNT",
        }
    }
}

/// Expected refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecideRefusal {
    /// No refund of this number.
    NotFound,
    /// The account's roles do not allow it.
    NotAllowed,
    /// The same person asked for it, or decided before.
    SamePerson,
    /// It does not stand where this can be decided.
    WrongState(RefundStatus),
    /// No reason, or a longer one than [`Refund::MAX_REASON`].
    Reason,
    /// The account is not one.
    Account,
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// Expected.
    #[error("refused: {0:?}")]
    Refused(DecideRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: staff check, approve, reject or redirect a refund. Every act is audited with it,
/// and the database refuses a second act of the same person.
pub struct DecideRefund {
    /// Refunds.
    pub refunds: Arc<dyn RefundStore>,
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl DecideRefund {
    /// # Errors
    /// [`DecideError`]; nothing was changed then.
    pub async fn run(
        &self,
        staff: &StaffAccount,
        no: &RefundNo,
        act: &RefundAct,
    ) -> Result<Refund, DecideError> {
        for _ in 0..ROUNDS {
            let found = self.refunds.find(no).await?;
            let refund = found.ok_or(DecideError::Refused(DecideRefusal::NotFound))?;
            let change = decided(&refund, staff, act, self.clock.now());
            let mut change = change.map_err(DecideError::Refused)?;
            if change.refund.state == RefundState::Approved {
                change.payment = self.out_of_review(&change.refund).await?;
            }
            match self.refunds.save(&change).await {
                Ok(()) => {
                    let version = change.refund.version + 1;
                    return Ok(Refund { version, ..change.refund });
                }
                // The worker, or somebody else, was faster.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Once all have agreed, money under review is owed back, in the same transaction.
    async fn out_of_review(&self, refund: &Refund) -> Result<Option<PaymentChange>, StoreError> {
        let payment = self.payments.find(&refund.payment_no).await?;
        let held = payment.filter(|payment| matches!(payment.state, PaymentState::UnderReview(_)));
        let Some(payment) = held else { return Ok(None) };
        let now = self.clock.now();
        let record = (EventReason::ReviewOver, Some(Evidence::Decision(refund.no.clone())));
        let moved = payment.after(PaymentEvent::GiveBack, record, now).ok();
        let booked = journal(refund, JournalKind::ReviewOver, now);
        Ok(moved.map(|moved| PaymentChange { journal: Some(booked), ..moved }))
    }
}

fn decided(
    refund: &Refund,
    staff: &StaffAccount,
    act: &RefundAct,
    now: Timestamp,
) -> Result<RefundChange, DecideRefusal> {
    let actor = Actor::Staff(staff.name.clone());
    let stage = stage_of(refund, act)?;
    let allowed = match act {
        RefundAct::Check => staff.has(&checker_of(refund)),
        RefundAct::Approve => approves(staff, stage),
        RefundAct::Reject(_) => staff.has(&checker_of(refund)) || is_finance(staff),
        RefundAct::NameAccount(_) => {
            staff.has(&StaffRole::Clerk) || staff.has(&checker_of(refund)) || is_finance(staff)
        }
        RefundAct::AgreeToAccount => is_finance(staff),
    };
    if !allowed {
        return Err(DecideRefusal::NotAllowed);
    }
    // To refuse what one has asked for, or agreed to, is no danger; to agree to it is.
    let refuses = matches!(act, RefundAct::Reject(_));
    if !refuses && refund.has_acted(&actor, stage.round()) {
        return Err(DecideRefusal::SamePerson);
    }
    let reason = match act {
        RefundAct::Reject(reason) => checked_reason(reason).ok_or(DecideRefusal::Reason)?,
        RefundAct::Check
        | RefundAct::Approve
        | RefundAct::NameAccount(_)
        | RefundAct::AgreeToAccount => String::new(),
    };
    let decision = Decision { stage, by: actor.clone(), reason, at: now };
    let mut after = refund.clone();
    after.decisions.push(decision.clone());
    let mut after = moved(after, act).ok_or(DecideRefusal::WrongState(refund.state.status()))?;
    after.next_try_at = next_look(&after, now);
    let record = after.record((actor, act.code()), None, now);
    let freed = after.state == RefundState::Rejected;
    let audit = AuditRecord::new(
        now,
        &staff.name,
        act.code(),
        refund.no.as_str(),
        &format!("{} {}", decision.stage.code(), decision.reason),
    );
    Ok(RefundChange {
        decisions: vec![decision],
        balance: if freed { BalanceMove::Freed } else { BalanceMove::None },
        audit: Some(audit),
        ..RefundChange::of(after, Some(record))
    })
}

/// What the act decides, if the refund stands where it can be.
fn stage_of(refund: &Refund, act: &RefundAct) -> Result<DecisionStage, DecideRefusal> {
    let wrong = DecideRefusal::WrongState(refund.state.status());
    let redirect = refund.redirect.as_ref().map(|redirect| redirect.step);
    let named = |made: &&Decision| matches!(made.stage, DecisionStage::Account(_));
    let rounds = refund.decisions.iter().filter(named).count();
    let round = u8::try_from(rounds).unwrap_or(u8::MAX);
    match (act, &refund.state) {
        (RefundAct::Check, RefundState::Requested) => Ok(DecisionStage::Check),
        (RefundAct::Approve, RefundState::AgencyChecked) => {
            refund.next_level().map(DecisionStage::Finance).ok_or(wrong)
        }
        (
            RefundAct::Reject(_),
            RefundState::Requested | RefundState::AgencyChecked | RefundState::Approved,
        ) => Ok(DecisionStage::Reject),
        (RefundAct::NameAccount(account), RefundState::NeedsAccount) => {
            if !account.is_one() {
                Err(DecideRefusal::Account)
            } else if round < MAX_ROUNDS {
                Ok(DecisionStage::Account(round + 1))
            } else {
                Err(wrong)
            }
        }
        (RefundAct::AgreeToAccount, RefundState::NeedsAccount)
            if redirect == Some(RedirectStep::Named) =>
        {
            Ok(DecisionStage::AccountAgreed(round))
        }
        (_, _) => Err(wrong),
    }
}

/// Accounts that may be named for one refund before somebody must look deeper.
const MAX_ROUNDS: u8 = 20;

/// The role of the first of the two persons.
fn checker_of(refund: &Refund) -> StaffRole {
    match &refund.notice {
        Some(notice) => StaffRole::Agency(notice.agency_code.clone()),
        None => StaffRole::Checker,
    }
}

fn approves(staff: &StaffAccount, stage: DecisionStage) -> bool {
    match stage {
        DecisionStage::Finance(level) => staff.has(&StaffRole::Finance(level)),
        DecisionStage::Request
        | DecisionStage::Check
        | DecisionStage::Reject
        | DecisionStage::Account(_)
        | DecisionStage::AccountAgreed(_) => false,
    }
}

fn is_finance(staff: &StaffAccount) -> bool {
    staff.roles.iter().any(|role| matches!(role, StaffRole::Finance(_)))
}

/// The refund after the act, whose decision it already holds.
fn moved(refund: Refund, act: &RefundAct) -> Option<Refund> {
    match act {
        RefundAct::Check => refund.after(RefundEvent::Check).ok(),
        RefundAct::Approve if refund.next_level().is_some() => Some(refund), // Others must agree.
        RefundAct::Approve => refund.after(RefundEvent::Approve).ok(),
        RefundAct::Reject(_) => refund.after(RefundEvent::Reject).ok(),
        RefundAct::NameAccount(account) => {
            let redirect = Redirect { account: account.clone(), step: RedirectStep::Named };
            Some(Refund { redirect: Some(redirect), ..refund })
        }
        RefundAct::AgreeToAccount => {
            let after = refund.after(RefundEvent::Redirect).ok()?;
            let agreed = |redirect| Redirect { step: RedirectStep::Agreed, ..redirect };
            Some(Refund { redirect: after.redirect.clone().map(agreed), ..after })
        }
    }
}

/// Words that may be kept and shown: 1 to [`Refund::MAX_REASON`] characters, none of control.
pub(super) fn checked_reason(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (1..=Refund::MAX_REASON).contains(&text.chars().count());
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;

//! Asking for a refund: by the citizen who paid, or by staff on somebody's behalf.

use super::decide::checked_reason;
use super::report::ROUNDS;
use super::{
    Actor, Balance, Decision, DecisionStage, DeskStep, InsertRefundError, NewRefunds, ReceiptStep,
    Refund, RefundCause, RefundKey, RefundReasonCode, RefundState, RefundStore, RefundedNotice,
};
use crate::clock::{Clock, IdSource};
use crate::identity::{AuditRecord, Caller, StaffAccount, StaffRole};
use crate::ids::{IdempotencyKey, PaymentNo, RefundNo};
use crate::money::{Fen, PayableFen};
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::payment::{NoticeSnapshot, Payment, PaymentStore};
use jiff::Timestamp;
use std::sync::Arc;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum RefundMaker<'a> {
    /// For an own payment.
    Citizen(&'a Caller),
    /// A clerk for any payment, an agency for its own notices.
    Staff(&'a StaffAccount),
}

impl RefundMaker<'_> {
    fn actor(&self) -> Actor {
        match self {
            Self::Citizen(caller) => Actor::Citizen(caller.person.id.clone()),
            Self::Staff(staff) => Actor::Staff(staff.name.clone()),
        }
    }

    /// As whom the maker may have asked before.
    fn actors(&self) -> Vec<Actor> {
        match self {
            Self::Citizen(caller) => caller.person.ids().into_iter().map(Actor::Citizen).collect(),
            Self::Staff(_) => vec![self.actor()],
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct WantedRefund {
    /// Of which payment.
    pub payment_no: PaymentNo,
    /// Of which notice; `None`: of every one.
    pub notice_no: Option<NoticeNo>,
    /// How much of the notice; `None`: all that is left of it.
    pub amount: Option<Fen>,
    /// Why, sorted.
    pub reason_code: RefundReasonCode,
    /// Why, in words.
    pub reason: String,
    /// Made by the client before it sent.
    pub key: IdempotencyKey,
}

/// Expected refusals; the citizen can act on each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundRefusal {
    /// The maker sees no such payment.
    NotFound,
    /// The payment has no such notice.
    UnknownNotice,
    /// An amount of a payment of several notices must say of which.
    WhichNotice,
    /// Nothing of it can be asked back, or it goes back by itself.
    NotRefundable,
    /// The agency has not marked the notice as settled yet: a little later it will be possible.
    NotWrittenOff,
    /// Not positive.
    Amount,
    /// More than is left; so much is.
    Exceeds(Fen),
    /// No words, or too many.
    Reason,
    /// The key was used for something else.
    KeyReused,
    /// The account's roles do not allow it.
    NotAllowed,
    /// So often nobody needs to ask.
    TooMany,
}

/// Why nothing was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RequestRefundError {
    /// Expected.
    #[error("refused: {0:?}")]
    Refused(RefundRefusal),
    /// The store failed; nothing was stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: ask for a refund. One is made for each notice, because each agency decides on its
/// own.
pub struct RequestRefund {
    /// Refunds.
    pub refunds: Arc<dyn RefundStore>,
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

/// Refunds of one payment, dead ones too.
const MOST_REFUNDS: usize = 100;

impl RequestRefund {
    /// Repeating the call with its key asks for nothing again, for ever.
    ///
    /// # Errors
    /// [`RequestRefundError`].
    pub async fn run(
        &self,
        maker: RefundMaker<'_>,
        wanted: &WantedRefund,
    ) -> Result<Vec<Refund>, RequestRefundError> {
        let reason = checked_reason(&wanted.reason).ok_or_else(|| no(RefundRefusal::Reason))?;
        let wanted = WantedRefund { reason, ..wanted.clone() };
        for _ in 0..ROUNDS {
            if let Some(earlier) = self.earlier(maker, &wanted).await? {
                return again(earlier, &wanted);
            }
            let payment = self.payment_for(maker, &wanted).await?;
            let refunds = self.refunds.list_of_payment(&payment.no).await?;
            let all = Balance { payment: &payment, refunds: &refunds };
            let new = self.thought_out(maker, &wanted, all)?;
            match self.refunds.insert(&new).await {
                Ok(()) => return Ok(new.refunds.into_iter().map(|(refund, _)| refund).collect()),
                // Somebody was faster: what is left now decides, or the same call has come twice.
                Err(
                    InsertRefundError::KeyUsed
                    | InsertRefundError::Exceeds
                    | InsertRefundError::CeilingReached
                    | InsertRefundError::Store(StoreError::Conflict),
                ) => {}
                Err(InsertRefundError::Store(error)) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// What the maker asked for with this key: the same thing, where several accounts that are
    /// one now have used it.
    async fn earlier(
        &self,
        maker: RefundMaker<'_>,
        wanted: &WantedRefund,
    ) -> Result<Option<Vec<Refund>>, StoreError> {
        let mut first = None;
        for actor in maker.actors() {
            let found = self.refunds.find_by_key(&actor, &wanted.key).await?;
            if !found.is_empty() && is_asked(&found, wanted) {
                return Ok(Some(found));
            }
            first = first.or_else(|| Some(found).filter(|found| !found.is_empty()));
        }
        Ok(first)
    }

    async fn payment_for(
        &self,
        maker: RefundMaker<'_>,
        wanted: &WantedRefund,
    ) -> Result<Payment, RequestRefundError> {
        let found = self.payments.find(&wanted.payment_no).await?;
        let visible = found.filter(|payment| match maker {
            RefundMaker::Citizen(caller) => caller.person.owns(&payment.person),
            RefundMaker::Staff(_) => true,
        });
        visible.ok_or_else(|| no(RefundRefusal::NotFound))
    }

    fn thought_out(
        &self,
        maker: RefundMaker<'_>,
        wanted: &WantedRefund,
        all: Balance<'_>,
    ) -> Result<NewRefunds, RequestRefundError> {
        let now = self.clock.now();
        let money = all.payment.state.money().ok_or_else(|| no(RefundRefusal::NotRefundable))?;
        if all.refundable() == Fen::ZERO {
            return Err(no(RefundRefusal::NotRefundable));
        }
        let parts = parts(maker, wanted, all)?;
        if all.refunds.len() + parts.len() > MOST_REFUNDS {
            return Err(no(RefundRefusal::TooMany));
        }
        let mut refunds = Vec::with_capacity(parts.len());
        for (position, (notice, amount)) in (0_u8..).zip(parts) {
            let refund = self.refund(maker, wanted, (all, notice, amount), (position, now))?;
            let record = refund.record((maker.actor(), "REQUEST"), None, now);
            refunds.push((refund, record));
        }
        let audit = match maker {
            RefundMaker::Citizen(_) => None,
            RefundMaker::Staff(staff) => {
                let subject = all.payment.no.as_str();
                Some(AuditRecord::new(now, &staff.name, "REFUND_REQUEST", subject, &wanted.reason))
            }
        };
        Ok(NewRefunds {
            payment_no: all.payment.no.clone(),
            captured: money.amount,
            known: u32::try_from(all.refunds.len()).unwrap_or(u32::MAX),
            refunds,
            ceiling: None,
            audit,
        })
    }

    fn refund(
        &self,
        maker: RefundMaker<'_>,
        wanted: &WantedRefund,
        (all, notice, amount): (Balance<'_>, &NoticeSnapshot, PayableFen),
        (position, now): (u8, Timestamp),
    ) -> Result<Refund, RequestRefundError> {
        let exceeds = || no(RefundRefusal::Exceeds(all.refundable_of(&notice.no)));
        let (slices, levels) = all.take(&notice.no, amount.fen()).ok_or_else(exceeds)?;
        let request = Decision {
            stage: DecisionStage::Request,
            by: maker.actor(),
            reason: wanted.reason.clone(),
            at: now,
        };
        let key = RefundKey { key: wanted.key.clone(), position, asked: asked(wanted) };
        let (desk, receipt) = match all.is_rejected(notice) {
            true => (DeskStep::Unconcerned, ReceiptStep::Settled),
            false => (DeskStep::Due, ReceiptStep::Standing),
        };
        Ok(Refund {
            no: RefundNo::generate(now, self.ids.as_ref()),
            payment_no: all.payment.no.clone(),
            person: all.payment.person.clone(),
            rail: all.payment.rail,
            cause: RefundCause::Requested,
            amount,
            notice: Some(RefundedNotice {
                no: notice.no.clone(),
                agency_code: notice.agency.code.clone(),
                slices,
                desk,
                receipt,
                reversed_by: None,
            }),
            reason_code: wanted.reason_code,
            reason: wanted.reason.clone(),
            key: Some(key),
            levels,
            decisions: vec![request],
            redirect: None,
            created_at: now,
            sent_at: None,
            state: RefundState::Requested,
            next_try_at: Some(now),
            attempts: 0,
            version: 0,
        })
    }
}

/// Which notices, and how much of each.
fn parts<'a>(
    maker: RefundMaker<'_>,
    wanted: &WantedRefund,
    all: Balance<'a>,
) -> Result<Vec<(&'a NoticeSnapshot, PayableFen)>, RequestRefundError> {
    let notices = &all.payment.notices;
    let chosen: Vec<_> = match &wanted.notice_no {
        Some(wanted) => notices.iter().filter(|notice| &notice.no == wanted).collect(),
        None if wanted.amount.is_some() && notices.len() > 1 => {
            return Err(no(RefundRefusal::WhichNotice));
        }
        None => notices.iter().collect(),
    };
    if chosen.is_empty() {
        return Err(no(RefundRefusal::UnknownNotice));
    }
    let mut parts = Vec::with_capacity(chosen.len());
    for notice in chosen {
        may_ask(maker, notice)?;
        let left = all.refundable_of(&notice.no);
        let amount = wanted.amount.unwrap_or(left);
        if amount > left {
            return Err(no(RefundRefusal::Exceeds(left)));
        }
        match PayableFen::new(amount.value()) {
            Ok(amount) if notice.written_off_at.is_some() || all.is_rejected(notice) => {
                parts.push((notice, amount));
            }
            Ok(_) => return Err(no(RefundRefusal::NotWrittenOff)),
            Err(_) if wanted.amount.is_some() => return Err(no(RefundRefusal::Amount)),
            Err(_) => {} // All of this notice is back or on its way.
        }
    }
    if parts.is_empty() { Err(no(RefundRefusal::NotRefundable)) } else { Ok(parts) }
}

fn may_ask(maker: RefundMaker<'_>, notice: &NoticeSnapshot) -> Result<(), RequestRefundError> {
    let allowed = match maker {
        RefundMaker::Citizen(_) => true,
        RefundMaker::Staff(staff) => {
            staff.has(&StaffRole::Clerk)
                || staff.has(&StaffRole::Agency(notice.agency.code.clone()))
        }
    };
    if allowed { Ok(()) } else { Err(no(RefundRefusal::NotAllowed)) }
}

/// The content of the call, to tell a repetition from another one with the same key.
fn asked(wanted: &WantedRefund) -> String {
    let notice = wanted.notice_no.as_ref().map_or("*", NoticeNo::as_str);
    let amount = wanted.amount.map_or_else(|| "*".to_owned(), |fen| fen.value().to_string());
    let (payment, code) = (&wanted.payment_no, wanted.reason_code.code());
    format!("{payment} {notice} {amount} {code} {}", wanted.reason)
}

fn again(earlier: Vec<Refund>, wanted: &WantedRefund) -> Result<Vec<Refund>, RequestRefundError> {
    if is_asked(&earlier, wanted) { Ok(earlier) } else { Err(no(RefundRefusal::KeyReused)) }
}

fn is_asked(earlier: &[Refund], wanted: &WantedRefund) -> bool {
    let asked = asked(wanted);
    earlier.iter().all(|refund| refund.key.as_ref().is_some_and(|key| key.asked == asked))
}

fn no(refusal: RefundRefusal) -> RequestRefundError {
    RequestRefundError::Refused(refusal)
}

//! Starting a payment.

mod again;

use super::{
    Cashier, CashierKind, EventReason, Evidence, InsertError, NoticeSnapshot, Payment,
    PaymentEvent, PaymentRail, PaymentRecord, PaymentState, PaymentStore, Rail, Rails,
};
use crate::clock::{Clock, IdSource};
use crate::identity::{Caller, OpenId, PersonStore};
use crate::ids::{IdempotencyKey, PaymentNo};
use crate::money::{Fen, PayableFen};
use crate::notice::{NoticeBook, NoticeNo, NoticeStanding};
use crate::outside::{OutsideError, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// How long the late fee of a payment's making holds, and with it the rail's order.
const HOLD: SignedDuration = SignedDuration::from_mins(15);
/// No order lives shorter: rails silently grant a minute.
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);

/// What a citizen asks for.
#[derive(Debug, Clone)]
pub struct WantedPayment {
    /// 1 to [`Payment::MAX_NOTICES`], no two the same.
    pub notice_nos: Vec<NoticeNo>,
    /// By which rail.
    pub rail: Rail,
    /// What the client showed.
    pub expected_total: Fen,
    /// Made by the client before it sent.
    pub key: IdempotencyKey,
}

/// A payment that is under way, or was, under this key.
#[derive(Debug, Clone)]
pub struct Started {
    /// The payment.
    pub payment: Payment,
    /// For the client, while the payment can still be paid.
    pub cashier: Option<Cashier>,
}

/// Expected refusals; the citizen can act on each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No notice, or too many, or one twice.
    Notices,
    /// The gateway does not know the notice with this index.
    UnknownNotice(usize),
    /// It is paid.
    AlreadyPaid(usize),
    /// It was withdrawn, or its deadline has passed.
    NotPayable(usize),
    /// The total is another one.
    AmountChanged(Fen),
    /// The rail is not connected, the channel cannot open it, or the citizen has no account there.
    RailUnavailable,
    /// The key was used for something else.
    KeyReused,
    /// The rail refused the order; nothing was taken.
    RailRefused,
    /// Another attempt is under way for one of the notices.
    InProgress,
}

/// Why there is no payment under way.
#[derive(Debug, thiserror::Error)]
pub enum StartPaymentError {
    /// Expected; with the caller's own payment where there is one.
    #[error("refused: {0:?}")]
    Refused(Refusal, Option<Box<Started>>),
    /// The rail did not say whether it has the order; the payment is there, and will be healed.
    #[error("the rail did not say whether it has the order")]
    OutcomeUnknown(Box<Payment>),
    /// The rail was not reached; the payment is there, the same key tries again.
    #[error("the rail was not reached")]
    RailNotReached(Box<Payment>),
    /// The gateway could not be asked; nothing was stored.
    #[error("the gateway did not answer")]
    Gateway(#[source] OutsideError),
    /// The store failed; nothing was sent.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: lock the notices, store the attempt, ask the rail.
pub struct StartPayment {
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Persons, for their account at the rail.
    pub persons: Arc<dyn PersonStore>,
    /// The gateway.
    pub notices: Arc<dyn NoticeBook>,
    /// Rails.
    pub rails: Rails,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl StartPayment {
    /// Stores the payment as submitted *before* asking the rail: if we die in between, the
    /// healer finds it and asks. The other order could lose money.
    ///
    /// # Errors
    /// [`StartPaymentError`].
    pub async fn run(
        &self,
        caller: &Caller,
        mut wanted: WantedPayment,
    ) -> Result<Started, StartPaymentError> {
        let person = &caller.person.id;
        let order = wanted.notice_nos.clone();
        wanted.notice_nos.sort();
        if let Some(earlier) = self.payments.find_by_key(person, &wanted.key).await? {
            return self.again(caller, &wanted, earlier).await;
        }
        let (rail, cashier) = self.rail_for(caller, wanted.rail)?;
        let payer = self.payer(caller, rail.as_ref(), cashier).await?;
        let notices = self.payable(&wanted, &order).await?;
        let at_cashier = AtCashier { cashier, payer };
        let payment = self.payment(caller, &wanted, at_cashier, notices)?;
        let record = PaymentRecord {
            at: payment.created_at,
            status: payment.state.status(),
            reason: EventReason::Started,
            evidence: None,
        };
        match self.payments.insert(&payment, &record).await {
            Ok(()) => self.submit(rail.as_ref(), payment, Asked::First).await,
            Err(InsertError::KeyUsed { payment_no }) => {
                let earlier = self.load(&payment_no).await?;
                self.again(caller, &wanted, earlier).await
            }
            Err(InsertError::NoticeHeld { payment_no, notice_no }) => {
                let index = order.iter().position(|no| *no == notice_no).unwrap_or_default();
                self.held(caller, &wanted, &payment_no, index).await
            }
            Err(InsertError::Store(error)) => Err(error.into()),
        }
    }

    /// The same key again: the same payment, as it is now.
    async fn again(
        &self,
        caller: &Caller,
        wanted: &WantedPayment,
        earlier: Payment,
    ) -> Result<Started, StartPaymentError> {
        let nos: Vec<_> = earlier.notices.iter().map(|notice| &notice.no).collect();
        let same = nos == wanted.notice_nos.iter().collect::<Vec<_>>()
            && earlier.rail == wanted.rail
            && earlier.amount.fen() == wanted.expected_total;
        if !same {
            return refused(Refusal::KeyReused);
        }
        self.resume(caller, earlier).await
    }

    /// Opens the cashier again, if the payment can still be paid from here.
    async fn resume(
        &self,
        caller: &Caller,
        payment: Payment,
    ) -> Result<Started, StartPaymentError> {
        let here = payment.channel == caller.channel;
        let Some(rail) = self.rails.get(payment.rail).filter(|_| here) else {
            return Ok(Started { payment, cashier: None });
        };
        match self.asked_again(payment).await? {
            (payment, true) => self.submit(rail.as_ref(), payment, Asked::Again).await,
            (payment, false) => Ok(Started { payment, cashier: None }),
        }
    }

    /// Somebody's payment holds the notice with this index. Only an own one is shown.
    async fn held(
        &self,
        caller: &Caller,
        wanted: &WantedPayment,
        holder: &PaymentNo,
        index: usize,
    ) -> Result<Started, StartPaymentError> {
        let holder = self.load(holder).await?;
        let open = holder.state.is_unsettled()
            || matches!(holder.state, PaymentState::UnderReview(_))
            || !holder.state.holds_notices(); // Let go meanwhile: the next try will get through.
        let why = if open { Refusal::InProgress } else { Refusal::AlreadyPaid(index) };
        if holder.person != caller.person.id {
            return refused(why);
        }
        let own = if holder.rail == wanted.rail {
            match self.resume(caller, holder).await {
                Ok(started) => started,
                Err(
                    StartPaymentError::OutcomeUnknown(payment)
                    | StartPaymentError::RailNotReached(payment),
                ) => Started { payment: *payment, cashier: None },
                Err(error) => return Err(error),
            }
        } else {
            Started { payment: holder, cashier: None }
        };
        Err(StartPaymentError::Refused(why, Some(Box::new(own))))
    }

    fn rail_for(
        &self,
        caller: &Caller,
        rail: Rail,
    ) -> Result<(&Arc<dyn PaymentRail>, CashierKind), StartPaymentError> {
        let port = self.rails.get(rail);
        let cashier = port.and_then(|port| port.cashier(caller.channel));
        let found = port.zip(cashier);
        found.ok_or(StartPaymentError::Refused(Refusal::RailUnavailable, None))
    }

    /// The caller's account at the rail: the one they signed in with on this channel.
    async fn payer(
        &self,
        caller: &Caller,
        rail: &dyn PaymentRail,
        cashier: CashierKind,
    ) -> Result<Option<OpenId>, StartPaymentError> {
        if !cashier.needs_payer() {
            return Ok(None);
        }
        let links = self.persons.list_links(&caller.person.id).await?;
        let here = links.into_iter().find(|link| {
            link.channel == caller.channel && rail.merchant().app_ids.contains(&link.app_id)
        });
        match here {
            Some(link) => Ok(Some(link.open_id)),
            None => refused(Refusal::RailUnavailable),
        }
    }

    /// The notices as they stand now, if all can be paid and cost what the client showed.
    async fn payable(
        &self,
        wanted: &WantedPayment,
        order: &[NoticeNo],
    ) -> Result<Vec<NoticeSnapshot>, StartPaymentError> {
        let twice = wanted.notice_nos.windows(2).any(|pair| pair[0] == pair[1]);
        if twice || !(1..=Payment::MAX_NOTICES).contains(&wanted.notice_nos.len()) {
            return refused(Refusal::Notices);
        }
        let now = self.clock.now();
        let mut snapshots = Vec::with_capacity(wanted.notice_nos.len());
        for no in &wanted.notice_nos {
            // The index in the client's own order, for the field of the refusal.
            let index = order.iter().position(|asked| asked == no).unwrap_or_default();
            let found = self.notices.find(no).await.map_err(StartPaymentError::Gateway)?;
            let Some(notice) = found else { return refused(Refusal::UnknownNotice(index)) };
            match notice.standing {
                NoticeStanding::Paid => return refused(Refusal::AlreadyPaid(index)),
                NoticeStanding::Withdrawn => return refused(Refusal::NotPayable(index)),
                NoticeStanding::Open if notice.expired(now + SHORTEST) => {
                    return refused(Refusal::NotPayable(index));
                }
                NoticeStanding::Open => {}
            }
            match NoticeSnapshot::of(&notice, now) {
                Ok(snapshot) => snapshots.push(snapshot),
                Err(_) => return refused(Refusal::NotPayable(index)),
            }
        }
        let total = Fen::sum(snapshots.iter().map(NoticeSnapshot::total));
        match total {
            Ok(total) if total == wanted.expected_total => Ok(snapshots),
            Ok(total) => refused(Refusal::AmountChanged(total)),
            Err(_) => refused(Refusal::Notices),
        }
    }

    fn payment(
        &self,
        caller: &Caller,
        wanted: &WantedPayment,
        at_cashier: AtCashier,
        notices: Vec<NoticeSnapshot>,
    ) -> Result<Payment, StartPaymentError> {
        let now = self.clock.now();
        let Ok(amount) = PayableFen::new(wanted.expected_total.value()) else {
            return refused(Refusal::AmountChanged(wanted.expected_total));
        };
        let expires_at = order_end(now, &notices);
        let no = PaymentNo::generate(now, self.ids.as_ref());
        let payment = Payment {
            no,
            person: caller.person.id.clone(),
            channel: caller.channel,
            rail: wanted.rail,
            cashier: at_cashier.cashier,
            payer: at_cashier.payer,
            amount,
            notices,
            key: wanted.key.clone(),
            created_at: now,
            expires_at,
            state: PaymentState::Submitted,
            next_check_at: now + SignedDuration::from_secs(5),
            version: 0,
        };
        Ok(payment)
    }

    async fn submit(
        &self,
        rail: &dyn PaymentRail,
        payment: Payment,
        asked: Asked,
    ) -> Result<Started, StartPaymentError> {
        match rail.submit(&payment.order()).await {
            Ok(cashier) => {
                // A callback may have overtaken the rail's answer: tell what is true now.
                let payment = self.load(&payment.no).await?;
                let payable = payment.state.is_unsettled();
                Ok(Started { payment, cashier: payable.then_some(cashier) })
            }
            Err(OutsideError::Refused { .. }) if asked == Asked::First => {
                let payment =
                    self.settle(payment, PaymentEvent::Close, EventReason::RailRefused).await?;
                if payment.state.is_unsettled() {
                    // Asked again meanwhile, and that asking may have placed the order.
                    return Err(StartPaymentError::OutcomeUnknown(Box::new(payment)));
                }
                let own = Box::new(Started { payment, cashier: None });
                Err(StartPaymentError::Refused(Refusal::RailRefused, Some(own)))
            }
            Err(OutsideError::NotSent(_)) => {
                Err(StartPaymentError::RailNotReached(Box::new(payment)))
            }
            // Only a query or a callback may settle it. A refusal of the second asking says nothing
            // of the order that the first one may have placed.
            Err(OutsideError::OutcomeUnknown(_) | OutsideError::Refused { .. }) => {
                let (silence, why) = (PaymentEvent::Silence, EventReason::RailSilent);
                let payment = self.settle(payment, silence, why).await?;
                Err(StartPaymentError::OutcomeUnknown(Box::new(payment)))
            }
        }
    }

    async fn settle(
        &self,
        payment: Payment,
        event: PaymentEvent,
        reason: EventReason,
    ) -> Result<Payment, StartPaymentError> {
        let now = self.clock.now();
        if let Ok(change) = payment.after(event, (reason, Some(Evidence::Answer(now))), now) {
            match self.payments.save(&change).await {
                // Somebody else learnt more meanwhile.
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.load(&payment.no).await
    }

    async fn load(&self, no: &PaymentNo) -> Result<Payment, StartPaymentError> {
        let found = self.payments.find(no).await?;
        let gone = || StoreError::Corrupt { table: "payment", column: "no", row: no.to_string() };
        Ok(found.ok_or_else(gone)?)
    }
}

/// Where the money is to be taken.
struct AtCashier {
    cashier: CashierKind,
    payer: Option<OpenId>,
}

/// Whether the rail may have the order from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    First,
    Again,
}

fn refused<T>(why: Refusal) -> Result<T, StartPaymentError> {
    Err(StartPaymentError::Refused(why, None))
}

/// The rail's order ends with the quote or the nearest deadline of a notice, whichever is
/// first, and lives a minute at least.
fn order_end(now: Timestamp, notices: &[NoticeSnapshot]) -> Timestamp {
    let deadline = notices.iter().filter_map(|notice| notice.expires_at).min();
    let end = deadline.map_or(now + HOLD, |deadline| deadline.min(now + HOLD));
    end.max(now + SHORTEST)
}

#[cfg(test)]
mod tests;

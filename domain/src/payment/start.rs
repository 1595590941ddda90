//! Starting a payment.

mod again;

use super::payable::{Payable, SHORTEST, order_end};
use super::refusal::{Refusal, StartPaymentError};
use super::{
    Cashier, CashierKind, EventReason, Evidence, InsertError, NoticeSnapshot, Payment,
    PaymentEvent, PaymentRail, PaymentRecord, PaymentState, PaymentStore, QuoteSeal, Rail,
    RailHealth, RailWatch, Rails,
};
use crate::clock::{Clock, IdSource};
use crate::identity::{Caller, Channel, OpenId, PersonStore};
use crate::ids::{IdempotencyKey, PaymentNo, PersonId};
use crate::money::{Fen, PayableFen};
use crate::notice::{NoticeBook, NoticeNo, PaymentItems};
use crate::outside::{OutsideError, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// What a citizen asks for.
#[derive(Debug, Clone)]
pub struct WantedPayment {
    /// 1 to [`Payment::MAX_NOTICES`], no two the same.
    pub notice_nos: Vec<NoticeNo>,
    /// By which rail.
    pub rail: Rail,
    /// What the client showed.
    pub expected_total: Fen,
    /// A quote's token, if the client asked for one first.
    pub quote: Option<String>,
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

/// Use case: lock the notices, store the attempt, ask the rail.
pub struct StartPayment {
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Persons, for their account at the rail.
    pub persons: Arc<dyn PersonStore>,
    /// The gateway.
    pub notices: Arc<dyn NoticeBook>,
    /// The catalogue of items.
    pub items: Arc<PaymentItems>,
    /// Opens quotes.
    pub quotes: Arc<dyn QuoteSeal>,
    /// Rails.
    pub rails: Rails,
    /// How they are.
    pub watch: Arc<dyn RailWatch>,
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
        wanted: WantedPayment,
    ) -> Result<Started, StartPaymentError> {
        let starter = Starter {
            person: caller.person.id.clone(),
            former: caller.person.former_ids.clone(),
            channel: caller.channel,
            cashier: None,
        };
        self.start(&starter, wanted).await
    }

    /// See [`StartPayment::run`]; for who is not in a session too.
    pub(super) async fn start(
        &self,
        starter: &Starter,
        mut wanted: WantedPayment,
    ) -> Result<Started, StartPaymentError> {
        let order = wanted.notice_nos.clone();
        wanted.notice_nos.sort();
        if let Some(earlier) = self.earlier(starter, &wanted).await? {
            return self.again(starter, &wanted, earlier).await;
        }
        let (rail, cashier) = self.rail_for(starter, wanted.rail)?;
        if let RailHealth::Sick { reason, .. } = self.watch.health(wanted.rail) {
            return refused(Refusal::RailSick(reason));
        }
        let payer = self.payer(starter, rail.as_ref(), cashier).await?;
        let at_cashier = AtCashier { cashier, payer, limit: rail.limit() };
        let wanted_order = self.order(&wanted, &order).await?;
        let payment = self.payment(starter, &wanted, at_cashier, wanted_order)?;
        let record = PaymentRecord {
            at: payment.created_at,
            status: payment.state.status(),
            reason: EventReason::Started,
            evidence: None,
        };
        // Before anybody can find it: who finds it must find that it is being placed, too.
        let _placing = self.rails.place(&payment.no);
        match self.payments.insert(&payment, &record).await {
            Ok(()) => self.submit(rail.as_ref(), payment, Asked::First).await,
            Err(InsertError::KeyUsed { payment_no }) => {
                let earlier = self.load(&payment_no).await?;
                self.again(starter, &wanted, earlier).await
            }
            Err(InsertError::NoticeHeld { payment_no, notice_no }) => {
                let index = order.iter().position(|no| *no == notice_no).unwrap_or_default();
                self.held(starter, &wanted, &payment_no, index).await
            }
            Err(InsertError::Store(error)) => Err(error.into()),
        }
    }

    /// Somebody's payment holds the notice with this index. Only an own one is shown.
    async fn held(
        &self,
        starter: &Starter,
        wanted: &WantedPayment,
        holder: &PaymentNo,
        index: usize,
    ) -> Result<Started, StartPaymentError> {
        let holder = self.load(holder).await?;
        let open = holder.state.is_unsettled()
            || matches!(holder.state, PaymentState::UnderReview(_))
            || !holder.state.holds_notices(); // Let go meanwhile: the next try will get through.
        let why = if open { Refusal::InProgress } else { Refusal::AlreadyPaid(index) };
        if !starter.owns(&holder.person) {
            return refused(why);
        }
        let own = if holder.rail == wanted.rail {
            match self.resume(starter, holder).await {
                Ok(started) => started,
                Err(
                    StartPaymentError::OutcomeUnknown(payment)
                    | StartPaymentError::RailNotReached(payment),
                ) => Started { payment: *payment, cashier: None },
                Err(StartPaymentError::Refused(_, Some(own))) => *own,
                Err(error) => return Err(error),
            }
        } else {
            Started { payment: holder, cashier: None }
        };
        Err(StartPaymentError::Refused(why, Some(Box::new(own))))
    }

    fn rail_for(
        &self,
        starter: &Starter,
        rail: Rail,
    ) -> Result<(&Arc<dyn PaymentRail>, CashierKind), StartPaymentError> {
        let port = self.rails.get(rail);
        let cashier = port.and_then(|port| starter.cashier_of(port.as_ref()));
        let found = port.zip(cashier);
        found.ok_or(StartPaymentError::Refused(Refusal::RailUnavailable, None))
    }

    /// The caller's account at the rail: the one they signed in with on this channel.
    async fn payer(
        &self,
        starter: &Starter,
        rail: &dyn PaymentRail,
        cashier: CashierKind,
    ) -> Result<Option<OpenId>, StartPaymentError> {
        if !cashier.needs_payer() {
            return Ok(None);
        }
        let links = self.persons.list_links(&starter.person).await?;
        let here = links.into_iter().find(|link| {
            link.channel == starter.channel && rail.merchant().app_ids.contains(&link.app_id)
        });
        match here {
            Some(link) => Ok(Some(link.open_id)),
            None => refused(Refusal::RailUnavailable),
        }
    }

    /// What is to be paid: the notices as they stand now, if all can be paid and cost what the
    /// client showed. A quote fixes the late fee; without one it is that of now.
    async fn order(
        &self,
        wanted: &WantedPayment,
        asked: &[NoticeNo],
    ) -> Result<Order, StartPaymentError> {
        let now = self.clock.now();
        let quoted_at = match &wanted.quote {
            Some(token) => self.quote(token, wanted, now)?,
            None => now,
        };
        let payable = Payable {
            notices: self.notices.as_ref(),
            items: &self.items,
            now,
            late_fees_of: quoted_at,
        };
        let notices = payable.load(asked).await?;
        match Fen::sum(notices.iter().map(NoticeSnapshot::total)) {
            Ok(total) if total == wanted.expected_total => Ok(Order { notices, quoted_at, now }),
            Ok(total) => refused(Refusal::AmountChanged(total)),
            Err(_) => refused(Refusal::Notices),
        }
    }

    /// When the quote was made, if it is ours, for these notices and this total, and still holds.
    fn quote(
        &self,
        token: &str,
        wanted: &WantedPayment,
        now: Timestamp,
    ) -> Result<Timestamp, StartPaymentError> {
        match self.quotes.open(token) {
            Some(quote) if quote.notice_nos != wanted.notice_nos => refused(Refusal::QuoteInvalid),
            Some(quote) if now >= quote.expires_at => refused(Refusal::QuoteExpired),
            Some(quote) if quote.total != wanted.expected_total => {
                refused(Refusal::AmountChanged(quote.total))
            }
            Some(quote) => Ok(quote.issued_at),
            None => refused(Refusal::QuoteInvalid),
        }
    }

    fn payment(
        &self,
        starter: &Starter,
        wanted: &WantedPayment,
        at_cashier: AtCashier,
        order: Order,
    ) -> Result<Payment, StartPaymentError> {
        let Order { notices, quoted_at, now } = order;
        let Ok(amount) = PayableFen::new(wanted.expected_total.value()) else {
            return refused(Refusal::AmountChanged(wanted.expected_total));
        };
        if amount > at_cashier.limit {
            return refused(Refusal::OverRailLimit(at_cashier.limit));
        }
        let expires_at = order_end(now, quoted_at, &notices);
        let no = PaymentNo::generate(now, self.ids.as_ref());
        let payment = Payment {
            no,
            person: starter.person.clone(),
            channel: starter.channel,
            rail: wanted.rail,
            cashier: at_cashier.cashier,
            payer: at_cashier.payer,
            amount,
            notices,
            key: wanted.key.clone(),
            created_at: now,
            quoted_at,
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
                let payment = self.after_asking(payment).await?;
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
                Err(_) => return Err(StartPaymentError::OutcomeUnknown(Box::new(payment))),
            }
        }
        self.after_asking(payment).await
    }

    /// As it is now that the rail was asked. A store that fails is no failure to start any more:
    /// there may be an order.
    async fn after_asking(&self, payment: Payment) -> Result<Payment, StartPaymentError> {
        let unknown = |_| StartPaymentError::OutcomeUnknown(Box::new(payment.clone()));
        self.load(&payment.no).await.map_err(unknown)
    }

    async fn load(&self, no: &PaymentNo) -> Result<Payment, StartPaymentError> {
        let found = self.payments.find(no).await?;
        let gone = || StoreError::Corrupt { table: "payment", column: "no", row: no.to_string() };
        Ok(found.ok_or_else(gone)?)
    }
}

/// Who starts, and from where.
pub(super) struct Starter {
    /// The payment will be theirs.
    pub person: PersonId,
    /// Accounts that turned out to be them: their keys and payments are theirs.
    pub former: Vec<PersonId>,
    /// Where they are.
    pub channel: Channel,
    /// Another cashier than the channel's own.
    pub cashier: Option<CashierKind>,
}

impl Starter {
    fn owns(&self, owner: &PersonId) -> bool {
        self.person == *owner || self.former.contains(owner)
    }

    fn cashier_of(&self, rail: &dyn PaymentRail) -> Option<CashierKind> {
        self.cashier.or_else(|| rail.cashier(self.channel))
    }
}

/// Where the money is to be taken.
struct AtCashier {
    cashier: CashierKind,
    payer: Option<OpenId>,
    limit: PayableFen,
}

/// What is to be paid, and as of when.
struct Order {
    notices: Vec<NoticeSnapshot>,
    quoted_at: Timestamp,
    now: Timestamp,
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

#[cfg(test)]
mod merged_tests;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod tests;

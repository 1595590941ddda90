//! The worker of refunds: takes each one step after the other, for as long as nobody must decide.

use super::booking::journal;
use super::report::next_look;
use super::requests::{desk_request, paid_back, reversal_of};
use super::{
    Actor, ApplyRefundReport, Balance, DeskStep, ReceiptReversal, ReceiptStep, RedirectStep,
    Refund, RefundChange, RefundDesk, RefundEvent, RefundState, RefundStore,
    RefundTransitionRefused, Refunders, Reversal, Todo, desk_case,
};
use crate::clock::Clock;
use crate::ids::RefundNo;
use crate::outside::{OutsideError, StoreError};
use crate::payment::{
    EventReason, Evidence, JournalKind, Payment, PaymentChange, PaymentEvent, PaymentStore,
    RailRefundState, RailRefunds, RefundOrder,
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// For how long a node keeps a refund before another may take it: longer than two deadlines.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// The desk's people take days; its decisions also come as messages, which wake the worker.
const DESK_POLL: SignedDuration = SignedDuration::from_mins(10);
/// A final refusal is tried so often before it is believed.
const REFUSALS: u32 = 5;
/// From request to the money in one turn, where nobody must decide.
const STEPS: usize = 8;

/// What one turn did for a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// Nothing is left to do, or people must decide.
    Rests,
    /// It comes again.
    Later,
}

/// Use case: carry refunds out.
pub struct SendRefunds {
    /// Refunds.
    pub refunds: Arc<dyn RefundStore>,
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Who gives back.
    pub refunders: Refunders,
    /// The gateway's procedure.
    pub desk: Arc<dyn RefundDesk>,
    /// Red receipts.
    pub receipts: Arc<dyn ReceiptReversal>,
    /// Where the rails' answers go.
    pub apply: Arc<ApplyRefundReport>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// What became of one step.
enum Stepped {
    /// Stored; the next step may follow at once.
    On,
    /// Nothing more can be done now; try again then.
    Later(SignedDuration),
    /// It did not work; try again after the usual pause, which grows.
    Failed,
}

impl SendRefunds {
    /// Looks at up to `limit` refunds; answers what became of each. One that fails does not stop
    /// the others.
    ///
    /// # Errors
    /// When the store cannot say which are due.
    pub async fn run_once(
        &self,
        limit: u16,
    ) -> Result<Vec<(RefundNo, Result<Worked, StoreError>)>, StoreError> {
        let now = self.clock.now();
        let mut done = Vec::new();
        for refund in self.refunds.lease_due(now, now + LEASE, limit).await? {
            let no = refund.no.clone();
            done.push((no, self.work(refund).await));
        }
        Ok(done)
    }

    async fn work(&self, leased: Refund) -> Result<Worked, StoreError> {
        let mut refund = leased;
        for _ in 0..STEPS {
            let todo = refund.todo();
            if todo == Todo::Nothing {
                self.put_off(&refund, None, 0).await?;
                return Ok(Worked::Rests);
            }
            let stepped = self.step(&refund, todo).await?;
            refund = self.load(&refund.no).await?;
            let now = self.clock.now();
            match stepped {
                Stepped::On => {}
                Stepped::Later(pause) => {
                    self.put_off(&refund, Some(now + pause), refund.attempts).await?;
                    return Ok(Worked::Later);
                }
                Stepped::Failed => {
                    let next = now + pause(refund.attempts);
                    self.put_off(&refund, Some(next), refund.attempts + 1).await?;
                    return Ok(Worked::Later);
                }
            }
        }
        Ok(Worked::Later)
    }

    async fn step(&self, refund: &Refund, todo: Todo) -> Result<Stepped, StoreError> {
        match todo {
            Todo::Nothing => Ok(Stepped::On),
            Todo::AskDesk => self.ask_desk(refund).await,
            Todo::QueryDesk => self.query_desk(refund).await,
            Todo::ReverseReceipt => self.reverse_receipt(refund).await,
            Todo::Send => self.send(refund).await,
            Todo::QueryRail => self.query_rail(refund).await,
            Todo::TellDesk => self.tell_desk(refund).await,
            Todo::ReplaceReceipt => self.replace_receipt(refund).await,
        }
    }

    async fn load(&self, no: &RefundNo) -> Result<Refund, StoreError> {
        self.refunds.find(no).await?.ok_or_else(|| corrupt("refund", "no", no))
    }

    async fn payment_of(&self, refund: &Refund) -> Result<Payment, StoreError> {
        let found = self.payments.find(&refund.payment_no).await?;
        found.ok_or_else(|| corrupt("refund", "payment_no", &refund.no))
    }

    /// When to look again. Somebody who changed the refund meanwhile has set it himself.
    async fn put_off(
        &self,
        refund: &Refund,
        next_try_at: Option<Timestamp>,
        attempts: u32,
    ) -> Result<(), StoreError> {
        let waits = Refund { next_try_at, attempts, ..refund.clone() };
        match self.refunds.save(&RefundChange::of(waits, None)).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Saves a step; somebody who was faster is no failure, the next look goes on from there.
    async fn save(&self, change: &RefundChange) -> Result<Stepped, StoreError> {
        match self.refunds.save(change).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(Stepped::On),
            Err(error) => Err(error),
        }
    }

    async fn ask_desk(&self, refund: &Refund) -> Result<Stepped, StoreError> {
        let Some(request) = desk_request(refund) else { return Ok(Stepped::Failed) };
        match self.desk.ask(&request).await {
            Ok(case) => self.learn_case(refund, &case).await,
            Err(OutsideError::Refused { code, .. }) if is_final(&code, refund.attempts) => {
                let now = self.clock.now();
                match desk_case::rejected(refund, &code, now) {
                    Some(change) => self.save(&change).await,
                    None => Ok(Stepped::Failed),
                }
            }
            Err(_) => Ok(Stepped::Failed),
        }
    }

    async fn query_desk(&self, refund: &Refund) -> Result<Stepped, StoreError> {
        match self.desk.query(&refund.no).await {
            Ok(Some(case)) => self.learn_case(refund, &case).await,
            Ok(None) => {
                let mut again = refund.clone();
                if let Some(notice) = &mut again.notice {
                    notice.desk = DeskStep::Due;
                }
                self.save(&RefundChange::of(again, None)).await
            }
            Err(_) => Ok(Stepped::Failed),
        }
    }

    async fn learn_case(
        &self,
        refund: &Refund,
        case: &super::DeskCase,
    ) -> Result<Stepped, StoreError> {
        match desk_case::learnt(refund, case, self.clock.now()) {
            Some(change) => self.save(&change).await,
            None => Ok(Stepped::Later(DESK_POLL)),
        }
    }

    async fn reverse_receipt(&self, refund: &Refund) -> Result<Stepped, StoreError> {
        let Some(request) = reversal_of(refund) else { return Ok(Stepped::Failed) };
        let payment = self.payment_of(refund).await?;
        let all = self.refunds.list_of_payment(&payment.no).await?;
        let all = Balance { payment: &payment, refunds: &all };
        if let Some(no) = all.left_reversed(&request.notice_no) {
            let mut goes_on = refund.clone();
            if let Some(notice) = &mut goes_on.notice {
                notice.reversed_by = Some(no.clone());
            }
            let step = ReceiptStep::Reversed;
            return self.receipt_stands(&goes_on, step, "REVERSED_BEFORE").await;
        }
        let step = match self.receipts.reverse(&request).await {
            Ok(Reversal::Reversed) => ReceiptStep::Reversed,
            Ok(Reversal::NoReceipt) => ReceiptStep::Settled,
            Ok(Reversal::NotIssuedYet) | Err(_) => return Ok(Stepped::Failed),
        };
        self.receipt_stands(refund, step, "REVERSE_RECEIPT").await
    }

    async fn receipt_stands(
        &self,
        refund: &Refund,
        step: ReceiptStep,
        what: &'static str,
    ) -> Result<Stepped, StoreError> {
        let mut after = Refund { attempts: 0, ..refund.clone() };
        if let Some(notice) = &mut after.notice {
            notice.receipt = step;
        }
        let now = self.clock.now();
        let record = after.record((Actor::Rule, what), None, now);
        self.save(&RefundChange::of(after, Some(record))).await
    }

    /// Stores the refund as submitted *before* asking the rail: if we die in between, the next
    /// turn asks whether it has it, and sends it again under the same number if not.
    async fn send(&self, refund: &Refund) -> Result<Stepped, StoreError> {
        let payment = self.payment_of(refund).await?;
        let Some(port) = self.refunders.get(refund.rail) else { return Ok(Stepped::Failed) };
        let now = self.clock.now();
        let refused = |_: RefundTransitionRefused| corrupt("refund", "status", &refund.no);
        let mut sent = refund.after(RefundEvent::Send).map_err(refused)?;
        sent.next_try_at = Some(now + LEASE);
        sent.sent_at = sent.sent_at.or(Some(now));
        let order = sent.order(&payment).ok_or_else(|| corrupt("payment", "txn", &refund.no))?;
        let started =
            payment.after(PaymentEvent::StartRefund, (EventReason::RefundSent, None), now);
        let Ok(moved) = started else { return Ok(Stepped::Failed) };
        let booked = journal(&sent, JournalKind::RefundSent, now);
        let moved = PaymentChange { journal: Some(booked), ..moved };
        let record = sent.record((Actor::Rule, "SEND"), None, now);
        let change = RefundChange { payment: Some(moved), ..RefundChange::of(sent, Some(record)) };
        match self.refunds.save(&change).await {
            Ok(()) => self.ask(refund, port.as_ref(), &order).await,
            Err(StoreError::Conflict) => Ok(Stepped::On), // Look again at what it is now.
            Err(error) => Err(error),
        }
    }

    /// Asks the rail to give back; the same order, and so the same number, on every try.
    async fn ask(
        &self,
        refund: &Refund,
        port: &dyn RailRefunds,
        order: &RefundOrder,
    ) -> Result<Stepped, StoreError> {
        match port.refund(order).await {
            Ok(said) => self.learn(&refund.no, &said).await,
            Err(OutsideError::OutcomeUnknown(_)) => self.silence(refund).await,
            Err(OutsideError::NotSent(_)) => Ok(Stepped::Failed),
            // Nothing was done: later it may be (our balance there was too low, say), but not for
            // ever.
            Err(OutsideError::Refused { .. }) if refund.attempts < REFUSALS => Ok(Stepped::Failed),
            Err(OutsideError::Refused { code, .. }) => {
                self.learn(&refund.no, &RailRefundState::Failed { code }).await
            }
        }
    }

    async fn learn(&self, no: &RefundNo, said: &RailRefundState) -> Result<Stepped, StoreError> {
        let evidence = Evidence::Answer(self.clock.now());
        self.apply.learn(no, said, &evidence).await?;
        let refund = self.load(no).await?;
        Ok(match (&refund.state, next_look(&refund, self.clock.now())) {
            (state, _) if !state.is_at_rail() => Stepped::On,
            (RefundState::NeedsAccount, Some(at)) => {
                Stepped::Later(at.duration_since(self.clock.now()))
            }
            (_, _) => Stepped::Failed, // Not an outcome yet: looks grow rarer.
        })
    }

    async fn silence(&self, refund: &Refund) -> Result<Stepped, StoreError> {
        self.apply
            .learn(&refund.no, &RailRefundState::NotFound, &Evidence::Answer(self.clock.now()))
            .await?;
        Ok(Stepped::Failed)
    }

    async fn query_rail(&self, refund: &Refund) -> Result<Stepped, StoreError> {
        let payment = self.payment_of(refund).await?;
        let order = refund.order(&payment).ok_or_else(|| corrupt("payment", "txn", &refund.no))?;
        let Some(port) = self.refunders.get(refund.rail) else { return Ok(Stepped::Failed) };
        let redirected = refund.redirect.as_ref().is_some_and(super::Redirect::is_agreed);
        match port.query_refund(&order).await {
            Ok(RailRefundState::NotFound) if refund.state != RefundState::NeedsAccount => {
                self.ask(refund, port.as_ref(), &order).await
            }
            Ok(RailRefundState::NeedsAccount) if redirected => self.redirect(refund, &order).await,
            Ok(RailRefundState::NotFound) | Err(_) => self.silence(refund).await,
            Ok(said) => self.learn(&refund.no, &said).await,
        }
    }

    /// Tells the rail of the account that two persons agreed on.
    async fn redirect(&self, refund: &Refund, order: &RefundOrder) -> Result<Stepped, StoreError> {
        let port = self.refunders.redirects(refund.rail);
        let (Some(port), Some(redirect)) = (port, &refund.redirect) else {
            return Ok(Stepped::Failed);
        };
        let said = match port.redirect(order, &redirect.account).await {
            Ok(said) => said,
            // This account will never do: staff name another one.
            Err(OutsideError::Refused { .. }) => {
                return self.learn(&refund.no, &RailRefundState::NeedsAccount).await;
            }
            Err(OutsideError::NotSent(_) | OutsideError::OutcomeUnknown(_)) => {
                return Ok(Stepped::Failed);
            }
        };
        let sent = super::Redirect { step: RedirectStep::Sent, ..redirect.clone() };
        let after = Refund { redirect: Some(sent), attempts: 0, ..refund.clone() };
        let now = self.clock.now();
        let record = after.record((Actor::Rule, "REDIRECT"), None, now);
        match self.refunds.save(&RefundChange::of(after, Some(record))).await {
            Ok(()) => self.learn(&refund.no, &said).await,
            Err(StoreError::Conflict) => Ok(Stepped::On),
            Err(error) => Err(error),
        }
    }

    async fn tell_desk(&self, refund: &Refund) -> Result<Stepped, StoreError> {
        let Some(notice) = paid_back(refund) else { return Ok(Stepped::Failed) };
        if self.desk.tell_paid_back(&notice).await.is_err() {
            return Ok(Stepped::Failed);
        }
        let mut after = Refund { attempts: 0, ..refund.clone() };
        if let Some(notice) = &mut after.notice
            && let DeskStep::Approved(becomes) = notice.desk
        {
            notice.desk = DeskStep::Told(becomes);
        }
        let now = self.clock.now();
        let record = after.record((Actor::Rule, "TELL_DESK"), None, now);
        self.save(&RefundChange::of(after, Some(record))).await
    }

    async fn replace_receipt(&self, refund: &Refund) -> Result<Stepped, StoreError> {
        let payment = self.payment_of(refund).await?;
        let all = self.refunds.list_of_payment(&payment.no).await?;
        let no = refund.notice.as_ref().map(|notice| &notice.no);
        let snapshot = payment.notices.iter().find(|notice| Some(&notice.no) == no);
        let (Some(snapshot), Some(request)) = (snapshot, reversal_of(refund)) else {
            return Err(corrupt("refund", "notice_no", &refund.no));
        };
        let Some(rest) = (Balance { payment: &payment, refunds: &all }).rest_of(snapshot) else {
            return Ok(Stepped::Later(SignedDuration::from_mins(1)));
        };
        if let Ok(rest) = crate::money::PayableFen::new(rest.value()) {
            match self.receipts.replace(&request, rest).await {
                Ok(Reversal::Reversed | Reversal::NoReceipt) => {}
                Ok(Reversal::NotIssuedYet) | Err(_) => return Ok(Stepped::Failed),
            }
        }
        self.receipt_stands(refund, ReceiptStep::Settled, "REPLACE_RECEIPT").await
    }
}

fn corrupt(table: &'static str, column: &'static str, no: &RefundNo) -> StoreError {
    StoreError::Corrupt { table, column, row: no.to_string() }
}

/// 5 s, 10 s, 20 s … at most 10 minutes.
fn pause(attempts: u32) -> SignedDuration {
    let seconds = 5_i64.checked_shl(attempts.min(10)).unwrap_or(600);
    SignedDuration::from_secs(seconds.clamp(5, 600))
}

/// Refusals of the desk that no time mends, once they came often enough.
fn is_final(code: &str, attempts: u32) -> bool {
    let codes = ["AMOUNT", "NOT_FOUND", "INVALID", "CONFLICT", "NOT_WRITTEN_OFF"];
    codes.contains(&code) && attempts + 1 >= REFUSALS
}

#[cfg(test)]
#[path = "send_tests.rs"]
mod tests;

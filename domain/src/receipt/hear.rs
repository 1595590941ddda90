//! Acting on what the gateway tells us by itself.

use super::{
    GatewayCallbacks, GatewayEvent, GatewayInbox, GatewayNews, RefundDecided, WriteOffVerdict,
};
use crate::clock::Clock;
use crate::ids::PaymentNo;
use crate::money::Fen;
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::payment::{
    ApplyError, CloseWithdrawn, HearRefundDecision, OutboxItem, OutboxKind, OutboxStore, OweBack,
    PaymentStore, RailCallback, ReceiveError, Received, RejectedWriteOff, Withdrawn,
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Use case: take a call of the gateway in. The answer may be sent once this is `Ok`.
pub struct ReceiveGatewayCall {
    /// Who can read it.
    pub reader: Arc<dyn GatewayCallbacks>,
    /// Where it is kept.
    pub inbox: Arc<dyn GatewayInbox>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl ReceiveGatewayCall {
    /// Whether it was there before, and the signed answer.
    ///
    /// # Errors
    /// [`ReceiveError`]; see [`ReceiveGatewayCall::fault`] for what to answer a refused one.
    pub async fn run(&self, call: &RailCallback) -> Result<(Received, String), ReceiveError> {
        let read = self.reader.read(call, self.clock.now()).await?;
        let received = match &read.event {
            Some(event) => self.inbox.record(event, &call.body).await?,
            None => Received::Ignored,
        };
        Ok((received, read.answer))
    }

    /// The fault without signature that a refused call is answered.
    pub fn fault(&self, refused: &crate::payment::CallbackRefused) -> String {
        self.reader.fault(refused)
    }
}

/// What news did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewsActed {
    /// Something was changed by it.
    Moved,
    /// It was known already, or nothing follows from it.
    Known,
    /// It is not about anything of ours.
    Foreign,
    /// It contradicts what we know; nothing was changed, staff must look.
    Contradicts,
    /// The notice is withdrawn and its rail order still open: comes again.
    NotYet,
}

/// Use case: act on the gateway's news that was taken in.
pub struct ProcessGatewayNews {
    /// Where it is kept.
    pub inbox: Arc<dyn GatewayInbox>,
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Write-offs that wait.
    pub outbox: Arc<dyn OutboxStore>,
    /// Who wakes the refunds that were decided.
    pub refunds: HearRefundDecision,
    /// Who gives back what the agency does not take.
    pub owe_back: Arc<OweBack>,
    /// Who closes orders that nobody may pay any more.
    pub withdrawn: CloseWithdrawn,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// For how long a node keeps news before another may act on it.
const LEASE: SignedDuration = SignedDuration::from_secs(15);

impl ProcessGatewayNews {
    /// Acts on up to `limit`; answers what became of each. What cannot be judged yet stays and
    /// comes again when its lease is over.
    ///
    /// # Errors
    /// When the store cannot say which wait.
    pub async fn run_once(
        &self,
        limit: u16,
    ) -> Result<Vec<(GatewayEvent, Result<NewsActed, ApplyError>)>, StoreError> {
        let now = self.clock.now();
        let mut done = Vec::new();
        for event in self.inbox.lease(now, now + LEASE, limit).await? {
            let acted = self.act(&event.news).await;
            match &acted {
                Ok(NewsActed::NotYet) | Err(_) => {}
                Ok(acted) => self.inbox.finish(&event, &format!("{acted:?}")).await?,
            }
            done.push((event, acted));
        }
        Ok(done)
    }

    async fn act(&self, news: &GatewayNews) -> Result<NewsActed, ApplyError> {
        match news {
            GatewayNews::WriteOff { notice_no, payment_no, amount, verdict, at } => {
                let item = item(payment_no, notice_no);
                Ok(self.write_off(&item, *amount, verdict, *at).await?)
            }
            GatewayNews::NoticeWithdrawn { notice_no, .. } => {
                Ok(match self.withdrawn.run(notice_no).await? {
                    Withdrawn::Closed => NewsActed::Moved,
                    Withdrawn::Settled => NewsActed::Known,
                    Withdrawn::NothingOpen => NewsActed::Foreign,
                    Withdrawn::StillOpen => NewsActed::NotYet,
                })
            }
            GatewayNews::RefundDecided(decided) => Ok(self.refund_decided(decided).await?),
        }
    }

    async fn write_off(
        &self,
        item: &OutboxItem,
        amount: Fen,
        verdict: &WriteOffVerdict,
        at: Timestamp,
    ) -> Result<NewsActed, StoreError> {
        let Some(payment) = self.payments.find(&item.payment_no).await? else {
            return Ok(NewsActed::Foreign);
        };
        let Some(notice) = payment.notices.iter().find(|notice| notice.no == item.notice_no) else {
            return Ok(NewsActed::Foreign);
        };
        let counts = payment.state.money().is_some() && payment.state.holds_notices();
        match (verdict, notice.written_off_at.is_some()) {
            // A refunded payment was written off before; nobody has to be told again.
            (WriteOffVerdict::Confirmed, true) => Ok(NewsActed::Known),
            (WriteOffVerdict::Confirmed, false) if counts && notice.total() == amount => {
                self.outbox.written_off(item, at).await?;
                Ok(NewsActed::Moved)
            }
            (WriteOffVerdict::Rejected { reason_code, reason }, false) if counts => {
                let why = format!("REJECTED: {} {reason}", reason_code.code());
                let rejected = RejectedWriteOff {
                    payment_no: item.payment_no.clone(),
                    notice_no: item.notice_no.clone(),
                    proven: reason_code.is_proof(),
                    reason: reason.clone(),
                };
                self.rejected(item, &why, &rejected).await
            }
            (WriteOffVerdict::Confirmed | WriteOffVerdict::Rejected { .. }, _) => {
                Ok(NewsActed::Contradicts)
            }
        }
    }

    /// The write-off does not stand, for ever: the money goes back. What is left of the write-off
    /// is parked, so that staff see it; the refund comes first, so that no fault can lose it.
    async fn rejected(
        &self,
        item: &OutboxItem,
        why: &str,
        rejected: &RejectedWriteOff,
    ) -> Result<NewsActed, StoreError> {
        self.owe_back.give_back(rejected).await?;
        self.outbox.postpone(item, why, None).await?;
        Ok(NewsActed::Moved)
    }

    /// A decision about a refund: the refund's own worker asks what it was. What finance ordered
    /// by itself is no refund of ours; the clearing files show it.
    async fn refund_decided(&self, decided: &RefundDecided) -> Result<NewsActed, StoreError> {
        let Some(no) = &decided.refund_no else { return Ok(NewsActed::Foreign) };
        self.refunds.run(no.as_str()).await?;
        Ok(NewsActed::Moved)
    }
}

fn item(payment_no: &PaymentNo, notice_no: &NoticeNo) -> OutboxItem {
    OutboxItem {
        payment_no: payment_no.clone(),
        notice_no: notice_no.clone(),
        kind: OutboxKind::WriteOff,
    }
}

#[cfg(test)]
#[path = "hear_tests.rs"]
mod tests;

//! What a paid payment owes the world, done at least once outside and counted once here.

use super::{FiledReceipt, Receipt};
use crate::clock::Clock;
use crate::identity::{PersonStore, living};
use crate::ids::PaymentNo;
use crate::money::Fen;
use crate::notice::NoticeNo;
use crate::outside::{OutsideError, StoreError};
use crate::payment::{
    OutboxItem, OutboxKind, OutboxRow, OutboxStore, OweBack, Payment, PaymentStore, Rail,
    RejectedWriteOff, receipt_issued,
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// "This notice was paid, so much, by this transaction."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOff {
    /// The notice.
    pub notice_no: NoticeNo,
    /// Our payment; with the notice it is the effect's own number.
    pub payment_no: PaymentNo,
    /// Who took the money.
    pub rail: Rail,
    /// The rail's number.
    pub txn: String,
    /// With the late fee.
    pub amount: Fen,
    /// By the rail's clock.
    pub paid_at: Timestamp,
    /// When the sum was quoted: its late fee is that of this moment's day.
    pub quoted_at: Timestamp,
    /// 执收单位编码 of the notice.
    pub agency_code: String,
    /// The notice without late fee, which its check code covers.
    pub principal: Fen,
    /// The place of this message among those about the notice, from 1, in the order in which they
    /// must arrive; `None`: nobody counts them.
    pub sequence: Option<u32>,
}

/// What the gateway says of a write-off that it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// It stands.
    Confirmed,
    /// The agency decides later: [`super::GatewayNews`] will tell.
    Pending,
}

/// The gateway's message `GetPay_Info`.
#[async_trait]
pub trait NoticeWriteOff: Send + Sync {
    /// MUST be safe to repeat with the same notice and payment, and answer how it stands now.
    async fn write_off(&self, write_off: &WriteOff) -> Result<Confirmation, OutsideError>;
}

/// The gateway's issue of fiscal e-receipts.
#[async_trait]
pub trait ReceiptIssuer: Send + Sync {
    /// MUST answer the same receipt for the same notice and payment.
    async fn issue(&self, write_off: &WriteOff) -> Result<Receipt, OutsideError>;
}

/// What became of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fulfilled {
    /// Done and counted.
    Done,
    /// Comes again.
    Postponed,
    /// The other side refused: staff must look.
    Parked,
}

/// Use case: work off the outbox.
pub struct FulfilPayments {
    /// What waits.
    pub outbox: Arc<dyn OutboxStore>,
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
    /// Whose name stands on a receipt.
    pub persons: Arc<dyn PersonStore>,
    /// The agencies, behind the gateway.
    pub write_offs: Arc<dyn NoticeWriteOff>,
    /// The finance department, behind the gateway.
    pub receipts: Arc<dyn ReceiptIssuer>,
    /// Who gives back what the agency does not take.
    pub owe_back: Arc<OweBack>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// For how long a node keeps an item before another may try: longer than two deadlines.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// A final refusal is tried so often before staff must look: an agency may be a step behind.
const REFUSALS: u32 = 5;

impl FulfilPayments {
    /// Tries up to `limit` items; answers what became of each. Where the store fails, what was
    /// done outside is done again and counted then; the other items go on.
    ///
    /// # Errors
    /// When the store cannot say which are due.
    pub async fn run_once(
        &self,
        limit: u16,
    ) -> Result<Vec<(OutboxItem, Result<Fulfilled, StoreError>)>, StoreError> {
        let now = self.clock.now();
        let mut done = Vec::new();
        for row in self.outbox.lease(now, now + LEASE, limit).await? {
            let fulfilled = self.fulfil(&row).await;
            done.push((row.item, fulfilled));
        }
        Ok(done)
    }

    async fn fulfil(&self, row: &OutboxRow) -> Result<Fulfilled, StoreError> {
        let item = &row.item;
        let corrupt =
            || StoreError::Corrupt { table: "outbox", column: "payment_no", row: item.key() };
        let payment = self.payments.find(&item.payment_no).await?.ok_or_else(corrupt)?;
        let write_off = write_off_of(&payment, &item.notice_no).ok_or_else(corrupt)?;
        let tried = match item.kind {
            OutboxKind::WriteOff => match self.write_offs.write_off(&write_off).await {
                Ok(Confirmation::Confirmed) => {
                    self.outbox.written_off(item, self.clock.now()).await?;
                    Ok(())
                }
                Ok(Confirmation::Pending) => return self.wait_for_agency(row).await,
                Err(error) => Err(error),
            },
            OutboxKind::IssueReceipt => match self.receipts.issue(&write_off).await {
                Ok(receipt) => self.file(item, &payment, receipt).await?,
                // What is collected for others gets no receipt of the finance department.
                Err(OutsideError::Refused { code, .. }) if code == "NO_RECEIPT" => {
                    self.outbox.never_receipted(item, self.clock.now()).await?;
                    Ok(())
                }
                Err(error) => Err(error),
            },
        };
        match tried {
            Ok(()) => Ok(Fulfilled::Done),
            Err(error) => self.postpone(row, &error).await,
        }
    }

    /// Files what the gateway issued. What is not for this money is not filed: the item comes
    /// again, and its reason tells staff.
    async fn file(
        &self,
        item: &OutboxItem,
        payment: &Payment,
        receipt: Receipt,
    ) -> Result<Result<(), OutsideError>, StoreError> {
        let person = living(self.persons.as_ref(), &payment.person).await?;
        let payer = person.and_then(|person| person.real_name).map(|proved| proved.name);
        match FiledReceipt::of(receipt, payment, payer) {
            Ok(filed) => {
                let events = receipt_issued(payment, &filed.receipt, self.clock.now());
                self.outbox.receipted(item, &filed, &events).await.map(Ok)
            }
            Err(why) => Ok(Err(OutsideError::OutcomeUnknown(why.into()))),
        }
    }

    /// The gateway has it, the agency decides later: its word comes as news, and by asking again.
    async fn wait_for_agency(&self, row: &OutboxRow) -> Result<Fulfilled, StoreError> {
        let next = self.clock.now() + pause(row.attempts);
        self.outbox.postpone(&row.item, "PENDING: 等待执收单位确认", Some(next)).await?;
        Ok(Fulfilled::Postponed)
    }

    async fn postpone(
        &self,
        row: &OutboxRow,
        error: &OutsideError,
    ) -> Result<Fulfilled, StoreError> {
        let reason: String = error.to_string().chars().take(200).collect();
        let park = is_final(error) && row.attempts + 1 >= REFUSALS;
        if park && let Some(rejected) = rejection(&row.item, error) {
            // Before it is parked, so that no fault can lose it.
            self.owe_back.give_back(&rejected).await?;
        }
        let next = (!park).then(|| self.clock.now() + pause(row.attempts));
        self.outbox.postpone(&row.item, &reason, next).await?;
        Ok(if park { Fulfilled::Parked } else { Fulfilled::Postponed })
    }
}

/// Refusals that no time mends; every other one ("system busy", say) is tried on and on.
fn is_final(error: &OutsideError) -> bool {
    let codes = [
        "ALREADY_PAID",
        "AMOUNT",
        "CHECKCODE",
        "INVALID",
        "NOT_FOUND",
        "QUOTE",
        "REVERSED",
        "WITHDRAWN",
    ];
    matches!(error, OutsideError::Refused { code, .. } if codes.contains(&code.as_str()))
}

/// What the gateway's final refusal of a write-off says of the money: that it never counts, because
/// another payment has the notice or the agency took it back; or that the agency does not take it,
/// for whatever reason, and two persons judge whether it goes back.
fn rejection(item: &OutboxItem, error: &OutsideError) -> Option<RejectedWriteOff> {
    let (OutboxKind::WriteOff, OutsideError::Refused { code, message }) = (item.kind, error) else {
        return None;
    };
    let proven = matches!(code.as_str(), "ALREADY_PAID" | "WITHDRAWN");
    let (payment_no, notice_no) = (item.payment_no.clone(), item.notice_no.clone());
    Some(RejectedWriteOff { payment_no, notice_no, proven, reason: message.clone() })
}

/// 2 s, 4 s, 8 s … at most 10 minutes: a gateway that comes back finds us within that.
fn pause(attempts: u32) -> SignedDuration {
    SignedDuration::from_secs((2_i64 << attempts.min(10)).min(600))
}

/// What a payment's money is to one of its notices; `None` where either is not there.
pub(super) fn write_off_of(payment: &Payment, notice_no: &NoticeNo) -> Option<WriteOff> {
    let money = payment.state.money()?;
    let notice = payment.notices.iter().find(|notice| &notice.no == notice_no)?;
    Some(WriteOff {
        notice_no: notice.no.clone(),
        payment_no: payment.no.clone(),
        rail: payment.rail,
        txn: money.txn.as_str().to_owned(),
        amount: notice.total(),
        paid_at: money.at,
        quoted_at: payment.quoted_at,
        agency_code: notice.agency.code.clone(),
        principal: notice.principal,
        sequence: None,
    })
}

impl OutboxItem {
    /// The item's key, as text.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.payment_no, self.notice_no, self.kind.code())
    }
}

#[cfg(test)]
#[path = "fulfil_tests.rs"]
mod tests;

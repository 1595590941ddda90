//! Taking a receipt back by a red-letter receipt (冲红) before its money goes back, and a receipt
//! of the rest where only a part went back.

use super::fulfil::write_off_of;
use super::{FiledReceipt, Receipt, ReceiptBook, ReceiptId, RedLetter, WriteOff};
use crate::money::PayableFen;
use crate::notice::PaymentItems;
use crate::outside::{OutsideError, StoreError};
use crate::payment::{
    Payment, PaymentStore, ReceiptReversal, Reversal, ReversalRequest, SnapshotItem,
};
use async_trait::async_trait;
use std::sync::Arc;

/// The gateway's red-letter receipts.
#[async_trait]
pub trait RedReceiptIssuer: Send + Sync {
    /// The red-letter receipt over the whole sum of `receipt`; its amount is positive. MUST
    /// answer the same one however often it is asked.
    async fn reverse(
        &self,
        receipt: &Receipt,
        request: &ReversalRequest,
    ) -> Result<Receipt, OutsideError>;
    /// The receipt of the rest, which is the amount of `rest`, in place of one that was taken
    /// back. MUST answer the same one however often it is asked.
    async fn replace(&self, rest: &WriteOff, reversed: &ReceiptId)
    -> Result<Receipt, OutsideError>;
}

/// Takes receipts back and files what the gateway issues for it.
pub struct ReverseReceipts {
    /// Receipts.
    pub receipts: Arc<dyn ReceiptBook>,
    /// Whose money they are for.
    pub payments: Arc<dyn PaymentStore>,
    /// Which items get receipts at all.
    pub items: Arc<PaymentItems>,
    /// The gateway.
    pub gateway: Arc<dyn RedReceiptIssuer>,
}

/// All receipts of one notice and payment, oldest first.
struct Chain(Vec<FiledReceipt>);

impl Chain {
    /// The one that is valid.
    fn standing(&self) -> Option<&FiledReceipt> {
        self.0.iter().find(|filed| filed.red_letter.is_none() && filed.reversed_by.is_none())
    }

    /// The one that this refund took back.
    fn taken_back_by(&self, request: &ReversalRequest) -> Option<&FiledReceipt> {
        let letters = self.0.iter().filter_map(|filed| filed.red_letter.as_ref());
        let letter = letters.into_iter().find(|letter| letter.refund_no == request.refund_no)?;
        self.0.iter().find(|filed| filed.receipt.id == letter.original)
    }
}

impl ReverseReceipts {
    async fn chain(&self, request: &ReversalRequest) -> Result<Chain, OutsideError> {
        let found = self.receipts.list_chain(&request.payment_no, &request.notice_no).await;
        Ok(Chain(found.map_err(|error| OutsideError::NotSent(error.into()))?))
    }

    async fn payment(&self, request: &ReversalRequest) -> Result<Option<Payment>, OutsideError> {
        let payment = self.payments.find(&request.payment_no).await;
        payment.map_err(|error| OutsideError::NotSent(error.into()))
    }

    /// What is collected for others: the finance department gives no receipt for it.
    async fn gets_no_receipt(&self, request: &ReversalRequest) -> Result<bool, OutsideError> {
        let Some(payment) = self.payment(request).await? else { return Ok(false) };
        let notice = payment.notices.iter().find(|notice| notice.no == request.notice_no);
        Ok(notice.is_some_and(|notice| {
            notice.items.iter().all(|line| {
                let item = self.items.find_by_chit_code(&line.code);
                item.is_some_and(|item| item.receipt_class.is_none())
            })
        }))
    }

    async fn write_off(&self, request: &ReversalRequest) -> Result<WriteOff, OutsideError> {
        let payment = self.payment(request).await?;
        let write_off = payment.and_then(|payment| write_off_of(&payment, &request.notice_no));
        write_off.ok_or_else(|| OutsideError::NotSent("a receipt without its payment".into()))
    }
}

#[async_trait]
impl ReceiptReversal for ReverseReceipts {
    async fn reverse(&self, request: &ReversalRequest) -> Result<Reversal, OutsideError> {
        let chain = self.chain(request).await?;
        if chain.taken_back_by(request).is_some() {
            return Ok(Reversal::Reversed);
        }
        let Some(standing) = chain.standing() else {
            let never = chain.0.is_empty() && self.gets_no_receipt(request).await?;
            return Ok(if never { Reversal::NoReceipt } else { Reversal::NotIssuedYet });
        };
        let of = &standing.receipt;
        let issued = self.gateway.reverse(of, request).await?;
        if issued.id == of.id || issued.amount != of.amount || !same_money(&issued, of) {
            return Err(OutsideError::OutcomeUnknown("another receipt was taken back".into()));
        }
        let letter = RedLetter {
            original: of.id.clone(),
            refund_no: request.refund_no.clone(),
            reason: request.reason.clone(),
        };
        let red = FiledReceipt {
            receipt: issued,
            red_letter: Some(letter),
            reversed_by: None,
            ..standing.clone()
        };
        self.receipts.file_reversal(&red).await.map_err(unfiled)?;
        Ok(Reversal::Reversed)
    }

    async fn replace(
        &self,
        request: &ReversalRequest,
        rest: PayableFen,
    ) -> Result<Reversal, OutsideError> {
        let chain = self.chain(request).await?;
        if chain.standing().is_some() {
            return Ok(Reversal::Reversed);
        }
        let Some(reversed) = chain.taken_back_by(request) else {
            return Ok(Reversal::NotIssuedYet);
        };
        let of = &reversed.receipt;
        let whole = self.write_off(request).await?;
        let issued =
            self.gateway.replace(&WriteOff { amount: rest.fen(), ..whole }, &of.id).await?;
        if issued.id == of.id || issued.amount != rest.fen() || !same_money(&issued, of) {
            return Err(OutsideError::OutcomeUnknown("another receipt was issued".into()));
        }
        let replacement = FiledReceipt {
            items: vec![rest_of(reversed, rest)],
            receipt: issued,
            red_letter: None,
            reversed_by: None,
            ..reversed.clone()
        };
        self.receipts.file_replacement(&replacement).await.map_err(unfiled)?;
        Ok(Reversal::Reversed)
    }
}

fn same_money(a: &Receipt, b: &Receipt) -> bool {
    (&a.payment_no, &a.notice_no) == (&b.payment_no, &b.notice_no)
}

/// The gateway has done it: the same request finds it again.
fn unfiled(error: StoreError) -> OutsideError {
    OutsideError::OutcomeUnknown(error.into())
}

/// What is left is one line: which item went back is the refund's affair. Money is booked by the
/// payment's items, never by this line, so a line over several items names no shares.
fn rest_of(reversed: &FiledReceipt, rest: PayableFen) -> SnapshotItem {
    let amount = rest.fen();
    match reversed.items.as_slice() {
        [only] => SnapshotItem { amount, ..only.clone() },
        several => SnapshotItem {
            code: several.first().map_or_else(String::new, |item| item.code.clone()),
            name: "部分退付后余额".to_owned(),
            amount,
            allotment: None,
        },
    }
}

//! The public check of a receipt.

use super::{FiledReceipt, Receipt, ReceiptBook, ReceiptId};
use crate::ids::PaymentNo;
use crate::money::{Fen, FenOverflow};
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::standards::CheckCode;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;

/// Money of one notice of a payment that was given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBack {
    /// Of which payment.
    pub payment_no: PaymentNo,
    /// For which notice.
    pub notice_no: NoticeNo,
    /// How much; positive.
    pub amount: Fen,
    /// When.
    pub at: Timestamp,
}

impl GivenBack {
    /// What the receipts of one notice and payment tell, oldest first: the first one's amount
    /// without what still stands. `None` where nothing was taken back.
    pub fn by_receipts(chain: &[FiledReceipt]) -> Option<Self> {
        let first = chain.first()?;
        let at = chain.iter().filter(|f| f.red_letter.is_some()).map(|f| f.receipt.issued_at);
        let stands = chain.iter().filter(|f| f.red_letter.is_none() && f.reversed_by.is_none());
        let stands = stands.map(|f| f.receipt.amount.value()).fold(0, i64::saturating_add);
        let amount = Fen::new(first.receipt.amount.value().saturating_sub(stands));
        let Receipt { payment_no, notice_no, .. } = first.receipt.clone();
        let back = |at| Self { payment_no, notice_no, amount, at };
        at.max().filter(|_| amount > Fen::ZERO).map(back)
    }
}

/// What was given back, as far as receipts and statements must tell it.
#[async_trait]
pub trait GivenBackBook: Send + Sync {
    /// All that was given back of these payments.
    async fn list_given_back(&self, payments: &[PaymentNo]) -> Result<Vec<GivenBack>, StoreError>;
}

/// A genuine receipt, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The receipt.
    pub filed: FiledReceipt,
    /// How much of it was given back since; nothing of a red-letter receipt.
    pub refunded: Fen,
}

/// Use case: anybody who holds a receipt may ask whether it is genuine.
pub struct VerifyReceipt {
    /// Receipts.
    pub receipts: Arc<dyn ReceiptBook>,
    /// Refunds.
    pub given_back: Arc<dyn GivenBackBook>,
}

impl VerifyReceipt {
    /// The receipt, if code, number and check code are those of one receipt. A wrong check code
    /// looks the same as a number that was never issued.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn run(
        &self,
        id: &ReceiptId,
        check_code: &CheckCode,
    ) -> Result<Option<Verified>, StoreError> {
        let found = self.receipts.find(id).await?;
        let genuine =
            |filed: &FiledReceipt| same(filed.receipt.check_code.as_str(), check_code.as_str());
        let Some(filed) = found.filter(genuine) else { return Ok(None) };
        let refunded = if filed.red_letter.is_some() {
            Fen::ZERO
        } else {
            let of = [filed.receipt.payment_no.clone()];
            let all = self.given_back.list_given_back(&of).await?;
            let mine = all.iter().filter(|back| back.notice_no == filed.receipt.notice_no);
            sum(mine.map(|back| back.amount))?
        };
        Ok(Some(Verified { filed, refunded }))
    }
}

/// What left 64 bits was never in the database of an honest service.
pub(super) fn sum(amounts: impl Iterator<Item = Fen>) -> Result<Fen, StoreError> {
    Fen::sum(amounts).map_err(|error: FenOverflow| StoreError::Unavailable(error.into()))
}

/// Compares without telling by its duration where two texts differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
}

//! A receipt, and the public check of one.

use crate::ids::PaymentNo;
use crate::money::Fen;
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::standards::{CheckCode, ReceiptCode, ReceiptNo};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;

/// Code and number: together unique in the country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptId {
    /// 票据代码.
    pub code: ReceiptCode,
    /// 票据号码.
    pub number: ReceiptNo,
}

/// A fiscal e-receipt. One per notice of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Code and number.
    pub id: ReceiptId,
    /// 校验码: six letters or digits; only who has the receipt knows it.
    pub check_code: CheckCode,
    /// What it is for.
    pub notice_no: NoticeNo,
    /// Whose money.
    pub payment_no: PaymentNo,
    /// With the late fee.
    pub amount: Fen,
    /// By the gateway's clock.
    pub issued_at: Timestamp,
}

/// Receipts that were issued.
#[async_trait]
pub trait ReceiptBook: Send + Sync {
    /// The receipt with this code and number.
    async fn find(&self, id: &ReceiptId) -> Result<Option<Receipt>, StoreError>;
    /// The receipts of a payment, in order of notice numbers.
    async fn list_of_payment(&self, no: &PaymentNo) -> Result<Vec<Receipt>, StoreError>;
}

/// Use case: anybody who holds a receipt may ask whether it is genuine.
pub struct VerifyReceipt {
    /// Receipts.
    pub receipts: Arc<dyn ReceiptBook>,
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
    ) -> Result<Option<Receipt>, StoreError> {
        let found = self.receipts.find(id).await?;
        Ok(found.filter(|receipt| same(receipt.check_code.as_str(), check_code.as_str())))
    }
}

/// Compares without telling by its duration where two texts differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
}

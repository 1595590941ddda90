//! A receipt as it was issued, and as it lies in the book.

use crate::identity::PersonName;
use crate::ids::{PaymentNo, PersonId, RefundNo};
use crate::money::Fen;
use crate::notice::{Agency, NoticeNo};
use crate::outside::StoreError;
use crate::payment::{Payment, SnapshotItem};
use crate::standards::{CheckCode, ReceiptCode, ReceiptNo};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Code and number: together unique in the country.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptId {
    /// 票据代码.
    pub code: ReceiptCode,
    /// 票据号码.
    pub number: ReceiptNo,
}

/// A fiscal e-receipt, as the gateway issues it. One per notice of a payment.
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
    /// With the late fee; positive, also where the receipt takes another one back.
    pub amount: Fen,
    /// By the gateway's clock.
    pub issued_at: Timestamp,
}

/// What a red-letter receipt says beyond an ordinary one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedLetter {
    /// The receipt that it takes back.
    pub original: ReceiptId,
    /// For which refund.
    pub refund_no: RefundNo,
    /// Why, in words for the citizen.
    pub reason: String,
}

/// A receipt with all that stands on it and its links, as it lies in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledReceipt {
    /// As the gateway issued it.
    pub receipt: Receipt,
    /// Whose it is: who paid.
    pub person: PersonId,
    /// The name that the payer had proved by then, if any (交款人).
    pub payer: Option<PersonName>,
    /// Who was owed (收款单位).
    pub agency: Agency,
    /// Its lines; they add up to the amount.
    pub items: Vec<SnapshotItem>,
    /// Of a red-letter receipt: what it takes back. Its amount counts as negative.
    pub red_letter: Option<RedLetter>,
    /// The red-letter receipt that took this one back.
    pub reversed_by: Option<ReceiptId>,
}

/// The gateway issued something that is not for this payment's money.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum NotOfThisPayment {
    /// Another payment, or a notice that it does not pay.
    #[error("the receipt is for another payment or notice")]
    Numbers,
    /// No rail has confirmed money for it.
    #[error("no money is confirmed for the payment")]
    NoMoney,
    /// Not the notice's total.
    #[error("the receipt is for another amount than the notice")]
    Amount,
}

impl FiledReceipt {
    /// What goes into the book when the gateway has issued `receipt` for one notice of
    /// `payment`; `payer` is the name that the person has proved.
    ///
    /// # Errors
    /// [`NotOfThisPayment`]; nothing may be filed then.
    pub fn of(
        receipt: Receipt,
        payment: &Payment,
        payer: Option<PersonName>,
    ) -> Result<Self, NotOfThisPayment> {
        let notice = payment.notices.iter().find(|notice| notice.no == receipt.notice_no);
        let notice = notice.filter(|_| receipt.payment_no == payment.no);
        let notice = notice.ok_or(NotOfThisPayment::Numbers)?;
        if payment.state.money().is_none() {
            return Err(NotOfThisPayment::NoMoney);
        }
        if receipt.amount != notice.total() {
            return Err(NotOfThisPayment::Amount);
        }
        Ok(Self {
            receipt,
            person: payment.person.clone(),
            payer,
            agency: notice.agency.clone(),
            items: notice.items.clone(),
            red_letter: None,
            reversed_by: None,
        })
    }

    /// The amount with its sense: negative on a red-letter receipt.
    pub fn signed_amount(&self) -> Fen {
        match self.red_letter {
            Some(_) => Fen::new(-self.receipt.amount.value()),
            None => self.receipt.amount,
        }
    }

    /// What a verifier is asked for, as the query of an address; the receipt's QR code holds it.
    pub fn verify_query(&self) -> String {
        let Receipt { id, check_code, .. } = &self.receipt;
        let (code, number) = (id.code.as_str(), id.number.as_str());
        format!("code={code}&number={number}&check={}", check_code.as_str())
    }
}

/// Receipts of one person, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptPage {
    /// At most as many as were asked for.
    pub receipts: Vec<FiledReceipt>,
    /// Are there older ones?
    pub more: bool,
}

/// Receipts that were issued. They come in by [`crate::payment::OutboxStore::receipted`].
#[async_trait]
pub trait ReceiptBook: Send + Sync {
    /// The receipt with this code and number.
    async fn find(&self, id: &ReceiptId) -> Result<Option<FiledReceipt>, StoreError>;
    /// The receipts of a payment, in order of notice numbers and of their issue; without
    /// red-letter ones, to which [`FiledReceipt::reversed_by`] leads.
    async fn list_of_payment(&self, no: &PaymentNo) -> Result<Vec<FiledReceipt>, StoreError>;
    /// The receipts with these codes and numbers. One by one, unless a store knows better.
    async fn find_all(
        &self,
        ids: &[ReceiptId],
    ) -> Result<BTreeMap<ReceiptId, FiledReceipt>, StoreError> {
        let mut found = BTreeMap::new();
        for id in ids {
            found.extend(self.find(id).await?.map(|filed| (id.clone(), filed)));
        }
        Ok(found)
    }
    /// Those of these payments, as [`Self::list_of_payment`] has them. One by one, unless a store
    /// knows better.
    async fn list_of_payments(
        &self,
        nos: &[PaymentNo],
    ) -> Result<BTreeMap<PaymentNo, Vec<FiledReceipt>>, StoreError> {
        let mut found = BTreeMap::new();
        for no in nos {
            found.insert(no.clone(), self.list_of_payment(no).await?);
        }
        Ok(found)
    }
    /// All receipts of one notice and payment, red-letter ones included, in order of their issue.
    async fn list_chain(
        &self,
        payment: &PaymentNo,
        notice: &NoticeNo,
    ) -> Result<Vec<FiledReceipt>, StoreError>;
    /// The receipts of a person, who has these ids, red-letter ones included, that are older than
    /// `before`; newest first. MUST answer nothing for a `before` that is not the person's.
    async fn list_receipts_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&ReceiptId>,
        limit: u16,
    ) -> Result<ReceiptPage, StoreError>;
    /// Files a red-letter receipt and the link to it from its original, together. Told again it
    /// changes nothing. MUST answer [`StoreError::Conflict`], and file nothing, when the
    /// original is taken back by another one, is a red-letter receipt itself, or is not there.
    async fn file_reversal(&self, red: &FiledReceipt) -> Result<(), StoreError>;
    /// Files a receipt of the rest. Told again it changes nothing. MUST answer
    /// [`StoreError::Conflict`], and file nothing, while another receipt of the notice and
    /// payment stands.
    async fn file_replacement(&self, receipt: &FiledReceipt) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::samples;
    use crate::payment::PaymentState;

    fn paid() -> Payment {
        let mut payment = samples::payment("YW000001", "330000001FS1", 20_600);
        payment.state = PaymentState::Paid(samples::money("T1", 20_600));
        payment
    }

    #[test]
    fn a_receipt_is_filed_only_for_confirmed_money_of_its_own_notice() {
        let paid = paid();
        let receipt = samples::receipt(&paid, 0, 1);
        let filed = FiledReceipt::of(receipt.clone(), &paid, None).unwrap();
        assert_eq!(
            (filed.person, filed.items),
            (paid.person.clone(), paid.notices[0].items.clone())
        );
        let mut unpaid = paid.clone();
        unpaid.state = PaymentState::Submitted;
        let mut other_notice = receipt.clone();
        other_notice.notice_no = samples::notice_no("330000001FS2");
        let mut other_amount = receipt.clone();
        other_amount.amount = Fen::new(20_599);
        let mut other_payment = receipt.clone();
        other_payment.payment_no = samples::payment_no("YW000002");
        for (receipt, payment, why) in [
            (receipt, &unpaid, NotOfThisPayment::NoMoney),
            (other_notice, &paid, NotOfThisPayment::Numbers),
            (other_payment, &paid, NotOfThisPayment::Numbers),
            (other_amount, &paid, NotOfThisPayment::Amount),
        ] {
            assert_eq!(FiledReceipt::of(receipt, payment, None), Err(why));
        }
    }

    #[test]
    fn the_code_to_scan_tells_all_that_a_verifier_asks_for() {
        let paid = paid();
        let filed = FiledReceipt::of(samples::receipt(&paid, 0, 1), &paid, None).unwrap();
        assert_eq!(filed.verify_query(), "code=33030126&number=0000000001&check=a1B2c3");
    }
}

//! Receipts and what follows them, in memory.

use super::InMemoryStore;
use super::store::Tables;
use crate::ids::{PaymentNo, PersonId};
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use crate::payment::Payment;
use crate::receipt::{
    FiledReceipt, GivenBack, GivenBackBook, PaidBook, PaidWithin, Receipt, ReceiptBook, ReceiptId,
    ReceiptPage,
};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeSet;

#[async_trait]
impl ReceiptBook for InMemoryStore {
    async fn find(&self, id: &ReceiptId) -> Result<Option<FiledReceipt>, StoreError> {
        self.call(|t| Ok(t.index.receipt_place(id).map(|at| t.receipts[at].clone())))
    }

    async fn list_of_payment(&self, no: &PaymentNo) -> Result<Vec<FiledReceipt>, StoreError> {
        self.call(|t| {
            let blue = t.receipts_of(no).filter(|filed| filed.red_letter.is_none());
            let mut found: Vec<_> = blue.cloned().collect();
            found.sort_by_key(|filed| {
                let Receipt { notice_no, issued_at, id, .. } = filed.receipt.clone();
                (notice_no, issued_at, id)
            });
            Ok(found)
        })
    }

    async fn list_chain(
        &self,
        payment: &PaymentNo,
        notice: &NoticeNo,
    ) -> Result<Vec<FiledReceipt>, StoreError> {
        self.call(|t| Ok(chain(t, payment, notice)))
    }

    async fn list_receipts_of_person(
        &self,
        owners: &[PersonId],
        before: Option<&ReceiptId>,
        limit: u16,
    ) -> Result<ReceiptPage, StoreError> {
        self.call(|t| {
            let key = |filed: &FiledReceipt| (filed.receipt.issued_at, filed.receipt.id.clone());
            let mine = || t.receipts.iter().filter(|filed| owners.contains(&filed.person));
            let edge = before.map(|id| mine().find(|filed| &filed.receipt.id == id).map(key));
            let mut receipts: Vec<_> = match edge {
                None => mine().cloned().collect(),
                Some(None) => Vec::new(),
                Some(Some(edge)) => mine().filter(|filed| key(filed) < edge).cloned().collect(),
            };
            receipts.sort_by_key(|filed| std::cmp::Reverse(key(filed)));
            let more = receipts.len() > usize::from(limit);
            receipts.truncate(usize::from(limit));
            Ok(ReceiptPage { receipts, more })
        })
    }

    async fn file_reversal(&self, red: &FiledReceipt) -> Result<(), StoreError> {
        self.call(|t| {
            let letter = red.red_letter.as_ref().ok_or(StoreError::Conflict)?;
            let of = |filed: &&mut FiledReceipt| filed.receipt.id == letter.original;
            let original = t.receipts.iter_mut().find(of).ok_or(StoreError::Conflict)?;
            match &original.reversed_by {
                Some(known) if known == &red.receipt.id => return Ok(()),
                Some(_) => return Err(StoreError::Conflict),
                None if original.red_letter.is_some() => return Err(StoreError::Conflict),
                None => original.reversed_by = Some(red.receipt.id.clone()),
            }
            t.file(red);
            Ok(())
        })
    }

    async fn file_replacement(&self, receipt: &FiledReceipt) -> Result<(), StoreError> {
        self.call(|t| {
            let Receipt { id, payment_no, notice_no, .. } = &receipt.receipt;
            if t.index.receipt_place(id).is_some() {
                return Ok(());
            }
            let chain = chain(t, payment_no, notice_no);
            if chain.iter().any(|f| f.red_letter.is_none() && f.reversed_by.is_none()) {
                return Err(StoreError::Conflict);
            }
            t.file(receipt);
            Ok(())
        })
    }
}

/// Of one notice and payment, in order of issue.
fn chain(t: &Tables, payment: &PaymentNo, notice: &NoticeNo) -> Vec<FiledReceipt> {
    let of_notice = t.receipts_of(payment).filter(|filed| &filed.receipt.notice_no == notice);
    let mut found: Vec<_> = of_notice.cloned().collect();
    found.sort_by_key(|filed| (filed.receipt.issued_at, filed.receipt.id.clone()));
    found
}

#[async_trait]
impl GivenBackBook for InMemoryStore {
    async fn list_given_back(&self, payments: &[PaymentNo]) -> Result<Vec<GivenBack>, StoreError> {
        self.call(|t| {
            let of = |filed: &&FiledReceipt| payments.contains(&filed.receipt.payment_no);
            let pairs =
                t.receipts.iter().filter(of).map(|filed| {
                    (filed.receipt.payment_no.clone(), filed.receipt.notice_no.clone())
                });
            let pairs: BTreeSet<_> = pairs.collect();
            let chains = pairs.iter().map(|(no, notice)| chain(t, no, notice));
            Ok(chains.filter_map(|chain| GivenBack::by_receipts(&chain)).collect())
        })
    }
}

#[async_trait]
impl PaidBook for InMemoryStore {
    async fn list_paid(
        &self,
        within: &PaidWithin,
        after: Option<&(Timestamp, PaymentNo)>,
        limit: u16,
    ) -> Result<Vec<Payment>, StoreError> {
        self.call(|t| {
            let mine = t.payments.values().map(|(payment, _)| payment);
            let mine = mine.filter(|payment| within.owners.contains(&payment.person));
            let dated = mine.filter_map(|payment| {
                let paid_at = payment.state.money()?.at;
                Some(((paid_at, payment.no.clone()), payment))
            });
            let mut found: Vec<_> = dated
                .filter(|((at, _), _)| (within.from..within.until).contains(at))
                .filter(|(key, _)| after.is_none_or(|after| key > after))
                .collect();
            found.sort_by(|(a, _), (b, _)| a.cmp(b));
            let page = found.into_iter().take(usize::from(limit));
            Ok(page.map(|(_, payment)| payment.clone()).collect())
        })
    }
}

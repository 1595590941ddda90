//! What a citizen may read of payments: their own, and of a notice whether it is taken.

use super::{Payment, PaymentPage, PaymentRecord, PaymentStatus, PaymentStore};
use crate::identity::Caller;
use crate::ids::PaymentNo;
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use std::sync::Arc;

/// Use case: own payments, their history, and who holds a notice.
pub struct ReadPayments {
    /// Payments.
    pub payments: Arc<dyn PaymentStore>,
}

/// Which payment holds a notice, as far as the caller may know.
#[derive(Debug, Clone)]
pub enum Holder {
    /// None.
    Nobody,
    /// One of the caller's.
    Own(Box<Payment>),
    /// Somebody else's; where it stands, and nothing more.
    Foreign(PaymentStatus),
}

impl ReadPayments {
    /// The caller's payment with this number; nobody else's.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn find(
        &self,
        caller: &Caller,
        no: &PaymentNo,
    ) -> Result<Option<Payment>, StoreError> {
        let found = self.payments.find(no).await?;
        Ok(found.filter(|payment| caller.person.owns(&payment.person)))
    }

    /// The caller's payments, newest first.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn list(
        &self,
        caller: &Caller,
        before: Option<&PaymentNo>,
        limit: u16,
    ) -> Result<PaymentPage, StoreError> {
        self.payments.list_of_person(&caller.person.ids(), before, limit).await
    }

    /// The history of a payment that the caller was shown.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn history(&self, payment: &Payment) -> Result<Vec<PaymentRecord>, StoreError> {
        self.payments.history(&payment.no).await
    }

    /// Who holds the notice.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn holder(
        &self,
        caller: Option<&Caller>,
        notice: &NoticeNo,
    ) -> Result<Holder, StoreError> {
        Ok(match self.payments.find_holder(notice).await? {
            None => Holder::Nobody,
            Some(payment) if caller.is_some_and(|c| c.person.owns(&payment.person)) => {
                Holder::Own(Box::new(payment))
            }
            Some(payment) => Holder::Foreign(payment.state.status()),
        })
    }
}

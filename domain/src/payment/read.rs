//! What a citizen may read of payments: their own, and of a notice whether it is taken.

use super::{Payment, PaymentPage, PaymentRecord, PaymentStatus, PaymentStore};
use crate::identity::Caller;
use crate::ids::PaymentNo;
use crate::notice::NoticeNo;
use crate::outside::StoreError;
use std::collections::BTreeMap;
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

impl Holder {
    fn seen_by(caller: Option<&Caller>, payment: Payment) -> Self {
        if caller.is_some_and(|caller| caller.person.owns(&payment.person)) {
            Self::Own(Box::new(payment))
        } else {
            Self::Foreign(payment.state.status())
        }
    }
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

    /// The histories of payments that the caller was shown.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn histories(
        &self,
        nos: &[PaymentNo],
    ) -> Result<BTreeMap<PaymentNo, Vec<PaymentRecord>>, StoreError> {
        self.payments.histories(nos).await
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
        let held = self.payments.find_holder(notice).await?;
        Ok(held.map_or(Holder::Nobody, |payment| Holder::seen_by(caller, payment)))
    }

    /// Who holds these notices; those that nobody holds are left out.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn holders(
        &self,
        caller: Option<&Caller>,
        notices: &[NoticeNo],
    ) -> Result<BTreeMap<NoticeNo, Holder>, StoreError> {
        let held = self.payments.find_holders(notices).await?.into_iter();
        Ok(held.map(|(notice, payment)| (notice, Holder::seen_by(caller, payment))).collect())
    }
}

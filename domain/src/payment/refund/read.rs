//! Reading refunds: a citizen their own, staff all; and the gateway's word that one has moved.

use super::{Balance, Refund, RefundStore};
use crate::clock::Clock;
use crate::identity::Caller;
use crate::ids::{PaymentNo, RefundNo};
use crate::money::Fen;
use crate::outside::StoreError;
use crate::payment::Payment;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Use case: refunds of a payment that the reader was shown, and what of it is left.
pub struct ReadRefunds {
    /// Refunds.
    pub refunds: Arc<dyn RefundStore>,
}

impl ReadRefunds {
    /// The caller's refund with this number; nobody else's.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn find(&self, caller: &Caller, no: &RefundNo) -> Result<Option<Refund>, StoreError> {
        let found = self.refunds.find(no).await?;
        Ok(found.filter(|refund| caller.person.owns(&refund.person)))
    }

    /// The refunds of payments that the caller was shown, in order of their making.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn lists(
        &self,
        nos: &[PaymentNo],
    ) -> Result<BTreeMap<PaymentNo, Vec<Refund>>, StoreError> {
        self.refunds.list_of_payments(nos).await
    }

    /// What of the payment can still be asked back; these are all its refunds.
    pub fn refundable(payment: &Payment, refunds: &[Refund]) -> Fen {
        Balance { payment, refunds }.refundable()
    }
}

/// Use case: the gateway says that somebody has decided on a refund (`Refund_Decision`). The
/// message itself decides nothing: it has the worker ask the gateway now, instead of minutes
/// later, so that messages may come twice, in any order, or not at all.
pub struct HearRefundDecision {
    /// Refunds.
    pub refunds: Arc<dyn RefundStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl HearRefundDecision {
    /// A number that is not one of ours changes nothing.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn run(&self, refund_no: &str) -> Result<(), StoreError> {
        match RefundNo::new(refund_no) {
            Ok(no) => self.refunds.wake(&no, self.clock.now()).await,
            Err(_) => Ok(()),
        }
    }
}

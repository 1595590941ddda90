//! In the place of the gateway's refund desk, as long as none is connected: nothing is sent, the
//! refunds wait and are tried again.

use async_trait::async_trait;
use domain::ids::RefundNo;
use domain::money::PayableFen;
use domain::outside::OutsideError;
use domain::payment::{
    DeskCase, DeskNotice, DeskRequest, ReceiptReversal, RefundDesk, Reversal, ReversalRequest,
};

/// Nobody.
pub struct NotConnected;

fn not_sent<T>() -> Result<T, OutsideError> {
    Err(OutsideError::NotSent("no refund desk is connected".into()))
}

#[async_trait]
impl RefundDesk for NotConnected {
    async fn ask(&self, _: &DeskRequest) -> Result<DeskCase, OutsideError> {
        not_sent()
    }

    async fn query(&self, _: &RefundNo) -> Result<Option<DeskCase>, OutsideError> {
        not_sent()
    }

    async fn tell_paid_back(&self, _: &DeskNotice) -> Result<DeskCase, OutsideError> {
        not_sent()
    }
}

#[async_trait]
impl ReceiptReversal for NotConnected {
    async fn reverse(&self, _: &ReversalRequest) -> Result<Reversal, OutsideError> {
        not_sent()
    }

    async fn replace(&self, _: &ReversalRequest, _: PayableFen) -> Result<Reversal, OutsideError> {
        not_sent()
    }
}

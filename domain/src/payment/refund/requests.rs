//! What a refund asks of the gateway, made of what is stored of it: the same on every try.

use super::{Actor, DeskNotice, DeskRequest, Refund, RefundState, ReversalRequest};
use crate::payment::RailTxn;

pub(super) fn desk_request(refund: &Refund) -> Option<DeskRequest> {
    let notice = refund.notice.as_ref()?;
    let applicant = match refund.maker() {
        Some(Actor::Staff(name)) => name.clone(),
        // The gateway knows the payer's name; ours need not travel.
        Some(Actor::Rule | Actor::Rail | Actor::Citizen(_) | Actor::Desk(_)) | None => {
            "缴款人".to_owned()
        }
    };
    Some(DeskRequest {
        refund_no: refund.no.clone(),
        notice_no: notice.no.clone(),
        payment_no: refund.payment_no.clone(),
        amount: refund.amount,
        reason_code: refund.reason_code,
        reason: refund.reason.clone(),
        applicant,
        agency_code: notice.agency_code.clone(),
    })
}

pub(super) fn reversal_of(refund: &Refund) -> Option<ReversalRequest> {
    let notice = refund.notice.as_ref()?;
    Some(ReversalRequest {
        refund_no: refund.reversal_no().clone(),
        notice_no: notice.no.clone(),
        payment_no: refund.payment_no.clone(),
        reason: refund.reason.clone(),
    })
}

pub(super) fn paid_back(refund: &Refund) -> Option<DeskNotice> {
    let (Some(notice), RefundState::Done { txn, at }) = (&refund.notice, &refund.state) else {
        return None;
    };
    let txn = txn.clone().or_else(|| RailTxn::new(refund.no.as_str()).ok())?;
    Some(DeskNotice {
        refund_no: refund.no.clone(),
        notice_no: notice.no.clone(),
        payment_no: refund.payment_no.clone(),
        amount: refund.amount,
        txn,
        at: *at,
    })
}

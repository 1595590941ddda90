//! Money that never counted goes back by itself: the store of refunds from a node, the worker's
//! use cases, and the desks that such refunds never meet.

use super::node::Node;
use super::options::Plant;
use super::store::SimStore;
use async_trait::async_trait;
use domain::clock::{Clock, IdSource};
use domain::identity::{StaffAccount, StaffRole};
use domain::ids::{IdempotencyKey, PaymentNo, RefundNo};
use domain::money::{Fen, PayableFen};
use domain::outside::{OutsideError, StoreError};
use domain::payment::{
    Actor, ApplyRefundReport, DecideRefund, DeskCase, DeskNotice, DeskRequest, FinanceLevel,
    InsertRefundError, NewRefunds, OweBack, Rail, RailRefunds, Rails, ReceiptReversal, Refund,
    RefundAct, RefundChange, RefundDesk, RefundPage, RefundRecord, RefundStatus, RefundStore,
    Refunders, Reversal, ReversalRequest, SendRefunds,
};
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// What may go back by rule, by each rail on each day: often enough it is not enough.
const CEILING: Fen = Fen::new(2_000_000);

/// Who decides where the rule may not: never the same person twice.
const STAFF: [(&str, StaffRole); 4] = [
    ("甲", StaffRole::Checker),
    ("乙", StaffRole::Finance(FinanceLevel::Local)),
    ("丙", StaffRole::Finance(FinanceLevel::Province)),
    ("丁", StaffRole::Finance(FinanceLevel::Central)),
];

/// Makes refunds of what is owed back, has staff decide, and carries them out.
pub struct Refunding {
    pub owe: Arc<OweBack>,
    pub decide: DecideRefund,
    pub send: SendRefunds,
    pub apply: Arc<ApplyRefundReport>,
}

impl Refunding {
    pub fn new(
        store: &Arc<SimStore>,
        rails: &Rails,
        ports: Vec<Arc<dyn RailRefunds>>,
        clock: &Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        let apply = Arc::new(ApplyRefundReport {
            refunds: store.clone(),
            payments: store.clone(),
            rails: rails.clone(),
            clock: clock.clone(),
        });
        let owe = Arc::new(OweBack {
            refunds: store.clone(),
            payments: store.clone(),
            ceiling: CEILING,
            clock: clock.clone(),
            ids,
        });
        let send = SendRefunds {
            refunds: store.clone(),
            payments: store.clone(),
            refunders: Refunders::new(ports, Vec::new()),
            desk: Arc::new(NoDesk),
            receipts: Arc::new(NoDesk),
            apply: apply.clone(),
            clock: clock.clone(),
        };
        let decide = DecideRefund { refunds: store.clone(), clock: clock.clone() };
        Self { owe, decide, send, apply }
    }
}

/// One turn of the worker.
pub async fn works(node: Arc<Node>, limit: u16) {
    let _ = node.refunding.owe.run_once(limit).await;
    decide(&node.refunding.decide, limit).await;
    let _ = node.refunding.send.run_once(limit).await;
}

/// Everybody tries what they may; who may not, or was there before, is refused.
async fn decide(decide: &DecideRefund, limit: u16) {
    let waiting = [RefundStatus::Requested, RefundStatus::AgencyChecked];
    let Ok(page) = decide.refunds.queue(&waiting, None, limit).await else { return };
    for refund in page.refunds {
        for (name, role) in &STAFF {
            let act =
                if *role == StaffRole::Checker { RefundAct::Check } else { RefundAct::Approve };
            let staff = StaffAccount {
                name: (*name).to_owned(),
                password_hash: String::new(),
                roles: vec![role.clone()],
                created_at: refund.created_at,
            };
            let _ = decide.run(&staff, &refund.no, &act).await;
        }
    }
}

/// Nothing that goes back by rule was ever written off: the gateway has no part in it.
struct NoDesk;

fn never<T>() -> Result<T, OutsideError> {
    Err(OutsideError::Refused { code: "NOT_ASKED_HERE".to_owned(), message: String::new() })
}

#[async_trait]
impl RefundDesk for NoDesk {
    async fn ask(&self, _: &DeskRequest) -> Result<DeskCase, OutsideError> {
        never()
    }

    async fn query(&self, _: &RefundNo) -> Result<Option<DeskCase>, OutsideError> {
        never()
    }

    async fn tell_paid_back(&self, _: &DeskNotice) -> Result<DeskCase, OutsideError> {
        never()
    }
}

#[async_trait]
impl ReceiptReversal for NoDesk {
    async fn reverse(&self, _: &ReversalRequest) -> Result<Reversal, OutsideError> {
        never()
    }

    async fn replace(&self, _: &ReversalRequest, _: PayableFen) -> Result<Reversal, OutsideError> {
        never()
    }
}

#[async_trait]
impl RefundStore for SimStore {
    async fn insert(&self, new: &NewRefunds) -> Result<(), InsertRefundError> {
        self.write(RefundStore::insert(&self.truth, new)).await
    }

    async fn save(&self, change: &RefundChange) -> Result<(), StoreError> {
        let save = async {
            RefundStore::save(&self.truth, change).await?;
            if change.audit.is_some() && self.plant_is(Plant::RewrittenAudit) {
                self.truth.rewrite_audit();
            }
            if let Some(journal) = change.payment.as_ref().and_then(|moved| moved.journal.as_ref())
            {
                self.write_rows(journal);
            }
            Ok(())
        };
        self.write(save).await
    }

    async fn find(&self, no: &RefundNo) -> Result<Option<Refund>, StoreError> {
        self.call(RefundStore::find(&self.truth, no)).await
    }

    async fn list_of_payment(&self, no: &PaymentNo) -> Result<Vec<Refund>, StoreError> {
        self.call(self.truth.list_of_payment(no)).await
    }

    async fn find_by_key(
        &self,
        maker: &Actor,
        key: &IdempotencyKey,
    ) -> Result<Vec<Refund>, StoreError> {
        self.call(RefundStore::find_by_key(&self.truth, maker, key)).await
    }

    async fn history(&self, no: &RefundNo) -> Result<Vec<RefundRecord>, StoreError> {
        self.call(RefundStore::history(&self.truth, no)).await
    }

    async fn queue(
        &self,
        statuses: &[RefundStatus],
        after: Option<&RefundNo>,
        limit: u16,
    ) -> Result<RefundPage, StoreError> {
        self.call(self.truth.queue(statuses, after, limit)).await
    }

    async fn lease_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<Refund>, StoreError> {
        self.write(self.truth.lease_due(now, until, limit)).await
    }

    async fn wake(&self, no: &RefundNo, at: Timestamp) -> Result<(), StoreError> {
        self.write(self.truth.wake(no, at)).await
    }

    async fn list_owed(&self, limit: u16) -> Result<Vec<PaymentNo>, StoreError> {
        self.call(self.truth.list_owed(limit)).await
    }

    async fn is_cleared(&self, rail: Rail, day: Date) -> Result<bool, StoreError> {
        self.call(self.truth.is_cleared(rail, day)).await
    }
}

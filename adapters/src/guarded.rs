//! Rails with a limit and a memory: so many calls at once and no more, and none at all for a
//! while when a rail has gone silent. A rail that hangs then costs nobody anything but itself.
//!
//! What citizens wait for, what the healer asks, and refunds have budgets of their own, so that
//! a thousand queries never stand before a payment.

mod sender;

use crate::breaker::Gate;
use crate::crash::{Step, around};
use async_trait::async_trait;
use domain::clock::Clock;
use domain::identity::Channel;
use domain::money::PayableFen;
use domain::outside::OutsideError;
use domain::payment::{
    Cashier, CashierKind, MerchantIdentity, OrderKey, PayeeAccount, PaymentRail, Rail, RailHealth,
    RailOrder, RailOrderState, RailRefundState, RailRefunds, RailWatch, RefundOrder,
    RefundRedirects,
};
use std::sync::Arc;
use tokio::sync::Semaphore;

pub use self::sender::GuardedSender;
pub use crate::breaker::BreakerRule;

/// How many calls of a rail may be under way at once. A call above that is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallBudget {
    /// Orders and closings: a citizen waits.
    pub orders: usize,
    /// Questions how an order stands: mostly the healer's.
    pub queries: usize,
    /// Refunds and questions about them.
    pub refunds: usize,
}

impl CallBudget {
    /// With answers in 100 ms: 640 orders, 160 queries and 40 refunds a second, per node.
    pub const USUAL: Self = Self { orders: 64, queries: 16, refunds: 4 };
}

/// Why a call was not made.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
enum NotMade {
    #[error("as many calls as this rail may have are under way")]
    Busy,
    #[error("the rail is silent and left alone for a while")]
    LeftAlone,
}

/// A rail and its refunds, behind one guard.
pub struct GuardedRail {
    rail: Arc<dyn PaymentRail>,
    refunds: Arc<dyn RailRefunds>,
    gate: Gate,
    orders: Semaphore,
    queries: Semaphore,
    refunding: Semaphore,
}

impl GuardedRail {
    /// Both ports are of the same rail.
    pub fn new(
        rail: Arc<dyn PaymentRail>,
        refunds: Arc<dyn RailRefunds>,
        budget: CallBudget,
        rule: BreakerRule,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            rail,
            refunds,
            gate: Gate::new(rule, clock, Box::new(|_| ())),
            orders: Semaphore::new(budget.orders),
            queries: Semaphore::new(budget.queries),
            refunding: Semaphore::new(budget.refunds),
        }
    }

    /// Makes a call, if there is room for it and the rail is not left alone.
    async fn guard<T>(
        &self,
        budget: &Semaphore,
        call: impl Future<Output = Result<T, OutsideError>>,
    ) -> Result<T, OutsideError> {
        // Room first: a call that finds none must not be the one that tries.
        let room = budget.try_acquire();
        let _room = room.or(Err(OutsideError::NotSent(NotMade::Busy.into())))?;
        let answer = self.gate.pass(call).await;
        answer.ok_or_else(|| OutsideError::NotSent(NotMade::LeftAlone.into()))?
    }

    fn health(&self) -> RailHealth {
        match self.gate.retry_at() {
            None => RailHealth::Well,
            Some(retry_at) => {
                let name = self.rail.rail().name_zh();
                let reason = format!("{name}暂时没有响应，请稍后再试或换一种支付方式");
                RailHealth::Sick { reason, retry_at }
            }
        }
    }
}

#[async_trait]
impl PaymentRail for GuardedRail {
    fn rail(&self) -> Rail {
        self.rail.rail()
    }

    fn merchant(&self) -> &MerchantIdentity {
        self.rail.merchant()
    }

    fn cashier(&self, channel: Channel) -> Option<CashierKind> {
        self.rail.cashier(channel)
    }

    fn limit(&self) -> PayableFen {
        self.rail.limit()
    }

    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        self.guard(&self.orders, around(Step::RailSubmit, self.rail.submit(order))).await
    }

    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError> {
        self.guard(&self.queries, around(Step::RailQuery, self.rail.query(order))).await
    }

    async fn close(&self, order: &OrderKey) -> Result<(), OutsideError> {
        self.guard(&self.orders, around(Step::RailClose, self.rail.close(order))).await
    }
}

#[async_trait]
impl RailRefunds for GuardedRail {
    fn rail(&self) -> Rail {
        self.refunds.rail()
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        let asking = around(Step::RailRefund, self.refunds.refund(refund));
        self.guard(&self.refunding, asking).await
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        let asking = around(Step::RailQueryRefund, self.refunds.query_refund(refund));
        self.guard(&self.refunding, asking).await
    }
}

/// What sends a rail's stuck refunds elsewhere, behind the guard of that rail.
pub struct GuardedRedirects {
    guard: Arc<GuardedRail>,
    redirects: Arc<dyn RefundRedirects>,
}

impl GuardedRedirects {
    /// Both are of the same rail.
    pub fn new(guard: Arc<GuardedRail>, redirects: Arc<dyn RefundRedirects>) -> Self {
        Self { guard, redirects }
    }
}

#[async_trait]
impl RefundRedirects for GuardedRedirects {
    fn rail(&self) -> Rail {
        self.redirects.rail()
    }

    async fn redirect(
        &self,
        refund: &RefundOrder,
        account: &PayeeAccount,
    ) -> Result<RailRefundState, OutsideError> {
        let guard = &self.guard;
        guard.guard(&guard.refunding, self.redirects.redirect(refund, account)).await
    }
}

/// How every guarded rail is.
#[derive(Clone)]
pub struct WatchedRails(Vec<Arc<GuardedRail>>);

impl WatchedRails {
    /// At most one per [`Rail`]; the first counts.
    pub fn new(rails: Vec<Arc<GuardedRail>>) -> Self {
        Self(rails)
    }
}

impl RailWatch for WatchedRails {
    /// A rail that nobody guards has shown no sickness.
    fn health(&self, rail: Rail) -> RailHealth {
        let guarded = self.0.iter().find(|guarded| guarded.rail.rail() == rail);
        guarded.map_or(RailHealth::Well, |guarded| guarded.health())
    }
}

#[cfg(test)]
mod tests;

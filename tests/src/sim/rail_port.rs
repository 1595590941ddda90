//! The rails' ports, as an adapter gives them to a node: over the network, with its faults.

use super::fault::Kind;
use super::net::exchange;
use super::options::Plant;
use super::rail::{self, Standing, cashier_of, place_of};
use super::world::{Core, World};
use async_trait::async_trait;
use domain::identity::Channel;
use domain::money::PayableFen;
use domain::outside::OutsideError;
use domain::payment::{
    Cashier, CashierKind, MerchantIdentity, OrderKey, PaymentRail, Rail, RailOrder, RailOrderState,
    RailRefundState, RailRefunds, RailTxn, RefundOrder,
};
use domain::reconciliation::{Statement, StatementError, StatementSource};
use jiff::civil::Date;

/// One rail, from a node.
pub struct SimRail {
    pub world: World,
    pub rail: Rail,
    pub merchant: MerchantIdentity,
}

fn refused(code: &str) -> OutsideError {
    OutsideError::Refused { code: code.to_owned(), message: String::new() }
}

fn unknown(code: &str) -> OutsideError {
    OutsideError::OutcomeUnknown(code.into())
}

/// The rail's own "system error", which says nothing about what was done.
fn hiccup(core: &mut Core, key: u64) -> Option<OutsideError> {
    core.fault(Kind::RailError, key).then(|| unknown("SYSTEM_ERROR"))
}

impl SimRail {
    fn key(&self) -> u64 {
        self.world.with(Core::next_key)
    }

    /// The node remembers how it went.
    fn seen<T>(&self, answer: Result<T, OutsideError>) -> Result<T, OutsideError> {
        self.world.with(|core| super::watch::called(core, place_of(self.rail), &answer));
        answer
    }

    fn cashier_for(order: &RailOrder) -> Cashier {
        match order.cashier {
            CashierKind::AlipayMini => Cashier::AlipayMini { trade_no: order.no.to_string() },
            CashierKind::AlipayApp => Cashier::AlipayApp { order_string: order.no.to_string() },
            CashierKind::UnionPayApp => Cashier::UnionPay { tn: order.no.to_string() },
            CashierKind::WeChatMini | CashierKind::WeChatApp | CashierKind::WeChatNative => {
                Cashier::WeChatNative { code_url: order.no.to_string() }
            }
        }
    }
}

#[async_trait]
impl PaymentRail for SimRail {
    fn rail(&self) -> Rail {
        self.rail
    }

    fn merchant(&self) -> &MerchantIdentity {
        &self.merchant
    }

    fn cashier(&self, channel: Channel) -> Option<CashierKind> {
        cashier_of(self.rail, channel)
    }

    fn limit(&self) -> PayableFen {
        PayableFen::USUAL_ORDER_LIMIT
    }

    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        let order = self.world.with(|core| as_sent(core, order));
        if order.cashier == CashierKind::AlipayApp {
            // Signed here; Alipay learns of it when the citizen opens the cashier.
            self.world.with(|core| core.rails[place_of(Rail::Alipay)].sign_order(&order));
            return Ok(Self::cashier_for(&order));
        }
        let (place, key, asked) = (place_of(self.rail), self.key(), order.clone());
        let answer = exchange(&self.world, place, move |core| {
            if core.fault(Kind::RailRefuses, key) {
                let known = core.rails[place].orders.contains_key(asked.no.as_str());
                if known {
                    return Err(unknown("OUT_TRADE_NO_USED"));
                }
                core.rails[place].refused.insert(asked.no.to_string());
                return Err(refused("RULE_LIMIT"));
            }
            let error = hiccup(core, key);
            if let Some(error) = error {
                // Half of the time it did what was asked.
                if key.is_multiple_of(2) {
                    rail::place(core, place, &asked);
                }
                return Err(error);
            }
            if rail::place(core, place, &asked) { Ok(()) } else { Err(unknown("ORDER_CLOSED")) }
        });
        let answer = self.seen(answer.await.flatten());
        answer.map(|()| Self::cashier_for(&order))
    }

    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError> {
        let (place, key, no) = (place_of(self.rail), self.key(), order.no.to_string());
        let answer = exchange(&self.world, place, move |core| {
            if let Some(error) = hiccup(core, key) {
                return Err(error);
            }
            rail::run_out(core, place, &no);
            let truth = &core.rails[place];
            Ok(match truth.orders.get(&no).map(|order| &order.standing) {
                None => RailOrderState::NotFound,
                Some(Standing::Open) => RailOrderState::Open,
                Some(Standing::Closed) => RailOrderState::Closed,
                Some(Standing::Paid(_)) => match truth.report(&no) {
                    Some(report) => RailOrderState::Paid(Box::new(report)),
                    None => RailOrderState::NotFound,
                },
            })
        });
        let answer = self.seen(answer.await.flatten());
        if answer.is_err() && self.world.with(|core| core.plant_is(Plant::SilenceIsClosed)) {
            return Ok(RailOrderState::Closed);
        }
        answer
    }

    async fn close(&self, order: &OrderKey) -> Result<(), OutsideError> {
        let (place, key, no) = (place_of(self.rail), self.key(), order.no.to_string());
        if self.rail == Rail::UnionPay {
            return Err(refused("NO_SUCH_TRANSACTION"));
        }
        let answer = exchange(&self.world, place, move |core| {
            if let Some(error) = hiccup(core, key) {
                return Err(error);
            }
            match rail::close(core, place, &no) {
                None => Err(refused("ORDER_NOT_EXIST")),
                Some(false) => Err(refused("ORDER_PAID")),
                Some(true) => Ok(()),
            }
        });
        answer.await?
    }
}

/// The order as the adapter puts it on the wire.
fn as_sent(core: &Core, order: &RailOrder) -> RailOrder {
    if !core.plant_is(Plant::FloatYuan) {
        return order.clone();
    }
    let yuan = order.amount.fen().value() as f32 / 100.0;
    let amount = PayableFen::new((yuan * 100.0) as i64).unwrap_or(order.amount);
    RailOrder { amount, ..order.clone() }
}

#[async_trait]
impl RailRefunds for SimRail {
    fn rail(&self) -> Rail {
        self.rail
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        let (place, key) = (place_of(self.rail), self.key());
        let mut number = refund.no.to_string();
        if self.world.with(|core| core.plant_is(Plant::NewRefundNumber)) {
            number = format!("YT{key:016x}");
        }
        let (no, fen) = (refund.payment.no.to_string(), refund.amount.fen().value());
        let answer = exchange(&self.world, place, move |core| {
            let done = rail::gives_back(core, place, &no, &number, fen);
            match (hiccup(core, key), done) {
                (Some(error), _) => Err(error),
                (None, None) => Err(refused("TRADE_NOT_EXIST")),
                (None, Some(false)) => Err(refused("NOT_ENOUGH")),
                (None, Some(true)) => Ok(refund_state(core, place, &no, &number)),
            }
        });
        answer.await?
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        let (place, key, number) = (place_of(self.rail), self.key(), refund.no.to_string());
        let no = refund.payment.no.to_string();
        let answer = exchange(&self.world, place, move |core| match hiccup(core, key) {
            Some(error) => Err(error),
            None => Ok(refund_state(core, place, &no, &number)),
        });
        answer.await?
    }
}

fn refund_state(core: &Core, rail: usize, no: &str, number: &str) -> RailRefundState {
    let order = core.rails[rail].orders.get(no);
    match order.and_then(|order| order.refunds.get(number)) {
        None => RailRefundState::NotFound,
        Some((_, done_at)) if *done_at > core.now => RailRefundState::Processing,
        Some((_, done_at)) => RailRefundState::Done {
            txn: RailTxn::new(&super::rail::refund_txn(number)).ok(),
            at: super::world::timestamp(*done_at),
        },
    }
}

/// The statements of one rail.
pub struct SimStatements {
    pub world: World,
    pub rail: Rail,
}

#[async_trait]
impl StatementSource for SimStatements {
    fn rail(&self) -> Rail {
        self.rail
    }

    async fn fetch(&self, day: Date) -> Result<Statement, StatementError> {
        let place = place_of(self.rail);
        exchange(&self.world, place, move |core| super::statement::fetch(core, place, day)).await?
    }
}

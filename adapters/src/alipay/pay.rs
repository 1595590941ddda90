//! Alipay as a rail: create, order string, query, close.
//!
//! The native app's order does not exist at the platform until the payer opens the cashier with
//! the order string: until then a query answers [`RailOrderState::NotFound`], and a close is
//! refused, because the string can still be opened. Nothing has left this machine when it is
//! made, so making it again is safe: the platform knows one trade per number, and the string
//! names the same number, amount and end each time. After the end, which the string carries as
//! `time_expire`, it opens nothing any more, and `NotFound` is final.
//!
//! `alipay.trade.cancel` is never called: it gives paid money back outside of any refund.

use super::account::{AlipayAccount, PlatformSaid, at_beijing, beijing_text, json};
use super::form::encoded;
use super::refusal::{PlatformRefusal, Refusal};
use super::wire::{TradeKeyWire, TradeNamedWire, TradeStateWire, TradeWire};
use crate::http::{unexpected, unknown};
use async_trait::async_trait;
use domain::identity::{Channel, OpenId};
use domain::ids::PaymentNo;
use domain::money::{Fen, PayableFen};
use domain::outside::OutsideError;
use domain::payment::{
    Cashier, CashierKind, MerchantIdentity, Money, OrderKey, PaymentRail, Rail, RailOrder,
    RailOrderState, RailReport, RailTxn,
};
use std::sync::Arc;

/// The platform grants 256 bytes in either of its character sets.
const SUBJECT_CHARS: usize = 80;

/// Alipay, for the mini-program and the native app.
#[derive(Debug)]
pub struct AlipayRail {
    account: Arc<AlipayAccount>,
    merchant: MerchantIdentity,
}

impl AlipayRail {
    /// A rail over a checked account.
    pub fn new(account: Arc<AlipayAccount>) -> Self {
        let apps = [Some(&account.mini), account.native.as_ref()].into_iter().flatten();
        let merchant = MerchantIdentity {
            merchant_no: account.seller_id.clone(),
            app_ids: apps.map(|app| app.id.clone()).collect(),
        };
        Self { account, merchant }
    }

    async fn create(&self, wire: &TradeWire<'_>) -> Result<PlatformSaid, OutsideError> {
        self.account.call("alipay.trade.create", wire, true).await
    }

    /// The same request once more is safe: the platform answers with the same trade.
    async fn create_twice(&self, wire: &TradeWire<'_>) -> Result<Created, OutsideError> {
        match self.create(wire).await {
            Ok(PlatformSaid::No(why)) if why.says() == Refusal::Unknown => {}
            Ok(said) => return Ok(Created { said, earlier: Earlier::Nothing }),
            Err(OutsideError::NotSent(_)) => {
                return Ok(Created { said: self.create(wire).await?, earlier: Earlier::Nothing });
            }
            Err(OutsideError::OutcomeUnknown(_) | OutsideError::Refused { .. }) => {}
        }
        match self.create(wire).await {
            Ok(said) => Ok(Created { said, earlier: Earlier::Unknown }),
            Err(error) => Err(unknown(error)),
        }
    }

    /// A refusal is believed when it cannot hide a trade that is there: neither one that an
    /// earlier attempt made, nor one that was paid long ago and is refused for that.
    async fn refusal(
        &self,
        no: &PaymentNo,
        earlier: Earlier,
        why: PlatformRefusal,
    ) -> OutsideError {
        let hides_nothing = match why.says() {
            Refusal::Ours | Refusal::Definite => earlier == Earlier::Nothing,
            Refusal::OtherState | Refusal::NoTrade => false,
            Refusal::Unknown => return why.unknown(),
        };
        if hides_nothing {
            return why.refused();
        }
        match self.look_up(no).await {
            Ok(RailOrderState::NotFound | RailOrderState::Closed) => why.refused(),
            Ok(RailOrderState::Paid(_) | RailOrderState::Open) | Err(_) => why.unknown(),
        }
    }

    async fn submit_mini(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        let Some(payer) = &order.payer else {
            return Err(OutsideError::NotSent("the mini-program's cashier needs a payer".into()));
        };
        let texts = Texts::new(order);
        let (buyer_id, buyer_open_id) = match is_user_id(payer) {
            true => (Some(payer.as_str()), None),
            false => (None, Some(payer.as_str())),
        };
        let op_app_id = Some(self.account.mini.id.as_str());
        let wire =
            TradeWire { op_app_id, buyer_id, buyer_open_id, ..texts.wire(order, "JSAPI_PAY") };
        let submitting = async {
            let created = self.create_twice(&wire).await?;
            match created.said {
                PlatformSaid::Done(node) => cashier_of(&order.no, &node),
                PlatformSaid::No(why) => Err(self.refusal(&order.no, created.earlier, why).await),
            }
        };
        self.account.http.within(submitting).await
    }

    /// Made here and sent by the payer's own wallet.
    fn order_string(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        let Some(app) = &self.account.native else {
            return Err(OutsideError::NotSent("no native app is set up at Alipay".into()));
        };
        let texts = Texts::new(order);
        let content = json(&texts.wire(order, "QUICK_MSECURITY_PAY"))?;
        let more = [("biz_content", content.as_str()), ("notify_url", &self.account.notify_url)];
        let signed = self
            .account
            .signed(app, "alipay.trade.app.pay", &more)
            .map_err(|error| OutsideError::NotSent(error.into()))?;
        let order_string = encoded(signed.iter().map(|(name, value)| (*name, value.as_str())));
        Ok(Cashier::AlipayApp { order_string })
    }

    async fn look_up(&self, no: &PaymentNo) -> Result<RailOrderState, OutsideError> {
        let wire = TradeKeyWire { out_trade_no: no.as_str() };
        match self.account.call("alipay.trade.query", &wire, false).await? {
            PlatformSaid::Done(node) => self.state_of(no, &node),
            PlatformSaid::No(why) => match why.says() {
                Refusal::NoTrade => Ok(RailOrderState::NotFound),
                Refusal::Ours | Refusal::Definite => Err(why.refused()),
                Refusal::OtherState | Refusal::Unknown => Err(why.unknown()),
            },
        }
    }

    fn state_of(&self, no: &PaymentNo, node: &str) -> Result<RailOrderState, OutsideError> {
        let trade: TradeStateWire = serde_json::from_str(node).map_err(unknown)?;
        if trade.out_trade_no.as_deref() != Some(no.as_str()) {
            let other = trade.out_trade_no.unwrap_or_default();
            return Err(unexpected("the answer is about another order", other));
        }
        match trade.trade_status.as_deref() {
            Some("WAIT_BUYER_PAY") => Ok(RailOrderState::Open),
            Some("TRADE_SUCCESS" | "TRADE_FINISHED") => self.paid(trade),
            // Never paid, or paid and wholly given back: money that was there is told.
            Some("TRADE_CLOSED") if trade.send_pay_date.is_some() => self.paid(trade),
            Some("TRADE_CLOSED") if trade.moved_nothing() => Ok(RailOrderState::Closed),
            state => Err(unexpected("unknown trade_status", state.unwrap_or_default())),
        }
    }

    /// The answer names neither app nor seller: it is about what was asked for in our name.
    fn paid(&self, trade: TradeStateWire) -> Result<RailOrderState, OutsideError> {
        let (app_id, merchant_no) = (self.account.mini.id.clone(), self.account.seller_id.clone());
        let lacks = |field| unexpected("a paid trade without", field);
        let report = RailReport {
            rail: Rail::Alipay,
            order_no: trade.out_trade_no.ok_or_else(|| lacks("out_trade_no"))?,
            app_id,
            merchant_no,
            currency: "CNY".to_owned(),
            money: money_of(trade.trade_no, trade.total_amount, trade.send_pay_date)
                .map_err(lacks)?,
        };
        Ok(RailOrderState::Paid(Box::new(report)))
    }

    async fn close_once(&self, no: &PaymentNo) -> Result<(), OutsideError> {
        let wire = TradeKeyWire { out_trade_no: no.as_str() };
        match self.account.call("alipay.trade.close", &wire, false).await? {
            PlatformSaid::Done(node) => {
                let closed: TradeNamedWire = serde_json::from_str(&node).map_err(unknown)?;
                match closed.out_trade_no {
                    Some(other) if other != no.as_str() => {
                        Err(unexpected("the answer is about another order", other))
                    }
                    Some(_) | None => Ok(()),
                }
            }
            PlatformSaid::No(why) => match why.says() {
                // Closed before, or paid: only the trade itself tells.
                Refusal::OtherState => match self.look_up(no).await {
                    Ok(RailOrderState::Closed) => Ok(()),
                    Ok(_) => Err(why.refused()),
                    Err(_) => Err(why.unknown()),
                },
                // An order string that is out can still be opened.
                Refusal::NoTrade | Refusal::Ours | Refusal::Definite => Err(why.refused()),
                Refusal::Unknown => Err(why.unknown()),
            },
        }
    }
}

/// What a create came to.
struct Created {
    said: PlatformSaid,
    earlier: Earlier,
}

/// What an earlier attempt may have left at the platform.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Earlier {
    Nothing,
    Unknown,
}

/// The texts that an order has on the wire.
struct Texts {
    amount: String,
    subject: String,
    time_expire: String,
}

impl Texts {
    fn new(order: &RailOrder) -> Self {
        // The platform refuses the first three in a subject, and its files quote nothing: a comma
        // or a line break in a subject would break our own line there.
        let readable = order.description.chars().map(|c| match c {
            '/' => '／',
            '=' => '＝',
            '&' => '＆',
            ',' => '，',
            '"' => '＂',
            control if control.is_control() => ' ',
            other => other,
        });
        Self {
            amount: order.amount.to_string(),
            subject: readable.take(SUBJECT_CHARS).collect(),
            time_expire: beijing_text(order.expires_at),
        }
    }

    fn wire<'a>(&'a self, order: &'a RailOrder, product_code: &'static str) -> TradeWire<'a> {
        TradeWire {
            out_trade_no: order.no.as_str(),
            total_amount: &self.amount,
            subject: &self.subject,
            product_code,
            time_expire: &self.time_expire,
            op_app_id: None,
            buyer_id: None,
            buyer_open_id: None,
        }
    }
}

/// Older apps know a person by the user id of all apps, newer ones by an open id of their own.
pub(super) fn is_user_id(payer: &OpenId) -> bool {
    let text = payer.as_str();
    text.len() == 16 && text.starts_with("2088") && text.bytes().all(|b| b.is_ascii_digit())
}

fn cashier_of(no: &PaymentNo, node: &str) -> Result<Cashier, OutsideError> {
    let created: TradeNamedWire = serde_json::from_str(node).map_err(unknown)?;
    if created.out_trade_no.as_deref() != Some(no.as_str()) {
        let other = created.out_trade_no.unwrap_or_default();
        return Err(unexpected("the answer is about another order", other));
    }
    match created.trade_no {
        Some(trade_no) if !trade_no.is_empty() => Ok(Cashier::AlipayMini { trade_no }),
        Some(_) | None => Err(unexpected("a created trade without", "trade_no")),
    }
}

impl TradeStateWire {
    /// No amount says that anybody paid.
    fn moved_nothing(&self) -> bool {
        let amounts = [&self.receipt_amount, &self.buyer_pay_amount];
        amounts.into_iter().flatten().all(|text| Fen::from_yuan(text) == Ok(Fen::ZERO))
    }
}

/// Money as answers and notifications name it; the field that is missing or malformed otherwise.
pub(super) fn money_of(
    trade_no: Option<String>,
    total_amount: Option<String>,
    at: Option<String>,
) -> Result<Money, &'static str> {
    let txn = RailTxn::new(&trade_no.ok_or("trade_no")?).or(Err("trade_no"))?;
    let fen = Fen::from_yuan(&total_amount.ok_or("total_amount")?).or(Err("total_amount"))?;
    let amount = PayableFen::new(fen.value()).or(Err("total_amount"))?;
    let at = at.as_deref().and_then(at_beijing).ok_or("time of payment")?;
    Ok(Money { txn, amount, at })
}

#[async_trait]
impl PaymentRail for AlipayRail {
    fn rail(&self) -> Rail {
        Rail::Alipay
    }

    fn merchant(&self) -> &MerchantIdentity {
        &self.merchant
    }

    fn cashier(&self, channel: Channel) -> Option<CashierKind> {
        match channel {
            Channel::Alipay => Some(CashierKind::AlipayMini),
            Channel::App => self.account.native.as_ref().map(|_| CashierKind::AlipayApp),
            Channel::WeChat => None,
        }
    }

    fn limit(&self) -> PayableFen {
        self.account.limit
    }

    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        match order.cashier {
            CashierKind::AlipayMini => self.submit_mini(order).await,
            CashierKind::AlipayApp => self.order_string(order),
            CashierKind::WeChatMini
            | CashierKind::WeChatApp
            | CashierKind::WeChatNative
            | CashierKind::UnionPayApp => {
                Err(OutsideError::NotSent("not a cashier of Alipay".into()))
            }
        }
    }

    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError> {
        self.account.http.twice(|| self.look_up(&order.no)).await
    }

    async fn close(&self, order: &OrderKey) -> Result<(), OutsideError> {
        self.account.http.twice(|| self.close_once(&order.no)).await
    }
}

#[cfg(test)]
#[path = "pay_tests.rs"]
mod tests;

//! UnionPay as a rail: orders of the native app, queries. There is no close.

use super::account::{Key, OpenCode, UnionPayAccount, refused};
use super::codes::{Outcome, Said, outcome, said};
use super::fields::{Fields, read_txn_time, time_near, txn_time};
use crate::http::{undecided, unexpected};
use async_trait::async_trait;
use domain::identity::Channel;
use domain::money::PayableFen;
use domain::outside::OutsideError;
use domain::payment::{
    Cashier, CashierKind, MerchantIdentity, Money, OrderKey, PaymentRail, Rail, RailOrder,
    RailOrderState, RailReport, RailTxn,
};
use jiff::{SignedDuration, Timestamp};
use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;

/// No order of ours is payable for longer, whatever is asked: five minutes more than a quote
/// holds. So the age of an order says that it is over, although a query does not name its end.
const LONGEST: SignedDuration = SignedDuration::from_mins(20);
/// After that, how long a payment that began in time may still be under way.
const LAST_ATTEMPT: SignedDuration = SignedDuration::from_mins(2);
/// Orders whose `tn` is kept: those of the busiest twenty minutes, and a few megabytes.
const ISSUED_MAX: u64 = 20_000;
const ISSUED_FOR: Duration = Duration::from_secs(20 * 60);

/// UnionPay 5.1.0, for the native app.
#[derive(Debug)]
pub struct UnionPayRail {
    account: Arc<UnionPayAccount>,
    issued: Cache<String, Arc<Issued>>,
}

/// An order that the platform took, and by what the app opens it.
#[derive(Debug)]
struct Issued {
    order: RailOrder,
    tn: String,
}

impl UnionPayRail {
    /// A rail over a checked account.
    pub fn new(account: Arc<UnionPayAccount>) -> Self {
        let issued = Cache::builder().max_capacity(ISSUED_MAX).time_to_live(ISSUED_FOR).build();
        Self { account, issued }
    }

    fn message(&self, order: &RailOrder, key: &Key) -> Fields {
        let ends = txn_time(order.expires_at.min(order.made_at + LONGEST));
        let amount = order.amount.fen().value().to_string();
        Fields::of([
            ("txnType", "01"),
            ("txnSubType", "01"),
            ("bizType", "000201"),
            ("channelType", "08"),
            ("orderId", &key.order_id),
            ("txnTime", &key.txn_time),
            ("txnAmt", &amount),
            ("currencyCode", "156"),
            ("payTimeout", &ends),
            ("backUrl", &self.account.notify_url),
        ])
    }

    async fn ask_for_order(&self, message: &Fields) -> Result<Fields, OutsideError> {
        self.account.call(self.account.gateway("appTransReq.do"), message.clone()).await
    }

    /// The same message once more is safe: an order that is there already is refused (12).
    async fn place(&self, order: &RailOrder) -> Result<Arc<Issued>, OutsideError> {
        let key = Key::new(order.no.as_str(), order.made_at)?;
        let message = self.message(order, &key);
        let (answer, first) = match self.ask_for_order(&message).await {
            Ok(answer) => (answer, First::Told),
            Err(OutsideError::NotSent(_)) => (self.ask_for_order(&message).await?, First::Told),
            Err(silence) => match self.ask_for_order(&message).await {
                Ok(answer) => (answer, First::Silent),
                Err(OutsideError::NotSent(_)) => return Err(silence),
                Err(second) => return Err(second),
            },
        };
        key.check(&answer)?;
        match (said(answer.get("respCode").unwrap_or_default()), first) {
            (Said::Accepted, _) => match answer.get("tn").filter(|tn| is_tn(tn)) {
                Some(tn) => Ok(Arc::new(Issued { order: order.clone(), tn: tn.to_owned() })),
                None => Err(unexpected("an order without a tn", "")),
            },
            (Said::Refused, First::Told) => Err(refused(&answer)),
            // Nobody can tell from a query whether an order that was not paid is there, and the
            // tn of one that is there is not told again. A new number would be a second order.
            (Said::Refused | Said::Duplicate | Said::Absent | Said::NoFile | Said::Unsure, _) => {
                Err(undecided(OpenCode::of(&answer, "respCode", "respMsg")))
            }
        }
    }

    fn state(&self, order: &OrderKey, answer: &Fields) -> Result<RailOrderState, OutsideError> {
        match said(answer.get("respCode").unwrap_or_default()) {
            Said::Accepted => {}
            Said::Absent => return Ok(RailOrderState::NotFound),
            Said::Refused => return Err(refused(answer)),
            Said::Duplicate | Said::NoFile | Said::Unsure => {
                return Err(undecided(OpenCode::of(answer, "respCode", "respMsg")));
            }
        }
        match outcome(answer.get("origRespCode").unwrap_or_default()) {
            Outcome::Done => match report_of(answer) {
                Ok(report) => Ok(RailOrderState::Paid(Box::new(report))),
                Err(field) => Err(unexpected("a paid order without a usable field", field)),
            },
            Outcome::Pending => Ok(RailOrderState::Open),
            // The citizen may try another card until the order ends.
            Outcome::Failed if self.account.clock.now() < ends_for_good(order.made_at) => {
                Ok(RailOrderState::Open)
            }
            Outcome::Failed => Ok(RailOrderState::Closed),
            Outcome::Unsure => Err(undecided(OpenCode::of(answer, "origRespCode", "origRespMsg"))),
        }
    }
}

/// What the first of two messages came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Told,
    Silent,
}

/// Asks how an order or a refund stands; the answer is about that one.
pub(super) async fn look_up(account: &UnionPayAccount, key: &Key) -> Result<Fields, OutsideError> {
    let message = Fields::of([
        ("txnType", "00"),
        ("txnSubType", "00"),
        ("bizType", "000000"),
        ("orderId", &key.order_id),
        ("txnTime", &key.txn_time),
    ]);
    let url = account.gateway("queryTrans.do");
    let ask = || account.call(url.clone(), message.clone());
    let answer = account.http.twice(ask).await?;
    key.check(&answer)?;
    Ok(answer)
}

fn ends_for_good(made_at: Timestamp) -> Timestamp {
    made_at + LONGEST + LAST_ATTEMPT
}

fn is_tn(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// What a paid order's answer or notification says of money; the field that is missing or
/// malformed otherwise.
pub(super) fn report_of(message: &Fields) -> Result<RailReport, &'static str> {
    let merchant_no = message.get("merId").ok_or("merId")?.to_owned();
    let currency = match message.get("currencyCode").or(message.get("settleCurrencyCode")) {
        Some("156") => "CNY",
        Some(other) => other,
        None => return Err("currencyCode"),
    };
    Ok(RailReport {
        rail: Rail::UnionPay,
        order_no: message.get("orderId").ok_or("orderId")?.to_owned(),
        app_id: merchant_no.clone(),
        merchant_no,
        currency: currency.to_owned(),
        money: Money { txn: txn_of(message)?, amount: amount_of(message)?, at: time_of(message)? },
    })
}

/// The platform's number of the transaction.
pub(super) fn txn_of(message: &Fields) -> Result<RailTxn, &'static str> {
    RailTxn::new(message.get("queryId").unwrap_or_default()).or(Err("queryId"))
}

/// Its amount; fen without a point.
pub(super) fn amount_of(message: &Fields) -> Result<PayableFen, &'static str> {
    let text = message.get("txnAmt").ok_or("txnAmt")?;
    let fen = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    PayableFen::new(fen.ok_or("txnAmt")?).or(Err("txnAmt"))
}

/// When it was carried out, by the platform's clock.
pub(super) fn time_of(message: &Fields) -> Result<Timestamp, &'static str> {
    let ordered = message.get("txnTime").and_then(read_txn_time).ok_or("txnTime")?;
    let text = message.get("traceTime").ok_or("traceTime")?;
    time_near(text, ordered.date()).ok_or("traceTime")
}

#[async_trait]
impl PaymentRail for UnionPayRail {
    fn rail(&self) -> Rail {
        Rail::UnionPay
    }

    fn merchant(&self) -> &MerchantIdentity {
        &self.account.merchant
    }

    fn cashier(&self, channel: Channel) -> Option<CashierKind> {
        (channel == Channel::App).then_some(CashierKind::UnionPayApp)
    }

    fn limit(&self) -> PayableFen {
        self.account.limit
    }

    async fn submit(&self, order: &RailOrder) -> Result<Cashier, OutsideError> {
        if order.cashier != CashierKind::UnionPayApp {
            return Err(OutsideError::NotSent("not a cashier of UnionPay".into()));
        }
        // Whoever asks while the order is being placed waits for the same answer.
        let placing = self.account.http.within(self.place(order));
        let issued = self.issued.try_get_with(order.no.as_str().to_owned(), placing).await;
        let issued = issued.map_err(|shared| own(&shared))?;
        if issued.order != *order {
            return Err(unexpected("another order has this number", &order.no));
        }
        Ok(Cashier::UnionPay { tn: issued.tn.clone() })
    }

    async fn query(&self, order: &OrderKey) -> Result<RailOrderState, OutsideError> {
        let key = Key::new(order.no.as_str(), order.made_at)?;
        let answer = look_up(&self.account, &key).await?;
        self.state(order, &answer)
    }

    async fn close(&self, _: &OrderKey) -> Result<(), OutsideError> {
        let message = "an order of UnionPay ends by itself at payTimeout".to_owned();
        Err(OutsideError::Refused { code: "CANNOT_CLOSE".to_owned(), message })
    }
}

/// An error of one's own, from one that several share.
fn own(shared: &Arc<OutsideError>) -> OutsideError {
    match shared.as_ref() {
        OutsideError::Refused { code, message } => {
            OutsideError::Refused { code: code.clone(), message: message.clone() }
        }
        OutsideError::NotSent(_) => OutsideError::NotSent(Box::new(shared.clone())),
        OutsideError::OutcomeUnknown(_) if !crate::http::is_silence(shared) => {
            undecided(shared.clone())
        }
        OutsideError::OutcomeUnknown(_) => OutsideError::OutcomeUnknown(Box::new(shared.clone())),
    }
}

#[cfg(test)]
#[path = "pay_tests.rs"]
mod tests;

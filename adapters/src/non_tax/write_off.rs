//! The write-off (销账): tells the gateway that a notice was paid.

use super::call::{Message, NonTaxGateway};
use crate::crash::{Step, around};
use crate::http::unexpected;
use async_trait::async_trait;
use domain::clock::beijing_time;
use domain::outside::OutsideError;
use domain::payment::Rail;
use domain::receipt::{Confirmation, NoticeWriteOff, WriteOff};
use domain::standards::full_check;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

/// The gateway's words for who took the money, and how.
struct TradeWords {
    trade_code: &'static str,
    way_code: &'static str,
    way_name: &'static str,
}

const fn trade_words(rail: Rail) -> TradeWords {
    match rail {
        Rail::WeChatPay => {
            TradeWords { trade_code: "WXPAY", way_code: "01", way_name: "微信小程序支付" }
        }
        Rail::Alipay => {
            TradeWords { trade_code: "ALIPAY", way_code: "02", way_name: "支付宝支付" }
        }
        Rail::UnionPay => {
            TradeWords { trade_code: "UNIONPAY", way_code: "03", way_name: "银联在线支付" }
        }
    }
}

/// TRADECODE: who took the money.
pub(super) const fn trade_code(rail: Rail) -> &'static str {
    trade_words(rail).trade_code
}

/// `YYYYMMDD` and `hhmmss`, Beijing.
pub(super) fn day_and_time(at: Timestamp) -> (String, String) {
    let at = beijing_time(at);
    (at.strftime("%Y%m%d").to_string(), at.strftime("%H%M%S").to_string())
}

/// QUOTEDATE. A quote that is neither of the day of payment nor of the day before would be
/// refused for ever. That happens where our clock and the rail's disagree about midnight; then
/// nothing is said, and the gateway takes either day's sum.
fn quote_date(of: &WriteOff) -> Option<String> {
    let (quoted, paid) = (beijing_time(of.quoted_at).date(), beijing_time(of.paid_at).date());
    let fits = quoted == paid || paid.checked_sub(1.day()).is_ok_and(|before| before == quoted);
    fits.then(|| quoted.strftime("%Y%m%d").to_string())
}

#[derive(Debug, Deserialize)]
struct WrittenOffWire {
    #[serde(rename = "NOTICENO")]
    notice_no: String,
    #[serde(rename = "PAYNO")]
    pay_no: String,
    #[serde(rename = "CONFIRMSTATE")]
    confirm_state: String,
}

#[async_trait]
impl NoticeWriteOff for NonTaxGateway {
    /// Sends once: the outbox asks again, and the gateway knows the pair of numbers.
    async fn write_off(&self, of: &WriteOff) -> Result<Confirmation, OutsideError> {
        let words = trade_words(of.rail);
        let (date, time) = day_and_time(of.paid_at);
        let amount = of.amount.to_string();
        let check = full_check(&of.agency_code, of.notice_no.as_str(), of.principal);
        let (quoted, sequence) = (quote_date(of), of.sequence.map(|no| no.to_string()));
        let mut parameters = vec![
            ("NOTICENO", of.notice_no.as_str()),
            ("PAYLISTNO", of.payment_no.as_str()),
            ("PAYNO", of.payment_no.as_str()),
            ("CERTIFICATENO", ""),
            ("TRADECODE", words.trade_code),
            ("TRADENAME", of.rail.name_zh()),
            ("WAYCODE", words.way_code),
            ("WAYNAME", words.way_name),
            ("TRADENO", &of.txn),
            ("TRADEDATE", &date),
            ("CHECKCODE", &check),
            ("PAYMONEY", &amount),
            ("PAYDATE", &date),
            ("PAYTIME", &time),
        ];
        parameters.extend(quoted.as_deref().map(|date| ("QUOTEDATE", date)));
        parameters.extend(sequence.as_deref().map(|no| ("SEQNO", no)));
        let called = self.call::<WrittenOffWire>(Message::WriteOff, &parameters);
        let called = around(Step::GatewayWriteOff, self.http.within(called));
        let mut details = called.await?.into_iter();
        let (Some(written), None) = (details.next(), details.next()) else {
            return Err(unexpected("not exactly one answer for", &of.notice_no));
        };
        let ours =
            written.notice_no == of.notice_no.as_str() && written.pay_no == of.payment_no.as_str();
        match written.confirm_state.as_str() {
            "CONFIRMED" if ours => Ok(Confirmation::Confirmed),
            "PENDING" if ours => Ok(Confirmation::Pending),
            other => Err(unexpected("the answer is not about this write-off", other)),
        }
    }
}

#[cfg(test)]
#[path = "write_off_tests.rs"]
mod tests;

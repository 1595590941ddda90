//! What follows a payment at the gateway: the write-off and the e-receipt.

use super::bill::instant;
use super::call::{Message, NonTaxGateway};
use crate::crash::{Step, around};
use crate::http::{unexpected, unknown};
use async_trait::async_trait;
use domain::clock::beijing_time;
use domain::money::Fen;
use domain::outside::OutsideError;
use domain::payment::Rail;
use domain::receipt::{NoticeWriteOff, Receipt, ReceiptId, ReceiptIssuer, WriteOff};
use domain::standards::{CheckCode, ReceiptCode, ReceiptNo};
use serde::Deserialize;
use serde::de::IgnoredAny;

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

#[derive(Debug, Deserialize)]
struct ReceiptWire {
    #[serde(rename = "BILLCODE")]
    bill_code: String,
    #[serde(rename = "BILLNO")]
    bill_no: String,
    #[serde(rename = "RANDOM")]
    random: String,
    #[serde(rename = "TOTALMONEY")]
    total_money: String,
    #[serde(rename = "ISSUEDATE")]
    issue_date: String,
    #[serde(rename = "ISSUETIME")]
    issue_time: String,
}

impl ReceiptWire {
    fn into_receipt(self, of: &WriteOff) -> Result<Receipt, OutsideError> {
        let amount = Fen::from_yuan(&self.total_money).map_err(unknown)?;
        if amount != of.amount {
            return Err(unexpected("the receipt's TOTALMONEY is another sum", amount));
        }
        let issued_at = instant(&self.issue_date, &self.issue_time)
            .ok_or_else(|| unexpected("the receipt has no ISSUEDATE", &self.issue_date))?;
        Ok(Receipt {
            id: ReceiptId {
                code: ReceiptCode::new(&self.bill_code).map_err(unknown)?,
                number: ReceiptNo::new(&self.bill_no).map_err(unknown)?,
            },
            check_code: CheckCode::new(&self.random).map_err(unknown)?,
            notice_no: of.notice_no.clone(),
            payment_no: of.payment_no.clone(),
            amount,
            issued_at,
        })
    }
}

/// `YYYYMMDD` and `hhmmss` of the payment.
fn paid_at(of: &WriteOff) -> (String, String) {
    let at = beijing_time(of.paid_at);
    (at.strftime("%Y%m%d").to_string(), at.strftime("%H%M%S").to_string())
}

#[async_trait]
impl NoticeWriteOff for NonTaxGateway {
    /// Sends once: the outbox asks again, and the gateway knows the pair of numbers.
    async fn write_off(&self, of: &WriteOff) -> Result<(), OutsideError> {
        let words = trade_words(of.rail);
        let (date, time) = paid_at(of);
        let amount = of.amount.to_string();
        let parameters = [
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
            ("CHECKCODE", ""),
            ("PAYMONEY", &amount),
            ("PAYDATE", &date),
            ("PAYTIME", &time),
        ];
        let called = self.call::<IgnoredAny>(Message::WriteOff, &parameters);
        around(Step::GatewayWriteOff, self.http.within(called)).await.map(drop)
    }
}

#[async_trait]
impl ReceiptIssuer for NonTaxGateway {
    /// Sends once: the outbox asks again, and the gateway answers with the same receipt.
    async fn issue(&self, of: &WriteOff) -> Result<Receipt, OutsideError> {
        let (date, time) = paid_at(of);
        let amount = of.amount.to_string();
        let parameters = [
            ("NOTICENO", of.notice_no.as_str()),
            ("PAYNO", of.payment_no.as_str()),
            ("PAYMONEY", &amount),
            ("PAYDATE", &date),
            ("PAYTIME", &time),
        ];
        let called = self.call::<ReceiptWire>(Message::Receipt, &parameters);
        let called = around(Step::GatewayReceipt, self.http.within(called));
        let mut details = called.await?.into_iter();
        match (details.next(), details.next()) {
            (Some(receipt), None) => receipt.into_receipt(of),
            _ => Err(unexpected("not exactly one receipt for", &of.notice_no)),
        }
    }
}

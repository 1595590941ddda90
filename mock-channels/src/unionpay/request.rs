//! A request of the merchant: who sent it, and whether its fields are fields.

use super::{Refusal, wire};
use crate::clock::{MINUTE_MS, parse_compact};
use crate::outside::Outside;
use crate::world::unionpay::Fields;

/// How far `txnTime` may be from now: the platform wants the current time.
const WINDOW_MS: i64 = 10 * MINUTE_MS;
const LONGEST_URL: usize = 256;

/// What was sent; without fields when it was no form.
pub(super) struct Request {
    fields: Fields,
}

impl Request {
    pub(super) fn read(body: &[u8]) -> Self {
        Self { fields: wire::read_form(body).unwrap_or_default() }
    }

    /// Empty when absent: the platform makes no difference.
    pub(super) fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub(super) fn require(&self, name: &str) -> Result<&str, Refusal> {
        Some(self.get(name)).filter(|value| !value.is_empty()).ok_or(Refusal::new("13", name))
    }

    /// The field must be there and be one of these.
    pub(super) fn require_one_of(&self, name: &str, allowed: &[&str]) -> Result<(), Refusal> {
        let value = self.require(name)?;
        if allowed.contains(&value) { Ok(()) } else { Err(Refusal::new("10", name)) }
    }

    /// Signature first: nothing else of a request that nobody signed is worth a look.
    pub(super) fn check(&self, outside: &Outside) -> Result<(), Refusal> {
        if self.fields.is_empty() {
            return Err(Refusal::new("10", "不是表单，或有重复的域"));
        }
        self.require_one_of("version", &["5.1.0"])?;
        self.require_one_of("signMethod", &["01"])?;
        let signature = self.require("signature")?;
        let merchant = &outside.onboarding.unionpay;
        let digest = wire::digest(&self.fields);
        let verified = outside.unionpay.merchant.verify(digest.as_bytes(), signature);
        if self.require("certId")? != merchant.cert_id || verified.is_err() {
            return Err(Refusal::new("11", ""));
        }
        if !self.require("encoding")?.eq_ignore_ascii_case("UTF-8") {
            return Err(Refusal::new("10", "encoding"));
        }
        self.require_one_of("accessType", &["0"])?;
        if self.require("merId")? != merchant.mer_id {
            return Err(Refusal::new("31", "merId"));
        }
        Ok(())
    }

    /// What every answer repeats.
    pub(super) fn common(&self) -> Fields {
        self.picked(&[
            "accessType",
            "bizType",
            "encoding",
            "merId",
            "orderId",
            "reqReserved",
            "signMethod",
            "txnSubType",
            "txnTime",
            "txnType",
            "version",
        ])
    }

    pub(super) fn picked(&self, names: &[&str]) -> Fields {
        names
            .iter()
            .filter_map(|name| self.fields.get_key_value(*name))
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// 8 to 40 letters and digits, no `-`, no `_`.
    pub(super) fn order_id(&self) -> Result<&str, Refusal> {
        let order_id = self.require("orderId")?;
        let fits = (8..=40).contains(&order_id.len());
        if fits && order_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(order_id)
        } else {
            Err(Refusal::new("10", "orderId"))
        }
    }

    pub(super) fn txn_time(&self) -> Result<&str, Refusal> {
        let txn_time = self.require("txnTime")?;
        parse_compact(txn_time).ok_or_else(|| Refusal::new("10", "txnTime"))?;
        Ok(txn_time)
    }

    /// The time of a new transaction.
    pub(super) fn current_txn_time(&self, now_ms: i64) -> Result<&str, Refusal> {
        let txn_time = self.txn_time()?;
        let near = |at_ms: &i64| now_ms.abs_diff(*at_ms) <= WINDOW_MS.unsigned_abs();
        match parse_compact(txn_time).filter(near) {
            Some(_) => Ok(txn_time),
            None => Err(Refusal::new("10", "txnTime应为当前时间")),
        }
    }

    /// Whole fen, 1 to 12 digits without a leading zero.
    pub(super) fn amount_fen(&self) -> Result<i64, Refusal> {
        let text = self.require("txnAmt")?;
        let digits = text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|fen| digits && *fen > 0 && !text.starts_with('0'))
            .ok_or_else(|| Refusal::new("10", "txnAmt"))
    }

    pub(super) fn back_url(&self) -> Result<&str, Refusal> {
        let url = self.require("backUrl")?;
        let web = url.starts_with("http://") || url.starts_with("https://");
        if web && url.len() <= LONGEST_URL { Ok(url) } else { Err(Refusal::new("10", "backUrl")) }
    }
}

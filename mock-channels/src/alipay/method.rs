//! The methods, known by the same names to both versions of the interface.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, fields};
use super::{download, member, message, refund, trade};
use crate::crypto;
use crate::outside::Outside;

/// Who calls, and what the call says outside the method's own words.
pub(crate) struct Caller {
    pub(crate) app_id: String,
    pub(crate) notify_url: Option<String>,
    pub(crate) auth_token: Option<String>,
}

/// Every method that is played, without `alipay.`; testers aim faults at these names.
pub(crate) const NAMES: [&str; 12] = [
    "trade.create",
    "trade.query",
    "trade.close",
    "trade.cancel",
    "trade.refund",
    "trade.fastpay.refund.query",
    "data.dataservice.bill.downloadurl.query",
    "system.oauth.token",
    "user.info.share",
    "open.app.alipaycert.download",
    "open.app.mini.templatemessage.send",
    "download",
];

pub(super) fn call(outside: &Outside, method: &str, caller: &Caller, biz: &Value) -> Answer {
    match method.strip_prefix("alipay.").unwrap_or_default() {
        "trade.create" => trade::create(outside, caller, biz),
        "trade.query" => trade::query(outside, biz),
        "trade.close" => trade::close(outside, biz),
        "trade.cancel" => trade::cancel(outside, biz),
        "trade.refund" => refund::refund(outside, biz),
        "trade.fastpay.refund.query" => refund::query(outside, biz),
        "data.dataservice.bill.downloadurl.query" => download::url(outside, biz),
        "system.oauth.token" => member::token(outside, caller, biz),
        "user.info.share" => member::info(outside, caller),
        "open.app.alipaycert.download" => certificate(outside, biz),
        "open.app.mini.templatemessage.send" => message::send(outside, caller, biz),
        _ => Err(Refusal::invalid("isv.invalid-method", "不存在的方法名")),
    }
}

/// The certificate that an answer named and a client does not have yet.
fn certificate(outside: &Outside, biz: &Value) -> Answer {
    let wanted = biz["alipay_cert_sn"].as_str().unwrap_or_default();
    let found = outside.read(|world| {
        let mut keys = world.alipay.secrets.platform_keys();
        keys.find(|key| key.cert_sn == wanted).map(|key| key.chain_pem.clone())
    });
    let pem = found.ok_or_else(|| Refusal::business("isv.alipay-cert-not-exist", "证书不存在"))?;
    Ok(fields(json!({"alipay_cert_content": crypto::base64(pem.as_bytes())})))
}

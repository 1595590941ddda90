//! The payer's wallet: takes what a merchant's client hands to it, and checks it as the wallet does.

use serde_json::Value;

use crate::clock::{HOUR_MS, parse_compact};
use crate::outside::Outside;
use crate::world::World;
use crate::world::order::{Order, TradeType};

/// How long the client may use what it was given.
const PREPAY_LIFE_MS: i64 = 2 * HOUR_MS;

/// What the payer sees.
pub(crate) struct Opened {
    pub(crate) out_trade_no: String,
}

/// A package, apart.
struct Package<'a> {
    trade_type: TradeType,
    /// The prepay id, or the tail of it that a QR code shows.
    prepay: &'a str,
    /// What is signed, and the signature; a QR code has none.
    signed: Option<(String, &'a str)>,
}

/// Opens the cashier for a package of `wx.requestPayment`, one of the app's kit, or
/// `{"codeUrl": …}`. Says in Chinese what is wrong with it.
pub(crate) fn open(
    outside: &Outside,
    package: &Value,
    citizen_id: Option<&str>,
    now_ms: i64,
) -> Result<Opened, String> {
    let package = read(outside, package)?;
    if let Some((message, signature)) = &package.signed {
        let key = &outside.keys.merchant_public;
        key.verify(message.as_bytes(), signature)
            .map_err(|_crypto| "签名验证失败：支付包不是用商户私钥签的".to_owned())?;
    }
    outside.change(|world| {
        let order = named(world, &package).ok_or("没有这个预支付订单")?;
        let (number, prepay_id) = order;
        let made_ms = prepay_id.get(2..16).and_then(parse_compact).unwrap_or(now_ms);
        if now_ms >= made_ms + PREPAY_LIFE_MS {
            return Err("预支付会话已过期（两小时），请重新下单".to_owned());
        }
        let payer = match citizen_id {
            Some(id) => Some(world.citizen(id).ok_or("没有这个市民")?.open_id.clone()),
            None => None,
        };
        let order = world.orders.get_mut(&number).ok_or("没有这个订单")?;
        match (&order.open_id, payer) {
            (Some(asked), Some(payer))
                if asked != &payer && order.trade_type == TradeType::Jsapi =>
            {
                return Err("付款人不是下单时的用户".to_owned());
            }
            (_, Some(payer)) => order.open_id = Some(payer),
            (_, None) => {}
        }
        Ok(Opened { out_trade_no: number })
    })
}

/// The order of a package, and the whole prepay id.
fn named(world: &World, package: &Package<'_>) -> Option<(String, String)> {
    let fits = |id: &&String| match package.trade_type {
        TradeType::Native => id.ends_with(package.prepay),
        TradeType::Jsapi | TradeType::App => id.as_str() == package.prepay,
    };
    let of_type = |order: &&Order| order.trade_type == package.trade_type;
    world.orders.values().filter(of_type).find_map(|order| {
        let id = order.prepay_ids.iter().find(fits)?;
        Some((order.out_trade_no.clone(), id.clone()))
    })
}

fn read<'a>(outside: &Outside, package: &'a Value) -> Result<Package<'a>, String> {
    let text = |name: &str| {
        package[name].as_str().filter(|text| !text.is_empty()).ok_or(format!("支付包缺少 {name}"))
    };
    if package.get("codeUrl").is_some() {
        let prepay = text("codeUrl")?
            .strip_prefix("weixin://wxpay/bizpayurl/up?pr=")
            .and_then(|rest| rest.split('&').next())
            .filter(|tail| tail.len() == 9)
            .ok_or("不是微信支付的二维码链接")?;
        return Ok(Package { trade_type: TradeType::Native, prepay, signed: None });
    }
    if package.get("partnerid").is_some() {
        return read_app(outside, text);
    }
    let prepay = text("package")?
        .strip_prefix("prepay_id=")
        .ok_or("小程序支付包的 package 应以 prepay_id= 开头")?;
    if text("signType")? != "RSA" {
        return Err("signType 应为 RSA".to_owned());
    }
    // The client fills in its own app id; whoever sends it must send the right one.
    let app_id = &outside.onboarding.wechat.app_id;
    if package.get("appId").is_some_and(|sent| sent != app_id.as_str()) {
        return Err("appId 与小程序不符".to_owned());
    }
    let message =
        format!("{app_id}\n{}\n{}\nprepay_id={prepay}\n", text("timeStamp")?, text("nonceStr")?);
    let signed = Some((message, text("paySign")?));
    Ok(Package { trade_type: TradeType::Jsapi, prepay, signed })
}

fn read_app<'a>(
    outside: &Outside,
    text: impl Fn(&str) -> Result<&'a str, String>,
) -> Result<Package<'a>, String> {
    if text("appid")? != outside.onboarding.wechat.app_id
        || text("partnerid")? != outside.onboarding.wechat_pay.mch_id
    {
        return Err("appid 或 partnerid 与商户不符".to_owned());
    }
    if text("package")? != "Sign=WXPay" {
        return Err("App 支付包的 package 应为 Sign=WXPay".to_owned());
    }
    let prepay = text("prepayid")?;
    let message =
        format!("{}\n{}\n{}\n{prepay}\n", text("appid")?, text("timestamp")?, text("noncestr")?);
    let signed = Some((message, text("sign")?));
    Ok(Package { trade_type: TradeType::App, prepay, signed })
}

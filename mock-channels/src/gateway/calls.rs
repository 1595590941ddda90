//! Calls of the gateway to us: made in its world, delivered on its schedule.

use serde_json::{Value, json};

use super::document::{request, yuan};
use super::refund::decision_fields;
use super::soap::{self, Outgoing};
use super::xml;
use crate::callbacks::{Forgery, Letter};
use crate::clock::{Day, SECOND_MS, compact_time};
use crate::crypto::{self, CryptoError};
use crate::outside::Outside;
use crate::world::World;
use crate::world::callback::{Callback, Platform};
use crate::world::gateway::Algorithm;
use crate::world::notice::{Confirmation, Notice, WriteOff};
use crate::world::refund::{NoticeAfter, Refund, RefundState};
use crate::world::script::{Event, EventKind, Notified};

/// Why an agency does not stand by a write-off.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rejection {
    AlreadyPaid,
    Withdrawn,
    Other,
}

impl Rejection {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::AlreadyPaid => "ALREADY_PAID",
            Self::Withdrawn => "WITHDRAWN",
            Self::Other => "OTHER",
        }
    }
}

/// Lets agencies speak whose time has come.
pub(crate) fn ripen(outside: &Outside) {
    let now_ms = outside.now_ms();
    let is_ripe = |notice: &&Notice| {
        let pending = |paid: &&WriteOff| paid.confirmation == Confirmation::Pending;
        let paid = notice.paid.as_ref().filter(pending);
        paid.and_then(|paid| paid.confirms_ms).is_some_and(|at_ms| at_ms <= now_ms)
    };
    let ripe: Vec<(String, bool)> = outside.read(|world| {
        let ripe = world.notices.values().filter(is_ripe);
        ripe.map(|notice| {
            let rejects = notice.paid.as_ref().is_some_and(|paid| paid.will_reject);
            (notice.notice_no.clone(), rejects)
        })
        .collect()
    });
    if ripe.is_empty() {
        return;
    }
    outside.change(|world| {
        for (number, rejects) in ripe {
            let rejection = rejects.then_some((Rejection::Other, "执收单位不予确认"));
            confirm(world, &number, rejection, now_ms);
        }
    });
}

/// The agency's word about a pending write-off; whether there was one.
pub(crate) fn confirm(
    world: &mut World,
    number: &str,
    rejection: Option<(Rejection, &str)>,
    now_ms: i64,
) -> bool {
    let Some(notice) = world.notices.get_mut(number) else {
        return false;
    };
    let pending = |paid: &&mut WriteOff| paid.confirmation == Confirmation::Pending;
    let Some(paid) = notice.paid.as_mut().filter(pending) else {
        return false;
    };
    paid.confirmation = Confirmation::Confirmed;
    let (result, code, reason) = match rejection {
        None => ("CONFIRMED", "", ""),
        Some((why, words)) => ("REJECTED", why.code(), words),
    };
    let params = [
        ("NOTICENO", number.to_owned()),
        ("PAYNO", paid.pay_no.clone()),
        ("PAYMONEY", yuan(paid.amount_fen)),
        ("RESULT", result.to_owned()),
        ("REASONCODE", code.to_owned()),
        ("REASON", reason.to_owned()),
        ("CONFIRMDATE", Day::of(now_ms).compact()),
        ("CONFIRMTIME", compact_time(now_ms)),
    ];
    if let Some((why, _)) = rejection {
        notice.undo(Confirmation::Rejected);
        match why {
            Rejection::AlreadyPaid => notice.paid_elsewhere = true,
            Rejection::Withdrawn => notice.withdrawn = true,
            Rejection::Other => {}
        }
    }
    tell(world, "WriteOff_Confirm", number, &params, now_ms);
    true
}

/// Tells the script.
pub(crate) fn happened(world: &mut World, kind: EventKind, number: &str, notified: Notified) {
    world.happened(&Event { platform: Platform::Gateway, kind, order_no: number, notified });
}

pub(crate) fn withdrawn(world: &mut World, number: &str, reason: &str, now_ms: i64) {
    happened(world, EventKind::Close, number, Notified::Later);
    let params = [
        ("NOTICENO", number.to_owned()),
        ("REASON", reason.to_owned()),
        ("WITHDRAWDATE", Day::of(now_ms).compact()),
        ("WITHDRAWTIME", compact_time(now_ms)),
    ];
    tell(world, "Notice_Withdraw", number, &params, now_ms);
}

/// Tells of the last decision.
pub(super) fn refund_decided(world: &mut World, refund: &Refund, now_ms: i64) {
    let Some(decision) = refund.decisions.last() else {
        return;
    };
    let after = match refund.state {
        RefundState::Approved | RefundState::PaidBack => NoticeAfter::code(refund.notice_after),
        RefundState::WithAgency | RefundState::WithFinance | RefundState::Rejected => "",
    };
    let mut params = vec![
        ("REFUNDNO", refund.refund_no.clone()),
        ("NOTICENO", refund.notice_no.clone()),
        ("PAYNO", refund.pay_no.clone()),
        ("REFUNDMONEY", yuan(refund.amount_fen)),
    ];
    params.extend(decision_fields(decision));
    params.push(("REFUNDSTATE", refund.state.code().to_owned()));
    params.push(("NOTICEAFTER", after.to_owned()));
    tell(world, "Refund_Decision", &refund.notice_no, &params, now_ms);
}

/// Puts a call on its way, if we said where to.
fn tell(world: &mut World, message: &str, about: &str, params: &[(&str, String)], now_ms: i64) {
    let Some(url) = world.gateway.settings.notify_url.clone() else {
        return;
    };
    let resource = json!({"message": message, "params": params});
    let mode = world.callback_mode;
    world.post(Callback {
        out_trade_no: about.to_owned(),
        resource,
        ..Callback::new(Platform::Gateway, crypto::uuid(), url, mode, now_ms)
    });
}

/// A call as it goes over the wire: time and signature are fresh in every delivery.
pub(crate) fn letter(
    outside: &Outside,
    callback: &Callback,
    forgery: &Forgery,
) -> Result<Letter, CryptoError> {
    let message = message_of(callback);
    let at_ms = outside.now_ms() - forgery.stale_seconds * SECOND_MS;
    let mut params = vec![
        ("TIMESTAMP".to_owned(), Day::of(at_ms).compact() + &compact_time(at_ms)),
        ("REQUESTID".to_owned(), callback.id.clone()),
        ("MESSAGE".to_owned(), message.to_owned()),
    ];
    params.extend(forged(callback, forgery));
    let document = format!("<ROOT>{}</ROOT>", request(&params));
    let (key, sealed) = outside.read(|world| {
        let settings = &world.gateway.settings;
        let algorithm = settings.algorithm.unwrap_or(Algorithm::RsaSha256);
        (world.secrets.gateway.signing(algorithm).cloned(), settings.seal_calls)
    });
    let key = key.ok_or(CryptoError)?;
    let mut body =
        Outgoing { element: message, document: &document, key: &key, sealed }.enclosed(outside)?;
    if forgery.bad_signature {
        let other = outside.keys.gateway.sign(&key, b"something else")?;
        if let Some((before, _)) = body.rsplit_once("\">") {
            body =
                format!("{before}\">{other}</SIGN></{message}></soapenv:Body></soapenv:Envelope>");
        }
    }
    let headers = vec![
        ("Content-Type", "text/xml; charset=utf-8".to_owned()),
        ("SOAPAction", format!("\"{message}\"")),
    ];
    Ok(Letter { headers, body, query: None })
}

fn message_of(callback: &Callback) -> &str {
    callback.resource["message"].as_str().unwrap_or_default()
}

/// The parameters of a call, as a tester wants them forged.
fn forged(callback: &Callback, forgery: &Forgery) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = callback.resource["params"].as_array().map_or(&[][..], Vec::as_slice);
    own.iter()
        .map(|pair| {
            let (name, value) = (text(&pair[0]), text(&pair[1]));
            let value = match name.as_str() {
                "NOTICENO" => forgery.out_trade_no.clone().unwrap_or(value),
                "PAYMONEY" | "REFUNDMONEY" => forgery.amount_fen.map_or(value, yuan),
                _ => value,
            };
            (name, value)
        })
        .collect()
}

/// Whether we answered as the document wants: our signature, `00`, the call's own number.
pub(crate) fn is_agreed(outside: &Outside, callback: &Callback, body: &[u8]) -> bool {
    let root = |text: &str| {
        let envelope = soap::open(text).ok()?;
        if envelope.message != format!("{}Response", message_of(callback)) {
            return None;
        }
        let opened = envelope.verified(outside).ok()?;
        xml::parse(&opened.document).filter(|root| root.name == "ROOT")
    };
    let text = std::str::from_utf8(body).unwrap_or_default();
    let Some(root) = root(text) else {
        return false;
    };
    let params = super::Params::of(&root);
    let code = root.child("IS_SUCCESS").map_or("", |element| element.attribute("CODE"));
    code == "00"
        && params.get("REQUESTID") == callback.id
        && params.get("MESSAGE") == message_of(callback)
}

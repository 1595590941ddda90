//! UnionPay's gateway for all channels, version 5.1.0: app orders, refunds and undos, queries and
//! the settlement file.

use std::sync::{Arc, PoisonError, RwLock};

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};

use crate::crypto::{CryptoError, VerifyingKey};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::unionpay::{Fields, is_success};

pub(crate) mod certificates;
pub(crate) mod code;
mod consume;
mod file;
pub(crate) mod magic;
mod query;
pub(crate) mod report;
mod request;
mod reversal;
pub(crate) mod settlement;
pub(crate) mod wire;

use certificates::{Certified, Papers};
use request::Request;
use wire::Signer;

/// Where the gateway stands in for `https://gateway.95516.com`.
pub(crate) const GATEWAY: &str = "/unionpay";
/// Where the file host stands in for `https://filedownload.95516.com/`.
pub(crate) const FILES: &str = "/unionpay/filedownload/";

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let api = format!("{GATEWAY}/gateway/api");
    config
        .service(web::resource(format!("{api}/appTransReq.do")).post(order))
        .service(web::resource(format!("{api}/backTransReq.do")).post(back))
        .service(web::resource(format!("{api}/queryTrans.do")).post(query))
        .service(web::resource([FILES, FILES.trim_end_matches('/')]).post(settlement_file))
        .service(web::resource(format!("{FILES}fileTransfer.do")).post(settlement_file));
}

/// The name under which testers aim faults at a path.
pub(crate) fn operation(path: &str) -> Option<&'static str> {
    match path.strip_prefix(GATEWAY)? {
        "/gateway/api/appTransReq.do" => Some("order"),
        "/gateway/api/backTransReq.do" => Some("back"),
        "/gateway/api/queryTrans.do" => Some("query"),
        rest if rest.starts_with("/filedownload") => Some("file"),
        _ => None,
    }
}

/// The keys ready for use. The signing one changes when its certificate does.
pub(crate) struct Keys {
    merchant: VerifyingKey,
    signer: RwLock<Arc<Signer>>,
}

impl Keys {
    pub(crate) fn read(papers: &Papers) -> Result<Self, CryptoError> {
        let merchant = crate::crypto::SigningKey::from_pem(&papers.merchant.private_pem)?;
        Ok(Self {
            merchant: VerifyingKey::from_pem(&merchant.public_pem()?)?,
            signer: RwLock::new(Arc::new(Signer::read(&papers.signing)?)),
        })
    }

    pub(crate) fn signer(&self) -> Arc<Signer> {
        Arc::clone(&self.signer.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Signs with another certificate from now on.
    pub(crate) fn change_signer(&self, certified: &Certified) -> Result<(), CryptoError> {
        let signer = Arc::new(Signer::read(certified)?);
        *self.signer.write().unwrap_or_else(PoisonError::into_inner) = signer;
        Ok(())
    }
}

/// Why a request was not carried out: a code, and what it is about.
#[derive(Debug)]
struct Refusal {
    code: String,
    about: String,
}

impl Refusal {
    fn new(code: &str, about: &str) -> Self {
        Self { code: code.to_owned(), about: about.to_owned() }
    }
}

/// The fields that an answer has beyond those of every answer.
type Answer = Result<Fields, Refusal>;

async fn order(outside: Shared, body: Bytes) -> HttpResponse {
    respond(&outside, &body, consume::place)
}

async fn back(outside: Shared, body: Bytes) -> HttpResponse {
    respond(&outside, &body, reversal::accept)
}

async fn query(outside: Shared, body: Bytes) -> HttpResponse {
    respond(&outside, &body, query::answer)
}

async fn settlement_file(outside: Shared, body: Bytes) -> HttpResponse {
    respond(&outside, &body, file::answer)
}

/// A refusal in the platform's own, signed words: `03`, nobody knows, unless a code is asked for.
pub(crate) fn refused_with(outside: &Outside, body: &[u8], code: Option<&str>) -> HttpResponse {
    let code = code.filter(|code| is_refusal_code(code)).unwrap_or("03");
    respond(outside, body, |_, _, _| Err(Refusal::new(code, "")))
}

/// Whether it is a code for something that did not succeed.
pub(crate) fn is_refusal_code(code: &str) -> bool {
    code::is_known(code) && !is_success(code)
}

/// Checks who asks, has it done, and signs whatever came of it. The status is always 200.
fn respond(
    outside: &Outside,
    body: &[u8],
    act: impl FnOnce(&Outside, &Request, i64) -> Answer,
) -> HttpResponse {
    settle_due(outside);
    let now_ms = outside.now_ms();
    let request = Request::read(body);
    let answer = request.check(outside).and_then(|()| act(outside, &request, now_ms));
    let mut fields = request.common();
    match answer {
        Ok(more) => {
            fields.insert("respCode".to_owned(), "00".to_owned());
            fields.insert("respMsg".to_owned(), code::message("00", ""));
            fields.extend(more);
        }
        Err(Refusal { code, about }) => {
            tracing::info!(code, about, "UnionPay refused a request");
            fields.insert("respMsg".to_owned(), code::message(&code, &about));
            fields.insert("respCode".to_owned(), code);
        }
    }
    match outside.unionpay.signer().seal(fields) {
        Ok(fields) => {
            HttpResponse::Ok().content_type("text/html;charset=UTF-8").body(wire::raw(&fields))
        }
        Err(CryptoError) => HttpResponse::InternalServerError().finish(),
    }
}

/// Decides refunds and undos that are due, and tells the merchant.
pub(crate) fn settle_due(outside: &Outside) {
    let now_ms = outside.now_ms();
    // Looked at first, because every change is written to the state file.
    if outside.read(|world| world.unionpay.has_due(now_ms)) {
        outside.change(|world| {
            for decided in world.unionpay.settle_due(now_ms) {
                report::decided(world, &decided, now_ms);
            }
        });
    }
}

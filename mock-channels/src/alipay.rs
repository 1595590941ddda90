//! Alipay: the open platform's gateway (version 2) and its REST interface (version 3).

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::web::{self, Bytes};

use crate::faults;

pub(crate) mod answer;
pub(crate) mod bill;
pub(crate) mod cashier;
pub(crate) mod cert;
pub(crate) mod download;
pub(crate) mod gateway;
pub(crate) mod member;
mod message;
pub(crate) mod method;
mod money;
pub(crate) mod notify;
mod order;
pub(crate) mod params;
pub(crate) mod refund;
pub(crate) mod rest;
pub(crate) mod seal;
mod time;
pub(crate) mod trade;

const GATEWAY: &str = "/alipay/gateway.do";

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource(GATEWAY)
                .route(web::get().to(gateway::serve))
                .route(web::post().to(gateway::serve)),
        )
        .route(download::PATH, web::get().to(download::file))
        .route("/v3/alipay/{method:.*}", web::to(rest::serve));
}

/// The name under which testers aim faults at a call. Version 2 may say it in the body, which
/// is put back for the handler.
pub(crate) async fn operation(request: &mut ServiceRequest) -> Option<String> {
    match request.path() {
        download::PATH => Some("download".to_owned()),
        GATEWAY => {
            let body = request.extract::<Bytes>().await.unwrap_or_default();
            let query = request.query_string().as_bytes();
            let params = params::Params::read(query, &body).ok();
            request.set_payload(Payload::from(body));
            let method = params.and_then(|params| params.text("method")).unwrap_or_default();
            Some(method.trim_start_matches("alipay.").to_owned())
        }
        path => path.strip_prefix("/v3/alipay/").map(|tail| tail.replace('/', ".")),
    }
}

/// Takes the signature out of an answer of version 2, or puts a wrong one there.
pub(crate) fn resign(body: &Bytes, wrong: bool) -> Bytes {
    const SIGN: &[u8] = b",\"sign\":\"";
    let Some(at) = body.windows(SIGN.len()).rposition(|part| part == SIGN) else {
        return body.clone();
    };
    let mut changed = body[..at].to_vec();
    if wrong {
        changed.extend_from_slice(SIGN);
        // As long as a real one: clients may measure.
        changed.extend(faults::WRONG_SIGNATURE.bytes().cycle().take(342));
        changed.extend_from_slice(b"==\"");
    }
    changed.push(b'}');
    Bytes::from(changed)
}

/// Puts a second answer behind the signed one, under the same name: what a reader of JSON takes
/// is not what was signed.
pub(crate) fn doubled(body: &Bytes) -> Bytes {
    const FORGED: &str = "{\"code\":\"10000\",\"msg\":\"Success\",\"fund_change\":\"Y\",\
                          \"refund_status\":\"REFUND_SUCCESS\",\"trade_status\":\"TRADE_SUCCESS\"}";
    let name = body.iter().position(|byte| *byte == b':').map(|colon| &body[1..colon]);
    match (name, body.strip_suffix(b"}")) {
        (Some(name), Some(open)) => {
            Bytes::from([open, b",", name, b":", FORGED.as_bytes(), b"}"].concat())
        }
        _ => body.clone(),
    }
}

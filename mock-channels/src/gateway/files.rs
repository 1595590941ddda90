//! The transport of clearing files: raw bytes, signed by headers.

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use encoding_rs::GB18030;

use super::document::{Details, Exception, Params, fields, reply};
use super::{check_timestamp, clearing, respond, soap, upload};
use crate::clock::{Day, compact_time};
use crate::crypto::sm::sm3_hex;
use crate::crypto::{CryptoError, sha256_hex};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::fault::{self, BillFault, BillFaultKind};
use crate::world::gateway::Algorithm;

pub(super) const PREFIX: &str = "/files/non-tax/";
const LARGEST: usize = 32 * 1024 * 1024;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/files/non-tax/{name}")
            .app_data(web::PayloadConfig::new(LARGEST))
            .route(web::post().to(take))
            .route(web::get().to(give)),
    );
}

/// What is signed beside a file.
fn message(first: &str, path: &str, timestamp: &str, algorithm: Algorithm, body: &[u8]) -> String {
    let digest = match algorithm {
        Algorithm::RsaSha256 => sha256_hex(body),
        Algorithm::Sm2Sm3 => sm3_hex(body),
    };
    format!("{first}\n{path}\n{timestamp}\n{digest}\n")
}

/// The algorithm of a request whose signature holds, or what is wrong with it.
fn verified(outside: &Outside, request: &HttpRequest, body: &[u8]) -> Result<Algorithm, String> {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    let timestamp = header("X-Gateway-Timestamp");
    let checked =
        soap::caller_algorithm(outside, header("X-Gateway-Key-Id"), header("X-Gateway-Algorithm"))
            .and_then(|algorithm| check_timestamp(outside, timestamp).map(|()| algorithm));
    let algorithm = checked.map_err(|soap::ClientFault(reason)| reason)?;
    let signed =
        message(request.method().as_str(), request.uri().path(), timestamp, algorithm, body);
    outside
        .keys
        .gateway
        .verify_caller(algorithm, signed.as_bytes(), header("X-Gateway-Signature"))
        .map_err(|_wrong| "签名错误".to_owned())?;
    Ok(algorithm)
}

fn refused(status: StatusCode, reason: String) -> HttpResponse {
    HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(reason)
}

async fn take(
    outside: Shared,
    request: HttpRequest,
    name: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let algorithm = match verified(&outside, &request, &body) {
        Ok(algorithm) => algorithm,
        Err(reason) => return refused(StatusCode::UNAUTHORIZED, reason),
    };
    let details = upload::take(&outside, &name, &body);
    let repeated = [("MESSAGE", "Upload_File"), ("FILENAME", name.as_str())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let document = reply(&repeated, details);
    match respond(&outside, "Upload_File", &document, algorithm, false) {
        Ok(envelope) => HttpResponse::Ok().content_type("text/xml; charset=utf-8").body(envelope),
        Err(soap::ClientFault(reason)) => refused(StatusCode::INTERNAL_SERVER_ERROR, reason),
    }
}

async fn give(outside: Shared, request: HttpRequest, name: Path<String>) -> HttpResponse {
    let algorithm = match verified(&outside, &request, b"") {
        Ok(algorithm) => algorithm,
        Err(reason) => return refused(StatusCode::UNAUTHORIZED, reason),
    };
    let now_ms = outside.now_ms();
    let found = outside.change(|world| clearing::file(world, &name, now_ms));
    let Some((text, fault)) = found else {
        return refused(StatusCode::NOT_FOUND, "没有这个文件，或尚未生成".to_owned());
    };
    let mut bytes = encoded(text);
    if matches!(fault, Some((BillFaultKind::Truncated, _))) {
        bytes.truncate(bytes.len() / 2);
    }
    match signed_file(&outside, request.uri().path(), algorithm, bytes) {
        Ok(answer) => answer,
        Err(CryptoError) => refused(StatusCode::INTERNAL_SERVER_ERROR, "签名失败".to_owned()),
    }
}

fn signed_file(
    outside: &Outside,
    path: &str,
    asked: Algorithm,
    bytes: Vec<u8>,
) -> Result<HttpResponse, CryptoError> {
    let now_ms = outside.now_ms();
    let timestamp = Day::of(now_ms).compact() + &compact_time(now_ms);
    let key = outside.read(|world| {
        let algorithm = world.gateway.settings.algorithm.unwrap_or(asked);
        world.secrets.gateway.signing(algorithm).cloned()
    });
    let key = key.ok_or(CryptoError)?;
    let signed = message("200", path, &timestamp, key.algorithm, &bytes);
    let signature = outside.keys.gateway.sign(&key, signed.as_bytes())?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=gb18030")
        .insert_header(("X-Gateway-Key-Id", key.id))
        .insert_header(("X-Gateway-Algorithm", key.algorithm.name()))
        .insert_header(("X-Gateway-Timestamp", timestamp))
        .insert_header(("X-Gateway-Signature", signature))
        .body(bytes))
}

/// GB18030 has a place for every character, so nothing is lost.
fn encoded(text: String) -> Vec<u8> {
    GB18030.encode(&text).0.into_owned()
}

/// `List_Files`: what can be fetched of a day.
pub(super) fn list(outside: &Outside, params: &Params) -> Details {
    let day =
        Day::from_compact(params.get("FILEDATE")).ok_or_else(|| Exception::invalid("FILEDATE"))?;
    let now_ms = outside.now_ms();
    let (files, fault) = outside.change(|world| {
        let fault = fault::asked_bill(&world.gateway.bill_faults, day).map(BillFault::spoilt);
        (clearing::files(world, day, now_ms, fault), fault)
    });
    let wrong_hash = matches!(fault, Some((BillFaultKind::WrongHash, _)));
    Ok(files
        .into_iter()
        .map(|(name, text)| {
            let bytes = encoded(text);
            let hashed = if wrong_hash { b"something else" } else { bytes.as_slice() };
            fields(&[
                ("FILENAME", &name),
                ("FILEBYTES", &bytes.len().to_string()),
                ("FILESHA256", &sha256_hex(hashed)),
            ])
        })
        .collect())
}

//! The departments' exchange: one signed call, many operations.

use actix_web::web::{self, Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::crypto;
use crate::outside::Outside;
use crate::server::Shared;

mod answer;
mod booking_table;
mod bookings;
mod cases;
mod certificates;
mod estimates;
mod kinship;
mod messages;
mod operations;
mod orders;
mod owed;
mod parameter;
mod people;
mod registers;
mod table;
mod template;

pub(crate) use answer::papers_of;
pub(crate) use bookings::services as booking_services;
pub(crate) use cases::shown as application_row;
pub(crate) use operations::targets;
pub(crate) use table::TableFaults;

const PREFIX: &str = "/exchange/v1/";
const WINDOW_SECONDS: u64 = 300;
const MOST_ROWS: usize = 200;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route("/exchange/v1/{operation}", web::post().to(call));
}

/// The table of operations must be sound before anything is served.
pub(crate) fn check_table() -> Result<(), TableFaults> {
    table::embedded().map(drop).map_err(Clone::clone)?;
    booking_table::embedded().map_err(|faults| TableFaults(faults.to_vec()))?;
    cases::embedded().map(drop).map_err(Clone::clone)
}

/// The operation of a path.
pub(crate) fn operation(path: &str) -> Option<&str> {
    path.strip_prefix(PREFIX)
}

/// The body of every call.
#[derive(Debug, Clone, Deserialize)]
struct Call {
    #[serde(rename = "requestId")]
    request_id: String,
    subject: Option<Subject>,
    #[serde(default)]
    parameters: std::collections::BTreeMap<String, String>,
}

/// The signed-in person whose data is asked for.
#[derive(Clone, Deserialize)]
struct Subject {
    name: String,
    #[serde(rename = "idCard")]
    id_card: String,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subject(…)")
    }
}

/// What an operation finds.
struct Found {
    source: &'static str,
    rows: Vec<Value>,
}

/// Why an operation answers no rows.
#[derive(Debug)]
enum Refusal {
    Invalid(String),
    Denied(&'static str),
}

impl Call {
    /// A parameter that must be there.
    fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.optional(name).ok_or_else(|| Refusal::Invalid(format!("缺少参数 {name}")))
    }

    /// Refuses whatever is not in the document.
    fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.parameters.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Refusal::Invalid(format!("没有参数 {name}"))),
            None => Ok(()),
        }
    }

    fn optional(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The same question with these parameters and no others.
    fn with(&self, parameters: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { parameters: parameters.iter().map(owned).collect(), ..self.clone() }
    }

    fn subject(&self) -> Result<&Subject, Refusal> {
        self.subject.as_ref().ok_or_else(|| Refusal::Invalid("缺少 subject".to_owned()))
    }
}

async fn call(
    outside: Shared,
    request: HttpRequest,
    operation: Path<String>,
    body: Bytes,
) -> HttpResponse {
    if let Err(message) = check_signature(&outside, &request, &body) {
        return HttpResponse::Unauthorized()
            .json(json!({"code": "BAD_SIGNATURE", "message": message}));
    }
    let parsed = serde_json::from_slice::<Call>(&body);
    let request_id = parsed.as_ref().map(|call| call.request_id.clone()).unwrap_or_default();
    let outcome = match parsed {
        Ok(call) if (1..=64).contains(&call.request_id.chars().count()) => {
            operations::run(&outside, &operation, &call)
        }
        Ok(_) => Some(Err(Refusal::Invalid("requestId 的长度应为 1 至 64".to_owned()))),
        Err(error) => Some(Err(Refusal::Invalid(format!("请求体不正确：{error}")))),
    };
    match outcome {
        Some(outcome) => respond(&outside, &request_id, outcome),
        None => HttpResponse::NotFound()
            .json(json!({"code": "UNKNOWN_OPERATION", "message": "没有这个操作"})),
    }
}

fn check_signature(
    outside: &Outside,
    request: &HttpRequest,
    body: &[u8],
) -> Result<(), &'static str> {
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    if header("X-Exchange-Client") != outside.onboarding.exchange.client_id {
        return Err("客户端编号未知");
    }
    let (timestamp, nonce) = (header("X-Exchange-Timestamp"), header("X-Exchange-Nonce"));
    let seconds: i64 = timestamp.parse().map_err(|_not_a_number| "时间戳格式不正确")?;
    if (outside.now_ms() / 1000).abs_diff(seconds) > WINDOW_SECONDS {
        return Err("时间戳与当前时间相差超过300秒");
    }
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if nonce.len() != 32 || !nonce.bytes().all(lower_hex) {
        return Err("随机串应为32位小写十六进制");
    }
    let path = request.uri().path();
    let message = format!("POST\n{path}\n{timestamp}\n{nonce}\n{}\n", crypto::sha256_hex(body));
    let expected = crypto::hmac_sha256(&outside.keys.exchange, message.as_bytes());
    let given = crypto::from_base64(header("X-Exchange-Signature")).unwrap_or_default();
    if crypto::same(&expected, &given) { Ok(()) } else { Err("签名错误") }
}

fn respond(outside: &Outside, request_id: &str, outcome: Result<Found, Refusal>) -> HttpResponse {
    let (code, message, source, mut rows) = match outcome {
        Ok(Found { source, rows }) => ("OK", String::new(), source, rows),
        Err(Refusal::Invalid(message)) => ("INVALID", message, "", Vec::new()),
        Err(Refusal::Denied(message)) => ("DENIED", message.to_owned(), "", Vec::new()),
    };
    rows.truncate(MOST_ROWS);
    let now_ms = outside.now_ms();
    let body = json!({
        "requestId": request_id,
        "code": code,
        "message": message,
        "source": source,
        "asOf": rfc3339(now_ms),
        "rows": rows,
    })
    .to_string();
    let timestamp = (now_ms / 1000).to_string();
    let nonce = crypto::hex(&crypto::random_bytes::<16>());
    let digest = crypto::sha256_hex(body.as_bytes());
    let signed = format!("200\n{request_id}\n{timestamp}\n{nonce}\n{digest}\n");
    let signature = crypto::hmac_sha256(&outside.keys.exchange, signed.as_bytes());
    HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .insert_header(("X-Exchange-Timestamp", timestamp))
        .insert_header(("X-Exchange-Nonce", nonce))
        .insert_header(("X-Exchange-Signature", crypto::base64(&signature)))
        .body(body)
}

//! Version 3: the method is the path, signatures are in headers, errors are HTTP statuses.

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::{Value, json};

use super::answer::{Answer, Code, Refusal};
use super::gateway;
use super::method::{self, Caller};
use crate::clock::{MINUTE_MS, real_now_ms};
use crate::crypto;
use crate::outside::Outside;
use crate::server::Shared;

const SCHEME: &str = "ALIPAY-SHA256withRSA ";
/// A signature older than this is refused.
const WINDOW_MS: i64 = 10 * MINUTE_MS;
/// Methods of version 2 that have no path.
const PAGES: [&str; 1] = ["open.app.alipaycert.download"];

pub(super) async fn serve(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    match answer(&outside, &request, &body) {
        Ok(fields) => signed(&outside, &request, Value::Object(fields).to_string()),
        Err(refusal) => refused(&refusal),
    }
}

/// What the platform would answer if it broke down at this very moment.
pub(crate) fn breakdown() -> HttpResponse {
    refused(&Refusal::unavailable())
}

fn answer(outside: &Outside, request: &HttpRequest, body: &Bytes) -> Answer {
    let app_id = checked(outside, request, body)?;
    let path = request.match_info().query("method");
    let name = path.replace('/', ".");
    let reading = name == "data.dataservice.bill.downloadurl.query";
    let verb = if reading { "GET" } else { "POST" };
    let known = method::NAMES.contains(&name.as_str()) && !PAGES.contains(&name.as_str());
    if !known || request.method() != verb {
        return Err(Refusal::invalid("isv.invalid-method", "不存在的方法名"));
    }
    let biz = if reading { query(request) } else { json_body(body)? };
    let caller = Caller {
        app_id,
        notify_url: biz["notify_url"].as_str().map(str::to_owned),
        auth_token: biz["auth_token"].as_str().map(str::to_owned),
    };
    method::call(outside, &format!("alipay.{name}"), &caller, &biz)
}

fn query(request: &HttpRequest) -> Value {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let pairs = pairs.map(web::Query::into_inner).unwrap_or_default();
    Value::Object(pairs.into_iter().map(|(name, value)| (name, json!(value))).collect())
}

fn json_body(body: &Bytes) -> Result<Value, Refusal> {
    serde_json::from_slice(body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| Refusal::invalid("isv.invalid-parameter", "请求体不是合法的JSON"))
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The parts of the `Authorization` header.
struct Authorization<'a> {
    /// Everything before the signature: the first line of what is signed.
    text: &'a str,
    sign: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(request: &'a HttpRequest) -> Option<Self> {
        let parts = header(request, "Authorization")?.strip_prefix(SCHEME)?;
        let (text, sign) = parts.rsplit_once(",sign=")?;
        Some(Self { text, sign })
    }

    fn part(&self, name: &str) -> Option<&'a str> {
        self.text
            .split(',')
            .filter_map(|part| part.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }
}

/// Who is asking: app, certificates, age, signature.
fn checked(outside: &Outside, request: &HttpRequest, body: &Bytes) -> Result<String, Refusal> {
    let missing = || Refusal::missing("isv.missing-timestamp", "缺少时间戳参数");
    let authorization = Authorization::read(request).ok_or_else(missing)?;
    let app_id = authorization
        .part("app_id")
        .ok_or_else(|| Refusal::missing("isv.missing-app-id", "缺少AppID参数"))?;
    if !outside.read(|world| world.alipay.secrets.knows_app(app_id)) {
        return Err(Refusal::invalid("isv.invalid-app-id", "无效的AppID参数"));
    }
    if let Some(sn) = authorization.part("app_cert_sn") {
        let root_sn = header(request, "alipay-root-cert-sn");
        gateway::check_serials(outside, app_id, sn, root_sn)?;
    }
    let at_ms = authorization.part("timestamp").and_then(|text| text.parse::<i64>().ok());
    // Vendors' clients know no clock but the real one.
    let clocks = [outside.now_ms(), real_now_ms()];
    let fresh = |at_ms: i64| clocks.iter().any(|now| now.abs_diff(at_ms) <= WINDOW_MS as u64);
    if !fresh(at_ms.ok_or_else(missing)?) {
        return Err(Refusal::invalid("isv.invalid-timestamp", "非法的时间戳参数"));
    }
    if authorization.part("nonce").is_none_or(str::is_empty) {
        return Err(Refusal::missing("isv.missing-nonce", "缺少nonce参数"));
    }
    let text = signed_text(request, authorization.text, body);
    outside
        .alipay
        .app_public
        .verify(&text, authorization.sign)
        .map_err(|_wrong| Refusal::invalid("isv.invalid-signature", "验签出错"))?;
    Ok(app_id.to_owned())
}

fn signed_text(request: &HttpRequest, authorization: &str, body: &Bytes) -> Vec<u8> {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let token = header(request, "alipay-app-auth-token");
    message(authorization, request.method().as_str(), target, body, token)
}

/// What a request of version 3 is signed over.
pub(crate) fn message(
    authorization: &str,
    method: &str,
    target: &str,
    body: &[u8],
    app_auth_token: Option<&str>,
) -> Vec<u8> {
    let mut text = format!("{authorization}\n{method}\n{target}\n").into_bytes();
    text.extend_from_slice(body);
    text.push(b'\n');
    if let Some(token) = app_auth_token {
        text.extend_from_slice(token.as_bytes());
        text.push(b'\n');
    }
    text
}

fn signed(outside: &Outside, request: &HttpRequest, body: String) -> HttpResponse {
    let timestamp = outside.now_ms().to_string();
    let nonce = crypto::hex(&crypto::random_bytes::<16>());
    let (rotated, sn) = outside.read(|world| {
        let secrets = &world.alipay.secrets;
        (secrets.rotated, secrets.signing().cert_sn.clone())
    });
    let message = format!("{timestamp}\n{nonce}\n{body}\n");
    let Ok(sign) = outside.alipay.sign(rotated, message.as_bytes()) else {
        return breakdown();
    };
    let mut response = HttpResponse::Ok();
    traced(&mut response)
        .insert_header(("alipay-timestamp", timestamp))
        .insert_header(("alipay-nonce", nonce))
        .insert_header(("alipay-signature", sign));
    let by_certificate = Authorization::read(request)
        .is_some_and(|authorization| authorization.part("app_cert_sn").is_some());
    if by_certificate {
        response.insert_header(("alipay-sn", sn));
    }
    response.body(body)
}

/// Not signed. Codes of the gateway lose the prefix that they have in version 2.
fn refused(refusal: &Refusal) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.code.http_status())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let own = ["isv.", "isp.", "aop."];
    let stripped = own.iter().find_map(|prefix| refusal.sub_code.strip_prefix(prefix));
    let code = match refusal.code {
        Code::Business => refusal.sub_code,
        Code::Unavailable | Code::Token | Code::Missing | Code::Invalid => {
            stripped.unwrap_or(refusal.sub_code)
        }
    };
    let body = json!({
        "code": code,
        "message": refusal.sub_msg,
        "links": [{"link": "https://open.alipay.com/api/errCheck", "desc": "解决方案"}],
    });
    let mut response = HttpResponse::build(status);
    traced(&mut response).body(body.to_string())
}

fn traced(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    response
        .content_type("application/json;charset=utf-8")
        .insert_header(("alipay-trace-id", crypto::hex(&crypto::random_bytes::<16>())))
}

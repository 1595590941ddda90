//! Version 2: one address, the method is a parameter, the answer is signed inside its body.

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use encoding_rs::UTF_8;
use serde_json::{Value, json};

use super::answer::{Answer, Code, Refusal};
use super::method::{self, Caller};
use super::params::Params;
use super::seal;
use crate::crypto::{self, CryptoError};
use crate::outside::Outside;
use crate::server::Shared;

/// Answers GET and POST alike, with HTTP status 200 whatever happened.
pub(super) async fn serve(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    let params = match Params::read(request.query_string().as_bytes(), &body) {
        Ok(params) => params,
        Err(_unreadable) => {
            let refusal = Refusal::invalid("isv.invalid-parameter", "参数重复或过多").unsigned();
            return Reply::plain("", refusal).send(&outside);
        }
    };
    reply(&outside, &params).send(&outside)
}

/// What the gateway would answer to a method if it broke down at this very moment.
pub(crate) fn breakdown(outside: &Outside, request: &HttpRequest, body: &[u8]) -> HttpResponse {
    let params = Params::read(request.query_string().as_bytes(), body).ok();
    let text = |name: &str| params.as_ref().and_then(|params| params.text(name));
    let mut reply = Reply::plain(&text("method").unwrap_or_default(), Refusal::unavailable());
    reply.with_cert = text("app_cert_sn").is_some();
    reply.send(outside)
}

fn reply(outside: &Outside, params: &Params) -> Reply {
    let method = params.text("method").unwrap_or_default();
    let mut reply = Reply::plain(&method, Refusal::unavailable());
    reply.encoding = params.encoding().unwrap_or(UTF_8);
    reply.with_cert = params.text("app_cert_sn").is_some();
    reply.encrypted = params.text("encrypt_type").is_some();
    reply.answer = answer(outside, params, &method);
    // Only what a method said is encrypted: who could not be understood gets plain words.
    reply.encrypted &= !matches!(&reply.answer, Err(refusal) if refusal.code != Code::Business);
    if method == "alipay.open.app.alipaycert.download" && reply.answer.is_ok() {
        // It carries the certificate that a signature would be checked with.
        reply.signed = false;
    }
    reply
}

fn answer(outside: &Outside, params: &Params, method: &str) -> Answer {
    let app_id = checked(outside, params, method)?;
    let biz = biz_content(outside, params, method)?;
    let caller = Caller {
        app_id,
        notify_url: params.text("notify_url"),
        auth_token: params.text("auth_token"),
    };
    method::call(outside, method, &caller, &biz)
}

/// Who is asking, in the order in which the platform complains: the app before the signature.
pub(super) fn checked(outside: &Outside, params: &Params, method: &str) -> Result<String, Refusal> {
    let required = |name: &str, sub_code, words: &str| {
        params.text(name).ok_or_else(|| Refusal::missing(sub_code, words))
    };
    let app_id =
        required("app_id", "isv.missing-app-id", "缺少AppID参数").map_err(Refusal::unsigned)?;
    if !outside.read(|world| world.alipay.secrets.knows_app(&app_id)) {
        return Err(Refusal::invalid("isv.invalid-app-id", "无效的AppID参数").unsigned());
    }
    if method.is_empty() {
        return Err(Refusal::missing("isv.missing-method", "缺少方法名参数"));
    }
    let sign_type = required("sign_type", "isv.missing-signature-type", "缺少签名类型参数")?;
    let sign = required("sign", "isv.missing-signature", "缺少签名参数")?;
    let timestamp = required("timestamp", "isv.missing-timestamp", "缺少时间戳参数")?;
    required("version", "isv.missing-version", "缺少版本参数")?;
    if sign_type != "RSA2" {
        return Err(Refusal::invalid("isv.invalid-signature-type", "无效的签名类型"));
    }
    if params.encoding().is_none() {
        return Err(Refusal::invalid("isv.invalid-charset", "无效的字符集"));
    }
    check_certificates(outside, params, &app_id)?;
    check_signature(outside, params, &sign)?;
    if params.text("format").is_some_and(|format| !format.eq_ignore_ascii_case("json")) {
        return Err(Refusal::invalid("isv.invalid-format", "无效的数据格式"));
    }
    if super::time::parse_spaced(&timestamp).is_none() {
        return Err(Refusal::invalid("isv.invalid-timestamp", "非法的时间戳参数"));
    }
    Ok(app_id)
}

/// An app in certificate mode names its own certificate and the root that it trusts.
fn check_certificates(outside: &Outside, params: &Params, app_id: &str) -> Result<(), Refusal> {
    let root = params.text("alipay_root_cert_sn");
    let Some(sn) = params.text("app_cert_sn") else {
        return if root.is_some() {
            Err(Refusal::missing("isv.missing-app-cert-sn", "缺少应用公钥证书SN"))
        } else {
            Ok(())
        };
    };
    check_serials(outside, app_id, &sn, root.as_deref())
}

pub(super) fn check_serials(
    outside: &Outside,
    app_id: &str,
    app_sn: &str,
    root_sn: Option<&str>,
) -> Result<(), Refusal> {
    let (own, root) = outside.read(|world| {
        let secrets = &world.alipay.secrets;
        (super::cert::serial(secrets.app_cert_pem(app_id)), secrets.root_cert_sn())
    });
    if own.as_deref() != Some(app_sn) {
        return Err(Refusal::invalid("isv.app-cert-not-exist", "应用公钥证书不存在"));
    }
    if root.as_deref() != root_sn {
        let words = "支付宝根证书SN不正确";
        return Err(Refusal::invalid("isv.invalid-alipay-root-cert-sn", words));
    }
    Ok(())
}

/// Some clients sign empty parameters and some do not. Our own text is shown to who fails, as
/// the platform does.
fn check_signature(outside: &Outside, params: &Params, sign: &str) -> Result<(), Refusal> {
    let key = &outside.alipay.app_public;
    let plain = params.signed(&["sign"], false);
    if key.verify(&plain, sign).is_ok() {
        return Ok(());
    }
    if key.verify(&params.signed(&["sign"], true), sign).is_ok() {
        return Ok(());
    }
    let shown = String::from_utf8_lossy(&plain).replace('&', "&amp;");
    let words = format!(
        "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：{shown}"
    );
    Err(Refusal::invalid("isv.invalid-signature", &words))
}

/// What the method is about. Two methods have their words among the common parameters.
fn biz_content(outside: &Outside, params: &Params, method: &str) -> Result<Value, Refusal> {
    if method == "alipay.system.oauth.token" {
        let part = |name: &str| params.text(name);
        return Ok(json!({
            "grant_type": part("grant_type"),
            "code": part("code"),
            "refresh_token": part("refresh_token"),
        }));
    }
    let Some(text) = params.text("biz_content") else {
        return Ok(json!({}));
    };
    let text = match params.text("encrypt_type").as_deref() {
        None => text,
        Some("AES") => {
            let plain = seal::open(&outside.alipay.content, &text);
            let words = "解密出错";
            plain
                .ok()
                .and_then(|plain| String::from_utf8(plain).ok())
                .ok_or_else(|| Refusal::invalid("isv.invalid-encrypt", words))?
        }
        Some(_) => return Err(Refusal::invalid("isv.invalid-encrypt-type", "无效的加密类型")),
    };
    serde_json::from_str(&text)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| Refusal::invalid("isv.invalid-parameter", "biz_content不是合法的JSON"))
}

/// An answer on its way.
struct Reply {
    method: String,
    answer: Answer,
    encoding: &'static encoding_rs::Encoding,
    with_cert: bool,
    encrypted: bool,
    signed: bool,
}

impl Reply {
    fn plain(method: &str, refusal: Refusal) -> Self {
        Self {
            method: method.to_owned(),
            answer: Err(refusal),
            encoding: UTF_8,
            with_cert: false,
            encrypted: false,
            signed: true,
        }
    }

    fn send(self, outside: &Outside) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response
            .content_type(format!("text/html;charset={}", self.encoding.name().to_lowercase()))
            .insert_header(("trace_id", crypto::hex(&crypto::random_bytes::<16>())));
        match self.body(outside) {
            Ok(body) => response.body(body),
            Err(CryptoError) => HttpResponse::BadGateway().body("502 Bad Gateway"),
        }
    }

    /// Node, certificate, signature, in this order and without a space between: clients cut the
    /// node out of the text instead of parsing it.
    fn body(&self, outside: &Outside) -> Result<Vec<u8>, CryptoError> {
        let node = if self.encrypted {
            format!("\"{}\"", seal::seal(&outside.alipay.content, self.node().as_bytes())?)
        } else {
            self.node()
        };
        let (node, _, _) = self.encoding.encode(&node);
        let mut body = format!("{{\"{}\":", self.root()).into_bytes();
        body.extend_from_slice(&node);
        let (rotated, sn) = outside.read(|world| {
            let secrets = &world.alipay.secrets;
            (secrets.rotated, secrets.signing().cert_sn.clone())
        });
        if self.signed && self.answer.as_ref().err().is_none_or(|refusal| refusal.signed) {
            if self.with_cert {
                body.extend(format!(",\"alipay_cert_sn\":\"{sn}\"").bytes());
            }
            let sign = outside.alipay.sign(rotated, &node)?;
            body.extend(format!(",\"sign\":\"{sign}\"").bytes());
        }
        body.push(b'}');
        Ok(body)
    }

    fn root(&self) -> String {
        let nameless = matches!(&self.answer, Err(refusal) if refusal.nameless);
        if nameless || self.method.is_empty() || self.method.len() > 128 {
            return "error_response".to_owned();
        }
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '.';
        let name: String = self.method.chars().filter(plain).collect();
        format!("{}_response", name.replace('.', "_"))
    }

    /// `code` and `msg` first, and every slash escaped, as the platform writes it.
    fn node(&self) -> String {
        let (head, fields) = match &self.answer {
            // Signing in is older than the codes, and succeeds without one.
            Ok(fields) if self.method == "alipay.system.oauth.token" => (None, fields.clone()),
            Ok(fields) => (Some(("10000", "Success")), fields.clone()),
            Err(refusal) => (Some((refusal.code.number(), refusal.code.words())), refusal.fields()),
        };
        let rest = Value::Object(fields).to_string();
        let text = match head {
            None => rest,
            Some((code, words)) => {
                let comma = if rest.len() > 2 { "," } else { "" };
                format!("{{\"code\":\"{code}\",\"msg\":\"{words}\"{comma}{}", &rest[1..])
            }
        };
        text.replace('/', "\\/")
    }
}

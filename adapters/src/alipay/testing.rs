//! An account whose keys are made for the tests, and a platform that signs with its own.

use super::account::{AlipayAccount, AlipayAppConfig, AlipayConfig, AlipayTrustConfig};
use crate::crypto::SigningKey;
use crate::test_support::{Peer, StillClock, json_answer, quick_client, test_data};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::outside::OutsideError;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair,
    PKCS_RSA_SHA256, PublicKeyData, date_time_ymd,
};
use std::sync::{Arc, LazyLock, Mutex};

/// 2026-11-22 09:00:00 in Beijing.
pub(super) const NOW: i64 = 1_795_309_200;
pub(super) const SELLER: &str = "2088102179917825";
pub(super) const MINI: &str = "2021000000000001";
pub(super) const NATIVE: &str = "2021000000000002";
/// Base64 of 16 bytes, of the public vectors.
pub(super) const CONTENT_KEY: &str = "aa4BtZ4tspm2wnXLb1ThQA==";

/// Keys take seconds to make, so all tests share these.
pub(super) struct Keys {
    pub ours: KeyPair,
    pub platform: KeyPair,
    pub next: KeyPair,
    pub authority: KeyPair,
    pub root: KeyPair,
}

pub(super) static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let key = || KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    Keys { ours: key(), platform: key(), next: key(), authority: key(), root: key() }
});

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn private_pem(key: &KeyPair) -> String {
    pem("PRIVATE KEY", &key.serialize_der())
}

pub(super) fn public_pem(key: &KeyPair) -> String {
    pem("PUBLIC KEY", &key.subject_public_key_info())
}

pub(super) fn certificate_pem(certificate: &Certificate) -> String {
    pem("CERTIFICATE", certificate.der())
}

fn app(id: &str) -> AlipayAppConfig {
    AlipayAppConfig {
        app_id: id.to_owned(),
        private_key_pem: private_pem(&KEYS.ours),
        certificate_pem: Some(Chain::usual().app),
    }
}

/// An account in key mode.
pub(super) fn config(base: &str) -> AlipayConfig {
    AlipayConfig {
        gateway_url: format!("{base}/gateway.do"),
        seller_id: SELLER.to_owned(),
        mini: app(MINI),
        native: Some(app(NATIVE)),
        trust: AlipayTrustConfig::Keys {
            platform_keys_pem: vec![public_pem(&KEYS.next), public_pem(&KEYS.platform)],
        },
        content_key: Some(CONTENT_KEY.to_owned()),
        notify_url: "https://example.org/callbacks/alipay".to_owned(),
        order_limit: domain::money::PayableFen::USUAL_ORDER_LIMIT,
    }
}

/// The same account in certificate mode.
pub(super) fn certified(base: &str, chain: &Chain) -> AlipayConfig {
    let trust = AlipayTrustConfig::Certificates {
        root_certificates_pem: chain.root.clone(),
        platform_certificates_pem: vec![format!("{}{}", chain.platform, chain.authority)],
    };
    AlipayConfig { trust, ..config(base) }
}

pub(super) fn account(config: &AlipayConfig) -> Arc<AlipayAccount> {
    Arc::new(AlipayAccount::new(config, quick_client(), Arc::new(StillClock(NOW))).unwrap())
}

/// Certificates as the platform issues them, each PEM.
#[derive(Clone)]
pub(super) struct Chain {
    pub root: String,
    pub authority: String,
    pub platform: String,
    /// The platform's next one.
    pub next: String,
    pub app: String,
}

impl Chain {
    pub fn usual() -> Self {
        static CHAIN: LazyLock<Chain> = LazyLock::new(|| {
            let root = name("R1", true).self_signed(&KEYS.root).unwrap();
            let by_root = Issuer::new(name("R1", true), &KEYS.root);
            let authority = name("Class 2", true).signed_by(&KEYS.authority, &by_root).unwrap();
            let by_authority = Issuer::new(name("Class 2", true), &KEYS.authority);
            let leaf = |cn: &str, key: &KeyPair| name(cn, false).signed_by(key, &by_authority);
            Chain {
                root: certificate_pem(&root),
                authority: certificate_pem(&authority),
                platform: certificate_pem(&leaf("platform", &KEYS.platform).unwrap()),
                next: certificate_pem(&leaf("next", &KEYS.next).unwrap()),
                app: certificate_pem(&leaf("app", &KEYS.ours).unwrap()),
            }
        });
        CHAIN.clone()
    }
}

/// The parts of a certificate that is valid at [`NOW`].
pub(super) fn name(cn: &str, authority: bool) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CountryName, "CN");
    params.distinguished_name.push(DnType::OrganizationName, "支付, 有限公司");
    params.distinguished_name.push(DnType::CommonName, cn);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2035, 1, 1);
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

/// A leaf that `by` issued under the name of the usual authority.
pub(super) fn leaf_of(params: &CertificateParams, by: &KeyPair, issuer: &str) -> Certificate {
    let issuer = Issuer::new(name(issuer, true), by);
    params.signed_by(&KEYS.next, &issuer).unwrap()
}

pub(super) fn sign(key: &KeyPair, message: &[u8]) -> String {
    SigningKey::from_pem(&private_pem(key)).unwrap().sign(message).unwrap()
}

/// A node as the platform answers with it, signed.
pub(super) fn signed(root: &str, node: &str) -> String {
    let sign = sign(&KEYS.platform, node.as_bytes());
    json_answer(200, &format!(r#"{{"{root}":{node},"sign":"{sign}"}}"#))
}

/// A success of a method.
pub(super) fn done(method: &str, fields: &str) -> String {
    let comma = if fields.is_empty() { "" } else { "," };
    let node = format!(r#"{{"code":"10000","msg":"Success"{comma}{fields}}}"#);
    signed(&format!("alipay_{}_response", method.replace('.', "_")), &node)
}

/// A refusal of a method, signed.
pub(super) fn no(method: &str, code: &str, sub_code: &str) -> String {
    let node = format!(r#"{{"code":"{code}","msg":"m","sub_code":"{sub_code}","sub_msg":"s"}}"#);
    signed(&format!("alipay_{}_response", method.replace('.', "_")), &node)
}

/// A refusal that bears no signature.
pub(super) fn unsigned_no(method: &str, code: &str, sub_code: &str) -> String {
    let root = format!("alipay_{}_response", method.replace('.', "_"));
    let node = format!(r#"{{"code":"{code}","msg":"m","sub_code":"{sub_code}"}}"#);
    json_answer(200, &format!(r#"{{"{root}":{node}}}"#))
}

/// Answers the calls in turn, by method where it matters; the last answer serves all that follow.
/// Keeps what was asked.
pub(super) fn in_turn(answers: Vec<String>) -> (String, Arc<Mutex<Vec<String>>>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (left, copy) = (Mutex::new(answers), seen.clone());
    let base = Peer::replies(move |request| {
        copy.lock().unwrap().push(request.to_owned());
        let mut left = left.lock().unwrap();
        if left.len() > 1 { left.remove(0) } else { left[0].clone() }
    });
    (base, seen)
}

/// Names and values, in their order.
pub(super) type Form = Vec<(String, String)>;

/// Parameters of a request as it was sent: those of the address and those of the body.
pub(super) fn parameters(request: &str) -> (Form, Form) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let (_, query) = target.split_once('?').unwrap();
    let read = |text: &str| {
        let form = super::form::decoded(text.as_bytes()).unwrap().into_iter();
        form.map(|(name, value)| (name, String::from_utf8(value).unwrap())).collect()
    };
    (read(query), read(body))
}

pub(super) fn outcome<T>(result: &Result<T, OutsideError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(_)) => "not sent",
        Err(OutsideError::OutcomeUnknown(_)) => "unknown",
    }
}

/// Public vectors of the platform, with their keys.
pub(super) fn vectors() -> serde_json::Value {
    serde_json::from_slice(&test_data("alipay_unionpay_vectors.json")).unwrap()
}

//! A platform with certificates of its own making, and an account that trusts it.

use super::account::{UnionPayAccount, UnionPayConfig};
use super::fields::{Fields, SIGNATURE};
use super::trust::CERTIFICATE;
use crate::crypto::SigningKey;
use crate::test_support::{Peer, StillClock, alipay_unionpay_vectors, quick_client};
use domain::money::PayableFen;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256,
    date_time_ymd,
};
use std::sync::{Arc, LazyLock};

/// 2026-03-02 10:15:40 in Beijing.
pub(super) const NOW: i64 = 1_772_417_740;
pub(super) const MERCHANT: &str = "777290058167151";
pub(super) const ORDER: &str = "YW20260302101531ABCDEFGHJKMN";
pub(super) const TXN_TIME: &str = "20260302101531";
pub(super) const QUERY_ID: &str = "442603021015400000001";

/// Somebody who signs, with the certificate that goes along.
pub(super) struct SignerOf {
    pem: String,
    key: SigningKey,
}

/// UnionPay, and people who would like to be.
pub(super) struct Platform {
    pub root_pem: String,
    pub middle_pem: String,
    pub genuine: SignerOf,
    /// Below the same middle certificate, in another name.
    pub other_subject: SignerOf,
    /// The right name, over since yesterday.
    pub expired: SignerOf,
    /// The right names all the way up, under a root of its own.
    pub foreign_chain: SignerOf,
    /// The right name, signed by a certificate that may not sign others.
    pub below_a_leaf: SignerOf,
}

const NAME: &str = "041@8310000000083040@中国银联股份有限公司@00016495";

pub(super) static PLATFORM: LazyLock<Platform> = LazyLock::new(|| {
    let [root, middle, leaf] = [key(), key(), key()];
    let (root_params, middle_params) = (params("ROOT", true), params("MIDDLE", true));
    let root_pem = root_params.self_signed(&root).unwrap().pem();
    let by_root = Issuer::from_params(&root_params, &root);
    let middle_pem = middle_params.signed_by(&middle, &by_root).unwrap().pem();
    let by_middle = Issuer::from_params(&middle_params, &middle);
    let signer = |params: &CertificateParams, by: &Issuer<'_, &KeyPair>, key: &KeyPair| SignerOf {
        pem: params.signed_by(key, by).unwrap().pem().replace("\r\n", "\n").replace('\n', "\r\n"),
        key: SigningKey::from_pem(&key.serialize_pem()).unwrap(),
    };
    let mut over = params(NAME, false);
    over.not_after = date_time_ymd(2026, 3, 1);
    let genuine = params(NAME, false);
    let by_genuine = Issuer::from_params(&genuine, &leaf);
    // The foreign root signs with the leaf's key, under the names that we pin.
    let by_stranger = Issuer::from_params(&middle_params, &leaf);
    Platform {
        genuine: signer(&genuine, &by_middle, &leaf),
        other_subject: signer(
            &params("041@8310000000083040@某某支付有限公司@00016495", false),
            &by_middle,
            &leaf,
        ),
        expired: signer(&over, &by_middle, &leaf),
        foreign_chain: signer(&genuine, &by_stranger, &leaf),
        below_a_leaf: signer(&genuine, &by_genuine, &leaf),
        root_pem,
        middle_pem,
    }
});

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap()
}

fn params(name: &str, authority: bool) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2031, 1, 1);
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

pub(super) fn config(base: &str) -> UnionPayConfig {
    let vectors = alipay_unionpay_vectors();
    let ours = vectors["vectors"].as_array().unwrap().iter();
    let ours = ours.clone().find(|v| v["kind"] == "unionpay_sign_exact").unwrap();
    let text = |name: &str| ours[name].as_str().unwrap().to_owned();
    UnionPayConfig {
        gateway_url: base.to_owned(),
        file_url: format!("{base}/files"),
        merchant_no: MERCHANT.to_owned(),
        signing_cert_pem: text("certificate_pem"),
        signing_key_pem: text("private_key_pem"),
        root_cert_pem: PLATFORM.root_pem.clone(),
        middle_cert_pems: vec![PLATFORM.middle_pem.clone()],
        notify_url: "https://example.org/callbacks/unionpay".to_owned(),
        order_limit: PayableFen::USUAL_ORDER_LIMIT,
    }
}

pub(super) fn account_at(base: &str, now: i64) -> Arc<UnionPayAccount> {
    let clock = Arc::new(StillClock(now));
    Arc::new(UnionPayAccount::new(&config(base), quick_client(), clock).unwrap())
}

pub(super) fn account(base: &str) -> Arc<UnionPayAccount> {
    account_at(base, NOW)
}

/// These fields, signed by `signer`.
pub(super) fn signed_by(signer: &SignerOf, fields: &[(&str, &str)]) -> Fields {
    let mut message = Fields::of([("version", "5.1.0"), ("signMethod", "01")]);
    for (name, value) in fields {
        message.set(name, value);
    }
    message.set(CERTIFICATE, &signer.pem);
    let signature = signer.key.sign(message.digest().as_bytes()).unwrap();
    message.set(SIGNATURE, &signature);
    message
}

pub(super) fn signed(fields: &[(&str, &str)]) -> Fields {
    signed_by(&PLATFORM.genuine, fields)
}

/// An answer over HTTP, its body not encoded.
pub(super) fn answer(message: &Fields) -> String {
    let signature = message.get(SIGNATURE).unwrap_or_default();
    let body = format!("{}&{SIGNATURE}={signature}", message.signed_text());
    http(200, &body)
}

pub(super) fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// About the order, with this code.
pub(super) fn about_order(code: &str, more: &[(&str, &str)]) -> Fields {
    about(ORDER, code, more)
}

pub(super) fn about(no: &str, code: &str, more: &[(&str, &str)]) -> Fields {
    let head = [
        ("merId", MERCHANT),
        ("orderId", no),
        ("txnTime", TXN_TIME),
        ("respCode", code),
        ("respMsg", "成功[0000000]"),
    ];
    signed(&[&head, more].concat())
}

/// Answers the requests in turn; the last answer serves all that follow.
pub(super) fn in_turn(answers: Vec<String>) -> String {
    let left = std::sync::Mutex::new(answers);
    Peer::replies(move |_| {
        let mut left = left.lock().unwrap();
        if left.len() > 1 { left.remove(0) } else { left[0].clone() }
    })
}

/// The message in a request.
pub(super) fn message_in(request: &str) -> Fields {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    Fields::from_form(body.as_bytes()).unwrap()
}

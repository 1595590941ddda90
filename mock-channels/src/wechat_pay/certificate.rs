//! Platform certificates: real X.509, handed out sealed.

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, SerialNumber,
    date_time_ymd,
};
use serde_json::{Value, json};

use super::{Answer, Refusal, authorised, query_value};
use crate::clock::{DAY_MS, rfc3339};
use crate::crypto::{self, CryptoError, DIGITS, LETTERS_AND_DIGITS, SigningKey, der_to_pem};
use crate::outside::Outside;
use crate::server::Shared;
use crate::world::wechat_pay::keys::{KeyKind, PlatformKey};

/// Five years.
const LIFE_MS: i64 = 5 * 365 * DAY_MS;

/// Why a key could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the certificate could not be signed")]
    Signing(#[from] rcgen::Error),
    #[error("a key could not be made")]
    Key(#[from] CryptoError),
}

/// Makes a key that is valid from now on, beside all others.
pub(crate) fn new_key(kind: KeyKind, now_ms: i64) -> Result<(PlatformKey, SigningKey), KeyError> {
    let key = SigningKey::generate()?;
    let (effective_ms, expires_ms) = (now_ms.div_euclid(1_000) * 1_000, now_ms + LIFE_MS);
    let (id, cert_pem) = match kind {
        KeyKind::PublicKey => (format!("PUB_KEY_ID_01{}", crypto::random_text(DIGITS, 26)), None),
        KeyKind::Certificate => {
            // A first byte between 0x40 and 0x7f: positive as it is, and 40 digits long.
            let mut serial = crypto::random_bytes::<20>();
            serial[0] = 0x40 | (serial[0] & 0x3f);
            let pem = certificate(&key, &serial, effective_ms, expires_ms)?;
            (crypto::hex(&serial).to_uppercase(), Some(pem))
        }
    };
    let made = PlatformKey {
        id,
        kind,
        private_pem: key.private_pem()?,
        public_pem: key.public_pem()?,
        cert_pem,
        effective_ms,
        expires_ms,
        retired: false,
    };
    Ok((made, key))
}

fn certificate(
    key: &SigningKey,
    serial: &[u8],
    effective_ms: i64,
    expires_ms: i64,
) -> Result<String, KeyError> {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, "Tenpay.com sign (mock)");
    subject.push(DnType::OrganizationName, "Mock Channels");
    subject.push(DnType::CountryName, "CN");
    params.distinguished_name = subject;
    let at = |ms: i64| {
        date_time_ymd(1970, 1, 1)
            + std::time::Duration::from_millis(ms.unsigned_abs() / 1_000 * 1_000)
    };
    params.not_before = at(effective_ms);
    params.not_after = at(expires_ms);
    params.serial_number = Some(SerialNumber::from_slice(serial));
    let der = crypto::pem_to_der(&key.private_pem()?)?;
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der.into(), &PKCS_RSA_SHA256)?;
    Ok(der_to_pem("CERTIFICATE", params.self_signed(&pair)?.der()))
}

/// `GET /v3/certificates`: every certificate that is valid, the newest last.
pub(super) async fn list(outside: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    authorised(&outside, &request, &body, |outside| answer(outside, &request))
}

fn answer(outside: &Outside, request: &HttpRequest) -> Answer {
    let rsa = match query_value(request, "algorithm_type").as_deref() {
        None | Some("" | "RSA" | "ALL") => true,
        Some("SM2") => false,
        Some(other) => {
            return Err(Refusal::parameter(
                "输入源“/query/algorithm_type”枚举值不合法",
                json!({"field": "algorithm_type", "location": "query", "value": other}),
            ));
        }
    };
    let now_ms = outside.now_ms();
    let valid = |key: &&PlatformKey| !key.retired && now_ms < key.expires_ms;
    let keys: Vec<PlatformKey> = outside.read(|world| {
        world.wechat_pay.keys.iter().filter(valid).filter(|_| rsa).cloned().collect()
    });
    let sealed = keys.iter().filter_map(|key| Some((key, key.cert_pem.as_deref()?)));
    let listed: Result<Vec<Value>, CryptoError> =
        sealed.map(|(key, pem)| described(outside, key, pem)).collect();
    let listed = listed.map_err(|CryptoError| Refusal::system_error())?;
    if listed.is_empty() {
        let message = "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。\
             可查看指引https://pay.weixin.qq.com/doc/v3/merchant/4012153196";
        return Err(Refusal::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS", message));
    }
    Ok(Some(json!({"data": listed})))
}

fn described(outside: &Outside, key: &PlatformKey, pem: &str) -> Result<Value, CryptoError> {
    const SEALED_FOR: &str = "certificate";
    let nonce = crypto::random_text(LETTERS_AND_DIGITS, 12);
    let secret = &outside.onboarding.wechat_pay.api_v3_key;
    let ciphertext = crypto::seal_gcm(secret, &nonce, SEALED_FOR, pem.as_bytes())?;
    Ok(json!({
        "serial_no": key.id,
        "effective_time": rfc3339(key.effective_ms),
        "expire_time": rfc3339(key.expires_ms),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": SEALED_FOR,
            "ciphertext": ciphertext,
        },
    }))
}

//! The platform's public vectors, every one of UnionPay.

use super::fields::{Fields, SIGNATURE};
use super::testing::{NOW, account};
use super::trust::CERTIFICATE;
use crate::certificate::Certificate;
use crate::crypto::SigningKey;
use crate::test_support::alipay_unionpay_vectors;
use domain::payment::CallbackRefused;
use jiff::Timestamp;
use serde_json::Value;

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{}: {field}", vector["id"]))
}

fn message(vector: &Value) -> Fields {
    let mut message = Fields::default();
    for (name, value) in vector["params"].as_object().unwrap() {
        message.set(name, value.as_str().unwrap());
    }
    message
}

fn request_signature(vector: &Value) {
    let message = message(vector);
    assert_eq!(message.signed_text(), text(vector, "string_to_sign"));
    assert_eq!(message.digest(), text(vector, "sha256_hex"));
    let key = SigningKey::from_pem(text(vector, "private_key_pem")).unwrap();
    let signature = key.sign(message.digest().as_bytes());
    assert_eq!(signature.as_deref(), Ok(text(vector, "expected_signature_b64")));
    let certificate = Certificate::from_pem(text(vector, "certificate_pem")).unwrap();
    assert_eq!(certificate.serial(), text(vector, "certId"));
    assert_eq!(certificate.key().verify(message.digest().as_bytes(), &signature.unwrap()), Ok(()));
}

fn message_of_the_platform(vector: &Value) {
    let read = Fields::from_answer(text(vector, "message")).unwrap();
    assert_eq!(read, message(vector));
    assert_eq!(read.signed_text(), text(vector, "string_to_verify"));
    assert_eq!(read.digest(), text(vector, "sha256_hex"));
    assert_eq!(read.get(SIGNATURE), Some(text(vector, "signature_b64")));
    let certificate = Certificate::from_pem(read.get(CERTIFICATE).unwrap()).unwrap();
    assert!(text(vector, "cert_subject").contains(certificate.common_name()));
    let verify =
        |digest: &str| certificate.key().verify(digest.as_bytes(), text(vector, "signature_b64"));
    assert_eq!(verify(&read.digest()), Ok(()));
    assert!(verify(&read.digest().to_uppercase()).is_err());
    // Its certificate is over, and signed with SHA-1 by somebody whom nobody pins here.
    let trust = &account("https://gateway.95516.com").trust;
    let now = Timestamp::from_second(NOW).unwrap();
    assert_eq!(trust.verify(&read, now), Err(CallbackRefused::UnknownKey));
}

#[test]
fn every_public_vector_holds() {
    let file = alipay_unionpay_vectors();
    let mut checked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        match text(vector, "kind") {
            "unionpay_sign_exact" => request_signature(vector),
            "unionpay_verify_message" => message_of_the_platform(vector),
            other if other.starts_with("unionpay") => panic!("nobody handles {other}"),
            _ => continue, // Alipay's.
        }
        checked += 1;
    }
    assert_eq!(checked, 2);
}

//! Published messages of UnionPay, checked by the code that signs and reads for the mock.

use serde_json::Value;
use x509_parser::pem::parse_x509_pem;

use super::unionpay::read_raw;
use crate::crypto::{SigningKey, VerifyingKey, base64};
use crate::unionpay::wire;
use crate::world::unionpay::Fields;

const VECTORS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/alipay_unionpay_vectors.json");

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {vector}"))
}

fn params(vector: &Value) -> Fields {
    serde_json::from_value(vector["params"].clone()).unwrap()
}

#[test]
fn every_vector_of_unionpay_holds() {
    let file: Value = serde_json::from_slice(&std::fs::read(VECTORS).unwrap()).unwrap();
    let vectors = file["vectors"].as_array().unwrap().iter();
    let ours: Vec<&Value> =
        vectors.filter(|vector| text(vector, "kind").starts_with("unionpay")).collect();
    assert!(ours.len() >= 2, "only {} vectors", ours.len());
    for vector in ours {
        match text(vector, "kind") {
            "unionpay_sign_exact" => signs_exactly(vector),
            "unionpay_verify_message" => verifies(vector),
            other => panic!("{}: nobody checks the kind {other}", vector["id"]),
        }
    }
}

fn signs_exactly(vector: &Value) {
    let params = params(vector);
    assert_eq!(wire::text_to_sign(&params), text(vector, "string_to_sign"));
    assert_eq!(wire::digest(&params), text(vector, "sha256_hex"));
    let key = SigningKey::from_pem(text(vector, "private_key_pem")).unwrap();
    let signature = key.sign(wire::digest(&params).as_bytes()).unwrap();
    assert_eq!(signature, text(vector, "expected_signature_b64"));
    let pem = parse_x509_pem(text(vector, "certificate_pem").as_bytes()).unwrap().1;
    let certificate = pem.parse_x509().unwrap();
    assert_eq!(certificate.serial.to_string(), text(vector, "certId"));
    let mut signed = params.clone();
    signed.insert("signature".to_owned(), signature.clone());
    assert_eq!(wire::read_form(wire::form(&signed).as_bytes()), Some(signed));
    let verifying = VerifyingKey::from_pem(&base64(certificate.public_key().raw)).unwrap();
    let other = wire::digest(&Fields::new());
    assert!(verifying.verify(wire::digest(&params).as_bytes(), &signature).is_ok());
    assert!(verifying.verify(other.as_bytes(), &signature).is_err());
}

fn verifies(vector: &Value) {
    let params = params(vector);
    assert_eq!(read_raw(text(vector, "message")), params);
    assert_eq!(wire::raw(&params), text(vector, "message"));
    assert_eq!(wire::text_to_sign(&params), text(vector, "string_to_verify"));
    assert_eq!(wire::digest(&params), text(vector, "sha256_hex"));
    let pem = parse_x509_pem(params["signPubKeyCert"].as_bytes()).unwrap().1;
    let certificate = pem.parse_x509().unwrap();
    let key = VerifyingKey::from_pem(&base64(certificate.public_key().raw)).unwrap();
    key.verify(wire::digest(&params).as_bytes(), &params["signature"]).unwrap();
}

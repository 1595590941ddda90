//! Test vectors of Alipay, checked by the cryptography of the mock.

use serde_json::Value;

use crate::alipay::{cert, params::Params, params::encoded, rest, seal};
use crate::crypto::{SigningKey, VerifyingKey, from_base64};

const VECTORS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/alipay_unionpay_vectors.json");

struct Vector<'a> {
    all: &'a [Value],
    fields: &'a Value,
}

impl Vector<'_> {
    fn text(&self, name: &str) -> &str {
        self.fields[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {}", self.fields))
    }

    fn params(&self) -> Params {
        let pairs: Vec<String> = self.fields["params"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value.as_str().unwrap().as_bytes())))
            .collect();
        Params::read(b"", pairs.join("&").as_bytes()).unwrap()
    }

    fn public_key(&self) -> VerifyingKey {
        VerifyingKey::from_pem(self.text("public_key_pem")).unwrap()
    }

    /// The key of this vector, or of the one that it refers to.
    fn signing_key(&self) -> SigningKey {
        let other = |id: &str| self.all.iter().find(|vector| vector["id"] == id);
        let from = match self.fields["private_key"].as_str() {
            Some(text) => other(text.trim_start_matches("same as ")).unwrap(),
            None => self.fields,
        };
        SigningKey::from_pem(from["private_key_pem"].as_str().unwrap()).unwrap()
    }
}

#[test]
fn every_alipay_vector_holds() {
    let file: Value = serde_json::from_slice(&std::fs::read(VECTORS).unwrap()).unwrap();
    let all = file["vectors"].as_array().unwrap();
    let mut checked = 0;
    for fields in all {
        if !fields["id"].as_str().unwrap().starts_with("alipay-") {
            continue;
        }
        let vector = Vector { all, fields };
        match vector.text("kind") {
            "rsa2_verify_response" => response(&vector),
            // Cutting the node out of an answer is the client's work.
            "substring_extraction_only" => continue,
            "rsa2_verify_notify" => notification(&vector),
            "aes128_cbc_pkcs7_zero_iv" => aes(&vector),
            "cert_sn_md5" => {
                let serial = cert::serial(vector.text("certificate_pem"));
                assert_eq!(serial.as_deref(), Some(vector.text("expected_sn")));
            }
            "root_cert_sn" => {
                let serial = cert::root_serial(vector.text("root_bundle_pem"));
                assert_eq!(serial.as_deref(), Some(vector.text("expected_sn")));
            }
            "rsa2_sign_request_exact" => request(&vector),
            "v3_sign_request_exact" => rest_request(&vector),
            kind => panic!("{}: nobody checks the kind {kind}", vector.text("id")),
        }
        checked += 1;
    }
    assert!(checked >= 8, "only {checked} vectors");
}

fn response(vector: &Vector<'_>) {
    let signed = vector.text("signed_substring");
    assert!(vector.text("response_body").contains(signed));
    let signature = vector.text("signature_b64");
    vector.public_key().verify(signed.as_bytes(), signature).unwrap();
    let spaced = signed.replace("\":", "\": ");
    assert!(vector.public_key().verify(spaced.as_bytes(), signature).is_err());
}

fn notification(vector: &Vector<'_>) {
    let params = vector.params();
    let text = params.signed(&["sign", "sign_type"], false);
    assert_eq!(String::from_utf8(text.clone()).unwrap(), vector.text("string_to_verify"));
    vector.public_key().verify(&text, &params.text("sign").unwrap()).unwrap();
    let with_type = params.signed(&["sign"], false);
    assert!(vector.public_key().verify(&with_type, &params.text("sign").unwrap()).is_err());
}

fn aes(vector: &Vector<'_>) {
    let key = from_base64(vector.text("key_b64")).unwrap();
    let (plain, sealed) = (vector.text("plaintext"), vector.text("ciphertext_b64"));
    assert_eq!(seal::seal(&key, plain.as_bytes()).unwrap(), sealed);
    assert_eq!(seal::open(&key, sealed).unwrap(), plain.as_bytes());
    assert!(seal::open(&key, "AAAA").is_err());
}

fn request(vector: &Vector<'_>) {
    let text = vector.params().signed(&["sign"], false);
    assert_eq!(String::from_utf8(text.clone()).unwrap(), vector.text("string_to_sign"));
    let signature = vector.signing_key().sign(&text).unwrap();
    assert_eq!(signature, vector.text("expected_signature_b64"));
}

fn rest_request(vector: &Vector<'_>) {
    let wanted = vector.text("string_to_sign");
    let lines: Vec<&str> = wanted.split('\n').collect();
    let text = rest::message(lines[0], lines[1], lines[2], lines[3].as_bytes(), None);
    assert_eq!(String::from_utf8(text.clone()).unwrap(), wanted);
    let signature = vector.signing_key().sign(&text).unwrap();
    let authorization = format!("ALIPAY-SHA256withRSA {},sign={signature}", lines[0]);
    assert_eq!(authorization, vector.text("authorization"));
}

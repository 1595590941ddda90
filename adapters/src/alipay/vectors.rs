//! The platform's public vectors, every kind of them. Those of UnionPay stand in the same file.

use super::account::AlipayTrustConfig;
use super::callback::AlipayCallbacks;
use super::certificate::{certificates, root_serial, serial};
use super::envelope::Envelope;
use super::form::{encoded, to_sign};
use super::testing::{account, config, vectors};
use crate::crypto::{SigningKey, VerifyingKey, from_base64, open_aes_cbc};
use crate::test_support::read_callback;
use domain::payment::{CallbackRefused, RailCallback, RailNews};
use serde_json::Value;

struct Vector<'a>(&'a Value, &'a [Value]);

impl Vector<'_> {
    fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_else(|| panic!("{}: {field}", self.0["id"]))
    }

    fn parameters(&self) -> Vec<(&str, &str)> {
        let parameters = self.0["params"].as_object().unwrap().iter();
        parameters.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect()
    }

    fn to_sign(&self, leave_out: &[&str]) -> Vec<u8> {
        let parameters = self.parameters().into_iter();
        to_sign(parameters.map(|(name, value)| (name, value.as_bytes())), leave_out)
    }

    /// Handled here, or one of UnionPay's.
    fn check(&self) -> bool {
        match self.text("kind") {
            "rsa2_verify_response" => self.response(),
            "substring_extraction_only" => {
                let read =
                    Envelope::read(self.text("response_body").as_bytes(), self.text("method"));
                assert_eq!(read.unwrap().node, self.text("expected_signed_substring"));
            }
            "rsa2_verify_notify" => self.notification(),
            "aes128_cbc_pkcs7_zero_iv" => {
                let key = from_base64(self.text("key_b64")).unwrap();
                let sealed = from_base64(self.text("ciphertext_b64")).unwrap();
                let plain = open_aes_cbc(&key, &[0; 16], &sealed).unwrap();
                assert_eq!(plain, self.text("plaintext").as_bytes());
            }
            "cert_sn_md5" => {
                let first = certificates(self.text("certificate_pem")).remove(0);
                assert_eq!(serial(&first).as_deref(), Some(self.text("expected_sn")));
            }
            "root_cert_sn" => {
                let sn = root_serial(self.text("root_bundle_pem"));
                assert_eq!(sn.as_deref(), Some(self.text("expected_sn")));
            }
            "rsa2_sign_request_exact" => {
                let message = self.to_sign(&["sign"]);
                assert_eq!(message, self.text("string_to_sign").as_bytes());
                let key = SigningKey::from_pem(self.text("private_key_pem")).unwrap();
                assert_eq!(key.sign(&message).as_deref(), Ok(self.text("expected_signature_b64")));
            }
            "v3_sign_request_exact" => self.version_three(),
            other if other.starts_with("unionpay_") => return false,
            other => panic!("nobody handles vectors of kind {other}"),
        }
        true
    }

    fn response(&self) {
        let body = self.text("response_body");
        let read = Envelope::read(body.as_bytes(), self.text("method")).unwrap();
        assert_eq!(read.node, self.text("signed_substring"));
        assert_eq!(read.sign.as_deref(), Some(self.text("signature_b64")));
        let key = VerifyingKey::from_pem(self.text("public_key_pem")).unwrap();
        assert_eq!(key.verify(read.node.as_bytes(), self.text("signature_b64")), Ok(()));
        let spaced = read.node.replacen(':', ": ", 1);
        assert!(key.verify(spaced.as_bytes(), self.text("signature_b64")).is_err());
    }

    fn notification(&self) {
        let message = self.to_sign(&["sign", "sign_type"]);
        assert_eq!(message, self.text("string_to_verify").as_bytes());
        let parameters = self.parameters();
        let value = |name: &str| parameters.iter().find(|(n, _)| *n == name).unwrap().1;
        let key = self.text("public_key_pem").to_owned();
        let trust = AlipayTrustConfig::Keys { platform_keys_pem: vec![key] };
        let reader = AlipayCallbacks::new(account(&super::account::AlipayConfig {
            trust,
            ..config("http://h")
        }));
        let sent = super::account::at_beijing(value("notify_time")).unwrap();
        let read = |body: String| {
            let callback = RailCallback { headers: Vec::new(), body: body.into_bytes() };
            read_callback(&reader, &callback, sent)
        };
        let stored = read(encoded(parameters.iter().copied())).unwrap().unwrap();
        assert_eq!(stored.event_id, value("notify_id"));
        let RailNews::Paid(report) = stored.news else { panic!("{stored:?}") };
        assert_eq!(report.order_no, value("out_trade_no"));
        assert_eq!(report.app_id, value("app_id"));
        assert_eq!(report.merchant_no, value("seller_id"));
        assert_eq!(report.money.txn.as_str(), value("trade_no"));
        assert_eq!(report.money.amount.to_string(), value("total_amount"));
        let other = parameters.iter().map(|(name, value)| match *name {
            "total_amount" => (*name, "0.11"),
            _ => (*name, *value),
        });
        assert_eq!(read(encoded(other)), Err(CallbackRefused::BadSignature));
    }

    fn version_three(&self) {
        let named = self.text("private_key");
        let of = self.1.iter().find(|v| v["id"].as_str().is_some_and(|id| named.contains(id)));
        let pem = of.unwrap()["private_key_pem"].as_str().unwrap();
        let sign = SigningKey::from_pem(pem).unwrap().sign(self.text("string_to_sign").as_bytes());
        let (_, expected) = self.text("authorization").split_once(",sign=").unwrap();
        assert_eq!(sign.as_deref(), Ok(expected));
    }
}

#[test]
fn every_public_vector_of_the_platform_holds() {
    let file = vectors();
    let all = file["vectors"].as_array().unwrap();
    let handled = all.iter().filter(|vector| Vector(vector, all).check()).count();
    assert_eq!((handled, all.len()), (9, 11));
}

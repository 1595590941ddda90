//! The platform's public vectors, every kind of them.

use super::callback::WeChatPayCallbacks;
use super::sign::{SignedHead, Signer, platform_message};
use super::testing::{account, config};
use crate::crypto::{
    CryptoFailed, GcmKey, MacKey, SigningKey, VerifyingKey, from_base64, open_aes_cbc, sha1_hex,
};
use crate::test_support::{read_callback, wechat_vectors};
use domain::payment::{CallbackRefused, RailCallback, RailNews, StoredCallback};
use jiff::Timestamp;
use serde_json::Value;

/// A vector, with the keys of its file.
struct Vector {
    keys: Value,
    fields: Value,
}

impl Vector {
    fn text(&self, field: &str) -> &str {
        self.fields[field].as_str().unwrap_or_else(|| panic!("{}: {field}", self.fields["id"]))
    }

    fn key(&self, field: &str) -> &Value {
        &self.keys[self.text(field)]
    }

    fn signer(&self) -> Signer {
        let key = self.key("key");
        let text = |field: &str| key[field].as_str().unwrap_or_default().to_owned();
        let (merchant_no, serial) = (text("mchid"), text("serial_no"));
        Signer { merchant_no, serial, key: SigningKey::from_pem(&text("private_key_pem")).unwrap() }
    }

    /// The texts of these fields, sorted, joined, hashed.
    fn sorted_sha1(&self, fields: &[&str]) -> String {
        let mut parts: Vec<&str> = fields.iter().map(|field| self.text(field)).collect();
        parts.sort_unstable();
        sha1_hex(parts.concat().as_bytes())
    }

    fn check(&self) {
        match self.text("kind") {
            "request_signature" => self.request_signature(),
            "rsa_sha256_pkcs1v15" => {
                let signature = self.signer().key.sign(self.text("message").as_bytes());
                assert_eq!(signature.as_deref(), Ok(self.text("signature")));
            }
            "sign_message_layout" => self.message_layout(),
            "aead_aes_256_gcm" => self.opens(GcmKey::aes_256(self.text("key").as_bytes())),
            "aead_gcm_16_byte_test_key" => {
                self.opens(GcmKey::aes_128(self.text("key").as_bytes()));
            }
            "negative" => self.never_opens(),
            "pay_sign" => self.pay_sign(),
            "pay_sign_app" => {
                let lines = ["appid", "timestamp", "noncestr", "prepayid"].map(|f| self.text(f));
                let message = lines.map(|line| format!("{line}\n")).concat();
                assert_eq!(message, self.text("message"));
                let signature = self.signer().key.sign(message.as_bytes());
                assert_eq!(signature.as_deref(), Ok(self.text("sign")));
            }
            "notification" => self.notification(),
            "response_signature" => self.response_signature(),
            "aes_128_cbc_session_key" => self.session_data(),
            "user_state_signature" => {
                let code = MacKey::new(self.text("session_key").as_bytes())
                    .code_hex(self.text("data").as_bytes());
                assert_eq!(code, self.text("signature"));
            }
            "push_signature" => {
                let sha1 = self.sorted_sha1(&["token", "timestamp", "nonce"]);
                assert_eq!(sha1, self.text("signature"));
            }
            "push_msg_signature" => {
                let sha1 = self.sorted_sha1(&["token", "timestamp", "nonce", "encrypt"]);
                assert_eq!(sha1, self.text("msg_signature"));
            }
            "push_aes" => self.pushed_message(),
            other => panic!("nobody handles vectors of kind {other}"),
        }
    }

    fn request_signature(&self) {
        let head = SignedHead {
            method: self.text("method"),
            target: self.text("url"),
            timestamp: self.text("timestamp"),
            nonce: self.text("nonce_str"),
        };
        let body = self.text("body").as_bytes();
        assert_eq!(head.message(body), self.text("message").as_bytes());
        let authorization = self.signer().authorization(head, body).unwrap();
        let signature = format!("signature=\"{}\"", self.text("signature"));
        assert!(authorization.contains(&signature), "{authorization}");
        if let Some(published) = self.fields["authorization"].as_str() {
            // The platform takes the five pairs in any order.
            assert_eq!(pairs(&authorization), pairs(published));
        }
    }

    /// The layout of a message whose parts are known: its lines, the body last.
    fn message_layout(&self) {
        let message = self.text("message");
        let mut lines = message.splitn(5, '\n');
        let mut next = || lines.next().unwrap();
        let (method, target, timestamp, nonce) = (next(), next(), next(), next());
        let body = next().strip_suffix('\n').unwrap();
        let head = SignedHead { method, target, timestamp, nonce };
        assert_eq!(head.message(body.as_bytes()), message.as_bytes());
    }

    fn opens(&self, key: Result<GcmKey, crate::crypto::KeyInvalid>) {
        let (nonce, aad) = (self.text("nonce"), self.text("associated_data"));
        let sealed = self.text("ciphertext");
        let key = key.unwrap();
        let plain = key.open(nonce, aad, sealed);
        assert_eq!(plain.as_deref(), Ok(self.text("plaintext").as_bytes()));
        assert_eq!(key.open(nonce, "other", sealed), Err(CryptoFailed::Decrypt));
    }

    fn never_opens(&self) {
        let key = GcmKey::aes_256(self.text("key").as_bytes()).unwrap();
        let texts = |field: &str| {
            let list = self.fields[field].as_array().unwrap().clone();
            list.into_iter().map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (nonces, sealed) = (texts("bad_nonces"), texts("bad_ciphertexts"));
        for nonce in nonces.iter().map(String::as_str).chain(["123456789012"]) {
            for sealed in sealed.iter().map(String::as_str).chain(["AAAAAAAAAAAAAAAAAAAAAA=="]) {
                let opened = key.open(nonce, "", sealed);
                assert_eq!(opened, Err(CryptoFailed::Decrypt), "{nonce} {sealed}");
            }
        }
    }

    fn pay_sign(&self) {
        let signature = self.signer().pay_sign(
            self.text("appId"),
            self.text("timeStamp"),
            self.text("nonceStr"),
            self.text("package"),
        );
        assert_eq!(signature.as_deref(), Ok(self.text("paySign")));
    }

    fn read(&self) -> Result<Option<StoredCallback>, CallbackRefused> {
        let mut config = config("https://api.mch.weixin.qq.com");
        config.api_v3_key = self.text("apiv3_key").to_owned();
        let headers = self.fields["headers"].as_object().unwrap();
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned()));
        let body = self.text("body").as_bytes().to_vec();
        let callback = RailCallback { headers: headers.collect(), body };
        let now = Timestamp::from_second(self.fields["now"].as_i64().unwrap()).unwrap();
        let reader = WeChatPayCallbacks::new(account(&config));
        read_callback(&reader, &callback, now)
    }

    fn notification(&self) {
        let read = self.read();
        if self.text("expect").starts_with("accept") {
            let plain: Value = serde_json::from_str(self.text("plaintext")).unwrap();
            let stored = read.unwrap().unwrap();
            let RailNews::Paid(report) = &stored.news else { panic!("{stored:?}") };
            assert_eq!(Some(report.order_no.as_str()), plain["out_trade_no"].as_str());
            assert_eq!(Some(report.money.txn.as_str()), plain["transaction_id"].as_str());
            let fen = report.money.amount.fen().value();
            assert_eq!(Some(fen), plain["amount"]["total"].as_i64());
            assert_eq!(Some(report.app_id.as_str()), plain["appid"].as_str());
            assert_eq!(Some(report.merchant_no.as_str()), plain["mchid"].as_str());
        } else if self.text("id").contains("stale") {
            assert_eq!(read, Err(CallbackRefused::Stale));
        } else {
            assert_eq!(read, Err(CallbackRefused::BadSignature));
        }
    }

    fn response_signature(&self) {
        let body = self.text("body").as_bytes();
        let message = platform_message(self.text("timestamp"), self.text("nonce"), body);
        assert_eq!(message, self.text("message").as_bytes());
        let pem = self.key("platform_key")["public_key_pem"].as_str().unwrap();
        let key = VerifyingKey::from_pem(pem).unwrap();
        assert_eq!(key.verify(&message, self.text("signature")), Ok(()));
    }

    fn session_data(&self) {
        let bytes = |field: &str| from_base64(self.text(field)).unwrap();
        let (key, iv, sealed) = (bytes("session_key"), bytes("iv"), bytes("encryptedData"));
        let plain = open_aes_cbc(&key, &iv, &sealed).unwrap();
        assert_eq!(plain, self.text("plaintext").as_bytes());
        let data: Value = serde_json::from_slice(&plain).unwrap();
        assert_eq!(data["watermark"]["appid"], self.fields["appid"]);
    }

    fn pushed_message(&self) {
        let key = from_base64_lenient(self.text("encoding_aes_key"));
        let sealed = from_base64(self.text("encrypt")).unwrap();
        let plain = open_aes_cbc(&key, &key[..16], &sealed).unwrap();
        let (random, rest) = plain.split_at(16);
        let (length, rest) = rest.split_at(4);
        let length = u32::from_be_bytes(length.try_into().unwrap());
        let (message, app_id) = rest.split_at(usize::try_from(length).unwrap());
        assert_eq!(random, self.text("random").as_bytes());
        assert_eq!(message, self.text("message").as_bytes());
        assert_eq!(app_id, self.text("appid").as_bytes());
    }
}

/// 43 characters whose last one may carry bits beyond the 32 bytes.
fn from_base64_lenient(text: &str) -> Vec<u8> {
    use base64::Engine;
    use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    engine.decode(format!("{text}=")).unwrap()
}

fn pairs(authorization: &str) -> Vec<&str> {
    let (scheme, rest) = authorization.split_once(' ').unwrap();
    let mut pairs: Vec<&str> = rest.split(',').chain([scheme]).collect();
    pairs.sort_unstable();
    pairs
}

#[test]
fn every_public_vector_holds() {
    let file = wechat_vectors();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 21);
    for fields in vectors {
        Vector { keys: file["keys"].clone(), fields: fields.clone() }.check();
    }
}

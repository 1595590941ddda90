//! Both algorithms, seals, and two keys at once.

use serde_json::{Value, json};

use super::super::Bench;
use super::super::notices::{between, document, escaped, field, unescaped};
use super::all;
use crate::crypto::sm::{Sm2SigningKey, Sm2VerifyingKey, sm4_open, sm4_seal};
use crate::crypto::{SigningKey, VerifyingKey, from_base64};

const NUMBER: &str = "330000001FS0000000001";

/// How a caller speaks.
#[derive(Clone, Copy)]
pub(super) struct Voice {
    pub(super) algorithm: &'static str,
    pub(super) sealed: bool,
}

pub(super) const SM2: Voice = Voice { algorithm: "SM2-SM3", sealed: false };
pub(super) const RSA: Voice = Voice { algorithm: "RSA-SHA256", sealed: false };

/// An answer with the key that signed it.
pub(super) struct Heard {
    pub(super) root: String,
    pub(super) key_id: String,
    pub(super) sealed: bool,
}

impl Bench {
    pub(super) fn key_id(&self, voice: Voice) -> &str {
        let gateway = &self.onboarding.gateway;
        if voice.algorithm == SM2.algorithm { &gateway.our_sm2_key_id } else { &gateway.our_key_id }
    }

    pub(super) fn signs(&self, voice: Voice, message: &[u8]) -> String {
        let gateway = &self.onboarding.gateway;
        if voice.algorithm == SM2.algorithm {
            let key = Sm2SigningKey::from_pem(&gateway.our_sm2_private_key_pem).unwrap();
            return key.sign(message).unwrap();
        }
        SigningKey::from_pem(&gateway.our_private_key_pem).unwrap().sign(message).unwrap()
    }

    /// An element with a document in it, signed and perhaps sealed by us.
    pub(super) fn encloses(&self, voice: Voice, element: &str, document: &str) -> String {
        let gateway = &self.onboarding.gateway;
        let (content, part) = if voice.sealed {
            let key = from_base64(&gateway.sm4_key_base64).unwrap();
            let sealed = sm4_seal(&key, document.as_bytes()).unwrap();
            let id = &gateway.sm4_key_id;
            let part =
                format!("<ENCRYPTED KEYID=\"{id}\" ALGORITHM=\"SM4-CBC\">{sealed}</ENCRYPTED>");
            (sealed, part)
        } else {
            (document.to_owned(), format!("<XML>{}</XML>", escaped(document)))
        };
        let (id, algorithm) = (self.key_id(voice), voice.algorithm);
        let signature = self.signs(voice, content.as_bytes());
        format!(
            "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">\
             <soapenv:Body><{element}>{part}<SIGN KEYID=\"{id}\" ALGORITHM=\"{algorithm}\">\
             {signature}</SIGN></{element}></soapenv:Body></soapenv:Envelope>"
        )
    }

    /// Opens what the gateway says; its signature must hold under the key that it names.
    pub(super) async fn hears(&self, text: &str) -> Heard {
        let sign = between(text, "<SIGN ", "</SIGN>");
        let key_id = between(sign, "KEYID=\"", "\"").to_owned();
        let algorithm = between(sign, "ALGORITHM=\"", "\"");
        let (_, signature) = sign.split_once('>').unwrap();
        let sealed = text.contains("<ENCRYPTED");
        let content = if sealed {
            between(between(text, "<ENCRYPTED", "/ENCRYPTED>"), ">", "<").to_owned()
        } else {
            unescaped(between(text, "<XML>", "</XML>"))
        };
        let keys = self.look("/gateway/keys").await;
        let known = keys["keys"].as_array().unwrap().iter();
        let key = known.clone().find(|key| key["keyId"] == key_id.as_str()).unwrap();
        assert_eq!((&key["algorithm"], &key["retired"]), (&json!(algorithm), &json!(false)));
        let pem = key["publicKeyPem"].as_str().unwrap();
        verifies(algorithm, pem, content.as_bytes(), signature);
        let root = if sealed {
            let key = from_base64(&self.onboarding.gateway.sm4_key_base64).unwrap();
            String::from_utf8(sm4_open(&key, &content).unwrap()).unwrap()
        } else {
            content
        };
        Heard { root, key_id, sealed }
    }

    async fn speaks(&self, voice: Voice, message: &str, params: &[(&str, &str)]) -> Heard {
        let named: Vec<(&str, &str)> =
            [("MESSAGE", message)].into_iter().chain(params.iter().copied()).collect();
        let body = self.encloses(voice, message, &document(&self.gateway_timestamp(), &named));
        let (status, text) = self.throws(message, body).await;
        assert_eq!(status, 200, "{text}");
        self.hears(&text).await
    }

    /// Posts whatever it is.
    async fn throws(&self, message: &str, body: String) -> (u16, String) {
        let answer = self
            .http
            .post(self.url("/services/UnifiedPayment"))
            .header("SOAPAction", format!("\"{message}\""))
            .body(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn fault(&self, message: &str, body: String) -> String {
        let (status, text) = self.throws(message, body).await;
        assert_eq!(status, 500, "{text}");
        between(&text, "<faultstring>", "</faultstring>").to_owned()
    }
}

pub(super) fn verifies(algorithm: &str, pem: &str, message: &[u8], signature: &str) {
    match algorithm {
        "SM2-SM3" => Sm2VerifyingKey::from_pem(pem).unwrap().verify(message, signature).unwrap(),
        _ => VerifyingKey::from_pem(pem).unwrap().verify(message, signature).unwrap(),
    }
}

#[actix_web::test]
async fn answers_are_signed_by_the_algorithm_that_was_asked_in_or_the_configured_one() {
    let bench = Bench::start().await;
    let params = [("NOTICENO", NUMBER)];
    for (voice, key_id) in [(RSA, "ZJ-UNIPAY-GATEWAY-01"), (SM2, "ZJ-UNIPAY-GATEWAY-SM2-01")] {
        let heard = bench.speaks(voice, "Get_AppPay_Info", &params).await;
        assert_eq!((heard.key_id.as_str(), heard.sealed), (key_id, false));
        assert_eq!(field(&heard.root, "NOTICENO"), NUMBER);
    }
    bench.lever("/gateway/settings", json!({"algorithm": "SM2-SM3"})).await;
    let heard = bench.speaks(RSA, "Get_AppPay_Info", &params).await;
    assert_eq!(heard.key_id, "ZJ-UNIPAY-GATEWAY-SM2-01");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_sealed_question_is_answered_sealed() {
    let bench = Bench::start().await;
    for voice in [Voice { sealed: true, ..RSA }, Voice { sealed: true, ..SM2 }] {
        let heard = bench.speaks(voice, "Get_AppPay_Info", &[("NOTICENO", NUMBER)]).await;
        assert!(heard.sealed);
        assert_eq!(field(&heard.root, "NOTICENO"), NUMBER);
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_key_of_one_algorithm_is_none_of_the_other_and_nothing_opens_unsigned() {
    let bench = Bench::start().await;
    let message = "Get_AppPay_Info";
    let named = document(&bench.gateway_timestamp(), &[("NOTICENO", NUMBER)]);
    let good = bench.encloses(SM2, message, &named);
    let confused = good.replace("ALGORITHM=\"SM2-SM3\"", "ALGORITHM=\"RSA-SHA256\"");
    assert_eq!(bench.fault(message, confused).await, "密钥编号未知");
    let unknown = good.replace("ALGORITHM=\"SM2-SM3\"", "ALGORITHM=\"MD5\"");
    assert_eq!(bench.fault(message, unknown).await, "签名算法不支持");
    let changed = good.replace("FS0000000001", "FS0000000002");
    assert_eq!(bench.fault(message, changed).await, "签名错误");

    let sealed = bench.encloses(Voice { sealed: true, ..SM2 }, message, &named);
    let other_seal = sealed.replace("SM4-CBC", "SM4-ECB");
    assert_eq!(bench.fault(message, other_seal).await, "加密算法不支持");
    let other_key = sealed.replace("SM4-01", "SM4-02");
    assert_eq!(bench.fault(message, other_key).await, "加密密钥编号未知");
    let both = sealed.replace("<SIGN ", "<XML>x</XML><SIGN ");
    assert_eq!(bench.fault(message, both).await, "XML与ENCRYPTED只能有一个");

    let wrong_name = document(&bench.gateway_timestamp(), &[("MESSAGE", "GetPay_Info")]);
    let renamed = bench.encloses(RSA, message, &wrong_name);
    assert_eq!(bench.fault(message, renamed).await, "MESSAGE与消息名不一致");
    let nameless = bench.encloses(RSA, "Query_Refund", &named);
    assert_eq!(bench.fault("Query_Refund", nameless).await, "MESSAGE与消息名不一致");
    let long = "R".repeat(65);
    for id in ["", long.as_str()] {
        let request = document(&bench.gateway_timestamp(), &[("NOTICENO", NUMBER)]);
        let request = request.replace(&escaped("R-<1>"), id);
        let anonymous = bench.encloses(RSA, message, &request);
        assert_eq!(bench.fault(message, anonymous).await, "REQUESTID应为1至64个字符");
    }
    let twice = [("NOTICENO", NUMBER), ("NOTICENO", "330000001FS9")];
    let twice = bench.encloses(RSA, message, &document(&bench.gateway_timestamp(), &twice));
    assert_eq!(bench.fault(message, twice).await, "PARAM重复");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn two_keys_are_valid_at_once_and_a_known_one_vouches_for_the_new() {
    let bench = Bench::start().await;
    for (voice, first) in [(RSA, "ZJ-UNIPAY-GATEWAY-01"), (SM2, "ZJ-UNIPAY-GATEWAY-SM2-01")] {
        let made = bench.lever("/gateway/keys", json!({"algorithm": voice.algorithm})).await;
        let second = made["keyId"].as_str().unwrap();
        let asked = || async { bench.speaks(voice, "Get_AppPay_Infos", &[]).await.key_id };
        assert_eq!(asked().await, first);
        bench.lever(&format!("/gateway/keys/{second}/use"), json!({})).await;
        assert_eq!(asked().await, second);
        let listed = bench.speaks(voice, "Get_Keys", &[]).await;
        assert_eq!(listed.key_id, first, "signed by a key that we know");
        assert!(all(&listed.root, "KEYID").contains(&second));
        let der = made["publicKeyPem"].as_str().unwrap().lines().nth(1).unwrap();
        assert!(listed.root.contains(der));

        bench.lever(&format!("/gateway/keys/{first}/retire"), json!({})).await;
        let listed = bench.speaks(voice, "Get_Keys", &[]).await;
        assert!(!all(&listed.root, "KEYID").contains(&first));
        let last = format!("/gateway/keys/{second}/retire");
        assert_eq!(bench.try_lever(&last, json!({})).await.0, 409);
        let gone = format!("/gateway/keys/{first}/use");
        assert_eq!(bench.try_lever(&gone, json!({})).await.0, 404);
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_state_file_from_before_sm2_is_completed_and_keeps_its_keys() {
    let path = std::env::temp_dir().join(format!("mock-gateway-{}.json", std::process::id()));
    let bench = Bench::with(Some(path.clone())).await;
    let before = bench.onboarding.gateway.clone();
    bench.mocks.stop().await;
    let mut state: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    state.as_object_mut().unwrap().remove("gateway").unwrap();
    state["secrets"].as_object_mut().unwrap().remove("gateway").unwrap();
    for (_, notice) in state["notices"].as_object_mut().unwrap() {
        let notice = notice.as_object_mut().unwrap();
        for new in [
            "company",
            "pay_code",
            "further_items",
            "counted_by_agency",
            "paid_elsewhere",
            "undone",
            "last_sequence",
        ] {
            notice.remove(new).unwrap();
        }
        notice["item"]["late"] =
            json!({"ByDay": {"permille": 30, "first_late_day": 20_514, "cap_fen": 20_000}});
    }
    std::fs::write(&path, state.to_string()).unwrap();
    let bench = Bench::with(Some(path.clone())).await;
    let after = &bench.onboarding.gateway;
    assert_eq!(after.our_private_key_pem, before.our_private_key_pem);
    assert_eq!(after.gateway_public_key_pem, before.gateway_public_key_pem);
    assert_ne!(after.our_sm2_private_key_pem, before.our_sm2_private_key_pem);
    let heard = bench.speaks(SM2, "Get_AppPay_Info", &[("NOTICENO", NUMBER)]).await;
    assert_eq!(field(&heard.root, "PAYMENTRADIO"), "0.03");
    bench.mocks.stop().await;
    std::fs::remove_file(path).unwrap();
}

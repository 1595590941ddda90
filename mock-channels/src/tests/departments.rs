//! The departments' exchange.

use serde_json::{Value, json};

use super::Bench;
use crate::crypto;

const NONCE: &str = "00112233445566778899aabbccddeeff";

impl Bench {
    /// A signed call whose answer must be signed too.
    pub(super) async fn asks(&self, operation: &str, subject: Value, parameters: Value) -> Value {
        let body = json!({"requestId": "R1", "subject": subject, "parameters": parameters});
        let now = self.mocks.clock().now_ms() / 1000;
        let (status, headers, body) = self.exchange(operation, &body.to_string(), now, "").await;
        assert_eq!(status, 200, "{body}");
        assert!(self.is_exchange_signed(&headers, &body));
        serde_json::from_str(&body).unwrap()
    }

    pub(super) fn is_exchange_signed(
        &self,
        headers: &reqwest::header::HeaderMap,
        body: &str,
    ) -> bool {
        let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
        let (at, nonce) = (header("X-Exchange-Timestamp"), header("X-Exchange-Nonce"));
        let signed = format!("200\nR1\n{at}\n{nonce}\n{}\n", crypto::sha256_hex(body.as_bytes()));
        let expected = crypto::hmac_sha256(&self.exchange_key(), signed.as_bytes());
        header("X-Exchange-Signature") == crypto::base64(&expected)
    }

    fn exchange_key(&self) -> Vec<u8> {
        crypto::from_base64(&self.onboarding.exchange.key_base64).unwrap()
    }

    pub(super) async fn exchange(
        &self,
        operation: &str,
        body: &str,
        at: i64,
        tampered: &str,
    ) -> (u16, reqwest::header::HeaderMap, String) {
        let path = format!("/exchange/v1/{operation}");
        let digest = crypto::sha256_hex(body.as_bytes());
        let message = format!("POST\n{path}\n{at}\n{NONCE}\n{digest}\n");
        let signature = crypto::hmac_sha256(&self.exchange_key(), message.as_bytes());
        let answer = self
            .http
            .post(self.url(&path))
            .header("Content-Type", "application/json; charset=utf-8")
            .header("X-Exchange-Client", &self.onboarding.exchange.client_id)
            .header("X-Exchange-Timestamp", at.to_string())
            .header("X-Exchange-Nonce", NONCE)
            .header("X-Exchange-Signature", crypto::base64(&signature))
            .body(format!("{body}{tampered}"))
            .send()
            .await
            .unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
        (status, headers, body)
    }

    async fn subject(&self) -> Value {
        let citizen = self.first_citizen().await;
        json!({"name": citizen["name"], "idCard": citizen["idCard"]})
    }
}

#[actix_web::test]
async fn violations_follow_the_gateway_and_need_the_vin() {
    let bench = Bench::start().await;
    let car = bench.first_citizen().await["vehicles"][0].clone();
    let (plate, kind) = (&car["plateNo"], &car["plateKind"]);
    let asked = |tail: &str| json!({"plate_no": plate, "plate_kind": kind, "vin_tail": tail});
    let tail = car["vinTail"].as_str().unwrap();
    let answer = bench.asks("traffic.violations", Value::Null, asked(tail)).await;
    assert_eq!((&answer["code"], &answer["source"]), (&json!("OK"), &json!("省公安厅")));
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    let undecided = rows.iter().find(|row| row["notice_no"] == "").unwrap();
    assert_eq!((&undecided["handled"], &undecided["paid"]), (&json!(false), &json!(false)));
    assert_eq!(rows.iter().filter(|row| row["handled"] == true).count(), 2);
    let none = bench.asks("traffic.violations", Value::Null, asked("000000")).await;
    assert_eq!((&none["code"], &none["rows"]), (&json!("OK"), &json!([])));
    let invalid = bench.asks("traffic.violations", Value::Null, json!({})).await;
    assert_eq!(invalid["code"], "INVALID");
    assert!(invalid["message"].as_str().unwrap().contains("plate_no"));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn people_are_known_by_both_name_and_number() {
    let bench = Bench::start().await;
    let mut subject = bench.subject().await;
    let region = json!({"region": "330106"});
    let insured = bench.asks("social_insurance.personal", subject.clone(), region.clone()).await;
    assert!(insured["rows"][0]["base_fen"].is_i64());
    let saver =
        bench.asks("housing_fund.personal", subject.clone(), json!({"centre": "杭州"})).await;
    assert_eq!(saver["rows"][0]["status"], "正常");
    let match_of = async |name: &Value, id: &Value| {
        let asked = json!({"name": name, "id_card": id});
        bench.asks("police.real_name_check", Value::Null, asked).await["rows"][0]["match"].clone()
    };
    assert_eq!(match_of(&subject["name"], &subject["idCard"]).await, true);
    assert_eq!(match_of(&json!("别人"), &subject["idCard"]).await, false);
    subject["name"] = json!("别人");
    let denied = bench.asks("social_insurance.personal", subject.clone(), region.clone()).await;
    assert_eq!(denied["code"], "DENIED");
    subject["idCard"] = json!("330203190106150987");
    let unknown = bench.asks("social_insurance.personal", subject, region.clone()).await;
    assert_eq!((&unknown["code"], &unknown["rows"]), (&json!("OK"), &json!([])));
    let nobody = bench.asks("social_insurance.personal", Value::Null, region).await;
    assert_eq!(nobody["code"], "INVALID");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_face_check_is_decided_on_its_page() {
    let bench = Bench::start().await;
    let subject = bench.subject().await;
    let started = bench.asks("police.face_check_start", subject.clone(), json!({})).await;
    let ticket = started["rows"][0]["ticket"].as_str().unwrap().to_owned();
    let url = started["rows"][0]["url"].as_str().unwrap();
    let page = bench.http.get(url).send().await.unwrap();
    let page = String::from_utf8(page.bytes().await.unwrap().to_vec()).unwrap();
    assert!(page.contains("不通过") && page.contains(&ticket));
    let state = async || {
        let asked = json!({"ticket": ticket});
        let answer = bench.asks("police.face_check_result", subject.clone(), asked).await;
        answer["rows"][0]["state"].clone()
    };
    assert_eq!(state().await, "PENDING");
    bench.lever(&format!("/face/{ticket}"), json!({"passed": false})).await;
    assert_eq!(state().await, "FAILED");
    bench.lever(&format!("/face/{ticket}"), json!({"passed": true})).await;
    assert_eq!(state().await, "PASSED");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn names_and_air_depend_on_the_question_alone() {
    let bench = Bench::start().await;
    let names = async |gender: &str| {
        let asked = json!({"name": "林晓", "gender": gender});
        bench.asks("police.newborn_names", Value::Null, asked).await["rows"][0].clone()
    };
    let both = names("").await;
    assert_eq!(both, names("").await);
    assert_eq!(both["male"], names("男").await["total"]);
    let air = async |region: &str| {
        let asked = json!({"region": region});
        bench.asks("environment.air_quality", Value::Null, asked).await["rows"].clone()
    };
    assert_eq!(air("330000").await.as_array().unwrap().len(), 11);
    assert_eq!(air("330106").await, air("330100").await);
    assert_eq!(air("310000").await, json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn wrong_signatures_old_timestamps_and_unknown_operations_are_refused() {
    let bench = Bench::start().await;
    let now = bench.mocks.clock().now_ms() / 1000;
    let body = json!({"requestId": "R1", "subject": null, "parameters": {}}).to_string();
    for (at, tampered) in [(now, " "), (now - 301, ""), (now + 302, "")] {
        let (status, headers, answer) =
            bench.exchange("environment.air_quality", &body, at, tampered).await;
        assert_eq!(status, 401);
        assert!(answer.contains("BAD_SIGNATURE") && headers.get("X-Exchange-Signature").is_none());
    }
    assert_eq!(bench.exchange("police.nothing", &body, now, "").await.0, 404);
    bench.mocks.stop().await;
}

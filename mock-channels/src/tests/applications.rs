//! Applications at departments, from the outside.

use serde_json::{Value, json};

use super::Bench;

/// The first person of the first start.
fn subject() -> Value {
    json!({"name": "林晓舟", "idCard": "330106198001010013"})
}

fn application(request_no: &str, reason: &str) -> Value {
    json!({
        "request_no": request_no, "materials": "old_card,portrait", "name": "林晓舟",
        "id_card": "330106198001010013", "phone": "13800138000", "reason": reason,
        "delivery": "派出所领取",
    })
}

impl Bench {
    async fn files(&self, request_no: &str, reason: &str) -> Value {
        self.asks("police.id_card_reissue", subject(), application(request_no, reason)).await
    }

    async fn about(&self, word: &str, more: Value) -> Value {
        let mut parameters = json!({"application": "YS1"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.asks(&format!("police.application_{word}"), subject(), parameters).await
    }
}

fn state(answer: &Value) -> &str {
    answer["rows"][0]["case_state"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[actix_web::test]
async fn the_same_number_is_the_same_application() {
    let bench = Bench::start().await;
    let first = bench.files("YS1", "损坏换领").await;
    assert_eq!(state(&first), "ACCEPTED");
    let row = &first["rows"][0];
    assert_eq!(row["receipt_no"], row["case_no"]);
    assert_eq!((&row["case_step"], &row["case_holder"]), (&json!(1), &json!("派出所户籍窗口")));
    assert_eq!(bench.files("YS1", "损坏换领").await["rows"], first["rows"]);
    assert_eq!(bench.files("YS1", "遗失补领").await["code"], "INVALID");
    assert_ne!(bench.files("YS2", "损坏换领").await["rows"][0]["case_no"], row["case_no"]);
    assert_eq!(bench.files("YS3", "心情不好").await["code"], "INVALID");
    let stranger = json!({"name": "陈知远", "idCard": "330206198102020021"});
    let asked = json!({"application": "YS1"});
    let foreign = bench.asks("police.application_progress", stranger, asked.clone()).await;
    assert_eq!(foreign["code"], "DENIED");
    let elsewhere = bench.asks("environment.application_progress", subject(), asked).await;
    assert_eq!(elsewhere["code"], "INVALID", "another department does not have it");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn an_application_moves_with_time_and_by_levers() {
    let bench = Bench::start().await;
    bench.files("YS1", "损坏换领").await;
    bench.lever("/clock", json!({"advanceSeconds": 9 * 3600})).await;
    let review = bench.about("progress", json!({})).await;
    assert_eq!((state(&review), &review["rows"][0]["case_step"]), ("IN_REVIEW", &json!(2)));
    let ask = json!({"act": "askMaterials", "materials": ["phone"], "words": "电话打不通"});
    bench.lever("/applications/YS1", ask).await;
    bench.lever("/clock", json!({"advanceSeconds": 90 * 3600})).await;
    let asked = bench.about("progress", json!({})).await;
    assert_eq!(state(&asked), "NEEDS_MATERIALS", "it waits for the citizen");
    assert_eq!(asked["rows"][0]["case_wanted"], "phone");
    let more = json!({"request_no": "YS1-1", "materials": "phone", "phone": "13900139000"});
    assert_eq!(state(&bench.about("supplement", more.clone()).await), "IN_REVIEW");
    assert_eq!(state(&bench.about("supplement", more).await), "IN_REVIEW", "once more the same");
    let other = json!({"request_no": "YS1-2", "phone": "13900139000"});
    assert_eq!(bench.about("supplement", other).await["code"], "INVALID");
    let there = bench.look("/applications/YS1").await;
    assert_eq!(there["parameters"]["phone"], "13900139000");
    bench.lever("/applications/YS1", json!({"act": "approve"})).await;
    assert_eq!(state(&bench.about("withdraw", json!({})).await), "APPROVED", "too late");
    let (status, _) = bench.try_lever("/applications/YS1", json!({"act": "reject"})).await;
    assert_eq!(status, 409);
    bench.lever("/clock", json!({"advanceSeconds": 9 * 3600})).await;
    assert_eq!(state(&bench.about("progress", json!({})).await), "DONE");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn what_was_taken_back_before_it_came_is_not_taken_when_it_comes() {
    let bench = Bench::start().await;
    assert_eq!(state(&bench.about("withdraw", json!({})).await), "WITHDRAWN");
    assert_eq!(state(&bench.files("YS1", "损坏换领").await), "WITHDRAWN");
    assert_eq!(bench.about("progress", json!({})).await["rows"][0]["case_no"], "");
    bench.mocks.stop().await;
}

//! Appointments at the departments, from the outside.

use serde_json::{Value, json};

use super::Bench;

const SERVICE: &str = "health.outpatient_booking";

impl Bench {
    async fn steps(&self, step: &str, parameters: Value) -> Value {
        let subject = json!({"name": "林晓舟", "idCard": "330106198001010013"});
        self.asks(&format!("{SERVICE}.{step}"), subject, parameters).await
    }

    /// The first time of the first day.
    async fn first_slot(&self) -> Value {
        let mut chosen = json!({});
        for level in ["hospital", "department", "doctor"] {
            let options = self.steps(level, chosen.clone()).await;
            chosen[level] = options["rows"][0]["value"].clone();
        }
        chosen["date"] = self.steps("days", chosen.clone()).await["rows"][0]["date"].clone();
        self.steps("slots", chosen).await["rows"][0].clone()
    }

    async fn confirms(&self, request_no: &str, slot: &Value) -> Value {
        let parameters = json!({
            "request_no": request_no, "slot": slot["slot"], "name": "林晓舟",
            "id_card": "330106198001010013", "phone": "13800138000",
        });
        self.steps("confirm", parameters).await
    }
}

#[actix_web::test]
async fn choices_lead_to_a_time_that_says_all_about_itself() {
    let bench = Bench::start().await;
    let slot = bench.first_slot().await;
    assert_eq!((&slot["places"], &slot["fee_fen"]), (&json!(5), &json!(1_000)), "{slot}");
    assert!(slot["starts_at"].as_str().unwrap().ends_with("T08:00:00+08:00"), "{slot}");
    assert_eq!(slot["hospital"], "浙江省示例人民医院");
    let eye = json!({"hospital": "ZJ01", "department": "YK"});
    let doctors = bench.steps("doctor", eye).await;
    let names: Vec<&Value> =
        doctors["rows"].as_array().unwrap().iter().map(|r| &r["value"]).collect();
    assert_eq!(names, [&json!("PT"), &json!("YK1")]);
    let nowhere = json!({"hospital": "XX99"});
    assert_eq!(bench.steps("department", nowhere).await["code"], "INVALID");
    assert_eq!(bench.steps("department", json!({})).await["code"], "INVALID");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_request_is_confirmed_once_however_often_it_comes() {
    let bench = Bench::start().await;
    let slot = bench.first_slot().await;
    let first = bench.confirms("YS0001", &slot).await;
    assert_eq!(bench.confirms("YS0001", &slot).await["rows"], first["rows"]);
    assert_eq!(bench.confirms("YS0002", &slot).await["rows"][0]["serial"], 2);
    let other = json!({"slot": slot["slot"].as_str().unwrap().replace("0800", "0900")});
    assert_eq!(bench.confirms("YS0001", &other).await["code"], "INVALID");
    bench.lever("/booking-places", json!({"of": slot["slot"], "places": 2})).await;
    assert_eq!(bench.confirms("YS0003", &slot).await["code"], "DENIED", "full");
    let back = json!({"request_no": "YS0001"});
    assert_eq!(bench.steps("cancel", back.clone()).await["rows"][0]["status"], "已取消");
    assert_eq!(bench.steps("cancel", back).await["code"], "OK", "again");
    assert_eq!(bench.confirms("YS0001", &slot).await["code"], "DENIED", "taken back");
    assert_eq!(bench.confirms("YS0003", &slot).await["code"], "OK");
    bench.steps("cancel", json!({"request_no": "YS0004"})).await;
    assert_eq!(bench.confirms("YS0004", &slot).await["code"], "DENIED", "taken back before");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn who_stayed_away_is_told_when_the_time_is_over() {
    let bench = Bench::start().await;
    let slot = bench.first_slot().await;
    let came = bench.confirms("YS0001", &slot).await;
    let stays = bench.confirms("YS0002", &slot).await["rows"][0]["booking_no"].clone();
    let path = format!("/bookings/{}/visit", stays.as_str().unwrap());
    bench.lever(&path, json!({"came": false})).await;
    let visit = async |request_no: &str| {
        let answer = bench.steps("visit", json!({"request_no": request_no})).await;
        answer["rows"][0]["state"].clone()
    };
    assert_eq!(visit("YS0002").await, "PENDING", "{came}");
    bench.lever("/clock", json!({"advanceSeconds": 8 * 24 * 3600})).await;
    assert_eq!(
        (visit("YS0001").await, visit("YS0002").await),
        ("VISITED".into(), "NO_SHOW".into())
    );
    assert_eq!(visit("YS0009").await, Value::Null);
    bench.mocks.stop().await;
}

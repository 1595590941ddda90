//! What departments certify, from the outside.

use serde_json::{Value, json};

use super::Bench;

/// The first person of the first start, who lives and works in 330100.
fn subject() -> Value {
    json!({"name": "林晓舟", "idCard": "330106198001010013"})
}

fn second() -> Value {
    json!({"name": "陈知远", "idCard": "330206198102020021"})
}

#[actix_web::test]
async fn a_request_has_one_answer_and_belongs_to_one_person() {
    let bench = Bench::start().await;
    let asked = json!({"request_no": "YS1"});
    let first = bench.asks("social_insurance.eligibility", subject(), asked.clone()).await;
    assert_eq!(first["rows"][0]["result"], "认证通过", "{first}");
    bench.lever("/clock", json!({"advanceSeconds": 86_400})).await;
    let again = bench.asks("social_insurance.eligibility", subject(), asked.clone()).await;
    assert_eq!(again["rows"], first["rows"], "the day of the first time");
    let other = bench.asks("social_insurance.eligibility", second(), asked).await;
    assert_eq!((&other["code"], &other["rows"]), (&json!("INVALID"), &json!([])));
    let anew = json!({"request_no": "YS2"});
    let anew = bench.asks("social_insurance.eligibility", subject(), anew).await;
    assert_ne!(anew["rows"], first["rows"]);
    let nameless = bench.asks("social_insurance.eligibility", subject(), json!({})).await;
    assert_eq!(nameless["code"], "INVALID");
    let mut forged = subject();
    forged["name"] = json!("别人");
    let asked = json!({"request_no": "YS3"});
    let denied = bench.asks("social_insurance.eligibility", forged, asked).await;
    assert_eq!(denied["code"], "DENIED");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_house_is_certified_where_it_stands_and_its_absence_elsewhere() {
    let bench = Bench::start().await;
    let rows = async |operation: &str, no: &str, region: &str| {
        let asked = json!({"request_no": no, "region": region, "purpose": "入学"});
        bench.asks(operation, subject(), asked).await["rows"].clone()
    };
    let papers = bench.first_citizen().await["papers"].clone();
    let house = rows("land.ownership_certificate", "A1", "330106").await;
    assert_eq!(house[0]["property_no"], papers["property_no"]);
    assert_eq!(rows("land.ownership_certificate", "A2", "330200").await, json!([]));
    assert_eq!(rows("land.no_property_certificate", "A3", "330106").await, json!([]));
    assert_eq!(rows("land.no_property_certificate", "A4", "330000").await, json!([]));
    let nothing = rows("land.no_property_certificate", "A5", "330200").await;
    assert!(nothing[0]["result"].as_str().unwrap().contains("未查询到"), "{nothing}");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn what_is_certified_is_what_is_looked_up() {
    let bench = Bench::start().await;
    let company = bench.asks("companies.find", Value::Null, json!({"keyword": "公司"})).await;
    let company = company["rows"][0].clone();
    let month = json!({"uscc": company["uscc"], "region": "330000", "month": "2026-02"});
    let unit = bench.asks("social_insurance.unit", subject(), month.clone()).await;
    let mut asked = month;
    asked["request_no"] = json!("B1");
    let certified = bench.asks("social_insurance.unit_certificate", subject(), asked).await;
    let (unit, certified) = (&unit["rows"][0], &certified["rows"][0]);
    assert_eq!(certified["insured_count"], unit["headcount"]);
    assert_eq!(certified["unit"], company["name"]);
    let period = json!({"period_from": "2025-01", "period_to": "2025-12"});
    let taxes = bench.asks("local_tax.income_tax", subject(), period).await;
    let rows = taxes["rows"].as_array().unwrap();
    let sum: i64 = rows.iter().map(|row| row["tax_fen"].as_i64().unwrap()).sum();
    let paid = async |no: &str, kind: &str| {
        let asked = json!({
            "request_no": no, "tax_kind": kind, "period_from": "2025-01", "period_to": "2025-12"
        });
        bench.asks("local_tax.certificate", subject(), asked).await["rows"].clone()
    };
    assert_eq!(paid("B2", "个人所得税").await[0]["amount_fen"], sum);
    assert!(paid("B3", "契税").await[0]["amount_fen"].as_i64().unwrap() > 0);
    assert_eq!(paid("B4", "增值税").await, json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn licences_are_shown_without_their_whole_number() {
    let bench = Bench::start().await;
    let asked = json!({"request_no": "C1", "licence_kind": ""});
    let rows = bench.asks("service_hall.licences", subject(), asked).await["rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 4, "{rows}");
    assert_eq!(rows[0]["licence_no"], "**************0013");
    let asked = json!({"request_no": "C2", "licence_kind": "结婚证"});
    assert_eq!(bench.asks("service_hall.licences", subject(), asked).await["rows"], json!([]));
    let asked = json!({"request_no": "C3", "licence_kind": "图书证"});
    assert_eq!(bench.asks("service_hall.licences", subject(), asked).await["code"], "INVALID");
    bench.mocks.stop().await;
}

//! The operations that are data, from the outside.

use serde_json::{Value, json};

use super::Bench;

const DOCUMENT: &str = include_str!("../../../docs/protocols/departments-exchange.md");

/// The first person of the first start.
fn subject() -> Value {
    json!({"name": "林晓舟", "idCard": "330106198001010013"})
}

#[test]
fn the_document_lists_every_operation_that_is_answered() {
    let documented: Vec<&str> = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .filter(|name| name.contains('.'))
        .collect();
    let answered: Vec<&str> =
        crate::exchange::targets().iter().copied().filter(|name| !name.ends_with('*')).collect();
    let lacking: Vec<_> = answered.iter().filter(|name| !documented.contains(name)).collect();
    let unplayed: Vec<_> = documented.iter().filter(|name| !answered.contains(name)).collect();
    assert!(lacking.is_empty() && unplayed.is_empty(), "{lacking:?} {unplayed:?}");
}

#[actix_web::test]
async fn the_same_question_has_the_same_answer_and_another_another() {
    let bench = Bench::start().await;
    let prices = async |product: &str| {
        let asked = json!({"product": product});
        bench.asks("agriculture.prices", Value::Null, asked).await["rows"].clone()
    };
    assert_eq!(prices("青菜").await, prices("青菜").await);
    assert_ne!(prices("青菜").await, prices("萝卜").await);
    let row = prices("青菜").await[0].clone();
    assert_eq!(row["product"], "青菜");
    assert!(row["high_fen"].as_i64().is_some_and(|fen| (600..=900).contains(&fen)), "{row}");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn one_person_is_the_same_in_every_department() {
    let bench = Bench::start().await;
    let of = async |operation: &str, parameters: Value| {
        bench.asks(operation, subject(), parameters).await["rows"][0].clone()
    };
    let insured = of("social_insurance.personal", json!({"region": "330100"})).await;
    let dispatched = of("education.graduate_dispatch", json!({"graduation_year": "2016"})).await;
    let taxed =
        of("local_tax.income_tax", json!({"period_from": "2026-01", "period_to": "2026-02"})).await;
    assert_eq!(insured["unit"], dispatched["unit"]);
    assert_eq!(insured["unit"], taxed["withholder"]);
    let papers = bench.first_citizen().await;
    let (child, number) = (&papers["child"], &papers["papers"]["birth_certificate"]);
    let born = json!({
        "certificate_no": number, "mother_name": "林晓舟", "birth_date": child["birth"]
    });
    let born = of("health.birth_certificates", born).await;
    assert_eq!((&born["issue_date"], &born["valid"]), (&child["birth"], &json!(true)));
    let card = json!({
        "child_name": child["name"], "birth_date": child["birth"],
        "guardian_phone": papers["phone"], "vaccination_card_no": ""
    });
    assert!(of("health.vaccinations", card).await["vaccine"].is_string());
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn whoever_is_not_known_or_does_not_know_the_number_finds_nothing() {
    let bench = Bench::start().await;
    let score = async |id_card: &str, exam_no: &str| {
        let asked = json!({"exam_year": "2016", "exam_no": exam_no, "id_card": id_card});
        bench.asks("exams.gaokao_score", Value::Null, asked).await["rows"].clone()
    };
    let papers = bench.first_citizen().await["papers"].clone();
    let number = papers["gaokao_no"].as_str().unwrap();
    assert_eq!(score("330106198001010013", number).await[0]["name"], "林晓舟");
    assert_eq!(score("330106198001010013", "3300000000").await, json!([]));
    assert_eq!(score("330203190106150987", number).await, json!([]));
    let mut other = subject();
    other["name"] = json!("别人");
    let denied = bench.asks("blood.donations", other, json!({})).await;
    assert_eq!((&denied["code"], &denied["rows"]), (&json!("DENIED"), &json!([])));
    let nobody = bench.asks("blood.donations", Value::Null, json!({})).await;
    assert_eq!(nobody["code"], "INVALID");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn parameters_are_checked_before_anybody_is_looked_for() {
    let bench = Bench::start().await;
    for (parameters, named) in [
        (json!({"exam_no": "1", "id_card": "330106198001010013"}), "exam_year"),
        (json!({"exam_year": "16", "exam_no": "1", "id_card": "330106198001010013"}), "exam_year"),
        (json!({"exam_year": "2016", "exam_no": "1", "id_card": "330106198001010014"}), "id_card"),
        (
            json!({
                "exam_year": "2016", "exam_no": "1", "id_card": "330106198001010013", "x": "1"
            }),
            "x",
        ),
    ] {
        let answer = bench.asks("exams.gaokao_score", Value::Null, parameters).await;
        assert_eq!(answer["code"], "INVALID", "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(named), "{answer}");
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_fault_hits_all_of_a_department_and_nothing_else() {
    let bench = Bench::start().await;
    let fault = json!({
        "channel": "exchange", "operation": "exams.*", "fault": "error500", "times": 2
    });
    bench.lever("/faults", fault).await;
    let now = bench.mocks.clock().now_ms() / 1000;
    let body = json!({"requestId": "R1", "subject": null, "parameters": {}}).to_string();
    let status = async |operation: &str| bench.exchange(operation, &body, now, "").await.0;
    assert_eq!(status("weather.forecast").await, 200);
    assert_eq!(status("exams.xuekao_score").await, 500);
    assert_eq!(status("exams.gaokao_score").await, 500);
    assert_eq!(status("exams.gaokao_score").await, 200);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn estimates_follow_their_published_rules() {
    let bench = Bench::start().await;
    let loan = async |repay: &str, first_home: &str| {
        let asked = json!({
            "price_fen": "200000000", "first_home": first_home, "balance_fen": "40000000",
            "years": "30", "repay": repay
        });
        bench.asks("housing_fund.loan_estimate", Value::Null, asked).await["rows"][0].clone()
    };
    let row = loan("等额本息", "true").await;
    assert_eq!((&row["max_loan_fen"], &row["rate"]), (&json!(100_000_000), &json!("3.250%")));
    // 1,000,000.00 over 360 months at 3.25 % a year.
    assert_eq!((&row["monthly_fen"], &row["interest_fen"]), (&json!(435_206), &json!(56_674_275)));
    let row = loan("等额本金", "false").await;
    assert_eq!((&row["max_loan_fen"], &row["rate"]), (&json!(80_000_000), &json!("3.575%")));
    // 800,000.00: a 360th of it and the first month's interest.
    assert_eq!((&row["monthly_fen"], &row["interest_fen"]), (&json!(460_556), &json!(43_019_167)));
    let pension = async |years: &str| {
        let asked = json!({
            "retire_age": "60", "pay_years": years, "average_index": "1.0",
            "account_balance_fen": "13900000"
        });
        bench.asks("social_insurance.pension_estimate", Value::Null, asked).await["rows"].clone()
    };
    assert_eq!(pension("30").await[0]["total_fen"], 241_000);
    assert_eq!(pension("14").await, json!([]));
    bench.mocks.stop().await;
}

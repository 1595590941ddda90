//! What departments find that is owed, and the orders they take.

use serde_json::{Value, json};

use super::Bench;

/// The first person of the first start.
fn subject() -> Value {
    json!({"name": "林晓舟", "idCard": "330106198001010013"})
}

impl Bench {
    async fn row(&self, operation: &str, subject: Value, parameters: Value) -> Value {
        let answer = self.asks(operation, subject, parameters).await;
        assert_eq!(answer["code"], "OK", "{answer}");
        answer["rows"][0].clone()
    }

    async fn at_gateway(&self, row: &Value) -> Value {
        self.look(&format!("/notices/{}", row["notice_no"].as_str().unwrap())).await
    }

    /// An order, or a question about what is owed, that names nobody.
    async fn found(&self, operation: &str, parameters: &Value) -> Value {
        self.row(operation, Value::Null, parameters.clone()).await
    }
}

fn metro(request_no: &str, count: &str) -> Value {
    json!({
        "request_no": request_no, "line": "1号线", "from_station": "甲站", "to_station": "乙站",
        "count": count
    })
}

#[actix_web::test]
async fn an_order_is_taken_once_for_one_request_number() {
    let bench = Bench::start().await;
    let first = bench.found("metro.ticket_order", &metro("YS0001", "2")).await;
    let again = bench.found("metro.ticket_order", &metro("YS0001", "2")).await;
    assert_eq!(first, again);
    let other = bench.found("metro.ticket_order", &metro("YS0002", "2")).await;
    assert_ne!(first["notice_no"], other["notice_no"]);
    let changed = bench.asks("metro.ticket_order", Value::Null, metro("YS0001", "3")).await;
    assert_eq!(changed["code"], "INVALID", "{changed}");
    let notice = bench.at_gateway(&first).await;
    assert_eq!(notice["amountFen"], first["amount_fen"]);
    assert_eq!(first["amount_fen"].as_i64(), first["price_fen"].as_i64().map(|fen| fen * 2));
    assert_eq!(
        (&notice["payer"], &notice["citizenId"], &notice["state"]),
        (&json!("地铁乘客"), &json!(""), &json!("PAYABLE"))
    );
    assert_eq!((&first["pickup_code"], &first["status"]), (&json!(""), &json!("待支付")));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn every_order_refuses_what_its_rules_do_not_allow() {
    let bench = Bench::start().await;
    let scenic = |key: &str, value: &str| {
        let mut asked = json!({
            "request_no": "YS0009", "amount_fen": "16000", "scenic": "样例湖", "kind": "成人",
            "date": "2026-03-05", "count": "2", "name": "张三", "phone": "13800138000"
        });
        asked[key] = json!(value);
        asked
    };
    for (operation, parameters) in [
        ("metro.ticket_order", metro("YS1", "2")),
        ("metro.ticket_order", metro("YS0003", "0")),
        ("metro.ticket_order", metro("YS0003", "21")),
        ("tourism.ticket_order", scenic("amount_fen", "15999")),
        ("tourism.ticket_order", scenic("kind", "儿童")),
        ("tourism.ticket_order", scenic("date", "2026-03-01")),
        ("tourism.ticket_order", scenic("date", "2026-06-01")),
        ("tourism.ticket_order", scenic("colour", "red")),
        (
            "charity.donation",
            json!({"request_no": "YS0004", "amount_fen": "0", "project": "甲",
            "donor": "乙"}),
        ),
    ] {
        let refused = bench.asks(operation, Value::Null, parameters.clone()).await;
        assert_eq!(refused["code"], "INVALID", "{operation} {parameters}");
    }
    let sold = bench.found("tourism.ticket_order", &scenic("count", "2")).await;
    assert_eq!(sold["amount_fen"], 16_000);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn dues_and_contributions_follow_their_published_rates() {
    let bench = Bench::start().await;
    let dues = async |request_no: &str, base_fen: &str| {
        let asked = json!({
            "request_no": request_no, "branch": "第一支部", "month": "2026-03",
            "base_fen": base_fen
        });
        bench.row("party.dues_order", subject(), asked).await["amount_fen"].clone()
    };
    assert_eq!(dues("YS0001", "300000").await, 1_500);
    assert_eq!(dues("YS0002", "300001").await, 3_000);
    assert_eq!(dues("YS0003", "500099").await, 7_501);
    assert_eq!(dues("YS0004", "1000001").await, 20_000);
    let contribution = async |request_no: &str, scheme: &str| {
        let asked = json!({
            "request_no": request_no, "scheme": scheme, "year": "2026", "grade": "300"
        });
        bench.row("local_tax.insurance_order", subject(), asked).await["amount_fen"].clone()
    };
    assert_eq!(contribution("YS0005", "城乡居民养老").await, 30_000);
    assert_eq!(contribution("YS0006", "城乡居民医疗").await, 25_000);
    // 18 % of 6,500.00 twelve times.
    assert_eq!(contribution("YS0007", "灵活就业养老").await, 1_404_000);
    let mut other = subject();
    other["name"] = json!("别人");
    let asked = json!({"request_no": "YS0008", "scheme": "城乡居民医疗", "year": "2026"});
    assert_eq!(bench.asks("local_tax.insurance_order", other, asked).await["code"], "DENIED");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn what_is_owed_is_found_by_whoever_knows_its_numbers_and_raised_once() {
    let bench = Bench::start().await;
    let citizen = bench.first_citizen().await;
    let papers = citizen["papers"].clone();
    let clinic = json!({
        "id_card": citizen["idCard"], "hospital": "样例医院", "visit_no": papers["clinic_visit"]
    });
    let exam = json!({
        "id_card": citizen["idCard"], "application_no": papers["exam_application"]
    });
    let tuition = json!({
        "region": "330106", "school": "样例中学", "student_no": papers["student_no"],
        "student_name": citizen["child"]["name"]
    });
    let power = json!({
        "utility": "电费", "region": "330100", "account_no": papers["electricity_account"]
    });
    for (operation, asked, amount, secret) in [
        ("health.clinic_bill", clinic, "self_pay_fen", "visit_no"),
        ("human_resources.exam_fee", exam, "amount_fen", "application_no"),
        ("education.tuition", tuition, "amount_fen", "student_no"),
        ("utilities.bills", power, "amount_fen", "account_no"),
    ] {
        let first = bench.found(operation, &asked).await;
        assert_eq!(first, bench.found(operation, &asked).await, "{operation}");
        let notice = bench.at_gateway(&first).await;
        assert_eq!(notice["amountFen"], first[amount], "{operation}");
        assert_eq!(notice["citizenId"], citizen["citizenId"], "{operation}");
        let mut wrong = asked.clone();
        wrong[secret] = json!("00000000");
        let none = bench.asks(operation, Value::Null, wrong).await;
        assert_eq!((&none["code"], &none["rows"]), (&json!("OK"), &json!([])), "{operation}");
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn fines_notices_and_litigation_fees_are_those_of_the_gateway() {
    let bench = Bench::start().await;
    let citizen = bench.first_citizen().await;
    let fine = bench.look("/notices/330000001FS0000000002").await;
    let asked = json!({
        "decision_no": fine["decisionNo"], "party_name": "林晓舟",
        "plate_no": citizen["vehicles"][0]["plateNo"]
    });
    let found = bench.found("traffic.fine", &asked).await;
    assert_eq!(found["notice_no"], fine["noticeNo"]);
    assert_eq!(
        (&found["fine_fen"], &found["late_fee_fen"], &found["total_fen"]),
        (&json!(20_000), &json!(6_000), &json!(26_000))
    );
    let mut wrong = asked.clone();
    wrong["party_name"] = json!("别人");
    assert_eq!(bench.asks("traffic.fine", Value::Null, wrong).await["rows"], json!([]));

    let number = json!({"notice_no": fine["noticeNo"]});
    let notice = bench.found("finance.notice", &number).await;
    assert_eq!((&notice["payer"], &notice["status"]), (&json!("林**"), &json!("待缴款")));

    let wish = json!({"amountFen": 5_000, "itemCode": "101290101"});
    let raised = bench.lever("/citizens/C00001/notices", wish).await;
    let asked = json!({
        "case_no": citizen["papers"]["court_case_no"], "fee_notice_no": raised["noticeNo"],
        "payer": "林晓舟"
    });
    let fee = bench.found("courts.litigation_fee", &asked).await;
    assert_eq!((&fee["notice_no"], &fee["amount_fen"]), (&raised["noticeNo"], &json!(5_000)));
    let mut wrong = asked;
    wrong["fee_notice_no"] = fine["noticeNo"].clone();
    assert_eq!(bench.asks("courts.litigation_fee", Value::Null, wrong).await["rows"], json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_department_is_as_late_and_as_unreliable_as_testers_say() {
    let bench = Bench::start().await;
    let now = bench.mocks.clock().now_ms() / 1000;
    let body = json!({"requestId": "R1", "subject": null, "parameters": {"region": "330100"}});
    let status =
        async |operation: &str| bench.exchange(operation, &body.to_string(), now, "").await.0;
    let fault = json!({
        "channel": "exchange", "operation": "weather.*", "fault": "error500", "percent": 30,
        "forSeconds": 3600
    });
    bench.lever("/faults", fault).await;
    let late = json!({
        "channel": "exchange", "operation": "weather.*", "fault": "slow", "latencyMs": 5,
        "forSeconds": 3600
    });
    bench.lever("/faults", late).await;
    let mut failed = 0;
    for _ in 0..10 {
        failed += usize::from(status("weather.forecast").await == 500);
    }
    assert_eq!(failed, 3);
    assert_eq!(status("water.regime").await, 200);
    for bad in [
        json!({"channel": "exchange", "fault": "error500", "latencyMs": 5}),
        json!({"channel": "exchange", "fault": "slow", "latencyMs": 0}),
        json!({"channel": "exchange", "fault": "error500", "percent": 101}),
    ] {
        assert_eq!(bench.try_lever("/faults", bad).await.0, 400);
    }
    bench.mocks.stop().await;
}

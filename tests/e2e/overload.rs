//! More than can be answered: who has a turn, and who is told when to come again.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::eventually;

/// Status, `Retry-After` and body.
async fn asks(app: &TestApp, query: &str) -> (u16, Option<u8>, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("{}/graphql", app.node.base_url));
    let request = request.header("Content-Type", "application/json");
    let answer = request.body(json!({ "query": query }).to_string()).send().await.unwrap();
    let status = answer.status().as_u16();
    let later = answer.headers().get("Retry-After");
    let later = later.map(|value| value.to_str().unwrap().parse().unwrap());
    (status, later, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

/// All faults that were planned have met a call.
async fn all_hang(app: &TestApp) {
    eventually("all under way", || async {
        let left = app.levers.look("faults").await;
        left["faults"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
}

/// So many look-ups that hang at the exchange.
fn look_ups(citizen: &Citizen, count: usize) -> Vec<tokio::task::JoinHandle<Value>> {
    let one = |_| {
        let (citizen, answers) = (citizen.clone(), citizen.vehicle_answers());
        tokio::spawn(async move { citizen.submits("traffic_violation_query", &answers).await })
    };
    (0..count).map(one).collect()
}

/// Asks until the first payment stands there. There is one turn for questions: who asks again at
/// once may be faster than the turn of his last question is free.
async fn stands(citizen: &Citizen, status: &str) {
    eventually(status, || async {
        let answer = citizen.ask("{viewer{payments(first:20){nodes{status}}}}", json!({})).await;
        let overloaded = answer["errors"][0]["extensions"]["code"] == "OVERLOADED";
        assert!(overloaded || answer["errors"].is_null(), "{answer}");
        let nodes = answer["data"]["viewer"]["payments"]["nodes"].as_array()?;
        (nodes.last()?["status"] == status).then_some(())
    })
    .await;
}

/// Fault case 31.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_callbacks_go_before_questions_before_payments_before_browsing() {
    // Of eight turns four may browse, six pay, seven ask, and the eighth is for callbacks alone.
    let app = TestApp::with_settings(&[("YIWANG_MAX_IN_FLIGHT", "8")]).await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let id = citizen.facts["citizenId"].as_str().unwrap().to_owned();
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.fault("exchange", "traffic.violations", "silent", 4).await;
    let hanging = look_ups(&citizen, 4);
    all_hang(&app).await;
    let (status, later, body) = asks(&app, "{categories{slug}}").await;
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (503, &json!("OVERLOADED")));
    assert!((2..10).contains(&later.unwrap()), "{later:?}");
    let quote = format!("{{quote(noticeNos:[\"{fine}\"]){{total{{fen}}}}}}");
    citizen.reads(&quote).await;
    for answer in hanging {
        answer.await.unwrap();
    }

    app.levers.fault("wechat-pay", "prepay", "silent", 6).await;
    let mut hanging = Vec::new();
    for number in 0..6 {
        let notice = app.levers.notice(&id, json!({ "amountFen": 20_000 })).await;
        let wish = Citizen::wish(&notice, 20_000, &format!("in-the-storm-{number}"));
        let citizen = citizen.clone();
        hanging.push(tokio::spawn(async move { citizen.starts(&wish).await }));
    }
    all_hang(&app).await;
    // As urgent as a payment.
    let payment = "mutation{sendPhoneCode(input:{phone:\"13800000000\"}){nextAt}}";
    let (status, ..) = asks(&app, payment).await;
    assert_eq!(status, 503, "no turn for a payment");
    stands(&citizen, "SUBMITTED").await;
    app.levers.pays(&payment_no).await;
    stands(&citizen, "PAID").await;
    let (status, ..) = asks(&app, payment).await;
    assert_eq!(status, 503, "the storm goes on: it was the turn for questions that was taken");
    for answer in hanging {
        answer.await.unwrap();
    }
    let (status, later, _) = asks(&app, "{categories{slug}}").await;
    assert_eq!((status, later), (200, None), "when the storm is over");
    app.node.stop().await;
}

/// Fault case 32.
#[tokio::test(flavor = "multi_thread")]
async fn a_department_that_is_asked_too_much_takes_no_turn_of_another() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    // More calls than the exchange gets from us altogether, all of one department; it hangs.
    app.levers.fault("exchange", "traffic.violations", "silent", 8).await;
    let noisy = look_ups(&citizen, 40);
    all_hang(&app).await;
    let region = json!([{ "name": "region", "value": { "text": "330106" } }]);
    let air = citizen.anonymous().submits("air_quality", &region).await;
    assert!(!air["outcome"]["rows"].as_array().unwrap().is_empty(), "{air}");
    let mut refused = 0;
    for answer in noisy {
        refused += usize::from(codes(&answer.await.unwrap()) == ["DEPARTMENT_UNAVAILABLE"]);
    }
    assert!(refused >= 32, "{refused} of 40 had no turn, or no answer");
    app.finish().await;
}

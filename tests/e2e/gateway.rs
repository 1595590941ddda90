//! The non-tax gateway: look-ups, its own calls to us, and the clearing of a day.

use domain::reconciliation::{ClearedDay, ClearingBook, ClearingState};
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::levers::eventually;

const DAY: Date = date(2026, 3, 2);

/// The gateway knows where to call us; `more` are its other settings.
async fn told(app: &TestApp, more: Value) {
    let mut settings = more;
    settings["notifyUrl"] = json!(format!("{}/callbacks/non-tax", app.node.base_url));
    app.levers.pull("gateway/settings", settings).await;
}

/// A citizen of this name, who has proved it.
async fn proved(app: &TestApp, name: Option<&str>) -> Citizen {
    let citizen = match name {
        None => app.citizen().await,
        Some(name) => {
            let facts = app.levers.pull("citizens", json!({ "name": name })).await;
            Citizen::signs_in(&app.node.base_url, &app.levers, facts).await
        }
    };
    let own = json!({ "name": citizen.facts["name"], "idCard": citizen.facts["idCard"] });
    let fields = "person{identityLevel}";
    let proof = citizen.mutation("verifyRealName", "VerifyRealNameInput", fields, &own).await;
    assert_eq!(proof["person"]["identityLevel"], "REAL_NAME", "{proof}");
    citizen
}

/// The whole answer to a look-up of notices.
async fn asks(citizen: &Citizen, of: Value) -> Value {
    let query = "query($of:NoticesOf){viewer{notices(of:$of){nodes{noticeNo status total{fen} \
                 lateFee{fen}}}}}";
    citizen.ask(query, json!({ "of": of })).await
}

/// The numbers that a look-up finds.
async fn finds(citizen: &Citizen, of: Value) -> Vec<String> {
    let answer = asks(citizen, of.clone()).await;
    assert!(answer["errors"].is_null(), "{of}: {answer}");
    let nodes = answer["data"]["viewer"]["notices"]["nodes"].as_array().unwrap().clone();
    nodes.iter().map(|node| node["noticeNo"].as_str().unwrap().to_owned()).collect()
}

fn code_of(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_are_found_by_person_vehicle_number_and_code() {
    let app = TestApp::start().await;
    let citizen = proved(&app, None).await;
    let (fine, _) = citizen.finds_fine().await;
    let own = finds(&citizen, Value::Null).await;
    assert!(own.contains(&fine), "{own:?}");
    let vehicle = &citizen.facts["vehicles"][0];
    let vehicle = json!({ "vehicle": {
        "plateNo": vehicle["plateNo"], "plateKind": vehicle["plateKind"]
    } });
    assert_eq!(finds(&citizen, vehicle.clone()).await, [fine.as_str()]);
    assert_eq!(finds(&citizen, json!({ "noticeNo": fine })).await, [fine.as_str()]);
    let held = app.levers.gateway_notice(&fine).await;
    let pay_code = held["payCode"].as_str().expect("a payment code").to_owned();
    assert_eq!(finds(&citizen, json!({ "payCode": pay_code })).await, [fine.as_str()]);

    // Somebody else with a proved name sees the vehicle's notices no more than a stranger.
    let other = proved(&app, Some("李四")).await;
    assert_eq!(finds(&other, vehicle.clone()).await, [""; 0]);
    let unproved = app.citizen().await;
    assert_eq!(code_of(&asks(&unproved, vehicle).await), "NOT_ALLOWED");
    assert_eq!(finds(&unproved, Value::Null).await, [""; 0]);
    for wrong in [
        json!({ "noticeNo": "31" }),
        json!({ "payCode": "33010016000000000011" }),
        json!({ "qrText": "330100|330101|330000001FS1|20000|00000|00000||" }),
        json!({ "company": { "code": "9133", "name": "样例有限公司" } }),
    ] {
        assert_eq!(code_of(&asks(&citizen, wrong.clone()).await), "BAD_INPUT", "{wrong}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_of_a_company_are_found_by_its_code_and_name() {
    let app = TestApp::start().await;
    let citizen = proved(&app, None).await;
    let company = app.levers.pull("companies", json!({ "name": "样例新设有限公司" })).await;
    let code = company["uscc"].as_str().expect("a code").to_owned();
    let owed = json!({ "amountFen": 50_000, "itemCode": "901050000" });
    let made = app.levers.pull(&format!("companies/{code}/notices"), owed).await;
    let no = made["noticeNo"].as_str().unwrap();
    let of = |name: &str| json!({ "company": { "code": code, "name": name } });
    assert!(finds(&citizen, of("样例新设有限公司")).await.contains(&no.to_owned()));
    assert_eq!(finds(&citizen, of("别的公司")).await, [""; 0]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_notice_is_closed_at_the_rail_at_once() {
    let app = TestApp::start().await;
    told(&app, json!({})).await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    let reason = json!({ "reason": "复议撤销" });
    app.levers.pull(&format!("notices/{fine}/withdraw"), reason).await;
    let closed = citizen.waits_for(&payment_no, "CLOSED").await;
    let history = closed["history"].as_array().unwrap();
    assert_eq!(history.last().unwrap()["reason"], "NOTICE_WITHDRAWN", "{closed}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_off_counts_once_the_agency_has_confirmed_it() {
    // In either algorithm, open or sealed: what is asked for stays RSA, what comes need not.
    for settings in [json!({}), json!({ "algorithm": "SM2-SM3", "sealCalls": true })] {
        let app = TestApp::start().await;
        told(&app, settings).await;
        let facts = app.levers.pull("citizens", json!({ "name": "确认延后" })).await;
        let citizen = Citizen::signs_in(&app.node.base_url, &app.levers, facts).await;
        let (fine, fen) = citizen.finds_fine().await;
        let payment_no = citizen.starts_paying(&fine, fen).await;
        app.levers.pays(&payment_no).await;
        eventually("a pending write-off", || async {
            let held = app.levers.gateway_notice(&fine).await;
            let received = held["writeOffs"].as_array().is_some_and(|all| !all.is_empty());
            received.then_some(())
        })
        .await;
        let pending = citizen.payment(&payment_no).await;
        assert_eq!((&pending["status"], &pending["writeOff"]), (&json!("PAID"), &json!("PENDING")));
        app.levers.advance(601).await;
        citizen.waits_for_receipt(&payment_no).await;
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_stale_calls_of_the_gateway_are_refused() {
    let app = TestApp::start().await;
    told(&app, json!({})).await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.callbacks("hold").await;
    app.levers.pull(&format!("notices/{fine}/withdraw"), json!({ "reason": "撤销" })).await;
    let call = app.levers.newest_callback().await;
    for forged in [json!({ "badSignature": true }), json!({ "staleSeconds": 301 })] {
        let statuses = app.levers.releases(&call, json!({ "forge": forged })).await;
        assert_eq!(statuses, [500], "{forged}");
    }
    for reason in ["BAD_SIGNATURE", "STALE"] {
        let labels = format!("platform=\"GATEWAY\",reason=\"{reason}\"");
        let counter = format!("yiwang_callbacks_refused_total{{{labels}}}");
        assert_eq!(app.node.counted(&counter).await, 1, "{reason}");
    }
    let unknown = json!({ "forge": { "outTradeNo": "330000001FS9999999999" } });
    assert_eq!(app.levers.releases(&call, unknown).await, [200], "means nothing to us");
    assert_eq!(citizen.payment_status(&payment_no).await, "SUBMITTED");
    assert_eq!(app.levers.releases(&call, json!({ "times": 2 })).await, [200, 200]);
    citizen.waits_for(&payment_no, "CLOSED").await;
    app.finish().await;
}

async fn cleared(app: &TestApp, wanted: impl Fn(&ClearedDay) -> bool) -> ClearedDay {
    eventually("the day's clearing", || async {
        let found = ClearingBook::find(&app.node.store, DAY).await.unwrap();
        found.filter(|day| wanted(day))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_cleared_with_the_finance_department() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    // 25 days after the decision, so with a late fee that is booked apart.
    let late = json!({ "amountFen": 15_000, "decidedDaysAgo": 25, "itemCode": "106010100" });
    let late = app.levers.notice(id, late).await;
    let several = json!({
        "amountFen": 20_000, "itemCode": "101130100", "decidedDaysAgo": 25, "region": "330106",
        "furtherItems": [{ "itemCode": "102010200", "amountFen": 777 }]
    });
    let several = app.levers.notice(id, several).await;
    let mut total = fen;
    let mut numbers = vec![citizen.starts_paying(&fine, fen).await];
    for no in [&late, &several] {
        let found = asks(&citizen, json!({ "noticeNo": no })).await;
        let fen = &found["data"]["viewer"]["notices"]["nodes"][0]["total"]["fen"];
        let fen = fen.as_i64().expect("a total");
        total += fen;
        numbers.push(citizen.starts_paying(no, fen).await);
    }
    for payment_no in &numbers {
        app.levers.pays(payment_no).await;
        citizen.waits_for_receipt(payment_no).await;
    }
    app.levers.tomorrow_at("10:00").await;
    let day = cleared(&app, |day| day.batches > 0).await;
    assert_eq!((day.state, day.orders, day.agreed), (ClearingState::Agreed, 3, 3), "{day:?}");
    assert_eq!(day.paid.value(), total);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finance_leaves_open_is_asked_for_again() {
    let app = TestApp::start().await;
    let facts = app.levers.pull("citizens", json!({ "name": "对账待定" })).await;
    let citizen = Citizen::signs_in(&app.node.base_url, &app.levers, facts).await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment_no).await;
    citizen.waits_for_receipt(&payment_no).await;
    app.levers.tomorrow_at("10:00").await;
    let open = cleared(&app, |day| day.batches == 1).await;
    assert_eq!((open.state, open.agreed), (ClearingState::Different, 0), "{open:?}");
    let decided = json!({ "date": "2026-03-02", "result": "ok" });
    app.levers.pull("gateway/verdicts/decide", decided).await;
    app.levers.advance(3601).await;
    let agreed = cleared(&app, |day| day.batches == 2).await;
    assert_eq!((agreed.state, agreed.agreed), (ClearingState::Agreed, 1), "{agreed:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_collected_for_others_is_settled_without_a_receipt() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let owed = json!({ "amountFen": 5_000, "itemCode": "901050000" });
    let no = app.levers.notice(id, owed).await;
    let payment_no = citizen.starts_paying(&no, 5_000).await;
    app.levers.pays(&payment_no).await;
    eventually("written off", || async {
        let payment = citizen.payment(&payment_no).await;
        (payment["writeOff"] == "DONE").then_some(())
    })
    .await;
    // Ends once nothing waits: the receipt is not asked for without end.
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_gateway_is_told_again_and_counts_once() {
    for name in ["销账繁忙", "票据繁忙"] {
        let app = TestApp::start().await;
        let facts = app.levers.pull("citizens", json!({ "name": name })).await;
        let citizen = Citizen::signs_in(&app.node.base_url, &app.levers, facts).await;
        let (fine, fen) = citizen.finds_fine().await;
        let payment_no = citizen.starts_paying(&fine, fen).await;
        app.levers.pays(&payment_no).await;
        app.levers.advance(60).await;
        citizen.waits_for_receipt(&payment_no).await;
        let held = app.levers.gateway_notice(&fine).await;
        assert_eq!(held["receipts"].as_array().unwrap().len(), 1, "{name}: {held}");
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_off_that_the_agency_rejects_waits_for_staff() {
    let app = TestApp::start().await;
    told(&app, json!({})).await;
    let facts = app.levers.pull("citizens", json!({ "name": "确认驳回" })).await;
    let citizen = Citizen::signs_in(&app.node.base_url, &app.levers, facts).await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment_no).await;
    citizen.waits_for(&payment_no, "PAID").await;
    eventually("a pending write-off", || async {
        let held = app.levers.gateway_notice(&fine).await;
        held["writeOffs"].as_array().is_some_and(|all| !all.is_empty()).then_some(())
    })
    .await;
    app.levers.advance(601).await;
    eventually("a parked write-off", || async {
        let (_, parked) = domain::payment::OutboxStore::backlog(&app.node.store).await.unwrap();
        (parked == 1).then_some(())
    })
    .await;
    let payment = citizen.payment(&payment_no).await;
    assert_eq!(payment["writeOff"], "PENDING", "nothing is claimed that does not stand");
    assert_eq!(payment["receipts"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_may_change_its_keys_and_algorithm_without_notice() {
    let app = TestApp::start().await;
    let citizen = proved(&app, None).await;
    let (fine, _) = citizen.finds_fine().await;
    for algorithm in ["RSA-SHA256", "SM2-SM3"] {
        let made = app.levers.pull("gateway/keys", json!({ "algorithm": algorithm })).await;
        let id = made["keyId"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        app.levers.pull(&format!("gateway/keys/{id}/use"), json!({})).await;
        // We keep what the gateway listed for ten seconds.
        app.levers.advance(11).await;
        assert!(finds(&citizen, Value::Null).await.contains(&fine), "{algorithm}");
    }
    app.levers.pull("gateway/settings", json!({ "algorithm": "SM2-SM3" })).await;
    assert!(finds(&citizen, Value::Null).await.contains(&fine), "answered by SM2");
    app.finish().await;
}

//! Results by post.

use super::{APP, back, start};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::kept_case::KeptCase;
use tests::levers::eventually;

pub(super) fn parcel(case: &str, key: &str) -> Value {
    json!({
        "caseNo": case, "address": {"region": "330106", "detail": "文三路1号1幢101室"},
        "recipient": "王小明", "phone": "13800138000", "idempotencyKey": key
    })
}

const DELIVERY: &str = "delivery{deliveryNo status waybillNo recipient phone tracks{text}}";

pub(super) async fn asks_for(citizen: &Citizen, input: &Value) -> Value {
    citizen.mutation("requestDelivery", "RequestDeliveryInput", DELIVERY, input).await
}

/// The newest delivery of the only case.
async fn own_delivery(citizen: &Citizen) -> Value {
    let query =
        "{viewer{cases{nodes{deliveries{deliveryNo status waybillNo tracks{place text}}}}}}";
    let own = citizen.reads(query).await;
    own["viewer"]["cases"]["nodes"][0]["deliveries"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_sent_once_and_followed_until_it_arrives() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let case = KeptCase::done(APP, start()).of(&app.node.store, &citizen).await;
    let stranger = app.citizen().await;
    let wish = parcel(case.as_str(), "key-parcel-1");
    assert_eq!(codes(&asks_for(&stranger, &wish).await), ["NOT_FOUND"]);
    let mut bad = parcel(case.as_str(), "short");
    bad["address"] = json!({"region": "999999", "detail": "x"});
    bad["phone"] = json!("138");
    bad["recipient"] = json!(" ");
    let faults = asks_for(&citizen, &bad).await;
    assert_eq!(codes(&faults), ["INVALID"; 5], "{faults}");

    app.levers.fault("express", "orders", "lost-answer", 2).await;
    let made = asks_for(&citizen, &wish).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    assert_eq!(
        (&made["delivery"]["status"], &made["delivery"]["phone"]),
        (&json!("ORDERED"), &json!("138****8000"))
    );
    let again = asks_for(&citizen, &wish).await;
    assert_eq!(again["delivery"]["deliveryNo"], made["delivery"]["deliveryNo"]);
    let mut other = parcel(case.as_str(), "key-parcel-1");
    other["recipient"] = json!("李四");
    assert_eq!(codes(&asks_for(&citizen, &other).await), ["IDEMPOTENCY_KEY_REUSED"]);
    let second = asks_for(&citizen, &parcel(case.as_str(), "key-parcel-2")).await;
    assert_eq!(codes(&second), ["CONFLICT"], "one is under way");

    eventually("both answers are lost", || async {
        (app.counts("delivery WHERE version = 1").await == 1).then_some(())
    })
    .await;
    app.levers.advance(120).await;
    let waybill = eventually("a waybill", || async {
        let one = own_delivery(&citizen).await;
        one["waybillNo"].as_str().map(str::to_owned)
    });
    let waybill = waybill.await;
    let parcels = app.levers.look("express").await["parcels"].as_array().unwrap().clone();
    assert_eq!(parcels.len(), 1, "the answers were lost, the order was taken once");
    assert_eq!(parcels[0]["waybillNo"], waybill);
    for (hours, status, tracks) in [(3, "COLLECTED", 1), (18, "IN_TRANSIT", 3), (9, "DELIVERED", 5)]
    {
        for _ in 0..hours {
            app.levers.advance(3600).await;
        }
        let citizen = back(&app, &citizen).await;
        eventually(status, || async {
            let one = own_delivery(&citizen).await;
            (one["status"] == status && one["tracks"].as_array()?.len() == tracks).then_some(())
        })
        .await;
    }
    let told = "message_event WHERE event_key LIKE 'delivery:%'";
    assert_eq!(app.counts(told).await, 2, "on its way, and there");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_is_lost_can_be_sent_again() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let case = KeptCase::done(APP, start()).of(&app.node.store, &citizen).await;
    let made = asks_for(&citizen, &parcel(case.as_str(), "key-parcel-1")).await;
    let no = made["delivery"]["deliveryNo"].as_str().unwrap().to_owned();
    eventually("the carrier knows it", || async {
        let parcels = app.levers.look("express").await["parcels"].clone();
        (!parcels.as_array()?.is_empty()).then_some(())
    })
    .await;
    app.levers.pull(&format!("express/{no}"), json!({"fate": "lost"})).await;
    app.levers.advance(1_900).await;
    eventually("lost", || async {
        (own_delivery(&citizen).await["status"] == "LOST").then_some(())
    })
    .await;
    let again = asks_for(&citizen, &parcel(case.as_str(), "key-parcel-2")).await;
    assert_eq!(again["userErrors"], json!([]), "{again}");
    assert_ne!(again["delivery"]["deliveryNo"], no);
    app.finish().await;
}

//! UnionPay's notifications: forms, schedule, certificates, forgeries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use super::unionpay::{APP, BACK, fields, verify};
use super::{Bench, eventually};
use crate::unionpay::wire;
use crate::world::unionpay::Fields;

/// A backend that answers with the statuses it is told, then with 200.
#[derive(Default)]
struct Inbox {
    received: Mutex<Vec<Fields>>,
    answers: Mutex<VecDeque<u16>>,
}

impl Inbox {
    fn received(&self) -> Vec<Fields> {
        self.received.lock().unwrap().clone()
    }
}

async fn take(inbox: Data<Inbox>, form: Bytes) -> HttpResponse {
    inbox.received.lock().unwrap().push(wire::read_form(&form).unwrap());
    let status = inbox.answers.lock().unwrap().pop_front().unwrap_or(200);
    HttpResponse::build(status.try_into().unwrap()).finish()
}

fn receiver(answers: &[u16]) -> (Arc<Inbox>, String) {
    let inbox = Data::new(Inbox {
        answers: Mutex::new(answers.iter().copied().collect()),
        ..Inbox::default()
    });
    let shared = inbox.clone();
    let server = HttpServer::new(move || {
        App::new().app_data(shared.clone()).route("/callback", web::post().to(take))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/callback", server.addrs()[0]);
    tokio::spawn(server.run());
    (inbox.into_inner(), url)
}

/// Pays an order whose notification goes to `url`; hands back the id of the callback.
async fn pays(bench: &Bench, order_id: &str, url: &str) -> (String, String) {
    let mut order = bench.union_order(order_id, 20_000);
    order.extend(fields(&[("backUrl", url)]));
    let placed = bench.union_call(APP, order).await;
    assert_eq!(placed["respCode"], "00");
    let paid = bench.lever(&format!("/unionpay/orders/{order_id}/approve"), json!({})).await;
    let text = |name: &str| paid[name].as_str().unwrap().to_owned();
    (text("callbackId"), text("queryId"))
}

async fn newest(bench: &Bench) -> Value {
    bench.look("/callbacks").await["callbacks"][0].clone()
}

async fn attempts(bench: &Bench, wanted: usize) -> Value {
    eventually(&format!("{wanted} attempts"), async || {
        let callback = newest(bench).await;
        (callback["attempts"].as_array().unwrap().len() >= wanted).then_some(callback)
    })
    .await
}

#[actix_web::test]
async fn a_payment_is_told_five_times_at_most() {
    let bench = Bench::start().await;
    let (inbox, url) = receiver(&[500, 204, 404, 503, 500]);
    pays(&bench, "GOV0000101", &url).await;
    // The second delivery follows the first at once.
    attempts(&bench, 2).await;
    bench.lever("/clock", json!({"advanceSeconds": 55})).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(inbox.received().len(), 2, "not before a minute is over");
    for (seconds, wanted) in [(6, 3), (121, 4), (241, 5)] {
        bench.lever("/clock", json!({"advanceSeconds": seconds})).await;
        attempts(&bench, wanted).await;
    }
    let callback = eventually("given up", async || {
        Some(newest(&bench).await).filter(|callback| callback["state"] == "GIVEN_UP")
    })
    .await;
    assert_eq!(callback["platform"], "unionpay");
    let told = inbox.received();
    assert_eq!(told.len(), 5);
    assert!(told.iter().all(|one| *one == told[0] && verify(&bench, one).is_ok()));
    let field = |name: &str| told[0][name].as_str();
    assert_eq!((field("respCode"), field("respMsg")), ("00", "成功[0000000]"));
    assert_eq!((field("orderId"), field("txnAmt")), ("GOV0000101", "20000"));
    assert_eq!((field("txnType"), field("bizType")), ("01", "000201"));
    assert_eq!(field("reqReserved"), "YWJj");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_redirect_is_taken_and_both_ends_of_refunds_are_told() {
    let bench = Bench::start().await;
    let (inbox, url) = receiver(&[302]);
    let (_, query_id) = pays(&bench, "GOV0000102", &url).await;
    assert_eq!(attempts(&bench, 1).await["state"], "DELIVERED");
    for (order_id, code) in [("RF00000101", "00"), ("RF00000102", "60")] {
        let rule = json!({"afterSeconds": 30, "respCode": code});
        bench.lever("/unionpay/refunds", rule).await;
        let mut refund = bench.union_order(order_id, 5_000);
        refund.extend(fields(&[
            ("txnType", "04"),
            ("txnSubType", "00"),
            ("origQryId", &query_id),
            ("backUrl", &url),
        ]));
        let accepted = bench.union_call(BACK, refund).await;
        assert_eq!(accepted["respCode"], "00");
        let before = inbox.received().len();
        bench.lever("/clock", json!({"advanceSeconds": 31})).await;
        let told =
            eventually("the refund is told", async || inbox.received().get(before).cloned()).await;
        assert_eq!(verify(&bench, &told), Ok(()));
        assert_eq!((told["orderId"].as_str(), told["respCode"].as_str()), (order_id, code));
        assert_eq!((told["txnType"].as_str(), &told["origQryId"]), ("04", &query_id));
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_failed_payment_is_told_to_nobody() {
    let bench = Bench::start().await;
    bench.union_places("GOV0000103", 100).await;
    bench.lever("/unionpay/orders/GOV0000103/refuse", json!({"respCode": "64"})).await;
    assert_eq!(bench.look("/callbacks").await["callbacks"], json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn forgeries_are_well_made() {
    let bench = Bench::start().await;
    let (inbox, url) = receiver(&[]);
    bench.lever("/callbacks/mode", json!({"mode": "hold"})).await;
    let (id, _) = pays(&bench, "GOV0000104", &url).await;
    let forge = async |forgery: Value| {
        bench.lever(&format!("/callbacks/{id}/release"), json!({"forge": forgery})).await;
        inbox.received().pop().unwrap()
    };
    let wish = json!({"orderId": "OTHER00001", "merId": "777290058000000", "amountFen": 1});
    let forged = forge(wish).await;
    assert_eq!(verify(&bench, &forged), Ok(()));
    assert_eq!(
        (forged["orderId"].as_str(), forged["merId"].as_str()),
        ("OTHER00001", "777290058000000")
    );
    assert_eq!((forged["txnAmt"].as_str(), forged["settleAmt"].as_str()), ("1", "1"));
    let honest = forge(json!({})).await;
    let stale = forge(json!({"staleSeconds": 3_600})).await;
    assert_eq!(verify(&bench, &stale), Ok(()));
    let hour = |one: &Fields| one["txnTime"][8..10].parse::<u32>().unwrap();
    assert_eq!(hour(&honest) - hour(&stale), 1);
    let bad = [
        (json!({"badSignature": true}), "signature"),
        (json!({"foreignChain": true}), "chain"),
        (json!({"otherSubject": true}), "subject"),
        (json!({"expiredCertificate": true}), "validity"),
    ];
    for (forgery, wrong) in bad {
        let forged = forge(forgery).await;
        assert_eq!(verify(&bench, &forged), Err(wrong));
        assert_eq!(forged["orderId"], "GOV0000104");
    }
    assert_eq!(newest(&bench).await["state"], "HELD", "a forgery settles nothing");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_new_certificate_is_of_the_same_chain() {
    let bench = Bench::start().await;
    let order = bench.union_places("GOV0000105", 100).await;
    let before = bench.union_query(&order).await["signPubKeyCert"].clone();
    bench.lever("/unionpay/certificate", json!({})).await;
    let after = bench.union_query(&order).await["signPubKeyCert"].clone();
    assert_ne!(before, after);
    bench.mocks.stop().await;
}

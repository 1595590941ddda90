//! Asynchronous notifications: schedule, signature, refunds, forgeries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::{Value, json};

use super::super::eventually;
use super::Merchant;
use crate::alipay::params::Params;
use crate::clock::MINUTE_MS;

/// A backend that answers what it is told, then `success`.
#[derive(Default)]
struct Inbox {
    received: Mutex<Vec<Bytes>>,
    answers: Mutex<VecDeque<&'static str>>,
}

async fn take(inbox: Data<Inbox>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let kind = request.headers().get("content-type").unwrap();
    assert_eq!(kind, "application/x-www-form-urlencoded; charset=utf-8");
    inbox.received.lock().unwrap().push(body);
    let answer = inbox.answers.lock().unwrap().pop_front().unwrap_or("success");
    HttpResponse::Ok().content_type("text/plain").body(answer)
}

fn receiver(answers: &[&'static str]) -> (Arc<Inbox>, String) {
    let answers = Mutex::new(answers.iter().copied().collect());
    let inbox = Data::new(Inbox { answers, ..Inbox::default() });
    let shared = inbox.clone();
    let server = HttpServer::new(move || {
        App::new().app_data(shared.clone()).route("/callback", web::post().to(take))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/callback", server.addrs()[0]);
    tokio::spawn(server.run());
    (inbox.into_inner(), url)
}

impl Inbox {
    fn received(&self) -> Vec<Params> {
        let received = self.received.lock().unwrap();
        received.iter().map(|body| Params::read(b"", body).unwrap()).collect()
    }

    fn last(&self) -> Params {
        self.received().pop().unwrap()
    }
}

impl Merchant {
    fn is_signed(&self, params: &Params) -> bool {
        let text = params.signed(&["sign", "sign_type"], false);
        self.alipay.verify(&text, &params.text("sign").unwrap()).is_ok()
    }

    async fn newest(&self) -> Value {
        self.look("/callbacks").await["callbacks"][0].clone()
    }

    async fn attempts(&self, wanted: usize) -> Value {
        eventually(&format!("{wanted} attempts"), async || {
            let callback = self.newest().await;
            (callback["attempts"].as_array().unwrap().len() >= wanted).then_some(callback)
        })
        .await
    }
}

#[actix_web::test]
async fn a_notification_is_repeated_on_schedule_until_the_word_success() {
    let merchant = Merchant::start().await;
    let (inbox, url) = receiver(&["SUCCESS", "success\n", "fail"]);
    merchant.creates("N1", "88.88", Some(&url)).await;
    merchant.pays("N1").await;
    let first = merchant.attempts(1).await;
    assert_eq!((&first["state"], &first["platform"]), (&json!("WAITING"), &json!("alipay")));
    for (index, minutes) in [4, 10, 10].into_iter().enumerate() {
        let due = merchant.newest().await["nextDueAt"].as_str().unwrap().to_owned();
        let wait_ms = crate::clock::parse_rfc3339(&due).unwrap() - merchant.mocks.clock().now_ms();
        assert!((wait_ms - minutes * MINUTE_MS).abs() < 5_000, "{minutes}: {wait_ms}");
        merchant.advances(minutes * 60).await;
        merchant.attempts(index + 2).await;
    }
    assert_eq!(merchant.newest().await["state"], "DELIVERED");

    let received = inbox.received();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|params| merchant.is_signed(params)));
    let said = |index: usize, name: &str| received[index].text(name).unwrap();
    assert_eq!(said(0, "notify_id"), said(3, "notify_id"));
    assert_eq!(said(0, "notify_id").len(), 34);
    assert_ne!(said(0, "notify_time"), said(3, "notify_time"));
    for (name, value) in [
        ("notify_type", "trade_status_sync"),
        ("trade_status", "TRADE_SUCCESS"),
        ("out_trade_no", "N1"),
        ("total_amount", "88.88"),
        ("sign_type", "RSA2"),
        ("subject", "交通违法罚款"),
        ("fund_bill_list", r#"[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]"#),
        ("seller_id", &merchant.onboarding.alipay.seller_id),
        ("app_id", &merchant.onboarding.alipay.mini_app_id),
    ] {
        assert_eq!(said(0, name), value, "{name}");
    }
    assert!(received[0].text("buyer_id").is_none() && received[0].text("buyer_open_id").is_some());
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_platform_gives_up_after_seven_repeats() {
    let merchant = Merchant::start().await;
    let (inbox, url) = receiver(&["no"; 20]);
    merchant.creates("N2", "1.00", Some(&url)).await;
    merchant.pays("N2").await;
    for wanted in 1..=8 {
        merchant.attempts(wanted).await;
        merchant.advances(15 * 3600).await;
    }
    eventually("given up", async || {
        Some(()).filter(|()| inbox.received().len() == 8)?;
        (merchant.newest().await["state"] == "GIVEN_UP").then_some(())
    })
    .await;
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn refunds_are_notified_with_what_went_back_so_far() {
    let merchant = Merchant::start().await;
    let (inbox, url) = receiver(&[]);
    merchant.creates("N3", "10.00", Some(&url)).await;
    merchant.pays("N3").await;
    let count = async |wanted: usize| {
        eventually("notified", async || (inbox.received().len() == wanted).then_some(())).await;
        inbox.last()
    };
    assert!(count(1).await.text("refund_fee").is_none());
    merchant.refunds("N3", "A", "4.00").await.good();
    let partial = count(2).await;
    assert!(merchant.is_signed(&partial));
    let said = |params: &Params, name: &str| params.text(name).unwrap_or_default();
    assert_eq!(
        (
            said(&partial, "trade_status"),
            said(&partial, "refund_fee"),
            said(&partial, "out_biz_no")
        ),
        ("TRADE_SUCCESS".to_owned(), "4.00".to_owned(), "A".to_owned())
    );
    assert_eq!(said(&partial, "gmt_refund").len(), "2026-03-02 09:00:00.000".len());
    merchant.refunds("N3", "B", "6.00").await.good();
    let full = count(3).await;
    assert_eq!(
        (said(&full, "trade_status"), said(&full, "refund_fee")),
        ("TRADE_CLOSED".to_owned(), "10.00".to_owned())
    );
    assert_ne!(said(&full, "notify_id"), said(&partial, "notify_id"));

    merchant.lever("/alipay/habits", json!({"refundCallbacks": false})).await;
    merchant.creates("N4", "10.00", Some(&url)).await;
    merchant.pays("N4").await;
    count(4).await;
    merchant.refunds("N4", "A", "4.00").await.good();
    assert_eq!(merchant.newest().await["attempts"].as_array().unwrap().len(), 1);
    let callbacks = merchant.look("/callbacks").await;
    assert_eq!(callbacks["callbacks"].as_array().unwrap().len(), 4, "this contract says nothing");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_close_is_notified_only_where_the_contract_says_so() {
    let merchant = Merchant::start().await;
    let (inbox, url) = receiver(&[]);
    merchant.creates("N5", "1.00", Some(&url)).await;
    merchant.call("alipay.trade.close", json!({"out_trade_no": "N5"})).await.good();
    assert_eq!(merchant.look("/callbacks").await["callbacks"], json!([]));
    merchant.lever("/alipay/habits", json!({"closeCallbacks": true})).await;
    merchant.creates("N6", "1.00", Some(&url)).await;
    merchant.call("alipay.trade.close", json!({"out_trade_no": "N6"})).await.good();
    merchant.attempts(1).await;
    assert_eq!(inbox.last().text("trade_status").as_deref(), Some("TRADE_CLOSED"));
    // Without an address nobody is told anything.
    merchant.paid("N7", "1.00").await;
    assert_eq!(merchant.look("/callbacks").await["callbacks"].as_array().unwrap().len(), 1);
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn forgeries_are_well_made() {
    let merchant = Merchant::start().await;
    let (inbox, url) = receiver(&[]);
    merchant.lever("/callbacks/mode", json!({"mode": "hold"})).await;
    merchant.creates("N8", "10.00", Some(&url)).await;
    merchant.pays("N8").await;
    let id = merchant.newest().await["id"].as_str().unwrap().to_owned();
    let forge = async |forgery: Value| {
        merchant.lever(&format!("/callbacks/{id}/release"), json!({"forge": forgery})).await;
        inbox.last()
    };
    let forged = forge(json!({"outTradeNo": "O", "amountFen": 1, "sellerId": "1", "appId": "a"}));
    let forged = forged.await;
    assert!(merchant.is_signed(&forged));
    for (name, value) in
        [("out_trade_no", "O"), ("total_amount", "0.01"), ("seller_id", "1"), ("app_id", "a")]
    {
        assert_eq!(forged.text(name).as_deref(), Some(value), "{name}");
    }
    assert!(!merchant.is_signed(&forge(json!({"badSignature": true})).await));
    let stale = forge(json!({"staleSeconds": 3600})).await;
    assert!(merchant.is_signed(&stale));
    assert!(stale.text("notify_time").unwrap().starts_with("2026-03-02 08:00:"));
    assert_eq!(merchant.newest().await["state"], "HELD", "a forgery settles nothing");
    merchant.lever(&format!("/callbacks/{id}/release"), json!({})).await;
    assert_eq!(merchant.newest().await["state"], "DELIVERED");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn an_amount_of_its_own_loses_the_notification() {
    let merchant = Merchant::start().await;
    let (_inbox, url) = receiver(&[]);
    merchant.creates("N9", "99.04", Some(&url)).await;
    merchant.pays("N9").await;
    assert_eq!(merchant.status("N9").await, "TRADE_SUCCESS");
    assert_eq!(merchant.look("/callbacks").await["callbacks"], json!([]));
    merchant.bench.mocks.stop().await;
}

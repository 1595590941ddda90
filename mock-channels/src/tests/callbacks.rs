//! Notifications: schedule, sealing, loss, repetition and forgery.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::aead::AES_256_GCM;
use serde_json::{Value, json};

use super::{Bench, eventually};
use crate::crypto::{VerifyingKey, open_gcm};

/// One delivery as the backend would get it.
#[derive(Debug, Clone)]
pub(super) struct Received {
    timestamp: String,
    nonce: String,
    signature: String,
    body: String,
}

impl Received {
    pub(super) fn is_signed(&self, bench: &Bench) -> bool {
        self.is_signed_by(&bench.onboarding.wechat_pay.platform_public_key_pem)
    }

    pub(super) fn is_signed_by(&self, pem: &str) -> bool {
        let message = format!("{}\n{}\n{}\n", self.timestamp, self.nonce, self.body);
        let key = VerifyingKey::from_pem(pem);
        key.unwrap().verify(message.as_bytes(), &self.signature).is_ok()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn resource(&self, bench: &Bench) -> Value {
        let body = self.json();
        let part = |name: &str| body["resource"][name].as_str().unwrap().to_owned();
        let key = &bench.onboarding.wechat_pay.api_v3_key;
        let (nonce, data) = (part("nonce"), part("associated_data"));
        let plain = open_gcm(&AES_256_GCM, key, &nonce, &data, &part("ciphertext")).unwrap();
        serde_json::from_slice(&plain).unwrap()
    }
}

/// A backend that answers with the statuses it is told, then with 200.
#[derive(Default)]
pub(super) struct Inbox {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<u16>>,
}

impl Inbox {
    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn take(inbox: Data<Inbox>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
    inbox.received.lock().unwrap().push(Received {
        timestamp: header("Wechatpay-Timestamp"),
        nonce: header("Wechatpay-Nonce"),
        signature: header("Wechatpay-Signature"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let status = inbox.answers.lock().unwrap().pop_front().unwrap_or(200);
    HttpResponse::build(status.try_into().unwrap()).finish()
}

/// Serves an inbox and says under which address.
pub(super) fn receiver(answers: &[u16]) -> (Arc<Inbox>, String) {
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

async fn pays(bench: &Bench, number: &str, url: &str) -> String {
    let mut order = bench.order(number, 20_000).await;
    order["notify_url"] = json!(url);
    assert_eq!(bench.places(&order).await.status, 200);
    let paid = bench.lever(&format!("/orders/{number}/approve"), json!({})).await;
    paid["callbackId"].as_str().unwrap().to_owned()
}

async fn only(bench: &Bench) -> Value {
    bench.look("/callbacks").await["callbacks"][0].clone()
}

async fn attempts(bench: &Bench, wanted: usize) -> Value {
    eventually(&format!("{wanted} attempts"), async || {
        let callback = only(bench).await;
        (callback["attempts"].as_array().unwrap().len() >= wanted).then_some(callback)
    })
    .await
}

#[actix_web::test]
async fn a_callback_is_repeated_on_schedule_until_it_is_taken() {
    let bench = Bench::start().await;
    let (inbox, url) = receiver(&[500, 201]);
    pays(&bench, "GOV0000101", &url).await;
    let failed = attempts(&bench, 1).await;
    assert_eq!(
        (&failed["state"], &failed["attempts"][0]["status"]),
        (&json!("WAITING"), &json!(500))
    );

    bench.lever("/clock", json!({"advanceSeconds": 13})).await;
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert_eq!(inbox.received().len(), 1, "not before 15 seconds are over");
    bench.lever("/clock", json!({"advanceSeconds": 2})).await;
    attempts(&bench, 2).await;
    // Over several due attempts at once: one delivery, and the next counted from then.
    bench.lever("/clock", json!({"advanceSeconds": 3600})).await;
    let taken = attempts(&bench, 3).await;
    assert_eq!(taken["state"], "DELIVERED");
    bench.lever("/clock", json!({"advanceSeconds": 90_000})).await;
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;

    let received = inbox.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|one| one.is_signed(&bench)));
    assert_eq!(received[0].json()["id"], received[2].json()["id"]);
    let seal = |index: usize| received[index].json()["resource"]["nonce"].clone();
    assert_ne!(seal(0), seal(1));
    assert_ne!(received[0].nonce, received[1].nonce);
    let resource = received[2].resource(&bench);
    assert_eq!(resource["out_trade_no"], "GOV0000101");
    assert_eq!(
        (&resource["trade_state"], &resource["amount"]["total"]),
        (&json!("SUCCESS"), &json!(20_000))
    );
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_platform_gives_up_after_fifteen_repeats() {
    let bench = Bench::start().await;
    let (inbox, url) = receiver(&[500; 30]);
    pays(&bench, "GOV0000102", &url).await;
    for wanted in 1..=16 {
        attempts(&bench, wanted).await;
        bench.lever("/clock", json!({"advanceSeconds": 6 * 3600})).await;
    }
    let callback = eventually("given up", async || {
        Some(only(&bench).await).filter(|callback| callback["state"] == "GIVEN_UP")
    })
    .await;
    assert_eq!(callback["nextDueAt"], Value::Null);
    assert_eq!(inbox.received().len(), 16);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn held_lost_and_doubled() {
    let bench = Bench::start().await;
    let (inbox, url) = receiver(&[]);
    for mode in ["hold", "lose"] {
        bench.lever("/callbacks/mode", json!({"mode": mode})).await;
        pays(&bench, &format!("GOV-{mode}"), &url).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(inbox.received().is_empty());
    let callbacks = bench.look("/callbacks").await;
    let states: Vec<&Value> =
        callbacks["callbacks"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["LOST", "HELD"]);
    let held = callbacks["callbacks"][1]["id"].as_str().unwrap();
    let (_, other) = receiver(&[503, 503]);
    let released = json!({"times": 2, "to": [url, other]});
    let released = bench.lever(&format!("/callbacks/{held}/release"), released).await;
    assert_eq!(released["statuses"], json!([200, 503, 200, 503]));
    assert_eq!(bench.look("/callbacks").await["callbacks"][1]["state"], "DELIVERED");

    bench.lever("/callbacks/mode", json!({"mode": "double"})).await;
    pays(&bench, "GOV-double", &url).await;
    assert_eq!(attempts(&bench, 2).await["state"], "DELIVERED");
    assert_eq!(inbox.received().len(), 4);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn forgeries_are_well_made() {
    let bench = Bench::start().await;
    let (inbox, url) = receiver(&[]);
    bench.lever("/callbacks/mode", json!({"mode": "hold"})).await;
    let id = pays(&bench, "GOV0000103", &url).await;
    let forge = async |forgery: Value| {
        bench.lever(&format!("/callbacks/{id}/release"), json!({"forge": forgery})).await;
        inbox.received().pop().unwrap()
    };
    let forged =
        forge(json!({"outTradeNo": "OTHER00001", "amountFen": 1, "mchId": "1", "appId": "a"}))
            .await;
    assert!(forged.is_signed(&bench));
    let resource = forged.resource(&bench);
    assert_eq!(resource["amount"]["total"], 1);
    assert_eq!(
        (&resource["out_trade_no"], &resource["mchid"], &resource["appid"]),
        (&json!("OTHER00001"), &json!("1"), &json!("a"))
    );
    assert!(!forge(json!({"badSignature": true})).await.is_signed(&bench));
    let probe = forge(json!({"probe": true})).await;
    assert!(probe.signature.starts_with("WECHATPAY/SIGNTEST/") && !probe.is_signed(&bench));
    let stale = forge(json!({"staleSeconds": 400})).await;
    let age = bench.mocks.clock().now_ms() / 1000 - stale.timestamp.parse::<i64>().unwrap();
    assert!(stale.is_signed(&bench) && (400..=402).contains(&age));
    assert_eq!(only(&bench).await["state"], "HELD", "a forgery settles nothing");
    bench.mocks.stop().await;
}

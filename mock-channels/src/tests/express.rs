//! The express carrier, as its customer sees it.

use serde_json::{Value, json};

use super::{Bench, crypto};

struct Answer {
    status: u16,
    body: Value,
    nonce: String,
}

impl Bench {
    /// A signed call; the answer's signature must hold.
    async fn express(&self, operation: &str, body: &Value) -> Answer {
        let (customer, key) =
            (&self.onboarding.express.customer_no, &self.onboarding.express.key_base64);
        let key = crypto::from_base64(key).unwrap();
        let (path, body) = (format!("/express/v1/{operation}"), body.to_string());
        let timestamp = (self.mocks.clock().now_ms() / 1000).to_string();
        let nonce = crypto::hex(&crypto::random_bytes::<16>());
        let hash = crypto::sha256_hex(body.as_bytes());
        let signed = format!("POST\n{path}\n{timestamp}\n{nonce}\n{hash}\n");
        let signature = crypto::base64(&crypto::hmac_sha256(&key, signed.as_bytes()));
        let sent = self.http.post(self.url(&path)).header("X-Express-Customer", customer);
        let sent = sent.header("X-Express-Timestamp", timestamp).header("X-Express-Nonce", &nonce);
        let sent = sent.header("X-Express-Signature", signature).body(body).send().await.unwrap();
        let status = sent.status().as_u16();
        let header =
            |name: &str| sent.headers().get(name).unwrap().to_str().unwrap_or("").to_owned();
        let (at, of, code) = (
            header("X-Express-Timestamp"),
            header("X-Express-Nonce"),
            header("X-Express-Signature"),
        );
        let bytes = sent.bytes().await.unwrap();
        let signed = format!("200\n{of}\n{at}\n{}\n", crypto::sha256_hex(&bytes));
        let holds = crypto::hmac_sha256(&key, signed.as_bytes());
        assert_eq!(crypto::from_base64(&code).unwrap(), holds, "the answer is signed");
        assert_eq!(of, nonce);
        Answer { status, body: serde_json::from_slice(&bytes).unwrap(), nonce: of }
    }

    async fn orders(&self, no: &str) -> String {
        let answer = self.express("orders", &new_order(no)).await;
        assert_eq!((answer.status, &answer.body["code"]), (200, &json!("OK")), "{}", answer.nonce);
        answer.body["waybillNo"].as_str().unwrap().to_owned()
    }

    async fn ops(&self, no: &str, waybill: &str) -> Vec<String> {
        let asked = json!({"orderNo": no, "waybillNo": waybill});
        let answer = self.express("tracks", &asked).await.body;
        let tracks = answer["tracks"].as_array().unwrap_or_else(|| panic!("{answer}"));
        tracks.iter().map(|track| track["op"].as_str().unwrap().to_owned()).collect()
    }

    async fn hours(&self, hours: i64) {
        self.lever("/clock", json!({"advanceSeconds": hours * 3600})).await;
    }
}

fn new_order(no: &str) -> Value {
    json!({
        "orderNo": no,
        "sender": "杭州市国土资源局",
        "content": "不动产权证书",
        "recipient": {
            "name": "林晓舟", "phone": "13800138000", "region": "330106", "address": "文三路1号",
        },
    })
}

#[tokio::test]
async fn an_order_is_taken_once_and_its_parcel_arrives_as_time_goes_by() {
    let bench = Bench::start().await;
    let waybill = bench.orders("YD000001").await;
    assert_eq!(bench.orders("YD000001").await, waybill, "the same number is the same order");
    assert_ne!(bench.orders("YD000002").await, waybill);
    assert_eq!(waybill.len(), 13);
    assert_eq!(bench.ops("YD000001", &waybill).await, Vec::<String>::new());
    bench.hours(3).await;
    assert_eq!(bench.ops("YD000001", &waybill).await, ["COLLECTED"]);
    bench.hours(30).await;
    let all = ["COLLECTED", "DEPARTED", "ARRIVED", "OUT_FOR_DELIVERY", "DELIVERED"];
    assert_eq!(bench.ops("YD000001", &waybill).await, all);
    let (status, _) = bench.try_lever("/express/YD000001", json!({"fate": "lost"})).await;
    assert_eq!(status, 409, "it was handed over");
}

#[tokio::test]
async fn a_parcel_turns_back_or_is_lost_when_a_tester_says_so() {
    let bench = Bench::start().await;
    let (back, lost) = (bench.orders("YD000001").await, bench.orders("YD000002").await);
    bench.hours(6).await;
    bench.lever("/express/YD000001", json!({"fate": "returned"})).await;
    bench.lever("/express/YD000002", json!({"fate": "lost"})).await;
    let (status, _) = bench.try_lever("/express/YD000002", json!({"fate": "returned"})).await;
    assert_eq!(status, 409);
    bench.hours(48).await;
    let ops = bench.ops("YD000001", &back).await;
    assert_eq!(ops, ["COLLECTED", "DEPARTED", "NOT_DELIVERED", "TURNED_BACK", "RETURNED"]);
    assert_eq!(bench.ops("YD000002", &lost).await, ["COLLECTED", "DEPARTED", "LOST"]);
    let parcels = bench.look("/express").await;
    assert_eq!(parcels["parcels"].as_array().unwrap().len(), 2);
    assert_eq!(bench.try_lever("/express/YD9", json!({"fate": "lost"})).await.0, 404);
}

#[tokio::test]
async fn bad_orders_and_foreign_waybills_are_refused_in_signed_words() {
    let bench = Bench::start().await;
    for (path, value) in [
        ("/orderNo", json!("YD-1")),
        ("/content", json!("")),
        ("/recipient/phone", json!("1380013800")),
        ("/recipient/address", json!(" ")),
    ] {
        let mut order = new_order("YD000001");
        *order.pointer_mut(path).unwrap() = value;
        assert_eq!(bench.express("orders", &order).await.body["code"], "INVALID", "{path}");
    }
    let (one, other) = (bench.orders("YD000001").await, bench.orders("YD000002").await);
    let asked = json!({"orderNo": "YD000001", "waybillNo": other});
    assert_eq!(bench.express("tracks", &asked).await.body["code"], "UNKNOWN_ORDER");
    assert!(bench.ops("YD000001", &one).await.is_empty());
}

#[tokio::test]
async fn a_call_with_another_key_or_another_time_is_not_the_customers() {
    let bench = Bench::start().await;
    let url = bench.url("/express/v1/orders");
    let unsigned = bench.http.post(&url).body(new_order("YD000001").to_string()).send().await;
    assert_eq!(unsigned.unwrap().status().as_u16(), 401);
    assert_eq!(bench.look("/express").await["parcels"], json!([]));
}

#[test]
fn waybills_end_in_their_check_digit() {
    let made = crate::world::express::waybill_no(12_345_678);
    assert_eq!(made, "EA123456785CN");
    assert_eq!(crate::world::express::waybill_no(47_312_482), "EA473124829CN");
}

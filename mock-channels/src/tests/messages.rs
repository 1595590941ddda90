//! Messages: what the platforms take, what they refuse, and what they tell afterwards.

use serde_json::{Value, json};

use super::Bench;
use crate::callbacks::wechat_message::signature;

impl Bench {
    fn template(&self) -> String {
        self.onboarding.wechat.message_templates["progress"].clone()
    }

    async fn sends_message(&self, message: &Value) -> i64 {
        let app = &self.onboarding.wechat;
        let wanted = json!({
            "grant_type": "client_credential", "appid": app.app_id, "secret": app.app_secret,
        });
        let token = self.posts("/cgi-bin/stable_token", &wanted).await;
        let token = token["access_token"].as_str().unwrap();
        let target = format!("/cgi-bin/message/subscribe/send?access_token={token}");
        self.posts(&target, message).await["errcode"].as_i64().unwrap()
    }

    async fn posts(&self, target: &str, body: &Value) -> Value {
        let answer = self.http.post(self.url(target)).body(body.to_string()).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    async fn allows(&self, citizen: &Value) {
        let path = format!("/citizens/{}/subscription", citizen["citizenId"].as_str().unwrap());
        self.lever(&path, json!({"carrier": "wechat", "templateId": self.template()})).await;
    }
}

fn message(bench: &Bench, citizen: &Value) -> Value {
    json!({
        "touser": citizen["openId"],
        "template_id": bench.template(),
        "page": "pages/messages/messages",
        "data": {
            "thing1": {"value": "生育登记"},
            "phrase2": {"value": "已受理"},
            "thing3": {"value": "承诺2026-03-10前办结"},
        },
    })
}

#[actix_web::test]
async fn every_tap_is_one_message_and_refusals_use_none_up() {
    let bench = Bench::start().await;
    let citizen = bench.first_citizen().await;
    let good = message(&bench, &citizen);
    assert_eq!(bench.sends_message(&good).await, 43101, "nothing was allowed");
    bench.allows(&citizen).await;
    let table: [(&str, Value, i64); 7] = [
        ("touser", json!("o-nobody"), 40003),
        ("template_id", json!("no-template"), 40037),
        ("page", json!("other/page"), 41030),
        ("data", json!({}), 47003),
        ("data", json!({"thing1": {"value": ""}}), 47003),
        ("touser", json!(null), 40003),
        ("data", json!("text"), 47003),
    ];
    for (field, value, errcode) in table {
        let mut bad = good.clone();
        bad[field] = value;
        assert_eq!(bench.sends_message(&bad).await, errcode, "{bad}");
    }
    let mut long = good.clone();
    long["data"]["phrase2"]["value"] = json!("超过五个字了");
    assert_eq!(bench.sends_message(&long).await, 47003);
    assert_eq!(bench.sends_message(&good).await, 0);
    assert_eq!(bench.sends_message(&good).await, 43101, "the tap is used up");
    let sent = bench.look("/messages").await["messages"].clone();
    assert_eq!(sent.as_array().unwrap().len(), 1);
    assert_eq!(sent[0]["to"], citizen["openId"]);
    let stale = "/cgi-bin/message/subscribe/send?access_token=old";
    assert_eq!(bench.posts(stale, &good).await["errcode"], 40001);
}

#[actix_web::test]
async fn the_fate_of_a_message_is_pushed_where_the_console_says() {
    let bench = Bench::start().await;
    let citizen = bench.first_citizen().await;
    let url = json!({"url": bench.url("/nowhere")});
    bench.lever("/wechat/message-push", url).await;
    bench.lever("/callbacks/mode", json!({"mode": "hold"})).await;
    bench.lever("/messages/fail-next", json!({"carrier": "wechat", "reason": "user block"})).await;
    for failed in [json!("user block"), Value::Null] {
        bench.allows(&citizen).await;
        assert_eq!(bench.sends_message(&message(&bench, &citizen)).await, 0);
        let sent = bench.look("/messages").await["messages"].clone();
        let sent = sent.as_array().unwrap().last().unwrap().clone();
        assert_eq!(sent["failed"], failed);
        let callbacks = bench.look("/callbacks").await["callbacks"].clone();
        let told = |one: &&Value| one["outTradeNo"] == sent["number"];
        let told = callbacks.as_array().unwrap().iter().find(told).expect("an event of it");
        assert_eq!(told["platform"], "wechat-message");
        assert_eq!(told["event"], "subscribe_msg_sent_event");
    }
    let (status, _) = bench.try_lever("/wechat/message-push", json!({"url": "ftp://x"})).await;
    assert_eq!(status, 400);
    let (status, _) = bench.try_lever("/messages/fail-next", json!({"carrier": "alipay"})).await;
    assert_eq!(status, 400);
}

/// The published example of the platform's page.
#[test]
fn pushes_are_signed_as_published() {
    let signed = signature(&["AAAAA", "1714036504", "1514711492"]);
    assert_eq!(signed, "f464b24fc39322e44b38aa78f5edd27bd1441696");
}

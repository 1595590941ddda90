//! Fault scripts: loaded, carried out, recorded, replayed.

use serde_json::{Value, json};

use super::alipay::Merchant;
use super::callbacks::receiver;
use super::{Bench, eventually};
use crate::crypto;

impl Bench {
    pub(super) async fn loads(&self, text: &str) -> (u16, Value) {
        let url = self.url("/control/script");
        let sent = self.http.post(url).header("Content-Type", "text/plain").body(text.to_owned());
        let answer = sent.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }

    pub(super) async fn recorded(&self) -> String {
        let url = self.url("/control/script/recorded");
        self.http.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// Waits until every rule was carried out, and answers what came of each.
    pub(super) async fn all_fired(&self) -> Vec<String> {
        eventually("all rules", async || {
            let script = self.look("/script").await;
            let said = |rule: &Value| rule["said"].as_str().map(str::to_owned);
            script["rules"].as_array().unwrap().iter().map(said).collect()
        })
        .await
    }

    async fn state_of(&self, number: &str) -> Value {
        self.query(number).await.json()["trade_state"].clone()
    }
}

#[actix_web::test]
async fn the_third_callback_is_dropped_and_no_other() {
    let bench = Bench::start().await;
    let (inbox, url) = receiver(&[]);
    let (status, loaded) = bench.loads("after payment 3: drop callback # the third\n").await;
    assert_eq!((status, &loaded["rules"][0]["firedAt"]), (200, &Value::Null));
    for number in 1..=4 {
        let mut order = bench.order(&format!("GOV000060{number}"), 1_000).await;
        order["notify_url"] = json!(url);
        bench.places(&order).await;
        bench.lever(&format!("/orders/GOV000060{number}/approve"), json!({})).await;
    }
    eventually("three deliveries", async || (inbox.received().len() == 3).then_some(())).await;
    let callbacks = bench.look("/callbacks").await;
    let states: Vec<&Value> =
        callbacks["callbacks"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["DELIVERED", "LOST", "DELIVERED", "DELIVERED"]);
    assert_eq!(bench.all_fired().await, ["已作用于该事件的回调"]);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_refund_is_done_and_its_answer_is_an_error() {
    let bench = Bench::start().await;
    bench.loads("after refund 1: error SYSTEM_ERROR\nafter refund 2: hold callback").await;
    bench.paid("GOV0000611", 1_000).await;
    bench.paid("GOV0000612", 1_000).await;
    let first = Bench::refund("S1", "GOV0000611", 1_000, 1_000);
    assert_eq!(bench.refunds(&first).await.refusal(), (500, "SYSTEM_ERROR".to_owned()));
    assert_eq!(bench.refund_query("S1").await.json()["status"], "PROCESSING", "it was accepted");
    assert_eq!(bench.refunds(&first).await.status, 200, "asked for again it is no new event");
    let second = Bench::refund("S2", "GOV0000612", 1_000, 1_000);
    assert_eq!(bench.refunds(&second).await.status, 200);
    assert_eq!(bench.all_fired().await, ["已作用于该次应答", "已作用于该事件的回调"]);
    let callbacks = bench.look("/callbacks").await;
    assert_eq!(callbacks["callbacks"][0]["state"], "HELD");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_clock_that_jumps_over_a_rule_does_not_move_its_money() {
    let bench = Bench::start().await;
    bench.places(&bench.order("GOV0000621", 1_000).await).await;
    bench.places(&bench.order("GOV0000622", 2_000).await).await;
    bench.loads("at 23:59:58 approve").await;
    bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    let late = bench.order("GOV0000623", 3_000).await;
    bench.all_fired().await;
    bench.places(&late).await;
    let truth = bench.look("/truth?date=2026-03-02").await;
    let payments = truth["platforms"]["wechat-pay"]["payments"].as_array().unwrap();
    assert_eq!(payments.len(), 2);
    assert!(payments.iter().all(|one| one["at"] == "2026-03-02T23:59:58+08:00"), "{truth}");
    assert_eq!(bench.state_of("GOV0000623").await, "NOTPAY");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn interfaces_go_wrong_for_a_while_and_are_well_again() {
    let bench = Bench::start().await;
    bench.loads("at +5m: wechat-pay query frequency-limited for 2m; at +5m: hold callbacks").await;
    bench.places(&bench.order("GOV0000631", 1_000).await).await;
    assert_eq!(bench.query("GOV0000631").await.status, 200);
    bench.advance(300).await;
    bench.all_fired().await;
    for _ in 0..3 {
        let limited = bench.query("GOV0000631").await;
        assert_eq!(limited.refusal(), (429, "FREQUENCY_LIMITED".to_owned()));
    }
    bench.advance(120).await;
    assert_eq!(bench.query("GOV0000631").await.status, 200);
    assert_eq!(bench.look("/faults").await["faults"], json!([]));
    assert_eq!(bench.look("/callbacks").await["mode"], "hold");
    let wish = json!({"channel": "wechat-pay", "operation": "refund", "fault": "refused", "code": "NOT_ENOUGH"});
    bench.lever("/faults", wish).await;
    bench.paid("GOV0000632", 1_000).await;
    let refused = bench.refunds(&Bench::refund("F1", "GOV0000632", 1, 1_000)).await;
    assert_eq!(refused.refusal(), (403, "NOT_ENOUGH".to_owned()));
    let wish = json!({"channel": "wechat-pay", "fault": "refused", "code": "WHATEVER"});
    assert_eq!(bench.try_lever("/faults", wish).await.0, 400);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn statements_have_the_wrong_line_that_was_written() {
    let bench = Bench::start().await;
    let text = "statement: duplicate line 2; statement alipay: truncate";
    assert_eq!(bench.loads(text).await.0, 200);
    for number in 1..=3 {
        bench.paid(&format!("GOV000064{number}"), 1_000 + number).await;
    }
    bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    let target = "/v3/bill/tradebill?bill_date=2026-03-02";
    let url = bench.pay_call("GET", target, "").await.json()["download_url"].clone();
    let url = url.as_str().unwrap();
    let file = bench.pay_call("GET", &url[bench.mocks.base_url().len()..], "").await;
    let text = String::from_utf8(file.bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 7);
    assert!(lines[2] == lines[3] && lines[2].contains("`GOV0000642,"), "{text}");
    let alipay = bench.look("/alipay/bills").await;
    assert_eq!(alipay["bills"]["*"]["fault"], "truncated");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_script_with_faults_is_refused_whole() {
    let bench = Bench::start().await;
    bench.loads("at 10:00: hold callbacks").await;
    let (status, refused) = bench.loads("at 10:00: hold callbacks\nat noon: approve\n\nfoo").await;
    assert_eq!(status, 400);
    let lines: Vec<&Value> =
        refused["faults"].as_array().unwrap().iter().map(|fault| &fault["line"]).collect();
    assert_eq!(lines, [2, 4]);
    assert_eq!(bench.look("/script").await["text"], "at 10:00: hold callbacks");
    let cleared = bench.http.delete(bench.url("/control/script")).send().await.unwrap();
    assert_eq!(cleared.status(), 200);
    assert_eq!(bench.look("/script").await["rules"], json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_script_is_kept_and_goes_on_after_a_restart() {
    let name = format!("mock-script-{}.json", crypto::random_text(b"ab", 24));
    let file = std::env::temp_dir().join(name);
    let text = "after payment 2: hold callback\nafter payment 3: drop callback";
    let bench = Bench::with(Some(file.clone())).await;
    bench.mocks.load_script(text).unwrap();
    bench.paid("GOV0000651", 1_000).await;
    bench.paid("GOV0000652", 1_000).await;
    bench.mocks.stop().await;

    let bench = Bench::with(Some(file.clone())).await;
    bench.mocks.load_script(text).unwrap();
    bench.paid("GOV0000653", 1_000).await;
    let callbacks = bench.look("/callbacks").await;
    assert_eq!(callbacks["callbacks"][0]["state"], "LOST", "the third, counted over the restart");
    let refused = bench.mocks.load_script("at noon: approve").unwrap_err();
    assert!(refused.to_string().contains("第 1 行"), "{refused}");
    bench.mocks.stop().await;
    std::fs::remove_file(file).unwrap();
}

#[actix_web::test]
async fn the_same_rules_hold_for_every_platform() {
    let alipay = Merchant::start().await;
    let bench = &alipay.bench;
    let text = "after alipay payment 1: drop callback; after payment 3: hold callback\n\
        after alipay refund 1: error SYSTEM_ERROR";
    assert_eq!(bench.loads(text).await.0, 200);
    let url = Some("http://127.0.0.1:9/callbacks/alipay");
    bench.paid("GOV0000661", 1_000).await;
    for number in ["GOV0000662", "GOV0000663"] {
        alipay.creates(number, "10.00", url).await;
        alipay.pays(number).await;
    }
    let callbacks = bench.look("/callbacks").await;
    let states: Vec<&Value> =
        callbacks["callbacks"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["HELD", "LOST", "WAITING"], "the newest first");
    let hidden = alipay.refunds("GOV0000662", "A1", "10.00").await;
    assert_eq!(hidden.code().0, "20000", "the platform says that it does not know");
    let trade = bench.look("/alipay/trades/GOV0000662").await;
    assert_eq!(trade["refunds"][0]["done"], true, "and it was done");
    bench.all_fired().await;
    alipay.bench.mocks.stop().await;
}

/// The payments and refunds of a day, without what is random.
async fn truth(bench: &Bench, date: &str) -> Value {
    bench.look(&format!("/truth?date={date}")).await["platforms"].clone()
}

#[actix_web::test]
async fn a_recorded_session_is_replayed_to_the_same_truth() {
    let numbers = ["GOV0000671", "GOV0000672", "GOV0000673"];
    let places = async |bench: &Bench| {
        for number in numbers {
            assert_eq!(bench.places(&bench.order(number, 5_000).await).await.status, 200);
        }
    };
    let refunds = async |bench: &Bench| {
        let wanted = Bench::refund("REC1", "GOV0000672", 1_500, 5_000);
        assert_eq!(bench.refunds(&wanted).await.status, 200);
    };
    let first = Bench::start().await;
    places(&first).await;
    first.lever("/wechat-pay/refund-outcomes", json!({"outcomes": ["pending"]})).await;
    first.advance(60).await;
    first.lever("/orders/GOV0000671/approve", json!({"amountFen": 4_999})).await;
    first.lever("/callbacks/mode", json!({"mode": "hold"})).await;
    first.lever("/orders/GOV0000672/approve", json!({})).await;
    first.lever("/orders/GOV0000673/refuse", json!({})).await;
    let held = first.look("/callbacks").await["callbacks"][0]["id"].as_str().unwrap().to_owned();
    first.lever(&format!("/callbacks/{held}/release"), json!({})).await;
    refunds(&first).await;
    first.advance(30).await;
    first.lever("/wechat-pay/refunds/REC1/finish", json!({})).await;
    first.lever("/citizens", json!({"name": "钱录制"})).await;
    first.lever("/clock", json!({"nextDayAt": "00:00"})).await;
    first.lever("/orders/GOV0000673/approve", json!({})).await;
    let script = first.recorded().await;
    let days = ["2026-03-02", "2026-03-03"];
    let expected = [truth(&first, days[0]).await, truth(&first, days[1]).await];
    assert_eq!(expected[0]["wechat-pay"]["totals"]["refundedFen"], 1_500);
    first.mocks.stop().await;
    assert_eq!(script.lines().count(), 13, "{script}");
    assert!(script.contains(": approve GOV0000671 4999 fen paid 2026-03-02 09:01:0"), "{script}");
    assert!(script.contains(": release GOV0000672 1 {}"), "{script}");

    let again = Bench::start().await;
    let (status, answer) = again.loads(&script).await;
    assert_eq!(status, 200, "{answer}");
    places(&again).await;
    eventually("the second payment", async || {
        (again.state_of("GOV0000672").await == "SUCCESS").then_some(())
    })
    .await;
    refunds(&again).await;
    let said = again.all_fired().await;
    assert!(said.iter().all(|said| said.ends_with("完成") || said.ends_with("已改")), "{said:?}");
    for (day, expected) in days.into_iter().zip(expected) {
        assert_eq!(truth(&again, day).await, expected, "{day}");
    }
    assert_eq!(again.look("/citizens").await["citizens"][3]["name"], "钱录制");
    assert_eq!(again.recorded().await.lines().count(), 1, "scripts are not recorded");
    again.mocks.stop().await;
}

//! The native app: a code by text message, a session, and what strangers cannot do with it.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};

const PHONE: &str = "13800138000";

async fn asks_for_code(nobody: &Citizen) -> Value {
    let input = json!({ "phone": PHONE });
    nobody.mutation("sendPhoneCode", "SendPhoneCodeInput", "nextAt", &input).await
}

async fn newest_code(app: &TestApp) -> String {
    let messages = app.levers.look("sms").await["messages"].as_array().unwrap().clone();
    let newest = messages.last().expect("a message").clone();
    assert_eq!(newest["phone"], PHONE);
    newest["code"].as_str().unwrap().to_owned()
}

async fn signs_in(nobody: &Citizen, code: &str) -> Value {
    let input = json!({ "by": { "phone": { "phone": PHONE, "code": code } } });
    let fields = "session{accessToken channel} viewer{person{id phone identityLevel}}";
    nobody.mutation("signIn", "SignInInput", fields, &input).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_and_its_code_open_one_account_of_the_app() {
    let app = TestApp::start().await;
    let nobody = app.citizen().await.anonymous();
    assert_eq!(codes(&asks_for_code(&nobody).await), [""; 0]);
    let code = newest_code(&app).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(codes(&signs_in(&nobody, wrong).await), ["CODE_INVALID"]);
    let first = signs_in(&nobody, &code).await;
    assert_eq!(first["session"]["channel"], "APP", "{first}");
    assert_eq!(first["viewer"]["person"]["phone"], "138****8000");
    assert_eq!(first["viewer"]["person"]["identityLevel"], "PHONE");
    assert_eq!(codes(&signs_in(&nobody, &code).await), ["CODE_INVALID"], "used up");

    let hasty = asks_for_code(&nobody).await;
    assert_eq!(codes(&hasty), ["RATE_LIMITED"]);
    assert!(hasty["nextAt"].is_string(), "it says when: {hasty}");
    app.levers.advance(60).await;
    assert_eq!(codes(&asks_for_code(&nobody).await), [""; 0]);
    let second = signs_in(&nobody, &newest_code(&app).await).await;
    assert_eq!(second["viewer"]["person"]["id"], first["viewer"]["person"]["id"], "the same");

    app.levers.advance(60).await;
    asks_for_code(&nobody).await;
    let old = newest_code(&app).await;
    app.levers.advance(300).await;
    assert_eq!(codes(&signs_in(&nobody, &old).await), ["CODE_EXPIRED"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_message_platform_is_said_to_be_silent() {
    let app = TestApp::start().await;
    let nobody = app.citizen().await.anonymous();
    app.levers.fault("exchange", "messages.send_code", "error500", 2).await;
    assert_eq!(codes(&asks_for_code(&nobody).await), ["OUTCOME_UNKNOWN"]);
    let malformed = json!({ "phone": "12" });
    let refused = nobody.mutation("sendPhoneCode", "SendPhoneCodeInput", "nextAt", &malformed);
    assert_eq!(codes(&refused.await), ["INVALID"]);
    app.finish().await;
}

async fn sent(app: &TestApp) -> usize {
    app.levers.look("sms").await["messages"].as_array().unwrap().len()
}

async fn asks_from(nobody: &Citizen, phone: u32, device: &str, headers: &[(&str, &str)]) -> Value {
    let phone = format!("138{phone:08}");
    let input = json!({ "phone": phone, "device": { "id": device } });
    let ask = ("sendPhoneCode", "SendPhoneCodeInput", "nextAt userErrors{code}");
    nobody.mutation_with(headers, ask, &input).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_and_an_address_get_so_many_codes_and_a_refused_one_costs_no_message() {
    let proxy = [("YIWANG_TRUSTED_PROXIES", "127.0.0.1")];
    let app = TestApp::with_settings(&proxy).await;
    let nobody = app.citizen().await.anonymous();
    let here = [("X-Forwarded-For", "198.51.100.7, 203.0.113.9")];
    for phone in 0..3 {
        assert_eq!(codes(&asks_from(&nobody, phone, "d1", &here).await), [""; 0], "{phone}");
    }
    let before = sent(&app).await;
    let refused = asks_from(&nobody, 3, "d1", &here).await;
    assert_eq!(codes(&refused), ["RATE_LIMITED"], "the device has had three in this minute");
    assert!(refused["nextAt"].is_string(), "it says when: {refused}");
    for phone in 3..20 {
        let device = format!("d{phone}");
        assert_eq!(codes(&asks_from(&nobody, phone, &device, &here).await), [""; 0], "{phone}");
    }
    // Whatever a client writes before what our proxy writes, the address stays the same.
    let disguised = [("X-Forwarded-For", "192.0.2.1, 203.0.113.9")];
    assert_eq!(codes(&asks_from(&nobody, 20, "new", &disguised).await), ["RATE_LIMITED"]);
    assert_eq!(sent(&app).await, before + 17, "what is refused costs no message");
    let elsewhere = [("X-Forwarded-For", "203.0.113.10")];
    assert_eq!(codes(&asks_from(&nobody, 20, "new", &elsewhere).await), [""; 0]);
    app.levers.advance(60).await;
    assert_eq!(codes(&asks_from(&nobody, 21, "d1", &here).await), [""; 0]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_our_proxy_says_from_where_somebody_asks() {
    let app = TestApp::start().await;
    let nobody = app.citizen().await.anonymous();
    for phone in 0..20_u32 {
        let made_up = format!("203.0.113.{phone}");
        let headers = [("X-Forwarded-For", made_up.as_str())];
        let answer = asks_from(&nobody, phone, &format!("d{phone}"), &headers).await;
        assert_eq!(codes(&answer), [""; 0], "{phone}");
    }
    let headers = [("X-Forwarded-For", "203.0.113.99")];
    assert_eq!(codes(&asks_from(&nobody, 20, "d20", &headers).await), ["RATE_LIMITED"]);
    app.finish().await;
}

/// Numbers are handed on: whoever has the number now is not whoever had it.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_handed_on_opens_nothing_and_joins_nothing() {
    let app = TestApp::start().await;
    let base = app.node.base_url.clone();
    let elder = app.citizen().await;
    let by_phone = Citizen::signs_in_by_phone(&base, &app.levers, elder.facts.clone()).await;
    by_phone.proves_name().await;
    app.levers.advance(61).await;

    let phone = elder.facts["phone"].clone();
    let nobody = elder.anonymous();
    let ask = json!({ "phone": phone });
    nobody.mutation("sendPhoneCode", "SendPhoneCodeInput", "nextAt", &ask).await;
    let messages = app.levers.look("sms").await["messages"].as_array().unwrap().clone();
    let code = messages.last().unwrap()["code"].clone();
    let by = json!({ "by": { "phone": { "phone": phone, "code": code } } });
    let fields = "session{accessToken} viewer{person{id}}";
    let refused = nobody.mutation("signIn", "SignInInput", fields, &by).await;
    assert_eq!(codes(&refused), ["STEP_UP_REQUIRED"]);
    assert!(refused["session"].is_null() && refused["viewer"].is_null());

    // The new holder joins by WeChat with the same number, and is somebody else.
    let new = app.levers.pull("citizens", json!({ "phone": phone })).await;
    let new = Citizen::signs_in(&base, &app.levers, new).await;
    let me = "{viewer{person{id identityLevel}}}";
    let (theirs, ours) = (by_phone.reads(me).await, new.reads(me).await);
    assert_ne!(theirs["viewer"]["person"]["id"], ours["viewer"]["person"]["id"]);
    assert_eq!(ours["viewer"]["person"]["identityLevel"], "PHONE");
    app.finish().await;
}

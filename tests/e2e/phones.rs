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

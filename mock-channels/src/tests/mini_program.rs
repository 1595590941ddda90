//! Codes, tokens and phone numbers of the mini-program platform.

use serde_json::{Value, json};

use super::Bench;

impl Bench {
    async fn wechat_codes(&self) -> (String, String) {
        let citizen = self.first_citizen().await;
        let path = format!("/citizens/{}/wechat-code", citizen["citizenId"].as_str().unwrap());
        let codes = self.lever(&path, json!({})).await;
        let text = |name: &str| codes[name].as_str().unwrap().to_owned();
        (text("code"), text("phoneCode"))
    }

    async fn wechat_get(&self, target: &str) -> Value {
        let answer = self.http.get(self.url(target)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "errors come with 200 too");
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    async fn wechat_post(&self, target: &str, body: Value) -> Value {
        let answer = self.http.post(self.url(target)).body(body.to_string()).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    async fn logs_in(&self, code: &str) -> Value {
        let app = &self.onboarding.wechat;
        self.logs_in_as(&app.app_id, &app.app_secret, code).await
    }

    async fn logs_in_as(&self, app_id: &str, secret: &str, code: &str) -> Value {
        self.wechat_get(&format!(
            "/sns/jscode2session?appid={app_id}&secret={secret}&js_code={code}\
             &grant_type=authorization_code"
        ))
        .await
    }

    async fn stable_token(&self, force: bool) -> (String, i64) {
        let app = &self.onboarding.wechat;
        let wanted = json!({
            "grant_type": "client_credential",
            "appid": app.app_id,
            "secret": app.app_secret,
            "force_refresh": force,
        });
        let answer = self.wechat_post("/cgi-bin/stable_token", wanted).await;
        assert!(answer.get("errcode").is_none(), "{answer}");
        let token = answer["access_token"].as_str().unwrap().to_owned();
        (token, answer["expires_in"].as_i64().unwrap())
    }

    async fn phone(&self, token: &str, code: &str) -> Value {
        let target = format!("/wxa/business/getuserphonenumber?access_token={token}");
        self.wechat_post(&target, json!({"code": code})).await
    }
}

#[actix_web::test]
async fn a_login_code_works_once_for_five_minutes_and_for_login_only() {
    let bench = Bench::start().await;
    let (code, phone_code) = bench.wechat_codes().await;
    assert_eq!(bench.logs_in(&phone_code).await["errcode"], 40029);
    let session = bench.logs_in(&code).await;
    assert!(session.get("errcode").is_none(), "{session}");
    assert_eq!(session["openid"], bench.first_citizen().await["openId"]);
    let key = crate::crypto::from_base64(session["session_key"].as_str().unwrap()).unwrap();
    assert_eq!(key.len(), 16);
    let used = bench.logs_in(&code).await;
    assert_eq!(used["errcode"], 40163);
    assert!(used["errmsg"].as_str().unwrap().contains("rid: "));

    let (late, _) = bench.wechat_codes().await;
    bench.lever("/clock", json!({"advanceSeconds": 301})).await;
    assert_eq!(bench.logs_in(&late).await["errcode"], 40029);
    let app = bench.onboarding.wechat.clone();
    assert_eq!(bench.logs_in_as("wx0", &app.app_secret, "x").await["errcode"], 40013);
    assert_eq!(bench.logs_in_as(&app.app_id, "x", "x").await["errcode"], 40125);
    assert_eq!(bench.logs_in_as("", "", "").await["errcode"], 41002);
    assert_eq!(bench.logs_in("nonsense").await["errcode"], 40029);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_phone_code_needs_a_token_that_is_alive() {
    let bench = Bench::start().await;
    let (code, phone_code) = bench.wechat_codes().await;
    assert_eq!(bench.phone("", &phone_code).await["errcode"], 41001);
    assert_eq!(bench.phone("nonsense", &phone_code).await["errcode"], 40001);
    let (token, life) = bench.stable_token(false).await;
    assert_eq!(life, 7200);
    assert_eq!(bench.phone(&token, &code).await["errcode"], 40029, "a login code");
    let answer = bench.phone(&token, &phone_code).await;
    assert_eq!(answer["errcode"], 0);
    let info = &answer["phone_info"];
    assert_eq!(info["purePhoneNumber"], bench.first_citizen().await["phone"]);
    assert_eq!(info["watermark"]["appid"], bench.onboarding.wechat.app_id.as_str());
    assert_eq!(bench.phone(&token, &phone_code).await["errcode"], 40029, "used");
    bench.lever("/clock", json!({"advanceSeconds": 7201})).await;
    assert_eq!(bench.phone(&token, &phone_code).await["errcode"], 42001);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn stable_tokens_stay_overlap_and_are_replaced_by_force() {
    let bench = Bench::start().await;
    let (first, _) = bench.stable_token(false).await;
    bench.lever("/clock", json!({"advanceSeconds": 6000})).await;
    let (same, life) = bench.stable_token(false).await;
    assert!(same == first && (1190..=1200).contains(&life), "{life}");
    bench.lever("/clock", json!({"advanceSeconds": 1000})).await;
    let (second, _) = bench.stable_token(false).await;
    assert_ne!(second, first);
    for token in [&first, &second] {
        assert_eq!(bench.phone(token, "x").await["errcode"], 40029, "both work");
    }
    let (third, _) = bench.stable_token(true).await;
    assert_eq!(bench.phone(&second, "x").await["errcode"], 40001);
    assert_eq!(bench.stable_token(true).await.0, third, "twice within 30 seconds");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_plain_token_outlives_its_successor_by_five_minutes() {
    let bench = Bench::start().await;
    let app = bench.onboarding.wechat.clone();
    let target = format!(
        "/cgi-bin/token?grant_type=client_credential&appid={}&secret={}",
        app.app_id, app.app_secret
    );
    let token = async || {
        let answer = bench.wechat_get(&target).await;
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let first = token().await;
    let second = token().await;
    let (stable, _) = bench.stable_token(false).await;
    for token in [&first, &second, &stable] {
        assert_eq!(bench.phone(token, "x").await["errcode"], 40029);
    }
    bench.lever("/clock", json!({"advanceSeconds": 301})).await;
    assert_eq!(bench.phone(&first, "x").await["errcode"], 40001);
    assert_eq!(bench.phone(&second, "x").await["errcode"], 40029);
    bench.mocks.stop().await;
}

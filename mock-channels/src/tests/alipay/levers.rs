//! Signing in, the wallet that opens order strings, faults, and what is kept.

use serde_json::{Value, json};

use super::super::Bench;
use super::Merchant;
use crate::alipay::seal;

impl Merchant {
    async fn signs_in(&self, app_id: &str, code: &Value) -> super::Answered {
        let params: Vec<_> = self
            .params("alipay.system.oauth.token", &json!({}))
            .into_iter()
            .filter(|(name, _)| name != "biz_content" && name != "app_id")
            .chain([
                ("app_id".to_owned(), app_id.to_owned()),
                ("grant_type".to_owned(), "authorization_code".to_owned()),
                ("code".to_owned(), code.as_str().unwrap().to_owned()),
            ])
            .collect();
        self.send(&params).await
    }

    /// The signed order string of the native app.
    fn order_string(&self, number: &str, yuan: &str) -> String {
        let biz = json!({
            "out_trade_no": number,
            "total_amount": yuan,
            "subject": "交通违法罚款",
            "product_code": "QUICK_MSECURITY_PAY",
        });
        let mut params = self.params("alipay.trade.app.pay", &biz);
        params[0].1 = self.onboarding.alipay.native_app_id.clone();
        self.form(&params)
    }
}

#[actix_web::test]
async fn a_code_signs_in_once_and_only_its_own_app() {
    let merchant = Merchant::start().await;
    let alipay = merchant.onboarding.alipay.clone();
    let got = merchant.lever("/citizens/C00001/alipay-code", json!({})).await;
    let foreign = merchant.signs_in(&alipay.native_app_id, &got["authCode"]).await;
    assert_eq!(foreign.code(), ("40002", "isv.unmatched-app-id"));
    assert!(foreign.text.starts_with("{\"error_response\":"), "{}", foreign.text);
    let signed_in = merchant.signs_in(&alipay.mini_app_id, &got["authCode"]).await;
    assert_eq!(signed_in.signed, Some(true));
    let node = &signed_in.node;
    assert_eq!((&node["open_id"], node.get("user_id")), (&got["openId"], None));
    assert_eq!((node.get("code"), &node["expires_in"]), (None, &json!(1_296_000)));
    let again = merchant.signs_in(&alipay.mini_app_id, &got["authCode"]).await;
    assert_eq!(again.code(), ("40002", "isv.code-invalid"));

    merchant.lever("/alipay/habits", json!({"identity": "both"})).await;
    let got = merchant.lever("/citizens/C00001/alipay-code", json!({})).await;
    merchant.advances(301).await;
    let late = merchant.signs_in(&alipay.mini_app_id, &got["authCode"]).await;
    assert_eq!(late.code(), ("40002", "isv.code-invalid"));
    let got = merchant.lever("/citizens/C00001/alipay-code", json!({})).await;
    let both = merchant.signs_in(&alipay.mini_app_id, &got["authCode"]).await.node;
    assert_eq!((&both["open_id"], &both["user_id"]), (&got["openId"], &got["userId"]));

    let native = json!({"appId": alipay.native_app_id});
    let other = merchant.lever("/citizens/C00001/alipay-code", native).await;
    assert_ne!(other["openId"], got["openId"], "apps cannot compare notes");
    assert_eq!(other["userId"], got["userId"]);
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_token_says_who_its_user_is_and_is_renewed_once() {
    let merchant = Merchant::start().await;
    let app_id = merchant.onboarding.alipay.mini_app_id.clone();
    let got = merchant.lever("/citizens/C00001/alipay-code", json!({})).await;
    let token = merchant.signs_in(&app_id, &got["authCode"]).await.node;
    let text = |name: &str| (name.to_owned(), token[name].as_str().unwrap().to_owned());
    let mut share = merchant.params("alipay.user.info.share", &json!({}));
    share.push(("auth_token".to_owned(), text("access_token").1));
    let answer = merchant.send(&share).await;
    assert!(answer.text.contains("http:\\/\\/"), "slashes are escaped: {}", answer.text);
    let known = answer.good();
    assert_eq!(known["open_id"], got["openId"]);
    assert_eq!(known.get("cert_no"), None, "no field that was not granted");
    let mut nobody = merchant.params("alipay.user.info.share", &json!({}));
    nobody.push(("auth_token".to_owned(), "x".to_owned()));
    assert_eq!(merchant.send(&nobody).await.code(), ("20001", "aop.invalid-auth-token"));

    let mut renew = merchant.params("alipay.system.oauth.token", &json!({}));
    renew.retain(|(name, _)| name != "biz_content");
    renew.push(("grant_type".to_owned(), "refresh_token".to_owned()));
    renew.push(text("refresh_token"));
    assert_eq!(merchant.send(&renew).await.node["open_id"], got["openId"]);
    assert_eq!(merchant.send(&renew).await.code(), ("40002", "isv.refreshed-token-invalid"));
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_phone_number_is_sealed_for_the_app_and_signed_with_its_quotes() {
    let merchant = Merchant::start().await;
    let got = merchant.lever("/citizens/C00001/alipay-code", json!({})).await;
    let text = |name: &str| got["phone"][name].as_str().unwrap();
    let quoted = format!("\"{}\"", text("response"));
    merchant.alipay.verify(quoted.as_bytes(), text("sign")).unwrap();
    assert!(merchant.alipay.verify(text("response").as_bytes(), text("sign")).is_err());
    let plain = seal::open(&merchant.content_key(), text("response")).unwrap();
    let plain: Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(
        (&plain["code"], &plain["mobile"]),
        (&json!("10000"), &merchant.first_citizen().await["phone"])
    );
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_wallet_opens_an_order_string_that_is_signed() {
    let merchant = Merchant::start().await;
    let order = merchant.order_string("A1", "5.00");
    let unopened = merchant.call("alipay.trade.query", json!({"out_trade_no": "A1"})).await;
    assert_eq!(unopened.refused(), "ACQ.TRADE_NOT_EXIST", "until the wallet opens it");
    let opening = json!({"orderString": order, "citizenId": "C00002"});
    let opened = merchant.lever("/alipay/app-cashier", opening.clone()).await;
    assert_eq!(
        (&opened["status"], &opened["product"], &opened["citizenId"]),
        (&json!("WAIT_BUYER_PAY"), &json!("app"), &json!("C00002"))
    );
    assert_eq!(merchant.lever("/alipay/app-cashier", opening).await["tradeNo"], opened["tradeNo"]);
    merchant.pays("A1").await;
    assert_eq!(merchant.status("A1").await, "TRADE_SUCCESS");

    let address =
        format!("https://gateway.example/gateway.do?{}", merchant.order_string("A2", "1.00"));
    merchant.lever("/alipay/app-cashier", json!({"orderString": address})).await;
    let refused = async |order: String| {
        let (status, body) =
            merchant.try_lever("/alipay/app-cashier", json!({"orderString": order})).await;
        assert_eq!(status, 400);
        body["error"].as_str().unwrap().to_owned()
    };
    let changed = merchant.order_string("A3", "500.00").replace("500.00", "5.00");
    assert!(refused(changed).await.starts_with("isv.invalid-signature"));
    let paid = refused(merchant.order_string("A1", "5.00")).await;
    assert!(paid.starts_with("ACQ.TRADE_HAS_SUCCESS"), "{paid}");
    let other = merchant.form(&merchant.params("alipay.trade.query", &json!({})));
    assert!(refused(other).await.starts_with("isv.invalid-method"));
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn faults_hit_the_method_that_is_named() {
    let merchant = Merchant::start().await;
    let fault = async |operation: &str, fault: &str| {
        let body = json!({"channel": "alipay", "operation": operation, "fault": fault});
        merchant.lever("/faults", body).await;
    };
    fault("trade.refund", "error500").await;
    merchant.paid("X1", "1.00").await;
    merchant.lever("/faults", json!({"channel": "alipay", "fault": "unsigned"})).await;
    let query = json!({"out_trade_no": "X1"});
    assert_eq!(merchant.call("alipay.trade.query", query.clone()).await.signed, None);
    fault("trade.query", "wrong-signature").await;
    let wrong = merchant.call("alipay.trade.query", query.clone()).await;
    assert_eq!((wrong.code().0, wrong.signed), ("10000", Some(false)));
    fault("trade.query", "system-error").await;
    let unknown = merchant.call("alipay.trade.query", query.clone()).await;
    assert_eq!((unknown.code(), unknown.signed), (("20000", "isp.unknow-error"), Some(true)));
    merchant.call("alipay.trade.query", query).await.good();

    merchant.bench.http.delete(merchant.url("/control/faults")).send().await.unwrap();
    fault("trade.refund", "system-error").await;
    assert_eq!(merchant.refunds("X1", "A", "1.00").await.code().0, "20000");
    assert_eq!(merchant.status("X1").await, "TRADE_SUCCESS", "not processed");
    fault("trade.refund", "system-error-after").await;
    assert_eq!(merchant.refunds("X1", "A", "1.00").await.code().0, "20000");
    assert_eq!(merchant.status("X1").await, "TRADE_CLOSED", "processed");
    fault("trade.query", "double-answer").await;
    let form = merchant.form(&merchant.params("alipay.trade.query", &json!({"out_trade_no": "N"})));
    let url = &merchant.onboarding.alipay.gateway_url;
    let text = merchant.http.post(url).body(form).send().await.unwrap().text().await.unwrap();
    let parts: Vec<&str> = text.split("\"alipay_trade_query_response\":").collect();
    assert_eq!(parts.len(), 3, "{text}");
    assert!(parts[1].contains("ACQ.TRADE_NOT_EXIST") && parts[2].contains("TRADE_SUCCESS"));
    let taken: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(taken["alipay_trade_query_response"]["code"], "10000", "a careless reader errs");
    let elsewhere = json!({"channel": "exchange", "fault": "system-error"});
    assert_eq!(merchant.try_lever("/faults", elsewhere).await.0, 400);
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn keys_and_trades_outlive_a_restart_and_old_states_get_keys() {
    let folder = std::env::temp_dir().join(format!("alipay-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("state.json");
    let merchant = Merchant::of(Bench::with(Some(path.clone())).await);
    merchant.paid("S1", "1.00").await;
    merchant.lever("/alipay/keys", json!({"signs": "second"})).await;
    let seller = merchant.onboarding.alipay.seller_id.clone();
    merchant.bench.mocks.stop().await;

    let merchant = Merchant::of(Bench::with(Some(path.clone())).await);
    assert_eq!(merchant.onboarding.alipay.seller_id, seller);
    let answer = merchant.call("alipay.trade.query", json!({"out_trade_no": "S1"})).await;
    assert_eq!(answer.node["trade_status"], "TRADE_SUCCESS");
    assert_eq!(answer.signed, Some(false), "the second key still signs");
    merchant.bench.mocks.stop().await;

    let mut state: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    state.as_object_mut().unwrap().remove("alipay");
    std::fs::write(&path, state.to_string()).unwrap();
    let merchant = Merchant::of(Bench::with(Some(path.clone())).await);
    assert_ne!(merchant.onboarding.alipay.seller_id, seller);
    merchant.creates("S2", "1.00", None).await;
    merchant.bench.mocks.stop().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

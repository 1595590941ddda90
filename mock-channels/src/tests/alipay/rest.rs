//! Version 3: signatures in headers, errors as HTTP statuses.

use serde_json::{Value, json};

use super::Merchant;
use crate::alipay::{cert, rest};

struct Rest {
    status: u16,
    body: Value,
    signed: Option<bool>,
    sn: Option<String>,
}

impl Merchant {
    fn authorization(&self, method: &str, target: &str, body: &str, extra: &str) -> String {
        let app_id = &self.onboarding.alipay.mini_app_id;
        let at_ms = self.mocks.clock().now_ms();
        let text = format!("app_id={app_id}{extra},nonce=5f9fba93,timestamp={at_ms}");
        let message = rest::message(&text, method, target, body.as_bytes(), None);
        format!("ALIPAY-SHA256withRSA {text},sign={}", self.key.sign(&message).unwrap())
    }

    async fn rest(&self, method: &str, target: &str, body: &str, headers: &[(&str, &str)]) -> Rest {
        let mut request = self.http.request(method.parse().unwrap(), self.url(target));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body.to_owned()).send().await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (status, sn) = (answer.status().as_u16(), header("alipay-sn"));
        let (at, nonce) = (header("alipay-timestamp"), header("alipay-nonce"));
        let sign = header("alipay-signature");
        let text = answer.text().await.unwrap();
        let message =
            format!("{}\n{}\n{text}\n", at.unwrap_or_default(), nonce.unwrap_or_default());
        let signed = sign.map(|sign| self.alipay.verify(message.as_bytes(), &sign).is_ok());
        Rest { status, body: serde_json::from_str(&text).unwrap(), signed, sn }
    }

    async fn v3(&self, path: &str, body: Value) -> Rest {
        let (target, body) = (format!("/v3/alipay/{path}"), body.to_string());
        let authorization = self.authorization("POST", &target, &body, "");
        self.rest("POST", &target, &body, &[("Authorization", &authorization)]).await
    }
}

#[actix_web::test]
async fn the_methods_are_the_same_under_paths() {
    let merchant = Merchant::start().await;
    let mut order = merchant.order("V1", "10.00").await;
    order["total_amount"] = json!(10.5);
    order["notify_url"] = json!("http://127.0.0.1:9/callbacks/alipay");
    let created = merchant.v3("trade/create", order).await;
    assert_eq!((created.status, created.signed, created.sn), (200, Some(true), None));
    assert_eq!(created.body.get("code"), None, "no code in a success");
    let trade = merchant.look("/alipay/trades/V1").await;
    assert_eq!(
        (&trade["totalFen"], &trade["notifyUrl"]),
        (&json!(1_050), &json!("http://127.0.0.1:9/callbacks/alipay"))
    );
    merchant.pays("V1").await;
    let query = merchant.v3("trade/query", json!({"out_trade_no": "V1"})).await;
    assert_eq!((query.signed, &query.body["trade_status"]), (Some(true), &json!("TRADE_SUCCESS")));
    let refund = json!({"out_trade_no": "V1", "out_request_no": "A", "refund_amount": "10.50"});
    assert_eq!(merchant.v3("trade/refund", refund).await.body["fund_change"], "Y");
    let asked = json!({"out_trade_no": "V1", "out_request_no": "A"});
    let known = merchant.v3("trade/fastpay/refund/query", asked).await;
    assert_eq!(known.body["refund_status"], "REFUND_SUCCESS");
    let closed = merchant.v3("trade/close", json!({"out_trade_no": "V1"})).await;
    assert_eq!((closed.status, &closed.body["code"]), (400, &json!("ACQ.TRADE_STATUS_ERROR")));
    assert_eq!(closed.signed, None, "errors are not signed");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_bill_is_asked_for_by_get() {
    let merchant = Merchant::start().await;
    merchant.paid("V2", "1.00").await;
    merchant.lever("/clock", json!({"nextDayAt": "09:00"})).await;
    let target = "/v3/alipay/data/dataservice/bill/downloadurl/query\
                  ?bill_type=trade&bill_date=2026-03-02";
    let authorization = merchant.authorization("GET", target, "", "");
    let bill = merchant.rest("GET", target, "", &[("Authorization", &authorization)]).await;
    assert_eq!((bill.status, bill.signed), (200, Some(true)));
    assert!(bill.body["bill_download_url"].as_str().unwrap().starts_with("http://"));
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn who_is_not_known_gets_an_unsigned_error() {
    let merchant = Merchant::start().await;
    let target = "/v3/alipay/trade/query";
    let body = "{\"out_trade_no\":\"NONE\"}";
    let none = merchant.v3("trade/query", json!({"out_trade_no": "NONE"})).await;
    assert_eq!((none.status, &none.body["code"]), (400, &json!("ACQ.TRADE_NOT_EXIST")));
    let good = merchant.authorization("POST", target, body, "");
    let (stale, _) = good.split_once("timestamp=").unwrap();
    let stale = format!("{stale}timestamp=1,sign=AAAA");
    let alien = good.replace(&merchant.onboarding.alipay.mini_app_id, "2021000000000000");
    for (headers, code) in [
        (vec![], "missing-timestamp"),
        (vec![("Authorization", stale.as_str())], "invalid-timestamp"),
        (vec![("Authorization", alien.as_str())], "invalid-app-id"),
    ] {
        let refused = merchant.rest("POST", target, body, &headers).await;
        assert_eq!((refused.status, refused.signed), (400, None));
        assert_eq!(refused.body["code"], code);
    }
    let other_body = body.replace("NONE", "SOME");
    let headers = [("Authorization", good.as_str())];
    let refused = merchant.rest("POST", target, &other_body, &headers).await;
    assert_eq!(refused.body["code"], "invalid-signature");
    let nowhere = merchant.v3("trade/app/pay", json!({})).await;
    assert_eq!(nowhere.body["code"], "invalid-method", "order strings have no path");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn certificate_mode_is_in_the_headers() {
    let merchant = Merchant::start().await;
    let [(_, own), (_, root)] = merchant.serials();
    let (target, body) = ("/v3/alipay/trade/query", "{\"out_trade_no\":\"V3\"}");
    merchant.creates("V3", "1.00", None).await;
    let authorization =
        merchant.authorization("POST", target, body, &format!(",app_cert_sn={own}"));
    let headers =
        [("Authorization", authorization.as_str()), ("alipay-root-cert-sn", root.as_str())];
    let answer = merchant.rest("POST", target, body, &headers).await;
    assert_eq!((answer.status, answer.signed), (200, Some(true)));
    assert_eq!(answer.sn, cert::serial(&merchant.onboarding.alipay.alipay_cert_pem));
    let without_root = merchant.rest("POST", target, body, &headers[..1]).await;
    assert_eq!(without_root.body["code"], "invalid-alipay-root-cert-sn");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_breakdown_says_that_nobody_knows() {
    let merchant = Merchant::start().await;
    let fault = json!({"channel": "alipay", "operation": "trade.query", "fault": "system-error"});
    merchant.lever("/faults", fault).await;
    let answer = merchant.v3("trade/query", json!({"out_trade_no": "V4"})).await;
    assert_eq!((answer.status, &answer.body["code"]), (500, &json!("unknow-error")));
    merchant.creates("V4", "1.00", None).await;
    let fault = json!({"channel": "alipay", "operation": "trade.query", "fault": "unsigned"});
    merchant.lever("/faults", fault).await;
    let answer = merchant.v3("trade/query", json!({"out_trade_no": "V4"})).await;
    assert_eq!((answer.status, answer.signed), (200, None));
    merchant.bench.mocks.stop().await;
}

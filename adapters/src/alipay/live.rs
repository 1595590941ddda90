use super::*;
use crate::http::{Deadlines, HttpClient};
use crate::system::SystemClock;
use domain::clock::Clock;
use domain::identity::{Channel, ChannelIdentity, OpenId};
use domain::ids::*;
use domain::money::PayableFen;
use domain::payment::*;
use domain::reconciliation::StatementSource;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

const B: &str = "http://127.0.0.1:18471";
struct MockClock;
impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        let _ = SystemClock;
        let out = std::process::Command::new("curl").args(["-s", &format!("{B}/control/clock")]).output().unwrap();
        let v: Value = serde_json::from_slice(&out.stdout).unwrap();
        let ms = ["nowMs", "atMs", "ms", "now"].iter().find_map(|k| v[*k].as_i64()).unwrap_or_else(|| panic!("{v}"));
        Timestamp::from_millisecond(ms).unwrap()
    }
}
fn ctl(path: &str, body: Option<Value>) -> Value {
    let mut c = std::process::Command::new("curl");
    c.args(["-s", &format!("{B}/control/{path}")]);
    if let Some(b) = body { c.args(["-d", &b.to_string(), "-H", "content-type: application/json"]); }
    let out = c.output().unwrap();
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| json!(String::from_utf8_lossy(&out.stdout)))
}
#[tokio::test]
async fn live() {
    println!("clock {}", ctl("clock", None));
    let ob = ctl("onboarding", None)["alipay"].clone();
    let t = |k: &str| ob[k].as_str().unwrap().to_owned();
    for mode in ["key", "cert"] {
        let trust = if mode == "key" { AlipayTrustConfig::Keys { platform_keys_pem: vec![t("alipay_public_key_pem")] } } else {
            AlipayTrustConfig::Certificates { root_certificates_pem: t("alipay_root_cert_pem"), platform_certificates_pem: vec![t("alipay_cert_pem")] } };
        let app = |id: &str, c: &str| AlipayAppConfig { app_id: t(id), private_key_pem: t("app_private_key_pem"), certificate_pem: Some(t(c)) };
        let config = AlipayConfig { gateway_url: t("gateway_url"), seller_id: t("seller_id"), mini: app("mini_app_id", "mini_app_cert_pem"), native: Some(app("native_app_id", "native_app_cert_pem")), trust, content_key: Some(t("content_key_base64")), notify_url: "http://127.0.0.1:9/callbacks/alipay".into(), order_limit: PayableFen::USUAL_ORDER_LIMIT };
        let http = HttpClient::new(Deadlines::USUAL).unwrap();
        let account = Arc::new(AlipayAccount::new(&config, http, Arc::new(MockClock)).unwrap());
        let (rail, refunds) = (AlipayRail::new(account.clone()), AlipayRefunds::new(account.clone()));
        let mini = AlipayMiniProgram::new(account.clone());
        if mode == "cert" { println!("keys {}", ctl("alipay/keys", Some(json!({"signs":"second"})))); }
        let code = ctl("citizens/C00001/alipay-code", Some(json!({})));
        println!("code {code}");
        let auth = code["authCode"].as_str().or(code["code"].as_str()).unwrap();
        let who = mini.account_of(auth).await;
        println!("who {who:?}");
        println!("again {:?}", mini.account_of(auth).await);
        let who = who.unwrap();
        for (k, v) in code.as_object().unwrap() { if v.is_object() || v.as_str().is_some_and(|s| s.starts_with('{')) { let text = v.as_str().map(str::to_owned).unwrap_or(v.to_string()); println!("phone {k} {:?}", mini.phone_of(&text).await); } }
        let now = MockClock.now();
        let mk = |n: &str, fen: i64, cashier| RailOrder { no: PaymentNo::new(&format!("{n}{mode}{}", now.as_second())).unwrap(), amount: PayableFen::new(fen).unwrap(), description: "罚款".into(), cashier, payer: Some(who.open_id.clone()), made_at: now, expires_at: now + jiff::SignedDuration::from_secs(900) };
        let _ = OpenId::new("x");
        let o = mk("YWA", 20001, CashierKind::AlipayMini);
        println!("nf {:?}", rail.query(&o.key()).await);
        println!("submit {:?}", rail.submit(&o).await);
        println!("submit again {:?}", rail.submit(&o).await);
        println!("open {:?}", rail.query(&o.key()).await);
        println!("approve {}", ctl(&format!("alipay/trades/{}/approve", o.no), Some(json!({}))));
        let paid = rail.query(&o.key()).await;
        println!("paid {paid:?}");
        println!("submit paid {:?}", rail.submit(&o).await);
        println!("close paid {:?}", rail.close(&o.key()).await);
        let RailOrderState::Paid(r) = paid.unwrap() else { panic!() };
        let rf = |n: &str, fen| RefundOrder { no: RefundNo::new(&format!("{n}{mode}{}", now.as_second())).unwrap(), payment: o.key(), txn: r.money.txn.clone(), paid: o.amount, amount: PayableFen::new(fen).unwrap(), reason: "重复".into(), made_at: now };
        println!("rq none {:?}", refunds.query_refund(&rf("RFA", 3000)).await);
        println!("r1 {:?}", refunds.refund(&rf("RFA", 3000)).await);
        println!("r1 again {:?}", refunds.refund(&rf("RFA", 3000)).await);
        println!("r1 other {:?}", refunds.refund(&rf("RFA", 3001)).await);
        println!("r over {:?}", refunds.refund(&rf("RFB", 20001)).await);
        ctl("alipay/refund-outcomes", Some(json!({"outcomes":["pending","no-balance","system-error-after","system-error-before"]})));
        println!("pending {:?}", refunds.refund(&rf("RFP", 100)).await);
        println!("pending q {:?}", refunds.query_refund(&rf("RFP", 100)).await);
        println!("finish {}", ctl(&format!("alipay/trades/{}/refunds/{}/finish", o.no, rf("RFP", 100).no), Some(json!({}))));
        println!("pending q {:?}", refunds.query_refund(&rf("RFP", 100)).await);
        println!("nobal {:?}", refunds.refund(&rf("RFN", 100)).await);
        println!("sysafter {:?}", refunds.refund(&rf("RFS", 100)).await);
        println!("sysafter again {:?}", refunds.refund(&rf("RFS", 100)).await);
        println!("sysbefore {:?}", refunds.refund(&rf("RFT", 100)).await);
        println!("rest {:?}", refunds.refund(&rf("RFC", 20001 - 3000 - 200)).await);
        println!("closed-refunded {:?}", rail.query(&o.key()).await);
        println!("after full {:?}", refunds.refund(&rf("RFX", 100)).await);
        let c = mk("YWC", 500, CashierKind::AlipayMini);
        println!("close nf {:?}", rail.close(&c.key()).await);
        println!("{:?} close {:?} again {:?} q {:?}", rail.submit(&c).await.is_ok(), rail.close(&c.key()).await, rail.close(&c.key()).await, rail.query(&c.key()).await);
        println!("submit closed {:?}", rail.submit(&c).await);
        let a = mk("YWN", 700, rail_cashier(&rail));
        let Cashier::AlipayApp { order_string } = rail.submit(&a).await.unwrap() else { panic!() };
        println!("app nf {:?} close {:?}", rail.query(&a.key()).await, rail.close(&a.key()).await);
        println!("wallet {}", ctl("alipay/app-cashier", Some(json!({"orderString": order_string, "citizenId": "C00001"}))));
        println!("app open {:?}", rail.query(&a.key()).await);
        println!("approve {}", ctl(&format!("alipay/trades/{}/approve", a.no), Some(json!({}))));
        println!("app paid {:?}", rail.query(&a.key()).await);
        println!("callbacks {}", ctl("callbacks", None).to_string().chars().take(3000).collect::<String>());
        let day = domain::clock::beijing_day(MockClock.now());
        println!("bill today {:?}", AlipayStatements::new(account.clone()).fetch(day).await.map(|s| s.lines.len()));
        ctl("clock", Some(json!({"nextDayAt":"10:00"})));
        let bill = AlipayStatements::new(account.clone()).fetch(day).await;
        println!("bill {:?}", bill.as_ref().map(|s| (&s.lines, &s.quarantined, s.trailer, s.check(day, rail.merchant()))));
        println!("bill earlier {:?}", AlipayStatements::new(account.clone()).fetch(jiff::civil::date(2026, 11, 20)).await.map(|s| s.lines.len()));
    }
}
fn rail_cashier(rail: &AlipayRail) -> CashierKind { PaymentRail::cashier(rail, Channel::App).unwrap() }

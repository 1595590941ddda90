//! Money that goes back through the real rails: by itself, and because two persons agreed.

mod by_request;
mod by_rule;
mod callbacks;
mod rejected;
mod stuck;

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::desk::Desk;
use tests::levers::eventually;

const RAILS: [&str; 3] = ["WECHAT_PAY", "ALIPAY", "UNIONPAY"];
const FEN: i64 = 20_000;

/// A payer in the channel of a rail.
struct Payer<'a> {
    app: &'a TestApp,
    citizen: Citizen,
    rail: &'static str,
}

impl<'a> Payer<'a> {
    async fn arrives(app: &'a TestApp, rail: &'static str) -> Self {
        let facts = app.levers.citizen().await;
        Self::of(app, rail, facts).await
    }

    async fn of(app: &'a TestApp, rail: &'static str, facts: Value) -> Self {
        let (url, levers) = (&app.node.base_url, &app.levers);
        let citizen = match rail {
            "WECHAT_PAY" => Citizen::signs_in(url, levers, facts).await,
            "ALIPAY" => Citizen::signs_in_at_alipay(url, levers, facts).await,
            _ => Citizen::signs_in_by_phone(url, levers, facts).await,
        };
        Self { app, citizen, rail }
    }

    async fn gets_notice(&self, notice: Value) -> String {
        let id = self.citizen.facts["citizenId"].as_str().unwrap();
        self.app.levers.notice(id, notice).await
    }

    async fn starts(&self, notices: &[&str], fen: i64) -> String {
        let mut wish = Citizen::wish(notices[0], fen, &format!("{}-{}", self.rail, notices[0]));
        wish["noticeNos"] = json!(notices);
        wish["rail"] = self.rail.into();
        let started = self.citizen.starts(&wish).await;
        assert_eq!(started["userErrors"], json!([]), "{}: {started}", self.rail);
        started["payment"]["paymentNo"].as_str().unwrap().to_owned()
    }

    /// Ends the attempt: by word, or by time where the rail cannot close an order.
    async fn gives_up(&self, no: &str) {
        self.citizen.cancels(no).await;
        if self.rail == "UNIONPAY" {
            self.app.levers.advance(23 * 60).await;
        }
        self.citizen.waits_for(no, "CLOSED").await;
    }

    /// The rail takes the money, although the order is closed.
    async fn pays(&self, no: &str) {
        let place = match self.rail {
            "WECHAT_PAY" => "orders",
            "ALIPAY" => "alipay/trades",
            _ => "unionpay/orders",
        };
        self.app.levers.pull(&format!("{place}/{no}/approve"), json!({ "force": true })).await;
    }

    /// Waits until the payment stands there; time goes on meanwhile, as it does for workers that
    /// wait longer after every try.
    async fn waits_for(&self, no: &str, status: &str) -> Value {
        eventually(&format!("{no} {status}"), || async {
            let payment = self.citizen.payment(no).await;
            if payment["status"] == status {
                return Some(payment);
            }
            self.app.levers.advance(5).await;
            None
        })
        .await
    }

    /// Waits for the receipts of everything.
    async fn waits_for_receipt(&self, no: &str) -> Value {
        self.citizen.waits_for_receipt(no).await
    }

    /// The citizen's own view of what goes back.
    async fn reads_refunds(&self, no: &str) -> Vec<Value> {
        let query = "{viewer{payments(first:100){nodes{paymentNo refundable{fen} \
                     refunds{refundNo amount{fen} status reason}}}}}";
        let data = self.citizen.reads(query).await;
        let nodes = data["viewer"]["payments"]["nodes"].as_array().unwrap().clone();
        let found = nodes.into_iter().find(|payment| payment["paymentNo"] == no).unwrap();
        found["refunds"].as_array().unwrap().clone()
    }

    /// Asks for money of a notice; the payload.
    async fn asks_back(&self, no: &str, notice: &str, fen: Option<i64>, key: &str) -> Value {
        let input = json!({
            "paymentNo": no, "noticeNo": notice, "amount": fen, "reason": "多缴",
            "idempotencyKey": key
        });
        let fields = "refund{refundNo amount{fen} status}";
        self.citizen.mutation("requestRefund", "RequestRefundInput", fields, &input).await
    }

    /// A paid and receipted notice of somebody whose refunds the gateway approves at once.
    async fn approved_at_once(app: &'a TestApp, rail: &'static str) -> (Self, String, String) {
        let facts = app.levers.pull("citizens", json!({ "name": "退付通过" })).await;
        let payer = Self::of(app, rail, facts).await;
        let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
        let no = payer.starts(&[&notice], FEN).await;
        payer.pays(&no).await;
        payer.waits_for_receipt(&no).await;
        (payer, notice, no)
    }
}

/// The refunds of an order, as its rail has them: number and fen.
async fn at_rail(app: &TestApp, rail: &str, no: &str) -> Vec<(String, i64)> {
    let (all, number) = match rail {
        "WECHAT_PAY" => {
            (app.levers.look("wechat-pay/refunds").await["refunds"].clone(), "refundNo")
        }
        "ALIPAY" => {
            let trade = app.levers.look(&format!("alipay/trades/{no}")).await;
            (trade["refunds"].clone(), "outRequestNo")
        }
        _ => (app.levers.look("unionpay/orders").await["orders"].clone(), "orderId"),
    };
    let mine = |one: &&Value| match rail {
        "WECHAT_PAY" => one["outTradeNo"] == no,
        "ALIPAY" => true,
        _ => one["kind"].as_str().unwrap().eq_ignore_ascii_case("refund"),
    };
    let all = all.as_array().unwrap().iter().filter(mine);
    all.map(|one| (one[number].as_str().unwrap().to_owned(), one["amountFen"].as_i64().unwrap()))
        .collect()
}

/// Nothing is owed back and nothing is under way, by any rail.
async fn nothing_is_owed(app: &TestApp) {
    for rail in RAILS {
        for account in ["refund_due", "refunding", "suspense"] {
            assert_eq!(app.on_account(&format!("{account}:{rail}")).await, 0, "{account} {rail}");
        }
    }
}

/// The gateway knows where to call us.
async fn gateway_calls_us(app: &TestApp) {
    let url = format!("{}/callbacks/non-tax", app.node.base_url);
    app.levers.pull("gateway/settings", json!({ "notifyUrl": url })).await;
}

/// The history of a refund at the desk: what was done, in order.
async fn done_to(desk: &Desk, number: &str) -> Vec<String> {
    let query = format!("{{refund(refundNo:\"{number}\"){{history{{what status by}}}}}}");
    let history = desk.reads(&query).await["refund"]["history"].as_array().unwrap().clone();
    history.iter().map(|line| line["what"].as_str().unwrap().to_owned()).collect()
}

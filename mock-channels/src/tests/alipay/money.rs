//! Trades and refunds.

use serde_json::{Value, json};

use super::Merchant;

#[actix_web::test]
async fn a_trade_is_created_once_paid_once_and_then_stays_paid() {
    let merchant = Merchant::start().await;
    let trade_no = merchant.creates("T1", "88.88", None).await;
    assert_eq!((trade_no.len(), &trade_no[..12]), (28, "202603022200"));
    assert_eq!(merchant.creates("T1", "88.88", None).await, trade_no, "a repeat is the same");
    assert_eq!(merchant.status("T1").await, "WAIT_BUYER_PAY");

    let create = async |change: fn(&mut Value)| {
        let mut order = merchant.order("T1", "88.88").await;
        change(&mut order);
        merchant.call("alipay.trade.create", order).await.refused()
    };
    assert_eq!(create(|o| o["total_amount"] = json!("88.89")).await, "ACQ.CONTEXT_INCONSISTENT");
    assert_eq!(create(|o| o["subject"] = json!("别的")).await, "ACQ.CONTEXT_INCONSISTENT");
    let other = merchant.lever("/citizens/C00002/alipay-code", json!({})).await;
    let mut stolen = merchant.order("T1", "88.88").await;
    stolen["buyer_open_id"] = other["openId"].clone();
    let refused = merchant.call("alipay.trade.create", stolen).await.refused();
    assert_eq!(refused, "ACQ.TRADE_BUYER_NOT_MATCH");

    merchant.pays("T1").await;
    let by_number = json!({"trade_no": trade_no, "out_trade_no": "WRONG"});
    let paid = merchant.call("alipay.trade.query", by_number).await.good();
    assert_eq!(
        (&paid["trade_status"], &paid["total_amount"], &paid["buyer_pay_amount"]),
        (&json!("TRADE_SUCCESS"), &json!("88.88"), &json!("88.88"))
    );
    assert_eq!(paid["fund_bill_list"][0]["fund_channel"], "ALIPAYACCOUNT");
    assert_eq!(paid["buyer_logon_id"], "139****0001");
    assert_eq!(create(|_| {}).await, "ACQ.TRADE_HAS_SUCCESS");
    let close = json!({"out_trade_no": "T1"});
    let refused = merchant.call("alipay.trade.close", close).await.refused();
    assert_eq!(refused, "ACQ.TRADE_STATUS_ERROR");
    let (again, _) = merchant.try_lever("/alipay/trades/T1/approve", json!({})).await;
    assert_eq!(again, 409, "money comes once");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn fields_of_an_order_have_rules() {
    let merchant = Merchant::start().await;
    for (name, value) in [
        ("out_trade_no", json!("with-hyphen")),
        ("out_trade_no", json!("x".repeat(65))),
        ("out_trade_no", json!(null)),
        ("total_amount", json!("0.00")),
        ("total_amount", json!("1.001")),
        ("subject", json!("a=b")),
        ("subject", json!("")),
        ("product_code", json!("QUICK_MSECURITY_PAY")),
        ("op_app_id", json!("2021000000000000")),
        ("buyer_open_id", json!("074aNobody")),
        ("buyer_open_id", json!(null)),
        ("time_expire", json!("2026-03-02T10:00:00")),
        ("timeout_express", json!("16d")),
        ("body", json!("x".repeat(129))),
    ] {
        let mut order = merchant.order("F1", "1.00").await;
        order[name] = value.clone();
        let refused = merchant.call("alipay.trade.create", order).await.refused();
        assert_eq!(refused, "ACQ.INVALID_PARAMETER", "{name} {value}");
    }
    let mut late = merchant.order("F1", "1.00").await;
    late["time_expire"] = json!("2026-03-02 08:59:59");
    let refused = merchant.call("alipay.trade.create", late).await.refused();
    assert_eq!(refused, "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR");
    // By the number that Alipay has for a person everywhere.
    let code = merchant.lever("/citizens/C00001/alipay-code", json!({})).await;
    let mut old = merchant.order("F2", "1.00").await;
    old["buyer_open_id"] = json!(null);
    old["buyer_id"] = code["userId"].clone();
    merchant.call("alipay.trade.create", old).await.good();
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_trade_closes_at_its_deadline_and_by_order() {
    let merchant = Merchant::start().await;
    let mut order = merchant.order("E1", "1.00").await;
    order["timeout_express"] = json!("30m");
    merchant.call("alipay.trade.create", order).await.good();
    merchant.advances(1_790).await;
    assert_eq!(merchant.status("E1").await, "WAIT_BUYER_PAY");
    merchant.advances(15).await;
    assert_eq!(merchant.status("E1").await, "TRADE_CLOSED");
    let (status, _) = merchant.try_lever("/alipay/trades/E1/approve", json!({})).await;
    assert_eq!(status, 409);
    merchant.lever("/alipay/trades/E1/approve", json!({"force": true})).await;
    assert_eq!(merchant.status("E1").await, "TRADE_SUCCESS", "late money counts");

    merchant.creates("E2", "1.00", None).await;
    merchant.call("alipay.trade.close", json!({"out_trade_no": "E2"})).await.good();
    assert_eq!(merchant.status("E2").await, "TRADE_CLOSED");
    let again = merchant.order("E2", "1.00").await;
    let refused = merchant.call("alipay.trade.create", again).await.refused();
    assert_eq!(refused, "ACQ.TRADE_HAS_CLOSE");
    let none = merchant.call("alipay.trade.close", json!({"out_trade_no": "NONE"})).await;
    assert_eq!(none.refused(), "ACQ.TRADE_NOT_EXIST");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_cancel_closes_or_gives_back() {
    let merchant = Merchant::start().await;
    let cancel = async |number: &str| {
        merchant.call("alipay.trade.cancel", json!({"out_trade_no": number})).await.good()
    };
    let nothing = cancel("C0").await;
    assert_eq!((&nothing["retry_flag"], nothing.get("action")), (&json!("N"), None));
    merchant.creates("C1", "1.00", None).await;
    assert_eq!(cancel("C1").await["action"], "close");
    merchant.paid("C2", "1.00").await;
    assert_eq!(cancel("C2").await["action"], "refund");
    assert_eq!(merchant.status("C2").await, "TRADE_CLOSED");
    assert_eq!(merchant.look("/alipay/trades/C2").await["refunds"][0]["amountFen"], 100);
    assert_eq!(cancel("C2").await.get("action"), None, "undone once");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn refunds_are_idempotent_and_never_more_than_was_paid() {
    let merchant = Merchant::start().await;
    merchant.creates("R1", "10.00", None).await;
    let early = merchant.refunds("R1", "A", "1.00").await;
    assert_eq!(early.refused(), "ACQ.TRADE_STATUS_ERROR");
    merchant.pays("R1").await;

    let first = merchant.refunds("R1", "A", "4.00").await.good();
    assert_eq!((&first["fund_change"], &first["refund_fee"]), (&json!("Y"), &json!("4.00")));
    let repeat = merchant.refunds("R1", "A", "4.00").await.good();
    assert_eq!((&repeat["fund_change"], &repeat["refund_fee"]), (&json!("N"), &json!("4.00")));
    let other = merchant.refunds("R1", "A", "5.00").await.refused();
    assert_eq!(other, "ACQ.DISCORDANT_REPEAT_REQUEST");
    let over = merchant.refunds("R1", "B", "6.01").await.refused();
    assert_eq!(over, "ACQ.REASON_TRADE_REFUND_FEE_ERR");
    let nameless = json!({"out_trade_no": "R1", "refund_amount": "1.00"});
    let nameless = merchant.call("alipay.trade.refund", nameless).await.refused();
    assert_eq!(nameless, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL");

    assert_eq!(merchant.status("R1").await, "TRADE_SUCCESS");
    let rest = merchant.refunds("R1", "B", "6.00").await.good();
    assert_eq!(rest["refund_fee"], "10.00", "everything so far, not this refund alone");
    assert_eq!(merchant.status("R1").await, "TRADE_CLOSED");
    let more = merchant.refunds("R1", "C", "0.01").await.refused();
    assert_eq!(more, "ACQ.REASON_TRADE_REFUND_FEE_ERR");

    let query = async |request: &str| {
        let biz = json!({"out_trade_no": "R1", "out_request_no": request,
            "query_options": ["gmt_refund_pay"]});
        merchant.call("alipay.trade.fastpay.refund.query", biz).await.good()
    };
    let known = query("A").await;
    assert_eq!(
        (&known["refund_status"], &known["refund_amount"], &known["total_amount"]),
        (&json!("REFUND_SUCCESS"), &json!("4.00"), &json!("10.00"))
    );
    assert!(known["gmt_refund_pay"].is_string());
    assert_eq!(query("Z").await.as_object().unwrap().len(), 2, "nothing but code and msg");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn refunds_end_as_testers_decide() {
    let merchant = Merchant::start().await;
    merchant.paid("O1", "10.00").await;
    let outcomes = json!({"outcomes":
        ["no-balance", "system-error-before", "system-error-after", "pending", "pending"]});
    merchant.lever("/alipay/refund-outcomes", outcomes).await;
    let poor = merchant.refunds("O1", "A", "1.00").await.refused();
    assert_eq!(poor, "ACQ.SELLER_BALANCE_NOT_ENOUGH");
    assert_eq!(merchant.refunds("O1", "A", "1.00").await.refused(), "ACQ.SYSTEM_ERROR");
    let trade = merchant.look("/alipay/trades/O1").await;
    assert_eq!(trade["refunds"], json!([]), "nothing moved yet");
    assert_eq!(merchant.refunds("O1", "A", "1.00").await.refused(), "ACQ.SYSTEM_ERROR");
    let repeat = merchant.refunds("O1", "A", "1.00").await.good();
    assert_eq!(
        (&repeat["fund_change"], &repeat["refund_fee"]),
        (&json!("N"), &json!("1.00")),
        "it was done after all"
    );

    let waiting = merchant.refunds("O1", "B", "2.00").await.good();
    assert_eq!((&waiting["fund_change"], &waiting["refund_fee"]), (&json!("N"), &json!("1.00")));
    let query = async |request: &str| {
        let biz = json!({"out_trade_no": "O1", "out_request_no": request});
        merchant.call("alipay.trade.fastpay.refund.query", biz).await.good()
    };
    assert_eq!(query("B").await.get("refund_status"), None);
    merchant.lever("/alipay/trades/O1/refunds/B/finish", json!({})).await;
    assert_eq!(query("B").await["refund_status"], "REFUND_SUCCESS");
    merchant.refunds("O1", "C", "7.00").await.good();
    merchant.lever("/alipay/trades/O1/refunds/C/fail", json!({})).await;
    assert_eq!(query("C").await.get("refund_status"), None);
    let again = merchant.refunds("O1", "C", "7.00").await.good();
    assert_eq!(again["fund_change"], "Y", "a refund that failed may be tried again");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_trade_is_finished_when_its_refund_window_ends() {
    let merchant = Merchant::start().await;
    merchant.paid("W1", "1.00").await;
    merchant.advances(366 * 24 * 3600).await;
    assert_eq!(merchant.status("W1").await, "TRADE_FINISHED");
    let late = merchant.refunds("W1", "A", "1.00").await.refused();
    assert_eq!(late, "ACQ.TRADE_HAS_FINISHED");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn some_amounts_bring_outcomes_of_their_own() {
    let merchant = Merchant::start().await;
    merchant.creates("M1", "99.01", None).await;
    let (declined, _) = merchant.try_lever("/alipay/trades/M1/approve", json!({})).await;
    assert_eq!((declined, merchant.status("M1").await), (409, "WAIT_BUYER_PAY".to_owned()));

    merchant.paid("M2", "199.02").await;
    assert_eq!(merchant.status("M2").await, "WAIT_BUYER_PAY", "on its way");
    merchant.advances(61).await;
    assert_eq!(merchant.status("M2").await, "TRADE_SUCCESS");

    let order = merchant.order("M3", "99.03").await;
    let unknown = merchant.call("alipay.trade.create", order.clone()).await;
    assert_eq!(unknown.code(), ("20000", "isp.unknow-error"));
    assert_eq!(merchant.status("M3").await, "WAIT_BUYER_PAY", "created after all");
    merchant.call("alipay.trade.create", order).await.good();

    merchant.creates("M5", "99.05", None).await;
    merchant.call("alipay.trade.close", json!({"out_trade_no": "M5"})).await.good();
    assert_eq!(merchant.status("M5").await, "TRADE_CLOSED");
    merchant.advances(61).await;
    assert_eq!(merchant.status("M5").await, "TRADE_SUCCESS");

    merchant.creates("M6", "99.06", None).await;
    merchant.advances(4).await;
    assert_eq!(merchant.status("M6").await, "TRADE_SUCCESS");

    merchant.paid("M7", "99.07").await;
    let slow = merchant.refunds("M7", "A", "99.07").await.good();
    assert_eq!((&slow["fund_change"], &slow["refund_fee"]), (&json!("N"), &json!("0.00")));
    merchant.advances(601).await;
    assert_eq!(merchant.status("M7").await, "TRADE_CLOSED");

    merchant.paid("M8", "99.08").await;
    let poor = merchant.refunds("M8", "A", "1.00").await.refused();
    assert_eq!(poor, "ACQ.SELLER_BALANCE_NOT_ENOUGH");
    merchant.paid("M9", "99.09").await;
    assert_eq!(merchant.refunds("M9", "A", "1.00").await.refused(), "ACQ.SYSTEM_ERROR");
    assert_eq!(merchant.refunds("M9", "A", "1.00").await.good()["refund_fee"], "1.00");
    merchant.bench.mocks.stop().await;
}

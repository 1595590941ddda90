//! Money that goes back through the real rails: by itself, and because two persons agreed.

use adapters::http::{Deadlines, HttpClient};
use adapters::system::RandomIds;
use adapters::wechat::{WeChatPayAccount, WeChatPayConfig, WeChatPayRefunds};
use bff::demo::{BesideClock, channels_of};
use domain::identity::StaffRole;
use domain::ids::{PaymentNo, RefundNo};
use domain::money::{FinanceLevel, PayableFen};
use domain::payment::{OrderKey, RailRefunds as _, RailTxn, RefundOrder};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
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

#[tokio::test(flavor = "multi_thread")]
async fn dishonoured_late_money_goes_back_by_itself_on_every_rail() {
    for rail in RAILS {
        for lever in ["withdraw", "pay-elsewhere"] {
            let app = TestApp::start().await;
            let payer = Payer::arrives(&app, rail).await;
            let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
            let no = payer.starts(&[&notice], FEN).await;
            payer.gives_up(&no).await;
            app.levers.pull(&format!("notices/{notice}/{lever}"), json!({})).await;
            payer.pays(&no).await;
            let payment = payer.waits_for(&no, "REFUNDED").await;
            let history = payment["history"].as_array().unwrap().iter();
            let history: Vec<_> = history.map(|line| line["status"].as_str().unwrap()).collect();
            assert!(
                history.ends_with(&["CLOSED", "REFUND_DUE", "REFUNDING", "REFUNDED"]),
                "{rail} {lever}: {history:?}"
            );
            let refunds = payer.reads_refunds(&no).await;
            assert_eq!(refunds.len(), 1, "{rail}: {refunds:?}");
            assert_eq!(
                (&refunds[0]["status"], &refunds[0]["amount"]["fen"]),
                (&json!("DONE"), &json!(FEN))
            );
            let number = refunds[0]["refundNo"].as_str().unwrap().to_owned();
            assert_eq!(at_rail(&app, rail, &no).await, [(number, FEN)], "{rail} {lever}");
            nothing_is_owed(&app).await;
            assert_eq!(app.on_account(&format!("rail_clearing:{rail}")).await, 0, "{rail}");
            app.finish().await;
        }
    }
}

/// Fault case 16.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_success_on_another_rail_goes_back_by_itself() {
    let app = TestApp::start().await;
    let facts = app.levers.citizen().await;
    let at_wechat = Payer::of(&app, "WECHAT_PAY", facts.clone()).await;
    let at_alipay = Payer::of(&app, "ALIPAY", facts).await;
    let notice = at_wechat.gets_notice(json!({ "amountFen": FEN })).await;
    let first = at_wechat.starts(&[&notice], FEN).await;
    at_wechat.gives_up(&first).await;
    let second = at_alipay.starts(&[&notice], FEN).await;
    at_alipay.pays(&second).await;
    at_wechat.pays(&first).await;

    at_wechat.waits_for(&first, "REFUNDED").await;
    let kept = at_alipay.waits_for_receipt(&second).await;
    assert_eq!(kept["status"], "PAID", "{kept}");
    let refunds = at_wechat.reads_refunds(&first).await;
    assert_eq!(refunds[0]["status"], "DONE");
    assert!(refunds[0]["reason"].as_str().unwrap().contains("重复缴款"), "{refunds:?}");
    assert_eq!(at_alipay.reads_refunds(&second).await, Vec::<Value>::new());
    assert_eq!(at_rail(&app, "WECHAT_PAY", &first).await.len(), 1);
    assert_eq!(at_rail(&app, "ALIPAY", &second).await, []);
    let held = app.levers.gateway_notice(&notice).await;
    assert_eq!(held["receipts"].as_array().unwrap().len(), 1, "one receipt: {held}");
    nothing_is_owed(&app).await;
    app.finish().await;
}

/// Fault case 12.
#[tokio::test(flavor = "multi_thread")]
async fn a_system_error_on_a_refund_is_answered_with_the_same_number() {
    for (rail, lever) in [("WECHAT_PAY", "wechat-pay"), ("ALIPAY", "alipay")] {
        for outcome in ["system-error-before", "system-error-after"] {
            let app = TestApp::start().await;
            let outcomes = json!({ "outcomes": [outcome, outcome] });
            app.levers.pull(&format!("{lever}/refund-outcomes"), outcomes).await;
            let payer = Payer::arrives(&app, rail).await;
            let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
            let no = payer.starts(&[&notice], FEN).await;
            payer.gives_up(&no).await;
            app.levers.pull(&format!("notices/{notice}/withdraw"), json!({})).await;
            payer.pays(&no).await;
            payer.waits_for(&no, "REFUNDED").await;
            let refunds = payer.reads_refunds(&no).await;
            assert_eq!(refunds.len(), 1, "never a second number: {refunds:?}");
            let number = refunds[0]["refundNo"].as_str().unwrap().to_owned();
            let exactly_one = [(number.clone(), FEN)];
            assert_eq!(at_rail(&app, rail, &no).await, exactly_one, "{rail} {outcome}");
            assert_eq!(payment_refunds_unknown(&app, &number).await, 1, "{rail} {outcome}");
            nothing_is_owed(&app).await;
            app.finish().await;
        }
    }
}

/// How often the refund became UNKNOWN.
async fn payment_refunds_unknown(app: &TestApp, number: &str) -> i64 {
    let rows = format!("refund_event WHERE refund_no = '{number}' AND status = 'UNKNOWN'");
    app.counts(&rows).await.min(1)
}

/// Fault case 13.
#[tokio::test(flavor = "multi_thread")]
async fn two_equal_partial_refunds_are_told_apart_though_one_times_out() {
    let app = TestApp::start().await;
    for (rail, channel, operation) in
        [("WECHAT_PAY", "wechat-pay", "refund"), ("ALIPAY", "alipay", "trade.refund")]
    {
        for fault in ["lost-answer", "silent"] {
            let (payer, notice, no) = Payer::approved_at_once(&app, rail).await;
            app.levers.fault(channel, operation, fault, 1).await;
            let asked = [
                payer.asks_back(&no, &notice, Some(101), &format!("{no}-1")).await,
                payer.asks_back(&no, &notice, Some(101), &format!("{no}-2")).await,
            ];
            let mut numbers = asked.map(|made| {
                assert_eq!(codes(&made), [""; 0], "{made}");
                made["refund"]["refundNo"].as_str().unwrap().to_owned()
            });
            eventually("both are back", || async {
                let refunds = payer.reads_refunds(&no).await;
                let back = refunds.iter().filter(|refund| refund["status"] == "DONE").count();
                if back == 2 {
                    return Some(());
                }
                app.levers.advance(20).await;
                None
            })
            .await;
            payer.waits_for(&no, "PARTIALLY_REFUNDED").await;
            let mut there = at_rail(&app, rail, &no).await;
            there.sort();
            numbers.sort();
            assert_eq!(there, numbers.map(|number| (number, 101)), "{rail} {fault}");
            nothing_is_owed(&app).await;
        }
    }
    app.finish().await;
}

/// Fault case 14.
#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_refunds_that_exceed_the_rest_only_what_fits_is_accepted() {
    let app = TestApp::start().await;
    let payer = Payer::arrives(&app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    payer.pays(&no).await;
    payer.waits_for_receipt(&no).await;
    let tries = (0..6).map(|i| {
        let (citizen, no, notice) = (payer.citizen.clone(), no.clone(), notice.clone());
        let input = json!({
            "paymentNo": no, "noticeNo": notice, "amount": 9_000, "reason": "多缴",
            "idempotencyKey": format!("concurrent-{i}")
        });
        tokio::spawn(async move {
            citizen
                .mutation("requestRefund", "RequestRefundInput", "refund{refundNo}", &input)
                .await
        })
    });
    let mut refused = Vec::new();
    for answer in tries.collect::<Vec<_>>() {
        refused.extend(codes(&answer.await.unwrap()));
    }
    assert_eq!(refused, ["REFUND_EXCEEDS_PAYMENT"; 4], "two of 90 yuan fit into 200");
    let promised: i64 = payer.reads_refunds(&no).await.len().try_into().unwrap();
    assert_eq!(promised, 2);
    app.finish().await;
}

/// The history of a refund at the desk: what was done, in order.
async fn done_to(desk: &Desk, number: &str) -> Vec<String> {
    let query = format!("{{refund(refundNo:\"{number}\"){{history{{what status by}}}}}}");
    let history = desk.reads(&query).await["refund"]["history"].as_array().unwrap().clone();
    history.iter().map(|line| line["what"].as_str().unwrap().to_owned()).collect()
}

/// What anybody who holds this receipt is told: valid, and how much of it went back.
async fn verifies(citizen: &Citizen, receipt: &Value) -> (bool, Option<i64>) {
    let told = |key: &str| receipt[key].as_str().unwrap().to_owned();
    let query = format!(
        "{{verifyReceipt(code:\"{}\",number:\"{}\",checkCode:\"{}\"){{valid refunded{{fen}}}}}}",
        told("code"),
        told("number"),
        told("checkCode")
    );
    let found = citizen.anonymous().reads(&query).await["verifyReceipt"].clone();
    (found["valid"] == true, found["refunded"]["fen"].as_i64())
}

/// A clerk asks, on a payer's behalf; the refund.
async fn clerk_asks(clerk: &Desk, no: &str, notice: &str, fen: Option<i64>, key: &str) -> Value {
    let query = "mutation($i:StaffRequestRefundInput!){requestRefund(input:$i){\
                 refunds{refundNo agencyCode levels status amount{fen}} userErrors{code message}}}";
    let input = json!({
        "paymentNo": no, "noticeNo": notice, "amount": fen, "reason": "超标准收取",
        "reasonCode": "OVERCHARGED", "idempotencyKey": key
    });
    let made = clerk.asks(query, json!({ "i": input })).await["data"]["requestRefund"].clone();
    assert_eq!(codes(&made), [""; 0], "{made}");
    made["refunds"][0].clone()
}

/// The agency and every level of finance agree, here and at the gateway.
async fn all_agree(app: &TestApp, agency: &Desk, finance: &[(FinanceLevel, Desk)], refund: &Value) {
    let number = refund["refundNo"].as_str().unwrap();
    let checked = agency.acts("checkRefund", number).await.unwrap();
    assert_eq!(codes(&checked), [""; 0], "{checked}");
    eventually("the gateway has it", || async {
        let all = app.levers.look("refunds").await;
        let there = all["refunds"].as_array().unwrap().iter().any(|one| one["refundNo"] == number);
        there.then_some(())
    })
    .await;
    for level in refund["levels"].as_array().unwrap() {
        let level = FinanceLevel::from_code(level.as_str().unwrap()).unwrap();
        let (_, desk) = finance.iter().find(|(own, _)| *own == level).unwrap();
        let agreed = desk.acts("approveRefund", number).await.unwrap();
        assert_eq!(codes(&agreed), [""; 0], "{agreed}");
    }
    let mut said = app.levers.pull(&format!("refunds/{number}/agency"), yes()).await;
    while !said["nextLevel"].is_null() {
        said = app.levers.pull(&format!("refunds/{number}/finance"), yes()).await;
    }
}

fn yes() -> Value {
    json!({ "approve": true, "by": "王科长" })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_item_of_a_cart_goes_back_after_two_persons_the_red_receipt_and_the_rail() {
    let app = TestApp::start().await;
    gateway_calls_us(&app).await;
    let payer = Payer::arrives(&app, "WECHAT_PAY").await;
    // 10 % central, 20 % province, 70 % local.
    let shared = json!({ "amountFen": 3_000, "itemCode": "101130100", "title": "水资源费" });
    let shared = payer.gets_notice(shared).await;
    let fine = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&shared, &fine], 23_000).await;
    payer.pays(&no).await;
    let paid = eventually("both receipts", || async {
        let payment = payer.citizen.payment(&no).await;
        (payment["receipts"].as_array().unwrap().len() == 2).then_some(payment)
    })
    .await;
    let receipt_of = |fen: i64| {
        let all = paid["receipts"].as_array().unwrap();
        all.iter().find(|receipt| receipt["amount"]["fen"] == fen).unwrap().clone()
    };
    let (of_shared, of_fine) = (receipt_of(3_000), receipt_of(FEN));
    assert_eq!(verifies(&payer.citizen, &of_shared).await, (true, Some(0)));

    // Who asked is refused as checker, even with the role for it.
    let clerk = Desk::of(&app, "丁", &[StaffRole::Clerk]).await;
    let part = clerk_asks(&clerk, &no, &shared, Some(1_000), "desk-key-1").await;
    let number = part["refundNo"].as_str().unwrap().to_owned();
    let unit = part["agencyCode"].as_str().unwrap().to_owned();
    assert_eq!(part["levels"].as_array().unwrap().len(), 3, "every level has a share: {part}");
    let both = [StaffRole::Clerk, StaffRole::Agency(unit.clone())];
    let maker = Desk::of(&app, "己", &both).await;
    let own = clerk_asks(&maker, &no, &shared, Some(500), "desk-key-2").await;
    let own_number = own["refundNo"].as_str().unwrap();
    let alone = maker.acts("checkRefund", own_number).await.unwrap();
    assert_eq!(codes(&alone), ["CONFLICT"], "maker is not checker: {alone}");
    let rejected = format!(
        "mutation{{rejectRefund(refundNo:\"{own_number}\",reason:\"重复申请\"){{refund{{status}}}}}}"
    );
    assert_eq!(maker.reads(&rejected).await["rejectRefund"]["refund"]["status"], "REJECTED");

    let agency = Desk::of(&app, "甲", &[StaffRole::Agency(unit)]).await;
    let mut finance = Vec::new();
    for level in FinanceLevel::ALL {
        let name = format!("财政{}", level.code());
        finance.push((level, Desk::of(&app, &name, &[StaffRole::Finance(level)]).await));
    }
    assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await, [], "nothing leaves before all agreed");
    all_agree(&app, &agency, &finance, &part).await;
    payer.waits_for(&no, "PARTIALLY_REFUNDED").await;
    eventually("the receipt of the rest", || async {
        app.levers.advance(5).await;
        let payment = payer.citizen.payment(&no).await;
        let all = payment["receipts"].as_array().unwrap().clone();
        all.iter().any(|receipt| receipt["amount"]["fen"] == 2_000).then_some(())
    })
    .await;
    let done = done_to(&clerk, &number).await;
    let place = |what: &str| {
        done.iter().position(|done| done == what).unwrap_or_else(|| panic!("{what} in {done:?}"))
    };
    assert!(place("REVERSE_RECEIPT") < place("SEND"), "{done:?}");
    assert!(place("SEND") < place("TELL_DESK"), "{done:?}");
    assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await, [(number.clone(), 1_000)]);
    let there = app.levers.look(&format!("refunds/{number}")).await;
    assert_eq!(there["state"], "PAID_BACK", "{there}");
    let (_, given) = verifies(&payer.citizen, &of_shared).await;
    assert_eq!(given, Some(1_000), "the old receipt says what went back");
    assert_eq!(verifies(&payer.citizen, &of_fine).await, (true, Some(0)), "the other one stands");

    // The rest of both.
    app.levers.advance(61).await;
    let rest = clerk_asks(&clerk, &no, &shared, None, "desk-key-3").await;
    assert_eq!(rest["amount"]["fen"], 2_000);
    all_agree(&app, &agency, &finance, &rest).await;
    let other = clerk_asks(&clerk, &no, &fine, None, "desk-key-4").await;
    let its_unit = StaffRole::Agency(other["agencyCode"].as_str().unwrap().to_owned());
    let its_agency = Desk::of(&app, "戊", &[its_unit]).await;
    all_agree(&app, &its_agency, &finance, &other).await;
    let payment = payer.waits_for(&no, "REFUNDED").await;
    assert_eq!(payer.reads_refunds(&no).await.len(), 4, "{payment}");
    let sum: i64 = at_rail(&app, "WECHAT_PAY", &no).await.iter().map(|(_, fen)| fen).sum();
    assert_eq!(sum, 23_000);
    assert_eq!(verifies(&payer.citizen, &of_fine).await.1, Some(FEN));
    nothing_is_owed(&app).await;
    assert_eq!(app.on_account("rail_clearing:WECHAT_PAY").await, 0);
    app.finish().await;
}

/// The next document of staff on a stuck refund.
async fn names_account(desk: &Desk, number: &str, bank: &str) {
    let query = "mutation($i:NameRefundAccountInput!){nameRefundAccount(input:$i){\
                 refund{status account} userErrors{code message}}}";
    let input = json!({
        "refundNo": number, "holder": "林晓舟", "number": "6222020200112230", "bank": bank
    });
    let named = desk.asks(query, json!({ "i": input })).await;
    let named = &named["data"]["nameRefundAccount"];
    assert_eq!(codes(named), [""; 0], "{named}");
    assert_eq!(named["refund"]["account"], "2230", "{named}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_refund_goes_to_another_account_that_two_persons_agree_on() {
    let app = TestApp::start().await;
    app.levers.pull("wechat-pay/refund-outcomes", json!({ "outcomes": ["abnormal"] })).await;
    let payer = Payer::arrives(&app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    payer.gives_up(&no).await;
    app.levers.pull(&format!("notices/{notice}/withdraw"), json!({})).await;
    payer.pays(&no).await;
    let stuck = async || {
        let refunds = payer.reads_refunds(&no).await;
        let first = refunds.first().filter(|refund| refund["status"] == "NEEDS_ACCOUNT");
        first.map(|refund| refund["refundNo"].as_str().unwrap().to_owned())
    };
    let number = eventually("stuck", &stuck).await;
    let local = [StaffRole::Finance(FinanceLevel::Local)];
    let clerk = Desk::of(&app, "丁", &[StaffRole::Clerk, StaffRole::Checker]).await;
    let (first, second) =
        (Desk::of(&app, "财政甲", &local).await, Desk::of(&app, "财政乙", &local).await);
    // A bank that the rail has no name for: nothing is sent, and another account can be named.
    for bank in ["没有的银行", "中国工商银行杭州分行"] {
        names_account(&clerk, &number, bank).await;
        let own = clerk.acts("agreeToRefundAccount", &number).await;
        assert!(own.as_ref().map_or(true, |own| !codes(own).is_empty()), "{own:?}");
        let finance = if bank == "没有的银行" { &first } else { &second };
        let agreed = finance.acts("agreeToRefundAccount", &number).await.unwrap();
        assert_eq!(codes(&agreed), [""; 0], "{agreed}");
        if bank == "没有的银行" {
            assert_eq!(eventually("stuck again", &stuck).await, number);
        }
    }
    payer.waits_for(&no, "REFUNDED").await;
    assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await, [(number.clone(), FEN)], "one refund");
    let done = done_to(&clerk, &number).await;
    assert_eq!(done.iter().filter(|what| *what == "REDIRECT").count(), 1, "{done:?}");
    nothing_is_owed(&app).await;
    app.finish().await;
}

/// The write-off of `payer`'s notice is left behind in the outbox, for staff to see.
async fn stops_with_a_parked_write_off(app: TestApp) {
    let parked = "outbox WHERE due_at IS NULL";
    assert!(app.counts(parked).await >= 1);
    app.node.stop().await;
    app.mocks.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agency_does_not_take_goes_back_without_it() {
    for reason in ["already-paid", "withdrawn"] {
        let app = TestApp::start().await;
        let url = format!("{}/callbacks/non-tax", app.node.base_url);
        let later = json!({ "notifyUrl": url, "confirm": "later", "confirmAfterSeconds": 90_000 });
        app.levers.pull("gateway/settings", later).await;
        let payer = Payer::arrives(&app, "WECHAT_PAY").await;
        let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
        let no = payer.starts(&[&notice], FEN).await;
        payer.pays(&no).await;
        eventually("pending at the gateway", || async {
            let there = app.levers.gateway_notice(&notice).await;
            there["writeOffs"].as_array().is_some_and(|all| !all.is_empty()).then_some(())
        })
        .await;
        let no_to_it = json!({ "rejected": reason, "reason": "柜台已收" });
        app.levers.pull(&format!("notices/{notice}/confirm"), no_to_it).await;
        payer.waits_for(&no, "REFUNDED").await;
        let refunds = payer.reads_refunds(&no).await;
        assert!(refunds[0]["reason"].as_str().unwrap().contains("柜台已收"), "{refunds:?}");
        assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await.len(), 1);
        assert_eq!(app.levers.look("refunds").await["refunds"], json!([]), "not its affair");
        nothing_is_owed(&app).await;
        assert_eq!(app.on_account("rail_clearing:WECHAT_PAY").await, 0);
        stops_with_a_parked_write_off(app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_channel_collected_meanwhile_goes_back() {
    let app = TestApp::start().await;
    let payer = Payer::arrives(&app, "ALIPAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    app.levers.pull(&format!("notices/{notice}/pay-elsewhere"), json!({})).await;
    payer.pays(&no).await;
    payer.waits_for(&no, "REFUNDED").await;
    assert_eq!(at_rail(&app, "ALIPAY", &no).await.len(), 1);
    nothing_is_owed(&app).await;
    stops_with_a_parked_write_off(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_that_proves_nothing_waits_for_two_persons() {
    let app = TestApp::start().await;
    let url = format!("{}/callbacks/non-tax", app.node.base_url);
    let later = json!({ "notifyUrl": url, "confirm": "later", "confirmAfterSeconds": 90_000 });
    app.levers.pull("gateway/settings", later).await;
    let payer = Payer::arrives(&app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    payer.pays(&no).await;
    eventually("pending at the gateway", || async {
        let there = app.levers.gateway_notice(&notice).await;
        there["writeOffs"].as_array().is_some_and(|all| !all.is_empty()).then_some(())
    })
    .await;
    let other = json!({ "rejected": "other", "reason": "账户有误" });
    app.levers.pull(&format!("notices/{notice}/confirm"), other).await;
    let refund = eventually("a refund for staff", || async {
        payer.reads_refunds(&no).await.into_iter().next()
    })
    .await;
    assert_eq!(refund["status"], "REQUESTED", "{refund}");
    let number = refund["refundNo"].as_str().unwrap();
    let clerk = Desk::of(&app, "丁", &[StaffRole::Clerk]).await;
    let seen =
        clerk.reads(&format!("{{refund(refundNo:\"{number}\"){{agencyCode levels}}}}")).await;
    let unit = seen["refund"]["agencyCode"].as_str().unwrap().to_owned();
    let agency = Desk::of(&app, "甲", &[StaffRole::Agency(unit)]).await;
    assert_eq!(codes(&agency.acts("checkRefund", number).await.unwrap()), [""; 0]);
    for level in seen["refund"]["levels"].as_array().unwrap() {
        let level = FinanceLevel::from_code(level.as_str().unwrap()).unwrap();
        let name = format!("财政{}", level.code());
        let finance = Desk::of(&app, &name, &[StaffRole::Finance(level)]).await;
        assert_eq!(codes(&finance.acts("approveRefund", number).await.unwrap()), [""; 0]);
    }
    payer.waits_for(&no, "REFUNDED").await;
    nothing_is_owed(&app).await;
    stops_with_a_parked_write_off(app).await;
}

/// The merchant's console at the rail, where somebody gives back what we have not heard of.
fn console(app: &TestApp) -> WeChatPayRefunds {
    let channels = channels_of(&app.mocks.onboarding());
    let pay = &channels.we_chat_pay;
    let config = WeChatPayConfig {
        base_url: pay.base_url.clone(),
        app_id: channels.we_chat.app_id.clone(),
        app_app_id: None,
        merchant_no: pay.merchant_no.clone(),
        merchant_serial: pay.merchant_serial.clone(),
        merchant_private_key_pem: pay.merchant_private_key.expose().to_owned(),
        api_v3_key: pay.api_v3_key.expose().to_owned(),
        platform_keys: pay.platform_keys.clone(),
        notify_url: format!("{}/callbacks/wechat-pay", app.node.base_url),
        order_limit: pay.order_limit,
    };
    let http = HttpClient::new(Deadlines::USUAL).unwrap();
    let (clock, ids) = (BesideClock::of(&app.mocks), Arc::new(RandomIds));
    WeChatPayRefunds::new(Arc::new(WeChatPayAccount::new(&config, http, clock, ids).unwrap()))
}

/// The id of the callback of this event about this order.
async fn callback_of(app: &TestApp, no: &str, event: &str) -> String {
    eventually("a callback", || async {
        let all = app.levers.look("callbacks").await["callbacks"].as_array().unwrap().clone();
        let mine = |one: &&Value| {
            let told = one["event"].as_str().unwrap_or_default();
            one["outTradeNo"] == no && told.starts_with(event)
        };
        let found = all.iter().find(mine).map(|one| one["id"].as_str().unwrap().to_owned());
        if found.is_none() {
            app.levers.advance(2).await;
        }
        found
    })
    .await
}

/// Fault case 7.
#[tokio::test(flavor = "multi_thread")]
async fn a_refunds_callback_that_overtakes_the_payments_waits_for_it() {
    let app = TestApp::start().await;
    let payer = Payer::arrives(&app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    app.levers.callbacks("hold").await;
    app.levers.fault("wechat-pay", "query", "error500", 1_000).await;
    payer.pays(&no).await;
    let order = app.levers.look(&format!("orders/{no}")).await;
    let now = BesideClock::of(&app.mocks).now();
    let refund = RefundOrder {
        no: RefundNo::generate(now, &RandomIds),
        payment: OrderKey { no: PaymentNo::new(&no).unwrap(), made_at: now },
        txn: RailTxn::new(order["transactionId"].as_str().unwrap()).unwrap(),
        paid: PayableFen::new(FEN).unwrap(),
        amount: PayableFen::new(101).unwrap(),
        reason: "商户平台".to_owned(),
        made_at: now,
    };
    console(&app).refund(&refund).await.unwrap();
    let told = callback_of(&app, &no, "REFUND.").await;
    let answered = app.levers.releases(&told, json!({ "times": 3 })).await;
    assert!(answered.iter().all(|status| matches!(status, 200 | 204)), "{answered:?}");
    let waiting = "callback_inbox WHERE outcome IS NULL";
    for _ in 0..3 {
        app.levers.advance(16).await; // Its lease is over: it is judged again, and waits again.
        assert_eq!(app.counts(waiting).await, 1, "parked");
    }
    assert_ne!(payer.citizen.payment_status(&no).await, "PAID");

    let told = callback_of(&app, &no, "TRANSACTION.").await;
    let answered = app.levers.releases(&told, json!({})).await;
    assert!(answered.iter().all(|status| matches!(status, 200 | 204)), "{answered:?}");
    payer.waits_for(&no, "PAID").await;
    eventually("the parked one is judged", || async {
        app.levers.advance(5).await;
        (app.counts(waiting).await == 0).then_some(())
    })
    .await;
    // Nobody here asked for it, so it moves nothing: the statement will show it.
    let judged = "callback_inbox WHERE refund_no IS NOT NULL AND outcome LIKE '%Foreign%'";
    assert_eq!(app.counts(judged).await, 1);
    app.levers.clear_faults().await;
    app.levers.callbacks("deliver").await;
    payer.waits_for_receipt(&no).await;
    app.finish().await;
}

/// Fault case 7.
#[tokio::test(flavor = "multi_thread")]
async fn a_payments_own_callback_may_come_after_its_money_went_back() {
    let app = TestApp::start().await;
    let payer = Payer::arrives(&app, "WECHAT_PAY").await;
    let notice = payer.gets_notice(json!({ "amountFen": FEN })).await;
    let no = payer.starts(&[&notice], FEN).await;
    payer.gives_up(&no).await;
    app.levers.pull(&format!("notices/{notice}/withdraw"), json!({})).await;
    app.levers.callbacks("hold").await;
    payer.pays(&no).await;
    payer.citizen.refreshes(&no).await;
    let told = callback_of(&app, &no, "TRANSACTION.").await;
    if payer.reads_refunds(&no).await.is_empty() {
        // A closed order is not asked about any more: the first delivery tells, the second is late.
        app.levers.releases(&told, json!({})).await;
    }
    payer.waits_for(&no, "REFUNDED").await;
    let refunded = callback_of(&app, &no, "REFUND.").await;
    for id in [&refunded, &told, &refunded] {
        let answered = app.levers.releases(id, json!({ "times": 2 })).await;
        assert!(answered.iter().all(|status| matches!(status, 200 | 204)), "{answered:?}");
    }
    eventually("all are judged", || async {
        app.levers.advance(5).await;
        (app.counts("callback_inbox WHERE outcome IS NULL").await == 0).then_some(())
    })
    .await;
    assert_eq!(payer.citizen.payment_status(&no).await, "REFUNDED");
    assert_eq!(at_rail(&app, "WECHAT_PAY", &no).await.len(), 1);
    nothing_is_owed(&app).await;
    app.levers.callbacks("deliver").await;
    app.finish().await;
}

//! Money that somebody asked back, and that two persons agreed to.

use super::{FEN, Payer, at_rail, done_to, gateway_calls_us, nothing_is_owed};
use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::desk::Desk;
use tests::levers::eventually;

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
            let scanned =
                format!("{{resolveScan(text:\"{}\"){{... on Refund{{refundNo}}}}}}", numbers[0]);
            let scanned = payer.citizen.reads(&scanned).await;
            assert_eq!(scanned["resolveScan"]["refundNo"], numbers[0], "as the rail's bill has it");
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

use super::super::testing::{
    NOW, account, config, done, in_turn, no, outcome, parameters, unsigned_no,
};
use super::*;
use crate::test_support::{Peer, json_answer};
use domain::ids::{PaymentNo, RefundNo};
use domain::money::PayableFen;
use domain::payment::{OrderKey, RailTxn};

const REFUND: &str = "trade.refund";
const QUERY: &str = "trade.fastpay.refund.query";
const NO: &str = "YW20261122090000ABCDEFGHJKMN";
const REFUND_NO: &str = "RF20261122090000ABCDEFGHJKMN";

fn refunds(base: &str) -> AlipayRefunds {
    AlipayRefunds::new(account(&config(base)))
}

fn order() -> RefundOrder {
    let made_at = Timestamp::from_second(NOW).unwrap();
    RefundOrder {
        no: RefundNo::new(REFUND_NO).unwrap(),
        payment: OrderKey { no: PaymentNo::new(NO).unwrap(), made_at },
        txn: RailTxn::new("2026112222001419931441931972").unwrap(),
        paid: PayableFen::new(20_601).unwrap(),
        amount: PayableFen::new(3_001).unwrap(),
        reason: "重复缴款".to_owned(),
        made_at,
    }
}

/// The answer to a refund; its fee is the sum of all refunds so far.
fn changed(fund_change: &str) -> String {
    done(REFUND, &format!(r#""out_trade_no":"{NO}"{fund_change},"refund_fee":"206.01""#))
}

fn back() -> String {
    known(r#","gmt_refund_pay":"2026-11-22 09:00:05""#, "30.01", REFUND_NO)
}

fn known(time: &str, amount: &str, refund_no: &str) -> String {
    let fields = format!(
        r#""out_trade_no":"{NO}","out_request_no":"{refund_no}","refund_amount":"{amount}",
        "total_amount":"206.01","refund_status":"REFUND_SUCCESS"{time}"#
    );
    done(QUERY, &fields)
}

fn nothing() -> String {
    done(QUERY, "")
}

fn name(result: &Result<RailRefundState, OutsideError>) -> String {
    match result {
        Ok(RailRefundState::Done { txn: None, at }) => format!("done {}", at.as_second() - NOW),
        Ok(RailRefundState::Processing) => "processing".to_owned(),
        Ok(RailRefundState::NotFound) => "not found".to_owned(),
        Ok(other) => panic!("{other:?}"),
        Err(_) => outcome(result).to_owned(),
    }
}

#[tokio::test]
async fn a_refund_says_all_the_platform_needs_and_has_one_number_on_every_try() {
    let (base, seen) = in_turn(vec![changed(r#","fund_change":"Y""#), back()]);
    refunds(&base).refund(&order()).await.unwrap();
    let (query, body) = parameters(&seen.lock().unwrap()[0]);
    assert!(query.contains(&("method".to_owned(), "alipay.trade.refund".to_owned())));
    let content: serde_json::Value = serde_json::from_str(&body[0].1).unwrap();
    let expected = serde_json::json!({
        "out_trade_no": NO, "trade_no": "2026112222001419931441931972", "refund_amount": "30.01",
        "out_request_no": REFUND_NO, "refund_reason": "重复缴款",
    });
    assert_eq!(content, expected);
}

#[tokio::test]
async fn ten_thousand_alone_gives_nothing_back() {
    let (yes, not) = (r#","fund_change":"Y""#, r#","fund_change":"N""#);
    let table = [
        (vec![changed(yes), back()], "done 5"),
        (vec![changed(yes), nothing()], "done 0"),
        (vec![changed(yes), json_answer(500, "")], "done 0"),
        // A repeat of a refund that was done.
        (vec![changed(not), back()], "done 5"),
        (vec![changed(""), back()], "done 5"),
        (vec![changed(not), known("", "30.01", REFUND_NO)], "done 0"),
        (vec![changed(not), nothing()], "processing"),
        (vec![changed(""), nothing()], "processing"),
        (vec![changed(not), json_answer(500, "")], "unknown"),
        (vec![changed(not), known("", "30.02", REFUND_NO)], "unknown"),
        (vec![changed(not), known("", "30.01", "RF0000001")], "unknown"),
        (vec![changed(r#","fund_change":"X""#)], "unknown"),
        (vec![done(REFUND, r#""out_trade_no":"OTHER01","fund_change":"Y""#)], "unknown"),
    ];
    for (index, (answers, expected)) in table.into_iter().enumerate() {
        let (base, _) = in_turn(answers);
        let refunded = refunds(&base).refund(&order()).await;
        assert_eq!(name(&refunded), expected, "row {index}: {refunded:?}");
    }
}

#[tokio::test]
async fn a_refused_refund_hides_none_that_was_done() {
    let acq = |sub: &str| no(REFUND, "40004", sub);
    let mut table = Vec::new();
    for sub in [
        "ACQ.SELLER_BALANCE_NOT_ENOUGH",
        "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
        "ACQ.REASON_TRADE_REFUND_FEE_ERR",
        "ACQ.REASON_TRADE_BEEN_FREEZEN",
        "ACQ.TRADE_NOT_ALLOW_REFUND",
        "ACQ.NOT_ALLOW_PARTIAL_REFUND",
        "ACQ.TRADE_HAS_FINISHED",
        "ACQ.TRADE_NOT_EXIST",
        "ACQ.INVALID_PARAMETER",
    ] {
        table.push((vec![acq(sub), nothing()], "refused"));
        table.push((vec![acq(sub), back()], "done 5"));
        table.push((vec![acq(sub), json_answer(500, "")], "unknown"));
    }
    for sub in ["ACQ.DISCORDANT_REPEAT_REQUEST", "ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_STATUS_ERROR"] {
        table.push((vec![acq(sub), nothing()], "unknown"));
        table.push((vec![acq(sub), back()], "done 5"));
    }
    for sub in ["ACQ.SYSTEM_ERROR", "AQC.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "ACQ.A_NEW_CODE"] {
        table.push((vec![acq(sub), nothing()], "unknown"));
    }
    table.push((vec![no(REFUND, "20000", "isp.unknow-error")], "unknown"));
    table.push((vec![no(REFUND, "40005", "isv.app-call-limited")], "unknown"));
    let ours = |method| unsigned_no(method, "40002", "isv.invalid-signature");
    table.push((vec![ours(REFUND), ours(QUERY)], "refused"));
    table.push((vec![unsigned_no(REFUND, "40004", "ACQ.TRADE_NOT_ALLOW_REFUND")], "unknown"));
    for (index, (answers, expected)) in table.into_iter().enumerate() {
        let (base, _) = in_turn(answers.clone());
        let refunded = refunds(&base).refund(&order()).await;
        assert_eq!(name(&refunded), expected, "row {index}: {refunded:?} {answers:?}");
    }
}

#[tokio::test]
async fn a_query_without_a_word_of_the_number_lets_it_be_sent_again() {
    let table = [
        (back(), "done 5"),
        (nothing(), "not found"),
        (done(QUERY, r#""refund_status":"REFUND_PROCESSING""#), "processing"),
        (done(QUERY, r#""refund_status":"REFUND_NEW""#), "unknown"),
        (known("", "30.02", REFUND_NO), "unknown"),
        (no(QUERY, "40004", "ACQ.SYSTEM_ERROR"), "unknown"),
        (no(QUERY, "40004", "ACQ.TRADE_NOT_EXIST"), "refused"),
        (no(QUERY, "40006", "isv.insufficient-isv-permissions"), "refused"),
    ];
    for (answer, expected) in table {
        let stands = refunds(&Peer::answers(&answer)).query_refund(&order()).await;
        assert_eq!(name(&stands), expected, "{answer}");
    }
}

#[tokio::test]
async fn silence_and_absence_are_told_apart() {
    assert_eq!(name(&refunds(&Peer::nobody()).refund(&order()).await), "not sent");
    assert_eq!(name(&refunds(&Peer::hangs_up()).refund(&order()).await), "unknown");
    assert_eq!(name(&refunds(&Peer::silent()).refund(&order()).await), "unknown");
    assert_eq!(name(&refunds(&Peer::nobody()).query_refund(&order()).await), "not sent");
}

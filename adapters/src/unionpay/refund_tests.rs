use super::super::testing::{
    MERCHANT, ORDER, QUERY_ID, TXN_TIME, about, account, answer, http, in_turn, message_in,
};
use super::*;
use crate::test_support::Peer;
use domain::ids::{PaymentNo, RefundNo};
use domain::money::PayableFen;
use domain::payment::{OrderKey, RailTxn};

const REFUND: &str = "YT20260302101531ABCDEFGHJKMN";
const REFUND_QUERY_ID: &str = "442603021120000000002";

fn refunds(base: &str) -> UnionPayRefunds {
    UnionPayRefunds::new(account(base))
}

fn order() -> RefundOrder {
    let made_at = "2026-03-02T10:15:31+08:00".parse().unwrap();
    RefundOrder {
        no: RefundNo::new(REFUND).unwrap(),
        payment: OrderKey { no: PaymentNo::new(ORDER).unwrap(), made_at },
        txn: RailTxn::new(QUERY_ID).unwrap(),
        paid: PayableFen::new(20_600).unwrap(),
        amount: PayableFen::new(600).unwrap(),
        reason: "重复缴款".to_owned(),
        made_at,
    }
}

fn code(code: &str) -> String {
    answer(&about(REFUND, code, &[]))
}

fn stands(code: &str) -> String {
    stands_at(code, "600")
}

fn stands_at(code: &str, amount: &str) -> String {
    let fields = [
        ("queryId", REFUND_QUERY_ID),
        ("txnAmt", amount),
        ("traceTime", "0302112000"),
        ("origRespCode", code),
    ];
    answer(&about(REFUND, "00", &fields))
}

fn name(result: &Result<RailRefundState, OutsideError>) -> &str {
    match result {
        Ok(RailRefundState::Processing) => "processing",
        Ok(RailRefundState::Done { .. }) => "done",
        Ok(RailRefundState::Failed { code }) => code,
        Ok(RailRefundState::NeedsAccount) => "needs account",
        Ok(RailRefundState::NotFound) => "absent",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(_)) => "not sent",
        Err(OutsideError::OutcomeUnknown(_)) => "unknown",
    }
}

#[tokio::test]
async fn a_refund_names_its_payment_and_is_taken_on_first() {
    let base = Peer::replies(|request| {
        assert!(request.starts_with("POST /gateway/api/backTransReq.do HTTP/1.1"), "{request}");
        let sent = message_in(request);
        for (field, value) in [
            ("txnType", "04"),
            ("txnSubType", "00"),
            ("orderId", REFUND),
            ("txnTime", TXN_TIME),
            ("txnAmt", "600"),
            ("origQryId", QUERY_ID),
            ("reqReserved", ORDER),
            ("merId", MERCHANT),
        ] {
            assert_eq!(sent.get(field), Some(value), "{field}");
        }
        code("00")
    });
    assert_eq!(refunds(&base).refund(&order()).await.unwrap(), RailRefundState::Processing);
}

#[tokio::test]
async fn a_refused_refund_hides_none_that_is_there() {
    let absent = || code("34");
    let table = [
        (vec![code("36"), absent()], "refused"),
        (vec![code("10"), absent()], "refused"),
        (vec![code("36"), stands("00")], "done"),
        (vec![code("36"), stands("05")], "processing"),
        (vec![code("36"), http(502, "")], "unknown"),
        (vec![code("12"), stands("00")], "done"),
        (vec![code("12"), stands("64")], "64"),
        (vec![code("12"), absent()], "unknown"),
        (vec![code("01")], "unknown"),
        (vec![code("03")], "unknown"),
        (vec![code("05")], "unknown"),
        (vec![code("99")], "unknown"),
        (vec![code("34")], "unknown"),
        (vec![http(502, "")], "unknown"),
    ];
    for (index, (answers, expected)) in table.into_iter().enumerate() {
        let refunded = refunds(&in_turn(answers)).refund(&order()).await;
        assert_eq!(name(&refunded), expected, "row {index}: {refunded:?}");
    }
    assert_eq!(name(&refunds(&Peer::nobody()).refund(&order()).await), "not sent");
    assert_eq!(name(&refunds(&Peer::silent()).refund(&order()).await), "unknown");
}

#[tokio::test]
async fn a_query_tells_how_the_refund_stands() {
    let table = [
        (stands("00"), "done"),
        (stands("A6"), "done"),
        (stands("03"), "processing"),
        (stands("05"), "processing"),
        (stands("30"), "30"),
        (stands("42"), "unknown"),
        (stands("B7"), "unknown"),
        (stands_at("00", "601"), "unknown"),
        (code("34"), "absent"),
        (code("11"), "refused"),
        (code("03"), "unknown"),
    ];
    for (index, (reply, expected)) in table.into_iter().enumerate() {
        let state = refunds(&Peer::answers(&reply)).query_refund(&order()).await;
        assert_eq!(name(&state), expected, "row {index}: {state:?}");
    }
    let done = refunds(&Peer::answers(&stands("00"))).query_refund(&order()).await.unwrap();
    let txn = Some(RailTxn::new(REFUND_QUERY_ID).unwrap());
    let at = "2026-03-02T11:20:00+08:00".parse().unwrap();
    assert_eq!(done, RailRefundState::Done { txn, at });
}

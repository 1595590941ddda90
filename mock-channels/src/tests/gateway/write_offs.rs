//! Write-offs: quotes over midnight, order, refusals, confirmation later.

use serde_json::json;

use super::super::Bench;
use super::super::notices::{field, verdict};

impl Bench {
    /// A write-off with whatever else a test wants to say; its answer.
    pub(super) async fn pushes(&self, number: &str, pay_no: &str, more: &[(&str, &str)]) -> String {
        let own = [
            ("NOTICENO", number),
            ("PAYNO", pay_no),
            ("PAYMONEY", "200.00"),
            ("PAYDATE", "20260302"),
            ("PAYTIME", "090000"),
            ("TRADENO", "T1"),
        ];
        let said = |name: &str| more.iter().any(|(other, _)| *other == name);
        let own = own.into_iter().filter(|(name, _)| !said(name));
        let params: Vec<(&str, &str)> = more.iter().copied().chain(own).collect();
        self.says("GetPay_Info", &params).await
    }
}

#[actix_web::test]
async fn the_late_fee_of_the_quote_counts_however_late_the_write_off_arrives() {
    let bench = Bench::start().await;
    let number = bench.fine(25).await;
    bench.lever("/clock", json!({"advanceSeconds": 5 * 86_400})).await;
    let push = async |quote: &str, money: &str| {
        let more = [("QUOTEDATE", quote), ("PAYMONEY", money)];
        verdict(&bench.pushes(&number, "P1", &more).await)
    };
    // Quoted on 1 March, paid on the 2nd, told on the 7th.
    assert_eq!(push("20260228", "254.00").await, "QUOTE");
    assert_eq!(push("20260303", "260.00").await, "QUOTE");
    assert_eq!(push("20260301", "260.00").await, "AMOUNT");
    assert_eq!(push("2026031", "254.00").await, "INVALID");
    assert_eq!(push("20260301", "254.00").await, "00");
    assert_eq!(push("20260301", "254.00").await, "00");
    assert_eq!(push("20260301", "260.00").await, "AMOUNT");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn messages_of_one_notice_pass_first_in_first_out() {
    let bench = Bench::start().await;
    let number = bench.fine(0).await;
    let push = async |pay_no: &str, sequence: &str| {
        verdict(&bench.pushes(&number, pay_no, &[("SEQNO", sequence)]).await)
    };
    assert_eq!(push("P2", "2").await, "OUT_OF_ORDER");
    assert_eq!(push("P2", "0").await, "INVALID");
    assert_eq!(push("P1", "1").await, "00");
    assert_eq!(push("P2", "2").await, "ALREADY_PAID");
    // A refusal passes too, and what passed may come again.
    assert_eq!(push("P3", "3").await, "ALREADY_PAID");
    assert_eq!(push("P1", "1").await, "00");
    assert_eq!(bench.seen(&number).await["lastSequence"], 3);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn what_another_channel_collected_is_refused_for_ever() {
    let bench = Bench::start().await;
    let number = bench.fine(0).await;
    bench.lever(&format!("/notices/{number}/pay-elsewhere"), json!({})).await;
    assert_eq!(field(&bench.bill(&number).await, "STATE"), "1");
    assert_eq!(verdict(&bench.pushes(&number, "P1", &[]).await), "ALREADY_PAID");
    for (name, code) in [("销账已缴", "ALREADY_PAID"), ("销账撤回", "WITHDRAWN")] {
        let number = bench.magic(name).await;
        assert_eq!(verdict(&bench.pushes(&number, "P1", &[]).await), code);
    }
    let busy = bench.magic("销账繁忙").await;
    let first = bench.pushes(&busy, "P1", &[("SEQNO", "1")]).await;
    assert_eq!(verdict(&first), "BUSY");
    assert_eq!(bench.seen(&busy).await["lastSequence"], 0);
    assert_eq!(verdict(&bench.pushes(&busy, "P1", &[("SEQNO", "1")]).await), "00");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn agencies_confirm_later_where_configured_or_do_not() {
    let bench = Bench::start().await;
    bench.lever("/gateway/settings", json!({"confirm": "later"})).await;
    let number = bench.fine(0).await;
    let pushed = bench.pushes(&number, "P1", &[]).await;
    assert_eq!(field(&pushed, "CONFIRMSTATE"), "PENDING");
    let receipt = bench.receipt(&number, "P1", "200.00").await;
    assert_eq!(verdict(&receipt), "NOT_WRITTEN_OFF");
    bench.lever(&format!("/notices/{number}/confirm"), json!({})).await;
    let again = bench.pushes(&number, "P1", &[]).await;
    assert_eq!(field(&again, "CONFIRMSTATE"), "CONFIRMED");
    assert_eq!(verdict(&bench.receipt(&number, "P1", "200.00").await), "00");
    assert_eq!(bench.try_lever(&format!("/notices/{number}/confirm"), json!({})).await.0, 409);

    let other = bench.fine(0).await;
    bench.pushes(&other, "P2", &[]).await;
    let word = json!({"rejected": "already-paid", "reason": "柜台已收"});
    let seen = bench.lever(&format!("/notices/{other}/confirm"), word).await;
    assert_eq!((&seen["state"], &seen["undone"][0]["payNo"]), (&json!("PAID"), &json!("P2")));
    assert_eq!(verdict(&bench.pushes(&other, "P2", &[]).await), "REVERSED");
    assert_eq!(verdict(&bench.pushes(&other, "P3", &[]).await), "ALREADY_PAID");

    bench.lever("/gateway/settings", json!({"confirm": "later", "confirmAfterSeconds": 60})).await;
    let timed = bench.fine(0).await;
    bench.pushes(&timed, "P4", &[]).await;
    bench.lever("/clock", json!({"advanceSeconds": 59})).await;
    assert_eq!(bench.seen(&timed).await["paidBy"]["confirmation"], "PENDING");
    bench.lever("/clock", json!({"advanceSeconds": 2})).await;
    assert_eq!(bench.seen(&timed).await["paidBy"]["confirmation"], "CONFIRMED");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_magic_agency_rejects_after_ten_minutes_and_the_notice_is_open_again() {
    let bench = Bench::start().await;
    let number = bench.magic("确认驳回").await;
    assert_eq!(field(&bench.pushes(&number, "P1", &[]).await, "CONFIRMSTATE"), "PENDING");
    bench.lever("/clock", json!({"advanceSeconds": 601})).await;
    assert_eq!(bench.seen(&number).await["state"], "PAYABLE");
    assert_eq!(verdict(&bench.pushes(&number, "P1", &[]).await), "REVERSED");
    let later = bench.magic("确认延后").await;
    bench.pushes(&later, "P2", &[]).await;
    bench.lever("/clock", json!({"advanceSeconds": 601})).await;
    assert_eq!(bench.seen(&later).await["paidBy"]["confirmation"], "CONFIRMED");
    bench.mocks.stop().await;
}

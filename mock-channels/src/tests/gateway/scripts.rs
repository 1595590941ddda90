//! Fault scripts, sums that bring an outcome, wrong files and the truth of a day: the gateway.

use serde_json::{Value, json};

use super::super::notices::{field, verdict};
use super::super::{Bench, eventually};
use super::all;
use super::signing::RSA;
use crate::crypto::sha256_hex;

impl Bench {
    /// Says where the gateway calls us, and that agencies confirm when told to.
    async fn confirms_later(&self) {
        let url = "http://127.0.0.1:9/callbacks/non-tax";
        self.lever("/gateway/settings", json!({"confirm": "later", "notifyUrl": url})).await;
    }
}

#[actix_web::test]
async fn the_gateways_own_calls_go_astray() {
    let bench = Bench::start().await;
    bench.confirms_later().await;
    let script = "after gateway payment 2: drop callback; after gateway refund 1: hold callback\n\
                  after gateway close 1: double callback; after payment 1: drop callbacks";
    assert_eq!(bench.loads(script).await.0, 200);
    let numbers = [bench.fine(0).await, bench.fine(0).await, bench.fine(0).await];
    for (number, pay_no) in numbers.iter().zip(["P1", "P2"]) {
        assert_eq!(verdict(&bench.pushes(number, pay_no, &[]).await), "00");
        bench.lever(&format!("/notices/{number}/confirm"), json!({})).await;
    }
    assert_eq!(bench.callback_states().await, ["LOST", "WAITING"]);
    bench.asks_back("T1", &numbers[0], "P1", "1.00").await;
    bench.lever("/refunds/T1/agency", json!({"approve": true})).await;
    bench.lever(&format!("/notices/{}/withdraw", numbers[2]), json!({})).await;
    let callbacks = bench.look("/callbacks").await;
    let modes: Vec<&Value> =
        callbacks["callbacks"].as_array().unwrap().iter().map(|one| &one["mode"]).collect();
    assert_eq!(modes, ["double", "hold", "lose", "deliver"]);
    let rules = bench.look("/script").await["rules"].clone();
    assert_eq!(rules[3]["said"], Value::Null, "what it books for a rail is no second payment");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn answers_are_refusals_in_the_gateways_own_words() {
    let bench = Bench::start().await;
    let script = "after gateway payment 1: error BUSY; after gateway refund 1: lost-answer\n\
                  at +1m: gateway Issue_Receipt error NO_RECEIPT; at +1m: gateway Get_AppPay_Info system-error";
    assert_eq!(bench.loads(script).await.0, 200);
    let number = bench.fine(0).await;
    assert_eq!(verdict(&bench.pushes(&number, "P1", &[]).await), "BUSY");
    assert_eq!(bench.seen(&number).await["state"], "PAID", "it was done");
    assert_eq!(verdict(&bench.pushes(&number, "P1", &[]).await), "00");
    let params = [
        ("REFUNDNO", "T1"),
        ("NOTICENO", number.as_str()),
        ("PAYNO", "P1"),
        ("REFUNDMONEY", "1.00"),
        ("REASONCODE", "ERROR"),
        ("REASON", "多收"),
        ("APPLICANT", "林晓舟"),
        ("ENTERCODE", bench.seen(&number).await["agencyCode"].as_str().unwrap()),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let params: Vec<(&str, &str)> = params.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert!(bench.post_signed("Refund_Request", &params).await.is_err());
    assert_eq!(bench.look("/refunds/T1").await["amountFen"], 100, "and it was done");
    bench.lever("/clock", json!({"advanceSeconds": 60})).await;
    bench.all_fired().await;
    assert_eq!(verdict(&bench.receipt(&number, "P1", "200.00").await), "NO_RECEIPT");
    assert_eq!(verdict(&bench.receipt(&number, "P1", "200.00").await), "00");
    assert_eq!(verdict(&bench.bill(&number).await), "BUSY");
    assert_eq!(verdict(&bench.bill(&number).await), "00");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn agencies_confirm_at_a_moment_or_by_name_or_not() {
    let bench = Bench::start().await;
    bench.confirms_later().await;
    let numbers = [bench.fine(0).await, bench.fine(0).await];
    bench.pushes(&numbers[0], "P1", &[]).await;
    bench.pushes(&numbers[1], "P2", &[]).await;
    bench.loads(&format!("at +1m: approve; at +1m: refuse {}", numbers[1])).await;
    bench.lever("/clock", json!({"advanceSeconds": 60})).await;
    bench.all_fired().await;
    let first = bench.seen(&numbers[0]).await;
    assert_eq!(first["paidBy"]["confirmation"], "PENDING", "agencies pay nothing");
    assert_eq!(bench.seen(&numbers[1]).await["undone"][0]["confirmation"], "REJECTED");
    bench.loads("at 23:59:58 approve gateway").await;
    bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    bench.all_fired().await;
    assert_eq!(bench.seen(&numbers[0]).await["paidBy"]["confirmation"], "CONFIRMED");
    let truth = bench.look("/truth?date=2026-03-02").await["platforms"]["gateway"].clone();
    assert_eq!(truth["totals"], json!({"paidFen": 20_000, "refundedFen": 0, "feeFen": 0}));
    let line = &truth["payments"][0];
    assert_eq!((&line["orderNo"], &line["platformNo"]), (&json!(numbers[0]), &json!("P1")));
    assert_eq!(line["at"], "2026-03-02T09:00:00+08:00");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_files_that_the_gateway_gives_out_go_wrong_as_asked() {
    let bench = Bench::start().await;
    for (pay_no, fen) in [("P1", 100), ("P2", 200)] {
        let number = bench.fine(0).await;
        bench.is_paid(&number, pay_no).await;
        bench.lever("/refunds", json!({"noticeNo": number, "amountFen": fen})).await;
    }
    bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    let name = "TF_20260302.txt";
    let rows = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let good_text = bench.fetches(RSA, name).await.unwrap();
    let good = rows(&good_text);
    assert_eq!((good.len(), good[0].as_str()), (3, "2|3.00"));
    let spoilt = async |fault: &str, line: u32| {
        let wish = json!({"date": "2026-03-02", "fault": fault, "line": line, "times": 1});
        bench.lever("/gateway/bills", wish).await;
        let listed = bench.says("List_Files", &[("FILEDATE", "20260302")]).await;
        (bench.fetches(RSA, name).await.unwrap(), field(&listed, "FILESHA256").to_owned())
    };
    let (twice, hash) = spoilt("duplicate-line", 2).await;
    assert_eq!(rows(&twice)[1..], [&good[1..], &good[2..]].concat());
    assert!(twice.starts_with("3|5.00\n"), "{twice}");
    assert_eq!(hash, sha256_hex(&encoding_rs::GB18030.encode(&twice).0));
    assert_eq!(spoilt("drop-line", 7).await.0, format!("1|1.00\n{}\n", good[1]));
    let changed = spoilt("change-amount", 2).await.0;
    assert!(changed.starts_with("2|3.01\n") && changed.contains("|2.01|"), "{changed}");
    assert!(spoilt("extra-line", 1).await.0.starts_with("3|126.45\n"));
    assert_eq!(rows(&spoilt("bad-line", 1).await.0)[1].matches('|').count(), 13);
    assert!(spoilt("wrong-totals", 1).await.0.starts_with("2|4.00\n"));
    assert_eq!(spoilt("wrong-day", 1).await.0, "0|0.00\n");
    let (half, hash) = spoilt("truncated", 1).await;
    assert!(good_text.starts_with(&half[..half.len() - 3]) && half.len() < good_text.len());
    assert_eq!(hash, sha256_hex(&encoding_rs::GB18030.encode(&good_text).0));
    let (whole, hash) = spoilt("wrong-hash", 1).await;
    assert!(whole == good_text && hash != sha256_hex(&encoding_rs::GB18030.encode(&whole).0));
    assert_eq!(bench.fetches(RSA, name).await.unwrap(), good_text, "once each");

    bench.loads("statement gateway 2026-03-02: drop line 1").await;
    assert_eq!(rows(&bench.fetches(RSA, name).await.unwrap()), ["1|2.00", good[2].as_str()]);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn sums_bring_what_the_names_of_payers_bring() {
    let bench = Bench::start().await;
    let notice = async |fen: i64| bench.notice(json!({"amountFen": fen})).await;
    let push = async |number: &str, money: &str| {
        verdict(&bench.pushes(number, "P1", &[("PAYMONEY", money)]).await)
    };
    assert_eq!(push(&notice(9_801).await, "98.01").await, "ALREADY_PAID");
    assert_eq!(push(&notice(109_802).await, "1098.02").await, "WITHDRAWN");
    let busy = notice(9_803).await;
    assert_eq!(push(&busy, "98.03").await, "BUSY");
    assert_eq!(push(&busy, "98.03").await, "00");
    let approved = notice(9_811).await;
    assert_eq!(push(&approved, "98.11").await, "00");
    let asked = bench.asks_back("T1", &approved, "P1", "98.11").await;
    assert_eq!(field(&asked, "REFUNDSTATE"), "2");
    assert_eq!(push(&notice(9_813).await, "98.13").await, "00", "nothing lies beyond the last");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn what_was_done_for_agencies_and_finance_is_replayed_to_the_same_truth() {
    let first = Bench::start().await;
    first.confirms_later().await;
    let number = first.fine(0).await;
    first.pushes(&number, "P1", &[]).await;
    first.lever(&format!("/notices/{number}/confirm"), json!({})).await;
    first.asks_back("T1", &number, "P1", "50.00").await;
    first.lever("/refunds/T1/agency", json!({"approve": true})).await;
    for _level in all(&first.bill(&number).await, "NOTICENO") {
        first.lever("/refunds/T1/finance", json!({"approve": true})).await;
    }
    assert_eq!(first.look("/refunds/T1").await["state"], "APPROVED");
    first.paid_back("T1", &number, "P1", "50.00").await;
    let script = first.recorded().await;
    let expected = first.look("/truth?date=2026-03-02").await["platforms"]["gateway"].clone();
    assert_eq!(expected["totals"]["refundedFen"], 5_000);
    first.mocks.stop().await;
    assert!(script.contains(&format!(": approve {number}\n")), "{script}");

    let again = Bench::start().await;
    assert_eq!(again.loads(&script).await.0, 200);
    eventually("the notice", async || again.seen(&number).await["state"].as_str().map(drop)).await;
    again.pushes(&number, "P1", &[]).await;
    eventually("the agency", async || {
        let paid = again.seen(&number).await["paidBy"]["confirmation"].clone();
        (paid == "CONFIRMED").then_some(())
    })
    .await;
    again.asks_back("T1", &number, "P1", "50.00").await;
    let said = again.all_fired().await;
    assert!(said.iter().all(|said| said.ends_with("完成")), "{said:?}");
    again.paid_back("T1", &number, "P1", "50.00").await;
    let truth = again.look("/truth?date=2026-03-02").await["platforms"]["gateway"].clone();
    assert_eq!(truth, expected);
    again.mocks.stop().await;
}

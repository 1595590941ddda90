//! Receipts by class, their reversal and their query.

use serde_json::json;

use super::super::Bench;
use super::super::notices::{field, verdict};
use super::all;

impl Bench {
    pub(super) async fn reverses(&self, code: &str, no: &str) -> String {
        let params = [("BILLCODE", code), ("BILLNO", no), ("REASON", "退付"), ("REVERSENO", "H1")];
        self.says("Reverse_Receipt", &params).await
    }
}

#[actix_web::test]
async fn the_class_of_the_item_is_in_the_receipts_code_and_each_code_counts_alone() {
    let bench = Bench::start().await;
    for (class, code) in [("01", "33010126"), ("02", "33020126"), ("05", "33050126")] {
        let item = class_item(&bench, class).await;
        let number = bench.notice(json!({"amountFen": 20_000, "itemCode": item})).await;
        bench.is_paid(&number, class).await;
        let receipt = bench.receipt(&number, class, "200.00").await;
        let known = (field(&receipt, "BILLCODE"), field(&receipt, "BILLNO"));
        assert_eq!(known, (code, "0000000001"));
    }
    let dues = bench.notice(json!({"amountFen": 20_000, "itemCode": "901070000"})).await;
    bench.is_paid(&dues, "P3").await;
    assert_eq!(verdict(&bench.receipt(&dues, "P3", "200.00").await), "NO_RECEIPT");

    let busy = bench.magic("票据繁忙").await;
    bench.is_paid(&busy, "P4").await;
    assert_eq!(verdict(&bench.receipt(&busy, "P4", "200.00").await), "BUSY");
    assert_eq!(verdict(&bench.receipt(&busy, "P4", "200.00").await), "00");
    bench.mocks.stop().await;
}

/// The first item of a receipt class.
async fn class_item(bench: &Bench, class: &str) -> String {
    let items = bench.look("/items").await;
    let items = items["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["receiptClass"] == class).unwrap();
    found["code"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_reversal_is_a_red_receipt_made_once_and_linked_both_ways() {
    let bench = Bench::start().await;
    let number = bench.fine(0).await;
    bench.is_paid(&number, "P1").await;
    let blue = bench.receipt(&number, "P1", "200.00").await;
    let (code, no) = (field(&blue, "BILLCODE"), field(&blue, "BILLNO"));
    assert_eq!((field(&blue, "BILLSTATE"), field(&blue, "RELATEDBILLNO")), ("0", ""));

    let red = bench.reverses(code, no).await;
    assert_eq!((field(&red, "TOTALMONEY"), field(&red, "BILLSTATE")), ("-200.00", "2"));
    assert_eq!((field(&red, "RELATEDBILLCODE"), field(&red, "RELATEDBILLNO")), (code, no));
    assert_eq!(field(&red, "BILLNO"), "0000000002");
    assert_eq!(bench.reverses(code, no).await, red);
    assert_eq!(verdict(&bench.reverses(code, "0000000002").await), "IS_RED");
    assert_eq!(verdict(&bench.reverses(code, "0000000009").await), "NOT_FOUND");

    let known = bench.says("Query_Receipt", &[("BILLCODE", code), ("BILLNO", no)]).await;
    assert_eq!((field(&known, "BILLSTATE"), field(&known, "RELATEDBILLNO")), ("1", "0000000002"));
    let both = bench.says("Query_Receipt", &[("NOTICENO", &number), ("PAYNO", "P1")]).await;
    assert_eq!(all(&both, "BILLNO"), [no, "0000000002"]);
    let none = bench.says("Query_Receipt", &[("BILLCODE", code), ("BILLNO", "9")]).await;
    assert_eq!((verdict(&none).as_str(), none.contains("<DETAIL>")), ("00", false));
    // Asked for again, the payment still has the receipt that it had.
    assert_eq!(field(&bench.receipt(&number, "P1", "200.00").await, "BILLSTATE"), "1");
    bench.mocks.stop().await;
}

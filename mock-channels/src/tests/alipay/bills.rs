//! The daily files, as a backend asks for and fetches them.

use serde_json::{Value, json};

use super::{Answered, Merchant};
use crate::alipay::download::unzipped;

impl Merchant {
    async fn bill(&self, bill_type: &str, date: &str) -> Answered {
        let biz = json!({"bill_type": bill_type, "bill_date": date});
        self.call("alipay.data.dataservice.bill.downloadurl.query", biz).await
    }

    async fn fetches(&self, url: &str) -> (String, Vec<u8>) {
        let answer = self.http.get(url).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (kind, answer.bytes().await.unwrap().to_vec())
    }

    async fn url(&self, bill_type: &str, date: &str) -> String {
        let node = self.bill(bill_type, date).await.good();
        node["bill_download_url"].as_str().unwrap().to_owned()
    }

    /// The detail file of the day after it.
    async fn detail(&self, date: &str) -> String {
        let (_, file) = self.fetches(&self.url("trade", date).await).await;
        unzipped(&file)[0].1.clone()
    }

    async fn day_with_two_payments(&self) {
        self.paid("B1", "80.00").await;
        self.paid("B2", "100.00").await;
        self.refunds("B2", "RF1", "30.00").await.good();
        self.lever("/clock", json!({"nextDayAt": "09:00"})).await;
    }
}

#[actix_web::test]
async fn a_bill_is_there_on_the_next_day_for_half_a_minute() {
    let merchant = Merchant::start().await;
    let bill = async |kind: &str, date: &str| merchant.bill(kind, date).await.refused();
    assert_eq!(bill("trade", "2026-03-02").await, "BILL_NOT_EXIST", "the day is not over");
    assert_eq!(bill("trade", "2026-03-01").await, "NO_BILL_DATA");
    assert_eq!(bill("other", "2026-03-01").await, "TYPE_NOT_SUPPORTED");
    assert_eq!(bill("trade", "20260301").await, "INVAILID_ARGUMENTS");
    merchant.day_with_two_payments().await;
    let url = merchant.url("trade", "2026-03-02").await;
    let name = format!("{}0156_20260302", merchant.onboarding.alipay.seller_id);
    assert!(url.contains(&format!("downloadFileName={name}.csv.zip&")), "{url}");
    let (kind, file) = merchant.fetches(&url).await;
    assert_eq!(kind, "application/octet-stream");
    let members = unzipped(&file);
    assert_eq!(members[0].0, format!("{name}_业务明细.csv"));
    assert_eq!(members[1].0, format!("{name}_业务明细(汇总).csv"));
    let rows: Vec<&str> =
        members[0].1.split("\r\n").filter(|row| row.starts_with("20260302")).collect();
    assert_eq!(rows.len(), 3);
    let refund: Vec<&str> = rows[2].split(',').map(|cell| cell.trim_end_matches('\t')).collect();
    assert_eq!((refund[1], refund[2], refund[11], refund[21]), ("B2", "退款", "-30.00", "RF1"));
    let ledger = merchant.fetches(&merchant.url("signcustomer", "2026-03-02").await).await.1;
    assert_eq!(unzipped(&ledger)[0].0, format!("{name}_账务明细.csv"));

    merchant.advances(31).await;
    let (kind, page) = merchant.fetches(&url).await;
    assert!(kind.starts_with("text/html") && page.starts_with(b"<html>"), "{kind}");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn bills_are_spoilt_as_testers_ask() {
    let merchant = Merchant::start().await;
    merchant.day_with_two_payments().await;
    let date = "2026-03-02";
    let good = merchant.detail(date).await;
    let spoil = async |fault: &str| {
        let body = json!({"date": date, "fault": fault, "times": 1});
        merchant.lever("/alipay/bills", body).await;
    };
    let numbers = |text: &str| text.matches("\r\n20260302").count();
    spoil("drop-line").await;
    assert_eq!(numbers(&merchant.detail(date).await), 2);
    spoil("duplicate-line").await;
    assert_eq!(numbers(&merchant.detail(date).await), 4);
    spoil("change-amount").await;
    assert!(merchant.detail(date).await.contains(",80.01,80.01,"));
    spoil("truncated").await;
    let url = merchant.url("trade", date).await;
    let half = merchant.fetches(&url).await.1;
    let whole = merchant.fetches(&merchant.url("trade", date).await).await.1;
    assert_eq!(half, whole[..whole.len() / 2]);
    assert_eq!(merchant.detail(date).await, good, "each fault hit one bill");

    let bad = json!({"date": date, "fault": "wrong-hash"});
    assert_eq!(merchant.try_lever("/alipay/bills", bad).await.0, 400);
    merchant.lever("/alipay/bills", json!({"date": "2026-03-01", "fault": "extra-line"})).await;
    let extra = merchant.detail("2026-03-01").await;
    assert!(extra.contains("\t,EXTRA202603010001\t,交易\t,"), "on a day without trades too");
    merchant.bench.mocks.stop().await;
}

#[actix_web::test]
async fn the_truth_of_a_day_is_what_really_moved() {
    let merchant = Merchant::start().await;
    merchant.day_with_two_payments().await;
    let truth = merchant.look("/alipay/truth?date=2026-03-02").await;
    let fen = |kind: &str| -> Vec<Value> {
        let lines = truth[kind].as_array().unwrap();
        lines.iter().map(|line| line["amountFen"].clone()).collect()
    };
    assert_eq!(
        (fen("payments"), fen("refunds")),
        (vec![json!(8_000), json!(10_000)], vec![json!(3_000)])
    );
    assert_eq!(truth["refunds"][0]["outRequestNo"], "RF1");
    merchant.bench.mocks.stop().await;
}

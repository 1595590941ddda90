//! Refunds: asked for, decided, paid back.

use serde_json::json;

use super::super::Bench;
use super::super::notices::{field, verdict};
use super::all;

impl Bench {
    pub(super) async fn asks_back(
        &self,
        no: &str,
        number: &str,
        pay_no: &str,
        money: &str,
    ) -> String {
        let seen = self.seen(number).await;
        let params = [
            ("REFUNDNO", no),
            ("NOTICENO", number),
            ("PAYNO", pay_no),
            ("REFUNDMONEY", money),
            ("REASONCODE", "ERROR"),
            ("REASON", "多收"),
            ("APPLICANT", "林晓舟"),
            ("ENTERCODE", seen["agencyCode"].as_str().unwrap()),
        ];
        self.says("Refund_Request", &params).await
    }

    pub(super) async fn paid_back(
        &self,
        no: &str,
        number: &str,
        pay_no: &str,
        money: &str,
    ) -> String {
        let params = [
            ("REFUNDNO", no),
            ("NOTICENO", number),
            ("PAYNO", pay_no),
            ("REFUNDMONEY", money),
            ("REFUNDTRADENO", "R1"),
            ("REFUNDDATE", "20260302"),
            ("REFUNDTIME", "100000"),
        ];
        self.says("Refund_Notice", &params).await
    }
}

#[actix_web::test]
async fn a_refund_goes_through_agency_and_every_level_that_has_a_share() {
    let bench = Bench::start().await;
    let number = bench.notice(json!({"amountFen": 20_000, "itemCode": "103010100"})).await;
    assert_eq!(verdict(&bench.asks_back("T1", &number, "P1", "200.00").await), "NOT_WRITTEN_OFF");
    bench.is_paid(&number, "P1").await;
    let blue = bench.receipt(&number, "P1", "200.00").await;
    let asked = bench.asks_back("T1", &number, "P1", "200.00").await;
    assert_eq!(
        (field(&asked, "REFUNDSTATE"), field(&asked, "LEVELS")),
        ("0", "LOCAL,PROVINCE,CENTRAL")
    );
    assert_eq!(bench.asks_back("T1", &number, "P1", "200.00").await, asked);
    assert_eq!(verdict(&bench.asks_back("T1", &number, "P1", "199.00").await), "CONFLICT");
    assert_eq!(verdict(&bench.asks_back("T2", &number, "P1", "0.01").await), "AMOUNT");

    let yes = json!({"approve": true, "by": "王科长", "noticeAfter": "OPEN"});
    assert_eq!(bench.try_lever("/refunds/T1/finance", yes.clone()).await.0, 409);
    bench.lever("/refunds/T1/agency", yes.clone()).await;
    for level in ["LOCAL", "PROVINCE", "CENTRAL"] {
        assert_eq!(verdict(&bench.paid_back("T1", &number, "P1", "200.00").await), "NOT_APPROVED");
        assert_eq!(bench.look("/refunds/T1").await["nextLevel"], level);
        bench.lever("/refunds/T1/finance", yes.clone()).await;
    }
    let known = bench.says("Query_Refund", &[("REFUNDNO", "T1")]).await;
    assert_eq!((field(&known, "REFUNDSTATE"), field(&known, "NOTICEAFTER")), ("2", "OPEN"));
    assert_eq!(all(&known, "LEVEL"), ["", "LOCAL", "PROVINCE", "CENTRAL"]);
    assert_eq!(all(&known, "DECIDEDBY"), ["王科长"; 4]);

    let early = bench.paid_back("T1", &number, "P1", "200.00").await;
    assert_eq!(verdict(&early), "RECEIPT_NOT_REVERSED");
    bench.reverses(field(&blue, "BILLCODE"), field(&blue, "BILLNO")).await;
    assert_eq!(verdict(&bench.paid_back("T1", &number, "P1", "199.99").await), "AMOUNT");
    let back = bench.paid_back("T1", &number, "P1", "200.00").await;
    assert_eq!(field(&back, "REFUNDSTATE"), "4");
    assert_eq!(bench.paid_back("T1", &number, "P1", "200.00").await, back);
    assert_eq!(verdict(&bench.paid_back("T1", &number, "P1", "199.99").await), "AMOUNT");
    // Open again: to another payment, never to the one that went back.
    assert_eq!(field(&bench.bill(&number).await, "STATE"), "0");
    assert_eq!(bench.writes_off(&number, "P1", "200.00", "20260302").await, "REVERSED");
    assert_eq!(bench.writes_off(&number, "P2", "200.00", "20260302").await, "00");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_part_goes_back_the_notice_stays_paid_and_the_rest_gets_a_receipt() {
    let bench = Bench::start().await;
    let number = bench.fine(0).await;
    bench.is_paid(&number, "P1").await;
    let blue = bench.receipt(&number, "P1", "200.00").await;
    let full_no = format!("{}{}", field(&blue, "BILLCODE"), field(&blue, "BILLNO"));
    bench.asks_back("T1", &number, "P1", "50.00").await;
    assert_eq!(verdict(&bench.asks_back("T2", &number, "P1", "150.01").await), "AMOUNT");
    bench.lever("/refunds/T1/agency", json!({"approve": true})).await;
    bench.lever("/refunds/T1/finance", json!({"approve": true})).await;
    let rest = async |money: &str| {
        let params = [
            ("NOTICENO", number.as_str()),
            ("PAYNO", "P1"),
            ("PAYMONEY", money),
            ("REPLACES", &full_no),
        ];
        bench.says("Issue_Receipt", &params).await
    };
    assert_eq!(verdict(&rest("150.00").await), "NOT_REVERSED");
    bench.reverses(&full_no[..8], &full_no[8..]).await;
    assert_eq!(verdict(&rest("150.00").await), "NOT_REFUNDED");
    assert_eq!(verdict(&bench.paid_back("T1", &number, "P1", "50.00").await), "00");
    assert_eq!(verdict(&rest("200.00").await), "AMOUNT");
    let receipt = rest("150.00").await;
    assert_eq!((field(&receipt, "TOTALMONEY"), field(&receipt, "BILLSTATE")), ("150.00", "0"));
    assert_eq!(rest("150.00").await, receipt);
    assert_eq!(bench.seen(&number).await["state"], "PAID");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn rejections_free_the_sum_and_magic_payers_need_no_lever() {
    let bench = Bench::start().await;
    for (name, state, after) in [
        ("退付驳回", "3", "PAID"),
        ("退付否决", "3", "PAID"),
        ("退付通过", "2", "WITHDRAWN"),
        ("退付重开", "2", "PAYABLE"),
    ] {
        let number = bench.magic(name).await;
        bench.is_paid(&number, "P1").await;
        let no = format!("T-{name}");
        let asked = bench.asks_back(&no, &number, "P1", "200.00").await;
        assert_eq!(field(&asked, "REFUNDSTATE"), state, "{name}");
        let back = verdict(&bench.paid_back(&no, &number, "P1", "200.00").await);
        assert_eq!(back, if state == "2" { "00" } else { "NOT_APPROVED" }, "{name}");
        assert_eq!(bench.seen(&number).await["state"], after, "{name}");
        if state == "3" {
            let again = bench.asks_back(&format!("{no}-2"), &number, "P1", "200.00").await;
            assert_eq!(verdict(&again), "00", "{name}");
        }
    }
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn requests_that_do_not_fit_are_refused() {
    let bench = Bench::start().await;
    let number = bench.fine(0).await;
    bench.is_paid(&number, "P1").await;
    let seen = bench.seen(&number).await;
    let good = [
        ("REFUNDNO", "T1"),
        ("NOTICENO", number.as_str()),
        ("PAYNO", "P1"),
        ("REFUNDMONEY", "1.00"),
        ("REASONCODE", "ERROR"),
        ("REASON", "多收"),
        ("APPLICANT", "林晓舟"),
        ("ENTERCODE", seen["agencyCode"].as_str().unwrap()),
    ];
    for (name, value, code) in [
        ("REFUNDNO", "", "INVALID"),
        ("NOTICENO", "330000001FS9", "NOT_FOUND"),
        ("PAYNO", "P2", "NOT_WRITTEN_OFF"),
        ("REFUNDMONEY", "0.00", "INVALID"),
        ("REFUNDMONEY", "1", "INVALID"),
        ("REASONCODE", "WHIM", "INVALID"),
        ("REASON", "", "INVALID"),
        ("ENTERCODE", "000000", "INVALID"),
    ] {
        let mut params = good.to_vec();
        params.iter_mut().find(|(own, _)| *own == name).unwrap().1 = value;
        let root = bench.says("Refund_Request", &params).await;
        assert_eq!(verdict(&root), code, "{name} = {value}");
    }
    assert_eq!(bench.look("/refunds").await["refunds"], json!([]));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_refund_survives_lost_answers_because_every_step_may_be_repeated() {
    let bench = Bench::start().await;
    let number = bench.magic("退付通过").await;
    bench.is_paid(&number, "P1").await;
    let blue = bench.receipt(&number, "P1", "200.00").await;
    let (code, no) = (field(&blue, "BILLCODE"), field(&blue, "BILLNO"));
    let breaks = async |operation: &str, fault: &str| {
        let wish = json!({"channel": "gateway", "operation": operation, "fault": fault});
        bench.lever("/faults", wish).await;
    };
    // Each step is answered by nobody once: the first not processed, the others processed.
    let lost = |message: &'static str, params: Vec<(&'static str, String)>| {
        let bench = &bench;
        async move {
            let params: Vec<(&str, &str)> =
                params.iter().map(|(name, value)| (*name, value.as_str())).collect();
            bench.post_signed(message, &params).await.is_err()
        }
    };
    breaks("Refund_Request", "error500").await;
    let ask = vec![("REFUNDNO", "T1".to_owned())];
    assert!(lost("Refund_Request", ask).await);
    assert_eq!(bench.look("/refunds").await["refunds"], json!([]));
    bench.asks_back("T1", &number, "P1", "200.00").await;

    breaks("Reverse_Receipt", "lost-answer").await;
    let reverse = [("BILLCODE", code), ("BILLNO", no), ("REASON", "退付"), ("REVERSENO", "H1")];
    let reverse = reverse.map(|(name, value)| (name, value.to_owned())).to_vec();
    assert!(lost("Reverse_Receipt", reverse).await);
    let red = bench.reverses(code, no).await;
    assert_eq!(field(&red, "BILLNO"), "0000000002", "the first try made it");

    breaks("Refund_Notice", "lost-answer").await;
    let told = [
        ("REFUNDNO", "T1"),
        ("NOTICENO", number.as_str()),
        ("PAYNO", "P1"),
        ("REFUNDMONEY", "200.00"),
        ("REFUNDTRADENO", "R1"),
        ("REFUNDDATE", "20260302"),
        ("REFUNDTIME", "100000"),
    ];
    let told = told.map(|(name, value)| (name, value.to_owned())).to_vec();
    assert!(lost("Refund_Notice", told).await);
    assert_eq!(bench.look("/refunds/T1").await["state"], "PAID_BACK");
    let again = bench.paid_back("T1", &number, "P1", "200.00").await;
    assert_eq!(field(&again, "REFUNDSTATE"), "4");
    bench.mocks.stop().await;
}

use super::super::testing::{
    NO, PAY_NO, answering, done, exception, gateway, maybe_parameter, name, parameter, watching,
};
use super::*;
use domain::ids::PaymentNo;
use domain::money::PayableFen;
use domain::notice::NoticeNo;
use domain::payment::{RailTxn, RefundReasonCode};

const REFUND_NO: &str = "RF20260302101531AB";

fn refund(state: &str, after: &str, decisions: &str) -> String {
    format!(
        "<DETAIL><REFUNDNO>{REFUND_NO}</REFUNDNO><NOTICENO>{NO}</NOTICENO><PAYNO>{PAY_NO}</PAYNO>\
         <REFUNDMONEY>6.05</REFUNDMONEY><REFUNDSTATE>{state}</REFUNDSTATE>\
         <LEVELS>LOCAL,PROVINCE,CENTRAL</LEVELS><NOTICEAFTER>{after}</NOTICEAFTER>{decisions}\
         </DETAIL>"
    )
}

fn decision(stage: &str, level: &str, verdict: &str) -> String {
    format!(
        "<DECISION><STAGE>{stage}</STAGE><LEVEL>{level}</LEVEL><VERDICT>{verdict}</VERDICT>\
         <DECIDEDBY>李四</DECIDEDBY><REASON>同意</REASON><DECIDEDATE>20260302</DECIDEDATE>\
         <DECIDETIME>101540</DECIDETIME></DECISION>"
    )
}

fn refund_no() -> RefundNo {
    RefundNo::new(REFUND_NO).unwrap()
}

fn request() -> DeskRequest {
    DeskRequest {
        refund_no: refund_no(),
        notice_no: NoticeNo::new(NO).unwrap(),
        payment_no: PaymentNo::new(PAY_NO).unwrap(),
        amount: PayableFen::new(605).unwrap(),
        reason_code: RefundReasonCode::Overcharged,
        reason: "多收".to_owned(),
        applicant: "张三".to_owned(),
        agency_code: "330101".to_owned(),
    }
}

fn paid_back() -> DeskNotice {
    DeskNotice {
        refund_no: refund_no(),
        notice_no: NoticeNo::new(NO).unwrap(),
        payment_no: PaymentNo::new(PAY_NO).unwrap(),
        amount: PayableFen::new(605).unwrap(),
        txn: RailTxn::new("5000001").unwrap(),
        at: "2026-03-01T16:00:09Z".parse().unwrap(),
    }
}

#[tokio::test]
async fn a_refund_is_asked_for_with_all_that_the_agency_needs() {
    let (base, seen) = watching(Message::RefundRequest, &done(&refund("0", "", "")));
    let case = gateway(&base).ask(&request()).await.unwrap();
    assert_eq!(case.standing, DeskStanding::WithAgency);
    assert_eq!(case.levels, FinanceLevel::ALL);
    assert_eq!(case.decisions, []);
    let document = seen.lock().unwrap().clone();
    for (name, value) in [
        ("REFUNDNO", REFUND_NO),
        ("NOTICENO", NO),
        ("PAYNO", PAY_NO),
        ("REFUNDMONEY", "6.05"),
        ("REASONCODE", "OVERCHARGED"),
        ("REASON", "多收"),
        ("APPLICANT", "张三"),
        ("ENTERCODE", "330101"),
    ] {
        assert_eq!(parameter(&document, name), value, "{name}");
    }
    for code in ["NOT_WRITTEN_OFF", "AMOUNT", "NOT_FOUND", "INVALID", "CONFLICT", "BUSY"] {
        let base = answering(Message::RefundRequest, &exception(&format!("{code}:")));
        assert_eq!(name(&gateway(&base).ask(&request()).await), "refused");
    }
}

#[tokio::test]
async fn every_standing_and_decision_is_read() {
    for (state, after, expected) in [
        ("1", "", DeskStanding::WithFinance),
        ("2", "OPEN", DeskStanding::Approved(NoticeAfter::Open)),
        ("2", "CANCELLED", DeskStanding::Approved(NoticeAfter::Cancelled)),
        ("3", "", DeskStanding::Rejected),
        ("4", "OPEN", DeskStanding::PaidBack),
    ] {
        let decisions =
            [decision("AGENCY", "", "APPROVED"), decision("FINANCE", "LOCAL", "REJECTED")];
        let said = done(&refund(state, after, &decisions.concat()));
        let base = answering(Message::QueryRefund, &said);
        let case = gateway(&base).query(&refund_no()).await.unwrap().unwrap();
        assert_eq!(case.standing, expected, "{state}");
        let stages: Vec<_> = case.decisions.iter().map(|d| (d.stage, d.approved)).collect();
        let finance = DeskStage::Finance(FinanceLevel::Local);
        assert_eq!(stages, [(DeskStage::Agency, true), (finance, false)]);
        assert_eq!(case.decisions[0].decided_by, "李四");
        assert_eq!(case.decisions[0].at, "2026-03-02T02:15:40Z".parse().unwrap());
    }
    let none = answering(Message::QueryRefund, &done(""));
    assert_eq!(gateway(&none).query(&refund_no()).await.unwrap(), None);
}

#[tokio::test]
async fn a_refund_that_is_another_or_cannot_be_understood_is_unknown() {
    let good = refund("1", "", &decision("AGENCY", "", "APPROVED"));
    let many = decision("AGENCY", "", "APPROVED").repeat(5);
    for bad in [
        good.repeat(2),
        String::new(),
        good.replace(REFUND_NO, "RF20260302101531AC"),
        good.replace(NO, "330000001FS0000000002"),
        good.replace("6.05", "6.06"),
        good.replace("<REFUNDSTATE>1", "<REFUNDSTATE>5"),
        good.replace("LOCAL,", "TOWN,"),
        good.replace("APPROVED", "MAYBE"),
        good.replace("AGENCY", "FINANCE"),
        good.replace("<LEVEL>", "<LEVEL>LOCAL"),
        good.replace("101540", "991540"),
        refund("2", "GONE", ""),
        refund("1", "", &many),
    ] {
        let base = answering(Message::RefundRequest, &done(&bad));
        assert_eq!(name(&gateway(&base).ask(&request()).await), "unknown", "{bad}");
    }
}

#[tokio::test]
async fn the_gateway_is_told_that_the_money_is_back() {
    let (base, seen) = watching(Message::RefundNotice, &done(&refund("4", "OPEN", "")));
    let case = gateway(&base).tell_paid_back(&paid_back()).await.unwrap();
    assert_eq!(case.standing, DeskStanding::PaidBack);
    let document = seen.lock().unwrap().clone();
    for (name, value) in [
        ("REFUNDNO", REFUND_NO),
        ("NOTICENO", NO),
        ("PAYNO", PAY_NO),
        ("REFUNDMONEY", "6.05"),
        ("REFUNDTRADENO", "5000001"),
        ("REFUNDDATE", "20260302"),
        ("REFUNDTIME", "000009"),
    ] {
        assert_eq!(parameter(&document, name), value, "{name}");
    }
    assert_eq!(maybe_parameter(&document, "SEQNO"), None);
    gateway(&base).tell_paid_back_in_order(&paid_back(), Some(3)).await.unwrap();
    assert_eq!(parameter(&seen.lock().unwrap(), "SEQNO"), "3");
    for code in ["NOT_APPROVED", "AMOUNT", "RECEIPT_NOT_REVERSED", "NOT_FOUND", "OUT_OF_ORDER"] {
        let base = answering(Message::RefundNotice, &exception(&format!("{code}:")));
        assert_eq!(name(&gateway(&base).tell_paid_back(&paid_back()).await), "refused");
    }
}

use super::*;
use domain::ids::{PaymentNo, RefundNo};
use domain::money::Fen;
use domain::notice::{NoticeNo, PayerName};
use domain::payment::Rail;
use domain::receipt::ReceiptId;
use domain::reconciliation::{ClearingItem, ClearingPayment, ClearingRefund};
use domain::standards::{ReceiptCode, ReceiptNo, RegionCode};
use jiff::civil::date;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn order() -> ClearingOrder {
    ClearingOrder {
        rail: Rail::WeChatPay,
        txn: "4200001".to_owned(),
        at: at("2026-03-02T02:15:40Z"),
        region: RegionCode::new("330100").unwrap(),
        agency_code: "330101".to_owned(),
        notice_no: NoticeNo::new("330000001FS0000000001").unwrap(),
        payer: PayerName::new("张|三\u{E5E5}㐀"),
        principal: Fen::new(20_000),
        late_fee: Fen::new(600),
        receipt: Some(ReceiptId {
            code: ReceiptCode::new("33010126").unwrap(),
            number: ReceiptNo::new("0000000001").unwrap(),
        }),
        ordered_at: at("2026-03-01T15:59:00Z"),
        business_code: "FS".to_owned(),
    }
}

fn item(code: &str, amount: i64, late_fee: i64) -> ClearingItem {
    ClearingItem {
        code: code.to_owned(),
        name: "交通违法\n罚款".to_owned(),
        unit: "件".to_owned(),
        price: Fen::new(amount),
        quantity: "1".to_owned(),
        amount: Fen::new(amount),
        late_fee: Fen::new(late_fee),
    }
}

pub(in crate::non_tax) fn sample() -> ClearingDay {
    let payment_no = PaymentNo::new("YW20260302101531ABCDEFGHJKMN").unwrap();
    let payment = ClearingPayment {
        payment_no: payment_no.clone(),
        order: order(),
        items: vec![item("16010100", 15_000, 600), item("16010200", 5_000, 0)],
        written_off_at: Some(at("2026-03-02T02:16:00Z")),
    };
    let refund = ClearingRefund {
        refund_no: RefundNo::new("RF20260302101531AB").unwrap(),
        order: ClearingOrder { rail: Rail::Alipay, receipt: None, ..order() },
        done: true,
        items: 2,
        payment_no,
        payment_txn: "4200000".to_owned(),
        paid_at: at("2026-02-28T16:00:00Z"),
    };
    ClearingDay::new(date(2026, 3, 2), vec![payment], vec![refund]).unwrap()
}

#[test]
fn file_1_has_its_31_fields_payments_first() {
    let bytes = orders(&sample()).unwrap();
    let text = GB18030.decode(&bytes).0.into_owned();
    let expected = "1|1\n\
        WXPAY|0|YW20260302101531ABCDEFGHJKMN|4200001|20260302|20260302101540|206.00|0|330100|\
        330101|330000001FS0000000001|张 三 㐀|200.00|6.00|33010126|0000000001|2|20260302101600\
        |||||CNY|20260301|FS||||||\n\
        ALIPAY|1|RF20260302101531AB|4200001|20260302|20260302101540|206.00|0|330100|330101|\
        330000001FS0000000001|张 三 㐀|200.00|6.00|||2||||||CNY|20260301|FS||||\
        YW20260302101531ABCDEFGHJKMN|4200000|20260301000000\n";
    assert_eq!(text, expected);
    for line in text.lines().skip(1) {
        assert_eq!(line.split('|').count(), 31);
    }
}

#[test]
fn file_2_has_a_line_for_every_item() {
    let text = GB18030.decode(&split(&sample())).0.into_owned();
    let expected = "2\n\
        330101|330000001FS0000000001|YW20260302101531ABCDEFGHJKMN|16010100|1|交通违法 罚款|件|\
        150.00|1|150.00|6.00\n\
        330101|330000001FS0000000001|YW20260302101531ABCDEFGHJKMN|16010200|2|交通违法 罚款|件|\
        50.00|1|50.00|0.00\n";
    assert_eq!(text, expected);
}

#[test]
fn a_day_without_anything_has_headers_only() {
    let empty = ClearingDay::new(date(2026, 3, 2), Vec::new(), Vec::new()).unwrap();
    assert_eq!(orders(&empty).unwrap(), b"0|0\n");
    assert_eq!(split(&empty), b"0\n");
}

#[test]
fn a_failed_refund_is_marked_so() {
    let day = sample();
    let refunds = day.refunds().iter().cloned();
    let failed = refunds.map(|refund| ClearingRefund { done: false, ..refund }).collect();
    let day = ClearingDay::new(day.day(), Vec::new(), failed).unwrap();
    let bytes = orders(&day).unwrap();
    let text = GB18030.decode(&bytes).0.into_owned();
    assert_eq!(text.lines().nth(1).unwrap().split('|').nth(7), Some("1"));
}

use super::super::testing::{
    NO, PAY_NO, answering, done, exception, gateway, maybe_parameter, name, parameter, watching,
    write_off,
};
use super::*;

const RECEIPT: &str = "<DETAIL><BILLCODE>33010126</BILLCODE><BILLNO>0000000001</BILLNO>\
     <RANDOM>a1b2c3</RANDOM><TOTALMONEY>206.05</TOTALMONEY><ISSUEDATE>20260302</ISSUEDATE>\
     <ISSUETIME>101540</ISSUETIME><NOTICENO>330000001FS0000000001</NOTICENO>\
     <PAYNO>YW20260302101531ABCDEFGHJKMN</PAYNO><BILLSTATE>0</BILLSTATE><RELATEDBILLCODE/>\
     <RELATEDBILLNO/></DETAIL>";

fn related(receipt: &str, state: &str) -> String {
    let (code, no) = ("<RELATEDBILLCODE>33010126</RELATEDBILLCODE>", "<RELATEDBILLNO>0000000001");
    receipt
        .replace("<BILLSTATE>0", &format!("<BILLSTATE>{state}"))
        .replace("<RELATEDBILLCODE/>", code)
        .replace("<RELATEDBILLNO/>", &format!("{no}</RELATEDBILLNO>"))
}

fn red() -> String {
    related(RECEIPT, "2")
        .replace("206.05", "-206.05")
        .replace("<BILLNO>0000000001", "<BILLNO>0000000002")
}

fn id(number: &str) -> ReceiptId {
    receipt_id("33010126", number).unwrap()
}

#[tokio::test]
async fn a_receipt_is_for_the_sum_that_was_paid() {
    let issue = async |details: &str| {
        gateway(&answering(Message::Receipt, &done(details))).issue(&write_off()).await
    };
    let receipt = issue(RECEIPT).await.unwrap();
    assert_eq!(receipt.id, id("0000000001"));
    assert_eq!(receipt.check_code.as_str(), "a1b2c3");
    assert_eq!(receipt.amount, Fen::new(20_605));
    assert_eq!(receipt.issued_at, "2026-03-02T02:15:40Z".parse().unwrap());
    for bad in [
        String::new(),
        RECEIPT.repeat(2),
        RECEIPT.replace("206.05", "206.00"),
        RECEIPT.replace(NO, "330000001FS0000000002"),
        RECEIPT.replace(PAY_NO, "YW20260302101531ABCDEFGHJKMP"),
        RECEIPT.replace("33010126", "3301012"),
        RECEIPT.replace("a1b2c3", "a1b2c"),
        RECEIPT.replace("101540", "251540"),
        RECEIPT.replace("BILLNO", "NO"),
        RECEIPT.replace("<BILLSTATE>0", "<BILLSTATE>3"),
        RECEIPT.replace("<BILLSTATE>0", "<BILLSTATE>1"),
        red(),
    ] {
        assert_eq!(name(&issue(&bad).await), "unknown", "{bad}");
    }
    for code in ["NOT_WRITTEN_OFF", "AMOUNT", "NO_RECEIPT", "NOT_REVERSED", "NOT_REFUNDED"] {
        let early = answering(Message::Receipt, &exception(&format!("{code}:")));
        assert_eq!(name(&gateway(&early).issue(&write_off()).await), "refused");
    }
}

#[tokio::test]
async fn a_receipt_of_the_rest_names_the_one_it_replaces() {
    let (base, seen) = watching(Message::Receipt, &done(&RECEIPT.replace("206.05", "6.05")));
    let rest = WriteOff { amount: Fen::new(605), ..write_off() };
    let receipt = gateway(&base).replace_receipt(&rest, &id("0000000009")).await.unwrap();
    assert_eq!(receipt.amount, Fen::new(605));
    let document = seen.lock().unwrap().clone();
    assert_eq!(parameter(&document, "REPLACES"), "330101260000000009");
    assert_eq!(parameter(&document, "PAYMONEY"), "6.05");
    let (base, seen) = watching(Message::Receipt, &done(RECEIPT));
    gateway(&base).issue(&write_off()).await.unwrap();
    assert_eq!(maybe_parameter(&seen.lock().unwrap(), "REPLACES"), None);
}

#[tokio::test]
async fn a_reversal_answers_the_red_receipt_of_that_receipt() {
    let (base, seen) = watching(Message::ReverseReceipt, &done(&red()));
    let red_receipt =
        gateway(&base).reverse_receipt(&id("0000000001"), &"错".repeat(300), "R1").await.unwrap();
    assert_eq!((red_receipt.id, red_receipt.amount), (id("0000000002"), Fen::new(-20_605)));
    let document = seen.lock().unwrap().clone();
    assert_eq!(parameter(&document, "BILLNO"), "0000000001");
    assert_eq!(parameter(&document, "REVERSENO"), "R1");
    assert_eq!(parameter(&document, "REASON").chars().count(), 200);
    for bad in [RECEIPT.to_owned(), related(RECEIPT, "1"), red().replace("-206", "206")] {
        let base = answering(Message::ReverseReceipt, &done(&bad));
        let reversed = gateway(&base).reverse_receipt(&id("0000000001"), "错", "R1").await;
        assert_eq!(name(&reversed), "unknown", "{bad}");
    }
    let other = gateway(&base).reverse_receipt(&id("0000000003"), "错", "R1").await;
    assert_eq!(name(&other), "unknown");
    for code in ["NOT_FOUND", "IS_RED"] {
        let base = answering(Message::ReverseReceipt, &exception(&format!("{code}:")));
        let refused = gateway(&base).reverse_receipt(&id("0000000001"), "错", "R1").await;
        assert_eq!(name(&refused), "refused");
    }
}

#[tokio::test]
async fn receipts_are_looked_up_with_what_became_of_them() {
    let both = format!(
        "{}{}",
        related(RECEIPT, "1").replace("<RELATEDBILLNO>0000000001", "<RELATEDBILLNO>0000000002"),
        red()
    );
    let (base, seen) = watching(Message::QueryReceipt, &done(&both));
    let of = write_off();
    let found = gateway(&base).receipts_of(&of.notice_no, &of.payment_no).await.unwrap();
    let standings: Vec<_> = found.into_iter().map(|found| found.standing).collect();
    let expected =
        [ReceiptStanding::ReversedBy(id("0000000002")), ReceiptStanding::RedOf(id("0000000001"))];
    assert_eq!(standings, expected);
    assert_eq!(parameter(&seen.lock().unwrap(), "PAYNO"), PAY_NO);
    let other = NoticeNo::new("330000001FS0000000002").unwrap();
    assert_eq!(name(&gateway(&base).receipts_of(&other, &of.payment_no).await), "unknown");
    let (base, seen) = watching(Message::QueryReceipt, &done(RECEIPT));
    let found = gateway(&base).find_receipt(&id("0000000001")).await.unwrap().unwrap();
    assert_eq!(found.standing, ReceiptStanding::Valid);
    assert_eq!(parameter(&seen.lock().unwrap(), "BILLCODE"), "33010126");
    assert_eq!(name(&gateway(&base).find_receipt(&id("0000000005")).await), "unknown");
    let none = answering(Message::QueryReceipt, &done(""));
    assert_eq!(gateway(&none).find_receipt(&id("0000000001")).await.unwrap(), None);
    assert_eq!(gateway(&none).receipts_of(&other, &of.payment_no).await.unwrap(), []);
}

use super::super::envelope::{EnvelopeFault, open, seal};
use super::super::root::{RootFault, read, request};
use super::super::testing::{
    answer, answering, config, document_of, done, exception, gateway, gateway_key, http, name,
    parameter,
};
use super::*;
use crate::system::RandomIds;
use crate::test_support::{Peer, StillClock, quick_client, wechat_vectors};
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::payment::Rail;
use domain::receipt::{NoticeWriteOff, ReceiptIssuer, WriteOff};
use std::sync::Mutex;

fn ring() -> KeyRing {
    KeyRing::from_pems(&config("http://h").gateway_keys).unwrap()
}

fn write_off() -> WriteOff {
    WriteOff {
        notice_no: NoticeNo::new("330000001FS0000000001").unwrap(),
        payment_no: PaymentNo::new("YW20260302101531ABCDEFGHJKMN").unwrap(),
        rail: Rail::WeChatPay,
        txn: "4200<&>\"'".to_owned(),
        amount: Fen::new(20_605),
        paid_at: "2026-03-01T16:00:09Z".parse().unwrap(),
    }
}

#[test]
fn documents_survive_the_envelope_byte_for_byte() {
    for value in ["", "a", "<&>\"'", "]]>", "浙A·測試", " spaces ", "line\r\nbreak\t", "&amp;"]
    {
        let document = format!("\n {} \r\n", request(&[("A", value)]));
        let text = answer(Message::Bill, &document);
        let opened = open(Message::Bill, text.as_bytes(), &ring()).unwrap();
        assert_eq!(opened, Opened::Document(document), "{value:?}");
    }
}

#[test]
fn an_envelope_that_is_not_the_gateways_is_not_opened() {
    let good = answer(Message::Bill, "<ROOT/>");
    let forged = seal(Message::Bill, "<ROOT/>", "gateway-2", &gateway_key()).unwrap();
    let dtd = "<!DOCTYPE a [<!ENTITY b \"c\">]>";
    let table = [
        (good.replace("ROOT/", "ROOT /"), "bad signature"),
        (good.replace("gateway-1", "gateway-2"), "signed by an unknown key or algorithm"),
        (good.replace("RSA-SHA256", "none"), "signed by an unknown key or algorithm"),
        (forged, "the answer to another message"),
        (format!("{dtd}{good}"), "declares a document type or entities"),
        (good.replace("&lt;ROOT/&gt;", "<![CDATA[<ROOT/>]]> "), "bad signature"),
        (good.replace("&lt;", "&b;"), "not an envelope"),
        (good.replace("soapenv:Body", "soapenv:Head"), "not an envelope"),
        (good[..good.len() / 2].to_owned(), "not an envelope"),
        (String::new(), "not an envelope"),
        ("<html><body>502</body></html>".to_owned(), "not an envelope"),
        (answer(Message::Bill, &format!("{dtd}<ROOT/>")), "declares a document type or entities"),
    ];
    for (text, expected) in table {
        let fault = open(Message::Bill, text.as_bytes(), &ring()).unwrap_err();
        assert_eq!(fault.to_string(), expected, "{text}");
    }
    assert!(matches!(open(Message::Bill, b"\xff", &ring()), Err(EnvelopeFault::NotText(_))));
    let other = open(Message::Receipt, good.as_bytes(), &ring());
    assert!(matches!(other, Err(EnvelopeFault::OtherMessage)));
}

#[test]
fn a_document_is_understood_or_refused() {
    type Details = Said<std::collections::BTreeMap<String, String>>;
    let read = |text: &str| read::<std::collections::BTreeMap<String, String>>(text, "ID");
    assert_eq!(read(&done("")).unwrap(), Details::Done(vec![]));
    match read(&done("<DETAIL><A>1</A></DETAIL><DETAIL><A>&lt;2</A></DETAIL>")).unwrap() {
        Said::Done(details) => assert_eq!((details.len(), details[1]["A"].as_str()), (2, "<2")),
        other => panic!("{other:?}"),
    }
    for (text, code, message) in
        [("AMOUNT:应缴200.00", "AMOUNT", "应缴200.00"), ("BROKEN", "BROKEN", ""), ("", "", "")]
    {
        let (code, message) = (code.to_owned(), message.to_owned());
        assert_eq!(read(&exception(text)).unwrap(), Details::Exception { code, message });
    }
    let good = done("");
    assert!(matches!(read(&good.replace("00", "01")), Err(RootFault::Code)));
    assert!(matches!(read(&good.replace("ID<", "XY<")), Err(RootFault::OtherRequest)));
    assert!(matches!(read("<ROOT><IS_SUCCESS CODE=\"00\"/></ROOT>"), Err(RootFault::OtherRequest)));
    for bad in ["", "<ROOT>", "<ROOT/>", "text", "<ROOT><IS_SUCCESS/></ROOT>", "<ROOT>&b;</ROOT>"] {
        assert!(matches!(read(bad), Err(RootFault::Malformed(_))), "{bad}");
    }
}

#[tokio::test]
async fn a_write_off_says_all_that_the_gateway_needs_and_is_signed() {
    let seen = Arc::new(Mutex::new(String::new()));
    let copy = seen.clone();
    let base = Peer::replies(move |request| {
        request.clone_into(&mut copy.lock().unwrap());
        let id = parameter(&document_of(request), "REQUESTID");
        http(200, &answer(Message::WriteOff, &done("").replace("ID<", &format!("{id}<"))))
    });
    gateway(&base).write_off(&write_off()).await.unwrap();
    let request = seen.lock().unwrap().clone();
    let document = document_of(&request);
    for (name, value) in [
        ("NOTICENO", "330000001FS0000000001"),
        ("PAYNO", "YW20260302101531ABCDEFGHJKMN"),
        ("TRADENAME", "微信支付"),
        ("TRADENO", "4200&lt;&amp;&gt;&quot;&apos;"),
        ("TRADEDATE", "20260302"),
        ("PAYMONEY", "206.05"),
        ("PAYDATE", "20260302"),
        ("PAYTIME", "000009"),
        ("TIMESTAMP", "20260302101540"),
    ] {
        assert_eq!(parameter(&document, name), value, "{name}");
    }
    let (_, rest) = request.split_once("ALGORITHM=\"RSA-SHA256\">").unwrap();
    let signature = rest.split_once("</SIGN>").unwrap().0;
    let private = wechat_vectors()["keys"]["doc_merchant"]["private_key_pem"].clone();
    let key = SigningKey::from_pem(private.as_str().unwrap()).unwrap();
    assert_eq!(key.sign(document.as_bytes()).as_deref(), Ok(signature));
}

#[tokio::test]
async fn what_the_gateway_says_of_a_write_off_is_told_apart() {
    let fault = |code: &str| {
        let body = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>\
             <faultcode>{code}</faultcode><faultstring>why</faultstring></s:Fault></s:Body>\
             </s:Envelope>"
        );
        Peer::answers(&http(500, &body))
    };
    let said = |document: &str| answering(Message::WriteOff, document);
    for (base, expected) in [
        (said(&done("")), "ok"),
        (said(&done("<DETAIL><A>1</A></DETAIL>")), "ok"),
        (said(&exception("ALREADY_PAID:x")), "refused"),
        (said(&done("").replace("ID<", "other<")), "unknown"),
        (said(&done("").replace("00", "77")), "unknown"),
        (fault("soapenv:Client"), "not sent"),
        (fault("soapenv:Server"), "unknown"),
        (fault(""), "unknown"),
        (Peer::answers(&http(200, "<html/>")), "unknown"),
        (Peer::answers(&http(503, "")), "unknown"),
        (Peer::nobody(), "not sent"),
        (Peer::hangs_up(), "unknown"),
        (Peer::silent(), "unknown"),
    ] {
        let written = gateway(&base).write_off(&write_off()).await;
        assert_eq!(name(&written), expected, "{written:?}");
    }
    match gateway(&said(&exception("ALREADY_PAID:已缴"))).write_off(&write_off()).await {
        Err(OutsideError::Refused { code, message }) => {
            assert_eq!((code.as_str(), message.as_str()), ("ALREADY_PAID", "已缴"));
        }
        other => panic!("{other:?}"),
    }
}

const RECEIPT: &str = "<DETAIL><BILLCODE>33010126</BILLCODE><BILLNO>0000000001</BILLNO>\
                       <RANDOM>a1b2c3</RANDOM><TOTALMONEY>206.05</TOTALMONEY>\
                       <ISSUEDATE>20260302</ISSUEDATE><ISSUETIME>101540</ISSUETIME></DETAIL>";

#[tokio::test]
async fn a_receipt_is_for_the_sum_that_was_paid() {
    let issue = async |details: &str| {
        gateway(&answering(Message::Receipt, &done(details))).issue(&write_off()).await
    };
    let receipt = issue(RECEIPT).await.unwrap();
    assert_eq!(receipt.id.code.as_str(), "33010126");
    assert_eq!(receipt.id.number.as_str(), "0000000001");
    assert_eq!(receipt.check_code.as_str(), "a1b2c3");
    assert_eq!(receipt.amount, Fen::new(20_605));
    assert_eq!(receipt.issued_at, "2026-03-02T02:15:40Z".parse().unwrap());
    for bad in [
        String::new(),
        RECEIPT.repeat(2),
        RECEIPT.replace("206.05", "206.00"),
        RECEIPT.replace("33010126", "3301012"),
        RECEIPT.replace("a1b2c3", "a1b2c"),
        RECEIPT.replace("101540", "251540"),
        RECEIPT.replace("BILLNO", "NO"),
    ] {
        assert_eq!(name(&issue(&bad).await), "unknown", "{bad}");
    }
    let early = answering(Message::Receipt, &exception("NOT_WRITTEN_OFF:"));
    assert_eq!(name(&gateway(&early).issue(&write_off()).await), "refused");
}

#[test]
fn a_faulty_configuration_names_its_field() {
    type Change = fn(&mut NonTaxConfig);
    let table: [(&str, Change); 4] = [
        ("base_url", |c| c.base_url = "h".to_owned()),
        ("our_key_id", |c| c.our_key_id.clear()),
        ("our_private_key_pem", |c| c.our_private_key_pem.clear()),
        ("gateway_keys", |c| c.gateway_keys.clear()),
    ];
    for (field, change) in table {
        let mut config = config("http://h");
        change(&mut config);
        let (clock, ids) = (Arc::new(StillClock(0)), Arc::new(RandomIds));
        let fault = NonTaxGateway::new(&config, quick_client(), clock, ids).unwrap_err();
        assert_eq!(fault.field, field);
        assert!(!format!("{config:?}").contains("PRIVATE"));
    }
}

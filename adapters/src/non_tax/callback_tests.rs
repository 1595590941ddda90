use super::super::envelope::wrap;
use super::super::keys::Seal;
use super::super::testing::{
    NO, NOW, PAY_NO, config, gateway_key, gateway_of, gateway_sm2_key, our_public_key, parameter,
    seal, seal_config, sm2_config,
};
use super::*;
use crate::crypto::AgileSigningKey;
use crate::non_tax::NonTaxConfig;
use crate::test_support::Peer;
use domain::payment::{DeskStage, DeskStanding, FinanceLevel, NoticeAfter};
use quick_xml::escape::unescape;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// Knows both keys of the gateway; nobody can be asked for others.
fn reader() -> NonTaxGateway {
    let mut config = NonTaxConfig { seal: Some(seal_config()), ..config(&Peer::nobody()) };
    config.gateway_keys.extend(sm2_config("http://h").gateway_keys);
    gateway_of(&config)
}

fn document(message: &str, parameters: &[(&str, &str)]) -> String {
    let own = [("TIMESTAMP", "20260302101540"), ("MESSAGE", message), ("REQUESTID", "event-1")];
    root::request(&[parameters, &own].concat())
}

fn call(name: &str, document: &str, key: (&str, &AgileSigningKey)) -> RailCallback {
    sealed_call(name, document, key, None)
}

fn sealed_call(
    name: &str,
    document: &str,
    key: (&str, &AgileSigningKey),
    seal: Option<(&Seal, [u8; 16])>,
) -> RailCallback {
    let body = wrap(name, document, key, seal).unwrap().into_bytes();
    RailCallback { headers: vec![("soapaction".to_owned(), format!("\"{name}\""))], body }
}

const CONFIRM: [(&str, &str); 8] = [
    ("NOTICENO", NO),
    ("PAYNO", PAY_NO),
    ("PAYMONEY", "206.05"),
    ("RESULT", "CONFIRMED"),
    ("REASONCODE", ""),
    ("REASON", ""),
    ("CONFIRMDATE", "20260302"),
    ("CONFIRMTIME", "101530"),
];

const DECISION: [(&str, &str); 13] = [
    ("REFUNDNO", "RF20260302101531AB"),
    ("NOTICENO", NO),
    ("PAYNO", PAY_NO),
    ("REFUNDMONEY", "206.05"),
    ("STAGE", "FINANCE"),
    ("LEVEL", "CENTRAL"),
    ("VERDICT", "APPROVED"),
    ("DECIDEDBY", "李四"),
    ("REASON", "同意"),
    ("DECIDEDATE", "20260302"),
    ("DECIDETIME", "101530"),
    ("REFUNDSTATE", "2"),
    ("NOTICEAFTER", "OPEN"),
];

fn with<'a>(
    parameters: &[(&'a str, &'a str)],
    name: &str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let changed = |(at, old): &(&'a str, &'a str)| (*at, if *at == name { value } else { *old });
    parameters.iter().map(changed).collect()
}

async fn news(message: &str, parameters: &[(&str, &str)]) -> Option<GatewayNews> {
    let key = gateway_key();
    let call = call(message, &document(message, parameters), ("gateway-1", &key));
    let read = reader().read(&call, now()).await.unwrap();
    if let Some(event) = &read.event {
        assert_eq!((event.id.as_str(), event.received_at), ("event-1", now()));
    }
    read.event.map(|event| event.news)
}

#[tokio::test]
async fn a_write_off_is_confirmed_or_rejected() {
    let amount = Fen::new(20_605);
    match news("WriteOff_Confirm", &CONFIRM).await.unwrap() {
        GatewayNews::WriteOff { notice_no, payment_no, amount: said, verdict, at } => {
            assert_eq!((notice_no.as_str(), payment_no.as_str()), (NO, PAY_NO));
            assert_eq!((said, verdict), (amount, WriteOffVerdict::Confirmed));
            assert_eq!(at, now() - SignedDuration::from_secs(10));
        }
        other @ (GatewayNews::NoticeWithdrawn { .. } | GatewayNews::RefundDecided(_)) => {
            panic!("{other:?}")
        }
    }
    let rejected = with(&CONFIRM, "RESULT", "REJECTED");
    let rejected = with(&rejected, "REASON", "已缴");
    for code in ["ALREADY_PAID", "WITHDRAWN", "OTHER"] {
        let rejected = with(&rejected, "REASONCODE", code);
        match news("WriteOff_Confirm", &rejected).await.unwrap() {
            GatewayNews::WriteOff {
                verdict: WriteOffVerdict::Rejected { reason_code, reason },
                ..
            } => {
                assert_eq!((reason_code.code(), reason.as_str()), (code, "已缴"));
            }
            other @ (GatewayNews::WriteOff { .. }
            | GatewayNews::NoticeWithdrawn { .. }
            | GatewayNews::RefundDecided(_)) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_notice_is_withdrawn_and_a_refund_decided() {
    let withdrawn = [
        ("NOTICENO", NO),
        ("REASON", "撤销"),
        ("WITHDRAWDATE", "20260302"),
        ("WITHDRAWTIME", "101540"),
    ];
    let expected = GatewayNews::NoticeWithdrawn {
        notice_no: NoticeNo::new(NO).unwrap(),
        reason: "撤销".to_owned(),
        at: now(),
    };
    assert_eq!(news("Notice_Withdraw", &withdrawn).await, Some(expected));
    let Some(GatewayNews::RefundDecided(decided)) = news("Refund_Decision", &DECISION).await else {
        panic!("no decision");
    };
    assert_eq!(decided.refund_no.map(|no| no.to_string()).as_deref(), Some(DECISION[0].1));
    assert_eq!(decided.decision.stage, DeskStage::Finance(FinanceLevel::Central));
    assert_eq!(decided.standing, DeskStanding::Approved(NoticeAfter::Open));
    assert_eq!(decided.amount.fen(), Fen::new(20_605));
    let begun_by_finance = with(&DECISION, "REFUNDNO", "");
    match news("Refund_Decision", &begun_by_finance).await {
        Some(GatewayNews::RefundDecided(decided)) => assert_eq!(decided.refund_no, None),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_means_nothing_to_us_is_acknowledged_all_the_same() {
    for (message, parameters) in [
        ("WriteOff_Confirm", with(&CONFIRM, "PAYNO", "x")),
        ("WriteOff_Confirm", with(&CONFIRM, "NOTICENO", "310000001FS1")),
        ("Refund_Decision", with(&DECISION, "REFUNDNO", "不")),
        ("Something_Else", vec![]),
    ] {
        assert_eq!(news(message, &parameters).await, None, "{message}");
    }
}

#[tokio::test]
async fn the_answer_is_signed_by_our_key_and_repeats_the_event() {
    let key = gateway_sm2_key();
    let text = document("WriteOff_Confirm", &CONFIRM);
    let call = call("WriteOff_Confirm", &text, ("gateway-sm2", &key));
    let answer = reader().read(&call, now()).await.unwrap().answer;
    assert!(answer.contains("<WriteOff_ConfirmResponse>"), "{answer}");
    let (_, rest) = answer.split_once("<XML>").unwrap();
    let document = unescape(rest.split_once("</XML>").unwrap().0).unwrap().into_owned();
    assert!(document.contains("<IS_SUCCESS CODE=\"00\"/>"), "{document}");
    assert!(document.contains("<RESULT></RESULT>"), "{document}");
    assert_eq!(parameter(&document, "REQUESTID"), "event-1");
    assert_eq!(parameter(&document, "MESSAGE"), "WriteOff_Confirm");
    let (_, rest) = answer.split_once("KEYID=\"our-1\" ALGORITHM=\"RSA-SHA256\">").unwrap();
    let signature = rest.split_once("</SIGN>").unwrap().0;
    let ours = our_public_key();
    assert_eq!(ours.verify(document.as_bytes(), signature), Ok(()));
}

#[tokio::test]
async fn a_sealed_call_is_opened_and_answered_sealed() {
    let (key, seal) = (gateway_key(), seal());
    let text = document("WriteOff_Confirm", &CONFIRM);
    let sealed =
        sealed_call("WriteOff_Confirm", &text, ("gateway-1", &key), Some((&seal, [5; 16])));
    let read = reader().read(&sealed, now()).await.unwrap();
    assert!(read.event.is_some());
    assert!(!read.answer.contains("<XML>"), "{}", read.answer);
    let (_, rest) = read.answer.split_once("ALGORITHM=\"SM4-CBC\">").unwrap();
    let opened = seal.key.open(rest.split_once("</ENCRYPTED>").unwrap().0).unwrap();
    assert!(String::from_utf8(opened).unwrap().contains("event-1"));
    let without = gateway_of(&config(&Peer::nobody()));
    let refused = without.read(&sealed, now()).await.unwrap_err();
    assert_eq!(refused, CallbackRefused::Undecryptable);
}

#[tokio::test]
async fn stale_calls_are_refused_at_either_end_of_the_window() {
    let key = gateway_key();
    let text = document("WriteOff_Confirm", &CONFIRM);
    let call = call("WriteOff_Confirm", &text, ("gateway-1", &key));
    for (seconds, fresh) in [(300, true), (301, false), (-300, true), (-301, false)] {
        let read = reader().read(&call, now() + SignedDuration::from_secs(seconds)).await;
        assert_eq!(read.is_ok(), fresh, "{seconds}");
        assert!(fresh || read == Err(CallbackRefused::Stale));
    }
}

#[tokio::test]
async fn a_call_that_is_not_the_gateways_is_refused() {
    let key = gateway_key();
    let (name, text) = ("WriteOff_Confirm", document("WriteOff_Confirm", &CONFIRM));
    let good = call(name, &text, ("gateway-1", &key));
    let body = String::from_utf8(good.body.clone()).unwrap();
    let changed = |from: &str, to: &str| RailCallback {
        body: body.replace(from, to).into_bytes(),
        ..good.clone()
    };
    let other_action = RailCallback {
        headers: vec![("soapaction".to_owned(), "\"Notice_Withdraw\"".to_owned())],
        ..good.clone()
    };
    let long = "x".repeat(1024 * 1024 + 1).into_bytes();
    use CallbackRefused as R;
    for (call, why) in [
        (changed("206.05", "206.06"), R::BadSignature),
        (changed("gateway-1", "gateway-9"), R::UnknownKey),
        (changed("RSA-SHA256", "SM2-SM3"), R::UnknownKey),
        (changed("</soapenv:Body>", ""), R::Malformed("envelope")),
        (other_action, R::Malformed("SOAPAction")),
        (changed("WriteOff_Confirm>", "Notice_Withdraw>"), R::Malformed("SOAPAction")),
        (RailCallback { body: long, ..good.clone() }, R::Malformed("too long")),
        (
            RailCallback { body: envelope::fault("x").into_bytes(), ..good.clone() },
            R::Malformed("a fault"),
        ),
    ] {
        assert_eq!(reader().read(&call, now()).await, Err(why));
    }
    let renamed = RailCallback { headers: Vec::new(), ..changed("WriteOff_Confirm>", "Other>") };
    assert_eq!(reader().read(&renamed, now()).await, Err(R::Malformed("MESSAGE")));
    assert!(reader().fault(&R::UnknownKey).contains("<faultcode>soapenv:Client</faultcode>"));
}

#[tokio::test]
async fn a_signed_call_that_cannot_be_understood_names_the_field() {
    let key = gateway_key();
    let read = async |message: &str, text: &str| {
        reader().read(&call(message, text, ("gateway-1", &key)), now()).await
    };
    let confirm = |name: &'static str, value: &'static str| {
        ("WriteOff_Confirm", document("WriteOff_Confirm", &with(&CONFIRM, name, value)), name)
    };
    let decision = |name: &'static str, value: &'static str| {
        ("Refund_Decision", document("Refund_Decision", &with(&DECISION, name, value)), name)
    };
    let good = document("WriteOff_Confirm", &CONFIRM);
    let id = "<PARAM NAME=\"REQUESTID\">event-1</PARAM>";
    let long = format!("<PARAM NAME=\"REQUESTID\">{}</PARAM>", "x".repeat(65));
    let of_good = |from: &str, to: &str, field| ("WriteOff_Confirm", good.replace(from, to), field);
    for (message, text, field) in [
        confirm("PAYMONEY", "x"),
        confirm("PAYMONEY", "0.00"),
        confirm("RESULT", "MAYBE"),
        confirm("CONFIRMDATE", "20260230"),
        decision("REFUNDMONEY", "-1"),
        decision("STAGE", "TOWN"),
        decision("VERDICT", "MAYBE"),
        decision("DECIDEDATE", ""),
        decision("REFUNDSTATE", "9"),
        decision("NOTICEAFTER", "GONE"),
        of_good(id, &id.repeat(2), "ROOT"),
        of_good(id, "", "REQUESTID"),
        of_good(id, &long, "REQUESTID"),
        of_good("event-1", "", "REQUESTID"),
        of_good("20260302101540", "2026", "TIMESTAMP"),
        of_good("NAME=\"PAYNO\"", "NAME=\"X\"", "PAYNO"),
    ] {
        let refused = read(message, &text).await.unwrap_err();
        assert_eq!(refused, CallbackRefused::Malformed(field), "{text}");
    }
    let rejected = with(&CONFIRM, "RESULT", "REJECTED");
    let refused = read("WriteOff_Confirm", &document("WriteOff_Confirm", &rejected)).await;
    assert_eq!(refused, Err(CallbackRefused::Malformed("REASONCODE")));
}

use super::super::testing::{
    NO, WRITTEN, answering, done, exception, gateway, http, maybe_parameter, name, parameter,
    watching, write_off,
};
use super::*;
use crate::test_support::Peer;

#[tokio::test]
async fn a_write_off_says_all_that_the_gateway_needs() {
    let (base, seen) = watching(Message::WriteOff, &done(WRITTEN));
    let of = WriteOff { sequence: Some(2), ..write_off() };
    assert_eq!(gateway(&base).write_off(&of).await.unwrap(), Confirmation::Confirmed);
    let document = seen.lock().unwrap().clone();
    let check = full_check("330101", NO, domain::money::Fen::new(20_000));
    for (name, value) in [
        ("NOTICENO", NO),
        ("PAYNO", "YW20260302101531ABCDEFGHJKMN"),
        ("TRADECODE", "WXPAY"),
        ("TRADENAME", "微信支付"),
        ("TRADENO", "4200&lt;&amp;&gt;&quot;&apos;"),
        ("TRADEDATE", "20260302"),
        ("PAYMONEY", "206.05"),
        ("PAYDATE", "20260302"),
        ("PAYTIME", "000009"),
        ("QUOTEDATE", "20260301"),
        ("CHECKCODE", &check),
        ("SEQNO", "2"),
        ("MESSAGE", "GetPay_Info"),
        ("TIMESTAMP", "20260302101540"),
    ] {
        assert_eq!(parameter(&document, name), value, "{name}");
    }
    let id = parameter(&document, "REQUESTID");
    assert!((1..=64).contains(&id.len()), "{id}");
}

#[tokio::test]
async fn a_quote_that_does_not_fit_the_payment_is_not_named_and_no_number_is_made_up() {
    for (quoted_at, named) in [
        ("2026-02-28T15:59:59Z", None),
        ("2026-02-28T16:00:00Z", Some("20260301")),
        ("2026-03-02T15:59:59Z", Some("20260302")),
        ("2026-03-02T16:00:00Z", None),
    ] {
        let (base, seen) = watching(Message::WriteOff, &done(WRITTEN));
        let of = WriteOff { quoted_at: quoted_at.parse().unwrap(), ..write_off() };
        gateway(&base).write_off(&of).await.unwrap();
        let document = seen.lock().unwrap().clone();
        assert_eq!(maybe_parameter(&document, "QUOTEDATE").as_deref(), named, "{quoted_at}");
        assert_eq!(maybe_parameter(&document, "SEQNO"), None);
    }
}

#[tokio::test]
async fn a_confirmation_may_come_later_and_is_about_this_write_off() {
    let said = async |details: &str| {
        gateway(&answering(Message::WriteOff, &done(details))).write_off(&write_off()).await
    };
    let pending = WRITTEN.replace("CONFIRMED<", "PENDING<");
    assert_eq!(said(&pending).await.unwrap(), Confirmation::Pending);
    for bad in [
        String::new(),
        WRITTEN.repeat(2),
        WRITTEN.replace("CONFIRMED<", "MAYBE<"),
        WRITTEN.replace(NO, "330000001FS0000000002"),
        WRITTEN.replace("YW2026", "YW2027"),
    ] {
        assert_eq!(name(&said(&bad).await), "unknown", "{bad}");
    }
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
    let ok = done(WRITTEN);
    for (base, expected) in [
        (said(&ok), "ok"),
        (said(&ok.replace("REQUESTID\">ID", "REQUESTID\">other")), "unknown"),
        (said(&ok.replace("MSG<", "Issue_Receipt<")), "unknown"),
        (said(&ok.replace("\"00\"", "\"77\"")), "unknown"),
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
}

#[tokio::test]
async fn every_code_of_the_gateway_reaches_the_caller() {
    for code in [
        "INVALID",
        "BUSY",
        "NOT_FOUND",
        "AMOUNT",
        "REVERSED",
        "OUT_OF_ORDER",
        "ALREADY_PAID",
        "WITHDRAWN",
        "QUOTE",
        "CHECKCODE",
    ] {
        let base = answering(Message::WriteOff, &exception(&format!("{code}:原因")));
        match gateway(&base).write_off(&write_off()).await {
            Err(OutsideError::Refused { code: said, message }) => {
                assert_eq!((said.as_str(), message.as_str()), (code, "原因"));
            }
            other => panic!("{other:?}"),
        }
    }
}

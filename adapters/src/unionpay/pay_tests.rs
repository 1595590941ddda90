use super::super::account::UnionPayConfig;
use super::super::fields::SIGNATURE;
use super::super::testing::{
    MERCHANT, NOW, ORDER, PLATFORM, QUERY_ID, TXN_TIME, about, about_order, account, account_at,
    answer, config, http, in_turn, message_in, signed, signed_by,
};
use super::*;
use crate::crypto::VerifyingKey;
use crate::http::is_silence;
use crate::test_support::{Peer, StillClock, quick_client};
use domain::ids::PaymentNo;
use std::sync::Mutex;

fn rail(base: &str) -> UnionPayRail {
    UnionPayRail::new(account(base))
}

fn order() -> RailOrder {
    let made_at = "2026-03-02T10:15:31+08:00".parse().unwrap();
    RailOrder {
        no: PaymentNo::new(ORDER).unwrap(),
        amount: PayableFen::new(20_600).unwrap(),
        description: "交通违法罚款".to_owned(),
        cashier: CashierKind::UnionPayApp,
        payer: None,
        made_at,
        expires_at: made_at + SignedDuration::from_mins(15),
    }
}

fn taken() -> String {
    answer(&about_order("00", &[("tn", "821603021015400000001")]))
}

fn code(code: &str) -> String {
    answer(&about_order(code, &[]))
}

const PAID: [(&str, &str); 5] = [
    ("queryId", QUERY_ID),
    ("txnAmt", "20600"),
    ("currencyCode", "156"),
    ("traceTime", "0302101733"),
    ("origRespMsg", "成功[0000000]"),
];

fn outcome_is(code: &str) -> String {
    answer(&about_order("00", &[&PAID[..], &[("origRespCode", code)]].concat()))
}

fn name<T>(result: &Result<T, OutsideError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(_)) => "not sent",
        Err(error @ OutsideError::OutcomeUnknown(_)) if is_silence(error) => "silent",
        Err(OutsideError::OutcomeUnknown(_)) => "undecided",
    }
}

#[tokio::test]
async fn an_order_says_all_the_platform_needs_and_is_signed() {
    let seen = Arc::new(Mutex::new(String::new()));
    let copy = seen.clone();
    let base = Peer::replies(move |request| {
        request.clone_into(&mut copy.lock().unwrap());
        taken()
    });
    let rail = rail(&base);
    assert_eq!(PaymentRail::cashier(&rail, Channel::App), Some(CashierKind::UnionPayApp));
    assert_eq!(PaymentRail::cashier(&rail, Channel::WeChat), None);
    assert_eq!(rail.merchant().app_ids, [MERCHANT]);
    let cashier = rail.submit(&order()).await.unwrap();
    assert_eq!(cashier, Cashier::UnionPay { tn: "821603021015400000001".to_owned() });
    let request = seen.lock().unwrap().clone();
    assert!(request.starts_with("POST /gateway/api/appTransReq.do HTTP/1.1"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded"), "{request}");
    let sent = message_in(&request);
    let expected = "accessType=0&backUrl=https://example.org/callbacks/unionpay&bizType=000201\
        &certId=69903319369&channelType=08&currencyCode=156&encoding=UTF-8\
        &merId=777290058167151&orderId=YW20260302101531ABCDEFGHJKMN&payTimeout=20260302103031\
        &signMethod=01&txnAmt=20600&txnSubType=01&txnTime=20260302101531&txnType=01&version=5.1.0";
    assert_eq!(sent.signed_text(), expected);
    let key = VerifyingKey::from_pem(&config(&base).signing_cert_pem).unwrap();
    assert_eq!(key.verify(sent.digest().as_bytes(), sent.get(SIGNATURE).unwrap()), Ok(()));
}

#[tokio::test]
async fn an_order_is_payable_for_twenty_minutes_at_most() {
    let base = Peer::replies(|request| {
        let ends = message_in(request).get("payTimeout").unwrap().to_owned();
        answer(&about_order("00", &[("tn", &ends)]))
    });
    let late = order().made_at + SignedDuration::from_hours(2);
    let cashier = rail(&base).submit(&RailOrder { expires_at: late, ..order() }).await.unwrap();
    assert_eq!(cashier, Cashier::UnionPay { tn: "20260302103531".to_owned() });
}

#[tokio::test]
async fn an_order_asked_for_again_is_not_sent_again_and_keeps_its_tn() {
    let rail = rail(&in_turn(vec![taken(), code("12")]));
    let (first, twin) = (order(), order());
    let (first, twin) = tokio::join!(rail.submit(&first), rail.submit(&twin));
    assert_eq!(name(&first), "ok");
    assert_eq!(first.unwrap(), twin.unwrap());
    let again = rail.submit(&order()).await.unwrap();
    assert_eq!(again, Cashier::UnionPay { tn: "821603021015400000001".to_owned() });
    let dearer = RailOrder { amount: PayableFen::new(20_601).unwrap(), ..order() };
    assert_eq!(name(&rail.submit(&dearer).await), "silent");
}

#[tokio::test]
async fn a_refused_order_is_tried_anew() {
    let rail = rail(&in_turn(vec![code("31"), taken()]));
    assert_eq!(name(&rail.submit(&order()).await), "refused");
    assert_eq!(name(&rail.submit(&order()).await), "ok");
}

#[tokio::test]
async fn a_refusal_hides_no_order() {
    let lost = || http(502, "");
    let table = [
        (vec![code("10")], "refused"),
        (vec![code("33")], "refused"),
        (vec![code("12")], "undecided"),
        (vec![code("34")], "undecided"),
        (vec![code("01")], "undecided"),
        (vec![code("03")], "undecided"),
        (vec![code("05")], "undecided"),
        (vec![code("06")], "undecided"),
        (vec![code("99")], "undecided"),
        (vec![code("A6")], "undecided"),
        (vec![lost(), code("12")], "undecided"),
        (vec![lost(), code("10")], "undecided"),
        (vec![lost(), taken()], "ok"),
        (vec![lost()], "silent"),
        (vec![code("00")], "silent"),
        (vec![http(200, "")], "silent"),
        (vec![http(200, "<html>502</html>")], "silent"),
    ];
    for (index, (answers, expected)) in table.into_iter().enumerate() {
        let submitted = rail(&in_turn(answers)).submit(&order()).await;
        assert_eq!(name(&submitted), expected, "row {index}: {submitted:?}");
    }
}

#[tokio::test]
async fn only_unionpay_may_sign_for_unionpay() {
    let p = &PLATFORM;
    let fields = [("merId", MERCHANT), ("orderId", ORDER), ("txnTime", TXN_TIME)];
    let fields = [&fields[..], &[("respCode", "00"), ("tn", "8216")]].concat();
    let mut forged = signed(&fields);
    forged.set("tn", "8217");
    let mut unsigned = signed(&fields);
    unsigned.set(SIGNATURE, "");
    let mut nameless = signed(&fields);
    nameless.set("signPubKeyCert", "");
    let mut digest = signed(&fields);
    digest.set("signMethod", "11");
    let table = [
        ("genuine", signed(&fields), "ok"),
        ("another subject", signed_by(&p.other_subject, &fields), "silent"),
        ("expired", signed_by(&p.expired, &fields), "silent"),
        ("a chain of its own", signed_by(&p.foreign_chain, &fields), "silent"),
        ("below a leaf", signed_by(&p.below_a_leaf, &fields), "silent"),
        ("altered", forged, "silent"),
        ("unsigned", unsigned, "silent"),
        ("without certificate", nameless, "silent"),
        ("another method", digest, "silent"),
    ];
    for (who, message, expected) in table {
        let submitted = rail(&Peer::answers(&answer(&message))).submit(&order()).await;
        assert_eq!(name(&submitted), expected, "{who}: {submitted:?}");
    }
    // The pinned certificates end as well.
    let in_2032 = UnionPayRail::new(account_at(&Peer::answers(&taken()), 1_956_500_000));
    assert_eq!(name(&in_2032.submit(&order()).await), "silent");
}

#[tokio::test]
async fn an_answer_about_anything_else_says_nothing() {
    let other = answer(&about("YW20260302101531ZZZZZZZZZZZZ", "34", &[]));
    assert_eq!(name(&rail(&Peer::answers(&other)).query(&order().key()).await), "silent");
    let fields = [("merId", "777290058167152"), ("orderId", ORDER), ("respCode", "34")];
    let foreign = answer(&signed(&fields));
    assert_eq!(name(&rail(&Peer::answers(&foreign)).query(&order().key()).await), "silent");
    let nameless = answer(&signed(&[("respCode", "00"), ("origRespCode", "00")]));
    assert_eq!(name(&rail(&Peer::answers(&nameless)).query(&order().key()).await), "silent");
}

#[tokio::test]
async fn a_query_tells_how_the_order_stands() {
    let table = [
        (outcome_is("00"), "paid"),
        (outcome_is("A6"), "paid"),
        (outcome_is("03"), "open"),
        (outcome_is("04"), "open"),
        (outcome_is("05"), "open"),
        (outcome_is("64"), "open"),
        (outcome_is("42"), "undecided"),
        (outcome_is("74"), "undecided"),
        (outcome_is("99"), "undecided"),
        (outcome_is(""), "undecided"),
        (code("34"), "absent"),
        (code("37"), "refused"),
        (code("11"), "refused"),
        (code("05"), "undecided"),
        (code("98"), "undecided"),
    ];
    for (index, (reply, expected)) in table.into_iter().enumerate() {
        let state = rail(&Peer::answers(&reply)).query(&order().key()).await;
        let said = match &state {
            Ok(RailOrderState::Paid(_)) => "paid",
            Ok(RailOrderState::Open) => "open",
            Ok(RailOrderState::Closed) => "closed",
            Ok(RailOrderState::NotFound) => "absent",
            failed @ Err(_) => name(failed),
        };
        assert_eq!(said, expected, "row {index}: {state:?}");
    }
}

#[tokio::test]
async fn a_paid_order_is_reported_in_full() {
    let base = Peer::replies(|request| {
        assert!(request.starts_with("POST /gateway/api/queryTrans.do HTTP/1.1"), "{request}");
        let sent = message_in(request);
        let sent = ["txnType", "orderId", "txnTime"].map(|name| sent.get(name).unwrap());
        assert_eq!(sent, ["00", ORDER, TXN_TIME]);
        outcome_is("00")
    });
    let state = rail(&base).query(&order().key()).await.unwrap();
    let report = RailReport {
        rail: Rail::UnionPay,
        order_no: ORDER.to_owned(),
        app_id: MERCHANT.to_owned(),
        merchant_no: MERCHANT.to_owned(),
        currency: "CNY".to_owned(),
        money: Money {
            txn: RailTxn::new(QUERY_ID).unwrap(),
            amount: PayableFen::new(20_600).unwrap(),
            at: "2026-03-02T10:17:33+08:00".parse().unwrap(),
        },
    };
    assert_eq!(state, RailOrderState::Paid(Box::new(report)));
}

#[tokio::test]
async fn a_paid_order_that_lacks_a_field_is_not_believed() {
    let paid = [&PAID[..], &[("origRespCode", "00")]].concat();
    for (field, bad) in [
        ("queryId", ""),
        ("txnAmt", ""),
        ("txnAmt", "206.00"),
        ("txnAmt", "-20600"),
        ("txnAmt", "0"),
        ("traceTime", "0230101733"),
        ("currencyCode", ""),
    ] {
        let fields: Vec<_> =
            paid.iter().map(|(n, v)| (*n, if *n == field { bad } else { *v })).collect();
        let base = Peer::answers(&answer(&about_order("00", &fields)));
        let state = rail(&base).query(&order().key()).await;
        assert_eq!(name(&state), "silent", "{field}={bad}");
    }
}

#[tokio::test]
async fn a_failed_attempt_leaves_the_order_open_until_it_must_have_ended() {
    let made_at = order().made_at.as_second();
    for (minutes, expected) in [(15, RailOrderState::Open), (22, RailOrderState::Closed)] {
        let base = Peer::answers(&outcome_is("64"));
        let rail = UnionPayRail::new(account_at(&base, made_at + minutes * 60));
        assert_eq!(rail.query(&order().key()).await.unwrap(), expected, "{minutes} min");
    }
}

#[tokio::test]
async fn nothing_is_closed_and_nobody_is_asked_to() {
    let closed = rail(&Peer::nobody()).close(&order().key()).await;
    assert_eq!(name(&closed), "refused");
}

#[tokio::test]
async fn silence_and_absence_are_told_apart() {
    let asked = order();
    assert_eq!(name(&rail(&Peer::nobody()).submit(&asked).await), "not sent");
    assert_eq!(name(&rail(&Peer::hangs_up()).submit(&asked).await), "silent");
    assert_eq!(name(&rail(&Peer::silent()).submit(&asked).await), "silent");
    assert_eq!(name(&rail(&Peer::nobody()).query(&asked.key()).await), "not sent");
    let mini = RailOrder { cashier: CashierKind::WeChatMini, ..order() };
    assert_eq!(name(&rail(&Peer::answers(&taken())).submit(&mini).await), "not sent");
    let dashed = RailOrder { no: PaymentNo::new("YW-2026_0302").unwrap(), ..order() };
    assert_eq!(name(&rail(&Peer::answers(&taken())).submit(&dashed).await), "not sent");
}

#[test]
fn a_faulty_configuration_names_its_field() {
    type Change = fn(&mut UnionPayConfig);
    let table: [(&str, Change); 9] = [
        ("gateway_url", |c| c.gateway_url = "gateway".to_owned()),
        ("file_url", |c| c.file_url.clear()),
        ("merchant_no", |c| c.merchant_no.clear()),
        ("signing_cert_pem", |c| c.signing_cert_pem.clone_from(&c.root_cert_pem)),
        ("signing_key_pem", |c| c.signing_key_pem.clear()),
        ("root_cert_pem", |c| c.root_cert_pem.clear()),
        ("middle_cert_pems", |c| c.middle_cert_pems.clear()),
        ("middle_cert_pems", |c| c.middle_cert_pems[0].clone_from(&c.signing_cert_pem)),
        ("notify_url", |c| c.notify_url.push_str("?a=b")),
    ];
    for (field, change) in table {
        let mut config = config("https://gateway.95516.com");
        assert!(!format!("{config:?}").contains("PRIVATE"));
        change(&mut config);
        let clock = Arc::new(StillClock(NOW));
        let fault = UnionPayAccount::new(&config, quick_client(), clock).unwrap_err();
        assert_eq!(fault.field, field);
    }
}

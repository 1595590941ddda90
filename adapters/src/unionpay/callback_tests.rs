use super::super::testing::{
    MERCHANT, NOW, ORDER, PLATFORM, QUERY_ID, TXN_TIME, account, signed, signed_by,
};
use super::*;
use domain::money::Fen;
use domain::payment::{RailRefundState, RailTxn};

const PAYMENT: [(&str, &str); 10] = [
    ("merId", MERCHANT),
    ("orderId", ORDER),
    ("txnTime", TXN_TIME),
    ("txnType", "01"),
    ("txnSubType", "01"),
    ("respCode", "00"),
    ("queryId", QUERY_ID),
    ("txnAmt", "20600"),
    ("currencyCode", "156"),
    ("traceTime", "0302101533"),
];

fn with(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let kept = PAYMENT.iter().filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
    kept.copied().chain(changes.iter().copied()).collect()
}

const REFUND: [(&str, &str); 5] = [
    ("txnType", "04"),
    ("orderId", "YT20260302101531ABCDEFGHJKMN"),
    ("reqReserved", ORDER),
    ("origQryId", "442603021015400000000"),
    ("txnAmt", "600"),
];

async fn read_at(message: &Fields, now: i64) -> Result<Option<StoredCallback>, CallbackRefused> {
    let reader = UnionPayCallbacks::new(account("https://gateway.95516.com"));
    let body = message.to_form().into_bytes();
    let now = Timestamp::from_second(now).unwrap();
    reader.read(&RailCallback { headers: Vec::new(), body }, now).await
}

async fn read(message: &Fields) -> Result<Option<StoredCallback>, CallbackRefused> {
    read_at(message, NOW).await
}

#[tokio::test]
async fn a_payment_is_read_in_full() {
    let stored = read(&signed(&PAYMENT)).await.unwrap().unwrap();
    assert_eq!(stored.event_id, format!("01-{QUERY_ID}-00"));
    assert_eq!(stored.received_at.as_second(), NOW);
    let RailNews::Paid(report) = stored.news else { panic!("{stored:?}") };
    assert_eq!((report.order_no.as_str(), report.merchant_no.as_str()), (ORDER, MERCHANT));
    assert_eq!((report.app_id.as_str(), report.currency.as_str()), (MERCHANT, "CNY"));
    assert_eq!(report.money.amount.fen(), Fen::new(20_600));
    assert_eq!(report.money.txn.as_str(), QUERY_ID);
    assert_eq!(report.money.at, "2026-03-02T10:15:33+08:00".parse().unwrap());
}

#[tokio::test]
async fn another_merchants_notification_is_told_as_theirs() {
    let stored = read(&signed(&with(&[("merId", "777290058110048")]))).await.unwrap().unwrap();
    let RailNews::Paid(report) = stored.news else { panic!("{stored:?}") };
    assert_eq!(report.merchant_no, "777290058110048");
}

#[tokio::test]
async fn a_refund_is_told_with_its_payment() {
    let stored = read(&signed(&with(&REFUND))).await.unwrap().unwrap();
    let RailNews::Refunded(report) = stored.news else { panic!("{stored:?}") };
    assert_eq!(report.refund_no, "YT20260302101531ABCDEFGHJKMN");
    assert_eq!((report.order_no.as_str(), report.amount), (ORDER, Fen::new(600)));
    let txn = Some(RailTxn::new(QUERY_ID).unwrap());
    let at = "2026-03-02T10:15:33+08:00".parse().unwrap();
    assert_eq!(report.state, RailRefundState::Done { txn, at });
    let failed = [&REFUND[..], &[("respCode", "30")]].concat();
    let stored = read(&signed(&with(&failed))).await.unwrap().unwrap();
    assert_eq!(stored.event_id, format!("04-{QUERY_ID}-30"));
    let RailNews::Refunded(report) = stored.news else { panic!("{stored:?}") };
    assert_eq!(report.state, RailRefundState::Failed { code: "30".to_owned() });
}

#[tokio::test]
async fn what_decides_nothing_is_no_news() {
    let refund_unsure = [&REFUND[..], &[("respCode", "99")]].concat();
    for changes in [
        &[("respCode", "64")][..],
        &[("respCode", "05")],
        &[("respCode", "42")],
        &[("txnType", "31")],
        &refund_unsure,
    ] {
        assert_eq!(read(&signed(&with(changes))).await, Ok(None), "{changes:?}");
    }
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let p = &PLATFORM;
    for stranger in [&p.other_subject, &p.expired, &p.foreign_chain, &p.below_a_leaf] {
        let message = signed_by(stranger, &PAYMENT);
        assert_eq!(read(&message).await, Err(CallbackRefused::UnknownKey));
    }
    let mut dearer = signed(&PAYMENT);
    dearer.set("txnAmt", "1");
    assert_eq!(read(&dearer).await, Err(CallbackRefused::BadSignature));
    let mut more = signed(&PAYMENT);
    more.set("extra", "1");
    assert_eq!(read(&more).await, Err(CallbackRefused::BadSignature));
}

#[tokio::test]
async fn an_old_or_future_notification_is_stale() {
    let at = "2026-03-02T10:15:33+08:00".parse::<Timestamp>().unwrap().as_second();
    let message = signed(&PAYMENT);
    for (seconds, fresh) in [(-300, false), (-299, true), (0, true), (1799, true), (1800, false)] {
        let read = read_at(&message, at + seconds).await;
        let expected = if fresh { read.is_ok() } else { read == Err(CallbackRefused::Stale) };
        assert!(expected, "{seconds}: {read:?}");
    }
    let refund = signed(&with(&REFUND));
    assert!(read_at(&refund, at + 10 * 86_400).await.is_ok());
    assert_eq!(read_at(&refund, at + 11 * 86_400).await, Err(CallbackRefused::Stale));
}

#[tokio::test]
async fn a_notification_that_lacks_a_field_is_malformed() {
    for (field, bad) in [
        ("txnType", ""),
        ("orderId", ""),
        ("queryId", ""),
        ("txnAmt", "1e3"),
        ("traceTime", ""),
        ("txnTime", "2026"),
        ("merId", ""),
    ] {
        let read = read(&signed(&with(&[(field, bad)]))).await;
        assert_eq!(read, Err(CallbackRefused::Malformed(field)), "{field}");
    }
    let nameless = [&REFUND[..2], &REFUND[3..]].concat();
    let malformed = Err(CallbackRefused::Malformed("reqReserved"));
    assert_eq!(read(&signed(&with(&nameless))).await, malformed);
    let reader = UnionPayCallbacks::new(account("https://gateway.95516.com"));
    let now = Timestamp::from_second(NOW).unwrap();
    for body in [&b""[..], b"a=1&a=2", b"txnType=01"] {
        let callback = RailCallback { headers: Vec::new(), body: body.to_vec() };
        let read = reader.read(&callback, now).await;
        assert!(matches!(read, Err(CallbackRefused::Malformed(_))), "{read:?}");
    }
}

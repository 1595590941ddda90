use super::super::form::encoded;
use super::super::testing::{KEYS, MINI, NOW, SELLER, account, config, sign};
use super::*;
use crate::test_support::read_callback;
use encoding_rs::GBK;

const NO: &str = "YW20261122090000ABCDEFGHJKMN";

type Fields = BTreeMap<&'static str, &'static str>;

fn paid() -> Fields {
    BTreeMap::from([
        ("app_id", MINI),
        ("body", ""),
        ("buyer_open_id", "074a1Cc"),
        ("charset", "utf-8"),
        ("fund_bill_list", r#"[{"amount":"206.01","fundChannel":"ALIPAYACCOUNT"}]"#),
        ("gmt_payment", "2026-11-22 08:59:58"),
        ("notify_id", "2026112200222085958001931441931972"),
        ("notify_time", "2026-11-22 09:00:00"),
        ("notify_type", "trade_status_sync"),
        ("out_trade_no", NO),
        ("passback_params", "a%3D1+2"),
        ("seller_id", SELLER),
        ("subject", "罚款 100%"),
        ("total_amount", "206.01"),
        ("trade_no", "2026112222001419931441931972"),
        ("trade_status", "TRADE_SUCCESS"),
        ("version", "1.0"),
    ])
}

fn with(changes: &[(&'static str, &'static str)]) -> Fields {
    let mut fields = paid();
    for (name, value) in changes {
        fields.insert(name, value);
    }
    fields
}

fn refunded() -> Fields {
    with(&[
        ("out_biz_no", "RF0000001"),
        ("refund_fee", "30.01"),
        ("gmt_refund", "2026-11-22 08:59:59.123"),
    ])
}

/// The message in UTF-8, signed by the platform.
fn body(fields: &Fields, leave_out: &[&str]) -> String {
    let mut all: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, *v)).collect();
    all.push(("sign_type", "RSA2"));
    let message = to_sign(all.iter().map(|(n, v)| (*n, v.as_bytes())), leave_out);
    let sign = sign(&KEYS.platform, &message);
    all.push(("sign", &sign));
    encoded(all)
}

fn read_at(body: &str, now: i64) -> Result<Option<StoredCallback>, CallbackRefused> {
    let callback = RailCallback { headers: Vec::new(), body: body.as_bytes().to_vec() };
    let now = Timestamp::from_second(now).unwrap();
    read_callback(&AlipayCallbacks::new(account(&config("http://h"))), &callback, now)
}

fn read(fields: &Fields) -> Result<Option<StoredCallback>, CallbackRefused> {
    read_at(&body(fields, &["sign_type"]), NOW)
}

#[test]
fn money_taken_is_news() {
    for state in ["TRADE_SUCCESS", "TRADE_FINISHED"] {
        let stored = read(&with(&[("trade_status", state), ("refund_fee", "0.00")]));
        let stored = stored.unwrap().unwrap();
        assert_eq!(stored.event_id, "2026112200222085958001931441931972");
        assert_eq!(stored.received_at, Timestamp::from_second(NOW).unwrap());
        let RailNews::Paid(report) = stored.news else { panic!("{state}") };
        assert_eq!((report.order_no.as_str(), report.app_id.as_str()), (NO, MINI));
        assert_eq!((report.merchant_no.as_str(), report.currency.as_str()), (SELLER, "CNY"));
        assert_eq!(report.money.txn.as_str(), "2026112222001419931441931972");
        assert_eq!(report.money.amount.fen(), Fen::new(20_601));
        assert_eq!(report.money.at, "2026-11-22T08:59:58+08:00".parse().unwrap());
    }
}

#[test]
fn a_refund_is_never_read_as_money_taken() {
    for state in ["TRADE_SUCCESS", "TRADE_CLOSED", "TRADE_FINISHED"] {
        let mut fields = refunded();
        fields.insert("trade_status", state);
        let RailNews::Refunded(report) = read(&fields).unwrap().unwrap().news else { panic!() };
        assert_eq!((report.refund_no.as_str(), report.order_no.as_str()), ("RF0000001", NO));
        assert_eq!((report.merchant_no.as_str(), report.amount), (SELLER, Fen::new(3_001)));
        let at = "2026-11-22T08:59:59+08:00".parse().unwrap();
        assert_eq!(report.state, RailRefundState::Done { txn: None, at });
    }
    let mut bare = refunded();
    bare.remove("out_biz_no");
    let RailNews::Refunded(report) = read(&bare).unwrap().unwrap().news else { panic!() };
    assert_eq!(report.refund_no, NO);
    // The end of a trade repeats the sum of its refunds and names none.
    for left in ["refund_fee", "out_biz_no"] {
        let mut fields = refunded();
        fields.retain(|name, _| !matches!(*name, "refund_fee" | "out_biz_no" | "gmt_refund"));
        fields.insert(left, "30.01");
        fields.insert("trade_status", "TRADE_FINISHED");
        assert_eq!(read(&fields), Ok(None), "{left}");
    }
}

#[test]
fn other_states_are_none_of_our_business() {
    for state in ["WAIT_BUYER_PAY", "TRADE_CLOSED", "TRADE_NEW"] {
        assert_eq!(read(&with(&[("trade_status", state)])), Ok(None), "{state}");
    }
}

#[test]
fn messages_about_other_things_may_sign_their_sign_type_and_trades_may_not() {
    let other = with(&[("notify_type", "open_app_auth_notify")]);
    assert_eq!(read_at(&body(&other, &[]), NOW), Ok(None));
    assert_eq!(read(&other), Ok(None));
    assert_eq!(read_at(&body(&paid(), &[]), NOW), Err(CallbackRefused::BadSignature));
}

#[test]
fn an_altered_or_foreign_signature_is_refused() {
    let good = body(&paid(), &["sign_type"]);
    assert!(read_at(&good, NOW).is_ok());
    for bad in [
        good.replace("206.01", "206.02"),
        format!("{good}&refund_fee=1.00"),
        good.replace("sign=", "sign=AAAA"),
        good.replace("buyer_open_id", "buyer_id"),
    ] {
        assert_eq!(read_at(&bad, NOW), Err(CallbackRefused::BadSignature), "{bad}");
    }
    let ours = to_sign(paid().iter().map(|(n, v)| (*n, v.as_bytes())), &[]);
    let ours = sign(&KEYS.ours, &ours);
    let mut all: Vec<(&str, &str)> = paid().into_iter().collect();
    all.extend([("sign_type", "RSA2"), ("sign", ours.as_str())]);
    assert_eq!(read_at(&encoded(all), NOW), Err(CallbackRefused::BadSignature));
}

#[test]
fn what_is_malformed_is_refused_as_such() {
    let good = body(&paid(), &["sign_type"]);
    for bad in [
        format!("{good}&app_id=1"),
        good.replace("RSA2", "RSA"),
        good.replace("sign_type", "other"),
        "{}".to_owned(),
        String::new(),
    ] {
        assert!(matches!(read_at(&bad, NOW), Err(CallbackRefused::Malformed(_))), "{bad}");
    }
    for (name, value) in [
        ("notify_id", ""),
        ("notify_id", "有"),
        ("notify_time", "yesterday"),
        ("seller_id", ""),
        ("total_amount", "206.011"),
        ("total_amount", "-1.00"),
        ("gmt_payment", ""),
        ("trade_no", ""),
        ("charset", "klingon"),
    ] {
        let refused = read(&with(&[(name, value)]));
        assert!(
            matches!(refused, Err(CallbackRefused::Malformed(_))),
            "{name}={value}: {refused:?}"
        );
    }
}

#[test]
fn every_resend_is_in_the_window_and_a_replay_after_it_is_not() {
    let good = body(&paid(), &["sign_type"]);
    // 24 hours and 24 minutes after the first delivery comes the last.
    for (later, fits) in [(0, true), (87_840, true), (90_000, true), (90_001, false)] {
        let expected = if fits { None } else { Some(CallbackRefused::Stale) };
        assert_eq!(read_at(&good, NOW + later).err(), expected, "{later}");
    }
    for (earlier, fits) in [(300, true), (301, false)] {
        let expected = if fits { None } else { Some(CallbackRefused::Stale) };
        assert_eq!(read_at(&good, NOW - earlier).err(), expected, "{earlier}");
    }
}

#[test]
fn the_messages_own_character_set_counts() {
    let mut fields = paid();
    fields.insert("charset", "gbk");
    let mut raw: Vec<(String, Vec<u8>)> =
        fields.iter().map(|(n, v)| ((*n).to_owned(), GBK.encode(v).0.into_owned())).collect();
    let message = to_sign(raw.iter().map(|(n, v)| (n.as_str(), v.as_slice())), &[]);
    let signature = sign(&KEYS.platform, &message);
    raw.push(("sign_type".to_owned(), b"RSA2".to_vec()));
    raw.push(("sign".to_owned(), signature.into_bytes()));
    let percent = |bytes: &[u8]| bytes.iter().map(|b| format!("%{b:02X}")).collect::<String>();
    let pairs: Vec<String> = raw.iter().map(|(n, v)| format!("{n}={}", percent(v))).collect();
    assert!(matches!(read_at(&pairs.join("&"), NOW), Ok(Some(_))));
}

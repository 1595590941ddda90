use super::super::testing::{
    Chain, KEYS, MINI, NATIVE, NOW, SELLER, account, certified, config, done, in_turn, no, outcome,
    parameters, signed, unsigned_no,
};
use super::*;
use crate::crypto::VerifyingKey;
use crate::test_support::{Peer, json_answer};
use jiff::Timestamp;

const CREATE: &str = "trade.create";
const QUERY: &str = "trade.query";
const CLOSE: &str = "trade.close";
const NO: &str = "YW20261122090000ABCDEFGHJKMN";

fn rail(base: &str) -> AlipayRail {
    AlipayRail::new(account(&config(base)))
}

fn order(cashier: CashierKind, payer: &str) -> RailOrder {
    RailOrder {
        no: PaymentNo::new(NO).unwrap(),
        amount: PayableFen::new(20_601).unwrap(),
        description: format!("罚款,a/b=c&d\n\"{}", "长".repeat(300)),
        cashier,
        payer: OpenId::new(payer).ok(),
        made_at: Timestamp::from_second(NOW).unwrap(),
        expires_at: Timestamp::from_second(NOW + 900).unwrap(),
    }
}

fn mini() -> RailOrder {
    order(CashierKind::AlipayMini, "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5")
}

fn created() -> String {
    done(CREATE, &format!(r#""out_trade_no":"{NO}","trade_no":"2026112222001419931441931972""#))
}

fn trade(state: &str, more: &str) -> String {
    let fields = format!(
        r#""out_trade_no":"{NO}","trade_no":"2026112222001419931441931972",
        "trade_status":"{state}","total_amount":"206.01"{more}"#
    );
    done(QUERY, &fields)
}

const SENT: &str = r#","send_pay_date":"2026-11-22 09:01:02","receipt_amount":"206.01""#;

fn value<'a>(parameters: &'a [(String, String)], name: &str) -> &'a str {
    parameters.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
}

/// Everything that was sent verifies against our own key, as the platform would.
fn assert_signed(sent: &[(String, String)]) {
    let message = super::super::form::to_sign(
        sent.iter().map(|(name, value)| (name.as_str(), value.as_bytes())),
        &["sign"],
    );
    let key = VerifyingKey::from_pem(&super::super::testing::public_pem(&KEYS.ours)).unwrap();
    assert_eq!(key.verify(&message, value(sent, "sign")), Ok(()));
}

#[tokio::test]
async fn a_trade_is_created_with_all_the_platform_needs() {
    let (base, seen) = in_turn(vec![created()]);
    let cashier = rail(&base).submit(&mini()).await.unwrap();
    let trade_no = "2026112222001419931441931972".to_owned();
    assert_eq!(cashier, Cashier::AlipayMini { trade_no });
    let request = seen.lock().unwrap()[0].clone();
    assert!(request.starts_with("POST /gateway.do?"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded;charset=utf-8"));
    let (query, body) = parameters(&request);
    assert_eq!(body.len(), 1, "{body:?}");
    for (name, expected) in [
        ("app_id", MINI),
        ("method", "alipay.trade.create"),
        ("charset", "utf-8"),
        ("sign_type", "RSA2"),
        ("version", "1.0"),
        ("timestamp", "2026-11-22 09:00:00"),
        ("notify_url", "https://example.org/callbacks/alipay"),
        ("app_cert_sn", ""),
    ] {
        assert_eq!(value(&query, name), expected, "{name}");
    }
    let content: serde_json::Value = serde_json::from_str(&body[0].1).unwrap();
    let subject: String =
        format!("罚款，a／b＝c＆d ＂{}", "长".repeat(300)).chars().take(80).collect();
    let expected = serde_json::json!({
        "out_trade_no": NO, "total_amount": "206.01", "subject": subject,
        "product_code": "JSAPI_PAY", "time_expire": "2026-11-22 09:15:00", "op_app_id": MINI,
        "buyer_open_id": "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5",
    });
    assert_eq!(content, expected);
    assert_signed(&[query, body].concat());
}

#[tokio::test]
async fn a_user_id_of_the_time_before_open_ids_pays_too_and_nobody_does_not() {
    let (base, seen) = in_turn(vec![created()]);
    let order_of = |payer| order(CashierKind::AlipayMini, payer);
    rail(&base).submit(&order_of("2088102146225135")).await.unwrap();
    let (_, body) = parameters(&seen.lock().unwrap()[0]);
    let content: serde_json::Value = serde_json::from_str(&body[0].1).unwrap();
    assert_eq!(content["buyer_id"], "2088102146225135");
    assert!(content.get("buyer_open_id").is_none());
    assert_eq!(outcome(&rail(&base).submit(&order_of("")).await), "not sent");
}

#[tokio::test]
async fn an_order_string_is_made_without_a_call_and_verifies() {
    let rail = rail(&Peer::nobody());
    let order = order(CashierKind::AlipayApp, "");
    let Cashier::AlipayApp { order_string } = rail.submit(&order).await.unwrap() else { panic!() };
    let form = super::super::form::decoded(order_string.as_bytes()).unwrap();
    let sent: Vec<(String, String)> =
        form.into_iter().map(|(name, value)| (name, String::from_utf8(value).unwrap())).collect();
    assert_signed(&sent);
    assert_eq!(value(&sent, "method"), "alipay.trade.app.pay");
    assert_eq!(value(&sent, "app_id"), NATIVE);
    let content: serde_json::Value = serde_json::from_str(value(&sent, "biz_content")).unwrap();
    assert_eq!(content["product_code"], "QUICK_MSECURITY_PAY");
    assert_eq!(content["time_expire"], "2026-11-22 09:15:00");
    assert_eq!(content["total_amount"], "206.01");
    assert!(content.get("buyer_open_id").is_none() && content.get("op_app_id").is_none());
    // The same order is the same string.
    let again = rail.submit(&order).await.unwrap();
    assert_eq!(again, Cashier::AlipayApp { order_string });
}

#[test]
fn channels_open_their_own_cashiers_and_the_rail_says_who_we_are() {
    let rail = rail("http://h");
    assert_eq!(PaymentRail::cashier(&rail, Channel::Alipay), Some(CashierKind::AlipayMini));
    assert_eq!(PaymentRail::cashier(&rail, Channel::App), Some(CashierKind::AlipayApp));
    assert_eq!(PaymentRail::cashier(&rail, Channel::WeChat), None);
    assert_eq!(rail.limit(), PayableFen::USUAL_ORDER_LIMIT);
    let apps = vec![MINI.to_owned(), NATIVE.to_owned()];
    let expected = MerchantIdentity { merchant_no: SELLER.to_owned(), app_ids: apps };
    assert_eq!(rail.merchant(), &expected);
    let alone = super::super::account::AlipayConfig { native: None, ..config("http://h") };
    let alone = AlipayRail::new(account(&alone));
    assert_eq!(PaymentRail::cashier(&alone, Channel::App), None);
}

#[tokio::test]
async fn another_rails_cashier_is_never_asked_for() {
    for cashier in [CashierKind::WeChatMini, CashierKind::UnionPayApp] {
        let submitted = rail(&Peer::nobody()).submit(&order(cashier, "x")).await;
        assert!(matches!(submitted, Err(OutsideError::NotSent(_))), "{cashier:?}");
    }
}

#[tokio::test]
async fn a_refused_create_hides_no_trade() {
    let says = |code, sub| no(CREATE, code, sub);
    let acq = |sub| no(CREATE, "40004", sub);
    let absent = || no(QUERY, "40004", "ACQ.TRADE_NOT_EXIST");
    let there = || trade("TRADE_SUCCESS", SENT);
    let open = || trade("WAIT_BUYER_PAY", "");
    let mut table = vec![
        (vec![acq("ACQ.CONTEXT_INCONSISTENT"), absent()], "refused"),
        (vec![acq("ACQ.CONTEXT_INCONSISTENT"), open()], "unknown"),
        (vec![acq("ACQ.TRADE_HAS_SUCCESS"), there()], "unknown"),
        (vec![acq("ACQ.TRADE_HAS_CLOSE"), trade("TRADE_CLOSED", "")], "refused"),
        (vec![acq("ACQ.TRADE_HAS_CLOSE"), trade("TRADE_CLOSED", SENT)], "unknown"),
        (vec![acq("ACQ.TRADE_BUYER_NOT_MATCH"), open()], "unknown"),
        (vec![acq("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR"), absent()], "refused"),
        (vec![acq("ACQ.SYSTEM_ERROR")], "unknown"),
        (vec![acq("AQC.SYSTEM_ERROR")], "unknown"),
        (vec![acq("aop.ACQ.SYSTEM_ERROR")], "unknown"),
        (vec![acq("ACQ.A_NEW_CODE")], "unknown"),
        (vec![says("20000", "isp.unknow-error")], "unknown"),
        (vec![says("40005", "isv.app-call-limited")], "unknown"),
        (vec![says("10003", "")], "unknown"),
        (vec![says("99999", "")], "unknown"),
        (vec![says("20000", "isp.unknow-error"), created()], "ok"),
        (vec![says("20000", ""), acq("ACQ.PARTNER_ERROR"), absent()], "refused"),
        (vec![says("20000", ""), acq("ACQ.PARTNER_ERROR"), open()], "unknown"),
        (vec![says("20000", ""), acq("ACQ.PARTNER_ERROR"), json_answer(500, "")], "unknown"),
        (vec![json_answer(502, "<html>"), created()], "ok"),
        (vec![json_answer(502, "<html>")], "unknown"),
        (vec![unsigned_no(CREATE, "40002", "isv.invalid-signature")], "refused"),
        (vec![unsigned_no(CREATE, "40004", "ACQ.PARTNER_ERROR")], "unknown"),
        (vec![done(CREATE, "")], "unknown"),
        (vec![done(CREATE, r#""out_trade_no":"OTHER01","trade_no":"1""#)], "unknown"),
        (vec![done(CREATE, &format!(r#""out_trade_no":"{NO}","trade_no":"""#))], "unknown"),
    ];
    for sub in [
        "ACQ.INVALID_PARAMETER",
        "ACQ.ACCESS_FORBIDDEN",
        "ACQ.PARTNER_ERROR",
        "ACQ.BUYER_SELLER_EQUAL",
        "ACQ.TOTAL_FEE_EXCEED",
        "ACQ.EXIST_FORBIDDEN_WORD",
        "ACQ.BUYER_ENABLE_STATUS_FORBID",
        "ACQ.SELLER_BEEN_BLOCKED",
    ] {
        table.push((vec![acq(sub)], "refused"));
    }
    for code in ["20001", "40001", "40002", "40003", "40006"] {
        table.push((vec![says(code, "isv.some")], "refused"));
    }
    for (index, (answers, expected)) in table.into_iter().enumerate() {
        let (base, _) = in_turn(answers.clone());
        let submitted = rail(&base).submit(&mini()).await;
        assert_eq!(outcome(&submitted), expected, "row {index}: {submitted:?} {answers:?}");
    }
}

#[tokio::test]
async fn a_query_tells_how_the_trade_stands() {
    let cases = [
        ("WAIT_BUYER_PAY", "", "open"),
        ("TRADE_SUCCESS", SENT, "paid"),
        ("TRADE_FINISHED", SENT, "paid"),
        ("TRADE_CLOSED", "", "closed"),
        ("TRADE_CLOSED", r#","receipt_amount":"0.00","buyer_pay_amount":"0.00""#, "closed"),
        // Paid, and all of it given back since.
        ("TRADE_CLOSED", SENT, "paid"),
        ("TRADE_CLOSED", r#","buyer_pay_amount":"206.01""#, "unknown"),
        ("TRADE_SUCCESS", "", "unknown"),
        ("TRADE_NEW", SENT, "unknown"),
        ("", "", "unknown"),
    ];
    for (state, more, expected) in cases {
        let stands = rail(&Peer::answers(&trade(state, more))).query(&mini().key()).await;
        let named = match &stands {
            Ok(RailOrderState::Paid(report)) => {
                assert_eq!((report.order_no.as_str(), report.app_id.as_str()), (NO, MINI));
                assert_eq!(
                    (report.merchant_no.as_str(), report.currency.as_str()),
                    (SELLER, "CNY")
                );
                assert_eq!(report.money.amount.fen(), Fen::new(20_601));
                assert_eq!(report.money.at, "2026-11-22T09:01:02+08:00".parse().unwrap());
                "paid"
            }
            Ok(RailOrderState::Open) => "open",
            Ok(RailOrderState::Closed) => "closed",
            Ok(RailOrderState::NotFound) => "not found",
            Err(_) => outcome(&stands),
        };
        assert_eq!(named, expected, "{state} {more}");
    }
}

#[tokio::test]
async fn a_query_believes_nothing_about_other_orders_or_without_a_signature() {
    let absent = no(QUERY, "40004", "ACQ.TRADE_NOT_EXIST");
    let stands = rail(&Peer::answers(&absent)).query(&mini().key()).await;
    assert_eq!(stands.unwrap(), RailOrderState::NotFound);
    let node = r#"{"code":"10000","out_trade_no":"X","trade_status":"WAIT_BUYER_PAY"}"#;
    for bad in [
        unsigned_no(QUERY, "40004", "ACQ.TRADE_NOT_EXIST"),
        no(QUERY, "20000", "isp.unknow-error"),
        no(QUERY, "40004", "ACQ.SYSTEM_ERROR"),
        done(QUERY, r#""out_trade_no":"OTHER01","trade_status":"TRADE_CLOSED""#),
        signed("alipay_trade_close_response", node),
        json_answer(200, &format!(r#"{{"alipay_trade_query_response":{node}}}"#)),
        json_answer(200, &format!(r#"{{"alipay_trade_query_response":{node},"sign":"AAAA"}}"#)),
        trade("WAIT_BUYER_PAY", "").replace("206.01", "206.02"),
        json_answer(404, ""),
    ] {
        assert_eq!(
            outcome(&rail(&Peer::answers(&bad)).query(&mini().key()).await),
            "unknown",
            "{bad}"
        );
    }
    let ours = rail(&Peer::answers(&unsigned_no(QUERY, "40002", "isv.invalid-app-id")));
    assert_eq!(outcome(&ours.query(&mini().key()).await), "refused");
}

#[tokio::test]
async fn a_second_answer_behind_the_signed_one_is_never_read() {
    let genuine = trade("WAIT_BUYER_PAY", "");
    let (_, body) = genuine.split_once("\r\n\r\n").unwrap();
    let forged = r#""alipay_trade_query_response":{"code":"10000","trade_status":"TRADE_SUCCESS"}"#;
    let open = body.strip_suffix('}').unwrap();
    for body in [format!("{open},{forged}}}"), format!("{body}{{{forged}}}")] {
        let base = Peer::answers(&json_answer(200, &body));
        assert_eq!(outcome(&rail(&base).query(&mini().key()).await), "unknown", "{body}");
    }
}

#[tokio::test]
async fn closing_is_ok_only_when_the_platform_says_so() {
    let acq = |sub| no(CLOSE, "40004", sub);
    let other_state = || acq("ACQ.TRADE_STATUS_ERROR");
    let table = [
        (vec![done(CLOSE, &format!(r#""out_trade_no":"{NO}""#))], "ok"),
        (vec![done(CLOSE, r#""out_trade_no":"OTHER01""#)], "unknown"),
        (vec![other_state(), trade("TRADE_CLOSED", "")], "ok"),
        (vec![other_state(), trade("TRADE_CLOSED", SENT)], "refused"),
        (vec![other_state(), trade("TRADE_SUCCESS", SENT)], "refused"),
        (vec![acq("ACQ.REASON_TRADE_STATUS_INVALID"), trade("TRADE_FINISHED", SENT)], "refused"),
        (vec![acq("ACQ.REASON_ILLEGAL_STATUS"), trade("TRADE_CLOSED", "")], "ok"),
        // An order string that is out can still be opened.
        (vec![acq("ACQ.TRADE_NOT_EXIST")], "refused"),
        (vec![acq("ACQ.SYSTEM_ERROR")], "unknown"),
        (vec![no(CLOSE, "20000", "isp.unknow-error")], "unknown"),
        (vec![no(CLOSE, "40006", "isv.insufficient-isv-permissions")], "refused"),
        (vec![unsigned_no(CLOSE, "40004", "ACQ.TRADE_NOT_EXIST")], "unknown"),
        (vec![json_answer(200, r#"{"alipay_trade_close_response":{"code":"10000"}}"#)], "unknown"),
    ];
    for (index, (answers, expected)) in table.into_iter().enumerate() {
        let (base, _) = in_turn(answers);
        let closed = rail(&base).close(&mini().key()).await;
        assert_eq!(outcome(&closed), expected, "row {index}: {closed:?}");
    }
}

#[tokio::test]
async fn silence_and_absence_are_told_apart() {
    let asked = mini();
    assert_eq!(outcome(&rail(&Peer::nobody()).submit(&asked).await), "not sent");
    assert_eq!(outcome(&rail(&Peer::hangs_up()).submit(&asked).await), "unknown");
    assert_eq!(outcome(&rail(&Peer::silent()).submit(&asked).await), "unknown");
    assert_eq!(outcome(&rail(&Peer::nobody()).query(&asked.key()).await), "not sent");
    assert_eq!(outcome(&rail(&Peer::nobody()).close(&asked.key()).await), "not sent");
    assert_eq!(outcome(&rail(&Peer::hangs_up()).close(&asked.key()).await), "unknown");
}

#[tokio::test]
async fn in_certificate_mode_calls_name_both_serial_numbers() {
    let chain = Chain::usual();
    let (base, seen) = in_turn(vec![created()]);
    let rail = AlipayRail::new(account(&certified(&base, &chain)));
    rail.submit(&mini()).await.unwrap();
    let (query, body) = parameters(&seen.lock().unwrap()[0]);
    for (name, pem) in [("app_cert_sn", &chain.app), ("alipay_root_cert_sn", &chain.root)] {
        let der = super::super::certificate::certificates(pem).remove(0);
        let serial = super::super::certificate::serial(&der).unwrap();
        assert_eq!(value(&query, name), serial, "{name}");
    }
    assert_signed(&[query, body].concat());
}

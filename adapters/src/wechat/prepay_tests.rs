use super::super::pay::WeChatPayRail;
use super::super::testing::{NOW, account, config, signed};
use super::*;
use crate::test_support::Peer;
use domain::identity::{Channel, OpenId};
use domain::ids::PaymentNo;
use domain::money::PayableFen;
use domain::payment::PaymentRail;
use jiff::Timestamp;

fn order(cashier: CashierKind) -> RailOrder {
    RailOrder {
        no: PaymentNo::new("YW20260302101531ABCDEFGHJKMN").unwrap(),
        amount: PayableFen::new(20_600).unwrap(),
        description: "罚款".to_owned(),
        cashier,
        payer: Some(OpenId::new("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").unwrap()),
        made_at: Timestamp::from_second(NOW).unwrap(),
        expires_at: Timestamp::from_second(NOW + 900).unwrap(),
    }
}

/// A platform that has this product alone, for this app, and answers so.
fn product(path: &'static str, app_id: &'static str, answer: &str) -> WeChatPayRail {
    let answer = signed(200, answer);
    let base = Peer::replies(move |request| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("POST {path} HTTP/1.1")), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((body["appid"].as_str(), body.get("payer")), (Some(app_id), None));
        answer.clone()
    });
    WeChatPayRail::new(account(&config(&base)))
}

#[tokio::test]
async fn the_native_app_opens_its_cashier_with_its_own_app_id() {
    let path = "/v3/pay/transactions/app";
    let rail = product(path, "wxfedcba9876543210", r#"{"prepay_id":"wx2014"}"#);
    let cashier = rail.submit(&order(CashierKind::WeChatApp)).await.unwrap();
    let Cashier::WeChatApp { app_id, partner_id, prepay_id, package, nonce_str, time_stamp, sign } =
        cashier
    else {
        panic!("{cashier:?}")
    };
    let signer = account(&config("https://h"));
    let expected = signer.signer.pay_sign(&app_id, &time_stamp, &nonce_str, "wx2014");
    assert_eq!(Ok(sign), expected);
    assert_eq!((app_id.as_str(), partner_id.as_str()), ("wxfedcba9876543210", "1900007291"));
    assert_eq!((prepay_id.as_str(), package.as_str()), ("wx2014", "Sign=WXPay"));
    assert_eq!((time_stamp, nonce_str.len()), (NOW.to_string(), 32));
}

#[tokio::test]
async fn a_qr_code_is_for_whoever_scans_it() {
    let native = |answer| product("/v3/pay/transactions/native", "wx0123456789abcdef", answer);
    let code_url = "weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00".to_owned();
    let rail = native(r#"{"code_url":"weixin://wxpay/bizpayurl/up?pr=NwY5Mz9&groupid=00"}"#);
    let cashier = rail.submit(&order(CashierKind::WeChatNative)).await.unwrap();
    assert_eq!(cashier, Cashier::WeChatNative { code_url });
    for bad in [r#"{"prepay_id":"wx2014"}"#, r#"{"code_url":"https://example.org/"}"#] {
        let submitted = native(bad).submit(&order(CashierKind::WeChatNative)).await;
        assert!(matches!(submitted, Err(OutsideError::OutcomeUnknown(_))), "{bad}");
    }
}

#[tokio::test]
async fn a_cashier_that_is_not_ours_sends_nothing() {
    let rail = WeChatPayRail::new(account(&config(&Peer::nobody())));
    for cashier in CashierKind::ALL {
        let ours = matches!(
            cashier,
            CashierKind::WeChatMini | CashierKind::WeChatApp | CashierKind::WeChatNative
        );
        assert_eq!(account(&config("https://h")).prepay(&order(cashier)).is_ok(), ours);
    }
    let submitted = rail.submit(&order(CashierKind::UnionPayApp)).await;
    assert!(matches!(submitted, Err(OutsideError::NotSent(_))));
    let nobody = RailOrder { payer: None, ..order(CashierKind::WeChatMini) };
    assert!(matches!(rail.submit(&nobody).await, Err(OutsideError::NotSent(_))));
}

#[test]
fn an_app_that_is_not_bound_has_no_cashier() {
    let rail = WeChatPayRail::new(account(&config("https://h")));
    let cashiers = Channel::ALL.map(|channel| PaymentRail::cashier(&rail, channel));
    assert_eq!(cashiers, [Some(CashierKind::WeChatApp), Some(CashierKind::WeChatMini), None]);
    assert_eq!(rail.merchant().app_ids, ["wx0123456789abcdef", "wxfedcba9876543210"]);
    let mut unbound = config("https://h");
    unbound.app_app_id = None;
    let rail = WeChatPayRail::new(account(&unbound));
    assert_eq!(PaymentRail::cashier(&rail, Channel::App), None);
    assert_eq!(rail.merchant().app_ids, ["wx0123456789abcdef"]);
    assert!(account(&unbound).prepay(&order(CashierKind::WeChatApp)).is_err());
}

//! Every code that is printed or shown, taken from where it is printed or shown.

use super::{meaning, refusal};
use jiff::Timestamp;
use serde_json::{Value, json};
use tests::app::{START_MS, TestApp};
use tests::citizen::Citizen;
use tests::home_page::{Made, busy};
use tests::kept_case::KeptCase;
use tests::levers::eventually;

/// One code.
struct Printed {
    /// On what it stands.
    on: &'static str,
    /// What it says.
    text: String,
    /// What it leads to.
    leads_to: &'static str,
    /// Whose it is; `None`: anybody may scan it.
    owner: Option<Citizen>,
}

fn text_of<'a>(on: &str, text: &'a Value) -> &'a str {
    let text = text.as_str().unwrap_or_else(|| panic!("nothing is printed on {on}"));
    assert!(!text.is_empty(), "{on}");
    text
}

fn public(on: &'static str, text: &Value, leads_to: &'static str) -> Printed {
    Printed { on, text: text_of(on, text).to_owned(), leads_to, owner: None }
}

fn of(owner: &Citizen, on: &'static str, text: &Value, leads_to: &'static str) -> Printed {
    let owner = Some(owner.clone());
    Printed { on, text: text_of(on, text).to_owned(), leads_to, owner }
}

async fn of_notices(app: &TestApp, citizen: &Citizen, made: &Made) -> Vec<Printed> {
    let notice = &made.notices[0];
    let held = app.levers.gateway_notice(notice).await;
    let link = json!({ "noticeNos": [notice], "idempotencyKey": "link-0001" });
    let link = citizen.mutation("createPayLink", "CreatePayLinkInput", "link{url}", &link).await;
    vec![
        of(citizen, "a notice, in letters", &held["noticeNo"], "Notice"),
        of(citizen, "a notice, as payment code", &held["payCode"], "Notice"),
        of(citizen, "a notice, as QR code", &held["qrText"], "Notice"),
        public("a link by which another pays", &link["link"]["url"], "PayRequest"),
    ]
}

async fn of_a_payment(app: &TestApp, citizen: &Citizen) -> Vec<Printed> {
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let fine = app.levers.notice(id, json!({ "amountFen": 3_000 })).await;
    let no = citizen.starts_paying(&fine, 3_000).await;
    app.levers.pays(&no).await;
    let receipt = citizen.waits_for_receipt(&no).await["receipts"][0].clone();
    let part = |key: &str| receipt[key].as_str().unwrap();
    let (code, number, check) = (part("code"), part("number"), part("checkCode"));
    let base = &app.node.base_url;
    let verify = format!("{base}/receipts/verify?code={code}&number={number}&check={check}");
    let order = app.levers.look(&format!("orders/{no}")).await;
    vec![
        of(citizen, "a bill of WeChat Pay", &order["outTradeNo"], "Payment"),
        public("a receipt", &json!(verify), "VerifiedReceipt"),
    ]
}

/// In the native app: mini-programs have not all certificates.
async fn of_a_certificate(app: &TestApp) -> Vec<Printed> {
    let facts = app.levers.citizen().await;
    let citizen = &Citizen::signs_in_by_phone(&app.node.base_url, &app.levers, facts).await;
    citizen.proves_name().await;
    citizen.proves_face(&app.levers).await;
    let answers = json!([
        { "name": "name", "value": { "text": citizen.facts["name"] } },
        { "name": "id_card", "value": { "text": citizen.facts["idCard"] } },
        { "name": "region", "value": { "text": "330000" } },
        { "name": "months", "value": { "choice": "12" } },
    ]);
    let input = json!({
        "app": "insured_certificate", "formVersion": 1, "answers": answers,
        "idempotencyKey": "key-certificate",
    });
    let fields = "outcome{__typename ... on Certificate{serialNo verifyUrl}}";
    let payload = citizen.mutation("submitApp", "SubmitAppInput", fields, &input).await;
    let own = &payload["outcome"];
    vec![
        public("a certificate, as QR code", &own["verifyUrl"], "CertificateVerification"),
        of(citizen, "a certificate, in letters", &own["serialNo"], "Certificate"),
    ]
}

async fn of_cases_and_bookings(app: &TestApp, citizen: &Citizen, made: &Made) -> Vec<Printed> {
    let since = Timestamp::from_millisecond(START_MS).unwrap();
    let done = KeptCase::done("property_ownership_certificate", since);
    let done = done.of(&app.node.store, citizen).await;
    let parcel = json!({
        "caseNo": done.as_str(), "address": {"region": "330106", "detail": "文三路1号1幢101室"},
        "recipient": "王小明", "phone": "13800138000", "idempotencyKey": "key-of-a-parcel",
    });
    let fields = "delivery{deliveryNo}";
    let sent = citizen.mutation("requestDelivery", "RequestDeliveryInput", fields, &parcel).await;
    let order_no = eventually("the label", || async {
        let parcels = app.levers.look("express").await["parcels"].clone();
        parcels.get(0).map(|parcel| parcel["orderNo"].clone())
    })
    .await;
    assert_eq!(sent["delivery"]["deliveryNo"], order_no, "{sent}");
    let own = "{viewer{bookings(first:5){nodes{bookingNo code}}}}";
    let own = citizen.reads(own).await["viewer"]["bookings"]["nodes"].clone();
    let booking = own.as_array().unwrap().iter().find(|b| b["bookingNo"] == made.booking.as_str());
    vec![
        of(citizen, "what is shown at the counter", &booking.unwrap()["code"], "Booking"),
        of(citizen, "a case's slip", &json!(made.case), "Case"),
        of(citizen, "a parcel's label", &order_no, "Delivery"),
    ]
}

/// One table: whatever is added to what is printed belongs here.
async fn everything(app: &TestApp) -> Vec<Printed> {
    let (citizen, made) = busy(app).await;
    let mut all = of_notices(app, &citizen, &made).await;
    all.extend(of_a_payment(app, &citizen).await);
    all.extend(of_a_certificate(app).await);
    all.extend(of_cases_and_bookings(app, &citizen, &made).await);
    let link = citizen.reads("{app(slug:\"weather_forecast\"){link}}").await;
    all.push(public("a poster of an app", &link["app"]["link"], "App"));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_understood_and_opens_nothing_to_whom_it_does_not_belong() {
    let app = TestApp::start().await;
    let all = everything(&app).await;
    let stranger = app.citizen().await;
    let nobody = stranger.anonymous();
    for printed in &all {
        let (on, text) = (printed.on, &printed.text);
        let Some(owner) = &printed.owner else {
            let seen = meaning(&nobody, text).await;
            assert_eq!(seen["__typename"], printed.leads_to, "{on}: {text}");
            continue;
        };
        assert_eq!(meaning(owner, text).await["__typename"], printed.leads_to, "{on}: {text}");
        assert_eq!(refusal(&nobody, text).await.0, "NOT_SIGNED_IN", "{on}: {text}");
        if printed.leads_to != "Notice" {
            // As if it did not exist. Whoever holds a notice may pay it.
            let refused = refusal(&stranger, text).await;
            let last = if text.ends_with('0') { '1' } else { '0' };
            let unknown = format!("{}{last}", &text[..text.len() - 1]);
            assert_eq!(refused, refusal(&stranger, &unknown).await, "{on}: {text}");
            assert_eq!(refused.0, "NOT_FOUND", "{on}: {text}");
        }
    }
    app.finish().await;
}

/// What somebody could put on a sticker instead of `address`, which is ours.
fn forged(address: &str, host: &str) -> Vec<String> {
    let path = address.strip_prefix(&format!("http://{host}")).unwrap();
    let (name, port) = host.split_once(':').unwrap();
    vec![
        format!("http://evil.example.com{path}"),
        format!("https://{host}{path}"),
        format!("ftp://{host}{path}"),
        format!("//{host}{path}"),
        format!("http://{name}:1{path}"),
        format!("http://{name}{path}"),
        format!("http://{name}:{port}0{path}"),
        format!("http://{host}.evil.example.com{path}"),
        format!("http://{host}@evil.example.com{path}"),
        format!("http://evil.example.com@{host}{path}"),
        format!("http://user:word@{host}{path}"),
        format!("http://evil.example.com\\@{host}{path}"),
        format!("http://evil.example.com/{host}{path}"),
        format!("http://evil.example.com/{address}"),
        format!("http://evil.example.com?{address}"),
        format!("http://evil.example.com#{address}"),
        format!("http://xn--{name}-9na.example{path}"),
        format!("http://{}{path}", host.replacen('1', "\u{0661}", 1)),
        format!("http://{}{path}", host.replacen('1', "l", 1)),
        format!("http://{}{path}", host.replacen('.', "\u{3002}", 1)),
        format!("javascript:location='{address}'"),
        format!("data:text/html,<script>location='{address}'</script>"),
        format!("weixin://dl/business/?t={address}"),
        format!("intent://{host}{path}#Intent;end"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forgery_of_a_printed_address_is_taken_for_it() {
    let app = TestApp::start().await;
    let all = everything(&app).await;
    let citizen = app.citizen().await;
    let host = app.node.base_url.strip_prefix("http://").unwrap();
    let addresses = all.iter().filter(|printed| printed.text.starts_with("http"));
    let mut tried = 0;
    for printed in addresses {
        for text in forged(&printed.text, host) {
            let (code, words) = refusal(&citizen, &text).await;
            assert_eq!(code, "BAD_INPUT", "{}: {text}", printed.on);
            assert!(words.contains("其他网站"), "{text}: {words}");
            tried += 1;
        }
        for ending in ["/", "#x", "&x=1", "?x=1", "%00", "/../staff"] {
            let text = format!("{}{ending}", printed.text);
            let (code, _) = refusal(&citizen, &text).await;
            assert_eq!(code, "BAD_INPUT", "{}: {text}", printed.on);
        }
    }
    assert!(tried >= 4 * 24, "receipt, certificate, link and app: {tried}");
    app.finish().await;
}

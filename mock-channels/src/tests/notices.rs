//! The payment gateway: bills, write-offs, receipts.

use serde_json::json;

use super::Bench;
use crate::crypto::{SigningKey, VerifyingKey};

/// The ROOT document of an answer, after its signature held; a SOAP fault is an error.
pub(super) type Root = Result<String, String>;

impl Bench {
    pub(super) async fn gateway(&self, message: &str, params: &[(&str, &str)]) -> Root {
        let timestamp = self.gateway_timestamp();
        let key = SigningKey::from_pem(&self.onboarding.gateway.our_private_key_pem).unwrap();
        let document = document(&timestamp, params);
        let signature = key.sign(document.as_bytes()).unwrap();
        self.send_gateway(message, &document, &signature).await
    }

    /// The answer as it came, whatever its signature is worth.
    pub(super) async fn gateway_answer(&self, message: &str, params: &[(&str, &str)]) -> String {
        let key = SigningKey::from_pem(&self.onboarding.gateway.our_private_key_pem).unwrap();
        let document = document(&self.gateway_timestamp(), params);
        let signature = key.sign(document.as_bytes()).unwrap();
        let answer = self.post_gateway(message, &document, &signature).await;
        String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap()
    }

    async fn post_gateway(
        &self,
        message: &str,
        document: &str,
        signature: &str,
    ) -> reqwest::Response {
        let key_id = &self.onboarding.gateway.our_key_id;
        let body = format!(
            "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">\
             <soapenv:Body><{message}><XML>{}</XML>\
             <SIGN KEYID=\"{key_id}\" ALGORITHM=\"RSA-SHA256\">{signature}</SIGN></{message}>\
             </soapenv:Body></soapenv:Envelope>",
            escaped(document)
        );
        self.http
            .post(self.url("/services/UnifiedPayment"))
            .header("Content-Type", "text/xml; charset=utf-8")
            .header("SOAPAction", format!("\"{message}\""))
            .body(body)
            .send()
            .await
            .unwrap()
    }

    async fn send_gateway(&self, message: &str, document: &str, signature: &str) -> Root {
        let answer = self.post_gateway(message, document, signature).await;
        let status = answer.status();
        let text = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
        if status == 500 {
            assert!(text.contains("<faultcode>soapenv:Client</faultcode>"), "{text}");
            return Err(between(&text, "<faultstring>", "</faultstring>").to_owned());
        }
        assert_eq!(status, 200);
        assert!(text.contains(&format!("<{message}Response>")));
        let root = unescaped(between(&text, "<XML>", "</XML>"));
        let sign = between(&text, "<SIGN ", "</SIGN>");
        assert!(sign.contains(&self.onboarding.gateway.gateway_key_id));
        let (_, signature) = sign.split_once('>').unwrap();
        VerifyingKey::from_pem(&self.onboarding.gateway.gateway_public_key_pem)
            .unwrap()
            .verify(root.as_bytes(), signature)
            .unwrap();
        Ok(root)
    }

    pub(super) async fn writes_off(
        &self,
        notice: &str,
        pay_no: &str,
        money: &str,
        date: &str,
    ) -> String {
        let params = [
            ("NOTICENO", notice),
            ("PAYNO", pay_no),
            ("PAYMONEY", money),
            ("PAYDATE", date),
            ("PAYTIME", "090000"),
            ("TRADENO", "4200002222202603020000000001"),
        ];
        verdict(&self.gateway("GetPay_Info", &params).await.unwrap())
    }

    pub(super) async fn receipt(&self, notice: &str, pay_no: &str, money: &str) -> String {
        let params = [("NOTICENO", notice), ("PAYNO", pay_no), ("PAYMONEY", money)];
        self.gateway("Issue_Receipt", &params).await.unwrap()
    }

    /// A fine of 200 yuan decided so many days ago.
    pub(super) async fn fine(&self, days_ago: i64) -> String {
        let wish = json!({"amountFen": 20_000, "decidedDaysAgo": days_ago});
        let made = self.lever("/citizens/C00001/notices", wish).await;
        made["noticeNo"].as_str().unwrap().to_owned()
    }
}

pub(super) fn document(timestamp: &str, params: &[(&str, &str)]) -> String {
    let own = [("TIMESTAMP", timestamp), ("REQUESTID", "R-<1>")];
    let params: String = own
        .iter()
        .chain(params)
        .map(|(name, value)| format!("<PARAM NAME=\"{name}\">{}</PARAM>", escaped(value)))
        .collect();
    format!("<ROOT><REQUEST>{params}</REQUEST></ROOT>")
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(super) fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&apos;", "'").replace("&amp;", "&")
}

pub(super) fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).unwrap().0
}

pub(super) fn field<'a>(root: &'a str, name: &str) -> &'a str {
    between(root, &format!("<{name}>"), &format!("</{name}>"))
}

/// `00`, or the code in front of the colon.
pub(super) fn verdict(root: &str) -> String {
    match between(root, "<IS_SUCCESS CODE=\"", "\"/>") {
        "99" => field(root, "ERRMSG").split_once(':').unwrap().0.to_owned(),
        code => code.to_owned(),
    }
}

#[actix_web::test]
async fn bills_are_found_by_payer_and_by_number() {
    let bench = Bench::start().await;
    let id_card = bench.first_citizen().await["idCard"].as_str().unwrap().to_owned();
    let all = bench.gateway("Get_AppPay_Infos", &[("PAYERSFZ", &id_card)]).await.unwrap();
    assert_eq!(all.matches("<DETAIL>").count(), 2);
    assert!(all.contains("<PARAM NAME=\"REQUESTID\">R-&lt;1&gt;</PARAM>"));
    assert_eq!(verdict(&bench.gateway("Get_AppPay_Infos", &[]).await.unwrap()), "INVALID");

    let number = "330000001FS0000000001";
    let one = bench.gateway("Get_AppPay_Info", &[("NOTICENO", number)]).await.unwrap();
    for (name, value) in [
        ("NOTICENO", number),
        ("CHANNELNO", "330000001"),
        ("ORIGINALNOTICENO", "FS0000000001"),
        ("MAKEDATE", "20260225"),
        ("TOTALMONEY", "200.00"),
        ("ISCOUNTOVERDUE", "1"),
        ("STATE", "0"),
        ("EXPIREDPAYDATE", ""),
        ("MAXPAYMENT", "200.00"),
        ("PAYMENTRADIO", "0.03"),
        ("STARTCALCDATE", "20260313"),
        ("PAYERSFZ", &id_card),
    ] {
        assert_eq!(field(&one, name), value, "{name}");
    }
    let parts = [("CHANNELNO", "330000001"), ("ORIGINALNOTICENO", "FS0000000001")];
    let same = bench.gateway("Get_AppPay_Info", &parts).await.unwrap();
    assert_eq!(field(&same, "NOTICENO"), number);
    let none = bench.gateway("Get_AppPay_Info", &[("NOTICENO", "330000001FS9")]).await.unwrap();
    assert_eq!((verdict(&none).as_str(), none.contains("<DETAIL>")), ("00", false));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_write_off_is_idempotent_and_marks_the_violation_paid() {
    let bench = Bench::start().await;
    let notice = bench.fine(0).await;
    assert_eq!(bench.writes_off("330000001FS9", "P1", "200.00", "20260302").await, "NOT_FOUND");
    assert_eq!(bench.writes_off(&notice, "P1", "199.99", "20260302").await, "AMOUNT");
    for _ in 0..2 {
        assert_eq!(bench.writes_off(&notice, "P1", "200.00", "20260302").await, "00");
    }
    assert_eq!(bench.writes_off(&notice, "P2", "200.00", "20260302").await, "ALREADY_PAID");

    let seen = bench.look(&format!("/notices/{notice}")).await;
    assert_eq!(seen["state"], "PAID");
    let answers: Vec<&str> = seen["writeOffs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["answer"].as_str().unwrap().split(':').next().unwrap())
        .collect();
    assert_eq!(answers, ["AMOUNT", "00", "00", "ALREADY_PAID"]);
    let one = bench.gateway("Get_AppPay_Info", &[("NOTICENO", &notice)]).await.unwrap();
    assert_eq!(field(&one, "STATE"), "1");
    assert_eq!(bench.try_lever(&format!("/notices/{notice}/withdraw"), json!({})).await.0, 409);
    let car = bench.first_citizen().await["vehicles"][0].clone();
    let (plate, tail) = (&car["plateNo"], &car["vinTail"]);
    let asked = json!({"plate_no": plate, "plate_kind": "02", "vin_tail": tail});
    let known = bench.asks("traffic.violations", json!(null), asked).await;
    let is_paid = |number: &str| {
        let rows = known["rows"].as_array().unwrap();
        rows.iter().find(|row| row["notice_no"] == number).unwrap()["paid"].clone()
    };
    assert_eq!(is_paid(&notice), true);
    assert_eq!(is_paid("330000001FS0000000001"), false);
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn receipts_are_numbered_and_issued_once() {
    let bench = Bench::start().await;
    let notice = bench.fine(0).await;
    let not_yet = bench.receipt(&notice, "P1", "200.00").await;
    assert_eq!(verdict(&not_yet), "NOT_WRITTEN_OFF");
    bench.writes_off(&notice, "P1", "200.00", "20260302").await;
    let receipt = bench.receipt(&notice, "P1", "200.00").await;
    assert_eq!(
        (field(&receipt, "BILLCODE"), field(&receipt, "BILLNO")),
        ("33010126", "0000000001")
    );
    assert_eq!((field(&receipt, "RANDOM").len(), field(&receipt, "TOTALMONEY")), (6, "200.00"));
    assert_eq!(bench.receipt(&notice, "P1", "200.00").await, receipt);
    assert_eq!(verdict(&bench.receipt(&notice, "P2", "200.00").await), "NOT_WRITTEN_OFF");
    let other = bench.fine(0).await;
    bench.writes_off(&other, "P3", "200.00", "20260302").await;
    assert_eq!(field(&bench.receipt(&other, "P3", "200.00").await, "BILLNO"), "0000000002");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_late_fine_costs_what_it_costs_today_or_did_yesterday() {
    let bench = Bench::start().await;
    let notice = bench.fine(25).await;
    assert_eq!(bench.look(&format!("/notices/{notice}")).await["dueTodayFen"], 26_000);
    for wrong in ["200.00", "248.00", "266.00"] {
        assert_eq!(bench.writes_off(&notice, "P1", wrong, "20260302").await, "AMOUNT", "{wrong}");
    }
    // Quoted before midnight, paid after it.
    assert_eq!(bench.writes_off(&notice, "P1", "254.00", "20260302").await, "00");

    let withdrawn = bench.fine(0).await;
    bench.lever(&format!("/notices/{withdrawn}/withdraw"), json!({})).await;
    assert_eq!(bench.writes_off(&withdrawn, "P1", "200.00", "20260302").await, "WITHDRAWN");

    let wish = json!({"amountFen": 10_000, "agencyLateFeeFen": 500, "expiresInDays": 1});
    let fixed = bench.lever("/citizens/C00001/notices", wish).await;
    let fixed = fixed["noticeNo"].as_str().unwrap();
    let one = bench.gateway("Get_AppPay_Info", &[("NOTICENO", fixed)]).await.unwrap();
    assert_eq!((field(&one, "ISCOUNTOVERDUE"), field(&one, "OVERDUEMONEY")), ("0", "5.00"));
    assert_eq!(field(&one, "EXPIREDPAYDATE"), "20260303");
    assert_eq!(bench.writes_off(fixed, "P9", "105.00", "20260302").await, "00");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn what_is_not_signed_right_and_now_is_a_fault() {
    let bench = Bench::start().await;
    let key = SigningKey::from_pem(&bench.onboarding.gateway.our_private_key_pem).unwrap();
    let params = [("NOTICENO", "330000001FS0000000001")];
    let good = document(&bench.gateway_timestamp(), &params);
    let other = key.sign(b"other").unwrap();
    let message = "Get_AppPay_Info";
    assert_eq!(bench.send_gateway(message, &good, &other).await, Err("签名错误".to_owned()));
    let old = document("20260302085400", &params);
    let signature = key.sign(old.as_bytes()).unwrap();
    assert!(bench.send_gateway(message, &old, &signature).await.unwrap_err().contains("5分钟"));
    let unknown = bench.gateway("Get_Nothing", &params).await;
    assert_eq!(unknown, Err("未知的消息名".to_owned()));
    bench.mocks.stop().await;
}

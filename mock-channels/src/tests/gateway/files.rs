//! The four clearing files.

use encoding_rs::GB18030;
use serde_json::json;

use super::super::Bench;
use super::super::notices::{field, unescaped, verdict};
use super::all;
use super::signing::{RSA, SM2, Voice, verifies};
use crate::crypto::sha256_hex;
use crate::crypto::sm::sm3_hex;

impl Bench {
    async fn file_call(
        &self,
        voice: Voice,
        name: &str,
        body: Option<Vec<u8>>,
    ) -> reqwest::Response {
        let path = format!("/files/non-tax/{name}");
        let method = if body.is_some() { "POST" } else { "GET" };
        let bytes = body.unwrap_or_default();
        let digest =
            if voice.algorithm == "SM2-SM3" { sm3_hex(&bytes) } else { sha256_hex(&bytes) };
        let timestamp = self.gateway_timestamp();
        let signature =
            self.signs(voice, format!("{method}\n{path}\n{timestamp}\n{digest}\n").as_bytes());
        self.http
            .request(method.parse().unwrap(), self.url(&path))
            .header("X-Gateway-Key-Id", self.key_id(voice))
            .header("X-Gateway-Algorithm", voice.algorithm)
            .header("X-Gateway-Timestamp", timestamp)
            .header("X-Gateway-Signature", signature)
            .body(bytes)
            .send()
            .await
            .unwrap()
    }

    async fn sends(&self, name: &str, text: &str) -> String {
        let bytes = GB18030.encode(text).0.into_owned();
        let answer = self.file_call(SM2, name, Some(bytes)).await;
        assert_eq!(answer.status(), 200);
        let heard = self.hears(&answer.text().await.unwrap()).await;
        heard.root
    }

    /// Code, and the codes of the reasons with their lines.
    async fn judged(&self, name: &str, text: &str) -> (String, Vec<String>) {
        let root = self.sends(name, text).await;
        let lines = all(&root, "LINENO");
        let reasons = all(&root, "REASONCODE");
        let reasons = lines.iter().zip(reasons).map(|(line, code)| format!("{line} {code}"));
        (verdict(&root), reasons.collect())
    }

    pub(super) async fn fetches(&self, voice: Voice, name: &str) -> Result<String, u16> {
        let answer = self.file_call(voice, name, None).await;
        if answer.status() != 200 {
            return Err(answer.status().as_u16());
        }
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let [id, algorithm, timestamp, signature] =
            ["Key-Id", "Algorithm", "Timestamp", "Signature"]
                .map(|part| header(&format!("X-Gateway-{part}")));
        let bytes = answer.bytes().await.unwrap();
        let digest = if algorithm == "SM2-SM3" { sm3_hex(&bytes) } else { sha256_hex(&bytes) };
        let signed = format!("200\n/files/non-tax/{name}\n{timestamp}\n{digest}\n");
        let keys = &self.onboarding.gateway.gateway_keys;
        let key = keys.iter().find(|key| key.key_id == id).unwrap();
        verifies(&algorithm, &key.public_key_pem, signed.as_bytes(), &signature);
        Ok(GB18030.decode(&bytes).0.into_owned())
    }

    /// The line of a payment of 200 yuan in file 1, and its line in file 2.
    async fn lines(&self, number: &str, pay_no: &str) -> (String, String) {
        let bill = self.bill(number).await;
        let bill = unescaped(&bill);
        let [region, unit, payer] =
            ["REGICODE", "ENTERCODE", "PAYER"].map(|name| field(&bill, name).to_owned());
        let payer = payer.replace('|', " ");
        let [code, item, measure] =
            ["CHITCODE", "CHITNAME", "METRICUNIT"].map(|name| field(&bill, name).to_owned());
        let money = format!(
            "WXPAY|0|{pay_no}|T{pay_no}|20260302|20260302090000|200.00|0|{region}|{unit}|{number}|\
             {payer}|200.00|0.00|||1|20260302090001|||||CNY|20260302|004||||||"
        );
        let split =
            format!("{unit}|{number}|{pay_no}|{code}|1|{item}|{measure}|200.00|1|200.00|0.00");
        (money, split)
    }
}

const ONE: &str = "DZ_20260302.txt";
const TWO: &str = "FC_20260302.txt";

/// A paid notice of a payer whose name no GBK has.
async fn paid(bench: &Bench, pay_no: &str) -> String {
    let made = bench.lever("/citizens", json!({"name": "王𠮷|祥"})).await;
    let path = format!("/citizens/{}/notices", made["citizenId"].as_str().unwrap());
    let made = bench.lever(&path, json!({"amountFen": 20_000})).await;
    let number = made["noticeNo"].as_str().unwrap().to_owned();
    bench.is_paid(&number, pay_no).await;
    number
}

#[actix_web::test]
async fn a_day_is_cleared_and_every_line_gets_its_verdict() {
    let bench = Bench::start().await;
    let ok = bench.fine(0).await;
    bench.is_paid(&ok, "P1").await;
    let failed = bench.magic("对账失败").await;
    bench.is_paid(&failed, "P2").await;
    let open = bench.magic("对账待定").await;
    bench.is_paid(&open, "P3").await;
    let missing = paid(&bench, "P4").await;
    let unpaid = bench.fine(0).await;
    let wanted = bench.fine(0).await;
    bench.is_paid(&wanted, "P6").await;
    let word = json!({"noticeNo": wanted, "orderNo": "P6", "result": "to-be-confirmed"});
    bench.lever("/gateway/verdicts", word).await;
    let (mut one, mut two) = (String::from("5|0\n"), String::from("5\n"));
    for (number, pay_no) in
        [(&ok, "P1"), (&failed, "P2"), (&open, "P3"), (&unpaid, "P5"), (&wanted, "P6")]
    {
        let (money, split) = bench.lines(number, pay_no).await;
        one += &(money + "\n");
        two += &(split + "\n");
    }
    assert_eq!(bench.judged(ONE, &one).await.1, ["1 EARLY"]);
    bench.lever("/clock", json!({"nextDayAt": "08:59"})).await;
    assert_eq!(bench.judged(TWO, &two).await.1, ["1 NO_FILE_1"]);
    assert_eq!(bench.judged(ONE, &one).await.0, "00");
    assert_eq!(bench.judged(ONE, &one).await.0, "00");
    assert_eq!(bench.judged(TWO, &two).await.0, "00");
    let name = "JG_20260302_01.txt";
    assert_eq!(bench.fetches(SM2, name).await, Err(404));
    bench.lever("/clock", json!({"advanceSeconds": 61})).await;
    let verdicts = bench.fetches(SM2, name).await.unwrap();
    let lines: Vec<&str> = verdicts.lines().collect();
    assert_eq!(lines[0], "6|1|200.00|3|600.00|2|400.00");
    let results: Vec<(&str, &str, &str)> = lines[1..]
        .iter()
        .map(|line| {
            let fields: Vec<&str> = line.split('|').collect();
            assert_eq!(fields.len(), 7);
            (fields[3], fields[4], fields[5])
        })
        .collect();
    assert_eq!(
        results,
        [
            ("P1", "0", ""),
            ("P2", "1", "FINANCE"),
            ("P3", "2", "FINANCE"),
            ("P5", "1", "NOT_WRITTEN_OFF"),
            ("P6", "2", "FINANCE"),
            ("P4", "1", "MISSING"),
        ]
    );
    assert!(lines[6].contains(&missing));
    assert_eq!(bench.judged(ONE, &one).await.0, "00", "the same bytes");
    assert_eq!(bench.judged(ONE, &one.replace("TP1", "TX1")).await.0, "JUDGED");

    let word = json!({"date": "2026-03-02", "result": "ok", "noticeNo": open});
    assert_eq!(bench.lever("/gateway/verdicts/decide", word).await["decided"], 1);
    let word = json!({"date": "2026-03-02", "result": "failed", "reason": "未到账"});
    assert_eq!(bench.lever("/gateway/verdicts/decide", word).await["decided"], 1);
    let listed = bench.says("List_Files", &[("FILEDATE", "20260302")]).await;
    let names =
        ["JG_20260302_01.txt", "JG_20260302_02.txt", "JG_20260302_03.txt", "TF_20260302.txt"];
    assert_eq!(all(&listed, "FILENAME"), names);
    let second = bench.fetches(RSA, names[1]).await.unwrap();
    assert!(second.starts_with("1|1|200.00|0|0.00|0|0.00\n") && second.ends_with("|P3|0||\n"));
    let third = bench.fetches(RSA, names[2]).await.unwrap();
    assert!(third.ends_with("|P6|1|FINANCE|未到账\n"), "{third}");
    let truth = bench.look("/gateway/truth?date=2026-03-02").await;
    assert_eq!(
        (&truth["totalFen"], truth["notices"].as_array().unwrap().len()),
        (&json!(100_000), 5)
    );
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_file_with_one_wrong_line_is_rejected_whole_and_every_reason_is_told() {
    let bench = Bench::start().await;
    let number = bench.fine(0).await;
    bench.is_paid(&number, "P1").await;
    let (money, split) = bench.lines(&number, "P1").await;
    bench.lever("/clock", json!({"nextDayAt": "09:00"})).await;
    let good = format!("1|0\n{money}\n");
    for (text, reasons) in [
        (String::new(), vec!["1 HEADER"]),
        (good.trim_end().to_owned(), vec!["1 HEADER"]),
        (good.replace("1|0\n", "1\n"), vec!["1 HEADER"]),
        (good.replace("1|0\n", "2|0\n"), vec!["1 COUNT"]),
        (good.replace("1|0\n", "0|1\n"), vec!["1 COUNT"]),
        (good.replace("||||||\n", "|||||\n"), vec!["2 COLUMNS"]),
        (good.replace("|CNY|", "|USD|"), vec!["2 FIELD"]),
        (good.replace("|200.00|0|", "|200|0|"), vec!["2 FIELD"]),
        (good.replace("||1|2026", "||0|2026"), vec!["2 FIELD"]),
        (good.replace("|0.00|", "|0.01|"), vec!["2 SUM"]),
        (good.replace("|20260302|20260302090000", "|20260301|20260302090000"), vec!["2 DATE"]),
        (format!("2|0\n{money}\n{money}\n"), vec!["3 DUPLICATE"]),
        (format!("9|0\n{}\n{money}\n", money.replace("|CNY|", "|X|")), vec!["1 COUNT", "2 FIELD"]),
        (format!("1|0\n{money}\r\n"), vec!["2 FIELD"]),
        (format!("0|1\n{}\n", money.replace("WXPAY|0|", "WXPAY|1|")), vec!["2 FIELD"]),
    ] {
        let (code, found) = bench.judged(ONE, &text).await;
        assert_eq!(
            (code.as_str(), found),
            ("REJECTED", reasons.iter().map(|r| (*r).to_owned()).collect()),
            "{text}"
        );
    }
    let answer = bench.file_call(SM2, ONE, Some(vec![b'1', 0xFF, 0xFF])).await;
    assert!(answer.text().await.unwrap().contains("ENCODING"));
    assert_eq!(bench.judged("XX_20260302.txt", &good).await.0, "INVALID");
    assert_eq!(bench.look("/gateway/files").await["uploads"], json!([]));

    assert_eq!(bench.judged(ONE, &good).await.0, "00");
    for (text, reasons) in [
        (format!("2\n{split}\n"), vec!["1 COUNT"]),
        (
            format!("1\n{}\n", split.replace("|P1|", "|P2|")),
            vec!["2 UNKNOWN_LINE", "1 MISSING_LINE"],
        ),
        (format!("1\n{}\n", split.replace("|200.00|0.00", "|199.99|0.00")), vec!["2 SUM"]),
        (format!("2\n{split}\n{split}\n"), vec!["3 DUPLICATE"]),
        (format!("1\n{split}|\n"), vec!["2 COLUMNS"]),
        ("0\n".to_owned(), vec!["1 MISSING_LINE"]),
    ] {
        let (code, found) = bench.judged(TWO, &text).await;
        let expected: Vec<String> = reasons.iter().map(|r| (*r).to_owned()).collect();
        assert_eq!((code.as_str(), found), ("REJECTED", expected), "{text}");
    }
    // Booked on another item than the notice names: taken, and failed by finance.
    let wrong = format!("1\n{}\n", split.replace("|16010100|", "|16010200|"));
    assert_eq!(bench.judged(TWO, &wrong).await.0, "00");
    let verdicts = bench.fetches(RSA, "JG_20260302_01.txt").await.unwrap();
    assert!(verdicts.contains("|P1|1|SPLIT|"), "{verdicts}");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_late_fee_quoted_before_midnight_is_split_as_it_was_quoted() {
    let bench = Bench::start().await;
    let number = bench.fine(25).await;
    // Quoted on 1 March (9 late days), paid on the 2nd, when it would be 260.00.
    let params = [
        ("NOTICENO", number.as_str()),
        ("PAYNO", "P1"),
        ("PAYMONEY", "254.00"),
        ("PAYDATE", "20260302"),
        ("PAYTIME", "000100"),
        ("TRADENO", "T1"),
        ("QUOTEDATE", "20260301"),
    ];
    assert_eq!(verdict(&bench.says("GetPay_Info", &params).await), "00");
    let (money, split) = bench.lines(&number, "P1").await;
    let money = money.replace("|200.00|0|", "|254.00|0|").replace("|0.00|||1", "|54.00|||1");
    bench.lever("/clock", json!({"nextDayAt": "08:00"})).await;
    assert_eq!(bench.judged(ONE, &format!("1|0\n{money}\n")).await.0, "00");
    let today = split.replace("|200.00|0.00", "|200.00|60.00");
    assert_eq!(bench.judged(TWO, &format!("1\n{today}\n")).await.1, ["2 SUM"]);
    let quoted = split.replace("|200.00|0.00", "|200.00|54.00");
    assert_eq!(bench.judged(TWO, &format!("1\n{quoted}\n")).await.0, "00");
    bench.lever("/clock", json!({"advanceSeconds": 3_601})).await;
    // The office has opened: what was taken is judged, whether anybody looked or not.
    let changed = format!("1|0\n{}\n", money.replace("TP1", "TX1"));
    assert_eq!(bench.judged(ONE, &changed).await.0, "JUDGED");
    let verdicts = bench.fetches(RSA, "JG_20260302_01.txt").await.unwrap();
    assert!(verdicts.starts_with("1|1|254.00|0|0.00|0|0.00\n"), "{verdicts}");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn finance_begins_refunds_and_the_days_file_tells_of_them() {
    let bench = Bench::start().await;
    let number = paid(&bench, "P1").await;
    let wish = json!({"noticeNo": number, "reason": "重复|征收", "payee": {"name": "王𠮷祥", "account": "6222"}});
    let made = bench.lever("/refunds", wish.clone()).await;
    assert_eq!((&made["state"], &made["refundNo"]), (&json!("APPROVED"), &json!("")));
    assert_eq!(bench.try_lever("/refunds", wish).await.0, 409);
    let name = "TF_20260302.txt";
    assert_eq!(bench.fetches(SM2, name).await, Err(404));
    bench.lever("/clock", json!({"nextDayAt": "00:00"})).await;
    let text = bench.fetches(SM2, name).await.unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "1|200.00"));
    let fields: Vec<&str> = lines[1].split('|').collect();
    assert_eq!(fields.len(), 15, "the blank in a name is no border");
    assert_eq!((fields[1], fields[2], fields[3]), (number.as_str(), "P1", "王𠮷 祥"));
    assert_eq!((fields[4], fields[5], fields[8]), ("200.00", "20260302090000", "重复 征收"));
    assert_eq!((fields[9], fields[11]), ("王𠮷祥", "6222"));
    assert_eq!(bench.fetches(SM2, "TF_20260303.txt").await, Err(404));

    let params = [
        ("REFUNDNO", "T9"),
        ("NOTICENO", number.as_str()),
        ("PAYNO", "P1"),
        ("REFUNDMONEY", "200.00"),
        ("REFUNDTRADENO", "R9"),
        ("REFUNDDATE", "20260303"),
        ("REFUNDTIME", "000001"),
    ];
    let back = bench.says("Refund_Notice", &params).await;
    assert_eq!((field(&back, "REFUNDNO"), field(&back, "REFUNDSTATE")), ("T9", "4"));
    assert_eq!(bench.seen(&number).await["state"], "WITHDRAWN");

    // The refund is a line of its own day's file 1, and finance agrees.
    let (money, _) = bench.lines(&number, "P1").await;
    let mut fields: Vec<&str> = money.split('|').collect();
    (fields[1], fields[2], fields[3], fields[4]) = ("1", "T9", "R9", "20260303");
    (fields[5], fields[23]) = ("20260303000001", "20260303");
    (fields[28], fields[29], fields[30]) = ("P1", "TP1", "20260302090000");
    bench.lever("/clock", json!({"nextDayAt": "09:00"})).await;
    let text = format!("0|1\n{}\n", fields.join("|"));
    assert_eq!(bench.judged("DZ_20260303.txt", &text).await, ("00".to_owned(), Vec::new()));
    assert_eq!(bench.judged("FC_20260303.txt", "0\n").await.0, "00");
    let verdicts = bench.fetches(SM2, "JG_20260303_01.txt").await.unwrap();
    assert!(verdicts.starts_with("1|1|200.00|0|0.00|0|0.00\n"), "{verdicts}");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn files_are_signed_and_of_bounded_size_both_ways() {
    let bench = Bench::start().await;
    let path = bench.url("/files/non-tax/TF_20260301.txt");
    let unsigned = bench.http.get(&path).send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    assert_eq!(bench.fetches(RSA, "TF_20260301.txt").await.as_deref(), Ok("0|0.00\n"));
    // Signed for one file, asked for another.
    let timestamp = bench.gateway_timestamp();
    let digest = sha256_hex(b"");
    let signed = format!("GET\n/files/non-tax/TF_20260228.txt\n{timestamp}\n{digest}\n");
    let answer = bench
        .http
        .get(&path)
        .header("X-Gateway-Key-Id", bench.key_id(RSA))
        .header("X-Gateway-Algorithm", "RSA-SHA256")
        .header("X-Gateway-Timestamp", timestamp)
        .header("X-Gateway-Signature", bench.signs(RSA, signed.as_bytes()))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap().as_str()),
        (401, "签名错误")
    );
    let large = vec![b'1'; 2 * 1024 * 1024];
    let answer = bench.file_call(SM2, ONE, Some(large)).await;
    assert_eq!(answer.status(), 200, "more than a message may have");
    let huge = vec![b'1'; 32 * 1024 * 1024 + 1];
    assert_eq!(bench.file_call(SM2, ONE, Some(huge)).await.status(), 413);
    for fault in ["unsigned", "wrong-signature"] {
        let wish = json!({"channel": "gateway", "operation": "files", "fault": fault});
        bench.lever("/faults", wish).await;
        let answer = bench.file_call(RSA, "TF_20260301.txt", None).await;
        let signature = answer.headers().get("X-Gateway-Signature");
        assert_eq!(signature.is_none(), fault == "unsigned");
        if let Some(signature) = signature {
            assert!(signature.to_str().unwrap().starts_with("AAEC"));
        }
    }
    bench.mocks.stop().await;
}

use super::super::testing::{account, config, done, no, unsigned_no};
use super::*;
use crate::test_support::{Peer, json_answer};
use jiff::civil::date;

const METHOD: &str = "data.dataservice.bill.downloadurl.query";

async fn fetch(base: &str) -> Result<Statement, StatementError> {
    AlipayStatements::new(account(&config(base))).fetch(date(2026, 11, 22)).await
}

fn download_of(base: &str, text: &str) -> Option<String> {
    let source = AlipayStatements::new(account(&config(base)));
    source.download_url(text).ok().map(String::from)
}

/// A platform whose file is what this answers.
fn platform(file: String) -> String {
    Peer::replies(move |request| {
        if request.starts_with("GET /bill?id=1 ") {
            return file.clone();
        }
        let (_, body) = super::super::testing::parameters(request);
        let content: serde_json::Value = serde_json::from_str(&body[0].1).unwrap();
        let expected = serde_json::json!({"bill_type": "trade", "bill_date": "2026-11-22"});
        assert_eq!(content, expected);
        let own = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        done(METHOD, &format!(r#""bill_download_url":"http:\/\/{own}\/bill?id=1""#))
    })
}

#[tokio::test]
async fn a_bill_is_asked_for_fetched_and_read() {
    // What comes is no zip: it is kept as evidence.
    match fetch(&platform(json_answer(200, "no zip"))).await {
        Err(StatementError::Damaged(fault)) => assert_eq!(fault.original, b"no zip"),
        other => panic!("{other:?}"),
    }
    for lost in [json_answer(404, "gone"), json_answer(302, "")] {
        let failed = fetch(&platform(lost)).await;
        assert!(matches!(failed, Err(StatementError::Outside(OutsideError::OutcomeUnknown(_)))));
    }
}

#[test]
fn files_are_fetched_from_the_platform_alone_and_over_tls() {
    let base = "http://127.0.0.1:9";
    let at_base = "http://127.0.0.1:9/f?id=1";
    assert_eq!(download_of(base, at_base).as_deref(), Some(at_base));
    for text in ["http://dwbillcenter.alipay.com/f?id=1", "https://dwbillcenter.alipay.com/f?id=1"]
    {
        let expected = Some("https://dwbillcenter.alipay.com/f?id=1");
        assert_eq!(download_of(base, text).as_deref(), expected);
    }
    for bad in [
        "http://127.0.0.1:10/f",
        "http://169.254.169.254/latest",
        "https://dwbillcenter.alipay.com:8443/f",
        "https://dwbillcenter.alipay.com.example.org/f",
        "https://dwbillcenter.alipay.com@example.org/f",
        "http://user@127.0.0.1:9/f",
        "ftp://dwbillcenter.alipay.com/f",
        "file:///etc/passwd",
        "",
    ] {
        assert_eq!(download_of(base, bad), None, "{bad}");
    }
}

#[tokio::test]
async fn codes_say_whether_there_is_a_bill() {
    let says = |sub: &str| Peer::answers(&no(METHOD, "40004", sub));
    assert_eq!(fetch(&says("NO_BILL_DATA")).await.unwrap(), Statement::empty());
    assert!(matches!(fetch(&says("BILL_NOT_EXIST")).await, Err(StatementError::NotReady)));
    for sub in ["BILL_DATE_BEFORE_REGISTRATION", "TYPE_NOT_SUPPORTED", "INVAILID_ARGUMENTS"] {
        let refused = fetch(&says(sub)).await;
        assert!(
            matches!(refused, Err(StatementError::Outside(OutsideError::Refused { .. }))),
            "{sub}"
        );
    }
    let unsigned = Peer::answers(&unsigned_no(METHOD, "40004", "NO_BILL_DATA"));
    for base in [says("SYSTEM_RATE_LIMIT"), says("USER_RATE_LIMIT"), says("NEW"), unsigned] {
        let unknown = fetch(&base).await;
        assert!(matches!(unknown, Err(StatementError::Outside(OutsideError::OutcomeUnknown(_)))));
    }
    assert!(matches!(
        fetch(&Peer::nobody()).await,
        Err(StatementError::Outside(OutsideError::NotSent(_)))
    ));
}

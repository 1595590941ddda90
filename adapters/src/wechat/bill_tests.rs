use super::super::testing::{account, config, signed};
use super::*;
use crate::test_support::{Peer, json_answer, test_data};
use jiff::civil::date;

fn source(base: &str) -> WeChatPayStatements {
    WeChatPayStatements::new(account(&config(base)))
}

async fn fetch(base: &str) -> Result<Statement, StatementError> {
    source(base).fetch(date(2026, 3, 2)).await
}

/// A platform that hands out `file`, and names `hash`.
fn platform(file: Vec<u8>, hash: &str, host: &str) -> String {
    let (hash, host) = (hash.to_owned(), host.to_owned());
    Peer::replies(move |request| {
        if request.starts_with("GET /v3/bill/tradebill?bill_date=2026-03-02&bill_type=ALL ") {
            let own = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
            let host = if host.is_empty() { format!("http://{own}") } else { host.clone() };
            let body = serde_json::json!({
                "hash_type": "SHA1", "hash_value": hash,
                "download_url": format!("{host}/v3/billdownload/file?token=t%2B1"),
            });
            return signed(200, &body.to_string());
        }
        assert!(request.starts_with("GET /v3/billdownload/file?token=t%2B1 "), "{request}");
        assert!(request.contains("authorization: WECHATPAY2-SHA256-RSA2048 mchid="));
        let text = String::from_utf8(file.clone()).unwrap();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len())
    })
}

#[tokio::test]
async fn a_bill_is_fetched_and_its_hash_verified() {
    let file = test_data("sample_tradebill_ALL.csv");
    let hash = sha1_hex(&file);
    let bill = fetch(&platform(file.clone(), &hash.to_uppercase(), "")).await.unwrap();
    assert_eq!((bill.lines.len(), bill.hash, bill.original), (5, hash, file));
}

#[tokio::test]
async fn another_hash_damages_the_file() {
    let file = test_data("sample_tradebill_ALL.csv");
    let hash = sha1_hex(&file);
    let cut = file[..file.len() - 10].to_vec();
    match fetch(&platform(cut.clone(), &hash, "")).await {
        Err(StatementError::Damaged(fault)) => {
            assert_eq!((fault.code, fault.original), (DiscrepancyCode::F02, cut));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn signed_requests_never_go_elsewhere() {
    let source = source("http://127.0.0.1:9");
    for good in ["http://127.0.0.1:9/f?token=1", "https://api.mch.weixin.qq.com/f?token=1"] {
        assert!(source.download_url(good).is_ok(), "{good}");
    }
    for bad in [
        "http://127.0.0.1:10/f",
        "http://169.254.169.254/latest",
        "http://api.mch.weixin.qq.com/f",
        "https://api.mch.weixin.qq.com:8443/f",
        "https://api.mch.weixin.qq.com.example.org/f",
        "https://api.mch.weixin.qq.com@example.org/f",
        "http://user@127.0.0.1:9/f",
        "file:///etc/passwd",
        "/f",
    ] {
        assert!(source.download_url(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn codes_say_whether_there_is_a_bill() {
    let says = |code: &str| {
        Peer::answers(&json_answer(400, &format!(r#"{{"code":"{code}","message":"m"}}"#)))
    };
    assert_eq!(fetch(&says("NO_STATEMENT_EXIST")).await.unwrap(), Statement::empty());
    let creating = fetch(&says("STATEMENT_CREATING")).await;
    assert!(matches!(creating, Err(StatementError::NotReady)));
    let refused = fetch(&says("NO_AUTH")).await;
    assert!(matches!(refused, Err(StatementError::Outside(OutsideError::Refused { .. }))));
    let unknown = fetch(&says("FREQUENCY_LIMITED")).await;
    assert!(matches!(unknown, Err(StatementError::Outside(OutsideError::OutcomeUnknown(_)))));
}

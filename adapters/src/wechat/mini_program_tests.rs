use super::*;
use crate::test_support::{Peer, StillClock, json_answer, quick_client};
use std::sync::atomic::{AtomicUsize, Ordering};

const NOW: i64 = 1_772_417_740;

fn app(base: &str) -> WeChatMiniProgram {
    let config = MiniProgramConfig {
        base_url: base.to_owned(),
        app_id: "wx1".to_owned(),
        app_secret: "a secret".to_owned(),
    };
    WeChatMiniProgram::new(config, quick_client(), Arc::new(StillClock(NOW))).unwrap()
}

fn says(body: &str) -> String {
    json_answer(200, body)
}

fn error(errcode: i64) -> String {
    says(&format!(r#"{{"errcode":{errcode},"errmsg":"m rid: 1-2-3"}}"#))
}

fn name<T>(result: &Result<T, OutsideError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(OutsideError::Refused { .. }) => "refused",
        Err(OutsideError::NotSent(_)) => "not sent",
        Err(OutsideError::OutcomeUnknown(_)) => "unknown",
    }
}

/// Answers with the nth text, the last one for ever, and counts.
fn counted(answers: Vec<String>) -> (String, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let copy = count.clone();
    let base = Peer::replies(move |_| {
        let turn = copy.fetch_add(1, Ordering::SeqCst);
        answers[turn.min(answers.len() - 1)].clone()
    });
    (base, count)
}

#[tokio::test]
async fn a_login_code_becomes_an_account() {
    let base = Peer::replies(|request| {
        let target = "GET /sns/jscode2session?appid=wx1&secret=a+secret&js_code=c%26d\
                      &grant_type=authorization_code ";
        assert!(request.starts_with(target), "{request}");
        says(r#"{"openid":"o1","session_key":"k","unionid":""}"#)
    });
    let account = app(&base).account_of("c&d").await.unwrap();
    assert_eq!((account.app_id.as_str(), account.open_id.as_str()), ("wx1", "o1"));
    assert_eq!(account.union_id, None);
}

#[tokio::test]
async fn only_the_code_itself_is_refused_and_only_busy_is_asked_again() {
    for (answers, expected, requests) in [
        (vec![error(40029)], "refused", 1),
        (vec![error(40163)], "refused", 1),
        (vec![error(40226)], "refused", 1),
        (vec![error(45011)], "not sent", 1),
        (vec![error(40125)], "unknown", 1),
        (vec![error(99999)], "unknown", 1),
        (vec![says("{}")], "unknown", 1),
        (vec![says("<html>")], "unknown", 1),
        (vec![error(-1), says(r#"{"openid":"o1"}"#)], "ok", 2),
        (vec![error(-1), error(40163)], "refused", 2),
        (vec![error(-1)], "unknown", 2),
        (vec![json_answer(502, "")], "unknown", 1),
    ] {
        let (base, count) = counted(answers.clone());
        let account = app(&base).account_of("code").await;
        assert_eq!(name(&account), expected, "{answers:?}");
        assert_eq!(count.load(Ordering::SeqCst), requests, "{answers:?}");
    }
    let nobody = app(&Peer::nobody());
    assert_eq!(name(&nobody.account_of("").await), "refused");
    assert_eq!(name(&nobody.account_of("code").await), "not sent");
    let failed = nobody.account_of("code").await.unwrap_err();
    assert!(!format!("{failed:?}").contains("secret"));
}

fn phone(app_id: &str, number: &str, country: &str, at: i64) -> String {
    says(&format!(
        r#"{{"errcode":0,"errmsg":"ok","phone_info":{{"phoneNumber":"{number}",
        "purePhoneNumber":"{number}","countryCode":{country},
        "watermark":{{"timestamp":{at},"appid":"{app_id}"}}}}}}"#
    ))
}

fn token() -> String {
    says(r#"{"access_token":"t1","expires_in":7200}"#)
}

#[tokio::test]
async fn a_phone_is_believed_only_with_its_watermark() {
    for (answer, expected) in [
        (phone("wx1", "13800138000", "\"86\"", NOW), "ok"),
        (phone("wx1", "13800138000", "86", NOW - 600), "ok"),
        (phone("wx2", "13800138000", "86", NOW), "refused"),
        (phone("wx1", "13800138000", "86", NOW - 601), "refused"),
        (phone("wx1", "13800138000", "852", NOW), "refused"),
        (phone("wx1", "1380013800", "86", NOW), "refused"),
        (error(40029), "refused"),
        (error(45011), "not sent"),
        (error(-1), "unknown"),
        (says(r#"{"errcode":0}"#), "unknown"),
    ] {
        let (base, count) = counted(vec![token(), answer.clone()]);
        let phone = app(&base).phone_of("code").await;
        assert_eq!(name(&phone), expected, "{answer}");
        assert_eq!(count.load(Ordering::SeqCst), 2, "{answer}");
    }
}

#[tokio::test]
async fn a_token_is_kept_and_replaced_once_when_the_platform_refuses_it() {
    let good = || phone("wx1", "13800138000", "86", NOW);
    let (base, count) = counted(vec![token(), good()]);
    let kept = app(&base);
    for _ in 0..3 {
        assert_eq!(name(&kept.phone_of("code").await), "ok");
    }
    assert_eq!(count.load(Ordering::SeqCst), 4);
    for fault in [40001, 40014, 42001] {
        let fresh = says(r#"{"access_token":"t2","expires_in":7200}"#);
        let (base, count) = counted(vec![token(), error(fault), fresh.clone(), good()]);
        assert_eq!(name(&app(&base).phone_of("code").await), "ok");
        assert_eq!(count.load(Ordering::SeqCst), 4);
        let (base, count) = counted(vec![token(), error(fault), fresh, error(fault)]);
        assert_eq!(name(&app(&base).phone_of("code").await), "unknown");
        assert_eq!(count.load(Ordering::SeqCst), 4);
    }
}

#[tokio::test]
async fn a_token_in_its_last_five_minutes_is_fetched_again() {
    let old = says(r#"{"access_token":"t1","expires_in":300}"#);
    let good = phone("wx1", "13800138000", "86", NOW);
    let (base, count) = counted(vec![old, good.clone(), token(), good]);
    let app = app(&base);
    assert_eq!(name(&app.phone_of("code").await), "ok");
    assert_eq!(name(&app.phone_of("code").await), "ok");
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

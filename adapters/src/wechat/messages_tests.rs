use super::*;
use crate::test_support::{Peer, StillClock, json_answer, quick_client};
use crate::wechat::MiniProgramConfig;
use domain::identity::OpenId;
use domain::messaging::EventKey;
use std::sync::Mutex;

const NOW: i64 = 1_772_417_740;

fn messages(base: &str) -> WeChatMessages {
    let config = MiniProgramConfig {
        base_url: base.to_owned(),
        app_id: "wx1".to_owned(),
        app_secret: "a secret".to_owned(),
    };
    let clock = Arc::new(StillClock(NOW));
    WeChatMessages::new(Arc::new(WeChatMiniProgram::new(config, quick_client(), clock).unwrap()))
}

fn letter() -> Letter {
    Letter {
        key: EventKey::new("payment:YW1:paid").unwrap(),
        content: LetterContent::WeChat(MiniLetter {
            open_id: OpenId::new("o1").unwrap(),
            template_id: "T1".to_owned(),
            page: "pages/p?no=1".to_owned(),
            fields: vec![("thing1".to_owned(), "罚款".to_owned())],
            trade_no: None,
        }),
    }
}

/// Gives out tokens t1, t2 …, and answers the nth message with the nth text.
fn platform(answers: &[&str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (copy, answers) =
        (seen.clone(), answers.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>());
    let base = Peer::replies(move |request| {
        let mut seen = copy.lock().unwrap();
        seen.push(request.to_owned());
        let of = |path: &str| seen.iter().filter(|request| request.contains(path)).count();
        if request.contains("/cgi-bin/stable_token") {
            let number = of("/cgi-bin/stable_token");
            return json_answer(
                200,
                &format!(r#"{{"access_token":"t{number}","expires_in":7200}}"#),
            );
        }
        let place = of("/subscribe/send").min(answers.len()) - 1;
        json_answer(200, &answers[place])
    });
    (base, seen)
}

async fn sent(answers: &[&str]) -> (Result<HandedOver, OutsideError>, Vec<String>) {
    let (base, seen) = platform(answers);
    let answer = messages(&base).send(&letter()).await;
    let sends =
        seen.lock().unwrap().iter().filter(|r| r.contains("/subscribe/send")).cloned().collect();
    (answer, sends)
}

#[tokio::test]
async fn a_message_is_sent_with_its_fields_and_its_number_is_kept() {
    for msgid in ["1864323726461255680", "\"1864323726461255680\""] {
        let ok = format!(r#"{{"errcode":0,"errmsg":"ok","msgid":{msgid}}}"#);
        let (answer, sends) = sent(&[&ok]).await;
        assert_eq!(answer.unwrap().platform_no.as_deref(), Some("1864323726461255680"));
        let (head, body) = sends[0].split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /cgi-bin/message/subscribe/send?access_token=t1 "));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let expected = serde_json::json!({
            "touser": "o1", "template_id": "T1", "page": "pages/p?no=1",
            "miniprogram_state": "formal", "lang": "zh_CN",
            "data": { "thing1": { "value": "罚款" } },
        });
        assert_eq!(body, expected);
    }
    let (answer, _) = sent(&[r#"{"errcode":0,"errmsg":"ok"}"#]).await;
    assert_eq!(answer.unwrap().platform_no, None);
}

#[tokio::test]
async fn every_code_says_how_much_is_known() {
    for (errcode, expected) in [
        (43101, "refused NOT_SUBSCRIBED"),
        (47003, "refused 47003"),
        (40003, "refused 40003"),
        (40037, "refused 40037"),
        (41030, "refused 41030"),
        (45009, "not sent"),
        (45011, "not sent"),
        (-1, "unknown"),
        (99999, "unknown"),
    ] {
        let (answer, sends) = sent(&[&format!(r#"{{"errcode":{errcode},"errmsg":"m"}}"#)]).await;
        let said = match answer.unwrap_err() {
            OutsideError::Refused { code, .. } => format!("refused {code}"),
            OutsideError::NotSent(_) => "not sent".to_owned(),
            OutsideError::OutcomeUnknown(_) => "unknown".to_owned(),
        };
        assert_eq!((said.as_str(), sends.len()), (expected, 1), "{errcode}");
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_has_sent_nothing() {
    let stale = r#"{"errcode":40001,"errmsg":"invalid credential"}"#;
    let (answer, sends) = sent(&[stale, r#"{"errcode":0,"errmsg":"ok"}"#]).await;
    assert!(answer.is_ok() && sends[1].contains("access_token=t2"));
    let (answer, sends) = sent(&[stale]).await;
    assert!(matches!(answer, Err(OutsideError::NotSent(_))));
    assert_eq!(sends.len(), 2);
}

#[tokio::test]
async fn without_a_token_nothing_was_sent_and_without_an_answer_nobody_knows() {
    let answer = messages(&Peer::hangs_up()).send(&letter()).await;
    assert!(matches!(answer, Err(OutsideError::NotSent(_))), "no token came");
    let base = Peer::replies(|request| {
        if request.contains("stable_token") {
            json_answer(200, r#"{"access_token":"t1","expires_in":7200}"#)
        } else {
            String::new()
        }
    });
    let answer = messages(&base).send(&letter()).await;
    assert!(matches!(answer, Err(OutsideError::OutcomeUnknown(_))));
}

use super::super::testing::{account, config, done, in_turn, no, outcome, parameters};
use super::*;
use crate::test_support::Peer;
use domain::identity::OpenId;
use domain::messaging::EventKey;

const NAME: &str = "open.app.mini.templatemessage.send";

fn letter(citizen: &str, trade_no: Option<&str>) -> Letter {
    Letter {
        key: EventKey::new("payment:YW1:paid").unwrap(),
        content: LetterContent::Alipay(MiniLetter {
            open_id: OpenId::new(citizen).unwrap(),
            template_id: "T1".to_owned(),
            page: "pages/p?no=1".to_owned(),
            fields: vec![("keyword1".to_owned(), "罚\"款".to_owned())],
            trade_no: trade_no.map(str::to_owned),
        }),
    }
}

async fn sent(letter: &Letter, answer: String) -> (Result<HandedOver, OutsideError>, Vec<String>) {
    let (base, seen) = in_turn(vec![answer]);
    let answer = AlipayMessages::new(account(&config(&base))).send(letter).await;
    let seen = seen.lock().unwrap().clone();
    (answer, seen)
}

#[tokio::test]
async fn a_message_names_the_citizen_as_the_app_knows_them_and_the_trade_that_allows_it() {
    for (citizen, name, trade) in [
        ("2088102122458832", "to_user_id", Some("2026112222001419931441931972")),
        ("074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5", "to_open_id", None),
    ] {
        let (answer, seen) = sent(&letter(citizen, trade), done(NAME, "")).await;
        assert_eq!(answer.unwrap(), HandedOver::default());
        let (head, body) = parameters(&seen[0]);
        assert!(head.contains(&("method".to_owned(), METHOD.to_owned())));
        let content = body.iter().find(|(name, _)| name == "biz_content").unwrap();
        let content: serde_json::Value = serde_json::from_str(&content.1).unwrap();
        assert_eq!(content[name], citizen);
        assert_eq!(content["form_id"].as_str(), trade);
        assert_eq!(content["data"], r#"{"keyword1":{"value":"罚\"款"}}"#);
        assert_eq!(content["user_template_id"], "T1");
    }
}

#[tokio::test]
async fn refusals_of_the_business_are_final_and_failures_inside_leave_it_open() {
    for (code, sub_code, expected) in [
        ("40004", "USER_TEMPLATE_ILLEGAL", "refused"),
        ("40004", "FORM_ID_INVALID", "refused"),
        ("40004", "SYSTEM_ERROR", "unknown"),
        ("20000", "isp.unknow-error", "unknown"),
        ("40002", "isv.invalid-signature", "refused"),
    ] {
        let (answer, _) = sent(&letter("2088102122458832", None), no(NAME, code, sub_code)).await;
        assert_eq!(outcome(&answer), expected, "{code} {sub_code}");
    }
    let (answer, _) =
        sent(&letter("2088102122458832", None), no(NAME, "40004", "USER_NOT_SUBSCRIBE")).await;
    let Err(OutsideError::Refused { code, .. }) = answer else { panic!("refused") };
    assert_eq!(code, NOT_SUBSCRIBED);
}

#[tokio::test]
async fn no_answer_leaves_it_open_and_no_connection_sent_nothing() {
    for (base, expected) in [(Peer::hangs_up(), "unknown"), (Peer::nobody(), "not sent")] {
        let messages = AlipayMessages::new(account(&config(&base)));
        let answer = messages.send(&letter("2088102122458832", None)).await;
        assert_eq!(outcome(&answer), expected);
    }
}

use super::*;
use crate::test_support::wechat_vectors;
use serde_json::Value;

fn vector(id: &str) -> Value {
    let file = wechat_vectors();
    let found = file["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id);
    found.unwrap_or_else(|| panic!("vector {id}")).clone()
}

fn push(token: &str) -> WeChatMessagePush {
    let aes = vector("push-aes-short");
    WeChatMessagePush::new(&MessagePushConfig {
        app_id: aes["appid"].as_str().unwrap().to_owned(),
        token: token.to_owned(),
        encoding_aes_key: aes["encoding_aes_key"].as_str().unwrap().to_owned(),
    })
    .unwrap()
}

fn query(vector: &Value, names: &[&str]) -> Vec<(String, String)> {
    let pair = |name: &&str| ((*name).to_owned(), vector[*name].as_str().unwrap().to_owned());
    names.iter().map(pair).collect()
}

#[test]
fn the_published_check_of_an_address_is_answered() {
    let vector = vector("push-url-verify");
    let push = push(vector["token"].as_str().unwrap());
    let mut query = query(&vector, &["signature", "timestamp", "nonce", "echostr"]);
    let greet = |query: &[(String, String)]| push.greeting(&MessageCallback { query, body: b"" });
    assert_eq!(greet(&query).as_deref(), vector["echostr"].as_str().ok_or(&NotProved));
    assert_eq!(greet(&query[..3]), Err(NotProved));
    query[1].1.push('1');
    assert_eq!(greet(&query), Err(NotProved));
}

#[test]
fn the_published_sealed_message_opens_for_its_app_alone() {
    let vector = vector("push-aes-short");
    let sealed = vector["encrypt"].as_str().unwrap();
    let mut push = push("t");
    assert_eq!(push.opened(sealed).as_deref(), vector["message"].as_str().map(str::as_bytes));
    push.app_id.push('0');
    assert_eq!(push.opened(sealed), None, "sealed for another app");
}

#[test]
fn what_is_not_signed_is_not_opened() {
    let vector = vector("push-msg-signature");
    let push = push(vector["token"].as_str().unwrap());
    let (timestamp, nonce) = (&vector["timestamp"], &vector["nonce"]);
    let parts = [timestamp, nonce, &vector["encrypt"]].map(|part| part.as_str().unwrap());
    assert!(push.is_signed(&parts, vector["msg_signature"].as_str().unwrap()));
    assert!(!push.is_signed(&parts, "b8cd5d2a600c30ccd645b119ced64393e4beb2c2"));
    assert!(!push.is_signed(&parts, ""));
    let body = format!(r#"{{"ToUserName":"gh","Encrypt":{}}}"#, vector["encrypt"]);
    let mut query = query(&vector, &["timestamp", "nonce", "msg_signature"]);
    query[2].1 = "0".repeat(40);
    let callback = MessageCallback { query: &query, body: body.as_bytes() };
    assert_eq!(push.read(&callback), Err(NotProved));
}

#[test]
fn reports_are_read_with_and_without_their_list() {
    let one = r#"{"TemplateId":"T","MsgID":"1864","ErrorCode":"0","ErrorStatus":"success"}"#;
    let bad = r#"{"TemplateId":"T","MsgID":1865,"ErrorCode":20001,"ErrorStatus":"user block"}"#;
    let read = |list: &str| {
        let list: PushedListWire = serde_json::from_str(list).unwrap();
        let sent = match list {
            PushedListWire::Many(all) => all,
            PushedListWire::One(one) => vec![one],
        };
        sent.into_iter().filter_map(news_of).collect::<Vec<_>>()
    };
    let news = |no: &str, delivery| DeliveryNews {
        channel: MessageChannel::WeChat,
        platform_no: no.to_owned(),
        delivery,
    };
    let arrived = news("1864", Delivery::Arrived);
    let failed = news("1865", Delivery::Failed { reason: "20001 user block".to_owned() });
    assert_eq!(read(one), std::slice::from_ref(&arrived));
    assert_eq!(read(&format!("[{one},{bad}]")), [arrived, failed]);
    assert_eq!(read(r#"{"ErrorCode":"0"}"#), []);
}

#[test]
fn keys_of_another_length_are_refused() {
    for bad in ["", "abc", &"a".repeat(42), &"a".repeat(44), &"!".repeat(43)] {
        let config = MessagePushConfig {
            app_id: "wx1".to_owned(),
            token: "t".to_owned(),
            encoding_aes_key: bad.to_owned(),
        };
        assert!(WeChatMessagePush::new(&config).is_err(), "{bad}");
    }
}

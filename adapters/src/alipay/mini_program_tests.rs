use super::super::testing::{
    KEYS, MINI, account, config, in_turn, no, outcome, parameters, sign, signed, unsigned_no,
};
use super::*;
use crate::test_support::{Peer, json_answer};

const ROOT: &str = "alipay_system_oauth_token_response";
/// `{"code":"10000","msg":"Success","mobile":"15976710001"}` under the key of the tests.
fn sealed(plain: &str) -> String {
    use aws_lc_rs::cipher::{
        AES_128, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey,
    };
    use aws_lc_rs::iv::FixedLength;
    use base64::Engine;
    let key = from_base64(super::super::testing::CONTENT_KEY).unwrap();
    let key = UnboundCipherKey::new(&AES_128, &key).unwrap();
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).unwrap();
    let mut bytes = plain.as_bytes().to_vec();
    let context = EncryptionContext::Iv128(FixedLength::from(&IV));
    key.less_safe_encrypt(&mut bytes, context).unwrap();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// What the client sends on.
fn object(response: &str, message: &str) -> String {
    let sign = sign(&KEYS.platform, message.as_bytes());
    serde_json::json!({
        "response": response, "sign": sign, "sign_type": "RSA2", "encrypt_type": "AES",
        "charset": "UTF-8",
    })
    .to_string()
}

fn phone(plain: &str) -> String {
    let response = sealed(plain);
    object(&response, &format!("\"{response}\""))
}

fn program(base: &str) -> AlipayMiniProgram {
    AlipayMiniProgram::new(account(&config(base)))
}

#[tokio::test]
async fn a_code_is_exchanged_for_who_somebody_is() {
    let token = r#""access_token":"t","expires_in":"1296000""#;
    for (ids, open_id, union_id) in [
        (r#""open_id":"074a","user_id":"2088102146225135""#, "074a", Some("2088102146225135")),
        (r#""open_id":"074a""#, "074a", None),
        (r#""user_id":"2088102146225135""#, "2088102146225135", None),
        (r#""user_id":"2088102146225135","open_id":"""#, "2088102146225135", None),
    ] {
        let (base, seen) = in_turn(vec![signed(ROOT, &format!("{{{token},{ids}}}"))]);
        let program = program(&base);
        let found = program.account_of("4b203fe6c11548bcabd8da5bb087a83b").await.unwrap();
        assert_eq!((found.app_id.as_str(), found.open_id.as_str()), (MINI, open_id));
        assert_eq!(found.union_id.as_ref().map(OpenId::as_str), union_id);
        assert_eq!(program.channel(), Channel::Alipay);
        let (query, body) = parameters(&seen.lock().unwrap()[0]);
        assert!(query.contains(&("method".to_owned(), "alipay.system.oauth.token".to_owned())));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let code = pair("code", "4b203fe6c11548bcabd8da5bb087a83b");
        assert_eq!(body, [code, pair("grant_type", "authorization_code")]);
    }
}

#[tokio::test]
async fn only_the_citizens_own_code_is_refused() {
    let method = "system.oauth.token";
    let node = |sub: &str| format!(r#"{{"code":"40002","msg":"m","sub_code":"{sub}"}}"#);
    let error = |sub: &str| json_answer(200, &format!(r#"{{"error_response":{}}}"#, node(sub)));
    for (answer, expected) in [
        (error("isv.code-invalid"), "refused"),
        (no(method, "40002", "isv.code-invalid"), "refused"),
        (error("isv.unmatched-app-id"), "refused"),
        (error("isv.grant-type-invalid"), "unknown"),
        (error("isv.invalid-signature"), "unknown"),
        (unsigned_no(method, "20000", "isp.unknow-error"), "unknown"),
        (signed(ROOT, r#"{"access_token":"t"}"#), "unknown"),
        (signed(ROOT, r#"{"open_id":"074a"}"#), "unknown"),
        (
            json_answer(200, &format!(r#"{{"{ROOT}":{{"access_token":"t","open_id":"o"}}}}"#)),
            "unknown",
        ),
        (json_answer(500, ""), "unknown"),
    ] {
        let found = program(&Peer::answers(&answer)).account_of("code").await;
        assert_eq!(outcome(&found), expected, "{answer}");
    }
    for code in ["", "有", &"a".repeat(129)] {
        assert_eq!(outcome(&program(&Peer::nobody()).account_of(code).await), "refused");
    }
    assert_eq!(outcome(&program(&Peer::nobody()).account_of("code").await), "not sent");
    assert_eq!(outcome(&program(&Peer::hangs_up()).account_of("code").await), "unknown");
}

#[tokio::test]
async fn a_sealed_number_is_opened_once() {
    let program = program(&Peer::nobody());
    let object = phone(r#"{"code":"10000","msg":"Success","mobile":"15976710001"}"#);
    assert_eq!(program.phone_of(&object).await.unwrap(), Mobile::new("15976710001").unwrap());
    assert_eq!(outcome(&program.phone_of(&object).await), "refused");
}

#[tokio::test]
async fn nothing_is_believed_of_a_seal_that_is_not_the_platforms() {
    let program = program(&Peer::nobody());
    let plain = r#"{"code":"10000","msg":"Success","mobile":"15976710001"}"#;
    let response = sealed(plain);
    let clear = |text: &str| object(text, text);
    let long = "a".repeat(SEALED_MAX + 1);
    for (name, object, expected) in [
        ("signed without its quotes", object(&response, &response), "refused"),
        ("another's signature", object(&response, "\"\""), "refused"),
        ("not ours to open", object("AAAA", "\"AAAA\""), "unknown"),
        ("another kind", phone(plain).replace("RSA2", "RSA"), "refused"),
        ("no number", phone(r#"{"code":"10000"}"#), "unknown"),
        ("no mainland number", phone(r#"{"code":"10000","mobile":"+85212345678"}"#), "refused"),
        (
            "not agreed",
            clear(r#"{"code":"40003","subCode":"isv.invalid-auth-relations"}"#),
            "refused",
        ),
        ("our key", clear(r#"{"code":"40001","subCode":"isv.missing-encrypt-key"}"#), "unknown"),
        ("busy", clear(r#"{"code":"20000","subCode":"aop.unknow-error"}"#), "unknown"),
        ("forged error", object(r#"{"code":"40003"}"#, "x"), "refused"),
        ("no object", "15976710001".to_owned(), "refused"),
        ("too long", long, "refused"),
        ("empty", String::new(), "refused"),
    ] {
        let found = program.phone_of(&object).await;
        assert_eq!(outcome(&found), expected, "{name}: {found:?}");
    }
    let bare = super::super::account::AlipayConfig { content_key: None, ..config("http://h") };
    let bare = AlipayMiniProgram::new(account(&bare));
    assert_eq!(outcome(&bare.phone_of(&phone(plain)).await), "not sent");
}

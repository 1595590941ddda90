use super::super::envelope::{parse, wrap};
use super::super::root::{parameters, read, request};
use super::super::testing::{
    WRITTEN, answer, answering, config, document_of, done, echoing, exception, gateway,
    gateway_key, gateway_of, gateway_sm2_key, http, name, parameter, rsa_key_config, seal,
    seal_config, sm2, sm2_config, write_off,
};
use super::*;
use crate::crypto::{AgileVerifyingKey, SignatureAlgorithm};
use crate::system::RandomIds;
use crate::test_support::{Peer, StillClock, quick_client};
use domain::receipt::NoticeWriteOff;
use std::collections::BTreeMap;
use std::sync::Mutex;

fn gateway_public() -> AgileVerifyingKey {
    let key = rsa_key_config("gateway-1");
    AgileVerifyingKey::from_pem(SignatureAlgorithm::RsaSha256, &key.public_key_pem).unwrap()
}

fn opened(text: &[u8], seal: Option<&Seal>) -> Result<String, String> {
    match parse(text).map_err(|fault| fault.to_string())? {
        Parsed::Signed(name, signed) if name == "Get_AppPay_InfoResponse" => {
            signed.open(&gateway_public(), seal).map_err(|fault| fault.to_string())
        }
        other @ (Parsed::Signed(..) | Parsed::Fault { .. }) => Err(format!("{other:?}")),
    }
}

#[test]
fn documents_survive_the_envelope_byte_for_byte_open_and_sealed() {
    for value in ["", "a", "<&>\"'", "]]>", "浙A·測試", " spaces ", "line\r\nbreak\t", "&amp;"]
    {
        let document = format!("\n {} \r\n", request(&[("A", value)]));
        let text = answer(Message::Bill, &document);
        assert_eq!(opened(text.as_bytes(), None).as_ref(), Ok(&document), "{value:?}");
        let (key, seal) = (gateway_key(), seal());
        let name = "Get_AppPay_InfoResponse";
        let sealed = wrap(name, &document, ("gateway-1", &key), Some((&seal, [3; 16]))).unwrap();
        assert!(!sealed.contains("PARAM"), "{sealed}");
        assert_eq!(opened(sealed.as_bytes(), Some(&seal)), Ok(document), "{value:?}");
        let unknown = "sealed where it should be open, or the reverse, or by an unknown key";
        assert_eq!(opened(sealed.as_bytes(), None), Err(unknown.to_owned()));
        let other = sealed.replace("seal-1", "seal-2");
        assert_eq!(opened(other.as_bytes(), Some(&seal)), Err(unknown.to_owned()));
        let other = sealed.replace("SM4-CBC", "SM4-ECB");
        assert_eq!(opened(other.as_bytes(), Some(&seal)), Err(unknown.to_owned()));
    }
}

#[test]
fn an_envelope_that_is_not_the_gateways_is_not_opened() {
    let good = answer(Message::Bill, "<ROOT/>");
    let dtd = "<!DOCTYPE a [<!ENTITY b \"c\">]>";
    let second = "</Get_AppPay_InfoResponse><Other><XML>x</XML></Other>";
    let table = [
        (good.replace("ROOT/", "ROOT /"), "bad signature"),
        (good.replace("RSA-SHA256", "none"), "signed by an unknown key or algorithm"),
        (good.replace("RSA-SHA256", "SM2-SM3"), "signed by an unknown key or algorithm"),
        (format!("{dtd}{good}"), "declares a document type or entities"),
        (good.replace("&lt;ROOT/&gt;", "<![CDATA[<ROOT/>]]> "), "bad signature"),
        (good.replace("</Get_AppPay_InfoResponse>", second), "not exactly one message"),
        (good.replace("XML", "TEXT"), "not exactly one message"),
        (good.replace("SIGN", "SEAL"), "not exactly one message"),
        (good.replace("&lt;", "&b;"), "not an envelope"),
        (good.replace("soapenv:Body", "soapenv:Head"), "not an envelope"),
        (good[..good.len() / 2].to_owned(), "not an envelope"),
        (String::new(), "not an envelope"),
        ("<html><body>502</body></html>".to_owned(), "not an envelope"),
        (answer(Message::Bill, &format!("{dtd}<ROOT/>")), "declares a document type or entities"),
    ];
    for (text, expected) in table {
        assert_eq!(opened(text.as_bytes(), None), Err(expected.to_owned()), "{text}");
    }
    assert_eq!(opened(b"\xff", None), Err("not UTF-8".to_owned()));
}

#[test]
fn a_document_is_understood_or_refused() {
    type Map = BTreeMap<String, String>;
    let read = |text: &str| read::<Map>(text, &[("REQUESTID", "ID"), ("MESSAGE", "MSG")]);
    assert_eq!(read(&done("")).unwrap(), Said::Done(vec![]));
    match read(&done("<DETAIL><A>1</A></DETAIL><DETAIL><A>&lt;2</A></DETAIL>")).unwrap() {
        Said::Done(details) => assert_eq!((details.len(), details[1]["A"].as_str()), (2, "<2")),
        other => panic!("{other:?}"),
    }
    for (text, code, message) in
        [("AMOUNT:应缴200.00", "AMOUNT", "应缴200.00"), ("BROKEN", "BROKEN", ""), ("", "", "")]
    {
        let (code, message, details) = (code.to_owned(), message.to_owned(), Vec::new());
        assert_eq!(read(&exception(text)).unwrap(), Said::Exception { code, message, details });
    }
    let good = done("");
    let echo = "<PARAM NAME=\"REQUESTID\">ID</PARAM>";
    for (bad, why) in [
        (good.replace("\"00\"", "\"01\""), "unknown IS_SUCCESS CODE"),
        (good.replace(">ID<", ">XY<"), "the answer to another request"),
        (good.replace(">MSG<", ">Other<"), "the answer to another request"),
        (good.replace(echo, &echo.repeat(2)), "the answer to another request"),
        (good.replace(echo, ""), "the answer to another request"),
        ("<ROOT><IS_SUCCESS CODE=\"00\"/></ROOT>".to_owned(), "the answer to another request"),
    ] {
        assert_eq!(read(&bad).unwrap_err().to_string(), why, "{bad}");
    }
    for bad in ["", "<ROOT>", "<ROOT/>", "text", "<ROOT><IS_SUCCESS/></ROOT>", "<ROOT>&b;</ROOT>"] {
        assert!(matches!(read(bad), Err(RootFault::Malformed(_))), "{bad}");
    }
    let twice = request(&[("A", "1"), ("A", "1")]);
    assert!(matches!(parameters(&twice), Err(RootFault::Repeated)));
}

#[tokio::test]
async fn what_we_send_is_signed_by_the_configured_algorithm_and_answered_in_it() {
    let seen = Arc::new(Mutex::new(String::new()));
    let copy = seen.clone();
    let base = Peer::replies(move |request| {
        request.clone_into(&mut copy.lock().unwrap());
        let id = parameter(&document_of(request), "REQUESTID");
        let document = echoing(&done(WRITTEN), &id, Message::WriteOff);
        let key = gateway_sm2_key();
        http(200, &wrap("GetPay_InfoResponse", &document, ("gateway-sm2", &key), None).unwrap())
    });
    gateway_of(&sm2_config(&base)).write_off(&write_off()).await.unwrap();
    let request = seen.lock().unwrap().clone();
    let (_, rest) = request.split_once("ALGORITHM=\"SM2-SM3\">").unwrap();
    let signature = rest.split_once("</SIGN>").unwrap().0;
    let ours = sm2("openssl_public");
    let ours = AgileVerifyingKey::from_pem(SignatureAlgorithm::Sm2Sm3, &ours).unwrap();
    assert_eq!(ours.verify(document_of(&request).as_bytes(), signature), Ok(()));
}

#[tokio::test]
async fn a_sealed_request_is_answered_sealed_or_not_believed() {
    for (sealed, expected) in [(true, "ok"), (false, "unknown")] {
        let base = Peer::replies(move |request| {
            assert!(!request.contains("<XML>"), "{request}");
            let (_, rest) = request.split_once("ALGORITHM=\"SM4-CBC\">").unwrap();
            let text = rest.split_once("</ENCRYPTED>").unwrap().0;
            let asked = String::from_utf8(seal().key.open(text).unwrap()).unwrap();
            let id = parameter(&asked, "REQUESTID");
            let document = echoing(&done(WRITTEN), &id, Message::WriteOff);
            let seal = seal();
            let seal = sealed.then_some((&seal, [9; 16]));
            let key = gateway_key();
            http(200, &wrap("GetPay_InfoResponse", &document, ("gateway-1", &key), seal).unwrap())
        });
        let config = NonTaxConfig { seal: Some(seal_config()), ..config(&base) };
        let written = gateway_of(&config).write_off(&write_off()).await;
        assert_eq!(name(&written), expected, "{written:?}");
    }
}

/// A `DETAIL` of `Get_Keys`.
fn listed(id: &str, algorithm: &str, pem: &str) -> String {
    let key: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    format!(
        "<DETAIL><KEYID>{id}</KEYID><ALGORITHM>{algorithm}</ALGORITHM>\
         <PUBLICKEY>{key}</PUBLICKEY></DETAIL>"
    )
}

/// Answers write-offs by the SM2 key, which we do not know yet, and `Get_Keys` with `keys`,
/// signed by this key; counts the questions.
fn changing(keys: String, keys_signed_by: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let copy = asked.clone();
    let base = Peer::replies(move |request| {
        let document = document_of(request);
        let (id, message) = (parameter(&document, "REQUESTID"), parameter(&document, "MESSAGE"));
        copy.lock().unwrap().push(message.clone());
        let (rsa, sm2) = (gateway_key(), gateway_sm2_key());
        let (key, what, answered) = match message.as_str() {
            "Get_Keys" if keys_signed_by == "gateway-1" => {
                (("gateway-1", &rsa), Message::Keys, done(&keys))
            }
            "Get_Keys" => ((keys_signed_by, &sm2), Message::Keys, done(&keys)),
            _ => (("gateway-sm2", &sm2), Message::WriteOff, done(WRITTEN)),
        };
        let name = format!("{}Response", what.name());
        http(200, &wrap(&name, &echoing(&answered, &id, what), key, None).unwrap())
    });
    (base, asked)
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_and_the_keys_not_listed_are_retired() {
    let sm2_public = sm2("standard_public");
    let (base, asked) = changing(listed("gateway-sm2", "SM2-SM3", &sm2_public), "gateway-1");
    let gateway = gateway(&base);
    for _ in 0..2 {
        gateway.write_off(&write_off()).await.unwrap();
    }
    assert_eq!(*asked.lock().unwrap(), ["GetPay_Info", "Get_Keys", "GetPay_Info"]);
    assert!(gateway.key_named("gateway-1").await.unwrap().is_none(), "it is retired");
}

#[tokio::test]
async fn a_list_of_keys_is_believed_only_under_a_known_key_and_an_unknown_key_stays_unknown() {
    let sm2_public = sm2("standard_public");
    let rsa = rsa_key_config("gateway-1").public_key_pem;
    for (keys, signed_by) in [
        (listed("gateway-sm2", "SM2-SM3", &sm2_public), "gateway-sm2"),
        (listed("gateway-1", "RSA-SHA256", &rsa), "gateway-1"),
        (listed("gateway-sm2", "RSA-SHA256", &sm2_public), "gateway-1"),
        (listed("gateway-sm2", "SM9", &sm2_public), "gateway-1"),
        (String::new(), "gateway-1"),
    ] {
        let (base, asked) = changing(keys.clone(), signed_by);
        let gateway = gateway(&base);
        for _ in 0..3 {
            let written = gateway.write_off(&write_off()).await;
            assert_eq!(name(&written), "unknown", "{keys} {written:?}");
        }
        let questions =
            asked.lock().unwrap().iter().filter(|message| *message == "Get_Keys").count();
        assert_eq!(questions, 1, "{keys}");
        assert!(gateway.key_named("gateway-1").await.unwrap().is_some(), "{keys}");
    }
}

#[tokio::test]
async fn several_keys_are_valid_at_once() {
    let mut config = config(&answering(Message::WriteOff, &done(WRITTEN)));
    config.gateway_keys.extend(sm2_config("http://h").gateway_keys);
    config.gateway_keys.push(rsa_key_config("gateway-2"));
    let gateway = gateway_of(&config);
    assert_eq!(name(&gateway.write_off(&write_off()).await), "ok");
    for id in ["gateway-1", "gateway-sm2", "gateway-2"] {
        assert!(gateway.key_named(id).await.unwrap().is_some(), "{id}");
    }
}

#[test]
fn a_faulty_configuration_names_its_field() {
    type Change = fn(&mut NonTaxConfig);
    let table: [(&str, Change); 11] = [
        ("base_url", |c| c.base_url = "h".to_owned()),
        ("our_key_id", |c| c.our_key_id.clear()),
        ("our_algorithm", |c| c.our_algorithm = "RSA".to_owned()),
        ("our_private_key_pem", |c| c.our_private_key_pem.clear()),
        ("our_private_key_pem", |c| c.our_algorithm = "SM2-SM3".to_owned()),
        ("gateway_keys", |c| c.gateway_keys.clear()),
        ("gateway_keys", |c| c.gateway_keys.push(rsa_key_config("gateway-1"))),
        ("gateway_keys", |c| c.gateway_keys.push(rsa_key_config(""))),
        ("gateway_keys", |c| c.gateway_keys[0].algorithm = "SM2-SM3".to_owned()),
        ("seal.key_id", |c| {
            c.seal = Some(SealConfig { key_id: String::new(), ..seal_config() });
        }),
        ("seal.key_base64", |c| {
            c.seal = Some(SealConfig { key_base64: "AAAA".to_owned(), ..seal_config() });
        }),
    ];
    for (field, change) in table {
        let mut config = config("http://h");
        change(&mut config);
        let (clock, ids) = (Arc::new(StillClock(0)), Arc::new(RandomIds));
        let fault = NonTaxGateway::new(&config, quick_client(), clock, ids).unwrap_err();
        assert_eq!(fault.field, field);
        assert!(!format!("{config:?}").contains("PRIVATE"));
    }
    assert!(!format!("{:?}", seal_config()).contains("ASNF"));
}

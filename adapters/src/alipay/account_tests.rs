use super::super::certificate::{CertificateRefused, Trust};
use super::super::testing::{
    Chain, KEYS, NOW, account, certificate_pem, certified, config, leaf_of, name, outcome, sign,
};
use super::*;
use crate::test_support::{Peer, StillClock, json_answer, quick_client};
use base64::Engine;
use rcgen::{KeyPair, date_time_ymd};
use std::sync::atomic::{AtomicUsize, Ordering};

const METHOD: &str = "alipay.trade.query";

fn serial_of(pem: &str) -> String {
    serial(&certificates(pem)[0]).unwrap()
}

/// A platform that signs with its next key under this serial number, and hands out this
/// certificate. Counts how often it is asked for that.
fn rotated(named: String, pem: String) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let copy = asked.clone();
    let base = Peer::replies(move |request| {
        if request.contains("method=alipay.open.app.alipaycert.download") {
            copy.fetch_add(1, Ordering::SeqCst);
            let content = base64::engine::general_purpose::STANDARD.encode(&pem);
            let node = format!(r#"{{"code":"10000","alipay_cert_content":"{content}"}}"#);
            let root = "alipay_open_app_alipaycert_download_response";
            return json_answer(200, &format!(r#"{{"{root}":{node}}}"#));
        }
        answer(&KEYS.next, &named)
    });
    (base, asked)
}

fn answer(key: &KeyPair, serial: &str) -> String {
    let node = r#"{"code":"10000","msg":"Success"}"#;
    let sign = sign(key, node.as_bytes());
    let body = format!(
        r#"{{"alipay_trade_query_response":{node},"alipay_cert_sn":"{serial}","sign":"{sign}"}}"#
    );
    json_answer(200, &body)
}

#[tokio::test]
async fn several_platform_keys_are_valid_at_once() {
    for key in [&KEYS.platform, &KEYS.next] {
        let account = account(&config(&Peer::answers(&answer(key, ""))));
        assert_eq!(outcome(&account.ask(METHOD, &[]).await), "ok");
    }
    let account = account(&config(&Peer::answers(&answer(&KEYS.ours, ""))));
    assert_eq!(outcome(&account.ask(METHOD, &[]).await), "unknown");
}

#[tokio::test]
async fn an_unknown_certificate_is_fetched_once_and_used_from_then_on() {
    let chain = Chain::usual();
    let (base, asked) = rotated(serial_of(&chain.next), chain.next.clone());
    let account = account(&certified(&base, &chain));
    for _ in 0..3 {
        assert_eq!(outcome(&account.ask(METHOD, &[]).await), "ok");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_certificate_that_is_not_the_platforms_is_fetched_once_and_closed() {
    let chain = Chain::usual();
    let forged = certificate_pem(&leaf_of(&name("next", false), &KEYS.next, "Class 2"));
    for (named, pem) in [
        (serial_of(&forged), forged.clone()),
        ("0".repeat(32), chain.next.clone()),
        ("1".repeat(32), "no certificate".to_owned()),
    ] {
        let (base, asked) = rotated(named, pem);
        let account = account(&certified(&base, &chain));
        for _ in 0..3 {
            assert_eq!(outcome(&account.ask(METHOD, &[]).await), "unknown");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_known_serial_number_does_not_lend_itself_to_another_key() {
    let chain = Chain::usual();
    let known = serial_of(&chain.platform);
    let good = account(&certified(&Peer::answers(&answer(&KEYS.platform, &known)), &chain));
    assert_eq!(outcome(&good.ask(METHOD, &[]).await), "ok");
    let other = account(&certified(&Peer::answers(&answer(&KEYS.next, &known)), &chain));
    assert_eq!(outcome(&other.ask(METHOD, &[]).await), "unknown");
}

#[test]
fn a_certificate_is_believed_only_by_a_valid_chain_to_a_pinned_root() {
    let chain = Chain::usual();
    let file = format!("{}{}", chain.platform, chain.authority);
    let trust = Trust::new(&chain.root, &[file]);
    let now = Timestamp::from_second(NOW).unwrap();
    let judge = |pem: &str| trust.key(pem, &serial_of(pem), now).err();
    assert_eq!(judge(&chain.next), None);
    assert_eq!(judge(&format!("{}{}", chain.next, chain.authority)), None);
    let leaf = |params, by, issuer| certificate_pem(&leaf_of(&params, by, issuer));
    let mut old = name("next", false);
    old.not_after = date_time_ymd(2021, 1, 1);
    assert_eq!(judge(&leaf(old, &KEYS.authority, "Class 2")), Some(CertificateRefused::Chain));
    let by_leaf = leaf(name("next", false), &KEYS.platform, "Class 2");
    assert_eq!(judge(&by_leaf), Some(CertificateRefused::Chain));
    // Of the same root, and issued by who issues to merchants.
    let merchant = leaf(name("next", false), &KEYS.root, "R1");
    assert_eq!(judge(&merchant), Some(CertificateRefused::Issuer));
    assert_eq!(
        trust.key(&chain.next, &"0".repeat(32), now).err(),
        Some(CertificateRefused::Serial)
    );
    let alone = Trust::new(&chain.root, std::slice::from_ref(&chain.platform));
    let chained = alone.key(&chain.next, &serial_of(&chain.next), now).err();
    assert_eq!(chained, Some(CertificateRefused::Chain));
    let elsewhere = Trust::new(&by_leaf, &[format!("{}{}", chain.platform, chain.authority)]);
    let chained = elsewhere.key(&chain.next, &serial_of(&chain.next), now).err();
    assert_eq!(chained, Some(CertificateRefused::Chain));
}

#[test]
fn a_faulty_configuration_names_its_field_and_prints_no_secret() {
    type Change = fn(&mut AlipayConfig);
    let bare = |keys| AlipayTrustConfig::Keys { platform_keys_pem: keys };
    let table: [(&str, Change); 8] = [
        ("gateway_url", |c| c.gateway_url = "api".to_owned()),
        ("seller_id", |c| c.seller_id.clear()),
        ("app_id", |c| c.mini.app_id.clear()),
        ("private_key_pem", |c| c.mini.private_key_pem.clear()),
        ("content_key", |c| c.content_key = Some("AAAA".to_owned())),
        ("notify_url", |c| c.notify_url.push_str("?a=b")),
        ("certificate_pem", |c| {
            c.trust = certified("http://h", &Chain::usual()).trust;
            c.mini.certificate_pem = None;
        }),
        ("root_certificates_pem", |c| {
            c.trust = AlipayTrustConfig::Certificates {
                root_certificates_pem: "none".to_owned(),
                platform_certificates_pem: Vec::new(),
            };
        }),
    ];
    let fault = |config: &AlipayConfig| {
        let clock = Arc::new(StillClock(NOW));
        AlipayAccount::new(config, quick_client(), clock).unwrap_err().field
    };
    for (field, change) in table {
        let mut config = config("http://h");
        change(&mut config);
        assert_eq!(fault(&config), field);
    }
    for keys in [Vec::new(), vec!["none".to_owned()]] {
        let config = AlipayConfig { trust: bare(keys), ..config("http://h") };
        assert_eq!(fault(&config), "platform_keys");
    }
    let config = config("http://h");
    let printed = format!("{config:?} {:?}", account(&config));
    assert!(!printed.contains("KEY") && !printed.contains("aa4B"), "{printed}");
}

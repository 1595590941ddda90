use super::super::account::WeChatPayConfig;
use super::super::sign::platform_message;
use super::super::testing::{NOW, PUBLIC_KEY_ID, config};
use super::*;
use crate::crypto::SigningKey;
use crate::system::RandomIds;
use crate::test_support::{Peer, quick_client};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::fakes::FakeClock;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SerialNumber, date_time_ymd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

const NEW: &str = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1";
const NEWER: &str = "0657F09EFDC096DE15EBE81A47057A7232F1B8E2";

/// A certificate of the platform, and what it signs with.
struct Issued {
    pem: String,
    key: SigningKey,
}

fn issued(serial: &str, until: i32) -> Issued {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::default();
    let bytes = (0..20).map(|i| u8::from_str_radix(&serial[2 * i..2 * i + 2], 16).unwrap());
    params.serial_number = Some(SerialNumber::from(bytes.collect::<Vec<_>>()));
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let pem = params.self_signed(&key).unwrap().pem();
    Issued { pem, key: SigningKey::from_pem(&key.serialize_pem()).unwrap() }
}

static ROTATION: LazyLock<[Issued; 2]> = LazyLock::new(|| [issued(NEW, 2031), issued(NEWER, 2031)]);
static OVER: LazyLock<Issued> = LazyLock::new(|| {
    let mut over = issued(NEW, 2031);
    over.pem.clone_from(&issued(NEW, 2026).pem);
    over
});

fn sealed(pem: &str, serial: &str, key: &[u8]) -> serde_json::Value {
    let nonce = "61f9c719728a";
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let mut bytes = pem.as_bytes().to_vec();
    let unique = Nonce::try_assume_unique_for_key(nonce.as_bytes()).unwrap();
    cipher.seal_in_place_append_tag(unique, Aad::from(b"certificate"), &mut bytes).unwrap();
    serde_json::json!({
        "serial_no": serial,
        "effective_time": "2026-01-01T00:00:00+08:00",
        "expire_time": "2031-01-01T00:00:00+08:00",
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
            "associated_data": "certificate", "ciphertext": STANDARD.encode(bytes),
        },
    })
}

/// Headers over a body, as this key signs them.
fn headers(serial: &str, key: &SigningKey, body: &[u8], now: i64) -> Vec<(String, String)> {
    let signature = key.sign(&platform_message(&now.to_string(), "n", body)).unwrap();
    [
        ("wechatpay-timestamp", now.to_string()),
        ("wechatpay-nonce", "n".to_owned()),
        ("wechatpay-signature", signature),
        ("wechatpay-serial", serial.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn certificates(entries: Vec<serde_json::Value>, serial: &str, key: &SigningKey) -> String {
    let body = serde_json::json!({ "data": entries }).to_string();
    let head: String = headers(serial, key, body.as_bytes(), NOW)
        .into_iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n{head}\r\n{body}")
}

fn api_key() -> Vec<u8> {
    config("https://h").api_v3_key.into_bytes()
}

fn both() -> String {
    let [new, newer] = &*ROTATION;
    let entries = vec![sealed(&new.pem, NEW, &api_key()), sealed(&newer.pem, NEWER, &api_key())];
    certificates(entries, NEW, &new.key)
}

struct Bench {
    account: WeChatPayAccount,
    clock: Arc<FakeClock>,
    fetches: Arc<AtomicUsize>,
}

impl Bench {
    fn new(answer: String) -> Self {
        let fetches = Arc::new(AtomicUsize::new(0));
        let counted = fetches.clone();
        let base = Peer::replies(move |request| {
            assert!(request.starts_with("GET /v3/certificates HTTP/1.1"), "{request}");
            counted.fetch_add(1, Ordering::SeqCst);
            answer.clone()
        });
        let clock = Arc::new(FakeClock::at(Timestamp::from_second(NOW).unwrap()));
        let config: WeChatPayConfig = config(&base);
        let ids = Arc::new(RandomIds);
        let account = WeChatPayAccount::new(&config, quick_client(), clock.clone(), ids).unwrap();
        Self { account, clock, fetches }
    }

    async fn reads(&self, serial: &str, key: &SigningKey) -> Result<(), CallbackRefused> {
        use domain::clock::Clock;
        let now = self.clock.now();
        let headers = headers(serial, key, b"{}", now.as_second());
        self.account.verify(&headers, b"{}", now).await
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

/// Fault case 10.
#[tokio::test]
async fn an_unknown_certificate_is_fetched_once_and_kept() {
    let [new, newer] = &*ROTATION;
    let bench = Bench::new(both());
    let all = tokio::join!(
        bench.reads(NEW, &new.key),
        bench.reads(NEWER, &newer.key),
        bench.reads(NEW, &new.key)
    );
    assert_eq!((all, bench.fetches()), ((Ok(()), Ok(()), Ok(())), 1));
    // Both are valid at once, each for its own signatures.
    assert_eq!(bench.reads(NEW, &newer.key).await, Err(CallbackRefused::BadSignature));
    bench.clock.advance(SignedDuration::from_hours(24));
    assert_eq!((bench.reads(NEWER, &newer.key).await, bench.fetches()), (Ok(()), 1));
}

/// Fault case 10.
#[tokio::test]
async fn what_a_fetch_does_not_bring_stays_closed_for_a_while() {
    let [new, _] = &*ROTATION;
    let bench = Bench::new(both());
    let unknown = Err(CallbackRefused::UnknownKey);
    assert_eq!(bench.reads("FFFFFFFFFFFFFFFF", &new.key).await, unknown);
    // The same fetch brought the real ones.
    assert_eq!((bench.reads(NEW, &new.key).await, bench.fetches()), (Ok(()), 1));
    for serial in ["FFFFFFFFFFFFFFFF", "EEEEEEEEEEEEEEEE"] {
        assert_eq!(bench.reads(serial, &new.key).await, unknown);
    }
    assert_eq!(bench.fetches(), 1);
    bench.clock.advance(BETWEEN_FETCHES);
    assert_eq!(bench.reads("FFFFFFFFFFFFFFFF", &new.key).await, unknown);
    assert_eq!(bench.fetches(), 1);
    bench.clock.advance(CLOSED_FOR);
    assert_eq!(bench.reads("FFFFFFFFFFFFFFFF", &new.key).await, unknown);
    assert_eq!(bench.fetches(), 2);
}

#[tokio::test]
async fn a_storm_of_invented_numbers_makes_one_fetch_a_minute() {
    let [new, _] = &*ROTATION;
    let bench = Bench::new("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n".to_owned());
    for i in 0..50_u64 {
        let read = bench.reads(&format!("{i:040X}"), &new.key).await;
        assert_eq!(read, Err(CallbackRefused::UnknownKey));
    }
    assert_eq!(bench.fetches(), 1);
    for other in ["PUB_KEY_ID_0119000072912026030200000002", "", "../../x", &"A".repeat(65)] {
        bench.clock.advance(BETWEEN_FETCHES);
        assert_eq!(bench.reads(other, &new.key).await, Err(CallbackRefused::UnknownKey));
    }
    assert_eq!(bench.fetches(), 1);
}

#[tokio::test]
async fn certificates_are_believed_only_sealed_signed_and_in_force() {
    let [new, newer] = &*ROTATION;
    let entry = |pem: &str, serial: &str| vec![sealed(pem, serial, &api_key())];
    let foreign_seal = vec![sealed(&new.pem, NEW, &[7; 32])];
    let table = [
        ("another seal", certificates(foreign_seal, NEW, &new.key)),
        ("another signer", certificates(entry(&new.pem, NEW), NEW, &newer.key)),
        ("an unknown signer", certificates(entry(&new.pem, NEW), NEWER, &newer.key)),
        ("another serial", certificates(entry(&newer.pem, NEW), NEW, &newer.key)),
        ("no certificate", certificates(entry("x", NEW), NEW, &new.key)),
        ("none", "HTTP/1.1 404 X\r\nContent-Length: 2\r\n\r\n{}".to_owned()),
        ("over", certificates(entry(&OVER.pem, NEW), PUBLIC_KEY_ID, &platform_key())),
    ];
    for (what, answer) in table {
        let bench = Bench::new(answer);
        let read = bench.reads(NEW, &new.key).await;
        assert_eq!((read, bench.fetches()), (Err(CallbackRefused::UnknownKey), 1), "{what}");
    }
    // A known key may sign them too.
    let bench = Bench::new(certificates(entry(&new.pem, NEW), PUBLIC_KEY_ID, &platform_key()));
    assert_eq!(bench.reads(NEW, &new.key).await, Ok(()));
}

fn platform_key() -> SigningKey {
    let vectors = crate::test_support::wechat_vectors();
    let pem = vectors["keys"]["go_sdk_test"]["private_key_pem"].as_str().unwrap().to_owned();
    SigningKey::from_pem(&pem).unwrap()
}

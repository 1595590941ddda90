//! Against the standards' own examples, and against what OpenSSL 3.0 made.

use super::*;
use crate::test_support::test_data;

fn pem(name: &str) -> String {
    String::from_utf8(test_data(&format!("sm2_{name}.pem"))).unwrap()
}

fn public(name: &str) -> AgileVerifyingKey {
    AgileVerifyingKey::from_pem(SignatureAlgorithm::Sm2Sm3, &pem(name)).unwrap()
}

/// The example of GB/T 32918.5, annex A: r and s as DER.
const OF_THE_STANDARD: &str = "MEYCIQD1oDsGSNLEYw7qxRPhu4GhWUTaOCfVt0FDrH6s7ucgswIhALG2qinfIS/Ydj\
                               GCvA1CHKG7kDj9H39C1IQLacSFu8Gq";
const OF_OPENSSL: &str = "MEYCIQCwqWnSnpgmkZ/0PPfH8WIF355wGTc/ipRUKayQN1aGVAIhALVvpsKlpZCJlZir/8\
                          H7Z0OKXz7uiVHKB0r/xZeB68tN";

#[test]
fn sm2_signatures_of_the_standard_and_of_openssl_are_verified() {
    for (key, message, signature) in [
        ("standard_public", "message digest", OF_THE_STANDARD),
        ("openssl_public", "message of openssl", OF_OPENSSL),
    ] {
        let key = public(key);
        assert_eq!(key.verify(message.as_bytes(), signature), Ok(()), "{message}");
        let other = format!("{message} ");
        let failed = Err(CryptoFailed::Signature);
        assert_eq!(key.verify(other.as_bytes(), signature), failed);
        for bad in ["", "AAAA", "not base64", &signature[..signature.len() - 4]] {
            assert_eq!(key.verify(message.as_bytes(), bad), failed, "{bad}");
        }
    }
    let other = public("openssl_public").verify(b"message digest", OF_THE_STANDARD);
    assert_eq!(other, Err(CryptoFailed::Signature));
}

#[test]
fn what_we_sign_by_sm2_is_verified_by_the_public_key() {
    for name in ["standard", "openssl"] {
        let private = pem(&format!("{name}_private"));
        let key = AgileSigningKey::from_pem(SignatureAlgorithm::Sm2Sm3, &private).unwrap();
        assert_eq!(key.algorithm(), SignatureAlgorithm::Sm2Sm3);
        for message in ["", "a", "浙A·測試"] {
            let signature = key.sign(message.as_bytes()).unwrap();
            let public = public(&format!("{name}_public"));
            assert_eq!(public.verify(message.as_bytes(), &signature), Ok(()));
        }
        assert!(!format!("{key:?}").contains("BEGIN"));
    }
}

#[test]
fn a_key_of_one_algorithm_is_none_of_the_other() {
    let sm2 = pem("standard_public");
    let as_rsa = AgileVerifyingKey::from_pem(SignatureAlgorithm::RsaSha256, &sm2);
    assert_eq!(as_rsa.err(), Some(KeyInvalid::Rsa));
    let vectors = crate::test_support::wechat_vectors();
    let rsa = vectors["keys"]["go_sdk_test"]["public_key_pem"].as_str().unwrap();
    let as_sm2 = AgileVerifyingKey::from_pem(SignatureAlgorithm::Sm2Sm3, rsa);
    assert_eq!(as_sm2.err(), Some(KeyInvalid::Sm2));
    let private = vectors["keys"]["go_sdk_test"]["private_key_pem"].as_str().unwrap();
    let as_sm2 = AgileSigningKey::from_pem(SignatureAlgorithm::Sm2Sm3, private);
    assert!(as_sm2.is_err());
    assert_eq!(SignatureAlgorithm::from_name("SM2-SM3"), Some(SignatureAlgorithm::Sm2Sm3));
    assert_eq!(SignatureAlgorithm::from_name("RSA-SHA1"), None);
}

#[test]
fn sm3_is_that_of_the_standard() {
    for (text, digest) in [
        ("abc".to_owned(), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        ("abcd".repeat(16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ] {
        assert_eq!(sm3_hex(text.as_bytes()), digest);
        assert_eq!(SignatureAlgorithm::Sm2Sm3.digest_hex(text.as_bytes()), digest);
    }
}

const KEY: &str = "0123456789ABCDEFFEDCBA9876543210";

/// 16 or 32 bytes of hex.
fn bytes(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn sm4_is_that_of_the_standard() {
    let key = Sm4Key::new(&bytes(KEY)).unwrap();
    // GB/T 32907, annex A: one block; the chain's start of zeros leaves it as it is.
    let block = from_base64(&key.seal([0; 16], &bytes(KEY))).unwrap();
    assert_eq!(hex(&block[16..32]), "681edf34d206965e86b3e94f536e4246");
    // The CBC example of draft-ribose-cfrg-sm4, without its padding.
    let plain = "AAAAAAAABBBBBBBBCCCCCCCCDDDDDDDDEEEEEEEEFFFFFFFFAAAAAAAABBBBBBBB";
    let iv: [u8; 16] = bytes("000102030405060708090A0B0C0D0E0F").try_into().unwrap();
    let sealed = from_base64(&key.seal(iv, &bytes(plain))).unwrap();
    let expected = "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d";
    assert_eq!((hex(&sealed[16..48]).as_str(), sealed.len()), (expected, 64));
}

#[test]
fn sealed_texts_open_and_nothing_else_does() {
    let key = Sm4Key::new(&bytes(KEY)).unwrap();
    for length in [0, 1, 15, 16, 17, 1000] {
        let plain = vec![b'x'; length];
        assert_eq!(key.open(&key.seal([7; 16], &plain)), Ok(plain), "{length}");
    }
    let sealed = key.seal([7; 16], b"text");
    let other = Sm4Key::new(&bytes(&KEY.replace("01", "02"))).unwrap();
    assert_ne!(other.open(&sealed), Ok(b"text".to_vec()));
    for bad in ["", "AAAA", "not base64", &sealed[..24], "AAAAAAAAAAAAAAAAAAAAAA=="] {
        assert_eq!(key.open(bad), Err(CryptoFailed::Decrypt), "{bad}");
    }
    for length in [0, 1, 15, 17, 32] {
        let bad = vec![1; length];
        assert_eq!(Sm4Key::new(&bad).err(), Some(KeyInvalid::Length(16)), "{length}");
    }
    assert_eq!(format!("{key:?}"), "Sm4Key(***)");
}

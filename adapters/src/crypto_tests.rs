use super::*;
use crate::test_support::wechat_vectors;

fn platform_pem(field: &str) -> String {
    wechat_vectors()["keys"]["go_sdk_test"][field].as_str().unwrap().to_owned()
}

#[test]
fn public_key_and_certificate_hold_the_same_key() {
    let key = SigningKey::from_pem(&platform_pem("private_key_pem")).unwrap();
    let signature = key.sign(b"source").unwrap();
    for field in ["public_key_pem", "certificate_pem"] {
        let public = VerifyingKey::from_pem(&platform_pem(field)).unwrap();
        assert_eq!(public.verify(b"source", &signature), Ok(()), "{field}");
        assert_eq!(public.verify(b"sourcf", &signature), Err(CryptoFailed::Signature));
        for bad in ["", "!", "WECHATPAY/SIGNTEST/abc", &signature[1..], "AAAA"] {
            assert_eq!(public.verify(b"source", bad), Err(CryptoFailed::Signature), "{bad}");
        }
    }
}

#[test]
fn keys_of_another_kind_are_refused_and_never_printed() {
    let private = platform_pem("private_key_pem");
    let public = platform_pem("public_key_pem");
    assert!(matches!(SigningKey::from_pem(&public), Err(KeyInvalid::Pem)));
    assert!(matches!(VerifyingKey::from_pem(&private), Err(KeyInvalid::Pem)));
    let junk = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
    assert!(matches!(VerifyingKey::from_pem(junk), Err(KeyInvalid::Rsa)));
    for certificate in ["", "MIID", "MAA=", "MIT/////"] {
        let pem = format!("-----BEGIN CERTIFICATE-----{certificate}-----END CERTIFICATE-----");
        assert!(VerifyingKey::from_pem(&pem).is_err(), "{certificate}");
    }
    let key = SigningKey::from_pem(&private).unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey(***)");
    assert_eq!(format!("{:?}", MacKey::new(b"secret")), "MacKey(***)");
}

#[test]
fn a_ring_has_keys_with_different_ids() {
    let pem = platform_pem("public_key_pem");
    let key = |id: &str| (id.to_owned(), pem.clone());
    let ring = KeyRing::from_pems(&[key("a"), key("b")]).unwrap();
    assert!(ring.get("a").is_some() && ring.get("b").is_some() && ring.get("c").is_none());
    for bad in [vec![], vec![key("a"), key("a")], vec![key("")]] {
        assert_eq!(KeyRing::from_pems(&bad).err(), Some(KeyInvalid::Ids));
    }
}

#[test]
fn symmetric_keys_have_their_length() {
    assert_eq!(GcmKey::aes_256(b"short").err(), Some(KeyInvalid::Length(32)));
    assert_eq!(GcmKey::aes_128(&[0; 32]).err(), Some(KeyInvalid::Length(16)));
    assert_eq!(open_aes_cbc(&[0; 24], &[0; 16], &[0; 16]), Err(CryptoFailed::Decrypt));
}

#[test]
fn every_fault_of_cbc_is_the_same_fault() {
    let (key, iv) = ([7; 16], [9; 16]);
    for sealed in [&[][..], &[1; 15], &[1; 16], &[2; 32], &[3; 48]] {
        assert_eq!(open_aes_cbc(&key, &iv, sealed), Err(CryptoFailed::Decrypt));
    }
    assert_eq!(open_aes_cbc(&key, &iv[..15], &[1; 16]), Err(CryptoFailed::Decrypt));
}

#[test]
fn digests_and_codes_are_those_of_the_standards() {
    assert_eq!(sha1_hex(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256_hex(b"abc"), sha256);
    let key = MacKey::new(b"key");
    let code = key.code(b"message");
    assert_eq!(key.verify(b"message", &code), Ok(()));
    assert_eq!(key.verify(b"messagf", &code), Err(CryptoFailed::Signature));
    assert_eq!(key.verify(b"message", "not base64"), Err(CryptoFailed::Signature));
}

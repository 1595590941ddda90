//! Personal data at rest: sealed with AES-256-GCM, found again by a keyed hash.

use super::column::{hex, sha256_hex};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use domain::outside::StoreError;
use std::fmt;

/// Length of every key, in bytes.
pub(super) const KEY_LEN: usize = 32;
/// The first part of every sealed column: how to read the rest.
const FORMAT: &str = "v1";

/// A key and its id, which follows from the key and gives nothing of it away.
#[derive(Clone)]
pub struct NamedKey {
    id: String,
    bytes: [u8; KEY_LEN],
}

impl NamedKey {
    /// These 256 bits.
    pub fn new(bytes: [u8; KEY_LEN]) -> Self {
        let mut labelled = b"yiwang key id".to_vec();
        labelled.extend(bytes);
        Self { id: sha256_hex(&labelled).chars().take(8).collect(), bytes }
    }

    /// 256 random bits.
    ///
    /// # Errors
    /// [`Unspecified`] when the system has no randomness.
    pub fn generate() -> Result<Self, Unspecified> {
        let mut bytes = [0; KEY_LEN];
        rand::fill(&mut bytes)?;
        Ok(Self::new(bytes))
    }

    /// Eight hex digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.bytes
    }
}

impl fmt::Debug for NamedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedKey({}, ***)", self.id)
    }
}

/// The keys of names, phones and id cards.
#[derive(Debug, Clone)]
pub struct PersonalDataKeys {
    /// Seals.
    pub data: NamedKey,
    /// Sealed before, and still open what they sealed.
    pub older_data: Vec<NamedKey>,
    /// Makes the blind indexes. Another one finds nothing of what this one indexed.
    pub index: NamedKey,
}

/// Where a value stands. A sealed value that is moved elsewhere does not open there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub table: &'static str,
    pub column: &'static str,
    pub row: &'a str,
}

impl Place<'_> {
    fn aad(self) -> Aad<Vec<u8>> {
        Aad::from(format!("{}.{}:{}", self.table, self.column, self.row).into_bytes())
    }

    fn corrupt(self) -> StoreError {
        StoreError::Corrupt { table: self.table, column: self.column, row: self.row.to_owned() }
    }
}

impl PersonalDataKeys {
    /// Random keys that live as long as the process: for tests.
    ///
    /// # Errors
    /// [`Unspecified`] when the system has no randomness.
    pub fn ephemeral() -> Result<Self, Unspecified> {
        let (data, index) = (NamedKey::generate()?, NamedKey::generate()?);
        Ok(Self { data, older_data: Vec::new(), index })
    }

    /// `v1:<key id>:<base64 of nonce, ciphertext and tag>`.
    pub(super) fn seal(&self, place: Place<'_>, text: &str) -> Result<String, StoreError> {
        self.seal_bytes(place, text.as_bytes())
    }

    /// The same for what is no text.
    pub(super) fn seal_bytes(&self, place: Place<'_>, plain: &[u8]) -> Result<String, StoreError> {
        let failed = |error: Unspecified| StoreError::Unavailable(error.into());
        let key = RandomizedNonceKey::new(&AES_256_GCM, self.data.bytes()).map_err(failed)?;
        let mut sealed = plain.to_vec();
        let nonce = key.seal_in_place_append_tag(place.aad(), &mut sealed).map_err(failed)?;
        let mut whole = nonce.as_ref().to_vec();
        whole.append(&mut sealed);
        Ok(format!("{FORMAT}:{}:{}", self.data.id, BASE64.encode(whole)))
    }

    /// The text that was sealed for this place.
    pub(super) fn open(&self, place: Place<'_>, column: &str) -> Result<String, StoreError> {
        let bytes = self.open_bytes(place, column)?;
        String::from_utf8(bytes).map_err(|_| place.corrupt())
    }

    /// The bytes that were sealed for this place.
    pub(super) fn open_bytes(&self, place: Place<'_>, column: &str) -> Result<Vec<u8>, StoreError> {
        self.opened(place, column).ok_or_else(|| place.corrupt())
    }

    fn opened(&self, place: Place<'_>, column: &str) -> Option<Vec<u8>> {
        let (format, rest) = column.split_once(':')?;
        let (key_id, sealed) = rest.split_once(':')?;
        let mut known = std::iter::once(&self.data).chain(&self.older_data);
        let key = known.find(|key| key.id == key_id).filter(|_| format == FORMAT)?;
        let mut sealed = BASE64.decode(sealed).ok()?;
        let (nonce, content) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.bytes()).ok()?;
        let plain = key.open_in_place(nonce, place.aad(), content).ok()?;
        Some(plain.to_vec())
    }

    /// The same for the same text, and without the key no way back: `v1:<key id>:<hex>`.
    pub(super) fn blind(&self, column: &'static str, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.index.bytes());
        let tag = hmac::sign(&key, format!("{column}:{text}").as_bytes());
        format!("{FORMAT}:{}:{}", self.index.id, hex(tag.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: Place<'_> = Place { table: "person", column: "phone", row: "P1" };

    fn keys() -> PersonalDataKeys {
        PersonalDataKeys::ephemeral().unwrap()
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_only() {
        let keys = keys();
        let sealed = keys.seal(PHONE, "13800138000").unwrap();
        assert_eq!(keys.open(PHONE, &sealed).unwrap(), "13800138000");
        assert!(keys.open(Place { row: "P2", ..PHONE }, &sealed).is_err());
        assert!(keys.open(Place { column: "name", ..PHONE }, &sealed).is_err());
        let again = keys.seal(PHONE, "13800138000").unwrap();
        assert_ne!(sealed, again, "equal values do not look equal");
    }

    #[test]
    fn an_older_key_still_opens_and_an_unknown_one_does_not() {
        let old = keys();
        let sealed = old.seal(PHONE, "13800138000").unwrap();
        let mut new = PersonalDataKeys { index: old.index.clone(), ..keys() };
        assert!(new.open(PHONE, &sealed).is_err());
        new.older_data.push(old.data.clone());
        assert_eq!(new.open(PHONE, &sealed).unwrap(), "13800138000");
        assert!(new.seal(PHONE, "1").unwrap().starts_with(&format!("v1:{}:", new.data.id())));
    }

    #[test]
    fn damaged_columns_are_refused() {
        let keys = keys();
        let sealed = keys.seal(PHONE, "13800138000").unwrap();
        let cut = &sealed[..sealed.len() - 4];
        for bad in ["", "13800138000", "v1:", "v1::", cut, &sealed.replacen("v1", "v2", 1)] {
            assert!(keys.open(PHONE, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn blind_indexes_depend_on_key_column_and_text() {
        let keys = keys();
        let index = keys.blind("phone", "13800138000");
        assert_eq!(index, keys.blind("phone", "13800138000"));
        assert_ne!(index, keys.blind("id_card", "13800138000"));
        assert_ne!(index, self::keys().blind("phone", "13800138000"));
    }

    #[test]
    fn keys_do_not_print() {
        let key = NamedKey::new([65; KEY_LEN]);
        assert_eq!(format!("{key:?}"), format!("NamedKey({}, ***)", key.id()));
    }
}

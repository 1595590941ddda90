//! Tokens that carry their own content, sealed by AES-256-GCM: quotes and links to pay.
//! `base64url(key id, nonce, ciphertext, tag)`; the purpose is part of what the tag covers, so
//! that a token of one purpose opens for no other. They say nothing to whoever holds them.

use crate::store::{KeyFileError, NamedKey};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use domain::ids::PersonId;
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::payment::{PayLink, PayLinkSeal, Payment, Quote, QuoteSeal};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The longest token: twenty notice numbers of forty characters, and what goes with them.
const MAX_TOKEN: usize = 2_048;
/// Hex digits of a key's id.
const KEY_ID: usize = 8;

/// What a quote's token holds. Times are microseconds since 1970, amounts fen.
#[derive(Serialize, Deserialize)]
struct QuoteContent {
    notices: Vec<String>,
    total: i64,
    issued: i64,
    expires: i64,
}

/// What a link's token holds.
#[derive(Serialize, Deserialize)]
struct LinkContent {
    person: String,
    notices: Vec<String>,
    expires: i64,
}

struct SealingKey {
    id: String,
    key: RandomizedNonceKey,
}

/// Seals with the newest key, and opens what older ones sealed.
pub struct SealedTokens(Vec<SealingKey>);

impl std::fmt::Debug for SealedTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl SealedTokens {
    /// The newest key first.
    ///
    /// # Errors
    /// [`KeyFileError`] names the file.
    pub fn from_files(newest: &Path, older: &[PathBuf]) -> Result<Self, KeyFileError> {
        let paths = std::iter::once(newest).chain(older.iter().map(PathBuf::as_path));
        let keys = paths.map(|path| {
            let named = NamedKey::from_file(path)?;
            let key = RandomizedNonceKey::new(&AES_256_GCM, named.bytes());
            let malformed = |_| KeyFileError::Malformed { path: path.to_owned() };
            Ok(SealingKey { id: named.id().to_owned(), key: key.map_err(malformed)? })
        });
        Ok(Self(keys.collect::<Result<_, KeyFileError>>()?))
    }

    /// The key `tokens.key` of a folder, made if it is missing.
    ///
    /// # Errors
    /// [`KeyFileError`] names the file.
    pub fn generate(dir: &Path) -> Result<Self, KeyFileError> {
        let path = dir.join("tokens.key");
        NamedKey::ensure_file(&path)?;
        Self::from_files(&path, &[])
    }

    /// Empty, which opens as nothing, only if the system has no randomness or there is no key.
    fn seal(&self, purpose: &str, content: &impl Serialize) -> String {
        let sealed = || {
            let SealingKey { id, key } = self.0.first()?;
            let mut bytes = serde_json::to_vec(content).ok()?;
            let aad = Aad::from(format!("{purpose}:{id}"));
            let nonce = key.seal_in_place_append_tag(aad, &mut bytes).ok()?;
            Some(BASE64_URL.encode([id.as_bytes(), nonce.as_ref(), &bytes].concat()))
        };
        sealed().unwrap_or_default()
    }

    fn open<T: DeserializeOwned>(&self, purpose: &str, token: &str) -> Option<T> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let bytes = BASE64_URL.decode(token).ok()?;
        let (id, rest) = bytes.split_at_checked(KEY_ID)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let SealingKey { id, key } = self.0.iter().find(|key| key.id.as_bytes() == id)?;
        let nonce = aws_lc_rs::aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(format!("{purpose}:{id}"));
        let content = key.open_in_place(nonce, aad, &mut sealed).ok()?;
        serde_json::from_slice(content).ok()
    }
}

fn texts(notices: &[NoticeNo]) -> Vec<String> {
    notices.iter().map(|no| no.as_str().to_owned()).collect()
}

fn numbers(texts: &[String]) -> Option<Vec<NoticeNo>> {
    let fits = (1..=Payment::MAX_NOTICES).contains(&texts.len());
    let numbers = texts.iter().map(|no| NoticeNo::new(no)).collect::<Result<_, _>>().ok();
    numbers.filter(|_: &Vec<NoticeNo>| fits)
}

impl QuoteSeal for SealedTokens {
    fn seal(&self, quote: &Quote) -> String {
        let content = QuoteContent {
            notices: texts(&quote.notice_nos),
            total: quote.total.value(),
            issued: quote.issued_at.as_microsecond(),
            expires: quote.expires_at.as_microsecond(),
        };
        self.seal("quote", &content)
    }

    fn open(&self, token: &str) -> Option<Quote> {
        let content: QuoteContent = self.open("quote", token)?;
        Some(Quote {
            notice_nos: numbers(&content.notices)?,
            total: Fen::new(content.total),
            issued_at: Timestamp::from_microsecond(content.issued).ok()?,
            expires_at: Timestamp::from_microsecond(content.expires).ok()?,
        })
    }
}

impl PayLinkSeal for SealedTokens {
    fn seal(&self, link: &PayLink) -> String {
        let content = LinkContent {
            person: link.person.as_str().to_owned(),
            notices: texts(&link.notice_nos),
            expires: link.expires_at.as_microsecond(),
        };
        self.seal("pay-link", &content)
    }

    fn open(&self, token: &str) -> Option<PayLink> {
        let content: LinkContent = self.open("pay-link", token)?;
        Some(PayLink {
            person: PersonId::new(&content.person).ok()?,
            notice_nos: numbers(&content.notices)?,
            expires_at: Timestamp::from_microsecond(content.expires).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_772_416_800 + second).unwrap()
    }

    fn notice_no(text: &str) -> NoticeNo {
        NoticeNo::new(text).unwrap()
    }

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("yiwang-tokens-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn quote(notices: usize) -> Quote {
        let no = |n: usize| notice_no(&format!("330000001{n:0>31}"));
        Quote {
            notice_nos: (0..notices).map(no).collect(),
            total: Fen::new(20_600),
            issued_at: at(0),
            expires_at: at(900),
        }
    }

    fn link() -> PayLink {
        let notice_nos = vec![notice_no("330000001FS1")];
        PayLink { person: PersonId::new("P1").unwrap(), notice_nos, expires_at: at(900) }
    }

    #[test]
    fn what_was_sealed_comes_back_and_the_longest_fits() {
        let dir = folder("back");
        let tokens = SealedTokens::generate(&dir).unwrap();
        for notices in [1, Payment::MAX_NOTICES] {
            let token = QuoteSeal::seal(&tokens, &quote(notices));
            assert!(token.len() <= MAX_TOKEN, "{}", token.len());
            assert_eq!(QuoteSeal::open(&tokens, &token), Some(quote(notices)));
        }
        let token = PayLinkSeal::seal(&tokens, &link());
        assert_eq!(PayLinkSeal::open(&tokens, &token), Some(link()));
        assert_ne!(token, PayLinkSeal::seal(&tokens, &link()), "no two look alike");
        assert_eq!(QuoteSeal::open(&tokens, &token), None, "a link is no quote");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let dir = folder("changed");
        let tokens = SealedTokens::generate(&dir).unwrap();
        let token = QuoteSeal::seal(&tokens, &quote(1));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'Z' } else { b'A' };
            let bent = String::from_utf8(bytes).unwrap();
            assert_eq!(QuoteSeal::open(&tokens, &bent), None, "at {at}");
        }
        for text in ["", "A", &token[..40], &format!("{token}A"), &"A".repeat(MAX_TOKEN + 1)] {
            assert_eq!(QuoteSeal::open(&tokens, text), None, "{text}");
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn an_older_key_still_opens_and_a_foreign_one_does_not() {
        let (old, new, foreign) = (folder("old"), folder("new"), folder("foreign"));
        let token = QuoteSeal::seal(&SealedTokens::generate(&old).unwrap(), &quote(1));
        SealedTokens::generate(&new).unwrap();
        let files = (new.join("tokens.key"), [old.join("tokens.key")]);
        let rotated = SealedTokens::from_files(&files.0, &files.1).unwrap();
        assert_eq!(QuoteSeal::open(&rotated, &token), Some(quote(1)));
        let foreigner = SealedTokens::generate(&foreign).unwrap();
        assert_eq!(QuoteSeal::open(&foreigner, &token), None);
        for dir in [old, new, foreign] {
            std::fs::remove_dir_all(dir).unwrap();
        }
    }
}

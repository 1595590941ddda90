//! Quotes sealed by HMAC-SHA256: `q1.<key id>.<content>.<code>`, base64url without padding.
//! The content is readable by whoever holds the token and names nobody.

use crate::crypto::{MacKey, from_base64};
use crate::store::{KeyFileError, NamedKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::payment::{Payment, Quote, QuoteSeal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The longest token: twenty notice numbers of forty characters, and what goes with them.
const MAX_TOKEN: usize = 2_048;

/// What stands in a token. Times are seconds since 1970, amounts fen.
#[derive(Serialize, Deserialize)]
struct QuoteWire {
    n: Vec<String>,
    t: i64,
    i: i64,
    e: i64,
}

/// Seals with the newest key, and opens what the older ones sealed.
pub struct MacQuotes {
    keys: Vec<(String, MacKey)>,
}

impl std::fmt::Debug for MacQuotes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|(id, _)| id).collect();
        f.debug_tuple("MacQuotes").field(&ids).finish()
    }
}

impl MacQuotes {
    /// The newest key first.
    ///
    /// # Errors
    /// [`KeyFileError`] names the file.
    pub fn from_files(newest: &Path, older: &[PathBuf]) -> Result<Self, KeyFileError> {
        let newest = NamedKey::from_file(newest)?;
        let older = older.iter().map(|path| NamedKey::from_file(path));
        let keys = std::iter::once(Ok(newest)).chain(older);
        let keys = keys.map(|key| key.map(|key| (key.id().to_owned(), MacKey::new(key.bytes()))));
        Ok(Self { keys: keys.collect::<Result<_, _>>()? })
    }

    /// The key `quotes.key` of a folder, made if it is missing.
    ///
    /// # Errors
    /// [`KeyFileError`] names the file.
    pub fn generate(dir: &Path) -> Result<Self, KeyFileError> {
        let path = dir.join("quotes.key");
        NamedKey::ensure_file(&path)?;
        Self::from_files(&path, &[])
    }
}

fn signed_part(id: &str, content: &str) -> String {
    format!("q1.{id}.{content}")
}

fn code_of(key: &MacKey, text: &str) -> String {
    let code = from_base64(&key.code(text.as_bytes())).unwrap_or_default();
    BASE64_URL.encode(code)
}

impl QuoteSeal for MacQuotes {
    fn seal(&self, quote: &Quote) -> String {
        let wire = QuoteWire {
            n: quote.notice_nos.iter().map(|no| no.as_str().to_owned()).collect(),
            t: quote.total.value(),
            i: quote.issued_at.as_microsecond(),
            e: quote.expires_at.as_microsecond(),
        };
        let content = BASE64_URL.encode(serde_json::to_vec(&wire).unwrap_or_default());
        self.keys.first().map_or_else(String::new, |(id, key)| {
            let text = signed_part(id, &content);
            format!("{text}.{}", code_of(key, &text))
        })
    }

    fn open(&self, token: &str) -> Option<Quote> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (text, code) = token.rsplit_once('.')?;
        let mut parts = text.strip_prefix("q1.")?.split('.');
        let (id, content) = (parts.next()?, parts.next()?);
        let (_, key) = self.keys.iter().find(|(known, _)| known == id)?;
        let code = BASE64_URL.decode(code).ok()?;
        let code = base64::engine::general_purpose::STANDARD.encode(code);
        key.verify(signed_part(id, content).as_bytes(), &code).ok()?;
        if parts.next().is_some() {
            return None;
        }
        let wire: QuoteWire = serde_json::from_slice(&BASE64_URL.decode(content).ok()?).ok()?;
        let nos = wire.n.iter().map(|no| NoticeNo::new(no)).collect::<Result<Vec<_>, _>>().ok()?;
        Some(Quote {
            notice_nos: nos,
            total: Fen::new(wire.t),
            issued_at: Timestamp::from_microsecond(wire.i).ok()?,
            expires_at: Timestamp::from_microsecond(wire.e).ok()?,
        })
        .filter(|quote| (1..=Payment::MAX_NOTICES).contains(&quote.notice_nos.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::fakes::samples::{at, notice_no};

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("yiwang-quotes-{name}-{}", std::process::id()));
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

    #[test]
    fn a_quote_comes_back_as_it_was_and_the_longest_fits() {
        let dir = folder("back");
        let seal = MacQuotes::generate(&dir).unwrap();
        for notices in [1, Payment::MAX_NOTICES] {
            let token = seal.seal(&quote(notices));
            assert!(token.len() <= MAX_TOKEN, "{}", token.len());
            assert_eq!(seal.open(&token), Some(quote(notices)));
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let dir = folder("changed");
        let seal = MacQuotes::generate(&dir).unwrap();
        let token = seal.seal(&quote(1));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(seal.open(&String::from_utf8(bytes).unwrap()), None, "at {at}");
        }
        for text in ["", ".", "q1", "q1..", "q1...", &format!("{token}."), &token[..40]] {
            assert_eq!(seal.open(text), None, "{text}");
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn an_older_key_still_opens_and_a_foreign_one_does_not() {
        let (old, new, foreign) = (folder("old"), folder("new"), folder("foreign"));
        let token = MacQuotes::generate(&old).unwrap().seal(&quote(1));
        MacQuotes::generate(&new).unwrap();
        let rotated =
            MacQuotes::from_files(&new.join("quotes.key"), &[old.join("quotes.key")]).unwrap();
        assert_eq!(rotated.open(&token), Some(quote(1)));
        assert_eq!(MacQuotes::generate(&foreign).unwrap().open(&token), None);
        for dir in [old, new, foreign] {
            std::fs::remove_dir_all(dir).unwrap();
        }
    }
}

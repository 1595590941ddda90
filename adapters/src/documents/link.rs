//! Links that only this service can make: a claim and its HMAC-SHA256.
//!
//! `base64url(v1|key id|kind|key|person|unix seconds).base64url(code of the first part)`. The id
//! says which key signed, so that a key is changed without killing the links of its last minutes.

use crate::store::NamedKey;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::ids::{FileId, PersonId, SerialNo};
use domain::receipt::{Document, DocumentClaim, DocumentLinks, ReceiptId};
use domain::standards::{ReceiptCode, ReceiptNo};
use jiff::Timestamp;
use std::fmt;

const FORMAT: &str = "v1";
/// Longer ones are not read: a token has some 150 characters.
const MAX_TOKEN: usize = 400;

struct LinkKey {
    id: String,
    key: hmac::Key,
}

/// Signs with one key, and opens what it or an older one signed.
pub struct SignedLinks {
    current: LinkKey,
    older: Vec<LinkKey>,
}

impl fmt::Debug for SignedLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedLinks({}, ***)", self.current.id)
    }
}

impl SignedLinks {
    /// `older` keys open and no longer sign; five minutes after a change they may go.
    pub fn new(current: &NamedKey, older: &[NamedKey]) -> Self {
        let key = |named: &NamedKey| LinkKey {
            id: named.id().to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, named.bytes()),
        };
        Self { current: key(current), older: older.iter().map(key).collect() }
    }
}

impl DocumentLinks for SignedLinks {
    fn sign(&self, claim: &DocumentClaim) -> String {
        let (kind, key) = match &claim.document {
            Document::Receipt(id) => {
                ("receipt", format!("{}:{}", id.code.as_str(), id.number.as_str()))
            }
            Document::Year(year) => ("year", year.to_string()),
            Document::File(id) => ("file", id.to_string()),
            Document::Certificate(serial) => ("certificate", serial.to_string()),
        };
        let parts = [
            FORMAT,
            &self.current.id,
            kind,
            &key,
            claim.person.as_str(),
            &claim.expires_at.as_second().to_string(),
        ];
        let claimed = BASE64.encode(parts.join("|"));
        let code = hmac::sign(&self.current.key, claimed.as_bytes());
        format!("{claimed}.{}", BASE64.encode(code.as_ref()))
    }

    fn open(&self, token: &str) -> Option<DocumentClaim> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (claimed, code) = token.split_once('.')?;
        let code = BASE64.decode(code).ok()?;
        let text = String::from_utf8(BASE64.decode(claimed).ok()?).ok()?;
        let parts: Vec<_> = text.split('|').collect();
        let [FORMAT, key_id, kind, key, person, expires_at] = parts.as_slice() else { return None };
        let mut known = std::iter::once(&self.current).chain(&self.older);
        let signer = known.find(|known| known.id == *key_id)?;
        hmac::verify(&signer.key, claimed.as_bytes(), &code).ok()?;
        Some(DocumentClaim {
            document: document(kind, key)?,
            person: PersonId::new(person).ok()?,
            expires_at: Timestamp::from_second(expires_at.parse().ok()?).ok()?,
        })
    }
}

fn document(kind: &str, key: &str) -> Option<Document> {
    match kind {
        "receipt" => {
            let (code, number) = key.split_once(':')?;
            let (code, number) = (ReceiptCode::new(code).ok()?, ReceiptNo::new(number).ok()?);
            Some(Document::Receipt(ReceiptId { code, number }))
        }
        "year" => Some(Document::Year(key.parse().ok()?)),
        "certificate" => Some(Document::Certificate(SerialNo::new(key).ok()?)),
        "file" => Some(Document::File(FileId::new(key).ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(document: Document) -> DocumentClaim {
        let expires_at = Timestamp::from_second(1_772_417_100).unwrap();
        DocumentClaim { document, person: PersonId::new("P1").unwrap(), expires_at }
    }

    fn receipt() -> DocumentClaim {
        let code = ReceiptCode::new("33030126").unwrap();
        claim(Document::Receipt(ReceiptId { code, number: ReceiptNo::new("0000000001").unwrap() }))
    }

    #[test]
    fn a_signed_claim_opens_also_after_a_change_of_keys() {
        let (old, new) = (NamedKey::generate().unwrap(), NamedKey::generate().unwrap());
        let before = SignedLinks::new(&old, &[]);
        let after = SignedLinks::new(&new, std::slice::from_ref(&old));
        let file = Document::File(FileId::new("F1").unwrap());
        let certificate = Document::Certificate(SerialNo::new("ZM0001").unwrap());
        for claim in [receipt(), claim(Document::Year(2026)), claim(file), claim(certificate)] {
            let token = before.sign(&claim);
            assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
            assert_eq!(before.open(&token).as_ref(), Some(&claim));
            assert_eq!(after.open(&token).as_ref(), Some(&claim));
            assert_eq!(SignedLinks::new(&new, &[]).open(&token), None, "the old key is gone");
        }
    }

    #[test]
    fn no_altered_token_opens() {
        let links = SignedLinks::new(&NamedKey::generate().unwrap(), &[]);
        let token = links.sign(&receipt());
        let (claimed, code) = token.split_once('.').unwrap();
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            assert_eq!(links.open(&altered), None, "{altered}");
        }
        let year = links.sign(&claim(Document::Year(2026)));
        let other_code = year.split_once('.').unwrap().1;
        for bad in [
            String::new(),
            ".".to_owned(),
            claimed.to_owned(),
            format!("{claimed}."),
            format!("{claimed}.{}", &code[..20]),
            format!("{claimed}.{other_code}"),
            format!("{token}="),
            "A".repeat(MAX_TOKEN + 1),
        ] {
            assert_eq!(links.open(&bad), None, "{bad}");
        }
    }
}

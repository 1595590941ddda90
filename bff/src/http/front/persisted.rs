//! Documents that are known by their hash: a client sends the text once and its hash from then
//! on, as Apollo's automatic persisted queries do.

use super::operation::{Operation, PersistedQuery};
use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;
use std::sync::Arc;

/// Bytes of all documents kept; the least used go first. A client has about 60 documents of 1 KB.
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// What one entry costs beside its text.
const ENTRY_BYTES: usize = 200;
const VERSION: u32 = 1;

/// The documents of this process. Another node asks the client for the text again.
#[derive(Debug, Clone)]
pub struct PersistedDocuments(Cache<String, Arc<str>>);

/// Why there is no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDocument {
    /// The hash is not known here: send the text with it.
    Unknown,
    /// The hash is not that of the text, or not a hash.
    WrongHash,
    /// A version that does not exist.
    WrongVersion,
    /// Neither text nor hash.
    Missing,
}

impl Default for PersistedDocuments {
    fn default() -> Self {
        let weigh = |hash: &String, text: &Arc<str>| {
            u32::try_from(hash.len() + text.len() + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).build())
    }
}

impl PersistedDocuments {
    /// The operation's document.
    ///
    /// # Errors
    /// [`NoDocument`].
    pub fn text(&self, operation: &Operation) -> Result<Arc<str>, NoDocument> {
        let named = operation.extensions.as_ref().and_then(|all| all.persisted_query.as_ref());
        match (&operation.query, named) {
            (Some(text), None) => Ok(text.as_str().into()),
            (Some(text), Some(named)) => {
                let hash = checked(named)?;
                if hash == sha256(text) {
                    Ok(text.as_str().into())
                } else {
                    Err(NoDocument::WrongHash)
                }
            }
            (None, Some(named)) => self.0.get(checked(named)?).ok_or(NoDocument::Unknown),
            (None, None) => Err(NoDocument::Missing),
        }
    }

    /// Keeps the text under its hash, if the client wants it; called once it has proved sound.
    pub fn keep(&self, operation: &Operation, text: &Arc<str>) {
        let named = operation.extensions.as_ref().and_then(|all| all.persisted_query.as_ref());
        if let (Some(_), Some(named)) = (&operation.query, named) {
            self.0.insert(named.sha256_hash.clone(), text.clone());
        }
    }
}

fn checked(named: &PersistedQuery) -> Result<&str, NoDocument> {
    if named.version != VERSION {
        return Err(NoDocument::WrongVersion);
    }
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_hash = named.sha256_hash.len() == 64 && named.sha256_hash.bytes().all(hex);
    if is_hash { Ok(&named.sha256_hash) } else { Err(NoDocument::WrongHash) }
}

fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn operation(query: Option<&str>, version: u32, hash: &str) -> Operation {
        let persisted = json!({ "version": version, "sha256Hash": hash });
        let sent = json!({ "query": query, "extensions": { "persistedQuery": persisted } });
        serde_json::from_value(sent).unwrap()
    }

    #[test]
    fn a_document_is_known_by_its_hash_once_it_was_kept() {
        let documents = PersistedDocuments::default();
        let hash = sha256("{a}");
        let by_hash = operation(None, 1, &hash);
        assert_eq!(documents.text(&by_hash), Err(NoDocument::Unknown));
        let with_text = operation(Some("{a}"), 1, &hash);
        let text = documents.text(&with_text).unwrap();
        assert_eq!(documents.text(&by_hash), Err(NoDocument::Unknown), "not before it is sound");
        documents.keep(&with_text, &text);
        assert_eq!(documents.text(&by_hash).unwrap().as_ref(), "{a}");
    }

    #[test]
    fn a_hash_is_that_of_the_text_and_of_the_known_version() {
        let documents = PersistedDocuments::default();
        let hash = sha256("{a}");
        let text = |operation: &Operation| documents.text(operation);
        assert_eq!(text(&operation(Some("{b}"), 1, &hash)), Err(NoDocument::WrongHash));
        assert_eq!(text(&operation(None, 1, "00")), Err(NoDocument::WrongHash));
        assert_eq!(
            text(&operation(Some("{a}"), 1, &hash.to_uppercase())),
            Err(NoDocument::WrongHash)
        );
        assert_eq!(text(&operation(Some("{a}"), 2, &hash)), Err(NoDocument::WrongVersion));
    }

    #[test]
    fn a_flood_of_documents_pushes_out_others_and_no_more() {
        let documents = PersistedDocuments::default();
        let text: Arc<str> = "a".repeat(60_000).into();
        for number in 0..400 {
            let hash = sha256(&number.to_string());
            documents.keep(&operation(Some(&text), 1, &hash), &text);
        }
        documents.0.run_pending_tasks();
        assert!(documents.0.weighted_size() <= MOST_BYTES);
    }
}

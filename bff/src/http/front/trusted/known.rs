//! The documents of this process: trusted ones, and those that clients have sent.

use super::super::counters::FrontCounters;
use super::super::operation::{Operation, PersistedQuery};
use super::build::DocumentFault;
use super::hash::Hash;
use super::manifest::{Documents, Manifest};
use super::prepare::Preparer;
use super::prepared::Prepared;
use super::quota::Quota;
use super::source::{EMBEDDED, Source, TrustMode};
use async_graphql::Response;
use jiff::Timestamp;
use moka::sync::Cache;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Bytes of all documents that clients have sent; the least used go first.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// A parsed document has so many bytes for each of its text.
const PARSED_FACTOR: usize = 16;
/// What one entry costs beside that.
const ENTRY_BYTES: usize = 1_024;
/// Documents that are named in the log at most once each.
const NAMED_IN_LOG: u64 = 10_000;
const VERSION: u32 = 1;
/// The file of a manifest; a hundred documents have some 100 KB.
const MANIFEST_MAX_BYTES: usize = 16 * 1024 * 1024;

/// The documents of this process. Another node asks the client for the text again.
pub struct KnownDocuments {
    preparer: Preparer,
    mode: TrustMode,
    source: Source,
    trusted: RwLock<Arc<Documents>>,
    /// What was read last, sound or not: the same is not judged twice.
    read: Mutex<Option<Hash>>,
    sent: Cache<Hash, Arc<Prepared>>,
    quota: Quota,
    counters: FrontCounters,
    named_in_log: Cache<Hash, ()>,
}

/// Why there is no document.
#[derive(Debug)]
pub enum NoDocument {
    /// The hash is not known here: send the text with it.
    Unknown,
    /// It is in no manifest, and only those are executed.
    NotTrusted,
    /// The hash is not that of the text, or not a hash.
    WrongHash,
    /// A version that does not exist.
    WrongVersion,
    /// Neither text nor hash.
    Missing,
    /// It cannot be executed; the response says why.
    Refused(Box<Response>),
}

/// What a look at the manifest did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reloaded {
    /// It is the one that is served, or one that was refused before.
    Same,
    /// So many documents are trusted from now on.
    Changed(usize),
    /// It has faults: the documents before it stay.
    Refused(Vec<DocumentFault>),
}

impl KnownDocuments {
    /// With the documents of the manifest. Of the one that the program carries, documents that
    /// do not fit the schema are left out.
    ///
    /// # Errors
    /// Every fault of a manifest that was named.
    pub fn new(
        preparer: Preparer,
        source: Source,
        mode: TrustMode,
        counters: FrontCounters,
    ) -> Result<Self, Vec<DocumentFault>> {
        let weigh = |_: &Hash, prepared: &Arc<Prepared>| {
            let bytes = prepared.length.saturating_mul(PARSED_FACTOR) + ENTRY_BYTES;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let known = Self {
            preparer,
            mode,
            source,
            trusted: RwLock::default(),
            read: Mutex::default(),
            sent: Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).build(),
            quota: Quota::default(),
            counters,
            named_in_log: Cache::new(NAMED_IN_LOG),
        };
        match &known.source {
            Source::Embedded => {
                let documents =
                    known.take_in(EMBEDDED, "manifest.json").unwrap_or_else(|refused| {
                        for fault in &refused.1 {
                            tracing::error!(%fault, "a document of the program's own is left out");
                        }
                        refused.0
                    });
                known.trust(documents);
            }
            Source::File(_) => match known.reload() {
                Reloaded::Refused(faults) => return Err(faults),
                Reloaded::Same | Reloaded::Changed(_) => {}
            },
        }
        Ok(known)
    }

    fn take_in(
        &self,
        text: &str,
        file: &str,
    ) -> Result<Documents, (Documents, Vec<DocumentFault>)> {
        Manifest::take_in(text, file, &self.preparer)
    }

    fn trust(&self, documents: Documents) {
        *self.trusted.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(documents);
    }

    /// Reads the manifest again; a document that is not in it any more is not trusted any more.
    pub fn reload(&self) -> Reloaded {
        let Source::File(path) = &self.source else { return Reloaded::Same };
        let fault =
            |what: String| DocumentFault { file: path.display().to_string(), line: 1, what };
        let (hash, read) = match read(path) {
            Ok(text) => (Hash::of(&text), Ok(text)),
            Err(why) => (Hash::of(&why), Err(why)),
        };
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if last.replace(hash) == Some(hash) {
            return Reloaded::Same;
        }
        let taken = read.map_err(|why| vec![fault(why)]).and_then(|text| {
            self.take_in(&text, &path.display().to_string()).map_err(|(_, faults)| faults)
        });
        match taken {
            Ok(documents) => {
                let count = documents.len();
                self.trust(documents);
                Reloaded::Changed(count)
            }
            Err(faults) => {
                self.counters.manifests_refused.inc();
                Reloaded::Refused(faults)
            }
        }
    }

    /// The operation's document.
    ///
    /// # Errors
    /// [`NoDocument`].
    pub fn find(
        &self,
        operation: &Operation,
        client: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Arc<Prepared>, NoDocument> {
        let named = named(operation)?;
        match (&operation.query, named) {
            (None, None) => Err(NoDocument::Missing),
            (None, Some(hash)) => self.by_hash(hash),
            (Some(text), named) => {
                let hash = Hash::of(text);
                if named.is_some_and(|named| named != hash) {
                    return Err(NoDocument::WrongHash);
                }
                self.by_text(hash, text, named.is_some(), (client, now))
            }
        }
    }

    fn by_hash(&self, hash: Hash) -> Result<Arc<Prepared>, NoDocument> {
        if let Some(trusted) = self.trusted(hash) {
            return Ok(trusted);
        }
        if self.mode == TrustMode::Enforce {
            return Err(NoDocument::NotTrusted);
        }
        let sent = self.sent.get(&hash).filter(|sent| sent.is_named());
        let sent = sent.ok_or(NoDocument::Unknown)?;
        self.note(hash);
        Ok(sent)
    }

    fn by_text(
        &self,
        hash: Hash,
        text: &str,
        name_it: bool,
        (client, now): (Option<IpAddr>, Timestamp),
    ) -> Result<Arc<Prepared>, NoDocument> {
        if let Some(trusted) = self.trusted(hash) {
            return Ok(trusted);
        }
        if self.mode == TrustMode::Enforce {
            return Err(NoDocument::NotTrusted);
        }
        self.note(hash);
        let prepared = match self.sent.get(&hash) {
            Some(sent) => sent,
            None => {
                let prepared = self.preparer.prepare(text, None);
                let prepared = Arc::new(prepared.map_err(NoDocument::Refused)?);
                // Who has had their share is answered all the same, and sends the text again.
                if self.quota.takes(client, text.len(), now) {
                    self.sent.insert(hash, prepared.clone());
                }
                prepared
            }
        };
        if name_it {
            prepared.name_it();
        }
        Ok(prepared)
    }

    fn trusted(&self, hash: Hash) -> Option<Arc<Prepared>> {
        self.trusted.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned()
    }

    /// Counts a document that is in no manifest.
    fn note(&self, hash: Hash) {
        if self.mode == TrustMode::Measure {
            self.counters.untrusted.inc();
            if self.named_in_log.get(&hash).is_none() {
                self.named_in_log.insert(hash, ());
                tracing::warn!(document = %hash, "this document is in no manifest");
            }
        }
    }

    /// Names of the trusted documents.
    pub fn names(&self) -> Vec<Arc<str>> {
        let trusted = self.trusted.read().unwrap_or_else(PoisonError::into_inner);
        trusted.values().filter_map(|prepared| prepared.name.clone()).collect()
    }
}

/// The text of a manifest's file.
fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if bytes.len() > MANIFEST_MAX_BYTES {
        return Err(format!("it has more than {MANIFEST_MAX_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// The hash by which the operation names its document, by whichever of the two ways.
fn named(operation: &Operation) -> Result<Option<Hash>, NoDocument> {
    let extension = operation.extensions.as_ref().and_then(|all| all.persisted_query.as_ref());
    let by_extension = extension.map(checked).transpose()?;
    let by_id = operation.document_id.as_deref();
    let by_id = by_id.map(|id| Hash::read(id).ok_or(NoDocument::WrongHash)).transpose()?;
    match (by_id, by_extension) {
        (Some(one), Some(other)) if one != other => Err(NoDocument::WrongHash),
        (one, other) => Ok(one.or(other)),
    }
}

fn checked(named: &PersistedQuery) -> Result<Hash, NoDocument> {
    if named.version != VERSION {
        return Err(NoDocument::WrongVersion);
    }
    Hash::read(&named.sha256_hash).ok_or(NoDocument::WrongHash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::Introspection;
    use serde_json::json;

    const TEXT: &str = "query Regions{regions{code}}";

    fn known(mode: TrustMode) -> KnownDocuments {
        let counters = FrontCounters::default();
        let preparer = Preparer::new(Introspection::On, counters.validations.clone());
        let known = KnownDocuments::new(preparer, Source::Embedded, mode, counters);
        known.map_err(|_| ()).unwrap()
    }

    /// How many operations were validated.
    fn validated(known: &KnownDocuments) -> u64 {
        known.counters.validations.get()
    }

    fn operation(query: Option<&str>, version: u32, hash: &str) -> Operation {
        let persisted = json!({ "version": version, "sha256Hash": hash });
        let sent = json!({ "query": query, "extensions": { "persistedQuery": persisted } });
        serde_json::from_value(sent).unwrap()
    }

    fn find(known: &KnownDocuments, operation: &Operation) -> Result<Hash, String> {
        let found = known.find(operation, None, Timestamp::UNIX_EPOCH);
        found.map(|prepared| prepared.hash).map_err(|why| format!("{why:?}"))
    }

    #[test]
    fn a_document_is_known_by_its_hash_once_a_client_has_sent_both() {
        let (known, hash) = (known(TrustMode::Off), Hash::of(TEXT));
        let by_hash = operation(None, 1, &hash.to_string());
        assert_eq!(find(&known, &by_hash), Err("Unknown".to_owned()));
        let text_alone = serde_json::from_value(json!({ "query": TEXT })).unwrap();
        assert_eq!(find(&known, &text_alone), Ok(hash));
        assert_eq!(find(&known, &by_hash), Err("Unknown".to_owned()), "nobody named it");
        assert_eq!(find(&known, &operation(Some(TEXT), 1, &hash.to_string())), Ok(hash));
        assert_eq!(find(&known, &by_hash), Ok(hash));
        let by_id = serde_json::from_value(json!({ "documentId": format!("sha256:{hash}") }));
        assert_eq!(find(&known, &by_id.unwrap()), Ok(hash));
        assert_eq!(known.counters.untrusted.get(), 0, "nothing is measured");
    }

    #[test]
    fn a_document_is_validated_once_however_often_it_comes() {
        let known = known(TrustMode::Off);
        let before = validated(&known);
        let text = serde_json::from_value(json!({ "query": TEXT })).unwrap();
        for _ in 0..10 {
            find(&known, &text).unwrap();
        }
        assert_eq!(validated(&known), before + 1);
    }

    #[test]
    fn a_hash_is_that_of_the_text_and_of_the_known_version() {
        let (known, hash) = (known(TrustMode::Off), Hash::of(TEXT).to_string());
        let why = |operation: &Operation| find(&known, operation).unwrap_err();
        assert_eq!(why(&operation(Some("{b}"), 1, &hash)), "WrongHash");
        assert_eq!(why(&operation(None, 1, "00")), "WrongHash");
        assert_eq!(why(&operation(Some(TEXT), 1, &hash.to_uppercase())), "WrongHash");
        assert_eq!(why(&operation(Some(TEXT), 2, &hash)), "WrongVersion");
        assert_eq!(why(&serde_json::from_value(json!({})).unwrap()), "Missing");
        let persisted = json!({ "version": 1, "sha256Hash": hash });
        let two = json!({ "documentId": Hash::of("{b}").to_string(),
            "extensions": { "persistedQuery": persisted } });
        assert_eq!(why(&serde_json::from_value(two).unwrap()), "WrongHash");
    }

    #[test]
    fn a_client_that_floods_pushes_out_nobody() {
        let known = known(TrustMode::Off);
        let hash = Hash::of(TEXT).to_string();
        find(&known, &operation(Some(TEXT), 1, &hash)).unwrap();
        let flooder = Some("203.0.113.9".parse().unwrap());
        for number in 0..3_000 {
            let text = format!("query Flood{number}{{regions{{code}}}}");
            let sent = operation(Some(&text), 1, &Hash::of(&text).to_string());
            known.find(&sent, flooder, Timestamp::UNIX_EPOCH).map_err(|_| ()).unwrap();
        }
        known.sent.run_pending_tasks();
        assert!(known.sent.entry_count() < 600, "{}", known.sent.entry_count());
        assert!(find(&known, &operation(None, 1, &hash)).is_ok());
    }

    #[test]
    fn who_measures_counts_and_who_enforces_refuses_unread() {
        let measuring = known(TrustMode::Measure);
        let text = serde_json::from_value(json!({ "query": TEXT })).unwrap();
        find(&measuring, &text).unwrap();
        find(&measuring, &text).unwrap();
        assert_eq!(measuring.counters.untrusted.get(), 2);
        let enforcing = known(TrustMode::Enforce);
        let before = validated(&enforcing);
        assert_eq!(find(&enforcing, &text).unwrap_err(), "NotTrusted");
        let broken = serde_json::from_value(json!({ "query": "{" })).unwrap();
        assert_eq!(find(&enforcing, &broken).unwrap_err(), "NotTrusted", "not read");
        let by_hash = operation(None, 1, &Hash::of(TEXT).to_string());
        assert_eq!(find(&enforcing, &by_hash).unwrap_err(), "NotTrusted");
        assert_eq!(validated(&enforcing), before);
    }
}

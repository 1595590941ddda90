//! The manifest: Apollo's format of persisted queries, version 1, so that a client's own tools can
//! write and read it.

use super::build::DocumentFault;
use super::hash::Hash;
use super::prepare::Preparer;
use super::prepared::Prepared;
use async_graphql::parser::types::OperationType;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

const FORMAT: &str = "apollo-persisted-query-manifest";
const VERSION: u32 = 1;
/// Documents of one manifest; the clients together have about 100.
const DOCUMENTS_MAX: usize = 10_000;

/// A manifest, its documents unread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    version: u32,
    /// In the order of their names.
    operations: Vec<Entry>,
}

/// One document of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// SHA-256 of the body, in hex.
    pub id: String,
    /// Of its operation.
    pub name: String,
    /// `query`, `mutation` or `subscription`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The whole document.
    pub body: String,
}

impl Entry {
    pub(super) fn of(prepared: &Prepared, name: &str, body: String) -> Self {
        let kind = kind(prepared.operation(0).ty).to_owned();
        Self { id: prepared.hash.to_string(), name: name.to_owned(), kind, body }
    }
}

const fn kind(ty: OperationType) -> &'static str {
    match ty {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// The documents of one manifest, by their hash.
pub(super) type Documents = HashMap<Hash, Arc<Prepared>>;

impl Manifest {
    pub(super) fn new(mut operations: Vec<Entry>) -> Self {
        operations.sort_by(|one, other| one.name.cmp(&other.name));
        Self { format: FORMAT.to_owned(), version: VERSION, operations }
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// As it is written to a file.
    pub fn to_json(&self) -> String {
        // Texts and a number can always be written.
        serde_json::to_string_pretty(self).map_or_else(|_| String::new(), |text| text + "\n")
    }

    /// Takes every document of a manifest in; `file` is what faults are told of.
    ///
    /// # Errors
    /// Every fault, with its line; the sound documents beside them.
    pub(super) fn take_in(
        text: &str,
        file: &str,
        preparer: &Preparer,
    ) -> Result<Documents, (Documents, Vec<DocumentFault>)> {
        let whole = |what: String| {
            (Documents::new(), vec![DocumentFault { file: file.to_owned(), line: 1, what }])
        };
        let manifest: Self = serde_json::from_str(text).map_err(|error| {
            let line = u32::try_from(error.line()).unwrap_or(1);
            let what = format!("no manifest: {error}");
            (Documents::new(), vec![DocumentFault { file: file.to_owned(), line, what }])
        })?;
        if manifest.format != FORMAT || manifest.version != VERSION {
            return Err(whole(format!("the format must be {FORMAT}, version {VERSION}")));
        }
        if manifest.operations.len() > DOCUMENTS_MAX {
            return Err(whole(format!("there are more than {DOCUMENTS_MAX} documents")));
        }
        let (mut documents, mut faults) = (Documents::new(), Vec::new());
        let mut names: HashMap<&str, &str> = HashMap::new();
        for entry in &manifest.operations {
            let taken = entry.take_in(preparer).and_then(|prepared| {
                match names.insert(&entry.name, &entry.id) {
                    Some(twin) if twin != entry.id => Err(format!("the name of {twin}, too")),
                    Some(_) => Err("it is there twice".to_owned()),
                    None => Ok(prepared),
                }
            });
            match taken {
                Ok(prepared) => drop(documents.insert(prepared.hash, Arc::new(prepared))),
                Err(what) => {
                    let what = format!("`{}`: {what}", entry.name);
                    faults.push(DocumentFault {
                        file: file.to_owned(),
                        line: line_of(text, &entry.id),
                        what,
                    });
                }
            }
        }
        if faults.is_empty() { Ok(documents) } else { Err((documents, faults)) }
    }
}

impl Entry {
    fn take_in(&self, preparer: &Preparer) -> Result<Prepared, String> {
        if Hash::read(&self.id) != Some(Hash::of(&self.body)) {
            return Err("the id is not the SHA-256 of the body".to_owned());
        }
        let prepared = preparer.prepare(&self.body, Some(&self.name));
        let prepared = prepared.map_err(|refused| {
            let told = refused.errors.iter().map(|error| error.message.as_str());
            told.collect::<Vec<_>>().join("; ")
        })?;
        let [operation] = prepared.operations.as_slice() else {
            return Err("there must be one operation in it".to_owned());
        };
        if operation.name.as_deref() != Some(self.name.as_str()) {
            return Err("the name is not that of its operation".to_owned());
        }
        if kind(operation.ty) != self.kind {
            return Err(format!("the type is not `{}`", kind(operation.ty)));
        }
        Ok(prepared)
    }
}

/// The line on which an id stands; 1 where it cannot be found.
fn line_of(text: &str, id: &str) -> u32 {
    let before = text.find(&format!("\"{id}\"")).map_or("", |at| &text[..at]);
    u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::Introspection;

    fn manifest(entries: &[(&str, &str, &str)]) -> String {
        let entry = |(name, kind, body): &(&str, &str, &str)| Entry {
            id: Hash::of(body).to_string(),
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
            body: (*body).to_owned(),
        };
        Manifest::new(entries.iter().map(entry).collect()).to_json()
    }

    fn faults(text: &str) -> Vec<String> {
        let preparer = Preparer::new(Introspection::Off, Default::default());
        match Manifest::take_in(text, "m.json", &preparer) {
            Ok(_) => Vec::new(),
            Err((_, faults)) => faults.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_sound_manifest_is_taken_in_by_hash_and_name() {
        let body = "query Home{categories{slug}}";
        let text = manifest(&[("Home", "query", body)]);
        let preparer = Preparer::new(Introspection::Off, Default::default());
        let taken = Manifest::take_in(&text, "m.json", &preparer).map_err(|_| ()).unwrap();
        assert_eq!(taken[&Hash::of(body)].name.as_deref(), Some("Home"));
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_line() {
        let sound = manifest(&[("A", "query", "query A{categories{slug}}")]);
        let wrong = manifest(&[
            ("A", "query", "query A{categories{slug}}"),
            ("B", "query", "query B{nothing}"),
            ("C", "mutation", "query C{categories{slug}}"),
            ("D", "query", "query E{categories{slug}}"),
            ("F", "query", "query F{categories{slug}} query G{categories{slug}}"),
        ]);
        let told = faults(&wrong);
        assert_eq!(told.len(), 4, "{told:?}");
        for (fault, expected) in told.iter().zip(["nothing", "type", "name", "one operation"]) {
            let line: u32 = fault.split(':').nth(1).unwrap().parse().unwrap();
            assert!(fault.contains(expected) && line > 5, "{fault}");
        }
        for (text, expected) in [
            ("{".to_owned(), "no manifest"),
            (sound.replace("apollo", "other"), "format"),
            (sound.replace("\"version\": 1", "\"version\": 2"), "version"),
            (sound.replace("categories", "regions"), "SHA-256"),
        ] {
            assert!(faults(&text)[0].contains(expected), "{:?}", faults(&text));
        }
    }
}

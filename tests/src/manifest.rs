//! Manifests of trusted documents, as clients' tools write them.

use crate::app::Folder;
use bff::trusted::Hash;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A manifest in a file of its own, gone after the test.
pub struct ManifestFile {
    folder: Folder,
}

impl ManifestFile {
    /// With these documents: their names, `query` or what else they are, and texts.
    pub fn of(documents: &[(&str, &str, &str)]) -> Self {
        let file = Self { folder: Folder::fresh() };
        file.now(documents);
        file
    }

    /// Has these from now on.
    pub fn now(&self, documents: &[(&str, &str, &str)]) {
        let operations: Vec<Value> = documents
            .iter()
            .map(|(name, kind, body)| {
                json!({ "id": id(body), "name": name, "type": kind, "body": body })
            })
            .collect();
        self.writes(
            &json!({ "format": "apollo-persisted-query-manifest", "version": 1,
                "operations": operations })
            .to_string(),
        );
    }

    /// Has this text from now on.
    pub fn writes(&self, text: &str) {
        // In one step, as a release does: nobody reads half a manifest.
        let next = self.folder.0.join("next.json");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, self.path()).unwrap();
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.folder.0.join("manifest.json")
    }
}

/// By what a document is known.
pub fn id(document: &str) -> String {
    Hash::of(document).to_string()
}

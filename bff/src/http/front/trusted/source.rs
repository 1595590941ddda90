//! Where the manifest comes from, and what becomes of documents that are not in it.

use std::path::PathBuf;

/// The manifest of the clients' documents, which the program carries.
pub const EMBEDDED: &str = include_str!("../../../../../docs/clients/documents/manifest.json");

/// Where the manifest comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The one that the program carries.
    Embedded,
    /// A file, read again whenever it changes.
    File(PathBuf),
}

/// What becomes of documents that are in no manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustMode {
    /// They run.
    Off,
    /// They run, are counted, and are named in the log by their hash, once each.
    Measure,
    /// They are refused before they are read.
    Enforce,
}

impl TrustMode {
    /// Of the settings' word.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "off" => Some(Self::Off),
            "measure" => Some(Self::Measure),
            "enforce" => Some(Self::Enforce),
            _ => None,
        }
    }
}

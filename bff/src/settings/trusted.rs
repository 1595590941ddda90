//! Which documents are known before they are asked for, and what becomes of others.

use super::reader::Reader;
use crate::trusted::{Source, TrustMode};
use std::path::PathBuf;

/// Which documents are known before they are asked for, and what becomes of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedSettings {
    /// Where the manifest is.
    pub source: Source,
    /// What becomes of other documents.
    pub mode: TrustMode,
}

impl TrustedSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let path = reader.text("trusted_documents").filter(|path| !path.is_empty());
        let path = path.map(PathBuf::from);
        let word = reader.text("trusted_documents_mode");
        let mode = word.as_deref().map_or(Some(TrustMode::Off), TrustMode::from_code);
        let mode = mode.unwrap_or_else(|| {
            let why = "must be off, measure or enforce".to_owned();
            reader.fault("trusted_documents_mode", why);
            TrustMode::Enforce
        });
        Self { source: path.map_or(Source::Embedded, Source::File), mode }
    }
}

//! Versions of the catalogue: numbered, never changed, kept for ever. An editor's change is a
//! draft until it is published; a way back is a new version with the files of an old one.

use super::{AppDefinition, AppSlug, Catalogue};
use crate::identity::AuditRecord;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

/// One file of a catalogue: `categories.toml`, or `travel/fines.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppFile {
    /// Below the folder, with `/`.
    pub path: String,
    /// What is written in it.
    pub text: String,
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// The file's path.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What is wrong, with its path in the file.
    pub what: String,
}

/// What is known of a version without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionHead {
    /// From 1, without gaps.
    pub number: u32,
    /// SHA-256 of its files: two versions of one digest are the same.
    pub digest: String,
    /// The account that published it, or [`BY_FILES`].
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, in the editor's words.
    pub note: String,
}

/// Publishes what the program carries, or the folder of the settings, when a server starts.
pub const BY_FILES: &str = "files";

/// A version, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueVersion {
    /// Its number and who made it.
    pub head: VersionHead,
    /// Its files, by path.
    pub files: Vec<AppFile>,
}

/// A form as it was last published: who began on it finishes on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownForm {
    /// The app.
    pub app: AppSlug,
    /// Its `form_version`.
    pub form_version: u32,
    /// The app's whole file at that time.
    pub file: AppFile,
}

/// A file that somebody has changed and nobody has published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppDraft {
    /// The file's path.
    pub path: String,
    /// What is to stand there; `None`: the file is to go.
    pub text: Option<String>,
    /// Who wrote it last.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A version to be, with all that is stored together with it.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The version.
    pub version: CatalogueVersion,
    /// Forms that no version before had.
    pub forms: Vec<KnownForm>,
    /// What the audit trail says of it.
    pub audit: AuditRecord,
    /// Drafts that are published by it, and gone then.
    pub drafts: Vec<AppDraft>,
}

/// Where versions are kept.
#[async_trait]
pub trait CatalogueVersions: Send + Sync {
    /// The number of the newest; `None`: there is none yet.
    async fn newest_version(&self) -> Result<Option<u32>, StoreError>;
    /// The version of this number.
    async fn find_version(&self, number: u32) -> Result<Option<CatalogueVersion>, StoreError>;
    /// The newest first, those below `before`.
    async fn list_versions(
        &self,
        before: Option<u32>,
        limit: u16,
    ) -> Result<Vec<VersionHead>, StoreError>;
    /// Was there ever a version of this digest?
    async fn was_published(&self, digest: &str) -> Result<bool, StoreError>;
    /// Stores a version, its forms and its audit entry, and removes its drafts where they still
    /// are what they were, all or nothing. MUST answer [`StoreError::Conflict`] when the number
    /// is taken, and MUST keep the newer file of two of one form.
    async fn publish_version(&self, new: &NewVersion) -> Result<(), StoreError>;
    /// Every form that was ever published.
    async fn list_forms(&self) -> Result<Vec<KnownForm>, StoreError>;
    /// One of them.
    async fn find_form(
        &self,
        app: &AppSlug,
        form_version: u32,
    ) -> Result<Option<KnownForm>, StoreError>;
    /// What nobody has published, by path.
    async fn list_app_drafts(&self) -> Result<Vec<AppDraft>, StoreError>;
    /// Keeps a draft in the place of an earlier one of its path.
    async fn save_app_draft(&self, draft: &AppDraft, audit: &AuditRecord)
    -> Result<(), StoreError>;
    /// Forgets a draft; `false`: there was none.
    async fn discard_app_draft(&self, path: &str, audit: &AuditRecord) -> Result<bool, StoreError>;
}

/// Reads files: their language is somebody else's knowledge.
pub trait DefinitionReader: Send + Sync {
    /// The catalogue of these files.
    ///
    /// # Errors
    /// Every fault of every file.
    fn read(&self, files: &[AppFile], version: u32) -> Result<Catalogue, Vec<FileFault>>;
    /// One app's file alone; `None`: it has a fault, or this program reads it no more.
    fn read_app(&self, file: &AppFile) -> Option<AppDefinition>;
    /// Path and line of a key of an app.
    fn place(&self, files: &[AppFile], app: &AppSlug, key: &'static str) -> (String, usize);
    /// SHA-256 over the files in the order of their paths, lower-case hex.
    fn digest(&self, files: &[AppFile]) -> String;
}

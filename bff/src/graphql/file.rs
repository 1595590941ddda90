//! Uploaded files: they come by `/files`, and are spoken of here by their ids.

use super::error::store_failed;
use super::node_id::Kind;
use super::receipt::pdf_url;
use super::scalars::DateTime;
use super::{UseCases, requester};
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::files::{FileKind as DomainKind, Sha256, StoredFile, owned_files};
use domain::ids::FileId;
use domain::receipt::Document;
use serde_json::{Value, json};

/// Kinds of files, by their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::files::FileKind")]
pub enum FileKind {
    /// A photograph.
    Jpeg,
    /// A picture.
    Png,
    /// A document.
    Pdf,
}

/// What a FILE field takes.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct FileRule {
    /// Which kinds, by their content.
    kinds: Vec<FileKind>,
    /// The largest file, in bytes.
    max_bytes: i32,
}

impl From<&domain::files::FileRule> for FileRule {
    fn from(rule: &domain::files::FileRule) -> Self {
        Self {
            kinds: rule.kinds.iter().map(|kind| (*kind).into()).collect(),
            max_bytes: i32::try_from(rule.most_bytes).unwrap_or(i32::MAX),
        }
    }
}

/// A file of the caller, uploaded by `/files`.
pub struct UploadedFile(pub StoredFile);

/// A file of the caller, uploaded by `/files`.
#[Object]
impl UploadedFile {
    /// Opaque; what a FILE field is answered with.
    pub async fn id(&self) -> ID {
        node_id(&self.0.id)
    }

    /// By its content.
    async fn kind(&self) -> FileKind {
        self.0.kind.into()
    }

    /// In bytes.
    async fn size(&self) -> i32 {
        i32::try_from(self.0.size).unwrap_or(i32::MAX)
    }

    /// When it came.
    async fn uploaded_at(&self) -> DateTime {
        self.0.uploaded_at.into()
    }

    /// Until when it can be used; null once it goes with something, and stays.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at().map(DateTime::from)
    }

    /// Signed, valid five minutes.
    async fn url(&self, ctx: &Context<'_>) -> Option<String> {
        pdf_url(ctx, &self.0.person, Document::File(self.0.id.clone()))
    }
}

/// The id as clients have it.
pub fn node_id(id: &FileId) -> ID {
    Kind::File.id(id.as_str())
}

/// The key of an id as clients have it; one that is of no file stays as it is, and finds none.
pub fn key_of(id: &ID) -> String {
    match Kind::read(id) {
        Some((Kind::File, key)) => key,
        Some(_) | None => id.to_string(),
    }
}

/// What whoever uploaded a file is told of it.
pub fn described(file: &StoredFile, sha256: &Sha256) -> Value {
    let kind = match file.kind {
        DomainKind::Jpeg => "JPEG",
        DomainKind::Png => "PNG",
        DomainKind::Pdf => "PDF",
    };
    json!({
        "id": node_id(&file.id).0,
        "kind": kind,
        "size": file.size,
        "sha256": sha256.to_string(),
        "expiresAt": file.expires_at().map(|at| DateTime::from(at).0),
    })
}

/// The file with this key, if it is the caller's and still there.
pub async fn own_file(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    let (Ok(id), Some(caller)) = (FileId::new(key), requester(ctx).caller.as_ref()) else {
        return Ok(None);
    };
    let files = ctx.data_unchecked::<UseCases>().files.as_ref();
    let found = owned_files(files, &caller.person.ids(), &[id], requester(ctx).now).await;
    let mut found = found.map_err(|error| store_failed(&error))?;
    Ok(found.pop().map(|file| super::Node::UploadedFile(UploadedFile(file))))
}

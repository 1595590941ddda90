//! Publishing: a version with any fault is refused, with all of them; of two who publish at once
//! one wins and the other is told.

use super::diff::{FileChange, changes};
use super::versions::{
    AppDraft, AppFile, BY_FILES, CatalogueVersion, CatalogueVersions, DefinitionReader, FileFault,
    KnownForm, NewVersion, VersionHead,
};
use super::{AppDefinition, AppSlug, Catalogue, Field};
use crate::clock::Clock;
use crate::identity::AuditRecord;
use crate::outside::StoreError;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Why a version was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Somebody else has published since.
    #[error("version {newest} was published meanwhile")]
    Conflict {
        /// The newest now.
        newest: u32,
    },
    /// The files are not sound; nothing was changed.
    #[error("the files have {} faults", .0.len())]
    Faults(Vec<FileFault>),
    /// There is nothing to publish: the files are those of the newest version.
    #[error("nothing would change")]
    NothingChanged,
    /// No such version.
    #[error("there is no version {0}")]
    UnknownVersion(u32),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a draft would do to the newest version.
#[derive(Debug, Clone)]
pub struct DraftView {
    /// The version that it changes.
    pub base: u32,
    /// The drafts, by path.
    pub drafts: Vec<AppDraft>,
    /// What would differ.
    pub changes: Vec<FileChange>,
    /// Why it could not be published; empty: it could.
    pub faults: Vec<FileFault>,
}

/// What a server begins with.
pub struct Begun {
    /// The newest version.
    pub catalogue: Catalogue,
    /// The program's own files are another version than the newest, which an editor published.
    pub passed_over: bool,
}

/// Use case: publish, compare, go back.
pub struct PublishApps {
    /// Where versions are kept.
    pub versions: Arc<dyn CatalogueVersions>,
    /// Reads files.
    pub reader: Arc<dyn DefinitionReader>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Whether a form may be one of an older number than the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forms {
    Grow,
    MayGoBack,
}

/// What is to be published, by whom.
struct Wanted<'a> {
    who: &'a str,
    act: &'a str,
    note: &'a str,
    files: Vec<AppFile>,
    drafts: Vec<AppDraft>,
    forms: Forms,
}

impl PublishApps {
    /// Publishes these files as the version after `base`; `None`: after whichever is the newest.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish_files(
        &self,
        who: &str,
        files: Vec<AppFile>,
        base: Option<u32>,
        note: &str,
    ) -> Result<VersionHead, PublishError> {
        let newest = self.versions.newest_version().await?.unwrap_or(0);
        let drafts = Vec::new();
        let wanted = Wanted { who, act: "APPS_PUBLISH", note, files, drafts, forms: Forms::Grow };
        self.publish(wanted, base.unwrap_or(newest)).await
    }

    /// Publishes every draft over `base`, the version that the editor saw it beside.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish_drafts(
        &self,
        who: &str,
        base: u32,
        note: &str,
    ) -> Result<VersionHead, PublishError> {
        let drafts = self.versions.list_app_drafts().await?;
        let files = overlaid(self.load(base).await?.files, &drafts);
        let wanted = Wanted { who, act: "APPS_PUBLISH", note, files, drafts, forms: Forms::Grow };
        self.publish(wanted, base).await
    }

    /// Publishes the files of an old version again, as the version after `base`.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn roll_back(
        &self,
        who: &str,
        to: u32,
        base: u32,
        note: &str,
    ) -> Result<VersionHead, PublishError> {
        let files = self.load(to).await?.files;
        let note = format!("回到第{to}版：{note}");
        let (drafts, forms) = (Vec::new(), Forms::MayGoBack);
        let wanted = Wanted { who, act: "APPS_ROLL_BACK", note: &note, files, drafts, forms };
        self.publish(wanted, base).await
    }

    /// What differs between two versions.
    ///
    /// # Errors
    /// [`PublishError::UnknownVersion`], or as the store fails.
    pub async fn diff(&self, from: u32, to: u32) -> Result<Vec<FileChange>, PublishError> {
        Ok(changes(&self.load(from).await?.files, &self.load(to).await?.files))
    }

    /// What these files would change of the newest version, and their faults.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn compare(
        &self,
        files: &[AppFile],
    ) -> Result<(Vec<FileChange>, Vec<FileFault>), PublishError> {
        let newest = self.versions.newest_version().await?;
        let base = match newest {
            Some(number) => self.load(number).await?.files,
            None => Vec::new(),
        };
        let checked = self.check(files, newest.unwrap_or(0), &base, Forms::Grow).await?;
        Ok((changes(&base, files), checked.err().unwrap_or_default()))
    }

    /// What the drafts would change.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn draft(&self) -> Result<DraftView, PublishError> {
        let base = self.versions.newest_version().await?.unwrap_or(0);
        let drafts = self.versions.list_app_drafts().await?;
        let files = overlaid(self.load(base).await?.files, &drafts);
        let (changes, faults) = self.compare(&files).await?;
        Ok(DraftView { base, drafts, changes, faults })
    }

    /// The catalogue to begin with. Files that were never a version become one, unless an editor
    /// has published since: then the editor's stays, and a command publishes the files.
    ///
    /// # Errors
    /// [`PublishError::Faults`] of the files, or of the newest version.
    pub async fn begin(&self, files: Vec<AppFile>) -> Result<Begun, PublishError> {
        loop {
            let newest = self.versions.newest_version().await?;
            let of_files = match newest {
                None => true,
                Some(number) => self.load(number).await?.head.by == BY_FILES,
            };
            let known = self.versions.was_published(&self.reader.digest(&files)).await?;
            if of_files && !known {
                let note = "程序自带的应用";
                let base = newest.unwrap_or(0);
                let begun = self.publish_files(BY_FILES, files.clone(), Some(base), note).await;
                match begun {
                    // Another node was sooner, most likely with the same files.
                    Ok(_) | Err(PublishError::Conflict { .. } | PublishError::NothingChanged) => {
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            let newest = self.load(newest.unwrap_or(0)).await?;
            let read = self.reader.read(&newest.files, newest.head.number);
            let passed_over = !known && !of_files;
            return read
                .map(|catalogue| Begun { catalogue, passed_over })
                .map_err(PublishError::Faults);
        }
    }

    async fn load(&self, number: u32) -> Result<CatalogueVersion, PublishError> {
        let found = self.versions.find_version(number).await?;
        found.ok_or(PublishError::UnknownVersion(number))
    }

    async fn publish(&self, wanted: Wanted<'_>, base: u32) -> Result<VersionHead, PublishError> {
        let newest = self.versions.newest_version().await?.unwrap_or(0);
        if newest != base {
            return Err(PublishError::Conflict { newest });
        }
        let now_files = if base == 0 { Vec::new() } else { self.load(base).await?.files };
        let digest = self.reader.digest(&wanted.files);
        if digest == self.reader.digest(&now_files) {
            return Err(PublishError::NothingChanged);
        }
        let checked = self.check(&wanted.files, base, &now_files, wanted.forms).await?;
        let catalogue = checked.map_err(PublishError::Faults)?;
        let (number, at) = (catalogue.version(), self.clock.now());
        let (by, note) = (wanted.who.to_owned(), wanted.note.to_owned());
        let head = VersionHead { number, digest, by, at, note };
        let subject = format!("apps/{number}");
        let audit = AuditRecord::new(at, wanted.who, wanted.act, &subject, wanted.note);
        let new = NewVersion {
            forms: self.forms(&catalogue, &wanted.files),
            version: CatalogueVersion { head: head.clone(), files: wanted.files },
            audit,
            drafts: wanted.drafts,
        };
        match self.versions.publish_version(&new).await {
            Ok(()) => Ok(head),
            Err(StoreError::Conflict) => {
                let newest = self.versions.newest_version().await?.unwrap_or(0);
                Err(PublishError::Conflict { newest })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The catalogue of these files, as the version after `base`; or everything that is wrong.
    async fn check(
        &self,
        files: &[AppFile],
        base: u32,
        base_files: &[AppFile],
        forms: Forms,
    ) -> Result<Result<Catalogue, Vec<FileFault>>, PublishError> {
        let catalogue = match self.reader.read(files, base.saturating_add(1)) {
            Ok(catalogue) => catalogue,
            Err(faults) => return Ok(Err(faults)),
        };
        let known = self.versions.list_forms().await?;
        let known: HashMap<_, _> =
            known.iter().map(|form| ((&form.app, form.form_version), &form.file)).collect();
        let now: HashMap<AppSlug, u32> = match forms {
            // A program that reads its own newest version no more may still publish a better one.
            Forms::Grow => self.reader.read(base_files, base).map_or_else(
                |_| HashMap::new(),
                |now| now.apps().map(|app| (app.slug.clone(), app.form_version)).collect(),
            ),
            Forms::MayGoBack => HashMap::new(),
        };
        let mut faults = Vec::new();
        for app in catalogue.apps() {
            let version = app.form_version;
            let before =
                known.get(&(&app.slug, version)).and_then(|file| self.reader.read_app(file));
            let newest = now.get(&app.slug).copied().unwrap_or(0);
            let what = if before.is_some_and(|before| asks(&before) != asks(app)) {
                format!("form_version: the fields changed; it must be more than {version}")
            } else if version < newest {
                format!("form_version: it must not go back from {newest}")
            } else {
                continue;
            };
            let (file, line) = self.reader.place(files, &app.slug, "form_version");
            faults.push(FileFault { file, line, what });
        }
        Ok(if faults.is_empty() { Ok(catalogue) } else { Err(faults) })
    }

    /// Every form, with the file of its app.
    fn forms(&self, catalogue: &Catalogue, files: &[AppFile]) -> Vec<KnownForm> {
        let form = |app: &AppDefinition| {
            let (path, _) = self.reader.place(files, &app.slug, "form_version");
            let file = files.iter().find(|file| file.path == path)?.clone();
            Some(KnownForm { app: app.slug.clone(), form_version: app.form_version, file })
        };
        catalogue.apps().filter_map(form).collect()
    }
}

/// What a form asks for, without the words that people read, and without the rules by which whose
/// and which answers are judged: with better words or stricter rules it is the same form.
fn asks(app: &AppDefinition) -> Vec<Field> {
    let silent = |field: &Field| {
        let mut field = field.clone();
        field.label.zh.clear();
        (field.label.en, field.help) = (None, None);
        (field.own, field.party, field.check) = (None, None, None);
        field.options.iter_mut().for_each(|option| option.label.clear());
        field
    };
    app.fields.iter().map(silent).collect()
}

fn overlaid(files: Vec<AppFile>, drafts: &[AppDraft]) -> Vec<AppFile> {
    let mut all: BTreeMap<String, String> =
        files.into_iter().map(|file| (file.path, file.text)).collect();
    for draft in drafts {
        match &draft.text {
            Some(text) => drop(all.insert(draft.path.clone(), text.clone())),
            None => drop(all.remove(&draft.path)),
        }
    }
    all.into_iter().map(|(path, text)| AppFile { path, text }).collect()
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;

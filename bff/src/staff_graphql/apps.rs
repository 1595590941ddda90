//! Versions of the catalogue, for editors: draft, compare, publish, go back.

use super::{StaffUseCases, signed_in, use_cases, with_role};
use crate::graphql::error::{
    FailureCode, UserError, UserErrorCode as Code, internal, store_failed,
};
use crate::graphql::scalars::DateTime;
use async_graphql::{Context, Enum, Error, InputObject, Result, SimpleObject};
use domain::catalogue::{
    AppDraft as DomainDraft, AppFile as DomainFile, ChangeKind as Kind, FileChange as DomainChange,
    FileFault as DomainFault, PublishError, VersionHead,
};
use domain::identity::{AuditRecord, StaffAccount, StaffRole};

/// The longest note that an editor writes.
const NOTE_MAX: usize = 200;
/// As the files of a folder.
const FILE_MAX: usize = 64 * 1024;
/// `category/app.toml`, of slugs.
const PATH_MAX: usize = 140;

/// A version of the catalogue.
#[derive(SimpleObject)]
pub struct AppsVersion {
    /// From 1.
    number: i32,
    /// Two versions of one digest are the same.
    digest: String,
    /// The account; `files` is what the program carries, `command` the terminal.
    by: String,
    /// When.
    at: DateTime,
    /// Why.
    note: String,
}

impl From<VersionHead> for AppsVersion {
    fn from(head: VersionHead) -> Self {
        let (digest, by, at, note) = (head.digest, head.by, head.at.into(), head.note);
        Self { number: number(head.number), digest, by, at, note }
    }
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A file of a version.
#[derive(SimpleObject)]
pub struct AppsFile {
    /// `travel/fines.toml`.
    path: String,
    /// What is written in it.
    text: String,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AppsChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It reads otherwise.
    Changed,
}

/// One file that differs.
#[derive(SimpleObject)]
pub struct AppsChange {
    /// Its path.
    path: String,
    /// What became of it.
    kind: AppsChangeKind,
    /// Lines with `+`, `-` or a blank before them; `…` where equal lines are left out.
    text: String,
}

impl From<DomainChange> for AppsChange {
    fn from(change: DomainChange) -> Self {
        let kind = match change.kind {
            Kind::Added => AppsChangeKind::Added,
            Kind::Removed => AppsChangeKind::Removed,
            Kind::Changed => AppsChangeKind::Changed,
        };
        Self { path: change.path, kind, text: change.text }
    }
}

/// One thing that is wrong.
#[derive(SimpleObject)]
pub struct AppsFault {
    /// The file.
    file: String,
    /// From 1.
    line: i32,
    /// What is wrong.
    what: String,
}

impl From<DomainFault> for AppsFault {
    fn from(fault: DomainFault) -> Self {
        let line = i32::try_from(fault.line).unwrap_or(i32::MAX);
        Self { file: fault.file, line, what: fault.what }
    }
}

/// A file that nobody has published yet.
#[derive(SimpleObject)]
pub struct AppsDraftFile {
    /// Its path.
    path: String,
    /// What is to stand there; null: the file is to go.
    text: Option<String>,
    /// Who wrote it last.
    by: String,
    /// When.
    at: DateTime,
}

impl From<DomainDraft> for AppsDraftFile {
    fn from(draft: DomainDraft) -> Self {
        Self { path: draft.path, text: draft.text, by: draft.by, at: draft.at.into() }
    }
}

/// What all drafts together would do.
#[derive(SimpleObject)]
pub struct AppsDraft {
    /// The version that they change: pass it as `base`.
    base: i32,
    /// The drafts.
    files: Vec<AppsDraftFile>,
    /// What would differ.
    changes: Vec<AppsChange>,
    /// Why it could not be published; empty: it could.
    faults: Vec<AppsFault>,
}

/// A file to be.
#[derive(InputObject)]
pub struct SaveAppsDraftInput {
    /// `categories.toml`, or `travel/fines.toml`.
    path: String,
    /// What is to stand there; null: the file is to go.
    text: Option<String>,
}

/// What the drafts would do now, or why it was not kept.
#[derive(SimpleObject)]
pub struct AppsDraftPayload {
    /// With the new one.
    draft: Option<AppsDraft>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// What to publish.
#[derive(InputObject)]
pub struct PublishAppsInput {
    /// The newest version, as the editor saw it: another one since then is CONFLICT.
    base: i32,
    /// Why; 1 to 200 characters.
    note: String,
}

/// Where to go back to.
#[derive(InputObject)]
pub struct RollBackAppsInput {
    /// The version whose files come back, under a new number.
    to: i32,
    /// The newest version, as the editor saw it.
    base: i32,
    /// Why; 1 to 200 characters.
    note: String,
}

/// The new version, or why there is none.
#[derive(SimpleObject, Default)]
pub struct PublishAppsPayload {
    /// All nodes serve it within seconds.
    version: Option<AppsVersion>,
    /// Everything that is wrong with the files.
    faults: Vec<AppsFault>,
    /// Why not.
    user_errors: Vec<UserError>,
}

fn bad() -> Error {
    FailureCode::BadInput.error()
}

fn editor<'a>(ctx: &Context<'a>) -> Result<(&'a StaffAccount, &'a StaffUseCases)> {
    Ok((with_role(ctx, &StaffRole::Editor)?, use_cases(ctx)))
}

/// Editors and auditors may look.
fn reader<'a>(ctx: &Context<'a>) -> Result<&'a StaffUseCases> {
    let account = signed_in(ctx)?;
    let may = account.has(&StaffRole::Editor) || account.has(&StaffRole::Auditor);
    if may { Ok(use_cases(ctx)) } else { Err(FailureCode::NotAllowed.error()) }
}

/// The query `appsVersions`.
pub async fn versions(
    ctx: &Context<'_>,
    first: i32,
    before: Option<i32>,
) -> Result<Vec<AppsVersion>> {
    let apps = &reader(ctx)?.publish_apps;
    let first = u16::try_from(first).ok().filter(|first| (1..=100).contains(first));
    let first = first.ok_or_else(bad)?;
    let before = before.map(u32::try_from).transpose().or(Err(bad()))?;
    let found = apps.versions.list_versions(before, first).await;
    Ok(found.map_err(|error| store_failed(&error))?.into_iter().map(Into::into).collect())
}

/// The query `appsFiles`: of one version, those whose path begins so; at most 200.
pub async fn files(ctx: &Context<'_>, version: i32, under: &str) -> Result<Vec<AppsFile>> {
    let apps = &reader(ctx)?.publish_apps;
    let version = u32::try_from(version).or(Err(bad()))?;
    let found = apps.versions.find_version(version).await.map_err(|error| store_failed(&error))?;
    let files = found.ok_or_else(|| FailureCode::NotFound.error())?.files;
    let files = files.into_iter().filter(|file| file.path.starts_with(under)).take(200);
    Ok(files.map(|DomainFile { path, text }| AppsFile { path, text }).collect())
}

/// The query `appsDiff`.
pub async fn diff(ctx: &Context<'_>, from: i32, to: i32) -> Result<Vec<AppsChange>> {
    let apps = &reader(ctx)?.publish_apps;
    let version = |number: i32| u32::try_from(number).or(Err(bad()));
    let found = apps.diff(version(from)?, version(to)?).await;
    Ok(found.map_err(|error| failed(&error))?.into_iter().map(Into::into).collect())
}

/// The query `appsDraft`.
pub async fn draft(ctx: &Context<'_>) -> Result<AppsDraft> {
    let view = reader(ctx)?.publish_apps.draft().await.map_err(|error| failed(&error))?;
    Ok(AppsDraft {
        base: number(view.base),
        files: view.drafts.into_iter().map(Into::into).collect(),
        changes: view.changes.into_iter().map(Into::into).collect(),
        faults: view.faults.into_iter().map(Into::into).collect(),
    })
}

/// Only what can be a file of a catalogue, so that nothing else gets into a version.
fn is_path(path: &str) -> bool {
    let slug = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let app = path.strip_suffix(".toml").and_then(|path| path.split_once('/'));
    path.len() <= PATH_MAX
        && (path == "categories.toml"
            || app.is_some_and(|(category, app)| slug(category) && slug(app)))
}

/// The mutation `saveAppsDraft`.
pub async fn save(ctx: &Context<'_>, input: SaveAppsDraftInput) -> Result<AppsDraftPayload> {
    let (account, use_cases) = editor(ctx)?;
    let refused = |field, message| {
        let user_errors = vec![UserError::at(Code::Invalid, &[field], message)];
        Ok(AppsDraftPayload { draft: None, user_errors })
    };
    if !is_path(&input.path) {
        return refused("path", "文件应为 categories.toml 或 分类/应用.toml");
    }
    if input.text.as_ref().is_some_and(|text| text.len() > FILE_MAX || text.contains('\0')) {
        return refused("text", "文件不能超过64KB，也不能含有空字符");
    }
    let apps = &use_cases.publish_apps;
    let at = apps.clock.now();
    let SaveAppsDraftInput { path, text } = input;
    let audit = AuditRecord::new(at, &account.name, "APPS_DRAFT", &path, "");
    let draft = DomainDraft { path, text, by: account.name.clone(), at };
    let saved = apps.versions.save_app_draft(&draft, &audit).await;
    saved.map_err(|error| store_failed(&error))?;
    Ok(AppsDraftPayload { draft: Some(self::draft(ctx).await?), user_errors: Vec::new() })
}

/// The mutation `discardAppsDraft`.
pub async fn discard(ctx: &Context<'_>, path: &str) -> Result<AppsDraftPayload> {
    let (account, use_cases) = editor(ctx)?;
    let apps = &use_cases.publish_apps;
    let known = is_path(path);
    let audit = AuditRecord::new(apps.clock.now(), &account.name, "APPS_DISCARD", path, "");
    let gone = known && {
        let gone = apps.versions.discard_app_draft(path, &audit).await;
        gone.map_err(|error| store_failed(&error))?
    };
    if !gone {
        let user_errors = vec![UserError::at(Code::NotFound, &["path"], "没有这份草稿")];
        return Ok(AppsDraftPayload { draft: None, user_errors });
    }
    Ok(AppsDraftPayload { draft: Some(draft(ctx).await?), user_errors: Vec::new() })
}

/// The mutation `publishApps`.
pub async fn publish(ctx: &Context<'_>, input: PublishAppsInput) -> Result<PublishAppsPayload> {
    let (account, use_cases) = editor(ctx)?;
    let Some(note) = note(&input.note) else { return Ok(no_note()) };
    let base = u32::try_from(input.base).or(Err(bad()))?;
    payload(use_cases.publish_apps.publish_drafts(&account.name, base, note).await)
}

/// The mutation `rollBackApps`.
pub async fn roll_back(ctx: &Context<'_>, input: RollBackAppsInput) -> Result<PublishAppsPayload> {
    let (account, use_cases) = editor(ctx)?;
    let Some(note) = note(&input.note) else { return Ok(no_note()) };
    let version = |number: i32| u32::try_from(number).or(Err(bad()));
    let (to, base) = (version(input.to)?, version(input.base)?);
    payload(use_cases.publish_apps.roll_back(&account.name, to, base, note).await)
}

fn note(text: &str) -> Option<&str> {
    let text = text.trim();
    let fits = (1..=NOTE_MAX).contains(&text.chars().count()) && !text.contains('\0');
    fits.then_some(text)
}

fn no_note() -> PublishAppsPayload {
    let error = UserError::at(Code::Required, &["note"], "请填写说明，最多200个字");
    PublishAppsPayload { user_errors: vec![error], ..PublishAppsPayload::default() }
}

fn payload(done: std::result::Result<VersionHead, PublishError>) -> Result<PublishAppsPayload> {
    let refused = |error| {
        Ok(PublishAppsPayload { user_errors: vec![error], ..PublishAppsPayload::default() })
    };
    match done {
        Ok(head) => {
            Ok(PublishAppsPayload { version: Some(head.into()), ..PublishAppsPayload::default() })
        }
        Err(PublishError::Faults(faults)) => {
            let message = format!("文件有{}处错误，没有发布", faults.len());
            let user_errors = vec![UserError::whole(Code::Invalid, message)];
            let faults = faults.into_iter().map(Into::into).collect();
            Ok(PublishAppsPayload { version: None, faults, user_errors })
        }
        Err(PublishError::Conflict { newest }) => {
            let message = format!("第{newest}版刚刚发布，请重新查看差异后再发布");
            refused(UserError::at(Code::Conflict, &["base"], message))
        }
        Err(PublishError::NothingChanged) => {
            refused(UserError::whole(Code::Invalid, "没有任何改动，无需发布"))
        }
        Err(PublishError::UnknownVersion(number)) => {
            refused(UserError::whole(Code::NotFound, format!("没有第{number}版")))
        }
        Err(PublishError::Store(error)) => Err(store_failed(&error)),
    }
}

fn failed(error: &PublishError) -> Error {
    match error {
        PublishError::Store(error) => store_failed(error),
        PublishError::UnknownVersion(_) => FailureCode::NotFound.error(),
        PublishError::Conflict { .. } | PublishError::Faults(_) | PublishError::NothingChanged => {
            internal(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_a_catalogue_can_be_drafted() {
        for path in ["categories.toml", "travel/fines.toml", "a/b2_c.toml"] {
            assert!(is_path(path), "{path}");
        }
        for path in [
            "",
            "/categories.toml",
            "../x/y.toml",
            "travel/../y.toml",
            "a/b/c.toml",
            "travel/.toml",
            "Travel/fines.toml",
            "travel/fines",
            "travel/fines.toml/",
            "travel/fi nes.toml",
            "x.toml",
        ] {
            assert!(!is_path(path), "{path}");
        }
        assert!(!is_path(&format!("a/{}.toml", "b".repeat(PATH_MAX))));
    }
}

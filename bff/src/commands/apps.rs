//! `apps check|publish|diff|versions|rollback`: the catalogue from a terminal. A running service
//! follows what is published here, on all its nodes, without a restart.

use super::{load, running_or_own_world};
use adapters::definitions::{load as load_folder, load_embedded};
use bff::application::catalogue::{files_of, one_per_line, publisher};
use bff::graphql::error::chain;
use bff::settings::Environment;
use domain::catalogue::{ChangeKind, FileChange, PublishApps, PublishError};
use std::path::Path;
use std::sync::Arc;

/// What follows `apps`.
pub const USAGE: &str = "apps check [FOLDER] | apps diff [FOLDER] | apps publish [FOLDER] | \
                         apps versions | apps rollback VERSION";
/// In the place of an account.
const WHO: &str = "command";
/// So many versions are listed.
const LISTED: u16 = 20;

/// Runs one of them; `None`: there is no such command.
pub async fn run(words: &[&str], environment: &Environment) -> Option<Result<(), String>> {
    Some(match words {
        ["check"] => report(load_embedded().map_err(|faults| faults.to_string())),
        ["check", folder] => {
            report(load_folder(Path::new(folder)).map_err(|faults| faults.to_string()))
        }
        ["publish"] => publish(None, environment).await,
        ["publish", folder] => publish(Some(Path::new(folder)), environment).await,
        ["diff"] => diff(None, environment).await,
        ["diff", folder] => diff(Some(Path::new(folder)), environment).await,
        ["versions"] => versions(environment).await,
        ["rollback", number] => match number.parse() {
            Ok(number) => roll_back(number, environment).await,
            Err(_) => Err(format!("`{number}` is not a version")),
        },
        _ => return None,
    })
}

fn report(checked: Result<domain::catalogue::Catalogue, String>) -> Result<(), String> {
    let catalogue = checked?;
    let categories = catalogue.categories().len();
    println!("{} apps in {categories} categories, no fault", catalogue.apps().count());
    Ok(())
}

async fn apps(environment: &Environment) -> Result<PublishApps, String> {
    let settings = load(environment)?;
    let world = running_or_own_world(&settings).await?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    Ok(publisher(&Arc::new(store), &world.clock))
}

async fn publish(folder: Option<&Path>, environment: &Environment) -> Result<(), String> {
    let files = files_of(folder).map_err(|faults| faults.to_string())?;
    let apps = apps(environment).await?;
    let note = folder.map_or("程序自带的应用".to_owned(), |path| path.display().to_string());
    let head = apps.publish_files(WHO, files, None, &note).await.map_err(|error| told(&error))?;
    println!("version {} is published; every running node serves it within seconds", head.number);
    Ok(())
}

async fn roll_back(to: u32, environment: &Environment) -> Result<(), String> {
    let apps = apps(environment).await?;
    let base = apps.versions.newest_version().await.map_err(|error| chain(&error))?.unwrap_or(0);
    let done = apps.roll_back(WHO, to, base, "命令行").await.map_err(|error| told(&error))?;
    println!("version {} has the files of version {to}", done.number);
    Ok(())
}

async fn diff(folder: Option<&Path>, environment: &Environment) -> Result<(), String> {
    let files = files_of(folder).map_err(|faults| faults.to_string())?;
    let apps = apps(environment).await?;
    let (changes, faults) = apps.compare(&files).await.map_err(|error| told(&error))?;
    changes.iter().for_each(show);
    println!("{} files differ from the newest version", changes.len());
    if faults.is_empty() { Ok(()) } else { Err(one_per_line(&faults)) }
}

fn show(change: &FileChange) {
    let kind = match change.kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    };
    println!("{}: {kind}\n{}", change.path, change.text);
}

async fn versions(environment: &Environment) -> Result<(), String> {
    let apps = apps(environment).await?;
    let heads = apps.versions.list_versions(None, LISTED).await.map_err(|error| chain(&error))?;
    for head in heads {
        println!("{:>5}  {}  {}  {}", head.number, head.at, head.by, head.note);
    }
    Ok(())
}

fn told(error: &PublishError) -> String {
    match error {
        PublishError::Faults(faults) => one_per_line(faults),
        PublishError::Conflict { .. }
        | PublishError::NothingChanged
        | PublishError::UnknownVersion(_)
        | PublishError::Store(_) => chain(error),
    }
}

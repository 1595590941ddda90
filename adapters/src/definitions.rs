//! App files become a checked catalogue: `categories.toml`, and one file per app in the folder of
//! its category. Every fault of every file is told at once, with its line; a catalogue with any
//! does not exist, so the server does not start on one.

mod case_wire;
mod fault;
mod files;
mod kept;
mod lines;
mod messages;
mod payment_items;
mod reader;
mod regions;
mod wire;
mod wire_certificate;
mod wire_lottery;

#[cfg(test)]
mod standards_examples;
#[cfg(test)]
mod tests;

pub use fault::{DefinitionFault, DefinitionFaults};
pub(crate) use kept::{kept, read};
pub use messages::load_message_templates;
pub use payment_items::load_payment_items;
pub use reader::{TomlDefinitions, embedded_files, read_folder};

use domain::catalogue::{AppDefinition, Catalogue, CatalogueParts, Category, Fault, Place, RawApp};
use fault::Collected;
use files::SourceFile;
use lines::line_of;
use std::path::Path;

/// The files are version 1; published versions have higher numbers.
const VERSION_OF_FILES: u32 = 1;
const CATEGORIES: &str = "categories.toml";
/// The only shape of files there has been.
const FORMAT: u32 = 1;

/// Reads the folder.
///
/// # Errors
/// Every fault of every file.
pub fn load(dir: &Path) -> Result<Catalogue, DefinitionFaults> {
    let mut collected = Collected::default();
    let files = files::read(dir, &mut collected);
    catalogue_of(&files, VERSION_OF_FILES, collected)
}

/// The files that were there when this program was built.
///
/// # Errors
/// Every fault of every file; the tests keep it from happening.
pub fn load_embedded() -> Result<Catalogue, DefinitionFaults> {
    catalogue_of(&files::embedded(), VERSION_OF_FILES, Collected::default())
}

fn catalogue_of(
    files: &[SourceFile],
    version: u32,
    mut collected: Collected,
) -> Result<Catalogue, DefinitionFaults> {
    let regions = regions::embedded(&mut collected);
    let categories = categories_of(files, &mut collected);
    let mut apps = Vec::new();
    for file in files.iter().filter(|file| file.path != CATEGORIES) {
        apps.extend(app_of(file, &mut collected));
    }
    let (Some(regions), Some(categories)) = (regions, categories) else {
        return Err(collected.into_faults());
    };
    let parts = CatalogueParts { version, categories, apps, regions };
    whole(files, parts, collected)
}

/// Checks the sound files against each other, also when others are not.
fn whole(
    files: &[SourceFile],
    parts: CatalogueParts,
    mut collected: Collected,
) -> Result<Catalogue, DefinitionFaults> {
    match Catalogue::check(parts) {
        Ok(catalogue) if collected.is_empty() => return Ok(catalogue),
        Ok(_) => {}
        Err(faults) => {
            for fault in faults {
                add_to_its_file(files, &fault, &mut collected);
            }
        }
    }
    Err(collected.into_faults())
}

fn add_to_its_file(files: &[SourceFile], fault: &Fault, collected: &mut Collected) {
    let name = match &fault.place {
        Place::AppOf { slug, .. } => format!("{slug}.toml"),
        Place::Category { .. }
        | Place::App { .. }
        | Place::Field { .. }
        | Place::Row { .. }
        | Place::Section { .. }
        | Place::Material { .. }
        | Place::LeadsTo { .. } => CATEGORIES.to_owned(),
    };
    let file = files.iter().find(|file| file.name() == name);
    let line = file.map_or(1, |file| line_of(&file.text, &fault.place));
    collected.add(file.map_or(name.as_str(), |file| &file.path), line, fault.to_string());
}

fn categories_of(files: &[SourceFile], collected: &mut Collected) -> Option<Vec<Category>> {
    let Some(file) = files.iter().find(|file| file.path == CATEGORIES) else {
        collected.add(CATEGORIES, 1, "the file is not there".to_owned());
        return None;
    };
    let raws = wire::read_categories(file, collected)?;
    let mut categories = Vec::new();
    for (index, raw) in raws.iter().enumerate() {
        match Category::check(raw, index) {
            Ok(category) => categories.push(category),
            Err(faults) => add_all(file, &faults, collected),
        }
    }
    // With one missing, every app of it would be faulted for nothing.
    (categories.len() == raws.len()).then_some(categories)
}

fn app_of(file: &SourceFile, collected: &mut Collected) -> Option<AppDefinition> {
    let Some((folder, name)) = file.path.split_once('/') else {
        collected.add(&file.path, 1, "an app file belongs into its category's folder".to_owned());
        return None;
    };
    let raw = RawApp { category: folder.to_owned(), ..wire::read_app(file, collected)? };
    let expected = name.trim_end_matches(".toml");
    if raw.slug != expected {
        let line = line_of(&file.text, &Place::App { key: "slug" });
        let what = format!("slug: `{}` is not the file's name, `{expected}`", raw.slug);
        collected.add(&file.path, line, what);
    }
    match AppDefinition::check(&raw) {
        Ok(app) => Some(app),
        Err(faults) => {
            add_all(file, &faults, collected);
            None
        }
    }
}

fn add_all(file: &SourceFile, faults: &[Fault], collected: &mut Collected) {
    for fault in faults {
        collected.add(&file.path, line_of(&file.text, &fault.place), fault.to_string());
    }
}

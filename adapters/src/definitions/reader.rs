//! The language of app files, for those who publish versions of them.

use super::fault::{Collected, DefinitionFault, DefinitionFaults};
use super::files::{self, BYTES_MAX, FILES_MAX, SourceFile};
use super::lines::line_of;
use super::{app_of, catalogue_of};
use aws_lc_rs::digest::{Context, SHA256};
use domain::catalogue::{
    AppDefinition, AppFile, AppSlug, Catalogue, DefinitionReader, FileFault, Place,
};
use std::path::Path;

/// Reads TOML files of format 1.
pub struct TomlDefinitions;

/// The files of a folder as they are written, sound or not.
///
/// # Errors
/// What cannot be read at all.
pub fn read_folder(dir: &Path) -> Result<Vec<AppFile>, DefinitionFaults> {
    let mut collected = Collected::default();
    let files = files::read(dir, &mut collected);
    if collected.is_empty() {
        Ok(files.into_iter().map(app_file).collect())
    } else {
        Err(collected.into_faults())
    }
}

/// The files that were there when this program was built.
pub fn embedded_files() -> Vec<AppFile> {
    files::embedded().into_iter().map(app_file).collect()
}

fn app_file(file: SourceFile) -> AppFile {
    AppFile { path: file.path, text: file.text.into_owned() }
}

fn source(file: &AppFile) -> SourceFile {
    SourceFile { path: file.path.clone(), text: file.text.clone().into() }
}

fn told(fault: DefinitionFault) -> FileFault {
    FileFault { file: fault.file, line: fault.line, what: fault.what }
}

impl DefinitionReader for TomlDefinitions {
    fn read(&self, files: &[AppFile], version: u32) -> Result<Catalogue, Vec<FileFault>> {
        let mut collected = Collected::default();
        if files.len() > FILES_MAX {
            collected.add("", 1, format!("there are more than {FILES_MAX} files"));
        }
        for file in files.iter().filter(|file| file.text.len() > BYTES_MAX) {
            let what = format!("the file has more than {BYTES_MAX} bytes");
            collected.add(&file.path, 1, what);
        }
        if !collected.is_empty() {
            return Err(collected.into_faults().0.into_iter().map(told).collect());
        }
        let mut sources: Vec<SourceFile> = files.iter().map(source).collect();
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        let read = catalogue_of(&sources, version, collected);
        read.map_err(|faults| faults.0.into_iter().map(told).collect())
    }

    fn read_app(&self, file: &AppFile) -> Option<AppDefinition> {
        app_of(&source(file), &mut Collected::default())
    }

    fn place(&self, files: &[AppFile], app: &AppSlug, key: &'static str) -> (String, usize) {
        let name = format!("{app}.toml");
        let file = files.iter().find(|file| file.path.rsplit('/').next() == Some(&name));
        match file {
            Some(file) => (file.path.clone(), line_of(&file.text, &Place::App { key })),
            None => (name, 1),
        }
    }

    fn digest(&self, files: &[AppFile]) -> String {
        let mut sorted: Vec<&AppFile> = files.iter().collect();
        sorted.sort_by(|a, b| a.path.cmp(&b.path));
        let mut context = Context::new(&SHA256);
        for part in sorted.into_iter().flat_map(|file| [&file.path, &file.text]) {
            // With its length before it, so that no two sets of files read the same.
            context.update(format!("{}:", part.len()).as_bytes());
            context.update(part.as_bytes());
        }
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

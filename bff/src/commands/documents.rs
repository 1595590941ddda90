//! `documents build|check`: the clients' documents from a terminal.

use bff::application::front::one_per_line;
use bff::trusted::{DocumentFault, build, check_folder, check_manifest};
use std::path::Path;

/// What follows `documents`.
pub const USAGE: &str = "documents build FOLDER -o MANIFEST | documents check FOLDER [MANIFEST] | \
                         documents check MANIFEST";

/// Runs one of them; `None`: there is no such command.
pub fn run(words: &[&str]) -> Option<Result<(), String>> {
    Some(match words {
        ["build", folder, "-o", manifest] => write(Path::new(folder), Path::new(manifest)),
        ["check", path] if Path::new(path).is_dir() => told(check_folder(Path::new(path), None)),
        ["check", path] => told(check_manifest(Path::new(path))),
        ["check", folder, manifest] => {
            told(check_folder(Path::new(folder), Some(Path::new(manifest))))
        }
        _ => return None,
    })
}

fn write(folder: &Path, to: &Path) -> Result<(), String> {
    let made = build(folder).map_err(|faults| one_per_line(&faults))?;
    let written = std::fs::write(to, made.to_json());
    written.map_err(|error| format!("{}: {error}", to.display()))?;
    println!("{} documents in {}", made.len(), to.display());
    Ok(())
}

fn told(checked: Result<usize, Vec<DocumentFault>>) -> Result<(), String> {
    let documents = checked.map_err(|faults| one_per_line(&faults))?;
    println!("{documents} documents, no fault");
    Ok(())
}

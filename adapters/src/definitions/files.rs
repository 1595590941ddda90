//! Where app files come from: a folder, or this program itself.

use super::fault::Collected;
use std::borrow::Cow;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The province has some 150 apps; a folder with many more is not one of apps.
pub(super) const FILES_MAX: usize = 200;
pub(super) const BYTES_MAX: usize = 64 * 1024;

/// The files of the folder when this program was built.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/app_files.rs"));

/// A file's text.
#[derive(Debug, Clone)]
pub(super) struct SourceFile {
    /// Below the folder, with `/`.
    pub(super) path: String,
    pub(super) text: Cow<'static, str>,
}

impl SourceFile {
    /// Without its folder.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

pub(super) fn embedded() -> Vec<SourceFile> {
    let file = |(path, text): &(&str, &'static str)| SourceFile {
        path: (*path).to_owned(),
        text: Cow::Borrowed(text),
    };
    EMBEDDED.iter().map(file).collect()
}

/// The `.toml` files of the folder and of the folders directly in it. What cannot be read is a
/// fault; other files are no business of ours.
pub(super) fn read(dir: &Path, collected: &mut Collected) -> Vec<SourceFile> {
    let mut paths = list(dir, "", collected);
    let folders: Vec<PathBuf> = paths.extract_if(.., |path| dir.join(path).is_dir()).collect();
    for folder in folders {
        let name = folder.to_string_lossy().into_owned();
        paths.extend(list(&dir.join(&folder), &name, collected));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    if paths.len() > FILES_MAX {
        collected.add("", 1, format!("the folder has more than {FILES_MAX} files"));
        paths.truncate(FILES_MAX);
    }
    paths.iter().filter_map(|path| read_file(dir, path, collected)).collect()
}

/// What is in `dir`, as paths below the first folder.
fn list(dir: &Path, below: &str, collected: &mut Collected) -> Vec<PathBuf> {
    let entries: io::Result<Vec<PathBuf>> = fs::read_dir(dir).and_then(|entries| {
        entries.map(|entry| Ok(Path::new(below).join(entry?.file_name()))).collect()
    });
    entries.unwrap_or_else(|error| {
        collected.add(below, 1, format!("the folder cannot be read: {error}"));
        Vec::new()
    })
}

fn read_file(dir: &Path, path: &Path, collected: &mut Collected) -> Option<SourceFile> {
    let name = path.to_string_lossy().replace('\\', "/");
    match read_limited(&dir.join(path)) {
        Ok(bytes) if bytes.len() > BYTES_MAX => {
            collected.add(&name, 1, format!("the file has more than {BYTES_MAX} bytes"));
            None
        }
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Some(SourceFile { path: name, text: Cow::Owned(text) }),
            Err(error) => {
                let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
                collected.add(&name, line, "the file is not UTF-8".to_owned());
                None
            }
        },
        Err(error) => {
            collected.add(&name, 1, format!("the file cannot be read: {error}"));
            None
        }
    }
}

/// One byte more than allowed tells enough about a file that is too large.
fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

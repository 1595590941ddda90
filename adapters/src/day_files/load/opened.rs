//! Files that were opened, in an order of their own.

use super::{EDGE, SMALL_MAX};
use crate::day_files::faults::Faults;
use crate::day_files::load::Paths;
use domain::reconciliation::engine::{FileKey, FileRole};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// A file that was opened.
pub(super) struct Opened {
    pub(super) role: FileRole,
    pub(super) name: String,
    pub(super) file: File,
    pub(super) length: u64,
    pub(super) sha256: String,
    pub(super) sha1: Option<String>,
}

impl Opened {
    pub(super) fn new(role: FileRole, path: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}：打不开：{error}", path.display());
        let file = File::open(path).map_err(told)?;
        let facts = file.metadata().map_err(told)?;
        if !facts.is_file() {
            return Err(format!("{}：不是文件", path.display()));
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let (sha256, sha1) = (String::new(), None);
        Ok(Self { role, name, file, length: facts.len(), sha256, sha1 })
    }

    pub(super) fn head(&self) -> std::io::Result<Vec<u8>> {
        self.part(0, EDGE)
    }

    pub(super) fn part(&self, from: u64, most: usize) -> std::io::Result<Vec<u8>> {
        let length = usize::try_from(self.length.saturating_sub(from)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(most)];
        self.file.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }

    pub(super) fn whole(&self) -> Result<Vec<u8>, String> {
        if self.length > SMALL_MAX {
            return Err("文件过大".to_owned());
        }
        self.part(0, usize::MAX).map_err(|error| format!("读取失败：{error}"))
    }
}

/// All files; the ledger first, the others sorted by role, name and length.
pub(super) fn opened(paths: &Paths, faults: &mut Faults) -> Vec<Opened> {
    let one = |role: FileRole| move |path: &PathBuf| Opened::new(role.clone(), path);
    let all = std::iter::once(&paths.ledger)
        .map(one(FileRole::Ledger))
        .chain(paths.statements.iter().map(one(FileRole::Statement)))
        .chain(paths.bank.iter().map(one(FileRole::Bank)))
        .chain(paths.agency.iter().map(one(FileRole::Agency)));
    let mut files = Vec::new();
    for file in all {
        match file {
            Ok(file) => files.push(file),
            Err(fault) => faults.add(fault),
        }
    }
    // By name, so that the order on the command line means nothing.
    files.sort_by(|a, b| {
        (a.role.rank(), &a.name, a.length).cmp(&(b.role.rank(), &b.name, b.length))
    });
    if files.len() > usize::from(FileKey::MAX) {
        faults.add("文件过多".to_owned());
    }
    files
}

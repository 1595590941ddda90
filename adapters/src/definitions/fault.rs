//! What is wrong with the files, and in which line.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionFault {
    /// The file, below the folder.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What is wrong, with its path in the file.
    pub what: String,
}

impl fmt::Display for DefinitionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Everything that is wrong, file by file; at least one fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", one_per_line(.0))]
pub struct DefinitionFaults(pub Vec<DefinitionFault>);

fn one_per_line(faults: &[DefinitionFault]) -> String {
    let lines: Vec<String> = faults.iter().map(DefinitionFault::to_string).collect();
    lines.join("\n")
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Collected(Vec<DefinitionFault>);

impl Collected {
    pub(super) fn add(&mut self, file: &str, line: usize, what: String) {
        self.0.push(DefinitionFault { file: file.to_owned(), line, what });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order in which a maintainer goes through the files.
    pub(super) fn into_faults(mut self) -> DefinitionFaults {
        self.0.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        DefinitionFaults(self.0)
    }
}

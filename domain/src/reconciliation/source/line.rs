//! Lines that could not be read, and what somebody did about them.

use super::{SourceFileId, Totals};
use crate::money::Fen;
use jiff::Timestamp;

/// What somebody does about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// This is what the line should have been.
    Text(String),
    /// It is no line.
    Drop,
}

/// Where a line stands that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineState {
    /// Somebody must look.
    Open,
    /// Its repaired text was read by the same reader.
    Repaired {
        /// The whole line as it should have been.
        text: String,
        /// What it adds.
        totals: Totals,
        /// Who, when, why.
        done: LineDone,
    },
    /// It stays unread, and nobody waits for it.
    Dropped {
        /// Who, when, why.
        done: LineDone,
    },
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDone {
    /// A member of staff.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// In which words.
    pub reason: String,
}

impl LineState {
    /// The word of columns.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Repaired { .. } => "REPAIRED",
            Self::Dropped { .. } => "DROPPED",
        }
    }

    /// Who dealt with it.
    pub const fn done(&self) -> Option<&LineDone> {
        match self {
            Self::Open => None,
            Self::Repaired { done, .. } | Self::Dropped { done } => Some(done),
        }
    }
}

/// A line that could not be read. What came is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLine {
    /// In which file.
    pub file: SourceFileId,
    /// Place in the file.
    pub line_no: u32,
    /// As it stands in the file.
    pub raw: String,
    /// Why it could not be read; in Chinese.
    pub reason: String,
    /// Its amount, where that at least could be read.
    pub amount: Option<Fen>,
    /// Where it stands.
    pub state: LineState,
}

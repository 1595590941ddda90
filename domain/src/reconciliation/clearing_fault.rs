//! Why a file of the finance department is not used.

use crate::outside::OutsideError;

/// One thing that is wrong with one line of a file of the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// From 1, which is the header.
    pub line: usize,
    /// Which field, from 1; 0: the line as a whole.
    pub field: usize,
    /// What was expected.
    pub expected: &'static str,
}

/// Why a file of the other side is not used. Nothing of it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// Length or digest are not those that were listed.
    #[error("the file is not the one that was listed")]
    OtherBytes,
    /// Not GB18030.
    #[error("the file is not GB18030 text")]
    Encoding,
    /// The first line is not a header of this kind of file.
    #[error("the header is malformed")]
    Header,
    /// The number of lines is not the header's.
    #[error("the header says {said} lines, the file has {found}")]
    Count {
        /// By the header.
        said: u64,
        /// Counted.
        found: u64,
    },
    /// The header's own numbers or sums are not those of the lines.
    #[error("the header's numbers are not those of the lines")]
    Totals,
    /// Lines that cannot be read: all of them.
    #[error("{} lines cannot be read", .0.len())]
    Lines(Vec<LineFault>),
}

/// Why there is no content of a file.
#[derive(Debug, thiserror::Error)]
pub enum ClearingError {
    /// It could not be fetched.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// It was, and is faulty.
    #[error("{file}")]
    Faulty {
        /// Its name.
        file: String,
        /// What is wrong.
        #[source]
        fault: FileFault,
    },
}

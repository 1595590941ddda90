//! Files that citizens upload to go with what they submit: photographs of papers, scans.
//! A file belongs to whoever uploaded it; to everybody else it does not exist. One that goes with
//! nothing for a day is no longer there.

mod kind;
mod store;
mod sweep;
mod upload;

pub use kind::{FileKind, FileRule};
pub use store::{FileStore, NewFile, Put, StoredFile, owned_files};
pub use sweep::SweepFiles;
pub use upload::{Quota, Sha256, Upload, UploadError, UploadFile};

#[cfg(test)]
mod tests;

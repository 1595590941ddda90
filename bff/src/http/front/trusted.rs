//! Documents that this server knows before they are asked for: those of a manifest, made from the
//! clients' own files, and those that a client has sent once. Each is read, measured and validated
//! once, when it is taken in; a request finds it by its hash and only its variables are checked.

mod build;
mod hash;
mod inputs;
mod known;
mod manifest;
mod prepare;
mod prepared;
mod publicity;
mod quota;
mod source;

pub use build::{DocumentFault, build, check_folder, check_manifest};
pub use hash::Hash;
pub use known::{KnownDocuments, NoDocument, Reloaded};
pub use manifest::Manifest;
pub use prepare::{Preparer, public_fields};
pub use prepared::{Prepared, PreparedOperation};
pub use source::{EMBEDDED, Source, TrustMode};

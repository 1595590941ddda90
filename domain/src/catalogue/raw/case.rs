//! A case section as somebody wrote it.

use super::{RawCall, RawWording};

/// The section `[case]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawCase {
    /// The call.
    pub call: RawCall,
    /// Working days.
    pub promised_days: u16,
    /// Stations.
    pub steps: Vec<RawStep>,
    /// Materials.
    pub materials: Vec<RawMaterial>,
    /// Express.
    pub express: bool,
}

/// One station.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawStep {
    /// What is done.
    pub name: String,
    /// By whom.
    pub holder: String,
}

/// One material.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawMaterial {
    /// Name.
    pub name: String,
    /// Label.
    pub label: RawWording,
    /// `file`, `window` or `shared`.
    pub by: String,
    /// Name of the field of a file.
    pub field: Option<String>,
    /// Field and answers with which it is needed.
    pub when: Option<(String, Vec<String>)>,
}

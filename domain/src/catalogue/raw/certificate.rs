//! The section `[certificate]`, as somebody wrote it.

use super::RawCall;

/// How an app certifies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawCertificate {
    /// The call.
    pub call: RawCall,
    /// What stands above it.
    pub title: String,
    /// What stands in its seal.
    pub seal: String,
    /// Months of validity.
    pub valid_months: Option<u8>,
    /// Days of validity.
    pub valid_days: Option<u16>,
    /// Key of the holder.
    pub holder: Option<String>,
    /// The longest time.
    pub span: Option<RawSpan>,
    /// By post.
    pub post: Option<RawPost>,
}

/// The longest time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawSpan {
    /// Name of a field.
    pub from: String,
    /// Name of a field.
    pub to: String,
    /// Months.
    pub most_months: u16,
}

/// By post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawPost {
    /// Name of the field of the choice.
    pub field: String,
    /// The choice.
    pub choice: String,
    /// Name of a field.
    pub region: String,
    /// Name of a field.
    pub address: String,
    /// Name of a field.
    pub phone: String,
}

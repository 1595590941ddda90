//! How calls that leave this service can fail, told apart by how much we know.

/// Why something failed, one level down.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A call to a platform, a rail, the gateway or a department did not succeed. Ordered by how
/// much we know: the first that fits wins.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The other side understood and said no; nothing was done there.
    #[error("refused: {code} {message}")]
    Refused {
        /// The other side's own code.
        code: String,
        /// The other side's own words; may be empty. Not for citizens.
        message: String,
    },
    /// The request never left this machine; nothing was done.
    #[error("not reached")]
    NotSent(#[source] BoxError),
    /// The request may have arrived and may have been carried out.
    #[error("the outcome is unknown")]
    OutcomeUnknown(#[source] BoxError),
}

impl OutsideError {
    /// May the very same call succeed later?
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused { .. } => false,
            Self::NotSent(_) | Self::OutcomeUnknown(_) => true,
        }
    }
}

/// A store did not do what was asked; nothing was changed, unless the text says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the same aggregate first: read it again.
    #[error("changed meanwhile by somebody else")]
    Conflict,
    /// A row holds what no code of ours writes.
    #[error("{table}.{column} of row {row} is corrupt")]
    Corrupt {
        /// Table name.
        table: &'static str,
        /// Column name.
        column: &'static str,
        /// The row's key.
        row: String,
    },
    /// The database did not answer, or refused.
    #[error("the database failed")]
    Unavailable(#[source] BoxError),
}

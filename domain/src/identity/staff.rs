//! Staff accounts: who may see the desk where days are closed.

use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

/// An account of somebody who works here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffAccount {
    /// Sign-in name.
    pub name: String,
    /// A password hash in PHC string format; never the password.
    pub password_hash: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// Staff accounts.
#[async_trait]
pub trait StaffStore: Send + Sync {
    /// The account with this name.
    async fn find(&self, name: &str) -> Result<Option<StaffAccount>, StoreError>;
    /// Stores a new account. MUST answer [`StoreError::Conflict`] when the name is taken.
    async fn insert(&self, account: &StaffAccount) -> Result<(), StoreError>;
}

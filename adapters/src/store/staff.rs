//! Staff accounts.

use super::column::{Row, micros};
use super::entity::staff_account;
use super::{Store, conflict_if_duplicate, unavailable};
use async_trait::async_trait;
use domain::identity::{StaffAccount, StaffStore};
use domain::outside::StoreError;
use sea_orm::{EntityTrait, IntoActiveModel};

fn account_of(row: staff_account::Model) -> Result<StaffAccount, StoreError> {
    let at = Row { table: "staff_account", key: &row.name };
    let created_at = at.time("created_at", row.created_at)?;
    Ok(StaffAccount { name: row.name, password_hash: row.password_hash, created_at })
}

#[async_trait]
impl StaffStore for Store {
    async fn find(&self, name: &str) -> Result<Option<StaffAccount>, StoreError> {
        // PostgreSQL refuses a NUL; no account has one in its name.
        if name.contains('\0') {
            return Ok(None);
        }
        let row = staff_account::Entity::find_by_id(name).one(&self.read).await;
        row.map_err(unavailable)?.map(account_of).transpose()
    }

    async fn insert(&self, account: &StaffAccount) -> Result<(), StoreError> {
        let row = staff_account::Model {
            name: account.name.clone(),
            password_hash: account.password_hash.clone(),
            created_at: micros(account.created_at),
        };
        let insert = staff_account::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&self.write).await.map_err(conflict_if_duplicate)?;
        Ok(())
    }
}

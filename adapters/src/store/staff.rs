//! Staff accounts, and sessions by hashes of their tokens.

use super::column::{Row, micros, sha256_hex};
use super::entity::{staff_account, staff_session};
use super::{Store, conflict_if_duplicate, unavailable};
use async_trait::async_trait;
use domain::identity::{Secret, StaffAccount, StaffRole, StaffSessions, StaffStore};
use domain::outside::StoreError;
use jiff::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

fn account_of(row: staff_account::Model) -> Result<StaffAccount, StoreError> {
    let at = Row { table: "staff_account", key: &row.name };
    let created_at = at.time("created_at", row.created_at)?;
    let roles = row.roles.split(',').map(|code| at.some("roles", StaffRole::from_code(code)));
    let roles = roles.collect::<Result<_, _>>()?;
    Ok(StaffAccount { password_hash: row.password_hash, roles, created_at, name: row.name })
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
            roles: account.roles.iter().map(StaffRole::code).collect::<Vec<_>>().join(","),
        };
        let insert = staff_account::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&self.write).await.map_err(conflict_if_duplicate)?;
        Ok(())
    }
}

#[async_trait]
impl StaffSessions for Store {
    async fn open(&self, name: &str, token: &Secret, until: Timestamp) -> Result<(), StoreError> {
        let token_hash = sha256_hex(token.expose().as_bytes());
        let row = staff_session::Model { token_hash, name: name.to_owned(), until: micros(until) };
        let insert = staff_session::Entity::insert(row.into_active_model());
        insert.exec_without_returning(&self.write).await.map_err(conflict_if_duplicate)?;
        Ok(())
    }

    async fn account_of(
        &self,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Option<StaffAccount>, StoreError> {
        let hash = sha256_hex(token.expose().as_bytes());
        let open = staff_session::Entity::find_by_id(hash)
            .filter(staff_session::Column::Until.gt(micros(now)));
        match open.one(&self.read).await.map_err(unavailable)? {
            Some(session) => StaffStore::find(self, &session.name).await,
            None => Ok(None),
        }
    }

    async fn extend(&self, token: &Secret, until: Timestamp) -> Result<(), StoreError> {
        let hash = sha256_hex(token.expose().as_bytes());
        let longer = staff_session::Entity::update_many()
            .col_expr(staff_session::Column::Until, Expr::value(micros(until)))
            .filter(staff_session::Column::TokenHash.eq(hash));
        longer.exec(&self.write).await.map_err(unavailable)?;
        Ok(())
    }

    async fn close(&self, token: &Secret) -> Result<(), StoreError> {
        let hash = sha256_hex(token.expose().as_bytes());
        let closed = staff_session::Entity::delete_by_id(hash).exec(&self.write).await;
        closed.map_err(unavailable)?;
        Ok(())
    }
}

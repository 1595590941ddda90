//! Codes that were sent to phones.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_code")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub phone_index: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub issued_at: i64,
    pub code_hash: String,
    pub wrong: i64,
    pub used: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Codes that were asked for from a device or an address.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_code_source")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_index: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub issued_at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub phone_index: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

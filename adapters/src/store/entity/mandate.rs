//! Who may act for whom.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mandate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: String,
    pub kind: String,
    pub agent_id: String,
    pub principal_index: String,
    pub principal_name: String,
    pub principal_number: String,
    pub status: String,
    pub held: bool,
    pub asked_at: i64,
    pub given_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub until: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

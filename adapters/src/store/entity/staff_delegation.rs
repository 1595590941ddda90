use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_delegation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub giver: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub taker: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_at: i64,
    pub until_at: i64,
    pub reason: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

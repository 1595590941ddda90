use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "desk_execution")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub proposal_no: String,
    pub by_whom: String,
    pub reference: String,
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

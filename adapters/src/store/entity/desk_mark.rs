use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "desk_mark")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub proposal_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub exception_no: String,
    pub revision: i64,
    pub at_risk: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

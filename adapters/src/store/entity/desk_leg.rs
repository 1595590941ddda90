use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "desk_leg")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub exception_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub run: i64,
    pub legs: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supervision_mark")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub promised_on: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub light: String,
    pub app: String,
    pub department: String,
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

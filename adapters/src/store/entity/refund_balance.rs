use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund_balance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_no: String,
    pub captured: i64,
    pub reserved: i64,
    pub returned: i64,
    pub made: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

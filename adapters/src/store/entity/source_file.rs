use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_file")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub sha256: String,
    pub hash: String,
    pub bytes: i64,
    pub received_at: i64,
    pub received_by: String,
    pub arrival: String,
    pub parser: String,
    pub trailer_lines: Option<i64>,
    pub trailer_paid: Option<i64>,
    pub trailer_refunded: Option<i64>,
    pub lines: i64,
    pub paid: i64,
    pub refunded: i64,
    pub fee: i64,
    pub set_aside: i64,
    pub fault: String,
    pub fault_reason: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

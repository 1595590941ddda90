use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub notice_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    pub ready: bool,
    pub due_at: Option<i64>,
    pub attempts: i64,
    pub reason: Option<String>,
    pub done_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

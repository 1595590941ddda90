use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: String,
    pub person_id: String,
    pub channel: String,
    pub rail: String,
    pub payer: String,
    pub amount: i64,
    pub idempotency_key: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub status: String,
    pub txn: Option<String>,
    pub paid_amount: Option<i64>,
    pub paid_at: Option<i64>,
    pub refund_origin: Option<String>,
    pub unsettled: bool,
    pub next_check_at: i64,
    pub version: i64,
    pub cashier: String,
    pub quoted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: String,
    pub payment_no: String,
    pub person_id: String,
    pub rail: String,
    pub cause: String,
    pub amount: i64,
    pub notice_no: Option<String>,
    pub agency_code: Option<String>,
    pub slices: Option<String>,
    pub desk: Option<String>,
    pub notice_after: Option<String>,
    pub receipt: Option<String>,
    pub reversed_by: Option<String>,
    pub reason_code: String,
    pub reason: String,
    pub maker_kind: String,
    pub maker: String,
    pub idempotency_key: Option<String>,
    pub key_position: Option<i64>,
    pub asked: Option<String>,
    pub levels: String,
    pub account: Option<String>,
    pub account_step: Option<String>,
    pub created_at: i64,
    pub sent_at: Option<i64>,
    pub status: String,
    pub txn: Option<String>,
    pub done_at: Option<i64>,
    pub failure: Option<String>,
    pub next_try_at: Option<i64>,
    pub attempts: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

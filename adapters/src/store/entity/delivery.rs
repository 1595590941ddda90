use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: String,
    pub person_id: String,
    pub idempotency_key: String,
    pub subject_kind: String,
    pub subject_no: String,
    pub sender: String,
    pub content: String,
    pub recipient: String,
    pub phone: String,
    pub region: String,
    pub address: String,
    pub status: String,
    pub stands: bool,
    pub waybill: Option<String>,
    pub tracks: String,
    pub created_at: i64,
    pub next_check_at: Option<i64>,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

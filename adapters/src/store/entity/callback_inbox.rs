use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "callback_inbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub rail: String,
    pub event_id: String,
    pub order_no: String,
    pub app_id: String,
    pub merchant_no: String,
    pub currency: String,
    pub txn: String,
    pub amount: i64,
    pub paid_at: i64,
    pub received_at: i64,
    pub raw: String,
    pub leased_until: i64,
    pub outcome: Option<String>,
    pub refund_no: Option<String>,
    pub refund_state: Option<String>,
    pub refund_code: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

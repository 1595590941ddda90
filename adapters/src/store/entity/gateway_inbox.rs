use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gateway_inbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub event_id: String,
    pub kind: String,
    pub notice_no: String,
    pub payment_no: Option<String>,
    pub refund_no: Option<String>,
    pub amount: Option<i64>,
    pub verdict: Option<String>,
    pub reason_code: Option<String>,
    pub reason: String,
    pub stage: Option<String>,
    pub decided_by: Option<String>,
    pub standing: Option<String>,
    pub at: i64,
    pub received_at: i64,
    pub raw: String,
    pub leased_until: i64,
    pub outcome: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "booking")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: String,
    pub submission_no: String,
    pub person_id: String,
    pub channel: String,
    pub app: String,
    pub service: String,
    pub slot: String,
    pub places: i64,
    pub starts_at: i64,
    pub ends_at: i64,
    pub price: Option<i64>,
    pub details: String,
    pub status: String,
    pub since: i64,
    pub cancelled_by: Option<String>,
    pub tell: Option<String>,
    pub tell_attempts: i64,
    pub tell_at: Option<i64>,
    pub tell_reason: Option<String>,
    pub remind_at: Option<i64>,
    pub ask_at: Option<i64>,
    pub look_at: Option<i64>,
    pub confirm_key: Option<String>,
    pub cancel_key: Option<String>,
    pub created_at: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub notice_no: String,
    pub position: i64,
    pub title: String,
    pub agency_code: String,
    pub agency_name: String,
    pub items: String,
    pub principal: i64,
    pub late_fee: i64,
    pub expires_at: Option<i64>,
    pub holds: bool,
    pub written_off_at: Option<i64>,
    pub region: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

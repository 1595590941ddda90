use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: String,
    pub check_code: String,
    pub payment_no: String,
    pub notice_no: String,
    pub amount: i64,
    pub issued_at: i64,
    pub person_id: String,
    pub payer: Option<String>,
    pub agency_code: String,
    pub agency_name: String,
    pub items: String,
    pub reverses_code: Option<String>,
    pub reverses_number: Option<String>,
    pub refund_no: Option<String>,
    pub reason: Option<String>,
    pub reversed_by_code: Option<String>,
    pub reversed_by_number: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "desk_exception")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: String,
    pub day: String,
    pub identity: String,
    pub code: String,
    pub at_risk: i64,
    pub equation: i64,
    pub rail: String,
    pub merchant_no: String,
    pub order_no: String,
    pub refund_no: String,
    pub notice_no: String,
    pub txn_no: String,
    pub credit_no: String,
    pub file: String,
    pub line_no: i64,
    pub ambiguous: bool,
    pub cause: String,
    pub due_at: i64,
    pub note: String,
    pub state: String,
    pub revision: i64,
    pub assignee: String,
    pub proposal_no: Option<String>,
    pub action: Option<String>,
    pub opened_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

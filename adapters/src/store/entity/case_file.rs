use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_file")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: String,
    pub submission_no: String,
    pub person_id: String,
    pub app: String,
    pub form_digest: String,
    pub application: String,
    pub state: String,
    pub step: i64,
    pub holder: String,
    pub department_no: Option<String>,
    pub promised_on: String,
    pub asked_on: Option<String>,
    pub report: String,
    pub created_at: i64,
    pub heard_at: Option<i64>,
    pub decided_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub errand: Option<String>,
    pub supplement: Option<String>,
    pub due_at: Option<i64>,
    pub attempts: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rating")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: String,
    pub app: String,
    pub department: String,
    pub points: i64,
    pub tags: String,
    pub words: Option<String>,
    pub rated_on: String,
    pub visit_due: Option<String>,
    pub visited_on: Option<String>,
    pub visited_by: Option<String>,
    pub visit_result: Option<String>,
    pub visit_words: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

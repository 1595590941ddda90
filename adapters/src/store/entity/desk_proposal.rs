use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "desk_proposal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: String,
    pub kind: String,
    pub day: Option<String>,
    pub state_of_day: String,
    pub reason: String,
    pub evidence: String,
    pub maker: String,
    pub maker_for: String,
    pub needs: i64,
    pub marks: i64,
    pub weight: i64,
    pub digest: String,
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

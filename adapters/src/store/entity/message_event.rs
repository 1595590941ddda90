use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_key: String,
    pub person_id: String,
    pub kind: String,
    pub facts: String,
    pub at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

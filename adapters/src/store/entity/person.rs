use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub phone: Option<String>,
    pub phone_index: Option<String>,
    pub name: Option<String>,
    pub id_card: Option<String>,
    pub id_card_index: Option<String>,
    pub real_name_checked_at: Option<i64>,
    pub face_checked_at: Option<i64>,
    pub created_at: i64,
    pub version: i64,
    pub merged_into: Option<String>,
    pub former_ids: String,
    pub phone_checked_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

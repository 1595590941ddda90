use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lottery_draw")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub app: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub issue: String,
    pub pools: String,
    pub list: String,
    pub eligible: i64,
    pub list_digest: String,
    pub secret: String,
    pub commitment: String,
    pub committed_at: i64,
    pub public_day: String,
    pub public_words: String,
    pub public_value: Option<String>,
    pub seed: Option<String>,
    pub winners: Option<String>,
    pub winning: Option<i64>,
    pub drawn_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

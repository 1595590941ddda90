//! The versions of the rules by which days are judged.

use super::audit::append;
use super::column::{Row, micros};
use super::desk_book::{insert, refused};
use super::desk_rows::execution_row;
use super::entity::desk_rule;
use super::{Store, unavailable};
use async_trait::async_trait;
use domain::identity::AuditRecord;
use domain::outside::StoreError;
use domain::reconciliation::desk::{DeskRules, Execution, RuleBook, RuleSet};
use sea_orm::{EntityTrait, IntoActiveModel, QueryOrder};

#[async_trait]
impl RuleBook for Store {
    async fn in_force(&self) -> Result<RuleSet, StoreError> {
        let newest = desk_rule::Entity::find().order_by_desc(desk_rule::Column::Version);
        let Some(row) = newest.one(&self.read).await.map_err(unavailable)? else {
            let (rules, proposal_no) = (DeskRules::usual(), String::new());
            return Ok(RuleSet { version: 0, rules, proposal_no, at: None });
        };
        let at = Row { table: "desk_rule", key: &row.proposal_no };
        Ok(RuleSet {
            version: at.count("version", row.version)?,
            rules: at.valid("rules", DeskRules::parse(&row.rules))?,
            at: Some(at.time("at", row.at)?),
            proposal_no: row.proposal_no,
        })
    }

    async fn enact(
        &self,
        set: &RuleSet,
        execution: &Execution,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        insert(&transaction, vec![execution_row(execution).into_active_model()]).await?;
        let row = desk_rule::Model {
            version: i64::from(set.version),
            rules: set.rules.text(),
            proposal_no: execution.proposal_no.clone(),
            at: micros(execution.at),
        };
        insert(&transaction, vec![row.into_active_model()]).await?;
        append(&transaction, audit).await?;
        transaction.commit().await.map_err(refused)
    }
}

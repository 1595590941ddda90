//! The audit trail, for auditors.

use super::{use_cases, with_role};
use crate::graphql::error::{FailureCode, store_failed};
use crate::graphql::scalars::DateTime;
use async_graphql::{Context, Result, SimpleObject};
use domain::identity::StaffRole;

/// One act of one member of staff, in its place in the chain.
#[derive(SimpleObject)]
pub struct AuditEntry {
    /// From 1, without gaps; pass it as `before` for the next page.
    number: String,
    /// When.
    at: DateTime,
    /// The account.
    actor: String,
    /// What.
    act: String,
    /// On what.
    subject: String,
    /// In which words.
    detail: String,
    /// Over this entry and the hash before.
    hash: String,
}

/// How the chain is.
#[derive(SimpleObject)]
pub struct AuditVerdict {
    /// Does every hash follow from the one before?
    whole: bool,
    /// How many entries fit, from the first on.
    entries: String,
    /// The last hash; keep it elsewhere. Null when the chain is broken.
    head: Option<String>,
}

/// The query `audit`.
pub async fn list(
    ctx: &Context<'_>,
    first: i32,
    before: Option<String>,
) -> Result<Vec<AuditEntry>> {
    with_role(ctx, &StaffRole::Auditor)?;
    let bad = || FailureCode::BadInput.error();
    let limit = u16::try_from(first).ok().filter(|first| (1..=100).contains(first));
    let limit = limit.ok_or_else(bad)?;
    let edge = before.map(|text| text.parse().map_err(|_: std::num::ParseIntError| bad()));
    let found = use_cases(ctx).audit.list(edge.transpose()?, limit).await;
    let entries = found.map_err(|error| store_failed(&error))?;
    Ok(entries.into_iter().map(AuditEntry::from).collect())
}

impl From<domain::identity::AuditEntry> for AuditEntry {
    fn from(entry: domain::identity::AuditEntry) -> Self {
        Self {
            number: entry.number.to_string(),
            at: entry.record.at.into(),
            actor: entry.record.actor,
            act: entry.record.act,
            subject: entry.record.subject,
            detail: entry.record.detail,
            hash: entry.hash,
        }
    }
}

/// The query `auditVerdict`.
pub async fn verdict(ctx: &Context<'_>) -> Result<AuditVerdict> {
    with_role(ctx, &StaffRole::Auditor)?;
    let verified = use_cases(ctx).audit.verify().await.map_err(|error| store_failed(&error))?;
    Ok(match verified {
        domain::identity::AuditVerdict::Whole { entries, head } => {
            AuditVerdict { whole: true, entries: entries.to_string(), head: Some(head) }
        }
        domain::identity::AuditVerdict::Broken { number } => {
            let entries = number.saturating_sub(1).to_string();
            AuditVerdict { whole: false, entries, head: None }
        }
    })
}

//! What citizens searched for in vain, for editors.

use super::{signed_in, use_cases};
use crate::graphql::error::{FailureCode, store_failed};
use crate::graphql::scalars::DateTime;
use async_graphql::{Context, Result, SimpleObject};
use domain::identity::StaffRole;

/// A text that found no app.
#[derive(SimpleObject)]
pub struct ZeroResult {
    /// In one spelling. Texts with anybody's number in them are not kept.
    text: String,
    /// How often, at all servers.
    times: i32,
    /// The first time.
    first: DateTime,
    /// The last time.
    last: DateTime,
}

/// The query `zeroResults`.
pub async fn zero_results(ctx: &Context<'_>, first: i32) -> Result<Vec<ZeroResult>> {
    let account = signed_in(ctx)?;
    if !account.has(&StaffRole::Editor) && !account.has(&StaffRole::Operator) {
        return Err(FailureCode::NotAllowed.error());
    }
    let first = u16::try_from(first).ok().filter(|_| (1..=100).contains(&first));
    let first = first.ok_or_else(|| FailureCode::BadInput.error())?;
    let result = |miss: domain::catalogue::Miss| ZeroResult {
        text: miss.text,
        times: i32::try_from(miss.times).unwrap_or(i32::MAX),
        first: miss.first.into(),
        last: miss.last.into(),
    };
    let found = use_cases(ctx).find_apps.misses(first).await;
    Ok(found.map_err(|error| store_failed(&error))?.into_iter().map(result).collect())
}

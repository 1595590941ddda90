//! What citizens searched for in vain, for editors.

use super::{signed_in, use_cases};
use crate::graphql::error::FailureCode;
use crate::graphql::scalars::DateTime;
use async_graphql::{Context, Result, SimpleObject};
use domain::identity::StaffRole;

/// A text that found no app.
#[derive(SimpleObject)]
pub struct ZeroResult {
    /// In one spelling, with `*` in the place of numbers.
    text: String,
    /// How often, at this server since it started.
    times: i32,
    /// The last time.
    last: DateTime,
}

/// The query `zeroResults`.
pub fn zero_results(ctx: &Context<'_>, first: i32) -> Result<Vec<ZeroResult>> {
    let account = signed_in(ctx)?;
    if !account.has(&StaffRole::Editor) && !account.has(&StaffRole::Operator) {
        return Err(FailureCode::NotAllowed.error());
    }
    let first = usize::try_from(first).ok().filter(|_| (1..=100).contains(&first));
    let first = first.ok_or_else(|| FailureCode::BadInput.error())?;
    let result = |miss: domain::catalogue::Miss| ZeroResult {
        text: miss.text,
        times: i32::try_from(miss.times).unwrap_or(i32::MAX),
        last: miss.last.into(),
    };
    Ok(use_cases(ctx).find_apps.misses(first).into_iter().map(result).collect())
}

//! Finding apps by what a citizen types.

use super::catalogue::App;
use super::error::{FailureCode, bad_input};
use super::plain::{PlainList, PlainObject, below, object};
use super::scalars::RegionCode;
use super::{UseCases, kept, requester};
use async_graphql::{Context, ContextSelectionSet, Error, Result, SimpleObject, Value};
use domain::catalogue::{FindAppsError, TEXT_MAX};
use domain::standards::RegionCode as Code;
use std::sync::Arc;

/// More are never asked for: who does not find it among 20 types something else.
pub const FIRST_MAX: i32 = 20;

/// An app that answers a search.
#[derive(SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct AppHit {
    /// The app.
    app: App,
    /// What of it answers: its name or another word for it, with the pinyin when letters were
    /// typed; of a number, the field that takes it.
    matched: String,
}

impl PlainObject for AppHit {
    fn plain(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        object(ctx, "AppHit", |ctx, field| {
            Some(match field {
                "app" => below(ctx, &self.app)?,
                "matched" => Value::from(self.matched.as_str()),
                _ => return None,
            })
        })
    }
}

/// The query `searchApps`.
pub fn find(
    ctx: &Context<'_>,
    text: &str,
    region: Option<RegionCode>,
    first: i32,
) -> Result<PlainList<AppHit>> {
    let bad = || FailureCode::BadInput.error();
    let first = usize::try_from(first).ok().filter(|_| (1..=FIRST_MAX).contains(&first));
    let first = first.ok_or_else(bad)?;
    let region = region.map(|code| Code::new(&code.0)).transpose().or(Err(bad()))?;
    let find = &ctx.data_unchecked::<UseCases>().find_apps;
    let found = find.run(text, region.as_ref(), first, requester(ctx).now).map_err(refused)?;
    if found.hits.is_empty() {
        // It was counted, and is to be counted again.
        kept::never(ctx);
    }
    let hit = |hit: domain::catalogue::AppHit| AppHit {
        app: App::of(Arc::clone(&found.catalogue), hit.slug, region.clone()),
        matched: hit.matched,
    };
    Ok(PlainList(found.hits.into_iter().map(hit).collect()))
}

fn refused(error: FindAppsError) -> Error {
    match error {
        FindAppsError::TextTooLong(_) => bad_input(&format!("搜索内容不能超过{TEXT_MAX}个字")),
        FindAppsError::UnknownRegion(_) => FailureCode::BadInput.error(),
    }
}

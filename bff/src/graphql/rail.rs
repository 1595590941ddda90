//! Rails: what can be paid with here and now.

use super::payment::Rail;
use super::scalars::DateTime;
use super::{UseCases, requester};
use async_graphql::{Context, SimpleObject};
use domain::payment::RailHealth as Health;

/// How a rail is. One that is not available is shown grey, with its reason.
#[derive(SimpleObject)]
pub struct RailHealth {
    /// Which.
    rail: Rail,
    /// Its name.
    name: &'static str,
    /// May a payment be started with it, in the session's channel?
    available: bool,
    /// Why not, for the citizen.
    reason: Option<String>,
    /// When it is worth looking again; only where time alone can help.
    retry_at: Option<DateTime>,
}

/// The query `rails`.
pub fn all(ctx: &Context<'_>) -> Vec<RailHealth> {
    let (use_cases, channel) = (ctx.data_unchecked::<UseCases>(), requester(ctx).channel);
    let shown = use_cases.rails.all().iter().map(|port| {
        let rail = port.rail();
        let (reason, retry_at) = match use_cases.watch.health(rail) {
            _ if port.cashier(channel).is_none() => {
                (Some(format!("{}不能在这里使用", rail.name_zh())), None)
            }
            Health::Well => (None, None),
            Health::Sick { reason, retry_at } => (Some(reason), Some(retry_at.into())),
        };
        let available = reason.is_none();
        RailHealth { rail: rail.into(), name: rail.name_zh(), available, reason, retry_at }
    });
    shown.collect()
}

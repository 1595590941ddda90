//! The home page in one query. Each part is asked for side by side, each within its own deadline:
//! what does not answer is null with a reason, and the rest is there.

use super::account::apps;
use super::case::Case;
use super::catalogue::{self, App, Audience, Category};
use super::error::chain;
use super::notice::Notice;
use super::scalars::RegionCode;
use super::unavailable::Unavailable;
use super::{UseCases, requester};
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::catalogue::{Catalogue, ElderGroup as Group, ElderHome as Projection, ElderView};
use domain::identity::Person;
use domain::notice::{ListedNotice, SearchError, Sought};
use domain::standards::RegionCode as Code;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

/// So many notices stand on the home page; the others are behind `viewer.notices`.
const NOTICES: usize = 5;
/// So many running cases, of the newest so many.
const CASES: usize = 5;
const CASES_READ: u16 = 20;
/// So many apps used last.
const RECENT: usize = 8;

/// What the home page needs beside the use cases of others.
#[derive(Debug, Clone, Copy)]
pub struct HomeSettings {
    /// So long each part may take.
    pub deadline: Duration,
}

/// How large a client writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum TextClass {
    /// As usual.
    Normal,
    /// For the elderly: as large as the screen bears.
    ExtraLarge,
}

/// The home page.
pub struct Home {
    catalogue: Arc<Catalogue>,
    region: Option<Code>,
    audience: Option<Audience>,
    elder: bool,
}

/// The query `home`.
pub fn home(
    ctx: &Context<'_>,
    region: Option<RegionCode>,
    audience: Option<Audience>,
    elder: bool,
) -> Result<Home> {
    let catalogue = catalogue::current(ctx);
    let known = |text| catalogue::known_region(ctx, &catalogue, &text);
    let region = region.map(known).transpose()?;
    Ok(Home { region, audience, elder, catalogue })
}

/// The home page: every part that reaches out is null with a reason where it did not answer in
/// time, and the others are there all the same.
#[Object]
impl Home {
    /// How large to write.
    #[graphql(cache_control(max_age = 60))]
    async fn text_class(&self) -> TextClass {
        if self.elder { TextClass::ExtraLarge } else { TextClass::Normal }
    }

    /// The categories in display order with every app; at most 16.
    #[graphql(complexity = "16 * child_complexity + 1", cache_control(max_age = 60))]
    async fn categories(&self) -> Vec<Category> {
        catalogue::all_categories(&self.catalogue, self.region.as_ref(), self.audience)
    }

    /// The apps that most people use, in the editors' order; at most 10.
    #[graphql(complexity = "10 * child_complexity + 1", cache_control(max_age = 60))]
    async fn hot(&self) -> Vec<App> {
        let audience = self.audience.map(domain::identity::Audience::from);
        let hot = self.catalogue.hot().into_iter();
        let hot = hot.filter(|app| audience.is_none_or(|of| app.audience.contains(&of)));
        hot.map(|app| self.app(&app.slug)).collect()
    }

    /// The page for the elderly; null unless it was asked for.
    #[graphql(complexity = "25 * child_complexity + 1", cache_control(max_age = 60))]
    async fn elder(&self, ctx: &Context<'_>) -> Option<ElderHome> {
        if !self.elder {
            return None;
        }
        let who = requester(ctx);
        let root = self.catalogue.regions().root();
        let view = ElderView {
            region: self.region.as_ref().unwrap_or(root),
            channel: who.channel,
            audience: self.audience.map(Into::into),
            now: who.now,
        };
        let made = Projection::of(&self.catalogue, view);
        let tile = |tile: domain::catalogue::ElderTile| ElderTile {
            app: self.app(&tile.app),
            text_class: TextClass::ExtraLarge,
            voice_label: tile.voice,
        };
        let group = |group: Group| ElderGroup {
            category: catalogue::category_of(
                &self.catalogue,
                &group.category,
                self.region.as_ref(),
            ),
            text_class: TextClass::ExtraLarge,
            voice_label: group.voice,
            tiles: group.tiles.into_iter().map(tile).collect(),
        };
        let tiles = made.tiles.into_iter().map(tile).collect();
        Some(ElderHome { tiles, groups: made.groups.into_iter().map(group).collect() })
    }

    /// The caller's favourites; null for nobody.
    #[graphql(complexity = "50 * child_complexity + 1")]
    async fn favourites(&self, ctx: &Context<'_>) -> Option<HomeApps> {
        let person = &requester(ctx).caller.as_ref()?.person;
        let own = &ctx.data_unchecked::<UseCases>().account.apps;
        let found = within(ctx, "收藏的应用", own.favourites(person)).await;
        Some(HomeApps::of(found.map(|slugs| apps(ctx, slugs))))
    }

    /// The apps that the caller used last; at most 8. Null for nobody.
    #[graphql(complexity = "8 * child_complexity + 1")]
    async fn recent(&self, ctx: &Context<'_>) -> Option<HomeApps> {
        let person = &requester(ctx).caller.as_ref()?.person;
        let own = &ctx.data_unchecked::<UseCases>().account.apps;
        let found = within(ctx, "最近使用", own.recent(person)).await;
        Some(HomeApps::of(found.map(|slugs| apps(ctx, slugs.into_iter().take(RECENT).collect()))))
    }

    /// The caller's cases that are not over, the newest first; at most 5. Null for nobody.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn cases(&self, ctx: &Context<'_>) -> Option<HomeCases> {
        let person = &requester(ctx).caller.as_ref()?.person;
        let ids = person.ids();
        let cases = &ctx.data_unchecked::<UseCases>().cases.cases;
        let found = within(ctx, "办件", cases.list_cases(&ids, None, CASES_READ)).await;
        Some(match found {
            Ok(page) => {
                let running = page.cases.into_iter().filter(|case| case.ended_at.is_none());
                let nodes = running.take(CASES).map(Case).collect();
                HomeCases { nodes: Some(nodes), unavailable: None }
            }
            Err(unavailable) => HomeCases { nodes: None, unavailable: Some(unavailable) },
        })
    }

    /// The caller's open notices in the order of the day on which harm begins; at most 5. Null for
    /// nobody.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn notices(&self, ctx: &Context<'_>) -> Option<HomeNotices> {
        let person = &requester(ctx).caller.as_ref()?.person;
        Some(match within(ctx, GATEWAY, own_notices(ctx, person)).await {
            Ok(found) => {
                let more = found.len() > NOTICES;
                let nodes = found.into_iter().take(NOTICES);
                let nodes = nodes.map(|listed| Notice::Live(Box::new(listed))).collect();
                HomeNotices { nodes: Some(nodes), more, unavailable: None }
            }
            Err(unavailable) => {
                HomeNotices { nodes: None, more: false, unavailable: Some(unavailable) }
            }
        })
    }
}

impl Home {
    fn app(&self, slug: &domain::catalogue::AppSlug) -> App {
        App::of(Arc::clone(&self.catalogue), slug.clone(), self.region.clone())
    }
}

const GATEWAY: &str = "统一公共支付平台";

async fn own_notices(ctx: &Context<'_>, person: &Person) -> Result<Vec<ListedNotice>, SearchError> {
    let find = &ctx.data_unchecked::<UseCases>().find_notices;
    find.search(person, &Sought::Own, requester(ctx).now).await
}

/// One part within its deadline. What it was doing then is given up: it only read.
async fn within<T, E: std::error::Error + 'static>(
    ctx: &Context<'_>,
    source: &str,
    part: impl Future<Output = Result<T, E>>,
) -> Result<T, Unavailable> {
    let deadline = ctx.data_unchecked::<UseCases>().home.deadline;
    match tokio::time::timeout(deadline, part).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(silent(source, &chain(&error))),
        Err(elapsed) => Err(silent(source, &elapsed)),
    }
}

fn silent(source: &str, error: &dyn Display) -> Unavailable {
    tracing::warn!(source, %error, "a part of the home page is left out");
    Unavailable::for_now(source, &format!("{source}暂时没有应答，请稍后再试"))
}

/// Apps of the caller.
#[derive(SimpleObject)]
pub struct HomeApps {
    /// Null where they could not be read.
    apps: Option<Vec<App>>,
    /// Why not.
    unavailable: Option<Unavailable>,
}

impl HomeApps {
    fn of(found: Result<Vec<App>, Unavailable>) -> Self {
        match found {
            Ok(apps) => Self { apps: Some(apps), unavailable: None },
            Err(unavailable) => Self { apps: None, unavailable: Some(unavailable) },
        }
    }
}

/// Running cases of the caller.
#[derive(SimpleObject)]
pub struct HomeCases {
    /// The newest first; null where they could not be read.
    nodes: Option<Vec<Case>>,
    /// Why not.
    unavailable: Option<Unavailable>,
}

/// Open notices of the caller.
#[derive(SimpleObject)]
pub struct HomeNotices {
    /// The most urgent first; null where the gateway did not answer.
    nodes: Option<Vec<Notice>>,
    /// Are there more than these?
    more: bool,
    /// Why not.
    unavailable: Option<Unavailable>,
}

/// The page for the elderly: few large tiles, everything else one step behind.
#[derive(SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct ElderHome {
    /// The first screen; at most 6, only what can be used now.
    tiles: Vec<ElderTile>,
    /// Every app, by category.
    groups: Vec<ElderGroup>,
}

/// A tile.
#[derive(SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct ElderTile {
    /// What it opens.
    app: App,
    /// How large to write.
    text_class: TextClass,
    /// To be read aloud, in Chinese.
    voice_label: String,
}

/// A category.
#[derive(SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct ElderGroup {
    /// Which.
    category: Category,
    /// How large to write.
    text_class: TextClass,
    /// To be read aloud, in Chinese.
    voice_label: String,
    /// Its apps; those that are open first.
    tiles: Vec<ElderTile>,
}

//! The home page in one query. Each part is asked for side by side, each within its own deadline:
//! what does not answer is null with a reason, and the rest is there.

use super::account::apps;
use super::booking::Booking;
use super::case::Case;
use super::catalogue::{self, App, Audience, Category};
use super::error::chain;
use super::message::Message;
use super::notice::Notice;
use super::plain::{PlainList, PlainObject, below, object};
use super::scalars::RegionCode;
use super::unavailable::Unavailable;
use super::{UseCases, requester};
use async_graphql::resolver_utils::enum_value;
use async_graphql::{Context, ContextSelectionSet, Enum, Object, Result, SimpleObject, Value};
use domain::catalogue::{Catalogue, ElderGroup as Group, ElderHome as Projection, ElderView};
use domain::identity::Person;
use domain::ids::PersonId;
use domain::messaging::Message as DomainMessage;
use domain::notice::{ListedNotice, SearchError, Sought};
use domain::outside::StoreError;
use domain::standards::RegionCode as Code;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

/// So many notices stand on the home page; the others are behind `viewer.notices`.
const NOTICES: usize = 5;
/// So many running cases; the others are behind `viewer.cases`.
const CASES: u16 = 5;
/// So many appointments; the others are behind `viewer.bookings`.
const BOOKINGS: u16 = 3;
/// So many messages; the others are behind `viewer.messages`.
const MESSAGES: u16 = 3;
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

/// The home page. A client shows its sections in the order of these fields: what can be opened
/// (`categories`, at most 16; `hot`, 10), what is the caller's own (`favourites`, 50; `recent`, 8),
/// what waits for them (`notices`, 5; `cases`, 5; `bookings`, 3) and what they were told
/// (`messages`, 3). Every section that is read or asked for has its own deadline: one that did not
/// answer is null with a reason in `unavailable`, and the others are there all the same.
#[Object]
impl Home {
    /// How large to write.
    #[graphql(cache_control(max_age = 60))]
    async fn text_class(&self) -> TextClass {
        if self.elder { TextClass::ExtraLarge } else { TextClass::Normal }
    }

    /// The categories in display order with every app; at most 16.
    #[graphql(complexity = "16 * child_complexity + 1", cache_control(max_age = 60))]
    async fn categories(&self) -> PlainList<Category> {
        catalogue::all_categories(&self.catalogue, self.region.as_ref(), self.audience)
    }

    /// The apps that most people use, in the editors' order; at most 10.
    #[graphql(complexity = "10 * child_complexity + 1", cache_control(max_age = 60))]
    async fn hot(&self) -> PlainList<App> {
        let audience = self.audience.map(domain::identity::Audience::from);
        let hot = self.catalogue.hot().into_iter();
        let hot = hot.filter(|app| audience.is_none_or(|of| app.audience.contains(&of)));
        PlainList(hot.map(|app| self.app(&app.slug)).collect())
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

    /// The caller's cases that are not over, the newest first; at most 5. Null for nobody.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn cases(&self, ctx: &Context<'_>) -> Option<HomeCases> {
        let ids = requester(ctx).caller.as_ref()?.person.ids();
        let cases = &ctx.data_unchecked::<UseCases>().cases.cases;
        Some(match within(ctx, "办件", cases.list_running(&ids, CASES)).await {
            Ok(running) => {
                let nodes = running.into_iter().map(Case).collect();
                HomeCases { nodes: Some(nodes), unavailable: None }
            }
            Err(unavailable) => HomeCases { nodes: None, unavailable: Some(unavailable) },
        })
    }

    /// The caller's appointments that are still to come, the nearest first; at most 3. Null for
    /// nobody.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn bookings(&self, ctx: &Context<'_>) -> Option<HomeBookings> {
        let ids = requester(ctx).caller.as_ref()?.person.ids();
        let book = &ctx.data_unchecked::<UseCases>().booking.bookings;
        let upcoming = book.list_upcoming(&ids, requester(ctx).now, BOOKINGS);
        Some(match within(ctx, "预约", upcoming).await {
            Ok(upcoming) => {
                let nodes = upcoming.into_iter().map(Booking).collect();
                HomeBookings { nodes: Some(nodes), unavailable: None }
            }
            Err(unavailable) => HomeBookings { nodes: None, unavailable: Some(unavailable) },
        })
    }

    /// What the caller was told last, the newest first, at most 3, and how much of all is not
    /// read. Null for nobody.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn messages(&self, ctx: &Context<'_>) -> Option<HomeMessages> {
        let ids = requester(ctx).caller.as_ref()?.person.ids();
        Some(match within(ctx, "消息", newest_messages(ctx, &ids)).await {
            Ok((newest, unread)) => {
                let nodes = newest.into_iter().map(Message).collect();
                let unread = i32::try_from(unread).unwrap_or(i32::MAX);
                HomeMessages { nodes: Some(nodes), unread: Some(unread), unavailable: None }
            }
            Err(unavailable) => {
                HomeMessages { nodes: None, unread: None, unavailable: Some(unavailable) }
            }
        })
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
            tiles: PlainList(group.tiles.into_iter().map(tile).collect()),
        };
        let tiles = PlainList(made.tiles.into_iter().map(tile).collect());
        Some(ElderHome { tiles, groups: made.groups.into_iter().map(group).collect() })
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

async fn newest_messages(
    ctx: &Context<'_>,
    ids: &[PersonId],
) -> Result<(Vec<DomainMessage>, u64), StoreError> {
    let store = &ctx.data_unchecked::<UseCases>().messages.messages;
    let newest = store.list_messages_of_person(ids, None, MESSAGES);
    let (page, unread) = tokio::try_join!(newest, store.count_unread(ids))?;
    Ok((page.messages, unread))
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

/// Appointments of the caller that are to come.
#[derive(SimpleObject)]
pub struct HomeBookings {
    /// The nearest first, held ones too; null where they could not be read.
    nodes: Option<Vec<Booking>>,
    /// Why not.
    unavailable: Option<Unavailable>,
}

/// Messages of the caller.
#[derive(SimpleObject)]
pub struct HomeMessages {
    /// The newest first; null where they could not be read.
    nodes: Option<Vec<Message>>,
    /// How many of all messages are not read; null with `nodes`.
    unread: Option<i32>,
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
    tiles: PlainList<ElderTile>,
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

impl PlainObject for ElderTile {
    fn plain(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        object(ctx, "ElderTile", |ctx, field| {
            Some(match field {
                "app" => below(ctx, &self.app)?,
                "textClass" => enum_value(self.text_class),
                "voiceLabel" => Value::from(self.voice_label.as_str()),
                _ => return None,
            })
        })
    }
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
    tiles: PlainList<ElderTile>,
}

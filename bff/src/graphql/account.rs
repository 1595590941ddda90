//! What somebody does with their account: devices, favourites, recent apps.

use super::catalogue::{self, App};
use super::error::{UserError, UserErrorCode as Code, chain, store_failed};
use super::identity::Channel;
use super::node_id::Kind;
use super::notice::bounded;
use super::scalars::DateTime;
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::catalogue::{AppSlug, Favourite, FavouriteError, OwnApps};
use domain::identity::{
    Acting, DataSharing, IssueTicket, LearnFacts, LinkChannel, Mandates, MergePersons, OwnSessions,
    Person, PersonStore, Prefills, Session as DomainSession, UnlinkChannel,
};
use domain::ids::SessionId;
use std::sync::Arc;

/// What somebody does with their account.
#[derive(Clone)]
pub struct AccountUseCases {
    /// Who leads to whom.
    pub persons: Arc<dyn PersonStore>,
    /// Devices.
    pub sessions: Arc<OwnSessions>,
    /// Favourites and recent apps.
    pub apps: Arc<OwnApps>,
    /// Another channel leads to the caller.
    pub link: Arc<LinkChannel>,
    /// A channel leads there no more.
    pub unlink: Arc<UnlinkChannel>,
    /// Two accounts become one.
    pub merge: Arc<MergePersons>,
    /// Who may act for whom.
    pub mandates: Arc<Mandates>,
    /// For whom a session acts.
    pub acting: Arc<Acting>,
    /// What departments were told.
    pub data: Arc<DataSharing>,
    /// What forms may be filled in with.
    pub prefills: Arc<Prefills>,
    /// Learns it.
    pub learn: Arc<LearnFacts>,
    /// Tickets for departments' own pages.
    pub issue_ticket: Arc<IssueTicket>,
}

fn use_cases<'a>(ctx: &Context<'a>) -> &'a AccountUseCases {
    &ctx.data_unchecked::<UseCases>().account
}

/// A channel that leads to the caller.
#[derive(SimpleObject)]
pub struct ChannelLink {
    /// Which.
    channel: Channel,
    /// Since when.
    linked_at: DateTime,
}

/// The links of this person.
pub async fn links(ctx: &Context<'_>, person: &Person) -> Result<Vec<ChannelLink>> {
    let links = use_cases(ctx).persons.list_links(&person.id).await;
    let links = links.map_err(|error| store_failed(&error))?.into_iter();
    let link = |link: domain::identity::ChannelLink| ChannelLink {
        channel: link.channel.into(),
        linked_at: link.linked_at.into(),
    };
    Ok(links.map(link).collect())
}

/// One sign-in on one device.
pub struct Session(DomainSession);

/// One sign-in on one device.
#[Object]
impl Session {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Session.id(self.0.id.as_str())
    }

    /// What the client called the device; null where it did not.
    async fn device_name(&self) -> Option<&str> {
        let (_, name) = self.0.device.as_deref()?.split_once(' ')?;
        Some(name).filter(|name| !name.is_empty())
    }

    /// Where it was opened.
    async fn channel(&self) -> Channel {
        self.0.channel.into()
    }

    /// When it was opened.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it got its tokens: a session in use gets new ones at least every two hours.
    async fn last_seen_at(&self) -> DateTime {
        self.0.last_seen_at.into()
    }

    /// Is it the one that asks?
    async fn current(&self, ctx: &Context<'_>) -> bool {
        requester(ctx).caller.as_ref().is_some_and(|caller| caller.session == self.0.id)
    }
}

/// The sessions of this person.
pub async fn sessions(ctx: &Context<'_>, person: &Person) -> Result<Vec<Session>> {
    let found = use_cases(ctx).sessions.list(person).await;
    Ok(found.map_err(|error| store_failed(&error))?.into_iter().map(Session).collect())
}

/// The session with this key, if it is the caller's and not over.
pub async fn own_session(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    let Some(caller) = requester(ctx).caller.as_ref() else { return Ok(None) };
    let own = sessions(ctx, &caller.person).await?;
    Ok(own.into_iter().find(|own| own.0.id.as_str() == key).map(super::Node::Session))
}

/// Which session.
#[derive(InputObject)]
pub struct RevokeSessionInput {
    /// Of `viewer.sessions`.
    session: ID,
}

/// Ended, or why not.
#[derive(SimpleObject)]
pub struct RevokeSessionPayload {
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `revokeSession`.
pub async fn revoke_session(
    ctx: &Context<'_>,
    input: RevokeSessionInput,
) -> Result<RevokeSessionPayload> {
    let caller = signed_in(ctx)?;
    let id = match Kind::read(&input.session) {
        Some((Kind::Session, key)) => SessionId::new(&key).ok(),
        Some(_) | None => None,
    };
    let own = match id {
        Some(id) => use_cases(ctx).sessions.revoke(caller, &id).await,
        None => Ok(false),
    };
    let own = own.map_err(|error| store_failed(&error))?;
    let none = || UserError::at(Code::NotFound, &["session"], "没有找到这个登录");
    Ok(RevokeSessionPayload { user_errors: (!own).then(none).into_iter().collect() })
}

/// The apps of these slugs that are in the catalogue.
pub(super) fn apps(ctx: &Context<'_>, slugs: Vec<AppSlug>) -> Vec<App> {
    slugs.iter().filter_map(|slug| catalogue::app(ctx, slug.as_str())).collect()
}

/// The favourites of this person.
pub async fn favourites(ctx: &Context<'_>, person: &Person) -> Result<Vec<App>> {
    let found = use_cases(ctx).apps.favourites(person).await;
    Ok(apps(ctx, found.map_err(|error| store_failed(&error))?))
}

/// The first of the apps that this person used last.
pub async fn recent_apps(ctx: &Context<'_>, person: &Person, first: i32) -> Result<Vec<App>> {
    let first = bounded(first)?;
    let found = use_cases(ctx).apps.recent(person).await;
    let mut found = found.map_err(|error| store_failed(&error))?;
    found.truncate(first);
    Ok(apps(ctx, found))
}

/// The caller has used an app. What was done is done: a store that fails here only forgets it.
pub async fn remember(ctx: &Context<'_>, app: &str) {
    let (Some(caller), Ok(app)) = (&requester(ctx).caller, AppSlug::new(app)) else { return };
    if let Err(error) = use_cases(ctx).apps.remember(caller, &app).await {
        tracing::warn!(error = %chain(&error), "a used app is not remembered");
    }
}

/// Which app, and whether.
#[derive(InputObject)]
pub struct SetFavouriteInput {
    /// The app's slug.
    app: String,
    /// Whether it is to be one.
    #[graphql(default = true)]
    favourite: bool,
}

/// The favourites as they are now, or why not.
#[derive(SimpleObject)]
pub struct SetFavouritePayload {
    /// In order of their adding.
    favourites: Option<Vec<App>>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `setFavourite`.
pub async fn set_favourite(
    ctx: &Context<'_>,
    input: SetFavouriteInput,
) -> Result<SetFavouritePayload> {
    let caller = signed_in(ctx)?;
    let to = if input.favourite { Favourite::On } else { Favourite::Off };
    let done = match AppSlug::new(&input.app) {
        Ok(app) => use_cases(ctx).apps.set(caller, &app, to).await,
        Err(_) => Err(FavouriteError::NotFound),
    };
    let refused = match done {
        Ok(()) => {
            let favourites = Some(favourites(ctx, &caller.person).await?);
            return Ok(SetFavouritePayload { favourites, user_errors: Vec::new() });
        }
        Err(FavouriteError::NotFound) => UserError::at(Code::NotFound, &["app"], "没有这个应用"),
        Err(FavouriteError::Full) => {
            UserError::at(Code::Conflict, &["app"], "最多收藏50个应用，请先取消一些")
        }
        Err(FavouriteError::Store(error)) => return Err(store_failed(&error)),
    };
    Ok(SetFavouritePayload { favourites: None, user_errors: vec![refused] })
}

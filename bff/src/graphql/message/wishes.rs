//! By which channels a citizen wants to be told, and what they allowed there.

use super::super::error::{UserError, UserErrorCode as Code, store_failed};
use super::super::{requester, signed_in};
use super::{DomainChannel, DomainGroup, MessageChannel, MessageGroup, MessageUseCases, use_cases};
use async_graphql::{Context, InputObject, Result, SimpleObject};
use domain::identity::Channel;
use domain::messaging::PushDevice;
use std::collections::BTreeMap;

/// Templates that one tap may allow.
const TEMPLATES_AT_ONCE: usize = 5;

/// By which channels one group of messages is told outside the app.
#[derive(SimpleObject)]
pub struct MessagePreference {
    /// Which messages.
    group: MessageGroup,
    /// The cheapest that leads to the citizen is used; empty: they stand in the app only.
    channels: Vec<MessageChannel>,
}

/// The caller's wishes, one for each group.
pub async fn own_preferences(ctx: &Context<'_>) -> Result<Vec<MessagePreference>> {
    let owners = signed_in(ctx)?.person.ids();
    let wishes = use_cases(ctx).reach.wishes(&owners).await;
    let wishes = wishes.map_err(|error| store_failed(&error))?;
    let of = |group: DomainGroup| MessagePreference {
        group: group.into(),
        channels: wishes.of(group).iter().map(|channel| (*channel).into()).collect(),
    };
    Ok(DomainGroup::ALL.into_iter().map(of).collect())
}

/// A template that a mini-program asks the citizen to allow messages of.
#[derive(SimpleObject)]
pub struct MessageTemplate {
    /// For `wx.requestSubscribeMessage` or `my.requestSubscribeMessage`.
    template_id: String,
    /// What its messages are about.
    groups: Vec<MessageGroup>,
    /// How many messages are allowed and not sent yet.
    allowed: i32,
}

fn platform(ctx: &Context<'_>) -> Option<DomainChannel> {
    match requester(ctx).channel {
        Channel::WeChat => Some(DomainChannel::WeChat),
        Channel::Alipay => Some(DomainChannel::Alipay),
        Channel::App => None,
    }
}

/// The ids of the templates of the session's platform, with the groups that they serve.
fn templates_of(
    cases: &MessageUseCases,
    channel: DomainChannel,
) -> BTreeMap<String, Vec<DomainGroup>> {
    let mut found: BTreeMap<String, Vec<DomainGroup>> = BTreeMap::new();
    for template in cases.templates.all() {
        if let Some(id) = template.template_id(channel, &cases.template_ids) {
            let groups = found.entry(id.to_owned()).or_default();
            let group = template.kind.group();
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
    }
    found
}

/// The templates of the platform on which the caller is; none in the native app.
pub async fn own_templates(ctx: &Context<'_>) -> Result<Vec<MessageTemplate>> {
    let owners = signed_in(ctx)?.person.ids();
    let Some(channel) = platform(ctx) else { return Ok(Vec::new()) };
    let cases = use_cases(ctx);
    let grants = cases.reach.grants(&owners).await.map_err(|error| store_failed(&error))?;
    let found = templates_of(cases, channel).into_iter().map(|(template_id, groups)| {
        let left = grants
            .iter()
            .filter(|grant| grant.channel == channel && grant.template_id == template_id);
        let allowed: u32 = left.map(|grant| grant.left).sum();
        MessageTemplate {
            groups: groups.into_iter().map(MessageGroup::from).collect(),
            allowed: i32::try_from(allowed).unwrap_or(i32::MAX),
            template_id,
        }
    });
    Ok(found.collect())
}

/// Channels for one group of messages.
#[derive(InputObject)]
pub struct SetMessagePreferencesInput {
    /// Which messages.
    group: MessageGroup,
    /// Empty: they stand in the app only.
    channels: Vec<MessageChannel>,
}

/// The wishes as they are now.
#[derive(SimpleObject)]
pub struct SetMessagePreferencesPayload {
    /// One for each group.
    preferences: Option<Vec<MessagePreference>>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `setMessagePreferences`.
pub async fn set_preferences(
    ctx: &Context<'_>,
    input: SetMessagePreferencesInput,
) -> Result<SetMessagePreferencesPayload> {
    let person = &signed_in(ctx)?.person;
    let cases = use_cases(ctx);
    let wished: Vec<DomainChannel> = input.channels.iter().map(|one| (*one).into()).collect();
    let channels: Vec<DomainChannel> =
        DomainChannel::BY_COST.into_iter().filter(|channel| wished.contains(channel)).collect();
    let (group, at) = (input.group.into(), cases.clock.now());
    let kept = cases.reach.set_wish(&person.id, group, &channels, at).await;
    kept.map_err(|error| store_failed(&error))?;
    let preferences = Some(own_preferences(ctx).await?);
    Ok(SetMessagePreferencesPayload { preferences, user_errors: Vec::new() })
}

/// What the citizen tapped "allow" for, in the mini-program.
#[derive(InputObject)]
pub struct ReportMessageGrantsInput {
    /// Of `viewer.messageTemplates`; those that the platform's window reports as accepted.
    template_ids: Vec<String>,
}

/// The templates as they are now, or why nothing was noted.
#[derive(SimpleObject)]
pub struct ReportMessageGrantsPayload {
    /// Of the session's platform.
    templates: Option<Vec<MessageTemplate>>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `reportMessageGrants`: each tap allows one message.
pub async fn report_grants(
    ctx: &Context<'_>,
    input: ReportMessageGrantsInput,
) -> Result<ReportMessageGrantsPayload> {
    let person = &signed_in(ctx)?.person;
    let cases = use_cases(ctx);
    let known = platform(ctx).map(|channel| (channel, templates_of(cases, channel)));
    let mut wanted = input.template_ids;
    wanted.sort();
    wanted.dedup();
    let refused = |what: &str| UserError::at(Code::Invalid, &["templateIds"], what);
    let user_errors = match known {
        None => vec![refused("只有小程序可以订阅消息")],
        Some(_) if !(1..=TEMPLATES_AT_ONCE).contains(&wanted.len()) => {
            vec![refused("一次最多订阅5个消息模板")]
        }
        Some((_, known)) if wanted.iter().any(|id| !known.contains_key(id)) => {
            vec![refused("没有这个消息模板")]
        }
        Some((channel, _)) => {
            let kept = cases.reach.add_grants(&person.id, channel, &wanted).await;
            kept.map_err(|error| store_failed(&error))?;
            Vec::new()
        }
    };
    let templates = Some(own_templates(ctx).await?);
    Ok(ReportMessageGrantsPayload { templates, user_errors })
}

/// The token of this device at its push service.
#[derive(InputObject)]
pub struct RegisterPushDeviceInput {
    /// 1 to 200 printable characters.
    token: String,
}

/// Noted, or why not.
#[derive(SimpleObject)]
pub struct RegisterPushDevicePayload {
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `registerPushDevice`: good as long as this session lives.
pub async fn register_push(
    ctx: &Context<'_>,
    input: RegisterPushDeviceInput,
) -> Result<RegisterPushDevicePayload> {
    let caller = signed_in(ctx)?;
    let cases = use_cases(ctx);
    let refused = |what: &str| RegisterPushDevicePayload {
        user_errors: vec![UserError::at(Code::Invalid, &["token"], what)],
    };
    if caller.channel != Channel::App {
        return Ok(refused("只有手机应用可以接收推送"));
    }
    if PushDevice::check_token(&input.token).is_err() {
        return Ok(refused("推送令牌不正确"));
    }
    let device = PushDevice {
        session: caller.session.clone(),
        person: caller.person.id.clone(),
        token: input.token,
        at: cases.clock.now(),
    };
    let kept = cases.reach.set_push_device(&device).await;
    kept.map_err(|error| store_failed(&error))?;
    Ok(RegisterPushDevicePayload { user_errors: Vec::new() })
}

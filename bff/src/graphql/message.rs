//! What the citizen was told: the inbox, and by which channels it is told outside.

use super::error::{FailureCode, UserError, UserErrorCode as Code, store_failed};
use super::node_id::Kind;
use super::notice::{PageInfo, bounded};
use super::scalars::DateTime;
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::clock::Clock;
use domain::identity::Channel;
use domain::messaging::{
    EventKey, Message as DomainMessage, MessageChannel as DomainChannel,
    MessageGroup as DomainGroup, MessageState, MessageStore, MessageTemplates, PushDevice,
    ReachStore, TemplateIds,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Ids that one call may mark, and templates that one tap may allow.
const AT_ONCE: usize = 100;
const TEMPLATES_AT_ONCE: usize = 5;

/// What somebody does with their messages.
#[derive(Clone)]
pub struct MessageUseCases {
    /// Messages.
    pub messages: Arc<dyn MessageStore>,
    /// What citizens allowed and wish.
    pub reach: Arc<dyn ReachStore>,
    /// The words.
    pub templates: Arc<MessageTemplates>,
    /// The platforms' ids of their templates.
    pub template_ids: TemplateIds,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

fn use_cases<'a>(ctx: &Context<'a>) -> &'a MessageUseCases {
    &ctx.data_unchecked::<UseCases>().messages
}

/// A way to tell a citizen something outside the app, the cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::messaging::MessageChannel")]
pub enum MessageChannel {
    /// A subscription message of the WeChat mini-program.
    #[graphql(name = "WECHAT")]
    WeChat,
    /// A template message of the Alipay mini-program.
    Alipay,
    /// A notification of the native app.
    Push,
    /// A text message.
    Sms,
}

/// What a citizen chooses channels for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::messaging::MessageGroup")]
pub enum MessageGroup {
    /// Payments, refunds and receipts.
    Money,
    /// Cases and what is sent by post.
    Cases,
    /// Bookings.
    Bookings,
    /// Certificates.
    Certificates,
}

/// How far telling a message outside the app has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MessageDelivery {
    /// It will be sent: soon, or when the night is over.
    Waiting,
    /// A platform has taken it.
    Sent,
    /// It arrived.
    Delivered,
    /// It may have been sent, and is not sent again.
    OutcomeUnknown,
    /// It stands here, and nowhere else.
    InboxOnly,
}

/// Something that the citizen was told.
pub struct Message(pub DomainMessage);

/// Something that the citizen was told.
#[Object]
impl Message {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Message.id(self.0.event.key.as_str())
    }

    /// What its channels are chosen with.
    async fn group(&self) -> MessageGroup {
        self.0.event.kind.group().into()
    }

    /// A few words.
    async fn title(&self) -> &str {
        &self.0.words.title
    }

    /// All of it.
    async fn body(&self) -> &str {
        &self.0.words.body
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        self.0.event.at.into()
    }

    /// Was it read?
    async fn read(&self) -> bool {
        self.0.read_at.is_some()
    }

    /// The node that it is about, for `node(id)`: a payment, a case; null where there is none.
    async fn about(&self) -> Option<ID> {
        let (prefix, key) = self.0.about.as_deref()?.split_once(':')?;
        Kind::of_prefix(prefix).map(|kind| kind.id(key))
    }

    /// The channel outside that has it, or may have it; null where none has.
    async fn sent_by(&self) -> Option<MessageChannel> {
        let channel = match self.0.state() {
            MessageState::Sent(channel)
            | MessageState::Delivered(channel)
            | MessageState::Unknown(channel) => Some(channel),
            MessageState::Waiting | MessageState::Sending(_) | MessageState::InboxOnly => None,
        };
        channel.map(MessageChannel::from)
    }

    /// How far telling it outside has come.
    async fn delivery(&self) -> MessageDelivery {
        match self.0.state() {
            MessageState::Waiting | MessageState::Sending(_) => MessageDelivery::Waiting,
            MessageState::Sent(_) => MessageDelivery::Sent,
            MessageState::Delivered(_) => MessageDelivery::Delivered,
            MessageState::Unknown(_) => MessageDelivery::OutcomeUnknown,
            MessageState::InboxOnly => MessageDelivery::InboxOnly,
        }
    }
}

/// Messages, newest first, and whether there are more.
#[derive(SimpleObject)]
pub struct MessageConnection {
    /// Newest first.
    nodes: Vec<Message>,
    /// Whether there are more.
    page_info: PageInfo,
}

/// The caller's messages.
pub async fn own_messages(
    ctx: &Context<'_>,
    first: i32,
    after: Option<String>,
) -> Result<MessageConnection> {
    let owners = signed_in(ctx)?.person.ids();
    let first = u16::try_from(bounded(first)?).unwrap_or(100);
    let store = &use_cases(ctx).messages;
    let before = match after {
        None => None,
        Some(cursor) => {
            // Else an unknown cursor would end the list silently.
            let key = EventKey::new(&cursor).map_err(|_invalid| FailureCode::BadInput.error())?;
            let known = store.find_message(&key).await.map_err(|error| store_failed(&error))?;
            let own = known.filter(|message| owners.contains(&message.event.person));
            Some(own.ok_or_else(|| FailureCode::BadInput.error())?.event.key)
        }
    };
    let page = store.list_messages_of_person(&owners, before.as_ref(), first).await;
    let page = page.map_err(|error| store_failed(&error))?;
    let end_cursor = page.messages.last().map(|message| message.event.key.as_str().to_owned());
    let page_info = PageInfo { has_next_page: page.more, end_cursor };
    Ok(MessageConnection { nodes: page.messages.into_iter().map(Message).collect(), page_info })
}

/// How many of the caller's messages were not read.
pub async fn own_unread(ctx: &Context<'_>) -> Result<i32> {
    let owners = signed_in(ctx)?.person.ids();
    let unread = use_cases(ctx).messages.count_unread(&owners).await;
    let unread = unread.map_err(|error| store_failed(&error))?;
    Ok(i32::try_from(unread).unwrap_or(i32::MAX))
}

/// The message with this key, if it is the caller's.
pub async fn own_message(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    let Ok(key) = EventKey::new(key) else { return Ok(None) };
    let Some(caller) = requester(ctx).caller.as_ref() else { return Ok(None) };
    let found = use_cases(ctx).messages.find_message(&key).await;
    let found = found.map_err(|error| store_failed(&error))?;
    let own = found.filter(|message| caller.person.owns(&message.event.person));
    Ok(own.map(|message| super::Node::Message(Message(message))))
}

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
        let left = grants.iter().filter(|grant| {
            grant.channel == channel && grant.template_id == template_id
        });
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
    preferences: Vec<MessagePreference>,
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
    let preferences = own_preferences(ctx).await?;
    Ok(SetMessagePreferencesPayload { preferences, user_errors: Vec::new() })
}

/// Which messages were read.
#[derive(InputObject)]
pub struct MarkMessagesReadInput {
    /// Of `viewer.messages`; 1 to 100.
    messages: Vec<ID>,
}

/// What is left to read, or why nothing was marked.
#[derive(SimpleObject)]
pub struct MarkMessagesReadPayload {
    /// How many of the caller's messages are not read.
    unread: i32,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `markMessagesRead`: all of them, or none.
pub async fn mark_read(
    ctx: &Context<'_>,
    input: MarkMessagesReadInput,
) -> Result<MarkMessagesReadPayload> {
    let owners = signed_in(ctx)?.person.ids();
    let cases = use_cases(ctx);
    let mut user_errors = Vec::new();
    if !(1..=AT_ONCE).contains(&input.messages.len()) {
        user_errors.push(UserError::at(Code::Invalid, &["messages"], "请选择1至100条消息"));
    }
    let mut keys = Vec::new();
    for (index, id) in input.messages.iter().enumerate().take(AT_ONCE) {
        let key = match Kind::read(id) {
            Some((Kind::Message, key)) => EventKey::new(&key).ok(),
            Some(_) | None => None,
        };
        let found = match &key {
            Some(key) => cases.messages.find_message(key).await,
            None => Ok(None),
        };
        let found = found.map_err(|error| store_failed(&error))?;
        match found.filter(|message| owners.contains(&message.event.person)) {
            Some(message) => keys.push(message.event.key),
            None => {
                let place = index.to_string();
                let field = ["messages", place.as_str()];
                user_errors.push(UserError::at(Code::NotFound, &field, "没有这条消息"));
            }
        }
    }
    if user_errors.is_empty() {
        let marked = cases.messages.mark_read(&owners, &keys, cases.clock.now()).await;
        marked.map_err(|error| store_failed(&error))?;
    }
    Ok(MarkMessagesReadPayload { unread: own_unread(ctx).await?, user_errors })
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
    templates: Vec<MessageTemplate>,
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
    Ok(ReportMessageGrantsPayload { templates: own_templates(ctx).await?, user_errors })
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

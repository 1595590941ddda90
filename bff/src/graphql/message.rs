//! What the citizen was told: the inbox, and by which channels it is told outside.

mod wishes;

pub use wishes::{
    MessagePreference, MessageTemplate, RegisterPushDeviceInput, RegisterPushDevicePayload,
    ReportMessageGrantsInput, ReportMessageGrantsPayload, SetMessagePreferencesInput,
    SetMessagePreferencesPayload, own_preferences, own_templates, register_push, report_grants,
    set_preferences,
};

use super::error::{FailureCode, UserError, UserErrorCode as Code, store_failed};
use super::node_id::Kind;
use super::notice::{PageInfo, bounded};
use super::scalars::DateTime;
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::clock::Clock;
use domain::messaging::{
    EventKey, Message as DomainMessage, MessageChannel as DomainChannel,
    MessageGroup as DomainGroup, MessageState, MessageStore, MessageTemplates, ReachStore,
    TemplateIds,
};
use std::sync::Arc;

/// Ids that one call may mark.
const AT_ONCE: usize = 100;

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
    unread: Option<i32>,
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
    Ok(MarkMessagesReadPayload { unread: Some(own_unread(ctx).await?), user_errors })
}

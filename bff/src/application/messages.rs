//! The carriers of messages, each behind its own guard, and what works with them.

use super::rails::Platforms;
use super::{StartupError, part};
use crate::graphql::message::MessageUseCases;
use crate::settings::ChannelSettings;
use adapters::departments::{HttpDepartments, PushMessages, TextMessages};
use adapters::guarded::GuardedSender;
use adapters::store::Store;
use adapters::wechat::{MessagePushConfig, WeChatMessagePush};
use domain::clock::Clock;
use domain::messaging::{
    DeliveryCallbacks, HearDelivery, MessageChannel, MessageSender, SendMessages, TemplateIds,
};
use std::sync::Arc;

/// All of it.
pub(super) struct Messages {
    /// The worker.
    pub send: Arc<SendMessages>,
    /// What citizens do with them.
    pub use_cases: MessageUseCases,
    /// Reads what platforms tell by themselves.
    pub callbacks: Vec<Arc<dyn DeliveryCallbacks>>,
    /// Notes it.
    pub hear: Arc<HearDelivery>,
}

fn template_ids(channels: &ChannelSettings) -> TemplateIds {
    let we_chat = channels.we_chat.message_templates.iter();
    let we_chat = we_chat.map(|(name, id)| ((MessageChannel::WeChat, name.clone()), id.clone()));
    let alipay = channels.alipay.iter().flat_map(|alipay| &alipay.message_templates);
    let alipay = alipay.map(|(name, id)| ((MessageChannel::Alipay, name.clone()), id.clone()));
    we_chat.chain(alipay).collect()
}

fn callbacks(channels: &ChannelSettings) -> Result<Vec<Arc<dyn DeliveryCallbacks>>, StartupError> {
    let Some(push) = &channels.we_chat.message_push else { return Ok(Vec::new()) };
    let config = MessagePushConfig {
        app_id: channels.we_chat.app_id.clone(),
        token: push.token.expose().to_owned(),
        encoding_aes_key: push.encoding_aes_key.expose().to_owned(),
    };
    let push = WeChatMessagePush::new(&config).map_err(part("WeChat's message push"))?;
    Ok(vec![Arc::new(push)])
}

/// Checks files and settings; calls nobody.
pub(super) fn connect(
    channels: &ChannelSettings,
    platforms: &Platforms,
    departments: &Arc<HttpDepartments>,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
) -> Result<Messages, StartupError> {
    let templates = adapters::definitions::load_message_templates()
        .map_err(|faults| StartupError::Definitions(faults.into()))?;
    let (templates, template_ids) = (Arc::new(templates), template_ids(channels));
    let texts = Arc::new(TextMessages(departments.clone()));
    let pushes = Arc::new(PushMessages(departments.clone()));
    let mut senders: Vec<Arc<dyn MessageSender>> = platforms.messengers.clone();
    senders.extend([texts.clone() as Arc<dyn MessageSender>, pushes.clone()]);
    let guarded = senders.into_iter().map(|sender| {
        Arc::new(GuardedSender::new(sender, clock.clone())) as Arc<dyn MessageSender>
    });
    Ok(Messages {
        send: Arc::new(SendMessages {
            messages: store.clone(),
            reach: store.clone(),
            persons: store.clone(),
            templates: templates.clone(),
            template_ids: template_ids.clone(),
            senders: guarded.collect(),
            reports: vec![texts, pushes],
            clock: clock.clone(),
        }),
        use_cases: MessageUseCases {
            messages: store.clone(),
            reach: store.clone(),
            templates,
            template_ids,
            clock: clock.clone(),
        },
        callbacks: callbacks(channels)?,
        hear: Arc::new(HearDelivery { messages: store.clone(), clock: clock.clone() }),
    })
}

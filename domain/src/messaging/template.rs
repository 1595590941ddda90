//! Templates: per kind of event the words in the app, and what each platform is told. They are
//! files; every fault of a file is told at once, found by filling it with its own samples.

mod check;

pub use check::{RawMini, RawTemplate, TemplateFault};

use super::letter::{
    ALIPAY_DATA_MAX, ALIPAY_VALUE_MAX, PAGE_MAX, PUSH_BODY_MAX, PUSH_TITLE_MAX, SMS_MAX, line,
};
use super::words::fact;
use super::{
    EventKind, Letter, LetterContent, LetterFault, MessageChannel, MessageEvent, MiniLetter, Reach,
    WeChatField, Words,
};
use std::collections::BTreeMap;

/// What one kind of event says, on every channel that it is told on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTemplate {
    /// Of which kind.
    pub kind: EventKind,
    /// Counted up with every change; kept with each message.
    pub version: u32,
    /// Is also told at night.
    pub urgent: bool,
    about: Option<Words>,
    title: Words,
    body: Words,
    we_chat: Option<Mini>,
    alipay: Option<Mini>,
    push: bool,
    sms: Option<Words>,
}

/// A template of a mini-program.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mini {
    /// Our name of the platform's template; the settings say its id there.
    name: String,
    page: Words,
    fields: Vec<(String, Words)>,
    /// The fact that, where it is known, allows the message instead of a grant.
    trade: Option<String>,
}

/// Ids of the platforms' templates, by channel and our name.
pub type TemplateIds = BTreeMap<(MessageChannel, String), String>;

/// What stands in the app.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageWords {
    /// A few words.
    pub title: String,
    /// All of it.
    pub body: String,
}

impl std::fmt::Debug for MessageWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageWords(…)")
    }
}

impl MessageTemplate {
    /// The words in the app; what is not known is a dash.
    pub fn words(&self, facts: &[(String, String)]) -> MessageWords {
        MessageWords {
            title: self.title.filled_as_far_as_known(facts),
            body: self.body.filled_as_far_as_known(facts),
        }
    }

    /// What the message is about: the kind of thing and its number, `pay:YW…`.
    pub fn about(&self, facts: &[(String, String)]) -> Option<String> {
        self.about.as_ref()?.filled(facts).ok()
    }

    /// The ids of the templates that this kind uses, of those that are set up.
    pub fn template_id<'a>(
        &self,
        channel: MessageChannel,
        ids: &'a TemplateIds,
    ) -> Option<&'a str> {
        let mini = match channel {
            MessageChannel::WeChat => self.we_chat.as_ref(),
            MessageChannel::Alipay => self.alipay.as_ref(),
            MessageChannel::Push | MessageChannel::Sms => None,
        };
        ids.get(&(channel, mini?.name.clone())).map(String::as_str)
    }

    /// The message for one channel; `None` where the channel does not lead to the citizen, or
    /// this kind is not told there.
    ///
    /// # Errors
    /// [`LetterFault`] where the platform would refuse it.
    pub fn letter(
        &self,
        channel: MessageChannel,
        event: &MessageEvent,
        reach: &Reach,
        ids: &TemplateIds,
    ) -> Result<Option<Letter>, LetterFault> {
        let facts = event.facts.as_slice();
        let content = match channel {
            MessageChannel::WeChat => {
                self.mini(channel, facts, reach, ids)?.map(LetterContent::WeChat)
            }
            MessageChannel::Alipay => {
                self.mini(channel, facts, reach, ids)?.map(LetterContent::Alipay)
            }
            MessageChannel::Push => self.notification(facts, reach)?,
            MessageChannel::Sms => self.text(facts, reach)?,
        };
        Ok(content.map(|content| Letter { key: event.key.clone(), content }))
    }

    fn mini(
        &self,
        channel: MessageChannel,
        facts: &[(String, String)],
        reach: &Reach,
        ids: &TemplateIds,
    ) -> Result<Option<MiniLetter>, LetterFault> {
        let we_chat = channel == MessageChannel::WeChat;
        let (mini, open_id) =
            if we_chat { (&self.we_chat, &reach.we_chat) } else { (&self.alipay, &reach.alipay) };
        let (Some(mini), Some(open_id)) = (mini, open_id) else { return Ok(None) };
        let Some(template_id) = ids.get(&(channel, mini.name.clone())) else { return Ok(None) };
        let trade_no = mini.trade.as_ref().and_then(|name| fact(facts, name));
        if trade_no.is_none() && reach.grant(channel, template_id).is_none() {
            return Ok(None);
        }
        Ok(Some(MiniLetter {
            open_id: open_id.clone(),
            template_id: template_id.clone(),
            page: line("page", &mini.page.filled(facts)?, PAGE_MAX, false)?,
            fields: if we_chat { mini.we_chat_fields(facts)? } else { mini.alipay_fields(facts)? },
            trade_no: trade_no.map(str::to_owned),
        }))
    }

    fn notification(
        &self,
        facts: &[(String, String)],
        reach: &Reach,
    ) -> Result<Option<LetterContent>, LetterFault> {
        if !self.push || reach.push_tokens.is_empty() {
            return Ok(None);
        }
        let title = line("title", &self.title.filled(facts)?, PUSH_TITLE_MAX, true)?;
        let body = line("body", &self.body.filled(facts)?, PUSH_BODY_MAX, true)?;
        Ok(Some(LetterContent::Push { tokens: reach.push_tokens.clone(), title, body }))
    }

    fn text(
        &self,
        facts: &[(String, String)],
        reach: &Reach,
    ) -> Result<Option<LetterContent>, LetterFault> {
        let (Some(words), Some(phone)) = (&self.sms, &reach.phone) else { return Ok(None) };
        let text = line("text", &words.filled(facts)?, SMS_MAX, false)?;
        Ok(Some(LetterContent::Sms { phone: phone.clone(), text }))
    }
}

impl Mini {
    fn we_chat_fields(
        &self,
        facts: &[(String, String)],
    ) -> Result<Vec<(String, String)>, LetterFault> {
        let fitted = self.fields.iter().map(|(name, words)| {
            let kind = WeChatField::of(name).ok_or(LetterFault::Text { what: "field" })?;
            Ok((name.clone(), kind.fit(name, &words.filled(facts)?)?))
        });
        fitted.collect()
    }

    fn alipay_fields(
        &self,
        facts: &[(String, String)],
    ) -> Result<Vec<(String, String)>, LetterFault> {
        let fitted = self.fields.iter().map(|(name, words)| {
            Ok((name.clone(), line("value", &words.filled(facts)?, ALIPAY_VALUE_MAX, true)?))
        });
        let fitted: Vec<(String, String)> = fitted.collect::<Result<_, LetterFault>>()?;
        // {"keyword1":{"value":"…"},…}: eleven bytes and the quotes around each.
        let size: usize = fitted.iter().map(|(name, value)| name.len() + value.len() + 17).sum();
        if size > ALIPAY_DATA_MAX { Err(LetterFault::Text { what: "data" }) } else { Ok(fitted) }
    }
}

/// The templates of every kind that has one.
#[derive(Debug, Clone, Default)]
pub struct MessageTemplates(BTreeMap<EventKind, MessageTemplate>);

impl MessageTemplates {
    /// One per kind; of two, the one of the higher version.
    pub fn new(all: impl IntoIterator<Item = MessageTemplate>) -> Self {
        let mut templates: BTreeMap<EventKind, MessageTemplate> = BTreeMap::new();
        for template in all {
            match templates.get(&template.kind) {
                Some(known) if known.version >= template.version => {}
                Some(_) | None => {
                    templates.insert(template.kind, template);
                }
            }
        }
        Self(templates)
    }

    /// The template of a kind.
    pub fn of(&self, kind: EventKind) -> Option<&MessageTemplate> {
        self.0.get(&kind)
    }

    /// The kinds that have one: events of others wait for a release that knows their words.
    pub fn kinds(&self) -> Vec<EventKind> {
        self.0.keys().copied().collect()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &MessageTemplate> {
        self.0.values()
    }
}

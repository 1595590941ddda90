//! A template's file becomes a template, or a list of all its faults.

use super::{MessageTemplate, Mini};
use crate::identity::OpenId;
use crate::ids::PersonId;
use crate::messaging::words::is_fact_name;
use crate::messaging::{
    EventKey, EventKind, Grant, MessageChannel, MessageEvent, Reach, WeChatField, Words,
};
use crate::standards::Mobile;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A file as it was read.
#[derive(Debug, Clone, Default)]
pub struct RawTemplate {
    /// [`EventKind::as_str`].
    pub kind: String,
    /// From 1.
    pub version: i64,
    /// Is also told at night.
    pub urgent: bool,
    /// `pay:{payment_no}`.
    pub about: Option<String>,
    /// A few words.
    pub title: String,
    /// All of it.
    pub body: String,
    /// A value of every fact that the words name, as long as they come.
    pub samples: Vec<(String, String)>,
    /// WeChat's template.
    pub we_chat: Option<RawMini>,
    /// Alipay's template.
    pub alipay: Option<RawMini>,
    /// Is told to the native app, in the same words.
    pub push: bool,
    /// Is told by text message, in these words.
    pub sms: Option<String>,
}

/// A mini-program's template as it was read.
#[derive(Debug, Clone, Default)]
pub struct RawMini {
    /// Our name of the platform's template.
    pub template: String,
    /// What a tap opens.
    pub page: String,
    /// Names and words of its fields.
    pub fields: Vec<(String, String)>,
    /// The fact that allows the message instead of a grant.
    pub trade: Option<String>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}")]
pub struct TemplateFault {
    /// The header of the part of the file; empty above all of them.
    pub section: &'static str,
    /// The key in that part.
    pub key: String,
    /// What is wrong.
    pub what: String,
}

/// Faults, while a file is looked through.
struct Faults(Vec<TemplateFault>);

impl Faults {
    fn add(&mut self, section: &'static str, key: &str, what: impl ToString) {
        self.0.push(TemplateFault { section, key: key.to_owned(), what: what.to_string() });
    }

    fn words(
        &mut self,
        section: &'static str,
        key: &str,
        text: &str,
        samples: &[(String, String)],
    ) -> Option<Words> {
        if text.trim().is_empty() {
            self.add(section, key, "it is empty");
            return None;
        }
        let words = match Words::new(text) {
            Ok(words) => words,
            Err(error) => {
                self.add(section, key, error);
                return None;
            }
        };
        let unknown = |name: &&str| !samples.iter().any(|(known, _)| known == name);
        for name in words.facts().into_iter().filter(unknown) {
            self.add(section, key, format!("the fact `{name}` has no sample"));
        }
        Some(words)
    }
}

impl MessageTemplate {
    /// # Errors
    /// Every fault of the file.
    pub fn check(raw: &RawTemplate) -> Result<Self, Vec<TemplateFault>> {
        let mut faults = Faults(Vec::new());
        let kind = EventKind::parse(&raw.kind);
        if kind.is_none() {
            faults.add("", "kind", format!("`{}` is no kind of event", raw.kind));
        }
        let version = u32::try_from(raw.version).ok().filter(|version| *version > 0);
        if version.is_none() {
            faults.add("", "version", "versions are counted from 1");
        }
        for (name, value) in &raw.samples {
            if !is_fact_name(name) || value.trim().is_empty() {
                faults.add("[samples]", name, "a fact has a name in small letters and a sample");
            }
        }
        let title = faults.words("", "title", &raw.title, &raw.samples);
        let body = faults.words("", "body", &raw.body, &raw.samples);
        let about =
            raw.about.as_ref().and_then(|text| faults.words("", "about", text, &raw.samples));
        let we_chat = raw.we_chat.as_ref().and_then(|mini| {
            mini_of(&mut faults, ["[we_chat]", "[we_chat.fields]"], mini, raw, true)
        });
        let alipay = raw.alipay.as_ref().and_then(|mini| {
            mini_of(&mut faults, ["[alipay]", "[alipay.fields]"], mini, raw, false)
        });
        let sms = raw.sms.as_ref();
        let sms = sms.and_then(|text| faults.words("[sms]", "text", text, &raw.samples));
        if let (Some(kind), Some(version), Some(title), Some(body)) = (kind, version, title, body) {
            let (urgent, push) = (raw.urgent, raw.push);
            let template =
                Self { kind, version, urgent, about, title, body, we_chat, alipay, push, sms };
            if faults.0.is_empty() {
                template.try_samples(&raw.samples, &mut faults);
            }
            if faults.0.is_empty() {
                return Ok(template);
            }
        }
        Err(faults.0)
    }

    /// Fills every channel's message with the samples, as if a citizen were reached everywhere.
    fn try_samples(&self, samples: &[(String, String)], faults: &mut Faults) {
        let Some((event, reach)) = sample_event(self.kind, samples) else {
            faults.add("", "kind", "no event of this kind can be made");
            return;
        };
        let names =
            [(MessageChannel::WeChat, &self.we_chat), (MessageChannel::Alipay, &self.alipay)];
        let named = names.into_iter().filter_map(|(channel, mini)| {
            mini.as_ref().map(|mini| ((channel, mini.name.clone()), SAMPLE_TEMPLATE.to_owned()))
        });
        let ids: BTreeMap<_, _> = named.collect();
        for (channel, section) in [
            (MessageChannel::WeChat, "[we_chat]"),
            (MessageChannel::Alipay, "[alipay]"),
            (MessageChannel::Push, ""),
            (MessageChannel::Sms, "[sms]"),
        ] {
            if let Err(fault) = self.letter(channel, &event, &reach, &ids) {
                faults.add(section, "template", format!("with its samples: {fault}"));
            }
        }
    }
}

const SAMPLE_TEMPLATE: &str = "sample";

fn sample_event(kind: EventKind, samples: &[(String, String)]) -> Option<(MessageEvent, Reach)> {
    let person = PersonId::new("sample").ok()?;
    let grant = |channel| Grant {
        person: person.clone(),
        channel,
        template_id: SAMPLE_TEMPLATE.to_owned(),
        left: 1,
    };
    let reach = Reach {
        we_chat: Some(OpenId::new("sample").ok()?),
        alipay: Some(OpenId::new("sample").ok()?),
        push_tokens: vec!["sample".to_owned()],
        phone: Some(Mobile::new("13800138000").ok()?),
        grants: vec![grant(MessageChannel::WeChat), grant(MessageChannel::Alipay)],
    };
    let event = MessageEvent {
        key: EventKey::new("sample").ok()?,
        person,
        kind,
        facts: samples.to_vec(),
        at: Timestamp::UNIX_EPOCH,
    };
    Some((event, reach))
}

fn mini_of(
    faults: &mut Faults,
    [section, of_fields]: [&'static str; 2],
    raw: &RawMini,
    whole: &RawTemplate,
    we_chat: bool,
) -> Option<Mini> {
    let samples = &whole.samples;
    if !is_fact_name(&raw.template) {
        faults.add(section, "template", "a name in small letters, which the settings know");
    }
    if raw.fields.is_empty() {
        faults.add(section, "fields", "there is none");
    }
    if let Some(trade) = &raw.trade
        && !samples.iter().any(|(name, _)| name == trade)
    {
        faults.add(section, "trade", format!("the fact `{trade}` has no sample"));
    }
    let page = faults.words(section, "page", &raw.page, samples);
    let mut fields = Vec::new();
    for (name, text) in &raw.fields {
        let digits = name.strip_prefix("keyword").unwrap_or_default();
        let numbered = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if we_chat && WeChatField::of(name).is_none() {
            faults.add(of_fields, name, "WeChat has no kind of field of this name");
        }
        if !we_chat && !numbered {
            faults.add(of_fields, name, "Alipay's fields are keyword1, keyword2 and so on");
        }
        let words = faults.words(of_fields, name, text, samples);
        fields.extend(words.map(|words| (name.clone(), words)));
    }
    let (name, trade) = (raw.template.clone(), raw.trade.clone());
    Some(Mini { name, page: page?, fields, trade })
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;

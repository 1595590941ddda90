//! Messages that the platforms took from us for citizens, and what citizens allowed there.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::BillFault;
use crate::crypto;

/// As many messages are kept for testers; older ones go.
const KEPT: usize = 1000;

/// Who carries a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Carrier {
    Wechat,
    Alipay,
    Sms,
    Push,
}

/// What becomes of a message that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    pub(crate) carrier: Carrier,
    pub(crate) reason: String,
}

/// One message that was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    pub(crate) carrier: Carrier,
    /// The platform's own number, or the caller's reference.
    pub(crate) number: String,
    /// Open id, phone, or tokens.
    pub(crate) to: String,
    pub(crate) template_id: Option<String>,
    pub(crate) page: Option<String>,
    /// Fields of a template, or the words.
    pub(crate) content: Value,
    pub(crate) at_ms: i64,
    /// Why it did not arrive; nothing when it did.
    pub(crate) failed: Option<String>,
}

/// All of it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Outbox {
    pub(crate) sent: Vec<Sent>,
    /// Messages that a citizen allowed, by carrier, person and template.
    pub(crate) allowed: BTreeMap<String, u32>,
    /// How often a trade was used to send a message.
    pub(crate) trades: BTreeMap<String, u32>,
    /// What becomes of the next messages of a carrier, one each.
    pub(crate) failures: VecDeque<Failure>,
    /// Where WeChat pushes events of the mini-program; nowhere until the address is set.
    pub(crate) push_url: Option<String>,
    /// Faults of daily files, of which a carrier of messages has none.
    #[serde(skip)]
    pub(crate) no_files: BTreeMap<String, BillFault>,
}

fn place(carrier: Carrier, person: &str, template_id: &str) -> String {
    format!("{carrier:?}/{person}/{template_id}")
}

impl Outbox {
    /// One more message is allowed.
    pub(crate) fn allow(&mut self, carrier: Carrier, person: &str, template_id: &str) {
        *self.allowed.entry(place(carrier, person, template_id)).or_default() += 1;
    }

    /// Nothing is allowed any more.
    pub(crate) fn refuse(&mut self, carrier: Carrier, person: &str, template_id: &str) {
        self.allowed.remove(&place(carrier, person, template_id));
    }

    /// Uses one up; `false` when there was none.
    pub(crate) fn spend(&mut self, carrier: Carrier, person: &str, template_id: &str) -> bool {
        let left = self.allowed.get_mut(&place(carrier, person, template_id));
        match left {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }

    /// The fate of the carrier's next message.
    pub(crate) fn fate(&mut self, carrier: Carrier) -> Option<String> {
        let at = self.failures.iter().position(|failure| failure.carrier == carrier)?;
        self.failures.remove(at).map(|failure| failure.reason)
    }

    /// Keeps a message.
    pub(crate) fn take(&mut self, sent: Sent) {
        self.sent.push(sent);
        let surplus = self.sent.len().saturating_sub(KEPT);
        self.sent.drain(..surplus);
    }

    /// What the carrier took under this reference.
    pub(crate) fn find(&self, carrier: Carrier, number: &str) -> Option<&Sent> {
        self.sent.iter().find(|sent| sent.carrier == carrier && sent.number == number)
    }
}

/// Templates that were chosen in the platforms' consoles: our name, and the names of their fields.
pub(crate) const WECHAT_TEMPLATES: [(&str, &[&str]); 3] = [
    ("payment_result", &["thing1", "amount2", "time3", "character_string4", "phrase5"]),
    ("refund_result", &["thing1", "amount2", "time3", "character_string4"]),
    ("progress", &["thing1", "phrase2", "thing3"]),
];

/// The same at Alipay.
pub(crate) const ALIPAY_TEMPLATES: [(&str, &[&str]); 3] = [
    ("payment_result", &["keyword1", "keyword2", "keyword3", "keyword4"]),
    ("refund_result", &["keyword1", "keyword2", "keyword3"]),
    ("progress", &["keyword1", "keyword2", "keyword3"]),
];

/// The platform's id of a template.
pub(crate) fn template_id(carrier: Carrier, name: &str) -> String {
    crypto::sha256_hex(format!("{carrier:?} template {name}").as_bytes())[..40].to_owned()
}

/// The fields of the template with this id.
pub(crate) fn fields_of(carrier: Carrier, id: &str) -> Option<&'static [&'static str]> {
    let chosen = match carrier {
        Carrier::Wechat => &WECHAT_TEMPLATES,
        Carrier::Alipay => &ALIPAY_TEMPLATES,
        Carrier::Sms | Carrier::Push => return None,
    };
    let found = chosen.iter().find(|(name, _)| template_id(carrier, name) == id);
    found.map(|(_, fields)| *fields)
}

/// Ids by name, as a merchant notes them down.
pub(crate) fn chosen(carrier: Carrier) -> BTreeMap<String, String> {
    let chosen = match carrier {
        Carrier::Wechat => &WECHAT_TEMPLATES,
        Carrier::Alipay => &ALIPAY_TEMPLATES,
        Carrier::Sms | Carrier::Push => return BTreeMap::new(),
    };
    let ids = chosen.iter().map(|(name, _)| ((*name).to_owned(), template_id(carrier, name)));
    ids.collect()
}

//! A message as one platform takes it, checked by that platform's rules before it is sent.

use super::{EventKey, MessageChannel, ValueRefused};
use crate::identity::OpenId;
use crate::standards::Mobile;
use std::fmt;

/// A message for one platform. `Debug` shows neither words nor whom they are for.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The event; also the reference by which a platform that has one knows repeats.
    pub key: EventKey,
    /// To whom, and what.
    pub content: LetterContent,
}

/// To whom, and what.
#[derive(Clone, PartialEq, Eq)]
pub enum LetterContent {
    /// A subscription message.
    WeChat(MiniLetter),
    /// A template message.
    Alipay(MiniLetter),
    /// A notification.
    Push {
        /// The devices' tokens; never empty.
        tokens: Vec<String>,
        /// At most [`PUSH_TITLE_MAX`] characters.
        title: String,
        /// At most [`PUSH_BODY_MAX`] characters.
        body: String,
    },
    /// A text message.
    Sms {
        /// Whose.
        phone: Mobile,
        /// At most [`SMS_MAX`] characters.
        text: String,
    },
}

/// A message of a mini-program.
#[derive(Clone, PartialEq, Eq)]
pub struct MiniLetter {
    /// The citizen there.
    pub open_id: OpenId,
    /// The platform's id of the template.
    pub template_id: String,
    /// The page that a tap opens.
    pub page: String,
    /// Names and values of the template's fields.
    pub fields: Vec<(String, String)>,
    /// Alipay: the trade that allows the message; `None` where a grant does.
    pub trade_no: Option<String>,
}

impl Letter {
    /// Which platform it is for.
    pub fn channel(&self) -> MessageChannel {
        match &self.content {
            LetterContent::WeChat(_) => MessageChannel::WeChat,
            LetterContent::Alipay(_) => MessageChannel::Alipay,
            LetterContent::Push { .. } => MessageChannel::Push,
            LetterContent::Sms { .. } => MessageChannel::Sms,
        }
    }

    /// The template whose grant this letter uses up, if it needs one.
    pub fn uses_grant(&self) -> Option<&str> {
        match &self.content {
            LetterContent::WeChat(mini) => Some(&mini.template_id),
            LetterContent::Alipay(mini) if mini.trade_no.is_none() => Some(&mini.template_id),
            LetterContent::Alipay(_) | LetterContent::Push { .. } | LetterContent::Sms { .. } => {
                None
            }
        }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({} for {})", self.key.as_str(), self.channel().code())
    }
}

/// Title of a notification of the app: the lock screens of phones show no more.
pub const PUSH_TITLE_MAX: usize = 32;
/// Words of a notification.
pub const PUSH_BODY_MAX: usize = 128;
/// Five parts of 67 characters, as long messages are charged; the signature is the platform's.
pub const SMS_MAX: usize = 300;
/// One value of an Alipay template.
pub const ALIPAY_VALUE_MAX: usize = 50;
/// The values together, as JSON.
pub const ALIPAY_DATA_MAX: usize = 2048;
/// A page of a mini-program with its query.
pub const PAGE_MAX: usize = 128;

/// Why a message cannot go this way. Holds no personal data.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum LetterFault {
    /// A fact is not known.
    #[error(transparent)]
    Fact(#[from] super::FactMissing),
    /// WeChat would refuse a value.
    #[error(transparent)]
    Value(#[from] ValueRefused),
    /// Empty, too long, or with control characters.
    #[error("{what} is empty, too long, or has control characters")]
    Text {
        /// Which text.
        what: &'static str,
    },
}

/// A text of one line within a limit; what is longer is cut where `cut` says so.
pub(super) fn line(
    what: &'static str,
    text: &str,
    most: usize,
    cut: bool,
) -> Result<String, LetterFault> {
    let text = text.trim();
    let count = text.chars().count();
    if count == 0 || text.chars().any(char::is_control) || (count > most && !cut) {
        return Err(LetterFault::Text { what });
    }
    if count <= most {
        return Ok(text.to_owned());
    }
    let kept: String = text.chars().take(most - 1).collect();
    Ok(format!("{kept}…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_its_limit() {
        let bad = Err(LetterFault::Text { what: "x" });
        assert_eq!(line("x", &"字".repeat(5), 5, false), Ok("字".repeat(5)));
        assert_eq!(line("x", &"字".repeat(6), 5, false), bad);
        assert_eq!(line("x", &"字".repeat(6), 5, true), Ok(format!("{}…", "字".repeat(4))));
        for text in ["", "  ", "a\nb"] {
            assert_eq!(line("x", text, 5, true), bad, "{text:?}");
        }
    }
}

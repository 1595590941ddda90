//! Subscription messages of the mini-program.

use super::mini_program::{PlatformError, WeChatMiniProgram, is_token_fault, json_post};
use super::wire::{MessageSentWire, MessageValueWire, SubscribeMessageWire};
use crate::http::{below, unknown};
use async_trait::async_trait;
use domain::messaging::{
    HandedOver, Letter, LetterContent, MessageChannel, MessageSender, MiniLetter, NOT_SUBSCRIBED,
};
use domain::outside::OutsideError;
use std::sync::Arc;

/// Sends in the name of one mini-program of ours.
#[derive(Debug)]
pub struct WeChatMessages {
    mini: Arc<WeChatMiniProgram>,
}

impl WeChatMessages {
    /// Over the mini-program, whose token it shares.
    pub fn new(mini: Arc<WeChatMiniProgram>) -> Self {
        Self { mini }
    }

    async fn deliver(&self, letter: &MiniLetter) -> Result<HandedOver, OutsideError> {
        // Without a token nothing has left, however its fetching failed.
        let token = self.mini.token(None).await.map_err(|e| OutsideError::NotSent(e.into()))?;
        let answer = self.deliver_with(&token, letter).await?;
        let answer = if is_token_fault(answer.errcode) {
            // Once, as with every call: the refused one has sent nothing.
            let token = self.mini.token(Some(&token)).await;
            let token = token.map_err(|error| OutsideError::NotSent(error.into()))?;
            self.deliver_with(&token, letter).await?
        } else {
            answer
        };
        said(answer)
    }

    async fn deliver_with(
        &self,
        token: &str,
        letter: &MiniLetter,
    ) -> Result<MessageSentWire, OutsideError> {
        let value = |(name, value): &(String, String)| {
            (name.clone(), MessageValueWire { value: value.clone() })
        };
        let wire = SubscribeMessageWire {
            touser: letter.open_id.as_str(),
            template_id: &letter.template_id,
            page: &letter.page,
            miniprogram_state: "formal",
            lang: "zh_CN",
            data: letter.fields.iter().map(value).collect(),
        };
        let mut url = below(&self.mini.base, "/cgi-bin/message/subscribe/send");
        url.query_pairs_mut().append_pair("access_token", token);
        self.mini.ask(json_post(url, &wire)?).await
    }
}

/// What the platform said of a message. -1, "system busy", and what is not known here leave open
/// whether it was sent.
fn said(answer: MessageSentWire) -> Result<HandedOver, OutsideError> {
    let MessageSentWire { errcode, errmsg, msgid } = answer;
    let refused = |code: String| OutsideError::Refused { code, message: errmsg.clone() };
    match errcode {
        0 => Ok(HandedOver { platform_no: msgid.and_then(|msgid| msgid.text()) }),
        // Refused, never allowed, or all that was allowed is used up.
        43101 => Err(refused(NOT_SUBSCRIBED.to_owned())),
        // Person, template, page or a value is wrong: the same message is refused for ever.
        40003 | 40037 | 41030 | 47001 | 47003 | 43104 | 48001 => Err(refused(errcode.to_string())),
        // A token that is refused twice, a quota, an address that is not on the list.
        40001 | 40014 | 42001 | 41001 | 45009 | 45011 | 40164 => {
            Err(OutsideError::NotSent(PlatformError { errcode, errmsg }.into()))
        }
        _ => Err(unknown(PlatformError { errcode, errmsg })),
    }
}

#[async_trait]
impl MessageSender for WeChatMessages {
    fn channel(&self) -> MessageChannel {
        MessageChannel::WeChat
    }

    /// The platform takes no number of ours.
    fn knows_repeats(&self) -> bool {
        false
    }

    async fn send(&self, letter: &Letter) -> Result<HandedOver, OutsideError> {
        let LetterContent::WeChat(mini) = &letter.content else {
            return Err(OutsideError::NotSent("a letter for another platform".into()));
        };
        self.mini.http.within(self.deliver(mini)).await
    }
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;

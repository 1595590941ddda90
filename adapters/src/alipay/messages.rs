//! Template messages of the mini-program.

use super::account::{AlipayAccount, PlatformSaid};
use super::pay::is_user_id;
use super::refusal::{PlatformRefusal, Refusal};
use super::wire::{TemplateMessageWire, TemplateValueWire};
use async_trait::async_trait;
use domain::messaging::{
    HandedOver, Letter, LetterContent, MessageChannel, MessageSender, MiniLetter, NOT_SUBSCRIBED,
};
use domain::outside::OutsideError;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

const METHOD: &str = "alipay.open.app.mini.templatemessage.send";

/// Sends in the name of our mini-program.
pub struct AlipayMessages {
    account: Arc<AlipayAccount>,
}

impl fmt::Debug for AlipayMessages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlipayMessages({})", self.account.mini.id)
    }
}

impl AlipayMessages {
    /// Over a checked account.
    pub fn new(account: Arc<AlipayAccount>) -> Self {
        Self { account }
    }

    async fn deliver(&self, letter: &MiniLetter) -> Result<HandedOver, OutsideError> {
        let data: BTreeMap<&str, TemplateValueWire<'_>> = letter
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), TemplateValueWire { value }))
            .collect();
        // JSON within JSON, as the platform wants it.
        let data =
            serde_json::to_string(&data).map_err(|error| OutsideError::NotSent(error.into()))?;
        let citizen = letter.open_id.as_str();
        let old = is_user_id(&letter.open_id);
        let wire = TemplateMessageWire {
            to_user_id: old.then_some(citizen),
            to_open_id: (!old).then_some(citizen),
            form_id: letter.trade_no.as_deref(),
            user_template_id: &letter.template_id,
            page: &letter.page,
            data: &data,
        };
        match self.account.call(METHOD, &wire, false).await? {
            PlatformSaid::Done(_) => Ok(HandedOver::default()),
            PlatformSaid::No(refusal) => Err(no(refusal)),
        }
    }
}

/// What a refusal says of the message.
fn no(refusal: PlatformRefusal) -> OutsideError {
    let unsubscribed = ["USER_NOT_SUBSCRIBE", "SUBSCRIBE_RELATION_NOT_EXIST"];
    if unsubscribed.iter().any(|word| refusal.sub_code.contains(word)) {
        let code = NOT_SUBSCRIBED.to_owned();
        return OutsideError::Refused { code, message: refusal.message };
    }
    let broken = refusal.sub_code.contains("SYSTEM") || refusal.sub_code.contains("unknow");
    match refusal.says() {
        // Our account or contract is wrong, or the message is: nothing was sent.
        Refusal::Ours | Refusal::Definite | Refusal::NoTrade | Refusal::OtherState => {
            refusal.refused()
        }
        // Every refusal of the business is final, a failure inside leaves open what was done.
        Refusal::Unknown if refusal.code == "40004" && !broken => refusal.refused(),
        Refusal::Unknown => refusal.unknown(),
    }
}

#[async_trait]
impl MessageSender for AlipayMessages {
    fn channel(&self) -> MessageChannel {
        MessageChannel::Alipay
    }

    /// The platform takes no number of ours.
    fn knows_repeats(&self) -> bool {
        false
    }

    async fn send(&self, letter: &Letter) -> Result<HandedOver, OutsideError> {
        let LetterContent::Alipay(mini) = &letter.content else {
            return Err(OutsideError::NotSent("a letter for another platform".into()));
        };
        self.account.http.within(self.deliver(mini)).await
    }
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;

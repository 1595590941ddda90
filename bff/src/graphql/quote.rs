//! Quotes: what notices cost, for a quarter of an hour.

use super::UseCases;
use super::error::{FailureCode, gateway_failed};
use super::notice::NoticeItem;
use super::scalars::{DateTime, Money};
use super::start_payment::{notice_no_hint, refusal};
use async_graphql::{Context, Error, ErrorExtensions as _, Result, SimpleObject};
use domain::notice::NoticeNo;
use domain::payment::{PayableError, Quoted};

/// What notices cost if they are paid before `expiresAt`.
#[derive(SimpleObject)]
pub struct Quote {
    /// To send with `startPayment`.
    token: String,
    /// With late fees, of the day on which the quote was made.
    total: Money,
    /// Items and late fees of all notices.
    items: Vec<NoticeItem>,
    /// The promise ends here.
    expires_at: DateTime,
}

impl From<Quoted> for Quote {
    fn from(quoted: Quoted) -> Self {
        let items = quoted.notices.iter().flat_map(|notice| &notice.items);
        Self {
            token: quoted.token,
            total: quoted.quote.total.into(),
            items: items.map(NoticeItem::from).collect(),
            expires_at: quoted.quote.expires_at.into(),
        }
    }
}

/// The query `quote`.
pub async fn make(ctx: &Context<'_>, texts: &[String]) -> Result<Quote> {
    let mut notice_nos = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match NoticeNo::new(text.trim()) {
            Ok(no) => notice_nos.push(no),
            Err(why) => {
                let message = format!("第{}个缴款单号有误：{}", index + 1, notice_no_hint(why));
                return Err(bad_input(message, "INVALID"));
            }
        }
    }
    match ctx.data_unchecked::<UseCases>().make_quote.run(&notice_nos).await {
        Ok(quoted) => Ok(quoted.into()),
        Err(PayableError::Refused(why)) => {
            let refused = refusal(&why);
            let reason = async_graphql::InputType::to_value(&refused.code);
            Err(bad_input(refused.message, &reason.to_string()))
        }
        Err(PayableError::Gateway(error)) => Err(gateway_failed(&error)),
    }
}

/// BAD_INPUT with the word and the sentence that `startPayment` would have for it.
fn bad_input(message: String, reason: &str) -> Error {
    let failure = FailureCode::BadInput.error();
    Error { message, ..failure }.extend_with(|_, extensions| {
        extensions.set("code", "BAD_INPUT");
        extensions.set("reason", reason);
    })
}

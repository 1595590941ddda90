//! Links by which somebody else pays.

use super::error::{UserError, UserErrorCode as Code, gateway_failed};
use super::key::claim;
use super::scalars::DateTime;
use super::start_payment::{notice_no_hint, refusal};
use super::{UseCases, signed_in};
use async_graphql::{Context, ID, InputObject, Result, SimpleObject};
use domain::notice::NoticeNo;
use domain::payment::PayableError;

/// What somebody else is asked to pay.
#[derive(InputObject)]
pub struct CreatePayLinkInput {
    /// 1 to 20, no two the same.
    notice_nos: Vec<String>,
    /// 8 to 64 letters, digits, `-` or `_`, made by the client for this link: asked again with it,
    /// the link is for the same notices.
    idempotency_key: ID,
}

/// A link to send on.
#[derive(SimpleObject)]
pub struct PayLink {
    /// Shows items and amounts, and nothing about the person. Whoever opens it can pay.
    url: String,
    /// It opens until here.
    expires_at: DateTime,
}

/// The link, or why there is none.
#[derive(SimpleObject, Default)]
pub struct CreatePayLinkPayload {
    /// The link.
    link: Option<PayLink>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The notice numbers of an input, or every fault with its place.
fn numbers(texts: &[String]) -> std::result::Result<Vec<NoticeNo>, Vec<UserError>> {
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        match NoticeNo::new(text.trim()) {
            Ok(no) => good.push(no),
            Err(why) => {
                let field = ["noticeNos", &index.to_string()];
                let message = format!("缴款单号有误：{}", notice_no_hint(why));
                faults.push(UserError::at(Code::Invalid, &field, message));
            }
        }
    }
    if faults.is_empty() { Ok(good) } else { Err(faults) }
}

/// The mutation `createPayLink`.
pub async fn create(ctx: &Context<'_>, input: CreatePayLinkInput) -> Result<CreatePayLinkPayload> {
    let caller = signed_in(ctx)?;
    let refused =
        |user_errors| Ok(CreatePayLinkPayload { user_errors, ..CreatePayLinkPayload::default() });
    let notice_nos = match numbers(&input.notice_nos) {
        Ok(notice_nos) => notice_nos,
        Err(faults) => return refused(faults),
    };
    let words: Vec<&str> = notice_nos.iter().map(NoticeNo::as_str).collect();
    if let Some(fault) = claim(ctx, caller, &input.idempotency_key, "createPayLink", &words).await?
    {
        return refused(vec![fault]);
    }
    let use_cases = ctx.data_unchecked::<UseCases>();
    match use_cases.make_pay_link.run(caller, &notice_nos).await {
        Ok(made) => {
            let url = format!("{}/pay/{}", use_cases.public_url, made.token);
            let link = PayLink { url, expires_at: made.link.expires_at.into() };
            Ok(CreatePayLinkPayload { link: Some(link), user_errors: Vec::new() })
        }
        Err(PayableError::Refused(why)) => refused(vec![refusal(&why)]),
        Err(PayableError::Gateway(error)) => Err(gateway_failed(&error)),
    }
}

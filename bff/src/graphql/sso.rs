//! Tickets for departments' own pages.

use super::error::{UserError, UserErrorCode as Code, store_failed};
use super::mandate::acting_for;
use super::scalars::DateTime;
use super::{UseCases, signed_in};
use async_graphql::{Context, InputObject, Result, SimpleObject};
use domain::catalogue::AppSlug;
use domain::identity::TicketError;

/// For which app's page.
#[derive(InputObject)]
pub struct IssueTicketInput {
    /// The app's slug.
    app: String,
}

/// A ticket, or why not.
#[derive(SimpleObject, Default)]
pub struct IssueTicketPayload {
    /// For the page's address; the department shows it at `/sso/verify` once.
    ticket: Option<String>,
    /// Then it is worth nothing any more: 60 seconds.
    expires_at: Option<DateTime>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `issueTicket`.
pub async fn issue(ctx: &Context<'_>, input: IssueTicketInput) -> Result<IssueTicketPayload> {
    let caller = signed_in(ctx)?;
    let acting = acting_for(ctx).await?;
    let issue = &ctx.data_unchecked::<UseCases>().account.issue_ticket;
    let done = match AppSlug::new(&input.app) {
        Ok(app) => issue.run(caller, &acting, &app).await,
        Err(_) => Err(TicketError::UnknownApp),
    };
    let at = |code, message: &str| UserError::at(code, &["app"], message);
    let refused = match done {
        Ok(ticket) => {
            return Ok(IssueTicketPayload {
                ticket: Some(ticket.secret.expose().to_owned()),
                expires_at: Some(ticket.until.into()),
                user_errors: Vec::new(),
            });
        }
        Err(TicketError::UnknownApp) => at(Code::NotFound, "没有这个应用"),
        Err(TicketError::LevelTooLow { needed }) => {
            at(Code::IdentityLevelTooLow, super::engine::level_hint(needed))
        }
        Err(TicketError::ActsForAnother) => at(Code::Conflict, "您正在代他人办理，请先切换回本人"),
        Err(TicketError::Store(error)) => return Err(store_failed(&error)),
    };
    Ok(IssueTicketPayload { user_errors: vec![refused], ..IssueTicketPayload::default() })
}

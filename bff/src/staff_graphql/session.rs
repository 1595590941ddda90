//! Staff accounts and their sessions.

use super::{StaffRequester, signed_in, use_cases};
use crate::graphql::error::{UserError, UserErrorCode as Code, store_failed};
use crate::graphql::scalars::DateTime;
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use domain::identity::{AuditRecord, StaffRole, StaffSignInError};

/// Somebody who works here.
pub struct Staff(pub domain::identity::StaffAccount);

/// Somebody who works here.
#[Object]
impl Staff {
    /// Sign-in name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What they may do: CLERK, CHECKER, AGENCY:330101, FINANCE:LOCAL…
    async fn roles(&self) -> Vec<String> {
        self.0.roles.iter().map(StaffRole::code).collect()
    }
}

/// Name and password.
#[derive(InputObject)]
pub struct StaffSignInInput {
    /// Sign-in name.
    name: String,
    /// Shown once, when the account was made.
    password: String,
}

/// The session, or why there is none.
#[derive(SimpleObject)]
pub struct StaffSignInPayload {
    /// Sent as `Authorization: Bearer …`.
    token: Option<String>,
    /// Over then.
    expires_at: Option<DateTime>,
    /// Who.
    staff: Option<Staff>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `signIn`.
pub async fn sign_in(ctx: &Context<'_>, input: StaffSignInInput) -> Result<StaffSignInPayload> {
    match use_cases(ctx).sign_in.run(input.name.trim(), &input.password).await {
        Ok(session) => Ok(StaffSignInPayload {
            token: Some(session.token.expose().to_owned()),
            expires_at: Some(session.until.into()),
            staff: Some(Staff(session.account)),
            user_errors: Vec::new(),
        }),
        Err(StaffSignInError::Wrong) => Ok(StaffSignInPayload {
            token: None,
            expires_at: None,
            staff: None,
            user_errors: vec![UserError::whole(Code::Invalid, "账号或密码不对")],
        }),
        Err(StaffSignInError::Store(error)) => Err(store_failed(&error)),
    }
}

/// The mutation `signOut`.
pub async fn sign_out(ctx: &Context<'_>) -> Result<bool> {
    let account = signed_in(ctx)?;
    let cases = use_cases(ctx);
    let now = cases.sign_in.clock.now();
    let record = AuditRecord::new(now, &account.name, "SIGN_OUT", &account.name, "");
    cases.audit.append(&record).await.map_err(|error| store_failed(&error))?;
    if let Some((_, token)) = &ctx.data_unchecked::<StaffRequester>().session {
        cases.sessions.close(token).await.map_err(|error| store_failed(&error))?;
    }
    Ok(true)
}

//! Staff accounts and their sessions.

use super::{StaffRequester, signed_in, use_cases};
use crate::graphql::error::{UserError, UserErrorCode as Code, store_failed};
use crate::graphql::scalars::DateTime;
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use domain::identity::{AuditRecord, FactorAnswer, StaffRole, StaffSignInError};

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
    /// Six digits of the authenticator app; needed once the account has one.
    totp: Option<String>,
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
    let code = input.totp.unwrap_or_default();
    let second = (code.trim(), false);
    match use_cases(ctx).sign_in.run(input.name.trim(), &input.password, second).await {
        Ok(session) => Ok(StaffSignInPayload {
            token: Some(session.token.expose().to_owned()),
            expires_at: Some(session.until.into()),
            staff: Some(Staff(session.account)),
            user_errors: Vec::new(),
        }),
        Err(StaffSignInError::Store(error)) => Err(store_failed(&error)),
        Err(why) => Ok(StaffSignInPayload {
            token: None,
            expires_at: None,
            staff: None,
            user_errors: vec![UserError::whole(Code::Invalid, refusal(&why))],
        }),
    }
}

/// For whoever could not sign in; the page of the console says the same.
pub const fn refusal(why: &StaffSignInError) -> &'static str {
    match why {
        StaffSignInError::Factor(FactorAnswer::TooOften) => "动态口令错误次数过多，请15分钟后再试",
        StaffSignInError::Factor(_) => "账号还没有动态口令，请联系运维开通",
        StaffSignInError::Wrong | StaffSignInError::Store(_) => "账号、密码或动态口令不对",
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

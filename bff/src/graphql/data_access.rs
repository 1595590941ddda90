//! What departments were told of the caller, consents, and what forms may be filled in with.

use super::error::{FailureCode, UserError, UserErrorCode as Code, chain, store_failed};
use super::mandate::acting_for;
use super::notice::{PageInfo, bounded};
use super::scalars::DateTime;
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, Enum, InputObject, Result, SimpleObject};
use domain::catalogue::AppSlug;
use domain::engine::{Outcome, Submission};
use domain::identity::{ConsentGiven, DataReading, Learnt, Person, PrefillSource};
use domain::ids::ReadNo;

/// Why a department was told who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::identity::ReadingPurpose")]
pub enum ReadingPurpose {
    /// An app was run.
    Service,
    /// The face was compared.
    Identity,
    /// They went on to the department's own page.
    SignOn,
}

/// A department was told something of the caller: names of fields, never values.
#[derive(SimpleObject)]
pub struct DataAccess {
    /// When.
    at: DateTime,
    /// Who was told.
    department: String,
    /// In answer to which question of the exchange.
    operation: String,
    /// The app's slug; null where the question belongs to several apps or to none.
    app: Option<String>,
    /// What was told: `name`, `id_card`, and the names of what was asked with.
    fields: Vec<String>,
    /// Why.
    purpose: ReadingPurpose,
}

/// A page of what departments were told.
#[derive(SimpleObject)]
pub struct DataAccessConnection {
    /// The page, the newest first.
    nodes: Vec<DataAccess>,
    /// Whether there are more.
    page_info: PageInfo,
}

fn shown(reading: DataReading) -> DataAccess {
    DataAccess {
        at: reading.at.into(),
        department: reading.department,
        operation: reading.operation,
        app: reading.app.map(|app| app.to_string()),
        fields: reading.fields,
        purpose: reading.purpose.into(),
    }
}

/// The field `viewer.dataAccess`.
pub async fn data_access(
    ctx: &Context<'_>,
    person: &Person,
    first: i32,
    after: Option<String>,
) -> Result<DataAccessConnection> {
    let first = bounded(first)?;
    let after = after.map(|after| ReadNo::new(&after)).transpose();
    let after = after.map_err(|_| FailureCode::BadInput.error())?;
    let limit = u16::try_from(first + 1).unwrap_or(u16::MAX);
    let data = &ctx.data_unchecked::<UseCases>().account.data;
    let found = data.readings(person, after.as_ref(), limit).await;
    let mut found = found.map_err(|error| store_failed(&error))?;
    let has_next_page = found.len() > first;
    found.truncate(first);
    let end_cursor = found.last().map(|reading| reading.no.to_string());
    let nodes = found.into_iter().map(shown).collect();
    Ok(DataAccessConnection { nodes, page_info: PageInfo { has_next_page, end_cursor } })
}

/// Forms may be filled in with what this department says.
#[derive(SimpleObject)]
pub struct DataConsent {
    /// Which.
    department: String,
    /// Since when.
    given_at: DateTime,
}

/// The field `viewer.dataConsents`.
pub async fn consents(ctx: &Context<'_>, person: &Person) -> Result<Vec<DataConsent>> {
    let found = ctx.data_unchecked::<UseCases>().account.data.consents(person).await;
    let consent = |consent: domain::identity::Consent| DataConsent {
        department: consent.department,
        given_at: consent.given_at.into(),
    };
    Ok(found.map_err(|error| store_failed(&error))?.into_iter().map(consent).collect())
}

/// Which department, and whether.
#[derive(InputObject)]
pub struct SetDataConsentInput {
    /// As `App.department` names it.
    department: String,
    /// Whether forms may be filled in with what it says. Taken back, what it said is forgotten.
    given: bool,
}

/// The consents as they are now, or why not.
#[derive(SimpleObject)]
pub struct SetDataConsentPayload {
    /// In order of their giving.
    consents: Option<Vec<DataConsent>>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `setDataConsent`.
pub async fn set_consent(
    ctx: &Context<'_>,
    input: SetDataConsentInput,
) -> Result<SetDataConsentPayload> {
    let caller = signed_in(ctx)?;
    let use_cases = ctx.data_unchecked::<UseCases>();
    let catalogue = use_cases.catalogue.current();
    if !catalogue.apps().any(|app| app.department == input.department) {
        let error = UserError::at(Code::NotFound, &["department"], "没有这个部门");
        return Ok(SetDataConsentPayload { consents: None, user_errors: vec![error] });
    }
    let given = if input.given { ConsentGiven::Yes } else { ConsentGiven::No };
    let done = use_cases.account.data.consent(caller, &input.department, given).await;
    done.map_err(|error| store_failed(&error))?;
    let consents = Some(consents(ctx, &caller.person).await?);
    Ok(SetDataConsentPayload { consents, user_errors: Vec::new() })
}

/// A value that one field may be filled in with.
#[derive(SimpleObject)]
pub struct Prefill {
    /// The field's name.
    field: String,
    /// As an answer has it, in full: `text`, or `choice` of an ENUM.
    value: String,
    /// Where it is from, in words for a citizen.
    source: String,
    /// When that was so.
    as_of: DateTime,
}

/// The field `viewer.prefill`.
pub async fn prefill(ctx: &Context<'_>, person: &Person, app: &str) -> Result<Vec<Prefill>> {
    let Ok(app) = AppSlug::new(app) else { return Err(FailureCode::NotFound.error()) };
    let acting = acting_for(ctx).await?;
    let found = ctx.data_unchecked::<UseCases>().account.prefills.run(person, &acting, &app).await;
    let found = found.map_err(|error| store_failed(&error))?;
    let found = found.ok_or_else(|| FailureCode::NotFound.error())?;
    let one = |found: domain::identity::Prefill| Prefill {
        source: match &found.source {
            PrefillSource::RealName => "实名认证".to_owned(),
            PrefillSource::Phone => "已验证的手机号".to_owned(),
            PrefillSource::Mandate => "代办授权".to_owned(),
            PrefillSource::Department(name) => name.clone(),
            PrefillSource::Answer => "您上次填写".to_owned(),
        },
        field: found.field,
        value: found.value,
        as_of: found.as_of.into(),
    };
    Ok(found.into_iter().map(one).collect())
}

/// What went through teaches what the next form can be filled in with. What was done is done: a
/// store that fails here only forgets it.
pub async fn learn(ctx: &Context<'_>, submission: &Submission, outcome: &Outcome) {
    let Some(caller) = &requester(ctx).caller else { return };
    let account = &ctx.data_unchecked::<UseCases>().account;
    let learnt = Learnt { app: &submission.app, answers: &submission.answers, outcome };
    let done = match account.acting.of(caller).await {
        Ok(acting) => account.learn.run(caller, &acting, learnt).await,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        tracing::warn!(error = %chain(&error), "a form's answers are not remembered");
    }
}

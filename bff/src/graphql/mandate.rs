//! Acting for others: legal persons and their operators, parents and children.

use super::account::AccountUseCases;
use super::error::{UserError, UserErrorCode as Code, chain, store_failed};
use super::identity::{Person, Viewer};
use super::key::claim;
use super::node_id::Kind;
use super::notice::{PageInfo, bounded};
use super::scalars::DateTime;
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::identity::{
    ActingFor, ForDays, Mandate as DomainMandate, MandateError, MandateStatus as DomainStatus,
    PersonName, Principal, ProxyAct as DomainAct, living,
};
use domain::ids::{ActNo, MandateNo};
use domain::standards::{CitizenId, Uscc};

fn use_cases<'a>(ctx: &Context<'a>) -> &'a AccountUseCases {
    &ctx.data_unchecked::<UseCases>().account
}

/// Why somebody may act for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::identity::MandateKind")]
pub enum MandateKind {
    /// The register names them the legal representative.
    Representative,
    /// The legal representative authorised them.
    Operator,
    /// They are a parent of a minor.
    MinorChild,
    /// A grown parent or child said yes.
    Adult,
}

/// How a mandate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::identity::MandateStatus")]
pub enum MandateStatus {
    /// The represented person has not answered; after seven days it is too late.
    Asked,
    /// One may act under it.
    Active,
    /// Its time is over, or nobody answered in time.
    Expired,
    /// Declined, revoked, or given up.
    Ended,
}

/// A body with a unified social credit code.
#[derive(Debug, Clone, SimpleObject)]
pub struct LegalPerson {
    /// GB 32100, 18 characters.
    uscc: String,
    /// As registered.
    name: String,
}

/// Somebody may act for somebody else, for a time, by consent on record.
pub struct Mandate(DomainMandate);

/// Somebody may act for somebody else, for a time, by consent on record.
#[Object]
impl Mandate {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Mandate.id(self.0.no.as_str())
    }

    /// Why.
    async fn kind(&self) -> MandateKind {
        self.0.kind.into()
    }

    /// How it stands now.
    async fn status(&self, ctx: &Context<'_>) -> MandateStatus {
        self.0.status(requester(ctx).now).into()
    }

    /// The legal person that is represented; null for a natural one.
    async fn legal_person(&self) -> Option<LegalPerson> {
        match &self.0.principal {
            Principal::LegalPerson(legal) => {
                Some(LegalPerson { uscc: legal.uscc.as_str().to_owned(), name: legal.name.clone() })
            }
            Principal::Person { .. } => None,
        }
    }

    /// The natural person who is represented, masked; null for a legal one.
    async fn represented_name(&self) -> Option<String> {
        match &self.0.principal {
            Principal::LegalPerson(_) => None,
            Principal::Person { name, .. } => Some(name.masked()),
        }
    }

    /// Who acts, masked.
    async fn agent_name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let agent = living(use_cases(ctx).persons.as_ref(), &self.0.agent).await;
        let agent = agent.map_err(|error| store_failed(&error))?;
        Ok(agent.and_then(|agent| agent.real_name).map(|proved| proved.name.masked()))
    }

    /// When it was asked for.
    async fn asked_at(&self) -> DateTime {
        self.0.asked_at.into()
    }

    /// Until when one may act under it.
    async fn until(&self) -> DateTime {
        self.0.until.into()
    }

    /// What was submitted under it, the newest first: for who acts and for the represented alike.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1) * child_complexity + 1")]
    async fn acts(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: i32,
        after: Option<String>,
    ) -> Result<ProxyActConnection> {
        acts(ctx, &self.0.no, first, after).await
    }
}

/// Something that was submitted for somebody else.
#[derive(SimpleObject)]
pub struct ProxyAct {
    /// When.
    at: DateTime,
    /// The app's slug.
    app: String,
    /// The app's name, while it is in the catalogue.
    app_name: Option<String>,
}

/// A page of what was submitted.
#[derive(SimpleObject)]
pub struct ProxyActConnection {
    /// The page.
    nodes: Vec<ProxyAct>,
    /// Whether there are more.
    page_info: PageInfo,
}

async fn acts(
    ctx: &Context<'_>,
    no: &MandateNo,
    first: i32,
    after: Option<String>,
) -> Result<ProxyActConnection> {
    let (caller, first) = (signed_in(ctx)?, bounded(first)?);
    let after = after.map(|after| ActNo::new(&after)).transpose();
    let after = after.map_err(|_| super::error::FailureCode::BadInput.error())?;
    let limit = u16::try_from(first + 1).unwrap_or(u16::MAX);
    let found = use_cases(ctx).mandates.acts(caller, no, (after.as_ref(), limit)).await;
    let mut found = found.map_err(|error| store_failed(&error))?.unwrap_or_default();
    let has_next_page = found.len() > first;
    found.truncate(first);
    let end_cursor = found.last().map(|act| act.no.to_string());
    let nodes = found.iter().map(|act| act_of(ctx, act)).collect();
    Ok(ProxyActConnection { nodes, page_info: PageInfo { has_next_page, end_cursor } })
}

fn act_of(ctx: &Context<'_>, act: &DomainAct) -> ProxyAct {
    let catalogue = ctx.data_unchecked::<UseCases>().catalogue.current();
    let app_name = catalogue.app(&act.app).map(|app| app.name.zh.clone());
    ProxyAct { at: act.at.into(), app: act.app.to_string(), app_name }
}

/// Those under which the caller acts.
pub async fn held(ctx: &Context<'_>, person: &domain::identity::Person) -> Result<Vec<Mandate>> {
    let held = use_cases(ctx).mandates.held_by(person).await;
    Ok(held.map_err(|error| store_failed(&error))?.into_iter().map(Mandate).collect())
}

/// Those under which others act for the caller, or for a legal person of the caller's.
pub async fn given(ctx: &Context<'_>, person: &domain::identity::Person) -> Result<Vec<Mandate>> {
    let given = use_cases(ctx).mandates.given_by(person).await;
    Ok(given.map_err(|error| store_failed(&error))?.into_iter().map(Mandate).collect())
}

/// The one under which the session acts, also when it is over.
pub async fn acting(ctx: &Context<'_>) -> Result<Option<Mandate>> {
    Ok(match acting_for(ctx).await? {
        ActingFor::Oneself => None,
        ActingFor::Mandate(mandate) | ActingFor::Over(mandate) => Some(Mandate(*mandate)),
    })
}

/// For whom the session acts.
pub async fn acting_for(ctx: &Context<'_>) -> Result<ActingFor> {
    match &requester(ctx).caller {
        Some(caller) => {
            let acting = use_cases(ctx).acting.of(caller).await;
            acting.map_err(|error| store_failed(&error))
        }
        None => Ok(ActingFor::Oneself),
    }
}

/// The mandate with this key, if the caller may see it.
pub async fn own_mandate(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    let Some(caller) = requester(ctx).caller.as_ref() else { return Ok(None) };
    let Ok(no) = MandateNo::new(key) else { return Ok(None) };
    let found = use_cases(ctx).mandates.find(caller, &no).await;
    Ok(found.map_err(|error| store_failed(&error))?.map(Mandate).map(super::Node::Mandate))
}

/// A mandate as it is now, or why not.
#[derive(SimpleObject, Default)]
pub struct MandatePayload {
    /// As it is now.
    mandate: Option<Mandate>,
    /// Why not.
    user_errors: Vec<UserError>,
}

impl MandatePayload {
    fn refused(user_errors: Vec<UserError>) -> Result<Self> {
        Ok(Self { mandate: None, user_errors })
    }

    fn of(done: std::result::Result<DomainMandate, MandateError>, at: &[&str]) -> Result<Self> {
        match done {
            Ok(mandate) => Ok(Self { mandate: Some(Mandate(mandate)), user_errors: Vec::new() }),
            Err(error) => {
                refusal(error, at).map(|error| Self { mandate: None, user_errors: vec![error] })
            }
        }
    }
}

fn refusal(error: MandateError, at: &[&str]) -> Result<UserError> {
    Ok(match error {
        MandateError::LevelTooLow => {
            UserError::whole(Code::IdentityLevelTooLow, "请先完成实名认证")
        }
        MandateError::NotFound => UserError::at(Code::NotFound, at, "没有找到，请核对"),
        MandateError::NotConfirmed => {
            UserError::at(Code::Invalid, at, "登记信息中没有查到相应关系，请核对")
        }
        MandateError::Oneself => UserError::at(Code::Invalid, at, "办理本人事项无需授权"),
        MandateError::Exists => UserError::at(Code::Conflict, at, "已有授权或申请，无需重复办理"),
        MandateError::Over(refused) => {
            let message = match refused.0 {
                DomainStatus::Asked => "对方还没有同意",
                DomainStatus::Active => "授权已生效",
                DomainStatus::Expired => "授权或申请已过期，请重新申请",
                DomainStatus::Ended => "授权已结束，请重新申请",
            };
            UserError::at(Code::Conflict, at, message)
        }
        MandateError::Days => UserError::at(Code::Invalid, &["days"], "期限应为1至366天"),
        MandateError::Register(error) => {
            tracing::warn!(error = %chain(&error), "register failed");
            UserError::whole(Code::DepartmentUnavailable, "登记部门暂时没有应答，请稍后再试")
        }
        MandateError::Store(error) => return Err(store_failed(&error)),
    })
}

fn uscc(text: &str, faults: &mut Vec<UserError>) -> Option<Uscc> {
    let code = Uscc::normalised(text);
    if code.is_err() {
        let message = "统一社会信用代码有误，请核对18位代码";
        faults.push(UserError::at(Code::Invalid, &["uscc"], message));
    }
    code.ok()
}

fn who(name: &str, id_card: &str, faults: &mut Vec<UserError>) -> Option<(PersonName, CitizenId)> {
    let (name, id_card) = (PersonName::new(name), CitizenId::normalised(id_card));
    if name.is_err() {
        faults.push(UserError::at(Code::Invalid, &["name"], "请填写身份证上的姓名"));
    }
    if id_card.is_err() {
        faults.push(UserError::at(Code::Invalid, &["idCard"], "身份证号有误，请核对18位号码"));
    }
    Some((name.ok()?, id_card.ok()?))
}

fn days(days: i32, faults: &mut Vec<UserError>) -> Option<ForDays> {
    let read = ForDays::new(i64::from(days));
    if read.is_err() {
        faults.push(UserError::at(Code::Invalid, &["days"], "期限应为1至366天"));
    }
    read.ok()
}

/// Which legal person.
#[derive(InputObject)]
pub struct LinkLegalPersonInput {
    /// GB 32100, 18 characters.
    uscc: String,
}

/// The mutation `linkLegalPerson`.
pub async fn link_legal_person(
    ctx: &Context<'_>,
    input: LinkLegalPersonInput,
) -> Result<MandatePayload> {
    let caller = signed_in(ctx)?;
    let mut faults = Vec::new();
    let Some(uscc) = uscc(&input.uscc, &mut faults) else {
        return MandatePayload::refused(faults);
    };
    let done = use_cases(ctx).mandates.link_legal_person(caller, &uscc).await;
    MandatePayload::of(done, &["uscc"])
}

/// Who is to act for which legal person, and for how long.
#[derive(InputObject)]
pub struct AuthoriseOperatorInput {
    /// A legal person that the caller represents.
    uscc: String,
    /// As on the operator's id card.
    name: String,
    /// GB 11643, 18 characters; the operator has proved it here.
    id_card: String,
    /// 1 to 366.
    #[graphql(default = 366)]
    days: i32,
}

/// The mutation `authoriseOperator`.
pub async fn authorise_operator(
    ctx: &Context<'_>,
    input: AuthoriseOperatorInput,
) -> Result<MandatePayload> {
    let caller = signed_in(ctx)?;
    let mut faults = Vec::new();
    let uscc = uscc(&input.uscc, &mut faults);
    let who = who(&input.name, &input.id_card, &mut faults);
    let days = days(input.days, &mut faults);
    let (Some(uscc), Some((name, id_card)), Some(days)) = (uscc, who, days) else {
        return MandatePayload::refused(faults);
    };
    let mandates = &use_cases(ctx).mandates;
    let done = mandates.authorise_operator(caller, &uscc, (&name, &id_card), days).await;
    MandatePayload::of(done, &["name"])
}

/// For which parent or child, and for how long.
#[derive(InputObject)]
pub struct RequestProxyInput {
    /// As on their id card.
    name: String,
    /// GB 11643, 18 characters.
    id_card: String,
    /// 1 to 366; for a minor at most until the child is of age.
    #[graphql(default = 366)]
    days: i32,
    /// 8 to 64 letters, digits, `-` or `_`, made by the client for this wish.
    idempotency_key: ID,
}

/// The mutation `requestProxy`.
pub async fn request_proxy(ctx: &Context<'_>, input: RequestProxyInput) -> Result<MandatePayload> {
    let caller = signed_in(ctx)?;
    let mut faults = Vec::new();
    let who = who(&input.name, &input.id_card, &mut faults);
    let days = days(input.days, &mut faults);
    let (Some(who), Some(days)) = (who, days) else { return MandatePayload::refused(faults) };
    let long = input.days.to_string();
    let words = [input.name.as_str(), input.id_card.as_str(), long.as_str()];
    if let Some(fault) = claim(ctx, caller, &input.idempotency_key, "requestProxy", &words).await? {
        return MandatePayload::refused(vec![fault]);
    }
    MandatePayload::of(use_cases(ctx).mandates.ask_for_kin(caller, who, days).await, &["idCard"])
}

/// Which mandate.
#[derive(InputObject)]
pub struct MandateInput {
    /// Of `viewer.mandates` or `viewer.givenMandates`.
    mandate: ID,
}

fn number(id: &ID) -> Option<MandateNo> {
    match Kind::read(id) {
        Some((Kind::Mandate, key)) => MandateNo::new(&key).ok(),
        Some(_) | None => None,
    }
}

/// The mutation `acceptProxy`.
pub async fn accept_proxy(ctx: &Context<'_>, input: MandateInput) -> Result<MandatePayload> {
    let caller = signed_in(ctx)?;
    let done = match number(&input.mandate) {
        Some(no) => use_cases(ctx).mandates.accept(caller, &no).await,
        None => Err(MandateError::NotFound),
    };
    MandatePayload::of(done, &["mandate"])
}

/// The mutation `revokeMandate`.
pub async fn revoke_mandate(ctx: &Context<'_>, input: MandateInput) -> Result<MandatePayload> {
    let caller = signed_in(ctx)?;
    let done = match number(&input.mandate) {
        Some(no) => use_cases(ctx).mandates.end(caller, &no).await,
        None => Err(MandateError::NotFound),
    };
    MandatePayload::of(done, &["mandate"])
}

/// For whom the session is to act.
#[derive(InputObject)]
pub struct ActAsInput {
    /// Of `viewer.mandates`, one that is active; left out: for oneself again.
    mandate: Option<ID>,
}

/// The session acts so from now on, or why not.
#[derive(SimpleObject, Default)]
pub struct ActAsPayload {
    /// Under which mandate; null for oneself.
    acting_for: Option<Mandate>,
    /// Who acts: still the caller.
    person: Option<Person>,
    /// What is the caller's own: it stays the caller's.
    viewer: Option<Viewer>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `actAs`.
pub async fn act_as(ctx: &Context<'_>, input: ActAsInput) -> Result<ActAsPayload> {
    let caller = signed_in(ctx)?;
    let acting = &use_cases(ctx).acting;
    let done = match input.mandate.as_ref().map(number) {
        None => acting.act_as(caller, None).await,
        Some(Some(no)) => acting.act_as(caller, Some(&no)).await,
        Some(None) => Err(MandateError::NotFound),
    };
    match done {
        Ok(mandate) => Ok(ActAsPayload {
            acting_for: mandate.map(Mandate),
            person: Some(Person(caller.person.clone())),
            viewer: Some(Viewer(caller.person.clone())),
            user_errors: Vec::new(),
        }),
        Err(error) => refusal(error, &["mandate"])
            .map(|error| ActAsPayload { user_errors: vec![error], ..ActAsPayload::default() }),
    }
}

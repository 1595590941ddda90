//! Cases: what the citizen follows, and does to them.

use super::catalogue::{self, App, Field};
use super::engine::{AnswerInput, ResultField, answer_fault};
use super::error::{FailureCode, UserError, UserErrorCode as Code, nothing_done, store_failed};
use super::loaders::loaders;
use super::node_id::Kind;
use super::notice::{PageInfo, bounded};
use super::scalars::{DateTime, Day};
use super::{UseCases, delivery, lottery, rating, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::casework::case::{
    CaseRecord, CaseState, CaseStore, Drafts, SupplementCase, SupplementError, WithdrawCase,
    WithdrawError,
};
use domain::casework::delivery::DeliverySubject;
use domain::catalogue::MaterialBy;
use domain::engine::{Answer, OutcomeField, shown};
use domain::ids::CaseNo;
use std::sync::Arc;

/// What somebody does with cases and drafts.
#[derive(Clone)]
pub struct CaseUseCases {
    /// Cases.
    pub cases: Arc<dyn CaseStore>,
    /// Takes one back.
    pub withdraw: Arc<WithdrawCase>,
    /// Hands something in.
    pub supplement: Arc<SupplementCase>,
    /// Forms that are not submitted yet.
    pub drafts: Arc<Drafts>,
}

fn use_cases<'a>(ctx: &Context<'a>) -> &'a CaseUseCases {
    &ctx.data_unchecked::<UseCases>().cases
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::casework::case::CaseState")]
pub enum CaseStatus {
    /// Stored here; the department has not confirmed it yet. It is sent again until it does.
    Submitted,
    /// The department has it.
    Accepted,
    /// Somebody there is at it.
    InReview,
    /// The department waits for the citizen: see `wanted`, and call `supplementCase`.
    NeedsMaterials,
    /// Decided: yes. What was applied for is being made.
    Approved,
    /// Decided: no.
    Rejected,
    /// Taken back by the citizen; the department has not confirmed that yet.
    Withdrawing,
    /// Taken back.
    Withdrawn,
    /// Done.
    Done,
}

/// How a material comes to the department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MaterialSource {
    /// As an uploaded file.
    File,
    /// Shown at the window.
    Window,
    /// From another department; the citizen does nothing.
    Shared,
}

/// Something that has to be handed in with a case.
#[derive(Debug, SimpleObject)]
pub struct CaseMaterial {
    /// Its name in the form.
    name: String,
    /// What the citizen reads.
    label: String,
    /// How it comes to the department; null where the department alone knows.
    source: Option<MaterialSource>,
    /// The field that is answered with it; null where none is.
    field: Option<Field>,
    /// Is its file there?
    uploaded: bool,
}

/// One line of a case's timeline.
#[derive(SimpleObject)]
pub struct CaseEvent {
    /// When we learnt it.
    at: DateTime,
    /// Where the case stood after it.
    status: CaseStatus,
    /// Who had it then, in Chinese.
    holder: String,
    /// What happened, in Chinese.
    text: String,
}

impl From<CaseRecord> for CaseEvent {
    fn from(record: CaseRecord) -> Self {
        Self {
            at: record.at.into(),
            status: record.state.into(),
            holder: record.holder,
            text: record.words,
        }
    }
}

/// One case (办件): an application that a department decides over days.
pub struct Case(pub domain::casework::case::Case);

impl Case {
    /// The material or field of that name, as the citizen reads it.
    fn material(&self, name: &str) -> CaseMaterial {
        let form = &self.0.form;
        let field_of = |name: &str| form.field(name).map(Field::from);
        let file_of = |material: &&domain::casework::case::HandedIn| material.name == name;
        let handed_in = self.0.application.materials.iter().find(file_of);
        let uploaded = handed_in.is_some_and(|material| material.file.is_some());
        let name = name.to_owned();
        match self.0.terms().and_then(|terms| terms.material(&name)) {
            Some(material) => {
                let label = material.label.zh.clone();
                let (source, field) = match &material.by {
                    MaterialBy::File { field } => (MaterialSource::File, field_of(field)),
                    MaterialBy::Window => (MaterialSource::Window, None),
                    MaterialBy::Shared => (MaterialSource::Shared, None),
                };
                CaseMaterial { name, label, source: Some(source), field, uploaded }
            }
            None => {
                let label = form.field(&name).map(|field| field.label.zh.clone());
                let label = label.unwrap_or_else(|| name.clone());
                let field = field_of(&name);
                CaseMaterial { name, label, source: None, field, uploaded }
            }
        }
    }
}

/// One case (办件): an application that a department decides over days.
#[Object]
impl Case {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Case.id(self.0.no.as_str())
    }

    /// Our number.
    async fn case_no(&self) -> &str {
        self.0.no.as_str()
    }

    /// What was applied for, in Chinese, as the app was called then.
    async fn title(&self) -> &str {
        &self.0.form.name.zh
    }

    /// The app as it is published now; null where it is no longer.
    async fn app(&self, ctx: &Context<'_>) -> Option<App> {
        catalogue::app(ctx, self.0.form.slug.as_str())
    }

    /// The version of the form that the case was opened with, and goes on by.
    async fn form_version(&self) -> i32 {
        i32::try_from(self.0.form.form_version).unwrap_or(i32::MAX)
    }

    /// The department that decides.
    async fn department(&self) -> &str {
        self.0.department()
    }

    /// Where it stands.
    async fn status(&self) -> CaseStatus {
        self.0.state.into()
    }

    /// The same in words, in Chinese.
    async fn status_text(&self) -> &str {
        self.0.state.zh()
    }

    /// Who has it now, in Chinese.
    async fn holder(&self) -> &str {
        &self.0.holder
    }

    /// The department's own number; null until it has one.
    async fn department_no(&self) -> Option<&str> {
        self.0.department_no.as_deref()
    }

    /// By when it is promised to be decided, in working days of the acceptance. Days that the
    /// department waits for the citizen do not count.
    async fn promised_on(&self) -> Day {
        Day(self.0.promised_on)
    }

    /// When it was submitted.
    async fn submitted_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When the department last said something; null while it has not answered at all.
    async fn heard_at(&self) -> Option<DateTime> {
        self.0.heard_at.map(Into::into)
    }

    /// When it was over; null before.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(Into::into)
    }

    /// What happened to it, oldest first.
    #[graphql(complexity = "20 * child_complexity + 1")]
    async fn timeline(&self, ctx: &Context<'_>) -> Result<Vec<CaseEvent>> {
        let cases = &use_cases(ctx).cases;
        let timelines = |nos: Vec<_>| async move { cases.timelines(&nos).await };
        let records = loaders(ctx).timelines.load(self.0.no.clone(), timelines).await?;
        Ok(records.into_iter().flatten().map(CaseEvent::from).collect())
    }

    /// What has to be handed in, by the answers that were given.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn materials(&self) -> Vec<CaseMaterial> {
        let materials = &self.0.application.materials;
        materials.iter().map(|material| self.material(&material.name)).collect()
    }

    /// What the department waits for; empty unless the status is NEEDS_MATERIALS.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn wanted(&self) -> Vec<CaseMaterial> {
        self.0.wanted.iter().map(|name| self.material(name)).collect()
    }

    /// What the department says of it, in the order of the app's rows; empty values are left out.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn result(&self) -> Vec<ResultField> {
        let fields = shown(&self.0.form, &self.0.facts).into_iter();
        let said = fields.filter(|field: &OutcomeField| !field.value.is_empty());
        said.map(ResultField::from).collect()
    }

    /// The citizen's own rating (好差评); null until it is rated.
    #[graphql(complexity = "child_complexity + 1")]
    async fn rating(&self, ctx: &Context<'_>) -> Result<Option<rating::CaseRating>> {
        rating::of_own_case(ctx, &self.0.no).await
    }

    /// Parcels with its result, newest first; see `requestDelivery`.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Vec<delivery::Delivery>> {
        let of = DeliverySubject::Case(self.0.no.clone());
        delivery::list_of_own(ctx, &of).await
    }

    /// 摇号: how the application fares in the draws; null where its app has none, or before it was
    /// approved.
    async fn lottery(&self, ctx: &Context<'_>) -> Result<Option<lottery::LotteryEntry>> {
        lottery::of_own_case(ctx, &self.0.no).await
    }

    /// May it be taken back?
    async fn can_withdraw(&self) -> bool {
        self.0.state.can_be_asked_back()
    }

    /// Can the result be sent by express?
    async fn express(&self) -> bool {
        self.0.terms().is_some_and(|terms| terms.express)
    }
}

/// Cases, newest first, and whether there are more.
#[derive(SimpleObject)]
pub struct CaseConnection {
    /// Newest first.
    nodes: Vec<Case>,
    /// Whether there are more.
    page_info: PageInfo,
}

/// The caller's cases.
pub async fn own_cases(
    ctx: &Context<'_>,
    first: i32,
    after: Option<String>,
) -> Result<CaseConnection> {
    let caller = signed_in(ctx)?;
    let first = u16::try_from(bounded(first)?).unwrap_or(100);
    let before = match after.as_deref().map(CaseNo::new) {
        None => None,
        Some(Ok(no)) => Some(no),
        Some(Err(_)) => return Err(FailureCode::BadInput.error()),
    };
    let cases = &use_cases(ctx).cases;
    let page = cases.list_cases(&caller.person.ids(), before.as_ref(), first).await;
    let page = page.map_err(|error| store_failed(&error))?;
    let end_cursor = page.cases.last().map(|case| case.no.to_string());
    let page_info = PageInfo { has_next_page: page.more, end_cursor };
    Ok(CaseConnection { nodes: page.cases.into_iter().map(Case).collect(), page_info })
}

/// The caller's case with this number, for `node(id:)` and `caseChanged`.
pub async fn own_case(ctx: &Context<'_>, no: &str) -> Result<Option<Case>> {
    let (Some(caller), Ok(no)) = (requester(ctx).caller.as_ref(), CaseNo::new(no)) else {
        return Ok(None);
    };
    let found = use_cases(ctx).cases.find_case(&no).await.map_err(|error| store_failed(&error))?;
    Ok(found.filter(|case| caller.person.owns(&case.person)).map(Case))
}

/// Which case to take back.
#[derive(InputObject)]
pub struct WithdrawCaseInput {
    /// An own one that is not decided.
    case_no: String,
}

/// The case as it is now.
#[derive(SimpleObject)]
pub struct WithdrawCasePayload {
    /// The case; WITHDRAWING until the department has confirmed it.
    case: Option<Case>,
    /// Why not.
    user_errors: Vec<UserError>,
}

fn unknown_case() -> UserError {
    UserError::at(Code::NotFound, &["caseNo"], "您没有这个办件")
}

/// The mutation `withdrawCase`.
pub async fn withdraw(ctx: &Context<'_>, input: WithdrawCaseInput) -> Result<WithdrawCasePayload> {
    let caller = signed_in(ctx)?;
    let answer = |case: Option<domain::casework::case::Case>, error: Option<UserError>| {
        let user_errors = error.into_iter().collect();
        Ok(WithdrawCasePayload { case: case.map(Case), user_errors })
    };
    let Ok(no) = CaseNo::new(input.case_no.trim()) else {
        return answer(None, Some(unknown_case()));
    };
    match use_cases(ctx).withdraw.run(caller, &no).await {
        Ok(case) => answer(Some(case), None),
        Err(WithdrawError::NotFound) => answer(None, Some(unknown_case())),
        Err(WithdrawError::TooLate(case)) => {
            let message = "这个办件已有结果，不能撤回";
            answer(Some(*case), Some(UserError::at(Code::Conflict, &["caseNo"], message)))
        }
        Err(WithdrawError::Store(error)) => Err(nothing_done(&error)),
    }
}

/// What is handed in.
#[derive(InputObject)]
pub struct SupplementCaseInput {
    /// An own one that is NEEDS_MATERIALS.
    case_no: String,
    /// Answers to the fields of `wanted`; what is shown at the window needs none.
    answers: Vec<AnswerInput>,
}

/// The case as it is now.
#[derive(SimpleObject)]
pub struct SupplementCasePayload {
    /// The case.
    case: Option<Case>,
    /// Why not; all faults of the answers at once.
    user_errors: Vec<UserError>,
}

/// The mutation `supplementCase`.
pub async fn supplement(
    ctx: &Context<'_>,
    input: SupplementCaseInput,
) -> Result<SupplementCasePayload> {
    let caller = signed_in(ctx)?;
    let answer = |case: Option<domain::casework::case::Case>, user_errors: Vec<UserError>| {
        Ok(SupplementCasePayload { case: case.map(Case), user_errors })
    };
    let Ok(no) = CaseNo::new(input.case_no.trim()) else {
        return answer(None, vec![unknown_case()]);
    };
    let answers: Vec<Answer> = input.answers.into_iter().map(Answer::from).collect();
    match use_cases(ctx).supplement.run(caller, &no, &answers).await {
        Ok(case) => answer(Some(case), Vec::new()),
        Err(SupplementError::NotFound) => answer(None, vec![unknown_case()]),
        Err(SupplementError::NotAsked(case)) => {
            let message = match case.state {
                CaseState::InReview => "材料已收到，暂不需要再补正",
                CaseState::Submitted
                | CaseState::Accepted
                | CaseState::NeedsMaterials
                | CaseState::Approved
                | CaseState::Rejected
                | CaseState::Withdrawing
                | CaseState::Withdrawn
                | CaseState::Done => "部门现在没有要求补正",
            };
            answer(Some(*case), vec![UserError::at(Code::Conflict, &["caseNo"], message)])
        }
        Err(SupplementError::Answers(faults)) => {
            answer(None, faults.iter().map(answer_fault).collect())
        }
        Err(SupplementError::Store(error)) => Err(nothing_done(&error)),
    }
}

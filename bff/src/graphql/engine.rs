//! Running an app.

use super::booking::{Booking, no_place};
use super::case::Case;
use super::certificate::Certificate;
use super::data_access::learn;
use super::error::{FailureCode, UserError, UserErrorCode as Code, chain, nothing_done};
use super::notice::Notice;
use super::scalars::{DateTime, Day, Fen, RegionCode};
use super::{UseCases, requester};
use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result, SimpleObject, Union};
use domain::catalogue::AppSlug;
use domain::engine::{
    ActingRefusal, Answer, AnswerFault, AnswerFaultCode, AnswerValue as DomainValue, NoticeLink,
    Outcome, OutcomeField, OutcomeRow, PaymentDue as DomainDue, Submission, SubmitError,
};
use domain::identity::IdentityLevel;
use domain::ids::IdempotencyKey;
use domain::standards::RegionCode as RegionNo;
use jiff::Timestamp;

/// One answer.
#[derive(InputObject)]
pub struct AnswerInput {
    /// The field's name.
    name: String,
    /// The answer, in the one shape that fits the field.
    value: AnswerValue,
}

/// ENUM answers with choice, FILE with fileId, INT with number, AMOUNT with fen, BOOL with flag,
/// DATE with date, all others with text.
#[derive(OneofObject)]
pub enum AnswerValue {
    /// For every type without a shape of its own.
    Text(String),
    /// INT.
    Number(i32),
    /// AMOUNT.
    Fen(Fen),
    /// DATE.
    Date(Day),
    /// BOOL.
    Flag(bool),
    /// ENUM: the option's value.
    Choice(String),
    /// FILE.
    FileId(ID),
}

impl From<AnswerInput> for Answer {
    fn from(input: AnswerInput) -> Self {
        let value = match input.value {
            AnswerValue::Text(text) => DomainValue::Text(text),
            AnswerValue::Number(number) => DomainValue::Number(number.into()),
            AnswerValue::Fen(fen) => DomainValue::Fen(fen.0.value()),
            AnswerValue::Date(day) => DomainValue::Date(day.0),
            AnswerValue::Flag(flag) => DomainValue::Flag(flag),
            AnswerValue::Choice(choice) => DomainValue::Choice(choice),
            AnswerValue::FileId(id) => DomainValue::FileId(super::file::key_of(&id)),
        };
        Self { name: input.name, value }
    }
}

/// The key may be left out for a QUERY app, which is then not stored.
#[derive(InputObject)]
pub struct SubmitAppInput {
    /// The app's slug.
    pub(super) app: String,
    /// Where; the whole province when left out.
    region: Option<RegionCode>,
    /// The version of the form that was filled in.
    form_version: i32,
    /// At most one per field.
    answers: Vec<AnswerInput>,
    /// Made by the client before it sends.
    idempotency_key: Option<ID>,
}

/// What came of it, or why nothing did.
#[derive(SimpleObject)]
pub struct SubmitAppPayload {
    /// What came of it.
    outcome: Option<AppOutcome>,
    /// Why not; all faults of the answers at once.
    user_errors: Vec<UserError>,
}

impl SubmitAppPayload {
    /// Something came of it.
    pub(super) fn went_through(&self) -> bool {
        self.outcome.is_some()
    }
}

/// What can come of an app.
#[derive(Union)]
pub enum AppOutcome {
    /// A department answered.
    Lookup(LookupResult),
    /// A place is held.
    Booking(Booking),
    /// A case is open.
    Case(Case),
    /// Something is owed.
    PaymentDue(PaymentDue),
    /// A certificate was issued.
    Certificate(Certificate),
}

/// A department's answer.
#[derive(SimpleObject)]
pub struct LookupResult {
    /// In the department's order; at most 200.
    rows: Vec<ResultRow>,
    /// When that was so.
    as_of: DateTime,
    /// Who says so.
    source: String,
    /// The department is silent, and this is what it said before.
    stale: bool,
    /// Why this is an earlier answer, in words for the citizen; null where it is not.
    stale_reason: Option<String>,
}

/// What is owed, or was ordered: pay its notices by `startPayment`. Submit again under the same
/// key to see how it stands; nothing is ordered twice.
#[derive(SimpleObject)]
pub struct PaymentDue {
    /// In the department's order; also those that are paid already.
    notices: Vec<Notice>,
    /// Why nothing can be paid now, in words for the citizen; null where something can.
    nothing_due: Option<String>,
    /// What the department says beside: of an order its number, and once it is paid the ticket.
    rows: Vec<PaymentRow>,
    /// When that was so.
    as_of: DateTime,
    /// Who says so.
    source: String,
}

/// One row beside what is owed.
#[derive(SimpleObject)]
pub struct PaymentRow {
    /// Label and value, in display order.
    fields: Vec<ResultField>,
}

impl PaymentDue {
    fn of(due: DomainDue, now: Timestamp) -> Result<Self> {
        let notices = due.notices.into_iter().map(|notice| Notice::live(notice, now));
        let row = |row: Vec<OutcomeField>| PaymentRow {
            fields: row.into_iter().map(ResultField::from).collect(),
        };
        Ok(Self {
            notices: notices.collect::<Result<_>>()?,
            nothing_due: due.nothing_due.map(str::to_owned),
            rows: due.rows.into_iter().map(row).collect(),
            as_of: due.as_of.into(),
            source: due.source,
        })
    }
}

/// One row of an answer.
pub struct ResultRow(OutcomeRow);

/// One row of an answer.
#[Object]
impl ResultRow {
    /// Label and value, in display order.
    async fn fields(&self) -> Vec<ResultField> {
        self.0.fields.iter().cloned().map(ResultField::from).collect()
    }

    /// What can be paid for it. Null, with an entry in `errors`, while the gateway is silent.
    async fn notice(&self, ctx: &Context<'_>) -> Result<Option<Notice>> {
        match &self.0.notice {
            NoticeLink::None => Ok(None),
            NoticeLink::Found(notice) => {
                Notice::live(notice.as_ref().clone(), requester(ctx).now).map(Some)
            }
            NoticeLink::Unavailable => Err(FailureCode::GatewayUnavailable.error()),
        }
    }
}

/// One value of a row.
#[derive(Debug, Clone, SimpleObject)]
pub struct ResultField {
    /// The department's key.
    pub(super) name: String,
    /// What stands beside the value.
    pub(super) label: String,
    /// In words; empty where there is none.
    pub(super) value: String,
}

impl ResultField {
    /// A value that stands alone.
    pub(super) fn of(name: &str, label: &str, value: &str) -> Self {
        Self { name: name.to_owned(), label: label.to_owned(), value: value.to_owned() }
    }
}

impl From<domain::engine::OutcomeField> for ResultField {
    fn from(field: domain::engine::OutcomeField) -> Self {
        Self { name: field.name, label: field.label.zh, value: field.value }
    }
}

/// The mutation `submitApp`.
pub async fn submit(ctx: &Context<'_>, input: SubmitAppInput) -> Result<SubmitAppPayload> {
    let who = requester(ctx);
    let refused = |user_errors| Ok(SubmitAppPayload { outcome: None, user_errors });
    let mut faults = Vec::new();
    let app = AppSlug::new(&input.app);
    if app.is_err() {
        faults.push(unknown_app());
    }
    let region = input.region.map(|region| RegionNo::new(&region.0)).transpose();
    if region.is_err() {
        faults.push(unknown_region());
    }
    let key = input.idempotency_key.map(|key| IdempotencyKey::new(&key)).transpose();
    if key.is_err() {
        let message = "幂等键须为8至64位字母、数字、下划线或连字符";
        faults.push(UserError::at(Code::Invalid, &["idempotencyKey"], message));
    }
    let (Ok(app), Ok(region), Ok(key)) = (app, region, key) else { return refused(faults) };
    let submission = Submission {
        app,
        region,
        channel: who.channel,
        form_version: u32::try_from(input.form_version).unwrap_or_default(),
        answers: input.answers.into_iter().map(Answer::from).collect(),
        idempotency_key: key,
    };
    let submit_app = &ctx.data_unchecked::<UseCases>().submit_app;
    let done = submit_app.run(who.caller.as_ref(), &submission).await;
    if let Ok(outcome) = &done {
        learn(ctx, &submission, outcome).await;
    }
    match done {
        Ok(Outcome::PaymentDue(due)) => {
            let outcome = Some(AppOutcome::PaymentDue(PaymentDue::of(*due, who.now)?));
            Ok(SubmitAppPayload { outcome, user_errors: Vec::new() })
        }
        Ok(Outcome::Lookup { rows, as_of, source, stale }) => {
            let rows = rows.into_iter().map(ResultRow).collect();
            let (as_of, is_stale) = (as_of.into(), stale.is_some());
            let result = LookupResult { rows, as_of, source, stale: is_stale, stale_reason: stale };
            let outcome = Some(AppOutcome::Lookup(result));
            Ok(SubmitAppPayload { outcome, user_errors: Vec::new() })
        }
        Ok(Outcome::Booking(booking)) => {
            let outcome = Some(AppOutcome::Booking(Booking(*booking)));
            Ok(SubmitAppPayload { outcome, user_errors: Vec::new() })
        }
        Ok(Outcome::Case(case)) => {
            let outcome = Some(AppOutcome::Case(Case(*case)));
            Ok(SubmitAppPayload { outcome, user_errors: Vec::new() })
        }
        Ok(Outcome::Certificate(certificate)) => {
            let outcome = Some(AppOutcome::Certificate(Certificate(certificate)));
            Ok(SubmitAppPayload { outcome, user_errors: Vec::new() })
        }
        Err(error) => refusals(error).and_then(refused),
    }
}

fn refusals(error: SubmitError) -> Result<Vec<UserError>> {
    Ok(match error {
        SubmitError::UnknownApp(_) => vec![unknown_app()],
        SubmitError::UnknownRegion(_) => vec![unknown_region()],
        SubmitError::NotOpen(why) => {
            let reason = why.reason().unwrap_or("服务暂未开放");
            vec![UserError::at(Code::AppNotOpen, &["app"], reason)]
        }
        SubmitError::FormVersionRetired { current } => {
            let message = format!("表单已更新到第{current}版，请刷新后重新填写");
            vec![UserError::at(Code::FormVersionRetired, &["formVersion"], message)]
        }
        SubmitError::NotSignedIn => return Err(FailureCode::NotSignedIn.error()),
        SubmitError::LevelTooLow { needed } => {
            vec![UserError::at(Code::IdentityLevelTooLow, &["app"], level_hint(needed))]
        }
        SubmitError::ActingFor(why) => vec![acting_refused(why)],
        SubmitError::Answers(faults) => faults.iter().map(answer_fault).collect(),
        SubmitError::KeyMissing => {
            let message = "请带上幂等键，以免重复办理";
            vec![UserError::at(Code::Required, &["idempotencyKey"], message)]
        }
        SubmitError::KeyReused => {
            let message = "这个幂等键已用于另一次提交，请换一个新的";
            vec![UserError::at(Code::IdempotencyKeyReused, &["idempotencyKey"], message)]
        }
        SubmitError::NoPlace(refusal) => vec![no_place(&refusal)],
        SubmitError::Store(error) => return Err(nothing_done(&error)),
        SubmitError::GatewayUnavailable => return Err(FailureCode::GatewayUnavailable.error()),
        SubmitError::DepartmentUnavailable { department, source } => {
            tracing::warn!(department, error = %chain(&source), "department failed");
            let message = format!("{department}暂时没有应答，什么也没有提交，请稍后再试");
            vec![UserError::whole(Code::DepartmentUnavailable, message)]
        }
        SubmitError::Refused { message } => {
            vec![UserError::at(Code::Invalid, &["answers"], message)]
        }
    })
}

fn acting_refused(why: ActingRefusal) -> UserError {
    let message = match why {
        ActingRefusal::Over => "代办授权已结束，请重新选择为谁办理",
        ActingRefusal::PersonsOnly => "本服务面向个人，请先切换回本人",
        ActingRefusal::LegalPersonsOnly => "本服务面向单位，请先选择要代表的单位",
    };
    UserError::at(Code::Conflict, &["app"], message)
}

fn unknown_app() -> UserError {
    UserError::at(Code::NotFound, &["app"], "没有这个应用")
}

fn unknown_region() -> UserError {
    UserError::at(Code::Invalid, &["region"], "没有这个地区，请重新选择")
}

pub(super) fn level_hint(needed: IdentityLevel) -> &'static str {
    match needed {
        IdentityLevel::Anonymous => "请先登录",
        IdentityLevel::Phone => "请先授权手机号",
        IdentityLevel::RealName => "请先完成实名认证",
        IdentityLevel::Face => "请先完成刷脸认证",
    }
}

pub(super) fn answer_fault(fault: &AnswerFault) -> UserError {
    let code = match fault.code {
        AnswerFaultCode::Required => Code::Required,
        AnswerFaultCode::Invalid
        | AnswerFaultCode::UnknownField
        | AnswerFaultCode::Duplicate
        | AnswerFaultCode::NotYourOwn => Code::Invalid,
    };
    if fault.field.is_empty() {
        UserError::at(code, &["answers"], &fault.message)
    } else {
        UserError::at(code, &["answers", &fault.field], &fault.message)
    }
}

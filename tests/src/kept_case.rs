//! Cases as the store keeps them, put there without a department: for what follows a case.

use crate::citizen::Citizen;
use adapters::store::Store;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::casework::case::{Application, Case, CaseChange, CaseState, CaseStore as _};
use domain::catalogue::{
    AppDefinition, Operation, RawApp, RawCall, RawCase, RawField, RawOption, RawRow, RawStep,
    RawWording,
};
use domain::engine::{Answer, AnswerValue, ExchangeCall, ExchangeRow};
use domain::ids::{CaseNo, PersonId, SubmissionNo};
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A case that somebody has.
#[derive(Debug, Clone)]
pub struct KeptCase {
    /// Of which app; it must be one of the catalogue where its name matters.
    pub app: &'static str,
    /// Where it stands.
    pub state: CaseState,
    /// By when it was promised.
    pub promised_on: Date,
    /// The answer to the field `quota_kind`.
    pub pool: &'static str,
    /// When it was stored.
    pub at: Timestamp,
}

fn wording(zh: &str) -> RawWording {
    RawWording { zh: zh.to_owned(), en: Some("sample".to_owned()) }
}

/// A form of that app, whose results can be sent.
fn form(app: &str) -> AppDefinition {
    let option = |value: &str| RawOption {
        value: value.to_owned(),
        label: value.to_owned(),
        price_fen: None,
    };
    let field = RawField {
        name: "quota_kind".to_owned(),
        label: wording("指标类型"),
        field_type: "enum".to_owned(),
        options: vec![option("个人普通"), option("单位普通")],
        ..RawField::default()
    };
    let row = RawRow { from: "status".to_owned(), label: wording("状态"), shown_as: None };
    let step = RawStep { name: "受理".to_owned(), holder: "窗口".to_owned() };
    let call = RawCall { operation: "sample.apply".to_owned(), ..RawCall::default() };
    let raw = RawApp {
        slug: app.to_owned(),
        name: wording("样例事项"),
        summary: "样例".to_owned(),
        category: "transport_travel".to_owned(),
        department: "杭州市国土资源局".to_owned(),
        kind: "apply".to_owned(),
        channels: vec!["app".to_owned()],
        identity_level: "phone".to_owned(),
        audience: vec!["person".to_owned()],
        coverage: vec!["330000".to_owned()],
        form_version: 1,
        fields: vec![field],
        case: Some(RawCase {
            call,
            promised_days: 5,
            steps: vec![step],
            express: true,
            ..RawCase::default()
        }),
        rows: vec![row],
        provenance: "composed".to_owned(),
        ..RawApp::default()
    };
    AppDefinition::check(&raw).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Whose session it is.
async fn person_of(citizen: &Citizen) -> PersonId {
    let data = citizen.reads("{viewer{person{id}}}").await;
    let id = data["viewer"]["person"]["id"].as_str().unwrap().to_owned();
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).unwrap()).unwrap();
    PersonId::new(text.split_once(':').unwrap().1).unwrap()
}

impl KeptCase {
    /// Ended well, promised for that day.
    pub fn done(app: &'static str, at: Timestamp) -> Self {
        let promised_on = domain::clock::beijing_day(at);
        Self { app, state: CaseState::Done, promised_on, pool: "个人普通", at }
    }

    /// Puts it there for this citizen; its number.
    pub async fn of(&self, store: &Store, citizen: &Citizen) -> CaseNo {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let operation = Operation::new("sample.apply").unwrap();
        let over = self.state.is_over().then_some(self.at);
        let decided = self.state.is_decided().then_some(self.at);
        let case = Case {
            no: CaseNo::new(&format!("YJ20260302{number:06}")).unwrap(),
            submission: SubmissionNo::new(&format!("YS20260302{number:06}")).unwrap(),
            person: person_of(citizen).await,
            form: Arc::new(form(self.app)),
            application: Application {
                call: ExchangeCall { operation, subject: None, parameters: Vec::new() },
                answers: vec![Answer {
                    name: "quota_kind".to_owned(),
                    value: AnswerValue::Choice(self.pool.to_owned()),
                }],
                materials: Vec::new(),
            },
            state: self.state,
            step: 1,
            holder: "窗口".to_owned(),
            department_no: None,
            promised_on: self.promised_on,
            asked_on: None,
            wanted: Vec::new(),
            facts: ExchangeRow::new(),
            created_at: self.at,
            heard_at: Some(self.at),
            decided_at: decided,
            ended_at: over,
            errand: None,
            due_at: None,
            attempts: 0,
            version: 0,
        };
        let records = vec![case.record(self.at, "样例".to_owned())];
        let no = case.no.clone();
        store.open(&CaseChange { case, records, events: Vec::new() }).await.unwrap();
        no
    }
}

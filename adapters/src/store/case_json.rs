//! What stands sealed in rows of cases and drafts, as JSON.

use domain::casework::case::{Application, Case, HandedIn};
use domain::catalogue::Operation;
use domain::engine::{Answer, AnswerValue, ExchangeCall, ExchangeRow, ExchangeValue, Subject};
use domain::identity::PersonName;
use domain::outside::StoreError;
use domain::standards::CitizenId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// JSON of a value whose writing cannot fail but for a fault of ours.
pub(super) fn write<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unavailable(error.into()))
}

/// The error is dropped: it may quote personal data.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ValueJson {
    Text(String),
    Number(i64),
    Fen(i64),
    Date(String),
    Flag(bool),
    Choice(String),
    FileId(String),
}

#[derive(Serialize, Deserialize)]
pub(super) struct AnswerJson {
    name: String,
    value: ValueJson,
}

impl AnswerJson {
    pub(super) fn of(answer: &Answer) -> Self {
        let value = match &answer.value {
            AnswerValue::Text(text) => ValueJson::Text(text.clone()),
            AnswerValue::Number(number) => ValueJson::Number(*number),
            AnswerValue::Fen(fen) => ValueJson::Fen(*fen),
            AnswerValue::Date(date) => ValueJson::Date(date.to_string()),
            AnswerValue::Flag(flag) => ValueJson::Flag(*flag),
            AnswerValue::Choice(choice) => ValueJson::Choice(choice.clone()),
            AnswerValue::FileId(id) => ValueJson::FileId(id.clone()),
        };
        Self { name: answer.name.clone(), value }
    }

    pub(super) fn into_answer(self) -> Option<Answer> {
        let value = match self.value {
            ValueJson::Text(text) => AnswerValue::Text(text),
            ValueJson::Number(number) => AnswerValue::Number(number),
            ValueJson::Fen(fen) => AnswerValue::Fen(fen),
            ValueJson::Date(date) => AnswerValue::Date(date.parse().ok()?),
            ValueJson::Flag(flag) => AnswerValue::Flag(flag),
            ValueJson::Choice(choice) => AnswerValue::Choice(choice),
            ValueJson::FileId(id) => AnswerValue::FileId(id),
        };
        Some(Answer { name: self.name, value })
    }
}

/// All of them; `None` when one cannot be read.
pub(super) fn answers(json: Vec<AnswerJson>) -> Option<Vec<Answer>> {
    json.into_iter().map(AnswerJson::into_answer).collect()
}

#[derive(Serialize, Deserialize)]
pub(super) struct ApplicationJson {
    operation: String,
    /// Name and number.
    subject: Option<(String, String)>,
    parameters: Vec<(String, String)>,
    answers: Vec<AnswerJson>,
    /// Name and file.
    materials: Vec<(String, Option<String>)>,
}

impl ApplicationJson {
    pub(super) fn of(application: &Application) -> Self {
        let call = &application.call;
        let subject = call
            .subject
            .as_ref()
            .map(|subject| (subject.name.as_str().to_owned(), subject.id_card.as_str().to_owned()));
        let materials = application.materials.iter();
        Self {
            operation: call.operation.to_string(),
            subject,
            parameters: call.parameters.clone(),
            answers: application.answers.iter().map(AnswerJson::of).collect(),
            materials: materials.map(|m| (m.name.clone(), m.file.clone())).collect(),
        }
    }

    pub(super) fn into_application(self) -> Option<Application> {
        let subject = match self.subject {
            None => None,
            Some((name, id_card)) => Some(Subject {
                name: PersonName::new(&name).ok()?,
                id_card: CitizenId::new(&id_card).ok()?,
            }),
        };
        let operation = Operation::new(&self.operation).ok()?;
        let materials = self.materials.into_iter();
        Some(Application {
            call: ExchangeCall { operation, subject, parameters: self.parameters },
            answers: answers(self.answers)?,
            materials: materials.map(|(name, file)| HandedIn { name, file }).collect(),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FactJson {
    Text(String),
    Number(i64),
    Flag(bool),
    Null,
}

/// What the department says of a case.
#[derive(Serialize, Deserialize)]
pub(super) struct ReportJson {
    pub(super) wanted: Vec<String>,
    facts: BTreeMap<String, FactJson>,
}

impl ReportJson {
    pub(super) fn of(case: &Case) -> Self {
        let fact = |value: &ExchangeValue| match value {
            ExchangeValue::Text(text) => FactJson::Text(text.clone()),
            ExchangeValue::Number(number) => FactJson::Number(*number),
            ExchangeValue::Flag(flag) => FactJson::Flag(*flag),
            ExchangeValue::Null => FactJson::Null,
        };
        let facts = case.facts.iter().map(|(key, value)| (key.clone(), fact(value)));
        Self { wanted: case.wanted.clone(), facts: facts.collect() }
    }

    pub(super) fn facts(&self) -> ExchangeRow {
        let value = |fact: &FactJson| match fact {
            FactJson::Text(text) => ExchangeValue::Text(text.clone()),
            FactJson::Number(number) => ExchangeValue::Number(*number),
            FactJson::Flag(flag) => ExchangeValue::Flag(*flag),
            FactJson::Null => ExchangeValue::Null,
        };
        self.facts.iter().map(|(key, fact)| (key.clone(), value(fact))).collect()
    }
}

/// What is handed in later.
#[derive(Serialize, Deserialize)]
pub(super) struct SupplementJson {
    pub(super) number: u32,
    pub(super) parameters: Vec<(String, String)>,
}

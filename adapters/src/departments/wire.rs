//! The exchange's own names.

use domain::engine::{ExchangeValue, Subject};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct RequestWire<'a> {
    #[serde(rename = "requestId")]
    pub request_id: &'a str,
    pub subject: Option<SubjectWire<'a>>,
    pub parameters: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
pub(super) struct SubjectWire<'a> {
    pub name: &'a str,
    #[serde(rename = "idCard")]
    pub id_card: &'a str,
}

impl<'a> SubjectWire<'a> {
    pub fn of(subject: &'a Subject) -> Self {
        Self { name: subject.name.as_str(), id_card: subject.id_card.as_str() }
    }
}

#[derive(Deserialize)]
pub(super) struct AnswerWire {
    #[serde(rename = "requestId")]
    pub request_id: String,
    pub code: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub source: String,
    #[serde(rename = "asOf", default)]
    pub as_of: String,
    #[serde(default)]
    pub rows: Vec<BTreeMap<String, ValueWire>>,
}

/// Fractions, lists and objects are not values of the exchange: such an answer is not understood.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ValueWire {
    Number(i64),
    Flag(bool),
    Text(String),
    Null,
}

impl From<ValueWire> for ExchangeValue {
    fn from(wire: ValueWire) -> Self {
        match wire {
            ValueWire::Number(number) => Self::Number(number),
            ValueWire::Flag(flag) => Self::Flag(flag),
            ValueWire::Text(text) => Self::Text(text),
            ValueWire::Null => Self::Null,
        }
    }
}

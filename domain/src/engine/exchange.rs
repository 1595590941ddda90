//! The departments' exchange, as this service needs it.

use crate::catalogue::Operation;
use crate::identity::PersonName;
use crate::outside::OutsideError;
use crate::standards::CitizenId;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// A question to a department. `Debug` tells the names of the parameters only.
#[derive(Clone, PartialEq, Eq)]
pub struct ExchangeCall {
    /// Which question.
    pub operation: Operation,
    /// About whom; `None` where the question is about nobody.
    pub subject: Option<Subject>,
    /// Names and values, in the order of the definition. An optional answer that was not given
    /// is empty.
    pub parameters: Vec<(String, String)>,
}

impl fmt::Debug for ExchangeCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.parameters.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ExchangeCall")
            .field("operation", &self.operation)
            .field("subject", &self.subject)
            .field("parameters", &names)
            .finish()
    }
}

/// The verified person that a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The verified name.
    pub name: PersonName,
    /// The verified number.
    pub id_card: CitizenId,
}

/// What a department said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeAnswer {
    /// At most 200.
    pub rows: Vec<ExchangeRow>,
    /// When that was so.
    pub as_of: Timestamp,
    /// Who says so.
    pub source: String,
}

/// One row: values by the department's keys.
pub type ExchangeRow = BTreeMap<String, ExchangeValue>;

/// One value. `Debug` tells the kind only: rows are personal.
#[derive(Clone, PartialEq, Eq)]
pub enum ExchangeValue {
    /// A text.
    Text(String),
    /// A whole number; fen under keys that end in `_fen`.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Nothing.
    Null,
}

impl fmt::Debug for ExchangeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(***)",
            Self::Number(_) => "Number(***)",
            Self::Flag(_) => "Flag(***)",
            Self::Null => "Null",
        })
    }
}

/// The exchange behind which all departments answer. Every call is a look-up: safe to repeat.
#[async_trait]
pub trait DepartmentExchange: Send + Sync {
    /// Asks. MUST answer [`OutsideError::Refused`] with code [`REFUSED_INVALID`] when a parameter
    /// does not fit and [`REFUSED_DENIED`] when the subject may not ask; every other code means
    /// that the department gives no answer now. MUST NOT return more than 200 rows.
    async fn call(&self, call: &ExchangeCall) -> Result<ExchangeAnswer, OutsideError>;
}

/// The exchange's code for a parameter that is missing or malformed.
pub const REFUSED_INVALID: &str = "INVALID";
/// The exchange's code for a subject that may not ask this.
pub const REFUSED_DENIED: &str = "DENIED";

//! The departments' exchange, with every call about a person on record before it is made.

use super::{DepartmentExchange, ExchangeAnswer, ExchangeCall, Subject};
use crate::catalogue::{AppDefinition, CatalogueSource, Operation};
use crate::clock::{Clock, IdSource};
use crate::identity::{DataReading, DataStore, ReadingPurpose};
use crate::ids::ReadNo;
use crate::outside::OutsideError;
use async_trait::async_trait;
use std::sync::Arc;

/// A call about somebody that cannot be put on record is not made.
pub struct RecordedExchange {
    /// The exchange.
    pub exchange: Arc<dyn DepartmentExchange>,
    /// Readings.
    pub store: Arc<dyn DataStore>,
    /// Says who asks what.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
}

impl RecordedExchange {
    async fn note(&self, call: &ExchangeCall, of: &Subject) -> Result<(), OutsideError> {
        let at = self.clock.now();
        let catalogue = self.catalogue.current();
        let asks =
            |app: &&AppDefinition| app.call().is_some_and(|made| made.operation == call.operation);
        let mut asking = catalogue.apps().filter(asks);
        let (one, more) = (asking.next(), asking.next());
        let word = word_of(&call.operation);
        let same_word =
            |app: &&AppDefinition| app.call().is_some_and(|made| word_of(&made.operation) == word);
        let department = one.or_else(|| catalogue.apps().find(same_word));
        let fields = ["name", "id_card"].into_iter().map(str::to_owned);
        let parameters = call.parameters.iter().filter(|(_, value)| !value.is_empty());
        let reading = DataReading {
            no: ReadNo::generate(at, self.ids.as_ref()),
            department: department.map_or(word, |app| app.department.as_str()).to_owned(),
            operation: call.operation.to_string(),
            app: one.filter(|_| more.is_none()).map(|app| app.slug.clone()),
            fields: fields.chain(parameters.map(|(name, _)| name.clone())).collect(),
            purpose: ReadingPurpose::Service,
            at,
        };
        let noted = self.store.note_reading(&of.id_card, &reading).await;
        noted.map_err(|error| OutsideError::NotSent(error.into()))
    }
}

/// The department's word in the name of an operation.
fn word_of(operation: &Operation) -> &str {
    operation.as_str().split('.').next().unwrap_or_default()
}

#[async_trait]
impl DepartmentExchange for RecordedExchange {
    async fn call(&self, call: &ExchangeCall) -> Result<ExchangeAnswer, OutsideError> {
        if let Some(of) = &call.subject {
            self.note(call, of).await?;
        }
        self.exchange.call(call).await
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::FixedCatalogue;
    use crate::catalogue::samples::{catalogue, sample};
    use crate::fakes::samples::at;
    use crate::fakes::{CountingIds, FakeClock, Fault, FaultPlan, InMemoryStore};
    use crate::identity::PersonName;
    use crate::standards::CitizenId;
    use std::pin::pin;
    use std::sync::Mutex;
    use std::task::{Context, Poll, Waker};

    fn wait<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("waits"),
        }
    }

    /// Counts what it is asked.
    #[derive(Default)]
    struct Counting(Mutex<usize>);

    #[async_trait]
    impl DepartmentExchange for Counting {
        async fn call(&self, _call: &ExchangeCall) -> Result<ExchangeAnswer, OutsideError> {
            *self.0.lock().unwrap() += 1;
            Ok(ExchangeAnswer { rows: Vec::new(), as_of: at(0), source: "省公安厅".to_owned() })
        }
    }

    fn recorded(store: InMemoryStore, exchange: &Arc<Counting>) -> RecordedExchange {
        RecordedExchange {
            exchange: exchange.clone(),
            store: Arc::new(store),
            catalogue: Arc::new(FixedCatalogue(Arc::new(catalogue(sample())))),
            clock: Arc::new(FakeClock::at(at(7))),
            ids: Arc::new(CountingIds::default()),
        }
    }

    fn subject() -> Subject {
        let id_card = CitizenId::new("33010619000101099X").unwrap();
        Subject { name: PersonName::new("王小明").unwrap(), id_card }
    }

    fn call(operation: &str, subject: Option<Subject>) -> ExchangeCall {
        let text = |text: &str| text.to_owned();
        let parameters = vec![(text("plate_no"), text("浙A00X00")), (text("empty"), text(""))];
        ExchangeCall { operation: Operation::new(operation).unwrap(), subject, parameters }
    }

    #[test]
    fn what_is_told_is_named_and_never_quoted() {
        let (store, exchange) = (InMemoryStore::new(), Arc::new(Counting::default()));
        let recorded = recorded(store.clone(), &exchange);
        wait(recorded.call(&call("nobody.knows", Some(subject())))).unwrap();
        wait(recorded.call(&call("nobody.knows", None))).unwrap();
        let kept = wait(store.list_readings(&subject().id_card, None, 9)).unwrap();
        assert_eq!(kept.len(), 1, "a question about nobody is no reading");
        assert_eq!(kept[0].fields, ["name", "id_card", "plate_no"]);
        assert_eq!((kept[0].department.as_str(), &kept[0].app), ("nobody", &None));
        assert_eq!((kept[0].at, *exchange.0.lock().unwrap()), (at(7), 2));
        assert!(!format!("{kept:?}").contains("浙A"));
    }

    #[test]
    fn what_cannot_be_put_on_record_is_not_asked() {
        let exchange = Arc::new(Counting::default());
        let plan = Arc::new(FaultPlan::always(Fault::NotDone));
        let recorded = recorded(InMemoryStore::new().with_plan(plan), &exchange);
        let refused = wait(recorded.call(&call("nobody.knows", Some(subject()))));
        assert!(matches!(refused, Err(OutsideError::NotSent(_))));
        assert_eq!(*exchange.0.lock().unwrap(), 0);
    }
}

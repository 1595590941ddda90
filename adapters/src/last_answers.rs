//! What departments said last, in memory: found by a keyed hash of the question and of who asked,
//! so that a copy of the memory's keys tells nobody who asked what. Each node remembers its own.

use crate::crypto::MacKey;
use async_trait::async_trait;
use domain::clock::IdSource;
use domain::engine::{Asked, ExchangeAnswer, ExchangeRow, ExchangeValue, LastAnswers};
use jiff::Timestamp;
use moka::future::Cache;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// All answers together; the least used go first.
const BYTES_MAX: u64 = 32 * 1024 * 1024;
/// The longest that any app may allow.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// What an answer or a value costs beside its text.
const OVERHEAD: usize = 64;

/// Remembers answers until they are a day old or the room is needed.
pub struct MemoryLastAnswers {
    key: MacKey,
    kept: Cache<String, Arc<Kept>>,
}

struct Kept {
    answer: ExchangeAnswer,
    at: Timestamp,
}

impl MemoryLastAnswers {
    /// Empty, with a key that lives as long as the process.
    pub fn new(ids: &dyn IdSource) -> Self {
        let weight =
            |_: &String, kept: &Arc<Kept>| u32::try_from(size(&kept.answer)).unwrap_or(u32::MAX);
        let kept =
            Cache::builder().max_capacity(BYTES_MAX).weigher(weight).time_to_live(KEPT).build();
        Self { key: MacKey::new(&ids.random_bytes()), kept }
    }

    /// Each part with its length before it, so that no two questions read alike.
    fn place_of(&self, asked: Asked<'_>) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        let mut part = |part: &str| {
            let _ = write!(text, "{}:{part}", part.len());
        };
        part(asked.person.map_or("", |person| person.as_str()));
        part(asked.call.operation.as_str());
        part(asked.call.subject.as_ref().map_or("", |of| of.name.as_str()));
        part(asked.call.subject.as_ref().map_or("", |of| of.id_card.as_str()));
        for (name, value) in &asked.call.parameters {
            part(name);
            part(value);
        }
        self.key.code(text.as_bytes())
    }
}

fn size(answer: &ExchangeAnswer) -> usize {
    let value = |value: &ExchangeValue| match value {
        ExchangeValue::Text(text) => text.len(),
        ExchangeValue::Number(_) | ExchangeValue::Flag(_) | ExchangeValue::Null => 0,
    };
    let row = |row: &ExchangeRow| -> usize {
        row.iter().map(|(key, of)| key.len() + value(of) + OVERHEAD).sum()
    };
    answer.source.len() + OVERHEAD + answer.rows.iter().map(row).sum::<usize>()
}

#[async_trait]
impl LastAnswers for MemoryLastAnswers {
    async fn keep(&self, asked: Asked<'_>, answer: &ExchangeAnswer, at: Timestamp) {
        let kept = Arc::new(Kept { answer: answer.clone(), at });
        self.kept.insert(self.place_of(asked), kept).await;
    }

    async fn find(&self, asked: Asked<'_>, since: Timestamp) -> Option<ExchangeAnswer> {
        let kept = self.kept.get(&self.place_of(asked)).await?;
        let fresh = kept.at >= since;
        if fresh {
            let operation = asked.call.operation.as_str();
            tracing::info!(operation, as_of = %kept.answer.as_of, "an earlier answer stands in");
        }
        fresh.then(|| kept.answer.clone())
    }

    async fn forget(&self, asked: Asked<'_>) {
        self.kept.invalidate(&self.place_of(asked)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::RandomIds;
    use domain::catalogue::Operation;
    use domain::engine::{ExchangeCall, Subject};
    use domain::identity::PersonName;
    use domain::ids::PersonId;
    use domain::standards::CitizenId;

    fn call(operation: &str, parameters: &[(&str, &str)]) -> ExchangeCall {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        ExchangeCall {
            operation: Operation::new(operation).unwrap(),
            subject: None,
            parameters: parameters.iter().map(owned).collect(),
        }
    }

    fn answer(source: &str) -> ExchangeAnswer {
        ExchangeAnswer { rows: Vec::new(), as_of: at(0), source: source.to_owned() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_772_417_740 + second).unwrap()
    }

    #[tokio::test]
    async fn only_the_same_question_of_the_same_person_finds_an_answer() {
        let kept = MemoryLastAnswers::new(&RandomIds);
        let (one, other) = (PersonId::new("P1").unwrap(), PersonId::new("P2").unwrap());
        let question = call("weather.forecast", &[("region", "330100")]);
        let asked = Asked { person: Some(&one), call: &question };
        kept.keep(asked, &answer("省气象局"), at(0)).await;
        assert_eq!(kept.find(asked, at(0)).await, Some(answer("省气象局")));
        let of_subject = ExchangeCall {
            subject: Some(Subject {
                name: PersonName::new("张三").unwrap(),
                id_card: CitizenId::new("33010619000101099X").unwrap(),
            }),
            ..question.clone()
        };
        for strange in [
            call("weather.forecasts", &[("region", "330100")]),
            call("weather.forecast", &[("region", "330101")]),
            call("weather.forecast", &[("regio", "n330100")]),
            call("weather.forecast", &[("region", "330100"), ("", "")]),
            of_subject,
        ] {
            let asked = Asked { person: Some(&one), call: &strange };
            assert_eq!(kept.find(asked, at(0)).await, None, "{strange:?}");
        }
        for person in [Some(&other), None] {
            assert_eq!(kept.find(Asked { person, call: &question }, at(0)).await, None);
        }
    }

    #[tokio::test]
    async fn an_answer_is_found_as_long_as_it_is_young_enough_and_not_forgotten() {
        let kept = MemoryLastAnswers::new(&RandomIds);
        let question = call("weather.forecast", &[]);
        let asked = Asked { person: None, call: &question };
        kept.keep(asked, &answer("a"), at(0)).await;
        assert_eq!(kept.find(asked, at(1)).await, None);
        kept.keep(asked, &answer("b"), at(2)).await;
        assert_eq!(kept.find(asked, at(1)).await, Some(answer("b")));
        kept.forget(asked).await;
        assert_eq!(kept.find(asked, at(0)).await, None);
    }

    #[test]
    fn what_is_kept_has_its_size() {
        let row = ExchangeRow::from([("key".to_owned(), ExchangeValue::Text("字".repeat(1000)))]);
        let long = ExchangeAnswer { rows: vec![row; 10], ..answer("a") };
        assert!(size(&long) > 30_000 && size(&answer("a")) < 100);
    }
}

//! The kept answers: each worked out once, however many ask at once.

use super::super::answer::Answer;
use super::super::run::NotRun;
use super::super::trusted::{Hash, Prepared};
use super::bytes::{Coded, Kept};
use super::front::FrontAnswers;
use crate::graphql::kept::Keeping;
use crate::http::requester::Wording;
use actix_web::web;
use domain::catalogue::CatalogueSource;
use domain::clock::Clock;
use domain::identity::Channel;
use moka::{future, sync};
use prometheus_client::metrics::counter::Counter;
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of answers, and beside them of the packed ones that a new minute finds again.
const MOST_BYTES: u64 = 48 * 1024 * 1024;
/// What one entry costs beside its bytes.
const ENTRY_BYTES: usize = 512;
/// Nobody asks for an answer of a minute that is over.
const FORGET_AFTER: Duration = Duration::from_secs(150);
/// The same bytes come again minute by minute: packed ones stay for as long as they are used.
const FORGET_PACKED_AFTER: Duration = Duration::from_secs(600);

/// For which minute, and of which catalogue, an answer is true.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Moment {
    minute: i64,
    catalogue: u32,
}

impl Moment {
    /// An answer is true for so long at most.
    pub const SECONDS: i64 = 60;
}

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    document: Hash,
    operation: usize,
    /// As JSON, in one order.
    variables: Box<str>,
    channel: Channel,
    wording: Wording,
}

impl Asked {
    /// An operation of a document with these variables, by this channel, in this language.
    pub fn new(
        (document, operation): (&Prepared, usize),
        variables: &Map<String, Value>,
        (channel, wording): (Channel, Wording),
    ) -> Self {
        let mut text = String::new();
        write_object(variables, &mut text);
        let (document, variables) = (document.hash, text.into_boxed_str());
        Self { document, operation, variables, channel, wording }
    }
}

/// One text for all orders of an object's fields.
fn write_object(object: &Map<String, Value>, to: &mut String) {
    let mut fields: Vec<_> = object.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    to.push('{');
    for (name, value) in fields {
        // Writing to memory does not fail.
        let _ = write!(to, "{}:", Value::from(name.as_str()));
        write_value(value, to);
        to.push(',');
    }
    to.push('}');
}

fn write_value(value: &Value, to: &mut String) {
    match value {
        Value::Object(object) => write_object(object, to),
        Value::Array(items) => {
            to.push('[');
            for item in items {
                write_value(item, to);
                to.push(',');
            }
            to.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let _ = write!(to, "{value}");
        }
    }
}

/// Answers that are the same for everybody.
pub struct PublicAnswers {
    kept: future::Cache<(Asked, Moment), Arc<Kept>>,
    packed: sync::Cache<Hash, Arc<Coded>>,
    pub(super) front: FrontAnswers,
    catalogue: Arc<dyn CatalogueSource>,
    clock: Arc<dyn Clock>,
    made: Counter,
}

/// An answer that is given and not kept, or the reason why there is none.
struct Unkept(Result<Answer, NotRun>);

impl PublicAnswers {
    /// None yet.
    pub fn new(catalogue: Arc<dyn CatalogueSource>, clock: Arc<dyn Clock>, made: Counter) -> Self {
        let weigh = |(asked, _): &(Asked, Moment), kept: &Arc<Kept>| {
            weight(kept.coded.weight() + asked.variables.len() + ENTRY_BYTES)
        };
        let kept = future::Cache::builder().max_capacity(MOST_BYTES).weigher(weigh);
        let weigh = |_: &Hash, coded: &Arc<Coded>| weight(coded.weight() + ENTRY_BYTES);
        let packed = sync::Cache::builder().max_capacity(MOST_BYTES).weigher(weigh);
        Self {
            kept: kept.time_to_live(FORGET_AFTER).build(),
            packed: packed.time_to_idle(FORGET_PACKED_AFTER).build(),
            front: FrontAnswers::new(FORGET_AFTER),
            catalogue,
            clock,
            made,
        }
    }

    /// Now.
    pub fn moment(&self) -> Moment {
        let minute = self.clock.now().as_second().div_euclid(Moment::SECONDS);
        Moment { minute, catalogue: self.catalogue.current().version() }
    }

    /// Seconds of the minute that are left; at least 1.
    pub fn left_s(&self) -> u32 {
        let gone = self.clock.now().as_second().rem_euclid(Moment::SECONDS);
        u32::try_from(Moment::SECONDS - gone).unwrap_or(1)
    }

    /// The kept answer; else the one that `make` works out, once for all who ask meanwhile.
    ///
    /// # Errors
    /// Those of `make`, for all who asked meanwhile.
    pub async fn get_or_make(
        &self,
        asked: Asked,
        document: &Prepared,
        max_age_s: u32,
        make: impl AsyncFnOnce(Arc<Keeping>) -> Result<Answer, NotRun>,
    ) -> Result<Answer, NotRun> {
        let moment = self.moment();
        let made = async {
            self.made.inc();
            let keeping = Arc::new(Keeping::default());
            let answer = make(keeping.clone()).await.map_err(|why| Unkept(Err(why)))?;
            if !answer.is_whole() || keeping.is_refused() || self.moment() != moment {
                return Err(Unkept(Ok(answer)));
            }
            let Some(coded) = self.packed(answer.json()).await else {
                return Err(Unkept(Ok(answer)));
            };
            let name = document.name.clone();
            Ok(Arc::new(Kept { name, moment, max_age_s, coded }))
        };
        match self.kept.try_get_with((asked, moment), made).await {
            Ok(kept) => Ok(kept.into()),
            Err(unkept) => unkept.0.clone(),
        }
    }

    /// Packed bytes; `None`: the process is about to end.
    async fn packed(&self, json: String) -> Option<Arc<Coded>> {
        let hash = Hash::of(&json);
        if let Some(packed) = self.packed.get(&hash) {
            return Some(packed);
        }
        let coded = Arc::new(web::block(move || Coded::pack(json)).await.ok()?);
        self.packed.insert(hash, coded.clone());
        Some(coded)
    }
}

pub(super) fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn variables_have_one_text_whatever_their_order() {
        let text = |value: Value| {
            let mut text = String::new();
            write_value(&value, &mut text);
            text
        };
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"c":[1,"x"],"d":null}}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"b":{"d":null,"c":[1,"x"]},"a":1}"#).unwrap();
        assert_eq!(text(one), text(other));
        for (one, other) in [
            (json!({ "a": 1 }), json!({ "a": "1" })),
            (json!({ "a": null }), json!({})),
            (json!({ "a": "\",\"b\":1" }), json!({ "a": "", "b": 1 })),
            (json!({ "a": [1, 2] }), json!({ "a": [2, 1] })),
        ] {
            assert_ne!(text(one.clone()), text(other.clone()), "{one} {other}");
        }
    }
}

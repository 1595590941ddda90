//! What one request asks of others while it is answered: statements of the database, calls that
//! leave, steps that outlive the process. The stores and the HTTP client note it here by
//! themselves; who answers the request opens the book with [`Asked::during`].
//!
//! Statements are always counted. Their times are kept only where somebody traces the request.
//! Nothing here ever holds a value: of a statement its verb and its table, of a call its host.

use sea_orm::metric::Info;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

tokio::task_local! {
    static NOW: Within;
}

/// More spans of one request are counted and not kept.
const SPANS_MAX: usize = 256;

#[derive(Clone)]
struct Within {
    asked: Arc<Asked>,
    /// The span that is open.
    span: u64,
}

/// Something that was asked, from when to when.
#[derive(Debug, Clone)]
pub struct Span {
    /// One of its trace.
    pub id: u64,
    /// The span within which it was asked.
    pub parent: u64,
    /// A closed list: `SELECT payment`, `rail.submit`, `department weather.forecast`.
    pub name: String,
    /// Whether another process answered.
    pub leaves: bool,
    /// When it began.
    pub begun: Instant,
    /// How long it took.
    pub took: Duration,
    /// Whether nothing came of it.
    pub failed: bool,
    /// Names as OpenTelemetry has them, and never a citizen's value.
    pub attributes: Vec<(&'static str, String)>,
}

/// The book of one request.
#[derive(Debug)]
pub struct Asked {
    trace: u128,
    root: u64,
    next: AtomicU64,
    statements: AtomicU32,
    /// `None`: nobody traces it.
    spans: Option<Mutex<Vec<Span>>>,
    lost: AtomicU32,
}

impl Asked {
    /// `trace` and `root` are the ids of the trace and of the request's own span; `traced`:
    /// spans are kept.
    pub fn new(trace: u128, root: u64, traced: bool) -> Arc<Self> {
        Arc::new(Self {
            trace,
            root,
            next: AtomicU64::new(root),
            statements: AtomicU32::new(0),
            spans: traced.then(Mutex::default),
            lost: AtomicU32::new(0),
        })
    }

    /// The book of the request that is being answered here, if there is one.
    pub fn current() -> Option<Arc<Self>> {
        NOW.try_with(|within| within.asked.clone()).ok()
    }

    /// Notes what `work` asks of others, as far as it stays in its task.
    pub async fn during<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> T {
        NOW.scope(Within { asked: self.clone(), span: self.root }, work).await
    }

    /// The id of the trace.
    pub fn trace(&self) -> u128 {
        self.trace
    }

    /// The id of the request's own span.
    pub fn root(&self) -> u64 {
        self.root
    }

    /// Whether spans are kept.
    pub fn is_traced(&self) -> bool {
        self.spans.is_some()
    }

    /// How many statements the database has run. Beginnings and ends of transactions are none.
    pub fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The spans until now, and how many more there were; they are handed over.
    pub fn take_spans(&self) -> (Vec<Span>, u32) {
        let spans = self.spans.as_ref().map(|spans| {
            std::mem::take(&mut *spans.lock().unwrap_or_else(PoisonError::into_inner))
        });
        (spans.unwrap_or_default(), self.lost.swap(0, Ordering::Relaxed))
    }

    fn id(&self) -> u64 {
        // Zero is no id of a span.
        let next = || self.next.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        match next() {
            0 => next(),
            id => id,
        }
    }

    fn keep(&self, span: Span) {
        let Some(spans) = &self.spans else { return };
        let mut spans = spans.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.len() < SPANS_MAX {
            spans.push(span);
        } else {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Called by the database's driver behind every statement, in the task that asked.
pub(crate) fn statement(info: &Info<'_>) {
    let noted = NOW.try_with(|within| {
        within.asked.statements.fetch_add(1, Ordering::Relaxed);
        if within.asked.is_traced() {
            let (verb, table) = verb_and_table(&info.statement.sql);
            within.asked.keep(Span {
                id: within.asked.id(),
                parent: within.span,
                name: [verb, table].join(" ").trim_end().to_owned(),
                leaves: true,
                begun: Instant::now().checked_sub(info.elapsed).unwrap_or_else(Instant::now),
                took: info.elapsed,
                failed: info.failed,
                attributes: vec![
                    ("db.operation.name", verb.to_owned()),
                    ("db.collection.name", table.to_owned()),
                ],
            });
        }
    });
    // Workers answer nobody: no book is open there.
    let _ = noted;
}

/// `SELECT` and `payment` of `SELECT … FROM "payment" WHERE …`. Only words of our own statements:
/// values are bound, and stand nowhere in the text.
fn verb_and_table(sql: &str) -> (&str, &str) {
    let mut words = sql.split_ascii_whitespace();
    let verb = words.next().unwrap_or_default();
    let before_table = |word: &&str| {
        ["FROM", "INTO", "UPDATE"].iter().any(|known| word.eq_ignore_ascii_case(known))
    };
    let table = if verb.eq_ignore_ascii_case("UPDATE") {
        words.next()
    } else {
        words.by_ref().find(before_table).and_then(|_| words.next())
    };
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let table = table.unwrap_or_default().trim_matches(|c| !name(c));
    let is_table = table.chars().all(name) && !table.eq_ignore_ascii_case("SELECT");
    (verb.trim_matches(|c| !name(c)), if is_table { table } else { "" })
}

/// What a call turned out to be.
pub(crate) struct Outcome {
    /// Whether nothing came of it.
    pub failed: bool,
    /// What only the answer tells.
    pub attribute: Option<(&'static str, String)>,
}

/// What is asked, in names of a closed list.
pub(crate) struct Question {
    /// See [`Span::name`].
    pub name: String,
    /// See [`Span::leaves`].
    pub leaves: bool,
    /// See [`Span::attributes`].
    pub attributes: Vec<(&'static str, String)>,
}

/// Notes `work` as a span of the request that is being answered here; `question` is made only if
/// somebody traces it. Nothing is noted of what is given up before its end.
pub(crate) async fn noted<T>(
    question: impl FnOnce() -> Question,
    outcome: impl FnOnce(&T) -> Outcome,
    work: impl Future<Output = T>,
) -> T {
    let traced = NOW.try_with(|within| within.asked.is_traced().then(|| within.clone()));
    let Ok(Some(within)) = traced else { return work.await };
    let Question { name, leaves, mut attributes } = question();
    let (id, begun) = (within.asked.id(), Instant::now());
    let inside = Within { asked: within.asked.clone(), span: id };
    let done = NOW.scope(inside, work).await;
    let Outcome { failed, attribute } = outcome(&done);
    attributes.extend(attribute);
    let (parent, took) = (within.span, begun.elapsed());
    within.asked.keep(Span { id, parent, name, leaves, begun, took, failed, attributes });
    done
}

/// The open span as the header `traceparent` says it (W3C Trace Context), for those of our own
/// house that we ask; `None`: nobody traces the request.
pub(crate) fn traceparent() -> Option<String> {
    let open = NOW.try_with(|within| {
        let Within { asked, span } = within;
        asked.is_traced().then(|| format!("00-{:032x}-{span:016x}-01", asked.trace))
    });
    open.ok().flatten()
}

/// Notes a step that is known by its name alone; whether it failed, only the calls in it tell.
pub(crate) async fn step<T>(name: impl FnOnce() -> String, work: impl Future<Output = T>) -> T {
    let question = || Question { name: name(), leaves: false, attributes: Vec::new() };
    noted(question, |_: &T| Outcome { failed: false, attribute: None }, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_statement_its_verb_and_its_table_are_told_and_nothing_else() {
        for (sql, expected) in [
            (r#"SELECT "p"."no" FROM "payment" AS "p" WHERE "p"."no" = $1"#, ("SELECT", "payment")),
            ("select 1", ("select", "")),
            (r#"INSERT INTO "journal" ("no") VALUES (?)"#, ("INSERT", "journal")),
            ("UPDATE booking SET state = ?", ("UPDATE", "booking")),
            ("DELETE FROM draft WHERE id IN (?)", ("DELETE", "draft")),
            ("SELECT x FROM (SELECT y FROM z)", ("SELECT", "")),
            ("SELECT x FROM '1;2'", ("SELECT", "")),
            ("", ("", "")),
        ] {
            assert_eq!(verb_and_table(sql), expected, "{sql}");
        }
    }

    #[tokio::test]
    async fn steps_within_steps_are_children_of_theirs() {
        let asked = Asked::new(7, u64::MAX - 1, true);
        let question =
            || Question { name: "inner".to_owned(), leaves: true, attributes: Vec::new() };
        let failed = |done: &bool| Outcome { failed: *done, attribute: Some(("a", "b".into())) };
        let outer = step(|| "outer".to_owned(), noted(question, failed, async { true }));
        assert!(asked.during(outer).await);
        let (spans, lost) = asked.take_spans();
        assert_eq!(lost, 0);
        let [inner, outer] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!((inner.name.as_str(), inner.failed), ("inner", true));
        assert_eq!((outer.name.as_str(), outer.failed), ("outer", false));
        assert_eq!((outer.parent, inner.parent), (asked.root(), outer.id));
        assert_eq!(inner.attributes, [("a", "b".to_owned())]);
        assert!(inner.id != 0 && outer.id != 0 && inner.id != outer.id);
        assert!(inner.begun >= outer.begun && inner.took <= outer.took);
    }

    #[tokio::test]
    async fn nothing_is_kept_where_nobody_traces_and_more_than_enough_is_counted() {
        let untraced = Asked::new(7, 1, false);
        let named = || unreachable!("nobody asks for its name");
        untraced.during(step(named, async {})).await;
        assert!(untraced.take_spans().0.is_empty());
        assert!(Asked::current().is_none());

        let traced = Asked::new(7, 1, true);
        traced
            .during(async {
                for _ in 0..SPANS_MAX + 3 {
                    step(|| "s".to_owned(), async {}).await;
                }
            })
            .await;
        let (spans, lost) = traced.take_spans();
        assert_eq!((spans.len(), lost), (SPANS_MAX, 3));
    }
}

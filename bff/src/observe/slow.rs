//! The log of slow documents: a line for each, at most once a minute, with nothing of a citizen.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// Documents that are remembered. With more in one minute the counter tells, and not the log.
const MOST: usize = 256;

/// A slow operation, without variables.
pub struct SlowOperation<'a> {
    /// The name of its trusted document, else the SHA-256 of its text.
    pub document: &'a Arc<str>,
    /// How long it took.
    pub took: Duration,
    /// What it was taken to cost, where that was computed.
    pub cost: Option<u64>,
    /// Statements of the database.
    pub statements: u32,
    /// The id of its trace.
    pub trace_id: &'a str,
}

/// See the module.
pub struct SlowLog {
    over: Duration,
    told: Mutex<HashMap<Arc<str>, Timestamp>>,
}

impl SlowLog {
    /// What takes longer than this is slow.
    pub fn over(over: Duration) -> Self {
        Self { over, told: Mutex::default() }
    }

    /// Whether this is slow.
    pub fn is_slow(&self, took: Duration) -> bool {
        took > self.over
    }

    /// Logs a slow operation, unless its document was logged within the minute.
    pub fn tell(&self, slow: &SlowOperation<'_>, now: Timestamp) {
        if !self.is_due(slow.document, now) {
            return;
        }
        tracing::warn!(
            document = &**slow.document,
            ms = u64::try_from(slow.took.as_millis()).unwrap_or(u64::MAX),
            cost = slow.cost,
            statements = slow.statements,
            trace_id = slow.trace_id,
            "a slow document"
        );
    }

    fn is_due(&self, document: &Arc<str>, now: Timestamp) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = |at: &Timestamp| now.duration_since(*at).abs() < PAUSE;
        if told.get(document).is_some_and(lately) {
            return false;
        }
        if told.len() >= MOST {
            told.retain(|_, at| lately(at));
        }
        let room = told.len() < MOST;
        if room {
            told.insert(document.clone(), now);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_772_416_800 + second).unwrap()
    }

    #[test]
    fn a_document_is_told_once_a_minute_and_others_do_not_wait_for_it() {
        let log = SlowLog::over(Duration::from_secs(1));
        let (home, cases): (Arc<str>, Arc<str>) = ("Home".into(), "MyCases".into());
        assert!(log.is_due(&home, at(0)));
        assert!(!log.is_due(&home, at(59)));
        assert!(log.is_due(&cases, at(59)));
        assert!(log.is_due(&home, at(60)));
        assert!(!log.is_due(&home, at(61)));
    }

    #[test]
    fn ten_thousand_documents_neither_fill_the_memory_nor_the_log() {
        let log = SlowLog::over(Duration::from_secs(1));
        let told =
            |second| (0..10_000).filter(|n| log.is_due(&n.to_string().into(), at(second))).count();
        assert_eq!(told(0), MOST);
        assert_eq!(log.told.lock().unwrap().len(), MOST);
        assert_eq!(told(61), MOST, "in another minute others may be told");
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_line_says_which_document_how_long_and_what_it_asked_and_nothing_else() {
        let lines = Lines::default();
        let to = lines.clone();
        let log = tracing_subscriber::fmt().with_writer(move || to.clone()).with_ansi(false);
        tracing::subscriber::with_default(log.without_time().finish(), || {
            let slow = SlowOperation {
                document: &"MyCases".into(),
                took: Duration::from_millis(1_234),
                cost: Some(77),
                statements: 9,
                trace_id: "00ff",
            };
            let log = SlowLog::over(Duration::from_secs(1));
            log.tell(&slow, at(0));
            log.tell(&slow, at(1));
        });
        let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let (_, line) = written.split_once("a slow document").unwrap();
        let expected = r#" document="MyCases" ms=1234 cost=77 statements=9 trace_id="00ff""#;
        assert_eq!(line.trim_end(), expected);
    }

    #[test]
    fn what_takes_just_the_time_is_not_slow() {
        let log = SlowLog::over(Duration::from_secs(1));
        assert!(!log.is_slow(Duration::from_secs(1)));
        assert!(log.is_slow(Duration::from_millis(1001)));
    }
}

//! What a run changes: pure. A run never takes back what people have agreed to; it may prove it, and may add.

use super::{Exception, ExceptionState as State, FileVerdicts, Leg, Particulars, Proof, Seen};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashSet};

/// A day as the engine judged it, to be filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// The day.
    pub day: Date,
    /// SHA-256 over rules and files.
    pub inputs: String,
    /// SHA-256 over what was found; the same for any order of lines.
    pub digest: String,
    /// Whether every identity holds. A run that does not hold is filed, and changes nothing else.
    pub holds: bool,
    /// When.
    pub at: Timestamp,
    /// The account, or the worker.
    pub by: String,
    /// Counts and sums, as they were written to `summary.json`.
    pub summary: String,
    /// What was found.
    pub findings: Vec<Particulars>,
    /// Lines that may prove something.
    pub seen: Vec<Seen>,
    /// The verdict of every line of every file.
    pub verdicts: Vec<FileVerdicts>,
    /// The lines that findings are about, by [`Particulars::key`].
    pub legs: BTreeMap<String, Vec<Leg>>,
}

/// How one exception changes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionChange {
    /// As it becomes. Its revision is one above what is stored, or 1.
    pub after: Exception,
    /// As in [`super::ExceptionEvent::what`].
    pub what: &'static str,
    /// Reason, proof or reference.
    pub note: String,
}

/// What filing this run changes. `known`: every exception of its day; `executed`: those of other days that wait
/// for a proof. Revisions of what was not found again, and was not touched by anybody, end as resolved; what was
/// executed is proved by its absence if that is its proof.
pub fn settle(run: &NewRun, known: &[Exception], executed: &[Exception]) -> Vec<ExceptionChange> {
    let mut changes = Vec::new();
    if !run.holds {
        return changes;
    }
    let mut by_key: BTreeMap<String, &Exception> =
        known.iter().map(|exception| (exception.is.key(), exception)).collect();
    let mut next_number = known.iter().filter_map(number_of).max().unwrap_or(0);
    let mut filed: HashSet<String> = HashSet::new();
    for is in &run.findings {
        let key = is.key();
        if !filed.insert(key.clone()) {
            continue;
        }
        match by_key.remove(&key) {
            Some(before) => changes.extend(found_again(before, is)),
            None => {
                next_number += 1;
                changes.push(opened(run, is, next_number));
            }
        }
    }
    for gone in by_key.into_values() {
        changes.extend(not_found(gone));
    }
    let touched: HashSet<String> = changes.iter().map(|c| c.after.no.clone()).collect();
    let waiting = known.iter().chain(executed);
    let waiting = waiting
        .filter(|exception| exception.state == State::Executed && !touched.contains(&exception.no));
    // Each line proves one exception: the first that it fits claims it.
    let mut claimed = HashSet::new();
    for exception in waiting {
        let mut free = (0..run.seen.len()).filter(|at| !claimed.contains(at));
        if let Some(at) = free.find(|at| exception.is_proved_by(&run.seen[*at])) {
            claimed.insert(at);
            let seen = &run.seen[at];
            let proof = format!("{}的文件：{} {}", run.day, seen.subject, seen.reference);
            changes.extend(proved(exception, proof.trim_end()));
        }
    }
    changes
}

fn number_of(exception: &Exception) -> Option<u32> {
    exception.no.rsplit('-').next().and_then(|number| number.parse().ok())
}

fn opened(run: &NewRun, is: &Particulars, number: u32) -> ExceptionChange {
    let day = run.day.strftime("%Y%m%d");
    let after = Exception {
        no: format!("DZ{day}-{number:05}"),
        day: run.day,
        is: is.clone(),
        state: State::Open,
        revision: 1,
        assignee: String::new(),
        proposal: None,
        opened_at: run.at,
    };
    ExceptionChange { after, what: "FOUND", note: is.note.clone() }
}

fn moved(
    before: &Exception,
    next: State,
    what: &'static str,
    note: &str,
) -> Option<ExceptionChange> {
    let after = before.moved(next)?;
    Some(ExceptionChange { after, what, note: note.to_owned() })
}

/// What is proved is closed: nobody has to click for it.
fn proved(before: &Exception, note: &str) -> Vec<ExceptionChange> {
    let verified = moved(before, State::Verified, "PROVED", note);
    let closed = verified.as_ref().and_then(|v| moved(&v.after, State::Closed, "CLOSED", note));
    verified.into_iter().chain(closed).collect()
}

fn found_again(before: &Exception, is: &Particulars) -> Option<ExceptionChange> {
    let over = !before.state.is_open();
    if over {
        // What was thought settled is there again: contrary evidence reopens it.
        let mut change = moved(before, State::Open, "REOPENED", "重新对账又发现了这条差错")?;
        change.after.is = is.clone();
        change.after.proposal = None;
        return Some(change);
    }
    if before.is.at_risk == is.at_risk && before.is.equation == is.equation {
        return None;
    }
    // Whoever agreed to another amount agreed to something else: it starts again, unless it was done.
    let mut after = Exception { is: is.clone(), revision: before.revision + 1, ..before.clone() };
    if matches!(before.state, State::Proposed | State::Approved) {
        after.state = State::Open;
        after.proposal = None;
    }
    let note = format!("金额由{}分变为{}分", before.is.at_risk.value(), is.at_risk.value());
    Some(ExceptionChange { after, what: "CHANGED", note })
}

fn not_found(before: &Exception) -> Vec<ExceptionChange> {
    let gone = "重新对账后不再有这条差错";
    let proof = before.proposal.as_ref().map(|(_, action)| action.proof());
    match before.state {
        State::Open => moved(before, State::Resolved, "GONE", gone).into_iter().collect(),
        State::Executed if proof == Some(Proof::Gone) => proved(before, gone),
        // What people have agreed to stays theirs; a run takes nothing back.
        State::Proposed
        | State::Approved
        | State::Executed
        | State::Verified
        | State::Closed
        | State::Resolved => Vec::new(),
    }
}

#[cfg(test)]
#[path = "file_run_tests.rs"]
mod tests;

//! Rows of files and of their places in the calendar.

use super::column::{Row, micros, without_nul};
use super::entity::{source_event, source_file, source_line, source_slot};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::reconciliation::source::{
    Arrival, FileEvent, KeptLine, LineDone, LineState, SourceFault, SourceFile, SourceFileId,
    SourceKey, SourceKind, SourceProblem, SourceSlot, SourceState, Totals,
};
use domain::reconciliation::{DiscrepancyCode, Trailer};

/// The columns that name a place.
pub(super) struct SlotKey {
    pub kind: String,
    pub owner: String,
    pub day: String,
}

impl SlotKey {
    pub fn of(key: &SourceKey) -> Self {
        Self {
            kind: key.kind().code().to_owned(),
            owner: key.owner().to_owned(),
            day: key.day().to_string(),
        }
    }

    pub fn parts(self) -> (String, String, String) {
        (self.kind, self.owner, self.day)
    }
}

fn key_of(at: Row<'_>, (kind, owner, day): (&str, &str, &str)) -> Result<SourceKey, StoreError> {
    let kind = at.some("kind", SourceKind::from_code(kind))?;
    at.valid("owner", SourceKey::new(kind, owner, at.day("day", day)?))
}

pub(super) fn slot_row(slot: &SourceSlot) -> source_slot::Model {
    let SlotKey { kind, owner, day } = SlotKey::of(&slot.key);
    let problem = slot.problem.as_ref();
    source_slot::Model {
        kind,
        owner,
        day,
        revision: i64::from(slot.revision) + 1,
        state: slot.state.code().to_owned(),
        version: slot.version.map(i64::from),
        problem: problem.map_or("", |problem| problem.code.words().0).to_owned(),
        note: problem.map_or(String::new(), |problem| without_nul(&problem.note)),
        since: problem.map(|problem| micros(problem.since)),
        next_try_at: slot.next_try_at.map(micros),
    }
}

pub(super) fn slot_of(row: &source_slot::Model) -> Result<SourceSlot, StoreError> {
    let at = Row { table: "source_slot", key: &row.day };
    let problem = match (row.problem.as_str(), row.since) {
        ("", None) => None,
        (code, Some(since)) => Some(SourceProblem {
            code: at.some("problem", DiscrepancyCode::from_text(code))?,
            note: row.note.clone(),
            since: at.time("since", since)?,
        }),
        (_, None) => return Err(at.corrupt("since")),
    };
    Ok(SourceSlot {
        key: key_of(at, (&row.kind, &row.owner, &row.day))?,
        revision: at.count("revision", row.revision)?,
        state: at.some("state", SourceState::from_code(&row.state))?,
        version: row.version.map(|version| at.count("version", version)).transpose()?,
        problem,
        next_try_at: at.time_if_any("next_try_at", row.next_try_at)?,
    })
}

pub(super) fn file_row(file: &SourceFile) -> source_file::Model {
    let SlotKey { kind, owner, day } = SlotKey::of(&file.id.key);
    let (trailer, fault) = (file.trailer, file.fault.as_ref());
    source_file::Model {
        kind,
        owner,
        day,
        version: i64::from(file.id.version),
        sha256: file.sha256.clone(),
        hash: without_nul(&file.hash),
        bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        received_at: micros(file.received_at),
        received_by: without_nul(&file.received_by),
        arrival: file.arrival.code().to_owned(),
        parser: file.parser.clone(),
        trailer_lines: trailer.map(|trailer| i64::from(trailer.count)),
        trailer_paid: trailer.map(|trailer| trailer.paid.value()),
        trailer_refunded: trailer.map(|trailer| trailer.refunded.value()),
        lines: i64::from(file.accepted.lines),
        paid: file.accepted.paid.value(),
        refunded: file.accepted.refunded.value(),
        fee: file.accepted.fee.value(),
        set_aside: i64::from(file.set_aside),
        fault: fault.map_or("", |fault| fault.code.words().0).to_owned(),
        fault_reason: fault.map_or(String::new(), |fault| without_nul(&fault.reason)),
    }
}

/// With its steps, in order.
pub(super) fn file_of(
    row: &source_file::Model,
    steps: Vec<source_event::Model>,
) -> Result<SourceFile, StoreError> {
    let at = Row { table: "source_file", key: &row.day };
    let trailer = match (row.trailer_lines, row.trailer_paid, row.trailer_refunded) {
        (None, None, None) => None,
        (Some(count), Some(paid), Some(refunded)) => Some(Trailer {
            count: at.count("trailer_lines", count)?,
            paid: Fen::new(paid),
            refunded: Fen::new(refunded),
        }),
        _ => return Err(at.corrupt("trailer_lines")),
    };
    let fault = match row.fault.as_str() {
        "" => None,
        code => Some(SourceFault {
            code: at.some("fault", DiscrepancyCode::from_text(code))?,
            reason: row.fault_reason.clone(),
        }),
    };
    let history: Vec<_> = steps.into_iter().map(event_of).collect::<Result<_, _>>()?;
    if history.is_empty() {
        return Err(at.corrupt("version"));
    }
    let key = key_of(at, (&row.kind, &row.owner, &row.day))?;
    Ok(SourceFile {
        id: SourceFileId { key, version: at.count("version", row.version)? },
        sha256: row.sha256.clone(),
        hash: row.hash.clone(),
        bytes: at.valid("bytes", u64::try_from(row.bytes))?,
        received_at: at.time("received_at", row.received_at)?,
        received_by: row.received_by.clone(),
        arrival: at.some("arrival", Arrival::from_code(&row.arrival))?,
        parser: row.parser.clone(),
        trailer,
        accepted: Totals {
            lines: at.count("lines", row.lines)?,
            paid: Fen::new(row.paid),
            refunded: Fen::new(row.refunded),
            fee: Fen::new(row.fee),
        },
        set_aside: at.count("set_aside", row.set_aside)?,
        fault,
        history,
    })
}

pub(super) fn event_row(
    (key, version): (&SourceKey, u32),
    position: i64,
    event: &FileEvent,
) -> source_event::Model {
    let SlotKey { kind, owner, day } = SlotKey::of(key);
    source_event::Model {
        kind,
        owner,
        day,
        version: i64::from(version),
        position,
        state: event.state.code().to_owned(),
        at: micros(event.at),
        actor: without_nul(&event.by),
        note: without_nul(&event.note),
    }
}

fn event_of(row: source_event::Model) -> Result<FileEvent, StoreError> {
    let at = Row { table: "source_event", key: &row.day };
    Ok(FileEvent {
        state: at.some("state", SourceState::from_code(&row.state))?,
        at: at.time("at", row.at)?,
        by: row.actor,
        note: row.note,
    })
}

pub(super) fn line_row(line: &KeptLine) -> source_line::Model {
    let SlotKey { kind, owner, day } = SlotKey::of(&line.file.key);
    let (text, totals) = match &line.state {
        LineState::Repaired { text, totals, .. } => (BASE64.encode(text), *totals),
        LineState::Open | LineState::Dropped { .. } => (String::new(), Totals::NONE),
    };
    let done = line.state.done();
    source_line::Model {
        kind,
        owner,
        day,
        version: i64::from(line.file.version),
        line_no: i64::from(line.line_no),
        raw: BASE64.encode(&line.raw),
        reason: without_nul(&line.reason),
        amount: line.amount.map(Fen::value),
        state: line.state.code().to_owned(),
        text,
        lines: i64::from(totals.lines),
        paid: totals.paid.value(),
        refunded: totals.refunded.value(),
        fee: totals.fee.value(),
        done_by: done.map_or(String::new(), |done| without_nul(&done.by)),
        done_at: done.map(|done| micros(done.at)),
        done_reason: done.map_or(String::new(), |done| without_nul(&done.reason)),
    }
}

pub(super) fn line_of(row: &source_line::Model) -> Result<KeptLine, StoreError> {
    let at = Row { table: "source_line", key: &row.day };
    let text = |column, encoded: &str| {
        let bytes = at.valid(column, BASE64.decode(encoded))?;
        at.valid(column, String::from_utf8(bytes))
    };
    let done = || {
        Ok::<_, StoreError>(LineDone {
            by: row.done_by.clone(),
            at: at.time("done_at", at.some("done_at", row.done_at)?)?,
            reason: row.done_reason.clone(),
        })
    };
    let state = match row.state.as_str() {
        "OPEN" => LineState::Open,
        "DROPPED" => LineState::Dropped { done: done()? },
        "REPAIRED" => LineState::Repaired {
            text: text("text", &row.text)?,
            totals: Totals {
                lines: at.count("lines", row.lines)?,
                paid: Fen::new(row.paid),
                refunded: Fen::new(row.refunded),
                fee: Fen::new(row.fee),
            },
            done: done()?,
        },
        _ => return Err(at.corrupt("state")),
    };
    let key = key_of(at, (&row.kind, &row.owner, &row.day))?;
    Ok(KeptLine {
        file: SourceFileId { key, version: at.count("version", row.version)? },
        line_no: at.count("line_no", row.line_no)?,
        raw: text("raw", &row.raw)?,
        reason: row.reason.clone(),
        amount: row.amount.map(Fen::new),
        state,
    })
}

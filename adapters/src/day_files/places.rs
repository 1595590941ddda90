//! Where every line ended up: a byte each, and for `lines.csv` a row each.

use domain::reconciliation::desk::{FileVerdicts, LineVerdict};
use domain::reconciliation::engine::{DayInput, DayVerdicts, FileKey, Origin, Place, Placed};

/// A line of `lines.csv`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineRow {
    /// Which file.
    pub file: FileKey,
    /// Which line.
    pub line_no: u32,
    /// Where it ended up, and the code that says why.
    pub verdict: LineVerdict,
    /// Numbers of the line.
    pub nos: [String; 3],
}

/// Every line that was judged, with its numbers.
fn each(
    input: &DayInput<'_>,
    verdicts: &DayVerdicts,
    mut take: impl FnMut(Origin, LineVerdict, [&str; 3]),
) {
    let judged = |place: &Place| LineVerdict::Judged(place.0, place.1);
    for (line, place) in input.ledger.iter().zip(&verdicts.ledger) {
        take(line.origin, judged(place), [line.order_no, line.refund_no, line.txn]);
    }
    for (line, place) in input.lines.iter().zip(&verdicts.lines) {
        take(line.origin, judged(place), [line.order_no, line.refund_no, line.txn]);
    }
    for (line, place) in input.credits.unwrap_or_default().iter().zip(&verdicts.credits) {
        take(line.origin, judged(place), ["", "", line.credit_no]);
    }
    let said = input.confirmations.unwrap_or_default().iter();
    for (line, place) in said.zip(&verdicts.confirmations) {
        take(line.origin, judged(place), ["", "", line.confirmation_no]);
    }
    for line in input.quarantined {
        take(line.origin, LineVerdict::Quarantined, [line.order_no, line.refund_no, ""]);
    }
}

const ASIDE: LineVerdict = LineVerdict::Judged(Placed::Matched, None);

/// The rows of `lines.csv`, sorted. Lines that were put aside are not read again for their numbers.
pub fn rows(
    input: &DayInput<'_>,
    verdicts: &DayVerdicts,
    aside: &[(FileKey, u32)],
) -> Vec<LineRow> {
    let mut rows: Vec<LineRow> = Vec::new();
    each(input, verdicts, |origin, verdict, nos| {
        let Origin { file, line_no } = origin;
        rows.push(LineRow { file, line_no, verdict, nos: nos.map(str::to_owned) });
    });
    let blank = || [const { String::new() }; 3];
    rows.extend(aside.iter().map(|(file, line_no)| LineRow {
        file: *file,
        line_no: *line_no,
        verdict: ASIDE,
        nos: blank(),
    }));
    rows.sort();
    rows
}

/// A byte for every line of every file.
pub fn bytes(
    input: &DayInput<'_>,
    verdicts: &DayVerdicts,
    aside: &[(FileKey, u32)],
) -> Vec<FileVerdicts> {
    let mut files: Vec<FileVerdicts> = input
        .files
        .iter()
        .map(|file| FileVerdicts {
            file: file.name.clone(),
            sha256: file.sha256.clone(),
            lines: Vec::new(),
        })
        .collect();
    let mut put = |file: FileKey, line_no: u32, byte: u8| {
        let lines = &mut files[usize::from(file)].lines;
        let at = (line_no as usize).saturating_sub(1);
        if lines.len() <= at {
            lines.resize(at + 1, 0);
        }
        lines[at] = byte;
    };
    let matched = ASIDE.byte();
    for (file, line_no) in aside {
        put(*file, *line_no, matched);
    }
    each(input, verdicts, |origin, verdict, _| put(origin.file, origin.line_no, verdict.byte()));
    files
}

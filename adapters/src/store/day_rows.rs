//! Rows of a reconciled day.

use super::column::{Row, micros, without_nul};
use super::entity::{discrepancy, reconciliation_day, statement_line};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::payment::Rail;
use domain::reconciliation::{
    Bucket, DayResult, DayState, Discrepancy, DiscrepancyCode, JudgedLine, Resolution,
};

const MATCHED: &str = "MATCHED";
const QUARANTINED: &str = "QUARANTINED";

/// Rail and day, as columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DayKey {
    pub rail: String,
    pub day: String,
}

pub(super) fn day_row(key: &DayKey, result: &DayResult) -> reconciliation_day::Model {
    reconciliation_day::Model {
        rail: key.rail.clone(),
        day: key.day.clone(),
        state: result.state.code().to_owned(),
        judged_at: micros(result.judged_at),
        file_hash: result.file_hash.clone(),
        ledger_count: i64::from(result.ledger_count),
        ledger_total: result.ledger_total.value(),
        fee_total: result.fee_total.value(),
        next_try_at: result.next_try_at.map(micros),
    }
}

pub(super) fn day_of(
    row: reconciliation_day::Model,
    lines: Vec<JudgedLine>,
    discrepancies: Vec<Discrepancy>,
) -> Result<DayResult, StoreError> {
    let at = Row { table: "reconciliation_day", key: &row.day };
    Ok(DayResult {
        rail: at.some("rail", Rail::from_code(&row.rail))?,
        day: at.day("day", &row.day)?,
        state: at.some("state", DayState::from_code(&row.state))?,
        judged_at: at.time("judged_at", row.judged_at)?,
        lines,
        ledger_count: at.count("ledger_count", row.ledger_count)?,
        ledger_total: Fen::new(row.ledger_total),
        fee_total: Fen::new(row.fee_total),
        discrepancies,
        next_try_at: at.time_if_any("next_try_at", row.next_try_at)?,
        file_hash: row.file_hash,
    })
}

pub(super) fn line_row(key: &DayKey, position: i64, line: &JudgedLine) -> statement_line::Model {
    let bucket = match line.bucket {
        Bucket::Matched => MATCHED,
        Bucket::Quarantined => QUARANTINED,
        Bucket::Discrepancy(code) => code.words().0,
    };
    statement_line::Model {
        rail: key.rail.clone(),
        day: key.day.clone(),
        position,
        line_no: i64::from(line.line_no),
        bucket: bucket.to_owned(),
        order_no: without_nul(&line.order_no),
        txn: without_nul(&line.txn),
        amount: line.amount.value(),
        raw: BASE64.encode(&line.raw),
    }
}

pub(super) fn line_of(row: statement_line::Model) -> Result<JudgedLine, StoreError> {
    let at = Row { table: "statement_line", key: &row.day };
    let bucket = match row.bucket.as_str() {
        MATCHED => Bucket::Matched,
        QUARANTINED => Bucket::Quarantined,
        code => Bucket::Discrepancy(at.some("bucket", DiscrepancyCode::from_text(code))?),
    };
    let raw = at.valid("raw", BASE64.decode(&row.raw))?;
    Ok(JudgedLine {
        line_no: at.count("line_no", row.line_no)?,
        bucket,
        order_no: row.order_no,
        txn: row.txn,
        amount: Fen::new(row.amount),
        raw: at.valid("raw", String::from_utf8(raw))?,
    })
}

const fn resolution_code(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Open => "OPEN",
        Resolution::PutRight => "PUT_RIGHT",
    }
}

pub(super) fn discrepancy_row(
    key: &DayKey,
    position: i64,
    found: &Discrepancy,
) -> discrepancy::Model {
    discrepancy::Model {
        rail: key.rail.clone(),
        day: key.day.clone(),
        position,
        code: found.code.words().0.to_owned(),
        order_no: without_nul(&found.order_no),
        txn: without_nul(&found.txn),
        line_no: found.line_no.map(i64::from),
        at_risk: found.at_risk.value(),
        note: without_nul(&found.note),
        resolution: resolution_code(found.resolution).to_owned(),
    }
}

pub(super) fn discrepancy_of(row: discrepancy::Model) -> Result<Discrepancy, StoreError> {
    let at = Row { table: "discrepancy", key: &row.day };
    let mut resolutions = [Resolution::Open, Resolution::PutRight].into_iter();
    let resolution = resolutions.find(|known| resolution_code(*known) == row.resolution);
    Ok(Discrepancy {
        code: at.some("code", DiscrepancyCode::from_text(&row.code))?,
        line_no: row.line_no.map(|line_no| at.count("line_no", line_no)).transpose()?,
        at_risk: Fen::new(row.at_risk),
        resolution: at.some("resolution", resolution)?,
        order_no: row.order_no,
        txn: row.txn,
        note: row.note,
    })
}

//! The verdicts of lines, and the lines that exceptions are about.

use super::column::{Row, without_nul};
use super::desk_book::insert;
use super::entity::{callback_inbox, desk_leg, desk_verdict, payment_event};
use super::payment_rows::record_of;
use super::personal_data::{PersonalDataKeys, Place};
use super::{Store, unavailable};
use domain::money::Fen;
use domain::outside::StoreError;
use domain::reconciliation::desk::{ExceptionChange, JudgedFile, Leg, LegSide, NewRun, Trace};
use jiff::civil::Date;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, DatabaseTransaction, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde::{Deserialize, Serialize};

/// So many lines stand in a row: 256 KiB, which either database reads and writes at once.
const PART: usize = 256 * 1024;

/// So many traces of either kind are shown: a callback that is sent again and again is one row for each.
const TRACES: u64 = 100;

/// A [`Leg`] as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptLeg {
    side: String,
    file: String,
    line_no: u32,
    raw: String,
    personal: Vec<String>,
    fields: Vec<(String, String)>,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "desk_leg", column: "legs", row }
}

fn row_of(exception_no: &str, run: i64) -> String {
    format!("{exception_no}/{run}")
}

/// Keeps what the run leaves behind, as part of the transaction that files it.
pub(super) async fn keep(
    transaction: &DatabaseTransaction,
    keys: &PersonalDataKeys,
    (run, number): (&NewRun, u32),
    changes: &[ExceptionChange],
) -> Result<(), StoreError> {
    let mut parts = Vec::new();
    for (position, of) in (1..).zip(&run.verdicts) {
        let mut first_line = 1;
        for part in of.lines.chunks(PART) {
            parts.push(desk_verdict::Model {
                day: run.day.to_string(),
                run: i64::from(number),
                position,
                first_line,
                file: without_nul(&of.file),
                sha256: of.sha256.clone(),
                lines: part.to_vec(),
            });
            first_line += i64::try_from(part.len()).unwrap_or(i64::MAX);
        }
    }
    for part in parts {
        insert(transaction, vec![part.into_active_model()]).await?;
    }
    let mut rows = Vec::new();
    for change in changes {
        let Some(legs) = run.legs.get(&change.after.is.key()) else { continue };
        let (no, number) = (&change.after.no, i64::from(number));
        if change.after.day != run.day || legs.is_empty() {
            continue;
        }
        let kept: Vec<KeptLeg> = legs.iter().map(kept).collect();
        let json =
            serde_json::to_string(&kept).map_err(|error| StoreError::Unavailable(error.into()))?;
        let legs = keys.seal(place(&row_of(no, number)), &json)?;
        let row = desk_leg::Model { exception_no: no.clone(), run: number, legs };
        rows.push(row.into_active_model());
    }
    insert(transaction, rows).await
}

fn kept(leg: &Leg) -> KeptLeg {
    KeptLeg {
        side: leg.side.words().0.to_owned(),
        file: leg.file.clone(),
        line_no: leg.line_no,
        raw: leg.raw.clone(),
        personal: leg.personal.clone(),
        fields: leg.fields.clone(),
    }
}

impl Store {
    pub(super) async fn kept_legs(&self, exception_no: &str) -> Result<Vec<Leg>, StoreError> {
        let row = desk_leg::Entity::find()
            .filter(desk_leg::Column::ExceptionNo.eq(without_nul(exception_no)))
            .order_by_desc(desk_leg::Column::Run)
            .limit(1)
            .one(&self.read)
            .await
            .map_err(unavailable)?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let name = row_of(&row.exception_no, row.run);
        let json = self.keys.open(place(&name), &row.legs)?;
        let corrupt =
            || StoreError::Corrupt { table: "desk_leg", column: "legs", row: name.clone() };
        // The error is dropped: it may quote personal data.
        let kept: Vec<KeptLeg> = serde_json::from_str(&json).map_err(|_| corrupt())?;
        let leg = |of: KeptLeg| {
            let KeptLeg { side, file, line_no, raw, personal, fields } = of;
            let side = LegSide::from_word(&side).ok_or_else(corrupt)?;
            Ok(Leg { side, file, line_no, raw, personal, fields })
        };
        kept.into_iter().map(leg).collect()
    }

    pub(super) async fn files_of_run(
        &self,
        day: Date,
        run: u32,
    ) -> Result<Vec<JudgedFile>, StoreError> {
        use desk_verdict::Column;
        let last = Expr::cust("CAST(MAX(first_line + LENGTH(lines) - 1) AS BIGINT)");
        let rows: Vec<(i64, String, String, i64)> = desk_verdict::Entity::find()
            .select_only()
            .column(Column::Position)
            .column(Column::File)
            .column(Column::Sha256)
            .column_as(last, "last_line")
            .filter(Column::Day.eq(day.to_string()))
            .filter(Column::Run.eq(i64::from(run)))
            .group_by(Column::Position)
            .group_by(Column::File)
            .group_by(Column::Sha256)
            .order_by_asc(Column::Position)
            .into_tuple()
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let of = |(position, file, sha256, last_line): (i64, String, String, i64)| {
            let at = Row { table: "desk_verdict", key: &file };
            let (position, last_line) =
                (at.count("position", position)?, at.count("first_line", last_line)?);
            Ok(JudgedFile { position, last_line, sha256, file })
        };
        rows.into_iter().map(of).collect()
    }

    pub(super) async fn verdicts_from(
        &self,
        (day, run): (Date, u32),
        position: u32,
        first: u32,
    ) -> Result<Vec<u8>, StoreError> {
        use desk_verdict::Column;
        let row = desk_verdict::Entity::find()
            .filter(Column::Day.eq(day.to_string()))
            .filter(Column::Run.eq(i64::from(run)))
            .filter(Column::Position.eq(i64::from(position)))
            .filter(Column::FirstLine.lte(i64::from(first)))
            .order_by_desc(Column::FirstLine)
            .limit(1)
            .one(&self.read)
            .await
            .map_err(unavailable)?;
        let Some(mut row) = row else { return Ok(Vec::new()) };
        let before = usize::try_from(i64::from(first) - row.first_line).unwrap_or(usize::MAX);
        Ok(row.lines.split_off(before.min(row.lines.len())))
    }

    pub(super) async fn traces_of(&self, order_no: &str) -> Result<Vec<Trace>, StoreError> {
        let no = without_nul(order_no);
        let steps = payment_event::Entity::find()
            .filter(payment_event::Column::PaymentNo.eq(&no))
            .order_by_asc(payment_event::Column::Version)
            .limit(TRACES)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let told = callback_inbox::Entity::find()
            .filter(callback_inbox::Column::OrderNo.eq(&no))
            .order_by_asc(callback_inbox::Column::ReceivedAt)
            .limit(TRACES)
            .all(&self.read)
            .await
            .map_err(unavailable)?;
        let step = |row| record_of(row).map(Trace::Step);
        let mut traces = steps.into_iter().map(step).collect::<Result<Vec<_>, _>>()?;
        for row in told {
            let at = Row { table: "callback_inbox", key: &row.id };
            traces.push(Trace::Callback {
                at: at.time("received_at", row.received_at)?,
                rail: row.rail,
                txn: row.txn,
                amount: Fen::new(row.amount),
                refund_no: row.refund_no,
                outcome: row.outcome,
            });
        }
        traces.sort_by_key(Trace::at);
        Ok(traces)
    }
}

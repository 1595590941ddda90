//! Repairing a line that could not be read: the same reader reads it again, the original stays.

use super::ingest::IngestFile;
use super::line::LineDone;
use super::{
    KeptLine, LineState, Repair, SlotChange, SourceEvent, SourceFile, SourceFileId, SourceSlot,
    SourceStep, Totals,
};
use crate::identity::AuditRecord;
use crate::money::FenOverflow;
use crate::outside::StoreError;
use crate::reconciliation::{DayBook, DayResult};
use std::sync::Arc;

/// What somebody wants done about a line.
#[derive(Debug, Clone)]
pub struct RepairOrder {
    /// In which file.
    pub file: SourceFileId,
    /// Which line.
    pub line_no: u32,
    /// What.
    pub repair: Repair,
    /// Why; 1 to 200 characters.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// Why a line stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// No such line was set aside.
    #[error("no such line was set aside")]
    NotFound,
    /// Another file took the place of this one, or it was never used.
    #[error("the file is not used")]
    NotUsed,
    /// Somebody dealt with it.
    #[error("the line is not open")]
    Done,
    /// No reason, or too long a one.
    #[error("the reason has no or too many characters")]
    Reason,
    /// The repaired text cannot be read either; why, in Chinese.
    #[error("still not readable: {0}")]
    StillBad(String),
    /// With the repaired line the file's totals do not add up.
    #[error("the totals of the file do not allow it")]
    Totals,
    /// Nobody reads this kind here.
    #[error("no reader of {0} is connected")]
    NoReader(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug: the table of states has no such step.
    #[error(transparent)]
    Step(#[from] SourceStep),
    /// A sum is beyond 64 bits.
    #[error(transparent)]
    Overflow(#[from] FenOverflow),
}

/// Use case: repair a line, or say that it is none. A repaired line of a statement joins its day at
/// the next judging, which is then due.
pub struct RepairLine {
    /// Files, readers, time and the audit trail.
    pub ingest: Arc<IngestFile>,
    /// The days that are judged again.
    pub days: Arc<dyn DayBook>,
}

/// Longest reason.
const REASON_MAX: usize = 200;

impl RepairLine {
    /// The line as it is then.
    ///
    /// # Errors
    /// [`RepairError`]; nothing was changed.
    pub async fn run(&self, order: &RepairOrder) -> Result<KeptLine, RepairError> {
        let reason = order.reason.trim();
        if !(1..=REASON_MAX).contains(&reason.chars().count()) {
            return Err(RepairError::Reason);
        }
        let (sources, now) = (&self.ingest.sources, self.ingest.clock.now());
        let file = sources.find_file(&order.file).await?.ok_or(RepairError::NotFound)?;
        let lines = sources.lines_of(&order.file).await?;
        let line = lines.iter().find(|line| line.line_no == order.line_no);
        let line = line.ok_or(RepairError::NotFound)?;
        if !file.state().is_used() {
            return Err(RepairError::NotUsed);
        }
        if line.state != LineState::Open {
            return Err(RepairError::Done);
        }
        let done = LineDone { by: order.by.clone(), at: now, reason: reason.to_owned() };
        let state = match &order.repair {
            Repair::Drop => LineState::Dropped { done },
            Repair::Text(text) => {
                let totals = self.read(&file, line.line_no, text).await?;
                LineState::Repaired { text: text.clone(), totals, done }
            }
        };
        let settled = KeptLine { state, ..line.clone() };
        let others = lines.iter().filter(|other| other.line_no != line.line_no).cloned();
        let all: Vec<_> = others.chain([settled.clone()]).collect();
        check_totals(&file, &all)?;
        let slot = self.ingest.slot(&file.id.key).await?;
        if slot.version != Some(file.id.version) {
            return Err(RepairError::NotUsed);
        }
        let change = change(&file, slot, (&all, &order.by), now)?;
        match sources.settle_line(&settled, &change).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => return Err(RepairError::Done),
            Err(error) => return Err(error.into()),
        }
        let act = match settled.state {
            LineState::Dropped { .. } => "LINE_DROP",
            LineState::Open | LineState::Repaired { .. } => "LINE_REPAIR",
        };
        let subject = format!("{}#{}", order.file, order.line_no);
        let record = AuditRecord::new(now, &order.by, act, &subject, reason);
        self.ingest.audit.append(&record).await?;
        self.judge_again(&file).await?;
        Ok(settled)
    }

    async fn read(
        &self,
        file: &SourceFile,
        line_no: u32,
        text: &str,
    ) -> Result<Totals, RepairError> {
        let key = &file.id.key;
        let kind = key.kind();
        let reader = self.ingest.readers.of(kind).ok_or(RepairError::NoReader(kind.code()))?;
        let original = self.ingest.sources.original(&file.id).await?;
        let original = original.ok_or(RepairError::NotFound)?;
        if text.contains(['\n', '\r']) {
            return Err(RepairError::StillBad("只能是一行".to_owned()));
        }
        reader.read_line(&original, (line_no, text), key).map_err(RepairError::StillBad)
    }

    /// A day that was judged without the line is judged with it.
    async fn judge_again(&self, file: &SourceFile) -> Result<(), StoreError> {
        let key = &file.id.key;
        let Some(rail) = key.kind().statement_of() else { return Ok(()) };
        let Some(judged) = self.days.find(rail, key.day()).await? else { return Ok(()) };
        let next_try_at = Some(self.ingest.clock.now());
        self.days.save(&DayResult { next_try_at, ..judged }, &[]).await
    }
}

/// A repaired line may not contradict the totals that the file itself names.
fn check_totals(file: &SourceFile, lines: &[KeptLine]) -> Result<(), RepairError> {
    let Some(trailer) = file.trailer else { return Ok(()) };
    let used = file.used(lines)?;
    let unread = lines.iter().filter(|line| !matches!(line.state, LineState::Repaired { .. }));
    let fits = trailer.allows((used.paid, used.refunded), unread.map(|line| line.amount))?;
    if fits { Ok(()) } else { Err(RepairError::Totals) }
}

/// Once no line is open the file is whole.
fn change(
    file: &SourceFile,
    slot: SourceSlot,
    (lines, by): (&[KeptLine], &str),
    at: jiff::Timestamp,
) -> Result<SlotChange, SourceStep> {
    let open = lines.iter().filter(|line| line.state == LineState::Open).count();
    if open > 0 {
        let note = format!("还有{open}行无法解析，已隔离，其余照常对账");
        let slot = slot.troubled(crate::reconciliation::DiscrepancyCode::F05, note, at);
        return Ok(SlotChange { slot, steps: Vec::new() });
    }
    let step = file.step(SourceEvent::Accept, at, (by, "隔离行已全部处理"))?;
    let slot = SourceSlot { state: step.state, problem: None, ..slot };
    Ok(SlotChange { slot, steps: vec![(file.id.version, step)] })
}

#[cfg(test)]
#[path = "repair_tests.rs"]
mod tests;

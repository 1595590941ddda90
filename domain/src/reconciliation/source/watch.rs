//! Watching the calendar: what is late becomes a discrepancy, and whoever can be asked is asked.

use super::ingest::{IngestError, IngestFile, Origin, TRY_AGAIN};
use super::{
    ExpectedFile, FileFetch, SlotChange, SourceCalendar, SourceEvent, SourceFile, SourceKey,
    SourceSlot, SourceState,
};
use crate::clock::{Clock, beijing_day};
use crate::money::Fen;
use crate::outside::StoreError;
use crate::payment::Rail;
use crate::reconciliation::run::WINDOW_DAYS;
use crate::reconciliation::{DayBook, DiscrepancyCode, StatementError};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one turn did to one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// Its hour passed and nothing is there: F01.
    Late(SourceKey),
    /// A file came, or the word that there is none; its place says which.
    Fetched(SourceKey),
    /// Whoever was asked had none yet, or did not answer.
    Waits(SourceKey),
}

/// Use case: one look at the calendar.
pub struct WatchSources {
    /// Which files must exist.
    pub calendar: Arc<SourceCalendar>,
    /// Keeps what comes.
    pub ingest: Arc<IngestFile>,
    /// Who can be asked for files that no statement is made of.
    pub fetchers: Vec<Arc<dyn FileFetch>>,
    /// Since when there are payments.
    pub days: Arc<dyn DayBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl WatchSources {
    /// Every day since the first payment, a month back at most; answers what changed.
    ///
    /// # Errors
    /// [`IngestError`] when the store fails; what was done stays.
    pub async fn run_once(&self) -> Result<Vec<Watched>, IngestError> {
        let now = self.clock.now();
        let today = beijing_day(now);
        let mut first: Option<Date> = None;
        for rail in Rail::ALL {
            first = first.into_iter().chain(self.days.first_day(rail).await?).min();
        }
        let Some(first) = first else { return Ok(Vec::new()) };
        let first = first.max(today - jiff::Span::new().days(WINDOW_DAYS));
        let slots = self.ingest.sources.list_slots(first, today).await?;
        let slots: BTreeMap<_, _> =
            slots.into_iter().map(|slot| (slot.key.clone(), slot)).collect();
        let mut done = Vec::new();
        let mut day = first;
        while day < today {
            for expected in self.calendar.of(day) {
                let known = slots.get(&expected.key).cloned();
                let slot = known.unwrap_or_else(|| SourceSlot::expected(expected.key.clone()));
                done.extend(self.look(&expected, slot, now).await?);
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        Ok(done)
    }

    async fn look(
        &self,
        expected: &ExpectedFile,
        slot: SourceSlot,
        now: Timestamp,
    ) -> Result<Option<Watched>, IngestError> {
        let waiting = matches!(slot.state, SourceState::Expected | SourceState::Late);
        if !waiting || now < expected.expected_at {
            return Ok(None);
        }
        let fetcher = self.fetchers.iter().find(|one| one.kind() == expected.key.kind());
        let due = slot.next_try_at.is_none_or(|at| at <= now);
        if let Some(fetcher) = fetcher.filter(|_| due) {
            return self.ask(fetcher.as_ref(), expected, slot, now).await.map(Some);
        }
        if now < expected.late_at || slot.state == SourceState::Late {
            return Ok(None);
        }
        let late = late(expected, slot, None)?;
        self.save(late).await?;
        Ok(Some(Watched::Late(expected.key.clone())))
    }

    async fn ask(
        &self,
        fetcher: &dyn FileFetch,
        expected: &ExpectedFile,
        slot: SourceSlot,
        now: Timestamp,
    ) -> Result<Watched, IngestError> {
        let key = &expected.key;
        let fetched = Watched::Fetched(key.clone());
        let why = match fetcher.fetch(key.day()).await {
            Ok(None) => return self.ingest.nothing(key).await.map(|()| fetched),
            Ok(Some(bytes)) => {
                let read = self.ingest.read(key, &bytes)?;
                return self.ingest.take_in(key, read, Origin::FETCHED).await.map(|_| fetched);
            }
            Err(StatementError::Damaged(fault)) => {
                return self
                    .ingest
                    .take_in(key, Err(*fault), Origin::FETCHED)
                    .await
                    .map(|_| fetched);
            }
            Err(StatementError::NotReady) => "对方尚未生成".to_owned(),
            Err(StatementError::Outside(error)) => format!("未能取得：{error}"),
        };
        let next_try_at = Some(now + TRY_AGAIN);
        let slot = SourceSlot { next_try_at, ..slot };
        let became_late = slot.state == SourceState::Expected && now >= expected.late_at;
        let slot = if now >= expected.late_at { late(expected, slot, Some(&why))? } else { slot };
        self.save(slot).await?;
        let key = key.clone();
        Ok(if became_late { Watched::Late(key) } else { Watched::Waits(key) })
    }

    async fn save(&self, slot: SourceSlot) -> Result<(), IngestError> {
        let saved = self.ingest.sources.save_slot(&SlotChange { slot, steps: Vec::new() }).await;
        match saved {
            // Another node looks at the same calendar: its word is as good.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// F01, with who must see to it. A file that came and cannot be trusted is the worse problem.
fn late(
    expected: &ExpectedFile,
    slot: SourceSlot,
    why: Option<&str>,
) -> Result<SourceSlot, IngestError> {
    let state = slot.state.apply(SourceEvent::FallDue)?;
    let slot = SourceSlot { state, ..slot };
    if slot.problem.as_ref().is_some_and(|problem| problem.code != DiscrepancyCode::F01) {
        return Ok(slot);
    }
    let kind = expected.key.kind();
    let (name, owner) = (kind.chinese(), kind.owner().chinese());
    let why = why.map(|why| format!("（{why}）")).unwrap_or_default();
    let note = format!("{name}未按时到达{why}，请联系{owner}，或由人工上传");
    Ok(slot.troubled(DiscrepancyCode::F01, note, expected.late_at))
}

/// One file of the calendar, with what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarLine {
    /// What must be there, and when.
    pub expected: ExpectedFile,
    /// What is there, or what is wrong.
    pub slot: SourceSlot,
    /// The file that is used.
    pub file: Option<SourceFile>,
    /// Of an account bill beside its trade bill, both used: by how much the account moved more.
    pub beside_trade: Option<Fen>,
}

/// Use case: the calendar of a day, for staff.
pub struct ReadCalendar {
    /// Which files must exist.
    pub calendar: Arc<SourceCalendar>,
    /// Where they are.
    pub ingest: Arc<IngestFile>,
}

impl ReadCalendar {
    /// Every file of the day, by kind and owner; none of a day that is not over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run(&self, day: Date) -> Result<Vec<CalendarLine>, StoreError> {
        let sources = &self.ingest.sources;
        let slots = sources.list_slots(day, day).await?;
        let mut lines = Vec::new();
        for expected in self.calendar.of(day) {
            let known = slots.iter().find(|slot| slot.key == expected.key).cloned();
            let slot = known.unwrap_or_else(|| SourceSlot::expected(expected.key.clone()));
            let file = match slot.file_id() {
                Some(id) => sources.find_file(&id).await?,
                None => None,
            };
            let beside_trade = match &file {
                Some(file) => self.beside_trade(file, &slots).await?,
                None => None,
            };
            lines.push(CalendarLine { expected, slot, file, beside_trade });
        }
        Ok(lines)
    }

    async fn beside_trade(
        &self,
        file: &SourceFile,
        slots: &[SourceSlot],
    ) -> Result<Option<Fen>, StoreError> {
        let Some(trade) = file.id.key.kind().trade_of() else { return Ok(None) };
        let key = file.id.key.of_kind(trade);
        let slot = slots.iter().find(|slot| slot.key == key);
        let Some(id) = slot.and_then(SourceSlot::file_id) else { return Ok(None) };
        let sources = &self.ingest.sources;
        let Some(trade) = sources.find_file(&id).await? else { return Ok(None) };
        let (of_account, of_trade) =
            (sources.lines_of(&file.id).await?, sources.lines_of(&id).await?);
        let net = |file: &SourceFile, lines: &[_]| file.used(lines)?.net();
        let differs =
            net(file, &of_account).and_then(|account| account.minus(net(&trade, &of_trade)?));
        Ok(differs.ok())
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;

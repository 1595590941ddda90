//! Judging days by what is kept of them: the night's work, so that the clerk finds the day judged.

use super::work::{DeskError, FileRun, Filed};
use super::{
    DayStanding, DeskBook, DeskDay, DeskRules, ExceptionFilter, ExceptionState, NewRun, Refusal,
    RuleBook, RuleSet,
};
use crate::clock::{Clock, beijing_day};
use crate::outside::{BoxError, StoreError};
use crate::payment::Rail;
use crate::reconciliation::DayBook;
use crate::reconciliation::DiscrepancyCode as Code;
use crate::reconciliation::engine::OpenPayout;
use crate::reconciliation::run::WINDOW_DAYS;
use crate::reconciliation::source::{
    ExpectedFile, SourceCalendar, SourceKey, SourceSlot, SourceState, SourceStore,
};
use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Who files what nobody else did.
pub const WORKER: &str = "worker";
/// A day in which something is open is looked at again after so long: refunds arrive, payments are put right.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(30);

/// What is judged.
#[derive(Debug, Clone)]
pub struct JudgeOrder {
    /// The day.
    pub day: Date,
    /// The places of its files, as the calendar has them.
    pub slots: Vec<SourceSlot>,
    /// Files that are not there and should be.
    pub missing: Vec<SourceKey>,
    /// By which rules.
    pub rules: DeskRules,
    /// Payouts of earlier days that were not credited yet.
    pub open_payouts: Vec<OpenPayout>,
    /// As of when.
    pub at: Timestamp,
}

/// Why a day was not judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The desk refused.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// Ledger or rules could not be used: a bug, or a full disk.
    #[error("the day could not be judged")]
    Judge(#[source] BoxError),
}

/// Judges a day by the ledger and the files that are kept.
#[async_trait]
pub trait DayJudge: Send + Sync {
    /// MUST find the same for the same ledger, files and rules. Stores nothing.
    ///
    /// # Errors
    /// [`JudgeError`].
    async fn judge(&self, order: &JudgeOrder) -> Result<NewRun, JudgeError>;
}

/// Puts together what a day is judged by.
#[derive(Clone)]
pub struct Inputs {
    /// Which files must exist.
    pub calendar: Arc<SourceCalendar>,
    /// Where they are.
    pub sources: Arc<dyn SourceStore>,
    /// Payouts that are missing.
    pub book: Arc<dyn DeskBook>,
    /// Since when there are payments by each rail.
    pub days: Arc<dyn DayBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Inputs {
    /// Files of the day that must exist. A rail by which nobody had paid yet owes none.
    async fn expected(&self, day: Date) -> Result<Vec<ExpectedFile>, StoreError> {
        let mut used = Vec::new();
        for rail in Rail::ALL {
            if self.days.first_day(rail).await?.is_some_and(|first| first <= day) {
                used.push(rail);
            }
        }
        let mut expected = self.calendar.of(day);
        expected.retain(|file| file.key.kind().statement_of().is_none_or(|r| used.contains(&r)));
        Ok(expected)
    }

    /// Of one day, by these rules.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(&self, day: Date, rules: &DeskRules) -> Result<JudgeOrder, StoreError> {
        let now = self.clock.now();
        let known = self.sources.list_slots(day, day).await?;
        let expected = self.expected(day).await?;
        let missing = expected
            .iter()
            .filter(|file| file.late_at <= now && !is_there(slot_of(&known, file)))
            .map(|file| file.key.clone())
            .collect();
        let of_calendar = |slot: &SourceSlot| expected.iter().any(|file| file.key == slot.key);
        let slots = known.into_iter().filter(of_calendar).collect();
        let open_payouts = self.open_payouts(day).await?;
        Ok(JudgeOrder { day, slots, missing, rules: rules.clone(), open_payouts, at: now })
    }

    /// What earlier days say is missing at the bank (B01).
    async fn open_payouts(&self, day: Date) -> Result<Vec<OpenPayout>, StoreError> {
        let missing = ExceptionFilter {
            states: ExceptionState::ALL.into_iter().filter(|state| state.is_open()).collect(),
            code: Some(Code::B01.words().0.to_owned()),
            ..ExceptionFilter::default()
        };
        let found = self.book.exceptions(&missing, None, super::store::ALL).await?;
        let payout = |of: &super::Exception| {
            let (merchant_no, paid) = of.is.credit_no.split_once('/')?;
            let paid: Date = paid.parse().ok().filter(|paid| *paid < day)?;
            let rail = Rail::from_code(&of.is.rail)?;
            let net = crate::money::Fen::new(of.is.at_risk.value().saturating_neg());
            Some(OpenPayout { rail, merchant_no: merchant_no.to_owned(), day: paid, net })
        };
        Ok(found.iter().filter_map(payout).collect())
    }
}

/// Tells what a day still waits for.
#[async_trait]
pub trait AwaitedFiles: Send + Sync {
    /// Files of the day that are neither here nor late yet, in words for staff.
    async fn awaited(&self, day: Date) -> Result<Vec<String>, StoreError>;
}

#[async_trait]
impl AwaitedFiles for Inputs {
    /// None of a day that somebody filed by hand: its files are his.
    async fn awaited(&self, day: Date) -> Result<Vec<String>, StoreError> {
        let latest = self.book.runs(day).await?.into_iter().next();
        if latest.is_none_or(|run| run.by != WORKER) {
            return Ok(Vec::new());
        }
        let (now, known) = (self.clock.now(), self.sources.list_slots(day, day).await?);
        let mut expected = self.expected(day).await?;
        expected.retain(|file| now < file.late_at && !is_there(slot_of(&known, file)));
        let said =
            |file: ExpectedFile| format!("{} {}", file.key.kind().chinese(), file.key.owner());
        Ok(expected.into_iter().map(said).collect())
    }
}

/// Where no calendar says what must come.
pub struct NothingAwaited;

#[async_trait]
impl AwaitedFiles for NothingAwaited {
    async fn awaited(&self, _day: Date) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

fn slot_of<'a>(known: &'a [SourceSlot], file: &ExpectedFile) -> Option<&'a SourceSlot> {
    known.iter().find(|slot| slot.key == file.key)
}

/// A file that is used, or the word that there is none.
fn is_there(slot: Option<&SourceSlot>) -> bool {
    slot.is_some_and(|slot| slot.version.is_some() || slot.state == SourceState::Nothing)
}

/// What a day looked like when it was last judged here: rules, and the revision of each place.
type Seen = (u32, Vec<(SourceKey, u32)>);

/// Use case: judge every day of which something new is known, and file what was found.
pub struct JudgeDue {
    /// What a day is judged by.
    pub inputs: Inputs,
    /// The rules.
    pub rules: Arc<dyn RuleBook>,
    /// Judges.
    pub judge: Arc<dyn DayJudge>,
    /// What this process has looked at, and when; after a start everything is looked at once more.
    pub seen: Mutex<BTreeMap<Date, (Seen, Timestamp)>>,
}

/// What became of a day.
pub type Judged = Result<Option<Filed>, JudgeError>;

impl JudgeDue {
    /// Every day since the first payment, a month back at most, that is not sealed, of which a file came or is late, and about
    /// which anything changed. `None` where a day was judged and nothing is different. A day that somebody filed by hand stays his.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was looked at.
    pub async fn run_once(&self) -> Result<Vec<(Date, Judged)>, StoreError> {
        let now = self.inputs.clock.now();
        let mut first: Option<Date> = None;
        for rail in Rail::ALL {
            first = first.into_iter().chain(self.inputs.days.first_day(rail).await?).min();
        }
        let today = beijing_day(now);
        let Some(first) = first else { return Ok(Vec::new()) };
        let mut day = first.max(today - jiff::Span::new().days(WINDOW_DAYS));
        let rules = self.rules.in_force().await?;
        let mut done = Vec::new();
        while day < today {
            match self.look(day, &rules, now).await {
                Ok(None) => {}
                Ok(Some(judged)) => done.push((day, Ok(judged))),
                Err(error) => done.push((day, Err(error))),
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        Ok(done)
    }

    /// Judges the day now; see [`Self::run_once`].
    ///
    /// # Errors
    /// [`JudgeError`]; nothing was filed.
    pub async fn run(&self, day: Date) -> Judged {
        let rules = self.rules.in_force().await?;
        let before = self.inputs.book.find_day(day).await?;
        if before.as_ref().is_some_and(|day| day.standing == DayStanding::Closed) {
            return Err(DeskError::from(Refusal::DayClosed).into());
        }
        let order = self.inputs.of(day, &rules.rules).await?;
        self.file(&order, before.as_ref()).await
    }

    async fn look(
        &self,
        day: Date,
        rules: &RuleSet,
        now: Timestamp,
    ) -> Result<Option<Option<Filed>>, JudgeError> {
        let before = self.inputs.book.find_day(day).await?;
        if before.as_ref().is_some_and(|day| day.standing == DayStanding::Closed) {
            return Ok(None);
        }
        let order = self.inputs.of(day, &rules.rules).await?;
        let nothing = order.missing.is_empty() && !order.slots.iter().any(|s| is_there(Some(s)));
        if nothing || self.is_by_hand(before.as_ref()).await? {
            return Ok(None);
        }
        let places = order.slots.iter().map(|slot| (slot.key.clone(), slot.revision)).collect();
        let seen: Seen = (rules.version, places);
        let last = self.seen().get(&day).cloned();
        if let Some((_, at)) = last.filter(|(looked, _)| *looked == seen) {
            let open = match before {
                Some(_) => self.inputs.book.standing(day).await?.open,
                None => 0,
            };
            if open == 0 || now < at + LOOK_AGAIN {
                return Ok(None);
            }
        }
        let filed = self.file(&order, before.as_ref()).await?;
        self.seen().insert(day, (seen, now));
        Ok(Some(filed))
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, BTreeMap<Date, (Seen, Timestamp)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn is_by_hand(&self, day: Option<&DeskDay>) -> Result<bool, StoreError> {
        let Some(day) = day else { return Ok(false) };
        let latest = self.inputs.book.runs(day.day).await?.into_iter().next();
        Ok(latest.is_some_and(|run| run.by != WORKER))
    }

    /// Files the run, unless the latest says the same of the same files.
    async fn file(&self, order: &JudgeOrder, before: Option<&DeskDay>) -> Judged {
        let run = self.judge.judge(order).await?;
        if before.is_some() && self.is_known(&run).await? {
            return Ok(None);
        }
        match (FileRun { book: self.inputs.book.clone() }).run(&run).await {
            Ok(filed) => Ok(Some(filed)),
            // Another node filed it at this moment.
            Err(DeskError::Store(StoreError::Conflict)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn is_known(&self, run: &NewRun) -> Result<bool, StoreError> {
        let book = &self.inputs.book;
        let Some(latest) = book.runs(run.day).await?.into_iter().next() else { return Ok(false) };
        if latest.digest != run.digest || latest.holds != run.holds {
            return Ok(false);
        }
        let files = book.judged_files(run.day, latest.number).await?;
        let mut known: Vec<_> = files.iter().map(|file| (&file.file, &file.sha256)).collect();
        let used = run.verdicts.iter().filter(|file| !file.lines.is_empty());
        let mut new: Vec<_> = used.map(|file| (&file.file, &file.sha256)).collect();
        known.sort();
        new.sort();
        Ok(known == new)
    }
}

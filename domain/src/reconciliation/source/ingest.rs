//! Taking a file in, from whoever brings it: kept first, read, then used, refused or put by.

use super::{
    Approvals, Arrival, ClosedDays, FileEvent, FileKeeper, KeptFile, KeptLine, LineState, ReadFile,
    SlotChange, SourceEvent, SourceFault, SourceFile, SourceFileId, SourceKey, SourceReaders,
    SourceSlot, SourceState, SourceStep, SourceStore, Totals,
};
use crate::casework::lottery::{Digest, Sha256};
use crate::clock::Clock;
use crate::identity::{AuditRecord, AuditTrail};
use crate::outside::StoreError;
use crate::reconciliation::{DiscrepancyCode, StatementFault};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Who acts where nobody does.
pub(super) const SYSTEM: &str = "system";
/// How long a file that could not be used is left before it is asked for again.
pub(super) const TRY_AGAIN: SignedDuration = SignedDuration::from_mins(30);

/// A file that somebody brings.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Which it is said to be.
    pub key: SourceKey,
    /// As it came.
    pub bytes: Vec<u8>,
    /// Who brings it.
    pub by: String,
    /// Under which reference two persons agreed that it takes the place of another.
    pub approval: Option<String>,
}

/// Where a read file comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    pub by: &'a str,
    pub arrival: Arrival,
    pub approval: Option<&'a str>,
}

impl Origin<'_> {
    pub(super) const FETCHED: Self =
        Origin { by: SYSTEM, arrival: Arrival::Fetched, approval: None };
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested {
    /// The same bytes are here already; nothing changed.
    Same(SourceFile),
    /// It is used.
    Used {
        /// The file.
        file: SourceFile,
        /// Which file it took the place of.
        replaced: Option<u32>,
    },
    /// It cannot be trusted; kept as evidence, and whatever was used stays.
    Refused(SourceFile),
    /// It would take the place of another on a closed day, and nobody has agreed; kept, not used.
    Waits(SourceFile),
}

impl Ingested {
    /// The file.
    pub const fn file(&self) -> &SourceFile {
        match self {
            Self::Same(file)
            | Self::Used { file, .. }
            | Self::Refused(file)
            | Self::Waits(file) => file,
        }
    }
}

/// Why nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Nobody reads this kind here.
    #[error("no reader of {0} is connected")]
    NoReader(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug: the table of states has no such step. Nothing was kept.
    #[error(transparent)]
    Step(#[from] SourceStep),
}

/// Use case: take a file in. The same bytes again change nothing.
pub struct IngestFile {
    /// Where files are kept.
    pub sources: Arc<dyn SourceStore>,
    /// Read them.
    pub readers: SourceReaders,
    /// Tells bytes apart.
    pub hash: Arc<dyn Sha256>,
    /// Which days are closed.
    pub closed: Arc<dyn ClosedDays>,
    /// What two persons agreed to.
    pub approvals: Arc<dyn Approvals>,
    /// What staff did.
    pub audit: Arc<dyn AuditTrail>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl IngestFile {
    /// Takes in what somebody brings.
    ///
    /// # Errors
    /// [`IngestError`]; nothing was kept.
    pub async fn run(&self, arrived: &Arrived) -> Result<Ingested, IngestError> {
        let Arrived { key, bytes, by, approval } = arrived;
        let from = Origin { by, arrival: Arrival::Person, approval: approval.as_deref() };
        let read = self.read(key, bytes)?;
        let ingested = self.take_in(key, read, from).await?;
        let words = match &ingested {
            Ingested::Same(_) => "内容相同，未变更",
            Ingested::Used { replaced: None, .. } => "已采用",
            Ingested::Used { replaced: Some(_), .. } => "已采用，替换旧文件",
            Ingested::Refused(_) => "不可用，存为证据",
            Ingested::Waits(_) => "待两人同意后替换",
        };
        let file = ingested.file();
        let detail =
            format!("{words} sha256:{} {}", file.sha256, approval.as_deref().unwrap_or(""));
        let (now, id) = (self.clock.now(), file.id.to_string());
        let record = AuditRecord::new(now, by, "SOURCE_FILE", &id, detail.trim_end());
        self.audit.append(&record).await?;
        Ok(ingested)
    }

    /// Reads what came by the reader of its kind.
    pub(super) fn read(
        &self,
        key: &SourceKey,
        bytes: &[u8],
    ) -> Result<Result<ReadFile, StatementFault>, IngestError> {
        let kind = key.kind();
        let reader = self.readers.of(kind).ok_or(IngestError::NoReader(kind.code()))?;
        Ok(reader.read(bytes, key))
    }

    /// Keeps what was read, or what could not be.
    pub(super) async fn take_in(
        &self,
        key: &SourceKey,
        read: Result<ReadFile, StatementFault>,
        from: Origin<'_>,
    ) -> Result<Ingested, IngestError> {
        let original = match &read {
            Ok(read) => &read.original,
            Err(fault) => &fault.original,
        };
        let sha256 = Digest(self.hash.sha256(original)).to_string();
        let slot = self.slot(key).await?;
        let files = self.sources.list_files(key).await?;
        let same =
            |file: &&SourceFile| file.sha256 == sha256 && file.state() != SourceState::Superseded;
        if let Some(file) = files.iter().find(same) {
            return self.again(file, &slot, from).await;
        }
        let read = match read {
            Ok(read) => self.unlike_other_days(key, read, &sha256).await?,
            Err(fault) => Err(fault),
        };
        let version = files.last().map_or(0, |file| file.id.version).saturating_add(1);
        let id = SourceFileId { key: key.clone(), version };
        let now = self.clock.now();
        let mut kept = self.kept(id, (sha256, read), from, now);
        let may = match (slot.version, &kept.file.fault) {
            (Some(_), None) => self.may_replace(&kept.file, from).await?,
            (_, Some(_)) | (None, None) => true,
        };
        let change = self.decide(&mut kept.file, &slot, (may, from), now)?;
        self.sources.keep(&kept, &change).await?;
        let file = kept.file;
        Ok(match (file.fault.is_some(), may) {
            (true, _) => Ingested::Refused(file),
            (false, true) => Ingested::Used { file, replaced: slot.version },
            (false, false) => Ingested::Waits(file),
        })
    }

    /// Its maker says that there was nothing on that day.
    pub(super) async fn nothing(&self, key: &SourceKey) -> Result<(), IngestError> {
        let slot = self.slot(key).await?;
        if slot.version.is_some() || slot.state == SourceState::Nothing {
            return Ok(());
        }
        let state = slot.state.apply(SourceEvent::SayNothing)?;
        let slot = SourceSlot { state, problem: None, next_try_at: None, ..slot };
        Ok(self.sources.save_slot(&SlotChange { slot, steps: Vec::new() }).await?)
    }

    pub(super) async fn slot(&self, key: &SourceKey) -> Result<SourceSlot, StoreError> {
        let found = self.sources.find_slot(key).await?;
        Ok(found.unwrap_or_else(|| SourceSlot::expected(key.clone())))
    }

    /// The same bytes; one that waits is used once two persons have agreed.
    async fn again(
        &self,
        file: &SourceFile,
        slot: &SourceSlot,
        from: Origin<'_>,
    ) -> Result<Ingested, IngestError> {
        if file.state() != SourceState::Parsed {
            return Ok(Ingested::Same(file.clone()));
        }
        if !self.may_replace(file, from).await? {
            return Ok(Ingested::Waits(file.clone()));
        }
        let (mut file, now) = (file.clone(), self.clock.now());
        let known = file.history.len();
        let mut change = self.decide(&mut file, slot, (true, from), now)?;
        let new = file.history[known..].iter().cloned();
        change.steps.extend(new.map(|event| (file.id.version, event)));
        self.sources.save_slot(&change).await?;
        Ok(Ingested::Used { file, replaced: slot.version })
    }

    /// On a closed day two persons must have agreed to these very bytes.
    async fn may_replace(&self, file: &SourceFile, from: Origin<'_>) -> Result<bool, StoreError> {
        let key = &file.id.key;
        if !self.closed.is_closed(key.day()).await? {
            return Ok(true);
        }
        match from.approval {
            None => Ok(false),
            Some(reference) => self.approvals.agreed(reference, key, &file.sha256).await,
        }
    }

    /// A file that another day had already is that day's. Empty ones are all alike.
    async fn unlike_other_days(
        &self,
        key: &SourceKey,
        read: ReadFile,
        sha256: &str,
    ) -> Result<Result<ReadFile, StatementFault>, StoreError> {
        if read.accepted.lines == 0 && read.set_aside.is_empty() {
            return Ok(Ok(read));
        }
        let Some(other) = self.sources.other_day_of(key, sha256).await? else {
            return Ok(Ok(read));
        };
        let (code, reason) = (DiscrepancyCode::F04, format!("与{other}的文件完全相同"));
        Ok(Err(StatementFault { code, reason, original: read.original }))
    }

    fn kept(
        &self,
        id: SourceFileId,
        (sha256, read): (String, Result<ReadFile, StatementFault>),
        from: Origin<'_>,
        at: Timestamp,
    ) -> KeptFile {
        let (read, fault) = match read {
            Ok(read) => (read, None),
            Err(StatementFault { code, reason, original }) => {
                let (trailer, accepted) = (None, Totals::NONE);
                let (hash, set_aside) = (String::new(), Vec::new());
                let nothing = ReadFile { hash, original, trailer, accepted, set_aside };
                (nothing, Some(SourceFault { code, reason }))
            }
        };
        let line = |line: crate::reconciliation::QuarantinedLine| KeptLine {
            file: id.clone(),
            line_no: line.line_no,
            raw: line.raw,
            reason: line.reason,
            amount: line.amount,
            state: LineState::Open,
        };
        let lines: Vec<_> = read.set_aside.into_iter().map(line).collect();
        let version = self.readers.of(id.key.kind()).map_or("", |reader| reader.version());
        let state = SourceState::Received;
        let arrived = FileEvent { state, at, by: from.by.to_owned(), note: String::new() };
        let file = SourceFile {
            id,
            sha256,
            hash: read.hash,
            bytes: u64::try_from(read.original.len()).unwrap_or(u64::MAX),
            received_at: at,
            received_by: from.by.to_owned(),
            arrival: from.arrival,
            parser: version.to_owned(),
            trailer: read.trailer,
            accepted: read.accepted,
            set_aside: u32::try_from(lines.len()).unwrap_or(u32::MAX),
            fault,
            history: vec![arrived],
        };
        KeptFile { file, original: read.original, lines }
    }

    /// Takes the file as far as it comes; what becomes of its place and of the file before it.
    fn decide(
        &self,
        file: &mut SourceFile,
        slot: &SourceSlot,
        (may, from): (bool, Origin<'_>),
        at: Timestamp,
    ) -> Result<SlotChange, SourceStep> {
        let advance = |file: &mut SourceFile, event, note: &str| {
            let step = file.step(event, at, (from.by, note))?;
            file.history.push(step);
            Ok::<_, SourceStep>(())
        };
        if let Some(fault) = file.fault.clone() {
            // Another day's file and wrong totals are faults of a file that came as it was sent.
            if fault.code != DiscrepancyCode::F02 {
                advance(file, SourceEvent::Verify, "")?;
            }
            advance(file, SourceEvent::Refuse, &fault.reason)?;
            let slot = if slot.version.is_some() {
                slot.clone()
            } else {
                let next_try_at = (from.arrival == Arrival::Fetched).then(|| at + TRY_AGAIN);
                SourceSlot { next_try_at, ..slot.troubled(fault.code, fault.reason, at) }
            };
            return Ok(SlotChange { slot, steps: Vec::new() });
        }
        if file.state() == SourceState::Received {
            advance(file, SourceEvent::Verify, "")?;
            advance(file, SourceEvent::Parse, "")?;
        }
        if !may {
            let note = "收到内容不同的新文件，当日已关账，待两人同意后替换".to_owned();
            let slot = slot.troubled(DiscrepancyCode::F04, note, at);
            return Ok(SlotChange { slot, steps: Vec::new() });
        }
        let used = if file.set_aside > 0 { SourceEvent::SetAside } else { SourceEvent::Accept };
        advance(file, used, from.approval.unwrap_or_default())?;
        let before = slot.version.filter(|before| *before != file.id.version);
        let steps = before.map(|before| {
            let note = format!("由第{}份文件替换", file.id.version);
            let state = SourceState::Superseded;
            (before, FileEvent { state, at, by: from.by.to_owned(), note })
        });
        let slot = slot.filled(file, file.state(), at);
        Ok(SlotChange { slot, steps: steps.into_iter().collect() })
    }
}

#[async_trait]
impl FileKeeper for IngestFile {
    async fn keep_file(
        &self,
        key: &SourceKey,
        bytes: &[u8],
        arrival: Arrival,
    ) -> Result<(), StoreError> {
        let from = Origin { arrival, ..Origin::FETCHED };
        let kept = match self.read(key, bytes) {
            Ok(read) => self.take_in(key, read, from).await,
            Err(error) => Err(error),
        };
        match kept {
            Ok(_) => Ok(()),
            Err(IngestError::Store(error)) => Err(error),
            Err(error @ (IngestError::NoReader(_) | IngestError::Step(_))) => {
                Err(StoreError::Unavailable(error.into()))
            }
        }
    }
}

#[cfg(test)]
#[path = "ingest_tests.rs"]
mod tests;

//! One file as it came, with what became of it.

use super::{KeptLine, LineState, SourceEvent, SourceKey, SourceState, SourceStep};
use crate::money::{Fen, FenOverflow};
use crate::reconciliation::{DiscrepancyCode, LineKind, StatementLine, Trailer};
use jiff::Timestamp;
use std::fmt;

/// How a file came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arrival {
    /// We asked for it.
    Fetched,
    /// Somebody brought it.
    Person,
    /// We made it and sent it away.
    Sent,
}

impl Arrival {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Fetched, Self::Person, Self::Sent];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fetched => "FETCHED",
            Self::Person => "PERSON",
            Self::Sent => "SENT",
        }
    }

    /// The way whose [`Arrival::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.code() == code)
    }
}

/// What lines add up to. Of an account bill `paid` is what came in and `refunded` what went out, fees
/// among it; of the bank `paid` is what was credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub lines: u32,
    /// Taken.
    pub paid: Fen,
    /// Given back, positive.
    pub refunded: Fen,
    /// What the rail kept; below zero what it gave back.
    pub fee: Fen,
}

impl Totals {
    /// Of no line.
    pub const NONE: Self = Self { lines: 0, paid: Fen::ZERO, refunded: Fen::ZERO, fee: Fen::ZERO };

    /// Of one line of a statement.
    pub const fn of(line: &StatementLine) -> Self {
        let (paid, refunded) = match line.kind() {
            LineKind::Pay => (line.amount, Fen::ZERO),
            LineKind::Refund => (Fen::ZERO, line.amount),
        };
        Self { lines: 1, paid, refunded, fee: line.fee }
    }

    /// Both together.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn plus(self, other: Self) -> Result<Self, FenOverflow> {
        Ok(Self {
            lines: self.lines.saturating_add(other.lines),
            paid: self.paid.plus(other.paid)?,
            refunded: self.refunded.plus(other.refunded)?,
            fee: self.fee.plus(other.fee)?,
        })
    }

    /// All of them together.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Result<Self, FenOverflow> {
        all.into_iter().try_fold(Self::NONE, Self::plus)
    }

    /// What is left: taken less given back less fees.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn net(self) -> Result<Fen, FenOverflow> {
        self.paid.minus(self.refunded)?.minus(self.fee)
    }
}

/// Why a file cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFault {
    /// One of F02, F03, F04.
    pub code: DiscrepancyCode,
    /// In Chinese, for staff.
    pub reason: String,
}

/// One step of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEvent {
    /// Where it stood then.
    pub state: SourceState,
    /// When.
    pub at: Timestamp,
    /// Who: a member of staff, or `system`.
    pub by: String,
    /// In which words; may be empty. Of a replacement on a closed day, the reference of the approval.
    pub note: String,
}

/// Which file: source, owner, day, and which of that day's, from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceFileId {
    /// Source, owner and day.
    pub key: SourceKey,
    /// From 1 in the order in which they came.
    pub version: u32,
}

impl fmt::Display for SourceFileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.key, self.version)
    }
}

impl SourceFileId {
    /// Reads what [`SourceFileId`] shows; `None` for any other text.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let mut part = || parts.next();
        let kind = super::SourceKind::from_code(part()?)?;
        let key = SourceKey::new(kind, part()?, part()?.parse().ok()?).ok()?;
        let id = Self { key, version: part()?.parse().ok().filter(|version| *version > 0)? };
        (part().is_none() && id.to_string() == text).then_some(id)
    }
}

/// A file as it came. All of it but its history was written once and is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Which.
    pub id: SourceFileId,
    /// SHA-256 of its bytes, unpacked; lower-case hex.
    pub sha256: String,
    /// The hash that its maker names or that stands for it there; empty where there is none.
    pub hash: String,
    /// How many bytes.
    pub bytes: u64,
    /// When it came.
    pub received_at: Timestamp,
    /// Who brought it: a member of staff, or `system`.
    pub received_by: String,
    /// How.
    pub arrival: Arrival,
    /// What read it: the reader's name and version.
    pub parser: String,
    /// Its own totals, where it names any and they could be read.
    pub trailer: Option<Trailer>,
    /// What the lines that could be read add up to.
    pub accepted: Totals,
    /// How many lines could not be read.
    pub set_aside: u32,
    /// Why it cannot be trusted, if so.
    pub fault: Option<SourceFault>,
    /// Its steps in order; never empty.
    pub history: Vec<FileEvent>,
}

impl SourceFile {
    /// Where it stands.
    pub fn state(&self) -> SourceState {
        self.history.last().map_or(SourceState::Received, |event| event.state)
    }

    /// The next step, not added yet.
    ///
    /// # Errors
    /// [`SourceStep`] where the table has none.
    pub fn step(
        &self,
        event: SourceEvent,
        at: Timestamp,
        (by, note): (&str, &str),
    ) -> Result<FileEvent, SourceStep> {
        let state = self.state().apply(event)?;
        Ok(FileEvent { state, at, by: by.to_owned(), note: note.to_owned() })
    }

    /// What is used of it: its readable lines and those that somebody repaired.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn used(&self, lines: &[KeptLine]) -> Result<Totals, FenOverflow> {
        let repaired = lines.iter().filter_map(|line| match &line.state {
            LineState::Repaired { totals, .. } => Some(*totals),
            LineState::Open | LineState::Dropped { .. } => None,
        });
        Totals::sum(std::iter::once(self.accepted).chain(repaired))
    }
}

/// A file on its way into the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// The file.
    pub file: SourceFile,
    /// Its bytes, unpacked.
    pub original: Vec<u8>,
    /// The lines that could not be read.
    pub lines: Vec<KeptLine>,
}

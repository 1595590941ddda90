//! Sources (来源): which files must exist for a day of reconciliation, which have come, and what
//! became of them.
//!
//! Invariants: what came is never changed, only superseded; of one source and day one file counts at
//! most; a file that must exist and does not is a discrepancy (F01) with an owner.

mod calendar;
mod file;
mod filed;
mod ingest;
mod kind;
mod line;
mod reader;
mod repair;
mod slot;
mod state;
mod store;
#[cfg(test)]
mod testing;
mod watch;

pub use calendar::{BankDays, CalendarSource, ExpectedFile, SourceCalendar};
pub use file::{Arrival, FileEvent, KeptFile, SourceFault, SourceFile, SourceFileId, Totals};
pub use filed::FiledStatements;
pub use ingest::{Arrived, IngestError, IngestFile, Ingested};
pub use kind::{SourceKey, SourceKind, SourceOwner};
pub use line::{KeptLine, LineDone, LineState, Repair};
pub use reader::{ReadFile, SourceReader, SourceReaders, StatementFiles, StatementReader};
pub use repair::{RepairError, RepairLine, RepairOrder};
pub use slot::{SourceProblem, SourceSlot};
pub use state::{SourceEvent, SourceState, SourceStep};
pub use store::{
    Approvals, ClosedDays, FileFetch, FileKeeper, NobodyAgrees, SlotChange, SourceStore,
};
pub use watch::{CalendarLine, ReadCalendar, WatchSources, Watched};

//! Files of reconciliation: kept before they are judged, watched by the calendar, repaired by staff.

use super::rails::ConnectedRail;
use crate::parts::SourceParts;
use adapters::lottery::AwsSha256;
use adapters::store::Store;
use domain::clock::Clock;
use domain::payment::PaymentRail as _;
use domain::reconciliation::StatementSource;
use domain::reconciliation::desk::SealedDays;
use domain::reconciliation::source::{
    BankDays, CalendarSource, FiledStatements, IngestFile, NobodyAgrees, ReadCalendar, RepairLine,
    SourceCalendar, SourceKind, SourceReader, SourceReaders, StatementFiles, WatchSources,
};
use std::sync::Arc;

/// What keeps files, and what looks after them.
pub struct Sources {
    /// Which files must exist.
    pub calendar: Arc<SourceCalendar>,
    ingest: Arc<IngestFile>,
    /// What staff do with them.
    pub parts: SourceParts,
    /// Notes what is late.
    pub watch: Arc<WatchSources>,
}

impl Sources {
    /// Of these rails: each owes a statement of every day.
    pub fn of(rails: &[ConnectedRail], store: &Arc<Store>, clock: &Arc<dyn Clock>) -> Self {
        let reader = |rail: &ConnectedRail| -> Arc<dyn SourceReader> {
            let (reader, merchant) = (rail.bills.clone(), rail.guarded.merchant().clone());
            Arc::new(StatementFiles { reader, merchant })
        };
        let owed = |rail: &ConnectedRail| CalendarSource {
            kind: SourceKind::of_rail(rail.bills.rail()),
            owner: rail.guarded.merchant().merchant_no.clone(),
        };
        let calendar = Arc::new(SourceCalendar::new(rails.iter().map(owed), BankDays::default()));
        let ingest = Arc::new(IngestFile {
            sources: store.clone(),
            readers: SourceReaders::new(rails.iter().map(reader)),
            hash: Arc::new(AwsSha256),
            closed: Arc::new(SealedDays { book: store.clone() }),
            approvals: Arc::new(NobodyAgrees),
            audit: store.clone(),
            clock: clock.clone(),
        });
        let watch = WatchSources {
            calendar: calendar.clone(),
            ingest: ingest.clone(),
            fetchers: Vec::new(),
            days: store.clone(),
            clock: clock.clone(),
        };
        let parts = SourceParts {
            store: store.clone(),
            calendar: ReadCalendar { calendar: calendar.clone(), ingest: ingest.clone() },
            repair: RepairLine { ingest: ingest.clone(), days: store.clone() },
        };
        Self { calendar, ingest, parts, watch: Arc::new(watch) }
    }

    /// The rail's statements, each kept before anybody judges it.
    pub fn filed(&self, rail: &ConnectedRail) -> Arc<dyn StatementSource> {
        Arc::new(FiledStatements {
            rail: rail.statements.clone(),
            reader: rail.bills.clone(),
            ingest: self.ingest.clone(),
            merchant: rail.guarded.merchant().clone(),
        })
    }
}

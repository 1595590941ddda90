//! Statements on their way to be judged: what is fetched is kept first, what somebody brought counts,
//! and repaired lines join.

use super::ingest::{IngestError, Origin};
use super::{
    Arrival, IngestFile, Ingested, LineState, ReadFile, SourceFile, SourceKey, SourceKind,
    StatementReader,
};
use crate::outside::{OutsideError, StoreError};
use crate::payment::{MerchantIdentity, Rail};
use crate::reconciliation::{
    DiscrepancyCode, Statement, StatementError, StatementFault, StatementSource,
};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// A rail's statements, each kept before it is judged. A file that somebody brought is used instead
/// of asking the rail; one that is kept is used when the rail is silent.
pub struct FiledStatements {
    /// The rail.
    pub rail: Arc<dyn StatementSource>,
    /// Reads what is kept.
    pub reader: Arc<dyn StatementReader>,
    /// Keeps.
    pub ingest: Arc<IngestFile>,
    /// Who we are there.
    pub merchant: MerchantIdentity,
}

fn failed(error: impl Into<crate::outside::BoxError>) -> StatementError {
    StatementError::Outside(OutsideError::NotSent(error.into()))
}

fn not_kept(error: IngestError) -> StatementError {
    failed(error)
}

impl FiledStatements {
    /// The file in use, if there is one.
    async fn in_use(&self, key: &SourceKey) -> Result<Option<SourceFile>, StoreError> {
        let slot = self.ingest.slot(key).await?;
        let Some(id) = slot.file_id() else { return Ok(None) };
        let file = self.ingest.sources.find_file(&id).await?;
        Ok(file.filter(|file| file.state().is_used()))
    }

    /// What is kept, read again, with its repaired lines.
    async fn kept(&self, file: &SourceFile) -> Result<Statement, StatementError> {
        let original = self.ingest.sources.original(&file.id).await.map_err(failed)?;
        let original = original.unwrap_or_default();
        let read = self.reader.statement(&original, file.id.key.day());
        let statement = read.map_err(|fault| StatementError::Damaged(Box::new(fault)))?;
        self.repaired(file, statement).await
    }

    /// With the lines that somebody repaired among the readable ones. Each keeps its place and its
    /// original text.
    async fn repaired(
        &self,
        file: &SourceFile,
        mut statement: Statement,
    ) -> Result<Statement, StatementError> {
        let lines = self.ingest.sources.lines_of(&file.id).await.map_err(failed)?;
        for line in lines {
            let LineState::Repaired { text, .. } = &line.state else { continue };
            let at = statement.quarantined.iter().position(|q| q.line_no == line.line_no);
            let Some(at) = at else { continue };
            let day = file.id.key.day();
            let read = self.reader.line(&statement.original, (line.line_no, text), day);
            // A newer reader may refuse what an older one read; the line is set aside again.
            let Ok(mut read) = read else { continue };
            read.raw = statement.quarantined.remove(at).raw;
            let place = statement.lines.partition_point(|other| other.line_no < line.line_no);
            statement.lines.insert(place, read);
        }
        Ok(statement)
    }

    async fn take_in(
        &self,
        key: &SourceKey,
        statement: Statement,
    ) -> Result<Statement, StatementError> {
        let checked = statement.check(key.day(), &self.merchant).and_then(|()| {
            ReadFile::of(&statement, key.kind()).map_err(|error| StatementFault {
                code: DiscrepancyCode::F03,
                reason: format!("金额合计超出范围：{error}"),
                original: statement.original.clone(),
            })
        });
        let ingested = match self.ingest.take_in(key, checked, Origin::FETCHED).await {
            // Another node keeps the same file at this moment: it is judged as it was kept.
            Err(IngestError::Store(StoreError::Conflict)) => {
                return match self.in_use(key).await.map_err(failed)? {
                    Some(used) => self.kept(&used).await,
                    None => Ok(statement),
                };
            }
            done => done.map_err(not_kept)?,
        };
        match ingested {
            // The day is judged by what two persons agreed to, not by what came since.
            Ingested::Waits(_) => match self.in_use(key).await.map_err(failed)? {
                Some(used) => self.kept(&used).await,
                None => Ok(statement),
            },
            Ingested::Same(file) | Ingested::Used { file, .. } => {
                self.repaired(&file, statement).await
            }
            // Whoever judges finds the fault again and says what it means for the day.
            Ingested::Refused(_) => Ok(statement),
        }
    }
}

#[async_trait]
impl StatementSource for FiledStatements {
    fn rail(&self) -> Rail {
        self.rail.rail()
    }

    fn ready_at(&self, day: Date) -> Option<Timestamp> {
        self.rail.ready_at(day)
    }

    async fn fetch(&self, day: Date) -> Result<Statement, StatementError> {
        let kind = SourceKind::of_rail(self.rail.rail());
        let key = SourceKey::new(kind, &self.merchant.merchant_no, day).map_err(failed)?;
        let used = self.in_use(&key).await.map_err(failed)?;
        if let Some(brought) = used.as_ref().filter(|file| file.arrival == Arrival::Person) {
            return self.kept(brought).await;
        }
        match self.rail.fetch(day).await {
            Ok(statement) if statement.hash.is_empty() => {
                match self.ingest.nothing(&key).await {
                    // Another node has said so.
                    Ok(()) | Err(IngestError::Store(StoreError::Conflict)) => Ok(statement),
                    Err(error) => Err(not_kept(error)),
                }
            }
            Ok(statement) => self.take_in(&key, statement).await,
            Err(StatementError::Damaged(fault)) => {
                let read = Err((*fault).clone());
                self.ingest.take_in(&key, read, Origin::FETCHED).await.map_err(not_kept)?;
                Err(StatementError::Damaged(fault))
            }
            Err(error @ (StatementError::NotReady | StatementError::Outside(_))) => match used {
                Some(file) => self.kept(&file).await,
                None => Err(error),
            },
        }
    }
}

#[cfg(test)]
#[path = "filed_tests.rs"]
mod tests;

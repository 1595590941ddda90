//! Readers of files, as the domain needs them.

use super::{SourceKey, SourceKind, Totals};
use crate::money::FenOverflow;
use crate::payment::{MerchantIdentity, Rail};
use crate::reconciliation::{
    DiscrepancyCode, QuarantinedLine, Statement, StatementFault, StatementLine, Trailer,
};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file that is whole, of its day and owner, and whose totals add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// The hash that its maker names or that stands for it there; may be empty.
    pub hash: String,
    /// Its bytes, unpacked.
    pub original: Vec<u8>,
    /// Its own totals, where it names any.
    pub trailer: Option<Trailer>,
    /// What the lines that could be read add up to.
    pub accepted: Totals,
    /// The lines that could not.
    pub set_aside: Vec<QuarantinedLine>,
}

impl ReadFile {
    /// Of a checked statement of this kind.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn of(statement: &Statement, kind: SourceKind) -> Result<Self, FenOverflow> {
        Ok(Self {
            hash: statement.hash.clone(),
            original: statement.original.clone(),
            // UnionPay's file names no totals; those of the statement are its lines'.
            trailer: (kind != SourceKind::UnionPaySettlement).then_some(statement.trailer),
            accepted: Totals::sum(statement.lines.iter().map(Totals::of))?,
            set_aside: statement.quarantined.clone(),
        })
    }
}

/// Reads files of one kind. Pure.
pub trait SourceReader: Send + Sync {
    /// Which kind.
    fn kind(&self) -> SourceKind;
    /// Name and version; another version may read the same bytes otherwise.
    fn version(&self) -> &'static str;
    /// Reads a file. MUST refuse one of another day or owner, and one whose totals do not add up;
    /// a line that cannot be read is set aside and the rest goes on.
    ///
    /// # Errors
    /// [`StatementFault`] with the bytes as evidence.
    fn read(&self, file: &[u8], key: &SourceKey) -> Result<ReadFile, StatementFault>;
    /// Reads one line as it would stand in the file `original`, whose line `line_no` it repairs.
    ///
    /// # Errors
    /// Why it still cannot be read, in Chinese.
    fn read_line(
        &self,
        original: &[u8],
        line: (u32, &str),
        key: &SourceKey,
    ) -> Result<Totals, String>;
}

/// Reads statements of one rail. Pure.
pub trait StatementReader: Send + Sync {
    /// Which rail.
    fn rail(&self) -> Rail;
    /// Name and version.
    fn version(&self) -> &'static str;
    /// Reads a file, packed as the rail packs it or as [`Statement::original`] has it.
    ///
    /// # Errors
    /// [`StatementFault`]; whose it is and whether its totals add up is not looked at.
    fn statement(&self, file: &[u8], day: Date) -> Result<Statement, StatementFault>;
    /// Reads one line as it would stand in the file `original`.
    ///
    /// # Errors
    /// Why it cannot be read, in Chinese.
    fn line(&self, original: &[u8], line: (u32, &str), day: Date) -> Result<StatementLine, String>;
}

/// Statements of a rail, checked to be ours.
pub struct StatementFiles {
    /// Reads them.
    pub reader: Arc<dyn StatementReader>,
    /// Who we are there.
    pub merchant: MerchantIdentity,
}

impl SourceReader for StatementFiles {
    fn kind(&self) -> SourceKind {
        SourceKind::of_rail(self.reader.rail())
    }

    fn version(&self) -> &'static str {
        self.reader.version()
    }

    fn read(&self, file: &[u8], key: &SourceKey) -> Result<ReadFile, StatementFault> {
        let statement = self.reader.statement(file, key.day())?;
        statement.check(key.day(), &self.merchant)?;
        ReadFile::of(&statement, self.kind()).map_err(|error| StatementFault {
            code: DiscrepancyCode::F03,
            reason: format!("金额合计超出范围：{error}"),
            original: file.to_vec(),
        })
    }

    fn read_line(
        &self,
        original: &[u8],
        line: (u32, &str),
        key: &SourceKey,
    ) -> Result<Totals, String> {
        let read = self.reader.line(original, line, key.day())?;
        if crate::clock::beijing_day(read.at) != key.day() {
            return Err(format!("交易时间不在{}", key.day()));
        }
        if read.merchant_no != self.merchant.merchant_no {
            return Err(format!("商户号{}不是本商户的", read.merchant_no));
        }
        Ok(Totals::of(&read))
    }
}

/// One reader of each kind that can be read.
#[derive(Clone, Default)]
pub struct SourceReaders {
    readers: BTreeMap<SourceKind, Arc<dyn SourceReader>>,
}

impl SourceReaders {
    /// Of these; of two of one kind the later counts.
    pub fn new(readers: impl IntoIterator<Item = Arc<dyn SourceReader>>) -> Self {
        Self { readers: readers.into_iter().map(|reader| (reader.kind(), reader)).collect() }
    }

    /// The reader of this kind.
    pub fn of(&self, kind: SourceKind) -> Option<&Arc<dyn SourceReader>> {
        self.readers.get(&kind)
    }

    /// The kinds that can be read.
    pub fn kinds(&self) -> impl Iterator<Item = SourceKind> {
        self.readers.keys().copied()
    }
}

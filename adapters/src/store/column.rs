//! Columns to domain values and back.

use aws_lc_rs::digest;
use domain::outside::StoreError;
use jiff::Timestamp;
use jiff::civil::Date;

/// The row that is being read, to name it when it is corrupt.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub table: &'static str,
    pub key: &'a str,
}

impl Row<'_> {
    pub fn corrupt(self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, row: self.key.to_owned() }
    }

    pub fn some<T>(self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.corrupt(column))
    }

    /// The error itself is dropped: it may quote personal data.
    pub fn valid<T, E>(self, column: &'static str, value: Result<T, E>) -> Result<T, StoreError> {
        self.some(column, value.ok())
    }

    pub fn time(self, column: &'static str, micros: i64) -> Result<Timestamp, StoreError> {
        self.valid(column, Timestamp::from_microsecond(micros))
    }

    pub fn time_if_any(
        self,
        column: &'static str,
        micros: Option<i64>,
    ) -> Result<Option<Timestamp>, StoreError> {
        micros.map(|micros| self.time(column, micros)).transpose()
    }

    pub fn day(self, column: &'static str, text: &str) -> Result<Date, StoreError> {
        self.valid(column, text.parse())
    }

    pub fn count(self, column: &'static str, count: i64) -> Result<u32, StoreError> {
        self.valid(column, u32::try_from(count))
    }
}

pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Lower-case hex of the SHA-256 of `bytes`.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// PostgreSQL stores no NUL in a text; what comes from outside may have one.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

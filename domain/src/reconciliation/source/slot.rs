//! The place of a file in the calendar: what is there, or what is wrong.

use super::{SourceFile, SourceFileId, SourceKey, SourceState};
use crate::reconciliation::DiscrepancyCode;
use jiff::Timestamp;

/// What is wrong with a place of the calendar: the discrepancy that the file itself is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceProblem {
    /// F01 for missing or late, F02 to F04 for a file that cannot be trusted or waits, F05 for lines
    /// that could not be read.
    pub code: DiscrepancyCode,
    /// In Chinese, for staff.
    pub note: String,
    /// Since when.
    pub since: Timestamp,
}

/// A place of the calendar. There is none before something happened there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSlot {
    /// Which file.
    pub key: SourceKey,
    /// How often it was saved; whoever saves names what he read.
    pub revision: u32,
    /// `Expected`, `Late` or `Nothing`; where a file is used, that file's.
    pub state: SourceState,
    /// The file that is used.
    pub version: Option<u32>,
    /// What is wrong.
    pub problem: Option<SourceProblem>,
    /// When it is asked for again; `None`: nobody can be asked, or nobody need be.
    pub next_try_at: Option<Timestamp>,
}

impl SourceSlot {
    /// Nothing has happened yet.
    pub const fn expected(key: SourceKey) -> Self {
        Self {
            key,
            revision: 0,
            state: SourceState::Expected,
            version: None,
            problem: None,
            next_try_at: None,
        }
    }

    /// The file that is used.
    pub fn file_id(&self) -> Option<SourceFileId> {
        self.version.map(|version| SourceFileId { key: self.key.clone(), version })
    }

    /// With this file in use.
    pub fn filled(&self, file: &SourceFile, state: SourceState, at: Timestamp) -> Self {
        let problem = (file.set_aside > 0 && state == SourceState::Quarantined).then(|| {
            let note = format!("{}行无法解析，已隔离，其余照常对账", file.set_aside);
            SourceProblem { code: DiscrepancyCode::F05, note, since: at }
        });
        let version = Some(file.id.version);
        Self { state, version, problem, next_try_at: None, ..self.clone() }
    }

    /// With something wrong; what was wrong before keeps its hour if it is the same.
    pub fn troubled(&self, code: DiscrepancyCode, note: String, at: Timestamp) -> Self {
        let before = self.problem.as_ref().filter(|problem| problem.code == code);
        let since = before.map_or(at, |problem| problem.since);
        Self { problem: Some(SourceProblem { code, note, since }), ..self.clone() }
    }
}

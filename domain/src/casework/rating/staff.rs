//! Staff record what came of a visit.

use super::{RatingStore, VisitBack, VisitOutcome, VisitResult};
use crate::clock::{Clock, beijing_day};
use crate::identity::AuditRecord;
use crate::ids::RatingNo;
use crate::outside::StoreError;
use std::sync::Arc;

/// The longest words that are kept.
const WORDS_MAX: usize = 500;

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordVisitError {
    /// No visit of this number.
    #[error("there is no such visit")]
    NotFound,
    /// It is done.
    #[error("the visit is done")]
    Done,
    /// The words are missing or too long.
    #[error("the words are not 1 to 500 characters")]
    Words,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// The use case.
pub struct RecordVisit {
    /// Ratings and visits.
    pub ratings: Arc<dyn RatingStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl RecordVisit {
    /// Records it, and keeps it in the audit trail.
    ///
    /// # Errors
    /// [`RecordVisitError`].
    pub async fn run(
        &self,
        by: &str,
        no: &RatingNo,
        (result, words): (VisitResult, &str),
    ) -> Result<VisitBack, RecordVisitError> {
        let words = words.trim();
        if words.is_empty() || words.chars().count() > WORDS_MAX {
            return Err(RecordVisitError::Words);
        }
        let visit = self.ratings.find_visit(no).await?.ok_or(RecordVisitError::NotFound)?;
        let now = self.clock.now();
        let outcome = VisitOutcome {
            day: beijing_day(now),
            by: by.to_owned(),
            result,
            words: words.to_owned(),
        };
        let audit = AuditRecord::new(now, by, "VISIT_BACK", no.as_str(), result.code());
        match self.ratings.record_visit(no, &outcome, &audit).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => return Err(RecordVisitError::Done),
            Err(error) => return Err(error.into()),
        }
        Ok(VisitBack { done: Some(outcome), ..visit })
    }
}

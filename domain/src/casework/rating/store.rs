//! Where ratings are kept.

use super::{DepartmentRatings, OwnRating, Rating, VisitBack, VisitOutcome};
use crate::identity::AuditRecord;
use crate::ids::{CaseNo, RatingNo};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// A rating on its way in.
#[derive(Debug, Clone)]
pub struct NewRating<'a> {
    /// Of which case; kept apart from the rating.
    pub case_no: &'a CaseNo,
    /// What is said.
    pub rating: &'a Rating,
}

/// A page of visits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitPage {
    /// The earliest due first.
    pub visits: Vec<VisitBack>,
    /// Are there more?
    pub more: bool,
}

/// Ratings and visits.
#[async_trait]
pub trait RatingStore: Send + Sync {
    /// Keeps a rating and the visit it asks for. MUST answer [`StoreError::Conflict`] where the
    /// case has one, also for two that come at once. MUST keep no way from the rating to the case
    /// that is readable without our keys.
    async fn rate(&self, new: &NewRating<'_>) -> Result<(), StoreError>;
    /// The rating of a case; for the case's owner alone.
    async fn rating_of(&self, case_no: &CaseNo) -> Result<Option<OwnRating>, StoreError>;
    /// The ratings of these cases; for their owner alone. One by one, unless a store knows better.
    async fn ratings_of(&self, nos: &[CaseNo]) -> Result<BTreeMap<CaseNo, OwnRating>, StoreError> {
        let mut found = BTreeMap::new();
        for no in nos {
            found.extend(self.rating_of(no).await?.map(|rating| (no.clone(), rating)));
        }
        Ok(found)
    }
    /// Visits that are to be done, by their due day and number, after that one.
    async fn list_open_visits(
        &self,
        department: Option<&str>,
        after: Option<(Date, &RatingNo)>,
        limit: u16,
    ) -> Result<VisitPage, StoreError>;
    /// The visit of that rating.
    async fn find_visit(&self, no: &RatingNo) -> Result<Option<VisitBack>, StoreError>;
    /// Records what came of a visit, and who says so, in one step. MUST answer
    /// [`StoreError::Conflict`] where it is done, or there is none.
    async fn record_visit(
        &self,
        no: &RatingNo,
        outcome: &VisitOutcome,
        audit: &AuditRecord,
    ) -> Result<(), StoreError>;
    /// Every department's figures over ratings from that day to that day, by name. What is overdue
    /// is judged on `today`.
    async fn statistics(
        &self,
        from: Date,
        to: Date,
        today: Date,
    ) -> Result<Vec<DepartmentRatings>, StoreError>;
}

//! Reports: what was taken, given back and owed, by whatever somebody asks for. All of it is read from the ledger's own
//! journals, so that a report adds up to the books by construction, and says so.

mod lists;
mod store;
mod summary;

pub use lists::{Edge, RefundLine, Unsettled};
pub use store::{AgencySum, BookedSum, ReportBook};
pub use summary::{By, Summary, SummaryRow};

use crate::outside::StoreError;
use jiff::civil::Date;
use std::sync::Arc;

/// Days from the first to the last, both of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    first: Date,
    last: Date,
}

/// Why days are no span.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum SpanError {
    /// It ends before it begins.
    #[error("the last day is before the first")]
    Backwards,
    /// Longer than [`Span::MOST`] days.
    #[error("more than 366 days")]
    TooLong,
}

impl Span {
    /// A year with its leap day: a report of more is several reports.
    pub const MOST: i32 = 366;

    /// # Errors
    /// [`SpanError`].
    pub fn new(first: Date, last: Date) -> Result<Self, SpanError> {
        if last < first {
            return Err(SpanError::Backwards);
        }
        let days = first.until(last).map_or(i32::MAX, |span| span.get_days());
        if days < Self::MOST { Ok(Self { first, last }) } else { Err(SpanError::TooLong) }
    }

    /// One day.
    pub const fn day(day: Date) -> Self {
        Self { first: day, last: day }
    }

    /// The month in which the day is.
    pub fn month_of(day: Date) -> Self {
        Self { first: day.first_of_month(), last: day.last_of_month() }
    }

    /// The first day.
    pub const fn first(self) -> Date {
        self.first
    }

    /// The last day.
    pub const fn last(self) -> Date {
        self.last
    }
}

/// Use case: sum the books of some days up.
pub struct SumUp {
    /// Reads the books.
    pub book: Arc<dyn ReportBook>,
}

impl SumUp {
    /// # Errors
    /// [`StoreError`].
    pub async fn run(&self, span: Span) -> Result<Summary, StoreError> {
        let (booked, agencies) = self.book.sums(span).await?;
        Ok(Summary::of(span, &booked, agencies))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_span_has_at_most_a_leap_year() {
        let day = date(2028, 1, 1);
        assert_eq!(Span::new(day, day), Ok(Span::day(day)));
        assert!(Span::new(day, date(2028, 12, 31)).is_ok());
        assert_eq!(Span::new(day, date(2029, 1, 1)), Err(SpanError::TooLong));
        assert_eq!(Span::new(day, date(2027, 12, 31)), Err(SpanError::Backwards));
        assert_eq!(Span::new(Date::MIN, Date::MAX), Err(SpanError::TooLong));
        let month = Span::month_of(date(2028, 2, 10));
        assert_eq!((month.first(), month.last()), (date(2028, 2, 1), date(2028, 2, 29)));
    }
}

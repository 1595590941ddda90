//! How an app certifies.

use super::Call;
use crate::clock::from_beijing;
use jiff::civil::Date;
use jiff::{Span, Timestamp};

/// `[certificate]`: ask a department, and put on paper what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateTerms {
    /// What is asked. Always about the caller, whose name and number the department checks.
    pub call: Call,
    /// What stands above it.
    pub title: String,
    /// What stands in its seal.
    pub seal: String,
    /// How long it can be verified.
    pub validity: Validity,
    /// The key of the first row whose value is the holder, where that is a body and no person.
    pub holder: Option<String>,
    /// The longest time that it may cover.
    pub span: Option<SpanLimit>,
    /// How it is asked for by post; `None`: it is a file only.
    pub post: Option<PostTerms>,
}

/// How long a certificate can be verified: to the end of its last day in Beijing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// To the day of the same number, so many months on.
    Months(u8),
    /// So many days on.
    Days(u16),
}

impl Validity {
    /// The last day of what is issued on `day`.
    pub fn last_day(self, day: Date) -> Date {
        let span = match self {
            Self::Months(months) => Span::new().months(i64::from(months)),
            Self::Days(days) => Span::new().days(i64::from(days)),
        };
        day.checked_add(span).unwrap_or(Date::MAX)
    }

    /// The moment from which what is issued on `day` is no longer valid.
    pub fn end(self, day: Date) -> Timestamp {
        let next = self.last_day(day).tomorrow().ok();
        next.and_then(|day| from_beijing(day.at(0, 0, 0, 0))).unwrap_or(Timestamp::MAX)
    }
}

/// Two fields between which at most so many months lie, both counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanLimit {
    /// The field of the first month or day.
    pub from: String,
    /// The field of the last one; not in the future.
    pub to: String,
    /// The most.
    pub most_months: u16,
}

/// Which answers ask for the paper by post, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostTerms {
    /// The field of the choice.
    pub field: String,
    /// The choice that means by post.
    pub choice: String,
    /// The field of the county.
    pub region: String,
    /// The field of street, house and door.
    pub address: String,
    /// The field of the recipient's phone.
    pub phone: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_certificate_is_valid_to_the_end_of_its_last_day() {
        for (validity, day, last, end) in [
            (Validity::Months(3), date(2026, 3, 2), date(2026, 6, 2), "2026-06-02T16:00:00Z"),
            (Validity::Months(3), date(2025, 11, 30), date(2026, 2, 28), "2026-02-28T16:00:00Z"),
            (Validity::Days(1), date(2026, 12, 31), date(2027, 1, 1), "2027-01-01T16:00:00Z"),
        ] {
            assert_eq!(validity.last_day(day), last);
            assert_eq!(validity.end(day), end.parse().unwrap(), "{validity:?}");
        }
    }
}

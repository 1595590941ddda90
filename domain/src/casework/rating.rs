//! 好差评: five grades, one rating a case, and a visit-back (回访) for the bad ones.
//!
//! 国办发〔2019〕51号 asks that everybody may rate every matter once, that a bad rating is answered
//! by a visit at once, and that nobody suffers for one; GB/T 39734 and 39735 name the grades.
//! Invariant: what staff see of a rating holds neither the case nor the person nor the hour. Which
//! rating belongs to a case stands sealed beside the case number, and is read for its owner alone.

mod model;
mod rate;
mod staff;
mod store;

#[cfg(test)]
mod tests;

pub use model::{
    BadRatingShare, DepartmentRatings, FEWEST_SHOWN, Grade, OwnRating, Rating,
    VISIT_WITHIN_WORKDAYS, VisitBack, VisitOutcome, VisitResult,
};
pub use rate::{RateCase, RateError, RatingFault, RatingInput, RatingPart, TAGS_MAX, WORDS_MAX};
pub use staff::{RecordVisit, RecordVisitError};
pub use store::{NewRating, RatingStore, VisitPage};

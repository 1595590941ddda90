//! A citizen rates a case of their own.

use super::{Grade, NewRating, OwnRating, Rating, RatingStore, VisitBack};
use crate::casework::desk_case::DeskCases;
use crate::clock::{Clock, IdSource, beijing_day};
use crate::identity::Caller;
use crate::ids::{CaseNo, RatingNo};
use crate::outside::StoreError;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many reasons can be ticked.
pub const TAGS_MAX: usize = 8;
/// So many characters of own words are taken.
pub const WORDS_MAX: usize = 500;

/// What the citizen says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingInput {
    /// Of which case, as it was sent.
    pub case_no: String,
    /// The grade.
    pub grade: Grade,
    /// Ticked reasons.
    pub tags: Vec<String>,
    /// Own words.
    pub words: Option<String>,
}

/// Which part is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatingPart {
    /// The ticked reasons.
    Tags,
    /// The own words.
    Words,
}

/// What is wrong with one part, in words for a citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingFault {
    /// Which.
    pub part: RatingPart,
    /// What.
    pub message: String,
}

/// Why a rating was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RateError {
    /// Nobody's case, or somebody else's.
    #[error("there is no such case")]
    NotFound,
    /// The case goes on: there is nothing to rate yet.
    #[error("the case has not ended")]
    NotOver,
    /// Once only.
    #[error("the case was rated")]
    AlreadyRated,
    /// All that is wrong with it.
    #[error("{} parts of the rating are wrong", .0.len())]
    Faults(Vec<RatingFault>),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// The use case.
pub struct RateCase {
    /// Own cases.
    pub cases: Arc<dyn DeskCases>,
    /// Ratings.
    pub ratings: Arc<dyn RatingStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Numbers.
    pub ids: Arc<dyn IdSource>,
}

impl RateCase {
    /// Keeps the rating, and opens a visit for a bad one.
    ///
    /// # Errors
    /// [`RateError`]; nothing is kept then.
    pub async fn run(&self, caller: &Caller, input: RatingInput) -> Result<OwnRating, RateError> {
        let no = CaseNo::new(&input.case_no).or(Err(RateError::NotFound))?;
        let case = self.cases.find_own_case(&caller.person.ids(), &no).await?;
        let case = case.ok_or(RateError::NotFound)?;
        if !case.over {
            return Err(RateError::NotOver);
        }
        let words = checked(&input).map_err(RateError::Faults)?;
        let rating = Rating {
            no: RatingNo::generate(self.ids.as_ref()),
            app: case.app,
            department: case.department,
            grade: input.grade,
            tags: input.tags,
            words,
            day: beijing_day(self.clock.now()),
        };
        match self.ratings.rate(&NewRating { case_no: &no, rating: &rating }).await {
            Ok(()) => Ok(OwnRating { visit: VisitBack::of(&rating), rating }),
            Err(StoreError::Conflict) => Err(RateError::AlreadyRated),
            Err(error) => Err(error.into()),
        }
    }

    /// The ratings of cases that the caller was already found to own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_own_cases(
        &self,
        nos: &[CaseNo],
    ) -> Result<BTreeMap<CaseNo, OwnRating>, StoreError> {
        self.ratings.ratings_of(nos).await
    }
}

/// The own words, trimmed; or everything that is wrong.
fn checked(input: &RatingInput) -> Result<Option<String>, Vec<RatingFault>> {
    let mut faults = Vec::new();
    let mut fault = |part, message: String| faults.push(RatingFault { part, message });
    let known = input.grade.tags();
    if input.tags.len() > TAGS_MAX {
        fault(RatingPart::Tags, format!("最多选择{TAGS_MAX}项"));
    }
    for (at, tag) in input.tags.iter().enumerate() {
        if !known.contains(&tag.as_str()) {
            fault(RatingPart::Tags, "没有这个选项".to_owned());
        } else if input.tags[..at].contains(tag) {
            fault(RatingPart::Tags, format!("“{tag}”重复了"));
        }
    }
    let words = input.words.as_deref().map(str::trim).filter(|words| !words.is_empty());
    if words.is_some_and(|words| words.chars().count() > WORDS_MAX) {
        fault(RatingPart::Words, format!("最多{WORDS_MAX}个字"));
    }
    let control = |c: char| c.is_control() && c != '\n';
    if words.is_some_and(|words| words.chars().any(control)) {
        fault(RatingPart::Words, "含有不能显示的字符".to_owned());
    }
    if faults.is_empty() { Ok(words.map(str::to_owned)) } else { Err(faults) }
}

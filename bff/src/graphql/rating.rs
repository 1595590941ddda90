//! 好差评: a citizen rates a case that has ended.

use super::error::{UserError, UserErrorCode as Code, nothing_done, store_failed};
use super::scalars::Day;
use super::{UseCases, signed_in};
use async_graphql::{Context, Enum, InputObject, Result, SimpleObject};
use domain::casework::rating::{
    OwnRating, RateError, RatingFault, RatingInput, RatingPart, VisitBack,
};
use domain::ids::CaseNo;

/// The five grades of the national model (好差评).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::casework::rating::Grade")]
pub enum RatingGrade {
    /// 非常不满意.
    VeryDissatisfied,
    /// 不满意.
    Dissatisfied,
    /// 基本满意.
    FairlySatisfied,
    /// 满意.
    Satisfied,
    /// 非常满意.
    VerySatisfied,
}

/// What came of a visit-back (回访).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::casework::rating::VisitResult")]
pub enum VisitBackResult {
    /// 立行立改: put right.
    PutRight,
    /// 限期整改: will be put right by a date that the words name.
    Planned,
    /// 解释说明: the rules ask for it; it was explained.
    Explained,
    /// 不予采纳: found to be given by mistake or in bad faith.
    NotUpheld,
}

/// The grades and the reasons that can be ticked beside each.
#[derive(SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct RatingChoice {
    /// The grade.
    grade: RatingGrade,
    /// As citizens read it.
    label: String,
    /// The reasons.
    tags: Vec<String>,
}

/// Every grade, the best first.
pub fn choices() -> Vec<RatingChoice> {
    let choice = |grade: domain::casework::rating::Grade| RatingChoice {
        grade: grade.into(),
        label: grade.zh().to_owned(),
        tags: grade.tags().iter().map(|tag| (*tag).to_owned()).collect(),
    };
    domain::casework::rating::Grade::ALL.into_iter().rev().map(choice).collect()
}

/// A citizen's own rating of a case. Staff see what was said, and neither the case nor the person.
#[derive(SimpleObject)]
pub struct CaseRating {
    /// The grade.
    grade: RatingGrade,
    /// Ticked reasons.
    tags: Vec<String>,
    /// Own words.
    words: Option<String>,
    /// On which day.
    rated_on: Day,
    /// What a bad rating led to; null for others.
    visit_back: Option<RatingVisit>,
}

/// What a bad rating leads to.
#[derive(SimpleObject)]
pub struct RatingVisit {
    /// By when it will be answered.
    due: Day,
    /// When it was answered; null until then.
    done_on: Option<Day>,
    /// What came of it.
    result: Option<VisitBackResult>,
    /// The answer.
    answer: Option<String>,
}

impl From<VisitBack> for RatingVisit {
    fn from(visit: VisitBack) -> Self {
        let done = visit.done.as_ref();
        Self {
            due: Day(visit.due),
            done_on: done.map(|done| Day(done.day)),
            result: done.map(|done| done.result.into()),
            answer: done.map(|done| done.words.clone()),
        }
    }
}

impl From<OwnRating> for CaseRating {
    fn from(own: OwnRating) -> Self {
        let OwnRating { rating, visit } = own;
        Self {
            grade: rating.grade.into(),
            tags: rating.tags,
            words: rating.words,
            rated_on: Day(rating.day),
            visit_back: visit.map(RatingVisit::from),
        }
    }
}

/// The rating of a case that is the caller's.
pub async fn of_own_case(ctx: &Context<'_>, no: &CaseNo) -> Result<Option<CaseRating>> {
    let found = ctx.data_unchecked::<UseCases>().desk.rate.of_own_case(no).await;
    Ok(found.map_err(|error| store_failed(&error))?.map(CaseRating::from))
}

/// What is said about a case.
#[derive(InputObject)]
pub struct RateCaseInput {
    /// An own case that has ended.
    case_no: String,
    /// The grade.
    grade: RatingGrade,
    /// Reasons of `ratingChoices` for that grade; at most 8.
    #[graphql(default)]
    tags: Vec<String>,
    /// Own words; at most 500 characters.
    words: Option<String>,
}

/// The rating, or why there is none.
#[derive(SimpleObject)]
pub struct RateCasePayload {
    /// As it was kept.
    rating: Option<CaseRating>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `rateCase`.
pub async fn rate(ctx: &Context<'_>, input: RateCaseInput) -> Result<RateCasePayload> {
    let caller = signed_in(ctx)?;
    let said = RatingInput {
        case_no: input.case_no.trim().to_owned(),
        grade: input.grade.into(),
        tags: input.tags,
        words: input.words,
    };
    let user_errors = match ctx.data_unchecked::<UseCases>().desk.rate.run(caller, said).await {
        Ok(own) => {
            return Ok(RateCasePayload { rating: Some(own.into()), user_errors: Vec::new() });
        }
        Err(RateError::NotFound) => {
            vec![UserError::at(Code::NotFound, &["caseNo"], "没有找到这个办件")]
        }
        Err(RateError::NotOver) => {
            vec![UserError::at(Code::Conflict, &["caseNo"], "办结后才能评价")]
        }
        Err(RateError::AlreadyRated) => {
            vec![UserError::at(Code::AlreadyRated, &["caseNo"], "这个办件已经评价过了")]
        }
        Err(RateError::Faults(faults)) => faults.into_iter().map(fault).collect(),
        Err(RateError::Store(error)) => return Err(nothing_done(&error)),
    };
    Ok(RateCasePayload { rating: None, user_errors })
}

fn fault(fault: RatingFault) -> UserError {
    let field = match fault.part {
        RatingPart::Tags => "tags",
        RatingPart::Words => "words",
    };
    UserError::at(Code::Invalid, &[field], fault.message)
}

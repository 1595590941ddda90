//! Grades, ratings, visits.

use crate::catalogue::AppSlug;
use crate::ids::RatingNo;
use crate::standards::workday::add_workdays;
use jiff::civil::Date;

/// Within so many working days of a bad rating the department has visited back and answered. The
/// national rule (国办发〔2019〕51号, 三(三)) says "at once" and names no number; where cities name
/// one for what can be put right (德州市政务服务"好差评"工作方案, 2020), it is five.
pub const VISIT_WITHIN_WORKDAYS: u16 = 5;

/// Of fewer ratings than this a department learns no figures: it could tell who gave them.
pub const FEWEST_SHOWN: u32 = 5;

/// The five grades of the national model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
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

impl Grade {
    /// Every grade, the worst first.
    pub const ALL: [Self; 5] = [
        Self::VeryDissatisfied,
        Self::Dissatisfied,
        Self::FairlySatisfied,
        Self::Satisfied,
        Self::VerySatisfied,
    ];

    /// 1 for the worst to 5 for the best.
    pub fn points(self) -> u8 {
        match self {
            Self::VeryDissatisfied => 1,
            Self::Dissatisfied => 2,
            Self::FairlySatisfied => 3,
            Self::Satisfied => 4,
            Self::VerySatisfied => 5,
        }
    }

    /// The grade of so many points.
    pub fn from_points(points: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.points() == points)
    }

    /// 差评: is it one of the two lowest?
    pub fn is_bad(self) -> bool {
        self <= Self::Dissatisfied
    }

    /// As citizens read it.
    pub fn zh(self) -> &'static str {
        match self {
            Self::VeryDissatisfied => "非常不满意",
            Self::Dissatisfied => "不满意",
            Self::FairlySatisfied => "基本满意",
            Self::Satisfied => "满意",
            Self::VerySatisfied => "非常满意",
        }
    }

    /// The reasons that can be ticked beside this grade.
    pub fn tags(self) -> &'static [&'static str] {
        const GOOD: [&str; 6] =
            ["一次办好", "办理很快", "服务热情", "材料精简", "指南清楚", "网上就能办"];
        const BAD: [&str; 8] = [
            "没有一次告知",
            "超过承诺时间",
            "多次跑腿",
            "要求提供指南之外的材料",
            "态度不好",
            "咨询没有回应",
            "系统不好用",
            "有不合理收费",
        ];
        if self >= Self::FairlySatisfied { &GOOD } else { &BAD }
    }
}

/// What staff see of a rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// Its number.
    pub no: RatingNo,
    /// Which app the rated case was of.
    pub app: AppSlug,
    /// Which department had it.
    pub department: String,
    /// The grade.
    pub grade: Grade,
    /// Reasons of the grade's list.
    pub tags: Vec<String>,
    /// In the citizen's own words.
    pub words: Option<String>,
    /// On which day of Beijing; the hour could tell who it was.
    pub day: Date,
}

/// A visit that a bad rating asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitBack {
    /// What was said.
    pub rating: Rating,
    /// The last day on which it is in time.
    pub due: Date,
    /// What came of it; `None`: it is still to be done.
    pub done: Option<VisitOutcome>,
}

impl VisitBack {
    /// The visit that a rating asks for; `None` for good ones.
    pub fn of(rating: &Rating) -> Option<Self> {
        let due = add_workdays(rating.day, VISIT_WITHIN_WORKDAYS);
        rating.grade.is_bad().then(|| Self { rating: rating.clone(), due, done: None })
    }
}

/// What came of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitOutcome {
    /// On which day of Beijing.
    pub day: Date,
    /// Which account recorded it.
    pub by: String,
    /// What came of it.
    pub result: VisitResult,
    /// In words, which the citizen reads.
    pub words: String,
}

/// The ends that 国办发〔2019〕51号 knows for a bad rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VisitResult {
    /// 立行立改: put right.
    PutRight,
    /// 限期整改: will be put right by a date that the words name.
    Planned,
    /// 解释说明: the law asks for it; it was explained.
    Explained,
    /// 不予采纳: given by mistake or in bad faith, checked by a second look.
    NotUpheld,
}

impl VisitResult {
    /// Every result.
    pub const ALL: [Self; 4] = [Self::PutRight, Self::Planned, Self::Explained, Self::NotUpheld];

    /// The word of columns.
    pub fn code(self) -> &'static str {
        match self {
            Self::PutRight => "PUT_RIGHT",
            Self::Planned => "PLANNED",
            Self::Explained => "EXPLAINED",
            Self::NotUpheld => "NOT_UPHELD",
        }
    }

    /// The result of that word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.code() == code)
    }
}

/// A citizen's own rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRating {
    /// What was said.
    pub rating: Rating,
    /// The visit that it asks for.
    pub visit: Option<VisitBack>,
}

/// How a department was rated in some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartmentRatings {
    /// Which.
    pub department: String,
    /// How many.
    pub count: u32,
    /// All their points together.
    pub points: u32,
    /// How many were bad and upheld.
    pub bad: u32,
    /// Visits that are done or overdue.
    pub visits_owed: u32,
    /// Visits that were done in time.
    pub visits_in_time: u32,
}

/// Parts of a thousand.
pub type BadRatingShare = u32;

impl DepartmentRatings {
    /// The average of the points in hundredths: 467 is 4.67. `None` for too few.
    pub fn average_hundredths(&self) -> Option<u32> {
        (self.count >= FEWEST_SHOWN).then(|| (self.points * 100 + self.count / 2) / self.count)
    }

    /// Bad ones of a thousand; `None` for too few.
    pub fn bad_per_mille(&self) -> Option<BadRatingShare> {
        (self.count >= FEWEST_SHOWN).then(|| (self.bad * 1000 + self.count / 2) / self.count)
    }
}

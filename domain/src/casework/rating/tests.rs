use super::*;
use crate::catalogue::AppSlug;
use crate::ids::RatingNo;
use jiff::civil::date;

fn rating(grade: Grade) -> Rating {
    Rating {
        no: RatingNo::new("PJ000001").unwrap(),
        app: AppSlug::new("sample").unwrap(),
        department: "省公安厅".to_owned(),
        grade,
        tags: Vec::new(),
        words: None,
        day: date(2026, 4, 3),
    }
}

#[test]
fn the_two_lowest_grades_open_a_visit_within_five_working_days() {
    for grade in Grade::ALL {
        let visit = VisitBack::of(&rating(grade));
        assert_eq!(visit.is_some(), grade.points() <= 2, "{}", grade.zh());
        // A Friday before the three days of Qingming: the Monday does not count.
        assert!(visit.is_none_or(|visit| visit.due == date(2026, 4, 13)));
        assert_eq!(Grade::from_points(grade.points()), Some(grade));
        assert!(!grade.tags().is_empty());
    }
    assert_eq!(Grade::from_points(0), None);
}

#[test]
fn a_department_with_few_ratings_learns_no_figures() {
    let figures = |count, points, bad| DepartmentRatings {
        department: "省公安厅".to_owned(),
        count,
        points,
        bad,
        visits_owed: 0,
        visits_in_time: 0,
    };
    assert_eq!(figures(4, 20, 0).average_hundredths(), None);
    assert_eq!(figures(4, 4, 4).bad_per_mille(), None);
    let enough = figures(6, 28, 1);
    assert_eq!((enough.average_hundredths(), enough.bad_per_mille()), (Some(467), Some(167)));
}

#[test]
fn results_are_found_by_their_words() {
    for result in VisitResult::ALL {
        assert_eq!(VisitResult::from_code(result.code()), Some(result));
    }
    assert_eq!(VisitResult::from_code("DONE"), None);
}

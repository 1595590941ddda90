//! 好差评: once, by the owner, and nobody learns whose a bad one is.

use super::{APP, back, sign_in_again, start};
use domain::casework::case::CaseState;
use domain::identity::StaffRole;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::desk::{Desk, failure};
use tests::kept_case::KeptCase;

async fn rates(citizen: &Citizen, input: Value) -> Value {
    let fields = "rating{grade tags words ratedOn visitBack{due doneOn result answer}}";
    citizen.mutation("rateCase", "RateCaseInput", fields, &input).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_ended_is_rated_once_by_its_owner() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let case = KeptCase::done(APP, start()).of(&app.node.store, &citizen).await;
    let good = json!({
        "caseNo": case.as_str(), "grade": "SATISFIED", "tags": ["一次办好"], "words": " 谢谢 "
    });
    let choices = citizen.reads("{ratingChoices{grade label tags}}").await;
    assert_eq!(choices["ratingChoices"].as_array().unwrap().len(), 5);
    assert_eq!(choices["ratingChoices"][0]["label"], "非常满意");

    let stranger = app.citizen().await;
    assert_eq!(codes(&rates(&stranger, good.clone()).await), ["NOT_FOUND"]);
    let bad = json!({
        "caseNo": case.as_str(), "grade": "SATISFIED", "tags": ["态度不好", "一次办好", "一次办好"],
        "words": "长".repeat(501)
    });
    let faults = rates(&citizen, bad).await;
    assert_eq!(codes(&faults), ["INVALID"; 3], "all at once: {faults}");

    let rated = rates(&citizen, good.clone()).await;
    assert_eq!(rated["userErrors"], json!([]), "{rated}");
    assert_eq!(
        (&rated["rating"]["words"], &rated["rating"]["visitBack"]),
        (&json!("谢谢"), &Value::Null)
    );
    assert_eq!(codes(&rates(&citizen, good).await), ["ALREADY_RATED"]);
    let open = KeptCase { state: CaseState::InReview, ..KeptCase::done(APP, start()) };
    let open = open.of(&app.node.store, &citizen).await;
    let early = rates(&citizen, json!({"caseNo": open.as_str(), "grade": "SATISFIED"})).await;
    assert_eq!(codes(&early), ["CONFLICT"]);
    let own = citizen.reads("{viewer{cases{nodes{caseNo rating{grade}}}}}").await;
    let cases = own["viewer"]["cases"]["nodes"].as_array().unwrap().clone();
    let of = |no: &str| cases.iter().find(|one| one["caseNo"] == no).unwrap()["rating"].clone();
    assert_eq!(of(case.as_str())["grade"], "SATISFIED");
    assert_eq!(of(open.as_str()), Value::Null);
    let nobody = citizen.anonymous();
    let input = json!({"caseNo": case.as_str(), "grade": "SATISFIED"});
    let refused = nobody.try_mutation("rateCase", "RateCaseInput", "rating{grade}", &input).await;
    assert_eq!(failure(&refused), "NOT_SIGNED_IN");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_rating_opens_a_visit_back_that_tells_nobody_whose_it_is() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let case = KeptCase::done(APP, start()).of(&app.node.store, &citizen).await;
    let bad = json!({
        "caseNo": case.as_str(), "grade": "VERY_DISSATISFIED", "tags": ["多次跑腿"], "words": "跑了三趟"
    });
    let rated = rates(&citizen, bad).await["rating"].clone();
    // 2026-03-02 is a Monday: five working days later is the Monday after.
    assert_eq!(rated["visitBack"]["due"], "2026-03-09");

    let clerk = Desk::of(&app, "甲", &[StaffRole::Clerk]).await;
    let checker = Desk::of(&app, "乙", &[StaffRole::Checker]).await;
    let visits =
        "{visitBacks{nodes{ratingNo department app grade tags words ratedOn due overdue}}}";
    let refused = clerk.asks(visits, json!({})).await;
    assert_eq!(failure(&refused), "NOT_ALLOWED", "single ratings are not for clerks");
    let seen = checker.reads(visits).await;
    let text = seen.to_string();
    let name = citizen.facts["name"].as_str().unwrap();
    for who in [case.as_str(), name, citizen.facts["phone"].as_str().unwrap()] {
        assert!(!text.contains(who), "{who} in {text}");
    }
    let visit = seen["visitBacks"]["nodes"][0].clone();
    assert_eq!((&visit["due"], &visit["overdue"]), (&json!("2026-03-09"), &json!(false)));
    assert_eq!(visit["words"], "跑了三趟");

    let figures = "{departmentRatings(from:\"2026-03-01\",to:\"2026-03-31\")\
                   {department count averageHundredths badPerMille visitsOwed visitsInTime}}";
    let few = clerk.reads(figures).await["departmentRatings"][0].clone();
    assert_eq!((&few["count"], &few["averageHundredths"]), (&Value::Null, &Value::Null));

    app.levers.pull("clock", json!({"set": "2026-03-10T09:00:00+08:00"})).await;
    let checker = Desk { token: sign_in_again(&checker, "乙").await, ..checker };
    assert_eq!(checker.reads(visits).await["visitBacks"]["nodes"][0]["overdue"], true);
    let record = |words: &str| {
        let no = visit["ratingNo"].as_str().unwrap();
        format!(
            "mutation{{recordVisitBack(input:{{ratingNo:\"{no}\",result:PUT_RIGHT,\
             words:\"{words}\"}}){{visitBack{{result}} userErrors{{code field}}}}}}"
        )
    };
    let empty = checker.reads(&record(" ")).await["recordVisitBack"].clone();
    assert_eq!(codes(&empty), ["INVALID"]);
    let done = checker.reads(&record("已合并窗口")).await["recordVisitBack"].clone();
    assert_eq!(done["visitBack"]["result"], "PUT_RIGHT", "{done}");
    let again = checker.reads(&record("再一次")).await["recordVisitBack"].clone();
    assert_eq!(codes(&again), ["CONFLICT"]);
    assert_eq!(checker.reads(visits).await["visitBacks"]["nodes"], json!([]));
    let citizen = back(&app, &citizen).await;
    let own =
        citizen.reads("{viewer{cases{nodes{rating{visitBack{doneOn result answer}}}}}}").await;
    let answer = own["viewer"]["cases"]["nodes"][0]["rating"]["visitBack"].clone();
    assert_eq!(answer["answer"], "已合并窗口");
    assert_eq!(answer["doneOn"], "2026-03-10");
    app.finish().await;
}

//! What follows a case: ratings, supervision, parcels, draws.

use domain::casework::case::CaseState;
use domain::identity::StaffRole;
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::{Value, json};
use std::process::Command;
use tests::app::{Folder, START_MS, TestApp};
use tests::citizen::{Citizen, codes};
use tests::desk::{Desk, failure};
use tests::kept_case::KeptCase;
use tests::levers::eventually;

const APP: &str = "property_ownership_certificate";
const LOTTERY: &str = "passenger_car_lottery";

fn start() -> Timestamp {
    Timestamp::from_millisecond(START_MS).unwrap()
}

/// The session is over: a new one of the same person.
async fn back(app: &TestApp, citizen: &Citizen) -> Citizen {
    Citizen::signs_in(&app.node.base_url, &app.levers, citizen.facts.clone()).await
}

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

/// Half an hour is over: a new token.
async fn sign_in_again(desk: &Desk, name: &str) -> Option<String> {
    let nobody = Desk { url: desk.url.clone(), token: None, http: desk.http.clone() };
    let input = json!({"i": {"name": name, "password": tests::desk::PASSWORD}});
    let answer = nobody.asks(tests::desk::SIGN_IN, input).await;
    answer["data"]["signIn"]["token"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_is_warned_before_the_promised_day_and_pressed_after_it() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let promised = KeptCase {
        state: CaseState::InReview,
        promised_on: date(2026, 3, 5),
        ..KeptCase::done(APP, start())
    };
    let case = promised.of(&app.node.store, &citizen).await;
    let done = KeptCase { promised_on: date(2026, 3, 1), ..KeptCase::done(APP, start()) };
    done.of(&app.node.store, &citizen).await;
    let clerk = Desk::of(&app, "甲", &[StaffRole::Clerk]).await;
    let list = "{supervision{nodes{department caseNo promisedOn light overdueWorkdays}}}";
    assert_eq!(clerk.reads(list).await["supervision"]["nodes"], json!([]), "three days are time");
    let stands = async |clerk: &Desk, light: &str| {
        eventually(&format!("{light}"), || async {
            let nodes = clerk.reads(list).await["supervision"]["nodes"].clone();
            let one = nodes.as_array().unwrap().first().cloned()?;
            (one["light"] == light && nodes.as_array().unwrap().len() == 1).then_some(one)
        })
        .await
    };
    app.levers.tomorrow_at("09:00").await;
    let clerk = Desk { token: sign_in_again(&clerk, "甲").await, ..clerk };
    let citizen = back(&app, &citizen).await;
    let yellow = stands(&clerk, "YELLOW").await;
    assert_eq!((&yellow["caseNo"], &yellow["overdueWorkdays"]), (&json!(case.as_str()), &json!(0)));
    let timeline = "{viewer{cases{nodes{caseNo timeline{text}}}}}";
    let lines = async || {
        let cases = citizen.reads(timeline).await["viewer"]["cases"]["nodes"].clone();
        let of = |one: &Value| one["caseNo"] == case.as_str();
        let one = cases.as_array().unwrap().iter().find(|one| of(one)).cloned().unwrap();
        one["timeline"].as_array().unwrap().clone()
    };
    assert_eq!(lines().await.len(), 1, "a warning is between the department and us");

    app.levers.pull("clock", json!({"set": "2026-03-09T09:00:00+08:00"})).await;
    let clerk = Desk { token: sign_in_again(&clerk, "甲").await, ..clerk };
    let citizen = back(&app, &citizen).await;
    let red = stands(&clerk, "RED").await;
    assert_eq!(red["overdueWorkdays"], 2);
    let own = citizen.reads(timeline).await["viewer"]["cases"]["nodes"].clone();
    assert!(own.to_string().contains("已督办省国土资源厅"), "{own}");
    let told = format!("message_event WHERE event_key = 'case:{case}:overdue:2026-03-05'");
    assert_eq!(app.counts(&told).await, 1);
    app.levers.tomorrow_at("09:00").await;
    app.levers.advance(3600).await;
    let marks = format!("supervision_mark WHERE case_no = '{case}'");
    assert_eq!(app.counts(&marks).await, 2, "each once");
    let agency = Desk::of(&app, "丙", &[StaffRole::Editor]).await;
    assert_eq!(failure(&agency.asks(list, json!({})).await), "NOT_ALLOWED");
    app.finish().await;
}

fn parcel(case: &str, key: &str) -> Value {
    json!({
        "caseNo": case, "address": {"region": "330106", "detail": "文三路1号1幢101室"},
        "recipient": "王小明", "phone": "13800138000", "idempotencyKey": key
    })
}

const DELIVERY: &str = "delivery{deliveryNo status waybillNo recipient phone tracks{text}}";

async fn asks_for(citizen: &Citizen, input: &Value) -> Value {
    citizen.mutation("requestDelivery", "RequestDeliveryInput", DELIVERY, input).await
}

/// The newest delivery of the only case.
async fn own_delivery(citizen: &Citizen) -> Value {
    let query =
        "{viewer{cases{nodes{deliveries{deliveryNo status waybillNo tracks{place text}}}}}}";
    let own = citizen.reads(query).await;
    own["viewer"]["cases"]["nodes"][0]["deliveries"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_sent_once_and_followed_until_it_arrives() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let case = KeptCase::done(APP, start()).of(&app.node.store, &citizen).await;
    let stranger = app.citizen().await;
    let wish = parcel(case.as_str(), "key-parcel-1");
    assert_eq!(codes(&asks_for(&stranger, &wish).await), ["NOT_FOUND"]);
    let mut bad = parcel(case.as_str(), "short");
    bad["address"] = json!({"region": "999999", "detail": "x"});
    bad["phone"] = json!("138");
    bad["recipient"] = json!(" ");
    let faults = asks_for(&citizen, &bad).await;
    assert_eq!(codes(&faults), ["INVALID"; 5], "{faults}");

    app.levers.fault("express", "orders", "lost-answer", 2).await;
    let made = asks_for(&citizen, &wish).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    assert_eq!(
        (&made["delivery"]["status"], &made["delivery"]["phone"]),
        (&json!("ORDERED"), &json!("138****8000"))
    );
    let again = asks_for(&citizen, &wish).await;
    assert_eq!(again["delivery"]["deliveryNo"], made["delivery"]["deliveryNo"]);
    let mut other = parcel(case.as_str(), "key-parcel-1");
    other["recipient"] = json!("李四");
    assert_eq!(codes(&asks_for(&citizen, &other).await), ["IDEMPOTENCY_KEY_REUSED"]);
    let second = asks_for(&citizen, &parcel(case.as_str(), "key-parcel-2")).await;
    assert_eq!(codes(&second), ["CONFLICT"], "one is under way");

    eventually("both answers are lost", || async {
        (app.counts("delivery WHERE version = 1").await == 1).then_some(())
    })
    .await;
    app.levers.advance(120).await;
    let waybill = eventually("a waybill", || async {
        let one = own_delivery(&citizen).await;
        one["waybillNo"].as_str().map(str::to_owned)
    });
    let waybill = waybill.await;
    let parcels = app.levers.look("express").await["parcels"].as_array().unwrap().clone();
    assert_eq!(parcels.len(), 1, "the answers were lost, the order was taken once");
    assert_eq!(parcels[0]["waybillNo"], waybill);
    for (hours, status, tracks) in [(3, "COLLECTED", 1), (18, "IN_TRANSIT", 3), (9, "DELIVERED", 5)]
    {
        for _ in 0..hours {
            app.levers.advance(3600).await;
        }
        let citizen = back(&app, &citizen).await;
        eventually(status, || async {
            let one = own_delivery(&citizen).await;
            (one["status"] == status && one["tracks"].as_array()?.len() == tracks).then_some(())
        })
        .await;
    }
    let told = "message_event WHERE event_key LIKE 'delivery:%'";
    assert_eq!(app.counts(told).await, 2, "on its way, and there");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_is_lost_can_be_sent_again() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let case = KeptCase::done(APP, start()).of(&app.node.store, &citizen).await;
    let made = asks_for(&citizen, &parcel(case.as_str(), "key-parcel-1")).await;
    let no = made["delivery"]["deliveryNo"].as_str().unwrap().to_owned();
    eventually("the carrier knows it", || async {
        let parcels = app.levers.look("express").await["parcels"].clone();
        (!parcels.as_array()?.is_empty()).then_some(())
    })
    .await;
    app.levers.pull(&format!("express/{no}"), json!({"fate": "lost"})).await;
    app.levers.advance(1_900).await;
    eventually("lost", || async {
        (own_delivery(&citizen).await["status"] == "LOST").then_some(())
    })
    .await;
    let again = asks_for(&citizen, &parcel(case.as_str(), "key-parcel-2")).await;
    assert_eq!(again["userErrors"], json!([]), "{again}");
    assert_ne!(again["delivery"]["deliveryNo"], no);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draw_is_committed_to_before_and_anybody_can_do_it_again() {
    let apps = apps_with_small_quotas();
    let app = TestApp::with_settings(&[("YIWANG_APPS_DIR", apps.0.to_str().unwrap())]).await;
    let citizen = app.citizen().await;
    for number in 0..30 {
        let pool = if number % 10 == 0 { "单位普通" } else { "个人普通" };
        let entrant = KeptCase { pool, ..KeptCase::done(LOTTERY, start()) };
        entrant.of(&app.node.store, &citizen).await;
    }
    eventually("all take part", || async {
        (app.counts("lottery_entry").await == 30).then_some(())
    })
    .await;
    let draw = "{lotteryDraw(app:\"passenger_car_lottery\",issue:\"202603\"){issue eligible \
                pools{name quota} listDigest commitment publicDay textsUrl \
                result{secret publicValue seed winning}}}";
    assert_eq!(citizen.anonymous().reads(draw).await["lotteryDraw"], Value::Null);
    app.levers.pull("clock", json!({"set": "2026-03-25T12:00:05+08:00"})).await;
    let committed = eventually("a commitment", || async {
        let draw = citizen.anonymous().reads(draw).await["lotteryDraw"].clone();
        (!draw.is_null()).then_some(draw)
    })
    .await;
    assert_eq!((&committed["eligible"], &committed["result"]), (&json!(30), &Value::Null));
    assert_eq!(committed["publicDay"], "2026-03-25");
    let url = committed["textsUrl"].as_str().unwrap().trim_end_matches('/').to_owned();
    let http = tests::levers::Http::default();
    let (status, text) = http.get(&format!("{url}/draw.txt"), &[]).await;
    assert_eq!(status, 200);
    assert!(!text.contains("secret=") && text.contains("commitment="), "{text}");
    assert_eq!(http.get(&format!("{url}/winners.txt"), &[]).await, (200, String::new()));
    assert_eq!(http.get(&format!("{url}/other.txt"), &[]).await.0, 404);

    app.levers.pull("clock", json!({"set": "2026-03-26T10:00:05+08:00"})).await;
    let drawn = eventually("a result", || async {
        let draw = citizen.anonymous().reads(draw).await["lotteryDraw"].clone();
        (!draw["result"].is_null()).then_some(draw)
    })
    .await;
    assert_eq!(drawn["commitment"], committed["commitment"]);
    assert_eq!(drawn["result"]["winning"], 6, "as many as the quotas have");
    let checked = Command::new("python3").arg(SCRIPT).arg(&url).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{said} {}", String::from_utf8_lossy(&checked.stderr));
    assert_eq!(said.trim(), "right: 30 took part, 6 won");

    let folder = Folder::fresh();
    for name in ["draw.txt", "eligible.txt", "winners.txt"] {
        let (_, text) = http.get(&format!("{url}/{name}"), &[]).await;
        std::fs::write(folder.0.join(name), &text).unwrap();
    }
    let winners = std::fs::read_to_string(folder.0.join("winners.txt")).unwrap();
    let told = app.counts("message_event WHERE kind = 'LOTTERY_WON'").await;
    assert_eq!((winners.lines().count(), told), (6, 6), "winners hear of it");
    let turned: Vec<&str> = winners.lines().rev().collect();
    std::fs::write(folder.0.join("winners.txt"), turned.join("\n") + "\n").unwrap();
    let checked = Command::new("python3").arg(SCRIPT).arg(&folder.0).output().unwrap();
    assert!(!checked.status.success(), "other winners are noticed");

    let citizen = back(&app, &citizen).await;
    let query =
        "{viewer{cases(first:100){nodes{lottery{applicationCode lost standing lastIssue}}}}}";
    let own = citizen.reads(query).await["viewer"]["cases"]["nodes"].clone();
    let own = own.as_array().unwrap();
    for entry in own.iter().map(|case| &case["lottery"]) {
        let code = entry["applicationCode"].as_str().unwrap();
        let won = winners.lines().any(|line| line.ends_with(code));
        let (standing, lost) = if won { ("WON", 0) } else { ("LOST", 1) };
        assert_eq!((&entry["standing"], &entry["lost"]), (&json!(standing), &json!(lost)));
        assert_eq!(entry["lastIssue"], "202603");
    }
    assert_eq!(own.len(), 30);
    app.finish().await;
}

/// The apps as they are, but for the quotas: five and one win.
fn apps_with_small_quotas() -> Folder {
    let folder = Folder::fresh();
    let from = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/apps"));
    copy(from, &folder.0);
    let file = folder.0.join("transport_travel/passenger_car_lottery.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let small = text.replace("quota = 4693", "quota = 5").replace("quota = 640", "quota = 1");
    assert_ne!(small, text);
    std::fs::write(file, small).unwrap();
    folder
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/lottery_check.py");

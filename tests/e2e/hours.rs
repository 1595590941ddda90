//! Apps that are open at times: what they say, and what becomes of who comes too late.

use serde_json::{Value, json};
use std::path::Path;
use tests::app::{Folder, TestApp};
use tests::citizen::{Citizen, codes};

/// The real apps, where this one has other lines under its first.
fn apps_with(slug: &str, lines: &str) -> Folder {
    let folder = Folder::fresh();
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/apps");
    for entry in std::fs::read_dir(&real).unwrap() {
        let from = entry.unwrap().path();
        let to = folder.0.join(from.file_name().unwrap());
        if from.is_file() {
            std::fs::copy(&from, &to).unwrap();
            continue;
        }
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(&from).unwrap() {
            let file = file.unwrap().path();
            let mut text = std::fs::read_to_string(&file).unwrap();
            if file.file_stem().unwrap() == slug {
                text = text.replacen("format = 1\n", &format!("format = 1\n{lines}\n"), 1);
            }
            std::fs::write(to.join(file.file_name().unwrap()), text).unwrap();
        }
    }
    folder
}

async fn availability(citizen: &Citizen) -> Value {
    let query = "{app(slug:\"traffic_violation_query\"){availability{status reason until}}}";
    citizen.reads(query).await["app"]["availability"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_open_in_its_hours_and_says_when_that_changes() {
    let lines = "hours = [{ days = \"mon-fri\", from = \"08:30\", to = \"17:30\" }]\n\
        maintenance = [{ from = \"2026-03-02 12:00\", to = \"2026-03-02 13:00\", reason = \"扩容\" }]";
    let folder = apps_with("traffic_violation_query", lines);
    let app = TestApp::with_settings(&[("YIWANG_APPS_DIR", folder.0.to_str().unwrap())]).await;
    let citizen = app.citizen().await;
    let open = availability(&citizen).await;
    let noon = json!({ "status": "OPEN", "reason": null, "until": "2026-03-02T12:00:00+08:00" });
    assert_eq!(open, noon);
    citizen.looks_up_violations().await;

    app.levers.advance(2 * 3_600 + 60).await;
    let citizen = app.citizen().await;
    let maintenance = availability(&citizen).await;
    assert_eq!(maintenance["status"], "MAINTENANCE");
    assert_eq!(maintenance["until"], "2026-03-02T13:00:00+08:00");
    let refused = citizen.submits("traffic_violation_query", &citizen.vehicle_answers()).await;
    assert_eq!(codes(&refused), ["APP_NOT_OPEN"]);
    assert_eq!(refused["userErrors"][0]["message"], maintenance["reason"], "{refused}");
    assert!(maintenance["reason"].as_str().unwrap().contains("扩容"), "{maintenance}");

    app.levers.advance(6 * 3_600).await;
    let citizen = app.citizen().await;
    let closed = availability(&citizen).await;
    assert_eq!(closed["status"], "CLOSED_TODAY");
    assert_eq!(closed["until"], "2026-03-03T08:30:00+08:00");
    let refused = citizen.submits("traffic_violation_query", &citizen.vehicle_answers()).await;
    assert_eq!(codes(&refused), ["APP_NOT_OPEN"]);
    assert_eq!(refused["userErrors"][0]["message"], closed["reason"], "{refused}");
    app.finish().await;
}

/// 2026-04-06 is a Monday, and Qingming's.
#[tokio::test(flavor = "multi_thread")]
async fn a_holiday_closes_an_app_whose_hours_are_of_working_days() {
    let lines = "hours = [{ days = \"workdays\", from = \"08:30\", to = \"17:30\" }]";
    let folder = apps_with("traffic_violation_query", lines);
    let app = TestApp::with_settings(&[("YIWANG_APPS_DIR", folder.0.to_str().unwrap())]).await;
    app.levers.pull("clock", json!({ "set": "2026-04-06T10:00:00+08:00" })).await;
    let citizen = app.citizen().await;
    let closed = availability(&citizen).await;
    assert_eq!(closed["status"], "CLOSED_TODAY", "{closed}");
    assert_eq!(closed["until"], "2026-04-07T08:30:00+08:00", "{closed}");
    let refused = citizen.submits("traffic_violation_query", &citizen.vehicle_answers()).await;
    assert_eq!(codes(&refused), ["APP_NOT_OPEN"], "{refused}");
    app.levers.pull("clock", json!({ "set": "2026-04-07T08:30:05+08:00" })).await;
    let citizen = app.citizen().await;
    assert_eq!(availability(&citizen).await["status"], "OPEN");
    citizen.looks_up_violations().await;
    app.finish().await;
}

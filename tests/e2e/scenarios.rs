//! Every app that runs plays its scenario, and a new one needs no new program.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::app::{Folder, TestApp};
use tests::citizen::{Citizen, codes};
use tests::node::binary;
use tests::scenarios::{play, read};

fn of_the_repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

async fn all_play(app: TestApp) {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let faults = play(&app, &catalogue, &read(&of_the_repository())).await;
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_app_that_runs_plays_its_scenario_on_sqlite() {
    all_play(TestApp::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_app_that_runs_plays_its_scenario_on_postgresql() {
    all_play(TestApp::on_postgres().await).await;
}

const NEW_APP: &str = r#"format = 1
slug = "picnic_weather"
name = { zh = "郊游天气", en = "Picnic weather" }
summary = "查询郊游天气；由省气象局提供"
kind = "query"
identity_level = "phone"
channels = ["wechat"]
audience = ["person"]
department = "省气象局"
coverage = ["330000"]
provenance = "composed"

[[field]]
name = "region"
type = "region"
label = { zh = "地区" }
required = true

[look_up]
operation = "weather.forecast"
sends = ["region"]

[[row]]
from = "weather"
label = { zh = "天气" }
"#;

const NEW_SCENARIO: &str = r#"format = 1

[answers]
region = { text = "330106" }

[outcome]
rows = 1
filled = ["weather"]

[refused]
field = "region"
code = "REQUIRED"

[refused.answers]

[dead]
department = "weather"
"#;

/// A folder of apps with one app in it, as an editor writes it.
fn apps_with(text: &str) -> Folder {
    let folder = Folder::fresh();
    let categories = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/apps/categories.toml");
    std::fs::copy(categories, folder.0.join("categories.toml")).unwrap();
    let category = folder.0.join("environment_weather");
    std::fs::create_dir(&category).unwrap();
    std::fs::write(category.join("picnic_weather.toml"), text).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_app_is_one_file_and_one_scenario() {
    let (apps, scenarios) = (apps_with(NEW_APP), Folder::fresh());
    std::fs::write(scenarios.0.join("picnic_weather.toml"), NEW_SCENARIO).unwrap();
    let settings = [("YIWANG_APPS_DIR", apps.0.to_str().unwrap())];
    let app = TestApp::with_settings(&settings).await;
    let catalogue = adapters::definitions::load(&apps.0).unwrap();
    let faults = play(&app, &catalogue, &read(&scenarios.0)).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    let mut none = read(&scenarios.0);
    none.clear();
    app.finish().await;
    let app = TestApp::with_settings(&settings).await;
    let unplayed = play(&app, &catalogue, &none).await;
    assert_eq!(unplayed, ["picnic_weather: runs and has no scenario"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_that_says_otherwise_fails() {
    let (apps, scenarios) = (apps_with(NEW_APP), Folder::fresh());
    let wrong = NEW_SCENARIO
        .replace("rows = 1", "rows = 2")
        .replace("[\"weather\"]", "[\"colour\"]\nfirst = { weather = \"雪\" }")
        .replace("\"REQUIRED\"", "\"INVALID\"")
        .replace("department = \"weather\"", "department = \"water\"");
    std::fs::write(scenarios.0.join("picnic_weather.toml"), wrong).unwrap();
    let app = TestApp::with_settings(&[("YIWANG_APPS_DIR", apps.0.to_str().unwrap())]).await;
    let catalogue = adapters::definitions::load(&apps.0).unwrap();
    let faults = play(&app, &catalogue, &read(&scenarios.0)).await.join("\n");
    for expected in ["1 rows, not 2", "under colour", "not \"雪\"", "not refused", "water.* dead"]
    {
        assert!(faults.contains(expected), "{expected}: {faults}");
    }
    app.finish().await;
}

fn apps_check(folder: &Path) -> Output {
    Command::new(binary("bff")).args(["apps", "check"]).arg(folder).output().unwrap()
}

#[test]
fn a_faulty_folder_is_told_whole_before_anything_runs() {
    let sound = apps_check(&apps_with(NEW_APP).0);
    assert!(sound.status.success(), "{sound:?}");
    let text = NEW_APP.replace("\"query\"", "\"buy\"").replace("[\"region\"]", "[\"area\"]");
    let folder = apps_with(&text);
    std::fs::write(folder.0.join("environment_weather/second.toml"), "format = 2").unwrap();
    let faulty = apps_check(&folder.0);
    assert!(!faulty.status.success());
    let told = String::from_utf8_lossy(&faulty.stderr).into_owned();
    for expected in [
        "environment_weather/picnic_weather.toml:5: kind: `buy`",
        "environment_weather/picnic_weather.toml:21: look_up.sends: there is no field `area`",
        "environment_weather/second.toml:1: format: 2",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

/// A department that hangs holds its own apps, and nobody else's.
#[tokio::test(flavor = "multi_thread")]
async fn a_department_that_hangs_is_no_burden_to_the_others() {
    const ASKING: usize = 12;
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let silent = json!({
        "channel": "exchange", "operation": "weather.*", "fault": "silent", "forSeconds": 3600
    });
    app.levers.pull("faults", silent).await;
    let region = json!([{ "name": "region", "value": { "text": "330100" } }]);
    let asking: Vec<_> = (0..ASKING)
        .map(|_| {
            let (citizen, region) = (citizen.clone(), region.clone());
            tokio::spawn(async move { citizen.submits("weather_forecast", &region).await })
        })
        .collect();
    let others = citizen.submits("water_quality", &region).await;
    assert!(others["outcome"]["rows"].as_array().is_some_and(|rows| !rows.is_empty()), "{others}");
    for answer in asking {
        let answer = answer.await.unwrap();
        assert_eq!(codes(&answer), ["DEPARTMENT_UNAVAILABLE"], "{answer}");
    }
    // So many silences opened the department's breaker: it is left alone, and nobody waits.
    let open = r#"yiwang_department_breaker_changes_total{department="weather",to="OPEN"}"#;
    assert_eq!(app.node.counted(open).await, 1);
    app.levers.clear_faults().await;
    let left_alone = citizen.submits("weather_forecast", &region).await;
    assert_eq!(codes(&left_alone), ["DEPARTMENT_UNAVAILABLE"], "{left_alone}");
    app.levers.advance(31).await;
    let again = citizen.submits("weather_forecast", &region).await;
    assert_eq!(again["outcome"]["rows"].as_array().map(Vec::len), Some(1), "{again}");
    app.finish().await;
}

fn first_row(payload: &Value, key: &str) -> String {
    let fields = payload["outcome"]["rows"][0]["fields"].as_array().cloned().unwrap_or_default();
    let field = fields.iter().find(|field| field["name"] == key);
    field.and_then(|field| field["value"].as_str()).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_is_found_by_its_payment_and_by_its_receipt() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let paid = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&paid).await;
    let payment = citizen.waits_for_receipt(&paid).await;
    let text = |name: &str, text: &Value| json!({ "name": name, "value": { "text": text } });

    let records = citizen
        .submits("payment_record_query", &json!([text("certificate_no", &json!(fine))]))
        .await;
    assert_eq!(first_row(&records, "certificate_no"), paid, "{records}");
    assert_eq!(first_row(&records, "amount_fen"), format!("¥{}.00", fen / 100));

    let receipt = &payment["receipts"][0];
    let check = async |citizen: &Citizen, fen: i64| {
        let answers = json!([
            text("bill_code", &receipt["code"]),
            text("bill_no", &receipt["number"]),
            text("check_code", &receipt["checkCode"]),
            { "name": "amount", "value": { "fen": fen } },
        ]);
        first_row(&citizen.submits("fiscal_receipt_check", &answers).await, "valid")
    };
    assert_eq!(check(&citizen.anonymous(), fen).await, "查验一致");
    assert_eq!(check(&citizen.anonymous(), fen + 1).await, "查无此票");
    app.finish().await;
}

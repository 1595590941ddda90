//! Versions of the catalogue: what one node publishes all serve, without a restart.

use domain::identity::StaffRole;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::desk::{Desk, failure};
use tests::levers::eventually;

const APP: &str = "transport_travel/traffic_violation_query.toml";
const PAYLOAD: &str =
    "{version{number by note} faults{file line what} userErrors{code message field}}";

/// The text of the app's file as it is published.
async fn published(editor: &Desk) -> String {
    let newest = newest(editor).await;
    let query = format!("{{appsFiles(version:{newest},under:\"{APP}\"){{path text}}}}");
    editor.reads(&query).await["appsFiles"][0]["text"].as_str().unwrap().to_owned()
}

async fn newest(editor: &Desk) -> i64 {
    let data = editor.reads("{appsVersions(first:1){number}}").await;
    data["appsVersions"][0]["number"].as_i64().unwrap()
}

async fn drafts(editor: &Desk, path: &str, text: Option<&str>) -> Value {
    let query = "mutation($i:SaveAppsDraftInput!){saveAppsDraft(input:$i){draft{base \
                 changes{path kind text} faults{file line what}} userErrors{code field}}}";
    let answer = editor.asks(query, json!({ "i": { "path": path, "text": text } })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["saveAppsDraft"].clone()
}

async fn publishes(editor: &Desk, base: i64, note: &str) -> Value {
    let query = format!("mutation($i:PublishAppsInput!){{publishApps(input:$i){PAYLOAD}}}");
    let answer = editor.asks(&query, json!({ "i": { "base": base, "note": note } })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["publishApps"].clone()
}

async fn rolls_back(editor: &Desk, to: i64, base: i64) -> Value {
    let query = format!("mutation($i:RollBackAppsInput!){{rollBackApps(input:$i){PAYLOAD}}}");
    let input = json!({ "i": { "to": to, "base": base, "note": "有误" } });
    let answer = editor.asks(&query, input).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["rollBackApps"].clone()
}

async fn name_at(citizen: &Citizen) -> String {
    let data = citizen.reads("{app(slug:\"traffic_violation_query\"){name}}").await;
    data["app"]["name"].as_str().unwrap().to_owned()
}

async fn is_named(citizen: &Citizen, name: &str) {
    eventually(name, || async { (name_at(citizen).await == name).then_some(()) }).await;
}

async fn finds(citizen: &Citizen, text: &str) -> Value {
    let query = format!("{{searchApps(text:\"{text}\",first:1){{app{{slug}}}}}}");
    citizen.reads(&query).await["searchApps"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_editor_publishes_at_one_node_the_other_serves_and_so_the_way_back() {
    let app = TestApp::start().await;
    let second = app.second_node().await;
    let here = app.citizen().await;
    let there = here.at(&second.base_url);
    let editor = Desk::of(&app, "编", &[StaffRole::Editor]).await;
    let old = name_at(&there).await;
    let text =
        published(&editor).await.replace(&format!("zh = \"{old}\""), "zh = \"车辆蓝鲸查询\"");
    let draft = drafts(&editor, APP, Some(&text)).await["draft"].clone();
    assert_eq!(draft["base"], 1);
    assert_eq!(draft["changes"][0]["path"], APP);
    let lines = draft["changes"][0]["text"].as_str().unwrap();
    assert!(lines.contains(&format!("-name = {{ zh = \"{old}\"")), "{lines}");
    assert_eq!(finds(&there, "蓝鲸").await, json!([]), "a draft is nobody's");

    let done = publishes(&editor, 1, "换个名字").await;
    assert_eq!(done["version"], json!({ "number": 2, "by": "编", "note": "换个名字" }), "{done}");
    for citizen in [&here, &there] {
        is_named(citizen, "车辆蓝鲸查询").await;
        let found = finds(citizen, "蓝鲸").await;
        assert_eq!(found[0]["app"]["slug"], "traffic_violation_query", "the index follows");
    }
    let done = rolls_back(&editor, 1, 2).await;
    assert_eq!(done["version"]["number"], 3, "{done}");
    is_named(&there, &old).await;
    is_named(&here, &old).await;

    let auditor = Desk::of(&app, "审", &[StaffRole::Auditor]).await;
    let told = auditor.reads("{audit(first:3){actor act subject} auditVerdict{whole}}").await;
    let acts: Vec<_> = told["audit"].as_array().unwrap().iter().map(|e| e["act"].clone()).collect();
    assert!(acts.contains(&json!("APPS_ROLL_BACK")), "{told}");
    assert_eq!(told["auditVerdict"]["whole"], true);
    second.stop().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_all_told_and_nothing_is_published() {
    let app = TestApp::start().await;
    let editor = Desk::of(&app, "编", &[StaffRole::Editor]).await;
    let good = published(&editor).await;
    let bad = good.replace("kind = \"query\"", "kind = \"buy\"\nstars = 9");
    let draft = drafts(&editor, APP, Some(&bad)).await["draft"].clone();
    assert!(!draft["faults"].as_array().unwrap().is_empty(), "{draft}");
    let refused = publishes(&editor, 1, "改").await;
    assert_eq!((codes(&refused), &refused["version"]), (vec!["INVALID".to_owned()], &Value::Null));
    assert_eq!(refused["faults"][0]["file"], APP, "{refused}");
    assert!(refused["faults"][0]["line"].as_i64().unwrap() > 1, "{refused}");

    let changed = good.replacen("required = true", "required = false", 1);
    drafts(&editor, APP, Some(&changed)).await;
    let refused = publishes(&editor, 1, "改").await;
    let what = refused["faults"][0]["what"].as_str().unwrap();
    assert!(what.contains("form_version") && what.contains("fields changed"), "{refused}");
    for path in ["../etc/passwd", "transport_travel/x.sh"] {
        assert_eq!(codes(&drafts(&editor, path, Some("x")).await), ["INVALID"], "{path}");
    }
    assert_eq!(newest(&editor).await, 1);
    let clerk = Desk::of(&app, "甲", &[StaffRole::Clerk]).await;
    let query = "mutation{rollBackApps(input:{to:1,base:1,note:\"x\"}){version{number}}}";
    assert_eq!(failure(&clerk.asks(query, json!({})).await), "NOT_ALLOWED");
    assert_eq!(failure(&clerk.asks("{appsDraft{base}}", json!({})).await), "NOT_ALLOWED");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_began_on_a_form_finishes_on_it_when_a_newer_one_is_published() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let editor = Desk::of(&app, "编", &[StaffRole::Editor]).await;
    let good = published(&editor).await;
    let changed = good
        .replacen("[[field]]", "[[field]]\nname = \"colour\"\ntype = \"text\"\nlabel = { zh = \"颜色\" }\nrequired = true\n\n[[field]]", 1)
        .replacen("stars =", "form_version = 2\nstars =", 1);
    let draft = drafts(&editor, APP, Some(&changed)).await;
    assert_eq!(draft["draft"]["faults"], json!([]), "{draft}");
    assert_eq!(publishes(&editor, 1, "加一项").await["userErrors"], json!([]));
    let version = "{app(slug:\"traffic_violation_query\"){form{version}}}";
    eventually("the new form", || async {
        let data = citizen.reads(version).await;
        (data["app"]["form"]["version"] == 2).then_some(())
    })
    .await;
    assert!(!citizen.looks_up_violations().await.is_empty(), "on the form of version 1");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_editors_who_publish_at_once_one_wins_and_the_other_is_told() {
    let app = TestApp::start().await;
    let second = app.second_node().await;
    let editor = Desk::of(&app, "编", &[StaffRole::Editor]).await;
    let other = Desk {
        url: format!("{}/staff/graphql", second.base_url),
        token: editor.token.clone(),
        http: tests::levers::Http::default(),
    };
    let good = published(&editor).await;
    drafts(&editor, APP, Some(&format!("{good}\n# 说明\n"))).await;
    let (one, two) = tokio::join!(publishes(&editor, 1, "甲"), publishes(&other, 1, "乙"));
    let won = [&one, &two].iter().filter(|done| done["version"]["number"] == 2).count();
    assert_eq!(won, 1, "{one} {two}");
    let lost = if one["version"].is_null() { one } else { two };
    assert_eq!(codes(&lost), ["CONFLICT"], "{lost}");
    assert_eq!(newest(&editor).await, 2);
    second.stop().await;
    app.finish().await;
}

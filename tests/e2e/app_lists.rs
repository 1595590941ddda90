//! Lists of apps that are answered in one pass answer as the executor would, field by field.

use serde_json::Value;
use tests::app::TestApp;

/// A directive makes the list go the usual way.
const USUAL_WAY: &str = "@include(if:true)";

async fn home(app: &TestApp, fields: &str, fragment: &str) -> Value {
    let query = format!(
        "{fragment}{{home(region:\"330100\"){{categories{{slug apps{{{fields}}}}} \
         hot{{{fields}}}}}}}"
    );
    let citizen = app.citizen().await;
    let [anybody, somebody] =
        [citizen.anonymous().reads(&query).await, citizen.reads(&query).await];
    Value::Array(vec![anybody, somebody])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_one_pass_is_the_list_field_by_field() {
    let app = TestApp::start().await;
    let plain = "__typename id slug named:name summary kind department \
                 availability{__typename state:status reason until}";
    let quick = home(&app, plain, "").await;
    let usual = home(&app, &plain.replace("slug", &format!("slug {USUAL_WAY}")), "").await;
    assert_eq!(quick, usual);
    let apps = quick[0]["home"]["categories"][0]["apps"].as_array().unwrap();
    assert!(apps[0]["availability"]["state"].is_string(), "{}", apps[0]);
    let text = |value: &Value| value.to_string();
    assert_eq!(text(&quick), text(&usual), "the fields stand in the order in which they are asked");
    let fragment = format!("fragment card on App{{{plain}}}");
    assert_eq!(home(&app, "...card", &fragment).await, quick);
    assert_eq!(home(&app, &format!("... on App{{{plain}}}"), "").await, quick);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_more_than_plain_goes_the_usual_way() {
    let app = TestApp::start().await;
    let fields = "slug slug availability{status} availability{until} form{version} \
                  elsewhere:availability(region:\"330200\"){status} category{slug}";
    let all = home(&app, fields, "").await;
    let first = &all[0]["home"]["categories"][0]["apps"][0];
    assert!(first["availability"]["status"].is_string(), "{first}");
    assert!(first["availability"].get("until").is_some(), "{first}");
    assert!(first["elsewhere"]["status"].is_string(), "{first}");
    assert!(first["form"]["version"].is_number(), "{first}");
    let never = home(&app, &format!("slug name {}", USUAL_WAY.replace("true", "false")), "").await;
    let first = &never[0]["home"]["categories"][0]["apps"][0];
    assert_eq!(first.as_object().unwrap().len(), 1, "{first}");
    app.finish().await;
}

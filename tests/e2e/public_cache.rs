//! Answers that are the same for everybody: worked out once, kept as bytes, and nothing of a
//! person in them.

use domain::identity::StaffRole;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::app::{Node, TestApp};
use tests::citizen::Citizen;
use tests::desk::Desk;
use tests::levers::{Http, eventually};
use tests::manifest::{ManifestFile, id};

const HOME: &str = "query Home($r:RegionCode,$e:Boolean!=false){home(region:$r,elder:$e){\
     categories{slug name apps{slug name availability{status reason}}} hot{slug}}}";
const OWN: &str = "query Own{home{categories{slug} favourites{apps{slug}}} viewer{person{id}}}";
const MADE: &str = "yiwang_graphql_public_answers_made_total";

async fn started() -> (TestApp, ManifestFile) {
    let manifest = ManifestFile::of(&[("Home", "query", HOME), ("Own", "query", OWN)]);
    let path = manifest.path().display().to_string();
    let app = TestApp::with_settings(&[("YIWANG_TRUSTED_DOCUMENTS", path.as_str())]).await;
    (app, manifest)
}

fn home(node: &Node) -> String {
    format!("{}/graphql?documentId={}", node.base_url, id(HOME))
}

struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    bytes: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

async fn get(url: &str, headers: &[(&str, &str)]) -> Got {
    let (status, headers, bytes) = Http::default().get_with(url, headers).await;
    Got { status, headers, bytes }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_who_ask_at_once_have_one_answer_worked_out() {
    let (app, _manifest) = started().await;
    let url = home(&app.node);
    let before = app.node.counted(MADE).await;
    let http = Http::default();
    let asked = (0..1_000).map(|_| {
        let (http, url) = (http.clone(), url.clone());
        tokio::spawn(async move { http.get(&url, &[]).await })
    });
    let mut answers = BTreeSet::new();
    for asked in asked.collect::<Vec<_>>() {
        let (status, text) = asked.await.unwrap();
        assert_eq!(status, 200);
        answers.insert(text);
    }
    assert_eq!(answers.len(), 1);
    assert!(answers.first().unwrap().contains("transport_travel"));
    assert_eq!(app.node.counted(MADE).await, before + 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_lies_in_every_cache_and_who_has_it_gets_no_bytes() {
    let (app, _manifest) = started().await;
    let url = home(&app.node);
    let mut tags = BTreeSet::new();
    for (coding, encoding) in [("identity", ""), ("gzip", "gzip"), ("gzip, br", "br")] {
        for media in ["application/json", "application/graphql-response+json"] {
            let asks = [("Accept-Encoding", coding), ("Accept", media)];
            let got = get(&url, &asks).await;
            assert_eq!((got.status, got.header("content-encoding")), (200, encoding));
            assert!(got.header("content-type").starts_with(media), "{:?}", got.headers);
            assert!(got.header("cache-control").starts_with("public, max-age="));
            for word in ["X-Channel", "Accept-Language", "Accept", "Accept-Encoding"] {
                assert!(got.header("vary").contains(word), "{:?}", got.headers);
            }
            let tag = got.header("etag").to_owned();
            let known = [asks[0], asks[1], ("If-None-Match", tag.as_str())];
            let again = get(&url, &known).await;
            assert_eq!((again.status, again.bytes.len()), (304, 0));
            for name in ["etag", "vary"] {
                assert_eq!(again.header(name), got.header(name), "{name}");
            }
            // The age is of its own moment: a second later it is a second less.
            assert!(again.header("cache-control").starts_with("public, max-age="));
            let other = [asks[0], asks[1], ("If-None-Match", "\"other\"")];
            assert_eq!(get(&url, &other).await.status, 200);
            tags.insert(tag);
        }
    }
    assert_eq!(tags.len(), 6, "each of its own: {tags:?}");
    let posted = Http::default()
        .send_with(
            &format!("{}/graphql", app.node.base_url),
            &[("Content-Type", "application/json")],
            &json!({ "documentId": id(HOME) }).to_string(),
        )
        .await;
    assert_eq!(posted.1["cache-control"], "private, no-store", "over POST for one alone");
    let by_get = get(&url, &[]).await;
    assert_eq!(posted.2.as_bytes(), by_get.bytes, "the same bytes");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_depends_on_never_answers_for_another() {
    let (app, _manifest) = started().await;
    let url = home(&app.node);
    let with = |variables: &str| format!("{url}&variables={variables}");
    let hangzhou = with("%7B%22r%22%3A%22330100%22%7D");
    let ningbo = with("%7B%22r%22%3A%22330200%22%7D");
    let elder = with("%7B%22e%22%3Atrue%7D");
    let before = app.node.counted(MADE).await;
    let mut kinds = 0;
    for _ in 0..3 {
        kinds = 0;
        for url in [&url, &hangzhou, &ningbo, &elder] {
            for channel in ["app", "wechat", "alipay"] {
                let here = get(url, &[("X-Channel", channel)]).await.json();
                let text = here.to_string();
                let foreign = text.contains("NOT_IN_CHANNEL");
                assert!(text.contains("OPEN"), "{channel}: {foreign}");
                kinds += 1;
            }
        }
        get(&url, &[("Accept-Language", "en")]).await;
        kinds += 1;
    }
    assert_eq!(app.node.counted(MADE).await, before + kinds, "each once, and none for another");
    let in_hangzhou = get(&hangzhou, &[]).await.json();
    let in_ningbo = get(&ningbo, &[]).await.json();
    assert_ne!(in_hangzhou, in_ningbo);
    let wrong = get(&url, &[("X-Channel", "fax")]).await;
    assert_eq!(wrong.json()["errors"][0]["extensions"]["code"], "BAD_INPUT");
    assert_eq!(wrong.header("cache-control"), "private, no-store");
    let nowhere = get(&with("%7B%22r%22%3A%22999999%22%7D"), &[]).await;
    assert!(nowhere.json()["errors"].is_array(), "errors are kept for nobody");
    assert_eq!(nowhere.header("cache-control"), "private, no-store");
    assert_eq!(nowhere.header("etag"), "");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_person_is_ever_shared() {
    let (app, _manifest) = started().await;
    let (one, other) = (app.citizen().await, app.citizen().await);
    let favourite = json!({ "app": "weather_forecast" });
    one.mutation("setFavourite", "SetFavouriteInput", "", &favourite).await;
    let own = format!("{}/graphql?documentId={}", app.node.base_url, id(OWN));
    let asks = async |url: &str, citizen: &Citizen| {
        let bearer = format!("Bearer {}", citizen.token);
        get(url, &[("Authorization", bearer.as_str())]).await
    };
    for _ in 0..2 {
        let (mine, theirs) = (asks(&own, &one).await, asks(&own, &other).await);
        let nobodys = get(&own, &[]).await;
        assert_eq!(
            mine.json()["data"]["home"]["favourites"]["apps"][0]["slug"],
            "weather_forecast"
        );
        assert_eq!(theirs.json()["data"]["home"]["favourites"]["apps"], json!([]));
        assert_ne!(mine.json()["data"]["viewer"], theirs.json()["data"]["viewer"]);
        assert_eq!(nobodys.json()["data"]["viewer"], Value::Null);
        for got in [&mine, &theirs, &nobodys] {
            assert_eq!(got.header("cache-control"), "private, no-store");
            assert_eq!(got.header("etag"), "");
        }
    }
    // What is the same for everybody is so for who is signed in, too: by the session's channel,
    // for them alone, and only while the session lasts.
    let url = home(&app.node);
    let by_wechat = get(&url, &[("X-Channel", "wechat")]).await;
    let mine = asks(&url, &one).await;
    assert_eq!(mine.bytes, by_wechat.bytes);
    assert_eq!(mine.header("cache-control"), "private, no-store");
    let forged = get(&url, &[("Authorization", "Bearer nobody")]).await;
    assert_eq!(forged.json()["errors"][0]["extensions"]["code"], "NOT_SIGNED_IN");
    one.mutation("signOut", "SignOutInput", "", &json!({})).await;
    let after = asks(&url, &one).await;
    assert_eq!(after.json()["errors"][0]["extensions"]["code"], "NOT_SIGNED_IN");
    app.finish().await;
}

/// The app's name as it is published.
async fn named_at(node: &Node) -> String {
    let query = "{app(slug:\"traffic_violation_query\"){name}}";
    let got = get(&format!("{}/graphql?query={query}", node.base_url), &[]).await.json();
    got["data"]["app"]["name"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_for_its_minute_and_for_the_catalogue_of_every_node() {
    let (app, _manifest) = started().await;
    let second = app.second_node().await;
    let editor = Desk::of(&app, "编", &[StaffRole::Editor]).await;
    let query = "{categories{apps{slug name}}}";
    let at = |node: &Node| format!("{}/graphql?query={query}", node.base_url);
    let old = get(&at(&app.node), &[]).await;
    assert_eq!(get(&at(&second), &[]).await.header("etag"), old.header("etag"), "on every node");

    let path = "transport_travel/traffic_violation_query.toml";
    let files = format!("{{appsFiles(version:1,under:\"{path}\"){{text}}}}");
    let text = editor.reads(&files).await["appsFiles"][0]["text"].as_str().unwrap().to_owned();
    let name = named_at(&app.node).await;
    let text = text.replace(&format!("zh = \"{name}\""), "zh = \"车辆蓝鲸查询\"");
    let save = "mutation($i:SaveAppsDraftInput!){saveAppsDraft(input:$i){userErrors{code}}}";
    editor.asks(save, json!({ "i": { "path": path, "text": text } })).await;
    let publish = "mutation($i:PublishAppsInput!){publishApps(input:$i){version{number}}}";
    let done = editor.asks(publish, json!({ "i": { "base": 1, "note": "改" } })).await;
    assert_eq!(done["data"]["publishApps"]["version"]["number"], 2, "{done}");
    for node in [&app.node, &second] {
        eventually("the new name", || async {
            let got = get(&at(node), &[("If-None-Match", old.header("etag"))]).await;
            (got.status == 200 && got.json().to_string().contains("蓝鲸")).then_some(())
        })
        .await;
    }
    // The next minute is worked out anew, and what is still true has the same tag.
    let before = app.node.counted(MADE).await;
    let now = get(&at(&app.node), &[]).await;
    app.levers.advance(60).await;
    let later = get(&at(&app.node), &[("If-None-Match", now.header("etag"))]).await;
    assert_eq!(later.status, 304);
    assert_eq!(app.node.counted(MADE).await, before + 1);
    second.stop().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_in_vain_is_counted_each_time() {
    let (app, _manifest) = started().await;
    let url = format!(
        "{}/graphql?query={{searchApps(text:\"qqxxzz\",first:3){{matched}}}}",
        app.node.base_url
    );
    for _ in 0..3 {
        let got = get(&url, &[]).await;
        assert_eq!(got.json()["data"]["searchApps"], json!([]));
        assert_eq!(got.header("cache-control"), "private, no-store");
    }
    let editor = Desk::of(&app, "编", &[StaffRole::Editor]).await;
    eventually("the misses", || async {
        let data = editor.reads("{zeroResults(first:5){text times}}").await;
        (data["zeroResults"][0]["times"] == 3).then_some(())
    })
    .await;
    app.finish().await;
}

/// Without a field.
fn without(value: &mut Value, name: &str) {
    match value {
        Value::Object(fields) => {
            fields.remove(name);
            fields.values_mut().for_each(|value| without(value, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_together_at_once_is_what_the_library_makes_of_it() {
    let (app, _manifest) = started().await;
    let citizen = app.citizen().await;
    const APP: &str = "__typename id slug called:name summary department kind identityLevel stars \
         availability{__typename status reason until} there:availability(region:\"330200\"){status} \
         ...{name} ...on App{audience} ";
    let queries = [
        format!("{{categories(region:\"330100\"){{__typename id slug name apps{{{APP} SLOW}}}}}}"),
        format!(
            "{{home(elder:true){{hot{{{APP} SLOW}} elder{{tiles{{voiceLabel app{{{APP} SLOW}}}} \
             groups{{tiles{{textClass app{{{APP} SLOW}}}}}}}}}}}}"
        ),
        format!("{{searchApps(text:\"违章\"){{matched app{{{APP} SLOW}}}}}}"),
    ];
    for query in queries {
        // The library makes a list of which one field is not there already.
        let mut slowly = citizen.reads(&query.replace("SLOW", "link")).await;
        without(&mut slowly, "audience");
        without(&mut slowly, "link");
        let at_once = query.replace("...on App{audience}", "").replace("SLOW", "");
        assert_eq!(citizen.reads(&at_once).await, slowly, "{at_once}");
    }
    // A wrong argument is told of as ever.
    let wrong = "{categories{apps{slug availability(region:\"999999\"){status}}}}";
    let answer = citizen.ask(wrong, json!({})).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "BAD_INPUT", "{answer}");
    assert_eq!(error["path"][4], "availability", "{answer}");
    app.finish().await;
}

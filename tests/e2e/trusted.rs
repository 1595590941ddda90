//! Trusted documents: known by hash, validated once, exchanged without a restart.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::levers::{Http, eventually};
use tests::manifest::{ManifestFile, id};

const REGIONS: &str = "query Regions($of:RegionCode){regions(parent:$of){code}}";
const ME: &str = "query Me{viewer{person{id}}}";
const OUT: &str = "mutation Out{signOut(input:{}){userErrors{code}}}";
const SEARCH: &str = "query Search($t:String!,$n:Int!){searchApps(text:$t,first:$n){matched}}";
const VALIDATIONS: &str = "yiwang_graphql_validations_total";
const REFUSED: &str = "yiwang_graphql_manifests_refused_total";
const UNTRUSTED: &str = "yiwang_graphql_untrusted_documents_total";

fn all() -> ManifestFile {
    ManifestFile::of(&[
        ("Regions", "query", REGIONS),
        ("Me", "query", ME),
        ("Out", "mutation", OUT),
        ("Search", "query", SEARCH),
    ])
}

async fn started(manifest: &ManifestFile, mode: &str) -> TestApp {
    let path = manifest.path().display().to_string();
    let pairs =
        [("YIWANG_TRUSTED_DOCUMENTS", path.as_str()), ("YIWANG_TRUSTED_DOCUMENTS_MODE", mode)];
    TestApp::with_settings(&pairs).await
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// What a client asks of one server.
struct Asks {
    url: String,
    http: Http,
}

impl Asks {
    fn of(app: &TestApp) -> Self {
        Self { url: format!("{}/graphql", app.node.base_url), http: Http::default() }
    }

    async fn posts(&self, body: Value) -> Value {
        self.http.post(&self.url, None, &body).await.1
    }

    async fn gets(&self, query: &str) -> (u16, Value) {
        let (status, text) = self.http.get(&format!("{}?{query}", self.url), &[]).await;
        (status, serde_json::from_str(&text).unwrap_or_default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_document_is_asked_for_by_its_hash_in_every_way() {
    let (manifest, hash) = (all(), id(REGIONS));
    let app = started(&manifest, "off").await;
    let asks = Asks::of(&app);
    let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let variables = json!({ "of": "330000" });
    for body in [
        json!({ "documentId": hash, "variables": variables }),
        json!({ "documentId": format!("sha256:{hash}"), "variables": variables }),
        json!({ "documentId": hash, "variables": variables, "operationName": "Regions" }),
        json!({ "extensions": persisted, "variables": variables }),
        json!({ "query": REGIONS, "documentId": hash, "variables": variables }),
    ] {
        let answer = asks.posts(body.clone()).await;
        assert_eq!(answer["data"]["regions"][0]["code"], "330100", "{body}: {answer}");
    }
    let by_get = format!("documentId={hash}&variables=%7B%22of%22%3A%22330100%22%7D");
    let (status, answer) = asks.gets(&by_get).await;
    assert_eq!((status, &answer["data"]["regions"][0]["code"]), (200, &json!("330102")));
    let spec = [("Accept", "text/event-stream")];
    let url = format!("{}?documentId={hash}", asks.url);
    let (_, events) = asks.http.get(&url, &spec).await;
    assert!(events.contains("330100") && events.contains("event: complete"), "{events}");

    let (status, _) = asks.gets(&format!("documentId={}", id(OUT))).await;
    assert_eq!(status, 405, "no mutation over GET, by whatever name");
    let unknown = asks.posts(json!({ "documentId": id("{a}") })).await;
    assert_eq!(code(&unknown), "PERSISTED_QUERY_NOT_FOUND");
    let wrong = asks.posts(json!({ "documentId": "00" })).await;
    assert_eq!(code(&wrong), "BAD_INPUT");
    let named = asks.posts(json!({ "documentId": hash, "operationName": "Other" })).await;
    assert_eq!(code(&named), "BAD_INPUT", "{named}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_validated_again_and_variables_are_checked_all_the_same() {
    let manifest = all();
    let app = started(&manifest, "off").await;
    let asks = Asks::of(&app);
    let before = app.node.counted(VALIDATIONS).await;
    for number in 1..20 {
        let variables = json!({ "t": "违章", "n": number });
        let answer = asks.posts(json!({ "documentId": id(SEARCH), "variables": variables })).await;
        assert!(answer["errors"].is_null(), "{answer}");
        let me = asks.posts(json!({ "documentId": id(ME) })).await;
        assert_eq!(me, json!({ "data": { "viewer": null } }));
    }
    for variables in [
        json!({ "t": "违章" }),
        json!({ "t": 1, "n": 1 }),
        json!({ "t": "违章", "n": "1" }),
        json!({ "t": "违章", "n": 1.5 }),
        json!({ "t": "违章", "n": 2_147_483_648_i64 }),
        json!({ "t": null, "n": 1 }),
        json!({ "t": "违章", "n": [1, 2] }),
    ] {
        let body = json!({ "documentId": id(SEARCH), "variables": variables });
        let answer = asks.posts(body).await;
        assert_eq!(code(&answer), "BAD_INPUT", "{variables}: {answer}");
        assert!(answer.get("data").is_none(), "nothing was executed: {answer}");
    }
    assert_eq!(app.node.counted(VALIDATIONS).await, before);
    // A text that comes again and again is validated once, too.
    for _ in 0..3 {
        asks.posts(json!({ "query": "query Own{regions{name}}" })).await;
    }
    assert_eq!(app.node.counted(VALIDATIONS).await, before + 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_measures_counts_what_is_in_no_manifest_and_runs_it() {
    let manifest = all();
    let app = started(&manifest, "measure").await;
    let asks = Asks::of(&app);
    for _ in 0..2 {
        assert!(asks.posts(json!({ "query": "{regions{code}}" })).await["errors"].is_null());
    }
    assert!(asks.posts(json!({ "query": REGIONS })).await["errors"].is_null());
    assert!(asks.posts(json!({ "documentId": id(REGIONS) })).await["errors"].is_null());
    assert_eq!(app.node.counted(UNTRUSTED).await, 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_enforces_refuses_what_is_in_no_manifest_before_it_is_read() {
    let manifest = all();
    let app = started(&manifest, "enforce").await;
    let asks = Asks::of(&app);
    let before = app.node.counted(VALIDATIONS).await;
    let other = "{regions{code}}";
    let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": id(other) } });
    for body in [
        json!({ "query": other }),
        json!({ "query": "{" }),
        json!({ "query": other, "extensions": persisted }),
        json!({ "extensions": persisted }),
        json!({ "documentId": id(other) }),
    ] {
        let answer = asks.posts(body.clone()).await;
        assert_eq!(code(&answer), "DOCUMENT_NOT_TRUSTED", "{body}: {answer}");
    }
    let (_, by_get) = asks.gets("query=%7Bregions%7Bcode%7D%7D").await;
    assert_eq!(code(&by_get), "DOCUMENT_NOT_TRUSTED");
    let by_text = asks.posts(json!({ "query": REGIONS })).await;
    assert!(by_text["errors"].is_null(), "the text of a trusted document: {by_text}");
    assert!(asks.posts(json!({ "documentId": id(REGIONS) })).await["errors"].is_null());
    assert_eq!(app.node.counted(VALIDATIONS).await, before);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_manifest_is_trusted_without_a_restart_and_a_broken_one_changes_nothing() {
    let manifest = all();
    let app = started(&manifest, "enforce").await;
    let asks = Asks::of(&app);
    let runs = async |document: &str| {
        asks.posts(json!({ "documentId": id(document) })).await["errors"].is_null()
    };
    assert!(runs(ME).await && runs(REGIONS).await);
    let added = "query Added{regions{name}}";
    assert!(!runs(added).await);
    manifest.now(&[("Added", "query", added), ("Me", "query", ME)]);
    eventually("the added document", || async { runs(added).await.then_some(()) }).await;
    assert!(!runs(REGIONS).await, "what was taken out is refused");
    assert!(runs(ME).await);

    manifest.now(&[("Broken", "query", "query Broken{nothing}"), ("Regions", "query", REGIONS)]);
    eventually("the broken manifest", || async {
        (app.node.counted(REFUSED).await == 1).then_some(())
    })
    .await;
    assert!(runs(added).await && !runs(REGIONS).await, "the old ones stay");
    manifest.now(&[("Regions", "query", REGIONS)]);
    eventually("the mended manifest", || async { runs(REGIONS).await.then_some(()) }).await;
    assert!(!runs(added).await);
    app.finish().await;
}

//! Cases from the citizen's side: opened on one channel and followed on another, completed, taken
//! back; what belongs to others; drafts that go on elsewhere.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::eventually;
use tests::scenarios::case::{CASE, case, waits};
use tests::scenarios::{proves_face, proves_name};

const RAN: &str = "outcome{... on Case{caseNo status}}";

/// What this citizen answers to the app of reissuing an id card.
fn answers(citizen: &Citizen) -> Value {
    json!([
        { "name": "name", "value": { "text": citizen.facts["name"] } },
        { "name": "id_card", "value": { "text": citizen.facts["idCard"] } },
        { "name": "phone", "value": { "text": "13800138000" } },
        { "name": "reason", "value": { "choice": "有效期满换领" } },
        { "name": "delivery", "value": { "choice": "派出所领取" } },
    ])
}

/// An app that every channel has.
fn complaint(content: &str) -> Value {
    json!([
        { "name": "phone", "value": { "text": "13800138000" } },
        { "name": "target", "value": { "text": "样例工厂" } },
        { "name": "address", "value": { "text": "样例路2号" } },
        { "name": "kind", "value": { "choice": "噪声" } },
        { "name": "content", "value": { "text": content } },
    ])
}

async fn applies(citizen: &Citizen, app: &str, answers: &Value, key: &str) -> Value {
    let input = json!({
        "app": app, "formVersion": 1, "answers": answers, "idempotencyKey": key,
    });
    citizen.mutation("submitApp", "SubmitAppInput", RAN, &input).await
}

async fn complains(citizen: &Citizen, key: &str) -> String {
    let payload = applies(citizen, "pollution_complaint", &complaint("夜间施工"), key).await;
    let no = payload["outcome"]["caseNo"].as_str();
    no.unwrap_or_else(|| panic!("{payload}")).to_owned()
}

async fn comes_to(citizen: &Citizen, no: &str, status: &str) -> Value {
    waits(citizen, no, status, |case| case["status"] == status).await
}

/// The number under which the only application lies at the department.
async fn request_no(app: &TestApp) -> String {
    let all = app.levers.look("applications").await["applications"].clone();
    let [one] = all.as_array().unwrap().as_slice() else { panic!("{all}") };
    one["requestNo"].as_str().unwrap().to_owned()
}

async fn department(app: &TestApp, act: Value) {
    let no = request_no(app).await;
    app.levers.pull(&format!("applications/{no}"), act).await;
    // The next question comes by then.
    app.levers.pull("clock", json!({ "advanceSeconds": 2_000 })).await;
}

async fn withdraws(citizen: &Citizen, no: &str) -> Value {
    let fields = "case{status}";
    citizen.mutation("withdrawCase", "WithdrawCaseInput", fields, &json!({ "caseNo": no })).await
}

async fn supplements(citizen: &Citizen, no: &str, answers: Value) -> Value {
    let input = json!({ "caseNo": no, "answers": answers });
    let fields = "case{status}";
    citizen.mutation("supplementCase", "SupplementCaseInput", fields, &input).await
}

/// The same person in Alipay's mini-program, linked by a proved name.
async fn at_alipay(app: &TestApp, citizen: &Citizen) -> Citizen {
    proves_name(citizen).await;
    proves_face(app, citizen).await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let code = app.levers.pull(&format!("citizens/{id}/alipay-code"), json!({})).await;
    let by = json!({ "by": { "alipay": { "authCode": code["authCode"] } } });
    let linked = citizen.mutation("linkChannel", "LinkChannelInput", "__typename", &by).await;
    assert_eq!(linked["userErrors"], json!([]), "{linked}");
    Citizen::signs_in_at_alipay(&app.node.base_url, &app.levers, citizen.facts.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_opened_on_wechat_is_followed_on_alipay_until_it_is_done() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let elsewhere = at_alipay(&app, &citizen).await;
    let no = complains(&citizen, "case-key-1").await;
    assert_eq!(complains(&citizen, "case-key-1").await, no, "the same key twice");
    let accepted = comes_to(&elsewhere, &no, "ACCEPTED").await;
    assert_eq!(accepted["holder"], "12369环保热线");
    assert_eq!(accepted["title"], "环保举报");
    department(&app, json!({ "act": "forward" })).await;
    let review = comes_to(&elsewhere, &no, "IN_REVIEW").await;
    assert_eq!(review["holder"], "县环保局");
    department(&app, json!({ "act": "approve", "words": "已查处" })).await;
    comes_to(&elsewhere, &no, "APPROVED").await;
    department(&app, json!({ "act": "finish" })).await;
    let done = comes_to(&elsewhere, &no, "DONE").await;
    assert!(done["endedAt"].is_string() && done["canWithdraw"] == false, "{done}");
    assert!(done["result"].as_array().unwrap().iter().any(|field| field["name"] == "reply"));
    let told: Vec<&str> = done["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["status"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["SUBMITTED", "ACCEPTED", "IN_REVIEW", "APPROVED", "DONE"]);
    assert_eq!(withdraws(&citizen, &no).await["userErrors"][0]["code"], "CONFLICT");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_handed_in_and_the_case_goes_on() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let no = complains(&citizen, "case-key-2").await;
    comes_to(&citizen, &no, "ACCEPTED").await;
    let early = supplements(&citizen, &no, json!([])).await;
    assert_eq!(early["userErrors"][0]["code"], "CONFLICT", "{early}");
    let ask = json!({ "act": "askMaterials", "materials": ["address"], "words": "地址不详" });
    department(&app, ask).await;
    let asked = comes_to(&citizen, &no, "NEEDS_MATERIALS").await;
    assert_eq!(asked["wanted"][0]["label"], "地点");
    assert_eq!(asked["wanted"][0]["field"]["name"], "address");
    assert!(asked["timeline"].to_string().contains("地址不详"), "{asked}");
    let nothing = supplements(&citizen, &no, json!([])).await;
    assert_eq!(codes(&nothing), ["REQUIRED"]);
    assert_eq!(nothing["userErrors"][0]["field"], json!(["answers", "address"]));
    let address = json!([{ "name": "address", "value": { "text": "样例路22号" } }]);
    let handed_in = supplements(&citizen, &no, address.clone()).await;
    assert_eq!(handed_in["case"]["status"], "IN_REVIEW", "{handed_in}");
    let request = request_no(&app).await;
    eventually("the department has it", || async {
        let there = app.levers.look(&format!("applications/{request}")).await;
        (there["parameters"]["address"] == "样例路22号").then_some(())
    })
    .await;
    assert_eq!(case(&citizen, &no).await["status"], "IN_REVIEW");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_taken_back_though_the_department_is_dead_just_then() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    app.levers.fault("exchange", "environment.*", "error500", 1_000).await;
    let no = complains(&citizen, "case-key-3").await;
    let silent = waits(&citizen, &no, "the silence is told of", |case| {
        case["timeline"].to_string().contains("暂时没有应答")
    });
    let silent = silent.await;
    assert_eq!((&silent["status"], &silent["holder"]), (&json!("SUBMITTED"), &json!("一网")));
    let back = withdraws(&citizen, &no).await;
    assert_eq!(back["case"]["status"], "WITHDRAWING", "{back}");
    app.levers.clear_faults().await;
    app.levers.pull("clock", json!({ "advanceSeconds": 700 })).await;
    comes_to(&citizen, &no, "WITHDRAWN").await;
    let there = app.levers.look(&format!("applications/{}", request_no(&app).await)).await;
    assert_eq!(there["state"], "WITHDRAWN", "an application that never came is not taken later");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_of_another_person_is_as_if_it_were_not_there() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let no = complains(&citizen, "case-key-4").await;
    let id = comes_to(&citizen, &no, "ACCEPTED").await["id"].clone();
    let other = app.citizen().await;
    let read = "query($id:ID!){node(id:$id){id}}";
    let own = citizen.ask(read, json!({ "id": id })).await;
    assert_eq!(own["data"]["node"]["id"], id);
    for stranger in [&other, &citizen.anonymous()] {
        let answer = stranger.ask(read, json!({ "id": id })).await;
        assert_eq!(answer["data"]["node"], Value::Null, "{answer}");
    }
    for theirs in [
        withdraws(&other, &no).await,
        withdraws(&other, "YJ20260302000000").await,
        supplements(&other, &no, json!([])).await,
    ] {
        assert_eq!(codes(&theirs), ["NOT_FOUND"], "{theirs}");
        assert_eq!(theirs["case"], Value::Null);
    }
    let query = format!("{{viewer{{cases{{nodes{{{CASE}}}}}}}}}");
    assert_eq!(other.reads(&query).await["viewer"]["cases"]["nodes"], json!([]));
    // The same words under the other's own key are another case.
    let theirs = complains(&other, "case-key-4").await;
    assert_ne!(theirs, no);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_needed_and_means_one_application() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let input = json!({
        "app": "pollution_complaint", "formVersion": 1, "answers": complaint("夜间施工"),
    });
    let without = citizen.mutation("submitApp", "SubmitAppInput", RAN, &input).await;
    assert_eq!(without["userErrors"][0]["code"], "REQUIRED", "{without}");
    assert_eq!(without["userErrors"][0]["field"], json!(["idempotencyKey"]));
    complains(&citizen, "case-key-5").await;
    let other = complaint("废气");
    let reused = applies(&citizen, "pollution_complaint", &other, "case-key-5").await;
    assert_eq!(reused["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED", "{reused}");
    app.finish().await;
}

const DRAFT: &str = "id field savedAt form{version} app{slug} \
     answers{name text number fen date flag choice fileId}";

async fn saves(citizen: &Citizen, app: &str, answers: Value, field: &str) -> Value {
    let input = json!({ "app": app, "formVersion": 1, "answers": answers, "field": field });
    let fields = format!("draft{{{DRAFT}}}");
    citizen.mutation("saveDraft", "SaveDraftInput", &fields, &input).await
}

async fn drafts(citizen: &Citizen) -> Value {
    let query = format!("{{viewer{{drafts{{{DRAFT}}}}}}}");
    citizen.reads(&query).await["viewer"]["drafts"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_goes_on_at_the_same_field_on_another_channel() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let elsewhere = at_alipay(&app, &citizen).await;
    let begun = json!([{ "name": "reason", "value": { "choice": "遗失补领" } }]);
    let saved = saves(&citizen, "id_card_reissue", begun, "delivery").await;
    assert_eq!(saved["userErrors"], json!([]), "{saved}");
    let found = drafts(&elsewhere).await;
    assert_eq!(found[0]["field"], "delivery", "{found}");
    assert_eq!(found[0]["answers"][0]["choice"], "遗失补领");
    let read = "query($id:ID!){node(id:$id){id}}";
    let node = elsewhere.ask(read, json!({ "id": found[0]["id"] })).await;
    assert_eq!(node["data"]["node"]["id"], found[0]["id"]);
    let other = app.citizen().await;
    assert_eq!(drafts(&other).await, json!([]));
    let foreign = other.ask(read, json!({ "id": found[0]["id"] })).await;
    assert_eq!(foreign["data"]["node"], Value::Null);

    let wrong = json!([{ "name": "phone", "value": { "text": "12" } }]);
    let refused = saves(&elsewhere, "id_card_reissue", wrong, "phone").await;
    assert_eq!(refused["userErrors"][0]["field"], json!(["answers", "phone"]), "{refused}");
    assert_eq!(drafts(&elsewhere).await[0]["answers"][0]["choice"], "遗失补领", "as it was");

    let payload = applies(&elsewhere, "id_card_reissue", &answers(&citizen), "case-key-6").await;
    assert!(payload["outcome"]["caseNo"].is_string(), "{payload}");
    assert_eq!(drafts(&citizen).await, json!([]), "what is submitted is no draft");
    let gone = citizen
        .mutation(
            "discardDraft",
            "DiscardDraftInput",
            "__typename",
            &json!({ "app": "id_card_reissue" }),
        )
        .await;
    assert_eq!(gone["userErrors"][0]["code"], "NOT_FOUND");
    app.finish().await;
}

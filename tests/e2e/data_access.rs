//! What departments were told, by whose consent forms are filled in, and with what.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};

async fn prefill(citizen: &Citizen, app: &str) -> Value {
    let query = format!("{{viewer{{prefill(app:\"{app}\"){{field value source asOf}}}}}}");
    citizen.reads(&query).await["viewer"]["prefill"].clone()
}

fn value<'a>(prefill: &'a Value, field: &str) -> (&'a str, &'a str) {
    let all = prefill.as_array().unwrap();
    let found = all.iter().find(|one| one["field"] == field);
    found.map_or(("", ""), |one| (one["value"].as_str().unwrap(), one["source"].as_str().unwrap()))
}

async fn consents(citizen: &Citizen, department: &str, given: bool) -> Value {
    let input = json!({ "department": department, "given": given });
    let fields = "consents{department}";
    citizen.mutation("setDataConsent", "SetDataConsentInput", fields, &input).await
}

async fn looks_up_fund(citizen: &Citizen) {
    let input = json!({ "app": "housing_fund_query", "formVersion": 1, "region": "330100", "answers": [
        { "name": "name", "value": { "text": citizen.facts["name"] } },
        { "name": "id_card", "value": { "text": citizen.facts["idCard"] } },
        { "name": "centre", "value": { "choice": "杭州" } }
    ]});
    let fields = "outcome{... on LookupResult{rows{fields{value}}}}";
    let fund = citizen.mutation("submitApp", "SubmitAppInput", fields, &input).await;
    assert_eq!(fund["outcome"]["rows"].as_array().unwrap().len(), 1, "{fund}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_about_a_person_is_on_record_for_that_person_alone() {
    let app = TestApp::start().await;
    let (citizen, other) = (app.citizen().await, app.citizen().await);
    for one in [&citizen, &other] {
        one.proves_name().await;
        one.proves_face(&app.levers).await;
    }
    looks_up_fund(&citizen).await;
    citizen.finds_fine().await; // About a car: nobody's name goes along.
    let query = "{viewer{dataAccess(first:1){nodes{at department operation app fields purpose} \
                 pageInfo{hasNextPage endCursor}}}}";
    let page = citizen.reads(query).await["viewer"]["dataAccess"].clone();
    let newest = &page["nodes"][0];
    assert_eq!(newest["operation"], "housing_fund.personal", "{page}");
    assert_eq!(newest["app"], "housing_fund_query");
    assert_eq!(newest["department"], "省建设厅");
    assert_eq!(newest["fields"], json!(["name", "id_card", "centre"]), "names, never values");
    assert_eq!(
        (&newest["purpose"], &page["pageInfo"]["hasNextPage"]),
        (&json!("SERVICE"), &json!(true))
    );
    let cursor = &page["pageInfo"]["endCursor"];
    let rest = format!("{{viewer{{dataAccess(after:{cursor}){{nodes{{operation purpose}}}}}}}}");
    let rest = citizen.reads(&rest).await["viewer"]["dataAccess"]["nodes"].clone();
    assert_eq!(rest, json!([{ "operation": "police.face_check_start", "purpose": "IDENTITY" }]));
    let others = other.reads("{viewer{dataAccess{nodes{operation}}}}").await;
    assert_eq!(others["viewer"]["dataAccess"]["nodes"].as_array().unwrap().len(), 1, "own face");
    let stored = app.counts("data_reading WHERE subject_index LIKE '%1980%'").await;
    assert_eq!(stored, 0, "no number is readable");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_filled_in_from_what_is_verified_what_was_said_and_what_was_answered() {
    let app = TestApp::on_postgres().await;
    let citizen = app.citizen().await;
    let early = prefill(&citizen, "housing_fund_withdrawal").await;
    assert_eq!(value(&early, "name"), ("", ""), "nothing is verified: {early}");
    citizen.proves_name().await;
    citizen.proves_face(&app.levers).await;
    let form = prefill(&citizen, "housing_fund_withdrawal").await;
    let name = citizen.facts["name"].as_str().unwrap();
    assert_eq!(value(&form, "name"), (name, "实名认证"));
    assert_eq!(value(&form, "id_card").0, citizen.facts["idCard"].as_str().unwrap(), "in full");
    assert_eq!(
        form[0]["asOf"],
        "2026-03-02T10:00:00+08:00".replace("10:00:00", &form[0]["asOf"].as_str().unwrap()[11..19]),
        "with its date"
    );

    looks_up_fund(&citizen).await;
    let form = prefill(&citizen, "housing_fund_withdrawal").await;
    assert_eq!(value(&form, "account_no"), ("", ""), "not without consent");
    assert_eq!(codes(&consents(&citizen, "没有的部门", true).await), ["NOT_FOUND"]);
    let given = consents(&citizen, "省建设厅", true).await;
    assert_eq!(given["consents"], json!([{ "department": "省建设厅" }]));
    looks_up_fund(&citizen).await;
    let form = prefill(&citizen, "housing_fund_withdrawal").await;
    let (account, source) = value(&form, "account_no");
    assert!(account.len() == 12 && source == "省建设厅", "{form}");
    let elsewhere = prefill(&citizen, "utility_bill_payment").await;
    assert_eq!(value(&elsewhere, "account_no"), ("", ""), "no other department's form");
    assert_eq!(consents(&citizen, "省建设厅", false).await["consents"], json!([]));
    let form = prefill(&citizen, "housing_fund_withdrawal").await;
    assert_eq!(value(&form, "account_no"), ("", ""), "taken back");
    let kept = app.counts("known_fact WHERE origin <> ''").await;
    assert_eq!(kept, 0, "and forgotten");

    citizen.finds_fine().await;
    let car = prefill(&citizen, "vehicle_inspection_booking").await;
    let plate = citizen.facts["vehicles"][0]["plateNo"].as_str().unwrap();
    assert_eq!(value(&car, "plate_no"), (plate, "您上次填写"), "{car}");
    let readable = app.counts("known_fact WHERE value LIKE '%浙%'").await;
    assert_eq!(readable, 0, "values are sealed");
    let nobody = app.citizen().await;
    assert_eq!(value(&prefill(&nobody, "vehicle_inspection_booking").await, "plate_no"), ("", ""));
    let unknown = citizen.ask("{viewer{prefill(app:\"no_such_app\"){field}}}", json!({})).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "NOT_FOUND");
    app.finish().await;
}

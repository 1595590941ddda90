//! Acting for others: a legal person by its representative and operators, a child, a parent.

use domain::identity::{AuditTrail, AuditVerdict};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};

const FIELDS: &str =
    "mandate{id kind status until legalPerson{uscc name} representedName agentName}";
/// Born on 2018-06-07, and on the days before and after becoming of age on 2026-03-02.
const CHILD: &str = "330106201806079004";
const OF_AGE: &str = "330106200803029007";
const NOT_YET: &str = "330106200803039002";

async fn asks(citizen: &Citizen, name: &str, input: &str, value: Value) -> Value {
    citizen.mutation(name, input, FIELDS, &value).await
}

pub async fn asks_for_kin(citizen: &Citizen, other: &Value) -> Value {
    let mut wish = json!({ "name": other["name"], "idCard": other["idCard"], "days": 30 });
    let (name, card) = (other["name"].as_str().unwrap(), other["idCard"].as_str().unwrap());
    let spelled: u32 = name.chars().map(u32::from).sum();
    wish["idempotencyKey"] = format!("proxy-{card}-{spelled}").into();
    asks(citizen, "requestProxy", "RequestProxyInput", wish).await
}

async fn by_id(citizen: &Citizen, name: &str, mandate: &Value) -> Value {
    asks(citizen, name, "MandateInput", json!({ "mandate": mandate })).await
}

async fn acts_as(citizen: &Citizen, mandate: &Value) -> Value {
    let fields = "actingFor{id} person{id}";
    let input = json!({ "mandate": mandate });
    citizen.mutation("actAs", "ActAsInput", fields, &input).await
}

pub async fn parent_of(app: &TestApp, parent: &Value, child: &Value) {
    let family = json!({ "parentId": parent["citizenId"], "childId": child["citizenId"] });
    app.levers.pull("families", family).await;
}

pub async fn insurance_of(citizen: &Citizen, of: &Value) -> Value {
    let answers = json!([
        { "name": "name", "value": { "text": of["name"] } },
        { "name": "id_card", "value": { "text": of["idCard"] } },
        { "name": "region", "value": { "text": "330000" } }
    ]);
    citizen.submits("personal_social_insurance", &answers).await
}

fn unit_of(answer: &Value) -> String {
    let fields = answer["outcome"]["rows"][0]["fields"].as_array().cloned().unwrap_or_default();
    let number = fields.iter().find(|field| field["name"] == "insured_no");
    number.map(|field| field["value"].to_string()).unwrap_or_default()
}

async fn audit(app: &TestApp) -> Vec<(String, String)> {
    let whole = AuditTrail::verify(&app.node.store).await.unwrap();
    assert!(matches!(whole, AuditVerdict::Whole { .. }), "{whole:?}");
    let lines = AuditTrail::list(&app.node.store, None, 50).await.unwrap();
    // What the program does at its start is nobody's act.
    let lines = lines.into_iter().rev().map(|line| line.record);
    let lines =
        lines.filter(|record| !["APPS_PUBLISH", "STAFF_TOTP"].contains(&record.act.as_str()));
    lines.map(|record| (record.actor, record.act)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grown_parent_says_yes_sees_what_is_done_and_ends_it() {
    for app in [TestApp::start().await, TestApp::on_postgres().await] {
        let (child, parent, stranger) =
            (app.citizen().await, app.citizen().await, app.citizen().await);
        assert_eq!(codes(&asks_for_kin(&child, &parent.facts).await), ["IDENTITY_LEVEL_TOO_LOW"]);
        for citizen in [&child, &parent, &stranger] {
            citizen.proves_name().await;
            citizen.proves_face(&app.levers).await;
        }
        assert_eq!(codes(&asks_for_kin(&child, &parent.facts).await), ["INVALID"], "no family yet");
        assert_eq!(codes(&asks_for_kin(&child, &child.facts).await), ["INVALID"], "oneself");
        parent_of(&app, &parent.facts, &child.facts).await;
        let asked = asks_for_kin(&child, &parent.facts).await;
        assert_eq!(
            (&asked["mandate"]["kind"], &asked["mandate"]["status"]),
            (&json!("ADULT"), &json!("ASKED")),
            "{asked}"
        );
        let id = &asked["mandate"]["id"];
        assert_eq!(
            codes(&asks_for_kin(&child, &parent.facts).await),
            ["CONFLICT"],
            "asked already"
        );
        assert_eq!(
            codes(&acts_as(&child, id).await),
            ["CONFLICT"],
            "not before the parent says yes"
        );
        for nobody in [&child, &stranger] {
            assert_eq!(
                codes(&by_id(nobody, "acceptProxy", id).await),
                ["NOT_FOUND"],
                "not theirs to say"
            );
        }
        assert_eq!(codes(&by_id(&stranger, "revokeMandate", id).await), ["NOT_FOUND"]);
        let node = format!("{{node(id:{id}){{... on Mandate{{status}}}}}}");
        assert!(stranger.reads(&node).await["node"].is_null());
        let seen = parent.reads("{viewer{givenMandates{id status agentName}}}").await;
        assert_eq!(seen["viewer"]["givenMandates"][0]["id"], *id, "{seen}");
        assert_eq!(by_id(&parent, "acceptProxy", id).await["mandate"]["status"], "ACTIVE");

        let own = insurance_of(&child, &child.facts).await;
        assert_eq!(
            codes(&insurance_of(&child, &parent.facts).await),
            ["INVALID", "INVALID"],
            "not yet acting"
        );
        assert_eq!(
            codes(&acts_as(&parent, id).await),
            ["NOT_FOUND"],
            "the parent is not the agent"
        );
        assert_eq!(codes(&acts_as(&stranger, id).await), ["NOT_FOUND"]);
        let acting = acts_as(&child, id).await;
        assert_eq!(acting["actingFor"]["id"], *id, "{acting}");
        let theirs = insurance_of(&child, &parent.facts).await;
        assert_eq!(codes(&theirs), [""; 0], "{theirs}");
        assert!(!unit_of(&theirs).is_empty() && unit_of(&theirs) != unit_of(&own));
        assert_eq!(unit_of(&theirs), unit_of(&insurance_of(&parent, &parent.facts).await));
        assert_eq!(
            codes(&insurance_of(&child, &child.facts).await),
            ["INVALID", "INVALID"],
            "one at a time"
        );

        let acts =
            "{viewer{givenMandates{acts(first:5){nodes{app appName at} pageInfo{hasNextPage}}}}}";
        let acts = parent.reads(acts).await["viewer"]["givenMandates"][0]["acts"]["nodes"].clone();
        assert_eq!(acts.as_array().unwrap().len(), 1, "what was refused was not done: {acts}");
        assert_eq!(acts[0]["app"], "personal_social_insurance");
        let lines = audit(&app).await;
        let acts: Vec<_> = lines.iter().map(|(_, act)| act.as_str()).collect();
        assert_eq!(acts, ["MANDATE_ASKED", "MANDATE_GIVEN", "ACTED_FOR"]);
        assert_ne!(lines[0].0, lines[1].0, "the parent's own act");
        assert_eq!(lines[0].0, lines[2].0);

        // Whoever asked, the parent sees that the department was told.
        let access = "{viewer{dataAccess{nodes{app department fields purpose}}}}";
        let access = parent.reads(access).await["viewer"]["dataAccess"]["nodes"].clone();
        let told = access
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["app"] == "personal_social_insurance");
        assert_eq!(told.count(), 2, "the child's question and the own one: {access}");

        assert_eq!(by_id(&parent, "revokeMandate", id).await["mandate"]["status"], "ENDED");
        let refused = insurance_of(&child, &parent.facts).await;
        assert_eq!(codes(&refused), ["CONFLICT"], "nothing is done in anybody's name: {refused}");
        let refused = insurance_of(&child, &child.facts).await;
        assert_eq!(codes(&refused), ["CONFLICT"], "until the child says for whom");
        assert_eq!(codes(&acts_as(&child, id).await), ["CONFLICT"]);
        assert!(acts_as(&child, &Value::Null).await["actingFor"].is_null());
        assert_eq!(codes(&insurance_of(&child, &child.facts).await), [""; 0]);
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minor_is_represented_by_the_registers_word_until_of_age() {
    let app = TestApp::start().await;
    let parent = app.citizen().await;
    parent.proves_name().await;
    parent.proves_face(&app.levers).await;
    for (card, kind, status) in [
        (CHILD, "MINOR_CHILD", "ACTIVE"),
        (OF_AGE, "ADULT", "ASKED"),
        (NOT_YET, "MINOR_CHILD", "ACTIVE"),
    ] {
        let child = app.levers.pull("citizens", json!({ "idCard": card })).await;
        parent_of(&app, &parent.facts, &child).await;
        let wrong = json!({ "name": "别人", "idCard": card });
        assert_eq!(codes(&asks_for_kin(&parent, &wrong).await), ["INVALID"], "another name");
        let asked = asks_for_kin(&parent, &child).await;
        let mandate = &asked["mandate"];
        assert_eq!(
            (&mandate["kind"], &mandate["status"]),
            (&json!(kind), &json!(status)),
            "{asked}"
        );
        if card == NOT_YET {
            let until = mandate["until"].as_str().unwrap();
            assert!(until.starts_with("2026-03-03"), "until the eighteenth birthday: {until}");
        }
    }
    let held = parent.reads("{viewer{mandates{id kind representedName}}}").await;
    let held = held["viewer"]["mandates"].as_array().unwrap().clone();
    assert_eq!(held.len(), 3);
    assert!(held[0]["representedName"].as_str().unwrap().contains('*'), "masked");
    let young = held.iter().find(|one| one["kind"] == "MINOR_CHILD").unwrap();
    assert_eq!(acts_as(&parent, &young["id"]).await["actingFor"]["id"], young["id"]);

    // A legal person's app is nobody's child's.
    let answers = json!([{ "name": "keyword", "value": { "text": "企业" } }]);
    let refused = parent.submits("sme_policy_search", &answers).await;
    assert_eq!(codes(&refused), ["CONFLICT"], "{refused}");
    // Payments stay the payer's own.
    acts_as(&parent, &Value::Null).await;
    app.levers.advance(24 * 3_600).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legal_person_acts_by_its_representative_and_by_operators_of_theirs() {
    let app = TestApp::start().await;
    let (head, stranger) = (app.citizen().await, app.citizen().await);
    let base = app.node.base_url.clone();
    // Apps of companies are in the native app alone.
    let clerk = app.levers.citizen().await;
    let clerk = Citizen::signs_in_by_phone(&base, &app.levers, clerk).await;
    let company = app.levers.pull("companies", json!({ "name": "西溪样例有限公司" })).await;
    let other = app.levers.pull("companies", json!({ "name": "别家有限公司" })).await;
    let uscc = company["uscc"].as_str().unwrap();
    let link = async |who: &Citizen, uscc: &Value| {
        asks(who, "linkLegalPerson", "LinkLegalPersonInput", json!({ "uscc": uscc })).await
    };
    assert_eq!(codes(&link(&head, &company["uscc"]).await), ["IDENTITY_LEVEL_TOO_LOW"]);
    for citizen in [&head, &clerk, &stranger] {
        citizen.proves_name().await;
        citizen.proves_face(&app.levers).await;
    }
    assert_eq!(
        codes(&link(&head, &company["uscc"]).await),
        ["INVALID"],
        "the register names nobody"
    );
    let path = format!("companies/{uscc}/representative");
    app.levers.pull(&path, json!({ "citizenId": head.facts["citizenId"] })).await;
    assert_eq!(codes(&link(&stranger, &company["uscc"]).await), ["INVALID"], "it names another");
    assert_eq!(
        codes(&link(&head, &json!("91330100XXXXXX0191")).await),
        ["INVALID"],
        "no such code"
    );
    let linked = link(&head, &company["uscc"]).await;
    assert_eq!(linked["mandate"]["kind"], "REPRESENTATIVE", "{linked}");
    assert_eq!(linked["mandate"]["legalPerson"]["name"], "西溪样例有限公司");
    let again = link(&head, &company["uscc"]).await;
    assert_eq!(again["mandate"]["id"], linked["mandate"]["id"], "again changes nothing");

    let authorise = async |by: &Citizen, uscc: &Value, whom: &Value| {
        let wish = json!({ "uscc": uscc, "name": whom["name"], "idCard": whom["idCard"] });
        asks(by, "authoriseOperator", "AuthoriseOperatorInput", wish).await
    };
    let nobody_here = app.levers.citizen().await;
    for (by, code, whom) in [
        (&stranger, &company["uscc"], &clerk.facts),
        (&head, &other["uscc"], &clerk.facts),
        (&head, &company["uscc"], &nobody_here),
        (&head, &company["uscc"], &json!({ "name": "别人", "idCard": clerk.facts["idCard"] })),
    ] {
        assert_eq!(codes(&authorise(by, code, whom).await), ["NOT_FOUND"]);
    }
    let authorised = authorise(&head, &company["uscc"], &clerk.facts).await;
    assert_eq!(authorised["mandate"]["status"], "ACTIVE", "{authorised}");
    assert_eq!(codes(&authorise(&head, &company["uscc"], &clerk.facts).await), ["CONFLICT"]);
    assert_eq!(
        codes(&authorise(&clerk, &company["uscc"], &stranger.facts).await),
        ["NOT_FOUND"],
        "an operator authorises nobody"
    );

    let own = json!([
        { "name": "uscc", "value": { "text": company["uscc"] } },
        { "name": "region", "value": { "text": "330100" } }
    ]);
    let own = codes(&clerk.submits("insured_unit_query", &own).await);
    assert_eq!(own, ["CONFLICT"], "a company's own is told to who acts for it alone");
    let id = &authorised["mandate"]["id"];
    assert_eq!(acts_as(&clerk, id).await["actingFor"]["id"], *id);
    let unit = async |code: &Value| {
        let answers = json!([
            { "name": "uscc", "value": { "text": code } },
            { "name": "region", "value": { "text": "330100" } }
        ]);
        clerk.submits("insured_unit_query", &answers).await
    };
    assert_eq!(codes(&unit(&other["uscc"]).await), ["INVALID"], "another company's code");
    assert_eq!(codes(&unit(&company["uscc"]).await), [""; 0]);
    let fine = clerk.submits("personal_social_insurance", &json!([])).await;
    assert_eq!(codes(&fine), ["CONFLICT"], "for persons alone: {fine}");

    let given = head.reads("{viewer{givenMandates{id kind acts{nodes{app}}}}}").await;
    let given = given["viewer"]["givenMandates"].as_array().unwrap().clone();
    assert_eq!(
        (given.len(), &given[0]["acts"]["nodes"][0]["app"]),
        (1, &json!("insured_unit_query"))
    );
    assert_eq!(by_id(&head, "revokeMandate", id).await["mandate"]["status"], "ENDED");
    assert_eq!(codes(&unit(&company["uscc"]).await), ["CONFLICT"], "at once");
    let back = authorise(&head, &company["uscc"], &clerk.facts).await;
    assert_eq!(back["mandate"]["status"], "ACTIVE", "a new one");

    // The register is asked anew after 30 days.
    app.levers.advance(30 * 24 * 3_600).await;
    let head = Citizen::signs_in(&base, &app.levers, head.facts.clone()).await;
    assert_eq!(codes(&authorise(&head, &company["uscc"], &stranger.facts).await), ["NOT_FOUND"]);
    assert_eq!(codes(&link(&head, &company["uscc"]).await), [""; 0]);
    app.finish().await;
}

/// Two accounts that become one keep what was done under either, and who was told what.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_keeps_mandates_acts_readings_and_both_audit_trails() {
    let app = TestApp::on_postgres().await;
    let base = app.node.base_url.clone();
    let elder = app.citizen().await;
    app.levers.advance(60).await;
    let younger = Citizen::signs_in_by_phone(&base, &app.levers, elder.facts.clone()).await;
    younger.proves_name().await;
    younger.proves_face(&app.levers).await;
    let child = app.levers.pull("citizens", json!({ "idCard": CHILD })).await;
    parent_of(&app, &younger.facts, &child).await;
    let mandate = asks_for_kin(&younger, &child).await["mandate"]["id"].clone();
    acts_as(&younger, &mandate).await;
    assert_eq!(codes(&insurance_of(&younger, &child).await), [""; 0]);
    let (fine, fen) = elder.finds_fine().await;
    let payment = elder.starts_paying(&fine, fen).await;
    app.levers.pays(&payment).await;
    elder.waits_for_receipt(&payment).await;
    let before = audit(&app).await;

    let id = elder.facts["citizenId"].as_str().unwrap();
    let code = app.levers.pull(&format!("citizens/{id}/wechat-code"), json!({})).await;
    let input = json!({ "by": { "weChat": { "code": code["code"] } } });
    let fields = "session{accessToken}";
    let merged = younger.mutation("mergePersons", "MergePersonsInput", fields, &input).await;
    assert_eq!(codes(&merged), [""; 0], "{merged}");

    let mine = "{viewer{payments{nodes{paymentNo}} actingFor{id} dataAccess{nodes{purpose}} \
                mandates{id acts{nodes{app}}}}}";
    let mine = elder.reads(mine).await["viewer"].clone();
    assert_eq!(mine["payments"]["nodes"][0]["paymentNo"], payment.as_str());
    assert_eq!(mine["mandates"][0]["id"], mandate, "{mine}");
    assert_eq!(mine["mandates"][0]["acts"]["nodes"][0]["app"], "personal_social_insurance");
    assert_eq!(mine["dataAccess"]["nodes"].as_array().unwrap().len(), 1, "the own face");
    assert!(mine["actingFor"].is_null(), "no session begins to act by itself");
    assert_eq!(acts_as(&elder, &mandate).await["actingFor"]["id"], mandate);
    let after = audit(&app).await;
    assert_eq!(after[..before.len()], before, "no line of either is rewritten");
    let new: Vec<_> = after[before.len()..].iter().map(|(_, act)| act.as_str()).collect();
    assert_eq!(new, ["PERSON_MERGED", "PERSON_MERGED_INTO"]);
    app.finish().await;
}

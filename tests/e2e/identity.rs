//! Sign-in, sessions, identity levels, and the apps that need them.

use serde_json::json;
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};

#[tokio::test(flavor = "multi_thread")]
async fn codes_work_once_and_the_same_person_comes_back() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let me = "{viewer{person{id identityLevel phone}}}";
    let first = citizen.reads(me).await;
    assert_eq!(first["viewer"]["person"]["identityLevel"], "PHONE");
    assert!(first["viewer"]["person"]["phone"].as_str().unwrap().contains("****"));
    let base = app.node.base_url.clone();
    let again = Citizen::signs_in(&base, &app.levers, citizen.facts.clone()).await;
    assert_eq!(again.reads(me).await, first);

    let used = json!({ "by": { "weChat": { "code": "not-a-code" } } });
    let refused = citizen.mutation("signIn", "SignInInput", "session{accessToken}", &used).await;
    assert_eq!(codes(&refused), ["CODE_INVALID"]);
    assert!(citizen.anonymous().reads(me).await["viewer"].is_null());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_expire_rotate_and_are_never_silently_anonymous() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let refresh = |token: &str| json!({ "refreshToken": token });
    let fields = "session{accessToken refreshToken}";
    let input = refresh(&citizen.refresh_token);
    let renewed = citizen.mutation("refreshSession", "RefreshSessionInput", fields, &input).await;
    let access = renewed["session"]["accessToken"].as_str().unwrap().to_owned();
    let renewed_citizen = citizen.with_token(&access);
    renewed_citizen.reads("{viewer{person{id}}}").await;

    let old = citizen.ask("{viewer{person{id}}}", json!({})).await;
    assert_eq!(old["errors"][0]["extensions"]["code"], "NOT_SIGNED_IN");
    let anonymous = citizen.anonymous();
    let reused = anonymous.mutation("refreshSession", "RefreshSessionInput", fields, &input).await;
    assert_eq!(codes(&reused), ["CODE_INVALID"], "a used refresh token is a stolen one");
    let ended = renewed_citizen.ask("{viewer{person{id}}}", json!({})).await;
    assert_eq!(ended["errors"][0]["extensions"]["code"], "NOT_SIGNED_IN", "and ends the session");

    let other = app.citizen().await;
    app.levers.advance(2 * 3600 + 1).await;
    let late = other.ask("{viewer{person{id}}}", json!({})).await;
    assert_eq!(late["errors"][0]["extensions"]["code"], "NOT_SIGNED_IN");
    app.finish().await;
}

/// Proves name and face.
async fn proves(app: &TestApp, citizen: &Citizen) {
    let own = json!({ "name": citizen.facts["name"], "idCard": citizen.facts["idCard"] });
    let wrong = json!({ "name": "张冠", "idCard": citizen.facts["idCard"] });
    let name = |input: serde_json::Value| async move {
        let fields = "person{identityLevel idCard}";
        citizen.mutation("verifyRealName", "VerifyRealNameInput", fields, &input).await
    };
    assert_eq!(codes(&name(wrong).await), ["INVALID"]);
    let proved = name(own).await;
    assert_eq!(proved["person"]["identityLevel"], "REAL_NAME", "{proved}");
    assert!(proved["person"]["idCard"].as_str().unwrap().contains("**********"));

    let start = "mutation{startFaceCheck{ticket url userErrors{code}}}";
    let started = citizen.reads(start).await["startFaceCheck"].clone();
    let ticket = started["ticket"].as_str().unwrap().to_owned();
    let input = json!({ "ticket": ticket });
    let fields = "state person{identityLevel}";
    let finish = || citizen.mutation("finishFaceCheck", "FinishFaceCheckInput", fields, &input);
    assert_eq!(finish().await["state"], "PENDING");
    app.levers.pull(&format!("face/{ticket}"), json!({ "passed": true })).await;
    let done = finish().await;
    assert_eq!(
        (&done["state"], &done["person"]["identityLevel"]),
        (&json!("PASSED"), &json!("FACE"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_apps_run_by_data_alone() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let text =
        |name: &str, text: &serde_json::Value| json!({ "name": name, "value": { "text": text } });
    let air = json!([text("region", &json!("330106"))]);
    let air = citizen.anonymous().submits("air_quality", &air).await;
    assert!(!air["outcome"]["rows"].as_array().unwrap().is_empty(), "{air}");
    let born = json!([text("name", &json!("沈若水"))]);
    let born = citizen.anonymous().submits("newborn_name_duplicates", &born).await;
    assert!(born["outcome"]["rows"][0]["fields"].as_array().unwrap().len() >= 4, "{born}");

    proves(&app, &citizen).await;
    let own = [text("name", &citizen.facts["name"]), text("id_card", &citizen.facts["idCard"])];
    let insurance = json!([own[0], own[1], text("region", &json!("330100"))]);
    let insurance = citizen.submits("personal_social_insurance", &insurance).await;
    assert_eq!(insurance["outcome"]["rows"].as_array().unwrap().len(), 1, "{insurance}");
    let centre = json!({ "name": "centre", "value": { "choice": "杭州" } });
    let fund = json!({ "app": "housing_fund_query", "formVersion": 1, "region": "330100",
        "answers": [own[0], own[1], centre] });
    let fields = "outcome{... on LookupResult{rows{fields{value}}}}";
    let fund = citizen.mutation("submitApp", "SubmitAppInput", fields, &fund).await;
    assert_eq!(fund["outcome"]["rows"].as_array().unwrap().len(), 1, "{fund}");

    let other = app.citizen().await;
    let spying = json!([
        text("name", &other.facts["name"]),
        text("id_card", &other.facts["idCard"]),
        text("region", &json!("330100"))
    ]);
    let spying = citizen.submits("personal_social_insurance", &spying).await;
    assert!(
        spying["outcome"].is_null() && !codes(&spying).is_empty(),
        "nobody reads another's data"
    );

    let notices = citizen.reads("{viewer{notices(payable:true){nodes{id noticeNo status}}}}").await;
    let nodes = notices["viewer"]["notices"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 1, "{notices}");
    assert_eq!(nodes[0]["status"], "PAYABLE");
    let node = format!("{{node(id:{}){{... on Notice{{noticeNo}}}}}}", nodes[0]["id"]);
    assert_eq!(citizen.reads(&node).await["node"]["noticeNo"], nodes[0]["noticeNo"]);
    assert!(other.reads(&node).await["node"].is_null(), "not theirs to see");
    assert!(other.anonymous().reads(&node).await["node"].is_null());

    let taken = json!({ "name": citizen.facts["name"], "idCard": citizen.facts["idCard"] });
    let taken = other.mutation("verifyRealName", "VerifyRealNameInput", "person{id}", &taken).await;
    assert_eq!(codes(&taken), ["LINKED_TO_ANOTHER_PERSON"]);
    app.finish().await;
}

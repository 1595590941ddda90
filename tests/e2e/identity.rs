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

    let started = citizen.starts_face_check("face-check-0001").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_session_stays_on_its_channel() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let alipay = [("X-Channel", "alipay")];
    // WeChat's cashier is opened for a session of WeChat, whatever the header says.
    let (fine, fen) = citizen.finds_fine().await;
    let wish = json!({ "noticeNos": [fine], "rail": "WECHAT_PAY", "expectedTotal": fen,
        "idempotencyKey": "key-of-channel" });
    let pay = ("startPayment", "StartPaymentInput", "cashier{__typename} userErrors{code}");
    let started = citizen.mutation_with(&alipay, pay, &wish).await;
    assert_eq!(started["cashier"]["__typename"], "WeChatMiniCashier", "{started}");

    let nobody = citizen.anonymous();
    let refresh = async |headers: &[(&str, &str)], token: &str| {
        let fields = "session{accessToken refreshToken channel} userErrors{code}";
        let what = ("refreshSession", "RefreshSessionInput", fields);
        nobody.mutation_with(headers, what, &json!({ "refreshToken": token })).await
    };
    let token = citizen.refresh_token.as_str();
    for channel in ["alipay", "app"] {
        let refused = refresh(&[("X-Channel", channel)], token).await;
        assert_eq!(codes(&refused), ["CODE_INVALID"], "{channel}");
    }
    citizen.reads("{viewer{person{id}}}").await;
    let renewed = refresh(&[("X-Channel", "wechat")], token).await;
    assert_eq!(renewed["session"]["channel"], "WECHAT", "{renewed}");
    let renewed = refresh(&[], renewed["session"]["refreshToken"].as_str().unwrap()).await;
    assert_eq!(renewed["session"]["channel"], "WECHAT", "{renewed}");
    let unknown = json!({ "query": "{viewer{person{id}}}" }).to_string();
    let headers = [("Content-Type", "application/json"), ("X-Channel", "fax")];
    let url = format!("{}/graphql", app.node.base_url);
    let (_, _, answer) = tests::levers::Http::default().send_with(&url, &headers, &unknown).await;
    assert!(answer.contains("BAD_INPUT"), "{answer}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_channel_or_too_old_signs_nobody_in() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let id = citizen.facts["citizenId"].as_str().unwrap().to_owned();
    let nobody = citizen.anonymous();
    let signs_in = async |by: serde_json::Value| {
        let input = json!({ "by": by });
        codes(&nobody.mutation("signIn", "SignInInput", "session{accessToken}", &input).await)
    };
    let made =
        async |kind: &str| app.levers.pull(&format!("citizens/{id}/{kind}-code"), json!({})).await;
    let we_chat = made("wechat").await["code"].clone();
    let alipay = made("alipay").await["authCode"].clone();
    let crossed = json!({ "alipay": { "authCode": we_chat } });
    assert_eq!(signs_in(crossed).await, ["CODE_INVALID"], "WeChat's code at Alipay");
    let crossed = json!({ "weChat": { "code": alipay } });
    assert_eq!(signs_in(crossed).await, ["CODE_INVALID"], "Alipay's code at WeChat");

    let (we_chat, alipay) = (made("wechat").await, made("alipay").await);
    app.levers.advance(24 * 3_600).await;
    assert_eq!(signs_in(json!({ "weChat": { "code": we_chat["code"] } })).await, ["CODE_INVALID"]);
    let old = json!({ "alipay": { "authCode": alipay["authCode"] } });
    assert_eq!(signs_in(old).await, ["CODE_INVALID"]);

    let fresh = made("wechat").await["code"].clone();
    let by = json!({ "weChat": { "code": fresh } });
    assert_eq!(signs_in(by.clone()).await, [""; 0]);
    assert_eq!(signs_in(by).await, ["CODE_INVALID"], "used");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_for_faces_is_closed_to_names_and_a_name_comes_before_the_face() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    assert_eq!(codes(&citizen.starts_face_check("short").await), ["INVALID"]);
    let early = citizen.starts_face_check("face-check-0001").await;
    assert_eq!(codes(&early), ["IDENTITY_LEVEL_TOO_LOW"], "the name comes first");
    let insurance = json!([
        { "name": "name", "value": { "text": citizen.facts["name"] } },
        { "name": "id_card", "value": { "text": citizen.facts["idCard"] } },
        { "name": "region", "value": { "text": "330000" } }
    ]);
    let asks = async || codes(&citizen.submits("personal_social_insurance", &insurance).await);
    assert_eq!(asks().await, ["IDENTITY_LEVEL_TOO_LOW"], "a phone is not enough");
    citizen.proves_name().await;
    assert_eq!(asks().await, ["IDENTITY_LEVEL_TOO_LOW"], "a name is not enough");

    let other = app.citizen().await;
    other.proves_name().await;
    let ticket = citizen.starts_face_check("face-check-0001").await["ticket"].clone();
    let input = json!({ "ticket": ticket });
    let finish = async |who: &Citizen| {
        who.mutation("finishFaceCheck", "FinishFaceCheckInput", "state", &input).await
    };
    let path = format!("face/{}", ticket.as_str().unwrap());
    app.levers.pull(&path, json!({ "passed": false })).await;
    assert_eq!(finish(&citizen).await["state"], "FAILED");
    assert_eq!(asks().await, ["IDENTITY_LEVEL_TOO_LOW"], "a face that is another's");
    app.levers.pull(&path, json!({ "passed": true })).await;
    assert_eq!(codes(&finish(&other).await), ["CODE_INVALID"], "not their ticket");
    assert_eq!(asks().await, ["IDENTITY_LEVEL_TOO_LOW"]);
    assert_eq!(finish(&citizen).await["state"], "PASSED");
    assert_eq!(asks().await, [""; 0]);
    app.finish().await;
}

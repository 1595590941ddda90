//! One account for one person: devices, favourites, linked channels, and two accounts that become
//! one with both histories.

use domain::identity::AuditTrail;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};

async fn proves_name(citizen: &Citizen) {
    let own = json!({ "name": citizen.facts["name"], "idCard": citizen.facts["idCard"] });
    let fields = "person{identityLevel}";
    let proved = citizen.mutation("verifyRealName", "VerifyRealNameInput", fields, &own).await;
    assert_eq!(proved["person"]["identityLevel"], "REAL_NAME", "{proved}");
}

async fn proves_face(app: &TestApp, citizen: &Citizen) {
    let ticket = citizen.starts_face_check("face-check-0001").await["ticket"].clone();
    let path = format!("face/{}", ticket.as_str().unwrap());
    app.levers.pull(&path, json!({ "passed": true })).await;
    let input = json!({ "ticket": ticket });
    let done = citizen.mutation("finishFaceCheck", "FinishFaceCheckInput", "state", &input).await;
    assert_eq!(done["state"], "PASSED");
}

/// What Alipay's mini-program has of this citizen at the moment.
async fn alipay_code(app: &TestApp, citizen: &Citizen) -> Value {
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let codes = app.levers.pull(&format!("citizens/{id}/alipay-code"), json!({})).await;
    json!({ "alipay": { "authCode": codes["authCode"] } })
}

async fn links(citizen: &Citizen, by: &Value, phone_code: Option<&str>) -> Value {
    let input = json!({ "by": by, "phoneCode": phone_code });
    let fields = "viewer{linkedChannels{channel linkedAt}}";
    citizen.mutation("linkChannel", "LinkChannelInput", fields, &input).await
}

async fn favours(citizen: &Citizen, app: &str, favourite: bool) -> Value {
    let input = json!({ "app": app, "favourite": favourite });
    citizen.mutation("setFavourite", "SetFavouriteInput", "favourites{slug}", &input).await
}

async fn revokes(citizen: &Citizen, session: &Value) -> Vec<String> {
    let input = json!({ "session": session });
    codes(&citizen.mutation("revokeSession", "RevokeSessionInput", "__typename", &input).await)
}

async fn is_signed_out(citizen: &Citizen) -> bool {
    let answer = citizen.ask("{viewer{person{id}}}", json!({})).await;
    answer["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN"
}

fn slugs(apps: &Value) -> Vec<&str> {
    apps.as_array().unwrap().iter().map(|app| app["slug"].as_str().unwrap()).collect()
}

const MINE: &str = "{viewer{person{id identityLevel} favourites{slug} recentApps{slug} \
                    notices{nodes{noticeNo}} payments{nodes{paymentNo status}} \
                    receipts{nodes{number}} linkedChannels{channel}}}";

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_sees_own_devices_and_signs_them_out() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    app.levers.advance(60).await;
    let base = app.node.base_url.clone();
    let second = Citizen::signs_in(&base, &app.levers, citizen.facts.clone()).await;
    let other = app.citizen().await;
    let query = "{viewer{sessions{id deviceName channel createdAt lastSeenAt current}}}";
    let seen = second.reads(query).await["viewer"]["sessions"].clone();
    let flags: Vec<_> = seen.as_array().unwrap().iter().map(|s| &s["current"]).collect();
    assert_eq!(flags, [true, false], "{seen}");
    assert_eq!((&seen[0]["channel"], &seen[0]["deviceName"]), (&json!("WECHAT"), &Value::Null));
    assert!(seen[0]["createdAt"].as_str() > seen[1]["createdAt"].as_str());

    let first = &seen[1]["id"];
    let node = format!("{{node(id:{first}){{__typename id}}}}");
    assert_eq!(second.reads(&node).await["node"]["__typename"], "Session");
    assert!(other.reads(&node).await["node"].is_null(), "not theirs to see");
    assert_eq!(revokes(&other, first).await, ["NOT_FOUND"]);
    for unknown in [json!("x"), seen[0]["id"].as_str().map(|id| json!(&id[1..])).unwrap()] {
        assert_eq!(revokes(&second, &unknown).await, ["NOT_FOUND"]);
    }
    assert!(!is_signed_out(&citizen).await);
    assert_eq!(revokes(&second, first).await, [""; 0]);
    assert!(is_signed_out(&citizen).await);
    let left = second.reads(query).await["viewer"]["sessions"].clone();
    assert_eq!(left.as_array().unwrap().len(), 1);
    let nobody = json!({ "i": { "session": first } });
    let asked = "mutation($i:RevokeSessionInput!){revokeSession(input:$i){userErrors{code}}}";
    let answer = second.anonymous().ask(asked, nobody).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_SIGNED_IN");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn favourites_keep_their_order_and_used_apps_come_first() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    for slug in ["air_quality", "weather_forecast", "air_quality"] {
        assert_eq!(codes(&favours(&citizen, slug, true).await), [""; 0]);
    }
    let set = favours(&citizen, "typhoon_track", true).await;
    assert_eq!(slugs(&set["favourites"]), ["air_quality", "weather_forecast", "typhoon_track"]);
    for (slug, favourite) in [("no_such_app", true), ("no_such_app", false), ("Not A Slug", true)] {
        assert_eq!(codes(&favours(&citizen, slug, favourite).await), ["NOT_FOUND"], "{slug}");
    }
    let set = favours(&citizen, "weather_forecast", false).await;
    assert_eq!(slugs(&set["favourites"]), ["air_quality", "typhoon_track"]);
    let every = citizen.reads("{categories{apps{slug}}}").await;
    let every = every["categories"].as_array().unwrap().iter().flat_map(|c| slugs(&c["apps"]));
    for slug in every.filter(|s| !["air_quality", "typhoon_track"].contains(s)).take(48) {
        assert_eq!(codes(&favours(&citizen, slug, true).await), [""; 0], "{slug}");
    }
    let full = favours(&citizen, "weather_forecast", true).await;
    let most = citizen.reads("{viewer{favourites{slug}}}").await["viewer"]["favourites"].clone();
    if slugs(&most).contains(&"weather_forecast") {
        assert_eq!(codes(&full), [""; 0], "it was among the first 48");
    } else {
        assert_eq!(codes(&full), ["CONFLICT"]);
    }
    assert_eq!(slugs(&most).len(), 50);

    let recent = async |first: u8| {
        let query = format!("{{viewer{{recentApps(first:{first}){{slug}}}}}}");
        citizen.reads(&query).await["viewer"]["recentApps"].clone()
    };
    assert_eq!(recent(8).await, json!([]));
    citizen.finds_fine().await;
    let air = json!([{ "name": "region", "value": { "text": "330106" } }]);
    citizen.submits("air_quality", &air).await;
    citizen.submits("air_quality", &json!([])).await; // Refused: nothing came of it.
    assert_eq!(slugs(&recent(8).await), ["air_quality", "traffic_violation_query"]);
    citizen.finds_fine().await;
    assert_eq!(slugs(&recent(1).await), ["traffic_violation_query"]);
    app.finish().await;
}

/// The line of "It must show": by WeChat, by Alipay, the same account.
#[tokio::test(flavor = "multi_thread")]
async fn who_links_alipay_and_signs_in_there_sees_the_same() {
    for app in [TestApp::start().await, TestApp::on_postgres().await] {
        let citizen = app.citizen().await;
        let by = alipay_code(&app, &citizen).await;
        assert_eq!(codes(&links(&citizen, &by, None).await), ["IDENTITY_LEVEL_TOO_LOW"]);
        proves_name(&citizen).await;
        assert_eq!(codes(&links(&citizen, &by, None).await), ["STEP_UP_REQUIRED"]);
        proves_face(&app, &citizen).await;
        let linked = links(&citizen, &by, None).await;
        assert_eq!(codes(&linked), [""; 0], "no code was used up by the refusals: {linked}");
        let channels = linked["viewer"]["linkedChannels"].as_array().unwrap();
        let channels: Vec<_> = channels.iter().map(|link| &link["channel"]).collect();
        assert_eq!(channels, ["WECHAT", "ALIPAY"]);
        assert_eq!(codes(&links(&citizen, &by, None).await), ["CODE_INVALID"], "used");

        favours(&citizen, "typhoon_track", true).await;
        let (fine, fen) = citizen.finds_fine().await;
        let payment = citizen.starts_paying(&fine, fen).await;
        app.levers.pays(&payment).await;
        citizen.waits_for_receipt(&payment).await;

        let base = app.node.base_url.clone();
        let there = Citizen::signs_in_at_alipay(&base, &app.levers, citizen.facts.clone()).await;
        let (here, there_too) = (citizen.reads(MINE).await, there.reads(MINE).await);
        assert_eq!(here, there_too);
        assert_eq!(here["viewer"]["receipts"]["nodes"].as_array().unwrap().len(), 1);
        assert_eq!(slugs(&here["viewer"]["favourites"]), ["typhoon_track"]);

        let channel = |name: &str| json!({ "channel": name });
        let unlinks = async |name: &str| {
            let input = channel(name);
            let done =
                citizen.mutation("unlinkChannel", "UnlinkChannelInput", "__typename", &input);
            codes(&done.await)
        };
        assert_eq!(unlinks("APP").await, ["NOT_FOUND"]);
        assert_eq!(unlinks("ALIPAY").await, [""; 0]);
        assert!(is_signed_out(&there).await, "its sessions end with it");
        assert_eq!(unlinks("WECHAT").await, ["CONFLICT"], "never the last way in");
        let again = json!({ "by": alipay_code(&app, &citizen).await });
        let fields = "session{accessToken}";
        let again = there.anonymous().mutation("signIn", "SignInInput", fields, &again).await;
        let stranger = there.with_token(again["session"]["accessToken"].as_str().unwrap());
        assert_eq!(stranger.reads(MINE).await["viewer"]["payments"]["nodes"], json!([]));
        app.finish().await;
    }
}

async fn merges(citizen: &Citizen, by: &Value) -> Value {
    let fields = "session{accessToken channel} viewer{person{id identityLevel}}";
    let input = json!({ "by": by });
    citizen.mutation("mergePersons", "MergePersonsInput", fields, &input).await
}

async fn pays_fine(app: &TestApp, citizen: &Citizen, fen: i64) -> String {
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let fine = app.levers.notice(id, json!({ "amountFen": fen })).await;
    let payment = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment).await;
    citizen.waits_for_receipt(&payment).await;
    payment
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_become_one_with_both_histories_and_both_audit_trails() {
    let app = TestApp::on_postgres().await;
    let elder = app.citizen().await;
    let paid_first = pays_fine(&app, &elder, 12_300).await;
    favours(&elder, "air_quality", true).await;
    app.levers.advance(60).await;
    let base = app.node.base_url.clone();
    let younger = Citizen::signs_in_by_phone(&base, &app.levers, elder.facts.clone()).await;
    favours(&younger, "typhoon_track", true).await;
    let me = "{viewer{person{id} favourites{slug}}}";
    let (first, second) = (elder.reads(me).await, younger.reads(me).await);
    assert_ne!(first["viewer"]["person"]["id"], second["viewer"]["person"]["id"]);

    // The younger account proves who it is; the elder's holder is shown by a WeChat code.
    proves_name(&younger).await;
    proves_face(&app, &younger).await;
    let id = elder.facts["citizenId"].as_str().unwrap();
    let codes_of = app.levers.pull(&format!("citizens/{id}/wechat-code"), json!({})).await;
    let by = json!({ "weChat": { "code": codes_of["code"] } });
    let linked = links(&younger, &by, None).await;
    assert_eq!(codes(&linked), ["LINKED_TO_ANOTHER_PERSON"]);
    assert_eq!(codes(&merges(&younger, &by).await), ["CODE_INVALID"], "used by that");
    let codes_of = app.levers.pull(&format!("citizens/{id}/wechat-code"), json!({})).await;
    let by = json!({ "weChat": { "code": codes_of["code"] } });
    let merged = merges(&younger, &by).await;
    assert_eq!(codes(&merged), [""; 0], "{merged}");
    assert_eq!(merged["viewer"]["person"]["id"], first["viewer"]["person"]["id"], "the elder");
    assert_eq!(merged["viewer"]["person"]["identityLevel"], "FACE");
    assert_eq!(merged["session"]["channel"], "APP");
    assert!(is_signed_out(&younger).await, "the merged account's sessions end");
    let renewed = younger.with_token(merged["session"]["accessToken"].as_str().unwrap());

    let here = elder.reads(MINE).await;
    assert_eq!(here, renewed.reads(MINE).await, "one account, wherever");
    let viewer = &here["viewer"];
    assert_eq!(slugs(&viewer["favourites"]), ["air_quality", "typhoon_track"]);
    assert_eq!(viewer["payments"]["nodes"][0]["paymentNo"], paid_first.as_str());
    assert_eq!(viewer["receipts"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(app.counts("person WHERE merged_into IS NOT NULL").await, 1);

    let store = &app.node.store;
    let lines = AuditTrail::list(store, None, 20).await.unwrap();
    let acts: Vec<_> = lines.iter().rev().map(|line| line.record.act.as_str()).collect();
    assert!(acts.ends_with(&["PERSON_MERGED", "PERSON_MERGED_INTO"]), "{acts:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_younger_account_paid_stays_its_own_row_and_is_the_elders_to_see() {
    let app = TestApp::start().await;
    let younger_facts = app.levers.citizen().await;
    let base = app.node.base_url.clone();
    let elder = Citizen::signs_in_by_phone(&base, &app.levers, younger_facts.clone()).await;
    app.levers.advance(61).await;
    let younger = Citizen::signs_in(&base, &app.levers, younger_facts).await;
    let payment = pays_fine(&app, &younger, 45_600).await;
    let owner = app.counts("(SELECT DISTINCT person_id FROM payment) AS owners").await;
    assert_eq!(owner, 1);
    let foreign = "{viewer{payments{nodes{id paymentNo}}}}";
    let node = younger.reads(foreign).await["viewer"]["payments"]["nodes"][0]["id"].clone();
    let node = format!("{{node(id:{node}){{... on Payment{{paymentNo}}}}}}");
    assert!(elder.reads(&node).await["node"].is_null(), "two accounts yet");

    proves_name(&elder).await;
    proves_face(&app, &elder).await;
    let id = elder.facts["citizenId"].as_str().unwrap();
    let codes_of = app.levers.pull(&format!("citizens/{id}/wechat-code"), json!({})).await;
    let merged = merges(&elder, &json!({ "weChat": { "code": codes_of["code"] } })).await;
    assert_eq!(codes(&merged), [""; 0], "{merged}");
    assert!(merged["session"].is_null(), "the elder's session goes on");
    let seen = elder.reads(&node).await["node"].clone();
    assert_eq!(seen["paymentNo"], payment.as_str());
    let moved = "payment p JOIN person o ON o.id = p.person_id WHERE o.merged_into IS NOT NULL";
    assert_eq!(app.counts(moved).await, 1, "no row of money changes its owner");
    let refreshed = elder.refreshes(&payment).await;
    assert_eq!(refreshed["payment"]["status"], "PAID");
    // The same key again is the same payment, from the other account too.
    let fine = elder.payment(&payment).await["notices"][0]["noticeNo"].clone();
    let fine = fine.as_str().unwrap();
    let again = elder.starts(&Citizen::wish(fine, 45_600, &format!("key-{fine}"))).await;
    assert_eq!(again["payment"]["paymentNo"], payment.as_str(), "{again}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_opens_an_account_with_a_name_only_with_that_name() {
    let app = TestApp::start().await;
    let facts = app.levers.citizen().await;
    let base = app.node.base_url.clone();
    let citizen = Citizen::signs_in_by_phone(&base, &app.levers, facts.clone()).await;
    proves_name(&citizen).await;
    let nobody = citizen.anonymous();
    let signs_in = async |real_name: Value| {
        app.levers.advance(60).await;
        let sent = json!({ "phone": facts["phone"] });
        nobody.mutation("sendPhoneCode", "SendPhoneCodeInput", "nextAt", &sent).await;
        let messages = app.levers.look("sms").await["messages"].as_array().unwrap().clone();
        let code = messages.last().unwrap()["code"].clone();
        let phone = json!({ "phone": facts["phone"], "code": code, "realName": real_name });
        let input = json!({ "by": { "phone": phone } });
        nobody.mutation("signIn", "SignInInput", "session{channel}", &input).await
    };
    assert_eq!(codes(&signs_in(Value::Null).await), ["STEP_UP_REQUIRED"]);
    let other = json!({ "name": "张冠", "idCard": facts["idCard"] });
    assert_eq!(codes(&signs_in(other).await), ["STEP_UP_REQUIRED"]);
    let own = json!({ "name": facts["name"], "idCard": facts["idCard"] });
    assert_eq!(signs_in(own).await["session"]["channel"], "APP");
    app.finish().await;
}

//! What citizens are told: once, by the cheapest channel that they allowed, and never at night.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::levers::eventually;

/// What every test wants to know of a message.
const MESSAGES: &str = "{viewer{unreadMessages messages(first:20){nodes{\
     id group title body read about sentBy delivery}}}}";

/// The messages about a paid payment, as the citizen sees them.
async fn paid_messages(citizen: &Citizen) -> Vec<Value> {
    let seen = citizen.reads(MESSAGES).await["viewer"]["messages"]["nodes"].clone();
    let all = seen.as_array().unwrap().iter();
    all.filter(|message| message["title"] == "缴费成功").cloned().collect()
}

/// The message about the only paid payment, once it has come so far.
async fn waits_for(citizen: &Citizen, delivery: &str) -> Value {
    eventually(&format!("a message that is {delivery}"), || async {
        let messages = paid_messages(citizen).await;
        messages.into_iter().find(|message| message["delivery"] == delivery)
    })
    .await
}

/// What one carrier took, from whomever.
async fn took(app: &TestApp, carrier: &str) -> Vec<Value> {
    let sent = app.levers.look("messages").await["messages"].clone();
    sent.as_array().unwrap().iter().filter(|one| one["carrier"] == carrier).cloned().collect()
}

async fn templates(citizen: &Citizen) -> Vec<Value> {
    let asked = "{viewer{messageTemplates{templateId groups allowed}}}";
    citizen.reads(asked).await["viewer"]["messageTemplates"].as_array().unwrap().clone()
}

/// The citizen taps "allow" for everything in the mini-program's window.
async fn allows(app: &TestApp, citizen: &Citizen, carrier: &str) {
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let ids: Vec<Value> =
        templates(citizen).await.iter().map(|one| one["templateId"].clone()).collect();
    for template in &ids {
        let tap = json!({ "carrier": carrier, "templateId": template });
        app.levers.pull(&format!("citizens/{id}/subscription"), tap).await;
    }
    let told = json!({ "templateIds": ids });
    let noted = citizen
        .mutation("reportMessageGrants", "ReportMessageGrantsInput", "templates{allowed}", &told)
        .await;
    assert_eq!(noted["userErrors"], json!([]), "{noted}");
}

async fn pays(app: &TestApp, citizen: &Citizen) -> String {
    let (fine, fen) = citizen.finds_fine().await;
    let no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&no).await;
    citizen.waits_for(&no, "PAID").await;
    no
}

#[tokio::test(flavor = "multi_thread")]
async fn who_allowed_it_is_told_by_we_chat_once_and_sees_that_it_arrived() {
    let app = TestApp::start().await;
    let url = format!("{}/callbacks/wechat-messages", app.node.base_url);
    app.levers.pull("wechat/message-push", json!({ "url": url })).await;
    let citizen = app.citizen().await;
    allows(&app, &citizen, "wechat").await;
    let no = pays(&app, &citizen).await;
    let message = waits_for(&citizen, "DELIVERED").await;
    assert_eq!((&message["sentBy"], &message["group"]), (&json!("WECHAT"), &json!("MONEY")));
    assert!(message["body"].as_str().unwrap().contains(&no), "{message}");
    let sent = took(&app, "wechat").await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["to"], citizen.facts["openId"]);
    assert_eq!(sent[0]["content"]["character_string4"]["value"], no);
    assert_eq!(took(&app, "sms").await, Vec::<Value>::new());
    let about = json!({ "id": message["about"] });
    let found = citizen.ask("query($id:ID!){node(id:$id){...on Payment{paymentNo}}}", about).await;
    assert_eq!(found["data"]["node"]["paymentNo"], no, "{found}");
    let left = templates(&citizen).await;
    let used = left.iter().filter(|template| template["allowed"] == 0).count();
    assert_eq!(used, 1, "{left:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_allowed_nothing_gets_a_text_message_and_it_is_reported() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    pays(&app, &citizen).await;
    waits_for(&citizen, "SENT").await;
    app.levers.advance(15).await;
    let message = waits_for(&citizen, "DELIVERED").await;
    assert_eq!(message["sentBy"], "SMS");
    let sent = took(&app, "sms").await;
    assert_eq!((sent.len(), &sent[0]["to"]), (1, &citizen.facts["phone"]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_did_not_arrive_goes_by_the_next_channel() {
    let app = TestApp::start().await;
    let url = format!("{}/callbacks/wechat-messages", app.node.base_url);
    app.levers.pull("wechat/message-push", json!({ "url": url })).await;
    app.levers.pull("messages/fail-next", json!({ "carrier": "wechat" })).await;
    let citizen = app.citizen().await;
    allows(&app, &citizen, "wechat").await;
    pays(&app, &citizen).await;
    eventually("a text message", || async { (took(&app, "sms").await.len() == 1).then_some(()) })
        .await;
    assert_eq!(took(&app, "wechat").await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_withdrew_at_we_chat_gets_a_text_message() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    allows(&app, &citizen, "wechat").await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    for template in templates(&citizen).await {
        let wish =
            json!({ "carrier": "wechat", "templateId": template["templateId"], "reject": true });
        app.levers.pull(&format!("citizens/{id}/subscription"), wish).await;
    }
    pays(&app, &citizen).await;
    let message = waits_for(&citizen, "SENT").await;
    assert_eq!(message["sentBy"], "SMS", "43101 is final");
    assert_eq!(took(&app, "wechat").await, Vec::<Value>::new());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_never_followed_by_a_second_message() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    allows(&app, &citizen, "wechat").await;
    app.levers.fault("wechat", "message", "lost-answer", 1).await;
    pays(&app, &citizen).await;
    let message = waits_for(&citizen, "OUTCOME_UNKNOWN").await;
    assert_eq!(message["sentBy"], "WECHAT");
    app.levers.advance(3600).await;
    // A later payment's message shows that the worker has been at it since.
    let other = app.citizen().await;
    pays(&app, &other).await;
    waits_for(&other, "SENT").await;
    assert_eq!(took(&app, "wechat").await.len(), 1, "sent once, though nobody said so");
    let phone = citizen.facts["phone"].clone();
    let texts = took(&app, "sms").await;
    assert!(texts.iter().all(|text| text["to"] != phone), "{texts:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_whose_answer_was_lost_is_asked_for_again_and_sent_once() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    app.levers.fault("exchange", "messages.send_text", "lost-answer", 3).await;
    pays(&app, &citizen).await;
    eventually("the first try", || async { (took(&app, "sms").await.len() == 1).then_some(()) })
        .await;
    app.levers.clear_faults().await;
    eventually("a message that is sent", || async {
        app.levers.advance(20).await;
        let messages = paid_messages(&citizen).await;
        let delivery = messages.first().map(|message| message["delivery"].clone());
        (delivery == Some(json!("SENT")) || delivery == Some(json!("DELIVERED"))).then_some(())
    })
    .await;
    assert_eq!(took(&app, "sms").await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_night_the_message_stands_in_the_app_and_is_sent_in_the_morning() {
    let app = TestApp::start().await;
    // From 10:00 to 22:30.
    app.levers.advance(12 * 3600 + 1800).await;
    let citizen = app.citizen().await;
    pays(&app, &citizen).await;
    let message = waits_for(&citizen, "WAITING").await;
    assert_eq!(message["sentBy"], Value::Null);
    let other = app.citizen().await;
    pays(&app, &other).await;
    waits_for(&other, "WAITING").await;
    assert_eq!(took(&app, "sms").await, Vec::<Value>::new(), "not at night");
    app.levers.tomorrow_at("08:00").await;
    for asleep in [citizen, other] {
        let facts = asleep.facts;
        let awake = Citizen::signs_in(&app.node.base_url, &app.levers, facts).await;
        waits_for(&awake, "SENT").await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_are_kept_and_can_be_changed() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    allows(&app, &citizen, "wechat").await;
    let wish = |channels: Value| json!({ "group": "MONEY", "channels": channels });
    let set = |channels: Value| {
        let citizen = citizen.clone();
        async move {
            let fields = "preferences{group channels}";
            let input = "SetMessagePreferencesInput";
            citizen.mutation("setMessagePreferences", input, fields, &wish(channels)).await
        }
    };
    let kept = set(json!([])).await;
    assert_eq!(kept["preferences"][0], json!({ "group": "MONEY", "channels": [] }));
    pays(&app, &citizen).await;
    let message = waits_for(&citizen, "INBOX_ONLY").await;
    assert_eq!(message["sentBy"], Value::Null);
    assert_eq!(app.levers.look("messages").await["messages"], json!([]));
    let kept = set(json!(["SMS", "SMS"])).await;
    assert_eq!(kept["preferences"][0]["channels"], json!(["SMS"]));
    let read = citizen.reads("{viewer{messagePreferences{group channels}}}").await;
    assert_eq!(read["viewer"]["messagePreferences"], kept["preferences"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_read_by_their_owner_and_nobody_elses_exist() {
    let app = TestApp::start().await;
    let (citizen, other) = (app.citizen().await, app.citizen().await);
    pays(&app, &citizen).await;
    let message = waits_for(&citizen, "SENT").await;
    let mark = json!({ "messages": [message["id"]] });
    let (name, input) = ("markMessagesRead", "MarkMessagesReadInput");
    let refused = other.mutation(name, input, "unread", &mark).await;
    assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "{refused}");
    assert_eq!(refused["userErrors"][0]["field"], json!(["messages", "0"]));
    let node = "query($id:ID!){node(id:$id){...on Message{title}}}";
    let id = json!({ "id": message["id"] });
    assert_eq!(other.ask(node, id.clone()).await["data"]["node"], Value::Null);
    assert_eq!(citizen.ask(node, id).await["data"]["node"]["title"], "缴费成功");
    let before = citizen.reads(MESSAGES).await["viewer"]["unreadMessages"].as_i64().unwrap();
    let marked = citizen.mutation(name, input, "unread", &mark).await;
    assert_eq!(marked["userErrors"], json!([]), "{marked}");
    assert_eq!(marked["unread"].as_i64().unwrap(), before - 1);
    assert_eq!(paid_messages(&citizen).await[0]["read"], true);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_native_app_is_told_by_push_and_a_mini_program_has_no_token() {
    let app = TestApp::start().await;
    let mini = app.citizen().await;
    let token = json!({ "token": "device-token-1" });
    let (name, input) = ("registerPushDevice", "RegisterPushDeviceInput");
    // `userErrors` alone is asked for anyway.
    let refused = mini.mutation(name, input, "", &token).await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID", "{refused}");
    let citizen =
        Citizen::signs_in_by_phone(&app.node.base_url, &app.levers, mini.facts.clone()).await;
    let noted = citizen.mutation(name, input, "", &token).await;
    assert_eq!(noted["userErrors"], json!([]), "{noted}");
    assert_eq!(templates(&citizen).await, Vec::<Value>::new());
    app.node.stop().await;
    app.mocks.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_that_we_chat_did_not_sign_change_nothing() {
    let app = TestApp::start().await;
    let url = format!("{}/callbacks/wechat-messages", app.node.base_url);
    let http = tests::levers::Http::default();
    let query = "?signature=0&timestamp=1&nonce=1&msg_signature=0&echostr=1";
    let body = json!({ "ToUserName": "gh", "Encrypt": "AAAA" });
    let (status, _) = http.post(&format!("{url}{query}"), None, &body).await;
    assert_eq!(status, 401);
    let (status, _) = http.get(&format!("{url}{query}"), &[]).await;
    assert_eq!(status, 401);
    app.finish().await;
}

//! Whose answers a form takes: a company's code, one of two who marry, visitors; and for whom a key
//! was used.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::scenarios::booking::{chosen, definition, submits};

fn text(name: &str, text: &Value) -> Value {
    json!({ "name": name, "value": { "text": text } })
}

async fn proved_in_the_app(app: &TestApp) -> Citizen {
    let facts = app.levers.citizen().await;
    let citizen = Citizen::signs_in_by_phone(&app.node.base_url, &app.levers, facts).await;
    citizen.proves_name().await;
    citizen.proves_face(&app.levers).await;
    citizen
}

/// The payload of an app that certifies or opens a case.
async fn asks(citizen: &Citizen, app: &str, answers: &Value, key: &str) -> Value {
    let input = json!({
        "app": app, "region": "330100", "formVersion": definition(app).form_version,
        "answers": answers, "idempotencyKey": key,
    });
    let fields = "outcome{... on Certificate{serialNo holder} ... on Case{caseNo}}";
    citizen.mutation("submitApp", "SubmitAppInput", fields, &input).await
}

async fn acts_as(citizen: &Citizen, mandate: &Value) {
    let input = json!({ "mandate": mandate });
    let acting = citizen.mutation("actAs", "ActAsInput", "actingFor{id}", &input).await;
    assert_eq!(acting["actingFor"]["id"], *mandate, "{acting}");
}

/// The mandate of the citizen for a company that the register knows.
async fn company_of(app: &TestApp, citizen: &Citizen) -> (Value, Value) {
    let company = app.levers.pull("companies", json!({ "name": "西溪样例有限公司" })).await;
    let uscc = company["uscc"].clone();
    let path = format!("companies/{}/representative", uscc.as_str().unwrap());
    app.levers.pull(&path, json!({ "citizenId": citizen.facts["citizenId"] })).await;
    let input = json!({ "uscc": uscc });
    let fields = "mandate{id}";
    let linked = citizen.mutation("linkLegalPerson", "LinkLegalPersonInput", fields, &input).await;
    (uscc, linked["mandate"]["id"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companys_certificate_is_given_to_who_acts_for_it_and_to_nobody_else() {
    for app in [TestApp::start().await, TestApp::on_postgres().await] {
        let (head, stranger) = (proved_in_the_app(&app).await, proved_in_the_app(&app).await);
        let (uscc, mandate) = company_of(&app, &head).await;
        let (other, others) = company_of(&app, &stranger).await;
        let of = |uscc: &Value| {
            json!([
                text("uscc", uscc),
                text("region", &json!("330000")),
                text("month", &json!("2026-02")),
            ])
        };
        let asked = async |who: &Citizen, uscc: &Value, key: &str| {
            asks(who, "unit_insured_certificate", &of(uscc), key).await
        };
        let refused = asked(&stranger, &uscc, "unit-key-1").await;
        assert_eq!(codes(&refused), ["CONFLICT"], "{refused}");
        let words = refused["userErrors"][0]["message"].as_str().unwrap();
        assert!(words.contains("请先选择要代表的单位"), "{words}");
        assert_eq!(codes(&asked(&head, &uscc, "unit-key-1").await), ["CONFLICT"], "not acting yet");
        acts_as(&stranger, &others).await;
        let foreign = asked(&stranger, &uscc, "unit-key-1").await;
        assert_eq!(codes(&foreign), ["INVALID"], "an operator of another company: {foreign}");
        assert_eq!(foreign["userErrors"][0]["field"], json!(["answers", "uscc"]));
        acts_as(&head, &mandate).await;
        assert_eq!(codes(&asked(&head, &other, "unit-key-1").await), ["INVALID"]);
        assert_eq!(app.counts("certificate").await, 0, "nobody got one");
        let issued = asked(&head, &uscc, "unit-key-1").await;
        assert_eq!(issued["outcome"]["holder"], "西溪样例有限公司", "{issued}");
        // And the code fills itself in.
        let query = "{viewer{prefill(app:\"unit_insured_certificate\"){field value}}}";
        let prefill = head.reads(query).await["viewer"]["prefill"].to_string();
        assert!(prefill.contains(uscc.as_str().unwrap()), "{prefill}");
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_takes_part_in_a_draw_by_who_acts_for_it_alone() {
    let app = TestApp::start().await;
    let citizen = proved_in_the_app(&app).await;
    let (uscc, _) = company_of(&app, &citizen).await;
    let answers = json!([
        { "name": "applicant_kind", "value": { "choice": "单位" } },
        text("name", &citizen.facts["name"]),
        text("id_card", &citizen.facts["idCard"]),
        text("uscc", &uscc),
        { "name": "quota_kind", "value": { "choice": "单位普通" } },
    ]);
    let refused = asks(&citizen, "passenger_car_lottery", &answers, "lottery-key").await;
    let errors = refused["userErrors"].as_array().unwrap();
    let of_code = errors.iter().find(|error| error["field"] == json!(["answers", "uscc"]));
    let words = of_code.unwrap_or_else(|| panic!("{refused}"))["message"].as_str().unwrap();
    assert!(words.contains("请先选择要代表的单位"), "{words}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_for_somebody_else_is_another_submission() {
    for app in [TestApp::start().await, TestApp::on_postgres().await] {
        let parent = proved_in_the_app(&app).await;
        let wish = json!({ "idCard": "330106201806079004" });
        let child = app.levers.pull("citizens", wish).await;
        let family =
            json!({ "parentId": parent.facts["citizenId"], "childId": child["citizenId"] });
        app.levers.pull("families", family).await;
        let wish = json!({ "name": child["name"], "idCard": child["idCard"], "days": 30 });
        let fields = "mandate{id}";
        let asked = parent.mutation("requestProxy", "RequestProxyInput", fields, &wish).await;
        let none = json!([]);
        let own = asks(&parent, "my_licences", &none, "one-key-for-both").await;
        assert_eq!(own["userErrors"], json!([]), "{own}");
        acts_as(&parent, &asked["mandate"]["id"]).await;
        let theirs = asks(&parent, "my_licences", &none, "one-key-for-both").await;
        assert_eq!(codes(&theirs), ["IDEMPOTENCY_KEY_REUSED"], "{theirs}");
        assert!(theirs["outcome"].is_null(), "and not the own certificate: {theirs}");
        let fresh = asks(&parent, "my_licences", &none, "key-of-the-child").await;
        assert_ne!(fresh["outcome"]["serialNo"], own["outcome"]["serialNo"], "{fresh}");
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_books_a_wedding_is_one_of_the_two() {
    let app = TestApp::start().await;
    let (one, two, stranger) = (app.citizen().await, app.citizen().await, app.citizen().await);
    for citizen in [&one, &two, &stranger] {
        citizen.proves_name().await;
    }
    for slug in ["marriage_registration_booking", "divorce_registration_booking"] {
        let wedding = definition(slug);
        let in_app;
        // Divorces are not booked in WeChat.
        let (one, stranger) = match slug {
            "marriage_registration_booking" => (&one, &stranger),
            _ => {
                in_app = [proved_in_the_app(&app).await, proved_in_the_app(&app).await];
                (&in_app[0], &in_app[1])
            }
        };
        let answers = |male: &Citizen, female: &Citizen| {
            let own = |text: &Value| json!({ "text": text });
            let first = json!({ "first_option": true });
            std::collections::BTreeMap::from([
                ("male_name".to_owned(), own(&male.facts["name"])),
                ("male_id_card".to_owned(), own(&male.facts["idCard"])),
                ("female_name".to_owned(), own(&female.facts["name"])),
                ("female_id_card".to_owned(), own(&female.facts["idCard"])),
                ("phone".to_owned(), own(&male.facts["phone"])),
                ("registry".to_owned(), first.clone()),
                ("date".to_owned(), first.clone()),
                ("slot".to_owned(), first),
            ])
        };
        let books = async |who: &Citizen, male: &Citizen, female: &Citizen, key: &str| {
            let answers = chosen(who, &wedding, &answers(male, female)).await.unwrap();
            submits(who, &wedding, None, &answers, key).await["data"]["submitApp"].clone()
        };
        let refused = books(stranger, one, &two, "others-key").await;
        let at: Vec<_> = refused["userErrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["field"][1].clone())
            .collect();
        assert_eq!(at, [json!("male_id_card"), json!("female_id_card")], "{refused}");
        let words = refused["userErrors"][0]["message"].as_str().unwrap();
        assert!(words.contains("须有一项是您实名认证的本人信息"), "{words}");
        let held = books(one, &two, one, "own-key-1").await;
        assert_eq!(held["outcome"]["status"], "HELD", "as either of them: {held}");
    }
    assert_eq!(app.counts("booking").await, 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_come_to_a_museum_together_and_no_more() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let museum = definition("museum_booking");
    let books = async |visitors: i64| {
        let mut answers = tests::scenarios::booking::answers_of(&museum, &citizen.facts);
        answers.insert("visitors".to_owned(), json!({ "number": visitors }));
        let answers = chosen(&citizen, &museum, &answers).await.unwrap();
        let key = format!("visitors-{visitors}");
        submits(&citizen, &museum, None, &answers, &key).await["data"]["submitApp"].clone()
    };
    for outside in [0, 6] {
        let refused = books(outside).await;
        assert_eq!(refused["userErrors"][0]["field"], json!(["answers", "visitors"]), "{refused}");
        let words = refused["userErrors"][0]["message"].as_str().unwrap();
        assert!(words.contains("应为1至5"), "{words}");
    }
    assert_eq!(books(5).await["outcome"]["places"], 5);
    app.finish().await;
}

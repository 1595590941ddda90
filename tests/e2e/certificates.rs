//! Certificates: issued once, verified by anybody who holds one, read by nobody else.

use crate::documents::read_text;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::Http;
use tests::scenarios::{proves_face, proves_name};

const CERTIFICATE: &str = "__typename ... on Certificate{id serialNo authorisationCode app title \
     issuer holder status issuedAt validTo byPost verifyUrl pdfUrl rows{fields{name label value}}}";

/// A citizen who has shown the face, come in by this channel.
async fn proved(app: &TestApp, channel: &str) -> Citizen {
    let (base, levers) = (&app.node.base_url, &app.levers);
    let facts = levers.citizen().await;
    let citizen = match channel {
        "APP" => Citizen::signs_in_by_phone(base, levers, facts).await,
        "ALIPAY" => Citizen::signs_in_at_alipay(base, levers, facts).await,
        _ => Citizen::signs_in(base, levers, facts).await,
    };
    proves_name(&citizen).await;
    proves_face(app, &citizen).await;
    citizen
}

fn text(name: &str, value: &Value) -> Value {
    json!({ "name": name, "value": { "text": value } })
}

/// The form of the certificate of the insured; 330000 has everybody.
fn insured(citizen: &Citizen, months: &str) -> Value {
    json!([
        text("name", &citizen.facts["name"]),
        text("id_card", &citizen.facts["idCard"]),
        text("region", &json!("330000")),
        { "name": "months", "value": { "choice": months } },
    ])
}

async fn submits(citizen: &Citizen, app: &str, answers: &Value, key: &str) -> Value {
    let input = json!({
        "app": app, "formVersion": 1, "answers": answers, "idempotencyKey": key
    });
    let fields = format!("outcome{{{CERTIFICATE}}}");
    citizen.mutation("submitApp", "SubmitAppInput", &fields, &input).await
}

async fn issued(citizen: &Citizen, key: &str) -> Value {
    let payload = submits(citizen, "insured_certificate", &insured(citizen, "12"), key).await;
    assert_eq!(payload["outcome"]["__typename"], "Certificate", "{payload}");
    payload["outcome"].clone()
}

async fn verifies(anybody: &Citizen, serial: &Value, code: &Value) -> Value {
    let query = "query($s:String!,$c:String!){verifyCertificate(serialNo:$s,authorisationCode:$c)\
                 {status certificate{serialNo title issuer holder rows{fields{value}}}}}";
    let answer = anybody.ask(query, json!({ "s": serial, "c": code })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["verifyCertificate"].clone()
}

fn unknown() -> Value {
    json!({ "status": "UNKNOWN", "certificate": null })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_issued_once_on_each_channel_that_offers_it() {
    let app = TestApp::start().await;
    for channel in ["APP", "ALIPAY"] {
        let citizen = proved(&app, channel).await;
        let first = issued(&citizen, "key-first-1").await;
        assert_eq!((&first["status"], &first["byPost"]), (&json!("VALID"), &json!(false)));
        assert!(first["validTo"].as_str().unwrap().starts_with("2026-06-03T00:00:00"), "{first}");
        assert_ne!(first["holder"], citizen.facts["name"], "masked");
        let again = issued(&citizen, "key-first-1").await;
        assert_eq!(again["serialNo"], first["serialNo"], "the second click");
        let answers = insured(&citizen, "24");
        let other = submits(&citizen, "insured_certificate", &answers, "key-first-1").await;
        assert_eq!(codes(&other), ["IDEMPOTENCY_KEY_REUSED"], "{other}");
        let anew = issued(&citizen, "key-second").await;
        assert_ne!(anew["serialNo"], first["serialNo"]);
        let keyless = citizen.submits("insured_certificate", &answers).await;
        assert_eq!(codes(&keyless), ["REQUIRED"], "{keyless}");

        let mine =
            "{viewer{certificates(first:1){nodes{serialNo} pageInfo{hasNextPage endCursor}}}}";
        let page = citizen.reads(mine).await["viewer"]["certificates"].clone();
        assert_eq!(page["nodes"], json!([{ "serialNo": anew["serialNo"] }]), "newest first");
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
        let query = "query($a:String){viewer{certificates(after:$a){nodes{serialNo}}}}";
        let cursor = json!({ "a": page["pageInfo"]["endCursor"] });
        let rest = citizen.ask(query, cursor.clone()).await["data"]["viewer"].clone();
        assert_eq!(rest["certificates"]["nodes"], json!([{ "serialNo": first["serialNo"] }]));
        let stranger = app.citizen().await;
        let refused = stranger.ask(query, cursor).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_INPUT", "{refused}");
    }
    let in_we_chat = proved(&app, "WECHAT").await;
    let closed = insured(&in_we_chat, "12");
    let closed = submits(&in_we_chat, "insured_certificate", &closed, "key-wechat").await;
    assert_eq!(codes(&closed), ["APP_NOT_OPEN"], "not offered there: {closed}");
    let licences = submits(&in_we_chat, "my_licences", &json!([]), "key-licences").await;
    assert_eq!(licences["outcome"]["rows"].as_array().map(Vec::len), Some(4), "{licences}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clicks_at_once_are_one_certificate() {
    let app = TestApp::start().await;
    let citizen = proved(&app, "APP").await;
    let clicks: Vec<_> = (0..6)
        .map(|_| {
            let citizen = citizen.clone();
            tokio::spawn(async move { issued(&citizen, "key-of-many").await["serialNo"].clone() })
        })
        .collect();
    let mut serials = Vec::new();
    for click in clicks {
        serials.push(click.await.unwrap().to_string());
    }
    serials.dedup();
    assert_eq!(serials.len(), 1, "{serials:?}");
    assert_eq!(app.counts("certificate").await, 1);
    assert_eq!(app.counts("message_event WHERE kind = 'CERTIFICATE_ISSUED'").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_a_certificate_verifies_it_and_a_wrong_code_tells_nothing() {
    let app = TestApp::start().await;
    let citizen = proved(&app, "APP").await;
    let anybody = citizen.anonymous();
    let one = issued(&citizen, "key-verify-1").await;
    let (serial, code) = (&one["serialNo"], &one["authorisationCode"]);
    let good = verifies(&anybody, serial, code).await;
    let shown = &good["certificate"];
    assert_eq!((&good["status"], &shown["title"]), (&json!("VALID"), &one["title"]));
    assert_eq!(shown["holder"], one["holder"]);
    assert!(!shown["rows"].as_array().unwrap().is_empty(), "to compare with: {good}");
    assert!(!good.to_string().contains(citizen.facts["name"].as_str().unwrap()), "{good}");
    let squeezed = json!(code.as_str().unwrap().replace('-', "").to_lowercase());
    assert_eq!(verifies(&anybody, serial, &squeezed).await["status"], "VALID");

    let scan = "query($t:String!){resolveScan(text:$t){... on CertificateVerification{status}}}";
    let scanned = anybody.ask(scan, json!({ "t": one["verifyUrl"] })).await;
    assert_eq!(scanned["data"]["resolveScan"]["status"], "VALID", "{scanned}");

    let nowhere = json!("ZM20260302000000000000");
    for (serial, code) in [
        (serial, &json!("ZZZZ-ZZZZ-ZZZZ")),
        (serial, &json!("")),
        (&nowhere, code),
        (&json!("' OR 1=1"), code),
        (&json!("9".repeat(3_000)), &json!("9".repeat(3_000))),
    ] {
        assert_eq!(verifies(&anybody, serial, code).await, unknown());
    }
    for _ in 0..9 {
        verifies(&anybody, serial, &json!("YYYY-YYYY-YYYY")).await;
    }
    assert_eq!(verifies(&anybody, serial, code).await, unknown(), "ten were wrong");
    app.levers.advance(3_601).await;
    assert_eq!(verifies(&anybody, serial, code).await["status"], "VALID");

    app.levers.advance(95 * 86_400).await;
    let late = verifies(&anybody, serial, code).await;
    assert_eq!((&late["status"], &late["certificate"]["rows"]), (&json!("EXPIRED"), &json!([])));
    assert_eq!(late["certificate"]["title"], one["title"]);
    app.finish().await;
}

/// A stranger shuts nobody's certificate: wrong codes count where they come from.
#[tokio::test(flavor = "multi_thread")]
async fn a_guesser_is_stopped_and_whoever_asks_elsewhere_is_answered() {
    let app = TestApp::with_settings(&[("YIWANG_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let citizen = proved(&app, "APP").await;
    let one = issued(&citizen, "key-guess-1").await;
    let base = format!("{}/certificates/verify", app.node.base_url);
    let look = async |from: &str, code: &str| {
        let url = format!("{base}?serial={}&code={code}", one["serialNo"].as_str().unwrap());
        Http::default().get(&url, &[("X-Forwarded-For", from)]).await
    };
    let right = one["authorisationCode"].as_str().unwrap();
    for _ in 0..10 {
        assert_eq!(look("203.0.113.9", "ZZZZ-ZZZZ-ZZZZ").await.0, 404);
    }
    let (status, page) = look("203.0.113.9", right).await;
    assert!(status == 404 && page.contains("一小时后"), "{page}");
    assert_eq!(look("198.51.100.7, 203.0.113.9", right).await.0, 404, "in disguise");
    let (status, page) = look("203.0.113.10", right).await;
    assert!(status == 200 && page.contains("证明真实有效"), "{page}");
    let through_graphql =
        verifies(&citizen.anonymous(), &one["serialNo"], &one["authorisationCode"]).await;
    assert_eq!(through_graphql["status"], "VALID", "from this machine nobody guessed");
    // An IPv6 network is one place: every home has more addresses than anybody can count.
    for number in 0..10 {
        look(&format!("2001:db8:1:2::{number:x}"), "ZZZZ-ZZZZ-ZZZZ").await;
    }
    assert_eq!(look("2001:db8:1:2:ffff::1", right).await.0, 404);
    assert_eq!(look("2001:db8:1:3::1", right).await.0, 200);
    app.levers.advance(3_601).await;
    assert_eq!(look("203.0.113.9", right).await.0, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_takes_a_certificate_back_and_nobody_else_does() {
    let app = TestApp::start().await;
    let (citizen, other) = (proved(&app, "APP").await, proved(&app, "APP").await);
    let one = issued(&citizen, "key-revoke-1").await;
    let input = json!({ "serialNo": one["serialNo"] });
    let revoke = async |who: &Citizen, input: &Value| {
        let fields = "certificate{status}";
        who.mutation("revokeCertificate", "RevokeCertificateInput", fields, input).await
    };
    assert_eq!(codes(&revoke(&other, &input).await), ["NOT_FOUND"]);
    assert_eq!(codes(&revoke(&citizen, &json!({ "serialNo": "x" })).await), ["NOT_FOUND"]);
    let node = "query($id:ID!){node(id:$id){... on Certificate{status}}}";
    let read = async |who: &Citizen| {
        who.ask(node, json!({ "id": one["id"] })).await["data"]["node"].clone()
    };
    assert_eq!(read(&citizen).await["status"], "VALID");
    assert_eq!((read(&other).await, read(&other.anonymous()).await), (Value::Null, Value::Null));
    for _ in 0..2 {
        assert_eq!(revoke(&citizen, &input).await["certificate"]["status"], "REVOKED");
    }
    let seen = verifies(&other.anonymous(), &one["serialNo"], &one["authorisationCode"]).await;
    assert_eq!((&seen["status"], &seen["certificate"]["rows"]), (&json!("REVOKED"), &json!([])));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_paper_says_what_the_department_said_and_leads_to_the_page_that_proves_it() {
    let app = TestApp::start().await;
    let citizen = proved(&app, "APP").await;
    let one = issued(&citizen, "key-paper-1").await;
    let told = |key: &str| one[key].as_str().unwrap();
    let (status, headers, pdf) =
        Http::default().fetch(told("pdfUrl"), &["content-disposition"]).await;
    assert_eq!(status, 200);
    let name = format!("attachment; filename=\"certificate-{}.pdf\"", told("serialNo"));
    assert_eq!(headers[0], name);
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    let paper = squeezed(&read_text(&pdf));
    let id_card = citizen.facts["idCard"].as_str().unwrap();
    assert!(!paper.contains(id_card), "masked: {paper}");
    let field = |name: &str| {
        let fields = one["rows"][0]["fields"].as_array().unwrap().clone();
        let found = fields.into_iter().find(|field| field["name"] == name).unwrap();
        found["value"].as_str().unwrap().to_owned()
    };
    let (unit, payments) = (field("unit"), field("payments"));
    for word in [
        told("title"),
        told("serialNo"),
        told("authorisationCode"),
        told("issuer"),
        citizen.facts["name"].as_str().unwrap(),
        &unit,
        &payments,
        "浙江省社会保险业务专用章",
        "2026年06月02日",
    ] {
        assert!(paper.contains(&squeezed(word)), "{word} in {paper}");
    }

    let look = async |url: &str| {
        let (status, _, page) = Http::default().fetch(url, &[]).await;
        (status, String::from_utf8(page).unwrap())
    };
    let url = told("verifyUrl");
    assert!(url.starts_with(&format!("{}/certificates/verify?", app.node.base_url)), "{url}");
    let (status, page) = look(url).await;
    for word in ["证明真实有效", told("title"), told("holder"), told("serialNo"), &unit] {
        assert!(status == 200 && page.contains(word), "{word} in {page}");
    }
    assert!(!page.contains(citizen.facts["name"].as_str().unwrap()), "masked: {page}");
    let base = format!("{}/certificates/verify", app.node.base_url);
    let (status, form) = look(&base).await;
    assert!(status == 200 && form.contains("<form"), "{form}");
    for query in [
        format!("serial={}&code=ZZZZZZZZZZZZ", told("serialNo")),
        "serial=%3Cscript%3E&code=x".to_owned(),
        format!("serial={}", "9".repeat(3_000)),
    ] {
        let (status, page) = look(&format!("{base}?{query}")).await;
        assert!(status == 404 && page.contains("没有查到这份证明"), "{query}: {page}");
        assert!(!page.contains("<script") && page.len() < 4_000);
    }
    app.levers.advance(301).await;
    assert_eq!(look(told("pdfUrl")).await.0, 410);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_department_certifies_agrees_with_what_it_looks_up() {
    let app = TestApp::start().await;
    let citizen = proved(&app, "APP").await;
    let (name, id_card) = (&citizen.facts["name"], &citizen.facts["idCard"]);
    let me = [text("name", name), text("id_card", id_card)];
    let value = |rows: &Value, at: usize, key: &str| {
        let fields = rows[at]["fields"].as_array().unwrap().clone();
        let found = fields.into_iter().find(|field| field["name"] == key);
        found.unwrap()["value"].as_str().unwrap().to_owned()
    };
    let region = text("region", &json!("330000"));
    let record = json!([&me[..], &[region]].concat());
    let record = citizen.submits("personal_social_insurance", &record).await;
    let paper = issued(&citizen, "key-agree-1").await;
    for key in ["unit", "schemes", "months"] {
        let (said, certified) =
            (value(&record["outcome"]["rows"], 0, key), value(&paper["rows"], 0, key));
        assert_eq!(said, certified, "{key}");
    }
    let period = [text("period_from", &json!("2025-01")), text("period_to", &json!("2025-12"))];
    let taxes = json!([&me[..], &period].concat());
    let taxes = citizen.submits("personal_income_tax_query", &taxes).await;
    let rows = &taxes["outcome"]["rows"];
    let count = rows.as_array().map_or(0, Vec::len);
    assert!(count > 0, "{taxes}");
    let fen = |text: String| text.replace(['¥', '.', ','], "").parse::<i64>().unwrap();
    let sum: i64 = (0..count).map(|at| fen(value(rows, at, "tax_fen"))).sum();
    let kind = json!({ "name": "tax_kind", "value": { "choice": "个人所得税" } });
    let answers = json!([&me[..], &period, &[kind]].concat());
    let paid = submits(&citizen, "tax_paid_certificate", &answers, "key-agree-2").await;
    assert_eq!(fen(value(&paid["outcome"]["rows"], 0, "amount_fen")), sum, "{paid}");
    app.finish().await;
}

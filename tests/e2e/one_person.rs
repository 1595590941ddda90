//! One person, whichever way they come in: what was done on one channel stands on the other, and two
//! accounts that become one lose nothing of either.

use domain::identity::{AuditTrail, AuditVerdict};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::eventually;
use tests::scenarios::booking::{books_a_museum, changes};
use tests::scenarios::case;

/// Everything of a person that more than one channel shows.
const MINE: &str = "{viewer{person{id identityLevel} favourites{slug} recentApps{slug} \
     notices{nodes{noticeNo title total{fen}}} cases{nodes{id caseNo}} \
     bookings{nodes{id bookingNo status}} certificates{nodes{id serialNo status}} \
     payments{nodes{id paymentNo status}} receipts{nodes{id number}} drafts{id app{slug}} \
     messages(first:100){nodes{id}} linkedChannels{channel} \
     dataConsents{department} dataAccess(first:100){nodes{operation app purpose}}}}";

async fn mine(citizen: &Citizen) -> Value {
    citizen.reads(MINE).await["viewer"].clone()
}

/// Under this key of every entry of this list.
fn all(viewer: &Value, list: &str, key: &str) -> BTreeSet<String> {
    let nodes = if viewer[list].is_array() { &viewer[list] } else { &viewer[list]["nodes"] };
    let nodes = nodes.as_array().unwrap_or_else(|| panic!("no {list}: {viewer}")).iter();
    nodes.map(|node| node[key].as_str().unwrap_or_else(|| panic!("{node}")).to_owned()).collect()
}

async fn submits(citizen: &Citizen, app: &str, answers: Value, key: &str) -> Value {
    let input = json!({
        "app": app, "region": "330100", "formVersion": 1, "answers": answers,
        "idempotencyKey": key,
    });
    let fields = "outcome{... on Case{caseNo} ... on Certificate{serialNo} \
                  ... on LookupResult{source}}";
    let done = citizen.mutation("submitApp", "SubmitAppInput", fields, &input).await;
    assert_eq!(done["userErrors"], json!([]), "{app}: {done}");
    done["outcome"].clone()
}

async fn complains(citizen: &Citizen, key: &str) -> String {
    let text = |name: &str, text: &str| json!({ "name": name, "value": { "text": text } });
    let answers = json!([
        text("phone", "13800138000"),
        text("target", "样例工厂"),
        text("address", "样例路2号"),
        { "name": "kind", "value": { "choice": "噪声" } },
        text("content", "夜间施工"),
    ]);
    let opened = submits(citizen, "pollution_complaint", answers, key).await;
    let no = opened["caseNo"].as_str().unwrap().to_owned();
    case::waits(citizen, &no, "accepted", |case| case["status"] == "ACCEPTED").await;
    no
}

async fn favours(citizen: &Citizen, app: &str) {
    let input = json!({ "app": app, "favourite": true });
    let done = citizen.mutation("setFavourite", "SetFavouriteInput", "__typename", &input).await;
    assert_eq!(done["userErrors"], json!([]), "{done}");
}

async fn pays_a_fine(app: &TestApp, citizen: &Citizen, fen: i64) -> String {
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let fine = app.levers.notice(id, json!({ "amountFen": fen })).await;
    let payment = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment).await;
    citizen.waits_for_receipt(&payment).await;
    payment
}

/// What needs no more than a phone: a case, an appointment, a payment, a draft, a favourite.
async fn lives(app: &TestApp, citizen: &Citizen, favourite: &str, draft: &str, fen: i64) {
    citizen.finds_fine().await;
    complains(citizen, &format!("complaint-{favourite}")).await;
    books_a_museum(citizen, &format!("museum-{favourite}")).await;
    favours(citizen, favourite).await;
    let begun = json!({ "app": draft, "formVersion": 1, "answers": [] });
    let saved = citizen.mutation("saveDraft", "SaveDraftInput", "draft{id}", &begun).await;
    assert!(saved["draft"]["id"].is_string(), "{saved}");
    if fen > 0 {
        pays_a_fine(app, citizen, fen).await;
    }
}

/// What needs a face: a certificate, a consent, a department that was told who one is.
async fn proves_and_certifies(app: &TestApp, citizen: &Citizen) {
    citizen.proves_name().await;
    citizen.proves_face(&app.levers).await;
    submits(citizen, "my_licences", json!([]), "licences-key").await;
    let consent = json!({ "department": "省建设厅", "given": true });
    let given = citizen
        .mutation("setDataConsent", "SetDataConsentInput", "consents{department}", &consent)
        .await;
    assert_eq!(given["userErrors"], json!([]), "{given}");
    let fund = json!([
        { "name": "name", "value": { "text": citizen.facts["name"] } },
        { "name": "id_card", "value": { "text": citizen.facts["idCard"] } },
        { "name": "centre", "value": { "choice": "杭州" } },
    ]);
    submits(citizen, "housing_fund_query", fund, "fund-key").await;
}

/// Every list that must say something has an entry.
fn is_full(viewer: &Value) {
    for (list, key) in [
        ("favourites", "slug"),
        ("recentApps", "slug"),
        ("notices", "noticeNo"),
        ("cases", "caseNo"),
        ("bookings", "bookingNo"),
        ("certificates", "serialNo"),
        ("drafts", "id"),
        ("dataConsents", "department"),
        ("dataAccess", "operation"),
    ] {
        assert!(!all(viewer, list, key).is_empty(), "nothing in {list}: {viewer}");
    }
}

/// Signs in by WeChat, does everything, links Alipay, and comes back by Alipay.
#[tokio::test(flavor = "multi_thread")]
async fn who_links_alipay_and_comes_back_there_sees_the_same_of_everything() {
    for app in [TestApp::start().await, TestApp::on_postgres().await] {
        let citizen = app.citizen().await;
        lives(&app, &citizen, "typhoon_track", "id_card_reissue", 0).await;
        proves_and_certifies(&app, &citizen).await;
        let id = citizen.facts["citizenId"].as_str().unwrap();
        let code = app.levers.pull(&format!("citizens/{id}/alipay-code"), json!({})).await;
        let by = json!({ "by": { "alipay": { "authCode": code["authCode"] } } });
        let linked = citizen.mutation("linkChannel", "LinkChannelInput", "__typename", &by).await;
        assert_eq!(linked["userErrors"], json!([]), "{linked}");

        let (base, facts) = (app.node.base_url.clone(), citizen.facts.clone());
        let there = Citizen::comes_back_at_alipay(&base, &app.levers, facts).await;
        is_full(&mine(&there).await);
        eventually("both see the same", || async {
            (mine(&citizen).await == mine(&there).await).then_some(())
        })
        .await;
        // And what is begun there goes on here.
        complains(&there, "complaint-there").await;
        favours(&there, "air_quality").await;
        let here = mine(&citizen).await;
        assert_eq!(all(&here, "cases", "caseNo").len(), 2);
        assert_eq!(all(&here, "favourites", "slug").len(), 2);
        // The same key on the other channel is the same certificate.
        let again = submits(&there, "my_licences", json!([]), "licences-key").await;
        assert_eq!(here["certificates"]["nodes"][0]["serialNo"], again["serialNo"]);
        assert_eq!(all(&mine(&there).await, "certificates", "serialNo").len(), 1);
        app.finish().await;
    }
}

/// Actor and act of every line, the oldest first; the chain must be whole.
async fn audit(app: &TestApp) -> Vec<(String, String, String)> {
    let whole = AuditTrail::verify(&app.node.store).await.unwrap();
    assert!(matches!(whole, AuditVerdict::Whole { .. }), "{whole:?}");
    let lines = AuditTrail::list(&app.node.store, None, 100).await.unwrap();
    let lines = lines.into_iter().rev().map(|line| line.record);
    lines.map(|record| (record.actor, record.act, record.subject)).collect()
}

/// The elder account's and the younger one's, of one person.
struct TwoAccounts {
    in_we_chat: Citizen,
    in_app: Citizen,
}

impl TwoAccounts {
    /// The one in the native app proves who it is and is the elder, or the younger.
    async fn open(app: &TestApp, app_is_elder: bool) -> Self {
        let (base, levers) = (&app.node.base_url, &app.levers);
        let facts = levers.citizen().await;
        let first = async |by_app: bool| match by_app {
            true => Citizen::signs_in_by_phone(base, levers, facts.clone()).await,
            false => Citizen::signs_in(base, levers, facts.clone()).await,
        };
        let elder = first(app_is_elder).await;
        levers.advance(61).await;
        let younger = first(!app_is_elder).await;
        let (in_app, in_we_chat) = match app_is_elder {
            true => (elder, younger),
            false => (younger, elder),
        };
        Self { in_we_chat, in_app }
    }

    /// The one in the native app shows a code of the other; its session after that.
    async fn merge(&self, app: &TestApp) -> Citizen {
        self.in_app.proves_face(&app.levers).await;
        let id = self.in_app.facts["citizenId"].as_str().unwrap();
        let code = app.levers.pull(&format!("citizens/{id}/wechat-code"), json!({})).await;
        let input = json!({ "by": { "weChat": { "code": code["code"] } } });
        let fields = "session{accessToken}";
        let merged = self.in_app.mutation("mergePersons", "MergePersonsInput", fields, &input);
        let merged = merged.await;
        assert_eq!(codes(&merged), [""; 0], "{merged}");
        match merged["session"]["accessToken"].as_str() {
            Some(token) => self.in_app.with_token(token),
            None => self.in_app.clone(),
        }
    }
}

const LISTS: [(&str, &str); 10] = [
    ("favourites", "slug"),
    ("recentApps", "slug"),
    ("cases", "id"),
    ("bookings", "id"),
    ("certificates", "id"),
    ("payments", "id"),
    ("receipts", "id"),
    ("drafts", "id"),
    ("messages", "id"),
    ("dataAccess", "operation"),
];

async fn merging_keeps_both(app: TestApp, app_is_elder: bool) {
    let two = TwoAccounts::open(&app, app_is_elder).await;
    lives(&app, &two.in_we_chat, "typhoon_track", "id_card_reissue", 12_300).await;
    lives(&app, &two.in_app, "air_quality", "pollution_complaint", 0).await;
    proves_and_certifies(&app, &two.in_app).await;
    let (one, other) = (mine(&two.in_we_chat).await, mine(&two.in_app).await);
    assert_ne!(one["person"]["id"], other["person"]["id"], "two accounts yet");
    is_full(&other);
    for (list, key) in [("cases", "id"), ("bookings", "id"), ("payments", "id")] {
        if list != "payments" {
            assert_eq!((all(&one, list, key).len(), all(&other, list, key).len()), (1, 1));
        }
        assert!(all(&one, list, key).is_disjoint(&all(&other, list, key)), "{list}");
    }

    let before = audit(&app).await;
    let merged = two.merge(&app).await;
    let here = mine(&merged).await;
    let elder = if app_is_elder { &other } else { &one };
    assert_eq!(here["person"]["id"], elder["person"]["id"]);
    assert_eq!(here["person"]["identityLevel"], "FACE");
    for (list, key) in LISTS {
        let both: BTreeSet<_> =
            all(&one, list, key).union(&all(&other, list, key)).cloned().collect();
        let seen = all(&here, list, key);
        assert!(seen.is_superset(&both), "{list}: {both:?} became {seen:?}");
    }
    assert_eq!(here["dataConsents"], other["dataConsents"]);
    reads_by_id(&merged, &here).await;
    let after = audit(&app).await;
    assert_eq!(after[..before.len()], before, "no line of either is rewritten");
    let acts: Vec<_> = after[before.len()..].iter().map(|(_, act, _)| act.as_str()).collect();
    assert!(acts.ends_with(&["PERSON_MERGED", "PERSON_MERGED_INTO"]), "{acts:?}");
    let merged_lines: BTreeSet<_> = after[after.len() - 2..].iter().map(|line| &line.2).collect();
    assert_eq!(merged_lines.len(), 2, "a line for each account");

    // In WeChat's mini-program it is the same person, too.
    let facts = two.in_we_chat.facts.clone();
    let there = Citizen::signs_in(&app.node.base_url, &app.levers, facts).await;
    eventually("one account wherever", || async {
        (mine(&there).await == mine(&merged).await).then_some(())
    })
    .await;
    acts_on_all(&there, &here).await;
    app.finish().await;
}

/// Every id of both opens.
async fn reads_by_id(citizen: &Citizen, viewer: &Value) {
    for list in ["cases", "bookings", "certificates", "payments", "receipts", "drafts"] {
        for id in all(viewer, list, "id") {
            let node = citizen.reads(&format!("{{node(id:\"{id}\"){{id}}}}")).await;
            assert_eq!(node["node"]["id"], id.as_str(), "of {list}");
        }
    }
}

/// And whatever the one or the other began, the person goes on with.
async fn acts_on_all(citizen: &Citizen, viewer: &Value) {
    for no in all(viewer, "cases", "caseNo") {
        let input = json!({ "caseNo": no });
        let done = citizen.mutation("withdrawCase", "WithdrawCaseInput", "case{caseNo}", &input);
        assert_eq!(codes(&done.await), [""; 0], "{no}");
    }
    for no in all(viewer, "bookings", "bookingNo") {
        let done = changes(citizen, "cancelBooking", &no, None).await;
        assert_eq!(done["booking"]["status"], "CANCELLED", "{done}");
    }
    for no in all(viewer, "certificates", "serialNo") {
        let input = json!({ "serialNo": no });
        let fields = "certificate{status}";
        let done = citizen.mutation("revokeCertificate", "RevokeCertificateInput", fields, &input);
        assert_eq!(done.await["certificate"]["status"], "REVOKED", "{no}");
    }
    for slug in ["id_card_reissue", "pollution_complaint"] {
        let input = json!({ "app": slug });
        let done = citizen.mutation("discardDraft", "DiscardDraftInput", "__typename", &input);
        assert_eq!(codes(&done.await), [""; 0], "{slug}");
    }
    assert_eq!(mine(citizen).await["drafts"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_absorbed_loses_nothing_of_what_it_did() {
    merging_keeps_both(TestApp::start().await, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_absorbs_another_has_the_histories_of_both() {
    merging_keeps_both(TestApp::on_postgres().await, true).await;
}

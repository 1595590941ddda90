//! However long a list is, the database is asked as often: statements are counted with one entry
//! of each list and with twenty.

use crate::{bookings, certificates, mandates};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::casework::case::CaseState;
use domain::catalogue::{AppMarks as _, AppSlug};
use domain::ids::PersonId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::app::{START_MS, TestApp};
use tests::citizen::Citizen;
use tests::kept_case::KeptCase;

/// Entries of each list in the end.
const MANY: usize = 20;
/// Of what a citizen may not have twenty: three bookings may stand at once.
const SEVERAL: usize = 3;

/// Each list below `viewer` and `home`, with everything that its entries ask of a store.
const LISTS: [(&str, &str); 26] = [
    ("Viewer.sessions", "viewer{sessions{id deviceName channel current}}"),
    ("Viewer.linkedChannels", "viewer{linkedChannels{channel linkedAt}}"),
    ("Viewer.mandates", "viewer{mandates{id kind status representedName agentName}}"),
    ("Viewer.givenMandates", "viewer{givenMandates{id kind representedName agentName}}"),
    ("Viewer.dataAccess", "viewer{dataAccess{nodes{at department fields app}}}"),
    ("Viewer.dataConsents", "viewer{dataConsents{department}}"),
    ("Viewer.prefill", "viewer{prefill(app:\"personal_social_insurance\"){field value}}"),
    ("Viewer.favourites", "viewer{favourites{slug availability{status} category{slug}}}"),
    ("Viewer.recentApps", "viewer{recentApps(first:20){slug availability{status}}}"),
    (
        "Viewer.notices",
        "viewer{notices(first:50){nodes{noticeNo status writeOff items{name} receipt{number} \
         payment{paymentNo refundable{fen} receipts{number}}}}}",
    ),
    (
        "Viewer.payments",
        "viewer{payments(first:50){nodes{paymentNo refundable{fen} history{at} \
         refunds{refundNo} receipts{number items{name} pdfUrl reverses{number} reversedBy{number}} \
         notices{noticeNo status writeOff receipt{number}}}}}",
    ),
    ("Viewer.messages", "viewer{messages(first:20){nodes{id body about sentBy delivery}}}"),
    ("Viewer.messagePreferences", "viewer{messagePreferences{group channels}}"),
    ("Viewer.messageTemplates", "viewer{messageTemplates{templateId allowed}}"),
    (
        "Viewer.cases",
        "viewer{cases(first:50){nodes{caseNo app{slug} timeline{at} materials{name} wanted{name} \
         result{name} rating{grade visitBack{due}} deliveries{deliveryNo tracks{at}} \
         lottery{standing}}}}",
    ),
    ("Viewer.drafts", "viewer{drafts{id app{slug} form{version} answers{name}}}"),
    (
        "Viewer.certificates",
        "viewer{certificates(first:20){nodes{serialNo rows{fields{name}} pdfUrl \
         deliveries{deliveryNo tracks{at}}}}}",
    ),
    (
        "Viewer.receipts",
        "viewer{receipts(first:50){nodes{number items{name} pdfUrl reverses{number} \
         reversedBy{number}}}}",
    ),
    ("Viewer.bookings", "viewer{bookings(first:20){nodes{bookingNo app{slug} fields{name}}}}"),
    ("Home.categories", "home{categories{slug apps{slug availability{status}}}}"),
    ("Home.hot", "home{hot{slug availability{status}}}"),
    ("Home.favourites", "home{favourites{apps{slug}} recent{apps{slug}}}"),
    ("Home.notices", "home{notices{nodes{noticeNo status receipt{number} payment{paymentNo}}}}"),
    ("Home.cases", "home{cases{nodes{caseNo timeline{at} rating{grade} deliveries{deliveryNo}}}}"),
    ("Home.bookings", "home{bookings{nodes{bookingNo app{slug}}} messages{nodes{id body about}}}"),
    ("Home.elder", "home(elder:true){elder{tiles{app{slug}} groups{tiles{app{slug}}}}}"),
];

/// Asked for in a document of another entry, or asked for one by one and bounded: a person has at
/// most fifty mandates, and what was done under each has pages of its own.
const ELSEWHERE: [&str; 3] = ["Home.recent", "Home.messages", "Mandate.acts"];

/// What only reads what is in memory: the catalogue and its forms.
const IN_MEMORY: [&str; 4] = ["App", "Category", "Field", "Form"];

/// The fields of each type, with the type of each, as the schema is committed.
fn types() -> BTreeMap<String, BTreeMap<String, String>> {
    let text = include_str!("../../docs/schema.graphql");
    let (mut types, mut open, mut quoted) = (BTreeMap::new(), None::<String>, false);
    let mut with_arguments = String::new();
    for line in text.lines() {
        let is_quote = line.trim() == "\"\"\"";
        quoted ^= is_quote;
        if quoted || is_quote {
            continue;
        }
        if let Some(rest) = line.strip_prefix("type ") {
            let name = rest.split_whitespace().next().unwrap().to_owned();
            types.insert(name.clone(), BTreeMap::new());
            open = Some(name);
        } else if line == "}" {
            open = None;
        } else if let Some(field) = line.strip_suffix('(') {
            with_arguments = field.trim().to_owned();
        } else if line.starts_with("\t\t") {
            // An argument.
        } else if let (Some(name), Some((field, of))) = (&open, line.trim().rsplit_once(": ")) {
            let field = if field == ")" { with_arguments.clone() } else { field.to_owned() };
            let of = of.split_whitespace().next().unwrap().to_owned();
            types.get_mut(name).unwrap().insert(field, of);
        }
    }
    types
}

#[test]
fn every_list_that_a_citizen_reaches_is_in_the_table() {
    let types = types();
    let asked: String = LISTS.iter().map(|(_, document)| *document).collect();
    let words: BTreeSet<&str> = asked.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let mut missing = Vec::new();
    let (mut seen, mut next) = (BTreeSet::new(), vec!["Viewer", "Home"]);
    while let Some(name) = next.pop() {
        if IN_MEMORY.contains(&name) || !seen.insert(name) {
            continue;
        }
        for (field, of) in &types[name] {
            let bare = of.trim_matches(['[', ']', '!']);
            if types.contains_key(bare) {
                next.push(types.get_key_value(bare).unwrap().0);
            }
            let is_list = of.starts_with('[') && types.contains_key(bare);
            let is_page = bare.ends_with("Connection") || (name == "Home" && !is_list);
            let path = format!("{name}.{field}");
            let below = !["Viewer", "Home"].contains(&name) && words.contains(field.as_str());
            let listed = below || LISTS.iter().any(|(list, _)| *list == path);
            let bounded = ELSEWHERE.contains(&path.as_str());
            if (is_list || (is_page && types.contains_key(bare))) && !listed && !bounded {
                missing.push(path);
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "lists that nobody counts statements of");
}

async fn statements(app: &TestApp, citizen: &Citizen, document: &str) -> (u64, Value) {
    let counter = "yiwang_front_statements_total{document=\"other\"}";
    let before = app.node.counted(counter).await;
    let data = citizen.reads(&format!("{{{document}}}")).await;
    (app.node.counted(counter).await - before, data)
}

/// The entries of the longest list in an answer, below the first two fields.
fn longest(answer: &Value) -> usize {
    match answer {
        Value::Array(entries) => entries.len(),
        Value::Object(fields) => fields.values().map(longest).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

struct Grown {
    citizen: Citizen,
    /// The native app issues certificates and holds places of the hospital.
    holder: Citizen,
    person: PersonId,
    slugs: Vec<String>,
    parked: bookings::Answers,
}

async fn person_of(citizen: &Citizen) -> PersonId {
    let data = citizen.reads("{viewer{person{id}}}").await;
    let id = data["viewer"]["person"]["id"].as_str().unwrap().to_owned();
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).unwrap()).unwrap();
    PersonId::new(text.split_once(':').unwrap().1).unwrap()
}

impl Grown {
    async fn begin(app: &TestApp) -> Self {
        let citizen = app.citizen().await;
        citizen.proves_name().await;
        citizen.proves_face(&app.levers).await;
        let holder = certificates::proved(app, "APP").await;
        let parked = bookings::answers(&holder).await;
        let data = citizen.reads("{categories{apps{slug kind}}}").await;
        let all = data["categories"].as_array().unwrap();
        let all = all.iter().flat_map(|category| category["apps"].as_array().unwrap());
        let slugs = all.filter(|one| one["kind"] == "APPLY");
        let slugs = slugs.map(|one| one["slug"].as_str().unwrap().to_owned()).collect();
        let person = person_of(&citizen).await;
        Self { citizen, holder, person, slugs, parked }
    }

    /// The `number`th entry of what a citizen can have many of.
    async fn one_more(&self, app: &TestApp, number: usize) {
        let id = self.citizen.facts["citizenId"].as_str().unwrap();
        let levers = &app.levers;
        let paid = levers.notice(id, json!({ "amountFen": 10_000 })).await;
        let payment = self.citizen.starts_paying(&paid, 10_000).await;
        levers.pays(&payment).await;
        self.citizen.waits_for_receipt(&payment).await;
        let open = levers.notice(id, json!({ "amountFen": 20_000 })).await;
        self.citizen.starts_paying(&open, 20_000).await;

        let slug = &self.slugs[number];
        let favourite = json!({ "app": slug });
        self.citizen.mutation("setFavourite", "SetFavouriteInput", "", &favourite).await;
        let draft = json!({ "app": slug, "formVersion": 1, "answers": [] });
        let saved = self.citizen.mutation("saveDraft", "SaveDraftInput", "", &draft).await;
        assert_eq!(saved["userErrors"], json!([]), "{slug}: {saved}");
        let at = Timestamp::from_millisecond(START_MS).unwrap();
        let at = at + SignedDuration::from_secs(i64::try_from(number).unwrap());
        let (owners, used) = ([self.person.clone()], AppSlug::new(slug).unwrap());
        app.node.store.remember(&owners, &used, at).await.unwrap();
        let case = KeptCase::done("id_card_reissue", at).of(&app.node.store, &self.citizen).await;
        let rating = json!({ "caseNo": case.as_str(), "grade": "VERY_SATISFIED" });
        let rated = self.citizen.mutation("rateCase", "RateCaseInput", "", &rating).await;
        assert_eq!(rated["userErrors"], json!([]), "{rated}");
        mandates::insurance_of(&self.citizen, &self.citizen.facts).await;
        let running =
            KeptCase { state: CaseState::InReview, ..KeptCase::done("id_card_reissue", at) };
        running.of(&app.node.store, &self.citizen).await;
        certificates::issued(&self.holder, &format!("key-many-{number}")).await;
    }

    /// The `number`th of what there are only several of.
    async fn one_of_several(&self, app: &TestApp, number: usize) {
        let answers = match number {
            0 => self.parked.clone(),
            _ => bookings::other(&self.holder, &self.parked, "date", number).await,
        };
        bookings::holds(&self.holder, &answers, &format!("key-places-{number}")).await;
        let parent = app.levers.pull("citizens", json!({})).await;
        mandates::parent_of(app, &parent, &self.citizen.facts).await;
        let asked = mandates::asks_for_kin(&self.citizen, &parent).await;
        assert_eq!(asked["userErrors"], json!([]), "{asked}");
        let (base, facts) = (&app.node.base_url, self.citizen.facts.clone());
        Citizen::signs_in(base, &app.levers, facts).await;
    }

    fn asks(&self, list: &str) -> &Citizen {
        match list {
            "Viewer.certificates" | "Viewer.bookings" | "Home.bookings" => &self.holder,
            _ => &self.citizen,
        }
    }

    async fn counts(&self, app: &TestApp) -> BTreeMap<&'static str, (u64, usize)> {
        let mut counts = BTreeMap::new();
        for (list, document) in LISTS {
            let (count, answer) = statements(app, self.asks(list), document).await;
            counts.insert(list, (count, longest(&answer)));
        }
        counts
    }
}

async fn lists_of_any_length_ask_the_database_as_often(app: TestApp) {
    let grown = Grown::begin(&app).await;
    grown.one_more(&app, 0).await;
    grown.one_of_several(&app, 0).await;
    let one = grown.counts(&app).await;
    for number in 1..MANY {
        grown.one_more(&app, number).await;
    }
    for number in 1..SEVERAL {
        grown.one_of_several(&app, number).await;
    }
    let many = grown.counts(&app).await;
    for (list, (statements, entries)) in &many {
        let (with_one, entries_of_one) = &one[list];
        assert_eq!(statements, with_one, "{list}: {entries_of_one} entries, then {entries}");
    }
    for list in [
        "Viewer.payments",
        "Viewer.notices",
        "Viewer.receipts",
        "Viewer.cases",
        "Viewer.certificates",
        "Viewer.favourites",
        "Viewer.recentApps",
        "Viewer.drafts",
        "Viewer.messages",
        "Viewer.dataAccess",
    ] {
        assert!(many[list].1 >= MANY && one[list].1 < MANY, "{list}: {one:?} {many:?}");
    }
    for list in [
        "Viewer.bookings",
        "Viewer.mandates",
        "Viewer.sessions",
        "Home.bookings",
        "Home.cases",
        "Home.notices",
    ] {
        assert!(many[list].1 >= SEVERAL && one[list].1 < SEVERAL, "{list}: {one:?} {many:?}");
    }
    app.node.stop().await;
    app.mocks.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_any_length_ask_sqlite_as_often() {
    lists_of_any_length_ask_the_database_as_often(TestApp::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_any_length_ask_postgres_as_often() {
    lists_of_any_length_ask_the_database_as_often(TestApp::on_postgres().await).await;
}

//! Everybody tries to read everything that belongs to others, by id.

use crate::app::TestApp;
use crate::citizen::Citizen;
use crate::files::{pdf, uploads};
use crate::levers::eventually;
use crate::scenarios::booking::books_a_museum;
use crate::scenarios::{proves_face, proves_name};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// So many ids are asked for in one document.
const AT_ONCE: usize = 20;
/// So many citizens read at the same time.
const SIDE_BY_SIDE: usize = 8;
/// Kinds that are everybody's.
const PUBLIC: [&str; 3] = ["App", "Category", "Region"];

/// Everything of the caller that has an id.
const MINE: &str = "{viewer{person{id} sessions{id} mandates{id} messages(first:100){nodes{id}} \
     notices(first:100){nodes{id}} receipts(first:100){nodes{id}} \
     payments(first:100){nodes{id notices{id} receipts{id} refunds{id}}}}}";

/// A citizen, and what the citizen alone may read: kind by id.
struct Owner {
    citizen: Citizen,
    ids: BTreeMap<String, String>,
}

/// What was tried.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ForeignReads {
    /// Ids of others that were asked for.
    pub reads: usize,
    /// Those that answered.
    pub hits: Vec<String>,
    /// Kinds among them.
    pub kinds: BTreeSet<String>,
}

/// So many citizens, each with something of every kind, read each other's things, at least
/// `reads` in all. Every owner's own read must answer, or nothing would be shown.
pub async fn everybody_reads_what_is_not_theirs(
    app: &TestApp,
    citizens: usize,
    reads: usize,
) -> ForeignReads {
    let mut owners = Vec::new();
    for number in 0..citizens {
        owners.push(settled(app, number).await);
    }
    let kinds: BTreeSet<String> = owners.iter().flat_map(|o| o.ids.values().cloned()).collect();
    assert_eq!(kinds, private_kinds(&owners[0].citizen).await, "something of every kind");
    let round: usize = owners.iter().map(|owner| others(&owners, owner).len()).sum();
    let mut tried = ForeignReads { kinds, ..ForeignReads::default() };
    for _ in 0..reads.div_ceil(round) {
        for few in owners.chunks(SIDE_BY_SIDE) {
            let readers = few.iter().map(|reader| {
                let (reader, ids) = (reader.citizen.clone(), others(&owners, reader));
                tokio::spawn(async move { (ids.len(), answered(&reader, &ids).await) })
            });
            for reader in readers.collect::<Vec<_>>() {
                let (asked, hits) = reader.await.unwrap();
                tried.reads += asked;
                tried.hits.extend(hits);
            }
        }
    }
    tried
}

/// A citizen who has something of every kind.
async fn settled(app: &TestApp, number: usize) -> Owner {
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&no).await;
    citizen.waits_for_receipt(&no).await;
    let wish = json!({ "paymentNo": no, "reason": "重复缴款", "idempotencyKey": format!("back-{number}-{no}") });
    let refund = citizen.mutation("requestRefund", "RequestRefundInput", "refund{id}", &wish).await;
    assert_eq!(refund["userErrors"], json!([]), "{refund}");
    citizen.proves_name().await;
    let company = app.levers.pull("companies", json!({})).await;
    let path = format!("companies/{}/representative", company["uscc"].as_str().unwrap());
    app.levers.pull(&path, json!({ "citizenId": citizen.facts["citizenId"] })).await;
    let wish = json!({ "uscc": company["uscc"] });
    let fields = "mandate{id}";
    let linked = citizen.mutation("linkLegalPerson", "LinkLegalPersonInput", fields, &wish).await;
    assert_eq!(linked["userErrors"], json!([]), "{linked}");
    eventually("a message", || async {
        let unread = citizen.reads("{viewer{unreadMessages}}").await;
        (unread["viewer"]["unreadMessages"] != 0).then_some(())
    })
    .await;
    let mut ids = Vec::new();
    collect(&citizen.reads(MINE).await, &mut ids);
    let file = uploads(&app.node.base_url, &citizen, &pdf(&no)).await;
    ids.push(file["id"].as_str().unwrap().to_owned());
    let booking = books_a_museum(&citizen, &format!("museum-{number}-{no}")).await;
    ids.push(booking["id"].as_str().unwrap().to_owned());
    ids.push(certified(app, &citizen).await);
    ids.extend(applied(&citizen).await);
    let own = answered_kinds(&citizen, &ids).await;
    assert_eq!(own.len(), ids.len(), "the owner reads them all: {own:?} of {ids:?}");
    Owner { citizen, ids: own }
}

/// The id of a certificate.
async fn certified(app: &TestApp, citizen: &Citizen) -> String {
    proves_name(citizen).await;
    proves_face(app, citizen).await;
    let input = json!({
        "app": "my_licences", "formVersion": 1, "answers": [], "idempotencyKey": "key-licences"
    });
    let fields = "outcome{... on Certificate{id}}";
    let payload = citizen.mutation("submitApp", "SubmitAppInput", fields, &input).await;
    payload["outcome"]["id"].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned()
}

/// The ids of a case and of a draft.
async fn applied(citizen: &Citizen) -> [String; 2] {
    let answers = json!([
        { "name": "phone", "value": { "text": "13800138000" } },
        { "name": "target", "value": { "text": "样例工厂" } },
        { "name": "address", "value": { "text": "样例路2号" } },
        { "name": "kind", "value": { "choice": "噪声" } },
        { "name": "content", "value": { "text": "夜间施工" } },
    ]);
    let app = "pollution_complaint";
    let input = json!({
        "app": app, "formVersion": 1, "answers": answers, "idempotencyKey": "key-complaint"
    });
    let fields = "outcome{... on Case{id}}";
    let case = citizen.mutation("submitApp", "SubmitAppInput", fields, &input).await;
    let input = json!({ "app": app, "formVersion": 1, "answers": [] });
    let draft = citizen.mutation("saveDraft", "SaveDraftInput", "draft{id}", &input).await;
    [case["outcome"]["id"].clone(), draft["draft"]["id"].clone()]
        .map(|id| id.as_str().unwrap_or_else(|| panic!("{case} {draft}")).to_owned())
}

/// What belongs to others and not to the reader.
fn others(owners: &[Owner], reader: &Owner) -> Vec<String> {
    let foreign = owners.iter().flat_map(|owner| owner.ids.keys());
    foreign.filter(|id| !reader.ids.contains_key(*id)).cloned().collect()
}

/// Those of the ids that answer to this reader.
async fn answered(reader: &Citizen, ids: &[String]) -> Vec<String> {
    answered_kinds(reader, ids).await.into_keys().collect()
}

async fn answered_kinds(reader: &Citizen, ids: &[String]) -> BTreeMap<String, String> {
    let mut kinds = BTreeMap::new();
    for few in ids.chunks(AT_ONCE) {
        let fields = few.iter().enumerate();
        let fields = fields.map(|(at, id)| format!("n{at}:node(id:\"{id}\"){{__typename id}}"));
        let query = format!("{{{}}}", fields.collect::<Vec<_>>().join(" "));
        let data = reader.reads(&query).await;
        for (at, id) in few.iter().enumerate() {
            if let Some(kind) = data[format!("n{at}")]["__typename"].as_str() {
                kinds.insert(id.clone(), kind.to_owned());
            }
        }
    }
    kinds
}

/// The kinds of nodes that belong to somebody, as the schema says.
async fn private_kinds(citizen: &Citizen) -> BTreeSet<String> {
    let data = citizen.reads("{__type(name:\"Node\"){possibleTypes{name}}}").await;
    let kinds = data["__type"]["possibleTypes"].as_array().unwrap().clone();
    let names = kinds.iter().map(|kind| kind["name"].as_str().unwrap().to_owned());
    names.filter(|name| !PUBLIC.contains(&name.as_str())).collect()
}

/// Every value of every key `id`, once.
fn collect(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str() {
                    Some(id) if key == "id" && !ids.iter().any(|known| known == id) => {
                        ids.push(id.to_owned());
                    }
                    _ => collect(value, ids),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

//! Somebody with something in every section of the home page.

use crate::app::TestApp;
use crate::citizen::Citizen;
use crate::levers::eventually;
use crate::scenarios::booking::{books_a_museum, changes, waits as waits_for_booking};
use crate::scenarios::case::waits;
use serde_json::{Value, json};

/// The whole page, of everything that stays the same while nothing happens.
pub const HOME: &str = "query($r:RegionCode,$e:Boolean!){home(region:$r,elder:$e){textClass \
     categories{slug apps{slug}} hot{slug availability{status}} \
     favourites{apps{slug} unavailable{source reason retryAfterMs}} \
     recent{apps{slug} unavailable{source reason retryAfterMs}} \
     notices{nodes{noticeNo total{fen}} more unavailable{source reason retryAfterMs}} \
     cases{nodes{caseNo title status} unavailable{source reason retryAfterMs}} \
     bookings{nodes{bookingNo title status startsAt} unavailable{source reason retryAfterMs}} \
     messages{nodes{group title read} unread unavailable{source reason retryAfterMs}} \
     elder{tiles{app{slug} textClass voiceLabel} \
     groups{category{slug name} textClass voiceLabel tiles{app{slug} textClass voiceLabel}}}}}";

/// The page as `citizen` sees it.
pub async fn page(citizen: &Citizen, region: Option<&str>, elder: bool) -> Value {
    let answer = citizen.ask(HOME, json!({ "r": region, "e": elder })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["home"].clone()
}

/// What was made for somebody.
pub struct Made {
    /// Open notices, the most urgent first.
    pub notices: Vec<String>,
    /// The running case, which its department has accepted.
    pub case: String,
    /// The confirmed appointment, of which the department knows.
    pub booking: String,
}

/// A new citizen with a proved name: a favourite, apps used last, notices of which some begin to
/// cost more tomorrow, a running case, an appointment, and messages about both.
pub async fn busy(app: &TestApp) -> (Citizen, Made) {
    let citizen = app.citizen().await;
    citizen.proves_name().await;
    citizen.finds_fine().await;
    let input = json!({ "app": "weather_forecast" });
    let added = citizen.mutation("setFavourite", "SetFavouriteInput", "", &input).await;
    assert_eq!(added["userErrors"], json!([]), "{added}");
    let id = citizen.facts["citizenId"].as_str().unwrap();
    for fen in [10_000, 20_000] {
        app.levers.notice(id, json!({ "amountFen": fen })).await;
    }
    let data = citizen.reads("{viewer{notices{nodes{noticeNo}}}}").await;
    let nodes = data["viewer"]["notices"]["nodes"].as_array().unwrap();
    let notices = nodes.iter().map(|node| node["noticeNo"].as_str().unwrap().to_owned()).collect();
    let case = complains(&citizen).await;
    let booking = books_a_museum(&citizen, "home-page-booking").await;
    let booking = booking["bookingNo"].as_str().unwrap().to_owned();
    changes(&citizen, "confirmBooking", &booking, None).await;
    waits_for_booking(&citizen, &booking, "known", |b| b["departmentKnows"] == true).await;
    eventually("messages about both", || async {
        let data = citizen.reads("{viewer{unreadMessages}}").await;
        (data["viewer"]["unreadMessages"] == 2).then_some(())
    })
    .await;
    (citizen, Made { notices, case, booking })
}

async fn complains(citizen: &Citizen) -> String {
    let answers = json!([
        { "name": "phone", "value": { "text": "13800138000" } },
        { "name": "target", "value": { "text": "样例工厂" } },
        { "name": "address", "value": { "text": "样例路2号" } },
        { "name": "kind", "value": { "choice": "噪声" } },
        { "name": "content", "value": { "text": "夜间施工" } },
    ]);
    let input = json!({
        "app": "pollution_complaint", "formVersion": 1, "answers": answers,
        "idempotencyKey": "home-page-case",
    });
    let fields = "outcome{... on Case{caseNo}}";
    let payload = citizen.mutation("submitApp", "SubmitAppInput", fields, &input).await;
    let no = payload["outcome"]["caseNo"].as_str();
    let no = no.unwrap_or_else(|| panic!("{payload}")).to_owned();
    waits(citizen, &no, "the department accepts it", |case| case["status"] == "ACCEPTED").await;
    no
}

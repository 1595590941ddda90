//! What follows a case: ratings, supervision, parcels, draws.

mod draws;
mod papers;
mod parcels;
mod ratings;
mod supervision;

use jiff::Timestamp;
use serde_json::json;
use tests::app::{START_MS, TestApp};
use tests::citizen::Citizen;
use tests::desk::Desk;

/// An app whose results are sent.
const APP: &str = "property_ownership_certificate";

fn start() -> Timestamp {
    Timestamp::from_millisecond(START_MS).unwrap()
}

/// The session is over: a new one of the same person.
async fn back(app: &TestApp, citizen: &Citizen) -> Citizen {
    Citizen::signs_in(&app.node.base_url, &app.levers, citizen.facts.clone()).await
}

/// Half an hour is over: a new token.
async fn sign_in_again(desk: &Desk, name: &str) -> Option<String> {
    let nobody = Desk { url: desk.url.clone(), token: None, http: desk.http.clone() };
    let input = json!({"i": {"name": name, "password": tests::desk::PASSWORD}});
    let answer = nobody.asks(tests::desk::SIGN_IN, input).await;
    answer["data"]["signIn"]["token"].as_str().map(str::to_owned)
}

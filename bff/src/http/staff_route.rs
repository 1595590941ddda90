//! `/staff/graphql` over POST: staff only, with the same guards as the public route.

use super::admission::Class;
use super::arrival::{DEADLINE, arrived};
use super::fairness::{Bill, Desk, Lane, Payer, RateLimited};
use super::front::accept::MediaType;
use super::front::answer::{Answer, Tally};
use super::front::operation::Operation;
use super::front::route::{posted, refused};
use super::front::run::{NotRun, measured};
use super::requester::Credentials;
use crate::graphql::error::{FailureCode, bad_input, store_failed};
use crate::parts::Parts;
use crate::staff_graphql::StaffRequester;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, AUTHORIZATION};
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::{Request, Response};
use domain::identity::Secret;
use serde_json::Map;
use std::net::IpAddr;

/// POST with a JSON body. An expired or unknown token is NOT_SIGNED_IN, never silently anonymous.
pub async fn post(request: HttpRequest, body: web::Bytes, parts: web::Data<Parts>) -> HttpResponse {
    let operation = match posted(&request, &body) {
        Ok(operation) => operation,
        Err(refused) => return *refused,
    };
    let Some(media) = MediaType::wanted(&request) else {
        return HttpResponse::NotAcceptable().finish();
    };
    match run(&request, operation, &parts).await {
        Ok(answer) => answer.over_http(&request, media, StatusCode::BAD_REQUEST),
        Err(not_run) => refused(&request, media, not_run),
    }
}

async fn run(request: &HttpRequest, sent: Operation, parts: &Parts) -> Result<Answer, NotRun> {
    let (query, points) = priced(sent, parts)?;
    // No citizen's payment waits for the desk.
    let turn = parts.admission.enter(Class::Browse);
    let overloaded = || (FailureCode::Overloaded.into(), StatusCode::SERVICE_UNAVAILABLE);
    let _turn = turn.ok_or_else(overloaded)?;
    let who = requester(request, parts).await?;
    let bill = charge(points, &who, request, parts)?;
    let query = query.data(who);
    let due = arrived(request) + DEADLINE;
    let answer = match tokio::time::timeout_at(due, parts.staff_schema.execute(query)).await {
        Ok(response) => Answer::from(response),
        Err(_) => FailureCode::Timeout.into(),
    };
    Ok(answer.with_tally(Tally::Paid(bill)))
}

/// The request, and what it costs.
fn priced(operation: Operation, parts: &Parts) -> Result<(Request, u64), NotRun> {
    let variables = operation.variables.as_ref().map_or_else(Map::new, |all| all.0.clone());
    let name = operation.operation_name.clone();
    let mut query = measured(operation)?;
    let bad = |answer: Answer| (answer, StatusCode::BAD_REQUEST);
    let document = query.parsed_query();
    let document = document.map_err(|why| bad(Response::from_errors(vec![why]).into()))?;
    let points = parts.fairness.cost(Desk::Staff, document, name.as_deref(), &variables);
    let points = points.map_err(|why| bad(bad_input(&why.to_string()).into()))?;
    Ok((query, points))
}

/// Whoever is signed in pays, or else everybody at their address.
fn charge(
    points: u64,
    who: &StaffRequester,
    request: &HttpRequest,
    parts: &Parts,
) -> Result<Bill, NotRun> {
    let payer = match &who.session {
        Some((account, _)) => Payer::Staff(account.name.as_str()),
        None => Payer::At(address(request, parts)),
    };
    parts.fairness.charge(Lane::Browse, points, payer).map_err(short)
}

/// Any other method.
pub async fn other() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).finish()
}

async fn requester(request: &HttpRequest, parts: &Parts) -> Result<StaffRequester, NotRun> {
    let Some(sent) = request.headers().get(AUTHORIZATION) else {
        return Ok(StaffRequester { session: None });
    };
    let nobody = || (FailureCode::NotSignedIn.into(), StatusCode::UNAUTHORIZED);
    let token = sent.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
    let token = token.and_then(|text| Secret::new(text.trim()).ok());
    let account = match &token {
        Some(token) => parts.staff_sessions.account_of(token, parts.clock.now()).await,
        None => Ok(None),
    };
    match (account, token) {
        (Ok(Some(account)), Some(token)) => Ok(StaffRequester { session: Some((account, token)) }),
        (Ok(_), _) => {
            let tried = parts.fairness.unknown_token(address(request, parts));
            tried.map_err(short)?;
            Err(nobody())
        }
        (Err(error), _) => Err((store_failed(&error).into(), StatusCode::SERVICE_UNAVAILABLE)),
    }
}

fn address(request: &HttpRequest, parts: &Parts) -> Option<IpAddr> {
    Credentials::of_request(request, parts).address()
}

fn short(why: RateLimited) -> NotRun {
    (Answer::from(why), StatusCode::TOO_MANY_REQUESTS)
}

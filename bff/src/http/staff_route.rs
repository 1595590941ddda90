//! `/staff/graphql` over POST: staff only, with the same guards as the public route.

use super::front::accept::MediaType;
use super::front::answer::Answer;
use super::front::route::{posted, refused};
use super::front::run::{DEADLINE, NotRun, measured};
use crate::graphql::error::{FailureCode, store_failed};
use crate::parts::Parts;
use crate::staff_graphql::StaffRequester;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, AUTHORIZATION};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::identity::Secret;

/// POST with a JSON body. An expired or unknown token is NOT_SIGNED_IN, never silently anonymous.
pub async fn post(request: HttpRequest, body: web::Bytes, parts: web::Data<Parts>) -> HttpResponse {
    let operation = match posted(&request, &body) {
        Ok(operation) => operation,
        Err(refused) => return *refused,
    };
    let Some(media) = MediaType::wanted(&request) else {
        return HttpResponse::NotAcceptable().finish();
    };
    let query = match measured(operation) {
        Ok(query) => query,
        Err(not_run) => return refused(&request, media, not_run),
    };
    let who = match requester(&request, &parts).await {
        Ok(who) => who,
        Err(not_run) => return refused(&request, media, not_run),
    };
    let query = query.data(who);
    let answer = match tokio::time::timeout(DEADLINE, parts.staff_schema.execute(query)).await {
        Ok(response) => Answer::from(response),
        Err(_) => FailureCode::Timeout.into(),
    };
    answer.over_http(&request, media, StatusCode::BAD_REQUEST)
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
    let token = token.and_then(|text| Secret::new(text.trim()).ok()).ok_or_else(nobody)?;
    match parts.staff_sessions.account_of(&token, parts.clock.now()).await {
        Ok(Some(account)) => Ok(StaffRequester { session: Some((account, token)) }),
        Ok(None) => Err(nobody()),
        Err(error) => Err((store_failed(&error).into(), StatusCode::SERVICE_UNAVAILABLE)),
    }
}

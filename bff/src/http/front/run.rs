//! One operation from its text to its answer, whatever way it came in.

use super::super::admission::{Class, Turn};
use super::super::guard::{admit, is_for_post};
use super::super::requester::{Credentials, Refused, requester};
use super::answer::Answer;
use super::operation::Operation;
use super::persisted::NoDocument;
use crate::graphql::error::{FailureCode, bad_input, nothing_done};
use crate::observe;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{Request, Response};
use domain::identity::Channel;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, stream};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// One answer takes at most so long; clients give up after 10 s.
pub const DEADLINE: Duration = Duration::from_secs(8);

/// Why an operation was not executed, and the status that says so.
pub type NotRun = (Answer, StatusCode);

/// An operation that may be executed.
pub struct Sound {
    request: Request,
    document: ExecutableDocument,
}

impl Sound {
    /// Whether GET must not carry it: an operation of the document changes something, or its
    /// answer may lie in nobody's cache.
    pub fn is_for_post(&self) -> bool {
        let mut all = self.document.operations.iter();
        all.any(|(_, operation)| operation.node.ty == OperationType::Mutation)
            || is_for_post(&self.document)
    }

    /// Whether it is a subscription, answered again and again.
    pub fn subscribes(&self) -> bool {
        match (&self.document.operations, &self.request.operation_name) {
            (DocumentOperations::Single(one), _) => one.node.ty == OperationType::Subscription,
            (DocumentOperations::Multiple(many), Some(name)) => many
                .get(name.as_str())
                .is_some_and(|one| one.node.ty == OperationType::Subscription),
            (DocumentOperations::Multiple(_), None) => false,
        }
    }

    /// What the executor takes.
    pub fn into_request(self) -> Request {
        let Self { mut request, document } = self;
        request.set_parsed_query(document);
        request
    }
}

/// Finds the document, and measures it before and after it is read.
///
/// # Errors
/// The answer to give.
pub fn sound(operation: Operation, parts: &Parts) -> Result<Sound, NotRun> {
    let text = parts.persisted.text(&operation).map_err(|why| no_document(why).bad_request())?;
    let document = admit(&text).map_err(|why| {
        observe::refused(why.reason());
        Answer::from(why.response()).bad_request()
    })?;
    parts.persisted.keep(&operation, &text);
    let variables = operation.variables.map_or_else(serde_json::Map::new, |all| all.0);
    let variables = async_graphql::Variables::from_json(serde_json::Value::Object(variables));
    let mut request = Request::new(text.as_ref()).variables(variables);
    request.operation_name = operation.operation_name;
    let sound = Sound { request, document };
    observe::document(None, None, &text, sound.subscribes());
    Ok(sound)
}

fn no_document(why: NoDocument) -> Answer {
    match why {
        NoDocument::Unknown => FailureCode::PersistedQueryNotFound.into(),
        NoDocument::WrongHash => bad_input("the hash is not that of the document").into(),
        NoDocument::WrongVersion => bad_input("persisted queries have version 1").into(),
        NoDocument::Missing => bad_input("`query` is missing").into(),
    }
}

impl Answer {
    fn bad_request(self) -> NotRun {
        (self, StatusCode::BAD_REQUEST)
    }
}

/// Executes a query or a mutation.
///
/// # Errors
/// The answer to give where there is no turn, or nobody to execute it for.
pub async fn once(
    sound: Sound,
    credentials: &Credentials,
    parts: &Parts,
) -> Result<Answer, NotRun> {
    if sound.subscribes() {
        let why = "subscriptions come over a socket or as text/event-stream";
        return Err(Answer::from(bad_input(why)).bad_request());
    }
    let (_turn, request) = ready(sound, credentials, parts).await?;
    // Money that is under way is not lost with the answer: the healer finds it.
    match tokio::time::timeout(DEADLINE, parts.schema.execute(request)).await {
        Ok(response) => Ok(response.into()),
        Err(_) => Ok(FailureCode::Timeout.into()),
    }
}

async fn ready(
    sound: Sound,
    credentials: &Credentials,
    parts: &Parts,
) -> Result<(Turn, Request), NotRun> {
    let turn = parts.admission.enter(Class::of(&sound.document));
    let turn =
        turn.ok_or_else(|| (FailureCode::Overloaded.into(), StatusCode::SERVICE_UNAVAILABLE))?;
    let who = match requester(credentials, parts).await {
        Ok(who) => who,
        Err(Refused::With(code @ FailureCode::NotSignedIn)) => {
            return Err((code.into(), StatusCode::UNAUTHORIZED));
        }
        Err(Refused::With(code)) => return Err(Answer::from(code).bad_request()),
        Err(Refused::Store(error)) => {
            return Err((nothing_done(&error).into(), StatusCode::SERVICE_UNAVAILABLE));
        }
    };
    observe::channel(who.named_channel.map_or("none", Channel::code));
    Ok((turn, sound.into_request().data(who)))
}

/// Executes anything: a query or mutation gives one answer, a subscription as many as it has.
///
/// # Errors
/// As [`once`]; too many long answers at once are one more reason.
pub async fn answers(
    sound: Sound,
    credentials: &Credentials,
    parts: &Parts,
) -> Result<BoxStream<'static, Answer>, NotRun> {
    if !sound.subscribes() {
        let answer = once(sound, credentials, parts).await?;
        return Ok(stream::once(async move { answer }).boxed());
    }
    let overloaded = || (FailureCode::Overloaded.into(), StatusCode::SERVICE_UNAVAILABLE);
    let place = parts.streams.open().ok_or_else(overloaded)?;
    // A subscription keeps its place among the long answers, not a turn among the short ones.
    let (turn, request) = ready(sound, credentials, parts).await?;
    drop(turn);
    Ok(until_stopped(parts.schema.execute_stream(request), place, parts).boxed())
}

/// The answers until there are no more, or the server is about to stop.
fn until_stopped(
    responses: impl Stream<Item = Response> + Send + 'static,
    place: OwnedSemaphorePermit,
    parts: &Parts,
) -> impl Stream<Item = Answer> + Send + 'static {
    let drain = parts.drain.clone();
    let stopped = async move { drain.begun().await };
    let place = (place, parts.observer.front().subscription());
    responses.take_until(Box::pin(stopped)).map(move |response| {
        let _held = &place;
        Answer::from(response)
    })
}

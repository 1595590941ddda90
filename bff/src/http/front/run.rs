//! One operation from its text to its answer, whatever way it came in.

use super::super::admission::Turn;
use super::super::fairness::{Bill, Desk, Lane, Payer, RateLimited};
use super::super::guard::admit;
use super::super::requester::{Credentials, Refused, nobody, requester};
use super::answer::{Answer, Tally};
use super::cache::Asked;
use super::operation::Operation;
use super::trusted::{Hash, NoDocument, Prepared, PreparedOperation};
use crate::graphql::Requester;
use crate::graphql::error::{FailureCode, bad_input, nothing_done};
use crate::graphql::kept::Keeping;
use crate::graphql::loaders::Loaders;
use crate::observe;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, Variables};
use domain::identity::Channel;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

/// Why an operation was not executed, and the status that says so.
pub type NotRun = (Answer, StatusCode);

/// An operation that may be executed.
pub struct Sound {
    /// The document's name in the manifest; `None`: it is in no manifest.
    pub name: Option<Arc<str>>,
    document: Arc<Prepared>,
    /// Which operation of it.
    at: usize,
    /// As the operation declares them.
    variables: Map<String, Value>,
    /// Points, and the purse that they are paid from.
    cost: (Lane, u64),
}

impl Sound {
    /// Whether GET must not carry it: an operation of the document changes something, or its
    /// answer may lie in nobody's cache.
    pub fn is_for_post(&self) -> bool {
        self.document.is_for_post
    }

    /// Whether it is a subscription, answered again and again.
    pub fn subscribes(&self) -> bool {
        self.operation().ty == OperationType::Subscription
    }

    fn operation(&self) -> &PreparedOperation {
        self.document.operation(self.at)
    }

    /// What the executor takes: read and validated when the document was taken in.
    fn into_request(self) -> Request {
        let document = self.operation().document.clone();
        let variables = Variables::from_json(Value::Object(self.variables));
        let mut request = Request::new(String::new()).variables(variables);
        request.set_parsed_query(document);
        request.data(Loaders::default())
    }
}

/// Finds the document, and checks what stands in for its variables.
///
/// # Errors
/// The answer to give.
pub fn sound(
    operation: Operation,
    credentials: &Credentials,
    parts: &Parts,
) -> Result<Sound, NotRun> {
    let found = parts.known.find(&operation, credentials.address(), parts.clock.now());
    let document = found.map_err(|why| refused_document(why, credentials, parts))?;
    let fault = |why: &dyn std::fmt::Display| Answer::from(bad_input(&why.to_string()));
    let at = document.select(operation.operation_name.as_deref());
    let at = at.map_err(|why| fault(&why).bad_request())?;
    let sent = operation.variables.map_or_else(Map::new, |all| all.0);
    let variables = document.fit(at, sent).map_err(|why| fault(&why).bad_request())?;
    let operation = &document.operation(at).document;
    let points = parts.fairness.cost(Desk::Public, operation, None, &variables);
    let points = points.map_err(|why| fault(&why).bad_request())?;
    let cost = (Lane::of(operation), points);
    let sound = Sound { name: document.name.clone(), document, at, variables, cost };
    observe::document(sound.name.as_ref(), sound.document.hash, sound.subscribes());
    Ok(sound)
}

/// The request of a document that is read and measured now, and validated by the schema that
/// executes it.
///
/// # Errors
/// The answer to give.
pub fn measured(operation: Operation) -> Result<Request, NotRun> {
    let text = operation.query.ok_or_else(|| no_document(NoDocument::Missing).bad_request())?;
    let document = admit(&text).map_err(|why| {
        observe::refused(why.reason());
        Answer::from(why.response()).bad_request()
    })?;
    observe::document(None, Hash::of(&text), false);
    let variables = operation.variables.map_or_else(Map::new, |all| all.0);
    let mut request = Request::new(text).variables(Variables::from_json(Value::Object(variables)));
    request.operation_name = operation.operation_name;
    request.set_parsed_query(document);
    Ok(request)
}

/// What a client asks to learn whether we know a document is no fault of it.
fn refused_document(why: NoDocument, credentials: &Credentials, parts: &Parts) -> NotRun {
    let refused = matches!(why, NoDocument::Refused(_));
    let paid = refused.then(|| parts.fairness.refused_document(credentials.address()));
    match paid {
        Some(Err(short)) => (Answer::from(short), StatusCode::TOO_MANY_REQUESTS),
        Some(Ok(())) | None => no_document(why).bad_request(),
    }
}

fn no_document(why: NoDocument) -> Answer {
    match why {
        NoDocument::Unknown => FailureCode::PersistedQueryNotFound.into(),
        NoDocument::NotTrusted => FailureCode::DocumentNotTrusted.into(),
        NoDocument::WrongHash => bad_input("the hash is not that of the document").into(),
        NoDocument::WrongVersion => bad_input("persisted queries have version 1").into(),
        NoDocument::Missing => bad_input("`query` is missing").into(),
        NoDocument::Refused(response) => Answer::from(*response),
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
    if let Some(max_age_s) = sound.operation().max_age_s {
        return for_everybody(sound, max_age_s, credentials, parts).await;
    }
    let turn = turn(&sound, parts)?;
    let who = asker(credentials, parts).await?;
    let bill = charge(sound.cost, &who, credentials, parts)?;
    let with = |request: Request| request.data(who);
    let answer = executed((turn, sound), with, credentials.due(), parts).await;
    Ok(answer.with_tally(Tally::Paid(bill)))
}

/// Somebody signed in pays, or else everybody at their address.
fn charge(
    (lane, points): (Lane, u64),
    who: &Requester,
    credentials: &Credentials,
    parts: &Parts,
) -> Result<Bill, NotRun> {
    let at = Payer::At(credentials.address());
    let payer = who.caller.as_ref().map_or(at, Payer::Person);
    let short = |why: RateLimited| (Answer::from(why), StatusCode::TOO_MANY_REQUESTS);
    parts.fairness.charge(lane, points, payer).map_err(short)
}

/// An answer that is the same for everybody by one channel in one language: kept, or worked out
/// for nobody in particular. Whoever says who they are must still be who they say.
async fn for_everybody(
    sound: Sound,
    max_age_s: u32,
    credentials: &Credentials,
    parts: &Parts,
) -> Result<Answer, NotRun> {
    let who = match credentials.named_nobody() {
        true => nobody(credentials, parts.clock.now()).map_err(refused)?,
        false => asker(credentials, parts).await?,
    };
    observe::channel(who.named_channel.map_or("none", Channel::code));
    let document = sound.document.clone();
    let of = (who.channel, credentials.wording());
    let asked = Asked::new((&document, sound.at), &sound.variables, of);
    // What is kept costs next to nothing; what is not is worked out for whoever asks first.
    let (lane, points) = sound.cost;
    let points = if parts.answers.has(&asked) { 1 } else { points };
    charge((lane, points), &who, credentials, parts)?;
    let make = async |keeping: Arc<Keeping>| {
        let turn = turn(&sound, parts)?;
        let who = Requester { caller: None, address: None, ..who };
        let with = |request: Request| request.data(who).data(keeping);
        Ok(executed((turn, sound), with, credentials.due(), parts).await)
    };
    parts.answers.get_or_make(asked, &document, max_age_s, make).await
}

async fn executed(
    (_turn, sound): (Turn, Sound),
    with: impl FnOnce(Request) -> Request,
    due: Instant,
    parts: &Parts,
) -> Answer {
    let (name, hash) = (sound.name.clone(), sound.document.hash);
    let request = with(sound.into_request());
    // Money that is under way is not lost with the answer: the healer finds it.
    match timeout_at(due, parts.schema.execute(request)).await {
        Ok(response) => response.into(),
        Err(_) => {
            tracing::warn!(?name, document = %hash, "this took too long");
            FailureCode::Timeout.into()
        }
    }
}

fn turn(sound: &Sound, parts: &Parts) -> Result<Turn, NotRun> {
    let turn = parts.admission.enter(sound.document.class);
    turn.ok_or_else(|| (FailureCode::Overloaded.into(), StatusCode::SERVICE_UNAVAILABLE))
}

/// Who asks. A token that nobody has is paid for.
///
/// # Errors
/// The answer to give.
pub async fn asker(credentials: &Credentials, parts: &Parts) -> Result<Requester, NotRun> {
    let who = requester(credentials, parts).await;
    if let Err(Refused::With(FailureCode::NotSignedIn)) = &who {
        let tried = parts.fairness.unknown_token(credentials.address());
        tried.map_err(|why| (Answer::from(why), StatusCode::TOO_MANY_REQUESTS))?;
    }
    let who = who.map_err(refused)?;
    observe::channel(who.named_channel.map_or("none", Channel::code));
    Ok(who)
}

fn refused(why: Refused) -> NotRun {
    match why {
        Refused::With(code @ FailureCode::NotSignedIn) => (code.into(), StatusCode::UNAUTHORIZED),
        Refused::With(code) => Answer::from(code).bad_request(),
        Refused::Store(error) => (nothing_done(&error).into(), StatusCode::SERVICE_UNAVAILABLE),
    }
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
    let turn = turn(&sound, parts)?;
    let who = asker(credentials, parts).await?;
    charge(sound.cost, &who, credentials, parts)?;
    drop(turn);
    let request = sound.into_request().data(who);
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

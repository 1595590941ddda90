//! GraphQL over a socket: the graphql-transport-ws protocol, with all its close codes.
//!
//! One task reads and writes; each operation runs in a task of its own and hands its answers over
//! by a short queue, so that an operation that floods waits for its own socket and for nothing
//! else. Who asks is found anew for every operation: a session that was ended elsewhere ends here.

use super::super::requester::{Credentials, Wording};
use super::answer::Answer;
use super::operation::Operation;
use super::run::{answers, asker, sound};
use crate::graphql::error::FailureCode;
use crate::observe;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::http::header::SEC_WEBSOCKET_PROTOCOL;
use actix_web::{HttpRequest, HttpResponse, rt, web};
use actix_ws::{
    AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Closed, ProtocolError,
    Session,
};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

/// The protocol's name; the older `graphql-ws` is not spoken.
const PROTOCOL: &str = "graphql-transport-ws";
/// One message; documents over HTTP have the same limit.
const MESSAGE_MAX: usize = 64 * 1024;
/// Who does not say `connection_init` within this is sent away.
pub const INIT_WITHIN: Duration = Duration::from_secs(5);
/// Operations of one socket at once; a mini-program has at most 5.
pub const OPERATIONS_MAX: usize = 32;
/// Answers that wait to be written.
const QUEUE: usize = 16;
/// Mini-programs lose sockets that are quiet for a minute.
pub const PING_EVERY: Duration = Duration::from_secs(20);
/// Nothing heard for so long: the other end is gone.
pub const SILENT_FOR: Duration = Duration::from_secs(60);
/// Characters of an operation's id; clients use UUIDs or counters.
const ID_MAX: usize = 128;

/// Close codes of the protocol, and of RFC 6455.
mod code {
    pub const GOING_AWAY: u16 = 1_001;
    pub const TOO_BIG: u16 = 1_009;
    pub const BAD_REQUEST: u16 = 4_400;
    pub const UNAUTHORIZED: u16 = 4_401;
    pub const FORBIDDEN: u16 = 4_403;
    pub const INIT_TIMEOUT: u16 = 4_408;
    pub const ALREADY_THERE: u16 = 4_409;
    pub const TOO_MANY_INITS: u16 = 4_429;
    pub const INTERNAL: u16 = 4_500;
}

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FromClient {
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Ping {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Pong {},
    Subscribe {
        id: String,
        payload: Operation,
    },
    Complete {
        id: String,
    },
}

/// Why a socket is closed by us.
struct Close(u16, &'static str);

/// Begins a socket; 400 where the client speaks another protocol.
pub fn open(request: &HttpRequest, payload: web::Payload, parts: web::Data<Parts>) -> HttpResponse {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
    let mut offered = offered.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    if !offered.any(|name| name.trim() == PROTOCOL) {
        return HttpResponse::BadRequest().body("Sec-WebSocket-Protocol: graphql-transport-ws\n");
    }
    match actix_ws::handle_with_protocols(request, payload, &[PROTOCOL]) {
        Ok((response, session, messages)) => {
            let messages = messages
                .max_frame_size(MESSAGE_MAX)
                .aggregate_continuations()
                .max_continuation_size(MESSAGE_MAX);
            let opened_by = Credentials::of_request(request, &parts);
            rt::spawn(serve(session, messages, opened_by, parts));
            response
        }
        Err(error) => error.error_response(),
    }
}

/// An answer of an operation, or its end (`None`). `serial` tells an operation from a later one
/// of the same id.
struct FromOperation {
    id: String,
    serial: u64,
    said: Option<Said>,
}

enum Said {
    Next(Answer),
    Error(Answer),
}

/// One socket.
struct Socket {
    parts: web::Data<Parts>,
    /// `None` until the client has said `connection_init`.
    credentials: Option<Credentials>,
    /// What the request said that opened it.
    opened_by: Credentials,
    running: HashMap<String, (u64, AbortHandle)>,
    serial: u64,
    queue: mpsc::Sender<FromOperation>,
}

async fn serve(
    mut session: Session,
    mut messages: AggregatedMessageStream,
    opened_by: Credentials,
    parts: web::Data<Parts>,
) {
    let (queue, mut said) = mpsc::channel(QUEUE);
    let (drain, _open) = (parts.drain.clone(), parts.observer.front().socket());
    let mut socket =
        Socket { parts, credentials: None, opened_by, running: HashMap::new(), serial: 0, queue };
    let opened = Instant::now();
    let (mut heard, mut next_ping) = (opened, opened + PING_EVERY);
    let close = loop {
        let waits_for_init = socket.credentials.is_none();
        let outcome = tokio::select! {
            message = messages.recv() => match message {
                Some(message) => {
                    heard = Instant::now();
                    socket.hears(message, &mut session).await
                }
                None => Err(None),
            },
            Some(from) = said.recv() => socket.says(from, &mut session).await,
            () = sleep_until(opened + INIT_WITHIN), if waits_for_init => {
                Err(Some(Close(code::INIT_TIMEOUT, "Connection initialisation timeout")))
            }
            () = sleep_until(next_ping) => {
                next_ping += PING_EVERY;
                if heard.elapsed() > SILENT_FOR { Err(None) } else { write(&mut session, &json!({ "type": "ping" })).await }
            }
            () = drain.begun() => Err(Some(Close(code::GOING_AWAY, "the server stops"))),
        };
        if let Err(close) = outcome {
            break close;
        }
    };
    for (_, (_, running)) in socket.running.drain() {
        running.abort();
    }
    let reason = close.map(|Close(code, description)| CloseReason {
        code: CloseCode::from(code),
        description: Some(description.to_owned()),
    });
    // A client that has gone needs no goodbye.
    let _ = session.close(reason).await;
}

/// Goes on, or ends: by our choice with a reason, or because the other end is gone.
type GoesOn = Result<(), Option<Close>>;

async fn write(session: &mut Session, message: &Value) -> GoesOn {
    session.text(message.to_string()).await.map_err(|Closed| None)
}

impl Socket {
    async fn hears(
        &mut self,
        message: Result<AggregatedMessage, ProtocolError>,
        session: &mut Session,
    ) -> GoesOn {
        match message {
            Ok(AggregatedMessage::Text(text)) => match read(&text) {
                Some(said) => self.acts(said, session).await,
                None => Err(Some(Close(code::BAD_REQUEST, "Invalid message"))),
            },
            Ok(AggregatedMessage::Binary(_)) => {
                Err(Some(Close(code::BAD_REQUEST, "messages are text")))
            }
            Ok(AggregatedMessage::Ping(bytes)) => session.pong(&bytes).await.map_err(|Closed| None),
            Ok(AggregatedMessage::Pong(_)) => Ok(()),
            Ok(AggregatedMessage::Close(_)) => Err(None),
            Err(ProtocolError::Overflow) => {
                Err(Some(Close(code::TOO_BIG, "a message has at most 64 KB")))
            }
            // Whoever speaks another protocol is not answered in ours.
            Err(_) => Err(None),
        }
    }

    async fn acts(&mut self, said: FromClient, session: &mut Session) -> GoesOn {
        match said {
            FromClient::ConnectionInit { .. } if self.credentials.is_some() => {
                Err(Some(Close(code::TOO_MANY_INITS, "Too many initialisation requests")))
            }
            FromClient::ConnectionInit { payload } => {
                let credentials = self.opened_by.clone().with_payload(&payload.unwrap_or_default());
                match asker(&credentials, &self.parts).await {
                    Ok(_) => {}
                    Err((_, StatusCode::SERVICE_UNAVAILABLE)) => {
                        return Err(Some(Close(code::INTERNAL, "come again later")));
                    }
                    Err(_) => return Err(Some(Close(code::FORBIDDEN, "Forbidden"))),
                }
                self.credentials = Some(credentials);
                write(session, &json!({ "type": "connection_ack" })).await
            }
            FromClient::Ping { payload: None } => write(session, &json!({ "type": "pong" })).await,
            FromClient::Ping { payload } => {
                write(session, &json!({ "type": "pong", "payload": payload })).await
            }
            FromClient::Pong {} => Ok(()),
            FromClient::Complete { id } => {
                if let Some((_, running)) = self.running.remove(&id) {
                    running.abort();
                }
                Ok(())
            }
            FromClient::Subscribe { id, payload } => self.starts(id, payload, session).await,
        }
    }

    async fn starts(&mut self, id: String, operation: Operation, session: &mut Session) -> GoesOn {
        let Some(credentials) = self.credentials.clone() else {
            return Err(Some(Close(code::UNAUTHORIZED, "Unauthorized")));
        };
        if id.is_empty() || id.chars().count() > ID_MAX {
            return Err(Some(Close(code::BAD_REQUEST, "an id has 1 to 128 characters")));
        }
        if self.running.contains_key(&id) {
            return Err(Some(Close(code::ALREADY_THERE, "Subscriber already exists")));
        }
        if self.running.len() >= OPERATIONS_MAX {
            let errors = Answer::from(FailureCode::Overloaded).errors(credentials.wording());
            return write(session, &json!({ "type": "error", "id": id, "payload": errors })).await;
        }
        self.serial += 1;
        let (parts, queue) = (self.parts.clone(), self.queue.clone());
        let observer = parts.observer.clone();
        let run = run((id.clone(), self.serial), operation, credentials, parts, queue);
        let run = async move { observe::operation(&observer, run).await };
        let running = rt::spawn(run).abort_handle();
        self.running.insert(id, (self.serial, running));
        Ok(())
    }

    /// What an operation says is written, unless the client has ended it meanwhile.
    async fn says(&mut self, from: FromOperation, session: &mut Session) -> GoesOn {
        let FromOperation { id, serial, said } = from;
        if self.running.get(&id).is_none_or(|(running, _)| *running != serial) {
            return Ok(());
        }
        let wording = self.credentials.as_ref().map_or(Wording::Chinese, Credentials::wording);
        match said {
            Some(Said::Next(answer)) => {
                // Written around the answer's own text, which need not be read again.
                let id = Value::String(id);
                let text =
                    format!(r#"{{"type":"next","id":{id},"payload":{}}}"#, answer.json(wording));
                session.text(text).await.map_err(|Closed| None)
            }
            Some(Said::Error(answer)) => {
                self.running.remove(&id);
                let errors = answer.errors(wording);
                write(session, &json!({ "type": "error", "id": id, "payload": errors })).await
            }
            None => {
                self.running.remove(&id);
                write(session, &json!({ "type": "complete", "id": id })).await
            }
        }
    }
}

/// One operation: its answers, then its end. What fails before it is executed is an error of the
/// operation, not an answer.
async fn run(
    (id, serial): (String, u64),
    operation: Operation,
    credentials: Credentials,
    parts: web::Data<Parts>,
    queue: mpsc::Sender<FromOperation>,
) {
    let tell = async |said| {
        let from = FromOperation { id: id.clone(), serial, said };
        // Where the socket has gone, this task is about to end, too.
        let _ = queue.send(from).await;
    };
    let sound = match sound(operation, &credentials, &parts) {
        Ok(sound) => sound,
        Err((answer, _)) => return tell(Some(Said::Error(answer))).await,
    };
    // A subscription that cannot begin is an error, though its field was reached.
    let mut begins = sound.subscribes();
    let mut answers = match answers(sound, &credentials, &parts).await {
        Ok(answers) => answers,
        Err((answer, _)) => return tell(Some(Said::Error(answer))).await,
    };
    while let Some(answer) = answers.next().await {
        if !answer.was_executed() || (begins && answer.is_failure()) {
            return tell(Some(Said::Error(answer))).await;
        }
        begins = false;
        tell(Some(Said::Next(answer))).await;
    }
    tell(None).await;
}

/// A message of the protocol; measured before it is read, since the parser recurses.
fn read(text: &str) -> Option<FromClient> {
    super::operation::measured(text, "the message").ok()
}

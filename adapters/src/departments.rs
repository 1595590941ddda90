//! The departments' exchange: one generic call, and the two checks of identity that go over it.
//! Every call is safe to repeat: a look-up, or an order that names itself.

mod department;
mod identity;
mod messages;
mod registers;
mod texts;
mod wire;

pub use texts::{PushMessages, TextMessages};

use crate::asked::traceparent;
use crate::crypto::{MacKey, from_base64, hex, sha256_hex};
use crate::http::{
    ConfigFault, HttpAnswer, HttpClient, HttpRequest, again_once, base_url, below, undecided,
    unexpected, unknown,
};
use async_trait::async_trait;
use department::Departments;
use domain::clock::{Clock, IdSource};
use domain::engine::{
    DepartmentExchange, ExchangeAnswer, ExchangeCall, REFUSED_DENIED, REFUSED_INVALID,
};
use domain::outside::OutsideError;
use jiff::Timestamp;
use reqwest::Url;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use wire::{AnswerWire, RequestWire, SubjectWire};

pub use crate::breaker::{BreakerRule, BreakerState};
pub use department::{DepartmentRules, DepartmentWatch};

/// So many calls of one process are under way at most: a department that hangs holds these, and
/// nothing else.
const CALLS: usize = 32;
/// And of those about one department: a quarter, so that three hang and a fourth is still asked. With answers in 100 ms that
/// is 80 calls a second, and a department that is asked more than that is no other's burden.
const CALLS_OF_ONE: usize = CALLS / 4;
/// A call that gets no turn within this is given up.
const TURN: Duration = Duration::from_millis(500);
const WINDOW_S: u64 = 300;
/// As the exchange promises.
const ROWS_MAX: usize = 200;
const KEY_BYTES: usize = 32;

/// Plain values of the settings.
#[derive(Clone)]
pub struct DepartmentsConfig {
    /// Where the exchange is.
    pub base_url: String,
    /// Issued by the exchange.
    pub client_id: String,
    /// 32 bytes, as base64.
    pub key_base64: String,
    /// How patient we are.
    pub rules: DepartmentRules,
}

impl fmt::Debug for DepartmentsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DepartmentsConfig")
            .field("base_url", &self.base_url)
            .field("client_id", &self.client_id)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// A client of the exchange.
pub struct HttpDepartments {
    base: Url,
    client_id: String,
    key: MacKey,
    http: HttpClient,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    departments: Departments,
}

impl fmt::Debug for HttpDepartments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpDepartments({})", self.base)
    }
}

/// The department behind the exchange is closed or overloaded.
#[derive(Debug, thiserror::Error)]
#[error("the department is busy: {0}")]
struct Busy(String);

/// The exchange has no such operation: the app's definition is ahead of it.
#[derive(Debug, thiserror::Error)]
#[error("the exchange knows no {0}")]
struct UnknownOperation(String);

/// Ids of one request.
struct Sent {
    request_id: String,
    path: String,
}

impl HttpDepartments {
    /// `watch` hears of every change of a department's breaker.
    ///
    /// # Errors
    /// [`ConfigFault`] names the first field that cannot be used.
    pub fn new(
        config: &DepartmentsConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        watch: DepartmentWatch,
    ) -> Result<Self, ConfigFault> {
        ConfigFault::unless_filled("client_id", &config.client_id)?;
        let key = from_base64(config.key_base64.trim())
            .map_err(|error| ConfigFault::new("key_base64", error))?;
        if key.len() != KEY_BYTES {
            return Err(ConfigFault::new("key_base64", "not 32 bytes long"));
        }
        Ok(Self {
            base: base_url("base_url", &config.base_url)?,
            client_id: config.client_id.clone(),
            key: MacKey::new(&key),
            departments: Departments::new(config.rules.clone(), watch, clock.clone(), CALLS),
            http,
            clock,
            ids,
        })
    }

    async fn call_once(&self, call: &ExchangeCall) -> Result<ExchangeAnswer, OutsideError> {
        let (sent, request) = self.request(call)?;
        let answer = self.http.send(request).await?;
        if answer.status == 404 {
            // It is there, and has no such operation: nobody else's questions suffer for that.
            return Err(undecided(UnknownOperation(sent.path)));
        }
        if answer.status != 200 {
            return Err(unexpected("the exchange answered with HTTP status", answer.status));
        }
        self.verify(&sent, &answer)?;
        let wire: AnswerWire = serde_json::from_slice(&answer.body).map_err(unknown)?;
        if wire.request_id != sent.request_id {
            return Err(unexpected("the answer is to another request", wire.request_id));
        }
        match wire.code.as_str() {
            "OK" => answer_of(wire),
            REFUSED_INVALID | REFUSED_DENIED => {
                Err(OutsideError::Refused { code: wire.code, message: wire.message })
            }
            // Nothing was done, and asking again is safe.
            "BUSY" => Err(OutsideError::NotSent(Busy(wire.message).into())),
            _ => Err(unexpected("unknown code of the exchange", wire.code)),
        }
    }

    /// A fresh request: nonce, time and id differ on every attempt.
    fn request(&self, call: &ExchangeCall) -> Result<(Sent, HttpRequest), OutsideError> {
        let random = hex(&self.ids.random_bytes());
        let (request_id, nonce) = random.split_at(32);
        let wire = RequestWire {
            request_id,
            subject: call.subject.as_ref().map(SubjectWire::of),
            parameters: call
                .parameters
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
        };
        let body =
            serde_json::to_vec(&wire).map_err(|error| OutsideError::NotSent(error.into()))?;
        let url = below(&self.base, &format!("/exchange/v1/{}", call.operation.as_str()));
        let timestamp = self.clock.now().as_second().to_string();
        let path = url.path().to_owned();
        let hash = sha256_hex(&body);
        let signed = format!("POST\n{path}\n{timestamp}\n{nonce}\n{hash}\n");
        let deadline = self.departments.deadline(call.operation.as_str());
        let request = HttpRequest { deadline: Some(deadline), ..HttpRequest::post(url, body) }
            .header("content-type", "application/json; charset=utf-8")
            .header("x-exchange-client", &self.client_id)
            .header("x-exchange-timestamp", timestamp)
            .header("x-exchange-nonce", nonce)
            .header("x-exchange-signature", self.key.code(signed.as_bytes()));
        // The exchange is the province's own; platforms outside are told no trace.
        let request = match traceparent() {
            Some(open) => request.header("traceparent", open),
            None => request,
        };
        Ok((Sent { request_id: request_id.to_owned(), path }, request))
    }

    fn verify(&self, sent: &Sent, answer: &HttpAnswer) -> Result<(), OutsideError> {
        let header = |name: &'static str| {
            answer.header(name).ok_or_else(|| unexpected("the answer lacks a header", name))
        };
        let timestamp = header("x-exchange-timestamp")?;
        let nonce = header("x-exchange-nonce")?;
        let signature = header("x-exchange-signature")?;
        let signed_at: i64 = timestamp.parse().map_err(unknown_number)?;
        if self.clock.now().as_second().abs_diff(signed_at) > WINDOW_S {
            return Err(unexpected("the answer is outside the time window", timestamp));
        }
        let (id, hash) = (&sent.request_id, sha256_hex(&answer.body));
        let signed = format!("200\n{id}\n{timestamp}\n{nonce}\n{hash}\n");
        self.key
            .verify(signed.as_bytes(), signature)
            .or(Err(unexpected("the answer is not signed by the exchange", &sent.path)))
    }
}

fn unknown_number(error: std::num::ParseIntError) -> OutsideError {
    unknown(error)
}

fn answer_of(wire: AnswerWire) -> Result<ExchangeAnswer, OutsideError> {
    if wire.rows.len() > ROWS_MAX {
        return Err(unexpected("more rows than the exchange may send", wire.rows.len()));
    }
    let rows = wire.rows.into_iter();
    let rows = rows.map(|row| row.into_iter().map(|(key, value)| (key, value.into())).collect());
    let as_of: Timestamp = wire.as_of.parse().map_err(|error: jiff::Error| unknown(error))?;
    Ok(ExchangeAnswer { rows: rows.collect(), as_of, source: wire.source })
}

#[async_trait]
impl DepartmentExchange for HttpDepartments {
    async fn call(&self, call: &ExchangeCall) -> Result<ExchangeAnswer, OutsideError> {
        let attempts = again_once(|| self.call_once(call));
        self.departments.ask(call.operation.as_str(), attempts).await
    }
}

#[cfg(test)]
mod tests;

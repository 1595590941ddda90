//! The transport of the clearing files: bytes with signed headers.

use super::bill::instant;
use super::call::{Message, NonTaxGateway};
use super::root::{self, Said};
use crate::crash::{Step, around};
use crate::crypto::sha256_hex;
use crate::http::{HttpAnswer, HttpRequest, Method, below, unexpected, unknown};
use async_trait::async_trait;
use domain::outside::OutsideError;
use domain::reconciliation::{
    ClearingDay, ClearingError, ClearingExchange, FileFault, FinanceResult, OrderedRefund,
    RejectedLine, Sent,
};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;
use std::time::Duration;

const BYTES_MAX: usize = 32 * 1024 * 1024;
/// Files are sent and fetched while nobody waits.
const DEADLINE: Duration = Duration::from_secs(60);
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

#[derive(Debug, Deserialize)]
struct RejectedWire {
    #[serde(rename = "LINENO")]
    line: u32,
    #[serde(rename = "REASONCODE")]
    code: String,
    #[serde(rename = "REASON", default)]
    reason: String,
}

/// A file that can be fetched.
#[derive(Debug, Deserialize)]
struct ListedWire {
    #[serde(rename = "FILENAME")]
    name: String,
    #[serde(rename = "FILEBYTES")]
    bytes: usize,
    #[serde(rename = "FILESHA256")]
    sha256: String,
}

fn path_of(name: &str) -> String {
    format!("/files/non-tax/{name}")
}

/// What the signature of a transfer is over; `what` is the method, or `200` of an answer.
fn signed_text(what: &str, name: &str, timestamp: &str, digest: &str) -> String {
    format!("{what}\n{}\n{timestamp}\n{digest}\n", path_of(name))
}

impl NonTaxGateway {
    fn transfer(
        &self,
        method: Method,
        name: &str,
        body: Vec<u8>,
    ) -> Result<HttpRequest, OutsideError> {
        let (timestamp, algorithm) = (self.timestamp(), self.key.algorithm());
        let digest = algorithm.digest_hex(&body);
        let text = signed_text(method.as_str(), name, &timestamp, &digest);
        let signature = self.key.sign(text.as_bytes());
        let signature = signature.map_err(|error| OutsideError::NotSent(error.into()))?;
        let request = HttpRequest::new(method, below(&self.base, &path_of(name)), body)
            .header("content-type", "application/octet-stream")
            .header("x-gateway-key-id", self.key_id.as_str())
            .header("x-gateway-algorithm", algorithm.name())
            .header("x-gateway-timestamp", timestamp)
            .header("x-gateway-signature", signature);
        Ok(HttpRequest { limit: BYTES_MAX, deadline: Some(DEADLINE), ..request })
    }

    async fn upload(&self, name: &str, bytes: Vec<u8>) -> Result<Sent, OutsideError> {
        if bytes.len() > BYTES_MAX {
            let why = format!("{name} has more than {BYTES_MAX} bytes");
            return Err(OutsideError::NotSent(why.into()));
        }
        let answer = self.http.send(self.transfer(Method::Post, name, bytes)?).await?;
        if answer.status != 200 {
            return Err(unexpected("the gateway answered a file with HTTP status", answer.status));
        }
        let signed = self.answer_to(Message::UploadFile, &answer.body)?;
        let key = self.key_of(&signed).await?;
        let document = signed.open(&key, self.seal.as_ref()).map_err(unknown)?;
        let echoes = [("MESSAGE", Message::UploadFile.name()), ("FILENAME", name)];
        match root::read::<RejectedWire>(&document, &echoes).map_err(unknown)? {
            Said::Done(_) => Ok(Sent::Taken),
            Said::Exception { code, message, details } => match code.as_str() {
                "JUDGED" => Ok(Sent::Judged),
                "REJECTED" => Ok(Sent::Rejected(details.into_iter().map(rejected).collect())),
                _ => Err(OutsideError::Refused { code, message }),
            },
        }
    }

    /// The file as it was listed; its answer is signed, and so is its digest in the list.
    async fn download(&self, listed: &ListedWire) -> Result<Vec<u8>, ClearingError> {
        let name = listed.name.as_str();
        let asking = self.http.send(self.transfer(Method::Get, name, Vec::new())?);
        let answer = around(Step::GatewayFetchFile, asking).await?;
        if answer.status != 200 {
            let status = answer.status;
            return Err(unexpected("the gateway answered with HTTP status", status).into());
        }
        self.verify(name, &answer).await?;
        let same = answer.body.len() == listed.bytes && sha256_hex(&answer.body) == listed.sha256;
        if same { Ok(answer.body) } else { Err(faulty(name, FileFault::OtherBytes)) }
    }

    async fn verify(&self, name: &str, answer: &HttpAnswer) -> Result<(), OutsideError> {
        let named = |header: &'static str| {
            answer.header(header).ok_or_else(|| unexpected("the file lacks the header", header))
        };
        let timestamp = named("x-gateway-timestamp")?;
        let at = timestamp.split_at_checked(8).and_then(|(day, time)| instant(day, time));
        let at = at.ok_or_else(|| unexpected("the file's timestamp", timestamp))?;
        if self.clock.now().duration_since(at).abs() > WINDOW {
            return Err(unexpected("the file's signature is of another time", timestamp));
        }
        let id = named("x-gateway-key-id")?;
        let key = self.key_named(id).await?;
        let key = key.ok_or_else(|| unexpected("the file is signed by an unknown key", id))?;
        if named("x-gateway-algorithm")? != key.algorithm().name() {
            return Err(unexpected("the file is signed by an unknown key", id));
        }
        let digest = key.algorithm().digest_hex(&answer.body);
        let text = signed_text("200", name, timestamp, &digest);
        key.verify(text.as_bytes(), named("x-gateway-signature")?).map_err(unknown)
    }

    async fn listed(&self, day: Date) -> Result<Vec<ListedWire>, OutsideError> {
        let day = compact(day);
        let parameters = [("FILEDATE", day.as_str())];
        let asking = self.http.twice(|| self.call::<ListedWire>(Message::ListFiles, &parameters));
        around(Step::GatewayListFiles, asking).await
    }
}

fn rejected(wire: RejectedWire) -> RejectedLine {
    RejectedLine { line: wire.line, code: wire.code, reason: wire.reason }
}

fn faulty(file: &str, fault: FileFault) -> ClearingError {
    ClearingError::Faulty { file: file.to_owned(), fault }
}

/// `YYYYMMDD`.
pub(super) fn compact(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

#[async_trait]
impl ClearingExchange for NonTaxGateway {
    async fn send_orders(&self, day: &ClearingDay) -> Result<Sent, OutsideError> {
        let bytes =
            super::clearing_out::orders(day).map_err(|e| OutsideError::NotSent(e.into()))?;
        let name = format!("DZ_{}.txt", compact(day.day()));
        around(Step::GatewaySendOrders, self.upload(&name, bytes)).await
    }

    async fn send_split(&self, day: &ClearingDay) -> Result<Sent, OutsideError> {
        let bytes = super::clearing_out::split(day);
        let name = format!("FC_{}.txt", compact(day.day()));
        around(Step::GatewaySendSplit, self.upload(&name, bytes)).await
    }

    async fn results(&self, day: Date) -> Result<Vec<FinanceResult>, ClearingError> {
        let prefix = format!("JG_{}_", compact(day));
        let batch_of = |name: &str| {
            let batch = name.strip_prefix(&prefix)?.strip_suffix(".txt")?;
            let fits = batch.len() == 2 && batch.bytes().all(|b| b.is_ascii_digit());
            batch.parse::<u8>().ok().filter(|batch| fits && *batch > 0)
        };
        let listed = self.listed(day).await?.into_iter();
        let mut batches: Vec<_> =
            listed.filter_map(|file| batch_of(&file.name).map(|batch| (batch, file))).collect();
        batches.sort_by_key(|(batch, _)| *batch);
        let mut results = Vec::new();
        for (batch, file) in batches {
            let bytes = self.download(&file).await?;
            let result = super::clearing_in::result(batch, &bytes);
            results.push(result.map_err(|fault| faulty(&file.name, fault))?);
        }
        Ok(results)
    }

    async fn ordered_refunds(
        &self,
        day: Date,
    ) -> Result<Option<Vec<OrderedRefund>>, ClearingError> {
        let name = format!("TF_{}.txt", compact(day));
        let mut listed = self.listed(day).await?.into_iter();
        let Some(file) = listed.find(|file| file.name == name) else { return Ok(None) };
        let bytes = self.download(&file).await?;
        let refunds = super::clearing_in::ordered_refunds(&bytes);
        refunds.map(Some).map_err(|fault| faulty(&name, fault))
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;

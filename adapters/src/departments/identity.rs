//! Public security's two checks, asked over the exchange.

use super::HttpDepartments;
use crate::http::{unexpected, unknown};
use async_trait::async_trait;
use domain::catalogue::Operation;
use domain::engine::{DepartmentExchange, ExchangeCall, ExchangeRow, ExchangeValue, Subject};
use domain::identity::{FaceCheck, FaceStart, FaceState, PersonName, RealName, RealNameCheck};
use domain::outside::OutsideError;
use domain::standards::CitizenId;

const NAME_CHECK: &str = "police.real_name_check";
const FACE_START: &str = "police.face_check_start";
const FACE_RESULT: &str = "police.face_check_result";

impl HttpDepartments {
    /// The first row of an answer, if there is one.
    pub(super) async fn first_row(
        &self,
        operation: &str,
        subject: Option<Subject>,
        parameters: Vec<(String, String)>,
    ) -> Result<Option<ExchangeRow>, OutsideError> {
        let operation =
            Operation::new(operation).map_err(|error| OutsideError::NotSent(error.into()))?;
        let call = ExchangeCall { operation, subject, parameters };
        Ok(self.call(&call).await?.rows.into_iter().next())
    }
}

pub(super) fn subject(of: &RealName) -> Option<Subject> {
    Some(Subject { name: of.name.clone(), id_card: of.id_card.clone() })
}

pub(super) fn text<'a>(row: &'a ExchangeRow, key: &'static str) -> Result<&'a str, OutsideError> {
    match row.get(key) {
        Some(ExchangeValue::Text(text)) if !text.is_empty() => Ok(text),
        Some(_) | None => Err(unexpected("the row lacks a text", key)),
    }
}

fn no_such_ticket() -> OutsideError {
    let message = "the service does not know this ticket".to_owned();
    OutsideError::Refused { code: "UNKNOWN_TICKET".to_owned(), message }
}

#[async_trait]
impl RealNameCheck for HttpDepartments {
    async fn matches(&self, name: &PersonName, id_card: &CitizenId) -> Result<bool, OutsideError> {
        let parameters = vec![
            ("name".to_owned(), name.as_str().to_owned()),
            ("id_card".to_owned(), id_card.as_str().to_owned()),
        ];
        // No row: the register knows nobody of this number, so they do not match.
        let Some(row) = self.first_row(NAME_CHECK, None, parameters).await? else {
            return Ok(false);
        };
        match row.get("match") {
            Some(ExchangeValue::Flag(matches)) => Ok(*matches),
            Some(_) | None => Err(unexpected("the row lacks a flag", "match")),
        }
    }
}

#[async_trait]
impl FaceCheck for HttpDepartments {
    async fn start(&self, of: &RealName) -> Result<FaceStart, OutsideError> {
        let row = self.first_row(FACE_START, subject(of), Vec::new()).await?;
        let row = row.ok_or_else(|| unexpected("no row from", FACE_START))?;
        let url = text(&row, "url")?;
        // The citizen is sent there: nothing but a page of the web will do.
        let page = reqwest::Url::parse(url).map_err(unknown)?;
        if !matches!(page.scheme(), "https" | "http") {
            return Err(unexpected("the url is not a page", page.scheme()));
        }
        Ok(FaceStart { ticket: text(&row, "ticket")?.to_owned(), url: url.to_owned() })
    }

    async fn state(&self, of: &RealName, ticket: &str) -> Result<FaceState, OutsideError> {
        let parameters = vec![("ticket".to_owned(), ticket.to_owned())];
        let row = self.first_row(FACE_RESULT, subject(of), parameters).await?;
        let row = row.ok_or_else(no_such_ticket)?;
        match text(&row, "state")? {
            "PENDING" => Ok(FaceState::Pending),
            "PASSED" => Ok(FaceState::Passed),
            "FAILED" => Ok(FaceState::Failed),
            other => Err(unexpected("unknown state of a face check", other)),
        }
    }
}

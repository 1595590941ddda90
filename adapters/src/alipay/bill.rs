//! Trade bills of Alipay: asked for, fetched, unpacked, read.

use super::account::{AlipayAccount, PlatformSaid};
use super::bill_file;
use super::refusal::{PlatformRefusal, Refusal};
use super::wire::{BillRequestWire, BillWire};
use crate::crash::{Step, around};
use crate::http::{HttpRequest, unexpected, unknown};
use async_trait::async_trait;
use domain::outside::OutsideError;
use domain::payment::Rail;
use domain::reconciliation::source::StatementReader;
use domain::reconciliation::{
    Statement, StatementError, StatementFault, StatementLine, StatementSource,
};
use jiff::civil::Date;
use reqwest::Url;
use std::sync::Arc;
use std::time::Duration;

/// Packed; far above the largest file of a province's busiest day.
const FILE_LIMIT: usize = 32 * 1024 * 1024;
const FILE_DEADLINE: Duration = Duration::from_secs(60);
/// Where the platform itself keeps its files.
const PLATFORM_HOST: &str = "dwbillcenter.alipay.com";

/// Fetches the trade bill (业务明细) of a day.
#[derive(Debug)]
pub struct AlipayStatements {
    account: Arc<AlipayAccount>,
}

impl AlipayStatements {
    /// A source over a checked account.
    pub fn new(account: Arc<AlipayAccount>) -> Self {
        Self { account }
    }

    async fn ask(&self, day: Date) -> Result<PlatformSaid, OutsideError> {
        let bill_date = day.to_string();
        let wire = BillRequestWire { bill_type: "trade", bill_date: &bill_date };
        let method = "alipay.data.dataservice.bill.downloadurl.query";
        self.account.http.twice(|| self.account.call(method, &wire, false)).await
    }

    /// We fetch from nobody else, whatever an answer says. The file bears no signature, so the
    /// platform's own host is asked over TLS even where it names plain http.
    fn download_url(&self, text: &str) -> Result<Url, OutsideError> {
        let mut url = Url::parse(text).map_err(unknown)?;
        let plain = url.username().is_empty() && url.password().is_none();
        if plain && url.origin() == self.account.gateway.origin() {
            return Ok(url);
        }
        let at_platform = matches!(url.scheme(), "http" | "https")
            && url.port().is_none()
            && url.host_str() == Some(PLATFORM_HOST);
        if plain && at_platform && url.set_scheme("https").is_ok() {
            Ok(url)
        } else {
            let host = url.host_str().unwrap_or("");
            Err(unexpected("the bill_download_url is not the platform's", host))
        }
    }

    async fn download(&self, url: Url) -> Result<Vec<u8>, OutsideError> {
        let request = HttpRequest {
            limit: FILE_LIMIT,
            deadline: Some(FILE_DEADLINE),
            ..HttpRequest::get(url)
        };
        let answer = self.account.http.send(request).await?;
        match answer.status {
            200 => Ok(answer.body),
            // The address lives half a minute; the next fetch asks for a new one.
            status => Err(unexpected("the bill's download answered with HTTP status", status)),
        }
    }
}

fn no_bill(why: PlatformRefusal) -> Result<Statement, StatementError> {
    match (why.code.as_str(), why.sub_code.as_str()) {
        ("40004", "NO_BILL_DATA") => Ok(Statement::empty()),
        ("40004", "BILL_NOT_EXIST") => Err(StatementError::NotReady),
        _ => Err(match why.says() {
            Refusal::Ours | Refusal::Definite => why.refused().into(),
            Refusal::NoTrade | Refusal::OtherState | Refusal::Unknown => why.unknown().into(),
        }),
    }
}

#[async_trait]
impl StatementSource for AlipayStatements {
    fn rail(&self) -> Rail {
        Rail::Alipay
    }

    async fn fetch(&self, day: Date) -> Result<Statement, StatementError> {
        let node = match around(Step::RailStatement, self.ask(day)).await? {
            PlatformSaid::Done(node) => node,
            PlatformSaid::No(why) => return no_bill(why),
        };
        let bill: BillWire = serde_json::from_str(&node).map_err(unknown)?;
        let address = bill.bill_download_url.unwrap_or_default();
        let packed = self.download(self.download_url(&address)?).await?;
        let whose = bill_file::Whose {
            day,
            seller_id: &self.account.seller_id,
            app_id: &self.account.mini.id,
        };
        bill_file::read(packed, &whose).map_err(|fault| StatementError::Damaged(Box::new(fault)))
    }
}

/// Reads trade bills that somebody kept or brings: the zip, or both its tables as they are kept.
#[derive(Debug)]
pub struct AlipayBills {
    account: Arc<AlipayAccount>,
}

impl AlipayBills {
    /// Of a checked account.
    pub fn new(account: Arc<AlipayAccount>) -> Self {
        Self { account }
    }

    fn whose(&self, day: Date) -> bill_file::Whose<'_> {
        let account = &self.account;
        bill_file::Whose { day, seller_id: &account.seller_id, app_id: &account.mini.id }
    }
}

impl StatementReader for AlipayBills {
    fn rail(&self) -> Rail {
        Rail::Alipay
    }

    fn version(&self) -> &'static str {
        "alipay-trade/1"
    }

    fn statement(&self, file: &[u8], day: Date) -> Result<Statement, StatementFault> {
        match file.starts_with(b"PK") {
            true => bill_file::read(file.to_vec(), &self.whose(day)),
            false => bill_file::read_original(file, &self.whose(day)),
        }
    }

    fn line(&self, original: &[u8], line: (u32, &str), day: Date) -> Result<StatementLine, String> {
        bill_file::line(original, line, &self.whose(day))
    }
}

#[cfg(test)]
#[path = "bill_tests.rs"]
mod tests;

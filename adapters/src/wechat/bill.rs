//! Trade bills of WeChat Pay: asked for, fetched, hashed, then read.

use super::account::{PlatformRefusal, PlatformSaid, WeChatPayAccount, refusal_of};
use super::bill_file;
use super::wire::BillWire;
use crate::crash::{Step, around};
use crate::crypto::sha1_hex;
use crate::http::{HttpRequest, unexpected, unknown};
use async_trait::async_trait;
use domain::outside::OutsideError;
use domain::payment::Rail;
use domain::reconciliation::source::StatementReader;
use domain::reconciliation::{
    DiscrepancyCode, Statement, StatementError, StatementFault, StatementLine, StatementSource,
};
use jiff::civil::Date;
use reqwest::Url;
use std::sync::Arc;
use std::time::Duration;

/// Far above the largest file of a province's busiest day.
const FILE_LIMIT: usize = 64 * 1024 * 1024;
const FILE_DEADLINE: Duration = Duration::from_secs(60);
/// Where the platform itself may send us, besides the configured base.
const PLATFORM_HOSTS: [&str; 3] =
    ["api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "api2.wechatpay.cn"];

/// Fetches the trade bill `ALL` of a day.
#[derive(Debug)]
pub struct WeChatPayStatements {
    account: Arc<WeChatPayAccount>,
}

impl WeChatPayStatements {
    /// A source over a checked account.
    pub fn new(account: Arc<WeChatPayAccount>) -> Self {
        Self { account }
    }

    async fn ask(&self, day: Date) -> Result<PlatformSaid, OutsideError> {
        let query = format!("bill_date={day}&bill_type=ALL");
        let url = self.account.url("/v3/bill/tradebill", Some(&query));
        self.account.http.twice(|| self.account.call(HttpRequest::get(url.clone()))).await
    }

    /// Our signed requests go to nobody else, whatever an answer says.
    fn download_url(&self, text: &str) -> Result<Url, OutsideError> {
        let url = Url::parse(text).map_err(unknown)?;
        let base = &self.account.base;
        let at_base = url.origin() == base.origin();
        let at_platform = url.scheme() == "https"
            && url.port().is_none()
            && url.host_str().is_some_and(|host| PLATFORM_HOSTS.contains(&host));
        let plain = url.username().is_empty() && url.password().is_none();
        if plain && (at_base || at_platform) {
            Ok(url)
        } else {
            Err(unexpected("the download_url is not the platform's", url.host_str().unwrap_or("")))
        }
    }

    /// The file, which carries no signature of its own: its hash stands in the signed answer.
    async fn download(&self, url: Url) -> Result<Vec<u8>, OutsideError> {
        let request = HttpRequest {
            limit: FILE_LIMIT,
            deadline: Some(FILE_DEADLINE),
            ..HttpRequest::get(url)
        };
        let answer = self.account.send(request).await?;
        match answer.status {
            200 => Ok(answer.body),
            // The address lives five minutes; the next fetch asks for a new one.
            400..=499 => Err(refusal_of(&answer).unknown()),
            status => Err(unexpected("the bill's download answered with HTTP status", status)),
        }
    }
}

fn no_bill(why: PlatformRefusal) -> Result<Statement, StatementError> {
    match why.name().as_str() {
        "NOSTATEMENTEXIST" => Ok(Statement::empty()),
        "STATEMENTCREATING" => Err(StatementError::NotReady),
        "INVALIDREQUEST" | "PARAMERROR" | "NOAUTH" | "SIGNERROR" | "MCHNOTEXISTS" => {
            Err(why.refused().into())
        }
        _ => Err(why.unknown().into()),
    }
}

#[async_trait]
impl StatementSource for WeChatPayStatements {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn fetch(&self, day: Date) -> Result<Statement, StatementError> {
        let body = match around(Step::RailStatement, self.ask(day)).await? {
            PlatformSaid::Done(body) => body,
            PlatformSaid::No(why) => return no_bill(why),
        };
        let bill: BillWire = serde_json::from_slice(&body).map_err(unknown)?;
        if !bill.hash_type.eq_ignore_ascii_case("SHA1") {
            return Err(unexpected("unknown hash_type", bill.hash_type).into());
        }
        let original = self.download(self.download_url(&bill.download_url)?).await?;
        let hash = sha1_hex(&original);
        if !hash.eq_ignore_ascii_case(&bill.hash_value) {
            let reason = format!("文件哈希为{hash}，渠道给出的是{}", bill.hash_value);
            let fault = StatementFault { code: DiscrepancyCode::F02, reason, original };
            return Err(StatementError::Damaged(Box::new(fault)));
        }
        bill_file::read(original, hash).map_err(|fault| StatementError::Damaged(Box::new(fault)))
    }
}

/// Reads trade bills that somebody kept or brings.
#[derive(Debug)]
pub struct WeChatPayBills;

impl StatementReader for WeChatPayBills {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    fn version(&self) -> &'static str {
        "wechat-trade/1"
    }

    fn statement(&self, file: &[u8], _day: Date) -> Result<Statement, StatementFault> {
        bill_file::read(file.to_vec(), sha1_hex(file))
    }

    fn line(
        &self,
        original: &[u8],
        line: (u32, &str),
        _day: Date,
    ) -> Result<StatementLine, String> {
        bill_file::line(original, line)
    }
}

#[cfg(test)]
#[path = "bill_tests.rs"]
mod tests;

//! Settlement files of UnionPay: asked for, unpacked, then read.
//!
//! An accounting day is in two files: what was paid before 23:00 is in the file of that day, the
//! last hour in the file of the next. Both are fetched, and every line of either is served for
//! exactly one accounting day. So the statement of a day exists when the next day's file does.

use super::account::{OpenCode, UnionPayAccount, refused};
use super::codes::{Said, said};
use super::fields::{Fields, txn_time};
use super::file::{self, File};
use crate::crash::{Step, around};
use crate::crypto::{from_base64, sha256_hex};
use crate::http::{HttpRequest, undecided, unexpected};
use async_trait::async_trait;
use domain::clock::from_beijing;
use domain::money::Fen;
use domain::outside::OutsideError;
use domain::payment::Rail;
use domain::reconciliation::source::StatementReader;
use domain::reconciliation::{
    DiscrepancyCode, LineKind, Statement, StatementError, StatementFault, StatementLine,
    StatementSource, Trailer,
};
use jiff::Timestamp;
use jiff::civil::Date;
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::time::Duration;
use zip::ZipArchive;

/// Of one answer, which carries the file packed.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;
/// Of all that one file unpacks to: 400,000 lines.
const UNPACKED_LIMIT: u64 = 256 * 1024 * 1024;
const FILE_DEADLINE: Duration = Duration::from_secs(60);
/// Between the parts of an original: no file of theirs has this control character (GBK has it in no character either).
pub(crate) const APART: u8 = 0x1e;
/// A zip has three members.
const MEMBERS_MAX: usize = 16;
/// From this hour of the next day on, "there is no file" means that nothing was settled, and
/// not that the file is yet to be made. Files are there about 09:00.
const NONE_FROM_HOUR: i8 = 12;
/// Files are promised for this hour.
const READY_HOUR: i8 = 10;

/// Fetches settlement files.
#[derive(Debug)]
pub struct UnionPayStatements {
    account: Arc<UnionPayAccount>,
}

/// The members of a settlement file that are read.
#[derive(Debug, Default)]
struct Members {
    detail: Vec<u8>,
    exceptions: Vec<u8>,
}

impl UnionPayStatements {
    /// A source over a checked account.
    pub fn new(account: Arc<UnionPayAccount>) -> Self {
        Self { account }
    }

    /// The file of one settlement day; nothing where nothing was settled.
    async fn settlement(&self, settled: Date) -> Result<Option<Members>, StatementError> {
        let now = self.account.clock.now();
        if beijing_hour(next(settled)?, 0)? > now {
            return Err(StatementError::NotReady);
        }
        let answer = around(Step::RailStatement, self.ask(settled, now)).await?;
        match said(answer.get("respCode").unwrap_or_default()) {
            Said::Accepted => {}
            Said::NoFile if now < beijing_hour(next(settled)?, NONE_FROM_HOUR)? => {
                return Err(StatementError::NotReady);
            }
            Said::NoFile => return Ok(None),
            Said::Refused => return Err(refused(&answer).into()),
            Said::Duplicate | Said::Absent | Said::Unsure => {
                return Err(undecided(OpenCode::of(&answer, "respCode", "respMsg")).into());
            }
        }
        let merchant_no = &self.account.merchant.merchant_no;
        let name = answer.get("fileName").unwrap_or_default();
        if name != format!("{merchant_no}_{}.zip", settled.strftime("%Y%m%d")) {
            return Err(damaged(format!("文件名是{name}，不是{settled}的清算文件"), Vec::new()));
        }
        let packed = answer.get("fileContent").unwrap_or_default();
        match unpack(packed, merchant_no, settled) {
            Ok(members) => Ok(Some(members)),
            Err(reason) => Err(damaged(reason, packed.as_bytes().to_vec())),
        }
    }

    async fn ask(&self, settled: Date, now: Timestamp) -> Result<Fields, OutsideError> {
        let message = Fields::of([
            ("txnType", "76"),
            ("txnSubType", "01"),
            ("bizType", "000000"),
            ("fileType", "00"),
            ("settleDate", &settled.strftime("%m%d").to_string()),
            ("txnTime", &txn_time(now)),
        ]);
        let request = HttpRequest {
            limit: ANSWER_LIMIT,
            deadline: Some(FILE_DEADLINE),
            ..HttpRequest::post(self.account.file_url.clone(), Vec::new())
        };
        self.account.call_with(request, message).await
    }
}

fn damaged(reason: String, original: Vec<u8>) -> StatementError {
    let fault = StatementFault { code: DiscrepancyCode::F02, reason, original };
    StatementError::Damaged(Box::new(fault))
}

fn next(day: Date) -> Result<Date, OutsideError> {
    day.tomorrow().map_err(crate::http::unknown)
}

fn beijing_hour(day: Date, hour: i8) -> Result<Timestamp, OutsideError> {
    from_beijing(day.at(hour, 0, 0, 0)).ok_or_else(|| unexpected("no such day", day))
}

/// The members out of base64 of deflate of a zip, whose checksums are verified.
fn unpack(packed: &str, merchant_no: &str, settled: Date) -> Result<Members, String> {
    let deflated = from_base64(packed).or(Err("文件内容不是Base64"))?;
    let mut zipped = Vec::new();
    let limit = u64::try_from(ANSWER_LIMIT).unwrap_or(u64::MAX);
    flate2::read::ZlibDecoder::new(deflated.as_slice())
        .take(limit)
        .read_to_end(&mut zipped)
        .map_err(|error| format!("文件内容不能解压：{error}"))?;
    let archive = ZipArchive::new(Cursor::new(zipped));
    let mut archive = archive.map_err(|error| format!("不是完整的ZIP文件：{error}"))?;
    if archive.len() > MEMBERS_MAX {
        return Err(format!("ZIP中有{}个文件，超过上限", archive.len()));
    }
    let day = settled.strftime("%y%m%d");
    let (detail, exceptions) =
        (format!("INN{day}88ZM_{merchant_no}"), format!("INN{day}88ZME_{merchant_no}"));
    let (mut left, mut found) = (UNPACKED_LIMIT, None);
    let mut members = Members::default();
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(|error| format!("ZIP损坏：{error}"))?;
        let into = match member.name_raw() {
            name if name == detail.as_bytes() => {
                found = Some(());
                &mut members.detail
            }
            name if name == exceptions.as_bytes() => &mut members.exceptions,
            _ => continue,
        };
        let read = member.take(left).read_to_end(into);
        let read = read.map_err(|error| format!("ZIP中的文件损坏：{error}"))?;
        left = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        if left == 0 {
            return Err("解压后超过大小上限".to_owned());
        }
    }
    found.map(|()| members).ok_or_else(|| format!("ZIP中没有本商户{settled}的明细文件"))
}

/// The statement of an accounting day, out of its own settlement file and the next one.
fn statement(day: Date, files: [(Date, Members); 2]) -> Result<Statement, StatementFault> {
    let members = files.iter().flat_map(|(_, of)| [of.detail.as_slice(), of.exceptions.as_slice()]);
    let original = members.collect::<Vec<_>>().join(&APART);
    let (mut lines, mut quarantined, mut line_no) = (Vec::new(), Vec::new(), 1);
    for (settled, Members { detail, exceptions }) in &files {
        let read = file::read(detail, exceptions, *settled, line_no);
        let read = read.map_err(|reason| {
            let (code, original) = (DiscrepancyCode::F02, original.clone());
            StatementFault { code, reason, original }
        })?;
        let File { lines: read, quarantined: set_aside } = read;
        lines.extend(read.into_iter().filter(|(of, _)| *of == day).map(|(_, line)| line));
        quarantined.extend(set_aside.into_iter().filter(|(of, _)| *of == day).map(|(_, l)| l));
        let count = file::line_count(detail) + file::line_count(exceptions);
        line_no += u32::try_from(count).unwrap_or(u32::MAX / 4);
    }
    // The platform names no totals, so these are the lines'; what was set aside counts as taken.
    let sum = |kind| {
        let of_kind = lines.iter().filter(|line: &&StatementLine| line.kind() == kind);
        Fen::sum(of_kind.map(|line| line.amount))
    };
    let unreadable = Fen::sum(quarantined.iter().filter_map(|line| line.amount));
    let paid = sum(LineKind::Pay).and_then(|paid| paid.plus(unreadable?));
    let (Ok(paid), Ok(refunded)) = (paid, sum(LineKind::Refund)) else {
        let reason = "金额合计超出范围".to_owned();
        return Err(StatementFault { code: DiscrepancyCode::F03, reason, original });
    };
    let count = u32::try_from(lines.len() + quarantined.len()).unwrap_or(u32::MAX);
    let trailer = Trailer { count, paid, refunded };
    // A file is used for two days, so the day is part of what tells statements apart.
    let hash = sha256_hex(&[day.to_string().as_bytes(), b"\n", &original].concat());
    Ok(Statement { hash, original, lines, quarantined, trailer })
}

/// Reads statements that were kept. Nobody can bring one: an accounting day is in two files.
#[derive(Debug)]
pub struct UnionPayBills;

impl StatementReader for UnionPayBills {
    fn rail(&self) -> Rail {
        Rail::UnionPay
    }

    fn version(&self) -> &'static str {
        "unionpay-settlement/1"
    }

    fn statement(&self, file: &[u8], day: Date) -> Result<Statement, StatementFault> {
        let refused = |reason: &str| {
            let (code, reason) = (DiscrepancyCode::F02, reason.to_owned());
            StatementFault { code, reason, original: file.to_vec() }
        };
        let parts: Vec<Vec<u8>> = file.split(|byte| *byte == APART).map(<[u8]>::to_vec).collect();
        let [detail, exceptions, later, of_later] = <[Vec<u8>; 4]>::try_from(parts)
            .map_err(|_| refused("银联的一天在两个清算文件里，只能由系统取回"))?;
        let after = day.tomorrow().map_err(|_| refused("清算日期超出范围"))?;
        let (own, later) =
            (Members { detail, exceptions }, Members { detail: later, exceptions: of_later });
        statement(day, [(day, own), (after, later)])
    }

    fn line(
        &self,
        _original: &[u8],
        (no, text): (u32, &str),
        day: Date,
    ) -> Result<StatementLine, String> {
        file::line((no, text), day)
    }
}

#[async_trait]
impl StatementSource for UnionPayStatements {
    fn rail(&self) -> Rail {
        Rail::UnionPay
    }

    fn ready_at(&self, day: Date) -> Option<Timestamp> {
        let settled = day.tomorrow().ok()?;
        from_beijing(settled.tomorrow().ok()?.at(READY_HOUR, 0, 0, 0))
    }

    async fn fetch(&self, day: Date) -> Result<Statement, StatementError> {
        let after = next(day)?;
        // The later file first: without it there is no statement, and nothing is fetched twice.
        let later = self.settlement(after).await?;
        let own = self.settlement(day).await?;
        if later.is_none() && own.is_none() {
            return Ok(Statement::empty());
        }
        let files = [(day, own.unwrap_or_default()), (after, later.unwrap_or_default())];
        statement(day, files).map_err(|fault| StatementError::Damaged(Box::new(fault)))
    }
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;

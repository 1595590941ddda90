//! The trade bill's file: a zip of two tables in GBK, comma separated, no quoting. Read by column
//! name, since columns differ between years; a line that cannot be read is set aside and the
//! rest goes on. The totals of both tables must agree before anything of it is used.

use super::account::at_beijing;
use crate::crypto::sha256_hex;
use domain::money::Fen;
use domain::reconciliation::{
    DiscrepancyCode, QuarantinedLine, RefundStanding, StatedRefund, Statement, StatementFault,
    StatementLine, Trailer,
};
use encoding_rs::GBK;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Unpacked; a small file that unpacks to more is an attack.
const TABLE_LIMIT: u64 = 64 * 1024 * 1024;
const MEMBERS_MAX: usize = 16;
/// What follows the seller's number in the number of the account.
const ACCOUNT_SUFFIX: &str = "0156";

const TXN: &str = "支付宝交易号";
const ORDER: &str = "商户订单号";
const KIND: &str = "业务类型";
const TIME: &str = "完成时间";
const AMOUNT: &str = "订单金额";
const RECEIVED: &str = "商家实收";
const REFUND_NO: &str = "退款批次号/请求号";
const FEE: &str = "服务费";
const NEEDED: [&str; 8] = [TXN, ORDER, KIND, TIME, AMOUNT, RECEIVED, REFUND_NO, FEE];
/// The summary's.
const PAY_COUNT: &str = "交易订单总笔数";
const REFUND_COUNT: &str = "退款订单总笔数";

/// Whose file of which day was asked for. The file names the account alone; its seller's one app
/// that asks stands for all.
pub(super) struct Whose<'a> {
    pub day: Date,
    pub seller_id: &'a str,
    pub app_id: &'a str,
}

/// Why the file cannot be used.
struct Fault(DiscrepancyCode, String);

impl From<&str> for Fault {
    fn from(reason: &str) -> Self {
        Self(DiscrepancyCode::F02, reason.to_owned())
    }
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self(DiscrepancyCode::F02, reason)
    }
}

/// Reads the zip. What is kept as the original are both tables, one behind the other; the
/// platform names no hash, so the statement's is that of the original.
pub(super) fn read(packed: Vec<u8>, whose: &Whose<'_>) -> Result<Statement, StatementFault> {
    let (detail, summary) = match unpacked(&packed) {
        Ok(tables) => tables,
        Err(Fault(code, reason)) => return Err(StatementFault { code, reason, original: packed }),
    };
    let original = [detail.as_slice(), &summary].concat();
    read_tables((&detail, &summary), original, whose)
}

/// As [`read`], of the original that it keeps.
pub(super) fn read_original(
    original: &[u8],
    whose: &Whose<'_>,
) -> Result<Statement, StatementFault> {
    match tables_of(original) {
        Some(tables) => read_tables(tables, original.to_vec(), whose),
        None => {
            let (code, reason) = (DiscrepancyCode::F02, "缺少业务汇总".to_owned());
            Err(StatementFault { code, reason, original: original.to_vec() })
        }
    }
}

/// Detail and summary of an original: each begins with a comment that names the platform.
fn tables_of(original: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    for line in original.split_inclusive(|byte| *byte == b'\n') {
        if at > 0 && line.starts_with(b"#") && text_of(line).starts_with("#支付宝") {
            return original.split_at_checked(at);
        }
        at += line.len();
    }
    None
}

/// Reads one line as it would stand in the detail of this original.
pub(super) fn line(
    original: &[u8],
    (no, text): (u32, &str),
    whose: &Whose<'_>,
) -> Result<StatementLine, String> {
    let (detail, _) = tables_of(original).ok_or("缺少业务汇总")?;
    let table = Table::new(detail).map_err(|Fault(_, reason)| reason)?;
    let line = Line { no, text: text.to_owned(), whole: true };
    let read = Row::new(&table, &line).and_then(|row| row.statement_line(whose));
    read.map_err(|set_aside| set_aside.reason)
}

fn read_tables(
    (detail, summary): (&[u8], &[u8]),
    original: Vec<u8>,
    whose: &Whose<'_>,
) -> Result<Statement, StatementFault> {
    let whole = parts(detail, whose).and_then(|(parts, counts)| {
        compare(&parts, counts, &Table::new(summary)?, whose)?;
        Ok(parts)
    });
    match whole {
        Ok(Parts { lines, quarantined, trailer }) => {
            let hash = sha256_hex(&original);
            Ok(Statement { hash, original, lines, quarantined, trailer })
        }
        Err(Fault(code, reason)) => Err(StatementFault { code, reason, original }),
    }
}

/// A bill for whoever adds up for himself.
pub(crate) struct Unsummed {
    /// What was read.
    pub statement: Statement,
    /// What is said where its sums do not agree.
    pub disagreement: Option<String>,
    /// What it says that all fees are, positive; `None` where it sums up nothing.
    pub fees: Option<Fen>,
    /// The fees of the lines that could not be read, in their order.
    pub quarantined_fees: Vec<Option<Fen>>,
}

/// As [`read`] of the zip, or of the original that it keeps, for whoever adds up for himself: sums that disagree are told beside what was read, everything else is why nothing
/// of the file can be used.
pub(super) fn read_unsummed(bill: &[u8], whose: &Whose<'_>) -> Result<Unsummed, String> {
    let reason = |Fault(_, reason)| reason;
    let (detail, summary) = match bill.starts_with(b"#") {
        true => {
            let (detail, summary) = tables_of(bill).ok_or("缺少业务汇总")?;
            (detail.to_vec(), summary.to_vec())
        }
        false => unpacked(bill).map_err(reason)?,
    };
    let (parts, counts) = parts(&detail, whose).map_err(reason)?;
    let summary = Table::new(&summary).map_err(reason)?;
    let disagreement = match compare(&parts, counts, &summary, whose) {
        Ok(()) => None,
        Err(Fault(DiscrepancyCode::F03, reason)) => Some(reason),
        Err(Fault(_, reason)) => return Err(reason),
    };
    let positive = |fen: Fen| Fen::new(fen.value().saturating_neg());
    let total = summary.rows.iter().find(|line| line.text.trim_start().starts_with("合计"));
    let total = total.and_then(|line| Row::new(&summary, line).ok());
    let fees = total.and_then(|row| row.yuan(FEE).ok()).map(positive);
    let table = Table::new(&detail).map_err(reason)?;
    let fee_of = |line_no: u32| {
        let line = table.rows.iter().find(|line| line.no == line_no)?;
        Row::new(&table, line).ok()?.yuan(FEE).ok().map(positive)
    };
    let quarantined_fees = parts.quarantined.iter().map(|line| fee_of(line.line_no)).collect();
    let Parts { lines, quarantined, trailer } = parts;
    let (hash, original) = (String::new(), Vec::new());
    let statement = Statement { hash, original, lines, quarantined, trailer };
    Ok(Unsummed { statement, disagreement, fees, quarantined_fees })
}

/// Detail and summary.
fn unpacked(packed: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let broken = |error: &dyn std::fmt::Display| Fault::from(format!("压缩包损坏：{error}"));
    let mut archive = ZipArchive::new(Cursor::new(packed)).map_err(|error| broken(&error))?;
    if archive.len() > MEMBERS_MAX {
        return Err("压缩包内文件过多".into());
    }
    let (mut detail, mut summary) = (None, None);
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| broken(&error))?;
        let name = text_of(member.name_raw());
        if !name.contains("业务明细") {
            continue;
        }
        let mut bytes = Vec::new();
        let read = (&mut member).take(TABLE_LIMIT + 1).read_to_end(&mut bytes);
        read.map_err(|error| broken(&error))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > TABLE_LIMIT {
            return Err("压缩包内的文件过大".into());
        }
        let place = if name.contains("汇总") { &mut summary } else { &mut detail };
        if place.replace(bytes).is_some() {
            return Err("压缩包内有两份相同的文件".into());
        }
    }
    match (detail, summary) {
        (Some(detail), Some(summary)) => Ok((detail, summary)),
        (None, _) => Err("压缩包内缺少业务明细".into()),
        (Some(_), None) => Err("压缩包内缺少业务汇总".into()),
    }
}

/// GBK, unless it is plain UTF-8 already: names of members are seen as both.
fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => GBK.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

struct Parts {
    lines: Vec<StatementLine>,
    quarantined: Vec<QuarantinedLine>,
    trailer: Trailer,
}

/// The detail, and how many payments and refunds it says it has.
fn parts(detail: &[u8], whose: &Whose<'_>) -> Result<(Parts, (u32, u32)), Fault> {
    let table = Table::new(detail)?;
    table.check("业务明细", whose)?;
    let mut parts = Parts {
        lines: Vec::new(),
        quarantined: Vec::new(),
        trailer: Trailer { count: 0, paid: Fen::ZERO, refunded: Fen::ZERO },
    };
    let mut counts = (0, 0);
    if !table.rows.is_empty() {
        (counts, parts.trailer) = table.totals()?;
        if let Some(missing) = NEEDED.iter().find(|name| !table.columns.contains_key(**name)) {
            return Err(format!("表头缺少“{missing}”列").into());
        }
    }
    for line in &table.rows {
        match Row::new(&table, line).and_then(|row| row.statement_line(whose)) {
            Ok(read) => parts.lines.push(read),
            Err(set_aside) => parts.quarantined.push(set_aside),
        }
    }
    Ok((parts, counts))
}

/// The summary must tell the same sums as the detail.
fn compare(
    parts: &Parts,
    (pays, refunds): (u32, u32),
    summary: &Table,
    whose: &Whose<'_>,
) -> Result<(), Fault> {
    summary.check("业务汇总", whose)?;
    let total = summary.rows.iter().find(|line| line.text.trim_start().starts_with("合计"));
    let Some(total) = total else {
        return if pays + refunds == 0 {
            Ok(())
        } else {
            Err("汇总缺少合计行，文件不完整".into())
        };
    };
    let row = Row::new(summary, total)
        .map_err(|set_aside| Fault::from(format!("合计行{}", set_aside.reason)))?;
    let count = |name| {
        row.get(name).and_then(|text| text.parse::<u32>().ok()).ok_or(format!("“{name}”不是笔数"))
    };
    let differs = |reason: String| Err(Fault(DiscrepancyCode::F03, reason));
    let printed = (count(PAY_COUNT)?, count(REFUND_COUNT)?);
    if printed != (pays, refunds) {
        return differs(format!(
            "汇总{}笔交易、{}笔退款，明细{pays}笔、{refunds}笔",
            printed.0, printed.1
        ));
    }
    let trailer = &parts.trailer;
    let net = trailer.paid.minus(trailer.refunded).or(Err("金额合计超出范围"))?;
    let received = row.yuan(RECEIVED)?;
    if received != net {
        return differs(format!("汇总实收{received}元，明细合计{net}元"));
    }
    let fees = Fen::sum(parts.lines.iter().map(|line| line.fee)).or(Err("服务费合计超出范围"))?;
    let printed = row.yuan(FEE)?.times(-1).or(Err("服务费合计超出范围"))?;
    if parts.quarantined.is_empty() && printed != fees {
        return differs(format!("汇总服务费{printed}元，逐行相加{fees}元"));
    }
    Ok(())
}

/// One line that is neither blank nor a comment.
struct Line {
    no: u32,
    text: String,
    /// Every byte is GBK.
    whole: bool,
}

/// A table with its comments.
struct Table {
    comments: Vec<String>,
    /// Where each column stands, without its unit.
    columns: BTreeMap<String, usize>,
    rows: Vec<Line>,
}

impl Table {
    fn new(file: &[u8]) -> Result<Self, Fault> {
        let mut table = Self { comments: Vec::new(), columns: BTreeMap::new(), rows: Vec::new() };
        for (no, bytes) in (1..).zip(file.split(|byte| *byte == b'\n')) {
            let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let (text, garbled) = GBK.decode_without_bom_handling(bytes);
            let line = Line { no, text: text.into_owned(), whole: !garbled };
            if bytes.starts_with(b"#") {
                table.comments.push(line.text);
            } else if table.columns.is_empty() {
                table.columns = columns_of(&line)?;
            } else {
                table.rows.push(line);
            }
        }
        Ok(table)
    }

    /// What stands between these two, in the first comment that has both.
    fn said(&self, before: &str, after: &str) -> Option<&str> {
        self.comments.iter().find_map(|comment| {
            let (_, rest) = comment.split_once(before)?;
            rest.split_once(after).map(|(value, _)| value.trim())
        })
    }

    /// Is it whole, of that day, and ours?
    fn check(&self, name: &str, whose: &Whose<'_>) -> Result<(), Fault> {
        if !self.comments.iter().any(|comment| comment.contains(&format!("{name}列表结束"))) {
            return Err(format!("{name}没有结束标记，文件不完整").into());
        }
        let account = self.said("账号：[", "]").unwrap_or_default();
        let seller = account.strip_suffix(ACCOUNT_SUFFIX).unwrap_or(account);
        if seller != whose.seller_id {
            return Err(format!("{name}的账号是{account}，不是本商户的").into());
        }
        let day = whose.day.strftime("%Y年%m月%d日 00:00:00").to_string();
        let from = self.said("起始日期：[", "]").unwrap_or_default();
        if from != day {
            return Err(format!("{name}的起始日期是{from}，不是{}", whose.day).into());
        }
        Ok(())
    }

    /// How many payments and refunds, and their sums.
    fn totals(&self) -> Result<((u32, u32), Trailer), Fault> {
        let count = |before: &str| self.said(before, "笔").and_then(|n| n.parse::<u32>().ok());
        let sum = |before: &str| self.said(before, "元").and_then(|n| Fen::from_yuan(n).ok());
        let all =
            (count("#交易合计："), count("#退款合计："), sum("商家实收共"), sum("商家实收退款共"));
        let (Some(pays), Some(refunds), Some(paid), Some(refunded)) = all else {
            return Err("明细缺少合计，文件不完整".into());
        };
        let refunded = Fen::new(refunded.value().saturating_abs());
        let count = pays.saturating_add(refunds);
        Ok(((pays, refunds), Trailer { count, paid, refunded }))
    }
}

fn columns_of(header: &Line) -> Result<BTreeMap<String, usize>, Fault> {
    let bare = |name: &str| {
        let name = name.trim();
        let bare = name.strip_suffix("（元）").or_else(|| name.strip_suffix("(元)"));
        bare.unwrap_or(name).to_owned()
    };
    let names: Vec<String> = header.text.split(',').map(bare).collect();
    let count = names.len();
    let places: BTreeMap<_, _> = names.into_iter().zip(0..).collect();
    if places.len() == count { Ok(places) } else { Err("表头有重复的列".into()) }
}

/// A data line, whose columns are as many as the header's.
struct Row<'a> {
    table: &'a Table,
    line: &'a Line,
}

impl<'a> Row<'a> {
    fn new(table: &'a Table, line: &'a Line) -> Result<Self, QuarantinedLine> {
        let (count, expected) = (line.text.split(',').count(), table.columns.len());
        if count == expected {
            return Ok(Self { table, line });
        }
        let reason = format!("应有{expected}列，实有{count}列");
        // With columns shifted, no field can be trusted to be the amount.
        Err(QuarantinedLine { line_no: line.no, raw: line.text.clone(), reason, amount: None })
    }

    fn get(&self, name: &str) -> Option<&str> {
        let place = self.table.columns.get(name)?;
        self.line.text.split(',').nth(*place).map(str::trim)
    }

    fn text(&self, name: &str) -> Result<String, String> {
        match self.get(name) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            Some(_) | None => Err(format!("“{name}”为空")),
        }
    }

    fn yuan(&self, name: &str) -> Result<Fen, String> {
        let text = self.get(name).unwrap_or_default();
        Fen::from_yuan(text).map_err(|_| format!("“{name}”不是金额：{text}"))
    }

    fn statement_line(self, whose: &Whose<'_>) -> Result<StatementLine, QuarantinedLine> {
        self.read(whose).map_err(|reason| QuarantinedLine {
            line_no: self.line.no,
            reason,
            // The totals are of what was received.
            amount: self.yuan(RECEIVED).ok().map(|fen| Fen::new(fen.value().saturating_abs())),
            raw: self.line.text.clone(),
        })
    }

    fn read(&self, whose: &Whose<'_>) -> Result<StatementLine, String> {
        if !self.line.whole {
            return Err("不是GBK编码".to_owned());
        }
        let printed = self.yuan(AMOUNT)?;
        // A refund bears the payment's number; what tells it is the number it was asked by.
        let (refund, amount, txn) = match self.get(KIND) {
            Some("交易") => (None, printed, self.text(TXN)?),
            Some("退款") => {
                let amount = Fen::new(printed.value().saturating_neg());
                let no = self.text(REFUND_NO).ok();
                let txn = no.clone().map_or_else(|| self.text(TXN), Ok)?;
                (Some(StatedRefund { no, standing: RefundStanding::Done }), amount, txn)
            }
            other => return Err(format!("未知的业务类型：{}", other.unwrap_or_default())),
        };
        if amount <= Fen::ZERO {
            return Err(format!("金额的正负与业务类型不符：{printed}"));
        }
        let received = self.yuan(RECEIVED)?;
        if received != printed {
            return Err(format!("订单金额{printed}元，商家实收{received}元"));
        }
        let at = self.text(TIME)?;
        Ok(StatementLine {
            line_no: self.line.no,
            refund,
            order_no: self.text(ORDER)?,
            txn,
            app_id: whose.app_id.to_owned(),
            merchant_no: whose.seller_id.to_owned(),
            amount,
            // Printed as what it does to the account: taken is negative.
            fee: Fen::new(self.yuan(FEE)?.value().saturating_neg()),
            at: at_beijing(&at).ok_or_else(|| format!("“{TIME}”不是时间：{at}"))?,
            raw: self.line.text.clone(),
        })
    }
}

#[cfg(test)]
#[path = "bill_file_tests.rs"]
mod tests;

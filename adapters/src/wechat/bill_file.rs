//! The trade bill's file: UTF-8, comma separated, no quoting, a backtick before every value.
//! Read by column name, since columns differ between kinds and years; a line that cannot be read
//! is set aside and the rest goes on.

use domain::clock::from_beijing;
use domain::money::Fen;
use domain::reconciliation::{
    DiscrepancyCode, QuarantinedLine, RefundStanding, StatedRefund, Statement, StatementFault,
    StatementLine, Trailer,
};
use jiff::Timestamp;
use jiff::civil::DateTime;
use std::collections::BTreeMap;

/// First column of the totals' header, in every kind of bill.
const TOTALS: &str = "总交易单数";

/// Columns that every kind has, with the name in older files where it differs.
const TIME: &[&str] = &["交易时间"];
const APP_ID: &[&str] = &["公众账号ID"];
const MERCHANT: &[&str] = &["商户号"];
const TXN: &[&str] = &["微信订单号"];
const ORDER: &[&str] = &["商户订单号"];
const STATE: &[&str] = &["交易状态"];
const FEE: &[&str] = &["手续费"];
const PAID: &[&str] = &["订单金额", "总金额"];
const NEEDED: [&[&str]; 8] = [TIME, APP_ID, MERCHANT, TXN, ORDER, STATE, FEE, PAID];
/// Columns that a bill of payments alone lacks.
const REFUNDED: &[&str] = &["申请退款金额", "退款金额"];
const REFUND_TXN: &[&str] = &["微信退款单号"];
const REFUND_NO: &[&str] = &["商户退款单号"];
const REFUND_STATE: &[&str] = &["退款状态"];
/// What stands for a number where there is none.
const NONE: &str = "0";
/// Column that is checked where it is.
const CURRENCY: &[&str] = &["货币种类"];
/// Totals.
const PAID_TOTAL: &[&str] = &["订单总金额", "总交易额"];
const REFUNDED_TOTAL: &[&str] = &["申请退款总金额", "退款总金额", "总退款金额"];

/// One line of the file that is not blank.
struct Line<'a> {
    no: u32,
    bytes: &'a [u8],
}

impl Line<'_> {
    fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes).into_owned()
    }

    fn starts_totals(&self) -> bool {
        let bytes = self.bytes.strip_prefix(b"`").unwrap_or(self.bytes);
        bytes.starts_with(TOTALS.as_bytes())
    }
}

/// Reads a file whose hash was verified.
pub(super) fn read(original: Vec<u8>, hash: String) -> Result<Statement, StatementFault> {
    match parts(&original) {
        Ok(Parts { lines, quarantined, trailer }) => {
            Ok(Statement { hash, original, lines, quarantined, trailer })
        }
        Err(reason) => Err(StatementFault { code: DiscrepancyCode::F02, reason, original }),
    }
}

/// Reads one line as it would stand in this file.
pub(super) fn line(file: &[u8], (no, text): (u32, &str)) -> Result<StatementLine, String> {
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let all = lines_of(file);
    let columns = Columns::new(all.first().ok_or("文件是空的")?)?;
    columns.check()?;
    let line = Line { no, bytes: text.as_bytes() };
    let read = Row::new(&columns, &line).and_then(Row::statement_line);
    read.map_err(|set_aside| set_aside.reason)
}

struct Parts {
    lines: Vec<StatementLine>,
    quarantined: Vec<QuarantinedLine>,
    trailer: Trailer,
}

fn parts(file: &[u8]) -> Result<Parts, String> {
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let all = lines_of(file);
    let (header, rest) = all.split_first().ok_or("文件是空的")?;
    let columns = Columns::new(header)?;
    columns.check()?;
    let totals = rest.iter().position(Line::starts_totals).ok_or("缺少合计行，文件不完整")?;
    let (data, end) = rest.split_at(totals);
    let trailer = match end {
        [header, row] => trailer_of(header, row)?,
        [_] => return Err("合计行没有数据，文件不完整".to_owned()),
        _ => return Err("合计行之后还有内容".to_owned()),
    };
    let mut parts = Parts { lines: Vec::new(), quarantined: Vec::new(), trailer };
    for line in data {
        match Row::new(&columns, line).and_then(|row| row.statement_line()) {
            Ok(read) => parts.lines.push(read),
            Err(set_aside) => parts.quarantined.push(set_aside),
        }
    }
    Ok(parts)
}

fn lines_of(file: &[u8]) -> Vec<Line<'_>> {
    let numbered = (1..).zip(file.split(|byte| *byte == b'\n'));
    numbered
        .map(|(no, bytes)| Line { no, bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes) })
        .filter(|line| !line.bytes.trim_ascii().is_empty())
        .collect()
}

fn value(field: &str) -> &str {
    field.trim_start_matches('`').trim()
}

/// Where each column stands.
struct Columns {
    places: BTreeMap<String, usize>,
    count: usize,
}

impl Columns {
    fn new(header: &Line<'_>) -> Result<Self, String> {
        let text = std::str::from_utf8(header.bytes).or(Err("表头不是UTF-8编码"))?;
        let names: Vec<String> = text.split(',').map(|name| value(name).to_owned()).collect();
        let count = names.len();
        let places: BTreeMap<_, _> = names.into_iter().zip(0..).collect();
        if places.len() == count {
            Ok(Self { places, count })
        } else {
            Err("表头有重复的列".into())
        }
    }

    fn check(&self) -> Result<(), String> {
        match NEEDED.iter().find(|names| self.place(names).is_none()) {
            Some(names) => Err(format!("表头缺少“{}”列", names[0])),
            None => Ok(()),
        }
    }

    fn place(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.places.get(*name).copied())
    }
}

/// A data line, split.
struct Row<'a> {
    columns: &'a Columns,
    no: u32,
    raw: String,
    utf8: bool,
}

impl<'a> Row<'a> {
    fn new(columns: &'a Columns, line: &Line<'_>) -> Result<Self, QuarantinedLine> {
        let utf8 = std::str::from_utf8(line.bytes).is_ok();
        let row = Self { columns, no: line.no, raw: line.text(), utf8 };
        let count = row.raw.split(',').count();
        if count == columns.count {
            return Ok(row);
        }
        let reason = format!("应有{}列，实有{count}列", columns.count);
        // With columns shifted, no field can be trusted to be the amount.
        Err(QuarantinedLine { line_no: row.no, raw: row.raw, reason, amount: None })
    }

    fn get(&self, names: &[&str]) -> Option<&str> {
        self.raw.split(',').nth(self.columns.place(names)?).map(value)
    }

    fn text(&self, names: &[&str]) -> Result<String, String> {
        match self.get(names) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            Some(_) | None => Err(format!("“{}”为空", names[0])),
        }
    }

    fn yuan(&self, names: &[&str]) -> Result<Fen, String> {
        let text = self.get(names).unwrap_or_default();
        let amount = Fen::from_yuan(text).ok();
        amount.ok_or_else(|| format!("“{}”不是金额：{text}", names[0]))
    }

    fn statement_line(self) -> Result<StatementLine, QuarantinedLine> {
        self.read().map_err(|reason| QuarantinedLine {
            line_no: self.no,
            reason,
            amount: self.readable_amount(),
            raw: self.raw.clone(),
        })
    }

    /// A line is a payment or a refund, and the other amount is zero: their sum is its amount
    /// even where its kind cannot be told.
    fn readable_amount(&self) -> Option<Fen> {
        let paid = self.yuan(PAID).ok()?;
        let refunded = match self.get(REFUNDED) {
            Some(text) => Fen::from_yuan(text).ok()?,
            None => Fen::ZERO,
        };
        paid.plus(refunded).ok()
    }

    fn read(&self) -> Result<StatementLine, String> {
        if !self.utf8 {
            return Err("不是UTF-8编码".to_owned());
        }
        let (refund, amount, txn) = match self.get(STATE) {
            Some("SUCCESS") => (None, self.yuan(PAID)?, self.text(TXN)?),
            Some("REFUND") => {
                let stated = Some(self.stated_refund()?);
                (stated, self.yuan(REFUNDED)?, self.text(REFUND_TXN)?)
            }
            other => return Err(format!("未知的交易状态：{}", other.unwrap_or_default())),
        };
        if amount <= Fen::ZERO {
            return Err(format!("金额不是正数：{amount}"));
        }
        if let Some(currency) = self.get(CURRENCY).filter(|currency| *currency != "CNY") {
            return Err(format!("币种不是人民币：{currency}"));
        }
        Ok(StatementLine {
            line_no: self.no,
            refund,
            order_no: self.text(ORDER)?,
            txn,
            app_id: self.text(APP_ID)?,
            merchant_no: self.text(MERCHANT)?,
            amount,
            fee: self.yuan(FEE)?,
            at: self.time()?,
            raw: self.raw.clone(),
        })
    }

    fn stated_refund(&self) -> Result<StatedRefund, String> {
        let no = self.text(REFUND_NO).ok().filter(|no| no != NONE);
        let standing = match self.get(REFUND_STATE) {
            // An account that cannot be reached leaves the money with the platform; and every
            // line is of a refund that was taken on, also in a file that says no more.
            Some("PROCESSING" | "CHANGE") | None => RefundStanding::UnderWay,
            Some("SUCCESS") => RefundStanding::Done,
            Some("FAIL") => RefundStanding::Failed,
            Some(other) => return Err(format!("未知的退款状态：{other}")),
        };
        Ok(StatedRefund { no, standing })
    }

    fn time(&self) -> Result<Timestamp, String> {
        let text = self.text(TIME)?;
        DateTime::strptime("%Y-%m-%d %H:%M:%S", &text)
            .ok()
            .and_then(from_beijing)
            .ok_or_else(|| format!("“交易时间”不是时间：{text}"))
    }
}

fn trailer_of(header: &Line<'_>, row: &Line<'_>) -> Result<Trailer, String> {
    let columns = Columns::new(header)?;
    let unreadable = |set_aside: QuarantinedLine| format!("合计行{}", set_aside.reason);
    let row = Row::new(&columns, row).map_err(unreadable)?;
    Ok(Trailer {
        count: count_of(&row)?,
        paid: row.yuan(PAID_TOTAL)?,
        refunded: row.yuan(REFUNDED_TOTAL)?,
    })
}

/// Seen as `45` and as `45.0`.
fn count_of(row: &Row<'_>) -> Result<u32, String> {
    let hundredfold = row.yuan(&[TOTALS])?.value();
    let count = u32::try_from(hundredfold / 100).ok().filter(|_| hundredfold % 100 == 0);
    count.ok_or_else(|| format!("“{TOTALS}”不是笔数"))
}

#[cfg(test)]
#[path = "bill_file_tests.rs"]
mod tests;

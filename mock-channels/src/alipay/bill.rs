//! The daily files: the text of their members, and the ways in which testers have them go wrong.

use std::io::{Cursor, Write as _};

use encoding_rs::GBK;
use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

use crate::clock::{DAY_MS, Day};
use crate::world::World;
use crate::world::alipay::{BillType, Trade};
use crate::world::fault::{BillFaultKind, Spoilt, spoil_lines};

mod account;
mod business;

use super::trade::masked;

/// One movement of money: a payment, or a refund with a negative amount.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) trade_no: String,
    pub(crate) out_trade_no: String,
    /// Of refunds only.
    pub(crate) out_request_no: Option<String>,
    pub(crate) subject: String,
    pub(crate) created_ms: i64,
    pub(crate) at_ms: i64,
    pub(crate) counterparty: String,
    /// Fen; negative when money went back.
    pub(crate) amount_fen: i64,
    /// As the file prints it: negative is taken from the seller.
    pub(crate) fee_fen: i64,
}

/// 0.60 % of a payment, half up to the fen; given back in part with a refund.
fn fee_fen(amount_fen: i64) -> i64 {
    -amount_fen.signum() * ((amount_fen.abs() * 60 + 5_000) / 10_000)
}

/// The payments and refunds of a day, in the order in which they happened.
pub(super) fn lines_of(world: &World, day: Day) -> Vec<Line> {
    let mut lines: Vec<Line> =
        world.alipay.trades.values().flat_map(|trade| movements(world, trade)).collect();
    lines.retain(|line| Day::of(line.at_ms) == day);
    lines.sort_by(|a, b| (a.at_ms, &a.out_trade_no).cmp(&(b.at_ms, &b.out_trade_no)));
    lines
}

fn movements(world: &World, trade: &Trade) -> Vec<Line> {
    let buyer = trade.buyer.as_deref().and_then(|id| world.citizen(id));
    let counterparty = buyer.map(|citizen| {
        let given: String = citizen.name.chars().skip(1).collect();
        format!("*{given}({})", masked(&citizen.phone))
    });
    let line = |out_request_no: Option<&String>, at_ms, amount_fen| Line {
        trade_no: trade.trade_no.clone(),
        out_trade_no: trade.out_trade_no.clone(),
        out_request_no: out_request_no.cloned(),
        subject: trade.subject.clone(),
        created_ms: trade.created_ms,
        at_ms,
        counterparty: counterparty.clone().unwrap_or_default(),
        amount_fen,
        fee_fen: fee_fen(amount_fen),
    };
    let paid = trade.payment.iter().map(|payment| line(None, payment.at_ms, payment.amount_fen));
    let refunded = trade.refunds.iter().filter(|refund| !refund.failed).filter_map(|refund| {
        Some(line(Some(&refund.out_request_no), refund.done_ms?, -refund.amount_fen))
    });
    paid.chain(refunded).collect()
}

/// The name of the file without its ending.
pub(crate) fn name(pid: &str, day: Day) -> String {
    format!("{}_{}", account(pid), day.compact())
}

/// The number under which Alipay keeps the merchant's account.
fn account(pid: &str) -> String {
    format!("{pid}0156")
}

/// The zip file, with a fault in its lines or totals if one is asked for.
///
/// # Errors
/// When the zip cannot be written.
pub(super) fn file(
    pid: &str,
    mut lines: Vec<Line>,
    day: Day,
    bill_type: BillType,
    fault: Spoilt,
) -> Result<Vec<u8>, ZipError> {
    spoil(&mut lines, day, fault);
    let texts = texts(pid, &lines, day, bill_type, fault);
    let mut file = packed(&name(pid, day), bill_type, &texts)?;
    if fault.is_some_and(|(kind, _)| kind == BillFaultKind::Truncated) {
        file.truncate(file.len() / 2);
    }
    Ok(file)
}

/// Detail and summary of a file of that name as the platform packs them.
///
/// # Errors
/// When the zip cannot be written.
pub(crate) fn packed(
    name: &str,
    bill_type: BillType,
    [detail, summary]: &[String; 2],
) -> Result<Vec<u8>, ZipError> {
    let title = match bill_type {
        BillType::Trade => "业务明细",
        BillType::SignCustomer => "账务明细",
    };
    let members =
        [(format!("{name}_{title}.csv"), detail), (format!("{name}_{title}(汇总).csv"), summary)];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        // Names are GBK, and no flag says which encoding they have.
        zip.start_file_with_options(SimpleFileOptions::default().name(&gbk(&name)))?;
        zip.write_all(&gbk(text))?;
    }
    Ok(zip.finish()?.into_inner())
}

fn gbk(text: &str) -> Vec<u8> {
    GBK.encode(text).0.into_owned()
}

/// What the texts are made from.
struct Sheet<'a> {
    account: String,
    day: Day,
    lines: &'a [Line],
    fault: Spoilt,
}

impl Sheet<'_> {
    /// The comment lines before the table.
    fn head(&self, kind: &str, list: &str) -> String {
        let (from, to) = (chinese(self.day), chinese(self.day.plus(1)));
        let dashes = "-".repeat(41);
        let more = &dashes[1..];
        format!(
            "#支付宝{kind}查询\r\n#账号：[{}]\r\n\
             #起始日期：[{from} 00:00:00]   终止日期：[{to} 00:00:00]\r\n\
             #{dashes}{list}{more}\r\n",
            self.account
        )
    }

    /// When the platform made the file: early on the next day.
    fn exported(&self) -> String {
        format!("#导出时间：[{} 05:46:49]\r\n", chinese(self.day.plus(1)))
    }

    fn rows(&self, row: impl Fn(&Line) -> String) -> String {
        let garbled =
            self.fault.filter(|(kind, _)| *kind == BillFaultKind::BadLine).map(|(_, index)| index);
        let row = |(index, line)| {
            let good = row(line);
            let comma = good.find(',').unwrap_or(0);
            if garbled == Some(index) { good[comma + 1..].to_owned() } else { good }
        };
        self.lines.iter().enumerate().map(row).map(|row| row + "\r\n").collect()
    }

    /// A yuan too much in the totals, if that is asked for.
    fn odd_fen(&self) -> i64 {
        if matches!(self.fault, Some((BillFaultKind::WrongTotals, _))) { 100 } else { 0 }
    }
}

fn chinese(day: Day) -> String {
    let text = day.text();
    format!("{}年{}月{}日", &text[..4], &text[5..7], &text[8..])
}

fn spoil(lines: &mut Vec<Line>, day: Day, fault: Spoilt) {
    if fault.is_some_and(|(kind, _)| kind == BillFaultKind::WrongDay) {
        for line in lines.iter_mut() {
            line.created_ms -= DAY_MS;
            line.at_ms -= DAY_MS;
        }
    }
    spoil_lines(lines, fault, || never_paid(day), |line| line.amount_fen += 1);
}

fn never_paid(day: Day) -> Line {
    let noon_ms = day.start_ms() + DAY_MS / 2;
    Line {
        trade_no: format!("{}22009999000000000001", day.compact()),
        out_trade_no: format!("EXTRA{}0001", day.compact()),
        out_request_no: None,
        subject: "对账单多出的一笔".to_owned(),
        created_ms: noon_ms,
        at_ms: noon_ms,
        counterparty: "*多出(139****9999)".to_owned(),
        amount_fen: 12_345,
        fee_fen: fee_fen(12_345),
    }
}

/// Detail and summary.
pub(crate) fn texts(
    pid: &str,
    lines: &[Line],
    day: Day,
    bill_type: BillType,
    fault: Spoilt,
) -> [String; 2] {
    let sheet = Sheet { account: account(pid), day, lines, fault };
    match bill_type {
        BillType::Trade => [business::detail(&sheet), business::summary(&sheet)],
        BillType::SignCustomer => [account::detail(&sheet), account::summary(&sheet)],
    }
}

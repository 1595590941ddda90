//! The two clearing files that we fetch: 3 财厅对账结果文件 and 4 财厅退费请求文件.
//! A file with any fault is not used at all; every faulty line is named.

use super::bill::instant;
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::notice::{NoticeNo, PayerName};
use domain::receipt::ReceiptId;
use domain::reconciliation::{
    FileFault, FinanceResult, JudgedOrder, LineFault, OrderedRefund, Payee, Verdict,
};
use domain::standards::{ReceiptCode, ReceiptNo};
use encoding_rs::GB18030;
use jiff::Timestamp;

/// Header and lines, the lines counted.
struct Lines<'a> {
    header: Vec<&'a str>,
    rows: Vec<&'a str>,
}

fn decoded(bytes: &[u8]) -> Result<String, FileFault> {
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(String::from).ok_or(FileFault::Encoding)
}

/// Every line ends in a line feed, the last too: a file that was cut is noticed.
fn lines(text: &str, columns: usize) -> Result<Lines<'_>, FileFault> {
    let whole = text.strip_suffix('\n').ok_or(FileFault::Header)?;
    let mut rows = whole.split('\n');
    let header: Vec<&str> = rows.next().unwrap_or_default().split('|').collect();
    let rows: Vec<&str> = rows.collect();
    if header.len() != columns {
        return Err(FileFault::Header);
    }
    let said = number(header[0]).ok_or(FileFault::Header)?;
    let found = rows.len() as u64;
    if said == found { Ok(Lines { header, rows }) } else { Err(FileFault::Count { said, found }) }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn not_negative(text: &str) -> Option<Fen> {
    Fen::from_yuan(text).ok().filter(|fen| *fen >= Fen::ZERO)
}

/// Reads each line; all faults, or all values.
fn each<T>(
    rows: &[&str],
    columns: usize,
    read: impl Fn(&[&str]) -> Result<T, (usize, &'static str)>,
) -> Result<Vec<T>, FileFault> {
    let (mut values, mut faults) = (Vec::with_capacity(rows.len()), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let fields: Vec<&str> = row.split('|').collect();
        let value = match fields.len() == columns {
            true => read(&fields),
            false => Err((0, "another number of fields")),
        };
        match value {
            Ok(value) => values.push(value),
            Err((field, expected)) => faults.push(LineFault { line: at + 2, field, expected }),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(FileFault::Lines(faults)) }
}

/// File 3.
pub(super) fn result(batch: u8, bytes: &[u8]) -> Result<FinanceResult, FileFault> {
    let text = decoded(bytes)?;
    let Lines { header, rows } = lines(&text, 7)?;
    let count = |at: usize| number(header[at]).ok_or(FileFault::Header);
    let sum = |at: usize| not_negative(header[at]).ok_or(FileFault::Header);
    let said = [count(1)?, count(3)?, count(5)?];
    let sums = [sum(2)?, sum(4)?, sum(6)?];
    let lines = each(&rows, 7, judged)?;
    let mut found = [0_u64; 3];
    for line in &lines {
        let kind = match line.verdict {
            Verdict::Matched => 0,
            Verdict::Failed { .. } => 1,
            Verdict::ToBeConfirmed { .. } => 2,
        };
        found[kind] += 1;
    }
    let empty_sums = found.iter().zip(&sums).all(|(count, sum)| *count > 0 || *sum == Fen::ZERO);
    if found != said || !empty_sums {
        return Err(FileFault::Totals);
    }
    Ok(FinanceResult { batch, sums, lines })
}

fn judged(fields: &[&str]) -> Result<JudgedOrder, (usize, &'static str)> {
    let (code, reason) = (fields[5].to_owned(), fields[6].to_owned());
    let verdict = match (fields[4], code.is_empty()) {
        ("0", true) if reason.is_empty() => Verdict::Matched,
        ("0", _) => return Err((6, "no reason where the result is 0")),
        ("1", false) => Verdict::Failed { code, reason },
        ("2", false) => Verdict::ToBeConfirmed { code, reason },
        ("1" | "2", true) => return Err((6, "a reason code")),
        _ => return Err((5, "0, 1 or 2")),
    };
    for (at, field) in fields.iter().enumerate().take(4) {
        if field.is_empty() {
            return Err((at + 1, "a text"));
        }
    }
    Ok(JudgedOrder {
        region: fields[0].to_owned(),
        agency_code: fields[1].to_owned(),
        notice_no: fields[2].to_owned(),
        order_no: fields[3].to_owned(),
        verdict,
    })
}

/// File 4.
pub(super) fn ordered_refunds(bytes: &[u8]) -> Result<Vec<OrderedRefund>, FileFault> {
    let text = decoded(bytes)?;
    let Lines { header, rows } = lines(&text, 2)?;
    let said = not_negative(header[1]).ok_or(FileFault::Header)?;
    let refunds = each(&rows, 15, ordered)?;
    let found = Fen::sum(refunds.iter().map(|refund| refund.amount));
    if found == Ok(said) { Ok(refunds) } else { Err(FileFault::Totals) }
}

fn ordered(fields: &[&str]) -> Result<OrderedRefund, (usize, &'static str)> {
    let text = |at: usize| fields[at - 1].to_owned();
    let positive = not_negative(fields[4]).filter(|fen| *fen > Fen::ZERO);
    let receipt = match (fields[6], fields[7]) {
        ("", "") => None,
        (code, number) => Some(ReceiptId {
            code: ReceiptCode::new(code).or(Err((7, "a receipt code")))?,
            number: ReceiptNo::new(number).or(Err((8, "a receipt number")))?,
        }),
    };
    Ok(OrderedRefund {
        agency_code: text(1),
        notice_no: NoticeNo::new(fields[1]).or(Err((2, "a notice number")))?,
        payment_no: PaymentNo::new(fields[2]).or(Err((3, "a payment number of ours")))?,
        payer: PayerName::new(fields[3]),
        amount: positive.ok_or((5, "a positive amount in yuan"))?,
        paid_at: time(fields[5]).ok_or((6, "a time yyyyMMddHHmmss"))?,
        receipt,
        reason: text(9),
        payee: Payee { name: text(10), phone: text(11), account: text(12), bank: text(13) },
        trade_code: text(14),
        remark: text(15),
    })
}

fn time(text: &str) -> Option<Timestamp> {
    let (day, time) = text.split_at_checked(8)?;
    instant(day, time)
}

#[cfg(test)]
#[path = "clearing_in_tests.rs"]
mod tests;

//! The two clearing files that we send: read, checked line by line, taken or rejected whole.

use std::collections::{BTreeMap, BTreeSet};

use encoding_rs::GB18030;

use super::clearing;
use super::document::{Details, Exception, fen, fields};
use crate::clock::{Day, parse_compact};
use crate::crypto::sha256_hex;
use crate::outside::Outside;
use crate::world::World;
use crate::world::gateway::Upload;

const MOST_REASONS: usize = 100;
const PAYMENT_COLUMNS: usize = 31;
const SPLIT_COLUMNS: usize = 11;
const MOST_ITEMS: i64 = 20;

/// Why a file is not taken: the line (1 is the header), a code, words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault(usize, &'static str, &'static str);

/// A line of file 1.
#[derive(Debug, Clone)]
pub(super) struct MoneyLine {
    pub(super) is_refund: bool,
    pub(super) has_failed: bool,
    pub(super) order_no: String,
    pub(super) total_fen: i64,
    pub(super) amount_fen: i64,
    pub(super) late_fen: i64,
    pub(super) region: String,
    pub(super) agency: String,
    pub(super) notice_no: String,
    items: i64,
}

/// A line of file 2.
#[derive(Debug, Clone)]
pub(super) struct SplitLine {
    pub(super) notice_no: String,
    pub(super) order_no: String,
    pub(super) code: String,
    pub(super) sequence: i64,
    pub(super) amount_fen: i64,
    pub(super) late_fen: i64,
}

/// Which of the two, and of which day.
fn named(name: &str) -> Option<(&str, Day)> {
    let (kind, rest) = name.split_once('_')?;
    let day = Day::from_compact(rest.strip_suffix(".txt")?)?;
    matches!(kind, "DZ" | "FC").then_some((kind, day))
}

pub(super) fn take(outside: &Outside, name: &str, bytes: &[u8]) -> Details {
    let (kind, day) = named(name).ok_or_else(|| Exception::invalid("FILENAME"))?;
    let now_ms = outside.now_ms();
    let digest = sha256_hex(bytes);
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    outside.change(|world| {
        let known = world.gateway.uploads.get(name);
        if known.is_some_and(|upload| upload.digest == digest) {
            return Ok(Vec::new());
        }
        clearing::judge(world, day, now_ms);
        if world.gateway.verdicts.contains_key(&day.compact()) {
            return Err(Exception::new("JUDGED", "该日对账结果已生成"));
        }
        if Day::of(now_ms) <= day {
            return Err(rejected(&[Fault(1, "EARLY", "应在次日之后报送")]));
        }
        let Some(text) = text.map(std::borrow::Cow::into_owned) else {
            return Err(rejected(&[Fault(1, "ENCODING", "不是GB18030文本")]));
        };
        let faults = match kind {
            "DZ" => read_money(&text, day).err(),
            _ => check_splits(world, &text, day).err(),
        };
        if let Some(faults) = faults {
            return Err(rejected(&faults));
        }
        let upload = Upload { taken_ms: now_ms, text, digest };
        world.gateway.uploads.insert(name.to_owned(), upload);
        if kind == "DZ" {
            // What was split belonged to the file that this one replaces.
            world.gateway.uploads.remove(&split_name(day));
        }
        Ok(Vec::new())
    })
}

pub(super) fn money_name(day: Day) -> String {
    format!("DZ_{}.txt", day.compact())
}

pub(super) fn split_name(day: Day) -> String {
    format!("FC_{}.txt", day.compact())
}

fn rejected(faults: &[Fault]) -> Exception {
    let details = faults.iter().take(MOST_REASONS).map(|Fault(line, code, words)| {
        fields(&[("LINENO", &line.to_string()), ("REASONCODE", code), ("REASON", words)])
    });
    Exception { details: details.collect(), ..Exception::new("REJECTED", "整个文件被拒收") }
}

/// Header and lines, each with its number.
type Table<'a> = (Vec<&'a str>, Vec<(usize, Vec<&'a str>)>);

fn table(text: &str) -> Result<Table<'_>, Vec<Fault>> {
    let body =
        text.strip_suffix('\n').ok_or_else(|| vec![Fault(1, "HEADER", "最后一行没有换行")])?;
    let mut lines = body.split('\n').enumerate().map(|(at, line)| (at + 1, line));
    let header = lines.next().map(|(_, line)| line.split('|').collect()).unwrap_or_default();
    Ok((header, lines.map(|(number, line)| (number, line.split('|').collect())).collect()))
}

fn count(text: &str) -> Option<usize> {
    let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Reads file 1, or tells everything that is wrong with it.
fn read_money(text: &str, day: Day) -> Result<Vec<MoneyLine>, Vec<Fault>> {
    let (header, rows) = table(text)?;
    let counts = match header.as_slice() {
        [payments, refunds] => count(payments).zip(count(refunds)),
        _ => None,
    };
    let (payments, refunds) =
        counts.ok_or_else(|| vec![Fault(1, "HEADER", "首行应为缴款笔数|退费笔数")])?;
    let (mut lines, mut faults, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (number, row) in &rows {
        match money_line(row, day) {
            Ok(line) => {
                let key = (line.is_refund, line.order_no.clone(), line.notice_no.clone());
                if !seen.insert(key) {
                    faults.push(Fault(*number, "DUPLICATE", "同一订单和缴款单重复"));
                }
                if !line.is_refund && lines.last().is_some_and(|last: &MoneyLine| last.is_refund) {
                    faults.push(Fault(*number, "FIELD", "缴款应在退费之前"));
                }
                lines.push(line);
            }
            Err((code, words)) => faults.push(Fault(*number, code, words)),
        }
    }
    let refunded = rows.iter().filter(|(_, row)| row.get(1) == Some(&"1")).count();
    if (rows.len() - refunded, refunded) != (payments, refunds) {
        faults.insert(0, Fault(1, "COUNT", "笔数与首行不符"));
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

fn money_line(row: &[&str], day: Day) -> Result<MoneyLine, (&'static str, &'static str)> {
    if row.len() != PAYMENT_COLUMNS {
        return Err(("COLUMNS", "应为31列"));
    }
    // Numbered from 1, as the document does.
    let at = |column: usize| row[column - 1];
    let is_refund = at(2) == "1";
    check_shapes(row, is_refund)?;
    let dates = [Day::from_compact(at(5)), parse_compact(at(6)).map(Day::of)];
    if dates.contains(&None) {
        return Err(("FIELD", "第5或6列格式不正确"));
    }
    if dates.iter().any(|date| *date != Some(day)) {
        return Err(("DATE", "不是该清算日的交易"));
    }
    let money = |column: usize| fen(at(column)).ok_or(("FIELD", "金额格式不正确"));
    let (total_fen, amount_fen, late_fen) = (money(7)?, money(13)?, money(14)?);
    if total_fen == 0 || amount_fen + late_fen != total_fen {
        return Err(("SUM", "第7列不等于第13列加第14列"));
    }
    let items = count(at(17)).and_then(|items| i64::try_from(items).ok());
    let items = items
        .filter(|items| (1..=MOST_ITEMS).contains(items))
        .ok_or(("FIELD", "第17列应为1至20"))?;
    Ok(MoneyLine {
        is_refund,
        has_failed: at(8) == "1",
        order_no: at(3).to_owned(),
        total_fen,
        amount_fen,
        late_fen,
        region: at(9).to_owned(),
        agency: at(10).to_owned(),
        notice_no: at(11).to_owned(),
        items,
    })
}

fn check_shapes(row: &[&str], is_refund: bool) -> Result<(), (&'static str, &'static str)> {
    let at = |column: usize| row[column - 1];
    if row.iter().any(|field| field.chars().any(char::is_control)) {
        return Err(("FIELD", "含有控制字符"));
    }
    let text = |column: usize| (1..=64).contains(&at(column).chars().count());
    let code = |column: usize, length: usize| is_digits(at(column), length);
    let maybe = |column: usize, fits: bool| at(column).is_empty() || fits;
    let right = [1, 3, 4, 11, 12].into_iter().all(text)
        && matches!((at(2), at(8)), ("0" | "1", "0") | ("1", "1"))
        && code(9, 6)
        && code(10, 6)
        && maybe(15, code(15, 8))
        && maybe(16, code(16, 10))
        && maybe(18, parse_compact(at(18)).is_some())
        && at(23) == "CNY"
        && Day::from_compact(at(24)).is_some();
    if !right {
        return Err(("FIELD", "有一列格式不正确"));
    }
    let original = text(29) && text(30) && parse_compact(at(31)).is_some();
    if is_refund && !original {
        return Err(("FIELD", "退费缺少原订单（第29至31列）"));
    }
    Ok(())
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The lines of file 1 that were taken for a day.
pub(super) fn money(world: &World, day: Day) -> Option<Vec<MoneyLine>> {
    let upload = world.gateway.uploads.get(&money_name(day))?;
    read_money(&upload.text, day).ok()
}

/// The lines of file 2 that were taken for a day.
pub(super) fn splits(world: &World, day: Day) -> Option<Vec<SplitLine>> {
    let upload = world.gateway.uploads.get(&split_name(day))?;
    read_splits(&upload.text).ok().map(|lines| lines.into_iter().map(|(_, line)| line).collect())
}

fn read_splits(text: &str) -> Result<Vec<(usize, SplitLine)>, Vec<Fault>> {
    let (header, rows) = table(text)?;
    let [total] = header.as_slice() else {
        return Err(vec![Fault(1, "HEADER", "首行应为笔数")]);
    };
    let total = count(total).ok_or_else(|| vec![Fault(1, "HEADER", "首行应为笔数")])?;
    let (mut lines, mut faults, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    if total != rows.len() {
        faults.push(Fault(1, "COUNT", "笔数与首行不符"));
    }
    for (number, row) in &rows {
        match split_line(row) {
            Ok(line) => {
                let key = (line.notice_no.clone(), line.order_no.clone(), line.sequence);
                if !seen.insert(key) {
                    faults.push(Fault(*number, "DUPLICATE", "同一缴款单、订单和序号重复"));
                }
                lines.push((*number, line));
            }
            Err((code, words)) => faults.push(Fault(*number, code, words)),
        }
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

fn split_line(row: &[&str]) -> Result<SplitLine, (&'static str, &'static str)> {
    if row.len() != SPLIT_COLUMNS {
        return Err(("COLUMNS", "应为11列"));
    }
    let at = |column: usize| row[column - 1];
    let text = |column: usize| (1..=64).contains(&at(column).chars().count());
    let clean = !row.iter().any(|field| field.chars().any(char::is_control));
    let sequence = count(at(5)).and_then(|number| i64::try_from(number).ok());
    let quantity = at(9).parse::<f64>().is_ok_and(|quantity| quantity > 0.0);
    let shaped = clean
        && is_digits(at(1), 6)
        && [2, 3, 6, 7].into_iter().all(text)
        && is_digits(at(4), 8)
        && fen(at(8)).is_some()
        && quantity;
    let money = fen(at(10)).zip(fen(at(11)));
    let (Some((amount_fen, late_fen)), Some(sequence), true) = (money, sequence, shaped) else {
        return Err(("FIELD", "有一列格式不正确"));
    };
    Ok(SplitLine {
        notice_no: at(2).to_owned(),
        order_no: at(3).to_owned(),
        code: at(4).to_owned(),
        sequence,
        amount_fen,
        late_fen,
    })
}

/// File 2 must say of every payment of file 1 how it is split, and of nothing else.
fn check_splits(world: &World, text: &str, day: Day) -> Result<(), Vec<Fault>> {
    let payments =
        money(world, day).ok_or_else(|| vec![Fault(1, "NO_FILE_1", "请先报送对账文件")])?;
    let mut open: BTreeMap<(String, String), (i64, i64, i64)> = payments
        .iter()
        .filter(|line| !line.is_refund)
        .map(|line| {
            let key = (line.notice_no.clone(), line.order_no.clone());
            (key, (line.items, line.amount_fen, line.late_fen))
        })
        .collect();
    let mut faults = Vec::new();
    let mut last_line = BTreeMap::new();
    for (number, line) in read_splits(text)? {
        let key = (line.notice_no, line.order_no);
        match open.get_mut(&key) {
            Some((items, amount_fen, late_fen)) => {
                *items -= 1;
                *amount_fen -= line.amount_fen;
                *late_fen -= line.late_fen;
                last_line.insert(key, number);
            }
            None => faults.push(Fault(number, "UNKNOWN_LINE", "对账文件中没有这笔缴款")),
        }
    }
    for (key, rest) in open {
        let line = last_line.get(&key).copied();
        match (line, rest) {
            (Some(_), (0, 0, 0)) => {}
            (Some(line), (0, _, _)) => faults.push(Fault(line, "SUM", "分成金额与缴款金额不符")),
            (line, _) => {
                faults.push(Fault(line.unwrap_or(1), "MISSING_LINE", "分成行数与项目数不符"));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

//! The settlement file of a day: lines of fixed width in a zip, and the ways in which testers
//! have it go wrong.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::clock::{DAY_MS, Day, compact_time};
use crate::world::fault::{BillFaultKind, Spoilt, spoil_lines};
use crate::world::unionpay::{Kind, Transaction, UnionPay};

/// Widths of the fields, which a space separates: 607 bytes with them.
const WIDTHS: [usize; 42] = [
    3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21,
    15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98,
];

/// One movement of money as a line of the file. Amounts are fen.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) kind: Kind,
    pub(crate) at_ms: i64,
    pub(crate) trace_no: String,
    pub(crate) card: String,
    pub(crate) amount_fen: i64,
    pub(crate) fee_fen: i64,
    pub(crate) query_id: String,
    pub(crate) order_id: String,
    /// Of the payment that went back: trace number, time, query id, order number.
    pub(crate) original: Option<[String; 4]>,
    pub(crate) mer_id: String,
}

/// What moved on a settlement day.
pub(super) fn lines_of(unionpay: &UnionPay, day: Day, mer_id: &str) -> Vec<Line> {
    unionpay.moved_on(day).into_iter().map(|one| line(unionpay, one, mer_id)).collect()
}

fn line(unionpay: &UnionPay, one: &Transaction, mer_id: &str) -> Line {
    let original = one.original.as_deref().and_then(|id| unionpay.by_query_id(id));
    Line {
        kind: one.kind,
        at_ms: one.traced_ms.unwrap_or(one.created_ms),
        trace_no: one.trace_no.clone(),
        card: one.card().to_owned(),
        amount_fen: one.amount_fen,
        fee_fen: fee_fen(one.amount_fen),
        query_id: one.query_id().unwrap_or_default(),
        order_id: one.order_id.clone(),
        original: original.map(|paid| {
            [
                paid.trace_no.clone(),
                paid.trace_time().unwrap_or_default(),
                paid.query_id().unwrap_or_default(),
                paid.order_id.clone(),
            ]
        }),
        mer_id: mer_id.to_owned(),
    }
}

/// 0.60 %, rounded half up to the fen; of a refund it comes back.
fn fee_fen(amount_fen: i64) -> i64 {
    (amount_fen * 60 + 5_000) / 10_000
}

/// The zip with the detail and an empty list of exceptions.
///
/// # Errors
/// When the zip cannot be written.
pub(super) fn archive(
    mut lines: Vec<Line>,
    day: Day,
    mer_id: &str,
    fault: Spoilt,
) -> Result<Vec<u8>, zip::result::ZipError> {
    spoil(&mut lines, day, mer_id, fault);
    let kind = fault.map(|(kind, _)| kind);
    let broken = kind == Some(BillFaultKind::WrongHash);
    // Stored as it is, a changed byte is found by the checksum alone.
    let method = if broken { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    let options = SimpleFileOptions::default().compression_method(method);
    let date = &day.compact()[2..];
    let name = format!("INN{date}88ZM_{mer_id}");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name.as_str(), options)?;
    zip.write_all(detail(&lines, fault).as_bytes())?;
    zip.start_file(format!("INN{date}88ZME_{mer_id}"), options)?;
    let mut bytes = zip.finish()?.into_inner();
    if broken && let Some(byte) = bytes.get_mut(30 + name.len()) {
        *byte ^= 1;
    }
    if kind == Some(BillFaultKind::Truncated) {
        bytes.truncate(bytes.len() / 2);
    }
    Ok(bytes)
}

/// The text of the detail.
pub(crate) fn detail(lines: &[Line], fault: Spoilt) -> String {
    let mut text = String::new();
    let last = lines.len().saturating_sub(1);
    for (index, line) in lines.iter().enumerate() {
        let hit_by = |wanted: BillFaultKind| {
            fault.is_some_and(|(kind, at)| kind == wanted && at.min(last) == index)
        };
        let odd_fen = if hit_by(BillFaultKind::WrongTotals) { 100 } else { 0 };
        let mut cells = cells(line, odd_fen);
        if hit_by(BillFaultKind::BadLine) {
            cells[4] = "99XX999999".to_owned();
        }
        text.push_str(&row(&cells));
    }
    text
}

fn row(cells: &[String; 42]) -> String {
    let padded: Vec<String> = cells
        .iter()
        .zip(WIDTHS)
        .map(|(cell, width)| format!("{:<width$}", cell.chars().take(width).collect::<String>()))
        .collect();
    padded.join(" ") + "\r\n"
}

fn cells(line: &Line, odd_fen: i64) -> [String; 42] {
    let (code, fee_sign, net_sign) = match line.kind {
        Kind::Consume => ("S22", 'D', 'C'),
        Kind::Refund => ("S30", 'C', 'D'),
        Kind::Undo => ("S56", 'C', 'D'),
    };
    let mut cells: [String; 42] = std::array::from_fn(|_| String::new());
    // Numbered as the platform's table does, from one.
    let mut put = |number: usize, value: &str| cells[number - 1] = value.to_owned();
    put(1, code);
    put(2, "88022900");
    put(3, "00049993");
    put(4, &line.trace_no);
    put(5, &(Day::of(line.at_ms).compact()[4..].to_owned() + &compact_time(line.at_ms)));
    put(6, &line.card);
    put(7, &format!("{:012}", line.amount_fen));
    put(8, "9399");
    put(9, "08");
    put(10, &line.query_id);
    put(11, "01");
    put(12, &line.order_id);
    put(13, "01");
    let fee_sign = match (line.fee_fen < 0, fee_sign) {
        (false, sign) => sign,
        (true, 'C') => 'D',
        (true, _) => 'C',
    };
    put(16, &format!("{fee_sign}{:012}", line.fee_fen.abs()));
    let net_fen = line.amount_fen - line.fee_fen + odd_fen;
    // A fee may be more than the amount; the sign is a letter, never a minus.
    let net_sign = match (net_fen < 0, net_sign) {
        (false, sign) => sign,
        (true, 'C') => 'D',
        (true, _) => 'C',
    };
    let net = format!("{net_sign}{:012}", net_fen.abs());
    put(17, &net);
    put(18, "0001");
    put(20, line.kind.txn_type());
    put(21, line.kind.txn_sub_type());
    put(22, "000201");
    put(28, &line.mer_id);
    put(33, &net);
    put(34, "01080209");
    put(36, "000000000000");
    put(37, "000000000000");
    put(38, "00000000000");
    put(40, "7");
    if let Some([trace_no, time, query_id, order_id]) = &line.original {
        put(14, trace_no);
        put(15, time);
        put(27, query_id);
        put(41, order_id);
    }
    cells
}

fn spoil(lines: &mut Vec<Line>, day: Day, mer_id: &str, fault: Spoilt) {
    if fault.is_some_and(|(kind, _)| kind == BillFaultKind::WrongDay) {
        lines.iter_mut().for_each(|line| line.at_ms -= DAY_MS);
    }
    spoil_lines(lines, fault, || never_paid(day, mer_id), |line| line.amount_fen += 1);
}

fn never_paid(day: Day, mer_id: &str) -> Line {
    let date = day.compact();
    Line {
        kind: Kind::Consume,
        at_ms: day.start_ms() + DAY_MS / 2,
        trace_no: "999999".to_owned(),
        card: "622609******9999".to_owned(),
        amount_fen: 12_345,
        fee_fen: fee_fen(12_345),
        query_id: format!("44{}1200009999998", &date[2..]),
        order_id: format!("EXTRA{date}0001"),
        original: None,
        mer_id: mer_id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid() -> Line {
        Line {
            kind: Kind::Consume,
            at_ms: crate::clock::parse_rfc3339("2026-11-22T09:01:34+08:00").unwrap(),
            trace_no: "784649".to_owned(),
            card: "622609******0048".to_owned(),
            amount_fen: 8_000,
            fee_fen: fee_fen(8_000),
            query_id: "442611221450467846498".to_owned(),
            order_id: "GOV20261122000101".to_owned(),
            original: None,
            mer_id: "777290058167151".to_owned(),
        }
    }

    fn refunded() -> Line {
        let own = str::to_owned;
        Line {
            kind: Kind::Refund,
            at_ms: crate::clock::parse_rfc3339("2026-11-22T16:58:42+08:00").unwrap(),
            trace_no: own("786399"),
            amount_fen: 3_000,
            fee_fen: fee_fen(3_000),
            query_id: own("052611221658427863998"),
            order_id: own("RF20261122000101"),
            original: Some([
                own("784649"),
                own("1122090134"),
                own("442611221450467846498"),
                own("GOV20261122000101"),
            ]),
            ..paid()
        }
    }

    #[test]
    fn the_detail_is_the_sample_to_the_byte() {
        let sample = include_bytes!("../../../tests/data/unionpay_settlement_sample.txt");
        assert_eq!(detail(&[paid(), refunded()], None).as_bytes(), sample);
    }

    #[test]
    fn every_line_has_607_bytes_whatever_the_order_number() {
        let mut long = paid();
        long.order_id = "0".repeat(40);
        let text = detail(&[long], None);
        assert_eq!((text.len(), &text[607..]), (609, "\r\n"));
    }

    #[test]
    fn every_fault_changes_the_file() {
        use BillFaultKind as F;
        let day = Day::from_text("2026-11-22").unwrap();
        let zip = |lines, fault| archive(lines, day, "777290058167151", fault).unwrap();
        let good = zip(vec![paid(), refunded()], None);
        for fault in [
            F::Truncated,
            F::WrongHash,
            F::WrongDay,
            F::DuplicateLine,
            F::DropLine,
            F::ExtraLine,
            F::ChangeAmount,
            F::BadLine,
            F::WrongTotals,
        ] {
            assert_ne!(zip(vec![paid(), refunded()], Some((fault, 0))), good, "{fault:?}");
            zip(Vec::new(), Some((fault, 0)));
        }
    }
}

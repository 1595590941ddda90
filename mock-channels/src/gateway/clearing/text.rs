//! The texts of the two files, and the ways in which testers have them go wrong.

use super::super::document::yuan;
use super::written_off;
use crate::clock::Day;
use crate::world::World;
use crate::world::fault::{BillFaultKind, Spoilt, spoil_lines};
use crate::world::gateway::{Verdict, VerdictKind};
use crate::world::refund::Refund;

pub(super) fn verdict_text(batch: &[Verdict], fault: Spoilt) -> String {
    let mut batch = batch.to_vec();
    spoil_lines(&mut batch, fault, never_sent, |verdict| verdict.amount_fen += 1);
    let odd_fen = odd_fen(fault);
    let tally = |kind| {
        let of_kind = batch.iter().filter(|verdict| verdict.result == kind);
        let sum: i64 = of_kind.clone().map(|verdict| verdict.amount_fen).sum();
        format!("{}|{}", of_kind.count(), yuan(sum + odd_fen))
    };
    let tallies = [VerdictKind::Ok, VerdictKind::Failed, VerdictKind::ToBeConfirmed].map(tally);
    let rows = batch.iter().map(|verdict| {
        vec![
            verdict.region.clone(),
            verdict.agency.clone(),
            verdict.notice_no.clone(),
            verdict.order_no.clone(),
            verdict.result.code().to_owned(),
            verdict.reason_code.clone(),
            verdict.reason.clone(),
        ]
    });
    format!("{}|{}\n{}", batch.len(), tallies.join("|"), written(rows.collect(), fault))
}

/// A verdict on a line that nobody sent.
fn never_sent() -> Verdict {
    Verdict {
        region: "330100".to_owned(),
        agency: "000000".to_owned(),
        notice_no: "999999999".to_owned(),
        order_no: "EXTRA0001".to_owned(),
        amount_fen: 12_345,
        result: VerdictKind::Ok,
        reason_code: String::new(),
        reason: String::new(),
    }
}

/// A yuan too much in the totals, if that is asked for.
fn odd_fen(fault: Spoilt) -> i64 {
    if matches!(fault, Some((BillFaultKind::WrongTotals, _))) { 100 } else { 0 }
}

/// The rows; a bad one has a column too few.
fn written(mut rows: Vec<Vec<String>>, fault: Spoilt) -> String {
    if let Some((BillFaultKind::BadLine, index)) = fault {
        let index = index.min(rows.len().saturating_sub(1));
        if let Some(row) = rows.get_mut(index) {
            row.remove(0);
        }
    }
    let texts =
        rows.iter().map(|fields| row(&fields.iter().map(String::as_str).collect::<Vec<_>>()));
    texts.collect()
}

/// Its sum, and the fields of its row.
type RefundLine = (i64, Vec<String>);
/// The place of the sum in a row.
const REFUND_SUM: usize = 4;

pub(super) fn refund_text(world: &World, day: Day, fault: Spoilt) -> String {
    let of_day = world
        .gateway
        .refunds
        .iter()
        .filter(|refund| refund.payee.is_some() && Day::of(refund.asked_ms) == day);
    let mut lines: Vec<RefundLine> =
        of_day.filter_map(|refund| refund_line(world, refund)).collect();
    spoil_lines(&mut lines, fault, never_begun, |(amount_fen, fields)| {
        *amount_fen += 1;
        fields[REFUND_SUM] = yuan(*amount_fen);
    });
    let sum: i64 = lines.iter().map(|(amount_fen, _)| amount_fen).sum();
    let head = format!("{}|{}\n", lines.len(), yuan(sum + odd_fen(fault)));
    head + &written(lines.into_iter().map(|(_, fields)| fields).collect(), fault)
}

fn refund_line(world: &World, refund: &Refund) -> Option<RefundLine> {
    let notice = world.notices.get(&refund.notice_no)?;
    let paid = written_off(notice).find(|paid| paid.pay_no == refund.pay_no);
    let pay_time =
        paid.map(|paid| format!("{}{}", paid.pay_date, paid.pay_time)).unwrap_or_default();
    let receipt = notice.receipts.iter().find(|receipt| receipt.pay_no == refund.pay_no);
    let payee = refund.payee.as_ref();
    let fields: [&str; 15] = [
        &notice.agency_code,
        &notice.notice_no,
        &refund.pay_no,
        &world.payer_of(notice).name,
        &yuan(refund.amount_fen),
        &pay_time,
        receipt.map_or("", |receipt| &receipt.code),
        receipt.map_or("", |receipt| &receipt.no),
        &refund.reason,
        payee.map_or("", |payee| &payee.name),
        payee.map_or("", |payee| &payee.phone),
        payee.map_or("", |payee| &payee.account),
        payee.map_or("", |payee| &payee.bank),
        paid.map_or("", |paid| &paid.trade_code),
        "",
    ];
    Some((refund.amount_fen, fields.map(str::to_owned).to_vec()))
}

/// A refund that finance never began.
fn never_begun() -> RefundLine {
    let mut fields = vec![String::new(); 15];
    fields[1] = "999999999".to_owned();
    fields[2] = "EXTRA0001".to_owned();
    fields[REFUND_SUM] = yuan(12_345);
    (12_345, fields)
}

/// A line; what would break it becomes a blank.
fn row(fields: &[&str]) -> String {
    let clean = |field: &&str| {
        let kept = |character: char| character != '|' && !character.is_control();
        field.chars().map(|c| if kept(c) { c } else { ' ' }).collect::<String>()
    };
    let fields: Vec<String> = fields.iter().map(clean).collect();
    fields.join("|") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_breaks_its_line() {
        assert_eq!(row(&["a|b", "c\nd", ""]), "a b|c d|\n");
    }
}

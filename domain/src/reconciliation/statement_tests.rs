//! When a rail's file can be trusted.

use super::*;
use crate::clock::beijing_day;
use crate::fakes::samples::{self, at};
use crate::outside::OutsideError;
use jiff::civil::date;

fn ours() -> MerchantIdentity {
    MerchantIdentity {
        merchant_no: samples::MERCHANT_NO.to_owned(),
        app_ids: vec![samples::APP_ID.to_owned()],
    }
}

fn line(line_no: u32, kind: LineKind, fen: i64) -> StatementLine {
    StatementLine {
        line_no,
        refund: match kind {
            LineKind::Pay => None,
            LineKind::Refund => Some(StatedRefund { no: None, standing: RefundStanding::Done }),
        },
        order_no: "YW0001".to_owned(),
        txn: "T1".to_owned(),
        app_id: samples::APP_ID.to_owned(),
        merchant_no: samples::MERCHANT_NO.to_owned(),
        amount: Fen::new(fen),
        fee: Fen::ZERO,
        at: at(10),
        raw: format!("line {line_no}"),
    }
}

fn quarantined(line_no: u32, amount: Option<i64>) -> QuarantinedLine {
    let (raw, reason) = (String::new(), "时间".to_owned());
    QuarantinedLine { line_no, raw, reason, amount: amount.map(Fen::new) }
}

/// Of 1.00 taken and 0.30 given back, with unreadable lines, and these totals.
fn judged(unread: &[Option<i64>], paid: i64, refunded: i64) -> Option<DiscrepancyCode> {
    let lines = vec![line(2, LineKind::Pay, 100), line(3, LineKind::Refund, 30)];
    let quarantined: Vec<_> =
        (4..).zip(unread).map(|(line_no, amount)| quarantined(line_no, *amount)).collect();
    let count = u32::try_from(lines.len() + quarantined.len()).unwrap();
    let trailer = Trailer { count, paid: Fen::new(paid), refunded: Fen::new(refunded) };
    let statement = Statement { lines, quarantined, trailer, ..Statement::empty() };
    statement.check(beijing_day(at(0)), &ours()).err().map(|fault| fault.code)
}

#[test]
fn a_files_totals_are_the_sums_of_its_lines_of_each_kind() {
    let wrong = Some(DiscrepancyCode::F03);
    assert_eq!(judged(&[], 100, 30), None);
    for (paid, refunded) in [(101, 30), (99, 30), (100, 31), (100, 29), (90, 40), (110, 20)] {
        assert_eq!(judged(&[], paid, refunded), wrong, "{paid} and {refunded}");
    }
}

#[test]
fn a_gap_is_no_fault_only_where_unreadable_lines_explain_it() {
    let wrong = Some(DiscrepancyCode::F03);
    // One whose amount is known explains exactly that.
    assert_eq!(judged(&[Some(5)], 105, 30), None);
    assert_eq!(judged(&[Some(5)], 100, 35), None);
    assert_eq!(judged(&[Some(5)], 104, 30), wrong);
    assert_eq!(judged(&[Some(5)], 106, 30), wrong);
    // One whose amount is not known explains anything beyond what is known.
    assert_eq!(judged(&[Some(5), None], 105, 30), None);
    assert_eq!(judged(&[Some(5), None], 108, 35), None);
    assert_eq!(judged(&[Some(5), None], 104, 30), wrong);
    assert_eq!(judged(&[None], 90, 50), wrong, "no total is less than its lines");
}

#[test]
fn a_file_of_another_day_merchant_or_length_is_not_used() {
    let day = beijing_day(at(0));
    let trailer = Trailer { count: 1, paid: Fen::new(100), refunded: Fen::ZERO };
    let lines = vec![line(2, LineKind::Pay, 100)];
    let good = Statement { lines, trailer, original: b"file".to_vec(), ..Statement::empty() };
    assert_eq!(good.check(day, &ours()), Ok(()));
    let fault = |statement: &Statement, day| statement.check(day, &ours()).unwrap_err();
    let foreign_day = fault(&good, day.tomorrow().unwrap());
    assert_eq!(foreign_day.code, DiscrepancyCode::F02);
    assert_eq!(foreign_day.original, b"file", "what came is evidence");
    let foreign = StatementLine { merchant_no: "1900000002".to_owned(), ..good.lines[0].clone() };
    let of_another = Statement { lines: vec![foreign], ..good.clone() };
    assert_eq!(fault(&of_another, day).code, DiscrepancyCode::F02);
    for count in [0, 2] {
        let trailer = Trailer { count, ..good.trailer };
        let cut = Statement { trailer, ..good.clone() };
        assert_eq!(fault(&cut, day).code, DiscrepancyCode::F03, "{count} lines");
    }
}

#[test]
fn a_day_without_transactions_is_sound() {
    assert_eq!(Statement::empty().check(beijing_day(at(0)), &ours()), Ok(()));
}

struct Usual;

#[async_trait]
impl StatementSource for Usual {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn fetch(&self, _day: Date) -> Result<Statement, StatementError> {
        Err(StatementError::Outside(OutsideError::NotSent("not asked".into())))
    }
}

#[test]
fn a_statement_is_promised_for_ten_oclock_of_the_next_morning_in_beijing() {
    let promised = Usual.ready_at(date(2026, 12, 31)).unwrap();
    assert_eq!(promised.to_string(), "2027-01-01T02:00:00Z");
    assert_eq!(Usual.ready_at(Date::MAX), None);
}

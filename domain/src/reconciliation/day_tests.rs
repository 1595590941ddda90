//! Every line of a file has one verdict, and the verdicts add up.

use super::*;
use crate::fakes::samples::{self, at};

fn line(line_no: u32, fen: i64) -> StatementLine {
    StatementLine {
        line_no,
        refund: None,
        order_no: format!("YW{line_no:04}"),
        txn: format!("T{line_no}"),
        app_id: samples::APP_ID.to_owned(),
        merchant_no: samples::MERCHANT_NO.to_owned(),
        amount: Fen::new(fen),
        fee: Fen::ZERO,
        at: at(10),
        raw: format!("line {line_no}"),
    }
}

/// Lines 2 and 4 can be read, 3 and 5 cannot; of 3 the amount is known.
fn statement() -> Statement {
    let quarantined = |line_no, amount: Option<i64>| QuarantinedLine {
        line_no,
        raw: format!("line {line_no}"),
        reason: "时间".to_owned(),
        amount: amount.map(Fen::new),
    };
    Statement {
        lines: vec![line(2, 100), line(4, 20)],
        quarantined: vec![quarantined(3, Some(7)), quarantined(5, None)],
        ..Statement::empty()
    }
}

#[test]
fn lines_are_judged_in_order_of_the_file_the_unreadable_ones_too() {
    let different = Bucket::Discrepancy(DiscrepancyCode::L01);
    let judged = judged_lines(&statement(), &[Bucket::Matched, different]).unwrap();
    let found: Vec<_> = judged
        .iter()
        .map(|line| (line.line_no, line.bucket, line.order_no.as_str(), line.amount.value()))
        .collect();
    let expected = [
        (2, Bucket::Matched, "YW0002", 100),
        (3, Bucket::Quarantined, "", 7),
        (4, different, "YW0004", 20),
        (5, Bucket::Quarantined, "", 0),
    ];
    assert_eq!(found, expected);
    assert!(judged.iter().all(|line| line.raw == format!("line {}", line.line_no)));
}

#[test]
fn a_line_without_a_verdict_breaks_the_day() {
    let broken = judged_lines(&statement(), &[Bucket::Matched]);
    assert_eq!(broken, Err(PartitionBroken { judged: 1, lines: 2 }));
}

#[test]
fn what_is_in_a_bucket_is_counted_and_added_up() {
    let buckets = [Bucket::Matched, Bucket::Matched];
    let day = DayResult {
        rail: Rail::WeChatPay,
        day: jiff::civil::date(2026, 3, 2),
        state: DayState::Matched,
        judged_at: at(0),
        file_hash: String::new(),
        lines: judged_lines(&statement(), &buckets).unwrap(),
        ledger_count: 2,
        ledger_total: Fen::new(120),
        fee_total: Fen::ZERO,
        discrepancies: Vec::new(),
        next_try_at: None,
    };
    assert_eq!(day.tally(|bucket| bucket == Bucket::Matched), Ok((2, Fen::new(120))));
    assert_eq!(day.tally(|bucket| bucket == Bucket::Quarantined), Ok((2, Fen::new(7))));
    assert_eq!(day.tally(|_| false), Ok((0, Fen::ZERO)));
}

#[test]
fn states_survive_their_columns() {
    for state in DayState::ALL {
        assert_eq!(DayState::from_code(state.code()), Some(state));
    }
    assert_eq!(DayState::from_code("DONE"), None);
}

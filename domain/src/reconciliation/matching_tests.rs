use super::*;
use crate::fakes::samples;
use crate::reconciliation::{RefundStanding, StatedRefund, Trailer};

fn merchant() -> MerchantIdentity {
    MerchantIdentity {
        merchant_no: samples::MERCHANT_NO.to_owned(),
        app_ids: vec![samples::APP_ID.to_owned()],
    }
}

fn line(line_no: u32, order_no: &str, txn: &str, fen: i64) -> StatementLine {
    StatementLine {
        line_no,
        refund: None,
        order_no: order_no.to_owned(),
        txn: txn.to_owned(),
        app_id: samples::APP_ID.to_owned(),
        merchant_no: samples::MERCHANT_NO.to_owned(),
        amount: Fen::new(fen),
        fee: Fen::ZERO,
        at: samples::at(10),
        raw: format!("line {line_no}"),
    }
}

fn booked(order_no: &str, txn: &str, fen: i64) -> LedgerLine {
    LedgerLine {
        payment_no: samples::payment_no(order_no),
        txn: RailTxn::new(txn).unwrap(),
        amount: Fen::new(fen),
        at: samples::at(10),
    }
}

fn statement(lines: Vec<StatementLine>) -> Statement {
    let trailer = Trailer {
        count: u32::try_from(lines.len()).unwrap(),
        paid: Fen::sum(lines.iter().map(|line| line.amount)).unwrap(),
        refunded: Fen::ZERO,
    };
    Statement { lines, trailer, ..Statement::empty() }
}

fn verdicts(
    statement: &Statement,
    ledger: &[LedgerLine],
    known: &BTreeMap<String, KnownPayment>,
) -> (Vec<Bucket>, Vec<Discrepancy>) {
    let (merchant, refunds) = (&merchant(), &BTreeMap::new());
    match_rail(&MatchInput { statement, merchant, ledger, known, refunds })
}

fn codes(found: &[Discrepancy]) -> Vec<(&'static str, i64)> {
    found.iter().map(|d| (d.code.words().0, d.at_risk.value())).collect()
}

/// Name, statement, ledger, and the codes with their fen that must come of it.
type Case = (&'static str, Vec<StatementLine>, Vec<LedgerLine>, Vec<(&'static str, i64)>);

#[test]
fn every_difference_has_its_code_and_its_fen() {
    let stated = StatedRefund { no: None, standing: RefundStanding::Done };
    let refund = StatementLine { refund: Some(stated.clone()), ..line(2, "YW0001", "R1", 50) };
    let foreign = StatementLine { app_id: "wx-other".into(), ..line(2, "YW0001", "T1", 100) };
    let shop = StatementLine { merchant_no: "1900000002".into(), ..line(2, "YW0001", "T1", 100) };
    let back = StatementLine { refund: Some(stated), ..line(2, "YW0001", "T1", 100) };
    let cases: Vec<Case> = vec![
        ("equal", vec![line(2, "YW0001", "T1", 100)], vec![booked("YW0001", "T1", 100)], vec![]),
        ("nobody's", vec![line(2, "SHOP01", "T1", 100)], vec![], vec![("L01", 100)]),
        ("ours alone", vec![], vec![booked("YW0001", "T1", 100)], vec![("L03", -100)]),
        (
            "rail less",
            vec![line(2, "YW0001", "T1", 90)],
            vec![booked("YW0001", "T1", 100)],
            vec![("L04", -10)],
        ),
        (
            "rail more",
            vec![line(2, "YW0001", "T1", 110)],
            vec![booked("YW0001", "T1", 100)],
            vec![("L05", 10)],
        ),
        (
            "yuan for fen",
            vec![line(2, "YW0001", "T1", 10_000)],
            vec![booked("YW0001", "T1", 100)],
            vec![("L06", 9_900)],
        ),
        (
            "two for one order",
            vec![line(2, "YW0001", "T0", 100), line(3, "YW0001", "T1", 100)],
            vec![booked("YW0001", "T1", 100)],
            vec![("L07", 100)],
        ),
        (
            "the same line twice",
            vec![line(2, "YW0001", "T1", 100), line(3, "YW0001", "T1", 100)],
            vec![booked("YW0001", "T1", 100)],
            vec![("F04", 0)],
        ),
        ("refund", vec![refund], vec![], vec![("R02", -50)]),
        (
            "a refund is no payment",
            vec![back],
            vec![booked("YW0001", "T1", 100)],
            vec![("L03", -100), ("R02", -100)],
        ),
        (
            "another merchant",
            vec![shop],
            vec![booked("YW0001", "T1", 100)],
            vec![("L03", -100), ("L09", 100)],
        ),
        (
            "another app",
            vec![foreign],
            vec![booked("YW0001", "T1", 100)],
            vec![("L03", -100), ("L09", 100)],
        ),
    ];
    for (name, lines, ledger, expected) in cases {
        let (buckets, found) = verdicts(&statement(lines.clone()), &ledger, &BTreeMap::new());
        assert_eq!(codes(&found), expected, "{name}");
        assert_eq!(buckets.len(), lines.len(), "{name}: every line in one bucket");
    }
}

#[test]
fn codes_survive_their_columns_and_have_words_of_their_own() {
    let mut names = std::collections::BTreeSet::new();
    for code in DiscrepancyCode::ALL {
        let (text, name) = code.words();
        assert_eq!(DiscrepancyCode::from_text(text), Some(code));
        assert!(names.insert(name), "{name}");
    }
    assert_eq!(DiscrepancyCode::from_text("X99"), None);
}

#[test]
fn orders_outside_the_days_ledger_are_told_apart() {
    let at = |status, booked| KnownPayment { status, booked };
    let day = crate::clock::beijing_day(samples::at(0));
    let txn = |text| RailTxn::new(text).unwrap();
    for (name, known, expected) in [
        ("waiting", at(PaymentStatus::Submitted, None), ("L02", 100)),
        ("unknown", at(PaymentStatus::Unknown, None), ("L02", 100)),
        ("closed", at(PaymentStatus::Closed, None), ("L10", 100)),
        ("other day", at(PaymentStatus::Paid, Some((txn("T1"), day))), ("L11", 0)),
        ("other money", at(PaymentStatus::Paid, Some((txn("T9"), day))), ("L07", 100)),
    ] {
        let known = BTreeMap::from([("YW0001".to_owned(), known)]);
        let (_, found) = verdicts(&statement(vec![line(2, "YW0001", "T1", 100)]), &[], &known);
        assert_eq!(codes(&found), [expected], "{name}");
    }
}

#[test]
fn the_order_of_lines_does_not_decide() {
    let ledger = vec![booked("YW0001", "T1", 100), booked("YW0002", "T2", 200)];
    let lines = vec![
        line(2, "YW0001", "T0", 100),
        line(3, "YW0001", "T1", 100),
        line(4, "YW0002", "T2", 200),
        line(5, "SHOP01", "T3", 300),
        line(6, "YW0002", "T2", 200),
    ];
    let (_, forward) = verdicts(&statement(lines.clone()), &ledger, &BTreeMap::new());
    let backward = lines.into_iter().rev().collect();
    let reversed_ledger: Vec<_> = ledger.into_iter().rev().collect();
    let (_, reversed) = verdicts(&statement(backward), &reversed_ledger, &BTreeMap::new());
    assert_eq!(forward, reversed);
}

/// Fault case 22.
#[test]
fn a_line_a_hundredfold_off_has_a_code_of_its_own_and_is_never_matched() {
    let none = BTreeMap::new();
    for seed in 0..500 {
        let fen = i64::try_from(crate::fakes::scramble(22, seed) % 5_000_000).unwrap() + 1;
        let ledger = |fen| [booked("YW0001", "T1", fen)];
        let file = |fen| statement(vec![line(1, "YW0001", "T1", fen)]);
        for (rail, ours) in [(fen * 100, fen), (fen, fen * 100)] {
            let (buckets, found) = verdicts(&file(rail), &ledger(ours), &none);
            assert_eq!(codes(&found), [("L06", rail - ours)], "{rail} for {ours}");
            assert_eq!(buckets, [Bucket::Discrepancy(DiscrepancyCode::L06)]);
        }
        let (_, found) = verdicts(&file(fen * 10), &ledger(fen), &none);
        assert_eq!(codes(&found), [("L05", fen * 9)], "tenfold is another mistake");
    }
}

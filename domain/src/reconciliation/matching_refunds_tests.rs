use super::*;
use crate::fakes::samples::{self, at};
use crate::payment::MerchantIdentity;
use crate::reconciliation::{Bucket, LedgerLine, StatedRefund, Statement, match_rail};
use RefundStanding as Standing;
use jiff::SignedDuration;

const NO: &str = "YT0001";
const ORDER: &str = "YW0001";

fn line(line_no: u32, txn: &str, fen: i64) -> StatementLine {
    StatementLine {
        line_no,
        refund: Some(StatedRefund { no: Some(NO.to_owned()), standing: Standing::Done }),
        order_no: ORDER.to_owned(),
        txn: txn.to_owned(),
        app_id: samples::APP_ID.to_owned(),
        merchant_no: samples::MERCHANT_NO.to_owned(),
        amount: Fen::new(fen),
        fee: Fen::ZERO,
        at: at(10),
        raw: String::new(),
    }
}

fn stands(standing: Standing) -> StatementLine {
    let no = Some(NO.to_owned());
    StatementLine { refund: Some(StatedRefund { no, standing }), ..line(2, "R1", 100) }
}

fn without_number(txn: &str) -> StatementLine {
    let stated = StatedRefund { no: None, standing: Standing::Done };
    StatementLine { refund: Some(stated), ..line(2, txn, 100) }
}

fn today() -> Date {
    beijing_day(at(10))
}

fn done(txn: Option<&str>, day: Date) -> RefundStage {
    RefundStage::Done { txn: txn.map(|txn| RailTxn::new(txn).unwrap()), day }
}

/// Of 1.00 yuan.
fn known(stage: RefundStage) -> KnownRefund {
    let booked = matches!(&stage, RefundStage::Done { day, .. } if *day == today());
    let payment_no = samples::payment_no(ORDER);
    KnownRefund { payment_no, amount: Fen::new(100), stage, booked, shown_on: None }
}

fn back() -> KnownRefund {
    known(done(Some("R1"), today()))
}

fn judged(lines: &[StatementLine], refund: Option<KnownRefund>) -> (Vec<Bucket>, Vec<Discrepancy>) {
    let statement = Statement { lines: lines.to_vec(), ..Statement::empty() };
    let merchant = MerchantIdentity {
        merchant_no: samples::MERCHANT_NO.to_owned(),
        app_ids: vec![samples::APP_ID.to_owned()],
    };
    let refunds = refund.map(|refund| (NO.to_owned(), refund)).into_iter().collect();
    match_rail(&MatchInput {
        statement: &statement,
        merchant: &merchant,
        ledger: &[],
        known: &BTreeMap::new(),
        refunds: &refunds,
    })
}

fn codes(found: &[Discrepancy]) -> Vec<(&'static str, i64)> {
    found.iter().map(|d| (d.code.words().0, d.at_risk.value())).collect()
}

/// Name, lines, our refund, and the codes with their fen that must come of it.
type Case = (&'static str, Vec<StatementLine>, Option<KnownRefund>, Vec<(&'static str, i64)>);

fn all_as_expected(cases: Vec<Case>) {
    for (name, lines, refund, expected) in cases {
        let (buckets, found) = judged(&lines, refund.clone());
        assert_eq!(codes(&found), expected, "{name}: {found:?}");
        assert_eq!(buckets.len(), lines.len(), "{name}: every line in one bucket");
        let matched = buckets.iter().filter(|bucket| **bucket == Bucket::Matched).count();
        let different = found.iter().filter(|d| d.line_no.is_some()).count();
        assert_eq!(matched + different, lines.len(), "{name}");
        let (_, reversed) = judged(&lines.into_iter().rev().collect::<Vec<_>>(), refund);
        assert_eq!(reversed, found, "{name}: whichever comes first");
    }
}

#[test]
fn every_difference_of_a_refund_has_its_code_and_its_fen() {
    let yesterday = today().yesterday().unwrap();
    let tomorrow = today().tomorrow().unwrap();
    let foreign = StatementLine { app_id: "wx-other".into(), ..line(2, "R1", 100) };
    let later = StatementLine { at: at(10) + SignedDuration::from_secs(1), ..line(3, "R1", 100) };
    let of_other = StatementLine { order_no: "YW0002".into(), ..line(2, "R1", 100) };
    let alone = StatementLine { order_no: NO.into(), ..line(2, "R1", 100) };
    let twice = vec![line(2, "R1", 100), line(3, "R1", 100)];
    all_as_expected(vec![
        ("equal", vec![line(2, "R1", 100)], Some(back()), vec![]),
        ("by the rail's number", vec![without_number("R1")], Some(back()), vec![]),
        ("the file names the refund alone", vec![alone], Some(back()), vec![]),
        (
            "the rail has no number of its own",
            vec![line(2, NO, 100)],
            Some(known(done(None, today()))),
            vec![],
        ),
        ("nobody's", vec![line(2, "R1", 100)], None, vec![("R02", -100)]),
        (
            "another number of the rail, and no number of ours",
            vec![without_number("R9")],
            Some(back()),
            vec![("R01", 100), ("R02", -100)],
        ),
        (
            "no number of ours, and we know none of the rail's",
            vec![without_number("R1")],
            Some(known(RefundStage::AtRail)),
            vec![("R02", -100)],
        ),
        ("ours alone", vec![], Some(back()), vec![("R01", 100)]),
        ("the rail gave less", vec![line(2, "R1", 90)], Some(back()), vec![("R03", 10)]),
        ("the rail gave more", vec![line(2, "R1", 110)], Some(back()), vec![("R03", -10)]),
        ("yuan for fen", vec![line(2, "R1", 10_000)], Some(back()), vec![("L06", -9_900)]),
        ("fen for yuan", vec![line(2, "R1", 1)], Some(back()), vec![("L06", 99)]),
        ("the same line twice", twice, Some(back()), vec![("F04", 0)]),
        ("a second time", vec![line(2, "R1", 100), later], Some(back()), vec![("R05", -100)]),
        (
            "another refund for one of ours",
            vec![line(2, "R1", 100), line(3, "R2", 100)],
            Some(back()),
            vec![("R05", -100)],
        ),
        (
            "another amount beside the right one",
            vec![line(2, "R0", 40), line(3, "R1", 100)],
            Some(back()),
            vec![("R05", -40)],
        ),
        (
            "only another refund for one of ours",
            vec![line(2, "R2", 100)],
            Some(back()),
            vec![("R01", 100), ("R05", -100)],
        ),
        (
            "two of another amount",
            vec![line(2, "R1", 90), line(3, "R2", 90)],
            Some(back()),
            vec![("R03", 10), ("R05", -90)],
        ),
        ("of another order", vec![of_other], Some(back()), vec![("R01", 100), ("R02", -100)]),
        ("another app", vec![foreign], Some(back()), vec![("L09", -100), ("R01", 100)]),
        (
            "booked the day before",
            vec![line(2, "R1", 100)],
            Some(known(done(Some("R1"), yesterday))),
            vec![("L11", 0)],
        ),
        (
            "booked the day after: it was taken on today",
            vec![line(2, "R1", 100)],
            Some(known(done(Some("R1"), tomorrow))),
            vec![],
        ),
        (
            "an earlier file has it, and so this one has not",
            vec![],
            Some(KnownRefund { shown_on: Some(yesterday), ..back() }),
            vec![],
        ),
        (
            "an earlier file has it, and this one too",
            vec![line(2, "R1", 100)],
            Some(KnownRefund { shown_on: Some(yesterday), ..back() }),
            vec![("R05", -100)],
        ),
    ]);
}

#[test]
fn what_the_file_says_of_a_refund_is_compared_with_where_it_stands() {
    let tomorrow = today().tomorrow().unwrap();
    let elsewhere = done(Some("R1"), tomorrow);
    for (stage, standing, expected) in [
        (RefundStage::Unsent, Standing::Done, Some(("R02", -100))),
        (RefundStage::Unsent, Standing::UnderWay, Some(("R02", -100))),
        (RefundStage::Unsent, Standing::Failed, Some(("R02", 0))),
        (RefundStage::AtRail, Standing::Done, None),
        (RefundStage::AtRail, Standing::UnderWay, None),
        (RefundStage::AtRail, Standing::Failed, None),
        (elsewhere.clone(), Standing::Done, None),
        (elsewhere.clone(), Standing::UnderWay, None),
        (elsewhere, Standing::Failed, Some(("R01", 100))),
        (RefundStage::Failed, Standing::Done, Some(("R02", -100))),
        (RefundStage::Failed, Standing::UnderWay, None),
        (RefundStage::Failed, Standing::Failed, None),
    ] {
        let (_, found) = judged(&[stands(standing)], Some(known(stage.clone())));
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(codes(&found), expected, "{stage:?} {standing:?}");
    }
    // The line explains the refund: nothing else is missing.
    let (_, found) = judged(&[stands(Standing::Failed)], Some(back()));
    assert_eq!((codes(&found), found[0].line_no), (vec![("R01", 100)], Some(2)));
    let (_, found) = judged(&[stands(Standing::Failed)], None);
    assert_eq!(codes(&found), [("R02", 0)], "no money moved");
}

#[test]
fn a_missing_refund_is_named_by_the_rails_number_or_ours() {
    for (txn, named) in [(Some("R1"), "R1"), (None, NO)] {
        let (_, found) = judged(&[], Some(known(done(txn, today()))));
        assert_eq!((found[0].order_no.as_str(), found[0].txn.as_str()), (ORDER, named));
        assert!(found[0].note.contains(NO), "{}", found[0].note);
        assert_eq!((found[0].line_no, found[0].resolution), (None, Resolution::Open));
    }
}

#[test]
fn two_refunds_of_one_payment_are_told_apart_by_number_alone() {
    let refund = |no: &str, txn: &str, line_no| {
        let stated = StatedRefund { no: Some(no.to_owned()), standing: Standing::Done };
        StatementLine { refund: Some(stated), ..line(line_no, txn, 100) }
    };
    let paid = StatementLine { refund: None, ..line(4, "T1", 100) };
    let lines = vec![refund("YT0001", "R1", 2), refund("YT0002", "R2", 3), paid];
    let statement = Statement { lines, ..Statement::empty() };
    let merchant = MerchantIdentity {
        merchant_no: samples::MERCHANT_NO.to_owned(),
        app_ids: vec![samples::APP_ID.to_owned()],
    };
    let refunds = BTreeMap::from([
        ("YT0001".to_owned(), back()),
        ("YT0002".to_owned(), known(done(Some("R2"), today()))),
    ]);
    let ledger = [LedgerLine {
        payment_no: samples::payment_no(ORDER),
        txn: RailTxn::new("T1").unwrap(),
        amount: Fen::new(100),
        at: at(10),
    }];
    let (buckets, found) = match_rail(&MatchInput {
        statement: &statement,
        merchant: &merchant,
        ledger: &ledger,
        known: &BTreeMap::new(),
        refunds: &refunds,
    });
    assert_eq!((buckets, found), (vec![Bucket::Matched; 3], vec![]));
}

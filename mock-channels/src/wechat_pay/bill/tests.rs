use super::*;
use crate::clock::parse_rfc3339;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/sample_tradebill_", $name))
    };
}

fn at(time: &str) -> i64 {
    parse_rfc3339(&format!("2026-03-02T{time}+08:00")).unwrap()
}

fn payment(time: &str, number: &str, amount_fen: i64) -> Line {
    Line {
        at_ms: at(time),
        app_id: "wx0123456789abcdef".to_owned(),
        mch_id: "1900007291".to_owned(),
        transaction_id: "4200002222202603021234567890".to_owned(),
        out_trade_no: number.to_owned(),
        open_id: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o".to_owned(),
        trade_type: "JSAPI",
        bank_type: "OTHERS".to_owned(),
        amount_fen,
        fee_fen: fee_fen(amount_fen),
        rate: RATE.to_owned(),
        description: "省政务服务-不动产登记费".to_owned(),
        attach: "order=1".to_owned(),
        refund: None,
    }
}

/// The lines of the sample files.
fn sample() -> Vec<Line> {
    let first = payment("10:15:31", "GOV202603020000000001", 1_250);
    let second = Line {
        transaction_id: "4200002222202603021234567891".to_owned(),
        open_id: format!("oUpF8u{}", "B".repeat(22)),
        trade_type: "APP",
        bank_type: "ICBC_DEBIT".to_owned(),
        description: "省政务服务-证照工本费".to_owned(),
        attach: String::new(),
        ..payment("11:02:07", "GOV202603020000000002", 8_000)
    };
    let third = Line {
        transaction_id: "4200002222202603021234567892".to_owned(),
        open_id: format!("oUpF8u{}", "C".repeat(22)),
        trade_type: "NATIVE",
        bank_type: "CMB_CREDIT".to_owned(),
        description: "省政务服务,测试\n缴费".to_owned(),
        attach: "区县=310000".to_owned(),
        ..payment("15:40:59", "GOV202603020000000003", 1)
    };
    let older = Line {
        transaction_id: "4200001111202602281234567000".to_owned(),
        out_trade_no: "GOV202602280000000009".to_owned(),
        description: "省政务服务-考试报名费".to_owned(),
        attach: String::new(),
        ..first.clone()
    };
    let done = refunded(second.clone(), "16:20:11", Some(at("16:20:15")), (0, 1), 3_000, 18);
    let open = refunded(older, "17:05:00", None, (1, 2), 500, 3);
    vec![first, second, third, done, open]
}

fn refunded(
    of: Line,
    time: &str,
    succeeded_ms: Option<i64>,
    (id, number): (u32, u32),
    amount_fen: i64,
    fee_fen: i64,
) -> Line {
    Line {
        at_ms: at(time),
        amount_fen,
        fee_fen: -fee_fen,
        refund: Some(RefundPart {
            refund_id: format!("5000000038202603021234567890{id}"),
            out_refund_no: format!("RF20260302000000000{number}"),
            status: if succeeded_ms.is_some() { "SUCCESS" } else { "PROCESSING" },
            succeeded_ms,
        }),
        ..of
    }
}

fn day() -> Day {
    Day::from_text("2026-03-02").unwrap()
}

fn of_type(bill_type: BillType) -> Vec<Line> {
    let wanted = |line: &Line| match bill_type {
        BillType::All => true,
        BillType::Success => line.refund.is_none(),
        BillType::Refund => line.refund.is_some(),
    };
    sample().into_iter().filter(wanted).collect()
}

#[test]
fn the_files_are_the_samples_to_the_byte() {
    for (bill_type, sample) in [
        (BillType::All, sample!("ALL.csv")),
        (BillType::Success, sample!("SUCCESS.csv")),
        (BillType::Refund, sample!("REFUND.csv")),
    ] {
        let file = file(of_type(bill_type), day(), bill_type, None, 0);
        for (made, expected) in file.lines().zip(sample.lines()) {
            assert_eq!(made, expected, "{bill_type:?}");
        }
        assert_eq!(file, sample, "{bill_type:?}");
    }
}

#[test]
fn every_fault_changes_the_file_except_those_of_the_transport() {
    use BillFaultKind as F;
    let file = |lines, fault, index| file(lines, day(), BillType::All, fault, index);
    let good = file(sample(), None, 0);
    for fault in [F::Truncated, F::WrongHash] {
        assert_eq!(file(sample(), Some(fault), 0), good, "{fault:?}");
    }
    for fault in
        [F::WrongDay, F::DuplicateLine, F::DropLine, F::ExtraLine, F::ChangeAmount, F::WrongTotals]
    {
        assert_ne!(file(sample(), Some(fault), 0), good, "{fault:?}");
        file(Vec::new(), Some(fault), 0);
    }
    let bad = file(sample(), Some(F::BadLine), 0);
    assert_eq!(bad.lines().count(), good.lines().count(), "one line is garbled, none added");
    assert_eq!(bad.lines().filter(|line| !good.contains(line)).count(), 1);
    assert_eq!(file(Vec::new(), Some(F::BadLine), 0).lines().count(), 3);
}

#[test]
fn a_fault_hits_the_line_that_was_named() {
    let third = |fault| {
        let file = file(sample(), day(), BillType::All, Some(fault), 2);
        file.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let good = file(sample(), day(), BillType::All, None, 0);
    let good: Vec<&str> = good.lines().collect();
    let doubled = third(BillFaultKind::DuplicateLine);
    assert_eq!((&doubled[3], &doubled[4]), (&good[3].to_owned(), &good[3].to_owned()));
    assert_eq!(third(BillFaultKind::DropLine)[3], good[4]);
    assert!(third(BillFaultKind::ChangeAmount)[3].contains("`0.02,"));
    assert!(third(BillFaultKind::BadLine)[3].starts_with("`乱码"));
}

use super::*;

fn gb(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

const RESULT: &str = "3|1|200.00|1|6.05|1|10.00\n\
    330100|330101|330000001FS1|YW1|0||\n\
    330100|330101|330000001FS2|YW2|1|AMOUNT|应缴㐀\n\
    330100|330101|330000001FS3|RF3|2|FINANCE|待定\n";

#[test]
fn the_finance_departments_result_is_read() {
    let result = result(2, &gb(RESULT)).unwrap();
    assert_eq!((result.batch, result.lines.len()), (2, 3));
    assert_eq!(result.sums, [Fen::new(20_000), Fen::new(605), Fen::new(1_000)]);
    assert_eq!(result.lines[0].verdict, Verdict::Matched);
    let (code, reason) = ("AMOUNT".to_owned(), "应缴㐀".to_owned());
    assert_eq!(result.lines[1].verdict, Verdict::Failed { code, reason });
    assert!(matches!(result.lines[2].verdict, Verdict::ToBeConfirmed { .. }));
    assert_eq!(result.lines[2].order_no, "RF3");
}

#[test]
fn a_result_whose_numbers_do_not_fit_is_rejected_whole() {
    let table = [
        (RESULT.replace("3|1|200", "4|1|200"), FileFault::Count { said: 4, found: 3 }),
        (RESULT.trim_end().to_owned(), FileFault::Header),
        (RESULT.replace("3|1|200.00|1|", "3|2|200.00|0|"), FileFault::Totals),
        (RESULT.replace("3|1|", "x|1|"), FileFault::Header),
        (RESULT.replace("|200.00|", "|-200.00|"), FileFault::Header),
        (RESULT.replace("|10.00\n", "\n"), FileFault::Header),
        (String::new(), FileFault::Header),
        ("0|0|1.00|0|0.00|0|0.00\n".to_owned(), FileFault::Totals),
    ];
    for (text, fault) in table {
        assert_eq!(result(1, &gb(&text)), Err(fault), "{text}");
    }
    assert_eq!(result(1, b"0|0|\xff"), Err(FileFault::Encoding));
    let empty = result(1, b"0|0|0.00|0|0.00|0|0.00\n").unwrap();
    assert_eq!(empty.lines, []);
}

#[test]
fn all_faulty_lines_are_named() {
    let text = RESULT
        .replace("FS1|YW1|0||", "FS1|YW1|0|X|")
        .replace("AMOUNT|应缴㐀", "|应缴㐀")
        .replace("RF3|2|", "RF3|3|");
    let Err(FileFault::Lines(faults)) = result(1, &gb(&text)) else { panic!("{text}") };
    let places: Vec<_> = faults.iter().map(|fault| (fault.line, fault.field)).collect();
    assert_eq!(places, [(2, 6), (3, 6), (4, 5)]);
    let short = RESULT.replace("|0||\n", "|0|\n");
    let Err(FileFault::Lines(faults)) = result(1, &gb(&short)) else { panic!("{short}") };
    assert_eq!(faults, [LineFault { line: 2, field: 0, expected: "another number of fields" }]);
}

const REFUNDS: &str = "1|206.05\n\
    330101|330000001FS1|YW20260302101531ABCDEFGHJKMN|张三|206.05|20260302101540|33010126|\
    0000000001|多缴|张三|13800138000|6222020200112230|工商银行|WXPAY|备注\n";

#[test]
fn the_refunds_that_finance_wants_are_read_and_masked() {
    let refunds = ordered_refunds(&gb(REFUNDS)).unwrap();
    let refund = &refunds[0];
    assert_eq!(refund.notice_no.as_str(), "330000001FS1");
    assert_eq!(refund.amount, Fen::new(20_605));
    assert_eq!(refund.paid_at, "2026-03-02T02:15:40Z".parse().unwrap());
    assert_eq!(refund.receipt.as_ref().unwrap().number.as_str(), "0000000001");
    let payee = (refund.payee.name.as_str(), refund.payee.bank.as_str());
    assert_eq!(payee, ("张三", "工商银行"));
    assert_eq!((refund.trade_code.as_str(), refund.remark.as_str()), ("WXPAY", "备注"));
    assert!(!format!("{refund:?}").contains("6222"));
    assert_eq!(ordered_refunds(b"0|0.00\n"), Ok(Vec::new()));
}

#[test]
fn a_faulty_file_of_refunds_is_not_used_at_all() {
    for (from, to, place) in [
        ("330000001FS1", "310000001FS1", (2, 2)),
        ("YW20260302101531ABCDEFGHJKMN", "", (2, 3)),
        ("张三|206.05", "张三|0.00", (2, 5)),
        ("20260302101540", "20260302", (2, 6)),
        ("33010126", "", (2, 7)),
        ("0000000001", "1", (2, 8)),
        ("|备注", "", (2, 0)),
    ] {
        let text = REFUNDS.replace(from, to);
        let Err(FileFault::Lines(faults)) = ordered_refunds(&gb(&text)) else { panic!("{text}") };
        assert_eq!((faults[0].line, faults[0].field), place, "{text}");
    }
    let other_sum = REFUNDS.replace("1|206.05\n", "1|206.00\n");
    assert_eq!(ordered_refunds(&gb(&other_sum)), Err(FileFault::Totals));
    let more = REFUNDS.replace("1|206.05\n", "2|206.05\n");
    assert_eq!(ordered_refunds(&gb(&more)), Err(FileFault::Count { said: 2, found: 1 }));
}

use super::super::testing::MERCHANT;
use super::*;
use crate::test_support::test_data;
use domain::reconciliation::LineKind;
use jiff::civil::date;

const SETTLED: Date = date(2026, 11, 22);

/// The published lines, a payment and its refund.
fn sample() -> Vec<String> {
    let text = String::from_utf8(test_data("unionpay_settlement_sample.txt")).unwrap();
    text.split("\r\n").filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn put(line: &str, column: Column, value: &str) -> String {
    let range = OFFSETS[column.0]..OFFSETS[column.0] + WIDTHS[column.0];
    let mut line = line.to_owned();
    line.replace_range(range.clone(), &format!("{value:<width$}", width = range.len()));
    line
}

fn read_lines(lines: &[String]) -> Result<File, String> {
    read(lines.join("\r\n").as_bytes(), b"", SETTLED, 1)
}

fn read_one(line: String) -> Result<StatementLine, QuarantinedLine> {
    let mut file = read_lines(&[sample()[0].clone(), line]).unwrap();
    match file.quarantined.pop() {
        Some((_, set_aside)) => Err(set_aside),
        None => Ok(file.lines.pop().unwrap().1),
    }
}

#[test]
fn the_columns_are_those_of_the_published_sample() {
    assert_eq!(LENGTH, 607 - 98 - 32 - 2);
    let file = read_lines(&sample()).unwrap();
    assert_eq!((file.lines.len(), file.quarantined.len()), (2, 0), "{file:?}");
    let (owner, pay) = &file.lines[0];
    assert_eq!((*owner, pay.line_no, pay.kind()), (SETTLED, 1, LineKind::Pay));
    assert_eq!(
        (pay.order_no.as_str(), pay.txn.as_str()),
        ("GOV20261122000101", "442611221450467846498")
    );
    assert_eq!((pay.merchant_no.as_str(), pay.app_id.as_str()), (MERCHANT, MERCHANT));
    assert_eq!((pay.amount, pay.fee), (Fen::new(8_000), Fen::new(48)));
    assert_eq!(pay.at, "2026-11-22T09:01:34+08:00".parse().unwrap());
    assert_eq!(pay.raw, sample()[0]);
    let refund = &file.lines[1].1;
    assert_eq!((refund.line_no, refund.kind()), (2, LineKind::Refund));
    assert_eq!(refund.order_no, "GOV20261122000101");
    assert_eq!(refund.txn, "052611221658427863998");
    let stated =
        StatedRefund { no: Some("RF20261122000101".to_owned()), standing: RefundStanding::Done };
    assert_eq!((&pay.refund, &refund.refund), (&None, &Some(stated)));
    assert_eq!((refund.amount, refund.fee), (Fen::new(3_000), Fen::new(-18)));
}

#[test]
fn shorter_and_longer_tails_make_no_difference() {
    let whole = sample();
    let cut: Vec<_> = whole.iter().map(|line| line[..LENGTH].to_owned()).collect();
    let longer: Vec<_> = whole.iter().map(|line| format!("{line}   x")).collect();
    for (lines, order) in [(&longer, "GOV20261122000101"), (&cut, "RF20261122000101")] {
        let file = read_lines(lines).unwrap();
        assert_eq!((file.lines.len(), file.quarantined.len()), (2, 0));
        // Without its tail a refund has its own number alone.
        assert_eq!(file.lines[1].1.order_no, order);
    }
    let lf = read(whole.join("\n\n").as_bytes(), b"", SETTLED, 1).unwrap();
    assert_eq!(lf.lines.len(), 2);
}

#[test]
fn a_line_belongs_to_the_day_of_its_time() {
    let line = |time| put(&sample()[0], TIME, time);
    let file = read_lines(&[line("1121231000"), line("1121235959"), line("1122000000")]).unwrap();
    let owners: Vec<_> = file.lines.iter().map(|(owner, _)| *owner).collect();
    assert_eq!(owners, [date(2026, 11, 21), date(2026, 11, 21), SETTLED]);
}

#[test]
fn a_line_of_a_far_day_is_set_aside_where_somebody_sees_it() {
    let far = put(&sample()[0], TIME, "1119120000");
    let file = read_lines(&[sample()[0].clone(), far]).unwrap();
    let (owner, set_aside) = &file.quarantined[0];
    assert_eq!((*owner, set_aside.line_no), (SETTLED, 2));
    assert_eq!(set_aside.amount, Some(Fen::new(8_000)));
}

#[test]
fn a_file_of_another_day_is_no_file_of_this_one() {
    let early: Vec<_> =
        sample().iter().zip(["1121090134", "1121165842"]).map(|(l, t)| put(l, TIME, t)).collect();
    let refused = read_lines(&early);
    assert_eq!(refused, Err("没有一笔交易在2026-11-22的清算时段内，文件不是这一天的".to_owned()));
    // One line that is in the window makes it this day's, and the other one keeps its place.
    let mixed = read_lines(&[early[0].clone(), sample()[1].clone()]).unwrap();
    assert_eq!(mixed.lines[0].0, date(2026, 11, 21));
}

#[test]
fn a_broken_line_is_set_aside_with_its_reason_and_its_amount() {
    let pay = &sample()[0];
    let mut shifted = pay.clone();
    shifted.insert(50, '9');
    let table: [(String, &str, Option<i64>); 11] = [
        (put(pay, TIME, "1122250134"), "“交易传输时间”不是时间：1122250134", Some(8_000)),
        (put(pay, AMOUNT, "00000000800x"), "“交易金额”不是金额：00000000800x", None),
        (put(pay, AMOUNT, "-00000008000"), "“交易金额”不是金额：-00000008000", None),
        (put(pay, AMOUNT, "000000000000"), "金额不是正数：0.00", Some(0)),
        (put(pay, KIND, "02"), "未知的交易类型：02", Some(8_000)),
        (put(pay, ORDER, ""), "“商户订单号”为空", Some(8_000)),
        (put(pay, TXN, ""), "“查询流水号”为空", Some(8_000)),
        (put(pay, FEE, "X000000000048"), "“商户手续费”不是金额：X000000000048", Some(8_000)),
        (
            put(pay, NET, "C000000008052"),
            "“结算金额”为80.52元，按金额和手续费应为79.52元",
            Some(8_000),
        ),
        (pay[..400].to_owned(), "应至少有475字节，实有400", None),
        (shifted, "第7栏之后不是空格", None),
    ];
    for (line, reason, amount) in table {
        let set_aside = read_one(line.clone()).unwrap_err();
        assert_eq!(set_aside.reason, reason);
        assert_eq!((set_aside.line_no, set_aside.amount), (2, amount.map(Fen::new)), "{reason}");
        assert_eq!(set_aside.raw, line);
    }
}

#[test]
fn a_net_sum_with_parts_that_are_not_described_is_not_judged() {
    let line = put(&put(&sample()[0], EXTRAS[1], "D000000000100"), NET, "C000000007852");
    assert_eq!(read_one(line).unwrap().amount, Fen::new(8_000));
}

#[test]
fn chinese_junk_in_a_column_that_counts_is_set_aside_and_elsewhere_passed_over() {
    let gbk = [0xD6, 0xD0, 0xB9, 0xFA]; // 中国
    let junk = |column: Column| {
        let mut bytes = sample()[0].clone().into_bytes();
        bytes[OFFSETS[column.0]..OFFSETS[column.0] + 4].copy_from_slice(&gbk);
        read(&bytes, b"", SETTLED, 7).unwrap()
    };
    let file = junk(ORDER);
    let set_aside = &file.quarantined[0].1;
    assert_eq!(set_aside.reason, "“商户订单号”含有异常字符");
    assert_eq!((set_aside.line_no, set_aside.amount), (7, Some(Fen::new(8_000))));
    assert!(set_aside.raw.contains("中国"));
    // 二级商户简称 is Chinese by right.
    let file = junk(Column(30, "二级商户简称"));
    assert!(file.lines[0].1.raw.contains("中国"));
}

#[test]
fn exceptions_are_for_people_and_counted_on() {
    let detail = sample().join("\r\n");
    let file = read(detail.as_bytes(), b"E01 something\r\nE02\r\n", SETTLED, 1).unwrap();
    let numbers: Vec<_> = file.quarantined.iter().map(|(_, line)| line.line_no).collect();
    assert_eq!(numbers, [3, 4]);
    assert_eq!(file.quarantined[0].1.amount, None);
    assert_eq!(line_count(detail.as_bytes()) + line_count(b"E01\r\n\r\nE02"), 4);
    assert_eq!(read(b"", b"", SETTLED, 1), Ok(File::default()));
}

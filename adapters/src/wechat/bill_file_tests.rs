use super::*;
use crate::crypto::sha1_hex;
use crate::test_support::test_data;
use domain::reconciliation::LineKind;

fn read_text(text: &str) -> Result<Statement, StatementFault> {
    read(text.as_bytes().to_vec(), String::new())
}

fn sample(name: &str) -> Statement {
    let file = test_data(&format!("sample_tradebill_{name}.csv"));
    let hash = sha1_hex(&file);
    let known: serde_json::Value =
        serde_json::from_slice(&test_data("sample_bills.sha1.json")).unwrap();
    let named = &known["sha1_of_uncompressed_bytes"][format!("sample_tradebill_{name}.csv")];
    assert_eq!(named.as_str(), Some(hash.as_str()));
    read(file, hash).unwrap()
}

#[test]
fn samples_re_add_to_their_own_totals() {
    for (name, count, paid, refunded) in
        [("ALL", 5, 9_251, 3_500), ("SUCCESS", 3, 9_251, 0), ("REFUND", 2, 0, 3_500)]
    {
        let bill = sample(name);
        assert!(bill.quarantined.is_empty(), "{name}: {:?}", bill.quarantined);
        assert_eq!(usize::try_from(bill.trailer.count).unwrap(), bill.lines.len(), "{name}");
        let (paid, refunded) = (Fen::new(paid), Fen::new(refunded));
        assert_eq!(bill.trailer, Trailer { count, paid, refunded }, "{name}");
        assert_eq!(bill.sum(LineKind::Pay), Ok(paid), "{name}");
        assert_eq!(bill.sum(LineKind::Refund), Ok(refunded), "{name}");
    }
}

#[test]
fn a_line_is_read_in_full() {
    let bill = sample("ALL");
    let pay = &bill.lines[0];
    assert_eq!((pay.line_no, pay.kind(), pay.amount), (2, LineKind::Pay, Fen::new(1_250)));
    assert_eq!(pay.order_no, "GOV202603020000000001");
    assert_eq!(pay.txn, "4200002222202603021234567890");
    assert_eq!(
        (pay.app_id.as_str(), pay.merchant_no.as_str()),
        ("wx0123456789abcdef", "1900007291")
    );
    assert_eq!(pay.fee, Fen::new(8));
    assert_eq!(pay.at, "2026-03-02T10:15:31+08:00".parse().unwrap());
    let refund = &bill.lines[3];
    assert_eq!((refund.kind(), refund.amount), (LineKind::Refund, Fen::new(3_000)));
    assert_eq!(refund.txn, "50000000382026030212345678900");
    let stated = |no: &str, standing| Some(StatedRefund { no: Some(no.to_owned()), standing });
    assert_eq!(pay.refund, None);
    assert_eq!(refund.refund, stated("RF202603020000000001", RefundStanding::Done));
    assert_eq!(bill.lines[4].refund, stated("RF202603020000000002", RefundStanding::UnderWay));
    assert_eq!(refund.fee, Fen::new(-18));
}

const HEADER: &str = "交易时间,公众账号ID,商户号,微信订单号,商户订单号,交易状态,货币种类,\
                      微信退款单号,手续费,订单金额,申请退款金额,费率备注";
const PAY: &str =
    "`2026-03-02 10:15:31,`wx1,`19,`42001,`YW0001,`SUCCESS,`CNY,`0,`0.08000,`12.50,`0.00,`";
const REFUND: &str =
    "`2026-03-02 10:15:32,`wx1,`19,`42001,`YW0001,`REFUND,`CNY,`5001,`-0.08000,`0.00,`2.50,`";
const TOTALS_HEADER: &str =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
const TOTALS_ROW: &str = "`2,`12.50,`2.50,`0.00,`0.00000,`12.50,`2.50";

fn file(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

fn whole(data: &[&str]) -> String {
    file(&[&[HEADER], data, &[TOTALS_HEADER, TOTALS_ROW]].concat())
}

#[test]
fn byte_order_mark_line_ends_and_blank_lines_make_no_difference() {
    let plain = whole(&[PAY, REFUND]);
    let variants = [
        format!("\u{feff}{plain}"),
        plain.replace("\r\n", "\n"),
        format!("{plain}\r\n\r\n  \r\n"),
        plain.trim_end().to_owned(),
        plain.replace('`', ""),
        plain.replace("12.50,`2.50\r\n", "12.5,`2.5\r\n").replace("`2,", "`2.0,"),
        plain.replace("订单金额,申请退款金额", "总金额,退款金额"),
    ];
    for text in variants {
        let bill = read_text(&text).unwrap();
        assert_eq!((bill.lines.len(), bill.quarantined.len()), (2, 0), "{text}");
        let sums = (bill.trailer.paid, bill.trailer.refunded);
        assert_eq!(sums, (Fen::new(1_250), Fen::new(250)), "{text}");
        assert_eq!(bill.original, text.as_bytes());
    }
}

#[test]
fn unknown_columns_are_passed_over_wherever_they_stand() {
    let text = file(&[
        &format!("新列,{HEADER}"),
        &format!("`甲,{PAY}"),
        &format!("`乙,{REFUND}"),
        &format!("{TOTALS_HEADER},新合计"),
        &format!("{TOTALS_ROW},`9"),
    ]);
    let bill = read_text(&text).unwrap();
    assert_eq!(bill.lines.len(), 2);
    assert_eq!(bill.lines[0].order_no, "YW0001");
}

#[test]
fn a_broken_line_is_set_aside_with_its_reason_and_its_amount() {
    let table: [(String, &str, Option<i64>); 9] = [
        (PAY.replace("12.50", "12.5O"), "“订单金额”不是金额：12.5O", None),
        (PAY.replace("12.50", "12.505"), "“订单金额”不是金额：12.505", None),
        (PAY.replace("12.50", "-12.50"), "金额不是正数：-12.50", Some(-1_250)),
        (PAY.replace("`SUCCESS", "`REVOKED"), "未知的交易状态：REVOKED", Some(1_250)),
        (
            PAY.replace("2026-03-02 10", "2026-02-30 10"),
            "“交易时间”不是时间：2026-02-30 10:15:31",
            Some(1_250),
        ),
        (PAY.replace("CNY", "USD"), "币种不是人民币：USD", Some(1_250)),
        (PAY.replace("YW0001", ""), "“商户订单号”为空", Some(1_250)),
        (PAY.replace("0.08000", "0.08400"), "“手续费”不是金额：0.08400", Some(1_250)),
        (format!("{PAY},`x"), "应有12列，实有13列", None),
    ];
    for (line, reason, amount) in table {
        let bill = read_text(&whole(&[&line, REFUND])).unwrap();
        assert_eq!(bill.lines.len(), 1, "{line}");
        let set_aside = &bill.quarantined[0];
        assert_eq!(set_aside.reason, reason);
        assert_eq!((set_aside.line_no, set_aside.raw.as_str()), (2, line.as_str()));
        assert_eq!(set_aside.amount, amount.map(Fen::new), "{line}");
    }
}

#[test]
fn every_word_for_the_standing_of_a_refund_is_read_and_no_other() {
    let header = HEADER.replace(",手续费", ",商户退款单号,退款状态,手续费");
    let of = |no: &str, word: &str| {
        let line = REFUND.replace("`5001,", &format!("`5001,`{no},`{word},"));
        read_text(&file(&[&header, &line, TOTALS_HEADER, TOTALS_ROW])).unwrap()
    };
    for (word, standing) in [
        ("SUCCESS", RefundStanding::Done),
        ("PROCESSING", RefundStanding::UnderWay),
        ("CHANGE", RefundStanding::UnderWay),
        ("FAIL", RefundStanding::Failed),
    ] {
        for (printed, no) in [("YT01", Some("YT01".to_owned())), ("0", None), ("", None)] {
            let bill = of(printed, word);
            assert_eq!(bill.lines[0].refund, Some(StatedRefund { no, standing }), "{word}");
        }
    }
    for word in ["", "success", "CLOSED"] {
        let bill = of("YT01", word);
        assert_eq!(bill.quarantined[0].reason, format!("未知的退款状态：{word}"));
    }
    let older = read_text(&whole(&[PAY, REFUND])).unwrap();
    let stated = StatedRefund { no: None, standing: RefundStanding::UnderWay };
    assert_eq!(older.lines[1].refund, Some(stated), "a file that does not say");
}

#[test]
fn a_line_in_another_encoding_is_set_aside_and_keeps_its_amount() {
    let (before, after) = (file(&[HEADER, PAY]), file(&[TOTALS_HEADER, TOTALS_ROW]));
    let mut bytes = before.into_bytes();
    let gbk = [0xCE, 0xA2, 0xD0, 0xC5]; // 微信
    bytes.extend_from_slice(REFUND.strip_suffix('`').unwrap().as_bytes());
    bytes.extend_from_slice(&gbk);
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(after.as_bytes());
    let bill = read(bytes, String::new()).unwrap();
    assert_eq!((bill.lines.len(), bill.quarantined.len()), (1, 1));
    assert_eq!(bill.quarantined[0].reason, "不是UTF-8编码");
    assert_eq!(bill.quarantined[0].amount, Some(Fen::new(250)));
}

#[test]
fn a_damaged_file_is_refused_as_a_whole() {
    let good = whole(&[PAY, REFUND]);
    let (gbk_header, reason_gbk) = (b"\xBD\xBB\xD2\xD7,a\r\n".to_vec(), "表头不是UTF-8编码");
    let table: [(Vec<u8>, &str); 10] = [
        (Vec::new(), "文件是空的"),
        (gbk_header, reason_gbk),
        (good.replace("商户订单号", "订单").into_bytes(), "表头缺少“商户订单号”列"),
        (good.replace("手续费,订单", "商户号,订单").into_bytes(), "表头有重复的列"),
        (file(&[HEADER, PAY, REFUND]).into_bytes(), "缺少合计行，文件不完整"),
        (good.as_bytes()[..good.len() / 2].to_vec(), "缺少合计行，文件不完整"),
        (file(&[HEADER, PAY, TOTALS_HEADER]).into_bytes(), "合计行没有数据，文件不完整"),
        (format!("{good}{PAY}\r\n").into_bytes(), "合计行之后还有内容"),
        (good.replace("`2,`12.50", "`2.5,`12.50").into_bytes(), "“总交易单数”不是笔数"),
        (
            good.replace("`12.50,`2.50\r\n", "`12.50,`x\r\n").into_bytes(),
            "“申请退款总金额”不是金额：x",
        ),
    ];
    for (bytes, reason) in table {
        let fault = read(bytes.clone(), String::new()).unwrap_err();
        assert_eq!((fault.code, fault.reason.as_str()), (DiscrepancyCode::F02, reason));
        assert_eq!(fault.original, bytes);
    }
}

#[test]
fn wrong_totals_are_read_as_they_stand() {
    let text = whole(&[PAY, REFUND]).replace("`2,`12.50", "`3,`12.50");
    // Whether they re-add is the domain's question, asked of every rail alike.
    assert_eq!(read_text(&text).unwrap().trailer.count, 3);
}

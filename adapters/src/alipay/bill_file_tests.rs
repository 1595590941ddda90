use super::*;
use crate::test_support::test_data;
use domain::reconciliation::LineKind;
use std::io::Write;
use zip::write::{SimpleFileOptions, ZipWriter};

const SELLER: &str = "2088102179917825";
const DAY: Date = jiff::civil::date(2026, 11, 22);

fn whose() -> Whose<'static> {
    Whose { day: DAY, seller_id: SELLER, app_id: "2021000000000001" }
}

fn table(name: &str) -> String {
    text_of(&test_data(name))
}

fn detail() -> String {
    table("sample_alipay_business.csv")
}

fn summary() -> String {
    table("sample_alipay_business_summary.csv")
}

/// Members with their names, zipped; texts in GBK.
fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn packed(detail: &str, summary: &str) -> Vec<u8> {
    let (detail, summary) = (GBK.encode(detail).0, GBK.encode(summary).0);
    zipped(&[("a_业务明细.csv", &detail), ("a_业务明细(汇总).csv", &summary)])
}

fn read_texts(detail: &str, summary: &str) -> Result<Statement, StatementFault> {
    read(packed(detail, summary), &whose())
}

#[test]
fn the_sample_is_read_in_full_and_re_adds() {
    let bill = read_texts(&detail(), &summary()).unwrap();
    assert!(bill.quarantined.is_empty(), "{:?}", bill.quarantined);
    let trailer = Trailer { count: 4, paid: Fen::new(18_001), refunded: Fen::new(3_000) };
    assert_eq!(bill.trailer, trailer);
    assert_eq!(bill.sum(LineKind::Pay), Ok(Fen::new(18_001)));
    assert_eq!(bill.sum(LineKind::Refund), Ok(Fen::new(3_000)));
    assert_eq!(bill.hash, sha256_hex(&bill.original));
    // What is kept reads the same, and one of its lines by itself too.
    assert_eq!(read_original(&bill.original, &whose()).as_ref(), Ok(&bill));
    let first = &bill.lines[0];
    let again = line(&bill.original, (first.line_no, &first.raw), &whose());
    assert_eq!(again.as_ref(), Ok(first));
    assert!(line(&bill.original, (6, "x,y"), &whose()).is_err());
    assert!(read_original(b"#x\n", &whose()).is_err());
    let ours = domain::payment::MerchantIdentity {
        merchant_no: SELLER.to_owned(),
        app_ids: vec!["2021000000000001".to_owned()],
    };
    assert_eq!(bill.check(DAY, &ours), Ok(()));
    let pay = &bill.lines[0];
    assert_eq!((pay.line_no, pay.kind(), pay.amount), (6, LineKind::Pay, Fen::new(8_000)));
    assert_eq!(pay.order_no, "GOV20261122000001");
    assert_eq!(pay.txn, "2026112222001419931441931972");
    assert_eq!((pay.merchant_no.as_str(), pay.app_id.as_str()), (SELLER, "2021000000000001"));
    assert_eq!((pay.fee, pay.at), (Fen::new(48), "2026-11-22T09:01:38+08:00".parse().unwrap()));
    let refund = &bill.lines[2];
    assert_eq!((refund.kind(), refund.amount), (LineKind::Refund, Fen::new(3_000)));
    assert_eq!((refund.txn.as_str(), refund.fee), ("RF20261122000001", Fen::new(-18)));
    assert_eq!(refund.order_no, "GOV20261122000002");
    let stated =
        StatedRefund { no: Some("RF20261122000001".to_owned()), standing: RefundStanding::Done };
    assert_eq!((&pay.refund, &refund.refund), (&None, &Some(stated)));
    assert_eq!(refund.at, "2026-11-22T11:26:55+08:00".parse().unwrap());
}

#[test]
fn the_platforms_own_zip_has_names_in_gbk_and_is_read() {
    let mut file = test_data("sample_alipay_business.csv.zip");
    let bill = read(file.clone(), &whose()).unwrap();
    assert_eq!((bill.lines.len(), bill.quarantined.len()), (4, 0));
    let tables = ["sample_alipay_business.csv", "sample_alipay_business_summary.csv"];
    assert_eq!(bill.original, tables.map(test_data).concat());
    file.truncate(file.len() / 2);
    let fault = read(file.clone(), &whose()).unwrap_err();
    assert_eq!((fault.code, fault.original), (DiscrepancyCode::F02, file));
}

#[test]
fn other_columns_and_line_ends_make_no_difference() {
    let wide =
        detail().replace("备注\r\n", "商户识别号,备注\r\n").replace(",0.00,\r\n", ",0.00,X,\r\n");
    let plain = detail().replace("\r\n", "\n").replace('\t', "");
    let blank = format!("{}\r\n\r\n", detail());
    let ascii = detail().replace("（元）", "(元)");
    for text in [wide, plain, blank, ascii] {
        let bill = read_texts(&text, &summary()).unwrap();
        assert_eq!((bill.lines.len(), bill.quarantined.len()), (4, 0), "{text}");
    }
}

#[test]
fn a_broken_line_is_set_aside_with_its_reason_and_its_amount() {
    let table: [(&str, &str, &str, Option<i64>); 8] = [
        ("不动产登记费", "不动产,登记费", "应有25列，实有26列", None),
        ("80.00,80.00", "80.0O,80.00", "“订单金额”不是金额：80.0O", Some(8_000)),
        ("80.00,80.00", "80.00,79.00", "订单金额80.00元，商家实收79.00元", Some(7_900)),
        ("80.00,80.00", "-80.00,-80.00", "金额的正负与业务类型不符：-80.00", Some(8_000)),
        (
            "2026-11-22 09:01:38",
            "2026-11-31 09:01:38",
            "“完成时间”不是时间：2026-11-31 09:01:38",
            Some(8_000),
        ),
        ("GOV20261122000001", "", "“商户订单号”为空", Some(8_000)),
        ("-0.48", "-0.484", "“服务费”不是金额：-0.484", Some(8_000)),
        (",交易\t,不动产", ",转账\t,不动产", "未知的业务类型：转账", Some(8_000)),
    ];
    for (from, to, reason, amount) in table {
        let bill = read_texts(&detail().replacen(from, to, 1), &summary()).unwrap();
        assert_eq!(bill.lines.len(), 3, "{reason}");
        let set_aside = &bill.quarantined[0];
        assert_eq!((set_aside.line_no, set_aside.reason.as_str()), (6, reason));
        assert_eq!(set_aside.amount, amount.map(Fen::new), "{reason}");
    }
    let positive = detail().replacen("-30.00,-30.00", "30.00,30.00", 1);
    let bill = read_texts(&positive, &summary()).unwrap();
    assert_eq!(bill.quarantined[0].reason, "金额的正负与业务类型不符：30.00");
    let mut garbled = GBK.encode(&detail()).0.into_owned();
    let at = garbled.windows(3).position(|w| w == b"(15").unwrap();
    garbled[at] = 0xFF;
    let summary = GBK.encode(&summary()).0.into_owned();
    let file = zipped(&[("业务明细.csv", &garbled), ("业务明细(汇总).csv", &summary)]);
    assert_eq!(read(file, &whose()).unwrap().quarantined[0].reason, "不是GBK编码");
}

#[test]
fn a_file_that_is_cut_or_another_days_or_anothers_is_not_used() {
    let end = "#-----------------------------------------业务明细列表结束";
    let cut = detail().split(end).next().unwrap().to_owned();
    for (text, reason) in [
        (cut, "业务明细没有结束标记，文件不完整"),
        (
            detail().replace("[2026年11月22日", "[2026年11月21日"),
            "业务明细的起始日期是2026年11月21日 00:00:00，不是2026-11-22",
        ),
        (detail().replace("[2088", "[2089"), "业务明细的账号是20891021799178250156，不是本商户的"),
        (detail().replace("#交易合计", "#合计"), "明细缺少合计，文件不完整"),
        (detail().replace("完成时间", "时间"), "表头缺少“完成时间”列"),
        (detail().replace("完成时间", "创建时间"), "表头有重复的列"),
    ] {
        let fault = read_texts(&text, &summary()).unwrap_err();
        assert_eq!((fault.code, fault.reason.as_str()), (DiscrepancyCode::F02, reason));
    }
    let other = summary().replace("[2026年11月22日", "[2026年11月21日");
    assert_eq!(read_texts(&detail(), &other).unwrap_err().code, DiscrepancyCode::F02);
}

#[test]
fn totals_that_differ_between_the_tables_are_a_fault() {
    for (from, to) in [
        ("合计\t,\t,3,1,", "合计\t,\t,4,1,"),
        ("合计\t,\t,3,1,150.01,150.01", "合计\t,\t,3,1,150.01,150.02"),
        ("0.00,0.00,0.00,-0.90,0.00,149.11\r\n#", "0.00,0.00,0.00,-0.91,0.00,149.11\r\n#"),
    ] {
        let text = summary().replace(from, to);
        assert_ne!(text, summary(), "{from}");
        assert_eq!(read_texts(&detail(), &text).unwrap_err().code, DiscrepancyCode::F03, "{to}");
    }
}

#[test]
fn a_day_without_trades_has_tables_without_rows() {
    let empty = |text: &str| {
        let comment = |line: &&str| line.starts_with('#') && !line.contains("合计：");
        text.split("\r\n").filter(comment).map(|line| format!("{line}\r\n")).collect::<String>()
    };
    let bill = read_texts(&empty(&detail()), &empty(&summary())).unwrap();
    assert_eq!((bill.lines.len(), bill.trailer.count), (0, 0));
    assert!(!bill.hash.is_empty());
    let without_rows = read_texts(&detail(), &empty(&summary())).unwrap_err();
    assert_eq!(without_rows.code, DiscrepancyCode::F02);
}

#[test]
fn what_is_no_such_zip_is_not_unpacked() {
    let text = GBK.encode(&detail()).0.into_owned();
    let many: Vec<String> = (0..=MEMBERS_MAX).map(|n| format!("{n}.csv")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    for (file, reason) in [
        (zipped(&[("业务明细.csv", &text)]), "压缩包内缺少业务汇总"),
        (zipped(&[("业务明细(汇总).csv", &text)]), "压缩包内缺少业务明细"),
        (zipped(&[("业务明细.csv", &text), ("b业务明细.csv", &text)]), "压缩包内有两份相同的文件"),
        (zipped(&many), "压缩包内文件过多"),
    ] {
        let fault = read(file, &whose()).unwrap_err();
        assert_eq!((fault.code, fault.reason.as_str()), (DiscrepancyCode::F02, reason));
    }
    let bomb = vec![b' '; usize::try_from(TABLE_LIMIT).unwrap() + 1];
    let fault = read(zipped(&[("业务明细.csv", &bomb)]), &whose()).unwrap_err();
    assert_eq!(fault.reason, "压缩包内的文件过大");
    let mut flipped = packed(&detail(), &summary());
    flipped[200] ^= 0xFF;
    assert_eq!(read(flipped, &whose()).unwrap_err().code, DiscrepancyCode::F02);
    assert_eq!(read(b"<html>".to_vec(), &whose()).unwrap_err().code, DiscrepancyCode::F02);
}

//! The trade bill: the file format, and the ways in which testers have it go wrong.

use crate::clock::{DAY_MS, Day, spaced};
use crate::world::World;
use crate::world::fault::BillFaultKind;

/// Title of a column, and whether the bill of successful payments has it too.
const COLUMNS: [(&str, bool); 27] = [
    ("交易时间", true),
    ("公众账号ID", true),
    ("商户号", true),
    ("特约商户号", true),
    ("设备号", true),
    ("微信订单号", true),
    ("商户订单号", true),
    ("用户标识", true),
    ("交易类型", true),
    ("交易状态", true),
    ("付款银行", true),
    ("货币种类", true),
    ("应结订单金额", true),
    ("代金券金额", true),
    ("微信退款单号", false),
    ("商户退款单号", false),
    ("退款金额", false),
    ("充值券退款金额", false),
    ("退款类型", false),
    ("退款状态", false),
    ("商品名称", true),
    ("商户数据包", true),
    ("手续费", true),
    ("费率", true),
    ("订单金额", true),
    ("申请退款金额", false),
    ("费率备注", true),
];
const TOTALS: &str =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
const BOM: &str = "\u{feff}";

/// One payment as a line of the bill. Amounts are fen.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) at_ms: i64,
    pub(super) app_id: String,
    pub(super) mch_id: String,
    pub(super) transaction_id: String,
    pub(super) out_trade_no: String,
    pub(super) open_id: String,
    pub(super) trade_type: &'static str,
    pub(super) bank_type: String,
    pub(super) amount_fen: i64,
    pub(super) description: String,
    pub(super) attach: String,
}

/// Which of the two files with payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BillType {
    All,
    Success,
}

/// The payments of a day.
pub(super) fn lines_of(world: &World, day: Day) -> Vec<Line> {
    world
        .payments_of(day)
        .into_iter()
        .map(|(order, payment)| Line {
            at_ms: payment.at_ms,
            app_id: order.app_id.clone(),
            mch_id: order.mch_id.clone(),
            transaction_id: payment.transaction_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            open_id: payment.open_id.clone(),
            trade_type: order.trade_type.name(),
            bank_type: payment.bank_type.clone(),
            amount_fen: payment.amount_fen,
            description: order.description.clone(),
            attach: order.attach.clone().unwrap_or_default(),
        })
        .collect()
}

/// The file, with a fault in its lines or totals if one is asked for.
pub(super) fn file(
    mut lines: Vec<Line>,
    day: Day,
    bill_type: BillType,
    fault: Option<BillFaultKind>,
) -> String {
    spoil(&mut lines, day, fault);
    let mut file = BOM.to_owned();
    file.push_str(&row(bill_type, COLUMNS.map(|(title, _)| title.to_owned()), ""));
    for (index, line) in lines.iter().enumerate() {
        let good = row(bill_type, cells(line), "`");
        let garbled = index == 0 && fault == Some(BillFaultKind::BadLine);
        file.push_str(&if garbled { without_time(&good) } else { good });
    }
    let amount_fen: i64 = lines.iter().map(|line| line.amount_fen).sum();
    let fee_fen: i64 = lines.iter().map(|line| fee_fen(line.amount_fen)).sum();
    let odd_fen = if fault == Some(BillFaultKind::WrongTotals) { 100 } else { 0 };
    let total = yuan(amount_fen + odd_fen);
    let count = lines.len();
    let fee = fee_text(fee_fen);
    file.push_str(TOTALS);
    file.push_str(&format!("\r\n`{count},`{total},`0.00,`0.00,`{fee},`{total},`0.00\r\n"));
    file
}

fn spoil(lines: &mut Vec<Line>, day: Day, fault: Option<BillFaultKind>) {
    let Some(fault) = fault else { return };
    match fault {
        BillFaultKind::WrongDay => lines.iter_mut().for_each(|line| line.at_ms -= DAY_MS),
        BillFaultKind::DuplicateLine => {
            if let Some(first) = lines.first().cloned() {
                lines.insert(1, first);
            }
        }
        BillFaultKind::DropLine => {
            lines.drain(..lines.len().min(1));
        }
        BillFaultKind::ExtraLine => lines.push(never_paid(lines.first(), day)),
        BillFaultKind::ChangeAmount => {
            if let Some(first) = lines.first_mut() {
                first.amount_fen += 1;
            }
        }
        BillFaultKind::Truncated
        | BillFaultKind::WrongHash
        | BillFaultKind::BadLine
        | BillFaultKind::WrongTotals => {}
    }
}

/// The line with a time that no clock shows; the totals still count it.
fn without_time(line: &str) -> String {
    let rest = line.find(',').map_or("", |comma| &line[comma..]);
    format!("`乱码 99:99:99{rest}")
}

fn never_paid(like: Option<&Line>, day: Day) -> Line {
    let noon_ms = day.start_ms() + DAY_MS / 2;
    Line {
        at_ms: noon_ms,
        app_id: like.map(|line| line.app_id.clone()).unwrap_or_default(),
        mch_id: like.map(|line| line.mch_id.clone()).unwrap_or_default(),
        transaction_id: format!("4200009999{}0000000001", day.compact()),
        out_trade_no: format!("EXTRA{}0001", day.compact()),
        open_id: "oExtraLineExtraLineExtraLine".to_owned(),
        trade_type: "JSAPI",
        bank_type: "OTHERS".to_owned(),
        amount_fen: 12_345,
        description: "对账单多出的一笔".to_owned(),
        attach: String::new(),
    }
}

fn row(bill_type: BillType, cells: [String; COLUMNS.len()], prefix: &str) -> String {
    let kept: Vec<String> = cells
        .into_iter()
        .zip(COLUMNS)
        .filter(|(_, (_, in_success))| bill_type == BillType::All || *in_success)
        .map(|(cell, _)| format!("{prefix}{cell}"))
        .collect();
    format!("{}\r\n", kept.join(","))
}

fn cells(line: &Line) -> [String; COLUMNS.len()] {
    let own = str::to_owned;
    let amount = yuan(line.amount_fen);
    [
        spaced(line.at_ms),
        line.app_id.clone(),
        line.mch_id.clone(),
        own("0"),
        String::new(),
        line.transaction_id.clone(),
        line.out_trade_no.clone(),
        line.open_id.clone(),
        own(line.trade_type),
        own("SUCCESS"),
        line.bank_type.clone(),
        own("CNY"),
        amount.clone(),
        own("0.00"),
        own("0"),
        own("0"),
        own("0.00"),
        own("0.00"),
        String::new(),
        String::new(),
        escaped(&line.description),
        escaped(&line.attach),
        fee_text(fee_fen(line.amount_fen)),
        own("0.60%"),
        amount,
        own("0.00"),
        String::new(),
    ]
}

/// There is no quoting: a comma becomes backslash and space, a line feed backslash and n.
fn escaped(text: &str) -> String {
    text.replace(',', "\\ ").replace("\r\n", "\\n").replace(['\n', '\r'], "\\n")
}

/// 0.60 %, rounded half up to the fen.
fn fee_fen(amount_fen: i64) -> i64 {
    (amount_fen * 60 + 5_000) / 10_000
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// Fees are written with five decimals although they are whole fen.
fn fee_text(fen: i64) -> String {
    format!("{}000", yuan(fen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: &str, number: &str, amount_fen: i64, attach: &str) -> Line {
        Line {
            at_ms: crate::clock::parse_rfc3339(at).unwrap(),
            app_id: "wx0123456789abcdef".to_owned(),
            mch_id: "1900007291".to_owned(),
            transaction_id: "4200002222202603021234567890".to_owned(),
            out_trade_no: number.to_owned(),
            open_id: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o".to_owned(),
            trade_type: "JSAPI",
            bank_type: "OTHERS".to_owned(),
            amount_fen,
            description: "省政务服务-不动产登记费".to_owned(),
            attach: attach.to_owned(),
        }
    }

    fn sample() -> Vec<Line> {
        vec![
            line("2026-03-02T10:15:31+08:00", "GOV202603020000000001", 1_250, "order=1"),
            line("2026-03-02T11:02:07+08:00", "GOV202603020000000002", 8_000, "a,b\nc"),
            line("2026-03-02T15:40:59+08:00", "GOV202603020000000003", 1, ""),
        ]
    }

    fn day() -> Day {
        Day::from_text("2026-03-02").unwrap()
    }

    #[test]
    fn the_file_is_the_documented_one_to_the_byte() {
        let file = file(sample(), day(), BillType::All, None);
        let rows: Vec<&str> = file.split("\r\n").collect();
        assert_eq!(rows.len(), 7, "six rows, each ended by CRLF");
        assert!(rows[0].starts_with("\u{feff}交易时间,公众账号ID,商户号,"));
        assert_eq!(rows[0].split(',').count(), 27);
        assert_eq!(
            rows[1],
            "`2026-03-02 10:15:31,`wx0123456789abcdef,`1900007291,`0,`,\
             `4200002222202603021234567890,`GOV202603020000000001,`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,\
             `JSAPI,`SUCCESS,`OTHERS,`CNY,`12.50,`0.00,`0,`0,`0.00,`0.00,`,`,\
             `省政务服务-不动产登记费,`order=1,`0.08000,`0.60%,`12.50,`0.00,`"
        );
        assert!(rows[2].contains(",`a\\ b\\nc,`0.48000,"));
        assert!(rows[3].contains(",`0.00000,`0.60%,`0.01,"));
        assert_eq!(rows[4], TOTALS);
        assert_eq!(rows[5], "`3,`92.51,`0.00,`0.00,`0.56000,`92.51,`0.00");
    }

    #[test]
    fn the_success_bill_has_20_columns() {
        let file = file(sample(), day(), BillType::Success, None);
        let header = file.lines().next().unwrap();
        assert_eq!(header.split(',').count(), 20);
        assert!(header.ends_with("商品名称,商户数据包,手续费,费率,订单金额,费率备注"));
        assert_eq!(file.lines().nth(1).unwrap().split(',').count(), 20);
    }

    #[test]
    fn every_fault_changes_the_file_except_those_of_the_transport() {
        use BillFaultKind as F;
        let good = file(sample(), day(), BillType::All, None);
        for fault in [F::Truncated, F::WrongHash] {
            assert_eq!(file(sample(), day(), BillType::All, Some(fault)), good, "{fault:?}");
        }
        for fault in [
            F::WrongDay,
            F::DuplicateLine,
            F::DropLine,
            F::ExtraLine,
            F::ChangeAmount,
            F::WrongTotals,
        ] {
            assert_ne!(file(sample(), day(), BillType::All, Some(fault)), good, "{fault:?}");
            file(Vec::new(), day(), BillType::All, Some(fault));
        }
        let bad = file(sample(), day(), BillType::All, Some(F::BadLine));
        assert_eq!(bad.lines().count(), good.lines().count(), "one line is garbled, none added");
        assert_eq!(bad.lines().filter(|line| !good.contains(line)).count(), 1);
        assert_eq!(file(Vec::new(), day(), BillType::All, Some(F::BadLine)).lines().count(), 3);
    }
}

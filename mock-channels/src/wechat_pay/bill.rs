//! The trade bill: the file format, and the ways in which testers have it go wrong.

use crate::clock::{DAY_MS, Day, HOUR_MS, spaced};
use crate::world::World;
use crate::world::fault::BillFaultKind;
use crate::world::order::{Order, Payment};
use crate::world::wechat_pay::{Refund, fee_fen};

/// In which of the three bills a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Always,
    NotInSuccess,
    InRefund,
}

impl Kept {
    fn in_bill(self, bill_type: BillType) -> bool {
        match self {
            Self::Always => true,
            Self::NotInSuccess => bill_type != BillType::Success,
            Self::InRefund => bill_type == BillType::Refund,
        }
    }
}

const COLUMNS: [(&str, Kept); 29] = [
    ("交易时间", Kept::Always),
    ("公众账号ID", Kept::Always),
    ("商户号", Kept::Always),
    ("特约商户号", Kept::Always),
    ("设备号", Kept::Always),
    ("微信订单号", Kept::Always),
    ("商户订单号", Kept::Always),
    ("用户标识", Kept::Always),
    ("交易类型", Kept::Always),
    ("交易状态", Kept::Always),
    ("付款银行", Kept::Always),
    ("货币种类", Kept::Always),
    ("应结订单金额", Kept::Always),
    ("代金券金额", Kept::Always),
    ("退款申请时间", Kept::InRefund),
    ("退款成功时间", Kept::InRefund),
    ("微信退款单号", Kept::NotInSuccess),
    ("商户退款单号", Kept::NotInSuccess),
    ("退款金额", Kept::NotInSuccess),
    ("充值券退款金额", Kept::NotInSuccess),
    ("退款类型", Kept::NotInSuccess),
    ("退款状态", Kept::NotInSuccess),
    ("商品名称", Kept::Always),
    ("商户数据包", Kept::Always),
    ("手续费", Kept::Always),
    ("费率", Kept::Always),
    ("订单金额", Kept::Always),
    ("申请退款金额", Kept::NotInSuccess),
    ("费率备注", Kept::Always),
];
const TOTALS: &str =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
/// What this mock's own contract says.
const RATE: &str = "0.60%";
const BOM: &str = "\u{feff}";
/// Files are made at nine in the morning, with the states of then.
const MADE_AT_MS: i64 = 9 * HOUR_MS;

/// One payment or refund as a line of the bill. Amounts are fen.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) at_ms: i64,
    pub(crate) app_id: String,
    pub(crate) mch_id: String,
    pub(crate) transaction_id: String,
    pub(crate) out_trade_no: String,
    pub(crate) open_id: String,
    pub(crate) trade_type: &'static str,
    pub(crate) bank_type: String,
    pub(crate) amount_fen: i64,
    pub(crate) fee_fen: i64,
    /// As it is printed, `0.60%`.
    pub(crate) rate: String,
    pub(crate) description: String,
    pub(crate) attach: String,
    /// What makes it a refund.
    pub(crate) refund: Option<RefundPart>,
}

/// What only a refund's line has.
#[derive(Debug, Clone)]
pub(crate) struct RefundPart {
    pub(crate) refund_id: String,
    pub(crate) out_refund_no: String,
    pub(crate) status: &'static str,
    pub(crate) succeeded_ms: Option<i64>,
}

/// Which of the three files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BillType {
    All,
    Success,
    Refund,
}

impl BillType {
    pub(super) fn from_code(code: &str) -> Option<Self> {
        match code {
            "ALL" => Some(Self::All),
            "SUCCESS" => Some(Self::Success),
            "REFUND" => Some(Self::Refund),
            _ => None,
        }
    }
}

/// The payments of a day and the refunds asked for on it, in the order in which they came.
pub(super) fn lines_of(world: &World, day: Day, bill_type: BillType) -> Vec<Line> {
    let mut lines = Vec::new();
    if bill_type != BillType::Refund {
        let payments = world.payments_of(day).into_iter();
        lines.extend(payments.map(|(order, payment)| line(order, payment)));
    }
    if bill_type != BillType::Success {
        // States are those of the moment when files are made.
        let made_ms = day.plus(1).start_ms() + MADE_AT_MS;
        lines.extend(world.refunds_of(day).into_iter().filter_map(|(order, refund)| {
            let line = line(order, order.payment.as_ref()?);
            Some(refund_line(line, refund, made_ms))
        }));
    }
    lines.sort_by_key(|line| line.at_ms);
    lines
}

fn refund_line(payment: Line, refund: &Refund, made_ms: i64) -> Line {
    Line {
        at_ms: refund.asked_ms,
        amount_fen: refund.amount_fen,
        fee_fen: -refund.fee_fen,
        refund: Some(RefundPart {
            refund_id: refund.refund_id.clone(),
            out_refund_no: refund.out_refund_no.clone(),
            status: refund.status(made_ms).bill_code(),
            succeeded_ms: refund.succeeded_ms(made_ms),
        }),
        ..payment
    }
}

fn line(order: &Order, payment: &Payment) -> Line {
    Line {
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
        fee_fen: fee_fen(payment.amount_fen),
        rate: RATE.to_owned(),
        refund: None,
    }
}

/// The file, with a fault in its lines or totals if one is asked for.
pub(crate) fn file(
    mut lines: Vec<Line>,
    day: Day,
    bill_type: BillType,
    fault: Option<BillFaultKind>,
    index: usize,
) -> String {
    spoil(&mut lines, day, fault, index);
    let mut file = BOM.to_owned();
    file.push_str(&row(bill_type, COLUMNS.map(|(title, _)| title.to_owned()), ""));
    for (number, line) in lines.iter().enumerate() {
        let good = row(bill_type, cells(line), "`");
        let garbled = number == index && fault == Some(BillFaultKind::BadLine);
        file.push_str(&if garbled { without_time(&good) } else { good });
    }
    let paid = lines.iter().filter(|line| line.refund.is_none());
    let paid_fen: i64 = paid.map(|line| line.amount_fen).sum();
    let refunds = lines.iter().filter(|line| line.refund.is_some());
    let refunded = yuan(refunds.map(|line| line.amount_fen).sum());
    let odd_fen = if fault == Some(BillFaultKind::WrongTotals) { 100 } else { 0 };
    let total = yuan(paid_fen + odd_fen);
    let count = lines.len();
    let fee = fee_text(lines.iter().map(|line| line.fee_fen).sum());
    file.push_str(TOTALS);
    file.push_str(&format!(
        "\r\n`{count},`{total},`{refunded},`0.00,`{fee},`{total},`{refunded}\r\n"
    ));
    file
}

/// Spoils the line of that index, or the last one if there are fewer.
fn spoil(lines: &mut Vec<Line>, day: Day, fault: Option<BillFaultKind>, index: usize) {
    let Some(fault) = fault else { return };
    let index = index.min(lines.len().saturating_sub(1));
    match fault {
        BillFaultKind::WrongDay => lines.iter_mut().for_each(|line| line.at_ms -= DAY_MS),
        BillFaultKind::DuplicateLine => {
            if let Some(line) = lines.get(index).cloned() {
                lines.insert(index + 1, line);
            }
        }
        BillFaultKind::DropLine => {
            if index < lines.len() {
                lines.remove(index);
            }
        }
        BillFaultKind::ExtraLine => lines.push(never_paid(lines.first(), day)),
        BillFaultKind::ChangeAmount => {
            if let Some(line) = lines.get_mut(index) {
                line.amount_fen += 1;
            }
        }
        BillFaultKind::Truncated
        | BillFaultKind::WrongHash
        | BillFaultKind::BadLine
        | BillFaultKind::WrongTotals => {}
    }
}

/// The line with a time that no clock shows; the totals still count it.
pub(super) fn without_time(line: &str) -> String {
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
        fee_fen: fee_fen(12_345),
        rate: RATE.to_owned(),
        refund: None,
        description: "对账单多出的一笔".to_owned(),
        attach: String::new(),
    }
}

fn row(bill_type: BillType, cells: [String; COLUMNS.len()], prefix: &str) -> String {
    let kept: Vec<String> = cells
        .into_iter()
        .zip(COLUMNS)
        .filter(|(_, (_, kept))| kept.in_bill(bill_type))
        .map(|(cell, _)| format!("{prefix}{cell}"))
        .collect();
    format!("{}\r\n", kept.join(","))
}

fn cells(line: &Line) -> [String; COLUMNS.len()] {
    let own = str::to_owned;
    let refund = line.refund.as_ref();
    let (paid_fen, refunded_fen) =
        if refund.is_some() { (0, line.amount_fen) } else { (line.amount_fen, 0) };
    let (amount, refunded) = (yuan(paid_fen), yuan(refunded_fen));
    let of_refund = |text: fn(&RefundPart) -> String| refund.map(text);
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
        own(if refund.is_some() { "REFUND" } else { "SUCCESS" }),
        line.bank_type.clone(),
        own("CNY"),
        amount.clone(),
        own("0.00"),
        refund.map(|_| spaced(line.at_ms)).unwrap_or_default(),
        of_refund(|part| part.succeeded_ms.map(spaced).unwrap_or_default()).unwrap_or_default(),
        of_refund(|part| part.refund_id.clone()).unwrap_or_else(|| own("0")),
        of_refund(|part| part.out_refund_no.clone()).unwrap_or_else(|| own("0")),
        refunded.clone(),
        own("0.00"),
        refund.map(|_| own("ORIGINAL")).unwrap_or_default(),
        of_refund(|part| part.status.to_owned()).unwrap_or_default(),
        escaped(&line.description),
        escaped(&line.attach),
        fee_text(line.fee_fen),
        line.rate.clone(),
        amount,
        refunded,
        String::new(),
    ]
}

/// There is no quoting: a comma becomes backslash and space, a line feed backslash and n.
fn escaped(text: &str) -> String {
    text.replace(',', "\\ ").replace("\r\n", "\\n").replace(['\n', '\r'], "\\n")
}

pub(crate) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

/// Fees are written with five decimals although they are whole fen.
fn fee_text(fen: i64) -> String {
    format!("{}000", yuan(fen))
}

#[cfg(test)]
mod tests;

//! The fund-flow bill: every movement of the merchant's basic account.

use super::bill::yuan;
use crate::clock::{Day, HOUR_MS, spaced};
use crate::crypto;
use crate::world::World;
use crate::world::fault::BillFaultKind;
use crate::world::order::{Order, Payment};
use crate::world::wechat_pay::{Refund, RefundStatus, fee_fen};

const COLUMNS: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,\
    收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号";
const TOTALS: &str = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";
const BOM: &str = "\u{feff}";
/// What the account held before the first payment: 1,000,000.00 yuan.
const OPENING_FEN: i64 = 100_000_000;
/// Files are made at nine in the morning, with the states of then.
const MADE_AT_MS: i64 = 9 * HOUR_MS;

/// One movement. Amounts are fen.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) at_ms: i64,
    /// The transaction or the refund.
    pub(super) business_no: String,
    pub(super) flow_no: String,
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    /// Negative when money went out.
    pub(super) amount_fen: i64,
    pub(super) balance_fen: i64,
    pub(super) by: String,
    pub(super) remark: String,
    pub(super) voucher: String,
}

/// The movements of a day, with the balance after each.
pub(super) fn lines_of(world: &World, day: Day) -> Vec<Line> {
    let made_ms = day.plus(1).start_ms() + MADE_AT_MS;
    let mut lines: Vec<Line> = Vec::new();
    for order in world.orders.values() {
        lines.extend(order.payment.iter().flat_map(|payment| paid(order, payment)));
    }
    let kept = |refund: &&Refund| refund.status(made_ms) != RefundStatus::Closed;
    let refunds = world.wechat_pay.refunds.values().filter(kept);
    lines.extend(refunds.map(|refund| refunded(refund, &world.secrets.mch_id)));
    // Stable: a fee stays behind its payment.
    lines.sort_by_key(|line| line.at_ms);
    let mut balance_fen = OPENING_FEN;
    for line in &mut lines {
        balance_fen += line.amount_fen;
        line.balance_fen = balance_fen;
    }
    lines.retain(|line| Day::of(line.at_ms) == day);
    lines
}

fn paid(order: &Order, payment: &Payment) -> Vec<Line> {
    let income = Line {
        at_ms: payment.at_ms,
        business_no: payment.transaction_id.clone(),
        flow_no: payment.transaction_id.clone(),
        name: "交易",
        kind: "交易",
        amount_fen: payment.amount_fen,
        balance_fen: 0,
        by: "system".to_owned(),
        remark: format!("结算总金额{}元", yuan(payment.amount_fen)),
        voucher: order.out_trade_no.clone(),
    };
    let fee_fen = fee_fen(payment.amount_fen);
    if fee_fen == 0 {
        return vec![income];
    }
    let fee = Line {
        flow_no: flow_no(&format!("fee {}", payment.transaction_id), payment.at_ms),
        name: "扣除交易手续费",
        amount_fen: -fee_fen,
        ..income.clone()
    };
    vec![income, fee]
}

/// Money leaves the account when a refund is accepted; the fee of it comes back in the same sum.
fn refunded(refund: &Refund, mch_id: &str) -> Line {
    Line {
        at_ms: refund.asked_ms,
        business_no: refund.refund_id.clone(),
        flow_no: flow_no(&refund.refund_id, refund.asked_ms),
        name: "退款",
        kind: "退款",
        amount_fen: refund.fee_fen - refund.amount_fen,
        balance_fen: 0,
        by: format!("{mch_id}API"),
        remark: format!(
            "退款总金额{}元;含手续费{}元",
            yuan(refund.amount_fen),
            yuan(refund.fee_fen)
        ),
        voucher: refund.out_refund_no.clone(),
    }
}

/// 28 digits, always the same for the same movement.
fn flow_no(of: &str, at_ms: i64) -> String {
    let digest = crypto::sha256_hex(of.as_bytes());
    let number = u64::from_str_radix(&digest[..12], 16).unwrap_or_default() % 10_000_000_000;
    format!("4200003333{}{number:010}", Day::of(at_ms).compact())
}

/// The file, with a fault in its lines or totals if one is asked for.
pub(super) fn file(mut lines: Vec<Line>, fault: Option<BillFaultKind>, index: usize) -> String {
    spoil(&mut lines, fault, index);
    let mut file = format!("{BOM}{COLUMNS}\r\n");
    for (number, line) in lines.iter().enumerate() {
        let good = row(line);
        let garbled = number == index && fault == Some(BillFaultKind::BadLine);
        file.push_str(&if garbled { super::bill::without_time(&good) } else { good });
    }
    let sum = |sign: i64| {
        let of_sign = lines.iter().filter(|line| line.amount_fen.signum() == sign);
        of_sign.fold((0, 0), |(count, fen), line| (count + 1, fen + line.amount_fen.abs()))
    };
    let ((ins, in_fen), (outs, out_fen)) = (sum(1), sum(-1));
    let odd_fen = if fault == Some(BillFaultKind::WrongTotals) { 100 } else { 0 };
    let (count, incomes, outgoes) = (lines.len(), yuan(in_fen + odd_fen), yuan(out_fen));
    file.push_str(&format!("{TOTALS}\r\n`{count},`{ins},`{incomes},`{outs},`{outgoes}\r\n"));
    file
}

fn row(line: &Line) -> String {
    let direction = if line.amount_fen < 0 { "支出" } else { "收入" };
    let cells = [
        &spaced(line.at_ms),
        &line.business_no,
        &line.flow_no,
        line.name,
        line.kind,
        direction,
        &yuan(line.amount_fen.abs()),
        &yuan(line.balance_fen),
        &line.by,
        &line.remark,
        &line.voucher,
    ];
    let cells: Vec<String> = cells.iter().map(|cell| format!("`{cell}")).collect();
    format!("{}\r\n", cells.join(","))
}

fn spoil(lines: &mut Vec<Line>, fault: Option<BillFaultKind>, index: usize) {
    let Some(fault) = fault else { return };
    let index = index.min(lines.len().saturating_sub(1));
    match fault {
        BillFaultKind::WrongDay => {
            lines.iter_mut().for_each(|line| line.at_ms -= crate::clock::DAY_MS);
        }
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
        BillFaultKind::ExtraLine => {
            if let Some(last) = lines.last().cloned() {
                let business_no = "4200009999000000000000000001".to_owned();
                let voucher = "EXTRA0000000001".to_owned();
                lines.push(Line { flow_no: business_no.clone(), business_no, voucher, ..last });
            }
        }
        BillFaultKind::ChangeAmount => {
            if let Some(line) = lines.get_mut(index) {
                line.amount_fen += line.amount_fen.signum();
            }
        }
        BillFaultKind::Truncated
        | BillFaultKind::WrongHash
        | BillFaultKind::BadLine
        | BillFaultKind::WrongTotals => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/data/sample_fundflowbill_BASIC.csv"
    ));

    fn line(at: &str, flow_no: &str, amount_fen: i64, balance_fen: i64) -> Line {
        Line {
            at_ms: crate::clock::parse_rfc3339(at).unwrap(),
            business_no: "4200002222202603021234567890".to_owned(),
            flow_no: flow_no.to_owned(),
            name: "交易",
            kind: "交易",
            amount_fen,
            balance_fen,
            by: "system".to_owned(),
            remark: "结算总金额12.50元".to_owned(),
            voucher: "GOV202603020000000001".to_owned(),
        }
    }

    #[test]
    fn the_file_is_the_sample_to_the_byte() {
        let paid_at = "2026-03-02T10:15:31+08:00";
        let income = line(paid_at, "4200002222202603021234567890", 1_250, 11_250);
        let mut fee = line(paid_at, "4200002222202603021234567891", -8, 11_242);
        fee.name = "扣除交易手续费";
        let refund = Refund {
            refund_id: "50000000382026030212345678900".to_owned(),
            out_refund_no: "RF202603020000000001".to_owned(),
            out_trade_no: "GOV202603020000000002".to_owned(),
            transaction_id: "4200002222202603021234567891".to_owned(),
            total_fen: 8_000,
            amount_fen: 3_000,
            fee_fen: 18,
            reason: None,
            notify_url: None,
            asked_ms: crate::clock::parse_rfc3339("2026-03-02T16:20:11+08:00").unwrap(),
            steps: Vec::new(),
        };
        let mut back = refunded(&refund, "1900007291");
        back.flow_no = "4200002222202603021234567899".to_owned();
        back.balance_fen = 8_260;
        assert_eq!(file(vec![income, fee, back], None, 0), SAMPLE);
    }
}

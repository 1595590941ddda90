//! 业务明细: one line per payment and per refund.

use super::super::money::yuan;
use super::{Line, Sheet};
use crate::clock::spaced;

const COLUMNS: &str = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,\
                       操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,\
                       支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,\
                       卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注";
const SUMMARY_COLUMNS: &str = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,\
                               商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,\
                               服务费（元）,分润（元）,实收净额（元）";

pub(super) fn detail(sheet: &Sheet<'_>) -> String {
    let mut text = sheet.head("业务明细", "业务明细列表");
    text.push_str(COLUMNS);
    text.push_str("\r\n");
    text.push_str(&sheet.rows(row));
    let dashes = "-".repeat(41);
    text.push_str(&format!("#{dashes}业务明细列表结束{}\r\n", "-".repeat(36)));
    let sums = Sums::of(sheet);
    text.push_str(&format!(
        "#交易合计：{}笔，商家实收共{}元，商家优惠共0.00元\r\n\
         #退款合计：{}笔，商家实收退款共{}元，商家优惠退款共0.00元\r\n",
        sums.payments,
        yuan(sums.paid_fen + sheet.odd_fen()),
        sums.refunds,
        yuan(sums.refunded_fen)
    ));
    text.push_str(&sheet.exported());
    text
}

/// Long numbers end in a tab, so that spreadsheets leave them alone. Nothing is quoted: a comma
/// in the subject makes one column too many, as it does there.
fn row(line: &Line) -> String {
    let kind = if line.out_request_no.is_some() { "退款" } else { "交易" };
    let amount = yuan(line.amount_fen);
    format!(
        "{}\t,{}\t,{kind}\t,{},{},{},\t,\t,\t,\t,{}\t,{amount},{amount},0.00,0.00,0.00,0.00,0.00,,\
         0.00\t,0.00,{}\t,{},0.00,",
        line.trade_no,
        line.out_trade_no,
        line.subject,
        spaced(line.created_ms),
        spaced(line.at_ms),
        line.counterparty,
        line.out_request_no.as_deref().unwrap_or_default(),
        yuan(line.fee_fen),
    )
}

pub(super) fn summary(sheet: &Sheet<'_>) -> String {
    let mut text = sheet.head("业务汇总", "业务汇总列表");
    let sums = Sums::of(sheet);
    let total = sums.paid_fen + sums.refunded_fen + sheet.odd_fen();
    let (fee, net) = (yuan(sums.fee_fen), yuan(total + sums.fee_fen));
    let total = yuan(total);
    let tail = format!(
        "\t,{},{},{total},{total},0.00,0.00,0.00,{fee},0.00,{net}\r\n",
        sums.payments, sums.refunds
    );
    text.push_str(&format!("{SUMMARY_COLUMNS}\r\n\t,{tail}合计\t,{tail}"));
    let (before, after) = ("-".repeat(40), "-".repeat(37));
    text.push_str(&format!("#{before}业务汇总列表结束{after}\r\n"));
    text.push_str(&sheet.exported());
    text
}

struct Sums {
    payments: usize,
    refunds: usize,
    paid_fen: i64,
    /// Negative.
    refunded_fen: i64,
    fee_fen: i64,
}

impl Sums {
    fn of(sheet: &Sheet<'_>) -> Self {
        let (refunds, payments): (Vec<&Line>, Vec<&Line>) =
            sheet.lines.iter().partition(|line| line.out_request_no.is_some());
        let sum = |lines: &[&Line]| lines.iter().map(|line| line.amount_fen).sum();
        Self {
            payments: payments.len(),
            refunds: refunds.len(),
            paid_fen: sum(&payments),
            refunded_fen: sum(&refunds),
            fee_fen: sheet.lines.iter().map(|line| line.fee_fen).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Line, texts};
    use crate::clock::{Day, parse_rfc3339};
    use crate::world::alipay::BillType;
    use crate::world::fault::BillFaultKind;

    fn sample_file(name: &str) -> String {
        let path = format!("{}/../tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
        encoding_rs::GBK.decode(&std::fs::read(path).unwrap()).0.into_owned()
    }

    fn line(number: &str, of: usize, times: [&str; 2], who: &str, what: &str, fen: i64) -> Line {
        let at = |time: &str| parse_rfc3339(&format!("2026-11-22T{time}+08:00")).unwrap();
        Line {
            trade_no: format!("2026112222001{number}"),
            out_trade_no: format!("GOV2026112200000{of}"),
            out_request_no: (fen < 0).then(|| "RF20261122000001".to_owned()),
            subject: what.to_owned(),
            created_ms: at(times[0]),
            at_ms: at(times[1]),
            counterparty: who.to_owned(),
            amount_fen: fen,
            fee_fen: super::super::fee_fen(fen),
        }
    }

    fn sample() -> Vec<Line> {
        let (plates, tianjin) = ("机动车号牌工本费", "*津水(602***@qq.com)");
        let (first, second, third) = ("419931441931972", "419931441888001", "465870515233238");
        vec![
            line(first, 1, ["09:01:34", "09:01:38"], "**博(156******89)", "不动产登记费", 8_000),
            line(second, 2, ["10:15:00", "10:15:05"], tianjin, plates, 10_000),
            line(second, 2, ["10:15:00", "11:26:55"], tianjin, plates, -3_000),
            line(
                third,
                3,
                ["16:58:56", "16:58:58"],
                "*庚辰(182****01)",
                "城乡居民医保，2027年度",
                1,
            ),
        ]
    }

    fn day() -> Day {
        Day::from_text("2026-11-22").unwrap()
    }

    #[test]
    fn the_texts_are_those_of_the_sample_to_the_byte() {
        let [detail, summary] = texts("2088102179917825", &sample(), day(), BillType::Trade, None);
        // The sample's second payment was made with a red packet, which is not played.
        let plain =
            sample_file("sample_alipay_business.csv").replace(",100.00,1.20,", ",100.00,0.00,");
        assert_eq!(detail, plain);
        assert_eq!(summary, sample_file("sample_alipay_business_summary.csv"));
    }

    #[test]
    fn every_fault_of_the_lines_changes_the_text() {
        use BillFaultKind as F;
        let text = |fault: Option<BillFaultKind>| {
            let fault = fault.map(|kind| (kind, 0));
            let mut lines = sample();
            super::super::spoil(&mut lines, day(), fault);
            texts("2088102179917825", &lines, day(), BillType::Trade, fault)[0].clone()
        };
        let good = text(None);
        for fault in [
            F::WrongDay,
            F::DuplicateLine,
            F::DropLine,
            F::ExtraLine,
            F::ChangeAmount,
            F::WrongTotals,
            F::BadLine,
        ] {
            assert_ne!(text(Some(fault)), good, "{fault:?}");
        }
        for fault in [F::Truncated, F::WrongHash] {
            assert_eq!(text(Some(fault)), good, "{fault:?}");
        }
        let bad = text(Some(F::BadLine));
        let short = |line: &&str| !line.starts_with('#') && line.split(',').count() == 24;
        assert_eq!(bad.lines().filter(short).count(), 1, "one line has a column too few");
        assert_eq!(good.lines().filter(short).count(), 0);
    }
}

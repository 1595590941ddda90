//! 账务明细: one line per movement of the account, fees on lines of their own.

use super::super::money::yuan;
use super::{Line, Sheet};
use crate::clock::spaced;

const COLUMNS: &str = "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,\
                       支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注";
const SUMMARY_COLUMNS: &str = "类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）";
/// What is on the account when the day begins.
const OPENING_FEN: i64 = 100_000_000;

/// One movement. Amounts are fen with a sign.
struct Movement<'a> {
    line: &'a Line,
    kind: &'static str,
    fen: i64,
}

fn movements<'a>(sheet: &Sheet<'a>) -> Vec<Movement<'a>> {
    let both = |line: &'a Line| {
        let kind = if line.out_request_no.is_some() { "交易退款" } else { "在线支付" };
        let fee = Movement { line, kind: "收费", fen: line.fee_fen };
        [Movement { line, kind, fen: line.amount_fen }, fee]
    };
    sheet.lines.iter().flat_map(both).filter(|movement| movement.fen != 0).collect()
}

pub(super) fn detail(sheet: &Sheet<'_>) -> String {
    let movements = movements(sheet);
    let mut text = sheet.head("账务明细", "账务明细列表");
    text.push_str(&format!("{COLUMNS}\r\n"));
    let mut balance_fen = OPENING_FEN;
    for (index, movement) in movements.iter().enumerate() {
        balance_fen += movement.fen;
        text.push_str(&row(sheet, index, movement, balance_fen));
    }
    let (before, after) = ("-".repeat(40), "-".repeat(37));
    text.push_str(&format!("#{before}账务明细列表结束{after}\r\n"));
    let (spent, got) = (sums(&movements, |fen| fen < 0), sums(&movements, |fen| fen > 0));
    text.push_str(&format!(
        "#支出合计：{}笔，共{}元\r\n#收入合计：{}笔，共{}元\r\n",
        spent.0,
        yuan(spent.1),
        got.0,
        yuan(got.1 + sheet.odd_fen())
    ));
    text.push_str(&sheet.exported());
    text
}

fn row(sheet: &Sheet<'_>, index: usize, movement: &Movement<'_>, balance_fen: i64) -> String {
    let Movement { line, kind, fen } = movement;
    let (income, expense) = if *fen > 0 { (*fen, 0) } else { (0, *fen) };
    format!(
        "{}{:012}\t,{}\t,{}\t,{}\t,{},{}\t,{},{},{},支付宝,{kind},\r\n",
        sheet.day.compact(),
        index + 1,
        line.trade_no,
        line.out_trade_no,
        line.subject,
        spaced(line.at_ms),
        line.counterparty,
        yuan(income),
        yuan(expense),
        yuan(balance_fen),
    )
}

fn sums(movements: &[Movement<'_>], counts: impl Fn(i64) -> bool) -> (usize, i64) {
    let counted = movements.iter().map(|movement| movement.fen).filter(|fen| counts(*fen));
    let counted: Vec<i64> = counted.collect();
    (counted.len(), counted.iter().sum())
}

pub(super) fn summary(sheet: &Sheet<'_>) -> String {
    let movements = movements(sheet);
    let mut text = sheet.head("账务汇总", "账务汇总列表");
    text.push_str(&format!("{SUMMARY_COLUMNS}\r\n"));
    for kind in ["在线支付", "交易退款", "收费", "合计"] {
        let is_kind = |movement: &&Movement<'_>| kind == "合计" || movement.kind == kind;
        let chosen: Vec<i64> = movements.iter().filter(is_kind).map(|one| one.fen).collect();
        let part = |sign: i64| chosen.iter().filter(move |fen| fen.signum() == sign);
        let (got, spent): (i64, i64) = (part(1).sum(), part(-1).sum());
        text.push_str(&format!(
            "{kind}\t,{},{},{},{},{}\r\n",
            part(1).count(),
            yuan(got),
            part(-1).count(),
            yuan(spent),
            yuan(got + spent)
        ));
    }
    let (before, after) = ("-".repeat(40), "-".repeat(37));
    text.push_str(&format!("#{before}账务汇总列表结束{after}\r\n"));
    text.push_str(&sheet.exported());
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Line, texts};
    use crate::clock::Day;
    use crate::world::alipay::BillType;

    #[test]
    fn every_movement_of_the_account_is_a_line_and_the_balance_runs() {
        let day = Day::from_text("2026-03-02").unwrap();
        let line = |amount_fen: i64| Line {
            trade_no: "2026030222001419000000000001".to_owned(),
            out_trade_no: "GOV1".to_owned(),
            out_request_no: (amount_fen < 0).then(|| "R1".to_owned()),
            subject: "登记费".to_owned(),
            created_ms: day.start_ms(),
            at_ms: day.start_ms() + 1_000,
            counterparty: "*晓舟(139****0001)".to_owned(),
            amount_fen,
            fee_fen: super::super::fee_fen(amount_fen),
        };
        let lines = [line(8_000), line(-3_000)];
        let [detail, summary] =
            texts("2088102179917825", &lines, day, BillType::SignCustomer, None);
        let rows: Vec<&str> = detail.split("\r\n").filter(|row| !row.starts_with('#')).collect();
        assert_eq!(rows.len(), 6, "the header, four movements and the end of the file");
        assert_eq!(
            rows[1],
            "20260302000000000001\t,2026030222001419000000000001\t,GOV1\t,登记费\t,\
             2026-03-02 00:00:01,*晓舟(139****0001)\t,80.00,0.00,1000080.00,支付宝,在线支付,"
        );
        assert!(rows[2].ends_with(",0.00,-0.48,1000079.52,支付宝,收费,"), "{}", rows[2]);
        assert!(rows[3].ends_with(",0.00,-30.00,1000049.52,支付宝,交易退款,"), "{}", rows[3]);
        assert!(rows[4].ends_with(",0.18,0.00,1000049.70,支付宝,收费,"), "{}", rows[4]);
        assert!(detail.contains("#支出合计：2笔，共-30.48元\r\n#收入合计：2笔，共80.18元\r\n"));
        assert!(summary.contains("\r\n合计\t,2,80.18,2,-30.48,49.70\r\n"));
    }
}

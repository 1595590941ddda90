//! Small files: the bills of Alipay and UnionPay through the readers of their rails, and the tables of bank and agencies.

use super::bytes::{day_of, instant_of, number};
use super::table::Table;
use domain::money::Fen;
use domain::payment::Rail;
use domain::reconciliation::engine::{
    AgencyKind, AgencyLine, CreditLine, FileKey, Origin, RailLine, RailLineKind, Rules,
};
use domain::reconciliation::{QuarantinedLine, RefundStanding, Statement, StatementLine};
use jiff::civil::Date;
use std::borrow::Cow;

/// A line that cannot be read.
pub struct SetAside {
    /// The line.
    pub line: QuarantinedLine,
    /// Below zero what was given back; `None` if that cannot be read.
    pub amount: Option<Fen>,
    /// `None` if that cannot be read.
    pub fee: Option<Fen>,
}

impl SetAside {
    fn new(line: QuarantinedLine, gives_back: bool, fee: Option<Fen>) -> Self {
        let fen = line.amount.map(Fen::value).map(|fen| if gives_back { -fen } else { fen });
        Self { line, amount: fen.map(Fen::new), fee }
    }
}

/// A statement that was read whole.
pub struct SmallStatement {
    /// Of which rail.
    pub rail: Rail,
    /// Of which merchant.
    pub merchant_no: String,
    /// Its lines.
    pub lines: Vec<StatementLine>,
    /// The lines that could not be used.
    pub set_aside: Vec<SetAside>,
    /// Totals, where the format has them: lines, fen taken, fen given back.
    pub totals: Option<(i64, i64, i64)>,
    /// What it says that all fees are.
    pub fees: Option<Fen>,
    /// Where its own sums do not agree with each other: what is said of it.
    pub disagreement: Option<String>,
}

/// Alipay's zip. Whose it is says the file itself.
pub fn alipay(bytes: &[u8], rules: &Rules) -> Result<SmallStatement, String> {
    let sellers = rules.merchants.iter().filter(|merchant| merchant.rail == Rail::Alipay);
    let mut first = None;
    for merchant in sellers {
        match crate::alipay::read_bill(bytes, rules.day, &merchant.merchant_no) {
            Ok(read) => {
                let Statement { lines, quarantined, trailer, .. } = read.statement;
                let mut set_aside: Vec<SetAside> = quarantined
                    .into_iter()
                    .zip(read.quarantined_fees)
                    .map(|(line, fee)| {
                        let gives_back = line.raw.split(',').any(|value| value.trim() == "退款");
                        SetAside::new(line, gives_back, fee)
                    })
                    .collect();
                let (lines, others) = of_the_day(lines, rules)?;
                set_aside.extend(others);
                let (paid, refunded) = (trailer.paid.value(), trailer.refunded.value());
                return Ok(SmallStatement {
                    rail: Rail::Alipay,
                    merchant_no: merchant.merchant_no.clone(),
                    lines,
                    set_aside,
                    totals: Some((i64::from(trailer.count), paid, refunded)),
                    fees: read.fees,
                    disagreement: read.disagreement,
                });
            }
            Err(reason) => {
                first.get_or_insert(reason);
            }
        }
    }
    Err(first.unwrap_or_else(|| "规则里没有支付宝的商户号".to_owned()))
}

/// Lines of another day are set aside; if there are no others, it is the file of another day.
fn of_the_day(
    lines: Vec<StatementLine>,
    rules: &Rules,
) -> Result<(Vec<StatementLine>, Vec<SetAside>), String> {
    let of_day = |line: &StatementLine| domain::clock::beijing_day(line.at) == rules.day;
    let (own, others): (Vec<_>, Vec<_>) = lines.into_iter().partition(of_day);
    if own.is_empty() && !others.is_empty() {
        return Err(format!("没有一行是{}的，文件不是这一天的账单", rules.day));
    }
    let others = others.into_iter().map(|line| {
        let (gives_back, fee) = (line.refund.is_some(), Some(line.fee));
        let reason = format!("交易时间不在{}", rules.day);
        let StatementLine { line_no, raw, amount, .. } = line;
        let line = QuarantinedLine { line_no, raw, reason, amount: Some(amount) };
        SetAside::new(line, gives_back, fee)
    });
    Ok((own, others.collect()))
}

/// UnionPay's detail. The settlement day begins and ends at 23:00: lines of the evening before belong to yesterday.
pub fn unionpay(bytes: &[u8], rules: &Rules) -> Result<SmallStatement, String> {
    let (lines, set_aside) = crate::unionpay::read_detail(bytes, rules.day)?;
    let ours = |line: &&StatementLine| {
        let mut merchants = rules.merchants.iter();
        merchants.any(|rule| rule.rail == Rail::UnionPay && rule.merchant_no == line.merchant_no)
    };
    let Some(merchant_no) = lines.iter().find(ours).map(|line| line.merchant_no.clone()).or_else(
        // What is kept of a day may have no line of it: the file of the day after has others.
        || (lines.is_empty() && crate::unionpay::is_accounting_day(bytes)).then(|| own(rules))?,
    ) else {
        return Err("没有一行是本平台商户这一天的".to_owned());
    };
    let set_aside = set_aside
        .into_iter()
        .map(|(line, gives_back, fee)| SetAside::new(line, gives_back, fee))
        .collect();
    let rail = Rail::UnionPay;
    let (totals, fees, disagreement) = (None, None, None);
    Ok(SmallStatement { rail, merchant_no, lines, set_aside, totals, fees, disagreement })
}

/// Our first merchant number at UnionPay.
fn own(rules: &Rules) -> Option<String> {
    let mut merchants = rules.merchants.iter();
    let own = merchants.find(|rule| rule.rail == Rail::UnionPay)?;
    Some(own.merchant_no.clone())
}

/// The line as the engine takes it. Neither format names the app.
pub fn rail_line<'a>(rail: Rail, line: &'a StatementLine, file: FileKey) -> RailLine<'a> {
    let (kind, refund_no) = match &line.refund {
        None => (RailLineKind::Pay, ""),
        Some(refund) => {
            let kind = match refund.standing {
                RefundStanding::Failed => RailLineKind::ReturnedRefund,
                RefundStanding::Done | RefundStanding::UnderWay => RailLineKind::Refund,
            };
            (kind, refund.no.as_deref().unwrap_or_default())
        }
    };
    RailLine {
        origin: Origin { file, line_no: line.line_no },
        rail,
        kind,
        order_no: &line.order_no,
        refund_no,
        txn: &line.txn,
        merchant_no: &line.merchant_no,
        app_id: "",
        amount: line.amount,
        fee: line.fee,
        at: line.at,
    }
}

/// A line of a table that cannot be used.
pub struct BadRow {
    /// Its number.
    pub line_no: u32,
    /// Why.
    pub reason: String,
    /// Its fen, if they can be read.
    pub amount: Option<i64>,
    /// Its values, put together again.
    pub raw: String,
}

/// A table whose rows were read, with what its last line says.
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The others.
    pub bad: Vec<BadRow>,
    /// Lines and fen.
    pub total: (i64, i64),
}

/// Columns of the bank's file.
pub const BANK: [&str; 9] = [
    "credit_no",
    "account",
    "value_day",
    "amount_fen",
    "rail",
    "merchant_no",
    "payout_day",
    "agency_code",
    "item_code",
];

/// Columns of an agency's file.
pub const AGENCY: [&str; 7] =
    ["kind", "agency_code", "notice_no", "item_code", "amount_fen", "at", "confirmation_no"];

fn rows<'a, T>(
    table: &'a Table<'_>,
    amount_at: usize,
    read: impl Fn(&'a [Cow<'a, str>], u32) -> Result<T, String>,
) -> Result<Rows<T>, String> {
    let total = table.total.ok_or("缺少合计行，文件不完整")?;
    let mut rows = Rows { rows: Vec::new(), bad: Vec::new(), total };
    for (line_no, reason, raw) in table.bad.iter().map(|(no, raw, reason)| (*no, reason, *raw)) {
        let (reason, raw) = (reason.clone(), String::from_utf8_lossy(raw).into_owned());
        rows.bad.push(BadRow { line_no, reason, amount: None, raw });
    }
    for (line_no, row) in &table.rows {
        match read(row, *line_no) {
            Ok(read) => rows.rows.push(read),
            Err(reason) => {
                let amount = number(row[amount_at].as_bytes());
                let raw = row.join(",");
                rows.bad.push(BadRow { line_no: *line_no, reason, amount, raw });
            }
        }
    }
    Ok(rows)
}

fn wrong(name: &str, text: &str) -> String {
    format!("{name}不对：{}", if text.is_empty() { "（空）" } else { text })
}

fn positive(name: &str, text: &str) -> Result<Fen, String> {
    let fen = number(text.as_bytes()).filter(|fen| *fen > 0);
    fen.map(Fen::new).ok_or_else(|| wrong(name, text))
}

fn filled<'a>(name: &str, text: &'a str) -> Result<&'a str, String> {
    if text.is_empty() { Err(wrong(name, text)) } else { Ok(text) }
}

/// The bank's credits.
pub fn credits<'a>(table: &'a Table<'_>, file: FileKey) -> Result<Rows<CreditLine<'a>>, String> {
    rows(table, 3, |row, line_no| {
        let [credit_no, account, value_day, amount, rail, merchant_no, payout_day, agency, item] =
            std::array::from_fn(|at| row[at].as_ref());
        let day = |name, text: &str| day_of(text.as_bytes()).ok_or_else(|| wrong(name, text));
        let rail = match rail {
            "" => None,
            text => Some(Rail::from_code(text).ok_or_else(|| wrong("rail", text))?),
        };
        let payout_day: Option<Date> = match payout_day {
            "" => None,
            text => Some(day("payout_day", text)?),
        };
        Ok(CreditLine {
            origin: Origin { file, line_no },
            credit_no: filled("credit_no", credit_no)?,
            account: filled("account", account)?,
            value_day: day("value_day", value_day)?,
            amount: positive("amount_fen", amount)?,
            rail,
            merchant_no,
            payout_day,
            agency_code: agency,
            item_code: item,
        })
    })
}

/// Agencies' confirmations.
pub fn confirmations<'a>(
    table: &'a Table<'_>,
    file: FileKey,
) -> Result<Rows<AgencyLine<'a>>, String> {
    rows(table, 4, |row, line_no| {
        let [kind, agency, notice_no, item, amount, at, confirmation_no] =
            std::array::from_fn(|place| row[place].as_ref());
        let kind = match kind {
            "WRITE_OFF" => AgencyKind::WriteOff,
            "RECEIPT" => AgencyKind::Receipt,
            text => return Err(wrong("kind", text)),
        };
        Ok(AgencyLine {
            origin: Origin { file, line_no },
            kind,
            agency_code: filled("agency_code", agency)?,
            notice_no: filled("notice_no", notice_no)?,
            item_code: item,
            amount: positive("amount_fen", amount)?,
            at: instant_of(at.as_bytes()).ok_or_else(|| wrong("at", at))?,
            confirmation_no: filled("confirmation_no", confirmation_no)?,
        })
    })
}

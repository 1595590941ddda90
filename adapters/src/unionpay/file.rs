//! The detail of a settlement file: lines of fixed width, cut by bytes, one space between the
//! columns. A line that cannot be read is set aside and the rest goes on.

use super::fields::time_near;
use domain::clock::{beijing_day, from_beijing};
use domain::money::Fen;
use domain::reconciliation::{QuarantinedLine, RefundStanding, StatedRefund, StatementLine};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// Widths of the columns that every version of the format has; what follows differs.
const WIDTHS: [usize; 40] = [
    3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21,
    15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1,
];
const OFFSETS: [usize; 40] = offsets();
const LENGTH: usize = OFFSETS[39] + WIDTHS[39];

const fn offsets() -> [usize; 40] {
    let (mut offsets, mut column) = ([0; 40], 1);
    while column < 40 {
        offsets[column] = offsets[column - 1] + WIDTHS[column - 1] + 1;
        column += 1;
    }
    offsets
}

/// A column: its place in [`WIDTHS`], and its name for staff.
#[derive(Clone, Copy)]
struct Column(usize, &'static str);

const TIME: Column = Column(4, "交易传输时间");
const AMOUNT: Column = Column(6, "交易金额");
const TXN: Column = Column(9, "查询流水号");
const ORDER: Column = Column(11, "商户订单号");
const FEE: Column = Column(15, "商户手续费");
const NET: Column = Column(16, "结算金额");
const KIND: Column = Column(19, "交易类型");
const MERCHANT: Column = Column(27, "商户代码");
/// Amounts that change the net sum in ways that are not described.
const EXTRAS: [Column; 3] =
    [Column(31, "分账金额"), Column(35, "优惠金额"), Column(37, "分期附加手续费")];
/// In newer versions the order that a refund belongs to, after the fixed columns.
const ORIGINAL_ORDER: std::ops::Range<usize> = LENGTH + 1..LENGTH + 33;

/// A settlement day ends at this hour, and the next one begins.
const CUT_HOUR: i8 = 23;
/// By so much the moment of the cut may be off.
const CUT_SLACK: SignedDuration = SignedDuration::from_mins(10);

/// What one settlement file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    /// With the accounting day that each belongs to.
    pub lines: Vec<(Date, StatementLine)>,
    /// The same of the lines that cannot be used.
    pub quarantined: Vec<(Date, QuarantinedLine)>,
}

/// Reads the detail and the list of exceptions of the settlement day `settled`; its first line
/// has the number `first_line`.
///
/// A settlement day runs from 23:00 to 23:00, an accounting day from midnight to midnight: a
/// line of the evening before belongs to that day, every other line to the day of the file.
pub(super) fn read(
    detail: &[u8],
    exceptions: &[u8],
    settled: Date,
    first_line: u32,
) -> Result<File, String> {
    let mut file = File::default();
    let mut line_no = first_line;
    let (mut inside, mut outside) = (0_u32, 0_u32);
    let eve = settled.yesterday().or(Err("清算日期超出范围"))?;
    for bytes in lines_of(detail) {
        let row = Row { bytes, line_no, settled };
        let owner = match row.time() {
            Ok(at) if beijing_day(at) == eve => eve,
            Ok(_) | Err(_) => settled,
        };
        match row.read() {
            Ok(line) if [eve, settled].contains(&beijing_day(line.at)) => {
                *(if in_window(line.at, settled) { &mut inside } else { &mut outside }) += 1;
                file.lines.push((owner, line));
            }
            Ok(line) => {
                outside += 1;
                let reason = format!("交易时间不属于{settled}的清算，请人工核对");
                let (line_no, raw, amount) = (line.line_no, line.raw, Some(line.amount));
                let set_aside = QuarantinedLine { line_no, raw, reason, amount };
                file.quarantined.push((owner, set_aside));
            }
            Err(reason) => file.quarantined.push((owner, row.set_aside(reason))),
        }
        line_no = line_no.saturating_add(1);
    }
    if inside == 0 && outside > 0 {
        return Err(format!("没有一笔交易在{settled}的清算时段内，文件不是这一天的"));
    }
    for bytes in lines_of(exceptions) {
        let reason = "差错清单中的记录，请人工核对".to_owned();
        let set_aside = QuarantinedLine { line_no, raw: text(bytes), reason, amount: None };
        file.quarantined.push((settled, set_aside));
        line_no = line_no.saturating_add(1);
    }
    Ok(file)
}

/// Reads one line as it would stand in a file of the accounting day.
pub(super) fn line((line_no, text): (u32, &str), day: Date) -> Result<StatementLine, String> {
    let (bytes, _, unmappable) = encoding_rs::GBK.encode(text);
    if unmappable {
        return Err("有GBK没有的字".to_owned());
    }
    Row { bytes: &bytes, line_no, settled: day }.read()
}

/// How many lines these bytes have, by the same count.
pub(super) fn line_count(bytes: &[u8]) -> usize {
    lines_of(bytes).count()
}

/// What can be said of a line that cannot be used.
pub(super) struct Rest {
    /// By its kind, money was given back.
    pub gives_back: bool,
    /// Its fee.
    pub fee: Option<Fen>,
    /// Its time cannot be read: it may be of any day.
    pub timeless: bool,
}

/// Of the line with this number, counted from 1.
pub(super) fn rest_of(detail: &[u8], line_no: u32, settled: Date) -> Rest {
    let line = (1..).zip(lines_of(detail)).find(|(no, _)| *no == line_no);
    let bytes = line.map(|(_, bytes)| bytes).unwrap_or_default();
    let row = Row { bytes, line_no, settled };
    let fee = row.check_layout().ok().and_then(|()| row.credit(FEE).ok());
    Rest {
        gives_back: matches!(row.get(KIND), Ok("04" | "31")),
        fee: fee.map(|fee| Fen::new(-fee.value())),
        timeless: row.time().is_err(),
    }
}

fn lines_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.trim_ascii().is_empty())
}

fn in_window(at: Timestamp, settled: Date) -> bool {
    let ends = from_beijing(settled.at(CUT_HOUR, 0, 0, 0));
    let begins = settled.yesterday().ok().and_then(|d| from_beijing(d.at(CUT_HOUR, 0, 0, 0)));
    begins.is_some_and(|begins| at >= begins - CUT_SLACK)
        && ends.is_some_and(|ends| at < ends + CUT_SLACK)
}

/// For staff: the platform writes GBK.
fn text(bytes: &[u8]) -> String {
    encoding_rs::GBK.decode_without_bom_handling(bytes).0.into_owned()
}

struct Row<'a> {
    bytes: &'a [u8],
    line_no: u32,
    settled: Date,
}

impl Row<'_> {
    fn get(&self, column: Column) -> Result<&str, String> {
        let Column(place, name) = column;
        let range = OFFSETS[place]..OFFSETS[place] + WIDTHS[place];
        let bytes = self.bytes.get(range).ok_or_else(|| format!("“{name}”缺失"))?;
        let ascii = bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
        let text = std::str::from_utf8(bytes).ok().filter(|_| ascii);
        text.map(str::trim).ok_or_else(|| format!("“{name}”含有异常字符"))
    }

    fn filled(&self, column: Column) -> Result<String, String> {
        match self.get(column)? {
            "" => Err(format!("“{}”为空", column.1)),
            text => Ok(text.to_owned()),
        }
    }

    fn time(&self) -> Result<Timestamp, String> {
        let text = self.get(TIME)?;
        time_near(text, self.settled).ok_or_else(|| format!("“{}”不是时间：{text}", TIME.1))
    }

    fn amount(&self) -> Result<Fen, String> {
        let text = self.get(AMOUNT)?;
        fen_of(text).ok_or_else(|| format!("“{}”不是金额：{text}", AMOUNT.1))
    }

    /// C is for the merchant, D against; only nothing has neither.
    fn credit(&self, column: Column) -> Result<Fen, String> {
        let text = self.get(column)?;
        let signed = match text.strip_prefix(['C', 'D']) {
            Some(digits) => fen_of(digits)
                .map(|fen| if text.starts_with('C') { fen } else { Fen::new(-fen.value()) }),
            None if text.is_empty() => Some(Fen::ZERO),
            None => fen_of(text).filter(|fen| *fen == Fen::ZERO),
        };
        signed.ok_or_else(|| format!("“{}”不是金额：{text}", column.1))
    }

    fn check_layout(&self) -> Result<(), String> {
        if self.bytes.len() < LENGTH {
            return Err(format!("应至少有{LENGTH}字节，实有{}", self.bytes.len()));
        }
        let gap = (0..39).find(|place| self.bytes[OFFSETS[*place] + WIDTHS[*place]] != b' ');
        gap.map_or(Ok(()), |place| Err(format!("第{}栏之后不是空格", place + 1)))
    }

    fn read(&self) -> Result<StatementLine, String> {
        self.check_layout()?;
        let (amount, order) = (self.amount()?, self.filled(ORDER)?);
        let (refund, order_no) = match self.get(KIND)? {
            "01" => (None, order),
            "04" | "31" => {
                let no = Some(order.clone());
                let stated = StatedRefund { no, standing: RefundStanding::Done };
                (Some(stated), self.original_order().unwrap_or(order))
            }
            other => return Err(format!("未知的交易类型：{other}")),
        };
        if amount <= Fen::ZERO {
            return Err(format!("金额不是正数：{amount}"));
        }
        let merchant_no = self.filled(MERCHANT)?;
        let fee = Fen::new(-self.credit(FEE)?.value());
        let gross = if refund.is_some() { -amount.value() } else { amount.value() };
        self.check_net(gross, fee)?;
        Ok(StatementLine {
            line_no: self.line_no,
            refund,
            order_no,
            txn: self.filled(TXN)?,
            app_id: merchant_no.clone(),
            merchant_no,
            amount,
            fee,
            at: self.time()?,
            raw: text(self.bytes),
        })
    }

    fn original_order(&self) -> Option<String> {
        let text = std::str::from_utf8(self.bytes.get(ORIGINAL_ORDER)?).ok()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The line's own sum: what is settled is the amount without the fee.
    fn check_net(&self, gross: i64, fee: Fen) -> Result<(), String> {
        for extra in EXTRAS {
            if self.credit(extra)? != Fen::ZERO {
                return Ok(());
            }
        }
        let (net, expected) = (self.credit(NET)?, Fen::new(gross - fee.value()));
        match net == expected {
            true => Ok(()),
            false => Err(format!("“{}”为{net}元，按金额和手续费应为{expected}元", NET.1)),
        }
    }

    fn set_aside(&self, reason: String) -> QuarantinedLine {
        // With columns shifted, no field can be trusted to be the amount.
        let amount = self.check_layout().ok().and_then(|()| self.amount().ok());
        QuarantinedLine { line_no: self.line_no, raw: text(self.bytes), reason, amount }
    }
}

/// Digits of fen, padded with zeros; at most 13, so that no sum overflows.
fn fen_of(digits: &str) -> Option<Fen> {
    let fits = (1..=13).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| digits.parse().ok()).flatten().map(Fen::new)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;

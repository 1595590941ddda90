//! The trade bill of WeChat Pay, line by line: every column is checked. Its fields are those of
//! <https://pay.weixin.qq.com/doc/v3/merchant/4012791869> (下载交易账单).

use super::bytes::{Keys, beijing_of, fen_of_yuan, without_bom, without_cr};
use super::pass::{Block, Format, Kept};
use domain::clock::from_beijing;
use domain::money::Fen;
use domain::payment::Rail;
use domain::reconciliation::engine::{
    MerchantRule, Origin, RailLine, RailLineKind, Rules, agreed_fee,
};
use jiff::Timestamp;
use std::collections::HashMap;

/// First column of the totals' header.
pub const TOTALS: &str = "总交易单数";

/// What is known of the columns: the names they have had, and whether a bill may lack them.
const NAMES: [(&[&str], bool); 16] = [
    (&["交易时间"], true),
    (&["公众账号ID"], true),
    (&["商户号"], true),
    (&["微信订单号"], true),
    (&["商户订单号"], true),
    (&["交易状态"], true),
    (&["手续费"], true),
    (&["订单金额", "总金额"], true),
    (&["申请退款金额", "退款金额"], false),
    (&["微信退款单号"], false),
    (&["商户退款单号"], false),
    (&["退款状态"], false),
    (&["货币种类"], false),
    (&["应结订单金额"], false),
    (&["代金券金额"], false),
    (&["充值券退款金额"], false),
];
const TIME: usize = 0;
const APP: usize = 1;
const MERCHANT: usize = 2;
const TXN: usize = 3;
const ORDER: usize = 4;
const STATE: usize = 5;
const FEE: usize = 6;
const PAID: usize = 7;
const REFUNDED: usize = 8;
const REFUND_TXN: usize = 9;
const REFUND_NO: usize = 10;
const REFUND_STATE: usize = 11;
const CURRENCY: usize = 12;
/// Amounts that are checked and not used.
const OTHER_AMOUNTS: [usize; 3] = [13, 14, 15];

/// More columns than any bill has.
const FIELDS_MAX: usize = 64;

/// Where the columns stand.
#[derive(Debug, Clone)]
pub struct Layout {
    places: [Option<usize>; 16],
    count: usize,
}

/// The file's own totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Lines.
    pub count: i64,
    /// Fen taken.
    pub paid: i64,
    /// Fen given back.
    pub refunded: i64,
    /// Fees; `None` in bills that do not sum them up.
    pub fees: Option<i64>,
}

fn value(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"`").unwrap_or(field).trim_ascii()
}

fn names_of(line: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(without_bom(line)).ok()?;
    Some(text.split(',').map(|name| name.trim_start_matches('`').trim().to_owned()).collect())
}

impl Layout {
    /// Reads the header; `None` if it is not one of such a bill.
    pub fn find(header: &[u8]) -> Option<Result<Self, String>> {
        let names = names_of(header)?;
        if names.first().map(String::as_str) != Some("交易时间") {
            return None;
        }
        let place = |wanted: &[&str]| {
            wanted.iter().find_map(|name| names.iter().position(|column| column == name))
        };
        let places = NAMES.map(|(names, _)| place(names));
        let missing: Vec<_> = NAMES
            .iter()
            .zip(&places)
            .filter(|((_, needed), place)| *needed && place.is_none())
            .map(|((names, _), _)| names[0])
            .collect();
        if !missing.is_empty() {
            return Some(Err(format!("表头缺少列：{}", missing.join("、"))));
        }
        if names.len() > FIELDS_MAX {
            return Some(Err("表头的列过多".to_owned()));
        }
        let count = names.len();
        Some(Ok(Self { places, count }))
    }
}

/// Where the totals begin in the end of a file, and what they say.
pub fn totals(end: &[u8]) -> Option<(usize, Result<Totals, String>)> {
    let marked = [format!("\n`{TOTALS}"), format!("\n{TOTALS}")];
    let at = marked.iter().find_map(|mark| memchr::memmem::rfind(end, mark.as_bytes()))? + 1;
    let mut lines = end[at..].split(|byte| *byte == b'\n').map(without_cr);
    let (header, row) = (lines.next()?, lines.next().unwrap_or_default());
    if lines.any(|line| !line.trim_ascii().is_empty()) {
        return Some((at, Err("合计行之后还有内容".to_owned())));
    }
    let names = names_of(header)?;
    let values: Vec<_> = row.split(|byte| *byte == b',').map(value).collect();
    let find = |wanted: &[&str]| {
        let place =
            wanted.iter().find_map(|name| names.iter().position(|column| column == name))?;
        fen_of_yuan(values.get(place)?)
    };
    let read = || {
        let hundredfold = find(&[TOTALS])?;
        let count = (hundredfold % 100 == 0).then_some(hundredfold / 100)?;
        let paid = find(&["订单总金额", "总交易额"])?;
        let refunded = find(&["申请退款总金额", "退款总金额", "总退款金额"]).unwrap_or_default();
        Some(Totals { count, paid, refunded, fees: find(&["手续费总金额"]) })
    };
    Some((at, read().ok_or_else(|| "合计行不完整".to_owned())))
}

/// What a line says.
struct Read<'a> {
    kind: RailLineKind,
    order_no: &'a str,
    refund_no: &'a str,
    txn: &'a str,
    merchant_no: &'a str,
    app_id: &'a str,
    amount: i64,
    fee: i64,
    at: Timestamp,
    of_day: bool,
}

/// A line that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Place in the block, and which line of it.
    pub place: (u32, u32),
    /// As it stands in the file.
    pub raw: Vec<u8>,
    /// Which column, and why.
    pub reason: String,
    /// Below zero what was given back.
    pub amount: Option<i64>,
    /// The fee.
    pub fee: Option<i64>,
    /// The order's and the refund's number, if they can be read.
    pub nos: (String, String),
    /// It can be read, and tells of another day.
    pub of_other_day: bool,
}

/// What a block of a bill sums up.
#[derive(Debug, Default)]
pub struct Sums {
    /// Lines that were read, and those of them that tell of the day.
    pub count: i64,
    /// Fen taken.
    pub paid: i64,
    /// Fen given back.
    pub refunded: i64,
    /// Fees.
    pub fees: i64,
    /// Lines of each merchant.
    pub merchants: HashMap<String, u64>,
    /// Of lines that might be put aside, by merchant: how many, their fen, their fees.
    pub plain: HashMap<String, (u64, i64, i64)>,
    /// Lines that cannot be used.
    pub unread: Vec<Unread>,
    /// A sum left 64 bits.
    pub overflow: bool,
}

/// A bill's lines.
pub struct Bill<'a> {
    /// Where the columns stand.
    pub layout: Layout,
    /// The rules of the day.
    pub rules: &'a Rules,
    /// The day as the bill writes it.
    pub day: String,
    /// Keys of this run.
    pub keys: Keys,
    /// Whether anything may be put aside.
    pub sift: bool,
}

type Fields<'a> = [&'a [u8]; FIELDS_MAX];

impl Bill<'_> {
    fn fields<'a>(&self, line: &'a [u8], fields: &mut Fields<'a>) -> Result<(), String> {
        let (mut count, mut begin) = (0, 0);
        for end in memchr::memchr_iter(b',', line).chain(std::iter::once(line.len())) {
            if let Some(field) = fields.get_mut(count) {
                *field = &line[begin..end];
            }
            count += 1;
            begin = end + 1;
        }
        if count == self.layout.count {
            return Ok(());
        }
        Err(format!("应有{}列，实有{count}列", self.layout.count))
    }

    fn field<'a>(&self, fields: &Fields<'a>, column: usize) -> Option<&'a [u8]> {
        self.layout.places[column].map(|place| value(fields[place]))
    }

    fn text<'a>(&self, fields: &Fields<'a>, column: usize) -> Result<&'a str, String> {
        let bytes = self.field(fields, column).unwrap_or_default();
        let name = NAMES[column].0[0];
        match std::str::from_utf8(bytes) {
            Ok("") => Err(format!("“{name}”为空")),
            Ok(text) => Ok(text),
            Err(_) => Err(format!("“{name}”不是UTF-8编码")),
        }
    }

    fn yuan(&self, fields: &Fields<'_>, column: usize) -> Result<i64, String> {
        let Some(bytes) = self.field(fields, column) else { return Ok(0) };
        fen_of_yuan(bytes).ok_or_else(|| {
            let text: String = String::from_utf8_lossy(bytes).chars().take(40).collect();
            format!("“{}”不是金额：{text}", NAMES[column].0[0])
        })
    }

    fn read<'a>(&self, line: &'a [u8], fields: &mut Fields<'a>) -> Result<Read<'a>, String> {
        self.fields(line, fields)?;
        if std::str::from_utf8(line).is_err() {
            return Err("不是UTF-8编码".to_owned());
        }
        let (kind, amount, txn, refund_no) = match self.field(fields, STATE) {
            Some(b"SUCCESS") => {
                (RailLineKind::Pay, self.yuan(fields, PAID)?, self.text(fields, TXN)?, "")
            }
            Some(b"REFUND") => {
                let kind = self.refund_kind(fields)?;
                let no = self.text(fields, REFUND_NO).ok().filter(|no| *no != "0");
                let (amount, txn) = (self.yuan(fields, REFUNDED)?, self.text(fields, REFUND_TXN)?);
                (kind, amount, txn, no.unwrap_or_default())
            }
            other => {
                let other = String::from_utf8_lossy(other.unwrap_or_default()).into_owned();
                return Err(format!("未知的交易状态：{other}"));
            }
        };
        if amount <= 0 {
            return Err(format!("金额不是正数：{}", Fen::new(amount)));
        }
        if let Some(currency) = self.field(fields, CURRENCY).filter(|currency| *currency != b"CNY")
        {
            return Err(format!("币种不是人民币：{}", String::from_utf8_lossy(currency)));
        }
        for column in OTHER_AMOUNTS {
            self.yuan(fields, column)?;
        }
        let time = self.field(fields, TIME).unwrap_or_default();
        let wrong = || format!("“交易时间”不是时间：{}", String::from_utf8_lossy(time));
        let at = beijing_of(time).and_then(from_beijing).ok_or_else(wrong)?;
        Ok(Read {
            kind,
            order_no: self.text(fields, ORDER)?,
            refund_no,
            txn,
            merchant_no: self.text(fields, MERCHANT)?,
            app_id: self.text(fields, APP)?,
            amount,
            fee: self.yuan(fields, FEE)?,
            at,
            of_day: time.starts_with(self.day.as_bytes()),
        })
    }

    fn refund_kind(&self, fields: &Fields<'_>) -> Result<RailLineKind, String> {
        match self.field(fields, REFUND_STATE) {
            None | Some(b"SUCCESS" | b"PROCESSING") => Ok(RailLineKind::Refund),
            Some(b"FAIL" | b"CHANGE") => Ok(RailLineKind::ReturnedRefund),
            Some(other) => Err(format!("未知的退款状态：{}", String::from_utf8_lossy(other))),
        }
    }

    fn unread(&self, line: &[u8], place: (u32, u32), reason: String) -> Unread {
        let mut fields = [&b""[..]; FIELDS_MAX];
        let whole = self.fields(line, &mut fields).is_ok();
        let text = |column| {
            let text = self.text(&fields, column).ok().filter(|_| whole);
            text.filter(|text| *text != "0").unwrap_or_default().to_owned()
        };
        let refund = self.field(&fields, STATE) == Some(b"REFUND");
        let nos = (text(ORDER), if refund { text(REFUND_NO) } else { String::new() });
        // A line is a payment or a refund, and the other amount is zero: their difference is its amount even where its kind cannot
        // be told. With columns shifted, no field can be trusted to be an amount.
        let amounts = self.yuan(&fields, PAID).ok().zip(self.yuan(&fields, REFUNDED).ok());
        let amount =
            amounts.filter(|_| whole).map(|(paid, back)| if refund { -back } else { paid - back });
        let fee = self.yuan(&fields, FEE).ok().filter(|_| whole);
        Unread { place, raw: line.to_vec(), reason, amount, fee, nos, of_other_day: false }
    }

    /// The line as the engine takes it; it was read before.
    pub fn rail_line<'a>(&self, line: &'a [u8], origin: Origin) -> Option<RailLine<'a>> {
        let mut fields = [&b""[..]; FIELDS_MAX];
        let read = self.read(line, &mut fields).ok()?;
        Some(RailLine {
            origin,
            rail: Rail::WeChatPay,
            kind: read.kind,
            order_no: read.order_no,
            refund_no: read.refund_no,
            txn: read.txn,
            merchant_no: read.merchant_no,
            app_id: read.app_id,
            amount: Fen::new(read.amount),
            fee: Fen::new(read.fee),
            at: read.at,
        })
    }

    fn rule_of(&self, read: &Read<'_>) -> Option<&MerchantRule> {
        let of = |rule: &&MerchantRule| {
            rule.rail == Rail::WeChatPay && rule.merchant_no == read.merchant_no
        };
        let rule = self.rules.merchants.iter().find(of)?;
        rule.app_ids.iter().any(|app| app == read.app_id).then_some(rule)
    }

    fn sum_up(&self, read: &Read<'_>, sums: &mut Sums) {
        sums.count += 1;
        let into = if read.kind == RailLineKind::Pay { &mut sums.paid } else { &mut sums.refunded };
        let (sum, over) = into.overflowing_add(read.amount);
        *into = sum;
        let (fees, over_too) = sums.fees.overflowing_add(read.fee);
        sums.fees = fees;
        sums.overflow |= over || over_too;
        count_up(&mut sums.merchants, read.merchant_no, |count| *count += 1);
    }

    /// Whether the line may be put aside, if its counterpart agrees.
    pub fn is_plain(
        &self,
        kind: RailLineKind,
        amount: i64,
        fee: i64,
        rule: Option<&MerchantRule>,
    ) -> bool {
        let right = |rule: &MerchantRule| {
            let beyond = fee - agreed_fee(Fen::new(amount), rule.fee_ppm).value();
            beyond.abs() <= self.rules.fee_tolerance.value()
        };
        self.sift && kind == RailLineKind::Pay && rule.is_some_and(right)
    }
}

fn count_up<V: Default>(of: &mut HashMap<String, V>, key: &str, add: impl FnOnce(&mut V)) {
    match of.get_mut(key) {
        Some(value) => add(value),
        None => add(of.entry(key.to_owned()).or_default()),
    }
}

impl Format for Bill<'_> {
    type Sums = Sums;

    fn line(&self, line: &[u8], at: u32, no: u32, block: &mut Block<Sums>) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let mut fields = [&b""[..]; FIELDS_MAX];
        let read = match self.read(line, &mut fields) {
            Ok(read) => read,
            Err(reason) => {
                block.sums.unread.push(self.unread(line, (at, no), reason));
                return;
            }
        };
        if !read.of_day {
            let reason = format!("交易时间不在{}", self.day);
            let unread = self.unread(line, (at, no), reason);
            block.sums.unread.push(Unread { of_other_day: true, ..unread });
            return;
        }
        self.sum_up(&read, &mut block.sums);
        let plain = self.is_plain(read.kind, read.amount, read.fee, self.rule_of(&read));
        if plain {
            count_up(&mut block.sums.plain, read.merchant_no, |(orders, paid, fees)| {
                *orders += 1;
                *paid = paid.saturating_add(read.amount);
                *fees = fees.saturating_add(read.fee);
            });
        }
        let parts = [read.order_no, read.txn, read.merchant_no, read.app_id].map(str::as_bytes);
        let content = self.keys.content(&parts, read.amount.unsigned_abs());
        let order = self.keys.order(read.order_no.as_bytes());
        let shorts = (self.keys.short(read.txn.as_bytes()), 0);
        block.kept.push(Kept::new((order, content), shorts, (at, no), !plain));
    }
}

//! `ledger.csv`.

use super::bytes::{Keys, day_of, instant_of, number};
use super::pass::{Block, Format, Kept};
use super::table::{Columns, split, total_of};
use domain::money::Fen;
use domain::payment::Rail;
use domain::reconciliation::engine::{LedgerKind, LedgerRecord, LedgerState, Origin, shares};
use jiff::Timestamp;
use jiff::civil::Date;
use std::borrow::Cow;

/// The columns, in the order of [`Columns::places`].
pub const COLUMNS: [&str; 15] = [
    "kind",
    "order_no",
    "refund_no",
    "notice_no",
    "rail",
    "merchant_no",
    "app_id",
    "rail_txn_no",
    "amount_fen",
    "state",
    "at",
    "accounting_day",
    "settled_on",
    "agency_code",
    "item_code",
];

/// What a block of the ledger sums up.
#[derive(Debug, Default)]
pub struct Sums {
    /// Lines that could be read.
    pub count: i64,
    /// Their fen.
    pub fen: i64,
    /// Lines that cannot be used: place in the block, and why.
    pub faults: Vec<(u32, String)>,
    /// What the last line says.
    pub total: Option<(i64, i64)>,
}

/// The ledger's lines.
pub struct Ledger {
    /// Where the columns stand.
    pub columns: Columns<15>,
    /// The day that is judged.
    pub day: Date,
    /// Keys of this run.
    pub keys: Keys,
    /// Whether anything may be put aside.
    pub sift: bool,
}

/// A line's values, in the order of [`COLUMNS`].
pub type Values<'a> = [&'a str; 15];

/// What a line says, without its texts.
struct Read {
    kind: LedgerKind,
    rail: Rail,
    amount: i64,
    state: LedgerState,
    at: Timestamp,
    accounting_day: Date,
    settled_on: Option<Date>,
}

impl Ledger {
    /// The values of a line without quotes.
    pub fn plain<'a>(&self, line: &'a str) -> Result<Values<'a>, String> {
        let mut values = [""; 15];
        let mut count = 0;
        let mut begin = 0;
        let bytes = line.as_bytes();
        let ends = memchr::memchr_iter(b',', bytes).chain(std::iter::once(bytes.len()));
        // Nearly always the columns stand in the order of the page.
        for end in ends {
            if let Some(wanted) = self.columns.places.get(count).filter(|place| **place == count) {
                values[*wanted] = &line[begin..end];
            } else if let Some(wanted) =
                self.columns.places.iter().position(|place| *place == count)
            {
                values[wanted] = &line[begin..end];
            }
            count += 1;
            begin = end + 1;
        }
        self.whole(count).map(|()| values)
    }

    fn whole(&self, count: usize) -> Result<(), String> {
        if count == self.columns.count {
            return Ok(());
        }
        Err(format!("应有{}列，实有{count}列", self.columns.count))
    }

    /// The values of a line with quotes.
    pub fn quoted(&self, line: &str) -> Result<Vec<String>, String> {
        let row = split(line).ok_or("引号没有成对")?;
        self.whole(row.len())?;
        let value = |place: &usize| row[*place].clone();
        Ok(self.columns.places.iter().map(value).map(Cow::into_owned).collect())
    }

    fn read(values: &Values<'_>) -> Result<Read, String> {
        let [kind, order_no, refund_no, notice_no, rail, merchant_no, app_id, ..] = *values;
        let [.., amount, state, at, accounting_day, settled_on, _, _] = *values;
        let wrong = |name: &str, text: &str| format!("{name}不对：{}", shown(text));
        let mut faults = Vec::new();
        let kind_read = match kind {
            "PAY" => Some(LedgerKind::Pay),
            "REFUND" => Some(LedgerKind::Refund),
            _ => None,
        };
        let state_read = match (kind_read, state) {
            (Some(_), "SUBMITTED") => Some(LedgerState::Submitted),
            (Some(_), "FAILED") => Some(LedgerState::Failed),
            (Some(LedgerKind::Pay), "UNKNOWN") => Some(LedgerState::Unknown),
            (Some(LedgerKind::Pay), "CLOSED") => Some(LedgerState::Closed),
            (Some(LedgerKind::Pay), "PAID") => Some(LedgerState::Paid),
            (Some(LedgerKind::Refund), "SUCCEEDED") => Some(LedgerState::Succeeded),
            (_, _) => None,
        };
        let amount_read = number(amount.as_bytes()).filter(|fen| *fen > 0);
        let settled_read = match settled_on {
            "" => Some(None),
            text => day_of(text.as_bytes()).map(Some),
        };
        let (rail_read, at_read, day_read) =
            (Rail::from_code(rail), instant_of(at.as_bytes()), day_of(accounting_day.as_bytes()));
        let mut check = |right: bool, name: &str, text: &str| {
            if !right {
                faults.push(wrong(name, text));
            }
        };
        check(kind_read.is_some(), "kind", kind);
        check(!order_no.is_empty(), "order_no", order_no);
        let named =
            kind_read.is_none_or(|kind| (kind == LedgerKind::Refund) != refund_no.is_empty());
        check(named, "refund_no", refund_no);
        check(rail_read.is_some(), "rail", rail);
        check(!merchant_no.is_empty(), "merchant_no", merchant_no);
        check(amount_read.is_some(), "amount_fen", amount);
        check(kind_read.is_none() || state_read.is_some(), "state", state);
        check(at_read.is_some(), "at", at);
        check(day_read.is_some(), "accounting_day", accounting_day);
        check(settled_read.is_some(), "settled_on", settled_on);
        if notice_no.contains('=') {
            let parts = shares(notice_no, Fen::ZERO);
            let sum = Fen::sum(parts.iter().map(|(_, fen)| *fen)).ok();
            let whole = parts.len() == notice_no.split(';').count()
                && sum.map(Fen::value) == amount_read
                && parts.iter().all(|(no, fen)| !no.is_empty() && *fen > Fen::ZERO);
            check(whole, "notice_no", notice_no);
        }
        let _ = app_id;
        match (kind_read, rail_read, amount_read, state_read, at_read, day_read, settled_read) {
            (
                Some(kind),
                Some(rail),
                Some(amount),
                Some(state),
                Some(at),
                Some(day),
                Some(settled),
            ) if faults.is_empty() => {
                let (accounting_day, settled_on) = (day, settled);
                Ok(Read { kind, rail, amount, state, at, accounting_day, settled_on })
            }
            _ => Err(faults.join("；")),
        }
    }

    /// The record of values that were read before.
    pub fn record<'a>(values: &Values<'a>, origin: Origin) -> Result<LedgerRecord<'a>, String> {
        let read = Self::read(values)?;
        Ok(LedgerRecord {
            origin,
            kind: read.kind,
            order_no: values[1],
            refund_no: values[2],
            notice_no: values[3],
            rail: read.rail,
            merchant_no: values[5],
            app_id: values[6],
            txn: values[7],
            amount: Fen::new(read.amount),
            state: read.state,
            at: read.at,
            accounting_day: read.accounting_day,
            settled_on: read.settled_on,
            agency_code: values[13],
            item_code: values[14],
        })
    }

    fn keep(
        &self,
        values: &Values<'_>,
        place: (u32, u32),
        block: &mut Block<Sums>,
    ) -> Result<(), String> {
        let read = Self::read(values)?;
        block.sums.count += 1;
        block.sums.fen = block.sums.fen.checked_add(read.amount).ok_or("金额合计超出范围")?;
        let [_, order_no, _, notice_no, _, merchant_no, app_id, txn, ..] = *values;
        let plain = self.sift
            && read.kind == LedgerKind::Pay
            && read.state == LedgerState::Paid
            && read.accounting_day == self.day
            && read.settled_on.is_none()
            && read.rail == Rail::WeChatPay
            && !txn.is_empty()
            && !notice_no.contains('=');
        let parts = [order_no, txn, merchant_no, app_id].map(str::as_bytes);
        let content = self.keys.content(&parts, read.amount.unsigned_abs());
        let shorts = (self.keys.short(txn.as_bytes()), self.keys.short(notice_no.as_bytes()));
        let order = self.keys.order(order_no.as_bytes());
        block.kept.push(Kept::new((order, content), shorts, place, !plain));
        Ok(())
    }
}

fn shown(text: &str) -> String {
    match text {
        "" => "（空）".to_owned(),
        text => text.chars().take(40).collect(),
    }
}

impl Format for Ledger {
    type Sums = Sums;

    fn line(&self, line: &[u8], at: u32, no: u32, block: &mut Block<Sums>) {
        if line.is_empty() {
            return;
        }
        if line.starts_with(b"#total,") {
            match total_of(line) {
                Some(total) if block.sums.total.is_none() => block.sums.total = Some(total),
                Some(_) | None => block.sums.faults.push((no, "合计行不是笔数和金额".to_owned())),
            }
            return;
        }
        if block.sums.total.is_some() {
            block.sums.faults.push((no, "合计行之后还有内容".to_owned()));
            return;
        }
        let text = std::str::from_utf8(line).map_err(|_| "不是UTF-8编码".to_owned());
        let kept = text.and_then(|text| match memchr::memchr(b'"', line) {
            None => self.keep(&self.plain(text)?, (at, no), block),
            Some(_) => {
                let owned = self.quoted(text)?;
                let values = std::array::from_fn(|place| owned[place].as_str());
                self.keep(&values, (at, no), block)
            }
        });
        if let Err(reason) = kept {
            block.sums.faults.push((no, reason));
        }
    }
}

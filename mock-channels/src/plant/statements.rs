//! The statements, by the writers of the platforms themselves, and what is wrong with them.

use encoding_rs::GBK;
use zip::result::ZipError;

use super::book::{Garble, Line, Merchant, Rail, Refusal, Role};
use super::scene::Scene;
use crate::alipay::bill as alipay;
use crate::clock::{DAY_MS, Day, HOUR_MS, compact_time};
use crate::unionpay::settlement as unionpay;
use crate::wechat_pay::bill as wechat;
use crate::world::alipay::BillType;
use crate::world::unionpay::Kind;

/// A file, and where in it each line stands, counted from one.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) places: Vec<(usize, usize)>,
}

/// Lines of text and the place of the first line of data among them.
struct Text {
    rows: Vec<String>,
    data_from: usize,
}

/// The statements of one merchant: one file, of UnionPay two. A missing one is not written.
///
/// # Errors
/// When a zip cannot be written.
pub(super) fn of_merchant(scene: &Scene, merchant: usize) -> Result<Vec<Written>, ZipError> {
    let of = &scene.merchants[merchant];
    if of.role == Role::Missing {
        return Ok(Vec::new());
    }
    let mut lines: Vec<(usize, Line)> = scene
        .lines
        .iter()
        .enumerate()
        .filter_map(|(place, line)| Some((place, line.clone()?)))
        .filter(|(_, line)| line.merchant == merchant)
        .collect();
    lines.sort_by_key(|(_, line)| line.at_ms);
    let day = strayed(of, scene.day, &mut lines);
    match of.rail {
        Rail::WechatPay => Ok(vec![wechat_file(of, day, &lines)]),
        Rail::Alipay => Ok(vec![alipay_file(of, day, &lines)?]),
        Rail::Unionpay => Ok(unionpay_files(of, day, &lines)),
    }
}

/// Lines of another day or merchant, where the whole file is; answers its day.
fn strayed(of: &Merchant, day: Day, lines: &mut [(usize, Line)]) -> Day {
    match of.role {
        Role::Refused(Refusal::OtherDay) => {
            let days = if of.rail == Rail::Unionpay { -4 } else { -1 };
            lines.iter_mut().for_each(|(_, line)| line.at_ms += days * DAY_MS);
            day.plus(days)
        }
        Role::Refused(Refusal::OtherMerchant) => {
            for (_, line) in lines {
                line.merchant_no = other_number(&of.no);
                line.app_id = "wxffffffff00000000".to_owned();
            }
            day
        }
        Role::Judged | Role::Missing | Role::Refused(_) | Role::Totals | Role::Seen => day,
    }
}

/// Of the same shape, and not ours.
fn other_number(no: &str) -> String {
    let head = no.len() - 3;
    if no.ends_with("001") { format!("{}002", &no[..head]) } else { format!("{}001", &no[..head]) }
}

fn wechat_line(of: &Merchant, line: &Line) -> wechat::Line {
    let hundredths = of.fee_ppm / 100;
    wechat::Line {
        at_ms: line.at_ms,
        app_id: line.app_id.clone(),
        mch_id: line.merchant_no.clone(),
        transaction_id: line.txn_no.clone(),
        out_trade_no: line.order_no.clone(),
        open_id: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o".to_owned(),
        trade_type: "JSAPI",
        bank_type: "OTHERS".to_owned(),
        amount_fen: line.amount_fen,
        fee_fen: line.fee_fen,
        rate: format!("{}.{:02}%", hundredths / 100, hundredths % 100),
        description: "省政务服务,缴费".to_owned(),
        attach: String::new(),
        refund: line.back.as_ref().map(|back| wechat::RefundPart {
            refund_id: back.txn_no.clone(),
            out_refund_no: back.refund_no.clone(),
            status: back.status,
            succeeded_ms: (back.status == "SUCCESS").then_some(line.at_ms),
        }),
    }
}

/// Places of the amounts of a payment among the columns.
const WECHAT_AMOUNTS: [usize; 2] = [12, 24];

fn wechat_file(of: &Merchant, day: Day, lines: &[(usize, Line)]) -> Written {
    let stated = lines.iter().map(|(_, line)| wechat_line(of, line)).collect();
    let text = wechat::file(stated, day, wechat::BillType::All, None, 0);
    let mut text = Text::new(&text, 1);
    for (index, (_, line)) in lines.iter().enumerate() {
        text.garble(index, line.garble, 0, &WECHAT_AMOUNTS, "`");
    }
    if of.role == Role::Totals
        && !lines.iter().any(|(_, line)| line.torn_out)
        && let Some(totals) = text.rows.last_mut()
    {
        // One line more, and the sums are right.
        *totals =
            totals.replacen(&format!("`{},", lines.len()), &format!("`{},", lines.len() + 1), 1);
    }
    let places = text.tear(lines);
    let mut bytes = text.joined().into_bytes();
    match of.role {
        Role::Refused(Refusal::CutOff) => bytes.truncate(bytes.len() * 3 / 5),
        Role::Refused(Refusal::Junk) => bytes = GBK.encode(&text.joined()[3..]).0.into_owned(),
        Role::Judged | Role::Missing | Role::Refused(_) | Role::Totals | Role::Seen => {}
    }
    Written { name: format!("wechat-{}-{}.csv", of.no, day.compact()), bytes, places }
}

/// Places of the two amounts, and of the time at which it was done.
const ALIPAY_AMOUNTS: [usize; 2] = [11, 12];
const ALIPAY_DONE: usize = 5;

fn alipay_file(of: &Merchant, day: Day, lines: &[(usize, Line)]) -> Result<Written, ZipError> {
    let stated: Vec<alipay::Line> = lines
        .iter()
        .map(|(_, line)| alipay::Line {
            trade_no: line.txn_no.clone(),
            out_trade_no: line.order_no.clone(),
            out_request_no: line.back.as_ref().map(|back| back.refund_no.clone()),
            subject: "政务缴费".to_owned(),
            created_ms: line.back.as_ref().map_or(line.at_ms, |back| back.paid_ms),
            at_ms: line.at_ms,
            counterparty: "*晓舟(139****0001)".to_owned(),
            amount_fen: line.signed_fen(),
            fee_fen: -line.fee_fen,
        })
        .collect();
    let no = match of.role {
        Role::Refused(Refusal::OtherMerchant) => other_number(&of.no),
        Role::Judged | Role::Missing | Role::Refused(_) | Role::Totals | Role::Seen => {
            of.no.clone()
        }
    };
    let [detail, summary] = alipay::texts(&no, &stated, day, BillType::Trade, None);
    let mut text = Text::new(&detail, 5);
    for (index, (_, line)) in lines.iter().enumerate() {
        text.garble(index, line.garble, ALIPAY_DONE, &ALIPAY_AMOUNTS, "");
    }
    let places = text.tear(lines);
    let mut detail = text.joined();
    if of.role == Role::Refused(Refusal::CutOff) {
        let middle = detail.char_indices().nth(detail.chars().count() / 2).map_or(0, |(at, _)| at);
        detail.truncate(middle);
    }
    let name = alipay::name(&no, day);
    let mut bytes = alipay::packed(&name, BillType::Trade, &[detail, summary])?;
    match of.role {
        Role::Refused(Refusal::HalfZip) => bytes.truncate(bytes.len() / 2),
        Role::Refused(Refusal::NoZip) => {
            bytes =
                b"<html><body>The link has expired. Please try again later.</body></html>".to_vec();
        }
        Role::Judged | Role::Missing | Role::Refused(_) | Role::Totals | Role::Seen => {}
    }
    Ok(Written { name: format!("alipay-{}-{}.zip", of.no, day.compact()), bytes, places })
}

/// What is done after 23:00 is in the file of the next day.
fn unionpay_files(of: &Merchant, day: Day, lines: &[(usize, Line)]) -> Vec<Written> {
    let last_hour_ms = day.start_ms() + 23 * HOUR_MS;
    let (own, next): (Vec<_>, Vec<_>) =
        lines.iter().cloned().partition(|(_, line)| line.at_ms < last_hour_ms);
    let files = [(day, own), (day.plus(1), next)];
    let there = files.into_iter().filter(|(_, lines)| !lines.is_empty());
    there.map(|(day, lines)| unionpay_file(of, day, &lines)).collect()
}

/// Where the time stands in a line.
const UNIONPAY_TIME: std::ops::Range<usize> = 35..45;

fn unionpay_file(of: &Merchant, day: Day, lines: &[(usize, Line)]) -> Written {
    let stated: Vec<unionpay::Line> = lines.iter().map(|(_, line)| unionpay_line(line)).collect();
    let mut text = Text::new(&unionpay::detail(&stated, None), 0);
    for (index, (_, line)) in lines.iter().enumerate() {
        if line.garble.is_some() {
            text.rows[index].replace_range(UNIONPAY_TIME, "99XX999999");
        }
    }
    let places = text.tear(lines);
    let bytes = text.joined().into_bytes();
    Written { name: format!("unionpay-{}-{}.txt", of.no, day.compact()), bytes, places }
}

fn unionpay_line(line: &Line) -> unionpay::Line {
    let trace = |number: &str| number[number.len().saturating_sub(6)..].to_owned();
    let (kind, order_id, query_id, original) = match &line.back {
        None => (Kind::Consume, &line.order_no, &line.txn_no, None),
        Some(back) => {
            let paid =
                Day::of(back.paid_ms).compact()[4..].to_owned() + &compact_time(back.paid_ms);
            let of = [trace(&line.txn_no), paid, line.txn_no.clone(), line.order_no.clone()];
            (Kind::Refund, &back.refund_no, &back.txn_no, Some(of))
        }
    };
    unionpay::Line {
        kind,
        at_ms: line.at_ms,
        trace_no: trace(query_id),
        card: "622609******0048".to_owned(),
        amount_fen: line.amount_fen,
        fee_fen: line.fee_fen.abs(),
        query_id: query_id.clone(),
        order_id: order_id.clone(),
        original,
        mer_id: line.merchant_no.clone(),
    }
}

impl Text {
    fn new(text: &str, data_from: usize) -> Self {
        let body = text.strip_suffix("\r\n").unwrap_or(text);
        Self { rows: body.split("\r\n").map(str::to_owned).collect(), data_from }
    }

    /// Makes a mess of the line of data of that index.
    fn garble(
        &mut self,
        index: usize,
        garble: Option<Garble>,
        time: usize,
        amounts: &[usize],
        prefix: &str,
    ) {
        let Some(garble) = garble else { return };
        let row = &mut self.rows[self.data_from + index];
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        match garble {
            Garble::Time => cells[time] = format!("{prefix}2026-13-41 99:99:99"),
            Garble::Column => drop(cells.remove(0)),
            Garble::Amount => amounts.iter().for_each(|at| cells[*at] = format!("{prefix}12.3x")),
        }
        *row = cells.join(",");
    }

    /// Takes out what only the totals know; answers where the others stand.
    fn tear(&mut self, lines: &[(usize, Line)]) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        let mut torn = Vec::new();
        for (index, (place, line)) in lines.iter().enumerate() {
            if line.torn_out {
                torn.push(self.data_from + index);
            } else {
                places.push((*place, self.data_from + index + 1 - torn.len()));
            }
        }
        for row in torn.into_iter().rev() {
            self.rows.remove(row);
        }
        places
    }

    fn joined(&self) -> String {
        self.rows.join("\r\n") + "\r\n"
    }
}

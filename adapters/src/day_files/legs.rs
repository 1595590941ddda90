//! The lines that a discrepancy is about, beside each other: whoever looks at it sees all that is known of it.

use domain::clock::beijing_time;
use domain::money::Fen;
use domain::payment::Rail;
use domain::reconciliation::desk::{Leg, LegSide};
use domain::reconciliation::engine::{
    AgencyKind, AgencyLine, CreditLine, DayInput, FileRole, Finding, LedgerKind, LedgerRecord,
    LedgerState, Origin, QuarantinedRecord, RailLine, RailLineKind,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Lines as they stand in their files.
pub type Raws = HashMap<Origin, String>;

/// A line of the input.
#[derive(Clone, Copy)]
enum Line<'i> {
    Ledger(&'i LedgerRecord<'i>),
    Rail(&'i RailLine<'i>),
    Credit(&'i CreditLine<'i>),
    Agency(&'i AgencyLine<'i>),
    Quarantined(&'i QuarantinedRecord<'i>),
}

/// What numbers mean: an order's number is none of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Order,
    Txn,
    Notice,
    Credit,
}

type Number<'i> = (Kind, &'i str);

/// Of each finding its lines, at most [`Leg::MAX`]. `raws` is asked once for all lines that are needed.
pub fn legs(
    input: &DayInput<'_>,
    findings: &[Finding],
    raws: impl FnOnce(&HashSet<Origin>) -> Raws,
) -> Vec<Vec<Leg>> {
    let wanted: HashSet<Number<'_>> = findings.iter().flat_map(numbers_of).collect();
    let places: HashSet<Origin> = findings.iter().filter_map(|found| found.origin).collect();
    let mut by_number: HashMap<Number<'_>, Vec<Line<'_>>> = HashMap::new();
    let mut by_place: HashMap<Origin, Line<'_>> = HashMap::new();
    for line in all(input) {
        if places.contains(&line.origin()) {
            by_place.insert(line.origin(), line);
        }
        for number in line.numbers() {
            if wanted.contains(&number) {
                let of = by_number.entry(number).or_default();
                if of.len() < Leg::MAX {
                    of.push(line);
                }
            }
        }
    }
    let of = |found: &Finding| {
        let own = found.origin.and_then(|origin| by_place.get(&origin));
        let related = numbers_of(found).filter_map(|number| by_number.get(&number)).flatten();
        let mut there = HashSet::new();
        let mut lines: Vec<Line<'_>> = own
            .into_iter()
            .chain(related)
            .filter(|line| there.insert(line.origin()))
            .take(Leg::MAX)
            .copied()
            .collect();
        // Files are sorted: ledger, statements, bank, agencies.
        lines.sort_by_key(|line| line.origin());
        lines
    };
    let lines: Vec<Vec<Line<'_>>> = findings.iter().map(of).collect();
    let raws = raws(&lines.iter().flatten().map(|line| line.origin()).collect());
    let one = |line: &Line<'_>| line.leg(input, &raws);
    lines.iter().map(|lines| lines.iter().map(one).collect()).collect()
}

fn all<'i>(input: &'i DayInput<'i>) -> impl Iterator<Item = Line<'i>> {
    let ledger = input.ledger.iter().map(Line::Ledger);
    let rail = input.lines.iter().map(Line::Rail);
    let credits = input.credits.unwrap_or_default().iter().map(Line::Credit);
    let said = input.confirmations.unwrap_or_default().iter().map(Line::Agency);
    let unread = input.quarantined.iter().map(Line::Quarantined);
    ledger.chain(rail).chain(credits).chain(said).chain(unread)
}

fn numbers_of(found: &Finding) -> impl Iterator<Item = Number<'_>> {
    [
        (Kind::Order, found.order_no.as_str()),
        (Kind::Txn, &found.txn_no),
        (Kind::Notice, &found.notice_no),
        (Kind::Credit, &found.credit_no),
    ]
    .into_iter()
    .filter(|(_, number)| !number.is_empty())
}

impl<'i> Line<'i> {
    const fn origin(&self) -> Origin {
        match self {
            Self::Ledger(line) => line.origin,
            Self::Rail(line) => line.origin,
            Self::Credit(line) => line.origin,
            Self::Agency(line) => line.origin,
            Self::Quarantined(line) => line.origin,
        }
    }

    fn numbers(&self) -> Vec<Number<'i>> {
        match self {
            Self::Ledger(line) => {
                let notices = line.notice_no.split(';');
                let notices = notices.map(|part| part.split('=').next().unwrap_or_default());
                let notices = notices.map(|notice| (Kind::Notice, notice));
                [(Kind::Order, line.order_no), (Kind::Txn, line.txn)]
                    .into_iter()
                    .chain(notices)
                    .collect()
            }
            Self::Rail(line) => vec![(Kind::Order, line.order_no), (Kind::Txn, line.txn)],
            Self::Credit(line) => vec![(Kind::Credit, line.credit_no)],
            Self::Agency(line) => {
                vec![(Kind::Notice, line.notice_no), (Kind::Txn, line.confirmation_no)]
            }
            Self::Quarantined(line) => vec![(Kind::Order, line.order_no)],
        }
    }

    fn leg(&self, input: &DayInput<'_>, raws: &Raws) -> Leg {
        let origin = self.origin();
        let file = input.files.get(usize::from(origin.file));
        let raw = match self {
            Self::Quarantined(line) => String::from_utf8_lossy(line.raw).into_owned(),
            Self::Ledger(_) | Self::Rail(_) | Self::Credit(_) | Self::Agency(_) => {
                raws.get(&origin).cloned().unwrap_or_default()
            }
        };
        let raw = raw.trim_end_matches(['\r', '\n']).to_owned();
        let fields = self.fields();
        let rail = match self {
            Self::Rail(line) => Some(line.rail),
            Self::Quarantined(line) => line.owner.map(|(rail, _)| rail),
            Self::Ledger(_) | Self::Credit(_) | Self::Agency(_) => None,
        };
        let personal = rail.map_or_else(Vec::new, |rail| personal(rail, &raw, &fields));
        let side = match file.map(|file| &file.role) {
            Some(FileRole::Ledger) | None => LegSide::Ledger,
            Some(FileRole::Statement) => LegSide::Rail,
            Some(FileRole::Bank) => LegSide::Bank,
            Some(FileRole::Agency) => LegSide::Agency,
        };
        let file = file.map_or_else(String::new, |file| file.name.clone());
        Leg { side, file, line_no: origin.line_no, raw, personal, fields }
    }

    fn fields(&self) -> Vec<(String, String)> {
        let fields: Vec<(&str, String)> = match self {
            Self::Ledger(line) => vec![
                ("类型", if line.kind == LedgerKind::Pay { "缴款" } else { "退款" }.to_owned()),
                ("订单号", line.order_no.to_owned()),
                ("退款单号", line.refund_no.to_owned()),
                ("渠道流水号", line.txn.to_owned()),
                ("金额（元）", line.amount.to_string()),
                ("状态", state(line.state).to_owned()),
                ("时间", beijing_time(line.at).strftime("%Y-%m-%d %H:%M:%S").to_string()),
                ("记账日", line.accounting_day.to_string()),
                ("已核对日", line.settled_on.map(|day| day.to_string()).unwrap_or_default()),
                ("渠道", line.rail.code().to_owned()),
                ("商户号", line.merchant_no.to_owned()),
                ("应用号", line.app_id.to_owned()),
                ("缴款码", line.notice_no.to_owned()),
                ("执收单位", line.agency_code.to_owned()),
                ("项目", line.item_code.to_owned()),
            ],
            Self::Rail(line) => vec![
                ("类型", if line.kind == RailLineKind::Pay { "缴款" } else { "退款" }.to_owned()),
                ("订单号", line.order_no.to_owned()),
                ("退款单号", line.refund_no.to_owned()),
                ("渠道流水号", line.txn.to_owned()),
                ("金额（元）", line.amount.to_string()),
                ("手续费（元）", line.fee.to_string()),
                ("状态", rail_state(line.kind).to_owned()),
                ("时间", beijing_time(line.at).strftime("%Y-%m-%d %H:%M:%S").to_string()),
                ("渠道", line.rail.code().to_owned()),
                ("商户号", line.merchant_no.to_owned()),
                ("应用号", line.app_id.to_owned()),
            ],
            Self::Credit(line) => vec![
                ("入账编号", line.credit_no.to_owned()),
                ("金额（元）", line.amount.to_string()),
                ("账户", line.account.to_owned()),
                ("起息日", line.value_day.to_string()),
                ("渠道", line.rail.map(|rail| rail.code().to_owned()).unwrap_or_default()),
                ("商户号", line.merchant_no.to_owned()),
                ("结算日", line.payout_day.map(|day| day.to_string()).unwrap_or_default()),
                ("执收单位", line.agency_code.to_owned()),
                ("项目", line.item_code.to_owned()),
            ],
            Self::Agency(line) => vec![
                (
                    "类型",
                    if line.kind == AgencyKind::WriteOff { "销账" } else { "票据" }.to_owned(),
                ),
                ("缴款码", line.notice_no.to_owned()),
                ("金额（元）", line.amount.to_string()),
                ("时间", beijing_time(line.at).strftime("%Y-%m-%d %H:%M:%S").to_string()),
                ("执收单位", line.agency_code.to_owned()),
                ("项目", line.item_code.to_owned()),
                ("确认编号", line.confirmation_no.to_owned()),
            ],
            Self::Quarantined(line) => vec![
                ("问题", line.reason.clone()),
                ("订单号", line.order_no.to_owned()),
                ("退款单号", line.refund_no.to_owned()),
                ("金额（元）", line.amount.map(|fen: Fen| fen.to_string()).unwrap_or_default()),
                ("手续费（元）", line.fee.map(|fen: Fen| fen.to_string()).unwrap_or_default()),
            ],
        };
        let some = fields.into_iter().filter(|(_, value)| !value.is_empty());
        some.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

const fn state(state: LedgerState) -> &'static str {
    match state {
        LedgerState::Submitted => "已提交",
        LedgerState::Unknown => "结果未知",
        LedgerState::Failed => "失败",
        LedgerState::Closed => "已关闭",
        LedgerState::Paid => "已缴",
        LedgerState::Succeeded => "已退",
    }
}

const fn rail_state(kind: RailLineKind) -> &'static str {
    match kind {
        RailLineKind::Pay => "已缴",
        RailLineKind::Refund => "已退",
        RailLineKind::ReturnedRefund => "退款被退回",
    }
}

/// Where WeChat Pay's trade bill has the payer's openid, and Alipay's the payer's account; counted from 0.
const OPENID: usize = 7;
const PAYER: usize = 10;

/// What of a rail's line is a citizen's: the openid, the account, the card.
fn personal(rail: Rail, raw: &str, fields: &[(String, String)]) -> Vec<String> {
    let column = |at: usize| {
        let value = raw.split(',').nth(at).unwrap_or_default();
        value.trim_matches(|letter: char| letter.is_whitespace() || letter == '`').to_owned()
    };
    let found = match rail {
        Rail::WeChatPay => BTreeSet::from([column(OPENID)]),
        Rail::Alipay => BTreeSet::from([column(PAYER)]),
        // Fixed widths: every number that is as long as a card's and was not read as something else.
        Rail::UnionPay => raw
            .split(|letter: char| !letter.is_ascii_digit() && letter != '*')
            .filter(|digits| (13..=19).contains(&digits.len()))
            .filter(|digits| !fields.iter().any(|(_, value)| value.contains(digits)))
            .map(str::to_owned)
            .collect(),
    };
    found.into_iter().filter(|part| !part.is_empty()).collect()
}

/// Lines of a table's file by their number, for those that are wanted.
pub fn lines_of(text: &[u8], file: u16, wanted: &HashSet<Origin>, into: &mut Raws) {
    let mut numbers: BTreeMap<u32, Origin> = BTreeMap::new();
    for origin in wanted.iter().filter(|origin| origin.file == file) {
        numbers.insert(origin.line_no, *origin);
    }
    let Some((last, _)) = numbers.last_key_value().map(|(no, of)| (*no, *of)) else { return };
    for (line_no, line) in (1..=last).zip(text.split(|byte| *byte == b'\n')) {
        if let Some(origin) = numbers.get(&line_no) {
            into.insert(*origin, String::from_utf8_lossy(line).into_owned());
        }
    }
}

//! The rail leg: payments, refunds and fees of the statements against the ledger.

use super::board::{Board, counts, signed, signed_line};
use super::verdict::{Finding, Placed};
use super::{LedgerKind, LedgerState, RailLine, RailLineKind};
use crate::money::Fen;
use crate::payment::Rail;
use crate::reconciliation::DiscrepancyCode as Code;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Finds ledger lines by their numbers.
struct Index<'a> {
    /// By order number of payments, by refund number of refunds.
    by_no: HashMap<(LedgerKind, &'a str), usize>,
    /// By the rail's number; `None` where several have it.
    by_txn: HashMap<(LedgerKind, Rail, &'a str), Option<usize>>,
}

/// Judges every line of the statements, then what of the ledger no line claims.
pub(super) fn judge(board: &mut Board<'_>) {
    let input = board.input;
    let index = index(board);
    let mut order: Vec<usize> = (0..input.lines.len()).collect();
    // By content: verdicts do not depend on where a line stands.
    order.sort_unstable_by(|a, b| by_content(&input.lines[*a], &input.lines[*b]));
    let singles = without_copies(board, &order);
    let groups = groups(board, &singles);
    // Whoever names an order by its own number claims it before anybody who knows its transaction only.
    let (named, strangers): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|(key, _)| index.by_no.contains_key(key));
    for (key, lines) in named {
        if let Some(record) = index.by_no.get(&key) {
            named_group(board, *record, &lines);
        }
    }
    for (_, lines) in strangers {
        stranger_group(board, &index, &lines);
    }
    unreadable(board);
    unclaimed(board);
    given_back_too_much(board);
    fees(board);
}

fn index<'a>(board: &Board<'a>) -> Index<'a> {
    let mut index = Index { by_no: HashMap::new(), by_txn: HashMap::new() };
    for (place, record) in board.input.ledger.iter().enumerate() {
        let no = match record.kind {
            LedgerKind::Pay => record.order_no,
            LedgerKind::Refund => record.refund_no,
        };
        index.by_no.insert((record.kind, no), place);
        if !record.txn.is_empty() {
            let of = index.by_txn.entry((record.kind, record.rail, record.txn));
            of.and_modify(|several| *several = None).or_insert(Some(place));
        }
    }
    index
}

const fn ledger_kind(kind: RailLineKind) -> LedgerKind {
    match kind {
        RailLineKind::Pay => LedgerKind::Pay,
        RailLineKind::Refund | RailLineKind::ReturnedRefund => LedgerKind::Refund,
    }
}

/// The number by which a line names what it tells of.
const fn own_no<'a>(line: &RailLine<'a>) -> &'a str {
    match line.kind {
        RailLineKind::Pay => line.order_no,
        RailLineKind::Refund | RailLineKind::ReturnedRefund => line.refund_no,
    }
}

fn by_content(a: &RailLine<'_>, b: &RailLine<'_>) -> Ordering {
    let key = |line: &RailLine<'_>| {
        (ledger_kind(line.kind), line.rail, line.at, line.amount, line.fee, line.kind)
    };
    (own_no(a), a.order_no)
        .cmp(&(own_no(b), b.order_no))
        .then_with(|| a.txn.cmp(b.txn))
        .then_with(|| key(a).cmp(&key(b)))
        .then_with(|| (a.merchant_no, a.app_id).cmp(&(b.merchant_no, b.app_id)))
}

/// Of lines that say the same, one counts: the rest is F04.
fn without_copies(board: &mut Board<'_>, order: &[usize]) -> Vec<usize> {
    let mut seen = HashSet::with_capacity(order.len());
    let mut singles = Vec::with_capacity(order.len());
    for place in order {
        let line = &board.input.lines[*place];
        let said = (line.rail, line.kind, line.order_no, line.refund_no, line.txn, line.amount);
        if seen.insert(said) {
            singles.push(*place);
        } else {
            repeated(board, *place, "明细与另一行完全相同，只计一次".to_owned());
        }
    }
    singles
}

fn repeated(board: &mut Board<'_>, place: usize, note: String) {
    let equation = Fen::new(signed_line(&board.input.lines[place]));
    let finding = board.of_line(place, Code::F04, Fen::ZERO, note);
    board.findings.push(Finding { equation, ..finding });
    board.place(place, (Placed::Exception, Some(Code::F04)));
}

type Groups<'a> = BTreeMap<(LedgerKind, &'a str), Vec<usize>>;

/// Lines that name the same order or refund; each that names none is a group of its own.
fn groups<'a>(board: &Board<'a>, singles: &[usize]) -> Vec<((LedgerKind, &'a str), Vec<usize>)> {
    let mut groups: Groups<'a> = BTreeMap::new();
    let mut nameless = Vec::new();
    for place in singles {
        let line = &board.input.lines[*place];
        match own_no(line) {
            "" => nameless.push(((ledger_kind(line.kind), ""), vec![*place])),
            no => groups.entry((ledger_kind(line.kind), no)).or_default().push(*place),
        }
    }
    groups.into_iter().chain(nameless).collect()
}

/// The lines of one order that we know, or of one refund.
fn named_group(board: &mut Board<'_>, record: usize, lines: &[usize]) {
    let input = board.input;
    let booked = &input.ledger[record];
    let rank = |place: &usize| {
        let line = &input.lines[*place];
        let same = !booked.txn.is_empty() && line.txn == booked.txn;
        (!same, !belongs(board, *place, record), line.at)
    };
    let mut ranked: Vec<usize> = lines.to_vec();
    // Sorted by content before: of equal rank the smaller number is first.
    ranked.sort_by_key(rank);
    let ambiguous = ranked.len() > 1 && rank(&ranked[0]) == rank(&ranked[1]);
    let settled = board.is_settled(booked);
    for (nth, place) in ranked.iter().enumerate() {
        let line = &input.lines[*place];
        let same_txn = booked.txn.is_empty() || line.txn.is_empty() || line.txn == booked.txn;
        if settled && same_txn && nth == 0 {
            let note = match booked.settled_on {
                Some(day) => format!("{day}的对账单已有这一行"),
                None => String::new(),
            };
            repeated(board, *place, note);
        } else if nth == 0 && !settled {
            board.claim(*place, record);
            first_line(board, *place, record, ambiguous);
        } else if !belongs(board, *place, record) {
            other_merchant(board, *place);
        } else {
            second_line(board, *place, record, ambiguous && nth == 1);
        }
    }
}

/// Whether the line is of the merchant and app by which the ledger's line was made.
fn belongs(board: &Board<'_>, place: usize, record: usize) -> bool {
    let (line, booked) = (&board.input.lines[place], &board.input.ledger[record]);
    board.is_ours(line)
        && line.rail == booked.rail
        && line.merchant_no == booked.merchant_no
        && (line.app_id.is_empty() || line.app_id == booked.app_id)
}

fn other_merchant(board: &mut Board<'_>, place: usize) {
    let line = &board.input.lines[place];
    let equation = Fen::new(signed_line(line));
    let note = format!(
        "商户号{}、应用号{}不是这笔订单的，请人工核对",
        shown(line.merchant_no),
        shown(line.app_id)
    );
    let finding = board.of_line(place, Code::L09, equation, note);
    board.findings.push(Finding { equation, ..finding });
    board.place(place, (Placed::Exception, Some(Code::L09)));
}

const fn shown(text: &str) -> &str {
    if text.is_empty() { "（空）" } else { text }
}

fn second_line(board: &mut Board<'_>, place: usize, record: usize, ambiguous: bool) {
    let equation = Fen::new(signed_line(&board.input.lines[place]));
    let no = board.input.ledger[record].txn;
    let (code, note) = match board.input.lines[place].kind {
        RailLineKind::Pay => {
            (Code::L07, format!("同一订单在渠道有两笔交易，平台已记{}，应退这一笔", shown(no)))
        }
        RailLineKind::Refund | RailLineKind::ReturnedRefund => {
            (Code::R05, format!("同一退款在渠道有两笔，平台已记{}", shown(no)))
        }
    };
    let finding = board.of_line(place, code, equation, note);
    board.findings.push(Finding { equation, ambiguous, ..finding });
    board.place(place, (Placed::Exception, Some(code)));
}

/// The line that claims what the ledger knows under this number.
fn first_line(board: &mut Board<'_>, place: usize, record: usize, ambiguous: bool) {
    let (line, booked) = (&board.input.lines[place], &board.input.ledger[record]);
    let (rail, ours) = (signed_line(line), signed(booked));
    // What the ledger already counts on the day is explained by its own line.
    let counted = if counts(booked) { ours } else { 0 };
    let beyond = Fen::new(rail - counted);
    let txn_differs = !booked.txn.is_empty() && !line.txn.is_empty() && line.txn != booked.txn;
    let order_differs = line.order_no != booked.order_no;
    let verdict = if !belongs(board, place, record) {
        let note = format!("商户号或应用号与平台记录的{}不符", booked.merchant_no);
        Some((Code::L09, Fen::new(rail), beyond, note))
    } else if txn_differs || order_differs {
        let note = if txn_differs {
            format!("订单号一致，渠道流水号与平台记录的{}不符", booked.txn)
        } else {
            format!("订单号与平台记录的{}不符", booked.order_no)
        };
        Some((Code::L09, Fen::new(rail), beyond, note))
    } else if !counts(booked) {
        Some(not_counted(booked.kind, booked.state, Fen::new(rail)))
    } else if rail != ours {
        Some(other_amount(booked.kind, rail, ours))
    } else {
        None
    };
    match verdict {
        Some((code, at_risk, equation, note)) => {
            let finding = board.of_line(place, code, at_risk, note);
            board.findings.push(Finding { equation, ambiguous, ..finding });
            board.place(place, (Placed::Exception, Some(code)));
        }
        None if booked.accounting_day != board.input.rules.day => {
            let note = format!("平台记在{}，对账单在另一日，结转", booked.accounting_day);
            let finding = board.of_line(place, Code::L11, Fen::ZERO, note);
            board.findings.push(Finding { ambiguous, ..finding });
            board.place(place, (Placed::Carried, Some(Code::L11)));
        }
        None => board.place(place, (Placed::Matched, None)),
    }
    if line.kind == RailLineKind::ReturnedRefund {
        let note = "退款在渠道被退回，缴款人还没有收到，请改退其他账户".to_owned();
        let finding = board.of_line(place, Code::R04, line.amount, note);
        board.findings.push(finding);
        if board.lines[place].0 == Placed::Matched {
            board.place(place, (Placed::Exception, Some(Code::R04)));
        }
    }
}

type Verdict = (Code, Fen, Fen, String);

fn not_counted(kind: LedgerKind, state: LedgerState, rail: Fen) -> Verdict {
    match (kind, state) {
        (LedgerKind::Refund, _) => {
            (Code::R02, rail, rail, "渠道已退款，平台记为退款失败".to_owned())
        }
        (LedgerKind::Pay, LedgerState::Closed) => {
            (Code::L10, rail, rail, "订单已关闭，之后渠道收到款项".to_owned())
        }
        (LedgerKind::Pay, _) => (Code::L02, rail, rail, "渠道已收款，平台尚未成功".to_owned()),
    }
}

/// Both count it, and differ.
fn other_amount(kind: LedgerKind, rail: i64, ours: i64) -> Verdict {
    let beyond = Fen::new(rail - ours);
    let note = format!(
        "渠道{}元，平台{}元",
        Fen::new(rail.saturating_abs()),
        Fen::new(ours.saturating_abs())
    );
    let code = match kind {
        LedgerKind::Refund => Code::R03,
        LedgerKind::Pay if rail == ours.saturating_mul(100) || ours == rail.saturating_mul(100) => {
            Code::L06
        }
        LedgerKind::Pay if ours > rail => Code::L04,
        LedgerKind::Pay => Code::L05,
    };
    (code, beyond, beyond, note)
}

/// Lines under a number that the ledger does not know.
fn stranger_group(board: &mut Board<'_>, index: &Index<'_>, lines: &[usize]) {
    for place in lines {
        let line = &board.input.lines[*place];
        let known = match line.txn {
            "" => None,
            txn => index.by_txn.get(&(ledger_kind(line.kind), line.rail, txn)).copied().flatten(),
        };
        if let Some(record) = known {
            let booked = &board.input.ledger[record];
            let free = board.claimed_by[record].is_none() && !board.is_settled(booked);
            let rail = signed_line(line);
            let counted = if free && counts(booked) { signed(booked) } else { 0 };
            if free {
                board.claim(*place, record);
            }
            let note = format!("渠道流水号是订单{}的，订单号不符", booked.order_no);
            let finding = board.of_line(*place, Code::L09, Fen::new(rail), note);
            board.findings.push(Finding { equation: Fen::new(rail - counted), ..finding });
            board.place(*place, (Placed::Exception, Some(Code::L09)));
        } else if board.is_ours(line) {
            alone(board, *place);
        } else {
            other_merchant(board, *place);
        }
    }
}

fn alone(board: &mut Board<'_>, place: usize) {
    let line = &board.input.lines[place];
    let rail = Fen::new(signed_line(line));
    let (code, note) = match line.kind {
        RailLineKind::Pay => (Code::L01, "平台没有这个订单，请查找后退款或补单"),
        RailLineKind::Refund | RailLineKind::ReturnedRefund => {
            (Code::R02, "平台没有这笔退款，请查明是谁退的")
        }
    };
    let finding = board.of_line(place, code, rail, note.to_owned());
    board.findings.push(Finding { equation: rail, ..finding });
    board.place(place, (Placed::Exception, Some(code)));
}

/// Lines that could not be read. They explain nothing: what the ledger counts is missed until they are mended.
fn unreadable(board: &mut Board<'_>) {
    for line in board.input.quarantined {
        let amount = line.amount.unwrap_or(Fen::ZERO);
        let (rail, merchant_no) =
            line.owner.map_or(("", ""), |(rail, merchant_no)| (rail.code(), merchant_no));
        board.findings.push(Finding {
            equation: if line.owner.is_some() { amount } else { Fen::ZERO },
            rail,
            merchant_no: merchant_no.to_owned(),
            order_no: line.order_no.to_owned(),
            refund_no: line.refund_no.to_owned(),
            origin: Some(line.origin),
            ..board.blank(Code::F05, amount, line.reason.clone())
        });
    }
}

/// What the ledger counts on the day, and no statement shows.
fn unclaimed(board: &mut Board<'_>) {
    for (place, record) in board.input.ledger.iter().enumerate() {
        let open = board.claimed_by[place].is_none() && board.ledger[place].0 == Placed::Explains;
        if !open || !board.is_booked(record) {
            continue;
        }
        let waits = !board.trusts(record.rail, record.merchant_no);
        if waits || board.is_settled(record) {
            board.ledger[place] = (Placed::Carried, None);
        } else if board.is_at_the_cut(record.at) {
            let note = "日切前的交易，结转到次日对账单".to_owned();
            board.findings.push(board.of_record(place, Code::L11, Fen::ZERO, note));
            board.ledger[place] = (Placed::Carried, Some(Code::L11));
        } else {
            let missing = Fen::new(-signed(record));
            let (code, note) = match record.kind {
                LedgerKind::Pay => (Code::L03, "平台已记收款，对账单没有这一笔，请向渠道查询"),
                LedgerKind::Refund => (Code::R01, "平台已记退款，对账单没有这一笔，请查询退款"),
            };
            let finding = board.of_record(place, code, missing, note.to_owned());
            board.findings.push(Finding { equation: missing, ..finding });
            board.ledger[place] = (Placed::Exception, Some(code));
        }
    }
}

/// Refunds that agree one by one and are more than was paid all together.
fn given_back_too_much(board: &mut Board<'_>) {
    let input = board.input;
    let mut explained: HashSet<&str> = HashSet::new();
    for (place, line) in input.lines.iter().enumerate() {
        if matches!(board.lines[place].1, Some(Code::R02 | Code::R03 | Code::R05)) {
            explained.insert(line.order_no);
        }
    }
    let mut paid: HashMap<&str, i64> = HashMap::new();
    let mut back: BTreeMap<&str, (i64, Vec<usize>)> = BTreeMap::new();
    for (place, record) in input.ledger.iter().enumerate() {
        if record.kind == LedgerKind::Pay {
            paid.insert(record.order_no, record.amount.value());
            continue;
        }
        let came_back = board.claimed_by[place]
            .is_some_and(|line| input.lines[line as usize].kind == RailLineKind::ReturnedRefund);
        let seen = board.claimed_by[place].is_some();
        let before = record.accounting_day < input.rules.day;
        if counts(record) && !came_back && (seen || before) {
            let of = back.entry(record.order_no).or_default();
            of.0 = of.0.saturating_add(record.amount.value());
            if seen {
                of.1.push(place);
            }
        }
    }
    for (order_no, (sum, mut of)) in back {
        let Some(paid) = paid.get(order_no) else { continue };
        if sum <= *paid || explained.contains(order_no) {
            continue;
        }
        // The last one went too far.
        of.sort_by_key(|place| (input.ledger[*place].at, input.ledger[*place].refund_no));
        let last = of.last().and_then(|place| board.claimed_by[*place]);
        if let Some(line) = last.map(|line| line as usize) {
            let note = format!("共退{}元，超过实缴{}元", Fen::new(sum), Fen::new(*paid));
            board.findings.push(board.of_line(line, Code::R03, Fen::new(paid - sum), note));
            board.place(line, (Placed::Exception, Some(Code::R03)));
        }
    }
}

/// What the agreed rate makes of an amount, half a fen upwards.
pub fn agreed_fee(amount: Fen, ppm: u32) -> Fen {
    let exact = i128::from(amount.value()) * i128::from(ppm);
    let rounded = (exact + 500_000).div_euclid(1_000_000);
    Fen::new(i64::try_from(rounded).unwrap_or(i64::MAX))
}

fn fees(board: &mut Board<'_>) {
    let input = board.input;
    let rates: HashMap<(Rail, &str), u32> = input
        .rules
        .merchants
        .iter()
        .map(|merchant| ((merchant.rail, merchant.merchant_no.as_str()), merchant.fee_ppm))
        .collect();
    for (place, line) in input.lines.iter().enumerate() {
        if matches!(board.lines[place].1, Some(Code::F04 | Code::L09)) {
            continue;
        }
        let Some(ppm) = rates.get(&(line.rail, line.merchant_no)) else { continue };
        let agreed = agreed_fee(line.amount, *ppm).value();
        let agreed = if line.kind == RailLineKind::Pay { agreed } else { -agreed };
        let beyond = line.fee.value().saturating_sub(agreed);
        if beyond.saturating_abs() > input.rules.fee_tolerance.value() {
            let note = format!("渠道收{}元，按约定费率应为{}元", line.fee, Fen::new(agreed));
            board.findings.push(board.of_line(place, Code::C01, Fen::new(beyond), note));
            if board.lines[place].0 == Placed::Matched {
                board.place(place, (Placed::Exception, Some(Code::C01)));
            }
        }
    }
}

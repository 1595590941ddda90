//! The bank leg: what each merchant's day pays out, against what was credited.

use super::board::{Board, signed_line};
use super::verdict::{Finding, Placed};
use super::{CreditLine, MerchantRule};
use crate::clock::from_beijing;
use crate::money::Fen;
use crate::payment::Rail;
use crate::reconciliation::DiscrepancyCode as Code;
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// One payout: of one merchant and day.
#[derive(Debug, Clone)]
pub(super) struct Payout {
    pub rail: Rail,
    pub merchant_no: String,
    pub day: Date,
    pub net: i64,
    /// The credit that brought it.
    pub credit: Option<usize>,
}

/// What was expected, and what became of it. `None` where the bank was not asked.
pub(super) fn judge(board: &mut Board<'_>) -> Option<Vec<Payout>> {
    let credits = board.input.credits?;
    let mut payouts = expected(board);
    let order = without_copies(board, credits);
    let (named, rest): (Vec<_>, Vec<_>) = order.into_iter().partition(|place| {
        !credits[*place].merchant_no.is_empty() && credits[*place].payout_day.is_some()
    });
    let mut of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for place in named {
        match by_name(&payouts, &credits[place]) {
            One::Is(payout) => of.entry(payout).or_default().push(place),
            One::None if waits(board, &credits[place]) => carried(board, place),
            One::None => unknown(board, place, false),
            One::Several => unknown(board, place, true),
        }
    }
    for (payout, mut places) in of {
        // The one that brought just that much is the one; else the first.
        places.sort_by_key(|place| credits[*place].amount.value() != payouts[payout].net);
        let alike = |place: &usize| credits[*place].amount == credits[places[0]].amount;
        let ambiguous = places.iter().filter(|place| alike(place)).count() > 1;
        payouts[payout].credit = Some(places[0]);
        brought(board, &payouts[payout], places[0]);
        for place in &places[1..] {
            unknown(board, *place, ambiguous && alike(place));
        }
    }
    by_amount(board, &mut payouts, credits, &rest);
    for payout in &payouts {
        if payout.credit.is_none() && is_due(board, payout) {
            not_there(board, payout);
        }
    }
    Some(payouts)
}

/// Of credits that are the same in everything, one counts. Sorted by content.
fn without_copies(board: &mut Board<'_>, credits: &[CreditLine<'_>]) -> Vec<usize> {
    let said = |place: &usize| {
        let credit = &credits[*place];
        let whose = (credit.rail, credit.merchant_no, credit.payout_day, credit.agency_code);
        (credit.credit_no, credit.amount, credit.account, credit.value_day, credit.item_code, whose)
    };
    let mut order: Vec<usize> = (0..credits.len()).collect();
    order.sort_by(|a, b| said(a).cmp(&said(b)));
    let mut singles: Vec<usize> = Vec::with_capacity(order.len());
    for place in order {
        if singles.last().is_some_and(|before| said(before) == said(&place)) {
            let note = "到账与另一行完全相同，只计一次".to_owned();
            let finding = of_credit(board, place, Code::F04, Fen::ZERO, note);
            board.findings.push(finding);
            board.credits[place] = (Placed::Exception, Some(Code::F04));
        } else {
            singles.push(place);
        }
    }
    singles
}

enum One {
    Is(usize),
    None,
    Several,
}

impl One {
    fn of(mut found: impl Iterator<Item = usize>) -> Self {
        match (found.next(), found.next()) {
            (None, _) => Self::None,
            (Some(one), None) => Self::Is(one),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

fn expected(board: &Board<'_>) -> Vec<Payout> {
    let input = board.input;
    let mut nets: Nets<'_> = BTreeMap::new();
    for statement in input.statements {
        nets.insert((statement.rail, &statement.merchant_no), Some(0));
    }
    type Nets<'n> = BTreeMap<(Rail, &'n str), Option<i64>>;
    fn add<'n>(nets: &mut Nets<'n>, owner: (Rail, &'n str), fen: Option<i64>) {
        if let Some(net) = nets.get_mut(&owner) {
            *net = net.zip(fen).and_then(|(net, fen)| net.checked_add(fen));
        }
    }
    for (place, line) in input.lines.iter().enumerate() {
        let owner = input.owner_of(place);
        add(&mut nets, owner, signed_line(line).checked_sub(line.fee.value()));
    }
    for line in input.quarantined {
        if let Some(owner) = line.owner {
            let net = line.amount.zip(line.fee);
            add(&mut nets, owner, net.and_then(|(fen, fee)| fen.value().checked_sub(fee.value())));
        }
    }
    for (rail, merchant_no, sifted) in input.sifted {
        add(&mut nets, (*rail, merchant_no), sifted.paid.value().checked_sub(sifted.fees.value()));
    }
    let of_today = input.statements.iter().filter_map(|statement| {
        let summed = nets.get(&(statement.rail, &*statement.merchant_no)).copied().flatten();
        // Where a line cannot be read the file's own totals know.
        let net = summed.or(statement.net.map(Fen::value))?;
        let (rail, merchant_no) = (statement.rail, statement.merchant_no.clone());
        Some(Payout { rail, merchant_no, day: input.rules.day, net, credit: None })
    });
    let before = input.rules.open_payouts.iter().map(|open| Payout {
        rail: open.rail,
        merchant_no: open.merchant_no.clone(),
        day: open.day,
        net: open.net.value(),
        credit: None,
    });
    let mut payouts: Vec<_> = of_today.chain(before).filter(|payout| payout.net > 0).collect();
    payouts.sort_by(|a, b| (a.rail, &a.merchant_no, a.day).cmp(&(b.rail, &b.merchant_no, b.day)));
    payouts
}

fn by_name(payouts: &[Payout], credit: &CreditLine<'_>) -> One {
    let fits = |payout: &Payout| {
        payout.merchant_no == credit.merchant_no
            && Some(payout.day) == credit.payout_day
            && credit.rail.is_none_or(|rail| rail == payout.rail)
    };
    One::of(payouts.iter().enumerate().filter(|(_, payout)| fits(payout)).map(|(at, _)| at))
}

/// Credits that do not say whose they are: found by amount, if that is unmistakable.
fn by_amount(
    board: &mut Board<'_>,
    payouts: &mut [Payout],
    credits: &[CreditLine<'_>],
    rest: &[usize],
) {
    // Those that name their merchant first: they know more.
    let (with, without): (Vec<usize>, Vec<usize>) =
        rest.iter().partition(|place| !credits[**place].merchant_no.is_empty());
    for places in [with, without] {
        let open: BTreeSet<usize> =
            (0..payouts.len()).filter(|at| payouts[*at].credit.is_none()).collect();
        for place in places {
            let credit = &credits[place];
            let fits = |at: &usize| {
                let payout = &payouts[*at];
                let whose = match credit.merchant_no {
                    "" => account_of(board, payout) == Some(credit.account),
                    merchant_no => payout.merchant_no == merchant_no,
                };
                whose
                    && payout.net == credit.amount.value()
                    && credit.rail.is_none_or(|rail| rail == payout.rail)
                    && credit.payout_day.is_none_or(|day| day == payout.day)
            };
            match One::of(open.iter().copied().filter(fits)) {
                One::Is(at) if payouts[at].credit.is_none() => {
                    payouts[at].credit = Some(place);
                    brought(board, &payouts[at].clone(), place);
                }
                // Another credit of the same amount came for it: which one, nobody can say.
                One::Is(_) | One::Several => unknown(board, place, true),
                One::None if waits(board, credit) => carried(board, place),
                One::None => unknown(board, place, false),
            }
        }
    }
}

fn rule_of<'a>(board: &Board<'a>, payout: &Payout) -> Option<&'a MerchantRule> {
    let merchants = &board.input.rules.merchants;
    merchants.iter().find(|m| m.rail == payout.rail && m.merchant_no == payout.merchant_no)
}

fn account_of<'a>(board: &Board<'a>, payout: &Payout) -> Option<&'a str> {
    rule_of(board, payout).map(|rule| rule.account.as_str())
}

/// Whether the credit may be the payout of a statement that is not there yet.
fn waits(board: &Board<'_>, credit: &CreditLine<'_>) -> bool {
    let rules = board.input.rules;
    rules.merchants.iter().any(|merchant| {
        let whose = match credit.merchant_no {
            "" => merchant.account == credit.account,
            merchant_no => merchant.merchant_no == merchant_no,
        };
        whose
            && credit.rail.is_none_or(|rail| rail == merchant.rail)
            && credit.payout_day.is_none_or(|day| day == rules.day)
            && !board.trusts(merchant.rail, &merchant.merchant_no)
    })
}

fn carried(board: &mut Board<'_>, place: usize) {
    board.credits[place] = (Placed::Carried, None);
}

/// The payout came: in the right amount, to the right account?
fn brought(board: &mut Board<'_>, payout: &Payout, place: usize) {
    let Some(credit) = board.input.credits.map(|credits| &credits[place]) else { return };
    let beyond = credit.amount.value().saturating_sub(payout.net);
    if beyond != 0 {
        let note = format!("应到{}元，实到{}元", Fen::new(payout.net), credit.amount);
        let finding = of_credit(board, place, Code::B03, Fen::new(beyond), note);
        board.findings.push(Finding { rail: payout.rail.code(), ..finding });
    }
    let Some(rule) = rule_of(board, payout) else { return };
    let wrong_item = !credit.item_code.is_empty()
        && !rule.item_codes.is_empty()
        && !rule.item_codes.iter().any(|code| code == credit.item_code);
    if credit.account != rule.account || wrong_item {
        let note = if wrong_item {
            format!("入了收入科目{}，不是这个商户号的", credit.item_code)
        } else {
            format!("入了账户{}，应入{}", credit.account, rule.account)
        };
        let finding = of_credit(board, place, Code::B04, credit.amount, note);
        board.findings.push(Finding { rail: payout.rail.code(), ..finding });
    }
    let found = board.findings.iter().rev().take(2);
    let code = found.filter(|f| f.credit_no == credit.credit_no).map(|f| f.code).min();
    if code.is_some() {
        board.credits[place] = (Placed::Exception, code);
    }
}

fn of_credit(board: &Board<'_>, place: usize, code: Code, at_risk: Fen, note: String) -> Finding {
    let blank = board.blank(code, at_risk, note);
    match board.input.credits.map(|credits| &credits[place]) {
        None => blank,
        Some(credit) => Finding {
            rail: credit.rail.map_or("", Rail::code),
            merchant_no: credit.merchant_no.to_owned(),
            credit_no: credit.credit_no.to_owned(),
            origin: Some(credit.origin),
            ..blank
        },
    }
}

fn unknown(board: &mut Board<'_>, place: usize, ambiguous: bool) {
    let Some(amount) = board.input.credits.map(|credits| credits[place].amount) else { return };
    let note = match ambiguous {
        true => "有两笔同样相符的应到款，无法确定是哪一笔，请查明后认领",
        false => "没有对应的应到款，请查明来款后认领或退回",
    };
    let finding = of_credit(board, place, Code::B02, amount, note.to_owned());
    board.findings.push(Finding { ambiguous, ..finding });
    board.credits[place] = (Placed::Exception, Some(Code::B02));
}

/// At 10:00 of the day so many days after its own.
pub(super) fn is_due(board: &Board<'_>, payout: &Payout) -> bool {
    let rules = board.input.rules;
    let due_day = payout.day.checked_add(i64::from(rules.payout_due_days).days());
    let due = due_day.ok().and_then(|day| from_beijing(day.at(10, 0, 0, 0)));
    due.is_some_and(|due| rules.judged_at >= due)
}

fn not_there(board: &mut Board<'_>, payout: &Payout) {
    let net = Fen::new(-payout.net);
    let note = format!("{}应到{}元，没有到账", payout.day, Fen::new(payout.net));
    board.findings.push(Finding {
        rail: payout.rail.code(),
        merchant_no: payout.merchant_no.clone(),
        credit_no: format!("{}/{}", payout.merchant_no, payout.day),
        ..board.blank(Code::B01, net, note)
    });
}

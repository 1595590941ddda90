//! The invariants that hold at every step, checked on what the step has changed.

use super::citizen::Answer;
use super::rail::{Standing, place_of};
use super::world::Core;
use domain::fakes::Stored;
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::notice::NoticeNo;
use domain::payment::{
    Account, Entry, Journal, JournalKind, OutboxItem, OutboxKind, Payment, PaymentState,
    PaymentStatus, RailOrder, RefundOrigin, Side, WantedPayment,
};
use domain::receipt::WriteOff;
use std::collections::{BTreeMap, BTreeSet};

/// What was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `M1` to `M16`.
    pub invariant: &'static str,
    /// A sentence.
    pub text: String,
}

/// The ledger as rows: what stands on each side of each account.
#[derive(Debug, Default)]
pub struct Ledger {
    pub balances: BTreeMap<Account, [i64; 2]>,
    sides: [i64; 2],
}

impl Ledger {
    pub fn write(&mut self, entry: &Entry) {
        let side = usize::from(entry.side == Side::Credit);
        self.balances.entry(entry.account.clone()).or_default()[side] += entry.amount.value();
        self.sides[side] += entry.amount.value();
    }

    pub fn sum(&self, side: Side) -> Fen {
        Fen::new(self.sides[usize::from(side == Side::Credit)])
    }
}

/// What the checks remember, beside the store.
#[derive(Debug, Default)]
pub struct Checks {
    pub violation: Option<Violation>,
    pub ledger: Ledger,
    status: BTreeMap<PaymentNo, PaymentStatus>,
    /// Where each payment stands or stood.
    has_been: BTreeSet<(PaymentNo, &'static str)>,
    of_notice: BTreeMap<NoticeNo, Vec<PaymentNo>>,
    honoured: BTreeMap<NoticeNo, BTreeSet<PaymentNo>>,
    /// Person and key; the payment, and since when it is known.
    keys: BTreeMap<(String, String), (PaymentNo, i64)>,
    /// Callbacks that a rail sent.
    pub genuine: BTreeSet<String>,
}

impl Checks {
    /// The first violation counts.
    pub fn broke(&mut self, invariant: &'static str, text: String) {
        self.violation.get_or_insert(Violation { invariant, text });
    }
}

/// Does the money of this state count for its notices?
pub fn is_honoured(state: &PaymentState) -> bool {
    match state {
        PaymentState::Paid(_)
        | PaymentState::Refunding(_, RefundOrigin::Paid)
        | PaymentState::PartiallyRefunded(_, RefundOrigin::Paid)
        | PaymentState::Refunded(_, RefundOrigin::Paid) => true,
        PaymentState::Submitted
        | PaymentState::Unknown
        | PaymentState::UnderReview(_)
        | PaymentState::Closed
        | PaymentState::RefundDue(_)
        | PaymentState::Refunding(_, RefundOrigin::RefundDue)
        | PaymentState::PartiallyRefunded(_, RefundOrigin::RefundDue)
        | PaymentState::Refunded(_, RefundOrigin::RefundDue) => false,
    }
}

/// A node's step wrote to this payment.
pub fn touched(core: &mut Core, stored: &Stored) {
    let payment = &stored.payment;
    let status = payment.state.status();
    let before = core.checks.status.insert(payment.no.clone(), status);
    if before != Some(status) {
        core.checks.has_been.insert((payment.no.clone(), status.code()));
        core.note(status.code(), payment.no.as_str(), payment.amount.fen().value());
        match before {
            None => started(core, payment),
            Some(before) => moved(core, payment, before, status),
        }
        if payment.state.money().is_some() {
            money_is_real(core, stored);
        }
    }
    effects(core, stored);
    let (debits, credits) =
        (core.checks.ledger.sum(Side::Debit), core.checks.ledger.sum(Side::Credit));
    if debits != credits {
        let text = format!("debits {debits} and credits {credits} after {}", payment.no);
        core.checks.broke("M1", text);
    }
}

fn started(core: &mut Core, payment: &Payment) {
    let no = &payment.no;
    let items = payment.notices.iter().flat_map(|notice| &notice.items);
    let items = Fen::sum(items.map(|item| item.amount));
    if items != Ok(payment.amount.fen()) && !payment.notices.is_empty() {
        core.checks.broke("M10", format!("{no}: items {items:?}, amount {}", payment.amount));
    }
    super::check_price::is_as_quoted(core, payment);
    for notice in &payment.notices {
        let earlier = core.checks.of_notice.entry(notice.no.clone()).or_default();
        earlier.push(no.clone());
        let open = earlier.iter().filter(|other| *other != no).find(|other| {
            let status = core.checks.status.get(*other);
            matches!(status, Some(PaymentStatus::Submitted | PaymentStatus::Unknown))
        });
        if let Some(open) = open {
            let text = format!("{no} was let in while {open} may still be paid");
            core.checks.broke("M9", text);
        }
    }
}

/// The edges of the state machine, written down a second time.
fn is_edge(from: PaymentStatus, to: PaymentStatus) -> bool {
    use PaymentStatus as S;
    let next: &[S] = match from {
        S::Submitted | S::Unknown => {
            &[S::Submitted, S::Unknown, S::Paid, S::UnderReview, S::Closed]
        }
        S::Closed => &[S::Paid, S::RefundDue],
        S::Paid | S::RefundDue | S::PartiallyRefunded => &[S::Refunding],
        S::Refunding => &[S::PartiallyRefunded, S::Refunded, S::Paid, S::RefundDue],
        S::UnderReview => &[S::RefundDue],
        S::Refunded => &[],
    };
    next.contains(&to)
}

fn moved(core: &mut Core, payment: &Payment, before: PaymentStatus, status: PaymentStatus) {
    let no = &payment.no;
    if !is_edge(before, status) {
        let text = format!("{no} went from {} to {}", before.code(), status.code());
        core.checks.broke("M4", text);
    }
    match status {
        PaymentStatus::Closed if !is_provably_closed(core, payment) => {
            let text = format!("{no} is closed here, and its rail may still take money");
            core.checks.broke("M9", text);
        }
        PaymentStatus::Submitted
        | PaymentStatus::Unknown
        | PaymentStatus::UnderReview
        | PaymentStatus::Paid
        | PaymentStatus::RefundDue
        | PaymentStatus::Closed
        | PaymentStatus::Refunding
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded => {}
    }
    for notice in payment.notices.iter().filter(|_| is_honoured(&payment.state)) {
        let honoured = core.checks.honoured.entry(notice.no.clone()).or_default();
        honoured.insert(no.clone());
        if honoured.len() > 1 {
            let text = format!("{} is paid by {honoured:?}", notice.no);
            core.checks.broke("M3", text);
        }
    }
}

/// Has the rail said, or is it certain, that it takes nothing for this order?
fn is_provably_closed(core: &Core, payment: &Payment) -> bool {
    let truth = &core.rails[place_of(payment.rail)];
    let no = payment.no.as_str();
    if let Some(order) = truth.orders.get(no) {
        return order.said_closed;
    }
    // Never arrived: refused at the door, or too late to be opened there.
    truth.refused.contains(no) || core.now >= payment.expires_at.as_millisecond()
}

/// No success without evidence, and no evidence of what did not happen.
fn money_is_real(core: &mut Core, stored: &Stored) {
    let payment = &stored.payment;
    let no = &payment.no;
    let order = core.rails[place_of(payment.rail)].orders.get(no.as_str());
    let real = match order.map(|order| &order.standing) {
        Some(Standing::Paid(money)) => Some(money),
        Some(Standing::Open | Standing::Closed) | None => None,
    };
    if real != payment.state.money() {
        let text = format!("{no} has {:?}, the rail {real:?}", payment.state.money());
        core.checks.broke("M7", text);
    }
    let evidence = stored.history.last().and_then(|record| record.evidence.as_deref());
    let genuine = evidence.is_some_and(|word| match word.strip_prefix("callback:") {
        Some(event) => core.checks.genuine.contains(event),
        None => word.starts_with("answer:") || word.starts_with("statement:"),
    });
    // That it goes back after a review, two persons have decided; that it came was proved before.
    let review = core.checks.has_been.contains(&(no.clone(), PaymentStatus::UnderReview.code()));
    let decided = review && evidence.is_some_and(|word| word.starts_with("decision:"));
    let came = [PaymentStatus::Paid, PaymentStatus::UnderReview, PaymentStatus::RefundDue];
    if !genuine && !decided && came.contains(&payment.state.status()) {
        core.checks.broke("M7", format!("{no} has money by {evidence:?}, which is no evidence"));
    }
    let takings = takings(stored).count();
    if takings != 1 {
        let text = format!("{no} has money in {takings} journals");
        core.checks.broke("M3", text);
    }
    super::check_price::is_shared_out(core, stored);
    gives_back_what_it_has(core, stored);
}

/// The journals of a payment that book its money coming in, not where it goes from there.
pub fn takings(stored: &Stored) -> impl Iterator<Item = &Journal> {
    let kinds = [JournalKind::Paid, JournalKind::HeldForReview, JournalKind::OwedBack];
    stored.journals.iter().filter(move |journal| kinds.contains(&journal.kind))
}

/// What left by refunds is at most what came.
fn gives_back_what_it_has(core: &mut Core, stored: &Stored) {
    let left = stored.journals.iter().filter(|journal| journal.kind == JournalKind::RefundDone);
    let entries = left.flat_map(Journal::entries).filter(|entry| entry.side == Side::Debit);
    let left: i64 = entries.map(|entry| entry.amount.value()).sum();
    let came = stored.payment.state.money().map_or(0, |money| money.amount.fen().value());
    if left > came {
        let text = format!("{}: {left} fen left of {came}", stored.payment.no);
        core.checks.broke("M2", text);
    }
}

/// Exactly the rows of the outbox that the money owes.
fn effects(core: &mut Core, stored: &Stored) {
    let payment = &stored.payment;
    let mut owed = Vec::new();
    for notice in payment.notices.iter().filter(|_| is_honoured(&payment.state)) {
        let (payment_no, notice_no) = (payment.no.clone(), notice.no.clone());
        for kind in [OutboxKind::WriteOff, OutboxKind::IssueReceipt] {
            let (payment_no, notice_no) = (payment_no.clone(), notice_no.clone());
            owed.push(OutboxItem { payment_no, notice_no, kind });
        }
    }
    let mut rows: Vec<_> = stored.outbox.iter().map(|row| row.item.clone()).collect();
    owed.sort();
    rows.sort();
    if owed != rows {
        let text = format!("{} owes {} effects and has {}", payment.no, owed.len(), rows.len());
        core.checks.broke("M5", text);
    }
}

/// The same key, the same payment, for ever: a request that is sent when the key is known is
/// answered with its payment, or not at all.
pub fn key_answered(
    core: &mut Core,
    citizen: usize,
    wanted: &WantedPayment,
    sent_at: i64,
    answer: &Answer,
) {
    let name = (core.citizens[citizen].person.clone(), wanted.key.as_str().to_owned());
    let now = core.now;
    let named = match answer {
        Answer::Started { no, .. } => Some(no),
        Answer::Refused(_, None) => None,
        Answer::Refused(_, Some(_))
        | Answer::Quoted(..)
        | Answer::Linked(_)
        | Answer::Shows(_)
        | Answer::Later
        | Answer::Done => return,
    };
    match (core.checks.keys.get(&name), named) {
        (Some((known, _)), Some(no)) if known != no => {
            let text = format!("{} made {known}, and now {no}", wanted.key);
            core.checks.broke("M6", text);
        }
        (Some((known, since)), None) if *since < sent_at => {
            let text = format!("{} made {known}, and is refused now", wanted.key);
            core.checks.broke("M6", text);
        }
        (Some(_), _) | (None, None) => {}
        (None, Some(no)) => {
            core.checks.keys.insert(name, (no.clone(), now));
        }
    }
}

/// A citizen is told that nothing was paid and nothing can be.
pub fn shown_as_failed(core: &mut Core, no: &PaymentNo) {
    let status = core.truth.stored(no).map(|stored| stored.payment.state.status());
    let open = [Some(PaymentStatus::Submitted), Some(PaymentStatus::Unknown)];
    if open.contains(&status) {
        core.checks.broke("M9", format!("{no} was shown as failed, and is open"));
    }
}

/// A citizen reads where the payment stands: there it must have been.
pub fn shown_as(core: &mut Core, no: &PaymentNo, status: PaymentStatus) {
    if !core.checks.has_been.contains(&(no.clone(), status.code())) {
        let text = format!("{no} was shown as {}, where it never was", status.code());
        core.checks.broke("M9", text);
    }
}

/// An order reaches a rail.
pub fn order_placed(core: &mut Core, order: &RailOrder) {
    let payment = core.truth.stored(&order.no).map(|stored| stored.payment);
    if payment.is_none_or(|payment| payment.amount != order.amount) {
        let text = format!("{} is ordered as {}", order.no, order.amount);
        core.checks.broke("M10", text);
    }
}

/// The agency is told of a payment.
pub fn write_off_arrives(core: &mut Core, told: &WriteOff) {
    let paid = core.truth.stored(&told.payment_no);
    if paid.is_none_or(|stored| !is_honoured(&stored.payment.state)) {
        core.checks.broke("M8", format!("{} is written off unpaid", told.notice_no));
    }
    let known = core.gateway.written_off.get(&told.notice_no);
    if known.is_some_and(|known| known.payment_no == told.payment_no && known != told) {
        core.checks.broke("M8", format!("{} is written off twice", told.notice_no));
    }
}

/// The finance department is asked for a receipt.
pub fn receipt_asked(core: &mut Core, told: &WriteOff) {
    let written_off = core.gateway.written_off.get(&told.notice_no);
    if written_off.is_none_or(|known| known.payment_no != told.payment_no) {
        let text = format!("a receipt for {}, which is not written off", told.notice_no);
        core.checks.broke("M8", text);
    }
}

/// More was asked back than was taken: another number for the same refund, or no guard.
pub fn asked_back_too_much(core: &mut Core, no: &str, asked: i64, taken: i64) {
    core.checks.broke("M2", format!("{no}: {asked} fen asked back of {taken}"));
}

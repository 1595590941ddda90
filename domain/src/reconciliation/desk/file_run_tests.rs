use super::*;
use crate::money::Fen;
use crate::reconciliation::DiscrepancyCode as Code;
use crate::reconciliation::desk::Action;
use jiff::civil::date;

const DAY: Date = date(2026, 9, 30);

fn found(code: Code, order_no: &str, fen: i64) -> Particulars {
    Particulars {
        code,
        at_risk: Fen::new(fen),
        equation: Fen::new(fen),
        rail: "WECHAT_PAY".to_owned(),
        merchant_no: "19".to_owned(),
        order_no: order_no.to_owned(),
        refund_no: String::new(),
        notice_no: format!("N{order_no}"),
        txn_no: format!("T{order_no}"),
        credit_no: String::new(),
        file: "wechat.csv".to_owned(),
        line_no: 7,
        ambiguous: false,
        cause: code.words().0.to_owned(),
        due_at: Timestamp::UNIX_EPOCH,
        note: "说明".to_owned(),
    }
}

fn run(day: Date, findings: Vec<Particulars>, seen: Vec<Seen>) -> NewRun {
    NewRun {
        day,
        inputs: "i".to_owned(),
        digest: "d".to_owned(),
        holds: true,
        at: Timestamp::UNIX_EPOCH,
        by: "worker".to_owned(),
        summary: String::new(),
        findings,
        seen,
        verdicts: Vec::new(),
        legs: BTreeMap::new(),
    }
}

fn refund(order_no: &str, fen: i64) -> Seen {
    Seen {
        proof: Proof::Refund,
        subject: order_no.to_owned(),
        txn_no: String::new(),
        amount: Fen::new(fen),
        reference: "503".to_owned(),
    }
}

/// The exception in this state, with an action agreed to.
fn at(state: State, action: Action, is: Particulars) -> Exception {
    Exception {
        no: "DZ20260930-00001".to_owned(),
        day: DAY,
        is,
        state,
        revision: 5,
        assignee: "li".to_owned(),
        proposal: Some(("TA1".to_owned(), action)),
        opened_at: Timestamp::UNIX_EPOCH,
    }
}

fn ends(changes: &[ExceptionChange]) -> Vec<(&str, State, u32)> {
    changes.iter().map(|c| (c.what, c.after.state, c.after.revision)).collect()
}

#[test]
fn the_first_run_opens_and_the_same_run_again_changes_nothing() {
    let findings = vec![found(Code::L03, "A", -100), found(Code::L01, "B", 7)];
    let first = settle(&run(DAY, findings.clone(), vec![]), &[], &[]);
    assert_eq!(ends(&first), [("FOUND", State::Open, 1), ("FOUND", State::Open, 1)]);
    let numbers: Vec<_> = first.iter().map(|c| c.after.no.as_str()).collect();
    assert_eq!(numbers, ["DZ20260930-00001", "DZ20260930-00002"]);
    let known: Vec<_> = first.into_iter().map(|c| c.after).collect();
    assert_eq!(settle(&run(DAY, findings.clone(), vec![]), &known, &[]), []);
    // One more line adds one, and takes none away.
    let more = [findings, vec![found(Code::C01, "C", 1)]].concat();
    let third = settle(&run(DAY, more, vec![]), &known, &[]);
    assert_eq!(ends(&third), [("FOUND", State::Open, 1)]);
    assert_eq!(third[0].after.no, "DZ20260930-00003");
}

#[test]
fn a_run_with_a_broken_identity_changes_nothing() {
    let broken = NewRun { holds: false, ..run(DAY, vec![found(Code::L03, "A", -1)], vec![]) };
    let known = at(State::Open, Action::Await, found(Code::L01, "B", 7));
    assert_eq!(settle(&broken, &[known], &[]), []);
}

#[test]
fn what_is_not_found_again_depends_on_what_people_have_done() {
    let is = found(Code::L02, "A", 100);
    type Step = (&'static str, State, u32);
    let cases: [(State, Action, &[Step]); 7] = [
        (State::Open, Action::BookByRail, &[("GONE", State::Resolved, 6)]),
        (State::Proposed, Action::BookByRail, &[]),
        (State::Approved, Action::BookByRail, &[]),
        (
            State::Executed,
            Action::BookByRail,
            &[("PROVED", State::Verified, 6), ("CLOSED", State::Closed, 7)],
        ),
        // A refund is proved by the refund, not by silence.
        (State::Executed, Action::Refund, &[]),
        (State::Closed, Action::BookByRail, &[]),
        (State::Resolved, Action::BookByRail, &[]),
    ];
    for (state, action, expected) in cases {
        let known = at(state, action, is.clone());
        let changes = settle(&run(DAY, vec![], vec![]), &[known], &[]);
        assert_eq!(ends(&changes), expected, "{state:?} {action:?}");
    }
}

#[test]
fn another_amount_needs_another_agreement_and_contrary_evidence_reopens() {
    let is = found(Code::L01, "A", 100);
    let other = found(Code::L01, "A", 200);
    for (state, expected) in [
        (State::Open, ("CHANGED", State::Open, 6)),
        (State::Proposed, ("CHANGED", State::Open, 6)),
        (State::Approved, ("CHANGED", State::Open, 6)),
        (State::Executed, ("CHANGED", State::Executed, 6)),
        (State::Closed, ("REOPENED", State::Open, 6)),
        (State::Resolved, ("REOPENED", State::Open, 6)),
    ] {
        let known = at(state, Action::Refund, is.clone());
        let changes = settle(&run(DAY, vec![other.clone()], vec![]), &[known], &[]);
        assert_eq!(ends(&changes), [expected], "{state:?}");
        assert_eq!(changes[0].after.is.at_risk, Fen::new(200));
        let agreed = changes[0].after.proposal.is_some();
        assert_eq!(agreed, state == State::Executed || state == State::Open);
    }
}

#[test]
fn a_later_file_proves_each_exception_once() {
    let one = at(State::Executed, Action::Refund, found(Code::L07, "A", 100));
    let two = Exception { no: "DZ20260930-00002".to_owned(), ..one.clone() };
    let later = |seen| run(date(2026, 10, 1), vec![], seen);
    let waiting = [one, two];
    for (seen, expected) in [
        (vec![], 0),
        (vec![refund("B", 100)], 0),
        (vec![refund("A", 99)], 0),
        (vec![Seen { proof: Proof::Payment, ..refund("A", 100) }], 0),
        (vec![refund("A", 100)], 1),
        (vec![refund("A", 100), refund("A", 100)], 2),
        (vec![Seen { txn_no: "TA".to_owned(), ..refund("", 100) }], 1),
    ] {
        let changes = settle(&later(seen.clone()), &[], &waiting);
        assert_eq!(changes.len(), 2 * expected, "{seen:?}");
        let closed = changes.iter().filter(|c| c.after.state == State::Closed).count();
        assert_eq!(closed, expected);
    }
}

#[test]
fn a_line_that_moved_within_its_file_is_the_same_exception_unless_it_cannot_be_read() {
    let moved = |code: Code| {
        let before = found(code, "A", 1);
        let after = Particulars { line_no: 8, note: "x".to_owned(), ..before.clone() };
        before.key() == after.key()
    };
    assert!(moved(Code::L01));
    assert!(!moved(Code::F05));
    // No two different ones read the same.
    let (mut one, mut two) = (found(Code::L01, "A", 1), found(Code::L01, "A", 1));
    (one.order_no, one.refund_no) = ("AB".to_owned(), String::new());
    (two.order_no, two.refund_no) = ("A".to_owned(), "B".to_owned());
    assert_ne!(one.key(), two.key());
}

//! One table: what is there, and what is found.

use super::*;

fn day(ledger: Vec<LedgerRecord<'static>>, lines: Vec<RailLine<'static>>) -> Day {
    Day { ledger, lines, ..Day::new() }
}

#[track_caller]
fn finds(day: &Day, wanted: &[(Code, i64)]) {
    assert_eq!(day.found(), wanted);
}

#[test]
fn equal_lines_match() {
    let day = day(vec![pay("A", "T", 100)], vec![line("A", "T", 100)]);
    finds(&day, &[]);
    assert_eq!(day.judged().0.ledger, [(Placed::Matched, None)]);
    finds(&Day::new(), &[]);
}

#[test]
fn what_only_one_side_has() {
    finds(&day(vec![], vec![line("A", "T", 100)]), &[(Code::L01, 100)]);
    finds(&day(vec![pay("A", "T", 100)], vec![]), &[(Code::L03, -100)]);
    finds(
        &day(vec![pay("A", "T", 100)], vec![line("B", "U", 100)]),
        &[(Code::L01, 100), (Code::L03, -100)],
    );
    let mut waiting = day(vec![pay("A", "T", 100)], vec![]);
    waiting.statements.clear();
    finds(&waiting, &[]);
}

#[test]
fn states_that_do_not_agree() {
    for (state, code) in [
        (LedgerState::Submitted, Code::L02),
        (LedgerState::Unknown, Code::L02),
        (LedgerState::Failed, Code::L02),
        (LedgerState::Closed, Code::L10),
    ] {
        let record = LedgerRecord { state, txn: "", ..pay("A", "", 100) };
        finds(&day(vec![record], vec![line("A", "T", 100)]), &[(code, 100)]);
    }
}

#[test]
fn amounts_that_do_not_agree() {
    for (ours, rail, code) in [
        (100, 99, Code::L04),
        (100, 101, Code::L05),
        (100, 10_000, Code::L06),
        (10_000, 100, Code::L06),
        (100, 9_999, Code::L05),
    ] {
        let day = day(vec![pay("A", "T", ours)], vec![line("A", "T", rail)]);
        finds(&day, &[(code, rail - ours)]);
    }
}

#[test]
fn two_transactions_of_one_order() {
    let ledger = vec![pay("A", "T2", 100)];
    let both = day(ledger, vec![line("A", "T1", 100), line("A", "T2", 100)]);
    let (verdicts, _) = both.judged();
    assert_eq!(verdicts.findings[0].txn_no, "T1", "ours is T2, so T1 is the second");
    finds(&both, &[(Code::L07, 100)]);
    // The ledger knows no transaction: the earlier is ours; of equal times the smaller number, and that is said.
    let unknown = LedgerRecord { state: LedgerState::Submitted, ..pay("A", "", 100) };
    let late = RailLine { at: at(11, 0), ..line("A", "T1", 100) };
    let day = day(vec![unknown], vec![late, line("A", "T2", 100)]);
    finds(&day, &[(Code::L02, 100), (Code::L07, 100)]);
    let (verdicts, _) = day.judged();
    assert_eq!(
        (verdicts.findings[1].txn_no.as_str(), verdicts.findings[1].ambiguous),
        ("T1", false)
    );
    let tied = Day { lines: vec![line("A", "T1", 100), line("A", "T2", 100)], ..day };
    let (verdicts, _) = tied.judged();
    assert_eq!(
        (verdicts.findings[1].txn_no.as_str(), verdicts.findings[1].ambiguous),
        ("T2", true)
    );
}

#[test]
fn copies_and_what_was_seen_before() {
    let ledger = vec![pay("A", "T", 100)];
    finds(&day(ledger, vec![line("A", "T", 100), line("A", "T", 100)]), &[(Code::F04, 0)]);
    let settled = LedgerRecord { settled_on: Some(date(2026, 9, 29)), ..pay("A", "T", 100) };
    let before = LedgerRecord { accounting_day: date(2026, 9, 29), ..settled.clone() };
    finds(&day(vec![before], vec![line("A", "T", 100)]), &[(Code::F04, 0)]);
    finds(&day(vec![settled.clone()], vec![]), &[]);
    finds(&day(vec![settled], vec![line("A", "U", 100)]), &[(Code::L07, 100)]);
}

#[test]
fn lines_of_others() {
    let other = RailLine { merchant_no: "1900000002", ..line("A", "T", 100) };
    finds(&day(vec![pay("A", "T", 100)], vec![other.clone()]), &[(Code::L09, 100)]);
    finds(&day(vec![], vec![other.clone()]), &[(Code::L09, 100)]);
    finds(
        &day(vec![pay("A", "T", 100)], vec![other, line("A", "T2", 100)]),
        &[(Code::L07, 100), (Code::L09, 100)],
    );
    let app = RailLine { app_id: "wx2", ..line("A", "T", 100) };
    finds(&day(vec![pay("A", "T", 100)], vec![app]), &[(Code::L09, 100)]);
    // Only one number agrees: one discrepancy, not two.
    finds(&day(vec![pay("A", "T", 100)], vec![line("A", "U", 100)]), &[(Code::L09, 100)]);
    finds(&day(vec![pay("A", "T", 100)], vec![line("B", "T", 100)]), &[(Code::L09, 100)]);
}

#[test]
fn the_days_cut() {
    let booked = |hour, minute| LedgerRecord { at: at(hour, minute), ..pay("A", "T", 100) };
    finds(&day(vec![booked(23, 49)], vec![]), &[(Code::L03, -100)]);
    finds(&day(vec![booked(23, 50)], vec![]), &[(Code::L11, 0)]);
    let tomorrow = LedgerRecord { accounting_day: date(2026, 10, 1), ..pay("A", "T", 100) };
    finds(&day(vec![tomorrow.clone()], vec![line("A", "T", 100)]), &[(Code::L11, 0)]);
    finds(&day(vec![tomorrow], vec![line("A", "T", 101)]), &[(Code::L05, 1)]);
    let back = LedgerRecord { at: at(23, 59), ..refund("R", "A", "RT", 40) };
    finds(&day(vec![back], vec![]), &[(Code::L11, 0)]);
}

#[test]
fn refunds() {
    let paid = || vec![pay("A", "T", 100), refund("R", "A", "RT", 40)];
    let lines = |back: Vec<RailLine<'static>>| [vec![line("A", "T", 100)], back].concat();
    let back = || refund_line("R", "A", "RT", 40);
    finds(&day(paid(), lines(vec![back()])), &[]);
    finds(&day(paid(), lines(vec![])), &[(Code::R01, 40)]);
    let stranger = refund_line("X", "A", "XT", 30);
    finds(&day(paid(), lines(vec![back(), stranger])), &[(Code::R02, -30)]);
    finds(&day(paid(), lines(vec![refund_line("R", "A", "RT", 50)])), &[(Code::R03, -10)]);
    finds(&day(paid(), lines(vec![refund_line("R", "A", "RT", 30)])), &[(Code::R03, 10)]);
    let returned = RailLine { kind: RailLineKind::ReturnedRefund, ..back() };
    finds(&day(paid(), lines(vec![returned])), &[(Code::R04, 40)]);
    finds(&day(paid(), lines(vec![back(), refund_line("R", "A", "RT2", 40)])), &[(Code::R05, -40)]);
    let failed = LedgerRecord { state: LedgerState::Failed, ..refund("R", "A", "RT", 40) };
    finds(&day(vec![pay("A", "T", 100), failed], lines(vec![back()])), &[(Code::R02, -40)]);
}

#[test]
fn parts_that_add_up_and_parts_that_are_too_much() {
    let parts = |fen: i64| {
        let before = LedgerRecord {
            accounting_day: date(2026, 9, 29),
            settled_on: Some(date(2026, 9, 29)),
            ..refund("R1", "A", "RT1", 60)
        };
        let paid = LedgerRecord {
            accounting_day: date(2026, 9, 29),
            settled_on: Some(date(2026, 9, 29)),
            ..pay("A", "T", 100)
        };
        let lines = vec![refund_line("R2", "A", "RT2", fen)];
        day(vec![paid, before, refund("R2", "A", "RT2", fen)], lines)
    };
    finds(&parts(40), &[]);
    finds(&parts(41), &[(Code::R03, -1)]);
}

#[test]
fn fees() {
    let fee = |fen, tolerance| {
        let mut day = day(
            vec![pay("A", "T", 10_000)],
            vec![RailLine { fee: Fen::new(fen), ..line("A", "T", 10_000) }],
        );
        day.rules.merchants[0].fee_ppm = 6_000;
        day.rules.fee_tolerance = Fen::new(tolerance);
        day
    };
    finds(&fee(60, 0), &[]);
    finds(&fee(61, 0), &[(Code::C01, 1)]);
    finds(&fee(61, 1), &[]);
    finds(&fee(58, 1), &[(Code::C01, -2)]);
    assert_eq!(agreed_fee(Fen::new(83), 6_000), Fen::new(0));
    assert_eq!(agreed_fee(Fen::new(84), 6_000), Fen::new(1), "0.504");
    assert_eq!(agreed_fee(Fen::new(125), 4_000), Fen::new(1), "half a fen goes up");
}

#[test]
fn payouts() {
    let with = |credits: Vec<CreditLine<'static>>| Day {
        credits: Some(credits),
        ..day(vec![pay("A", "T", 100)], vec![line("A", "T", 100)])
    };
    finds(&with(vec![credit("C", 100)]), &[]);
    finds(&with(vec![]), &[(Code::B01, -100)]);
    let mut early = with(vec![]);
    early.rules.judged_at = crate::clock::from_beijing(date(2026, 10, 1).at(9, 59, 59, 0)).unwrap();
    finds(&early, &[]);
    finds(&with(vec![credit("C", 99)]), &[(Code::B03, -1)]);
    finds(&with(vec![credit("C", 100), credit("D", 7)]), &[(Code::B02, 7)]);
    let twins = with(vec![credit("D", 100), credit("C", 100)]);
    let (verdicts, _) = twins.judged();
    assert_eq!(
        (verdicts.findings[0].credit_no.as_str(), verdicts.findings[0].ambiguous),
        ("D", true)
    );
    let account = CreditLine { account: "OTHER", ..credit("C", 99) };
    finds(&with(vec![account]), &[(Code::B03, -1), (Code::B04, 99)]);
    let item = CreditLine { item_code: "9999", ..credit("C", 100) };
    finds(&with(vec![item]), &[(Code::B04, 100)]);
    let nameless = CreditLine { merchant_no: "", payout_day: None, rail: None, ..credit("C", 100) };
    finds(&with(vec![nameless.clone()]), &[]);
    finds(
        &with(vec![CreditLine { amount: Fen::new(101), ..nameless }]),
        &[(Code::B01, -100), (Code::B02, 101)],
    );
}

#[test]
fn two_payouts_of_equal_amount_are_not_told_apart() {
    let mut day = day(vec![pay("A", "T", 100)], vec![line("A", "T", 100)]);
    day.rules.open_payouts = vec![OpenPayout {
        rail: Rail::WeChatPay,
        merchant_no: M.to_owned(),
        day: date(2026, 9, 29),
        net: Fen::new(100),
    }];
    let dayless = CreditLine { payout_day: None, ..credit("C", 100) };
    day.credits = Some(vec![dayless]);
    finds(&day, &[(Code::B01, -100), (Code::B01, -100), (Code::B02, 100)]);
    assert!(day.judged().0.findings[2].ambiguous);
}

#[test]
fn notices_and_agencies() {
    let paid =
        |no, txn, minute| LedgerRecord { notice_no: "N1", at: at(10, minute), ..pay(no, txn, 100) };
    let with = |ledger: Vec<LedgerRecord<'static>>, said: Vec<AgencyLine<'static>>| {
        let lines = ledger
            .iter()
            .filter(|r| r.state == LedgerState::Paid)
            .map(|r| line(r.order_no, r.txn, 100));
        Day { confirmations: Some(said), ..day(ledger.clone(), lines.collect()) }
    };
    let once = || vec![paid("A", "T", 0)];
    finds(&with(once(), vec![write_off("W", "N1", 100)]), &[]);
    finds(&with(once(), vec![]), &[(Code::A01, 100)]);
    finds(&with(once(), vec![write_off("W", "N1", 60)]), &[(Code::A01, 40)]);
    finds(&with(once(), vec![write_off("W", "N1", 130)]), &[(Code::A02, -30)]);
    finds(
        &with(once(), vec![write_off("W", "N1", 100), write_off("W", "N1", 100)]),
        &[(Code::F04, 0)],
    );
    finds(
        &with(once(), vec![write_off("W", "N1", 100), write_off("W2", "N1", 100)]),
        &[(Code::A02, -100)],
    );
    finds(&with(vec![], vec![write_off("W", "N1", 100)]), &[(Code::A02, -100)]);
    let receipt = AgencyLine { kind: AgencyKind::Receipt, ..write_off("W", "N9", 70) };
    finds(&with(vec![], vec![receipt]), &[(Code::A02, -70)]);
    let twice = || vec![paid("B", "T2", 1), paid("A", "T", 0)];
    let day = with(twice(), vec![write_off("W", "N1", 100)]);
    finds(&day, &[(Code::L08, 100)]);
    assert_eq!(day.judged().0.findings[0].order_no, "B", "the later one goes back");
    finds(&with(twice(), vec![]), &[(Code::L08, 100), (Code::A01, 100)].map(|x| x));
    let tied = with(vec![paid("B", "T2", 0), paid("A", "T", 0)], vec![write_off("W", "N1", 100)]);
    assert!(tied.judged().0.findings[0].ambiguous);
    // Given back in full: the other one is the only payment.
    let mut back = with(twice(), vec![write_off("W", "N1", 100)]);
    back.ledger.push(refund("R", "A", "RT", 100));
    back.lines.push(refund_line("R", "A", "RT", 100));
    finds(&back, &[]);
    // The edge of the time to write off.
    let mut just = with(once(), vec![]);
    just.rules.judged_at = at(11, 0);
    finds(&just, &[]);
    just.rules.judged_at = at(11, 1);
    finds(&just, &[(Code::A01, 100)]);
    // Several notices in one payment.
    let both = LedgerRecord { notice_no: "N1=60;N2=40", ..pay("A", "T", 100) };
    finds(&with(vec![both], vec![write_off("W", "N1", 60)]), &[(Code::A01, 40)]);
}

#[test]
fn several_at_once() {
    let mut day = day(
        vec![LedgerRecord { notice_no: "N1", ..pay("A", "T", 10_000) }],
        vec![RailLine { fee: Fen::new(70), ..line("A", "T", 10_100) }],
    );
    day.rules.merchants[0].fee_ppm = 6_000;
    day.confirmations = Some(Vec::new());
    finds(&day, &[(Code::L05, 100), (Code::C01, 9), (Code::A01, 10_000)].map(|x| x));
}

#[test]
fn files_and_lines_that_cannot_be_read() {
    let mut day = day(vec![pay("A", "T", 100)], vec![]);
    day.quarantined = vec![QuarantinedRecord {
        origin: Origin { file: 1, line_no: 7 },
        owner: Some((Rail::WeChatPay, M)),
        amount: Some(Fen::new(100)),
        fee: None,
        order_no: "A",
        refund_no: "",
        raw: b"`x",
        reason: "交易时间".to_owned(),
    }];
    finds(&day, &[(Code::F05, 100), (Code::L03, -100)]);
    day.quarantined[0].amount = None;
    finds(&day, &[(Code::F05, 0), (Code::L03, -100)]);
    let missing = FileFault {
        code: Code::F01,
        at_risk: Fen::ZERO,
        file: format!("WECHAT_PAY:{M}"),
        note: String::new(),
    };
    let mut absent = Day { faults: vec![missing], ..day };
    absent.statements.clear();
    absent.quarantined.clear();
    let (verdicts, _) = absent.judged();
    assert_eq!(
        (verdicts.findings[0].rail, verdicts.findings[0].merchant_no.as_str()),
        ("WECHAT_PAY", M)
    );
    finds(&absent, &[(Code::F01, 0)]);
}

#[test]
fn an_outage_is_one_incident() {
    let names: Vec<&'static str> = (0..50).map(|n| &*format!("A{n}").leak()).collect();
    let lines = names
        .iter()
        .enumerate()
        .map(|(n, name)| RailLine { at: at(10, i8::try_from(n).unwrap()), ..line(name, name, 1) });
    let (verdicts, _) = day(vec![], lines.collect()).judged();
    assert_eq!(verdicts.incidents.len(), 1);
    assert_eq!((verdicts.incidents[0].count, verdicts.incidents[0].at_risk), (50, Fen::new(50)));
}

#[test]
fn pairs_are_only_suggested() {
    let day = day(vec![pay("A", "T", 1_234)], vec![line("B", "U", 1_234), line("C", "V", 1_243)]);
    let (verdicts, _) = day.judged();
    let kinds: Vec<_> =
        verdicts.suggestions.iter().map(|s| (s.kind, s.other_order_no.as_str())).collect();
    assert_eq!(kinds, [("SAME_AMOUNT", "B"), ("SWAPPED_DIGITS", "C")]);
    assert_eq!(verdicts.findings.len(), 3, "none of it is settled");
}

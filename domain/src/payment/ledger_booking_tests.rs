//! Which journals a payment writes, of which kind, of whose share, and on which day.

use super::*;
use crate::fakes::samples;
use crate::payment::PaymentState;
use std::collections::BTreeSet;

#[test]
fn kinds_survive_their_columns_and_share_no_word() {
    let words: BTreeSet<_> = JournalKind::ALL.into_iter().map(JournalKind::code).collect();
    assert_eq!(words.len(), JournalKind::ALL.len());
    for kind in JournalKind::ALL {
        assert_eq!(JournalKind::from_code(kind.code()), Some(kind));
    }
    assert_eq!(JournalKind::from_code("paid"), None);
}

#[test]
fn a_statement_must_show_what_came_and_nothing_else() {
    let taken = JournalKind::ALL.into_iter().filter(|kind| kind.is_money_taken());
    let expected = [JournalKind::Paid, JournalKind::HeldForReview, JournalKind::OwedBack];
    assert_eq!(taken.collect::<Vec<_>>(), expected);
}

#[test]
fn a_journal_has_positive_entries_that_balance_or_is_none() {
    let no = samples::payment_no("YW000001");
    let entry =
        |side, fen| Entry { account: Account::Suspense(Rail::Alipay), side, amount: Fen::new(fen) };
    let journal = |entries| Journal::new(no.clone(), JournalKind::Paid, samples::at(0), entries);
    assert!(journal(vec![entry(Side::Debit, 5), entry(Side::Credit, 5)]).is_ok());
    for (name, entries) in [
        ("no entry", vec![]),
        ("nothing", vec![entry(Side::Debit, 0), entry(Side::Credit, 0)]),
        ("less than nothing", vec![entry(Side::Debit, -5), entry(Side::Credit, -5)]),
        ("one side", vec![entry(Side::Debit, 5)]),
        ("a fen apart", vec![entry(Side::Debit, 5), entry(Side::Credit, 4)]),
        (
            "beyond 64 bits",
            vec![entry(Side::Debit, i64::MAX), entry(Side::Debit, 1), entry(Side::Credit, 1)],
        ),
    ] {
        assert!(journal(entries).is_err(), "{name}");
    }
    let (debits, credits) = (Fen::new(5), Fen::new(4));
    let apart = journal(vec![entry(Side::Debit, 5), entry(Side::Credit, 4)]);
    assert_eq!(apart, Err(Unbalanced { debits, credits }), "and it says which side has what");
}

#[test]
fn nothing_is_booked_while_no_money_came_and_what_refunds_book_is_theirs_to_say() {
    use crate::payment::RefundOrigin;
    let money = || samples::money("T1", 100);
    for state in [
        PaymentState::Submitted,
        PaymentState::Unknown,
        PaymentState::Closed,
        PaymentState::Refunding(money(), RefundOrigin::Paid),
        PaymentState::PartiallyRefunded(money(), RefundOrigin::Paid),
        PaymentState::Refunded(money(), RefundOrigin::RefundDue),
    ] {
        let payment = Payment { state, ..samples::payment("YW000001", "330000001FS1", 100) };
        assert_eq!(Journal::of(&payment), Ok(None), "{:?}", payment.state);
    }
}

#[test]
fn a_share_is_its_levels_and_what_has_no_level_is_the_collecting_sides() {
    let payment = samples::payment("YW000001", "330000001FS1", 20_003);
    let levels = |payment: &Payment| {
        let slices = fiscal_slices(&payment.notices);
        slices.iter().map(|slice| (slice.level, slice.amount.value())).collect::<Vec<_>>()
    };
    use FinanceLevel::{Central, Local, Province};
    assert_eq!(levels(&payment), [(Central, 2_000), (Province, 6_600), (Local, 11_403)]);
    // Of before shares were kept.
    let mut old = payment;
    old.notices[0].items[0].allotment = None;
    assert_eq!(levels(&old), [(Local, 20_003)]);
}

#[test]
fn the_accounting_day_is_beijings_of_the_rails_time() {
    let state = PaymentState::Paid(samples::money("T1", 100));
    let payment = Payment { state, ..samples::payment("YW000001", "330000001FS1", 100) };
    let journal = Journal::of(&payment).unwrap().unwrap();
    assert_eq!(journal.day(), jiff::civil::date(2026, 3, 2));
    let midnight = crate::clock::from_beijing(jiff::civil::date(2026, 3, 3).at(0, 0, 0, 0));
    assert_eq!(Journal { at: midnight.unwrap(), ..journal }.day(), jiff::civil::date(2026, 3, 3));
}

//! What is booked when, and that it balances.

use super::*;
use crate::fakes::samples;
use crate::payment::{PaymentEvent, PaymentState};

#[test]
fn every_state_with_money_books_what_balances() {
    let payment = samples::payment("YW000001", "330000001FS1", 20_600);
    let money = samples::money("T1", 20_600);
    for event in [PaymentEvent::Confirm(money.clone()), PaymentEvent::ConfirmOther(money)] {
        for from in [PaymentState::Submitted, PaymentState::Closed] {
            let state = from.apply(event.clone()).unwrap();
            let journal = Journal::of(&Payment { state, ..payment.clone() }).unwrap().unwrap();
            let debits = total(journal.entries(), Side::Debit);
            assert_eq!(debits, total(journal.entries(), Side::Credit));
            let taken = journal.entries().iter().find(|entry| {
                matches!(entry.account, Account::RailClearing(_)) && entry.side == Side::Debit
            });
            assert_eq!(taken.map(|entry| entry.amount), Some(Fen::new(20_600)));
        }
    }
}

#[test]
fn every_level_gets_its_share_and_together_it_is_every_fen() {
    for fen in [1, 2, 3, 7, 99, 101, 20_000, 20_003] {
        let payment = samples::payment("YW000001", "330000001FS1", fen);
        let state = PaymentState::Paid(samples::money("T1", fen));
        let journal = Journal::of(&Payment { state, ..payment }).unwrap().unwrap();
        let part = |wanted: FinanceLevel| {
            let found = journal.entries().iter().find_map(|entry| match &entry.account {
                Account::Share { level, .. } if *level == wanted => Some(entry.amount.value()),
                Account::Share { .. }
                | Account::Fiscal { .. }
                | Account::Receivable { .. }
                | Account::RailClearing(_)
                | Account::Fees(_)
                | Account::Suspense(_)
                | Account::RefundDue(_)
                | Account::Refunding(_) => None,
            });
            found.unwrap_or(0)
        };
        let (central, province) = (part(FinanceLevel::Central), part(FinanceLevel::Province));
        assert_eq!((central, province), (fen * 10 / 100, fen * 33 / 100), "{fen}");
        assert_eq!(part(FinanceLevel::Local), fen - central - province, "{fen}");
    }
}

#[test]
fn an_amount_that_the_notices_do_not_add_up_to_is_never_booked() {
    let payment = samples::payment("YW000001", "330000001FS1", 20_600);
    let state = PaymentState::Paid(samples::money("T1", 20_500));
    assert!(Journal::of(&Payment { state, ..payment }).is_err());
}

#[test]
fn every_claim_that_was_met_is_on_record_and_stands_at_zero() {
    let payment = samples::payment("YW000001", "330000001FS1", 20_600);
    let state = PaymentState::Paid(samples::money("T1", 20_600));
    let journal = Journal::of(&Payment { state, ..payment }).unwrap().unwrap();
    let claims = journal.entries().iter().filter(
        |entry| matches!(&entry.account, Account::Receivable { agency } if !agency.is_empty()),
    );
    let sides: Vec<_> = claims.map(|entry| (entry.side, entry.amount.value())).collect();
    assert_eq!(sides, [(Side::Debit, 20_600), (Side::Credit, 20_600)]);
}

#[test]
fn a_fee_is_kept_from_the_clearing_and_given_back_to_it() {
    let no = samples::payment_no("YW000001");
    let fee = |fen| {
        Journal::of_fee(no.clone(), None, Rail::Alipay, Fen::new(fen), samples::at(0)).map(|j| {
            let sides = j.entries().iter().map(|e| (e.account.code(), e.side, e.amount.value()));
            (j.kind, sides.collect::<Vec<_>>())
        })
    };
    let (fees, clearing) = ("fees:ALIPAY".to_owned(), "rail_clearing:ALIPAY".to_owned());
    assert_eq!(fee(0), None);
    let kept = vec![(fees.clone(), Side::Debit, 12), (clearing.clone(), Side::Credit, 12)];
    assert_eq!(fee(12), Some((JournalKind::Fee, kept)));
    let back = vec![(clearing, Side::Debit, 12), (fees, Side::Credit, 12)];
    assert_eq!(fee(-12), Some((JournalKind::FeeBack, back)));
}

#[test]
fn accounts_survive_their_columns() {
    let fiscal = Account::Fiscal { agency: "330101".into(), item: "00050001".into() };
    let rails = Rail::ALL.into_iter().flat_map(|rail| {
        [
            Account::RailClearing(rail),
            Account::Fees(rail),
            Account::Suspense(rail),
            Account::RefundDue(rail),
            Account::Refunding(rail),
        ]
    });
    let share = Account::Share {
        destination: Destination::Treasury,
        level: FinanceLevel::Province,
        agency: "330101".into(),
        item: "16010100".into(),
    };
    let receivable = Account::Receivable { agency: "330101".into() };
    for account in rails.chain([receivable, fiscal, share]) {
        assert_eq!(Account::from_code(&account.code()), Ok(account));
    }
    for bad in [
        "share:treasury:LOCAL:1",
        "share:x:LOCAL:1:2",
        "share:treasury:X:1:2",
        "",
        "fiscal",
        "fiscal:1",
        "rail_clearing:CASH",
        "loss:WECHAT_PAY",
    ] {
        assert!(Account::from_code(bad).is_err(), "{bad}");
    }
}

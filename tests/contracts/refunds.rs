//! The contract of `RefundStore`: refunds come back as they were, and never take more than came.

use crate::bench::{
    Bench, RefundPorts, change, happens, insert, notice, paid, payment, payment_of,
};
use crate::refund_samples::{
    automatic, by, moved, new, payment_change, refund_no, requested, stored, stored_all,
};
use domain::clock::beijing_day;
use domain::fakes::samples::{self, at};
use domain::ids::IdempotencyKey;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::payment::{
    Actor, BalanceMove, Ceiling, DecisionStage, DeskStep, Evidence, InsertRefundError, JournalKind,
    NoticeAfter, PayeeAccount, Payment, PaymentEvent, PaymentStatus, PaymentStore, Rail, RailTxn,
    ReceiptStep, Redirect, RedirectStep, Refund, RefundChange, RefundEvent, RefundState,
    RefundStatus, RefundStore,
};

/// What every `RefundStore` must do.
pub async fn refund_store_contract<S: RefundPorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_refund_comes_back_as_it_was(&new_bench().await.store).await;
    what_is_not_there_is_none(&new_bench().await.store).await;
    every_state_comes_back_as_it_was(&new_bench().await.store).await;
    a_key_is_used_once_by_each_maker(&new_bench().await.store).await;
    more_than_came_is_refused(&new_bench().await.store).await;
    of_refunds_thought_out_at_once_one_is_stored(&new_bench().await).await;
    the_ceiling_holds_to_the_fen_for_all_nodes(&new_bench().await).await;
    what_was_refused_is_free_again_and_what_is_back_is_not(&new_bench().await.store).await;
    a_save_on_an_old_version_changes_nothing(&new_bench().await.store).await;
    nobody_decides_twice(&new_bench().await.store).await;
    money_back_is_booked_once_beside_the_payments_own(&new_bench().await.store).await;
    a_notice_whose_money_is_back_can_be_paid_again(&new_bench().await.store).await;
    of_several_notices_the_one_whose_money_is_back_is_let_go(&new_bench().await.store).await;
}

async fn found(store: &impl RefundPorts, one: &Refund) -> Refund {
    RefundStore::find(store, &one.no).await.unwrap().unwrap()
}

async fn a_refund_comes_back_as_it_was(store: &impl RefundPorts) {
    let one = paid(store, &payment(1, 1)).await;
    let mut whole = requested(1, &one, 300);
    whole.reason = "多缴 \"'; DROP TABLE refund; --".to_owned();
    stored(store, &one, 0, &whole).await;
    assert_eq!(found(store, &whole).await, whole);
    let owed = payment(2, 2);
    insert(store, &owed).await;
    let plain = automatic(2, &owed, 500);
    stored(store, &owed, 0, &plain).await;
    assert_eq!(found(store, &plain).await, plain);
    assert_eq!(RefundStore::list_of_payment(store, &one.no).await.unwrap(), [whole.clone()]);
    let history = RefundStore::history(store, &whole.no).await.unwrap();
    assert_eq!(history, [whole.record((by("甲"), "REQUEST"), None, at(0))]);
}

async fn what_is_not_there_is_none(store: &impl RefundPorts) {
    let absent = requested(1, &payment(1, 1), 300);
    assert_eq!(RefundStore::find(store, &absent.no).await.unwrap(), None);
    assert_eq!(RefundStore::list_of_payment(store, &absent.payment_no).await.unwrap(), []);
    assert_eq!(RefundStore::history(store, &absent.no).await.unwrap(), []);
    let key = IdempotencyKey::new("key-number-1").unwrap();
    assert_eq!(RefundStore::find_by_key(store, &by("甲"), &key).await.unwrap(), []);
    let saved = RefundStore::save(store, &RefundChange::of(absent.clone(), None)).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
    RefundStore::wake(store, &absent.no, at(0)).await.unwrap();
}

async fn every_state_comes_back_as_it_was(store: &impl RefundPorts) {
    let one = paid(store, &payment(1, 1)).await;
    let first = requested(1, &one, 300);
    stored(store, &one, 0, &first).await;
    let txn = RailTxn::new("R-1").ok();
    let account = PayeeAccount {
        holder: "王小明".to_owned(),
        number: "6222020200112230".to_owned(),
        bank: "工商银行".to_owned(),
    };
    let states = [
        RefundState::Requested,
        RefundState::AgencyChecked,
        RefundState::Approved,
        RefundState::Submitted,
        RefundState::Unknown,
        RefundState::NeedsAccount,
        RefundState::Rejected,
        RefundState::Failed { code: "USER_ACCOUNT_ABNORMAL".to_owned() },
        RefundState::Done { txn: None, at: at(70) },
        RefundState::Done { txn, at: at(70) },
    ];
    let desks = [
        (DeskStep::Due, ReceiptStep::Standing),
        (DeskStep::Asked, ReceiptStep::Standing),
        (DeskStep::Approved(NoticeAfter::Open), ReceiptStep::Reversed),
        (DeskStep::Told(NoticeAfter::Cancelled), ReceiptStep::Settled),
        (DeskStep::Unconcerned, ReceiptStep::Settled),
    ];
    let mut now = first;
    for (number, state) in states.into_iter().enumerate() {
        now.state = state;
        now.sent_at = now.state.is_at_rail().then_some(at(61));
        now.next_try_at = now.state.is_at_rail().then_some(at(66));
        now.attempts = u32::try_from(number).unwrap();
        let (desk, receipt) = desks[number % desks.len()];
        if let Some(notice) = &mut now.notice {
            (notice.desk, notice.receipt) = (desk, receipt);
            notice.reversed_by = (number % 2 == 1).then(|| refund_no(9));
        }
        let step = RedirectStep::ALL[number % 3];
        let redirect = Redirect { account: account.clone(), step };
        now.redirect = (now.state == RefundState::NeedsAccount).then_some(redirect);
        let record = now.record((Actor::Rail, "ANSWER"), Some(&Evidence::Answer(at(60))), at(60));
        RefundStore::save(store, &RefundChange::of(now.clone(), Some(record))).await.unwrap();
        now.version += 1;
        assert_eq!(found(store, &now).await, now);
    }
    let history = RefundStore::history(store, &now.no).await.unwrap();
    let statuses: Vec<_> = history.iter().map(|record| record.status).collect();
    assert_eq!((statuses.len(), statuses[0]), (11, RefundStatus::Requested));
    assert_eq!(statuses[10], RefundStatus::Done);
    assert_eq!(history[1].evidence.as_deref(), Some("answer:2026-03-02T02:01:00Z"));
}

async fn a_key_is_used_once_by_each_maker(store: &impl RefundPorts) {
    let one = paid(store, &payment(1, 1)).await;
    let first = requested(1, &one, 300);
    stored(store, &one, 0, &first).await;
    let twin = Refund { no: refund_no(2), ..first.clone() };
    let refused = RefundStore::insert(store, &new(&one, 1, &[&twin])).await;
    assert!(matches!(refused, Err(InsertRefundError::KeyUsed)), "{refused:?}");
    let mut other = Refund { no: refund_no(3), ..first.clone() };
    other.decisions[0].by = by("乙");
    stored(store, &one, 1, &other).await;
    let key = &first.key.clone().unwrap().key;
    let found = RefundStore::find_by_key(store, &by("甲"), key).await.unwrap();
    assert_eq!(found, [first], "the other maker's is another one");
}

async fn more_than_came_is_refused(store: &impl RefundPorts) {
    let one = paid(store, &payment(1, 1)).await; // 206.00
    stored(store, &one, 0, &requested(1, &one, 20_000)).await;
    let more = RefundStore::insert(store, &new(&one, 1, &[&requested(2, &one, 601)])).await;
    assert!(matches!(more, Err(InsertRefundError::Exceeds)), "{more:?}");
    let (a, b) = (requested(3, &one, 300), requested(4, &one, 301));
    let together = RefundStore::insert(store, &new(&one, 1, &[&a, &b])).await;
    assert!(matches!(together, Err(InsertRefundError::Exceeds)), "{together:?}");
    assert_eq!(
        RefundStore::list_of_payment(store, &one.no).await.unwrap().len(),
        1,
        "both or none"
    );
    stored_all(store, &one, 1, &[&a, &requested(5, &one, 300)]).await;
    assert_eq!(
        RefundStore::list_of_payment(store, &one.no).await.unwrap().len(),
        3,
        "to the last fen"
    );
    let other = paid(store, &payment(2, 2)).await;
    stored(store, &other, 0, &requested(7, &other, 5)).await;
    let nos = [other.no.clone(), one.no.clone()];
    let both = RefundStore::list_of_payments(store, &nos).await.unwrap();
    for no in &nos {
        assert_eq!(both[no], RefundStore::list_of_payment(store, no).await.unwrap());
    }
    let stale = RefundStore::insert(store, &new(&one, 1, &[&requested(6, &one, 1)])).await;
    assert!(matches!(stale, Err(InsertRefundError::Store(StoreError::Conflict))), "{stale:?}");
}

async fn of_refunds_thought_out_at_once_one_is_stored<S: RefundPorts>(bench: &Bench<S>) {
    let one = paid(&bench.store, &payment(1, 1)).await;
    let tasks = (1..=8_u32).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let new = new(&one, 0, &[&requested(number, &one, 100)]);
        tokio::spawn(async move { RefundStore::insert(&store, &new).await })
    });
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(InsertRefundError::Store(StoreError::Conflict)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(won, 1);
}

async fn the_ceiling_holds_to_the_fen_for_all_nodes<S: RefundPorts>(bench: &Bench<S>) {
    let day = beijing_day(at(0));
    let ceiling = Ceiling { rail: Rail::WeChatPay, day, limit: Fen::new(5_000) };
    let mut owed = Vec::new();
    for number in 1..=10 {
        let one = payment(number, number);
        insert(&bench.store, &one).await;
        owed.push((number, one));
    }
    let tasks = owed.clone().into_iter().map(|(number, one)| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let mut new = new(&one, 0, &[&automatic(number, &one, 1_000)]);
        new.ceiling = Some(ceiling);
        tokio::spawn(async move { RefundStore::insert(&store, &new).await })
    });
    let mut won = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(InsertRefundError::CeilingReached) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(won, 5, "exactly the ceiling");
    let late = payment(11, 11);
    insert(&bench.store, &late).await;
    let one_fen = new(&late, 0, &[&automatic(11, &late, 1)]);
    let refused = |of| {
        let mut new = one_fen.clone();
        new.ceiling = Some(of);
        async move { RefundStore::insert(&bench.store, &new).await }
    };
    let above = refused(ceiling).await;
    assert!(matches!(above, Err(InsertRefundError::CeilingReached)), "{above:?}");
    let next = Ceiling { day: beijing_day(at(86_400)), ..ceiling };
    refused(next).await.unwrap();
}

async fn what_was_refused_is_free_again_and_what_is_back_is_not(store: &impl RefundPorts) {
    let one = paid(store, &payment(1, 1)).await;
    let first = requested(1, &one, 20_600);
    stored(store, &one, 0, &first).await;
    let freed = moved(&first, RefundEvent::Reject, BalanceMove::Freed);
    RefundStore::save(store, &freed).await.unwrap();
    let second = automatic(2, &one, 20_000);
    stored(store, &one, 1, &second).await;
    let sent = moved(&second, RefundEvent::Send, BalanceMove::None);
    RefundStore::save(store, &sent).await.unwrap();
    let sent = found(store, &second).await;
    let done = RefundEvent::Finish { txn: None, at: at(70) };
    RefundStore::save(store, &moved(&sent, done, BalanceMove::PaidBack)).await.unwrap();
    let more = RefundStore::insert(store, &new(&one, 2, &[&automatic(3, &one, 601)])).await;
    assert!(matches!(more, Err(InsertRefundError::Exceeds)), "{more:?}");
    stored(store, &one, 2, &automatic(3, &one, 600)).await;
}

async fn a_save_on_an_old_version_changes_nothing(store: &impl RefundPorts) {
    let one = paid(store, &payment(1, 1)).await;
    let first = automatic(1, &one, 300);
    stored(store, &one, 0, &first).await;
    let sent = moved(&first, RefundEvent::Send, BalanceMove::None);
    RefundStore::save(store, &sent).await.unwrap();
    let mut again = sent.clone();
    again.payment = Some(change(&one, PaymentEvent::StartRefund));
    let refused = RefundStore::save(store, &again).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    let kept = PaymentStore::find(store, &one.no).await.unwrap().unwrap();
    assert_eq!(kept.state.status(), PaymentStatus::Paid, "the payment did not move alone");
    // And the other way round: an old payment keeps the refund where it is.
    let now = happens(store, &one, PaymentEvent::StartRefund).await;
    assert_eq!(now.version, one.version + 1);
    let sent = found(store, &first).await;
    let mut stale = moved(&sent, RefundEvent::Wait, BalanceMove::None);
    stale.payment = Some(change(&one, PaymentEvent::StartRefund));
    assert!(matches!(RefundStore::save(store, &stale).await, Err(StoreError::Conflict)));
    assert_eq!(found(store, &first).await, sent);
}

async fn nobody_decides_twice(store: &impl RefundPorts) {
    let one = paid(store, &payment(1, 1)).await;
    let first = requested(1, &one, 300);
    stored(store, &one, 0, &first).await;
    let decides = |refund: &Refund, stage: DecisionStage, who: Actor| {
        let event = match stage {
            DecisionStage::Check => RefundEvent::Check,
            DecisionStage::Reject => RefundEvent::Reject,
            DecisionStage::Request
            | DecisionStage::Finance(_)
            | DecisionStage::Account(_)
            | DecisionStage::AccountAgreed(_) => RefundEvent::Approve,
        };
        let mut change = moved(refund, event, BalanceMove::None);
        let made = domain::payment::Decision { stage, by: who, reason: String::new(), at: at(60) };
        change.refund.decisions.push(made.clone());
        change.decisions = vec![made];
        change
    };
    let maker = decides(&first, DecisionStage::Check, by("甲"));
    let refused = RefundStore::save(store, &maker).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "who asked does not check");
    let checked = decides(&first, DecisionStage::Check, by("乙"));
    RefundStore::save(store, &checked).await.unwrap();
    let checked = found(store, &first).await;
    assert_eq!(checked.decisions.len(), 2);
    let finance = DecisionStage::Finance(domain::money::FinanceLevel::Local);
    for who in ["甲", "乙"] {
        let refused = RefundStore::save(store, &decides(&checked, finance, by(who))).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{who} has acted");
    }
    assert_eq!(found(store, &first).await, checked, "nothing of it was stored");
    RefundStore::save(store, &decides(&checked, finance, by("丙"))).await.unwrap();
    let approved = found(store, &first).await;
    assert_eq!(approved.state, RefundState::Approved);
    // To refuse what one has agreed to is no danger.
    RefundStore::save(store, &decides(&approved, DecisionStage::Reject, by("乙"))).await.unwrap();
}

async fn money_back_is_booked_once_beside_the_payments_own(store: &impl RefundPorts) {
    let one = paid(store, &payment(1, 1)).await;
    let (a, b) = (automatic(1, &one, 300), automatic(2, &one, 200));
    stored_all(store, &one, 0, &[&a, &b]).await;
    let mut now: Payment = one.clone();
    for refund in [&a, &b] {
        let mut sent = moved(refund, RefundEvent::Send, BalanceMove::None);
        let kind = JournalKind::RefundSent;
        sent.payment = Some(payment_change(&now, PaymentEvent::StartRefund, refund, kind));
        RefundStore::save(store, &sent).await.unwrap();
        now = PaymentStore::find(store, &one.no).await.unwrap().unwrap();
    }
    let journals = store.journals_of(Rail::WeChatPay, beijing_day(at(0))).await.unwrap();
    let of: Vec<_> = journals.iter().map(|j| (j.kind, j.refund_no.clone())).collect();
    let sent = |refund: &Refund| (JournalKind::RefundSent, Some(refund.no.clone()));
    assert_eq!(of, [(JournalKind::Paid, None), sent(&a), sent(&b)]);
    assert_eq!(store.totals().await.unwrap(), (Fen::new(41_700), Fen::new(41_700)));
}

async fn a_notice_whose_money_is_back_can_be_paid_again(store: &impl RefundPorts) {
    let one = paid(store, &payment(1, 1)).await;
    let first = automatic(1, &one, 20_600);
    stored(store, &one, 0, &first).await;
    let mut sent = moved(&first, RefundEvent::Send, BalanceMove::None);
    let kind = JournalKind::RefundSent;
    sent.payment = Some(payment_change(&one, PaymentEvent::StartRefund, &first, kind));
    RefundStore::save(store, &sent).await.unwrap();
    let again = payment(2, 1);
    let held = PaymentStore::insert(store, &again, &samples::started()).await;
    assert!(held.is_err(), "on its way is not back");
    let now = PaymentStore::find(store, &one.no).await.unwrap().unwrap();
    let sent = found(store, &first).await;
    let done = RefundEvent::Finish { txn: None, at: at(70) };
    let mut back = moved(&sent, done, BalanceMove::PaidBack);
    let kind = JournalKind::RefundDone;
    back.payment = Some(payment_change(&now, PaymentEvent::RefundRest, &first, kind));
    back.released = Some(one.notices[0].no.clone());
    RefundStore::save(store, &back).await.unwrap();
    insert(store, &again).await;
}

async fn of_several_notices_the_one_whose_money_is_back_is_let_go(store: &impl RefundPorts) {
    let one = paid(store, &payment_of(1, &[1, 2])).await;
    let first = automatic(1, &one, 20_600);
    stored(store, &one, 0, &first).await;
    let sent = moved(&first, RefundEvent::Send, BalanceMove::None);
    RefundStore::save(store, &sent).await.unwrap();
    let now = happens(store, &one, PaymentEvent::StartRefund).await;
    let sent = found(store, &first).await;
    let done = RefundEvent::Finish { txn: None, at: at(70) };
    let mut back = moved(&sent, done, BalanceMove::PaidBack);
    let kind = JournalKind::RefundDone;
    back.payment = Some(payment_change(&now, PaymentEvent::RefundPart, &first, kind));
    back.released = Some(one.notices[0].no.clone());
    RefundStore::save(store, &back).await.unwrap();
    insert(store, &payment(2, 1)).await;
    // What happens to the payment afterwards does not take the notice back.
    happens(store, &one, PaymentEvent::StartRefund).await;
    let holder = store.find_holder(&samples::notice_no(&notice(1))).await.unwrap();
    assert_eq!(holder.map(|holder| holder.no), Some(payment(2, 1).no));
    let refused = PaymentStore::insert(store, &payment(3, 2), &samples::started()).await;
    assert!(refused.is_err(), "the other notice is held");
}

//! The contract of `PaymentStore`, but for its lease.

use crate::bench::{
    Bench, EveryPort, change, confirmed, happens, insert, notice, paid, payment, payment_of,
};
use domain::fakes::samples::{self, at};
use domain::identity::OpenId;
use domain::ids::PaymentNo;
use domain::money::Fen;
use domain::outside::StoreError;
use domain::payment::{
    InsertError, Payment, PaymentEvent, PaymentState, PaymentStore, SnapshotItem,
};

/// What every `PaymentStore` must do.
pub async fn payment_store_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_payment_comes_back_as_it_was(&new_bench().await.store).await;
    what_is_not_there_is_none(&new_bench().await.store).await;
    several_are_read_at_once_as_one_by_one(&new_bench().await.store).await;
    a_second_payment_of_a_notice_learns_who_holds_it(&new_bench().await.store).await;
    one_shared_notice_refuses_the_whole_payment(&new_bench().await.store).await;
    a_key_makes_one_payment_per_person(&new_bench().await.store).await;
    of_many_payments_of_one_notice_exactly_one_wins(&new_bench().await).await;
    of_many_payments_with_one_key_exactly_one_wins(&new_bench().await).await;
    a_closed_payment_lets_go(&new_bench().await.store).await;
    every_state_comes_back_as_it_was(&new_bench().await.store).await;
    a_save_on_an_old_version_changes_nothing(&new_bench().await.store).await;
    of_two_saves_of_one_version_one_wins(&new_bench().await).await;
    late_money_beside_a_live_payment_is_recorded(&new_bench().await.store).await;
    late_money_cannot_be_honoured_beside_a_live_payment(&new_bench().await.store).await;
    refunding_honoured_money_keeps_the_notice_until_all_is_back(&new_bench().await.store).await;
    refunding_late_money_never_holds(&new_bench().await.store).await;
    an_unmoved_payment_is_saved_without_history(&new_bench().await.store).await;
    pages_have_no_gaps_and_no_repeats(&new_bench().await.store).await;
}

async fn found(store: &impl EveryPort, no: &PaymentNo) -> Payment {
    PaymentStore::find(store, no).await.unwrap().unwrap()
}

async fn a_payment_comes_back_as_it_was(store: &impl EveryPort) {
    let mut whole = payment_of(1, &[1, 2, 3]);
    whole.payer = Some(OpenId::new("o+/=_~").unwrap());
    whole.notices[0].title = "交通违法罚款 \"'; DROP TABLE payment; --".to_owned();
    whole.notices[0].expires_at = Some(at(86_400));
    whole.notices[1].items.push(SnapshotItem {
        code: "00050009".to_owned(),
        name: "滞纳金".to_owned(),
        amount: Fen::new(6),
        allotment: None,
    });
    whole.notices[1].late_fee = Fen::new(6);
    insert(store, &whole).await;
    assert_eq!(found(store, &whole.no).await, whole);
    let by_key = store.find_by_key(&whole.person, &whole.key).await.unwrap();
    assert_eq!(by_key.as_ref(), Some(&whole));
    for held in [1, 2, 3] {
        let holder = store.find_holder(&samples::notice_no(&notice(held))).await.unwrap();
        assert_eq!(holder.as_ref(), Some(&whole));
    }
    assert_eq!(store.history(&whole.no).await.unwrap(), [samples::started()]);
}

async fn several_are_read_at_once_as_one_by_one(store: &impl EveryPort) {
    let one = paid(store, &payment_of(1, &[1, 2])).await;
    let (other, absent) = (payment(2, 3), payment(3, 4));
    insert(store, &other).await;
    let nos = [&other.no, &absent.no, &one.no].map(Clone::clone);
    let histories = store.histories(&nos).await.unwrap();
    for no in &nos {
        let history = store.history(no).await.unwrap();
        assert_eq!(histories.get(no).cloned().unwrap_or_default(), history);
    }
    let notices = [1, 2, 3, 4].map(|number| samples::notice_no(&notice(number)));
    let holders = store.find_holders(&notices).await.unwrap();
    for no in &notices {
        assert_eq!(holders.get(no).cloned(), store.find_holder(no).await.unwrap());
    }
    assert_eq!((holders.len(), histories[&one.no].len()), (3, 2));
    assert!(store.histories(&[]).await.unwrap().is_empty());
    assert!(store.find_holders(&[]).await.unwrap().is_empty());
}

async fn what_is_not_there_is_none(store: &impl EveryPort) {
    let absent = payment(1, 1);
    assert_eq!(PaymentStore::find(store, &absent.no).await.unwrap(), None);
    assert_eq!(store.find_by_key(&absent.person, &absent.key).await.unwrap(), None);
    assert_eq!(store.find_holder(&absent.notices[0].no).await.unwrap(), None);
    assert_eq!(store.history(&absent.no).await.unwrap(), []);
    let page = store.list_of_person(std::slice::from_ref(&absent.person), None, 10).await.unwrap();
    assert_eq!((page.payments, page.more), (Vec::new(), false));
    let saved = PaymentStore::save(store, &change(&absent, PaymentEvent::Close)).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
}

fn held_by(refused: Result<(), InsertError>) -> (String, PaymentNo) {
    match refused {
        Err(InsertError::NoticeHeld { notice_no, payment_no }) => {
            (notice_no.to_string(), payment_no)
        }
        other => panic!("the notice is held, but: {other:?}"),
    }
}

async fn a_second_payment_of_a_notice_learns_who_holds_it(store: &impl EveryPort) {
    let (first, mut second) = (payment(1, 1), payment(2, 1));
    second.person = samples::person("P2").id;
    insert(store, &first).await;
    let refused = PaymentStore::insert(store, &second, &samples::started()).await;
    assert_eq!(held_by(refused), (notice(1), first.no.clone()));
    assert_eq!(PaymentStore::find(store, &second.no).await.unwrap(), None);
    assert_eq!(store.history(&second.no).await.unwrap(), []);
}

async fn one_shared_notice_refuses_the_whole_payment(store: &impl EveryPort) {
    let (first, second) = (payment_of(1, &[1, 2]), payment_of(2, &[2, 3]));
    insert(store, &first).await;
    let refused = PaymentStore::insert(store, &second, &samples::started()).await;
    assert_eq!(held_by(refused), (notice(2), first.no.clone()));
    assert_eq!(store.find_holder(&samples::notice_no(&notice(3))).await.unwrap(), None);
}

async fn a_key_makes_one_payment_per_person(store: &impl EveryPort) {
    let (first, mut again, mut other) = (payment(1, 1), payment(2, 2), payment(3, 3));
    insert(store, &first).await;
    again.key = first.key.clone();
    let refused = PaymentStore::insert(store, &again, &samples::started()).await;
    match refused {
        Err(InsertError::KeyUsed { payment_no }) => assert_eq!(payment_no, first.no),
        other => panic!("the key is used, but: {other:?}"),
    }
    assert_eq!(store.find_holder(&again.notices[0].no).await.unwrap(), None);
    (other.key, other.person) = (first.key.clone(), samples::person("P2").id);
    insert(store, &other).await;
}

/// Sixteen payments at once, half of them from another node.
async fn race<S: EveryPort>(
    bench: &Bench<S>,
    make: impl Fn(u32) -> Payment,
) -> Vec<(PaymentNo, Result<(), InsertError>)> {
    let started = (1..=16).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let payment = make(number);
        tokio::spawn(async move {
            let result = PaymentStore::insert(&store, &payment, &samples::started()).await;
            (payment.no, result)
        })
    });
    let mut results = Vec::new();
    for task in started.collect::<Vec<_>>() {
        results.push(task.await.unwrap());
    }
    results
}

async fn of_many_payments_of_one_notice_exactly_one_wins<S: EveryPort>(bench: &Bench<S>) {
    let results = race(bench, |number| payment_of(number, &[7, 100 + number])).await;
    let won: Vec<_> = results.iter().filter(|(_, result)| result.is_ok()).collect();
    let [(winner, _)] = won[..] else { panic!("{} payments hold one notice", won.len()) };
    let winner = winner.clone();
    for (_, refused) in results.into_iter().filter(|(_, result)| result.is_err()) {
        assert_eq!(held_by(refused), (notice(7), winner.clone()));
    }
    let page = bench.store.list_of_person(&samples::person("P1").ids(), None, 50).await.unwrap();
    assert_eq!(page.payments.len(), 1);
}

async fn of_many_payments_with_one_key_exactly_one_wins<S: EveryPort>(bench: &Bench<S>) {
    let key = payment(1, 1).key;
    let results = race(bench, |number| Payment { key: key.clone(), ..payment(number, number) });
    let results = results.await;
    let won: Vec<_> = results.iter().filter(|(_, result)| result.is_ok()).collect();
    let [(winner, _)] = won[..] else { panic!("{} payments have one key", won.len()) };
    for (_, refused) in &results {
        match refused {
            Ok(()) => {}
            Err(InsertError::KeyUsed { payment_no }) => assert_eq!(payment_no, winner),
            Err(other) => panic!("the key is used, but: {other}"),
        }
    }
}

async fn a_closed_payment_lets_go(store: &impl EveryPort) {
    let (first, second) = (payment(1, 1), payment(2, 1));
    insert(store, &first).await;
    happens(store, &first, PaymentEvent::Close).await;
    assert_eq!(store.find_holder(&first.notices[0].no).await.unwrap(), None);
    insert(store, &second).await;
    let holder = store.find_holder(&first.notices[0].no).await.unwrap().unwrap();
    assert_eq!(holder.no, second.no);
}

async fn every_state_comes_back_as_it_was(store: &impl EveryPort) {
    use PaymentEvent as E;
    let all = samples::money("T1", 20_600);
    let other = samples::money("T1", 20_601);
    let paths = [
        vec![E::Silence, E::Wait, E::Silence, E::Close],
        vec![E::ConfirmOther(other)],
        vec![E::Confirm(all.clone()), E::StartRefund, E::RefundPart, E::StartRefund, E::RefundRest],
        vec![E::Close, E::Confirm(all.clone()), E::StartRefund, E::RefundPart],
        vec![E::Close, E::Confirm(all.clone()), E::StartRefund, E::RefundRest],
        vec![E::Close, E::HonourLate(all)],
    ];
    for (number, path) in (1..).zip(paths) {
        let mut expected = payment(number, number);
        insert(store, &expected).await;
        let mut history = vec![samples::started()];
        for event in path {
            let mut change = change(&expected, event);
            change.payment.next_check_at = at(1000 + i64::from(expected.version));
            PaymentStore::save(store, &change).await.unwrap();
            history.extend(change.record);
            expected = Payment { version: expected.version + 1, ..change.payment };
            assert_eq!(found(store, &expected.no).await, expected);
        }
        assert_eq!(store.history(&expected.no).await.unwrap(), history);
    }
}

/// What a change could touch: the payment, its history, the ledger, the outbox.
async fn everything(store: &impl EveryPort, no: &PaymentNo) -> String {
    let payment = PaymentStore::find(store, no).await.unwrap();
    let history = store.history(no).await.unwrap();
    let (totals, backlog) = (store.totals().await.unwrap(), store.backlog().await.unwrap());
    format!("{payment:?} {history:?} {totals:?} {backlog:?}")
}

async fn a_save_on_an_old_version_changes_nothing(store: &impl EveryPort) {
    let old = payment_of(1, &[1, 2]);
    insert(store, &old).await;
    happens(store, &old, PaymentEvent::Silence).await;
    let before = everything(store, &old.no).await;
    let saved = PaymentStore::save(store, &change(&old, confirmed(&old, "T1"))).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
    assert_eq!(everything(store, &old.no).await, before);
    let newer = Payment { version: 7, ..old.clone() };
    let saved = PaymentStore::save(store, &change(&newer, PaymentEvent::Close)).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
    assert_eq!(everything(store, &old.no).await, before);
}

async fn of_two_saves_of_one_version_one_wins<S: EveryPort>(bench: &Bench<S>) {
    let one = payment(1, 1);
    insert(&bench.store, &one).await;
    let (paid, closed) = (change(&one, confirmed(&one, "T1")), change(&one, PaymentEvent::Close));
    let results = tokio::join!(
        PaymentStore::save(&bench.store, &paid),
        PaymentStore::save(&bench.other, &closed)
    );
    let stored = found(&bench.store, &one.no).await;
    match results {
        (Ok(()), Err(StoreError::Conflict)) => assert_eq!(stored.state, paid.payment.state),
        (Err(StoreError::Conflict), Ok(())) => assert_eq!(stored.state, PaymentState::Closed),
        other => panic!("one of the two saves wins, but: {other:?}"),
    }
    assert_eq!(bench.store.history(&one.no).await.unwrap().len(), 2);
}

async fn late_money_beside_a_live_payment_is_recorded(store: &impl EveryPort) {
    let (late, live) = (payment(1, 1), payment(2, 1));
    insert(store, &late).await;
    happens(store, &late, PaymentEvent::Close).await;
    insert(store, &live).await;
    let late = happens(store, &late, confirmed(&late, "T1")).await;
    assert_eq!(late.state, PaymentState::RefundDue(samples::money("T1", 20_600)));
    let holder = store.find_holder(&live.notices[0].no).await.unwrap().unwrap();
    assert_eq!(holder.no, live.no);
    let live = happens(store, &live, confirmed(&live, "T2")).await;
    assert!(live.state.holds_notices());
}

async fn late_money_cannot_be_honoured_beside_a_live_payment(store: &impl EveryPort) {
    let (late, live) = (payment_of(1, &[1, 2]), payment(2, 2));
    insert(store, &late).await;
    let late = happens(store, &late, PaymentEvent::Close).await;
    insert(store, &live).await;
    let before = everything(store, &late.no).await;
    let honoured = change(&late, PaymentEvent::HonourLate(samples::money("T1", 41_200)));
    let saved = PaymentStore::save(store, &honoured).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
    assert_eq!(everything(store, &late.no).await, before, "all of it or nothing");
    assert_eq!(store.find_holder(&late.notices[0].no).await.unwrap(), None);
}

async fn refunding_honoured_money_keeps_the_notice_until_all_is_back(store: &impl EveryPort) {
    let (one, next) = (payment(1, 1), payment(2, 1));
    paid(store, &one).await;
    for event in [PaymentEvent::StartRefund, PaymentEvent::RefundPart, PaymentEvent::StartRefund] {
        happens(store, &one, event).await;
        let refused = PaymentStore::insert(store, &next, &samples::started()).await;
        assert_eq!(held_by(refused), (notice(1), one.no.clone()));
    }
    happens(store, &one, PaymentEvent::RefundRest).await;
    insert(store, &next).await;
}

async fn refunding_late_money_never_holds(store: &impl EveryPort) {
    let (late, live) = (payment(1, 1), payment(2, 1));
    insert(store, &late).await;
    happens(store, &late, PaymentEvent::Close).await;
    happens(store, &late, confirmed(&late, "T1")).await;
    happens(store, &late, PaymentEvent::StartRefund).await;
    insert(store, &live).await;
    happens(store, &late, PaymentEvent::RefundPart).await;
    happens(store, &late, PaymentEvent::StartRefund).await;
    happens(store, &late, PaymentEvent::RefundRest).await;
    let holder = store.find_holder(&live.notices[0].no).await.unwrap().unwrap();
    assert_eq!(holder.no, live.no);
}

async fn an_unmoved_payment_is_saved_without_history(store: &impl EveryPort) {
    let one = payment(1, 1);
    insert(store, &one).await;
    let mut same = change(&one, PaymentEvent::Wait);
    assert_eq!(same.record, None);
    same.payment.next_check_at = at(77);
    PaymentStore::save(store, &same).await.unwrap();
    let stored = found(store, &one.no).await;
    assert_eq!(stored, Payment { version: 1, next_check_at: at(77), ..one.clone() });
    assert_eq!(store.history(&one.no).await.unwrap(), [samples::started()]);
    happens(store, &one, PaymentEvent::Close).await;
    assert_eq!(store.history(&one.no).await.unwrap().len(), 2);
}

async fn pages_have_no_gaps_and_no_repeats(store: &impl EveryPort) {
    let mut expected = Vec::new();
    for number in 1..=25 {
        // Three at a time, so that pages end between payments of one moment.
        let created_at = at(i64::from(number / 3));
        let one = Payment { created_at, ..payment(number, number) };
        insert(store, &one).await;
        expected.push(one.no);
    }
    let stranger = Payment { person: samples::person("P2").id, ..payment(90, 90) };
    insert(store, &stranger).await;
    expected.reverse();
    let person = samples::person("P1").ids();
    for size in [1, 7, 25, 100] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = store.list_of_person(&person, before.as_ref(), size).await.unwrap();
            assert!(page.payments.len() <= usize::from(size));
            seen.extend(page.payments.into_iter().map(|one| one.no));
            before = seen.last().cloned();
            if !page.more {
                break;
            }
        }
        assert_eq!(seen, expected, "pages of {size}");
    }
}

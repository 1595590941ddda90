//! The contracts of `StaffStore`, `StaffSessions` and `AuditTrail`.

use crate::bench::{Bench, RefundPorts};
use domain::fakes::samples::at;
use domain::identity::{
    AuditRecord, AuditTrail, AuditVerdict, Secret, StaffAccount, StaffRole, StaffSessions,
    StaffStore,
};
use domain::money::FinanceLevel;
use domain::outside::StoreError;

/// What every store of staff must do.
pub async fn staff_store_contract<S: RefundPorts>(new_bench: impl AsyncFn() -> Bench<S>) {
    an_account_comes_back_and_its_name_is_taken(&new_bench().await.store).await;
    a_session_opens_until_it_is_over_or_closed(&new_bench().await.store).await;
    the_audit_trail_has_no_gaps_though_two_nodes_write(&new_bench().await).await;
}

fn account(name: &str) -> StaffAccount {
    StaffAccount {
        name: name.to_owned(),
        password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AA".to_owned(),
        roles: vec![
            StaffRole::Agency("330101".to_owned()),
            StaffRole::Finance(FinanceLevel::Province),
        ],
        created_at: at(0),
    }
}

async fn an_account_comes_back_and_its_name_is_taken(store: &impl RefundPorts) {
    let account = account("对账员");
    assert_eq!(StaffStore::find(store, &account.name).await.unwrap(), None);
    StaffStore::insert(store, &account).await.unwrap();
    let twin = StaffAccount { password_hash: "x".to_owned(), ..account.clone() };
    let refused = StaffStore::insert(store, &twin).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    assert_eq!(StaffStore::find(store, &account.name).await.unwrap(), Some(account));
    for nobody in ["", "对账", "nobody", "a\0b"] {
        assert_eq!(StaffStore::find(store, nobody).await.unwrap(), None);
    }
}

async fn a_session_opens_until_it_is_over_or_closed(store: &impl RefundPorts) {
    let (one, two) = (account("甲"), account("乙"));
    let token = |digit: &str| Secret::new(&digit.repeat(64)).unwrap();
    for (account, digit) in [(&one, "a"), (&two, "b")] {
        StaffStore::insert(store, account).await.unwrap();
        store.open(&account.name, &token(digit), at(60)).await.unwrap();
    }
    assert_eq!(store.account_of(&token("a"), at(59)).await.unwrap(), Some(one.clone()));
    assert_eq!(store.account_of(&token("a"), at(60)).await.unwrap(), None, "over");
    assert_eq!(store.account_of(&token("c"), at(1)).await.unwrap(), None);
    for _ in 0..2 {
        StaffSessions::close(store, &token("a")).await.unwrap();
    }
    assert_eq!(store.account_of(&token("a"), at(1)).await.unwrap(), None, "closed");
    assert_eq!(store.account_of(&token("b"), at(1)).await.unwrap(), Some(two));
}

async fn the_audit_trail_has_no_gaps_though_two_nodes_write<S: RefundPorts>(bench: &Bench<S>) {
    let none = AuditTrail::verify(&bench.store).await.unwrap();
    assert_eq!(none, AuditVerdict::Whole { entries: 0, head: String::new() });
    let tasks = (0..10).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let detail = format!("第{number}次");
        let record = AuditRecord::new(at(number), "甲", "REFUND_CHECK", "YT1", &detail);
        tokio::spawn(async move { AuditTrail::append(&store, &record).await.unwrap() })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let all = AuditTrail::list(&bench.other, None, 100).await.unwrap();
    let numbers: Vec<_> = all.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (1..=10).rev().collect::<Vec<_>>(), "newest first");
    let page = AuditTrail::list(&bench.store, Some(4), 2).await.unwrap();
    assert_eq!(page, all[7..9]);
    let whole = AuditTrail::verify(&bench.store).await.unwrap();
    assert_eq!(whole, AuditVerdict::Whole { entries: 10, head: all[0].hash.clone() });
}

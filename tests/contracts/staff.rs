//! The contract of `StaffStore`.

use crate::bench::{Bench, EveryPort};
use domain::fakes::samples::at;
use domain::identity::{StaffAccount, StaffStore};
use domain::outside::StoreError;

/// What every `StaffStore` must do.
pub async fn staff_store_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    an_account_comes_back_and_its_name_is_taken(&new_bench().await.store).await;
}

async fn an_account_comes_back_and_its_name_is_taken(store: &impl EveryPort) {
    let account = StaffAccount {
        name: "对账员".to_owned(),
        password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AA".to_owned(),
        created_at: at(0),
    };
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

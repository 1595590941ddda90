//! The contract of `PhoneCodeStore`.

use crate::bench::{Bench, EveryPort};
use domain::clock::IdSource;
use domain::fakes::samples::at;
use domain::identity::{AskedFrom, CodeIssued, CodeRedeemed, PhoneCode, SixDigits, WRONG_CODES};
use domain::standards::Mobile;

/// What every `PhoneCodeStore` must do.
pub async fn phone_code_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_right_code_works_once_and_not_for_another_phone(&new_bench().await.store).await;
    an_old_code_is_told_from_a_wrong_one(&new_bench().await.store).await;
    a_guesser_has_five_tries(&new_bench().await.store).await;
    a_phone_gets_one_code_a_minute_also_on_two_nodes(&new_bench().await).await;
    the_newest_code_alone_counts(&new_bench().await.store).await;
    of_many_that_show_it_at_once_one_wins(&new_bench().await).await;
    a_device_and_an_address_have_quotas_over_all_phones(&new_bench().await).await;
    what_is_refused_counts_for_nobody(&new_bench().await.store).await;
    of_many_that_ask_at_once_no_more_get_a_code_than_may(&new_bench().await).await;
}

fn nowhere() -> AskedFrom {
    AskedFrom::default()
}

fn from(device: &str, address: &str) -> AskedFrom {
    AskedFrom { device: Some(device.to_owned()), address: Some(address.parse().unwrap()) }
}

/// A code for one of many phones.
fn for_phone(number: u32, seconds: i64) -> PhoneCode {
    PhoneCode { phone: phone(&format!("138{number:08}")), ..code(1, seconds) }
}

async fn a_device_and_an_address_have_quotas_over_all_phones(bench: &Bench<impl EveryPort>) {
    let (mine, other) = (from("d1", "203.0.113.9"), from("d2", "203.0.113.9"));
    for number in 0..3 {
        let issued = bench.store.issue(&for_phone(number, 0), &mine).await.unwrap();
        assert_eq!(issued, CodeIssued::Kept, "{number}");
    }
    let full = bench.other.issue(&for_phone(3, 59), &mine).await.unwrap();
    assert_eq!(full, CodeIssued::TooMany(at(60)), "the device has had three");
    assert_eq!(bench.other.issue(&for_phone(3, 59), &other).await.unwrap(), CodeIssued::Kept);
    for number in 4..20 {
        let device = from(&format!("d{number}"), "203.0.113.9");
        let issued = bench.store.issue(&for_phone(number, 59), &device).await.unwrap();
        assert_eq!(issued, CodeIssued::Kept, "{number}");
    }
    let new = from("new", "203.0.113.9");
    let full = bench.store.issue(&for_phone(20, 59), &new).await.unwrap();
    assert_eq!(full, CodeIssued::TooMany(at(60)), "the address has had twenty");
    let elsewhere = from("new", "203.0.113.10");
    let issued = bench.store.issue(&for_phone(20, 59), &elsewhere).await.unwrap();
    assert_eq!(issued, CodeIssued::Kept);
    assert_eq!(bench.store.issue(&for_phone(21, 60), &new).await.unwrap(), CodeIssued::Kept);
}

async fn what_is_refused_counts_for_nobody(store: &impl EveryPort) {
    let here = from("d1", "203.0.113.9");
    assert_eq!(store.issue(&for_phone(0, 0), &here).await.unwrap(), CodeIssued::Kept);
    for _ in 0..5 {
        let refused = store.issue(&for_phone(0, 1), &here).await.unwrap();
        assert_eq!(refused, CodeIssued::TooMany(at(60)), "the phone has had one");
    }
    for number in 1..3 {
        assert_eq!(store.issue(&for_phone(number, 2), &here).await.unwrap(), CodeIssued::Kept);
    }
    let full = store.issue(&for_phone(3, 3), &here).await.unwrap();
    assert_eq!(full, CodeIssued::TooMany(at(60)), "the device, by what it was given");
    assert_eq!(store.issue(&for_phone(3, 4), &nowhere()).await.unwrap(), CodeIssued::Kept);
}

async fn of_many_that_ask_at_once_no_more_get_a_code_than_may<S: EveryPort>(bench: &Bench<S>) {
    let asked = (0..12).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let here = from("d1", "203.0.113.9");
        tokio::spawn(async move { store.issue(&for_phone(number, 0), &here).await.unwrap() })
    });
    let mut kept = 0;
    for issued in asked.collect::<Vec<_>>() {
        kept += usize::from(issued.await.unwrap() == CodeIssued::Kept);
    }
    assert_eq!(kept, 3);
}

struct Always(u8);

impl IdSource for Always {
    fn random_bytes(&self) -> [u8; 32] {
        [self.0; 32]
    }
}

fn phone(text: &str) -> Mobile {
    Mobile::new(text).unwrap()
}

fn code(seed: u8, seconds: i64) -> PhoneCode {
    let code = SixDigits::generate(&Always(seed));
    PhoneCode { phone: phone("13800138000"), code, issued_at: at(seconds) }
}

async fn a_right_code_works_once_and_not_for_another_phone(store: &impl EveryPort) {
    let sent = code(1, 0);
    assert_eq!(store.issue(&sent, &nowhere()).await.unwrap(), CodeIssued::Kept);
    let digits = sent.code.expose();
    let other = store.redeem(&phone("13900139000"), digits, at(1)).await.unwrap();
    assert_eq!(other, CodeRedeemed::Wrong);
    assert_eq!(store.redeem(&sent.phone, digits, at(1)).await.unwrap(), CodeRedeemed::Right);
    assert_eq!(store.redeem(&sent.phone, digits, at(2)).await.unwrap(), CodeRedeemed::Wrong);
}

async fn an_old_code_is_told_from_a_wrong_one(store: &impl EveryPort) {
    let sent = code(1, 0);
    store.issue(&sent, &nowhere()).await.unwrap();
    assert_eq!(store.redeem(&sent.phone, "999999", at(299)).await.unwrap(), CodeRedeemed::Wrong);
    let late = store.redeem(&sent.phone, sent.code.expose(), at(300)).await.unwrap();
    assert_eq!(late, CodeRedeemed::Expired);
}

async fn a_guesser_has_five_tries(store: &impl EveryPort) {
    let sent = code(1, 0);
    store.issue(&sent, &nowhere()).await.unwrap();
    for _ in 0..WRONG_CODES {
        assert_eq!(store.redeem(&sent.phone, "999999", at(1)).await.unwrap(), CodeRedeemed::Wrong);
    }
    let late = store.redeem(&sent.phone, sent.code.expose(), at(1)).await.unwrap();
    assert_eq!(late, CodeRedeemed::Wrong, "the right one comes too late");
}

async fn a_phone_gets_one_code_a_minute_also_on_two_nodes(bench: &Bench<impl EveryPort>) {
    assert_eq!(bench.store.issue(&code(1, 0), &nowhere()).await.unwrap(), CodeIssued::Kept);
    let again = bench.other.issue(&code(2, 59), &nowhere()).await.unwrap();
    assert_eq!(again, CodeIssued::TooMany(at(60)));
    assert_eq!(bench.other.issue(&code(2, 60), &nowhere()).await.unwrap(), CodeIssued::Kept);
}

async fn the_newest_code_alone_counts(store: &impl EveryPort) {
    let (first, second) = (code(1, 0), code(2, 60));
    store.issue(&first, &nowhere()).await.unwrap();
    store.issue(&second, &nowhere()).await.unwrap();
    let old = store.redeem(&first.phone, first.code.expose(), at(61)).await.unwrap();
    assert_eq!(old, CodeRedeemed::Wrong);
    let new = store.redeem(&first.phone, second.code.expose(), at(61)).await.unwrap();
    assert_eq!(new, CodeRedeemed::Right);
}

async fn of_many_that_show_it_at_once_one_wins<S: EveryPort>(bench: &Bench<S>) {
    let sent = code(1, 0);
    bench.store.issue(&sent, &nowhere()).await.unwrap();
    let shown = (0..4).map(|n| {
        let store = if n % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let sent = sent.clone();
        tokio::spawn(
            async move { store.redeem(&sent.phone, sent.code.expose(), at(1)).await.unwrap() },
        )
    });
    let mut right = 0;
    for redeemed in shown.collect::<Vec<_>>() {
        right += usize::from(redeemed.await.unwrap() == CodeRedeemed::Right);
    }
    assert_eq!(right, 1);
}

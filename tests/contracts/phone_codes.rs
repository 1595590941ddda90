//! The contract of `PhoneCodeStore`.

use crate::bench::{Bench, EveryPort};
use domain::clock::IdSource;
use domain::fakes::samples::at;
use domain::identity::{CodeIssued, CodeRedeemed, PhoneCode, SixDigits, WRONG_CODES};
use domain::standards::Mobile;

/// What every `PhoneCodeStore` must do.
pub async fn phone_code_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_right_code_works_once_and_not_for_another_phone(&new_bench().await.store).await;
    an_old_code_is_told_from_a_wrong_one(&new_bench().await.store).await;
    a_guesser_has_five_tries(&new_bench().await.store).await;
    a_phone_gets_one_code_a_minute_also_on_two_nodes(&new_bench().await).await;
    the_newest_code_alone_counts(&new_bench().await.store).await;
    of_many_that_show_it_at_once_one_wins(&new_bench().await).await;
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
    assert_eq!(store.issue(&sent).await.unwrap(), CodeIssued::Kept);
    let digits = sent.code.expose();
    let other = store.redeem(&phone("13900139000"), digits, at(1)).await.unwrap();
    assert_eq!(other, CodeRedeemed::Wrong);
    assert_eq!(store.redeem(&sent.phone, digits, at(1)).await.unwrap(), CodeRedeemed::Right);
    assert_eq!(store.redeem(&sent.phone, digits, at(2)).await.unwrap(), CodeRedeemed::Wrong);
}

async fn an_old_code_is_told_from_a_wrong_one(store: &impl EveryPort) {
    let sent = code(1, 0);
    store.issue(&sent).await.unwrap();
    assert_eq!(store.redeem(&sent.phone, "999999", at(299)).await.unwrap(), CodeRedeemed::Wrong);
    let late = store.redeem(&sent.phone, sent.code.expose(), at(300)).await.unwrap();
    assert_eq!(late, CodeRedeemed::Expired);
}

async fn a_guesser_has_five_tries(store: &impl EveryPort) {
    let sent = code(1, 0);
    store.issue(&sent).await.unwrap();
    for _ in 0..WRONG_CODES {
        assert_eq!(store.redeem(&sent.phone, "999999", at(1)).await.unwrap(), CodeRedeemed::Wrong);
    }
    let late = store.redeem(&sent.phone, sent.code.expose(), at(1)).await.unwrap();
    assert_eq!(late, CodeRedeemed::Wrong, "the right one comes too late");
}

async fn a_phone_gets_one_code_a_minute_also_on_two_nodes(bench: &Bench<impl EveryPort>) {
    assert_eq!(bench.store.issue(&code(1, 0)).await.unwrap(), CodeIssued::Kept);
    let again = bench.other.issue(&code(2, 59)).await.unwrap();
    assert_eq!(again, CodeIssued::TooMany(at(60)));
    assert_eq!(bench.other.issue(&code(2, 60)).await.unwrap(), CodeIssued::Kept);
}

async fn the_newest_code_alone_counts(store: &impl EveryPort) {
    let (first, second) = (code(1, 0), code(2, 60));
    store.issue(&first).await.unwrap();
    store.issue(&second).await.unwrap();
    let old = store.redeem(&first.phone, first.code.expose(), at(61)).await.unwrap();
    assert_eq!(old, CodeRedeemed::Wrong);
    let new = store.redeem(&first.phone, second.code.expose(), at(61)).await.unwrap();
    assert_eq!(new, CodeRedeemed::Right);
}

async fn of_many_that_show_it_at_once_one_wins<S: EveryPort>(bench: &Bench<S>) {
    let sent = code(1, 0);
    bench.store.issue(&sent).await.unwrap();
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

//! The contract of `DayBook`.

use crate::bench::{Bench, EveryPort, insert, payment};
use domain::fakes::samples::at;
use domain::money::Fen;
use domain::payment::{Payment, Rail};
use domain::reconciliation::{
    Bucket, DayBook, DayResult, DayState, Discrepancy, DiscrepancyCode, JudgedLine, Resolution,
};
use jiff::SignedDuration;
use jiff::civil::{Date, date};

/// What every `DayBook` must do.
pub async fn day_book_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_day_comes_back_as_it_was(&new_bench().await.store).await;
    a_later_run_replaces_the_day(&new_bench().await.store).await;
    a_day_of_many_lines_comes_back(&new_bench().await.store).await;
    the_newest_days_come_first_and_without_lines(&new_bench().await.store).await;
    a_file_that_was_used_for_another_day_is_known(&new_bench().await.store).await;
    the_first_day_is_that_of_the_rails_first_payment(&new_bench().await.store).await;
}

fn line(line_no: u32, bucket: Bucket) -> JudgedLine {
    JudgedLine {
        line_no,
        bucket,
        order_no: format!("YW{line_no:06}"),
        txn: format!("T{line_no}"),
        amount: Fen::new(20_600),
        raw: format!("`2026-03-02 10:00:0{line_no},`王\u{feff}\0\r\n"),
    }
}

fn discrepancy(code: DiscrepancyCode, line_no: Option<u32>) -> Discrepancy {
    Discrepancy {
        code,
        order_no: "YW000001".to_owned(),
        txn: String::new(),
        line_no,
        at_risk: Fen::new(-20_600),
        note: "渠道已收，平台未成功".to_owned(),
        resolution: Resolution::Open,
    }
}

fn result(rail: Rail, day: Date) -> DayResult {
    let put_right = discrepancy(DiscrepancyCode::L02, Some(3));
    DayResult {
        rail,
        day,
        state: DayState::Different,
        judged_at: at(90_000),
        file_hash: format!("{:?}{day}", rail),
        lines: vec![
            line(2, Bucket::Matched),
            line(3, Bucket::Discrepancy(DiscrepancyCode::L02)),
            line(4, Bucket::Quarantined),
        ],
        ledger_count: 2,
        ledger_total: Fen::new(41_200),
        fee_total: Fen::new(-12),
        discrepancies: vec![
            Discrepancy { resolution: Resolution::PutRight, ..put_right },
            discrepancy(DiscrepancyCode::L03, None),
        ],
        next_try_at: None,
    }
}

async fn found(store: &impl EveryPort, rail: Rail, day: Date) -> Option<DayResult> {
    DayBook::find(store, rail, day).await.unwrap()
}

async fn save(store: &impl EveryPort, result: &DayResult) {
    DayBook::save(store, result, b"the file").await.unwrap();
}

async fn a_day_comes_back_as_it_was(store: &impl EveryPort) {
    let day = date(2026, 3, 2);
    assert_eq!(found(store, Rail::WeChatPay, day).await, None);
    let result = result(Rail::WeChatPay, day);
    save(store, &result).await;
    assert_eq!(found(store, Rail::WeChatPay, day).await, Some(result));
    assert_eq!(found(store, Rail::Alipay, day).await, None);
    assert_eq!(found(store, Rail::WeChatPay, date(2026, 3, 3)).await, None);
}

async fn a_later_run_replaces_the_day(store: &impl EveryPort) {
    let day = date(2026, 3, 2);
    let waiting = DayResult {
        state: DayState::WaitingForFile,
        file_hash: String::new(),
        lines: Vec::new(),
        discrepancies: vec![discrepancy(DiscrepancyCode::F01, None)],
        next_try_at: Some(at(91_800)),
        ..result(Rail::WeChatPay, day)
    };
    let other = result(Rail::Alipay, day);
    save(store, &other).await;
    for later in [waiting.clone(), result(Rail::WeChatPay, day), waiting] {
        DayBook::save(store, &later, b"").await.unwrap();
        assert_eq!(found(store, Rail::WeChatPay, day).await, Some(later));
    }
    assert_eq!(found(store, Rail::Alipay, day).await, Some(other));
}

async fn a_day_of_many_lines_comes_back(store: &impl EveryPort) {
    let day = date(2026, 3, 2);
    let lines: Vec<_> = (2..2503).map(|line_no| line(line_no, Bucket::Matched)).collect();
    let found_many = (2..1203).map(|no| discrepancy(DiscrepancyCode::L01, Some(no)));
    let discrepancies = found_many.collect();
    let many = DayResult { lines, discrepancies, ..result(Rail::WeChatPay, day) };
    save(store, &many).await;
    assert_eq!(found(store, Rail::WeChatPay, day).await, Some(many));
}

async fn the_newest_days_come_first_and_without_lines(store: &impl EveryPort) {
    assert_eq!(DayBook::list(store, 9).await.unwrap(), []);
    // The year turns in between: days are no text to be sorted carelessly.
    for (rail, day) in [
        (Rail::WeChatPay, date(2025, 12, 31)),
        (Rail::WeChatPay, date(2026, 1, 2)),
        (Rail::Alipay, date(2025, 12, 30)),
        (Rail::WeChatPay, date(2026, 1, 1)),
    ] {
        save(store, &result(rail, day)).await;
    }
    let listed = DayBook::list(store, 3).await.unwrap();
    let days = [date(2026, 1, 2), date(2026, 1, 1), date(2025, 12, 31)];
    let expected = days.map(|day| DayResult { lines: Vec::new(), ..result(Rail::WeChatPay, day) });
    assert_eq!(listed, expected);
    assert_eq!(DayBook::list(store, 100).await.unwrap().len(), 4);
}

async fn a_file_that_was_used_for_another_day_is_known(store: &impl EveryPort) {
    let (day, next) = (date(2026, 3, 2), date(2026, 3, 3));
    let used = result(Rail::WeChatPay, day);
    save(store, &used).await;
    let asked = store.day_of_file(Rail::WeChatPay, &used.file_hash, next).await.unwrap();
    assert_eq!(asked, Some(day));
    let same_day = store.day_of_file(Rail::WeChatPay, &used.file_hash, day).await.unwrap();
    assert_eq!(same_day, None, "a day may be judged again");
    let other_rail = store.day_of_file(Rail::Alipay, &used.file_hash, next).await.unwrap();
    assert_eq!(other_rail, None);
    let other_file = store.day_of_file(Rail::WeChatPay, "abc", next).await.unwrap();
    assert_eq!(other_file, None);
}

async fn the_first_day_is_that_of_the_rails_first_payment(store: &impl EveryPort) {
    assert_eq!(store.first_day(Rail::WeChatPay).await.unwrap(), None);
    // 10:00 in Beijing and 14 hours: the first moment of the next day there.
    let midnight = at(0) + SignedDuration::from_hours(14);
    for (number, rail, created_at) in [
        (1, Rail::WeChatPay, midnight + SignedDuration::from_hours(48)),
        (2, Rail::WeChatPay, midnight),
        (3, Rail::Alipay, midnight - SignedDuration::from_secs(1)),
    ] {
        insert(store, &Payment { rail, created_at, ..payment(number, number) }).await;
    }
    assert_eq!(store.first_day(Rail::WeChatPay).await.unwrap(), Some(date(2026, 3, 3)));
    assert_eq!(store.first_day(Rail::Alipay).await.unwrap(), Some(date(2026, 3, 2)));
    assert_eq!(store.first_day(Rail::UnionPay).await.unwrap(), None);
}

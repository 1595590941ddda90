//! Crash points: today's sample of them on both databases, and two nodes of which one dies.
//! `tests/run --long` kills at all.

use std::time::{SystemTime, UNIX_EPOCH};
use tests::crash::{Base, Passages, all_points, either_node_may_die, sweep};

/// So many points a day and database; each has its turn within a fortnight.
const SAMPLE: usize = 6;
/// So many rounds of two nodes a day.
const ROUNDS: usize = 3;

/// Fault case 24.
#[tokio::test(flavor = "multi_thread")]
async fn todays_crash_points_on_sqlite() {
    every_one_is_survived(Base::Sqlite, 0).await;
}

/// Fault case 24.
#[tokio::test(flavor = "multi_thread")]
async fn todays_crash_points_on_postgres() {
    // Not those of SQLite, so that a mistake of both is seen sooner.
    every_one_is_survived(Base::Postgres, all_points().len() / 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn either_of_two_nodes_on_one_postgres_may_be_killed_and_the_other_finishes_everything() {
    // Strides that have no divisor with the number of points: another mixture every day.
    let all = all_points();
    let first = days_since_1970() * ROUNDS;
    let points: Vec<_> =
        (0..ROUNDS).map(|round| all[(first + round) * 31 % all.len()].clone()).collect();
    let fates = either_node_may_die(&points).await;
    println!("two nodes: {fates:?} of {ROUNDS} at {points:?}");
    assert!(fates.at_point + fates.at_work > 0, "somebody died at work: {fates:?}");
}

async fn every_one_is_survived(base: Base, offset: usize) {
    let points = chosen(offset);
    let existing = points.len();
    let swept = sweep(base, points, Passages::Named).await;
    let hit = swept.iter().filter(|point| point.deaths > 0).count();
    println!("{base}: points hit / points existing: {hit} / {existing} (today's sample)");
    let failures: Vec<_> = swept.into_iter().filter_map(|point| point.failure).collect();
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(hit, existing);
}

/// Today's points, or the one that `YIWANG_CRASH_ONLY` names.
#[expect(clippy::disallowed_methods, reason = "whoever repeats a failure names it here")]
fn chosen(offset: usize) -> Vec<String> {
    if let Ok(only) = std::env::var("YIWANG_CRASH_ONLY") {
        return vec![only];
    }
    let all = all_points();
    let first = days_since_1970() * SAMPLE + offset;
    let today = all.iter().cycle().skip(first % all.len()).take(SAMPLE.min(all.len()));
    today.cloned().collect()
}

#[expect(clippy::disallowed_methods, reason = "the sample changes with the real day")]
fn days_since_1970() -> usize {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    usize::try_from(since.as_secs() / 86_400).unwrap_or_default()
}

//! The full figures: many simulated towns, many kills. Writes docs/results/.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::Instant;
use tests::sim::{Options, run_seeds};

const SEEDS: u64 = 1_000;

#[test]
fn a_thousand_simulated_towns() {
    let started = Instant::now();
    let runs = (0..SEEDS).map(|seed| Options::new(seed, 3, 2_000));
    let verdicts = run_seeds(runs.collect());
    let seconds = started.elapsed().as_secs_f64();
    for verdict in &verdicts {
        assert_eq!(verdict.violation, None, "{}", verdict.line());
    }
    let payments: usize = verdicts.iter().map(|verdict| verdict.stored).sum();
    let events: u64 = verdicts.iter().map(|verdict| verdict.events).sum();
    let faults: usize = verdicts.iter().map(|verdict| verdict.fault_count()).sum();
    let body = format!(
        "Three days of 2,000 citizens who want to pay, two nodes, all faults; seeds 0 to {}.\n\n\
         | seeds | payments | faults | events | time | seeds/s | payments/s | violations |\n\
         |---|---|---|---|---|---|---|---|\n\
         | {SEEDS} | {payments} | {faults} | {events} | {seconds:.0} s | {:.1} | {:.0} | 0 |\n",
        SEEDS - 1,
        SEEDS as f64 / seconds,
        payments as f64 / seconds
    );
    tests::results::write("simulation", &body);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_kills() {
    let moments: Vec<i64> = (0..60).map(|i| i * i / 6).collect();
    let started = Instant::now();
    tests::killed::killed_around_the_callback(&moments).await;
    let kills = started.elapsed();
    let body = format!(
        "| what | how many | time | failures |\n|---|---|---|---|\n\
         | `kill -9` of the real binary 0 to {} ms after the citizen paid | {} | {:.1} s | 0 |\n",
        moments.last().unwrap(),
        moments.len(),
        kills.as_secs_f64()
    );
    tests::results::write("long", &body);
}

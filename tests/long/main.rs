//! The full figures: many random days, many kills. Writes docs/results/.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::Instant;

const DAYS: u64 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn many_random_days_and_many_kills() {
    let started = Instant::now();
    for seed in 0..DAYS {
        tests::sim::random_day(seed).await;
    }
    let days = started.elapsed();
    let moments: Vec<i64> = (0..60).map(|i| i * i / 6).collect();
    let started = Instant::now();
    tests::killed::killed_around_the_callback(&moments).await;
    let kills = started.elapsed();
    let body = format!(
        "| what | how many | time | failures |\n|---|---|---|---|\n\
         | random days with faults (two citizens, three notices, 80 steps) | {DAYS} | {:.1} s | 0 |\n\
         | `kill -9` of the real binary 0 to {} ms after the citizen paid | {} | {:.1} s | 0 |\n",
        days.as_secs_f64(),
        moments.last().unwrap(),
        moments.len(),
        kills.as_secs_f64()
    );
    tests::results::write("long", &body);
}

//! The full figures: many simulated towns, many kills, every crash point. Writes docs/results/.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fmt::Write as _;
use std::time::Instant;
use tests::app::TestApp;
use tests::crash::{Base, Passages, Swept, all_points, either_node_may_die, sweep};
use tests::foreign::everybody_reads_what_is_not_theirs;
use tests::fuzz::{Target, feed};
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
async fn a_hundred_thousand_foreign_reads() {
    let started = Instant::now();
    let app = TestApp::start().await;
    let tried = everybody_reads_what_is_not_theirs(&app, 20, 100_000).await;
    app.finish().await;
    assert_eq!(tried.hits, Vec::<String>::new());
    let kinds: Vec<&str> = tried.kinds.iter().map(String::as_str).collect();
    let body = format!(
        "Twenty citizens, each with something of every kind, read by `node(id)` what belongs to the others.\n\n\
         | kinds | reads of ids of others | time | answered |\n|---|---|---|---|\n\
         | {} | {} | {:.0} s | 0 |\n",
        kinds.join(", "),
        tried.reads,
        started.elapsed().as_secs_f64()
    );
    tests::results::write("foreign-reads", &body);
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

#[tokio::test(flavor = "multi_thread")]
async fn every_crash_point_on_both_databases() {
    let existing = all_points().len();
    let mut summary = "| database | points hit / points existing | processes that died | time | \
                       failures |\n|---|---|---|---|---|\n"
        .to_owned();
    let mut failures = Vec::new();
    let mut columns: Vec<Vec<Swept>> = Vec::new();
    let mut all_hit = true;
    for base in [Base::Sqlite, Base::Postgres] {
        let started = Instant::now();
        let swept = sweep(base, all_points(), Passages::Every).await;
        let seconds = started.elapsed().as_secs_f64();
        let hit = swept.iter().filter(|point| point.deaths > 0).count();
        let deaths: u32 = swept.iter().map(|point| point.deaths).sum();
        let failed: Vec<_> = swept.iter().filter_map(|point| point.failure.clone()).collect();
        let line = format!("{hit} / {existing} | {deaths} | {seconds:.1} s | {}", failed.len());
        println!("{base}: points hit / points existing: {hit} / {existing}, {deaths} deaths");
        writeln!(summary, "| {base} | {line} |").unwrap();
        all_hit &= hit == existing;
        failures.extend(failed);
        columns.push(swept);
    }
    let mut table =
        "\nDeaths at each point: its first passage, its second, … until the story ended \
                     first.\n\n| point | SQLite | PostgreSQL |\n|---|---|---|\n"
            .to_owned();
    for (sqlite, postgres) in columns[0].iter().zip(&columns[1]) {
        let (point, ours, theirs) = (&sqlite.point, sqlite.deaths, postgres.deaths);
        writeln!(table, "| `{point}` | {ours} | {theirs} |").unwrap();
    }
    tests::results::write("crash", &(summary + &table));
    assert_eq!(failures, Vec::<String>::new());
    assert!(all_hit);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_and_every_crash_point() {
    let (points, started) = (all_points(), Instant::now());
    let fates = either_node_may_die(&points).await;
    let (rounds, seconds) = (points.len(), started.elapsed().as_secs_f64());
    println!("two nodes: {fates:?} of {rounds}");
    let body = format!(
        "Two nodes on one PostgreSQL; in each round four payments and a refund, of all of which \
         each effect is there once.\n\n\
         | rounds, one a crash point | died at it | killed at work | idle when killed | time | \
         failures |\n|---|---|---|---|---|---|\n\
         | {rounds} | {} | {} | {} | {seconds:.1} s | 0 |\n",
        fates.at_point, fates.at_work, fates.idle
    );
    tests::results::write("two-nodes", &body);
}

/// Mutations for each reader.
const MUTATIONS: usize = 200_000;

#[test]
fn what_strangers_write_by_the_million() {
    let mut body = String::from(
        "Mutations of the seeds of everything that reads what strangers write; none may panic, and \
         each is read on a stack of 2 MiB.\n\n| reader | texts | made sense | time |\n|---|---|---|---|\n",
    );
    for target in Target::all() {
        let started = Instant::now();
        let reader = std::thread::Builder::new().name(target.name()).stack_size(2 * 1024 * 1024);
        let seed = u64::from(std::process::id());
        let fed = reader.spawn(move || feed(target, MUTATIONS, seed)).unwrap().join();
        let sense = fed.unwrap_or_else(|_| panic!("{} fell over: seed {seed}", target.name()));
        let seconds = started.elapsed().as_secs_f64();
        let name = target.name();
        writeln!(body, "| {name} | {MUTATIONS} | {sense} | {seconds:.0} s |").unwrap();
    }
    tests::results::write("strangers", &body);
}

/// Every code, two and three on one payment, look-alikes: nothing missed, nothing else found.
#[test]
fn planted_errors_of_a_thousand_seeds() {
    let started = Instant::now();
    let mut body = String::from(
        "Days planted by `mock-channels plant`, judged by `bff match`, scored by `tests/recon-benchmark/score.py`; seeds 1 to 1000. \
         Every identity held on every day.\n\n```text\n",
    );
    // A hundred days at a time: their folders are not all kept.
    for first in (1..=SEEDS).step_by(100) {
        let said = tests::planted::scored(first..first + 100);
        let last = said.lines().last().unwrap();
        assert!(last.contains("28 of 28 codes whole; 0 false alarms, 0 false matches"), "{last}");
        writeln!(body, "seeds {first} to {}: {last}", first + 99).unwrap();
    }
    writeln!(body, "```\n\n{:.0} s for all of it.", started.elapsed().as_secs_f64()).unwrap();
    tests::results::write("planted", &body);
}

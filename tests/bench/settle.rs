//! Callbacks settled durably per second: the product over HTTP against `pgbench` running the SQL
//! that the product was seen to run, on the same data, in turns, in one run.

mod capture;
mod letters;
mod pgbench;
mod target;

use super::median;
use letters::Letters;
use std::fmt::Write as _;
use std::time::Duration;
use target::{Measured, Target};

/// Payments that wait for their callback, and callbacks that tell of them. One more is for the
/// look at the SQL.
pub const PAYMENTS: u32 = 8_000;
/// Connections that send callbacks, and clients of `pgbench`.
pub const CLIENTS: u32 = 16;
const ROUNDS: usize = 3;
/// For everything that is started here: servers, clients, PostgreSQL.
const CORES: &str = "0,1";

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_settled_a_second() {
    pin();
    let world = Letters::begin().await;
    let postgres = tests::postgres::durable();
    let template = Target::postgres(&postgres.url, &world).await;
    let seen = capture::one_settlement(&template, &world).await;
    let sqlite = Target::sqlite(&world).await;
    let (mut ours, mut theirs, mut light) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let measured = template.settle(&world).await;
        theirs.push(pgbench::run(&template, &seen, measured.batch()).await);
        ours.push(measured);
        light.push(sqlite.settle(&world).await);
    }
    tests::results::write("settle", &report(&seen, &ours, &theirs, &light));
}

/// Pins this process; whatever it starts is pinned alike.
fn pin() {
    let own = std::process::id().to_string();
    let mut taskset = std::process::Command::new("taskset");
    let pinned = taskset.args(["-a", "-p", "-c", CORES, &own]);
    assert!(pinned.stdout(std::process::Stdio::null()).status().unwrap().success());
}

fn report(
    seen: &capture::Settlement,
    ours: &[Measured],
    theirs: &[f64],
    light: &[Measured],
) -> String {
    let mut body = String::new();
    let (bff, bench) = (rates(ours), median(theirs.to_vec()));
    let sqlite = rates(light);
    writeln!(
        body,
        "{PAYMENTS} payments wait; {PAYMENTS} callbacks of WeChat Pay, signed beforehand, come over \
         {CLIENTS} connections. The clock runs from the first byte sent to the last payment PAID in \
         the database. `pgbench -M prepared` has {CLIENTS} clients and does the same {PAYMENTS} \
         settlements with the SQL that the server was seen to run, on a copy of the same data. All \
         of it on cores {CORES}, in turns, {ROUNDS} rounds.\n\n\
         | | median a second | least | most |\n|---|---|---|---|"
    )
    .unwrap();
    let mut row = |name: &str, (mid, least, most): (f64, f64, f64)| {
        writeln!(body, "| {name} | {mid:.0} | {least:.0} | {most:.0} |").unwrap();
    };
    row("callbacks settled, PostgreSQL", bff);
    row("`pgbench`, the same SQL", bench);
    row("callbacks settled, SQLite", sqlite);
    let ratios = ours.iter().zip(theirs).map(|(one, other)| one.rate() / other);
    let (_, least, most) = median(ratios.collect());
    writeln!(
        body,
        "\n**Ratio to `pgbench`: {:.2}** (of the medians; {least:.2} to {most:.2} round by round).\n",
        bff.0 / bench.0
    )
    .unwrap();
    let mid = |of: &[Measured], what: fn(&Measured) -> f64| {
        let values: Vec<f64> = of.iter().map(what).collect();
        median(values).0
    };
    for (name, of) in [("PostgreSQL", ours), ("SQLite", light)] {
        writeln!(
            body,
            "- {name}: all callbacks answered after {:.0} % of the time, {:.1} callbacks a lease; the \
             server had {:.0} MB resident at the end, {:.0} MB at most, and used {:.2} ms of \
             processor a callback.",
            mid(of, |one| one.answered.as_secs_f64() / one.settled.as_secs_f64() * 100.0),
            mid(of, |one| one.per_lease),
            mid(of, |one| one.resident_mb),
            mid(of, |one| one.peak_mb),
            mid(of, |one| one.processor.as_secs_f64() * 1_000.0 / f64::from(PAYMENTS)),
        )
        .unwrap();
    }
    writeln!(
        body,
        "\nPostgreSQL: fsync, full_page_writes and synchronous_commit on, 256 MB of buffers. SQLite: \
         WAL, synchronous=FULL.\n\n## One settlement, as seen in the log\n\n{}",
        seen.described()
    )
    .unwrap();
    body
}

fn rates(of: &[Measured]) -> (f64, f64, f64) {
    median(of.iter().map(Measured::rate).collect())
}

impl Measured {
    fn rate(&self) -> f64 {
        f64::from(PAYMENTS) / self.settled.as_secs_f64()
    }

    /// Rounded up: `pgbench` leases no more often than the product did.
    fn batch(&self) -> u32 {
        (1..PAYMENTS).find(|batch| f64::from(*batch) >= self.per_lease).unwrap_or(1)
    }
}

/// Ends a hang, and nothing else.
pub const CEILING: Duration = Duration::from_secs(120);

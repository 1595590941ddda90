//! A database full of payments that wait, copied for each round, and the server over it.

use super::letters::{self, FEN, Letters, payment_no};
use super::{CEILING, PAYMENTS};
use adapters::store::{NamedKey, PersonalDataKeys, Store};
use domain::fakes::samples;
use domain::payment::{EventReason, Payment, PaymentRecord, PaymentStatus, PaymentStore};
use jiff::SignedDuration;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tests::app::Folder;
use tests::node::{Process, free_port};
use tests::postgres::with_database;

/// Where payments wait.
pub enum Target {
    /// A server, in which a template is kept.
    Postgres(String),
    /// A file.
    Sqlite(Folder),
}

/// What a round showed.
pub struct Measured {
    /// From the first byte to the last payment PAID.
    pub settled: Duration,
    /// From the first byte to the last answer.
    pub answered: Duration,
    pub per_lease: f64,
    pub resident_mb: f64,
    pub peak_mb: f64,
    /// Of the server alone.
    pub processor: Duration,
}

/// A database of one round; whoever is done with it says so.
pub struct Copy {
    pub url: String,
    folder: Option<Folder>,
}

const TEMPLATE: &str = "settle_template";

impl Target {
    /// A template in PostgreSQL.
    pub async fn postgres(server: &str, _: &Letters) -> Self {
        let admin = Database::connect(server).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {TEMPLATE}")).await.unwrap();
        fill(&with_database(server, TEMPLATE)).await;
        Self::Postgres(server.to_owned())
    }

    /// A template in a file.
    pub async fn sqlite(_: &Letters) -> Self {
        let folder = Folder::fresh();
        fill(&format!("sqlite://{}", Self::file(&folder).display())).await;
        Self::Sqlite(folder)
    }

    fn file(folder: &Folder) -> PathBuf {
        folder.0.join("template.db")
    }

    /// The payments once more, none of them paid.
    pub async fn copy(&self) -> Copy {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        match self {
            Self::Postgres(server) => {
                let name = format!("settle_{}", COUNT.fetch_add(1, Ordering::Relaxed));
                let admin = Database::connect(server).await.unwrap();
                let copy = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
                admin.execute_unprepared(&copy).await.unwrap();
                // No round pays for writing what the one before left.
                admin.execute_unprepared("CHECKPOINT").await.unwrap();
                Copy { url: with_database(server, &name), folder: None }
            }
            Self::Sqlite(template) => {
                let folder = Folder::fresh();
                let path = folder.0.join("yiwang.db");
                std::fs::copy(Self::file(template), &path).unwrap();
                let url = format!("sqlite://{}", path.display());
                Copy { url, folder: Some(folder) }
            }
        }
    }

    /// One round of the product.
    pub async fn settle(&self, world: &Letters) -> Measured {
        let copy = self.copy().await;
        let keys = Folder::fresh();
        let port = free_port();
        let server = Process::with(&copy.url, &keys, port, &world.onboarding(), None).await;
        let letters = letters::all(world).await;
        let database = Database::connect(&copy.url).await.unwrap();
        let before = processor(server.id());
        let addr = format!("127.0.0.1:{port}");
        let sent = tokio::task::spawn_blocking(move || {
            let first = letters::deliver(&addr, &letters);
            (first, first.elapsed())
        });
        let (first, answered) = sent.await.unwrap();
        until_paid(&database, PAYMENTS).await;
        let settled = first.elapsed();
        let leases = number(&database, "SELECT COUNT(DISTINCT leased_until) FROM callback_inbox");
        let leases = u32::try_from(leases.await).unwrap();
        let measured = Measured {
            settled,
            answered,
            per_lease: f64::from(PAYMENTS) / f64::from(leases.max(1)),
            resident_mb: memory(server.id(), "VmRSS:"),
            peak_mb: memory(server.id(), "VmHWM:"),
            processor: processor(server.id()).saturating_sub(before),
        };
        server.terminate().await;
        self.everything_is_there(&database).await;
        database.close().await.unwrap();
        copy.remove().await;
        measured
    }

    /// Whoever was faster did the same work.
    pub async fn everything_is_there(&self, database: &DatabaseConnection) {
        let each = i64::from(PAYMENTS);
        for rows in [
            "payment WHERE status = 'PAID'",
            "payment_event WHERE status = 'PAID'",
            "journal",
            "callback_inbox",
        ] {
            let count = number(database, &format!("SELECT COUNT(*) FROM {rows}")).await;
            assert_eq!(count, each, "{rows}");
        }
        let outbox = number(database, "SELECT COUNT(*) FROM outbox").await;
        assert_eq!(outbox, 2 * each);
        let kept = "SELECT SUM(debits) FROM ledger_balance WHERE account LIKE 'rail_clearing:%'";
        let kept = format!("SELECT CAST(({kept}) AS BIGINT)");
        assert_eq!(number(database, &kept).await, each * FEN);
    }
}

impl Copy {
    /// Drops it.
    pub async fn remove(self) {
        if self.folder.is_none() {
            let (server, name) = self.url.rsplit_once('/').unwrap();
            let admin = Database::connect(format!("{server}/postgres")).await.unwrap();
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            admin.execute_unprepared(&drop).await.unwrap();
        }
    }
}

/// Payments 0 to [`PAYMENTS`], each of one notice, which nobody asks the rail for.
async fn fill(url: &str) {
    let keys = PersonalDataKeys {
        data: NamedKey::generate().unwrap(),
        older_data: Vec::new(),
        index: NamedKey::generate().unwrap(),
    };
    let store = Store::connect(url, keys).await.unwrap();
    store.migrate().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for share in 0..8 {
        let store = store.clone();
        tasks.spawn(async move {
            for place in (0..=PAYMENTS).skip(share).step_by(8) {
                let no = payment_no(place);
                let sample = samples::payment(&no, &format!("330100000{place:011}"), FEN);
                let never = sample.next_check_at + SignedDuration::from_hours(24 * 365);
                let payment = Payment { next_check_at: never, ..sample };
                let record = PaymentRecord {
                    at: samples::at(0),
                    status: PaymentStatus::Submitted,
                    reason: EventReason::Started,
                    evidence: None,
                };
                store.insert(&payment, &record).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    store.close().await.unwrap();
    let database = Database::connect(url).await.unwrap();
    let postgres = url.starts_with("postgres");
    let tidy = if postgres { "VACUUM ANALYZE" } else { "PRAGMA wal_checkpoint(TRUNCATE)" };
    database.execute_unprepared(tidy).await.unwrap();
    database.close().await.unwrap();
}

/// Waits until so many payments are PAID.
pub async fn until_paid(database: &DatabaseConnection, count: u32) {
    let started = Instant::now();
    let ask = "SELECT COUNT(*) FROM payment WHERE status = 'PAID'";
    loop {
        let left = u64::from(count) - u64::try_from(number(database, ask).await).unwrap();
        if left == 0 {
            return;
        }
        assert!(started.elapsed() < CEILING, "not all are settled");
        // Counting takes time from the server: as long as thousands are left, seldom.
        tokio::time::sleep(Duration::from_millis((left / 4).clamp(10, 500))).await;
    }
}

/// The one number that this asks for.
pub async fn number(database: &DatabaseConnection, ask: &str) -> i64 {
    let ask = Statement::from_string(database.get_database_backend(), ask);
    let row = database.query_one_raw(ask).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

fn memory(process: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes / 1024.0
}

/// User and system time, in the hundredths of a second that Linux counts for everybody.
fn processor(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
    let ticks: u64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

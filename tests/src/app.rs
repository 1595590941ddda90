//! The product and the outside world in one process, both on free ports.

use crate::citizen::Citizen;
use crate::levers::{Http, Levers, eventually};
use bff::application::{Application, Stopper};
use bff::demo::{BesideClock, channels_of};
use bff::settings::{ChannelSettings, Environment, Settings};
use domain::clock::Clock;
use domain::payment::{LedgerBook as _, OutboxStore as _, Rail};
use mock_channels::{MockChannels, MockSettings};
use sea_orm::{ConnectionTrait as _, Database, Statement};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// 2026-03-02 10:00:00 in Beijing: every test's day begins there.
pub const START_MS: i64 = 1_772_416_800_000;

/// A folder that is gone after the test.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// A fresh one.
    pub fn fresh() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("yiwang-test-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to remove.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One running server.
pub struct Node {
    /// `http://127.0.0.1:…`.
    pub base_url: String,
    /// Where its counters are shown.
    pub metrics_url: String,
    /// Its store, to look behind the door.
    pub store: adapters::store::Store,
    /// Judges a day of WeChat Pay at once, as the command `reconcile` does.
    pub reconcile: Arc<domain::reconciliation::ReconcileDay>,
    /// Name and password of the staff account, if this node made it.
    pub staff: Option<bff::FirstAccount>,
    stopper: Stopper,
    running: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Node {
    /// Starts a server over this database.
    pub async fn start(database_url: &str, keys: &Folder, mocks: &MockChannels) -> Self {
        Self::with_settings(database_url, keys, mocks, &[]).await
    }

    /// The same, with more of the environment.
    pub async fn with_settings(
        database_url: &str,
        keys: &Folder,
        mocks: &MockChannels,
        more: &[(&str, &str)],
    ) -> Self {
        Self::with_channels(database_url, keys, channels_of(&mocks.onboarding()), mocks, more).await
    }

    async fn with_channels(
        database_url: &str,
        keys: &Folder,
        channels: ChannelSettings,
        mocks: &MockChannels,
        more: &[(&str, &str)],
    ) -> Self {
        let pairs = [
            ("YIWANG_HTTP_ADDR", "127.0.0.1:0"),
            ("YIWANG_METRICS_ADDR", "127.0.0.1:0"),
            ("YIWANG_MOCK_ADDR", "127.0.0.1:0"),
            // The clock of a test stands still, and so would the purses.
            ("YIWANG_RATE_LIMITS", "measure"),
            ("YIWANG_DATABASE_URL", database_url),
            ("YIWANG_KEY_DIR", keys.0.to_str().unwrap()),
        ];
        let environment: Environment = pairs
            .iter()
            .chain(more)
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        let settings = Settings::load(&environment).unwrap();
        let clock: Arc<dyn Clock> = BesideClock::of(mocks);
        let application = Application::build(&settings, &channels, clock).await.unwrap();
        let base_url = format!("http://{}", application.addr());
        let metrics_url = format!("http://{}/metrics", application.metrics_addr().unwrap());
        let (store, stopper) = (application.store().clone(), application.stopper());
        let reconcile = Arc::clone(application.reconcile(Rail::WeChatPay).unwrap());
        let staff = application.first_account().cloned();
        let running = tokio::spawn(application.run_until_stopped());
        Self { base_url, metrics_url, store, reconcile, staff, stopper, running }
    }

    /// What it has counted under `name`, labels and all; fails where there is no such counter.
    pub async fn counted(&self, name: &str) -> u64 {
        let (status, text) = Http::default().get(&self.metrics_url, &[]).await;
        assert_eq!(status, 200, "{text}");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
    }

    /// Stops in order.
    pub async fn stop(self) {
        self.stopper.stop().await;
        self.running.await.unwrap().unwrap();
    }
}

/// The outside world, on the morning of every test.
async fn played() -> MockChannels {
    let mocks = MockChannels::start(MockSettings {
        addr: "127.0.0.1:0".to_owned(),
        state_file: None,
        start_at_ms: Some(START_MS),
    });
    mocks.await.unwrap()
}

/// The product over one database, with the outside world beside.
pub struct TestApp {
    /// The first node.
    pub node: Node,
    /// The levers of the outside world.
    pub levers: Levers,
    /// Where the nodes keep everything.
    pub database_url: String,
    /// The outside world.
    pub mocks: MockChannels,
    folder: Folder,
}

impl TestApp {
    /// On SQLite.
    pub async fn start() -> Self {
        let folder = Folder::fresh();
        let database_url = format!("sqlite://{}", folder.0.join("yiwang.db").display());
        Self::over(database_url, folder).await
    }

    /// On SQLite, with more of the environment.
    pub async fn with_settings(more: &[(&str, &str)]) -> Self {
        let folder = Folder::fresh();
        let database_url = format!("sqlite://{}", folder.0.join("yiwang.db").display());
        Self::over_with(database_url, folder, more).await
    }

    /// On SQLite, with other settings of the platforms.
    pub async fn with_channels(change: impl FnOnce(&mut ChannelSettings)) -> Self {
        let folder = Folder::fresh();
        let database_url = format!("sqlite://{}", folder.0.join("yiwang.db").display());
        let mocks = played().await;
        let mut channels = channels_of(&mocks.onboarding());
        change(&mut channels);
        let node = Node::with_channels(&database_url, &folder, channels, &mocks, &[]).await;
        let levers = Levers::of(&mocks.base_url());
        Self { node, levers, database_url, mocks, folder }
    }

    /// On PostgreSQL.
    pub async fn on_postgres() -> Self {
        Self::over(crate::postgres::fresh_database().await, Folder::fresh()).await
    }

    /// On PostgreSQL, with more of the environment.
    pub async fn on_postgres_with(more: &[(&str, &str)]) -> Self {
        let database_url = crate::postgres::fresh_database().await;
        Self::over_with(database_url, Folder::fresh(), more).await
    }

    /// Over a database that is there and empty.
    pub async fn over_database(database_url: String) -> Self {
        Self::over(database_url, Folder::fresh()).await
    }

    async fn over(database_url: String, folder: Folder) -> Self {
        Self::over_with(database_url, folder, &[]).await
    }

    async fn over_with(database_url: String, folder: Folder, more: &[(&str, &str)]) -> Self {
        let mocks = played().await;
        let node = Node::with_settings(&database_url, &folder, &mocks, more).await;
        let levers = Levers::of(&mocks.base_url());
        Self { node, levers, database_url, mocks, folder }
    }

    /// One more node over the same database.
    pub async fn second_node(&self) -> Node {
        Node::start(&self.database_url, &self.folder, &self.mocks).await
    }

    /// One more node behind the public address of the first, as nodes of one service are: what it
    /// asks of a rail is the same to the letter.
    pub async fn twin_node(&self) -> Node {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let addr = free.to_string();
        let more = [("YIWANG_HTTP_ADDR", &*addr), ("YIWANG_PUBLIC_URL", &*self.node.base_url)];
        Node::with_settings(&self.database_url, &self.folder, &self.mocks, &more).await
    }

    /// A file of keys that the first node made.
    pub fn key_file(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// A new citizen in a session of the WeChat mini-program.
    pub async fn citizen(&self) -> Citizen {
        Citizen::arrives(&self.node.base_url, &self.levers).await
    }

    /// How many rows of the database there are, as no port tells.
    pub async fn counts(&self, rows: &str) -> i64 {
        self.number(&format!("COUNT(*) AS BIGINT) AS n FROM {rows}")).await
    }

    /// What stands on an account of the ledger: credits less debits, in fen.
    pub async fn on_account(&self, account: &str) -> i64 {
        let signed = "CASE side WHEN 'CREDIT' THEN amount ELSE -amount END";
        let from = format!("FROM journal_entry WHERE account = '{account}'");
        self.number(&format!("COALESCE(SUM({signed}), 0) AS BIGINT) AS n {from}")).await
    }

    async fn number(&self, what: &str) -> i64 {
        let database = Database::connect(&self.database_url).await.unwrap();
        let ask = format!("SELECT CAST({what}");
        let ask = Statement::from_string(database.get_database_backend(), ask);
        let row = database.query_one_raw(ask).await.unwrap().unwrap();
        database.close().await.unwrap();
        row.try_get("", "n").unwrap()
    }

    /// Does to the database what no port does.
    pub async fn tampers(&self, sql: &str) {
        let database = Database::connect(&self.database_url).await.unwrap();
        database.execute_unprepared(sql).await.unwrap();
        database.close().await.unwrap();
    }

    /// Asserts that nothing is queued, and that the ledger balances; then stops.
    pub async fn finish(self) {
        let store = self.node.store.clone();
        eventually("an empty outbox", || async {
            (store.backlog().await.unwrap() == (0, 0)).then_some(())
        })
        .await;
        let (debits, credits) = store.totals().await.unwrap();
        assert_eq!(debits, credits, "the ledger balances");
        self.node.stop().await;
        self.mocks.stop().await;
    }
}

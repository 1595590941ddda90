//! One run: a process that is to die, the world around it, and a client that asks again.

use super::Base;
use crate::app::{Folder, START_MS};
use crate::citizen::{Citizen, PAYMENT, document};
use crate::levers::Levers;
use crate::node::{Process, free_port};
use crate::postgres;
use adapters::store::{PersonalDataKeys, Store};
use mock_channels::{MockChannels, MockSettings};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

/// What `abort` ends a process with.
const SIGABRT: i32 = 6;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// Leases and re-sends wait for the clock, which is moved so far with every look …
const STRIDE_SECONDS: i64 = 2;
/// … once so many looks have shown that nothing happens by itself.
const PATIENT_LOOKS: u32 = 12;
const CEILING: Duration = Duration::from_secs(90);
/// A connection may break while the process is still dying.
const DYING: Duration = Duration::from_secs(2);

/// See the module.
pub struct Run {
    /// The levers of the outside world.
    pub levers: Levers,
    /// The same database, from outside.
    pub store: Store,
    /// The same once more, for what no port tells.
    sql: DatabaseConnection,
    mocks: MockChannels,
    folder: Folder,
    port: u16,
    base: Base,
    database_url: String,
    process: Process,
    crash_at: String,
    died: bool,
}

/// How long something has been waited for.
pub struct Wait {
    what: &'static str,
    since: Instant,
    looks: u32,
}

impl Wait {
    /// From now on.
    pub fn of(what: &'static str) -> Self {
        Self { what, since: Instant::now(), looks: 0 }
    }
}

impl Run {
    /// Starts the world, and a process that dies at this point.
    pub async fn start(base: Base, crash_at: &str) -> Self {
        let mocks = MockChannels::start(MockSettings {
            addr: "127.0.0.1:0".to_owned(),
            state_file: None,
            start_at_ms: Some(START_MS),
        });
        let mocks = mocks.await.unwrap();
        let (folder, port) = (Folder::fresh(), free_port());
        let database_url = match base {
            Base::Sqlite => format!("sqlite://{}", folder.0.join("yiwang.db").display()),
            Base::Postgres => postgres::fresh_database().await,
        };
        let process = Process::over(&database_url, &folder, port, &mocks, Some(crash_at)).await;
        let keys = PersonalDataKeys::generate(&folder.0).unwrap();
        let store = Store::connect(&database_url, keys).await.unwrap();
        let sql = Database::connect(&database_url).await.unwrap();
        let levers = Levers::of(&mocks.base_url());
        let (crash_at, died) = (crash_at.to_owned(), false);
        let mut run = Self {
            levers,
            store,
            sql,
            mocks,
            folder,
            port,
            base,
            database_url,
            process,
            crash_at,
            died,
        };
        run.revived().await;
        run
    }

    /// Where the process is reached, also after its death.
    pub fn address(&self) -> &str {
        &self.process.base_url
    }

    /// A citizen of this world; signing in passes no crash point, but the workers do meanwhile.
    pub async fn citizen(&mut self) -> Citizen {
        let facts = self.levers.citizen().await;
        self.signs_in(facts).await
    }

    /// The same person in a session of today.
    pub async fn signs_in_again(&mut self, citizen: &Citizen) -> Citizen {
        self.signs_in(citizen.facts.clone()).await
    }

    async fn signs_in(&mut self, facts: Value) -> Citizen {
        let (url, levers) = (self.process.base_url.clone(), self.levers.clone());
        self.outliving("a session", move || {
            let (url, levers, facts) = (url.clone(), levers.clone(), facts.clone());
            async move { Citizen::signs_in(&url, &levers, facts).await }
        })
        .await
    }

    /// The citizen's fine, and what it costs.
    pub async fn finds_fine(&mut self, citizen: &Citizen) -> (String, i64) {
        let citizen = citizen.clone();
        self.outliving("a fine", move || {
            let citizen = citizen.clone();
            async move { citizen.finds_fine().await }
        })
        .await
    }

    /// Does it once more if it fails because the process dies meanwhile.
    async fn outliving<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &mut self,
        what: &'static str,
        doing: impl Fn() -> F,
    ) -> T {
        let mut wait = Wait::of(what);
        loop {
            let died = self.died;
            match tokio::spawn(doing()).await {
                Ok(done) => return done,
                Err(panicked) => {
                    self.outlives_death(&mut wait).await;
                    if self.died == died {
                        std::panic::resume_unwind(panicked.into_panic());
                    }
                }
            }
        }
    }

    /// Asks until there is an answer, as a client does whose connection breaks.
    pub async fn asks(&mut self, citizen: &Citizen, query: &str, variables: &Value) -> Value {
        let mut wait = Wait::of("an answer");
        loop {
            let answer = citizen.asks_a_dying_server(query, variables.clone()).await;
            if let Some(answer) = answer {
                return answer;
            }
            self.outlives_death(&mut wait).await;
        }
    }

    /// A connection broke: the process is dying, and is started again.
    async fn outlives_death(&mut self, wait: &mut Wait) {
        let broken = Instant::now();
        while !self.revived().await && broken.elapsed() < DYING {
            tokio::time::sleep(PAUSE).await;
        }
        self.waits(wait).await;
    }

    /// A mutation of one input; its payload, once there is one without `errors`.
    pub async fn mutates(
        &mut self,
        citizen: &Citizen,
        name: &str,
        fields: &str,
        input: &Value,
    ) -> Value {
        let shape = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let query = document(name, &shape, fields);
        let answer = self.asks(citizen, &query, &json!({ "i": input })).await;
        assert!(answer["errors"].is_null(), "{name}: {answer}");
        answer["data"][name].clone()
    }

    /// All payments of a citizen, newest first.
    pub async fn payments(&mut self, citizen: &Citizen) -> Vec<Value> {
        let query = format!("{{viewer{{payments(first:100){{nodes{{{PAYMENT}}}}}}}}}");
        let answer = self.asks(citizen, &query, &json!({})).await;
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"]["viewer"]["payments"]["nodes"].as_array().unwrap().clone()
    }

    /// The payment with this number.
    pub async fn payment(&mut self, citizen: &Citizen, no: &str) -> Value {
        let all = self.payments(citizen).await;
        let found = all.into_iter().find(|payment| payment["paymentNo"] == no);
        found.unwrap_or_else(|| panic!("payment {no} is gone"))
    }

    /// Lets a little time go by, and starts the process again if it has died.
    pub async fn waits(&mut self, wait: &mut Wait) {
        self.revived().await;
        assert!(wait.since.elapsed() < CEILING, "never: {}", wait.what);
        wait.looks += 1;
        if wait.looks > PATIENT_LOOKS {
            self.levers.advance(STRIDE_SECONDS).await;
        }
        tokio::time::sleep(PAUSE).await;
    }

    /// Starts the process again, for good, if it has died at its point.
    async fn revived(&mut self) -> bool {
        let Some(status) = self.process.ended() else { return false };
        assert_eq!(status.signal(), Some(SIGABRT), "it died of something else: {status}");
        assert!(!self.died, "it died twice");
        self.died = true;
        let (folder, port) = (&self.folder, self.port);
        self.process = Process::over(&self.database_url, folder, port, &self.mocks, None).await;
        true
    }

    /// A person has the balances made anew while the server serves, again if that dies.
    pub async fn rebuilds_the_ledger(&mut self) {
        loop {
            let crash_at = (!self.died).then_some(self.crash_at.as_str());
            let (url, folder) = (&self.database_url, &self.folder);
            let mut command = Process::command(url, folder, &self.mocks, crash_at);
            let status = command.args(["ledger", "rebuild"]).status().unwrap();
            if status.success() {
                return;
            }
            assert!(!self.died && status.signal() == Some(SIGABRT), "the rebuild ended: {status}");
            self.died = true;
        }
    }

    /// How many rows a table has there.
    pub async fn count(&self, table_where: &str) -> i64 {
        count(&self.sql, table_where).await
    }

    /// Stops everything. Did the process die on the way?
    pub async fn finish(mut self) -> bool {
        self.revived().await;
        self.process.kill();
        self.mocks.stop().await;
        self.store.close().await.unwrap();
        self.sql.close().await.unwrap();
        if self.base == Base::Postgres {
            postgres::drop_database(&self.database_url).await;
        }
        self.died
    }
}

/// How many rows a table has where something holds, for what no port tells.
pub async fn count(sql: &DatabaseConnection, table_where: &str) -> i64 {
    let ask = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table_where}");
    let ask = Statement::from_string(sql.get_database_backend(), ask);
    sql.query_one_raw(ask).await.unwrap().unwrap().try_get("", "n").unwrap()
}

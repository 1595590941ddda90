//! The servers as processes on the core that is theirs alone; one runs, the others are stopped.

use super::world::World;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tests::levers::Http;
use tests::node::{binary, free_port, settings_file};

/// The server's core. PostgreSQL, the played platforms and the generator share the other one.
pub const SERVER_CORE: &str = "0";
/// Everybody else's.
pub const OTHER_CORE: &str = "1";

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// This product.
    Product,
    /// The bytes of its home page and nothing else.
    Ceiling,
    /// Mercurius with JIT.
    Mercurius,
    /// GraphQL Yoga.
    Yoga,
    /// Apollo Server.
    Apollo,
}

impl Kind {
    /// In the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Product => "Yiwang",
            Self::Ceiling => "static bytes",
            Self::Mercurius => "Mercurius, JIT",
            Self::Yoga => "GraphQL Yoga",
            Self::Apollo => "Apollo Server",
        }
    }

    const fn script(self) -> &'static str {
        match self {
            Self::Mercurius => "mercurius.mjs",
            Self::Yoga => "yoga.mjs",
            Self::Apollo => "apollo.mjs",
            Self::Product | Self::Ceiling => "",
        }
    }
}

/// What counts allocations.
pub struct Counting {
    /// Loaded before the system's allocator.
    pub library: PathBuf,
    /// Where it keeps the numbers of calls and of bytes.
    pub file: PathBuf,
}

/// A server that was started, stopped in its tracks until it is its turn.
pub struct Server {
    /// Which.
    pub kind: Kind,
    /// `127.0.0.1:8080`.
    pub addr: String,
    child: Child,
}

impl Server {
    /// Starts it, waits until it answers, and stops it in its tracks.
    pub async fn start(world: &World, kind: Kind, with_rail: bool) -> Self {
        Self::begin(world, kind, with_rail, None).await
    }

    /// The product without a rail, its allocations counted.
    pub async fn counted(world: &World, by: &Counting) -> Self {
        Self::begin(world, Kind::Product, false, Some(by)).await
    }

    async fn begin(world: &World, kind: Kind, with_rail: bool, by: Option<&Counting>) -> Self {
        let port = free_port();
        let addr = format!("127.0.0.1:{port}");
        let mut command = Command::new("taskset");
        command.args(["-c", SERVER_CORE]).stdout(Stdio::null());
        match kind {
            Kind::Product => product(&mut command, world, &addr, with_rail),
            Kind::Ceiling => {
                command.arg(binary("bench_server")).args(["ceiling", &addr]);
                command.arg(world.folder.0.join("ceiling.json"));
            }
            Kind::Mercurius | Kind::Yoga | Kind::Apollo => {
                let settings = world.rival_settings(port, with_rail);
                let file = world.folder.0.join(format!("{port}.json"));
                std::fs::write(&file, settings.to_string()).unwrap();
                command.arg("node").arg(node_folder().join(kind.script()));
                command.env("NODE_ENV", "production").env("RIVAL_SETTINGS", file);
            }
        }
        if let Some(Counting { library, file }) = by {
            command.env("LD_PRELOAD", library).env("COUNT_FILE", file);
        }
        let server = Self { kind, addr, child: command.spawn().unwrap() };
        server.ready().await;
        server.pause();
        server
    }

    async fn ready(&self) {
        let url = format!("http://{}/graphql?query=%7B__typename%7D", self.addr);
        let http = Http::default();
        for _ in 0..300 {
            if tokio::net::TcpStream::connect(&self.addr).await.is_ok() {
                http.get(&url, &[("apollo-require-preflight", "true")]).await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{} does not start", self.kind.name());
    }

    /// Its number at the system.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its turn ends.
    pub fn pause(&self) {
        signal("-STOP", self.id());
    }

    /// Its turn begins.
    pub fn resume(&self) {
        signal("-CONT", self.id());
    }

    /// Resident now, in MB.
    pub fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// User and system time, in microseconds; Linux counts hundredths of a second.
    pub fn processor_us(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap();
        let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
        let ticks: u32 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap()).sum();
        f64::from(ticks) * 10_000.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(which: &str, process: u32) {
    assert!(Command::new("kill").args([which, &process.to_string()]).status().unwrap().success());
}

/// Where the servers beside are.
pub fn node_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/rivals/node")
}

fn product(command: &mut Command, world: &World, addr: &str, with_rail: bool) {
    let settings = settings_file(&world.folder.0, &world.mocks.onboarding());
    command.arg(binary("bench_server"));
    if !with_rail {
        command.arg("no-rail");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("YIWANG_HTTP_ADDR", addr);
    command.env("YIWANG_KEY_DIR", &world.folder.0).env("YIWANG_SETTINGS", settings);
    command.env("YIWANG_DATABASE_URL", &world.database).env("YIWANG_LOG", "error");
    command.env("YIWANG_TRUSTED_DOCUMENTS", world.manifest());
    command.envs(NO_LIMIT.map(|name| (name, "1000000000")));
}

/// Sixteen persons ask for thousands: what they spend is counted as ever, and is never too much.
const NO_LIMIT: [&str; 0] = [];

/// What the generator is to do.
#[derive(Serialize)]
pub struct Plan {
    /// The server.
    pub addr: String,
    /// Until then nothing counts.
    pub warm_ms: u64,
    /// So long it is counted.
    pub run_ms: u64,
    /// The first number that no request had.
    pub from: u64,
    /// What every right answer has in it.
    pub must_have: String,
    /// For each connection its requests.
    pub connections: Vec<Vec<String>>,
}

/// What the generator measured.
#[derive(Debug, Clone, Deserialize)]
pub struct Load {
    /// Answers within the time that counts.
    pub answers: u64,
    /// Their bytes, heads and all.
    pub bytes: u64,
    /// Those that were not right.
    pub wrong: u64,
    /// The first of them.
    pub first_wrong: String,
    /// How long.
    pub seconds: f64,
    /// Half of the answers took no longer.
    pub p50_us: u64,
    /// 99 of 100 took no longer.
    pub p99_us: u64,
}

/// Runs the generator on the other core.
pub fn load(plan: &Plan) -> Load {
    let mut command = Command::new("taskset");
    command.args(["-c", OTHER_CORE]).arg(binary("load"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let text = serde_json::to_string(plan).unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the generator failed at {}", plan.addr);
    serde_json::from_slice(&output.stdout).unwrap()
}

//! The front beside Mercurius, GraphQL Yoga and Apollo Server: the same schema, the same data, the
//! same tables, one server at a time on a core of its own. See docs/benchmarks.md.

mod allocations;
mod operations;
mod report;
mod servers;
mod world;

use super::median;
use operations::Operation;
use serde_json::{Value, json};
use servers::{Kind, OTHER_CORE, Plan, Server, load, node_folder};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use tests::levers::Http;
use world::World;

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Length {
    /// Rounds; in each every server has its turn.
    pub rounds: usize,
    /// Before the first round.
    pub warm_ms: u64,
    /// Before each turn counts.
    pub again_ms: u64,
    /// What counts of a turn. A payment is looked at again after 5 s: that is not measured here.
    pub run_ms: u64,
}

const USUAL: Length = Length { rounds: 7, warm_ms: 3_000, again_ms: 500, run_ms: 3_000 };
/// To see that it runs.
const BRIEF: Length = Length { rounds: 2, warm_ms: 1_500, again_ms: 200, run_ms: 1_000 };

/// One turn of one server.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Answers a second.
    pub rate: f64,
    /// Of the server's processor for one answer.
    pub processor_us: f64,
    pub p50_us: u64,
    pub p99_us: u64,
}

/// All turns.
pub type Turns = BTreeMap<(Operation, Kind), Vec<Turn>>;

/// What answers weigh: bytes with their heads, as asked for plain, gzip and brotli.
pub type Weights = BTreeMap<(Operation, Kind), [u64; 3]>;

#[tokio::test(flavor = "multi_thread")]
async fn the_front_beside_other_servers() {
    pin(OTHER_CORE);
    let length = length();
    install();
    let world = World::begin().await;
    let mut found = report::Found { length: Some(length), ..report::Found::default() };
    keep_ceiling(&world).await;
    let mut servers = Vec::new();
    for kind in [Kind::Product, Kind::Ceiling, Kind::Mercurius, Kind::Yoga, Kind::Apollo] {
        servers.push(Server::start(&world, kind, false).await);
    }
    found.alike = alike(&world, &servers).await;
    use Operation as Op;
    for operation in [Op::Home, Op::HomeById, Op::HomeComputed, Op::Search, Op::Notices, Op::Start]
    {
        turns(&world, &servers, operation, length, &mut found.turns).await;
        if operation == Op::HomeById {
            turns(&world, &servers, Op::HomePacked, length, &mut found.turns).await;
        }
        weigh(&world, &servers, operation, &mut found.weights).await;
    }
    for server in &servers {
        found.resident_mb.insert(server.kind, server.resident_mb());
    }
    drop(servers);
    let mut servers = Vec::new();
    for kind in [Kind::Product, Kind::Mercurius, Kind::Yoga, Kind::Apollo] {
        servers.push(Server::start(&world, kind, true).await);
    }
    turns(&world, &servers, Op::StartWithRail, length, &mut found.turns).await;
    drop(servers);
    found.allocations = allocations::count(&world).await;
    tests::results::write("rivals", &report::text(&found));
    world.mocks.stop().await;
    pin("0,1");
}

#[expect(clippy::disallowed_methods, reason = "a developer's look at whether it runs at all")]
fn length() -> Length {
    if std::env::var("YIWANG_BENCH_BRIEF").is_ok() { BRIEF } else { USUAL }
}

/// Pins this process; whatever it starts is pinned alike, unless it is told otherwise.
fn pin(cores: &str) {
    let own = std::process::id().to_string();
    let mut taskset = Command::new("taskset");
    let pinned = taskset.args(["-a", "-p", "-c", cores, &own]).stdout(Stdio::null());
    assert!(pinned.status().unwrap().success());
}

/// The servers beside, in the versions of the lock file.
fn install() {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]);
    let status = npm.current_dir(node_folder()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "npm ci");
}

/// SHA-256 in hex.
pub fn sha256(text: &str) -> String {
    let mut sum = Command::new("sha256sum");
    let mut child = sum.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// Keeps the home page's bytes and headers for the ceiling.
async fn keep_ceiling(world: &World) {
    let product = Server::start(world, Kind::Product, false).await;
    product.resume();
    let body = json!({
        "query": Operation::Home.document(), "variables": Operation::Home.variables()[0]
    });
    let url = format!("http://{}/graphql", product.addr);
    let sent = [("content-type", "application/json")];
    let (_, headers, body) = Http::default().send_with(&url, &sent, &body.to_string()).await;
    let made_anew = ["content-length", "date", "transfer-encoding"];
    let headers: Vec<_> = headers
        .iter()
        .filter(|(name, _)| !made_anew.contains(&name.as_str()))
        .map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()]))
        .collect();
    let file = world.folder.0.join("ceiling.json");
    std::fs::write(file, json!({ "headers": headers, "body": body }).to_string()).unwrap();
}

/// Every server answers the same. Says how far the searches agree, which are not the same code.
async fn alike(world: &World, servers: &[Server]) -> String {
    let http = Http::default();
    let mut said = String::new();
    let mut ours: BTreeMap<String, Value> = BTreeMap::new();
    for server in servers.iter().filter(|server| server.kind != Kind::Ceiling) {
        server.resume();
        let url = format!("http://{}/graphql", server.addr);
        know(&http, &url).await;
        use Operation as Op;
        for operation in [Op::Home, Op::HomeComputed, Op::Notices, Op::Search] {
            let token = operation.signed_in().then_some(world.persons[0].token.as_str());
            let mut same = 0;
            let all = operation.variables();
            for variables in &all {
                let body = json!({ "query": operation.document(), "variables": variables });
                let (_, answer) = http.post(&url, token, &body).await;
                assert!(answer["errors"].is_null(), "{}: {answer}", server.kind.name());
                let key = format!("{operation:?}{variables}");
                let first = ours.entry(key).or_insert_with(|| answer["data"].clone());
                if operation == Operation::Search {
                    same += usize::from(best(first) == best(&answer["data"]));
                } else {
                    assert_eq!(*first, answer["data"], "{}: {operation:?}", server.kind.name());
                }
            }
            if operation == Operation::Search && server.kind == Kind::Mercurius {
                write!(said, "the first hit is the same for {same} of {} texts", all.len())
                    .unwrap();
            }
        }
        server.pause();
    }
    said
}

fn best(data: &Value) -> &Value {
    &data["searchApps"][0]["app"]["slug"]
}

/// Sends the home page's document with its hash, for servers that learn documents so.
async fn know(http: &Http, url: &str) {
    let document = Operation::HomeById.document();
    let hash = json!({ "version": 1, "sha256Hash": sha256(document) });
    let body = json!({
        "query": document,
        "variables": Operation::HomeById.variables()[0],
        "extensions": { "persistedQuery": hash },
    });
    http.post(url, None, &body).await;
}

/// Whether this server is asked this.
fn asked(operation: Operation, kind: Kind) -> bool {
    match kind {
        Kind::Ceiling => matches!(operation, Operation::Home | Operation::HomeById),
        Kind::Product | Kind::Mercurius | Kind::Yoga | Kind::Apollo => true,
    }
}

async fn turns(
    world: &World,
    servers: &[Server],
    operation: Operation,
    length: Length,
    turns: &mut Turns,
) {
    let asked: Vec<_> = servers.iter().filter(|server| asked(operation, server.kind)).collect();
    for server in &asked {
        one_turn(world, server, operation, length.warm_ms, 200).await;
    }
    for _ in 0..length.rounds {
        for server in &asked {
            let turn = one_turn(world, server, operation, length.again_ms, length.run_ms).await;
            turns.entry((operation, server.kind)).or_default().push(turn);
        }
    }
}

async fn one_turn(
    world: &World,
    server: &Server,
    operation: Operation,
    warm_ms: u64,
    run_ms: u64,
) -> Turn {
    if matches!(operation, Operation::Start | Operation::StartWithRail) {
        world.forgets_payments().await;
    }
    let requests = |by| operation.requests(server.kind, by, None);
    let plan = Plan {
        addr: server.addr.clone(),
        warm_ms,
        run_ms,
        from: 0,
        must_have: operation.must_have().to_owned(),
        connections: world.persons.iter().map(requests).collect(),
    };
    server.resume();
    let before = server.processor_us();
    let done = load(&plan);
    let spent = server.processor_us() - before;
    server.pause();
    let name = (server.kind.name(), operation.name());
    assert_eq!(done.wrong, 0, "{name:?}: {}", done.first_wrong);
    assert!(done.answers > 0, "{name:?} answers nothing");
    let rate = done.answers as f64 / done.seconds;
    println!("{}: {}: {rate:.0} a second", operation.name(), server.kind.name());
    // The warm-up's answers were worked for as well; it went at the same rate.
    let whole = (warm_ms + run_ms) as f64 / 1_000.0;
    Turn { rate, processor_us: spent / (rate * whole), p50_us: done.p50_us, p99_us: done.p99_us }
}

async fn weigh(world: &World, servers: &[Server], operation: Operation, weights: &mut Weights) {
    for server in servers.iter().filter(|server| asked(operation, server.kind)) {
        let mut all = [0; 3];
        for (weight, coding) in all.iter_mut().zip([None, Some("gzip"), Some("br")]) {
            if operation == Operation::Start {
                world.forgets_payments().await;
            }
            let by = &world.persons[0];
            let plan = Plan {
                addr: server.addr.clone(),
                warm_ms: 0,
                run_ms: 150,
                from: 0,
                must_have: String::new(),
                connections: vec![operation.requests(server.kind, by, coding)],
            };
            server.resume();
            let done = load(&plan);
            server.pause();
            *weight = done.bytes / done.answers.max(1);
        }
        weights.insert((operation, server.kind), all);
    }
}

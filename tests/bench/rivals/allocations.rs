//! Allocations of ours, counted by a library that is loaded before the system's allocator: the
//! server that is counted is not the one that is timed.

use super::operations::Operation as Op;
use super::servers::{Counting, Plan, Server, load};
use super::world::World;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const RUN_MS: u64 = 1_000;
/// What of it is the same in every run: made once, kept from then on.
const WARM_MS: u64 = 500;

/// Calls of the allocator, and the bytes that they asked for.
type Counted = (f64, f64);

/// Allocations and bytes for one answer of each operation.
pub async fn count(world: &World) -> Vec<(Op, f64, f64)> {
    let counting = Counting { library: compiled(world), file: world.folder.0.join("counted") };
    std::fs::write(&counting.file, [0; 16]).unwrap();
    let mut found = Vec::new();
    let server = Server::counted(world, &counting).await;
    server.resume();
    let url = format!("http://{}/graphql", server.addr);
    super::know(&tests::levers::Http::default(), &url).await;
    for operation in [Op::Home, Op::HomeById, Op::HomeComputed, Op::Search, Op::Notices, Op::Start]
    {
        let (calls, bytes) = one(world, &server, operation, &counting.file).await;
        found.push((operation, calls, bytes));
    }
    found
}

async fn one(world: &World, server: &Server, operation: Op, file: &Path) -> Counted {
    world.forgets_payments().await;
    let run = |from, run_ms| {
        load(&Plan {
            addr: server.addr.clone(),
            warm_ms: 0,
            run_ms,
            from,
            must_have: operation.must_have().to_owned(),
            connections: vec![operation.requests(server.kind, &world.persons[0], None)],
        })
    };
    // More than are asked in that time.
    const APART: u64 = 30_000;
    run(0, WARM_MS);
    let before = read(file);
    tokio::time::sleep(Duration::from_millis(RUN_MS)).await;
    let idle = read(file);
    let done = run(APART, RUN_MS);
    assert_eq!(done.wrong, 0, "{}: {}", operation.name(), done.first_wrong);
    let after = read(file);
    let each = |before: f64, idle: f64, after: f64| {
        ((after - idle) - (idle - before)).max(0.0) / done.answers as f64
    };
    (each(before.0, idle.0, after.0), each(before.1, idle.1, after.1))
}

fn read(file: &Path) -> Counted {
    let bytes = std::fs::read(file).unwrap();
    let number = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap()) as f64;
    (number(0), number(8))
}

fn compiled(world: &World) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/rivals/count.c");
    let library = world.folder.0.join("count.so");
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
    assert!(cc.status().unwrap().success(), "cc");
    library
}

//! The product as benchmarks time it, with the program's own allocator.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    tests::bench_server::run().await;
}

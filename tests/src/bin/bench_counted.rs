//! The product as benchmarks count it: with the system's allocator, before which a library can be
//! loaded that counts what is asked of it.

#[tokio::main]
async fn main() {
    tests::bench_server::run().await;
}

//! The program: reads settings, runs one command. See [`bff::application`] for what it starts.

mod commands;

/// An answer is a thousand small pieces that are made and thrown away together.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let environment = commands::environment();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match commands::run(&words, &environment).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

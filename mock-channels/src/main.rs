//! The mock channels on their own: `cargo run -p mock-channels`. With `plant`, a folder for the
//! benchmark of reconciliation is made instead.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use mock_channels::plant;
use mock_channels::{MockChannels, MockSettings};
use tracing_subscriber::EnvFilter;

/// The server's own talk about workers says nothing to a tester.
const DEFAULT_LOG: &str = "info,actix_server=warn";

#[actix_web::main]
async fn main() -> ExitCode {
    let filter =
        EnvFilter::try_from_env("MOCK_CHANNELS_LOG").unwrap_or_else(|_| DEFAULT_LOG.into());
    tracing_subscriber::fmt().with_env_filter(filter).init();
    let mut words = std::env::args().skip(1);
    let done = match words.next().as_deref() {
        None => serve().await,
        Some("plant") => planted(words),
        Some(other) => Err(format!("{other} is not known: nothing, or plant").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut reason = error.source();
            eprint!("mock-channels: {error}");
            while let Some(deeper) = reason {
                eprint!(": {deeper}");
                reason = deeper.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

fn planted(words: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let plant::Command { planting, out } = plant::Command::read(words)?;
    let planted = planting.write(&out)?;
    println!(
        "{}: {} files, {} discrepancies, {} look-alikes",
        out.display(),
        planted.files,
        planted.discrepancies,
        planted.look_alikes
    );
    Ok(())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let script = variable("MOCK_CHANNELS_SCRIPT").map(std::fs::read_to_string).transpose();
    let script = script.map_err(|error| format!("MOCK_CHANNELS_SCRIPT cannot be read: {error}"))?;
    let mocks = MockChannels::start(settings()?).await?;
    if let Some(text) = script {
        mocks.load_script(&text)?;
    }
    println!("模拟外部渠道 / mock channels: {}/", mocks.base_url());
    tokio::signal::ctrl_c().await?;
    mocks.stop().await;
    Ok(())
}

fn settings() -> Result<MockSettings, Box<dyn Error>> {
    let start_at_ms = match variable("MOCK_CHANNELS_START_AT") {
        Some(text) => {
            let at: jiff::Timestamp = text
                .parse()
                .map_err(|error| format!("MOCK_CHANNELS_START_AT is no RFC 3339 time: {error}"))?;
            Some(at.as_millisecond())
        }
        None => None,
    };
    Ok(MockSettings {
        addr: variable("MOCK_CHANNELS_ADDR").unwrap_or_else(|| "127.0.0.1:8090".to_owned()),
        state_file: variable("MOCK_CHANNELS_STATE").map(PathBuf::from),
        start_at_ms,
    })
}

/// An empty variable counts as one that is not set.
#[expect(clippy::disallowed_methods, reason = "a program of its own, with its own settings")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

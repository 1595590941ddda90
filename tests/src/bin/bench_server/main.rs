//! The product as a benchmark needs it: its own library, settings and server, with the notices of a
//! table in the place of the gateway. Two more words change what is served:
//! `no-rail` takes away the rail as well, `ceiling FILE` answers everything with the same bytes.
#![expect(clippy::unwrap_used, reason = "a program of the suites: a panic is how it fails")]

mod ceiling;
mod notices;
mod rail;

use adapters::followed_clock::FollowedClock;
use adapters::http::{Deadlines, HttpClient};
use adapters::system::SystemClock;
use bff::application::Application;
use bff::application::stand_ins::StandIns;
use bff::settings::{Environment, Settings};
use domain::payment::Rails;
use notices::TableNotices;
use rail::SilentRail;
use std::sync::Arc;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["ceiling", addr, file] => ceiling::serve(addr, file).await,
        [] => product(true).await,
        ["no-rail"] => product(false).await,
        _ => panic!("usage: bench_server [no-rail | ceiling ADDRESS FILE]"),
    }
}

#[expect(clippy::disallowed_methods, reason = "as the program itself: here it becomes settings")]
fn environment() -> Environment {
    std::env::vars().collect()
}

async fn product(with_rail: bool) {
    let settings = Settings::load(&environment()).unwrap();
    let channels = settings.channels.clone().unwrap();
    let http = HttpClient::new(Deadlines::USUAL).unwrap();
    let clock = settings.follow_clock.clone().unwrap();
    let clock = FollowedClock::start(&clock, http, Arc::new(SystemClock)).await.unwrap();
    let rail = SilentRail::of(&channels, clock.clone());
    let stand_ins = StandIns {
        notices: Some(Arc::new(TableNotices::open(&settings.database_url).await)),
        rails: (!with_rail).then(|| Rails::new(vec![Arc::new(rail)])),
    };
    let application = Application::build_with(&settings, &channels, clock, stand_ins).await;
    let application = application.unwrap();
    let stopper = application.stopper();
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).unwrap().recv().await;
        stopper.stop().await;
    });
    application.run_until_stopped().await.unwrap();
}

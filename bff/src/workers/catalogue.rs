//! Follows the newest version of the catalogue, and hands on what was searched for in vain.

use super::{Jobs, rest};
use crate::graphql::error::chain;
use domain::catalogue::Followed;
use std::time::Duration;
use tokio::sync::watch;

/// Every node looks after this long and up to as long again: a version is served everywhere after
/// two seconds and the time that it takes to read it.
const FOLLOW_PAUSE: Duration = Duration::from_secs(1);
/// What a node loses of the counts if it dies.
const MISSES_PAUSE: Duration = Duration::from_secs(5);

/// Serves a newer version as soon as there is one.
pub(super) async fn follow(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.catalogue.follow().await {
            Ok(Followed::Same) => {}
            Ok(Followed::Moved(version)) => {
                // The index is made here, so that nobody's search waits for it.
                jobs.find_apps.prepare();
                tracing::info!(version, "another version of the catalogue is served");
            }
            Err(error) => tracing::error!(error = %chain(&error), "newer catalogue not served"),
        }
        if !rest(FOLLOW_PAUSE + jitter(), &mut stopped).await {
            return;
        }
    }
}

/// Up to one pause, so that many nodes do not ask at once.
fn jitter() -> Duration {
    let mut byte = [0];
    // Without randomness all ask at once, which costs a little and breaks nothing.
    let _ = aws_lc_rs::rand::fill(&mut byte);
    FOLLOW_PAUSE * u32::from(byte[0]) / 256
}

/// Adds what this node counted to what all have counted.
pub(super) async fn misses(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        let go_on = rest(MISSES_PAUSE, &mut stopped).await;
        if let Err(error) = jobs.find_apps.store_misses().await {
            tracing::warn!(error = %chain(&error), "searches in vain not stored");
        }
        if !go_on {
            return;
        }
    }
}

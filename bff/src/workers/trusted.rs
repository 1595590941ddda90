//! Reads the manifest of trusted documents again when it has changed.

use super::{Jobs, rest};
use crate::trusted::Reloaded;
use std::time::Duration;
use tokio::sync::watch;

/// A manifest is served so long after it was written, and once it was read.
const FOLLOW_PAUSE: Duration = Duration::from_secs(2);

/// Trusts what the file says now; a file with faults changes nothing, and says so.
pub(super) async fn follow(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        if !rest(FOLLOW_PAUSE, &mut stopped).await {
            return;
        }
        let trusted = jobs.trusted.clone();
        // Reading the file, and many documents, holds up nobody.
        match tokio::task::spawn_blocking(move || trusted.reload()).await {
            Ok(Reloaded::Same) => {}
            Ok(Reloaded::Changed(documents)) => {
                tracing::info!(documents, "another manifest of documents is trusted");
            }
            Ok(Reloaded::Refused(faults)) => {
                for fault in faults {
                    tracing::error!(%fault, "the manifest of documents is not served");
                }
            }
            Err(error) => tracing::error!(%error, "the manifest of documents was not read"),
        }
    }
}

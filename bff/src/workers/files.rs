//! Uploaded files that go with nothing.

use super::{FILES_PAUSE, Jobs, TURN, rest};
use crate::graphql::error::chain;
use tokio::sync::watch;

/// Throws them away, on every node: two that sweep at once take turns at the same rows.
pub(super) async fn sweep(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.sweep_files.run_once(TURN).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "unused files thrown away"),
            Err(error) => tracing::error!(error = %chain(&error), "unused files not swept"),
        }
        if !rest(FILES_PAUSE, &mut stopped).await {
            return;
        }
    }
}

//! Tells citizens what they should hear of.

use super::{Jobs, TURN, rest};
use crate::graphql::error::chain;
use domain::messaging::Worked;
use std::time::Duration;
use tokio::sync::watch;

/// Work side by side: a carrier that hangs holds up one of them until it is left alone.
pub(super) const WORKERS: usize = 3;
const MESSAGE_PAUSE: Duration = Duration::from_millis(500);

/// Sends messages, and asks what became of them.
pub(super) async fn send(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.messages.run_once(TURN).await {
            Ok(done) => done.iter().for_each(|(message, worked)| {
                let key = message.event.key.as_str();
                match worked {
                    Ok(Worked::Unknown(channel)) => {
                        let channel = channel.code();
                        tracing::warn!(key, channel, "a message may have been sent");
                    }
                    Ok(worked) => tracing::debug!(key, ?worked, "message"),
                    Err(error) => {
                        tracing::error!(key, error = %chain(error), "message put off");
                    }
                }
            }),
            Err(error) => tracing::error!(error = %chain(&error), "messages not found"),
        }
        if !rest(MESSAGE_PAUSE, &mut stopped).await {
            return;
        }
    }
}

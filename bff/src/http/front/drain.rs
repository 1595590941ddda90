//! Tells long answers that the server is about to stop, so that clients come again elsewhere.

use std::sync::Arc;
use tokio::sync::watch;

/// Whether the server is about to stop. Clones see the same.
#[derive(Debug, Clone)]
pub struct Drain(Arc<watch::Sender<bool>>);

impl Default for Drain {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Drain {
    /// From now on.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Returns once it has begun.
    pub async fn begun(&self) {
        // The sender lives as long as this clone of it, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_hears_of_it_and_whoever_comes_later_too() {
        let drain = Drain::default();
        let waiting = tokio::spawn({
            let drain = drain.clone();
            async move { drain.begun().await }
        });
        drain.begin();
        waiting.await.unwrap();
        drain.begun().await;
    }
}

//! How many long answers there may be at once: each holds a connection and looks at the database
//! from time to time, whatever else goes on.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Subscriptions of this process at once, over sockets and event streams.
const MOST: usize = 2_000;

/// The long answers of this process.
#[derive(Debug, Clone)]
pub struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

impl Streams {
    /// One more, until it is dropped; `None`: there are as many as there may be.
    pub fn open(&self) -> Option<OwnedSemaphorePermit> {
        self.0.clone().try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_and_no_more() {
        let streams = Streams::default();
        let mut open: Vec<_> = (0..MOST).map(|_| streams.open().unwrap()).collect();
        assert!(streams.open().is_none());
        open.pop();
        assert!(streams.open().is_some());
    }
}

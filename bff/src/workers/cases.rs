//! Carries cases to departments, and asks how they go.

use super::{Jobs, rest};
use crate::graphql::error::chain;
use domain::casework::case::Followed;
use std::time::Duration;
use tokio::sync::watch;

/// Few: each may wait for its department's deadline, and the others of the turn with it.
const TURN: u16 = 4;
const PAUSE: Duration = Duration::from_millis(500);

/// One of several; a full turn is followed by the next at once.
pub(super) async fn follow(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        let done = jobs.cases.run_once(TURN).await;
        match &done {
            Ok(done) => done.iter().for_each(|(case_no, followed)| match followed {
                Ok(Followed::Moved | Followed::Known) => {
                    tracing::debug!(%case_no, ?followed, "case followed");
                }
                Ok(Followed::Silent) => tracing::warn!(%case_no, "department silent"),
                Ok(Followed::Contradicts) => {
                    tracing::error!(%case_no, "a department's answer says nothing of the case");
                }
                Err(error) => tracing::error!(%case_no, error = %chain(error), "case put off"),
            }),
            Err(error) => tracing::error!(error = %chain(error), "cases failed"),
        }
        let full = done.is_ok_and(|done| done.len() == usize::from(TURN));
        if full && !*stopped.borrow() {
            continue;
        }
        if !rest(PAUSE, &mut stopped).await {
            return;
        }
    }
}

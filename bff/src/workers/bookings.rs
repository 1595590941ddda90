//! Bookings: holds end, departments are told and asked, citizens are reminded.

use super::{Jobs, TURN, rest};
use crate::graphql::error::chain;
use domain::casework::booking::Worked;
use std::time::Duration;
use tokio::sync::watch;

const PAUSE: Duration = Duration::from_millis(500);

/// Looks at what is due.
pub(super) async fn work(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.bookings.run_once(TURN).await {
            Ok(done) => done.iter().for_each(|(booking_no, worked)| match worked {
                Ok(
                    worked @ (Worked::Expired
                    | Worked::Told
                    | Worked::Reminded
                    | Worked::Visit
                    | Worked::Nothing),
                ) => tracing::info!(%booking_no, ?worked, "booking"),
                Ok(worked @ (Worked::Refused | Worked::NotTakenBack)) => {
                    tracing::error!(%booking_no, ?worked, "the department would not");
                }
                Ok(Worked::PutOff) => {
                    tracing::warn!(%booking_no, "the department did not answer: later again");
                }
                Err(error) => {
                    tracing::warn!(%booking_no, error = %chain(error), "booking left for later");
                }
            }),
            Err(error) => tracing::error!(error = %chain(&error), "due bookings not found"),
        }
        if !rest(PAUSE, &mut stopped).await {
            return;
        }
    }
}

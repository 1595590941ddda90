//! What follows cases: marks on late ones, parcels, draws.

use super::{Jobs, TURN, rest};
use crate::graphql::error::chain;
use domain::casework::delivery::FollowDeliveries;
use domain::casework::lottery::{LotteryStep, RunLotteries};
use domain::casework::supervision::SuperviseCases;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What these workers work with.
#[derive(Clone)]
pub struct DeskJobs {
    /// Marks what is late.
    pub supervise: Arc<SuperviseCases>,
    /// Orders and follows parcels; `None`: no carrier is connected.
    pub deliveries: Option<Arc<FollowDeliveries>>,
    /// Draws.
    pub lotteries: Arc<RunLotteries>,
}

const SUPERVISION_PAUSE: Duration = Duration::from_secs(2);
const DELIVERY_PAUSE: Duration = Duration::from_secs(1);
const LOTTERY_PAUSE: Duration = Duration::from_secs(2);
/// A public value that cannot be asked for is asked for again after this.
const LOTTERY_PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(10);
/// Applications that one turn takes into the lottery.
const ENTRANTS: u16 = 200;

pub(super) async fn supervise(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.desk.supervise.run_once(TURN).await {
            Ok(marks) => marks.iter().for_each(|mark| {
                tracing::warn!(case_no = %mark.no, department = mark.department,
                    light = mark.light.code(), "a department is pressed");
            }),
            Err(error) => tracing::error!(error = %chain(&error), "supervision failed"),
        }
        if !rest(SUPERVISION_PAUSE, &mut stopped).await {
            return;
        }
    }
}

pub(super) async fn deliver(deliveries: Arc<FollowDeliveries>, mut stopped: watch::Receiver<bool>) {
    loop {
        match deliveries.run_once(TURN).await {
            Ok(done) => done.iter().for_each(|(no, followed)| match followed {
                Ok(followed) => tracing::debug!(delivery_no = %no, ?followed, "delivery"),
                Err(error) => {
                    tracing::warn!(delivery_no = %no, error = %chain(error), "delivery put off");
                }
            }),
            Err(error) => tracing::error!(error = %chain(&error), "deliveries failed"),
        }
        if !rest(DELIVERY_PAUSE, &mut stopped).await {
            return;
        }
    }
}

pub(super) async fn draw(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        let pause = match jobs.desk.lotteries.run_due(ENTRANTS).await {
            Ok(steps) => {
                steps.iter().for_each(tell);
                LOTTERY_PAUSE
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "lotteries failed");
                LOTTERY_PAUSE_AFTER_FAILURE
            }
        };
        if !rest(pause, &mut stopped).await {
            return;
        }
    }
}

fn tell(step: &LotteryStep) {
    match step {
        LotteryStep::Entered(app, count) => tracing::info!(%app, count, "applications take part"),
        LotteryStep::Committed(app, issue) => tracing::info!(%app, %issue, "committed to a draw"),
        LotteryStep::Drawn(app, issue) => tracing::info!(%app, %issue, "drawn"),
        LotteryStep::Waits(app, issue) => {
            tracing::warn!(%app, %issue, "a draw waits for its public value");
        }
    }
}

//! Work that nobody waits for: callbacks, the healer, the outbox, statements. Each loop does one
//! bounded turn, sleeps, and ends between two turns when it is told to.

mod bookings;
mod cases;
mod catalogue;
mod desk;
mod files;
mod gateway;
mod messages;
mod trusted;

use crate::graphql::error::chain;
use crate::metrics::{Alarm, Metrics, Platform};
use crate::trusted::KnownDocuments;
pub use desk::DeskJobs;
use domain::casework::booking::WorkOnBookings;
use domain::casework::case::FollowCases;
use domain::catalogue::{FindApps, FollowedCatalogue};
use domain::files::SweepFiles;
use domain::messaging::SendMessages;
use domain::payment::{
    Acted, Applied, ApplyError, CheckLedger, HealPayments, OweBack, Owed, ProcessCallbacks, Rail,
    RefundApplied, SendRefunds, StoredCallback,
};
use domain::receipt::{FulfilPayments, Fulfilled, ProcessGatewayNews};
use domain::reconciliation::desk::JudgeDue;
use domain::reconciliation::source::WatchSources;
use domain::reconciliation::{ClearDue, DayState, ReconcileDue};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// What the workers work with.
#[derive(Clone)]
pub struct Jobs {
    /// Acts on callbacks.
    pub callbacks: Arc<ProcessCallbacks>,
    /// Rings when a callback was stored.
    pub wake_callbacks: Arc<Notify>,
    /// Acts on what the gateway told us.
    pub gateway_news: Arc<ProcessGatewayNews>,
    /// Rings when it told something.
    pub wake_gateway_news: Arc<Notify>,
    /// Clears days with the finance department.
    pub clear: Arc<ClearDue>,
    /// Asks the rails.
    pub healer: Arc<HealPayments>,
    /// Tells the gateway.
    pub outbox: Arc<FulfilPayments>,
    /// Makes refunds of money that never counted.
    pub owe_back: Arc<OweBack>,
    /// Carries refunds out.
    pub refunds: Arc<SendRefunds>,
    /// Ends holds, tells departments of bookings.
    pub bookings: Arc<WorkOnBookings>,
    /// Follows cases at departments.
    pub cases: Arc<FollowCases>,
    /// Tells citizens what they should hear of.
    pub messages: Arc<SendMessages>,
    /// Closes days.
    pub reconcile: Arc<ReconcileDue>,
    /// Notes which of their files are late.
    pub watch_sources: Arc<WatchSources>,
    /// Judges days by their files and files what was found.
    pub judge_due: Arc<JudgeDue>,
    /// Follows the newest version.
    pub catalogue: Arc<FollowedCatalogue>,
    /// Indexes it, and counts what was searched for in vain.
    pub find_apps: Arc<FindApps>,
    /// What follows cases.
    pub desk: DeskJobs,
    /// Proves the ledger, once a night.
    pub ledger: Arc<CheckLedger>,
    /// Throws away files that go with nothing.
    pub sweep_files: Arc<SweepFiles>,
    /// Documents that are known before they are asked for.
    pub trusted: Arc<KnownDocuments>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// Items one turn takes: small enough that a stop is never long in coming.
const TURN: u16 = 16;
/// Fewer where many work side by side: whoever takes the last ones holds nobody up for long.
const CALLBACK_TURN: u16 = 8;
/// Act on callbacks side by side, since most of a settlement is waiting for the database: half of
/// its connections, so that citizens find the other half. A payment told of twice is safe: its
/// version lets one of two changes through, and the other is judged again.
const CALLBACK_WORKERS: usize = 12;
/// Several, so that one department that hangs keeps no other waiting.
const CASE_WORKERS: usize = 4;
const CALLBACK_PAUSE: Duration = Duration::from_millis(500);
const HEALER_PAUSE: Duration = Duration::from_secs(1);
const OUTBOX_PAUSE: Duration = Duration::from_millis(500);
const REFUND_PAUSE: Duration = Duration::from_secs(1);
/// Looks whether the night has come: one row is read.
const LEDGER_PAUSE: Duration = Duration::from_secs(5);
/// One indexed row is read; what is swept is a day old.
const FILES_PAUSE: Duration = Duration::from_secs(5);
const STATEMENT_PAUSE: Duration = Duration::from_secs(1);
const STATEMENT_PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// The running workers.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts all of them.
    pub fn start(jobs: &Jobs) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = vec![
            tokio::spawn(refund(jobs.clone(), stopped.clone())),
            tokio::spawn(fulfil(jobs.clone(), stopped.clone())),
            tokio::spawn(reconcile(jobs.clone(), stopped.clone())),
            tokio::spawn(files::sweep(jobs.clone(), stopped.clone())),
            tokio::spawn(check_ledger(jobs.clone(), stopped.clone())),
            tokio::spawn(desk::supervise(jobs.clone(), stopped.clone())),
            tokio::spawn(desk::draw(jobs.clone(), stopped.clone())),
            tokio::spawn(bookings::work(jobs.clone(), stopped.clone())),
            tokio::spawn(gateway::hear(jobs.clone(), stopped.clone())),
            tokio::spawn(gateway::clear(jobs.clone(), stopped.clone())),
            tokio::spawn(catalogue::follow(jobs.clone(), stopped.clone())),
            tokio::spawn(trusted::follow(jobs.clone(), stopped.clone())),
            tokio::spawn(catalogue::misses(jobs.clone(), stopped.clone())),
        ];
        if let Some(deliveries) = &jobs.desk.deliveries {
            tasks.push(tokio::spawn(desk::deliver(deliveries.clone(), stopped.clone())));
        }
        for _ in 0..CASE_WORKERS {
            tasks.push(tokio::spawn(cases::follow(jobs.clone(), stopped.clone())));
        }
        for _ in 0..messages::WORKERS {
            tasks.push(tokio::spawn(messages::send(jobs.clone(), stopped.clone())));
        }
        for number in 0..CALLBACK_WORKERS {
            tasks.push(tokio::spawn(callbacks(number == 0, jobs.clone(), stopped.clone())));
        }
        // One a rail: what one rail keeps waiting waits for nobody else.
        for rail in jobs.healer.rails.all() {
            tasks.push(tokio::spawn(heal(rail.rail(), jobs.clone(), stopped.clone())));
        }
        Self { stop, tasks }
    }

    /// Waits until each has finished the turn it is in.
    pub async fn stop(self) {
        // Nobody listening means that all have ended already.
        let _ = self.stop.send(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a worker had died");
            }
        }
    }
}

/// Sleeps; `false` when it is time to end.
async fn rest(pause: Duration, stopped: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => !*stopped.borrow(),
        _ = stopped.changed() => false,
    }
}

/// One of several. All come when it rings; the one that `watches` also looks by itself, for what
/// was put off or left behind by a node that died.
async fn callbacks(watches: bool, jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.callbacks.run_once(CALLBACK_TURN).await {
            Ok(done) => {
                done.iter().for_each(|(callback, acted)| tell(&jobs.metrics, callback, acted));
                if done.len() == usize::from(CALLBACK_TURN) && !*stopped.borrow() {
                    // There may be more: one more comes to help, and nobody sleeps.
                    jobs.wake_callbacks.notify_one();
                    continue;
                }
            }
            Err(error) => tracing::error!(error = %chain(&error), "callback inbox failed"),
        }
        let pause = if watches { CALLBACK_PAUSE } else { Duration::MAX };
        tokio::select! {
            () = jobs.wake_callbacks.notified() => {}
            go_on = rest(pause, &mut stopped) => if !go_on { return },
        }
    }
}

fn tell(metrics: &Metrics, callback: &StoredCallback, acted: &Result<Acted, ApplyError>) {
    let order_no = callback.news.order_no();
    match acted.as_ref().map(|acted| (acted, alarm(acted))) {
        Ok((acted, None)) => tracing::info!(order_no, ?acted, "callback applied"),
        Ok((acted, Some(alarm))) => {
            tracing::error!(order_no, ?acted, "genuine callback contradicts us");
            metrics.alarmed(Platform::Rail(callback.news.rail()), alarm);
        }
        Err(error) => tracing::warn!(order_no, error = %chain(error), "callback put off"),
    }
}

/// Whether somebody must look at what a callback did, and why.
fn alarm(acted: &Acted) -> Option<Alarm> {
    match acted {
        Acted::Payment(Applied::Moved(_) | Applied::Known(_))
        | Acted::Refund(
            RefundApplied::Moved(_) | RefundApplied::Known(_) | RefundApplied::TooEarly,
        ) => None,
        Acted::Payment(Applied::Foreign(_)) | Acted::Refund(RefundApplied::Foreign(_)) => {
            Some(Alarm::Foreign)
        }
        Acted::Payment(Applied::AmountNotProved) => Some(Alarm::AmountNotProved),
        Acted::Payment(Applied::Contradicts(_)) | Acted::Refund(RefundApplied::Contradicts(_)) => {
            Some(Alarm::Contradicts)
        }
    }
}

async fn heal(rail: Rail, jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.healer.run_once(rail, TURN).await {
            Ok(looked) => looked.iter().for_each(|(payment_no, asked)| match asked {
                Ok(asked) => tracing::debug!(%payment_no, ?asked, "healer asked"),
                Err(error) => {
                    tracing::warn!(%payment_no, error = %chain(error), "healer put off");
                }
            }),
            Err(error) => tracing::error!(error = %chain(&error), "healer failed"),
        }
        if !rest(HEALER_PAUSE, &mut stopped).await {
            return;
        }
    }
}

/// Makes the refunds that are owed, then carries out what is due.
async fn refund(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.owe_back.run_once(TURN).await {
            Ok(done) => done.iter().for_each(|(payment_no, owed)| match owed {
                Ok(Owed::GoesBack | Owed::Known) => {
                    tracing::info!(%payment_no, ?owed, "money that never counted goes back");
                }
                Ok(Owed::WaitsForStaff) => {
                    tracing::warn!(%payment_no, "money that never counted waits for two persons");
                }
                Err(error) => {
                    tracing::error!(%payment_no, error = %chain(error), "refund not made");
                }
            }),
            Err(error) => tracing::error!(error = %chain(&error), "owed refunds not found"),
        }
        match jobs.refunds.run_once(TURN).await {
            Ok(done) => done.iter().for_each(|(refund_no, worked)| match worked {
                Ok(worked) => tracing::debug!(%refund_no, ?worked, "refund"),
                Err(error) => {
                    tracing::error!(%refund_no, error = %chain(error), "refund put off");
                }
            }),
            Err(error) => tracing::error!(error = %chain(&error), "due refunds not found"),
        }
        if !rest(REFUND_PAUSE, &mut stopped).await {
            return;
        }
    }
}

async fn fulfil(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.outbox.run_once(TURN).await {
            Ok(done) => done.iter().for_each(|(item, fulfilled)| match fulfilled {
                Ok(Fulfilled::Done) => tracing::info!(item = item.key(), "done"),
                Ok(Fulfilled::Postponed) => tracing::warn!(item = item.key(), "put off"),
                Ok(Fulfilled::Parked) => {
                    tracing::error!(item = item.key(), "parked: staff must look");
                }
                Err(error) => {
                    tracing::error!(item = item.key(), error = %chain(error), "not counted yet");
                }
            }),
            Err(error) => tracing::error!(error = %chain(&error), "outbox failed"),
        }
        if !rest(OUTBOX_PAUSE, &mut stopped).await {
            return;
        }
    }
}

async fn check_ledger(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.ledger.run_due().await {
            Ok(Some(check)) if check.faults.is_empty() => {
                tracing::info!(accounts = check.accounts, "the ledger is whole");
            }
            Ok(Some(check)) => check
                .faults
                .iter()
                .for_each(|fault| tracing::error!(fault, "the ledger is not what it should be")),
            Ok(None) => {}
            Err(error) => tracing::error!(error = %chain(&error), "ledger not checked"),
        }
        if !rest(LEDGER_PAUSE, &mut stopped).await {
            return;
        }
    }
}

async fn reconcile(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        let done = jobs.reconcile.run_once().await;
        // What failed once will fail again at once: rails count how often they are asked.
        let good = matches!(&done, Ok(days) if days.iter().all(|(_, day)| day.is_ok()));
        let pause = if good { STATEMENT_PAUSE } else { STATEMENT_PAUSE_AFTER_FAILURE };
        match done {
            Ok(days) => days.iter().for_each(|(date, day)| match day {
                Ok(day) if day.state == DayState::Matched => {
                    tracing::info!(rail = day.rail.code(), %date, "day reconciled");
                }
                Ok(day) => {
                    let (rail, state) = (day.rail.code(), day.state);
                    tracing::warn!(rail, %date, ?state, "day has differences");
                }
                Err(error) => tracing::error!(%date, error = %chain(error), "day not judged"),
            }),
            Err(error) => tracing::error!(error = %chain(&error), "reconciliation failed"),
        }
        match jobs.watch_sources.run_once().await {
            Ok(seen) => {
                seen.iter().for_each(|one| tracing::warn!(?one, "a file of reconciliation"))
            }
            Err(error) => tracing::error!(error = %chain(&error), "files are not watched"),
        }
        match jobs.judge_due.run_once().await {
            Ok(days) => days.iter().for_each(|(date, judged)| match judged {
                Ok(Some(filed)) => {
                    let (run, found) = (filed.run.number, filed.run.findings);
                    tracing::info!(%date, run, found, "day judged and filed");
                }
                Ok(None) => {}
                Err(error) => tracing::error!(%date, error = %chain(error), "day not filed"),
            }),
            Err(error) => tracing::error!(error = %chain(&error), "days are not judged"),
        }
        if !rest(pause, &mut stopped).await {
            return;
        }
    }
}

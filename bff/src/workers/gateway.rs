//! What the gateway told us, and the clearing of days with it.

use super::{CALLBACK_PAUSE, Jobs, STATEMENT_PAUSE, STATEMENT_PAUSE_AFTER_FAILURE, TURN, rest};
use crate::graphql::error::chain;
use crate::metrics::{Alarm, Platform};
use domain::receipt::{GatewayEvent, GatewayNews, NewsActed};
use domain::reconciliation::ClearingState;
use tokio::sync::watch;

/// Acts on the gateway's news.
pub(super) async fn hear(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        match jobs.gateway_news.run_once(TURN).await {
            Ok(done) => done.iter().for_each(|(event, acted)| {
                let (event_id, notice_no) = (event.id.as_str(), notice_no(event));
                match acted {
                    Ok(NewsActed::Moved | NewsActed::Known | NewsActed::Foreign) => {
                        tracing::info!(event_id, notice_no, ?acted, "gateway heard");
                    }
                    Ok(NewsActed::Contradicts) => {
                        tracing::error!(event_id, notice_no, "the gateway contradicts us");
                        jobs.metrics.alarmed(Platform::Gateway, Alarm::Contradicts);
                    }
                    Ok(NewsActed::NotYet) => {
                        tracing::info!(event_id, notice_no, "a withdrawn notice is still open");
                    }
                    Err(error) => {
                        let error = chain(error);
                        tracing::warn!(event_id, notice_no, error, "gateway's news put off");
                    }
                }
            }),
            Err(error) => tracing::error!(error = %chain(&error), "gateway inbox failed"),
        }
        tokio::select! {
            () = jobs.wake_gateway_news.notified() => {}
            go_on = rest(CALLBACK_PAUSE, &mut stopped) => if !go_on { return },
        }
    }
}

fn notice_no(event: &GatewayEvent) -> &str {
    match &event.news {
        GatewayNews::WriteOff { notice_no, .. }
        | GatewayNews::NoticeWithdrawn { notice_no, .. } => notice_no.as_str(),
        GatewayNews::RefundDecided(decided) => decided.notice_no.as_str(),
    }
}

/// Clears the days that are due.
pub(super) async fn clear(jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    loop {
        let done = jobs.clear.run_once().await;
        // What failed once will fail again at once.
        let good = matches!(&done, Ok(days) if days.iter().all(|(_, day)| day.is_ok()));
        let pause = if good { STATEMENT_PAUSE } else { STATEMENT_PAUSE_AFTER_FAILURE };
        match done {
            Ok(days) => days.iter().for_each(|(date, day)| match day {
                Ok(day) => match day.state {
                    ClearingState::Sent | ClearingState::Agreed => {
                        tracing::info!(%date, state = day.state.code(), "day cleared");
                    }
                    ClearingState::Unsent | ClearingState::Different => {
                        let differences = day.differences.len();
                        let state = day.state.code();
                        tracing::warn!(%date, state, differences, "clearing has differences");
                    }
                },
                Err(error) => tracing::error!(%date, error = %chain(error), "day not cleared"),
            }),
            Err(error) => tracing::error!(error = %chain(&error), "clearing failed"),
        }
        if !rest(pause, &mut stopped).await {
            return;
        }
    }
}

//! Traces on their way to a collector: a queue with an end, and one task that empties it. A
//! request only puts its trace there, or drops it: no collector that is slow, silent or gone is
//! ever waited for.

use super::front::{FrontMetrics, SpanFate};
use super::otlp;
use crate::graphql::error::chain;
use crate::metrics::Metrics;
use adapters::asked::Span;
use adapters::http::HttpClient;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Traces that wait. One is a request with all that it asked.
const QUEUE: usize = 1_024;
/// Traces in one message.
const TOGETHER: usize = 64;
/// Once the server stops, so long is tried to deliver what waits.
const LAST_TRY: Duration = Duration::from_secs(3);
/// So often at most the log says that the collector takes nothing.
const COMPLAIN_EVERY: Duration = Duration::from_mins(1);

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSettings {
    /// The collector's base address; `/v1/traces` is added.
    pub endpoint: String,
    /// The part of all requests that is traced, 0 to 1.
    pub ratio: f64,
    /// The name of this service.
    pub service: String,
}

/// One request and all that it asked.
pub struct Trace {
    /// The trace.
    pub id: u128,
    /// The request's own span.
    pub root: u64,
    /// The span of whoever called us, as it says.
    pub parent: Option<u64>,
    /// `POST /graphql`, and the name of a trusted document.
    pub name: String,
    /// When it began.
    pub begun: Instant,
    /// The same on the wall, in nanoseconds since 1970.
    pub begun_unix_ns: u64,
    /// How long it took.
    pub took: Duration,
    /// Whether it failed for a reason of ours.
    pub failed: bool,
    /// Names as OpenTelemetry has them.
    pub attributes: Vec<(&'static str, otlp::Value)>,
    /// What it asked.
    pub children: Vec<Span>,
    /// What it asked and was not kept.
    pub lost: u32,
}

impl Trace {
    fn spans(&self) -> u64 {
        1 + u64::try_from(self.children.len()).unwrap_or(u64::MAX)
    }
}

/// Takes traces from requests.
#[derive(Clone)]
pub struct Tracer {
    queue: mpsc::Sender<Trace>,
    /// A trace is kept if the lower half of its id is below this.
    below: u64,
}

impl Tracer {
    /// Whether the trace of this id is kept. Every node decides alike.
    pub fn keeps(&self, id: u128) -> bool {
        let lower = u64::try_from(id & u128::from(u64::MAX)).unwrap_or(u64::MAX);
        self.below == u64::MAX || lower < self.below
    }

    /// Queues a trace; drops it, and counts that, where there is no room.
    pub fn take(&self, trace: Trace, metrics: &FrontMetrics) {
        metrics.spans(SpanFate::Dropped, trace.lost.into());
        let spans = trace.spans();
        if self.queue.try_send(trace).is_err() {
            metrics.spans(SpanFate::Dropped, spans);
        }
    }
}

/// Empties the queue. Runs until it is stopped.
pub struct Exporter {
    task: tokio::task::JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Exporter {
    /// Starts it, beside whatever else this runtime does.
    pub fn start(
        settings: TraceSettings,
        http: HttpClient,
        metrics: Arc<Metrics>,
    ) -> (Tracer, Self) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (stop, stopped) = oneshot::channel();
        let below = below(settings.ratio);
        let address = format!("{}/v1/traces", settings.endpoint.trim_end_matches('/'));
        let delivery = Delivery { address, service: settings.service, http, metrics, said: None };
        let task = tokio::spawn(delivery.run(waiting, stopped));
        (Tracer { queue, below }, Self { task, stop })
    }

    /// Delivers what waits, as far as that is possible soon, and ends.
    pub async fn stop(self) {
        // Where the task has ended there is nobody to tell.
        let _ = self.stop.send(());
        if tokio::time::timeout(LAST_TRY, self.task).await.is_err() {
            tracing::warn!("traces that waited were not delivered");
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a ratio of 0 to 1 is spread over the numbers; the last digits do not matter"
)]
fn below(ratio: f64) -> u64 {
    (ratio.clamp(0.0, 1.0) * u64::MAX as f64) as u64
}

struct Delivery {
    address: String,
    service: String,
    http: HttpClient,
    metrics: Arc<Metrics>,
    /// When the log said last that the collector takes nothing.
    said: Option<Instant>,
}

impl Delivery {
    async fn run(mut self, mut waiting: mpsc::Receiver<Trace>, mut stop: oneshot::Receiver<()>) {
        let mut batch = Vec::with_capacity(TOGETHER);
        loop {
            tokio::select! {
                biased;
                _ = &mut stop => break,
                came = waiting.recv_many(&mut batch, TOGETHER) => match came {
                    0 => return,
                    _ => self.deliver(&mut batch).await,
                },
            }
        }
        waiting.close();
        while waiting.recv_many(&mut batch, TOGETHER).await > 0 {
            self.deliver(&mut batch).await;
        }
    }

    /// Once: who collects traces can do without some, and the queue must not stand.
    async fn deliver(&mut self, batch: &mut Vec<Trace>) {
        let spans = batch.iter().map(Trace::spans).sum();
        let message = otlp::message(&self.service, batch);
        batch.clear();
        let answer = self.http.deliver_json(&self.address, message).await;
        let fate = match &answer {
            Ok(200..=299) => SpanFate::Sent,
            Ok(_) | Err(_) => SpanFate::Failed,
        };
        self.metrics.seen.spans(fate, spans);
        if fate == SpanFate::Failed {
            self.complain(&answer.map_or_else(|error| chain(&error), |status| status.to_string()));
        }
    }

    fn complain(&mut self, why: &str) {
        if self.said.is_none_or(|said| said.elapsed() > COMPLAIN_EVERY) {
            self.said = Some(Instant::now());
            tracing::warn!(why, "the collector takes no traces");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_decides_by_the_id_and_one_and_nought_mean_all_and_none() {
        let tracer = |ratio| Tracer { queue: mpsc::channel(1).0, below: below(ratio) };
        let ids: Vec<u128> = (0..1000).map(|n| u128::from(u64::MAX / 1000 * n)).collect();
        let kept = |ratio| ids.iter().filter(|id| tracer(ratio).keeps(**id)).count();
        assert_eq!((kept(0.0), kept(1.0)), (0, 1000));
        assert!(tracer(1.0).keeps(u128::MAX));
        assert!((240..=260).contains(&kept(0.25)), "{}", kept(0.25));
    }
}

//! How the front is seen from outside: counters by trusted document, traces, and a log of slow
//! documents ([decision 37](../../docs/decisions/0037-what-is-seen-of-the-front.md)). None of them
//! ever holds what a citizen sent or was told, and none has a label that a stranger can choose.
//!
//! One [`Watch`] follows one request from its first byte to its answer. What is deeper in the
//! call finds it by its task: [`document`], [`channel`], [`errored`], [`trace_id`]; outside of a
//! request they do nothing.

mod front;
mod names;
mod otlp;
mod slow;
mod trace;
mod watch;

pub use front::{CacheOutcome, FrontMetrics, Open};
pub use trace::{Exporter, TraceSettings, Tracer};
pub use watch::{
    cached, carried, channel, cost, document, errored, operation, refused, request, trace_id,
    unread,
};

use crate::metrics::Metrics;
use domain::clock::Clock;
use slow::SlowLog;
use std::sync::Arc;
use std::time::Duration;

/// What follows requests: one for each process.
pub struct Observer {
    metrics: Arc<Metrics>,
    slow: SlowLog,
    tracer: Option<Tracer>,
    clock: Arc<dyn Clock>,
}

impl Observer {
    /// Operations that take longer than `slow` are logged; `tracer`: where traces go, if anywhere.
    pub fn new(
        metrics: Arc<Metrics>,
        slow: Duration,
        tracer: Option<Tracer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { metrics, slow: SlowLog::over(slow), tracer, clock }
    }

    /// The counters of the front.
    pub fn front(&self) -> &FrontMetrics {
        &self.metrics.seen
    }
}

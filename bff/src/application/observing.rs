//! What is seen of the front.

use crate::metrics::Metrics;
use crate::observe::{Exporter, Observer};
use crate::settings::ObserveSettings;
use adapters::http::HttpClient;
use domain::clock::Clock;
use std::sync::Arc;

/// Follows requests; traces go out where the settings say so.
pub fn connect(
    settings: &ObserveSettings,
    http: &HttpClient,
    metrics: &Arc<Metrics>,
    clock: &Arc<dyn Clock>,
) -> (Arc<Observer>, Option<Exporter>) {
    let started =
        settings.trace.clone().map(|trace| Exporter::start(trace, http.clone(), metrics.clone()));
    let (tracer, exporter) = started.unzip();
    let observer = Observer::new(metrics.clone(), settings.slow, tracer, clock.clone());
    (Arc::new(observer), exporter)
}

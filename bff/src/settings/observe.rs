//! What is seen of the front: slow documents, traces.

use super::reader::Reader;
use crate::observe::TraceSettings;
use std::time::Duration;

/// Slower than this is worth a line: a page of a mini-program is given up by its reader sooner
/// than by its client.
const SLOW_MS: u64 = 1_000;

/// What is seen of the front.
#[derive(Debug, Clone, PartialEq)]
pub struct ObserveSettings {
    /// Operations that take longer are logged.
    pub slow: Duration,
    /// Where traces go; `None`: nothing is traced.
    pub trace: Option<TraceSettings>,
}

impl ObserveSettings {
    /// From `slow_ms`, and from the variables that OpenTelemetry names for every service.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let shape = "a whole number of milliseconds";
        let slow_ms = reader.parsed::<u64>("slow_ms", shape).unwrap_or(SLOW_MS);
        if !(1..=60_000).contains(&slow_ms) {
            reader.fault("slow_ms", "must be 1 to 60000".to_owned());
        }
        Self { slow: Duration::from_millis(slow_ms), trace: trace(reader) }
    }
}

fn trace(reader: &mut Reader<'_>) -> Option<TraceSettings> {
    const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const RATIO: &str = "OTEL_TRACES_SAMPLER_ARG";
    let endpoint = reader.foreign(ENDPOINT)?;
    if !["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme)) {
        let why = "must be an address that begins with http: traces go as OTLP over HTTP, in JSON";
        reader.foreign_fault(ENDPOINT, why);
    }
    let ratio = reader.foreign(RATIO).map_or(Some(1.0), |text| text.parse::<f64>().ok());
    let ratio = ratio.filter(|ratio| (0.0..=1.0).contains(ratio)).unwrap_or_else(|| {
        reader.foreign_fault(RATIO, "must be a number of 0 to 1");
        1.0
    });
    let service = reader.foreign("OTEL_SERVICE_NAME").unwrap_or_else(|| "yiwang".to_owned());
    Some(TraceSettings { endpoint, ratio, service })
}

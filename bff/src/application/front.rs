//! What stands before the executor: documents that are known, answers that are kept.

use super::StartupError;
use crate::graphql::Introspection;
use crate::http::front::cache::PublicAnswers;
use crate::http::front::counters::FrontCounters;
use crate::settings::Settings;
use crate::trusted::{DocumentFault, KnownDocuments, Preparer};
use domain::catalogue::CatalogueSource;
use domain::clock::Clock;
use std::sync::Arc;

/// Takes the manifest in.
pub(super) fn known(
    settings: &Settings,
    introspection: Introspection,
    counters: &FrontCounters,
) -> Result<Arc<KnownDocuments>, StartupError> {
    let (source, mode) = (settings.trusted.source.clone(), settings.trusted.mode);
    let preparer = Preparer::new(introspection, counters.validations.clone());
    let known = KnownDocuments::new(preparer, source, mode, counters.clone());
    known.map(Arc::new).map_err(|faults| StartupError::Part {
        part: "the trusted documents",
        source: one_per_line(&faults).into(),
    })
}

/// None are kept yet.
pub(super) fn answers(
    catalogue: Arc<dyn CatalogueSource>,
    clock: &Arc<dyn Clock>,
    counters: &FrontCounters,
) -> Arc<PublicAnswers> {
    Arc::new(PublicAnswers::new(catalogue, clock.clone(), counters.answers_made.clone()))
}

/// Faults as maintainers read them.
pub fn one_per_line(faults: &[DocumentFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

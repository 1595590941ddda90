//! What the front counts of documents and answers.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// What the front counts. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct FrontCounters {
    /// Operations that were validated: each document once, not each request.
    pub validations: Counter,
    /// Requests with a document that is in no manifest, where that is measured.
    pub untrusted: Counter,
    /// Manifests with faults, which changed nothing.
    pub manifests_refused: Counter,
    /// Answers for everybody that were worked out; all others were there already.
    pub answers_made: Counter,
}

impl FrontCounters {
    /// Shows them.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "graphql_validations",
            "Operations that were validated: each document once",
            self.validations.clone(),
        );
        registry.register(
            "graphql_untrusted_documents",
            "Requests with a document that is in no manifest, where that is measured",
            self.untrusted.clone(),
        );
        registry.register(
            "graphql_manifests_refused",
            "Manifests of trusted documents with faults: the documents before them stayed",
            self.manifests_refused.clone(),
        );
        registry.register(
            "graphql_public_answers_made",
            "Answers for everybody that were worked out and not found",
            self.answers_made.clone(),
        );
    }
}

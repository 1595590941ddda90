//! What cases are made of.

use crate::graphql::case::CaseUseCases;
use adapters::store::Store;
use domain::casework::case::{Drafts, FollowCases, OpenCase, SupplementCase, WithdrawCase};
use domain::catalogue::CatalogueSource;
use domain::clock::{Clock, IdSource};
use domain::engine::DepartmentExchange;
use std::sync::Arc;

/// Who opens cases, who follows them, and what citizens do to them.
pub struct Opened {
    /// Opens.
    pub open: Arc<OpenCase>,
    /// Follows.
    pub follow: Arc<FollowCases>,
    /// For citizens.
    pub use_cases: CaseUseCases,
}

/// Over one store and one exchange.
pub fn connect(
    store: &Arc<Store>,
    catalogue: Arc<dyn CatalogueSource>,
    exchange: Arc<dyn DepartmentExchange>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Opened {
    let drafts = Drafts {
        drafts: store.clone(),
        files: store.clone(),
        catalogue: catalogue.clone(),
        clock: clock.clone(),
    };
    Opened {
        open: Arc::new(OpenCase { cases: store.clone(), clock: clock.clone(), ids: ids.clone() }),
        follow: Arc::new(FollowCases { cases: store.clone(), exchange, clock: clock.clone() }),
        use_cases: CaseUseCases {
            cases: store.clone(),
            withdraw: Arc::new(WithdrawCase { cases: store.clone(), clock: clock.clone() }),
            supplement: Arc::new(SupplementCase {
                cases: store.clone(),
                files: store.clone(),
                catalogue,
                clock: clock.clone(),
            }),
            drafts: Arc::new(drafts),
        },
    }
}

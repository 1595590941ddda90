//! Signing in, and what somebody does with their account.

use crate::graphql::account::AccountUseCases;
use adapters::store::Store;
use domain::catalogue::{CatalogueSource, OwnApps};
use domain::clock::{Clock, IdSource};
use domain::identity::{
    ChannelDoor, ChannelIdentity, LinkChannel, MergePersons, OwnSessions, SignIn, UnlinkChannel,
};
use std::sync::Arc;

/// What all of them need.
pub(super) struct Around<'a> {
    pub store: &'a Arc<Store>,
    pub catalogue: Arc<dyn CatalogueSource>,
    pub clock: &'a Arc<dyn Clock>,
    pub ids: &'a Arc<dyn IdSource>,
}

/// The use cases over these platforms.
pub(super) fn connect(
    platforms: Vec<Arc<dyn ChannelIdentity>>,
    around: Around<'_>,
) -> (SignIn, AccountUseCases) {
    let Around { store, catalogue, clock, ids } = around;
    let door = Arc::new(ChannelDoor { platforms, codes: store.clone(), persons: store.clone() });
    let sign_in = SignIn {
        door: door.clone(),
        persons: store.clone(),
        sessions: store.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
    };
    let account = AccountUseCases {
        persons: store.clone(),
        sessions: Arc::new(OwnSessions { sessions: store.clone(), clock: clock.clone() }),
        apps: Arc::new(OwnApps { marks: store.clone(), catalogue, clock: clock.clone() }),
        link: Arc::new(LinkChannel {
            door: door.clone(),
            persons: store.clone(),
            links: store.clone(),
            clock: clock.clone(),
        }),
        unlink: Arc::new(UnlinkChannel { links: store.clone(), clock: clock.clone() }),
        merge: Arc::new(MergePersons {
            door,
            persons: store.clone(),
            links: store.clone(),
            sessions: store.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        }),
    };
    (sign_in, account)
}

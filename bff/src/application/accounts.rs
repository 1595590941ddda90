//! Signing in, and what somebody does with their account.

use crate::graphql::account::AccountUseCases;
use crate::settings::{Mode, Settings};
use adapters::departments::HttpDepartments;
use adapters::sso_clients::{SsoClientConfig, SsoClients};
use adapters::store::{NamedKey, Store};
use domain::catalogue::{CatalogueSource, OwnApps};
use domain::clock::{Clock, IdSource};
use domain::identity::{
    Acting, ChannelDoor, ChannelIdentity, DataSharing, IssueTicket, LearnFacts, LinkChannel,
    Mandates, MergePersons, OwnSessions, Prefills, SignIn, UnlinkChannel,
};
use domain::outside::BoxError;
use std::sync::Arc;

/// What all of them need.
pub(super) struct Around<'a> {
    pub store: &'a Arc<Store>,
    pub catalogue: Arc<dyn CatalogueSource>,
    pub registers: &'a Arc<HttpDepartments>,
    pub clock: &'a Arc<dyn Clock>,
    pub ids: &'a Arc<dyn IdSource>,
}

/// The use cases over these platforms.
pub(super) fn connect(
    platforms: Vec<Arc<dyn ChannelIdentity>>,
    around: Around<'_>,
) -> (SignIn, AccountUseCases) {
    let Around { store, catalogue, registers, clock, ids } = around;
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
        apps: Arc::new(OwnApps {
            marks: store.clone(),
            catalogue: catalogue.clone(),
            clock: clock.clone(),
        }),
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
        mandates: Arc::new(Mandates {
            store: store.clone(),
            persons: store.clone(),
            legal_persons: registers.clone(),
            families: registers.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        }),
        acting: Arc::new(acting(store, clock, ids)),
        data: Arc::new(DataSharing { store: store.clone(), clock: clock.clone() }),
        prefills: Arc::new(Prefills {
            catalogue: catalogue.clone(),
            facts: store.clone(),
            data: store.clone(),
        }),
        learn: Arc::new(LearnFacts {
            catalogue: catalogue.clone(),
            facts: store.clone(),
            data: store.clone(),
            clock: clock.clone(),
        }),
        issue_ticket: Arc::new(IssueTicket {
            catalogue,
            tickets: store.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        }),
    };
    (sign_in, account)
}

/// For whom a session acts.
pub(super) fn acting(
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Acting {
    Acting { store: store.clone(), clock: clock.clone(), ids: ids.clone() }
}

/// Departments whose own pages ask who came; a demo has one that may ask for every app.
pub(super) fn sso_clients(settings: &Settings) -> Result<SsoClients, BoxError> {
    let named = settings.sso_clients.iter().map(|client| SsoClientConfig {
        id: client.id.clone(),
        key_base64: client.key.expose().to_owned(),
        apps: Some(client.apps.clone()),
    });
    let mut configs: Vec<_> = named.collect();
    if settings.mode == Mode::Demo && configs.is_empty() {
        let path = settings.key_dir.join("sso-demo.key");
        NamedKey::ensure_file(&path)?;
        let key_base64 = std::fs::read_to_string(&path)?;
        configs.push(SsoClientConfig { id: "demo".to_owned(), key_base64, apps: None });
    }
    Ok(SsoClients::new(&configs)?)
}

//! What ratings, supervision, parcels and draws are made of.

use crate::graphql::desk::DeskUseCases;
use crate::settings::ChannelSettings;
use crate::workers::DeskJobs;
use adapters::departments::HttpDepartments;
use adapters::express::{ExpressConfig, HttpExpress};
use adapters::http::{ConfigFault, HttpClient};
use adapters::lottery::{AwsSha256, ExchangePublicValues};
use adapters::store::Store;
use domain::casework::certificate::CertificatePost;
use domain::casework::delivery::{FollowDeliveries, RequestDelivery};
use domain::casework::lottery::RunLotteries;
use domain::casework::rating::{RateCase, RecordVisit};
use domain::casework::supervision::SuperviseCases;
use domain::catalogue::CatalogueSource;
use domain::clock::{Clock, IdSource};
use std::sync::Arc;

/// What all of them need.
pub(super) struct Around<'a> {
    pub channels: &'a ChannelSettings,
    pub store: &'a Arc<Store>,
    pub catalogue: Arc<dyn CatalogueSource>,
    pub exchange: Arc<HttpDepartments>,
    pub http: HttpClient,
    pub clock: &'a Arc<dyn Clock>,
    pub ids: &'a Arc<dyn IdSource>,
}

/// For citizens, for workers, for staff.
pub(super) struct Desk {
    pub use_cases: DeskUseCases,
    pub jobs: DeskJobs,
    pub record_visit: Arc<RecordVisit>,
}

/// Who sends certificates by post, if a carrier is connected.
pub(super) fn posting(desk: &Desk) -> Option<Arc<dyn CertificatePost>> {
    desk.use_cases.delivery.clone().map(|delivery| -> Arc<dyn CertificatePost> { delivery })
}

/// Over one store, one exchange and the carrier, if there is one.
pub(super) fn connect(around: Around<'_>) -> Result<Desk, ConfigFault> {
    let Around { channels, store, catalogue, exchange, http, clock, ids } = around;
    let carrier = channels.express.as_ref().map(|express| {
        let config = ExpressConfig {
            base_url: express.base_url.clone(),
            customer_no: express.customer_no.clone(),
            key_base64: express.key.expose().to_owned(),
        };
        HttpExpress::new(&config, http, clock.clone(), ids.clone()).map(Arc::new)
    });
    let carrier = carrier.transpose()?;
    let request = RequestDelivery {
        cases: store.clone(),
        deliveries: store.clone(),
        catalogue: catalogue.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
    };
    let follow = carrier.map(|carrier| {
        Arc::new(FollowDeliveries { deliveries: store.clone(), carrier, clock: clock.clone() })
    });
    let jobs = DeskJobs {
        supervise: Arc::new(SuperviseCases {
            supervision: store.clone(),
            catalogue: catalogue.clone(),
            clock: clock.clone(),
        }),
        lotteries: Arc::new(RunLotteries {
            catalogue: catalogue.clone(),
            entrants: store.clone(),
            lotteries: store.clone(),
            public_values: Arc::new(ExchangePublicValues { exchange }),
            hash: Arc::new(AwsSha256),
            ids: ids.clone(),
            clock: clock.clone(),
        }),
        deliveries: follow.clone(),
    };
    let rate = RateCase {
        cases: store.clone(),
        ratings: store.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
    };
    let use_cases = DeskUseCases {
        rate: Arc::new(rate),
        delivery: follow.map(|_| Arc::new(request)),
        lotteries: store.clone(),
    };
    let record_visit = RecordVisit { ratings: store.clone(), clock: clock.clone() };
    Ok(Desk { use_cases, jobs, record_visit: Arc::new(record_visit) })
}

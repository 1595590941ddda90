//! What follows a case: ratings, parcels, draws.

use domain::casework::delivery::RequestDelivery;
use domain::casework::lottery::LotteryStore;
use domain::casework::rating::RateCase;
use std::sync::Arc;

/// What somebody does after a case.
#[derive(Clone)]
pub struct DeskUseCases {
    /// Rates one.
    pub rate: Arc<RateCase>,
    /// Has its result sent; `None`: no carrier is connected.
    pub delivery: Option<Arc<RequestDelivery>>,
    /// Reads draws.
    pub lotteries: Arc<dyn LotteryStore>,
}

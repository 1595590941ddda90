//! The non-tax gateway: its adapter, what hears it, and what clears the days with it.

use super::{StartupError, part};
use crate::settings::ChannelSettings;
use adapters::http::HttpClient;
use adapters::non_tax::{GatewayKeyConfig, NonTaxConfig, NonTaxGateway, SealConfig};
use adapters::store::Store;
use domain::clock::{Clock, IdSource};
use domain::payment::{CloseWithdrawn, HealPayments, HearRefundDecision, OweBack, Rails};
use domain::receipt::{ProcessGatewayNews, ReceiveGatewayCall};
use domain::reconciliation::{ClearDue, ClearOneDay};
use std::sync::Arc;

/// Checks the settings; nothing is asked yet.
pub(super) fn connect(
    channels: &ChannelSettings,
    http: &HttpClient,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Result<Arc<NonTaxGateway>, StartupError> {
    let made = NonTaxGateway::new(&config(channels), http.clone(), clock.clone(), ids.clone());
    made.map(Arc::new).map_err(part("the payment gateway"))
}

fn config(channels: &ChannelSettings) -> NonTaxConfig {
    let gateway = &channels.gateway;
    let keys = gateway.gateway_keys.iter().map(|key| GatewayKeyConfig {
        id: key.id.clone(),
        algorithm: key.algorithm.clone(),
        public_key_pem: key.pem.clone(),
    });
    NonTaxConfig {
        base_url: gateway.base_url.clone(),
        our_key_id: gateway.key_id.clone(),
        our_algorithm: gateway.algorithm.clone(),
        our_private_key_pem: gateway.private_key.expose().to_owned(),
        gateway_keys: keys.collect(),
        seal: gateway.seal.as_ref().map(|seal| SealConfig {
            key_id: seal.key_id.clone(),
            key_base64: seal.key.expose().to_owned(),
            requests: seal.requests,
        }),
    }
}

/// What the gateway and we do without anybody waiting.
pub(super) struct GatewayWork {
    /// Takes its calls in.
    pub receive: ReceiveGatewayCall,
    /// Acts on them.
    pub news: Arc<ProcessGatewayNews>,
    /// Clears the days that are due.
    pub clear: Arc<ClearDue>,
}

impl GatewayWork {
    /// Over one store.
    pub fn new(
        gateway: &Arc<NonTaxGateway>,
        store: &Arc<Store>,
        (rails, healer, owe_back): (&Rails, &Arc<HealPayments>, &Arc<OweBack>),
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let day = ClearOneDay {
            exchange: gateway.clone(),
            notices: gateway.clone(),
            ledger: store.clone(),
            payments: store.clone(),
            receipts: store.clone(),
            book: store.clone(),
            clock: clock.clone(),
        };
        let withdrawn = CloseWithdrawn {
            payments: store.clone(),
            rails: rails.clone(),
            healer: healer.clone(),
            clock: clock.clone(),
        };
        Self {
            receive: ReceiveGatewayCall {
                reader: gateway.clone(),
                inbox: store.clone(),
                clock: clock.clone(),
            },
            news: Arc::new(ProcessGatewayNews {
                inbox: store.clone(),
                payments: store.clone(),
                outbox: store.clone(),
                refunds: HearRefundDecision { refunds: store.clone(), clock: clock.clone() },
                owe_back: owe_back.clone(),
                withdrawn,
                clock: clock.clone(),
            }),
            clear: Arc::new(ClearDue {
                day: Arc::new(day),
                days: store.clone(),
                clock: clock.clone(),
            }),
        }
    }
}

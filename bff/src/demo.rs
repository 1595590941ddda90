//! What only a demo has: mock channels beside, whose keys and clock it takes over.

use crate::settings::{
    ChannelSettings, ExchangeSettings, GatewaySettings, KeyFile, MiniProgramSettings, SealSettings,
    Secret, WeChatPaySettings,
};
use domain::clock::Clock;
use jiff::Timestamp;
use mock_channels::{GatewayOnboarding, MockChannels, MockClock, Onboarding};
use std::sync::Arc;

/// The clock of mock channels in this process.
pub struct BesideClock(MockClock);

impl BesideClock {
    /// Follows these mocks.
    pub fn of(mocks: &MockChannels) -> Arc<dyn Clock> {
        Arc::new(Self(mocks.clock()))
    }
}

impl Clock for BesideClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The platforms' settings, as mock channels hand them out.
pub fn channels_of(onboarding: &Onboarding) -> ChannelSettings {
    let (pay, gateway) = (&onboarding.wechat_pay, &onboarding.gateway);
    ChannelSettings {
        we_chat: MiniProgramSettings {
            base_url: onboarding.wechat.base_url.clone(),
            app_id: onboarding.wechat.app_id.clone(),
            app_secret: Secret::new(&onboarding.wechat.app_secret),
        },
        we_chat_pay: WeChatPaySettings {
            base_url: pay.base_url.clone(),
            merchant_no: pay.mch_id.clone(),
            merchant_serial: pay.merchant_serial.clone(),
            merchant_private_key: Secret::new(&pay.merchant_private_key_pem),
            api_v3_key: Secret::new(&pay.api_v3_key),
            platform_keys: vec![(pay.platform_key_id.clone(), pay.platform_public_key_pem.clone())],
            order_limit: domain::money::PayableFen::USUAL_ORDER_LIMIT,
        },
        exchange: ExchangeSettings {
            base_url: onboarding.exchange.base_url.clone(),
            client_id: onboarding.exchange.client_id.clone(),
            key: Secret::new(&onboarding.exchange.key_base64),
        },
        gateway: GatewaySettings {
            base_url: gateway.base_url.clone(),
            key_id: gateway.our_key_id.clone(),
            private_key: Secret::new(&gateway.our_private_key_pem),
            algorithm: gateway.algorithm.clone(),
            gateway_keys: gateway_keys(gateway),
            seal: Some(SealSettings {
                key_id: gateway.sm4_key_id.clone(),
                key: Secret::new(&gateway.sm4_key_base64),
                requests: false,
            }),
        },
    }
}

fn gateway_keys(gateway: &GatewayOnboarding) -> Vec<KeyFile> {
    let keys = gateway.gateway_keys.iter().map(|key| KeyFile {
        id: key.key_id.clone(),
        algorithm: key.algorithm.clone(),
        pem: key.public_key_pem.clone(),
    });
    keys.collect()
}

//! What only a demo has: mock channels beside, whose keys and clock it takes over.

use crate::settings::{
    AlipayAppSettings, AlipaySettings, AlipayTrust, ChannelSettings, ExchangeSettings,
    ExpressSettings, GatewaySettings, KeyFile, MessagePushSettings, MiniProgramSettings,
    SealSettings, Secret, UnionPaySettings, WeChatPaySettings,
};
use adapters::departments::DepartmentRules;
use domain::clock::Clock;
use domain::money::PayableFen;
use domain::payment::Ceilings;
use jiff::Timestamp;
use mock_channels::{
    AlipayOnboarding, GatewayOnboarding, MockChannels, MockClock, Onboarding, UnionPayOnboarding,
};
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
            message_templates: onboarding.wechat.message_templates.clone(),
            message_push: Some(MessagePushSettings {
                token: Secret::new(&onboarding.wechat.message_token),
                encoding_aes_key: Secret::new(&onboarding.wechat.encoding_aes_key),
            }),
        },
        we_chat_pay: WeChatPaySettings {
            base_url: pay.base_url.clone(),
            merchant_no: pay.mch_id.clone(),
            merchant_serial: pay.merchant_serial.clone(),
            merchant_private_key: Secret::new(&pay.merchant_private_key_pem),
            api_v3_key: Secret::new(&pay.api_v3_key),
            platform_keys: vec![(pay.platform_key_id.clone(), pay.platform_public_key_pem.clone())],
            // The played WeChat knows one app id, for all of its products.
            app_app_id: Some(onboarding.wechat.app_id.clone()),
            order_limit: PayableFen::USUAL_ORDER_LIMIT,
            refund_ceiling: Ceilings::USUAL,
        },
        alipay: Some(alipay(&onboarding.alipay)),
        union_pay: Some(union_pay(&onboarding.unionpay)),
        exchange: ExchangeSettings {
            base_url: onboarding.exchange.base_url.clone(),
            client_id: onboarding.exchange.client_id.clone(),
            key: Secret::new(&onboarding.exchange.key_base64),
            rules: DepartmentRules::usual(),
        },
        express: Some(ExpressSettings {
            base_url: onboarding.express.base_url.clone(),
            customer_no: onboarding.express.customer_no.clone(),
            key: Secret::new(&onboarding.express.key_base64),
        }),
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

fn alipay(alipay: &AlipayOnboarding) -> AlipaySettings {
    let app = |app_id: &str, certificate: &str| AlipayAppSettings {
        app_id: app_id.to_owned(),
        private_key: Secret::new(&alipay.app_private_key_pem),
        certificate: Some(certificate.to_owned()),
    };
    AlipaySettings {
        gateway_url: alipay.gateway_url.clone(),
        seller_id: alipay.seller_id.clone(),
        mini: app(&alipay.mini_app_id, &alipay.mini_app_cert_pem),
        native: Some(app(&alipay.native_app_id, &alipay.native_app_cert_pem)),
        trust: AlipayTrust::Certificates {
            roots: alipay.alipay_root_cert_pem.clone(),
            platform: vec![alipay.alipay_cert_pem.clone()],
        },
        content_key: Some(Secret::new(&alipay.content_key_base64)),
        message_templates: alipay.message_templates.clone(),
        order_limit: PayableFen::USUAL_ORDER_LIMIT,
        refund_ceiling: Ceilings::USUAL,
    }
}

fn union_pay(union_pay: &UnionPayOnboarding) -> UnionPaySettings {
    UnionPaySettings {
        gateway_url: union_pay.gateway_url.clone(),
        file_url: union_pay.file_url.clone(),
        merchant_no: union_pay.mer_id.clone(),
        signing_certificate: union_pay.merchant_certificate_pem.clone(),
        signing_key: Secret::new(&union_pay.merchant_private_key_pem),
        root_certificate: union_pay.root_certificate_pem.clone(),
        middle_certificates: vec![union_pay.middle_certificate_pem.clone()],
        order_limit: PayableFen::USUAL_ORDER_LIMIT,
        refund_ceiling: Ceilings::USUAL,
    }
}

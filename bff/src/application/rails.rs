//! The rails of the settings: each guarded, with everything it can do.

use super::{StartupError, part};
use crate::settings::{AlipaySettings, AlipayTrust, ChannelSettings, UnionPaySettings};
use adapters::alipay::{
    AlipayAccount, AlipayAppConfig, AlipayBills, AlipayCallbacks, AlipayConfig, AlipayMessages,
    AlipayMiniProgram, AlipayRail, AlipayRefunds, AlipayStatements, AlipayTrustConfig,
};
use adapters::guarded::{BreakerRule, CallBudget, GuardedRail, GuardedRedirects, WatchedRails};
use adapters::http::HttpClient;
use adapters::unionpay::{
    UnionPayAccount, UnionPayBills, UnionPayCallbacks, UnionPayConfig, UnionPayRail,
    UnionPayRefunds, UnionPayStatements,
};
use adapters::wechat::{
    MiniProgramConfig, WeChatMessages, WeChatMiniProgram, WeChatPayAccount, WeChatPayBills,
    WeChatPayCallbacks, WeChatPayConfig, WeChatPayRail, WeChatPayRedirects, WeChatPayRefunds,
    WeChatPayStatements,
};
use domain::clock::{Clock, IdSource};
use domain::identity::ChannelIdentity;
use domain::messaging::MessageSender;
use domain::money::Fen;
use domain::payment::{
    Ceilings, PaymentRail, RailCallbacks, RailRefunds, Rails, RefundRedirects, Refunders,
};
use domain::reconciliation::StatementSource;
use domain::reconciliation::source::StatementReader;
use std::sync::Arc;

/// What every account is made with.
pub struct Outside<'a> {
    /// Addresses, numbers and keys.
    pub channels: &'a ChannelSettings,
    /// How platforms reach the server.
    pub public_url: &'a str,
    /// Calls them.
    pub http: &'a HttpClient,
    /// Time.
    pub clock: &'a Arc<dyn Clock>,
    /// Random texts.
    pub ids: &'a Arc<dyn IdSource>,
}

/// One rail with all its capabilities.
pub struct ConnectedRail {
    /// Payments and refunds, behind one guard.
    pub guarded: Arc<GuardedRail>,
    /// Sends stuck refunds to another account, where the rail can.
    pub redirects: Option<Arc<dyn RefundRedirects>>,
    /// Reads what it sends.
    pub callbacks: Arc<dyn RailCallbacks>,
    /// Its daily files.
    pub statements: Arc<dyn StatementSource>,
    /// Reads those that are kept.
    pub bills: Arc<dyn StatementReader>,
}

/// All rails, and the platforms that say who somebody is.
pub struct Platforms {
    /// One of each that the settings name.
    pub rails: Vec<ConnectedRail>,
    /// One of each mini-program.
    pub identities: Vec<Arc<dyn ChannelIdentity>>,
    /// Those that carry messages.
    pub messengers: Vec<Arc<dyn MessageSender>>,
}

impl Platforms {
    /// Checks accounts and keys; calls nobody.
    ///
    /// # Errors
    /// [`StartupError`] names the platform.
    pub fn connect(outside: &Outside<'_>) -> Result<Self, StartupError> {
        let (http, clock) = (outside.http, outside.clock);
        let mut rails = vec![outside.we_chat_pay().map_err(part("WeChat Pay"))?];
        let mini = Arc::new(outside.mini_program().map_err(part("the WeChat mini-program"))?);
        let mut identities: Vec<Arc<dyn ChannelIdentity>> = vec![mini.clone()];
        let mut messengers: Vec<Arc<dyn MessageSender>> = vec![Arc::new(WeChatMessages::new(mini))];
        if let Some(settings) = &outside.channels.alipay {
            let config = alipay_config(settings, outside.public_url);
            let account = AlipayAccount::new(&config, http.clone(), clock.clone());
            let account = Arc::new(account.map_err(part("Alipay"))?);
            identities.push(Arc::new(AlipayMiniProgram::new(account.clone())));
            messengers.push(Arc::new(AlipayMessages::new(account.clone())));
            rails.push(ConnectedRail {
                guarded: outside
                    .guarded(AlipayRail::new(account.clone()), AlipayRefunds::new(account.clone())),
                redirects: None,
                callbacks: Arc::new(AlipayCallbacks::new(account.clone())),
                bills: Arc::new(AlipayBills::new(account.clone())),
                statements: Arc::new(AlipayStatements::new(account)),
            });
        }
        if let Some(settings) = &outside.channels.union_pay {
            let config = union_pay_config(settings, outside.public_url);
            let account = UnionPayAccount::new(&config, http.clone(), clock.clone());
            let account = Arc::new(account.map_err(part("UnionPay"))?);
            rails.push(ConnectedRail {
                guarded: outside.guarded(
                    UnionPayRail::new(account.clone()),
                    UnionPayRefunds::new(account.clone()),
                ),
                redirects: None,
                callbacks: Arc::new(UnionPayCallbacks::new(account.clone())),
                bills: Arc::new(UnionPayBills),
                statements: Arc::new(UnionPayStatements::new(account)),
            });
        }
        Ok(Self { rails, identities, messengers })
    }

    /// The rails as payments know them.
    pub fn rails(&self) -> Rails {
        Rails::new(self.rails.iter().map(|rail| rail.guarded.clone() as _).collect())
    }

    /// The rails as refunds know them.
    pub fn refunders(&self) -> Refunders {
        Refunders::new(
            self.rails.iter().map(|rail| rail.guarded.clone() as _).collect(),
            self.rails.iter().filter_map(|rail| rail.redirects.clone()).collect(),
        )
    }

    /// How they are.
    pub fn watch(&self) -> Arc<WatchedRails> {
        Arc::new(WatchedRails::new(self.rails.iter().map(|rail| rail.guarded.clone()).collect()))
    }
}

impl Outside<'_> {
    fn guarded(
        &self,
        rail: impl PaymentRail + 'static,
        refunds: impl RailRefunds + 'static,
    ) -> Arc<GuardedRail> {
        let (budget, rule) = (CallBudget::USUAL, BreakerRule::USUAL);
        let (rail, refunds) = (Arc::new(rail), Arc::new(refunds));
        Arc::new(GuardedRail::new(rail, refunds, budget, rule, self.clock.clone()))
    }

    fn mini_program(&self) -> Result<WeChatMiniProgram, adapters::http::ConfigFault> {
        let config = MiniProgramConfig {
            base_url: self.channels.we_chat.base_url.clone(),
            app_id: self.channels.we_chat.app_id.clone(),
            app_secret: self.channels.we_chat.app_secret.expose().to_owned(),
        };
        WeChatMiniProgram::new(config, self.http.clone(), self.clock.clone())
    }

    fn we_chat_pay(&self) -> Result<ConnectedRail, adapters::http::ConfigFault> {
        let pay = &self.channels.we_chat_pay;
        let config = WeChatPayConfig {
            base_url: pay.base_url.clone(),
            app_id: self.channels.we_chat.app_id.clone(),
            app_app_id: pay.app_app_id.clone(),
            merchant_no: pay.merchant_no.clone(),
            merchant_serial: pay.merchant_serial.clone(),
            merchant_private_key_pem: pay.merchant_private_key.expose().to_owned(),
            api_v3_key: pay.api_v3_key.expose().to_owned(),
            platform_keys: pay.platform_keys.clone(),
            notify_url: format!("{}/callbacks/wechat-pay", self.public_url),
            order_limit: pay.order_limit,
        };
        let (http, clock, ids) = (self.http.clone(), self.clock.clone(), self.ids.clone());
        let account = Arc::new(WeChatPayAccount::new(&config, http, clock, ids)?);
        let guarded = self
            .guarded(WeChatPayRail::new(account.clone()), WeChatPayRefunds::new(account.clone()));
        let redirects = Arc::new(WeChatPayRedirects::new(account.clone()));
        Ok(ConnectedRail {
            redirects: Some(Arc::new(GuardedRedirects::new(guarded.clone(), redirects))),
            guarded,
            callbacks: Arc::new(WeChatPayCallbacks::new(account.clone())),
            bills: Arc::new(WeChatPayBills),
            statements: Arc::new(WeChatPayStatements::new(account)),
        })
    }
}

fn alipay_config(settings: &AlipaySettings, public_url: &str) -> AlipayConfig {
    let app = |app: &crate::settings::AlipayAppSettings| AlipayAppConfig {
        app_id: app.app_id.clone(),
        private_key_pem: app.private_key.expose().to_owned(),
        certificate_pem: app.certificate.clone(),
    };
    AlipayConfig {
        gateway_url: settings.gateway_url.clone(),
        seller_id: settings.seller_id.clone(),
        mini: app(&settings.mini),
        native: settings.native.as_ref().map(app),
        trust: match settings.trust.clone() {
            AlipayTrust::Keys(platform_keys_pem) => AlipayTrustConfig::Keys { platform_keys_pem },
            AlipayTrust::Certificates { roots, platform } => AlipayTrustConfig::Certificates {
                root_certificates_pem: roots,
                platform_certificates_pem: platform,
            },
        },
        content_key: settings.content_key.as_ref().map(|key| key.expose().to_owned()),
        notify_url: format!("{public_url}/callbacks/alipay"),
        order_limit: settings.order_limit,
    }
}

fn union_pay_config(settings: &UnionPaySettings, public_url: &str) -> UnionPayConfig {
    UnionPayConfig {
        gateway_url: settings.gateway_url.clone(),
        file_url: settings.file_url.clone(),
        merchant_no: settings.merchant_no.clone(),
        signing_cert_pem: settings.signing_certificate.clone(),
        signing_key_pem: settings.signing_key.expose().to_owned(),
        root_cert_pem: settings.root_certificate.clone(),
        middle_cert_pems: settings.middle_certificates.clone(),
        notify_url: format!("{public_url}/callbacks/unionpay"),
        order_limit: settings.order_limit,
    }
}

/// What each rail may give back by rule on one day; what is above waits for two persons. A rail
/// that is not connected gives nothing back.
pub fn ceilings(channels: &ChannelSettings) -> Ceilings {
    Ceilings {
        we_chat_pay: channels.we_chat_pay.refund_ceiling,
        alipay: channels.alipay.as_ref().map_or(Fen::ZERO, |rail| rail.refund_ceiling),
        union_pay: channels.union_pay.as_ref().map_or(Fen::ZERO, |rail| rail.refund_ceiling),
    }
}

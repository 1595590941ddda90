//! The platforms: addresses, numbers and keys.

use super::rails::{AlipaySettings, UnionPaySettings, WeChatPaySettings};
use super::reader::Reader;
use super::{GatewaySettings, Secret};
use adapters::departments::DepartmentRules;
use std::collections::BTreeMap;
use std::time::Duration;

/// WeChat's mini-program platform.
#[derive(Debug, Clone)]
pub struct MiniProgramSettings {
    /// `https://api.weixin.qq.com`.
    pub base_url: String,
    /// Our mini-program.
    pub app_id: String,
    /// Its secret.
    pub app_secret: Secret,
    /// Ids of the message templates chosen there, by our names; kinds without one are told
    /// otherwise.
    pub message_templates: BTreeMap<String, String>,
    /// How events are pushed to us; `None`: nobody tells what became of messages.
    pub message_push: Option<MessagePushSettings>,
}

/// Secrets of WeChat's message push, in secure mode with JSON.
#[derive(Debug, Clone)]
pub struct MessagePushSettings {
    /// The token (令牌).
    pub token: Secret,
    /// The key (EncodingAESKey), 43 characters.
    pub encoding_aes_key: Secret,
}

/// The departments' exchange.
#[derive(Debug, Clone)]
pub struct ExchangeSettings {
    /// Its address.
    pub base_url: String,
    /// Our id there.
    pub client_id: String,
    /// The shared key, base64.
    pub key: Secret,
    /// How long departments are waited for.
    pub rules: DepartmentRules,
}

/// The express carrier.
#[derive(Debug, Clone)]
pub struct ExpressSettings {
    /// Its address.
    pub base_url: String,
    /// 大客户号.
    pub customer_no: String,
    /// The shared key, base64.
    pub key: Secret,
}

/// All platforms.
#[derive(Debug, Clone)]
pub struct ChannelSettings {
    /// WeChat's mini-program platform.
    pub we_chat: MiniProgramSettings,
    /// WeChat Pay.
    pub we_chat_pay: WeChatPaySettings,
    /// Alipay and its mini-program, where it is connected.
    pub alipay: Option<AlipaySettings>,
    /// UnionPay, where it is connected.
    pub union_pay: Option<UnionPaySettings>,
    /// The departments.
    pub exchange: ExchangeSettings,
    /// The gateway.
    pub gateway: GatewaySettings,
    /// The express carrier, where one is connected.
    pub express: Option<ExpressSettings>,
}

/// `exchange.deadline_ms` for all, `exchange.deadlines_ms` for departments by their word.
fn department_rules(reader: &mut Reader<'_>) -> DepartmentRules {
    let mut rules = DepartmentRules::usual();
    if let Some(ms) = reader.parsed("exchange.deadline_ms", "milliseconds") {
        rules.deadline = deadline(reader, "exchange.deadline_ms", ms);
    }
    for (department, ms) in reader.numbers("exchange.deadlines_ms") {
        let deadline = deadline(reader, "exchange.deadlines_ms", ms);
        rules.deadlines.insert(department, deadline);
    }
    rules
}

/// A citizen waits; a department that needs a minute is asked in another way.
fn deadline(reader: &mut Reader<'_>, key: &str, ms: u64) -> Duration {
    if !(100..=30_000).contains(&ms) {
        reader.fault(key, format!("{ms} is not within 100 to 30000"));
    }
    Duration::from_millis(ms)
}

impl ChannelSettings {
    /// From the file's tables; every missing key is a fault. Where nobody serves mocks and the
    /// file names no platform, that is one fault, not twenty.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.has_table("we_chat_pay") {
            let why = "without mock channels a file must name the platforms \
                       ([we_chat], [we_chat_pay], [exchange], [gateway])";
            reader.fault("settings", why.to_owned());
            return None;
        }
        Some(Self {
            we_chat: MiniProgramSettings {
                base_url: reader.required("we_chat.base_url"),
                app_id: reader.required("we_chat.app_id"),
                app_secret: reader.secret_file("we_chat.app_secret_file"),
                message_templates: reader.texts("we_chat.message_templates"),
                message_push: reader.has("we_chat.message_token_file").then(|| {
                    MessagePushSettings {
                        token: reader.secret_file("we_chat.message_token_file"),
                        encoding_aes_key: reader.secret_file("we_chat.encoding_aes_key_file"),
                    }
                }),
            },
            we_chat_pay: WeChatPaySettings::read(reader),
            alipay: AlipaySettings::read(reader),
            union_pay: UnionPaySettings::read(reader),
            exchange: ExchangeSettings {
                base_url: reader.required("exchange.base_url"),
                client_id: reader.required("exchange.client_id"),
                key: reader.secret_file("exchange.key_file"),
                rules: department_rules(reader),
            },
            gateway: GatewaySettings::read(reader),
            express: reader.has_table("express").then(|| ExpressSettings {
                base_url: reader.required("express.base_url"),
                customer_no: reader.required("express.customer_no"),
                key: reader.secret_file("express.key_file"),
            }),
        })
    }

    /// Production speaks to platforms by https only, and never to this machine.
    pub(super) fn check_production(&self, reader: &mut Reader<'_>) {
        let mut addresses = vec![
            ("we_chat.base_url", &self.we_chat.base_url),
            ("we_chat_pay.base_url", &self.we_chat_pay.base_url),
            ("exchange.base_url", &self.exchange.base_url),
            ("gateway.base_url", &self.gateway.base_url),
        ];
        if let Some(alipay) = &self.alipay {
            addresses.push(("alipay.gateway_url", &alipay.gateway_url));
        }
        if let Some(union_pay) = &self.union_pay {
            addresses.push(("union_pay.gateway_url", &union_pay.gateway_url));
            addresses.push(("union_pay.file_url", &union_pay.file_url));
        }
        if let Some(express) = &self.express {
            addresses.push(("express.base_url", &express.base_url));
        }
        for (key, address) in addresses {
            let local = ["//127.", "//localhost", "//[::1]", "//0.0.0.0"];
            if !address.starts_with("https://") {
                reader.fault(key, "production speaks https to the platforms".to_owned());
            } else if local.iter().any(|host| address.contains(host)) {
                reader.fault(key, "this machine is not the platform".to_owned());
            }
        }
    }
}

//! The rails: WeChat Pay is always there, Alipay and UnionPay where the file has their table.

use super::Secret;
use super::reader::Reader;
use domain::money::{Fen, PayableFen};
use std::collections::BTreeMap;

/// WeChat Pay, API v3.
#[derive(Debug, Clone)]
pub struct WeChatPaySettings {
    /// `https://api.mch.weixin.qq.com`.
    pub base_url: String,
    /// Our merchant number.
    pub merchant_no: String,
    /// App id of the native app, bound to the merchant number; `None`: no payment there.
    pub app_app_id: Option<String>,
    /// Serial number of our merchant certificate.
    pub merchant_serial: String,
    /// Our private key, PEM.
    pub merchant_private_key: Secret,
    /// APIv3 key, 32 characters.
    pub api_v3_key: Secret,
    /// WeChat's public keys: id and PEM. Two during a rotation.
    pub platform_keys: Vec<(String, String)>,
    /// The most that one order may take.
    pub order_limit: PayableFen,
    /// The most that may go back by rule on one day.
    pub refund_ceiling: Fen,
}

impl WeChatPaySettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            base_url: reader.required("we_chat_pay.base_url"),
            merchant_no: reader.required("we_chat_pay.merchant_no"),
            app_app_id: reader.text("we_chat_pay.app_app_id"),
            merchant_serial: reader.required("we_chat_pay.merchant_serial"),
            merchant_private_key: reader.secret_file("we_chat_pay.merchant_private_key_file"),
            api_v3_key: reader.secret_file("we_chat_pay.api_v3_key_file"),
            platform_keys: reader.key_files("we_chat_pay.platform_keys"),
            order_limit: reader
                .payable("we_chat_pay.order_limit_fen", PayableFen::USUAL_ORDER_LIMIT),
            refund_ceiling: reader.ceiling("we_chat_pay.refund_ceiling_fen"),
        }
    }
}

/// One app of ours at Alipay.
#[derive(Debug, Clone)]
pub struct AlipayAppSettings {
    /// 16 digits.
    pub app_id: String,
    /// Its private key, PEM.
    pub private_key: Secret,
    /// Its certificate, PEM: in certificate mode only.
    pub certificate: Option<String>,
}

impl AlipayAppSettings {
    fn read(reader: &mut Reader<'_>, name: &str, certified: bool) -> Self {
        Self {
            app_id: reader.required(&format!("alipay.{name}_app_id")),
            private_key: reader.secret_file(&format!("alipay.{name}_private_key_file")),
            certificate: certified
                .then(|| reader.pem_file(&format!("alipay.{name}_certificate_file"))),
        }
    }
}

/// How Alipay's answers are believed.
#[derive(Debug, Clone)]
pub enum AlipayTrust {
    /// Key mode: the platform's public keys, PEM; two during a rotation.
    Keys(Vec<String>),
    /// Certificate mode.
    Certificates {
        /// The roots, PEM.
        roots: String,
        /// The platform's certificates, PEM; two during a rotation.
        platform: Vec<String>,
    },
}

/// Alipay.
#[derive(Debug, Clone)]
pub struct AlipaySettings {
    /// `https://openapi.alipay.com/gateway.do`.
    pub gateway_url: String,
    /// Who is paid (PID).
    pub seller_id: String,
    /// The mini-program.
    pub mini: AlipayAppSettings,
    /// The native app; `None`: no payment there.
    pub native: Option<AlipayAppSettings>,
    /// How answers are believed.
    pub trust: AlipayTrust,
    /// The mini-program's key of content, base64; without it no phone number can be read.
    pub content_key: Option<Secret>,
    /// Ids of the message templates chosen there, by our names.
    pub message_templates: BTreeMap<String, String>,
    /// The most that one order may take.
    pub order_limit: PayableFen,
    /// The most that may go back by rule on one day.
    pub refund_ceiling: Fen,
}

impl AlipaySettings {
    /// `None` where the file has no `[alipay]`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.has_table("alipay") {
            return None;
        }
        let certified = reader.has("alipay.root_certificates_file");
        let trust = if certified {
            AlipayTrust::Certificates {
                roots: reader.pem_file("alipay.root_certificates_file"),
                platform: pems(reader.key_files("alipay.platform_certificates")),
            }
        } else {
            AlipayTrust::Keys(pems(reader.key_files("alipay.platform_keys")))
        };
        let mini = AlipayAppSettings::read(reader, "mini", certified);
        let native = reader
            .has("alipay.native_app_id")
            .then(|| AlipayAppSettings::read(reader, "native", certified));
        Some(Self {
            gateway_url: reader.required("alipay.gateway_url"),
            seller_id: reader.required("alipay.seller_id"),
            mini,
            native,
            trust,
            content_key: reader
                .has("alipay.content_key_file")
                .then(|| reader.secret_file("alipay.content_key_file")),
            message_templates: reader.texts("alipay.message_templates"),
            order_limit: reader.payable("alipay.order_limit_fen", PayableFen::USUAL_ORDER_LIMIT),
            refund_ceiling: reader.ceiling("alipay.refund_ceiling_fen"),
        })
    }
}

/// UnionPay 5.1.0.
#[derive(Debug, Clone)]
pub struct UnionPaySettings {
    /// `https://gateway.95516.com`.
    pub gateway_url: String,
    /// `https://filedownload.95516.com/`.
    pub file_url: String,
    /// Our merchant number, 15 characters.
    pub merchant_no: String,
    /// Our signing certificate, PEM.
    pub signing_certificate: String,
    /// Its private key, PEM.
    pub signing_key: Secret,
    /// UnionPay's root certificate, PEM.
    pub root_certificate: String,
    /// UnionPay's middle certificates, PEM; two during a rotation.
    pub middle_certificates: Vec<String>,
    /// The most that one order may take.
    pub order_limit: PayableFen,
    /// The most that may go back by rule on one day.
    pub refund_ceiling: Fen,
}

impl UnionPaySettings {
    /// `None` where the file has no `[union_pay]`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.has_table("union_pay").then(|| Self {
            gateway_url: reader.required("union_pay.gateway_url"),
            file_url: reader.required("union_pay.file_url"),
            merchant_no: reader.required("union_pay.merchant_no"),
            signing_certificate: reader.pem_file("union_pay.signing_certificate_file"),
            signing_key: reader.secret_file("union_pay.signing_key_file"),
            root_certificate: reader.pem_file("union_pay.root_certificate_file"),
            middle_certificates: pems(reader.key_files("union_pay.middle_certificates")),
            order_limit: reader.payable("union_pay.order_limit_fen", PayableFen::USUAL_ORDER_LIMIT),
            refund_ceiling: reader.ceiling("union_pay.refund_ceiling_fen"),
        })
    }
}

fn pems(files: Vec<(String, String)>) -> Vec<String> {
    files.into_iter().map(|(_, pem)| pem).collect()
}

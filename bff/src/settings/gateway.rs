//! The unified non-tax payment gateway: address, keys of both sides, seal.

use super::Secret;
use super::reader::{KeyFile, Reader};

/// The unified non-tax payment gateway.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// Its address.
    pub base_url: String,
    /// Id of our key there.
    pub key_id: String,
    /// What our key is of: `RSA-SHA256` or `SM2-SM3`.
    pub algorithm: String,
    /// Our private key, PEM.
    pub private_key: Secret,
    /// The gateway's public keys; it tells of later ones itself.
    pub gateway_keys: Vec<KeyFile>,
    /// What contents are sealed by, if they are.
    pub seal: Option<SealSettings>,
}

/// The key that contents are sealed by, SM4.
#[derive(Debug, Clone)]
pub struct SealSettings {
    /// Its id.
    pub key_id: String,
    /// 16 bytes, base64.
    pub key: Secret,
    /// Are our own requests sealed, and not only the gateway's opened?
    pub requests: bool,
}

const RSA: &str = "RSA-SHA256";

impl GatewaySettings {
    /// From the table `[gateway]`; every missing key is a fault.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            base_url: reader.required("gateway.base_url"),
            key_id: reader.required("gateway.key_id"),
            algorithm: reader.text("gateway.algorithm").unwrap_or_else(|| RSA.to_owned()),
            private_key: reader.secret_file("gateway.private_key_file"),
            gateway_keys: reader.agile_key_files("gateway.keys", RSA),
            seal: reader.text("gateway.seal_key_id").map(|key_id| SealSettings {
                key_id,
                key: reader.secret_file("gateway.seal_key_file"),
                requests: reader.flag("gateway.seal_requests").unwrap_or(true),
            }),
        }
    }
}

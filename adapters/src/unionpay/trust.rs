//! Who may sign for UnionPay: whoever has a certificate below the pinned root, by way of a
//! pinned middle certificate, in UnionPay's name. The certificate travels in the message itself,
//! so without these checks anybody's message would be believed.

use super::fields::{Fields, SIGNATURE};
use crate::certificate::Certificate;
use crate::http::ConfigFault;
use domain::outside::BoxError;
use domain::payment::CallbackRefused;
use jiff::Timestamp;

/// The third part of the common name.
const UNIONPAY: &str = "中国银联股份有限公司";
/// The field that carries the signer's certificate.
pub(super) const CERTIFICATE: &str = "signPubKeyCert";

/// The pinned certificates.
#[derive(Debug)]
pub(super) struct Trust {
    root: Certificate,
    middles: Vec<Certificate>,
}

impl Trust {
    /// Pins a root and the middle certificates below it; several while they rotate.
    pub fn new(root_pem: &str, middle_pems: &[String]) -> Result<Self, ConfigFault> {
        let root =
            Certificate::from_pem(root_pem).map_err(|e| ConfigFault::new("root_cert_pem", e))?;
        let fault = |error: BoxError| ConfigFault::new("middle_cert_pems", error);
        let mut middles = Vec::with_capacity(middle_pems.len());
        for pem in middle_pems {
            let middle = Certificate::from_pem(pem).map_err(|e| fault(e.into()))?;
            middle.is_issued_by(&root).map_err(|e| fault(e.into()))?;
            middles.push(middle);
        }
        match middles.is_empty() {
            true => Err(fault("there is none".into())),
            false => Ok(Self { root, middles }),
        }
    }

    /// Is the message UnionPay's own?
    pub fn verify(&self, message: &Fields, now: Timestamp) -> Result<(), CallbackRefused> {
        let pem = message.get(CERTIFICATE).ok_or(CallbackRefused::Malformed(CERTIFICATE))?;
        let signature = message.get(SIGNATURE).ok_or(CallbackRefused::Malformed(SIGNATURE))?;
        if message.get("signMethod") != Some("01") {
            return Err(CallbackRefused::Malformed("signMethod"));
        }
        let signer = Certificate::from_pem(pem).or(Err(CallbackRefused::Malformed(CERTIFICATE)))?;
        if !self.vouches_for(&signer, now) {
            return Err(CallbackRefused::UnknownKey);
        }
        let verified = signer.key().verify(message.digest().as_bytes(), signature.trim());
        verified.or(Err(CallbackRefused::BadSignature))
    }

    fn vouches_for(&self, signer: &Certificate, now: Timestamp) -> bool {
        let named = signer.common_name().split('@').nth(2) == Some(UNIONPAY);
        let below =
            |middle: &&Certificate| middle.valid_at(now) && signer.is_issued_by(middle).is_ok();
        named
            && signer.valid_at(now)
            && self.root.valid_at(now)
            && self.middles.iter().any(|middle| below(&middle))
    }
}

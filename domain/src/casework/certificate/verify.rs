//! The public check of a certificate.

use super::{AuthorisationCode, Certificate, CertificateBook, CertificateStanding};
use crate::clock::Clock;
use crate::identity::network;
use crate::ids::SerialNo;
use crate::outside::StoreError;
use std::net::IpAddr;
use std::sync::Arc;

/// Use case: anybody who holds a certificate may ask whether it is genuine.
pub struct VerifyCertificate {
    /// Certificates.
    pub book: Arc<dyn CertificateBook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl VerifyCertificate {
    /// The certificate with this number and code, and how it stands. `None` for every other pair:
    /// one answer for a number that was never given, a wrong code, and too many of those from the
    /// same address.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run(
        &self,
        serial: &str,
        code: &str,
        address: Option<IpAddr>,
    ) -> Result<Option<(Certificate, CertificateStanding)>, StoreError> {
        let serial = SerialNo::new(&serial.trim().to_ascii_uppercase());
        let (Ok(serial), Ok(code)) = (serial, AuthorisationCode::new(code)) else {
            return Ok(None);
        };
        let now = self.clock.now();
        // Those whose address nobody knows are counted together.
        let came_from = address.map(network).unwrap_or_default();
        let found = self.book.certificate_by_code(&serial, &code, &came_from, now).await?;
        Ok(found.map(|certificate| {
            let standing = certificate.standing(now);
            (certificate, standing)
        }))
    }
}

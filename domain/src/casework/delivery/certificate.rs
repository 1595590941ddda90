//! Certificates that were asked for by post go out by themselves.

use super::{Address, Delivery, DeliveryState, DeliverySubject, Recipient, RequestDelivery};
use crate::casework::certificate::{Certificate, CertificatePost};
use crate::identity::Person;
use crate::ids::{DeliveryNo, IdempotencyKey};
use crate::outside::StoreError;
use async_trait::async_trait;

#[async_trait]
impl CertificatePost for RequestDelivery {
    async fn send(&self, person: &Person, certificate: &Certificate) -> Result<(), StoreError> {
        let Some(post) = &certificate.post else { return Ok(()) };
        // The certificate's own number: a citizen's keys are their own, and this one is asked for once.
        let key = IdempotencyKey::new(&format!("certificate-{}", certificate.serial));
        let Ok(key) = key else { return Ok(()) };
        let now = self.clock.now();
        let delivery = Delivery {
            no: DeliveryNo::generate(now, self.ids.as_ref()),
            person: person.id.clone(),
            key,
            subject: DeliverySubject::Certificate(certificate.serial.to_string()),
            sender: certificate.issuer.clone(),
            content: certificate.title.clone(),
            recipient: Recipient {
                name: certificate.holder.name().to_owned(),
                phone: post.phone.clone(),
            },
            address: Address { region: post.region.clone(), detail: post.detail.clone() },
            state: DeliveryState::Ordered,
            waybill: None,
            tracks: Vec::new(),
            created_at: now,
            next_check_at: Some(now),
            version: 0,
        };
        match self.deliveries.insert(&delivery).await {
            // Sent before: of one certificate one parcel stands, and its key is used.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

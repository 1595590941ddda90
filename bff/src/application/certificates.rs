//! Certificates over the store.

use crate::graphql::certificate::CertificateUseCases;
use adapters::store::Store;
use domain::casework::certificate::{IssueCertificate, RevokeCertificate, VerifyCertificate};
use domain::clock::{Clock, IdSource};
use std::sync::Arc;

/// Issues them.
pub(super) fn issuing(
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Arc<IssueCertificate> {
    let (book, clock, ids) = (store.clone(), clock.clone(), ids.clone());
    Arc::new(IssueCertificate { book, clock, ids })
}

/// Anybody's check of one.
pub(super) fn verification(store: &Arc<Store>, clock: &Arc<dyn Clock>) -> Arc<VerifyCertificate> {
    Arc::new(VerifyCertificate { book: store.clone(), clock: clock.clone() })
}

/// What resolvers call.
pub(super) fn use_cases(
    store: &Arc<Store>,
    verify: &Arc<VerifyCertificate>,
    clock: &Arc<dyn Clock>,
) -> CertificateUseCases {
    let revoke = RevokeCertificate { book: store.clone(), clock: clock.clone() };
    CertificateUseCases { book: store.clone(), verify: verify.clone(), revoke: Arc::new(revoke) }
}

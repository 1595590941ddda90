//! Certificates (电子证明): what a department says of somebody, on paper that anybody can verify.
//!
//! The content is what the department gave when the certificate was issued, and never changes.
//! Whoever holds the paper has its serial number and its authorisation code, and may verify it; a
//! wrong code tells nothing, not even whether there is such a certificate.

mod book;
mod issue;
mod model;
mod verify;

pub use book::{CertificateBook, CertificatePage, Guesses};
pub use issue::{CertificateDraft, CertificatePost, IssueCertificate, RevokeCertificate};
pub use model::{
    AuthorisationCode, Certificate, CertificateEntry, CertificateStanding, CodeInvalid, Holder,
    PostAddress,
};
pub use verify::VerifyCertificate;

#[cfg(test)]
mod tests;

//! Certificates: a root, a middle authority under it, and what the middle one signed: UnionPay's
//! signing certificate and the merchant's.

use std::fmt;
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SerialNumber, date_time_ymd,
};
use serde::{Deserialize, Serialize};

use crate::clock::Day;
use crate::crypto::{self, CryptoError, DIGITS};

/// Whose name the third part of the subject must be, says the platform.
pub(crate) const UNIONPAY: &str = "041@8310000000083040@中国银联股份有限公司@00016495";
/// A name that the same authority would certify for somebody else.
pub(crate) const SOMEBODY: &str = "041@8310000000083041@某某科技有限公司@00016496";
const MERCHANT: &str = "041@Z2026-3-2@00040000:SIGN@00000003";
const DAYS_BEFORE: i64 = 365;
const LEAF_DAYS: i64 = 5 * 365;
const AUTHORITY_DAYS: i64 = 30 * 365;

/// A key with its certificate, PEM both.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Certified {
    pub(crate) private_pem: String,
    pub(crate) certificate_pem: String,
    /// The decimal serial number.
    pub(crate) cert_id: String,
}

impl fmt::Debug for Certified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certified").field("cert_id", &self.cert_id).finish_non_exhaustive()
    }
}

/// Everything that is signed with or checked against.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Papers {
    pub(crate) mer_id: String,
    pub(crate) root_pem: String,
    pub(crate) middle: Authority,
    pub(crate) signing: Certified,
    pub(crate) merchant: Certified,
}

/// An authority that can sign more certificates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Authority {
    certified: Certified,
    /// From which day its validity was reckoned.
    made: Day,
}

impl Authority {
    pub(crate) fn certificate_pem(&self) -> &str {
        &self.certified.certificate_pem
    }

    /// A certificate for `name`, which is reckoned from the day of `now_ms`.
    pub(crate) fn certify(&self, name: &str, now_ms: i64) -> Result<Certified, CryptoError> {
        self.certify_key(name, &new_key()?, now_ms)
    }

    fn certify_key(
        &self,
        name: &str,
        key: &KeyPair,
        now_ms: i64,
    ) -> Result<Certified, CryptoError> {
        let own =
            KeyPair::from_pem(&self.certified.private_pem).map_err(|_rejected| CryptoError)?;
        let own_params = middle_params(self.made)?;
        let issuer = Issuer::from_params(&own_params, own);
        let (mut params, cert_id) = params(name, Day::of(now_ms), LEAF_DAYS)?;
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
        let certificate = params.signed_by(key, &issuer).map_err(|_failed| CryptoError)?;
        Ok(Certified {
            private_pem: key.serialize_pem(),
            certificate_pem: certificate.pem(),
            cert_id,
        })
    }
}

/// Makes the whole chain, the keys side by side: one after the other would take long.
pub(crate) fn first_papers(now_ms: i64) -> Result<Papers, CryptoError> {
    let makers: Vec<_> = (0..3).map(|_| thread::spawn(new_key)).collect();
    let root_key = new_key()?;
    let mut keys = Vec::new();
    for maker in makers {
        keys.push(maker.join().unwrap_or(Err(CryptoError))?);
    }
    let mut keys = keys.into_iter();
    let mut next = || keys.next().ok_or(CryptoError);
    let (root_pem, middle) = authority(&root_key, &next()?, now_ms)?;
    let signing = middle.certify_key(UNIONPAY, &next()?, now_ms)?;
    let merchant = middle.certify_key(MERCHANT, &next()?, now_ms)?;
    let mer_id = format!("777290058{}", crypto::random_text(DIGITS, 6));
    Ok(Papers { mer_id, root_pem, middle, signing, merchant })
}

/// An authority that calls itself by the same names and that nobody has reason to trust.
pub(crate) fn impostor(now_ms: i64) -> Result<Authority, CryptoError> {
    authority(&new_key()?, &new_key()?, now_ms).map(|(_, middle)| middle)
}

fn authority(
    root_key: &KeyPair,
    middle_key: &KeyPair,
    now_ms: i64,
) -> Result<(String, Authority), CryptoError> {
    let made = Day::of(now_ms);
    let (mut root_params, _) = params("UnionPay Mock Root CA", made, AUTHORITY_DAYS)?;
    root_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root_params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let root = root_params.self_signed(root_key).map_err(|_failed| CryptoError)?;
    let middle_params = middle_params(made)?;
    let issuer = Issuer::from_params(&root_params, root_key);
    let middle = middle_params.signed_by(middle_key, &issuer).map_err(|_failed| CryptoError)?;
    let certified = Certified {
        private_pem: middle_key.serialize_pem(),
        certificate_pem: middle.pem(),
        cert_id: String::new(),
    };
    Ok((root.pem(), Authority { certified, made }))
}

fn middle_params(made: Day) -> Result<CertificateParams, CryptoError> {
    let (mut params, _) = params("UnionPay Mock OCA1", made, AUTHORITY_DAYS)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn new_key() -> Result<KeyPair, CryptoError> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(|_failed| CryptoError)
}

/// A subject with a fresh serial number of five bytes, as the authority of the platform gives.
fn params(name: &str, made: Day, days: i64) -> Result<(CertificateParams, String), CryptoError> {
    let mut params = CertificateParams::new(Vec::new()).map_err(|_rejected| CryptoError)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "CN");
    subject.push(DnType::OrganizationName, "UnionPay Mock");
    subject.push(DnType::OrganizationalUnitName, "Enterprises");
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    let [a, b, c, d] = crypto::random_bytes::<4>();
    let serial = u64::from_be_bytes([0, 0, 0, 0x10, a, b, c, d]);
    params.serial_number = Some(SerialNumber::from_slice(&serial.to_be_bytes()[3..]));
    let (year, month, day) = parts(made.plus(-DAYS_BEFORE))?;
    params.not_before = date_time_ymd(year, month, day);
    let (year, month, day) = parts(made.plus(days))?;
    params.not_after = date_time_ymd(year, month, day);
    params.use_authority_key_identifier_extension = true;
    Ok((params, serial.to_string()))
}

/// Year, month, day.
fn parts(day: Day) -> Result<(i32, u8, u8), CryptoError> {
    let text = day.text();
    let mut parts = text.split('-');
    let mut next = || parts.next().ok_or(CryptoError);
    let year = next()?.parse().map_err(|_malformed| CryptoError)?;
    let month = next()?.parse().map_err(|_malformed| CryptoError)?;
    let of_month = next()?.parse().map_err(|_malformed| CryptoError)?;
    Ok((year, month, of_month))
}

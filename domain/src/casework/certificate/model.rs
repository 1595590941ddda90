//! A certificate and what belongs to it.

use crate::catalogue::AppSlug;
use crate::clock::{IdSource, beijing_day};
use crate::identity::PersonName;
use crate::ids::{PersonId, SerialNo, SubmissionNo};
use crate::standards::{CitizenId, Mobile, RegionCode};
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;

/// What lets somebody verify a certificate (授权码): 12 characters of 5 random bits each.
/// `Debug` does not show it.
#[derive(Clone)]
pub struct AuthorisationCode(String);

/// Not 12 of the characters that codes are made of.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("an authorisation code has 12 letters and digits")]
pub struct CodeInvalid;

/// Letters and digits that are hard to confuse on paper.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl AuthorisationCode {
    const LENGTH: usize = 12;

    /// A new one.
    pub fn generate(ids: &dyn IdSource) -> Self {
        let bytes = ids.random_bytes();
        let random = bytes.iter().take(Self::LENGTH);
        Self(random.map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
    }

    /// As it was typed: capitals or not, with or without spaces and strokes between.
    ///
    /// # Errors
    /// [`CodeInvalid`] as said there.
    pub fn new(typed: &str) -> Result<Self, CodeInvalid> {
        if typed.len() > 40 {
            return Err(CodeInvalid);
        }
        let kept = typed.chars().filter(|c| !matches!(c, ' ' | '-'));
        let code: String = kept.map(|c| c.to_ascii_uppercase()).collect();
        let fits = code.len() == Self::LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        if fits { Ok(Self(code)) } else { Err(CodeInvalid) }
    }

    /// For the holder and the paper alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The code in groups of four, as it is printed.
    pub fn grouped(&self) -> String {
        let groups: Vec<&str> =
            (0..Self::LENGTH).step_by(4).filter_map(|at| self.0.get(at..at + 4)).collect();
        groups.join("-")
    }
}

/// In constant time: both have the same length.
impl PartialEq for AuthorisationCode {
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.0.bytes().zip(other.0.bytes());
        pairs.fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
    }
}

impl Eq for AuthorisationCode {}

impl fmt::Debug for AuthorisationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorisationCode(***)")
    }
}

/// Of whom a certificate speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A person, by the verified name and number.
    Person {
        /// The name.
        name: PersonName,
        /// The number.
        id_card: CitizenId,
    },
    /// A company or another body, whose name is public.
    Body {
        /// The name.
        name: String,
    },
}

impl Holder {
    /// The name on the paper.
    pub fn name(&self) -> &str {
        match self {
            Self::Person { name, .. } => name.as_str(),
            Self::Body { name } => name,
        }
    }

    /// The name for everybody who verifies.
    pub fn masked(&self) -> String {
        match self {
            Self::Person { name, .. } => name.masked(),
            Self::Body { name } => name.clone(),
        }
    }
}

/// One value of the content. `Debug` hides it: it is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateEntry {
    /// The department's key.
    pub key: String,
    /// What stands beside it.
    pub label: String,
    /// In words; empty where there is none.
    pub value: String,
}

impl fmt::Debug for CertificateEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateEntry({}: ***)", self.key)
    }
}

/// Where the paper is sent. `Debug` tells the county only.
#[derive(Clone, PartialEq, Eq)]
pub struct PostAddress {
    /// The county.
    pub region: RegionCode,
    /// Street, house and door.
    pub detail: String,
    /// The recipient's phone.
    pub phone: Mobile,
}

impl fmt::Debug for PostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostAddress({}, ***)", self.region)
    }
}

/// A certificate as it was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// On the paper; unique.
    pub serial: SerialNo,
    /// On the paper too.
    pub code: AuthorisationCode,
    /// What it was issued for: one submission, one certificate.
    pub submission: SubmissionNo,
    /// Whose it is.
    pub person: PersonId,
    /// By which app.
    pub app: AppSlug,
    /// What stands above it.
    pub title: String,
    /// Which department says so.
    pub issuer: String,
    /// What stands in its seal.
    pub seal: String,
    /// Of whom it speaks.
    pub holder: Holder,
    /// What the department says: at least one row.
    pub rows: Vec<Vec<CertificateEntry>>,
    /// Where it goes by post; `None`: it is a file only.
    pub post: Option<PostAddress>,
    /// When that was so.
    pub as_of: Timestamp,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when on it is no longer valid.
    pub expires_at: Timestamp,
    /// Since when its holder does not stand by it.
    pub revoked_at: Option<Timestamp>,
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificateStanding {
    /// It can be relied on.
    Valid,
    /// Its time is over.
    Expired,
    /// Its holder took it back.
    Revoked,
}

impl Certificate {
    /// How it stands now.
    pub fn standing(&self, now: Timestamp) -> CertificateStanding {
        if self.revoked_at.is_some() {
            CertificateStanding::Revoked
        } else if now >= self.expires_at {
            CertificateStanding::Expired
        } else {
            CertificateStanding::Valid
        }
    }

    /// The last day in Beijing on which it is valid.
    pub fn last_day(&self) -> Date {
        let day = beijing_day(self.expires_at);
        day.yesterday().unwrap_or(day)
    }

    /// What a verification asks for, as a query string: letters and digits alone.
    pub fn verify_query(&self) -> String {
        format!("serial={}&code={}", self.serial, self.code.expose())
    }
}

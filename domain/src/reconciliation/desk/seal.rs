//! Days of the desk, and the seals that close them: a chain of hashes, each signed with a key that is not in the
//! database, each naming where the audit trail stood.

use crate::money::Fen;
use crate::outside::{BoxError, StoreError};
use jiff::Timestamp;
use jiff::civil::Date;

/// Whether a day takes runs and proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayStanding {
    /// It does.
    Open,
    /// Sealed: what is learnt later is filed under an open day, or the day is reopened by two.
    Closed,
}

impl DayStanding {
    /// The word of columns, and what staff call it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("OPEN", "未关账"),
            Self::Closed => ("CLOSED", "已关账"),
        }
    }

    /// The standing with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Closed].into_iter().find(|standing| standing.words().0 == word)
    }
}

/// A day at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskDay {
    /// Which.
    pub day: Date,
    /// Open or sealed.
    pub standing: DayStanding,
    /// From 1; every reopening makes the next one. Older versions stay readable in their seals and runs.
    pub version: u32,
    /// With every change one more.
    pub revision: u32,
    /// The latest run that holds; 0: none.
    pub run: u32,
}

/// How many exceptions of a day are still open, and their fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// All that were ever found.
    pub found: u64,
    /// Those that are open.
    pub open: u64,
    /// Of those, how many nobody takes care of.
    pub unassigned: u64,
    /// Sum of the open ones' fen, signed.
    pub net: Fen,
    /// The same without signs.
    pub gross: Fen,
    /// Open exceptions F01 to F03: the day has not all its files.
    pub files_missing: u64,
}

/// Where the audit trail stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPoint {
    /// The last entry's number; 0: none.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}

/// A seal that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealDraft {
    /// From 1, without gaps.
    pub number: u64,
    /// The hash of the seal before; empty for the first.
    pub previous: String,
    /// The day.
    pub day: Date,
    /// Its version.
    pub version: u32,
    /// The run that is sealed.
    pub run: u32,
    /// SHA-256 of what it found.
    pub run_digest: String,
    /// SHA-256 of what it was judged from.
    pub run_inputs: String,
    /// SHA-256 over every exception of the day as it stands.
    pub exceptions: String,
    /// How much is open.
    pub standing: Standing,
    /// Where the audit trail stood.
    pub audit: AuditPoint,
    /// Who proposed.
    pub maker: String,
    /// Who agreed.
    pub checker: String,
    /// When.
    pub at: Timestamp,
}

impl SealDraft {
    /// What is hashed and signed. `bff verify-audit` has a reader of its own for it.
    pub fn text(&self) -> String {
        let standing = &self.standing;
        format!(
            "yiwang-seal-1\nnumber:{}\nprevious:{}\nday:{}\nversion:{}\nrun:{}\nrun-digest:{}\n\
             run-inputs:{}\nexceptions:{}\nfound:{}\nopen:{}\nnet-fen:{}\ngross-fen:{}\n\
             audit-number:{}\naudit-hash:{}\nmaker:{}\nchecker:{}\nat:{}\n",
            self.number,
            self.previous,
            self.day,
            self.version,
            self.run,
            self.run_digest,
            self.run_inputs,
            self.exceptions,
            standing.found,
            standing.open,
            standing.net.value(),
            standing.gross.value(),
            self.audit.number,
            self.audit.hash,
            self.maker,
            self.checker,
            self.at.as_microsecond(),
        )
    }
}

/// What a signer makes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// SHA-256 of the text, lower-case hex.
    pub hash: String,
    /// Ed25519 over the text (RFC 8032), lower-case hex.
    pub signature: String,
    /// The public key, lower-case hex.
    pub key: String,
}

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// From 1, without gaps.
    pub number: u64,
    /// The day.
    pub day: Date,
    /// Its version.
    pub version: u32,
    /// [`SealDraft::text`], to the letter.
    pub text: String,
    /// Every exception of the day as it stood, a line each: number, state, revision, fen.
    pub exceptions: String,
    /// Who vouches.
    pub signed: Signature,
    /// When.
    pub at: Timestamp,
}

impl Seal {
    /// The day's head, as it is printed and written outside the database: number, day, version, hash,
    /// signature and public key on one line.
    pub fn head(&self) -> String {
        let Signature { hash, signature, key } = &self.signed;
        format!("{} {} {} {hash} {signature} {key}", self.number, self.day, self.version)
    }
}

/// Signs seals, and keeps their heads outside the database.
pub trait SealSigner: Send + Sync {
    /// Hash and signature of the text.
    ///
    /// # Errors
    /// When the key cannot be used.
    fn sign(&self, text: &str) -> Result<Signature, BoxError>;
    /// Writes the head of a stored seal where the database's administrator cannot. Writing the same head again changes
    /// nothing.
    ///
    /// # Errors
    /// When it cannot be kept for sure: it must be tried again.
    fn keep_head(&self, seal: &Seal) -> Result<(), StoreError>;
}

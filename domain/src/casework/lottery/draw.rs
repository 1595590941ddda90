//! The draw itself: pure, the same for everybody who has the list, the secret and the public value.

use super::{ApplicationCode, Issue, LotteryPool, LotterySecret};
use crate::catalogue::AppSlug;
use std::fmt;

/// The one hash that the draw knows.
pub trait Sha256: Send + Sync {
    /// SHA-256 of these bytes.
    fn sha256(&self, bytes: &[u8]) -> [u8; 32];
}

/// A SHA-256; shown as 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of a text.
    pub fn of(hash: &dyn Sha256, text: &str) -> Self {
        Self(hash.sha256(text.as_bytes()))
    }

    /// From what [`Digest`] shows; `None` for any other text.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(at * 2..at * 2 + 2)?;
            let lower = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
            *byte = u8::from_str_radix(digits, 16).ok().filter(|_| lower)?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Somebody who takes part in a draw.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Eligible {
    /// In which pool.
    pub pool: String,
    /// Under which code.
    pub code: ApplicationCode,
    /// With how many lots.
    pub weight: u32,
}

/// Who won.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner {
    /// In which pool.
    pub pool: String,
    /// Under which code.
    pub code: ApplicationCode,
}

/// The list as it is published and hashed: one line each, `pool,code,weight`, in the order of the
/// bytes.
pub fn list_text(mut list: Vec<Eligible>) -> String {
    list.sort();
    list.iter().map(|one| format!("{},{},{}\n", one.pool, one.code, one.weight)).collect()
}

/// What binds us before the public value is known: it fixes secret, list and quotas.
pub fn commitment(
    hash: &dyn Sha256,
    (app, issue): (&AppSlug, Issue),
    (secret, list): (&LotterySecret, Digest),
    pools: &[LotteryPool],
) -> Digest {
    let quotas: String =
        pools.iter().map(|pool| format!("quota={}:{}\n", pool.name, pool.quota)).collect();
    let secret = secret.reveal();
    Digest::of(hash, &format!("app={app}\nissue={issue}\nsecret={secret}\nlist={list}\n{quotas}"))
}

/// What decides the draw.
pub fn seed(hash: &dyn Sha256, secret: &LotterySecret, public_value: &str) -> Digest {
    Digest::of(hash, &format!("secret={}\npublic={public_value}\n", secret.reveal()))
}

/// Every lot is the hash of seed, code and its number among the lots of that code. The lowest lots
/// of a pool win, one for each code, as many as the quota. Best first, pool by pool.
pub fn winners(
    hash: &dyn Sha256,
    seed: Digest,
    list: &[Eligible],
    pools: &[LotteryPool],
) -> Vec<Winner> {
    let mut all = Vec::new();
    for pool in pools {
        let of = list.iter().filter(|one| one.pool == pool.name);
        let mut lots: Vec<_> = of.map(|one| (best_lot(hash, seed, one), &one.code)).collect();
        lots.sort();
        let quota = usize::try_from(pool.quota).unwrap_or(usize::MAX);
        let won = lots.into_iter().take(quota);
        all.extend(won.map(|(_, code)| Winner { pool: pool.name.clone(), code: code.clone() }));
    }
    all
}

fn best_lot(hash: &dyn Sha256, seed: Digest, one: &Eligible) -> Digest {
    let lot = |number: u32| Digest::of(hash, &format!("{seed}:{}:{number}", one.code));
    (2..=one.weight).map(lot).fold(lot(1), Digest::min)
}

//! Signs the seals of closed days with Ed25519 (RFC 8032), and keeps their heads in a file outside the database.

use crate::crypto::{hex, sha256_hex};
use crate::store::{KeyFileError, NamedKey};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use domain::outside::{BoxError, StoreError};
use domain::reconciliation::desk::{Seal, SealSigner, Signature};
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Why there is no signer.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The key's file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// What it holds makes no key pair.
    #[error("the seal key cannot be used")]
    Rejected(#[source] aws_lc_rs::error::KeyRejected),
}

/// The key, and the file of heads.
pub struct SealKeeper {
    pair: Ed25519KeyPair,
    heads: PathBuf,
    /// One writer at a time within this process; between processes the system appends whole lines.
    writing: Mutex<()>,
}

impl SealKeeper {
    /// Reads the key, base64 of 32 bytes in a file of mode 0600; makes it where there is none.
    ///
    /// # Errors
    /// [`SignerError`] names the file.
    pub fn open(key: &Path, heads: &Path) -> Result<Self, SignerError> {
        NamedKey::ensure_file(key)?;
        let seed = NamedKey::from_file(key)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.bytes());
        let pair = pair.map_err(SignerError::Rejected)?;
        Ok(Self { pair, heads: heads.to_owned(), writing: Mutex::new(()) })
    }

    /// The public key, lower-case hex: what an auditor notes down.
    pub fn public_key(&self) -> String {
        hex(self.pair.public_key().as_ref())
    }

    fn append(&self, line: &str) -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o644)
            .open(&self.heads)?;
        let mut kept = String::new();
        file.read_to_string(&mut kept)?;
        if kept.lines().any(|known| known == line) {
            return Ok(());
        }
        // A line that was cut off by a crash stays, and is told by the check.
        let gap = if kept.is_empty() || kept.ends_with('\n') { "" } else { "\n" };
        file.write_all(format!("{gap}{line}\n").as_bytes())?;
        file.sync_all()
    }
}

impl SealSigner for SealKeeper {
    fn sign(&self, text: &str) -> Result<Signature, BoxError> {
        Ok(Signature {
            hash: sha256_hex(text.as_bytes()),
            signature: hex(self.pair.sign(text.as_bytes()).as_ref()),
            key: self.public_key(),
        })
    }

    fn keep_head(&self, seal: &Seal) -> Result<(), StoreError> {
        let _one = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.append(&seal.head()).map_err(|error| {
            let path = self.heads.display();
            StoreError::Unavailable(format!("heads of seals, {path}: {error}").into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    use jiff::Timestamp;
    use jiff::civil::date;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("yiwang-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn unhex(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().chunks(2);
        pairs
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn a_seal_is_signed_and_its_head_is_kept_once() {
        let dir = folder("seals");
        let (key, heads) = (dir.join("seal.key"), dir.join("heads"));
        let keeper = SealKeeper::open(&key, &heads).unwrap();
        let text = "yiwang-seal-1\n";
        let signed = keeper.sign(text).unwrap();
        let public = UnparsedPublicKey::new(&ED25519, unhex(&signed.key));
        public.verify(text.as_bytes(), &unhex(&signed.signature)).unwrap();
        assert!(public.verify(b"yiwang-seal-2\n", &unhex(&signed.signature)).is_err());
        let seal = Seal {
            number: 1,
            day: date(2026, 9, 30),
            version: 1,
            text: text.to_owned(),
            exceptions: String::new(),
            signed: signed.clone(),
            at: Timestamp::UNIX_EPOCH,
        };
        std::fs::write(&heads, "torn").unwrap();
        for _ in 0..2 {
            keeper.keep_head(&seal).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&heads).unwrap(), format!("torn\n{}\n", seal.head()));
        // The same key after a restart; no head where none can be kept.
        let again = SealKeeper::open(&key, &dir.join("no/such")).unwrap();
        assert_eq!(again.sign(text).unwrap(), signed);
        assert!(matches!(again.keep_head(&seal), Err(StoreError::Unavailable(_))));
        std::fs::remove_dir_all(dir).unwrap();
    }
}

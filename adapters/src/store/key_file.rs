//! Keys in files: base64 of 32 bytes, readable by their owner alone.

use super::personal_data::{KEY_LEN, NamedKey, PersonalDataKeys};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or made.
    #[error("key file {path} cannot be used")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error("key file {path} is open to others than its owner: its mode must be 0600")]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
    },
    /// Not base64 of 32 bytes.
    #[error("key file {path} does not hold base64 of 32 bytes")]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// One key for two purposes.
    #[error("the index key must differ from every data key")]
    SharedKey,
    /// The system has no randomness.
    #[error("no randomness for a new key")]
    NoRandomness(#[source] aws_lc_rs::error::Unspecified),
}

impl PersonalDataKeys {
    /// Reads the keys; `older_data` are those that still open and no longer seal.
    ///
    /// # Errors
    /// [`KeyFileError`] names the file.
    pub fn from_files(
        data: &Path,
        older_data: &[PathBuf],
        index: &Path,
    ) -> Result<Self, KeyFileError> {
        let older = older_data.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        let keys = Self { data: read(data)?, older_data: older, index: read(index)? };
        let shared = |key: &NamedKey| key.id() == keys.index.id();
        if shared(&keys.data) || keys.older_data.iter().any(shared) {
            return Err(KeyFileError::SharedKey);
        }
        Ok(keys)
    }

    /// The keys `data.key` and `index.key` of a folder; those that are missing are made first.
    /// Two processes that start at once end with the same keys.
    ///
    /// # Errors
    /// [`KeyFileError`] names the file.
    pub fn generate(dir: &Path) -> Result<Self, KeyFileError> {
        let (data, index) = (dir.join("data.key"), dir.join("index.key"));
        for path in [&data, &index] {
            NamedKey::ensure_file(path)?;
        }
        Self::from_files(&data, &[], &index)
    }
}

impl NamedKey {
    /// Reads a key; only its owner may be able to.
    ///
    /// # Errors
    /// [`KeyFileError`] names the file.
    pub fn from_file(path: &Path) -> Result<Self, KeyFileError> {
        read(path)
    }

    /// Makes the file with a new key, unless it is there.
    ///
    /// # Errors
    /// [`KeyFileError`] names the file.
    pub fn ensure_file(path: &Path) -> Result<(), KeyFileError> {
        if path.exists() { Ok(()) } else { make(path) }
    }
}

fn read(path: &Path) -> Result<NamedKey, KeyFileError> {
    let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::OpenToOthers { path: path.to_owned() });
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let bytes = BASE64.decode(text.trim()).ok();
    let bytes = bytes.and_then(|bytes| <[u8; KEY_LEN]>::try_from(bytes).ok());
    bytes.map(NamedKey::new).ok_or_else(|| KeyFileError::Malformed { path: path.to_owned() })
}

/// Written whole under another name first, so that nobody ever reads half a key.
fn make(path: &Path) -> Result<(), KeyFileError> {
    let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
    let key = NamedKey::generate().map_err(KeyFileError::NoRandomness)?;
    let draft = path.with_extension(format!("{}.draft", key.id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        writeln!(file, "{}", BASE64.encode(key.bytes()))?;
        file.sync_all()?;
        match fs::hard_link(&draft, path) {
            // Somebody else was faster: theirs counts.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    };
    let written = write();
    fs::remove_file(&draft).and(written).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("yiwang-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn keys_are_made_once_and_for_their_owner() {
        let dir = folder("keys-made");
        let first = PersonalDataKeys::generate(&dir).unwrap();
        let again = PersonalDataKeys::generate(&dir).unwrap();
        assert_eq!((first.data.id(), first.index.id()), (again.data.id(), again.index.id()));
        let mode = fs::metadata(dir.join("data.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2, "no draft stays");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = folder("keys-open");
        PersonalDataKeys::generate(&dir).unwrap();
        let open = fs::Permissions::from_mode(0o640);
        fs::set_permissions(dir.join("data.key"), open).unwrap();
        let refused = PersonalDataKeys::generate(&dir);
        assert!(matches!(refused, Err(KeyFileError::OpenToOthers { .. })));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn half_a_key_and_one_key_for_two_purposes_are_refused() {
        let dir = folder("keys-bad");
        let keys = PersonalDataKeys::generate(&dir).unwrap();
        let (data, index) = (dir.join("data.key"), dir.join("index.key"));
        let shared = PersonalDataKeys::from_files(&data, &[], &data);
        assert!(matches!(shared, Err(KeyFileError::SharedKey)));
        fs::write(&index, BASE64.encode(&keys.index.bytes()[..16])).unwrap();
        let half = PersonalDataKeys::from_files(&data, &[], &index);
        assert!(matches!(half, Err(KeyFileError::Malformed { .. })));
        fs::remove_dir_all(dir).unwrap();
    }
}

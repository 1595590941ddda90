//! Checks passwords off the threads that serve, one at a time.

use async_trait::async_trait;
use domain::clock::IdSource;
use domain::identity::PasswordCheck;
use tokio::sync::Semaphore;

/// Hashing is made expensive on purpose: guessers wait here, not on the threads that hash.
const HASHES_AT_ONCE: usize = 1;

/// The hash of no password, with the cost of every other.
const UNKNOWN: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// No password is longer; a longer text is nobody's.
const MAX_PASSWORD: usize = 256;

/// Argon2id, in turns.
pub struct Passwords {
    turns: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Semaphore::new(HASHES_AT_ONCE) }
    }
}

#[async_trait]
impl PasswordCheck for Passwords {
    async fn matches(&self, password: &str, phc: Option<&str>) -> bool {
        if password.len() > MAX_PASSWORD {
            return false;
        }
        let Ok(_turn) = self.turns.acquire().await else { return false };
        // An unknown name costs as much time as a wrong password.
        let (password, phc) = (password.to_owned(), phc.unwrap_or(UNKNOWN).to_owned());
        let check = move || adapters::password::verify(&password, &phc);
        tokio::task::spawn_blocking(check).await.unwrap_or(false)
    }
}

/// A password that can be read out on the phone: 20 letters and digits, about 99 random bits.
pub fn random_password(ids: &dyn IdSource) -> String {
    let bytes = ids.random_bytes();
    let letters = b"abcdefghjkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| char::from(letters[usize::from(*byte) % letters.len()]);
    bytes.iter().take(20).map(letter).collect()
}

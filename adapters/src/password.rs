//! Hashes of staff passwords: Argon2id, as PHC strings.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::{constant_time, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use std::sync::{Mutex, PoisonError};

/// OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;
/// A hash that asks for more memory than this was not made here.
const MOST_MEMORY_KIB: u32 = 262_144;
const MOST_PASSES: u32 = 16;

/// A password cannot be hashed: no randomness or no memory.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The system has no randomness for the salt.
    #[error("no randomness for a salt")]
    NoRandomness(#[source] aws_lc_rs::error::Unspecified),
    /// Argon2 refused.
    #[error("the password cannot be hashed: {0}")]
    Argon2(argon2::Error),
}

/// `$argon2id$v=19$m=…,t=…,p=…$salt$hash` with a fresh salt. Takes tens of milliseconds: call
/// it where blocking is allowed.
///
/// # Errors
/// [`HashError`].
pub fn hash(password: &str) -> Result<String, HashError> {
    let mut salt = [0; SALT_LEN];
    rand::fill(&mut salt).map_err(HashError::NoRandomness)?;
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_LEN));
    let hash = derive(password, &salt, params.map_err(HashError::Argon2)?);
    let hash = BASE64.encode(hash.map_err(HashError::Argon2)?);
    let salt = BASE64.encode(salt);
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"))
}

/// Is `phc` a hash of this password? A text that is no such hash is nobody's. Slow, as [`hash`].
pub fn verify(password: &str, phc: &str) -> bool {
    let Some((params, salt, expected)) = parse(phc) else {
        return false;
    };
    let actual = derive(password, &salt, params);
    actual.is_ok_and(|actual| constant_time::verify_slices_are_equal(&actual, &expected).is_ok())
}

/// The 19 MiB that every hash works in, one after the other. Given to each thread anew they stay
/// with the allocator of that thread: thirty sign-ins at once left 470 MB behind.
static WORKING_MEMORY: Mutex<Vec<Block>> = Mutex::new(Vec::new());

fn derive(password: &str, salt: &[u8], params: Params) -> Result<[u8; HASH_LEN], argon2::Error> {
    let mut hash = [0; HASH_LEN];
    let blocks = params.block_count();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut memory = WORKING_MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    memory.resize(blocks, Block::default());
    let password = password.as_bytes();
    argon2.hash_password_into_with_memory(password, salt, &mut hash, memory.as_mut_slice())?;
    Ok(hash)
}

/// Cost, salt and hash; `None` for other algorithms and for costs that would hurt us.
fn parse(phc: &str) -> Option<(Params, Vec<u8>, Vec<u8>)> {
    let mut parts = phc.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let mut costs = costs.split(',');
    let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.parse::<u32>().ok();
    let (memory, passes, lanes) = (cost("m=")?, cost("t=")?, cost("p=")?);
    if memory > MOST_MEMORY_KIB || passes > MOST_PASSES || costs.next().is_some() {
        return None;
    }
    let params = Params::new(memory, passes, lanes, Some(HASH_LEN)).ok()?;
    Some((params, BASE64.decode(salt).ok()?, BASE64.decode(hash).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_verifies() {
        let phc = hash("correct horse").unwrap();
        assert!(verify("correct horse", &phc));
        assert!(!verify("correct horse ", &phc));
        assert!(!verify("", &phc));
        assert_ne!(phc, hash("correct horse").unwrap(), "salted");
    }

    #[test]
    fn the_reference_vector_verifies() {
        // `echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1` of the reference program.
        let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ\
                   $CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify("password", phc));
    }

    #[test]
    fn other_texts_are_nobodys_hash() {
        for bad in ["", "password", "$argon2id$v=19$", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AA"] {
            assert!(!verify("password", bad), "{bad}");
        }
        let greedy = "$argon2id$v=19$m=4000000000,t=2,p=1$c29tZXNhbHQ$AA";
        assert!(!verify("password", greedy));
    }
}

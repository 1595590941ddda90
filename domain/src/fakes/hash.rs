//! A hash without cryptography, for rules that only need one to scatter.

use crate::casework::lottery::Sha256;

/// Scatters, and protects nothing.
pub struct ToyHash;

impl Sha256 for ToyHash {
    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        for (lane, part) in out.chunks_mut(8).enumerate() {
            let start = 0xcbf2_9ce4_8422_2325 ^ (u64::try_from(lane).unwrap_or(0) << 32);
            let mixed = bytes
                .iter()
                .fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
            let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = mixed ^ (mixed >> 32);
            part.copy_from_slice(&mixed.to_be_bytes());
        }
        out
    }
}

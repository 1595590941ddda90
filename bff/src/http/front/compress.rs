//! Packs bytes for the wire.

use super::accept::Coding;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// Less is not worth the packing: it fits into the first packet anyway.
pub const FROM_BYTES: usize = 1_024;
/// Half as dense as the densest is an eighth of the work.
const BROTLI_QUALITY: i32 = 4;
const BROTLI_WINDOW: i32 = 19;
/// For bytes that are packed once and sent many times: a tenth smaller, and some milliseconds for
/// a home page. The two densest levels take ten times as long for another twentieth.
const BROTLI_DENSE_QUALITY: i32 = 9;
const BROTLI_DENSE_WINDOW: i32 = 22;
/// More is packed quickly all the same: a stranger may ask for the catalogue under many names, and
/// a tenth of its bytes is not worth half a second of a core. The home page has 60 KB.
const DENSE_MAX: usize = 512 * 1024;

/// The bytes so coded, and the coding that they have: small ones stay as they are.
pub fn packed(bytes: Vec<u8>, coding: Coding) -> (Vec<u8>, Coding) {
    if bytes.len() < FROM_BYTES {
        return (bytes, Coding::Identity);
    }
    let done = match coding {
        Coding::Identity => None,
        Coding::Gzip => gzip(&bytes, Compression::fast()),
        Coding::Brotli => brotli(&bytes, BROTLI_QUALITY, BROTLI_WINDOW),
    };
    // Writing to memory does not fail; if it did, the client would still get its answer.
    match done {
        Some(done) => (done, coding),
        None => (bytes, Coding::Identity),
    }
}

/// Packed for many who will read it.
pub fn gzip_densely(bytes: &[u8]) -> Option<Vec<u8>> {
    gzip(bytes, if bytes.len() > DENSE_MAX { Compression::fast() } else { Compression::best() })
}

/// Packed for many who will read it.
pub fn brotli_densely(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > DENSE_MAX {
        return brotli(bytes, BROTLI_QUALITY, BROTLI_WINDOW);
    }
    brotli(bytes, BROTLI_DENSE_QUALITY, BROTLI_DENSE_WINDOW)
}

fn gzip(bytes: &[u8], level: Compression) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), level);
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn brotli(bytes: &[u8], quality: i32, window: i32) -> Option<Vec<u8>> {
    let mut packed = Vec::with_capacity(bytes.len() / 4);
    let parameters = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: window,
        size_hint: bytes.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters).ok()?;
    Some(packed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn what_is_packed_unpacks_to_itself_and_small_answers_are_not() {
        let text = "缴款单".repeat(FROM_BYTES / 9 + 1).into_bytes();
        let (gzipped, coding) = packed(text.clone(), Coding::Gzip);
        assert_eq!(coding, Coding::Gzip);
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&gzipped[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        let (denser, coding) = packed(text.clone(), Coding::Brotli);
        assert_eq!(coding, Coding::Brotli);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &denser[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        assert_eq!(packed(text.clone(), Coding::Identity), (text.clone(), Coding::Identity));
        let small = vec![b'a'; FROM_BYTES - 1];
        assert_eq!(packed(small.clone(), Coding::Brotli), (small, Coding::Identity));
        assert_eq!(packed(vec![b'a'; FROM_BYTES], Coding::Gzip).1, Coding::Gzip, "at the edge");
        let mut unpacked = Vec::new();
        let dense = gzip_densely(&text).unwrap();
        flate2::read::GzDecoder::new(&dense[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        let mut unpacked = Vec::new();
        let dense = brotli_densely(&text).unwrap();
        brotli::BrotliDecompress(&mut &dense[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }

    #[test]
    fn what_is_large_is_packed_quickly() {
        let lines = |count: u32| {
            (0..count).map(|n| format!("{},", n.wrapping_mul(2_654_435_761))).collect::<String>()
        };
        let mut text = lines(60_000).into_bytes();
        text.resize(DENSE_MAX, b' ');
        assert_eq!(brotli_densely(&text), brotli(&text, BROTLI_DENSE_QUALITY, BROTLI_DENSE_WINDOW));
        assert_eq!(gzip_densely(&text), gzip(&text, Compression::best()));
        text.push(b' ');
        assert_eq!(brotli_densely(&text), brotli(&text, BROTLI_QUALITY, BROTLI_WINDOW));
        assert_eq!(gzip_densely(&text), gzip(&text, Compression::fast()));
    }
}

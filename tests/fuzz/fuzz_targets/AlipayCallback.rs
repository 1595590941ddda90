#![no_main]

use adapters::formats::Format;
use libfuzzer_sys::fuzz_target;
use tests::fuzz::Target;

fuzz_target!(|bytes: &[u8]| {
    Target::Outside(Format::AlipayCallback).reads(bytes);
});

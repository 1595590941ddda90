#![no_main]

use libfuzzer_sys::fuzz_target;
use tests::fuzz::Target;

fuzz_target!(|bytes: &[u8]| {
    Target::Scanner.reads(bytes);
});

//! What strangers write is read to its end or refused, and nothing panics: the seeds of every
//! reader, and mutations of them. `tests/run --long` makes many more of other seeds.

use crate::pages::writing;
use std::path::PathBuf;
use tests::fuzz::{Dice, Target, feed, mutated};

/// Enough to turn each byte of the small seeds once; some seconds altogether.
const TIMES: usize = 400;

#[test]
fn no_reader_falls_over_what_strangers_write() {
    // The stack that the server's threads have.
    let readers = Target::all().into_iter().map(|target| {
        let name = target.name();
        let feeding = move || feed(target, TIMES, 1);
        std::thread::Builder::new().name(name).stack_size(2 * 1024 * 1024).spawn(feeding).unwrap()
    });
    let readers: Vec<_> = readers.collect();
    for reader in readers {
        let name = reader.thread().name().unwrap_or_default().to_owned();
        assert!(reader.join().is_ok(), "{name} fell over");
    }
}

#[test]
fn mutations_differ_and_are_the_same_in_every_run() {
    let seeds = Target::Body.seeds();
    let run = |seed: u64| -> Vec<Vec<u8>> {
        let mut dice = Dice::of(seed);
        (0..50).map(|_| mutated(&seeds, &mut dice)).collect()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// `YIWANG_WRITE=1` writes what libFuzzer begins with, see tests/fuzz.
#[test]
fn every_reader_has_seeds() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for target in Target::all() {
        let seeds = target.seeds();
        assert!(!seeds.is_empty(), "{}", target.name());
        if writing() {
            let folder = corpus.join(target.name());
            std::fs::create_dir_all(&folder).unwrap();
            for (number, seed) in seeds.iter().enumerate() {
                std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
            }
        }
    }
}

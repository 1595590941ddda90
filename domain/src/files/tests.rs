//! Files are what their content says.

use super::*;
use crate::fakes::samples::at;
use crate::fakes::{CountingIds, FakeClock, InMemoryStore};
use crate::ids::PersonId;
use jiff::SignedDuration;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Polls until done; the fakes here wake nobody, they are simply asked again.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR....\0\0\0\0IEND\xAE\x42\x60\x82";
const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0..JFIF..\xFF\xD9";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n%%EOF\n";

#[test]
fn a_file_is_what_its_content_says() {
    for (content, kind) in [
        (JPEG, Some(FileKind::Jpeg)),
        (b"\xFF\xD8\xFF\xE1..\xFF\xD9ftypmp42 a film", Some(FileKind::Jpeg)),
        (PNG, Some(FileKind::Png)),
        (PDF, Some(FileKind::Pdf)),
        (&JPEG[..JPEG.len() - 1], None),
        (&PNG[..PNG.len() - 8], None),
        (&PDF[..16], None),
        (b"\x89PNG\r\n\x1A\n....no header....IEND", None),
        (b" %PDF-1.7 %%EOF", None),
        (b"<svg/>", None),
        (b"GIF89a", None),
        (b"MZ\x90", None),
        (b"", None),
    ] {
        assert_eq!(FileKind::of(content), kind, "{content:?}");
    }
    for kind in FileKind::ALL {
        assert_eq!(FileKind::from_code(kind.code()), Some(kind));
    }
    assert_eq!(FileKind::from_code("svg"), None);
}

#[test]
fn a_quota_counts_files_and_bytes() {
    let quota = Quota { files: 2, bytes: 100 };
    for (files, bytes, more, allowed) in [
        (0, 0, 100, true),
        (0, 0, 101, false),
        (1, 60, 40, true),
        (1, 60, 41, false),
        (2, 0, 1, false),
        (0, u64::MAX, 1, false),
    ] {
        assert_eq!(quota.allows(files, bytes, more), allowed, "{files} {bytes} {more}");
    }
}

fn upload(content: &[u8]) -> Upload {
    let person = PersonId::new("P1").unwrap();
    let first = content.get(8).copied().unwrap_or_default();
    Upload { person, content: content.to_vec(), sha256: Sha256([first; 32]) }
}

struct Bench {
    clock: Arc<FakeClock>,
    store: Arc<InMemoryStore>,
    uploading: UploadFile,
}

fn bench() -> Bench {
    let (clock, store) = (Arc::new(FakeClock::at(at(0))), Arc::new(InMemoryStore::new()));
    let uploading = UploadFile {
        files: store.clone(),
        most_bytes: 100,
        quota: Quota { files: 2, bytes: 1_000 },
        clock: clock.clone(),
        ids: Arc::new(CountingIds::default()),
    };
    Bench { clock, store, uploading }
}

#[test]
fn what_is_too_large_or_of_no_kind_is_not_kept() {
    let bench = bench();
    let large = [PDF, &[b' '; 100], PDF].concat();
    let refused = wait(bench.uploading.run(upload(&large)));
    assert!(matches!(refused, Err(UploadError::TooLarge { most_bytes: 100 })));
    let refused = wait(bench.uploading.run(upload(b"#!/bin/sh")));
    assert!(matches!(refused, Err(UploadError::UnknownKind)));
    let swept = wait(bench.store.sweep_files(at(1_000_000), 9)).unwrap();
    assert_eq!(swept, 0, "nothing was kept");
}

#[test]
fn a_file_is_its_owners_for_a_day_and_longer_once_it_is_used() {
    let bench = bench();
    let kept = wait(bench.uploading.run(upload(PDF))).unwrap();
    let used = wait(bench.uploading.run(upload(PNG))).unwrap();
    let over = wait(bench.uploading.run(upload(JPEG)));
    assert!(matches!(over, Err(UploadError::OverQuota)), "the third within a day");
    let owners = [kept.person.clone()];
    wait(bench.store.mark_used(&owners, std::slice::from_ref(&used.id), at(5))).unwrap();
    let both = [kept.id.clone(), used.id.clone()];
    let there = |owners: &[PersonId], now| {
        let found = wait(owned_files(bench.store.as_ref(), owners, &both, now)).unwrap();
        found.into_iter().map(|file| file.id).collect::<Vec<_>>()
    };
    let day = StoredFile::UNUSED.as_secs();
    assert_eq!(there(&owners, at(day - 1)).len(), 2);
    assert_eq!(there(&owners, at(day)), std::slice::from_ref(&used.id));
    assert_eq!(there(&[PersonId::new("P2").unwrap()], at(1)), []);
    assert_eq!(there(&[], at(1)), []);
    bench.clock.advance(SignedDuration::from_secs(day));
    assert!(wait(bench.uploading.run(upload(JPEG))).is_ok(), "a day later there is room again");
}

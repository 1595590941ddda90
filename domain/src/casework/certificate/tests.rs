//! Codes, times and the public check.

use super::*;
use crate::catalogue::{AppSlug, Validity};
use crate::clock::IdSource;
use crate::fakes::samples::{at, person};
use crate::fakes::{CountingIds, FakeClock, Fault, FaultPlan, InMemoryStore};
use crate::ids::SubmissionNo;
use jiff::SignedDuration;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Polls until done; the fakes wake nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

struct Always(u8);

impl IdSource for Always {
    fn random_bytes(&self) -> [u8; 32] {
        [self.0; 32]
    }
}

#[test]
fn a_code_is_read_as_people_type_it_and_shown_to_nobody_else() {
    let code = AuthorisationCode::generate(&Always(10));
    assert_eq!((code.expose(), code.grouped()), ("AAAAAAAAAAAA", "AAAA-AAAA-AAAA".to_owned()));
    for typed in ["AAAAAAAAAAAA", "aaaa-aaaa-aaaa", " AAAA aaaa AAAA "] {
        assert_eq!(AuthorisationCode::new(typed).unwrap(), code, "{typed}");
    }
    for bad in ["", "AAAA", "AAAAAAAAAAAAA", "AAAAAAAAAAAO", "AAAAAAAAAAA一", &"-".repeat(41)] {
        assert!(AuthorisationCode::new(bad).is_err(), "{bad}");
    }
    for other in ["BAAAAAAAAAAA", "AAAAAAAAAAAB", "AAAAAABAAAAA"] {
        assert_ne!(AuthorisationCode::new(other).unwrap(), code);
    }
    assert_eq!(format!("{code:?}"), "AuthorisationCode(***)");
}

#[test]
fn wrong_codes_are_counted_by_the_hour() {
    let hour = Guesses::WITHIN.as_secs();
    let mut guesses = Guesses { wrong: 0, since: at(0) };
    for second in 0..i64::from(Guesses::MOST) {
        assert!(!guesses.are_too_many(at(second)));
        guesses = guesses.and_one_more(at(second));
    }
    assert_eq!(guesses, Guesses { wrong: Guesses::MOST, since: at(0) });
    assert!(guesses.are_too_many(at(hour - 1)));
    assert!(!guesses.are_too_many(at(hour)));
    assert_eq!(guesses.and_one_more(at(hour)), Guesses { wrong: 1, since: at(hour) });
}

struct Bench {
    clock: Arc<FakeClock>,
    issue: IssueCertificate,
    verify: VerifyCertificate,
    revoke: RevokeCertificate,
}

fn bench() -> Bench {
    let (clock, book) = (Arc::new(FakeClock::at(at(0))), Arc::new(InMemoryStore::new()));
    let ids = Arc::new(CountingIds::default());
    Bench {
        issue: IssueCertificate { book: book.clone(), clock: clock.clone(), ids },
        verify: VerifyCertificate { book: book.clone(), clock: clock.clone() },
        revoke: RevokeCertificate { book, clock: clock.clone() },
        clock,
    }
}

fn draft(number: u32) -> CertificateDraft {
    let entry = CertificateEntry {
        key: "unit".to_owned(),
        label: "参保单位".to_owned(),
        value: "钱江测试仪器有限公司".to_owned(),
    };
    CertificateDraft {
        submission: SubmissionNo::new(&format!("YS{number:06}")).unwrap(),
        person: person("P1").id,
        app: AppSlug::new("sample_certificate").unwrap(),
        title: "社会保险参保证明".to_owned(),
        issuer: "省人社厅".to_owned(),
        seal: "社会保险业务专用章".to_owned(),
        validity: Validity::Days(1),
        holder: Holder::Body { name: "钱江测试仪器有限公司".to_owned() },
        rows: vec![vec![entry]],
        post: None,
        as_of: at(0),
    }
}

#[test]
fn a_submission_has_one_certificate() {
    let bench = bench();
    let first = wait(bench.issue.run(draft(1))).unwrap();
    let second = wait(bench.issue.run(draft(1))).unwrap();
    assert_eq!(first, second, "whoever was faster");
    let other = wait(bench.issue.run(draft(2))).unwrap();
    assert_ne!((&other.serial, &other.code), (&first.serial, &first.code));
    assert_eq!(wait(bench.issue.issued(&first.submission)).unwrap(), Some(first));
}

#[test]
fn whoever_has_the_code_learns_how_the_certificate_stands() {
    use CertificateStanding as S;
    let bench = bench();
    let certificate = wait(bench.issue.run(draft(1))).unwrap();
    let (serial, code) = (certificate.serial.as_str(), certificate.code.grouped());
    let standing = |serial: &str, code: &str| {
        wait(bench.verify.run(serial, code, None)).unwrap().map(|(_, standing)| standing)
    };
    assert_eq!(standing(serial, &code), Some(S::Valid));
    assert_eq!(standing(&format!(" {} ", serial.to_lowercase()), &code), Some(S::Valid));
    for (serial, code) in [
        (serial, "ZZZZ-ZZZZ-ZZZZ"),
        (serial, ""),
        ("ZM20260302000000000000", &*code),
        ("", &code),
        ("'; --", &code),
    ] {
        assert_eq!(standing(serial, code), None, "{serial} {code}");
    }
    bench.clock.advance(SignedDuration::from_hours(62));
    assert_eq!(standing(serial, &code), Some(S::Expired), "after the last day in Beijing");
    let stranger = wait(bench.revoke.run(&person("P2"), &certificate.serial)).unwrap();
    assert_eq!(stranger, None);
    for _ in 0..2 {
        let revoked = wait(bench.revoke.run(&person("P1"), &certificate.serial)).unwrap();
        assert_eq!(revoked.unwrap().revoked_at, Some(at(62 * 3_600)));
    }
    assert_eq!(standing(serial, &code), Some(S::Revoked));
}

#[test]
fn whichever_call_of_the_book_fails_a_repeat_has_the_one_certificate() {
    let owners = person("P1").ids();
    for (fault, call) in Fault::ALL.into_iter().flat_map(|fault| [(fault, 0), (fault, 1)]) {
        let truth = InMemoryStore::new();
        let plan = Arc::new(FaultPlan::at(call, fault));
        let issue = IssueCertificate {
            book: Arc::new(truth.with_plan(plan)),
            clock: Arc::new(FakeClock::at(at(0))),
            ids: Arc::new(CountingIds::default()),
        };
        // The first click may lose its answer; the second one must not make another.
        let first = wait(issue.run(draft(1)));
        let second = wait(issue.run(draft(1))).or_else(|_| wait(issue.run(draft(1)))).unwrap();
        if let Ok(first) = first {
            assert_eq!(first, second, "{fault:?} {call}");
        }
        let page = wait(truth.list_certificates(&owners, None, 9)).unwrap();
        assert_eq!(page.certificates, [second], "{fault:?} {call}");
    }
}

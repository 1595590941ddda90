//! One submission, one certificate, whatever happens in between.

use super::tests::{bench_of, wait};
use super::*;
use crate::casework::certificate::{Certificate, Holder};
use crate::catalogue::samples::certifying;
use crate::engine::{AnswerValue, ExchangeRow, ExchangeValue};
use crate::fakes::samples::{at, caller};
use crate::identity::{PersonName, RealName};
use crate::ids::IdempotencyKey;
use crate::standards::CitizenId;
use std::collections::BTreeMap;

fn row() -> ExchangeRow {
    let text = |value: &str| ExchangeValue::Text(value.to_owned());
    BTreeMap::from([
        ("time".to_owned(), text("2026-02")),
        ("fine_fen".to_owned(), ExchangeValue::Number(52_000)),
        ("secret".to_owned(), text("not in the definition")),
    ])
}

fn somebody() -> Caller {
    let mut somebody = caller("P1");
    somebody.person.real_name = Some(RealName {
        name: PersonName::new("张三").unwrap(),
        id_card: CitizenId::new("33010619000101099X").unwrap(),
        checked_at: at(0),
    });
    somebody.person.face_checked_at = Some(at(0));
    somebody
}

fn submission(key: &str, to: &str) -> Submission {
    let month = |name: &str, value: &str| Answer {
        name: name.to_owned(),
        value: AnswerValue::Text(value.to_owned()),
    };
    Submission {
        app: AppSlug::new("sample_certificate").unwrap(),
        region: None,
        channel: Channel::App,
        form_version: 1,
        answers: vec![month("from", "2025-12"), month("to", to)],
        idempotency_key: IdempotencyKey::new(key).ok(),
    }
}

fn certificate(outcome: Result<Outcome, SubmitError>) -> Certificate {
    match outcome {
        Ok(Outcome::Certificate(certificate)) => *certificate,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_certificate_holds_what_the_department_said_of_the_caller() {
    let bench = bench_of(certifying(), Ok(vec![row()]));
    let asked = submission("key-0001", "2026-01");
    let first = certificate(wait(bench.submit.run(Some(&somebody()), &asked)));
    assert_eq!((first.title.as_str(), first.issuer.as_str()), ("社会保险参保证明", "省公安厅"));
    assert!(matches!(&first.holder, Holder::Person { name, .. } if name.as_str() == "张三"));
    let entries: Vec<_> =
        first.rows[0].iter().map(|e| (e.key.as_str(), e.value.as_str())).collect();
    assert_eq!(entries, [("time", "2026-02"), ("fine_fen", "¥520.00"), ("paid", "")]);
    let calls = bench.exchange.calls.lock().unwrap().clone();
    let sent: Vec<_> = calls[0].parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(sent, ["from", "to", "request_no"]);
    assert_eq!(calls[0].parameters[2].1, first.submission.as_str());
    assert!(calls[0].subject.is_some());

    let second = certificate(wait(bench.submit.run(Some(&somebody()), &asked)));
    assert_eq!(second, first, "the second click");
    assert_eq!(bench.exchange.calls.lock().unwrap().len(), 1, "and nobody was asked again");
    let other = submission("key-0001", "2026-02");
    let refused = wait(bench.submit.run(Some(&somebody()), &other));
    assert!(matches!(refused, Err(SubmitError::KeyReused)), "{refused:?}");
    let anew = submission("key-0002", "2026-01");
    let anew = certificate(wait(bench.submit.run(Some(&somebody()), &anew)));
    assert_ne!(anew.serial, first.serial);
}

#[test]
fn nothing_is_certified_without_a_key_a_row_or_a_department() {
    let me = somebody();
    let keyless = Submission { idempotency_key: None, ..submission("key-0001", "2026-01") };
    let bench = bench_of(certifying(), Ok(vec![row()]));
    assert!(matches!(wait(bench.submit.run(Some(&me), &keyless)), Err(SubmitError::KeyMissing)));
    assert!(bench.exchange.calls.lock().unwrap().is_empty());
    let asked = submission("key-0001", "2026-01");
    let empty = bench_of(certifying(), Ok(Vec::new()));
    let refused = wait(empty.submit.run(Some(&me), &asked));
    assert!(
        matches!(&refused, Err(SubmitError::Refused { message }) if message.contains("没有可以出具")),
        "{refused:?}"
    );
    let silent = bench_of(certifying(), Err("SILENT"));
    let failed = wait(silent.submit.run(Some(&me), &asked));
    assert!(matches!(failed, Err(SubmitError::DepartmentUnavailable { .. })), "{failed:?}");
    let late = submission("key-0003", "2026-04");
    let faults = wait(bench.submit.run(Some(&me), &late));
    assert!(matches!(faults, Err(SubmitError::Answers(_))), "{faults:?}");
}

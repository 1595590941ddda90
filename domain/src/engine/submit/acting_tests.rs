//! For whom one acts: what it opens, what it keeps shut, and that a key knows it.

use super::tests::{Bench, bench_of, submission, wait};
use super::*;
use crate::casework::certificate::Holder;
use crate::catalogue::samples::{certifying, checked, field, sample};
use crate::catalogue::{RawApp, RawField};
use crate::engine::{AnswerFaultCode, AnswerValue, ExchangeRow, ExchangeValue};
use crate::fakes::KeptForms;
use crate::fakes::samples::{at, caller, legal_person, mandate, represented};
use crate::identity::{AuditRecord, Mandate, MandateStore, PersonName, Principal, RealName};
use crate::standards::CitizenId;
use std::collections::BTreeMap;

const OURS: &str = "91330100XXXXXX019U";
const OTHERS: &str = "913301060100000129";

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

/// From now on the session acts for them.
fn acts(bench: &Bench, no: &str, principal: Principal) -> Mandate {
    let mandate = mandate(no, principal);
    let line = AuditRecord::new(at(0), "person:P1", "MANDATE_GIVEN", "P1", "");
    wait(bench.store.ask_mandate(&mandate, &line)).unwrap();
    wait(bench.store.act_under(&somebody().session, Some(&mandate.no))).unwrap();
    mandate
}

fn row() -> ExchangeRow {
    BTreeMap::from([("time".to_owned(), ExchangeValue::Text("2026-02".to_owned()))])
}

fn keyed(key: &str) -> Submission {
    let month = |name: &str| Answer {
        name: name.to_owned(),
        value: AnswerValue::Text("2026-01".to_owned()),
    };
    Submission {
        app: AppSlug::new("sample_certificate").unwrap(),
        answers: vec![month("from"), month("to")],
        idempotency_key: IdempotencyKey::new(key).ok(),
        ..submission()
    }
}

#[test]
fn a_key_that_was_used_for_oneself_is_never_somebody_elses() {
    let bench = bench_of(certifying(), Ok(vec![row()]));
    let submit = |key: &str| wait(bench.submit.run(Some(&somebody()), &keyed(key)));
    let name = |outcome: Result<Outcome, SubmitError>| match outcome {
        Ok(Outcome::Certificate(certificate)) => match certificate.holder {
            Holder::Person { name, .. } => name.as_str().to_owned(),
            Holder::Body { name } => name,
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(name(submit("key-0001")), "张三");
    acts(&bench, "01", represented("330106198001010013"));
    let refused = submit("key-0001");
    assert!(matches!(refused, Err(SubmitError::KeyReused)), "{refused:?}");
    assert_eq!(name(submit("key-0002")), "王小明");
    assert_eq!(name(submit("key-0002")), "王小明", "the second click");
    wait(bench.store.act_under(&somebody().session, None)).unwrap();
    let refused = submit("key-0002");
    assert!(matches!(refused, Err(SubmitError::KeyReused)), "and the other way round: {refused:?}");
    assert_eq!(name(submit("key-0001")), "张三", "each key keeps its own");
}

/// A look-up of a company's own affairs, by its code.
fn companys_own() -> RawApp {
    let mut app = sample();
    app.identity_level = "real_name".to_owned();
    app.audience = vec!["person".to_owned(), "legal_person".to_owned()];
    app.fields = vec![RawField { own: Some("uscc".to_owned()), ..field("code", "uscc") }];
    app.look_up.as_mut().unwrap().sends.clear();
    app
}

fn of_company(code: &str) -> Submission {
    let value = AnswerValue::Text(code.to_owned());
    Submission { answers: vec![Answer { name: "code".to_owned(), value }], ..submission() }
}

#[test]
fn a_companys_own_is_told_to_who_acts_for_it_alone() {
    let bench = bench_of(companys_own(), Ok(Vec::new()));
    let submit = |code: &str| wait(bench.submit.run(Some(&somebody()), &of_company(code)));
    let companies_only = |refused: Result<Outcome, SubmitError>| {
        let only = SubmitError::ActingFor(ActingRefusal::LegalPersonsOnly).to_string();
        assert_eq!(refused.unwrap_err().to_string(), only);
    };
    companies_only(submit(OURS));
    acts(&bench, "01", represented("330106198001010013"));
    companies_only(submit(OURS));
    acts(&bench, "02", legal_person(OURS));
    let Err(SubmitError::Answers(faults)) = submit(OTHERS) else { panic!("another company's") };
    assert_eq!(faults[0].code, AnswerFaultCode::NotYourOwn);
    assert!(bench.exchange.calls.lock().unwrap().is_empty(), "nobody was asked");
    assert!(submit(OURS).is_ok());
}

#[test]
fn an_older_form_is_judged_by_what_is_asked_now_and_by_what_it_asked() {
    let older = companys_own();
    let mut lax = older.clone();
    lax.fields[0].own = None;
    let newer = |app: &RawApp| RawApp { form_version: 2, ..app.clone() };
    let run = |present: RawApp, past: &RawApp, acting: bool| {
        let mut bench = bench_of(present, Ok(Vec::new()));
        bench.submit.past_forms = Arc::new(KeptForms(vec![checked(past.clone())]));
        if acting {
            acts(&bench, "01", legal_person(OURS));
        }
        let code = if acting { OTHERS } else { OURS };
        let done = wait(bench.submit.run(Some(&somebody()), &of_company(code)));
        assert!(bench.exchange.calls.lock().unwrap().is_empty() == done.is_err());
        done.map(|_| ()).map_err(|error| error.to_string())
    };
    let only = SubmitError::ActingFor(ActingRefusal::LegalPersonsOnly).to_string();
    assert_eq!(run(newer(&older), &lax, false), Err(only.clone()), "shut now");
    assert_eq!(run(newer(&lax), &older, false), Err(only), "shut by its own form");
    assert_eq!(run(newer(&lax), &lax, false), Ok(()), "never shut");
    let foreign = run(newer(&older), &lax, true).unwrap_err();
    assert!(foreign.contains("1 of the answers"), "another company's code: {foreign}");
    let mut persons = lax.clone();
    persons.audience = vec!["person".to_owned()];
    let refused = SubmitError::ActingFor(ActingRefusal::PersonsOnly).to_string();
    assert_eq!(run(newer(&persons), &lax, true), Err(refused), "no longer for companies");
}

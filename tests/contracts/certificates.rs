//! The contract of `CertificateBook`, and what only a database can do wrong with certificates.

use crate::bench::Bench;
use crate::databases::{both, run};
use domain::casework::certificate::{
    AuthorisationCode, Certificate, CertificateBook, CertificateEntry, Guesses, Holder, PostAddress,
};
use domain::catalogue::AppSlug;
use domain::fakes::samples::{at, person};
use domain::identity::PersonName;
use domain::ids::{SerialNo, SubmissionNo};
use domain::messaging::{EventKey, EventKind, MessageEvent};
use domain::outside::StoreError;
use domain::standards::{CitizenId, Mobile, RegionCode};

/// From where codes come, and from where others do.
const HERE: &str = "203.0.113.9";
const ELSEWHERE: &str = "203.0.113.10";

/// What every `CertificateBook` must do.
pub async fn certificate_book_contract<S: CertificateBook + Clone + 'static>(
    new_bench: impl AsyncFn() -> Bench<S>,
) {
    a_certificate_is_kept_as_it_was_issued(&new_bench().await.store).await;
    of_two_for_one_submission_one_is_kept(&new_bench().await).await;
    certificates_are_paged_newest_first(&new_bench().await.store).await;
    a_guesser_has_ten_tries_an_hour_on_all_nodes(&new_bench().await).await;
    only_its_owner_takes_it_back_and_once(&new_bench().await.store).await;
}

fn serial(number: u32) -> SerialNo {
    SerialNo::new(&format!("ZM{number:06}")).unwrap()
}

fn code(text: &str) -> AuthorisationCode {
    AuthorisationCode::new(text).unwrap()
}

/// A certificate of P1 for a submission of its own, issued at that second.
fn certificate(number: u32, second: i64) -> Certificate {
    let entry = |key: &str, value: &str| CertificateEntry {
        key: key.to_owned(),
        label: "参保单位".to_owned(),
        value: value.to_owned(),
    };
    Certificate {
        serial: serial(number),
        code: code("ABCD-EFGH-JKMN"),
        submission: SubmissionNo::new(&format!("YS{number:06}")).unwrap(),
        person: person("P1").id,
        app: AppSlug::new("insured_certificate").unwrap(),
        title: "社会保险参保证明".to_owned(),
        issuer: "省人社厅".to_owned(),
        seal: "社会保险业务专用章".to_owned(),
        holder: Holder::Person {
            name: PersonName::new("王小明").unwrap(),
            id_card: CitizenId::new("33010619000101099X").unwrap(),
        },
        rows: vec![vec![entry("unit", "钱江测试仪器有限公司"), entry("months", "")], vec![]],
        post: Some(PostAddress {
            region: RegionCode::new("330106").unwrap(),
            detail: "样例路1号".to_owned(),
            phone: Mobile::new("13800138000").unwrap(),
        }),
        as_of: at(second - 1),
        issued_at: at(second),
        expires_at: at(second + 86_400),
        revoked_at: None,
    }
}

async fn a_certificate_is_kept_as_it_was_issued(store: &impl CertificateBook) {
    let one = certificate(1, 10);
    store.keep_certificate(&one, &[]).await.unwrap();
    let body = Holder::Body { name: "钱江测试仪器有限公司".to_owned() };
    let other = Certificate { holder: body, post: None, ..certificate(2, 11) };
    store.keep_certificate(&other, &[]).await.unwrap();
    assert_eq!(store.find_certificate(&one.serial).await.unwrap(), Some(one.clone()));
    assert_eq!(store.certificate_of(&other.submission).await.unwrap(), Some(other.clone()));
    assert_eq!(store.find_certificate(&serial(9)).await.unwrap(), None);
    let nothing = SubmissionNo::new("YS999999").unwrap();
    assert_eq!(store.certificate_of(&nothing).await.unwrap(), None);
    let found = store.certificate_by_code(&one.serial, &one.code, HERE, at(20)).await.unwrap();
    assert_eq!(found, Some(one.clone()));
    let unknown = store.certificate_by_code(&serial(9), &one.code, HERE, at(20)).await.unwrap();
    assert_eq!(unknown, None);
    let taken = Certificate { serial: one.serial, ..certificate(3, 12) };
    let refused = store.keep_certificate(&taken, &[]).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
}

async fn of_two_for_one_submission_one_is_kept<S: CertificateBook + Clone + 'static>(
    bench: &Bench<S>,
) {
    let tasks = (1..=6).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let one = certificate(1, 10);
        let rival = Certificate { serial: serial(number), ..one };
        tokio::spawn(async move { store.keep_certificate(&rival, &[]).await })
    });
    let mut kept = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => kept += 1,
            Err(error) => assert!(matches!(error, StoreError::Conflict), "{error:?}"),
        }
    }
    assert_eq!(kept, 1);
}

async fn certificates_are_paged_newest_first(store: &impl CertificateBook) {
    // Two of the same second.
    for (number, second) in [(1, 10), (2, 11), (3, 11), (4, 12)] {
        store.keep_certificate(&certificate(number, second), &[]).await.unwrap();
    }
    let foreign = Certificate { person: person("P2").id, ..certificate(5, 13) };
    store.keep_certificate(&foreign, &[]).await.unwrap();
    let owners = person("P1").ids();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.list_certificates(&owners, before.as_ref(), 3).await.unwrap();
        seen.extend(page.certificates.iter().map(|one| one.serial.clone()));
        before = seen.last().cloned();
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, [4, 3, 2, 1].map(serial));
    for edge in [serial(5), serial(9)] {
        let page = store.list_certificates(&owners, Some(&edge), 3).await.unwrap();
        assert!(page.certificates.is_empty() && !page.more, "an edge of nobody's");
    }
}

async fn a_guesser_has_ten_tries_an_hour_on_all_nodes<S: CertificateBook + Clone + 'static>(
    bench: &Bench<S>,
) {
    for number in [1, 2] {
        bench.store.keep_certificate(&certificate(number, 0), &[]).await.unwrap();
    }
    let right = code("ABCD-EFGH-JKMN");
    let guesses = (0..Guesses::MOST).map(|number| {
        let store = if number % 2 == 0 { bench.store.clone() } else { bench.other.clone() };
        let guess = code(&format!("{number:0>12}"));
        tokio::spawn(
            async move { store.certificate_by_code(&serial(1), &guess, HERE, at(10)).await },
        )
    });
    for guess in guesses.collect::<Vec<_>>() {
        assert_eq!(guess.await.unwrap().unwrap(), None);
    }
    let look_from = async |number: u32, place: &str, second: i64| {
        let number = serial(number);
        let found = bench.other.certificate_by_code(&number, &right, place, at(second));
        found.await.unwrap().is_some()
    };
    let look = async |number: u32, second: i64| look_from(number, HERE, second).await;
    let hour = Guesses::WITHIN.as_secs();
    assert!(!look(1, 10).await, "also the right one");
    assert!(!look(1, 10 + hour - 1).await);
    assert!(look(2, 10).await, "another certificate is not concerned");
    assert!(look_from(1, ELSEWHERE, 10).await, "nor is who asks elsewhere");
    assert!(look(1, 10 + hour).await, "the hour is over");
}

async fn only_its_owner_takes_it_back_and_once(store: &impl CertificateBook) {
    store.keep_certificate(&certificate(1, 0), &[]).await.unwrap();
    let revoke = async |name: &str, number: u32, second: i64| {
        let owners = person(name).ids();
        let revoked = store.revoke_certificate(&owners, &serial(number), at(second)).await;
        revoked.unwrap().map(|one| one.revoked_at)
    };
    assert_eq!(revoke("P2", 1, 5).await, None);
    assert_eq!(revoke("P1", 9, 5).await, None);
    assert_eq!(store.find_certificate(&serial(1)).await.unwrap().unwrap().revoked_at, None);
    assert_eq!(revoke("P1", 1, 6).await, Some(Some(at(6))));
    assert_eq!(revoke("P1", 1, 7).await, Some(Some(at(6))), "the first time counts");
}

#[tokio::test]
async fn what_stands_on_a_certificate_is_sealed_and_its_event_comes_with_it() {
    for opened in both().await {
        let one = certificate(1, 10);
        let event = |key: &str| MessageEvent {
            key: EventKey::new(key).unwrap(),
            person: one.person.clone(),
            kind: EventKind::CertificateIssued,
            facts: vec![("title".to_owned(), one.title.clone())],
            at: at(10),
        };
        let events = [event("certificate:ZM000001:issued")];
        opened.store.keep_certificate(&one, &events).await.unwrap();
        let rival = Certificate { serial: serial(2), ..one.clone() };
        let lost = [event("certificate:ZM000002:issued")];
        assert!(opened.store.keep_certificate(&rival, &lost).await.is_err());
        let told = run(&opened, "DELETE FROM message_event").await.unwrap();
        assert_eq!(told, 1, "that of the certificate that was kept");
        for clear in ["王小明", "33010619000101099X", "ABCDEFGHJKMN", "钱江测试仪器", "样例路1号"]
        {
            let sql = format!(
                "UPDATE certificate SET as_of = 0 WHERE code LIKE '%{clear}%' OR holder LIKE \
                 '%{clear}%' OR content LIKE '%{clear}%' OR address LIKE '%{clear}%'"
            );
            assert_eq!(run(&opened, &sql).await.unwrap(), 0, "{clear} is there in clear");
        }
        let wrong = code("ZZZZ-ZZZZ-ZZZZ");
        let asked = async |second: i64| {
            let store = &opened.store;
            store.certificate_by_code(&one.serial, &wrong, HERE, at(second)).await.unwrap()
        };
        assert_eq!((asked(20).await, asked(21).await), (None, None));
        let readable = "UPDATE certificate_guess SET wrong = 0 WHERE source_index LIKE '%203.0%'";
        assert_eq!(run(&opened, readable).await.unwrap(), 0, "an address is there in clear");
        assert_eq!(asked(20 + 3_600).await, None);
        let kept = run(&opened, "UPDATE certificate_guess SET wrong = 2 WHERE wrong = 1").await;
        assert_eq!(kept.unwrap(), 1, "what does not count any more is forgotten");
        opened.store.keep_certificate(&certificate(3, 11), &[]).await.unwrap();
        let moved = "UPDATE certificate SET code = (SELECT code FROM certificate WHERE serial = \
                     'ZM000003') WHERE serial = 'ZM000001'";
        run(&opened, moved).await.unwrap();
        let read = opened.store.find_certificate(&one.serial).await;
        assert!(matches!(read, Err(StoreError::Corrupt { table: "certificate", .. })));
    }
}

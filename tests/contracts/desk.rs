//! Ratings, deliveries and draws, on both databases.

use crate::databases::{Opened, both, run};
use adapters::lottery::AwsSha256;
use domain::casework::delivery::{
    Address, Delivery, DeliveryState, DeliveryStore, DeliverySubject, Recipient, Track, TrackKind,
    Waybill,
};
use domain::casework::lottery::{
    ApplicationCode, Digest, Draw, Drawn, Eligible, Entry, EntryStanding, Issue, LotteryPool,
    LotterySecret, LotteryStore, commitment, list_text,
};
use domain::casework::rating::{Grade, NewRating, Rating, RatingStore, VisitOutcome, VisitResult};
use domain::casework::supervision::{Light, Mark, SupervisionStore};
use domain::catalogue::AppSlug;
use domain::fakes::samples::at;
use domain::identity::AuditRecord;
use domain::ids::{CaseNo, DeliveryNo, IdempotencyKey, PersonId, RatingNo};
use domain::messaging::{EventKey, EventKind, MessageEvent};
use domain::outside::StoreError;
use domain::standards::{Mobile, RegionCode};
use jiff::civil::{Date, date};

fn case_no(number: u32) -> CaseNo {
    CaseNo::new(&format!("YJ{number:06}")).unwrap()
}

fn app() -> AppSlug {
    AppSlug::new("cars").unwrap()
}

fn rating(number: u32, grade: Grade, day: Date) -> Rating {
    let tags = vec![grade.tags()[0].to_owned()];
    Rating {
        no: RatingNo::new(&format!("PJ{number:06}")).unwrap(),
        app: app(),
        department: "省公安厅".to_owned(),
        grade,
        tags,
        words: Some("排队太久，王小明".to_owned()),
        day,
    }
}

async fn rate(store: &impl RatingStore, number: u32, grade: Grade, day: Date) -> Rating {
    let rating = rating(number, grade, day);
    store.rate(&NewRating { case_no: &case_no(number), rating: &rating }).await.unwrap();
    rating
}

#[tokio::test]
async fn a_case_is_rated_once_also_by_two_at_once() {
    for opened in both().await {
        let (store, other) = (&opened.store, opened.store.clone());
        let no = case_no(1);
        let (one, two) = (
            rating(1, Grade::Satisfied, date(2026, 3, 2)),
            rating(2, Grade::Dissatisfied, date(2026, 3, 2)),
        );
        let (a, b) =
            (NewRating { case_no: &no, rating: &one }, NewRating { case_no: &no, rating: &two });
        let (first, second) = tokio::join!(store.rate(&a), other.rate(&b));
        assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1);
        let lost = if first.is_ok() { second } else { first };
        assert!(matches!(lost, Err(StoreError::Conflict)));
        let kept = store.rating_of(&no).await.unwrap().unwrap();
        assert!(kept.rating == one || kept.rating == two);
        assert_eq!(store.rating_of(&case_no(9)).await.unwrap(), None);
        let at_once = store.ratings_of(&[case_no(9), no.clone()]).await.unwrap();
        assert_eq!(at_once.into_iter().collect::<Vec<_>>(), [(no.clone(), kept)]);
        let figures = store.statistics(date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 3)).await;
        assert_eq!(figures.unwrap()[0].count, 1, "the rating that lost left nothing");
    }
}

#[tokio::test]
async fn a_bad_rating_waits_for_its_visit_which_is_recorded_once_with_who_did_it() {
    for opened in both().await {
        let store = &opened.store;
        let late = rate(store, 1, Grade::VeryDissatisfied, date(2026, 3, 9)).await;
        let soon = rate(store, 2, Grade::Dissatisfied, date(2026, 3, 2)).await;
        rate(store, 3, Grade::FairlySatisfied, date(2026, 3, 2)).await;
        let page = store.list_open_visits(None, None, 1).await.unwrap();
        assert_eq!((page.visits[0].rating.clone(), page.more), (soon.clone(), true));
        assert_eq!(page.visits[0].due, date(2026, 3, 9));
        let edge = Some((page.visits[0].due, &soon.no));
        let rest = store.list_open_visits(Some("省公安厅"), edge, 5).await.unwrap();
        assert_eq!((rest.visits.len(), &rest.visits[0].rating, rest.more), (1, &late, false));
        assert!(store.list_open_visits(Some("省民政厅"), None, 5).await.unwrap().visits.is_empty());

        let outcome = VisitOutcome {
            day: date(2026, 3, 5),
            by: "li".to_owned(),
            result: VisitResult::PutRight,
            words: "已增设窗口".to_owned(),
        };
        let audit = AuditRecord::new(at(1), "li", "VISIT_BACK", soon.no.as_str(), "PUT_RIGHT");
        store.record_visit(&soon.no, &outcome, &audit).await.unwrap();
        let again = store.record_visit(&soon.no, &outcome, &audit).await;
        assert!(matches!(again, Err(StoreError::Conflict)));
        let good = RatingNo::new("PJ000003").unwrap();
        let none = store.record_visit(&good, &outcome, &audit).await;
        assert!(matches!(none, Err(StoreError::Conflict)), "a good rating asks for no visit");
        let own = store.rating_of(&case_no(2)).await.unwrap().unwrap();
        assert_eq!(own.visit.unwrap().done, Some(outcome));
        let trail = domain::identity::AuditTrail::list(store, None, 9).await.unwrap();
        assert_eq!(trail.len(), 1, "refused ones leave no trace");
        let figures =
            store.statistics(date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 17)).await;
        let figures = figures.unwrap().remove(0);
        assert_eq!((figures.count, figures.points, figures.bad), (3, 6, 2));
        assert_eq!((figures.visits_owed, figures.visits_in_time), (2, 1), "one is overdue");
    }
}

#[tokio::test]
async fn nothing_readable_leads_from_a_rating_to_its_case() {
    for opened in both().await {
        rate(&opened.store, 1, Grade::Dissatisfied, date(2026, 3, 2)).await;
        for (table, clear) in [
            ("rating", "no LIKE '%YJ000001%' OR words LIKE '%王小明%'"),
            ("rated_case", "rating_no LIKE '%PJ000001%'"),
        ] {
            let touched = run(&opened, &format!("DELETE FROM {table} WHERE {clear}")).await;
            assert_eq!(touched, Ok(0), "{table}");
        }
        let moved = "UPDATE rated_case SET case_no = 'YJ000002'";
        run(&opened, moved).await.unwrap();
        let read = opened.store.rating_of(&case_no(2)).await;
        assert!(matches!(read, Err(StoreError::Corrupt { table: "rated_case", .. })));
    }
}

fn delivery(number: u32, subject: u32, key: &str) -> Delivery {
    Delivery {
        no: DeliveryNo::new(&format!("YD{number:06}")).unwrap(),
        person: PersonId::new("P1").unwrap(),
        key: IdempotencyKey::new(key).unwrap(),
        subject: DeliverySubject::Case(case_no(subject)),
        sender: "杭州市国土资源局".to_owned(),
        content: "不动产权证书".to_owned(),
        recipient: Recipient {
            name: "王小明".to_owned(),
            phone: Mobile::new("13800138000").unwrap(),
        },
        address: Address {
            region: RegionCode::new("330106").unwrap(),
            detail: "文三路1号1幢101室".to_owned(),
        },
        state: DeliveryState::Ordered,
        waybill: None,
        tracks: Vec::new(),
        created_at: at(i64::from(number)),
        next_check_at: Some(at(i64::from(number))),
        version: 0,
    }
}

fn event(key: &str) -> MessageEvent {
    MessageEvent {
        key: EventKey::new(key).unwrap(),
        person: PersonId::new("P1").unwrap(),
        kind: EventKind::DeliverySent,
        facts: vec![("waybill".to_owned(), "EA123456785CN".to_owned())],
        at: at(5),
    }
}

#[tokio::test]
async fn of_one_thing_one_parcel_stands_until_it_failed() {
    for opened in both().await {
        let store = &opened.store;
        let one = delivery(1, 1, "key-00000001");
        store.insert(&one).await.unwrap();
        for (again, why) in [
            (delivery(2, 2, "key-00000001"), "the key was used"),
            (delivery(3, 1, "key-00000003"), "one is under way"),
        ] {
            let refused = store.insert(&again).await;
            assert!(matches!(refused, Err(StoreError::Conflict)), "{why}");
        }
        let owners = [PersonId::new("P9").unwrap(), one.person.clone()];
        assert_eq!(store.find_by_key(&owners, &one.key).await.unwrap(), Some(one.clone()));
        assert_eq!(store.find_by_key(&owners[..1], &one.key).await.unwrap(), None);
        let lost = Delivery { state: DeliveryState::Lost, next_check_at: None, ..one.clone() };
        store.update(&lost, &[]).await.unwrap();
        let stale = store.update(&lost, &[]).await;
        assert!(matches!(stale, Err(StoreError::Conflict)), "an older version");
        let next = delivery(3, 1, "key-00000003");
        store.insert(&next).await.unwrap();
        let all = store.list_of(&one.subject).await.unwrap();
        let numbers: Vec<_> = all.iter().map(|one| one.no.as_str()).collect();
        assert_eq!(numbers, ["YD000003", "YD000001"]);
        let at_once = store.list_of_all(std::slice::from_ref(&one.subject)).await.unwrap();
        assert_eq!(at_once[&one.subject], all);
        assert!(store.list_of_all(&[]).await.unwrap().is_empty());
        assert_eq!(DeliveryStore::find(store, &next.no).await.unwrap(), Some(next));
    }
}

#[tokio::test]
async fn what_is_due_is_leased_once_and_changes_come_with_their_events() {
    for opened in both().await {
        let (store, other) = (&opened.store, opened.store.clone());
        for number in 1..=3 {
            let key = format!("key-0000000{number}");
            store.insert(&delivery(number, number, &key)).await.unwrap();
        }
        let (one, two) = tokio::join!(
            DeliveryStore::lease(store, at(2), at(60), 9),
            DeliveryStore::lease(&other, at(2), at(60), 9),
        );
        let mut leased = [one.unwrap(), two.unwrap()].concat();
        leased.sort_by(|a, b| a.no.cmp(&b.no));
        let numbers: Vec<_> = leased.iter().map(|one| one.no.as_str()).collect();
        assert_eq!(numbers, ["YD000001", "YD000002"], "each once, and nothing that is not due");
        let waybill = Waybill::new("EA123456785CN").unwrap();
        let track = Track {
            at: at(3),
            kind: TrackKind::Collected,
            place: "揽投部".to_owned(),
            words: "收件人王小明".to_owned(),
        };
        let taken = leased.remove(0).ordered(waybill, at(3)).tracked(&[track], at(3)).unwrap();
        store.update(&taken, &[event("delivery:YD000001:sent")]).await.unwrap();
        let stored = DeliveryStore::find(store, &taken.no).await.unwrap().unwrap();
        assert_eq!(stored, Delivery { version: 1, ..taken.clone() });
        let stale = store.update(&taken, &[event("delivery:YD000001:twice")]).await;
        assert!(matches!(stale, Err(StoreError::Conflict)));
        let events = run(&opened, "DELETE FROM message_event").await;
        assert_eq!(events, Ok(1), "the change that lost told nothing");
        let clear = "recipient LIKE '%王%' OR phone LIKE '%138%' OR address LIKE '%文三%' \
                     OR tracks LIKE '%王%' OR tracks LIKE '%COLLECTED%'";
        let clear = run(&opened, &format!("DELETE FROM delivery WHERE {clear}")).await;
        assert_eq!(clear, Ok(0), "sealed");
    }
}

fn code(number: u32) -> ApplicationCode {
    ApplicationCode::new(&format!("{number:013}")).unwrap()
}

fn entry(number: u32) -> Entry {
    Entry {
        app: app(),
        code: code(number),
        case_no: case_no(number),
        person: PersonId::new("P1").unwrap(),
        pool: "个人普通".to_owned(),
        entered_at: at(0),
        lost: 0,
        last: None,
    }
}

async fn entry_of(store: &impl LotteryStore, number: u32) -> Entry {
    store.find_entry(&case_no(number)).await.unwrap().unwrap()
}

fn draw(issue: &str, numbers: &[u32]) -> Draw {
    let (issue, secret) = (Issue::new(issue).unwrap(), LotterySecret::new([7; 32]));
    let pools = vec![LotteryPool { name: "个人普通".to_owned(), quota: 1 }];
    let eligible =
        |number: &u32| Eligible { pool: "个人普通".to_owned(), code: code(*number), weight: 1 };
    let list = list_text(numbers.iter().map(eligible).collect());
    let list_digest = Digest::of(&AwsSha256, &list);
    Draw {
        app: app(),
        issue,
        commitment: commitment(&AwsSha256, (&app(), issue), (&secret, list_digest), &pools),
        pools,
        list,
        eligible: u32::try_from(numbers.len()).unwrap(),
        list_digest,
        secret,
        committed_at: at(10),
        public_day: date(2026, 3, 25),
        public_words: "福彩3D".to_owned(),
        drawn: None,
    }
}

#[tokio::test]
async fn a_case_leads_to_one_entry_and_a_code_stands_for_one() {
    for opened in both().await {
        let store = &opened.store;
        store.enter(&entry(1)).await.unwrap();
        store.enter(&Entry { code: code(9), ..entry(1) }).await.unwrap();
        assert_eq!(store.find_entry(&case_no(1)).await.unwrap(), Some(entry(1)), "the first stays");
        let at_once = store.find_entries(&[case_no(9), case_no(1)]).await.unwrap();
        assert_eq!(at_once.into_iter().collect::<Vec<_>>(), [(case_no(1), entry(1))]);
        let taken = store.enter(&Entry { code: code(1), ..entry(2) }).await;
        assert!(matches!(taken, Err(StoreError::Conflict)));
        assert_eq!(store.list_taking_part(&app()).await.unwrap(), [entry(1)]);
    }
}

#[tokio::test]
async fn a_draw_is_committed_to_once_and_concluded_once_for_everybody_on_its_list() {
    for opened in both().await {
        let store = &opened.store;
        for number in 1..=3 {
            store.enter(&entry(number)).await.unwrap();
        }
        let draw = draw("202603", &[1, 2]);
        store.commit(&draw).await.unwrap();
        assert!(matches!(store.commit(&draw).await, Err(StoreError::Conflict)));
        assert_eq!(store.find_draw(&app(), draw.issue).await.unwrap(), Some(draw.clone()));
        assert_eq!(store.list_undrawn().await.unwrap(), [(app(), draw.issue)]);
        let secret =
            format!("DELETE FROM lottery_draw WHERE secret LIKE '%{}%'", draw.secret.reveal());
        assert_eq!(run(&opened, &secret).await, Ok(0), "the secret is sealed");
        let drawn = Drawn {
            public_value: "2026074 3 5 8".to_owned(),
            seed: Digest([1; 32]),
            winners: format!("个人普通,{}\n", code(2)),
            winning: 1,
            at: at(20),
        };
        let done = Draw { drawn: Some(drawn), ..draw };
        store.conclude(&done, &[event("lottery:YJ000002:202603:won")]).await.unwrap();
        let again = store.conclude(&done, &[event("lottery:again")]).await;
        assert!(matches!(again, Err(StoreError::Conflict)));
        assert_eq!(run(&opened, "DELETE FROM message_event").await, Ok(1));
        let (lost, won, later) =
            (entry_of(store, 1).await, entry_of(store, 2).await, entry_of(store, 3).await);
        assert_eq!((lost.lost, lost.last), (1, Some((done.issue, EntryStanding::Lost))));
        assert_eq!((won.lost, won.last), (0, Some((done.issue, EntryStanding::Won))));
        assert_eq!((later.lost, later.last), (0, None), "it was not on the list");
        let left = store.list_taking_part(&app()).await.unwrap();
        assert_eq!(left.iter().map(|one| one.code.clone()).collect::<Vec<_>>(), [code(1), code(3)]);
        assert_eq!(store.list_undrawn().await.unwrap(), []);
        assert_eq!(store.find_draw(&app(), done.issue).await.unwrap(), Some(done));
        assert_eq!(store.list_entries(&app(), &[code(2), code(8)]).await.unwrap(), [won]);
    }
}

fn mark(number: u32, light: Light, promised: Date) -> Mark {
    Mark {
        no: case_no(number),
        app: app(),
        department: "省公安厅".to_owned(),
        promised,
        light,
        at: at(5),
    }
}

/// A case that somebody is at, promised for that day; put there without its form.
async fn promised(opened: &Opened, number: u32, day: &str) {
    let sql = format!(
        "INSERT INTO case_file (no, submission_no, person_id, app, form_digest, application, \
         state, step, holder, promised_on, report, created_at, attempts, version) VALUES \
         ('YJ{number:06}', 'YS{number:06}', 'P1', 'cars', '', '', 'IN_REVIEW', 1, '窗口', \
         '{day}', '', 0, 0, 0)"
    );
    assert_eq!(run(opened, &sql).await, Ok(1));
}

#[tokio::test]
async fn a_promise_is_marked_once_in_each_light_and_red_takes_the_place_of_yellow() {
    for opened in both().await {
        let (store, other) = (&opened.store, opened.store.clone());
        for (number, day) in [(1, "2026-03-02"), (2, "2026-03-04"), (3, "2026-03-09")] {
            promised(&opened, number, day).await;
        }
        let due = store.list_unmarked(Light::Yellow, date(2026, 3, 4), 9).await.unwrap();
        let numbers: Vec<_> = due.iter().map(|one| one.no.as_str()).collect();
        assert_eq!(numbers, ["YJ000001", "YJ000002"]);
        let red = mark(1, Light::Red, date(2026, 3, 2));
        let events = [event("case:YJ000001:overdue:2026-03-02")];
        let (one, two) = tokio::join!(
            store.mark(&red, Some("已督办"), &events),
            other.mark(&red, Some("已督办"), &events),
        );
        assert_eq!(u8::from(one.unwrap()) + u8::from(two.unwrap()), 1, "one of two at once");
        assert_eq!(run(&opened, "DELETE FROM message_event").await, Ok(1));
        assert_eq!(run(&opened, "DELETE FROM case_event WHERE number = 1").await, Ok(1));
        let yellow = mark(2, Light::Yellow, date(2026, 3, 4));
        assert!(store.mark(&yellow, None, &[]).await.unwrap());
        assert!(store.list_unmarked(Light::Yellow, date(2026, 3, 4), 9).await.unwrap().is_empty());
        let late = store.list_unmarked(Light::Red, date(2026, 3, 4), 9).await.unwrap();
        assert_eq!(late.len(), 1, "the yellow one may still turn red");
        let page = store.list_marks(None, None, 1).await.unwrap();
        assert_eq!((&page.marks, page.more), (&vec![red.clone()], true));
        let edge = Some((red.promised, &red.no));
        let rest = store.list_marks(Some("省公安厅"), edge, 9).await.unwrap();
        assert_eq!((rest.marks, rest.more), (vec![yellow.clone()], false));
        let redder = Mark { light: Light::Red, ..yellow.clone() };
        assert!(store.mark(&redder, None, &[]).await.unwrap());
        let all = store.list_marks(None, None, 9).await.unwrap().marks;
        assert_eq!(all, [red, redder.clone()]);
        assert_eq!(store.marks_of(&case_no(2)).await.unwrap().len(), 2, "both are remembered");
        let moved = "UPDATE case_file SET promised_on = '2026-03-11' WHERE no = 'YJ000002'";
        run(&opened, moved).await.unwrap();
        assert!(!store.mark(&redder, None, &[]).await.unwrap(), "another promise");
        assert_eq!(store.list_marks(None, None, 9).await.unwrap().marks.len(), 1);
    }
}

#[tokio::test]
async fn nobody_is_pressed_who_owes_nothing() {
    for opened in both().await {
        for (number, column) in [(1, "decided_at = 1"), (2, "ended_at = 1"), (3, "asked_on = 'x'")]
        {
            promised(&opened, number, "2026-03-02").await;
            let sql = format!("UPDATE case_file SET {column} WHERE no = 'YJ{number:06}'");
            run(&opened, &sql).await.unwrap();
            let red = mark(number, Light::Red, date(2026, 3, 2));
            assert!(!opened.store.mark(&red, None, &[]).await.unwrap(), "{column}");
        }
        let due = opened.store.list_unmarked(Light::Red, date(2026, 3, 9), 9).await.unwrap();
        assert_eq!(due, []);
    }
}

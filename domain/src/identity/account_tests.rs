//! Linking, unlinking and merging, over the fakes.

use super::*;
use crate::clock::Clock as _;
use crate::fakes::samples::{self, at};
use crate::fakes::{CountingIds, FakeClock, InMemoryStore};
use crate::ids::PersonId;
use crate::outside::OutsideError;
use crate::standards::{CitizenId, Mobile};
use async_trait::async_trait;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// The fakes wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

const PHONE: &str = "13800138000";
const CARDS: [&str; 2] = ["33010619000101099X", "330203190106150987"];

/// A platform whose codes are `user-number`, each good once.
struct Platform(Channel, Mutex<BTreeSet<String>>);

#[async_trait]
impl ChannelIdentity for Platform {
    fn channel(&self) -> Channel {
        self.0
    }

    async fn account_of(&self, code: &str) -> Result<ChannelAccount, OutsideError> {
        let refused = || OutsideError::Refused { code: "40029".to_owned(), message: String::new() };
        let (user, _) = code.split_once('-').ok_or_else(refused)?;
        if !self.1.lock().unwrap().insert(code.to_owned()) {
            return Err(refused());
        }
        let open_id = OpenId::new(user).unwrap();
        Ok(ChannelAccount { app_id: self.0.code().to_owned(), open_id, union_id: None })
    }

    async fn phone_of(&self, phone_code: &str) -> Result<Mobile, OutsideError> {
        Ok(Mobile::new(phone_code).unwrap())
    }
}

struct Bench {
    store: Arc<InMemoryStore>,
    clock: Arc<FakeClock>,
    alipay: Arc<Platform>,
    sign_in: SignIn,
    link: LinkChannel,
    unlink: UnlinkChannel,
    merge: MergePersons,
    authenticate: Authenticate,
}

fn bench() -> Bench {
    let store = Arc::new(InMemoryStore::new());
    let clock = Arc::new(FakeClock::at(at(0)));
    let ids = Arc::new(CountingIds::default());
    let alipay = Arc::new(Platform(Channel::Alipay, Mutex::default()));
    let we_chat = Arc::new(Platform(Channel::WeChat, Mutex::default()));
    let door = Arc::new(ChannelDoor {
        platforms: vec![we_chat, alipay.clone()],
        codes: store.clone(),
        persons: store.clone(),
    });
    Bench {
        sign_in: SignIn {
            door: door.clone(),
            persons: store.clone(),
            sessions: store.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        },
        link: LinkChannel {
            door: door.clone(),
            persons: store.clone(),
            links: store.clone(),
            clock: clock.clone(),
        },
        unlink: UnlinkChannel { links: store.clone(), clock: clock.clone() },
        merge: MergePersons {
            door,
            persons: store.clone(),
            links: store.clone(),
            sessions: store.clone(),
            clock: clock.clone(),
            ids,
        },
        authenticate: Authenticate { sessions: store.clone(), clock: clock.clone() },
        store,
        clock,
        alipay,
    }
}

fn we_chat(code: &str) -> SignInBy {
    let codes = ChannelCodes { code: code.to_owned(), phone_code: None };
    SignInBy::Platform(Channel::WeChat, codes)
}

fn alipay(code: &str) -> SignInBy {
    let codes = ChannelCodes { code: code.to_owned(), phone_code: None };
    SignInBy::Platform(Channel::Alipay, codes)
}

fn real_name(card: &str) -> RealName {
    RealName {
        name: PersonName::new("王小明").unwrap(),
        id_card: CitizenId::new(card).unwrap(),
        checked_at: at(0),
    }
}

impl Bench {
    fn signs_in(&self, by: &SignInBy) -> (IssuedSession, Person) {
        wait(self.sign_in.run(by, Some("d1 手机".to_owned()))).unwrap()
    }

    fn caller(&self, issued: &IssuedSession) -> Option<Caller> {
        wait(self.authenticate.run(issued.tokens.access.expose())).unwrap()
    }

    /// Signs in a second later than everybody before.
    fn arrives(&self, by: &SignInBy) -> Caller {
        self.clock.advance(SignedDuration::from_secs(1));
        let (issued, _) = self.signs_in(by);
        self.caller(&issued).unwrap()
    }

    fn changes(&self, caller: &Caller, change: impl FnOnce(&mut Person)) -> Caller {
        let mut person = wait(PersonStore::find(&*self.store, &caller.person.id)).unwrap().unwrap();
        change(&mut person);
        wait(self.store.update(&person)).unwrap();
        Caller { person: Person { version: person.version + 1, ..person }, ..caller.clone() }
    }

    fn proves_name(&self, caller: &Caller, card: &str) -> Caller {
        self.changes(caller, |person| {
            person.phone = Some(Mobile::new(PHONE).unwrap());
            person.real_name = Some(real_name(card));
        })
    }

    fn proves_face(&self, caller: &Caller) -> Caller {
        let now = self.clock.now();
        self.changes(caller, |person| person.face_checked_at = Some(now))
    }

    /// A code is sent to the phone.
    fn code(&self, phone: &str) -> String {
        self.clock.advance(SignedDuration::from_mins(61));
        let code = SixDigits::generate(&CountingIds::default());
        let phone = Mobile::new(phone).unwrap();
        let sent = PhoneCode { phone, code, issued_at: self.clock.now() };
        assert_eq!(wait(self.store.issue(&sent, &AskedFrom::default())).unwrap(), CodeIssued::Kept);
        sent.code.expose().to_owned()
    }

    fn by_phone(&self, phone: &str) -> SignInBy {
        let code = self.code(phone);
        SignInBy::Phone { phone: Mobile::new(phone).unwrap(), code, claims: None }
    }

    fn acts(&self) -> Vec<(String, String)> {
        let all = wait(AuditTrail::list(&*self.store, None, 99)).unwrap();
        let all = all.into_iter().rev().map(|entry| entry.record);
        all.map(|record| (record.act, record.subject)).collect()
    }
}

#[test]
fn a_linked_account_signs_the_same_person_in() {
    let bench = bench();
    let caller = bench.arrives(&we_chat("wang-1"));
    let caller = bench.proves_face(&bench.proves_name(&caller, CARDS[0]));
    wait(bench.link.run(&caller, &alipay("wang-1"), None)).unwrap();
    wait(bench.link.run(&caller, &alipay("wang-2"), None)).unwrap();
    assert_eq!(bench.arrives(&alipay("wang-3")).person.id, caller.person.id);
    let person = caller.person.id.to_string();
    assert_eq!(bench.acts(), [("CHANNEL_LINK".to_owned(), person)], "again changes nothing");
}

#[test]
fn linking_asks_for_a_name_and_a_proof_and_uses_up_nothing_without() {
    let bench = bench();
    let caller = bench.arrives(&we_chat("wang-1"));
    let refused = wait(bench.link.run(&caller, &alipay("wang-1"), None));
    assert!(matches!(refused, Err(LinkError::StepUp(StepUpError::LevelTooLow))));
    let caller = bench.proves_name(&caller, CARDS[0]);
    let refused = wait(bench.link.run(&caller, &alipay("wang-1"), None));
    assert!(matches!(refused, Err(LinkError::StepUp(StepUpError::Required))));
    assert!(bench.alipay.1.lock().unwrap().is_empty(), "the platform was not asked");

    let caller = bench.proves_face(&caller);
    bench.clock.advance(FRESH);
    let refused = wait(bench.link.run(&caller, &alipay("wang-1"), None));
    assert!(matches!(refused, Err(LinkError::StepUp(StepUpError::Required))), "ten minutes ago");
    let caller = bench.proves_face(&caller);
    bench.clock.advance(FRESH - SignedDuration::from_secs(1));
    wait(bench.link.run(&caller, &alipay("wang-1"), None)).unwrap();
}

#[test]
fn a_code_to_the_own_phone_is_a_proof_once() {
    let bench = bench();
    let caller = bench.proves_name(&bench.arrives(&we_chat("wang-1")), CARDS[0]);
    let code = bench.code(PHONE);
    let refused = wait(bench.link.run(&caller, &alipay("wang-1"), Some("none")));
    assert!(matches!(refused, Err(LinkError::StepUp(StepUpError::CodeInvalid))));
    wait(bench.link.run(&caller, &alipay("wang-2"), Some(&code))).unwrap();
    let refused = wait(bench.link.run(&caller, &alipay("wang-3"), Some(&code)));
    assert!(matches!(refused, Err(LinkError::StepUp(StepUpError::CodeInvalid))), "used up");
    let code = bench.code(PHONE);
    bench.clock.advance(CODE_LIFE);
    let refused = wait(bench.link.run(&caller, &alipay("wang-4"), Some(&code)));
    assert!(matches!(refused, Err(LinkError::StepUp(StepUpError::CodeExpired))));
}

#[test]
fn the_own_phone_is_linked_by_its_code_alone_and_another_one_is_not() {
    let bench = bench();
    let caller = bench.proves_name(&bench.arrives(&we_chat("wang-1")), CARDS[0]);
    wait(bench.link.run(&caller, &bench.by_phone(PHONE), None)).unwrap();
    let refused = wait(bench.link.run(&caller, &bench.by_phone("13900139000"), None));
    assert!(matches!(refused, Err(LinkError::StepUp(StepUpError::Required))));
}

#[test]
fn an_account_that_is_somebody_elses_or_was_used_is_not_linked() {
    let bench = bench();
    let other = bench.arrives(&alipay("li-1"));
    let caller = bench.arrives(&we_chat("wang-1"));
    let caller = bench.proves_face(&bench.proves_name(&caller, CARDS[0]));
    let refused = wait(bench.link.run(&caller, &alipay("li-2"), None));
    assert!(matches!(refused, Err(LinkError::LinkedToAnotherPerson)));
    for used in ["li-2", "no code"] {
        let refused = wait(bench.link.run(&caller, &alipay(used), None));
        assert!(matches!(refused, Err(LinkError::Account(SignInError::CodeInvalid))), "{used}");
    }
    let refused = wait(bench.link.run(&caller, &we_chat("li-1"), None));
    assert!(matches!(refused, Err(LinkError::ChannelTaken)), "one account of a platform");
    assert_eq!(bench.arrives(&alipay("li-3")).person.id, other.person.id);
    assert_eq!(bench.acts(), []);
}

#[test]
fn an_unlinked_account_is_a_stranger_again_and_the_last_one_stays() {
    let bench = bench();
    let caller = bench.arrives(&we_chat("wang-1"));
    let caller = bench.proves_face(&bench.proves_name(&caller, CARDS[0]));
    wait(bench.link.run(&caller, &alipay("wang-1"), None)).unwrap();
    let (there, _) = bench.signs_in(&alipay("wang-2"));
    assert_eq!(wait(bench.unlink.run(&caller, Channel::Alipay)).unwrap(), Unlinked::Done);
    assert!(bench.caller(&there).is_none(), "signed out");
    assert_eq!(wait(bench.unlink.run(&caller, Channel::Alipay)).unwrap(), Unlinked::NotLinked);
    assert_eq!(wait(bench.unlink.run(&caller, Channel::WeChat)).unwrap(), Unlinked::LastWay);
    assert_ne!(bench.arrives(&alipay("wang-3")).person.id, caller.person.id);
}

#[test]
fn a_phone_alone_opens_no_account_with_a_name() {
    let bench = bench();
    let caller = bench.arrives(&bench.by_phone(PHONE));
    bench.proves_name(&caller, CARDS[0]);
    let claims = |name: &str, card: &str| {
        let (name, id_card) = (PersonName::new(name).unwrap(), CitizenId::new(card).unwrap());
        Some(ClaimedName { name, id_card })
    };
    for claims in [None, claims("王小明", CARDS[1]), claims("王大明", CARDS[0])] {
        let SignInBy::Phone { phone, code, .. } = bench.by_phone(PHONE) else { panic!() };
        let refused = wait(bench.sign_in.run(&SignInBy::Phone { phone, code, claims }, None));
        assert!(matches!(refused, Err(SignInError::StepUpRequired)));
    }
    let SignInBy::Phone { phone, code, .. } = bench.by_phone(PHONE) else { panic!() };
    let claims = claims("王小明", CARDS[0]);
    let (_, person) = bench.signs_in(&SignInBy::Phone { phone, code, claims });
    assert_eq!(person.id, caller.person.id);
}

#[test]
fn the_younger_account_becomes_the_elder_whoever_asks() {
    for elder_asks in [true, false] {
        let bench = bench();
        let first = bench.arrives(&we_chat("wang-1"));
        let second = bench.arrives(&alipay("wang-1"));
        let (caller, by) = match elder_asks {
            true => (&first, alipay("wang-2")),
            false => (&second, we_chat("wang-2")),
        };
        let caller = bench.proves_face(&bench.proves_name(caller, CARDS[0]));
        let merged = wait(bench.merge.run(&caller, &by, None)).unwrap();
        assert_eq!(merged.person.id, first.person.id);
        assert_eq!(merged.person.former_ids, std::slice::from_ref(&second.person.id));
        assert_eq!(merged.person.level(), IdentityLevel::Face, "what was proved goes along");
        for by in [we_chat("wang-3"), alipay("wang-3")] {
            assert_eq!(bench.arrives(&by).person, merged.person);
        }
        let ids = [&first, &second].map(|caller| caller.person.id.to_string());
        let lines = [("PERSON_MERGED", &ids[0]), ("PERSON_MERGED_INTO", &ids[1])];
        assert_eq!(bench.acts(), lines.map(|(act, id)| (act.to_owned(), id.clone())));
        let again = match elder_asks {
            true => alipay("wang-9"),
            false => we_chat("wang-9"),
        };
        let again = wait(bench.merge.run(&bench.arrives(&we_chat("wang-4")), &again, None));
        assert!(again.unwrap().session.is_none(), "they are one");
        assert_eq!(bench.acts().len(), 2);
    }
}

#[test]
fn the_session_of_the_younger_account_is_replaced_on_the_same_device() {
    let bench = bench();
    bench.arrives(&we_chat("wang-1"));
    bench.clock.advance(SignedDuration::from_secs(1));
    let (old, _) = bench.signs_in(&alipay("wang-1"));
    let caller = bench.caller(&old).unwrap();
    let caller = bench.proves_face(&bench.proves_name(&caller, CARDS[0]));
    let merged = wait(bench.merge.run(&caller, &we_chat("wang-2"), None)).unwrap();
    assert!(bench.caller(&old).is_none());
    let new = merged.session.unwrap();
    assert_eq!(new.session.device.as_deref(), Some("d1 手机"));
    assert_eq!(new.session.channel, Channel::Alipay);
    assert_eq!(bench.caller(&new).unwrap().person, merged.person);
    // A sign-in that had read the younger account before it was merged.
    let stores = (&*bench.store as &dyn SessionStore, &CountingIds::default() as _);
    let late = (Channel::Alipay, None);
    let late = IssuedSession::open(stores, &caller.person.id, late, bench.clock.now());
    assert!(bench.caller(&wait(late).unwrap()).is_none());
}

#[test]
fn merging_asks_for_the_same_proofs_and_for_somebody_to_merge_with() {
    let bench = bench();
    bench.arrives(&alipay("wang-1"));
    let caller = bench.arrives(&we_chat("wang-1"));
    let refused = wait(bench.merge.run(&caller, &alipay("wang-2"), None));
    let too_low = MergeError::Link(LinkError::StepUp(StepUpError::LevelTooLow)).to_string();
    assert_eq!(refused.unwrap_err().to_string(), too_low);
    let caller = bench.proves_name(&caller, CARDS[0]);
    let refused = wait(bench.merge.run(&caller, &alipay("wang-2"), None));
    assert!(matches!(refused, Err(MergeError::Link(LinkError::StepUp(StepUpError::Required)))));
    let caller = bench.proves_face(&caller);
    let refused = wait(bench.merge.run(&caller, &alipay("nobody-1"), None));
    assert!(matches!(refused, Err(MergeError::Nobody)));
    let other = bench.arrives(&alipay("li-1"));
    bench.proves_name(&other, CARDS[1]);
    let refused = wait(bench.merge.run(&caller, &alipay("li-2"), None));
    assert!(matches!(refused, Err(MergeError::Refused(MergeRefusal::AnotherPerson))));
    assert_eq!(bench.acts(), []);
}

fn account(id: &str, second: i64, former: usize) -> Person {
    let former_ids = (0..former).map(|n| PersonId::new(&format!("{id}-{n}")).unwrap()).collect();
    Person { former_ids, created_at: at(second), ..samples::person(id) }
}

fn merged(
    (caller, caller_links): (&Person, &[ChannelLink]),
    (other, other_links): (&Person, &[ChannelLink]),
) -> Result<Merge, MergeRefusal> {
    Merge::of(
        Account { person: caller, links: caller_links },
        Account { person: other, links: other_links },
        (Channel::Alipay, at(9)),
    )
}

#[test]
fn one_person_absorbs_eight_accounts() {
    let eldest = account("P1", 1, 5);
    let full = merged((&eldest, &[]), (&account("P2", 2, 2), &[])).unwrap();
    assert_eq!(full.elder.former_ids.len(), Person::MAX_FORMER);
    assert_eq!(full.younger.former_ids, []);
    assert!(
        full.elder.owns(&samples::person("P2").id) && !full.elder.owns(&samples::person("P3").id)
    );
    assert_eq!(full.elder.ids().len(), 9);
    let refused = merged((&eldest, &[]), (&account("P2", 2, 3), &[]));
    assert_eq!(refused, Err(MergeRefusal::TooMany));
}

#[test]
fn two_accounts_of_one_platform_and_too_many_links_stay_apart() {
    let (first, second) = (account("P1", 1, 0), account("P2", 2, 0));
    let wechat = [samples::link("P1")];
    let refused = merged((&first, &wechat), (&second, &[samples::link("P2")]));
    assert_eq!(refused, Err(MergeRefusal::ChannelTaken));
    let phones = |id: &str, count: usize| -> Vec<_> {
        let phone = |n| ChannelLink {
            channel: Channel::App,
            open_id: OpenId::new(&format!("{id}-{n}")).unwrap(),
            ..samples::link(id)
        };
        (0..count).map(phone).collect()
    };
    assert!(merged((&first, &phones("P1", 10)), (&second, &phones("P2", 10))).is_ok());
    let refused = merged((&first, &phones("P1", 10)), (&second, &phones("P2", 11)));
    assert_eq!(refused, Err(MergeRefusal::TooMany));
}

#[test]
fn what_the_elder_has_proved_stays_and_what_it_lacks_comes() {
    let phone = |text| Some(Mobile::new(text).unwrap());
    let elder = Person { phone: phone(PHONE), ..account("P1", 1, 0) };
    let younger = Person {
        phone: phone("13900139000"),
        real_name: Some(real_name(CARDS[0])),
        face_checked_at: Some(at(5)),
        ..account("P2", 2, 0)
    };
    let merge = merged((&younger, &[]), (&elder, &[])).unwrap();
    assert_eq!(merge.elder.phone, phone(PHONE));
    assert_eq!(merge.elder.real_name, younger.real_name);
    assert_eq!(merge.elder.face_checked_at, Some(at(5)));
    assert_eq!((merge.younger.real_name, merge.younger.face_checked_at), (None, None));
    let same_card = Person { real_name: younger.real_name.clone(), ..elder.clone() };
    assert!(merged((&same_card, &[]), (&younger, &[])).is_ok());
    let other_card = Person { real_name: Some(real_name(CARDS[1])), ..elder };
    let refused = merged((&other_card, &[]), (&younger, &[]));
    assert_eq!(refused, Err(MergeRefusal::AnotherPerson));
}

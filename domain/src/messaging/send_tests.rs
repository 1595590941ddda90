use super::super::hear::tests::{arrived, hears};
use super::super::template::RawMini;
use super::*;
use crate::fakes::samples::{at, link, message_event, person};
use crate::fakes::{FakeClock, Fault, FaultPlan, InMemoryStore};
use crate::messaging::{EventKind, HandedOver, MessageGroup, RawTemplate};
use crate::outside::BoxError;
use crate::standards::Mobile;
use async_trait::async_trait;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

pub(in crate::messaging) fn wait<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("fakes never wait"),
    }
}

type Says = fn() -> Result<HandedOver, OutsideError>;

/// Counts what it is handed, and says what a test wants.
struct FakePlatform {
    channel: MessageChannel,
    knows_repeats: bool,
    says: Mutex<Says>,
    handed: Mutex<Vec<Letter>>,
    delivery: Mutex<Delivery>,
}

fn takes() -> Result<HandedOver, OutsideError> {
    Ok(HandedOver { platform_no: Some("M1".to_owned()) })
}

fn loses() -> Result<HandedOver, OutsideError> {
    Err(OutsideError::OutcomeUnknown(BoxError::from("silence")))
}

fn is_away() -> Result<HandedOver, OutsideError> {
    Err(OutsideError::NotSent(BoxError::from("no connection")))
}

fn refuses() -> Result<HandedOver, OutsideError> {
    Err(OutsideError::Refused { code: NOT_SUBSCRIBED.to_owned(), message: String::new() })
}

fn finds_a_fault() -> Result<HandedOver, OutsideError> {
    Err(OutsideError::Refused { code: "47003".to_owned(), message: String::new() })
}

#[async_trait]
impl MessageSender for FakePlatform {
    fn channel(&self) -> MessageChannel {
        self.channel
    }
    fn knows_repeats(&self) -> bool {
        self.knows_repeats
    }
    async fn send(&self, letter: &Letter) -> Result<HandedOver, OutsideError> {
        self.handed.lock().unwrap().push(letter.clone());
        (self.says.lock().unwrap())()
    }
}

#[async_trait]
impl DeliveryReports for FakePlatform {
    fn channel(&self) -> MessageChannel {
        self.channel
    }
    async fn delivery(&self, _key: &super::super::EventKey) -> Result<Delivery, OutsideError> {
        Ok(self.delivery.lock().unwrap().clone())
    }
}

/// One citizen P1 with WeChat and a phone, two platforms, and a template.
pub(in crate::messaging) struct Bench {
    pub store: InMemoryStore,
    clock: Arc<FakeClock>,
    we_chat: Arc<FakePlatform>,
    sms: Arc<FakePlatform>,
    pub work: SendMessages,
}

fn platform(channel: MessageChannel, knows_repeats: bool) -> Arc<FakePlatform> {
    Arc::new(FakePlatform {
        channel,
        knows_repeats,
        says: Mutex::new(takes),
        handed: Mutex::default(),
        delivery: Mutex::new(Delivery::OnItsWay),
    })
}

pub(in crate::messaging) fn bench() -> Bench {
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let template = MessageTemplate::check(&RawTemplate {
        kind: EventKind::PaymentPaid.as_str().to_owned(),
        version: 3,
        title: "缴费成功".to_owned(),
        body: "您的{title}已缴费。".to_owned(),
        samples: vec![pair("title", "罚款")],
        we_chat: Some(RawMini {
            template: "payment".to_owned(),
            page: "pages/index".to_owned(),
            fields: vec![pair("thing1", "{title}")],
            trade: None,
        }),
        sms: Some("您的{title}已缴费。".to_owned()),
        ..RawTemplate::default()
    });
    let store = InMemoryStore::new();
    let mut citizen = person("P1");
    citizen.phone = Some(Mobile::new("13800138000").unwrap());
    wait(PersonStore::insert(&store, &citizen, &link("P1"))).unwrap();
    store.hear(&[message_event("m1")]);
    let clock = Arc::new(FakeClock::at(at(0)));
    let shared = Arc::new(store.clone());
    let we_chat = platform(MessageChannel::WeChat, false);
    let sms = platform(MessageChannel::Sms, true);
    let work = SendMessages {
        messages: shared.clone(),
        reach: shared.clone(),
        persons: shared,
        templates: Arc::new(MessageTemplates::new([template.unwrap()])),
        template_ids: TemplateIds::from([(
            (MessageChannel::WeChat, "payment".to_owned()),
            "T1".to_owned(),
        )]),
        senders: vec![we_chat.clone(), sms.clone()],
        reports: vec![sms.clone()],
        clock: clock.clone(),
    };
    Bench { store, clock, we_chat, sms, work }
}

impl Bench {
    pub(in crate::messaging) fn allowed(self) -> Self {
        let person = person("P1").id;
        let templates = ["T1".to_owned()];
        wait(self.store.add_grants(&person, MessageChannel::WeChat, &templates)).unwrap();
        self
    }

    pub(in crate::messaging) fn turn(&self) -> Vec<Worked> {
        let done = wait(self.work.run_once(10)).unwrap();
        done.into_iter().map(|(_, worked)| worked.unwrap()).collect()
    }

    /// The same worker over another view of the store.
    fn over(&self, store: &InMemoryStore) -> SendMessages {
        let store = Arc::new(store.clone());
        SendMessages {
            messages: store.clone(),
            reach: store.clone(),
            persons: store,
            templates: self.work.templates.clone(),
            template_ids: self.work.template_ids.clone(),
            senders: self.work.senders.clone(),
            reports: self.work.reports.clone(),
            clock: self.clock.clone(),
        }
    }

    fn later(&self, seconds: i64) -> Vec<Worked> {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.turn()
    }

    fn handed(&self) -> (usize, usize) {
        (self.we_chat.handed.lock().unwrap().len(), self.sms.handed.lock().unwrap().len())
    }

    pub(in crate::messaging) fn message(&self) -> Message {
        wait(self.store.find_message(&message_event("m1").key)).unwrap().unwrap()
    }

    fn grants(&self) -> u32 {
        let grants = wait(self.store.grants(&[person("P1").id])).unwrap();
        grants.iter().map(|grant| grant.left).sum()
    }
}

use MessageChannel::{Sms, WeChat};

#[test]
fn one_event_is_one_message_by_the_cheapest_channel() {
    let bench = bench().allowed();
    assert_eq!(bench.turn(), [Worked::Sent(WeChat)]);
    bench.store.hear(&[message_event("m1")]);
    assert_eq!(bench.later(3600), []);
    assert_eq!((bench.handed(), bench.grants()), ((1, 0), 0));
    let message = bench.message();
    assert_eq!((message.template_version, message.state()), (3, MessageState::Sent(WeChat)));
    assert_eq!(message.words.body, "您的交通违法罚款已缴费。");
}

#[test]
fn without_a_grant_it_goes_by_text_message() {
    let bench = bench();
    assert_eq!(bench.turn(), [Worked::Sent(Sms)]);
    assert_eq!(bench.handed(), (0, 1));
}

#[test]
fn a_refusal_for_good_goes_on_to_the_next_channel_and_voids_what_was_allowed() {
    let bench = bench().allowed().allowed();
    *bench.we_chat.says.lock().unwrap() = refuses;
    assert_eq!(bench.turn(), [Worked::Refused(WeChat)]);
    assert_eq!(bench.turn(), [Worked::Sent(Sms)]);
    assert_eq!((bench.handed(), bench.grants()), ((1, 1), 0));
}

#[test]
fn a_fault_of_ours_leaves_the_citizens_permission_alone() {
    let bench = bench().allowed();
    *bench.we_chat.says.lock().unwrap() = finds_a_fault;
    bench.turn();
    assert_eq!(bench.grants(), 1);
    assert_eq!(bench.message().attempt(WeChat).unwrap().reason, "47003");
}

#[test]
fn a_lost_answer_is_never_followed_by_another_message() {
    let bench = bench().allowed().allowed();
    *bench.we_chat.says.lock().unwrap() = loses;
    assert_eq!(bench.turn(), [Worked::Unknown(WeChat)]);
    *bench.we_chat.says.lock().unwrap() = takes;
    assert_eq!(bench.later(86_400), []);
    assert_eq!((bench.handed(), bench.grants()), ((1, 0), 1));
    assert_eq!(bench.message().state(), MessageState::Unknown(WeChat));
}

#[test]
fn a_platform_that_knows_repeats_is_asked_again_with_the_same_key() {
    let bench = bench();
    *bench.sms.says.lock().unwrap() = loses;
    assert_eq!(bench.turn(), [Worked::PutOff(Sms)]);
    assert_eq!(bench.later(14), []);
    *bench.sms.says.lock().unwrap() = takes;
    assert_eq!(bench.later(1), [Worked::Sent(Sms)]);
    let handed = bench.sms.handed.lock().unwrap();
    assert!(handed.len() == 2 && handed[0] == handed[1]);
}

#[test]
fn one_that_never_answers_is_given_up_as_unknown() {
    let bench = bench();
    *bench.sms.says.lock().unwrap() = loses;
    let mut last = Vec::new();
    for _ in 0..TRIES_MAX {
        last = bench.turn();
        assert_eq!(last, [Worked::PutOff(Sms)]);
        bench.clock.advance(SignedDuration::from_mins(16));
    }
    assert_eq!(bench.turn(), [Worked::Unknown(Sms)], "after {last:?}");
    assert_eq!(bench.later(86_400), []);
}

/// A node dies after it stored the attempt: whether it called nobody knows.
#[test]
fn a_node_that_died_while_sending_leaves_an_unknown_outcome() {
    for (channel, expected) in [(WeChat, Worked::Unknown(WeChat)), (Sms, Worked::Sent(Sms))] {
        let bench = bench();
        wait(bench.work.take_in(1)).unwrap();
        let mut message = bench.message().handing_over(channel, at(0));
        message.due_at = Some(at(60));
        wait(bench.store.save_message(&MessageChange::of(message))).unwrap();
        assert_eq!(bench.later(59), [], "the lease is not over");
        assert_eq!(bench.later(1), [expected]);
        assert_eq!(bench.handed().0, 0);
    }
}

#[test]
fn a_platform_that_is_away_is_tried_again_and_then_the_next_one_is() {
    let bench = bench().allowed();
    *bench.we_chat.says.lock().unwrap() = is_away;
    assert_eq!(bench.turn(), [Worked::PutOff(WeChat)]);
    assert_eq!(bench.grants(), 1, "what never left used nothing up");
    for pause in [15, 60, 240, 960] {
        assert_eq!(bench.later(pause - 1), []);
        assert_eq!(bench.later(1), [Worked::PutOff(WeChat)]);
    }
    assert_eq!(bench.later(960), [Worked::Sent(Sms)]);
    assert_eq!(bench.handed(), (5, 1));
}

#[test]
fn what_can_wait_waits_for_the_morning() {
    let bench = bench();
    // 22:30 in Beijing.
    bench.clock.advance(SignedDuration::from_secs(12 * 3600 + 1800));
    assert_eq!(bench.turn(), [Worked::Quiet]);
    assert_eq!(bench.message().state(), MessageState::Waiting, "and stands in the app already");
    assert_eq!(bench.later(9 * 3600 + 1799), []);
    assert_eq!(bench.later(1), [Worked::Sent(Sms)]);
}

#[test]
fn wishes_are_kept() {
    let p1 = person("P1").id;
    let table = [(vec![Sms], Worked::Sent(Sms)), (vec![], Worked::InboxOnly)];
    for (wished, expected) in table {
        let bench = bench().allowed();
        wait(bench.store.set_wish(&p1, MessageGroup::Money, &wished, at(0))).unwrap();
        assert_eq!(bench.turn(), [expected]);
        let handed = bench.handed();
        bench.later(86_400);
        assert_eq!((handed.0, bench.handed(), bench.grants()), (0, handed, 1));
    }
}

#[test]
fn a_report_that_it_did_not_arrive_goes_on_to_the_next_channel() {
    let bench = bench().allowed();
    assert_eq!(bench.turn(), [Worked::Sent(WeChat)]);
    hears(&bench, Delivery::Failed { reason: "user block".to_owned() });
    assert_eq!(bench.later(100), [Worked::Sent(Sms)]);
    assert_eq!(bench.message().state(), MessageState::Sent(Sms));
}

#[test]
fn a_platform_that_reports_is_asked_until_it_says() {
    let bench = bench();
    bench.turn();
    assert_eq!(bench.later(9), []);
    assert_eq!(bench.later(1), [Worked::Reported(Sms)]);
    *bench.sms.delivery.lock().unwrap() = Delivery::Arrived;
    assert_eq!(bench.later(10), [Worked::Reported(Sms)]);
    assert_eq!(bench.message().state(), MessageState::Delivered(Sms));
    assert_eq!(bench.later(86_400), []);
}

#[test]
fn a_message_that_nobody_reports_on_is_let_be_after_two_days() {
    let bench = bench();
    bench.turn();
    for _ in 0..200 {
        bench.later(3600);
    }
    assert_eq!((bench.message().due_at, bench.message().state()), (None, MessageState::Sent(Sms)));
}

#[test]
fn what_arrived_by_the_callers_number_is_not_taken_back() {
    let bench = bench().allowed();
    bench.turn();
    arrived(&bench);
    hears(&bench, Delivery::Failed { reason: "late".to_owned() });
    assert_eq!(bench.message().state(), MessageState::Delivered(WeChat));
}

/// Whichever call of the store fails, and however: nobody is told twice, and nothing is left lying.
#[test]
fn no_fault_of_the_store_tells_a_citizen_twice() {
    let mut tried = 0;
    for fault in Fault::ALL {
        for call in 0.. {
            let bench = bench().allowed();
            let plan = Arc::new(FaultPlan::at(call, fault));
            let broken = bench.over(&bench.store.with_plan(Arc::clone(&plan)));
            // It may fail as a whole, or for the message alone.
            let _ = wait(broken.run_once(10));
            if plan.calls() <= call {
                break;
            }
            for _ in 0..3 {
                bench.later(120);
            }
            assert_eq!(bench.handed().1, 0, "{fault:?} at call {call}: a second channel");
            assert!(bench.handed().0 <= 1, "{fault:?} at call {call}: told twice");
            let state = bench.message().state();
            let over = matches!(state, MessageState::Sent(WeChat) | MessageState::Unknown(WeChat));
            assert!(over, "{fault:?} at call {call}: {state:?}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

use super::super::send::tests::{Bench, bench, wait};
use super::*;
use crate::fakes::FakeClock;
use crate::fakes::samples::at;
use crate::messaging::MessageState;

fn news(platform_no: &str, delivery: Delivery) -> DeliveryNews {
    let channel = MessageChannel::WeChat;
    DeliveryNews { channel, platform_no: platform_no.to_owned(), delivery }
}

fn told(bench: &Bench, news: &DeliveryNews) -> Heard {
    let hear = HearDelivery {
        messages: Arc::new(bench.store.clone()),
        clock: Arc::new(FakeClock::at(at(100))),
    };
    wait(hear.run(news)).unwrap()
}

/// WeChat tells something of the message that it calls M1.
pub(in crate::messaging) fn hears(bench: &Bench, delivery: Delivery) -> Heard {
    told(bench, &news("M1", delivery))
}

pub(in crate::messaging) fn arrived(bench: &Bench) {
    assert_eq!(hears(bench, Delivery::Arrived), Heard::Noted);
}

#[test]
fn a_message_arrived_when_the_platform_says_so_and_repeats_change_nothing() {
    let bench = bench().allowed();
    bench.turn();
    arrived(&bench);
    let first = bench.message();
    assert_eq!(first.state(), MessageState::Delivered(MessageChannel::WeChat));
    assert_eq!(hears(&bench, Delivery::Arrived), Heard::Known);
    assert_eq!(bench.message(), first);
}

#[test]
fn numbers_of_other_messages_and_other_platforms_are_strangers() {
    let bench = bench().allowed();
    assert_eq!(hears(&bench, Delivery::Arrived), Heard::Stranger, "not sent yet");
    bench.turn();
    assert_eq!(told(&bench, &news("M2", Delivery::Arrived)), Heard::Stranger);
    let alipay = DeliveryNews { channel: MessageChannel::Alipay, ..news("M1", Delivery::Arrived) };
    assert_eq!(told(&bench, &alipay), Heard::Stranger);
    assert_eq!(hears(&bench, Delivery::OnItsWay), Heard::Known);
}

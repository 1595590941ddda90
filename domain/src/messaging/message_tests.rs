use super::*;
use crate::fakes::samples::{at, message};

#[test]
fn a_message_stands_where_its_attempts_say() {
    use AttemptOutcome as O;
    use MessageChannel::{Sms, WeChat};
    let table = [
        (vec![], Some(at(1)), MessageState::Waiting),
        (vec![], None, MessageState::InboxOnly),
        (vec![(WeChat, O::Sending)], Some(at(1)), MessageState::Sending(WeChat)),
        (vec![(WeChat, O::NotSent)], Some(at(1)), MessageState::Waiting),
        (vec![(WeChat, O::Refused)], None, MessageState::InboxOnly),
        (vec![(WeChat, O::Undelivered)], Some(at(1)), MessageState::Waiting),
        (vec![(WeChat, O::Unknown)], None, MessageState::Unknown(WeChat)),
        (vec![(WeChat, O::Refused), (Sms, O::Sent)], None, MessageState::Sent(Sms)),
        (vec![(WeChat, O::Refused), (Sms, O::Delivered)], None, MessageState::Delivered(Sms)),
        (vec![(WeChat, O::Undelivered), (Sms, O::Sending)], None, MessageState::Sending(Sms)),
    ];
    for (tried, due_at, expected) in table {
        let mut one = message("m1");
        for (channel, outcome) in &tried {
            one = one.handing_over(*channel, at(1));
            one = one.settled(*channel, *outcome, "", at(1), None);
        }
        one.due_at = due_at;
        assert_eq!(one.state(), expected, "{tried:?}");
    }
}

#[test]
fn only_a_channel_that_never_got_it_is_tried_again() {
    let channel = MessageChannel::WeChat;
    assert!(message("m1").is_open(channel));
    for outcome in AttemptOutcome::ALL {
        let one = message("m1").handing_over(channel, at(1));
        let one = one.settled(channel, outcome, "", at(1), None);
        assert_eq!(one.is_open(channel), outcome == AttemptOutcome::NotSent, "{outcome:?}");
        assert!(one.is_open(MessageChannel::Sms));
        assert_eq!(AttemptOutcome::from_code(outcome.code()), Some(outcome));
    }
    let mut one = message("m1");
    for _ in 0..TRIES_MAX {
        assert!(one.is_open(channel));
        one = one.handing_over(channel, at(1));
        one = one.settled(channel, AttemptOutcome::NotSent, "", at(1), None);
    }
    assert!(!one.is_open(channel), "after {TRIES_MAX} tries the next channel has its turn");
}

#[test]
fn waits_grow_and_stay_below_a_morning() {
    let seconds: Vec<i64> = (1..=6).map(|tries| backoff(tries).as_secs()).collect();
    assert_eq!(seconds, [15, 60, 240, 960, 960, 960]);
}

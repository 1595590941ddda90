//! Which notices can be paid together, for how much, and until when.

use super::*;
use crate::fakes::samples::{self, at, notice, notice_no};
use crate::fakes::{FakeClock, FakeGateway, FaultPlan, PlainSeal};
use crate::money::Fen;
use crate::notice::Notice;
use crate::payment::{MakeQuote, Quote, QuoteSeal};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The fakes wait for nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("waits"),
    }
}

/// Numbers and totals, or why not; at second 0.
fn load(notices: Vec<Notice>, asked: &[&str]) -> Result<Vec<(String, i64)>, Refusal> {
    let gateway = FakeGateway::new(notices, Arc::new(FaultPlan::none()));
    let items = samples::items();
    let payable = Payable { notices: &gateway, items: &items, now: at(0), late_fees_of: at(0) };
    let asked: Vec<_> = asked.iter().map(|no| notice_no(no)).collect();
    match wait(payable.load(&asked)) {
        Ok(found) => {
            Ok(found.iter().map(|found| (found.no.to_string(), found.total().value())).collect())
        }
        Err(PayableError::Refused(refusal)) => Err(refusal),
        Err(PayableError::Gateway(error)) => panic!("{error}"),
    }
}

const FIRST: &str = "330000001FS1";
const SECOND: &str = "330000001FS2";

#[test]
fn notices_are_priced_in_order_of_their_numbers() {
    let priced = load(vec![notice(FIRST, 100), notice(SECOND, 20)], &[SECOND, FIRST]);
    assert_eq!(priced, Ok(vec![(FIRST.to_owned(), 100), (SECOND.to_owned(), 20)]));
}

#[test]
fn one_order_has_one_to_twenty_notices_and_none_twice() {
    let many: Vec<_> = (0..=Payment::MAX_NOTICES).map(|n| format!("330000001FS{n:02}")).collect();
    let nos: Vec<_> = many.iter().map(String::as_str).collect();
    let notices: Vec<_> = nos.iter().map(|no| notice(no, 1)).collect();
    assert_eq!(load(notices.clone(), &nos), Err(Refusal::Notices));
    assert_eq!(load(notices.clone(), &nos[1..]).map(|found| found.len()), Ok(20));
    assert_eq!(load(notices.clone(), &[]), Err(Refusal::Notices));
    assert_eq!(load(notices, &[nos[0], nos[1], nos[0]]), Err(Refusal::Notices));
}

#[test]
fn the_notice_that_cannot_be_paid_is_named_by_its_place_in_the_request() {
    let with = |change: fn(&mut Notice)| {
        let mut changed = notice(FIRST, 100);
        change(&mut changed);
        load(vec![changed, notice(SECOND, 20)], &[SECOND, FIRST]).unwrap_err()
    };
    assert_eq!(with(|n| n.standing = NoticeStanding::Paid), Refusal::AlreadyPaid(1));
    assert_eq!(with(|n| n.standing = NoticeStanding::Withdrawn), Refusal::NotPayable(1));
    let beyond_counting = with(|n| {
        n.items[0].amount = Fen::new(i64::MAX);
        n.items.push(n.items[0].clone());
    });
    assert_eq!(beyond_counting, Refusal::NotPayable(1));
    let unknown = Refusal::UnknownItem(1, "99999999".to_owned());
    assert_eq!(with(|n| n.items[0].code = "99999999".to_owned()), unknown);
    assert_eq!(load(vec![notice(SECOND, 20)], &[SECOND, FIRST]), Err(Refusal::UnknownNotice(1)));
}

#[test]
fn a_notice_whose_deadline_is_within_the_shortest_life_of_an_order_cannot_be_paid() {
    for (second, payable) in [(-1, false), (59, false), (60, false), (61, true)] {
        let ends = Notice { expires_at: Some(at(second)), ..notice(FIRST, 100) };
        let found = load(vec![ends], &[FIRST]);
        let expected = if payable { Ok(1) } else { Err(Refusal::NotPayable(0)) };
        assert_eq!(found.map(|found| found.len()), expected, "ends at {second} s");
    }
}

#[test]
fn an_order_ends_with_its_quote_or_the_nearest_deadline_and_lives_a_minute_at_least() {
    let until = |deadline: Option<i64>| {
        let mut payment = samples::payment("YW000001", FIRST, 100);
        payment.notices[0].expires_at = deadline.map(at);
        payment.notices
    };
    for (now, quoted, deadline, end) in [
        (0, 0, None, 900),
        (600, 0, None, 900),
        (600, 0, Some(800), 800),
        (600, 0, Some(901), 900),
        (839, 0, None, 900),
        (880, 0, None, 940),
        (600, 0, Some(620), 660),
    ] {
        let ended = order_end(at(now), at(quoted), &until(deadline));
        assert_eq!(ended, at(end), "at {now} s, quoted at {quoted} s, until {deadline:?}");
    }
    let nearest = [until(Some(500)), until(Some(300)), until(None)].concat();
    assert_eq!(order_end(at(0), at(0), &nearest), at(300));
}

#[test]
fn a_quote_promises_the_sum_of_its_notices_for_a_quarter_of_an_hour() {
    let notices = vec![notice(FIRST, 100), notice(SECOND, 20)];
    let make = MakeQuote {
        notices: Arc::new(FakeGateway::new(notices, Arc::new(FaultPlan::none()))),
        items: Arc::new(samples::items()),
        seal: Arc::new(PlainSeal),
        clock: Arc::new(FakeClock::at(at(7))),
    };
    let quoted = wait(make.run(&[notice_no(SECOND), notice_no(FIRST)])).unwrap();
    let promise = Quote {
        notice_nos: vec![notice_no(FIRST), notice_no(SECOND)],
        total: Fen::new(120),
        issued_at: at(7),
        expires_at: at(907),
    };
    assert_eq!(quoted.quote, promise);
    assert_eq!(PlainSeal.open(&quoted.token), Some(promise));
    assert_eq!(quoted.notices.len(), 2);
}

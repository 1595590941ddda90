//! How long the worker waits between tries, when it believes a refusal, and what it never does
//! twice.

use super::super::bench::{Bench, NOTICE_1, NOTICE_2, finance, wait, wanted};
use super::super::{
    DeskCase, DeskNotice, DeskRequest, DeskStanding, PayeeAccount, RefundAct, RefundRedirects,
    ReversalRequest,
};
use super::*;
use crate::fakes::{FakeGateway, FakeRail, FaultPlan, InMemoryStore};
use crate::ids::PaymentNo;
use crate::money::{FinanceLevel, PayableFen};
use crate::payment::{PaymentStatus, Rail};
use async_trait::async_trait;
use std::sync::Mutex;

#[test]
fn tries_grow_rarer_up_to_ten_minutes() {
    let table = [(0, 5), (1, 10), (2, 20), (6, 320), (7, 600), (10, 600), (u32::MAX, 600)];
    for (attempts, seconds) in table {
        assert_eq!(pause(attempts), SignedDuration::from_secs(seconds), "after {attempts}");
    }
}

#[test]
fn a_refusal_of_the_desk_is_believed_the_fifth_time_if_no_time_mends_it() {
    for code in ["AMOUNT", "NOT_FOUND", "INVALID", "CONFLICT", "NOT_WRITTEN_OFF"] {
        let believed = [0, 3, 4, 5].map(|attempts| is_final(code, attempts));
        assert_eq!(believed, [false, false, true, true], "{code}");
    }
    assert!(!is_final("SYSTEM_BUSY", 100), "that passes");
}

/// What one who is asked answers now; `Err`: the code of a refusal, or nothing for silence.
type Answer = Result<RailRefundState, &'static str>;

/// A rail that answers as a test says, and keeps what it was asked.
struct Port {
    store: InMemoryStore,
    refund: Mutex<Answer>,
    query: Mutex<Answer>,
    redirect: Mutex<Answer>,
    calls: Mutex<Vec<&'static str>>,
    /// Until when nobody else had the refund, at each call.
    held_until: Mutex<Vec<Option<Timestamp>>>,
}

impl Port {
    fn answers(
        &self,
        (call, answer): (&'static str, &Mutex<Answer>),
        order: &RefundOrder,
    ) -> Result<RailRefundState, OutsideError> {
        self.calls.lock().unwrap().push(call);
        let refund = wait(RefundStore::find(&self.store, &order.no)).unwrap().unwrap();
        self.held_until.lock().unwrap().push(refund.next_try_at);
        answer.lock().unwrap().clone().map_err(|code| match code {
            "" => OutsideError::OutcomeUnknown("silence".into()),
            code => OutsideError::Refused { code: code.to_owned(), message: String::new() },
        })
    }
}

#[async_trait]
impl RailRefunds for Port {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn refund(&self, order: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        self.answers(("refund", &self.refund), order)
    }

    async fn query_refund(&self, order: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        self.answers(("query", &self.query), order)
    }
}

#[async_trait]
impl RefundRedirects for Port {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn redirect(
        &self,
        order: &RefundOrder,
        _account: &PayeeAccount,
    ) -> Result<RailRefundState, OutsideError> {
        self.answers(("redirect", &self.redirect), order)
    }
}

/// The gateway, where a test may close one counter.
struct Office {
    store: InMemoryStore,
    gateway: Arc<FakeGateway>,
    /// With this code it refuses requests.
    refuses: Mutex<Option<&'static str>>,
    closed: Mutex<&'static str>,
    held_until: Mutex<Vec<Option<Timestamp>>>,
}

impl Office {
    fn is_closed(&self, counter: &str) -> bool {
        *self.closed.lock().unwrap() == counter
    }
}

#[async_trait]
impl RefundDesk for Office {
    async fn ask(&self, request: &DeskRequest) -> Result<DeskCase, OutsideError> {
        let refund = wait(RefundStore::find(&self.store, &request.refund_no)).unwrap().unwrap();
        self.held_until.lock().unwrap().push(refund.next_try_at);
        let refuses = *self.refuses.lock().unwrap();
        match refuses {
            Some(code) => {
                Err(OutsideError::Refused { code: code.to_owned(), message: String::new() })
            }
            None => self.gateway.ask(request).await,
        }
    }

    async fn query(&self, refund_no: &RefundNo) -> Result<Option<DeskCase>, OutsideError> {
        self.gateway.query(refund_no).await
    }

    async fn tell_paid_back(&self, notice: &DeskNotice) -> Result<DeskCase, OutsideError> {
        if self.is_closed("tell") {
            return Err(OutsideError::NotSent("closed".into()));
        }
        self.gateway.tell_paid_back(notice).await
    }
}

#[async_trait]
impl ReceiptReversal for Office {
    async fn reverse(&self, request: &ReversalRequest) -> Result<Reversal, OutsideError> {
        if self.is_closed("reverse") {
            return Ok(Reversal::NotIssuedYet);
        }
        self.gateway.reverse(request).await
    }

    async fn replace(
        &self,
        request: &ReversalRequest,
        rest: PayableFen,
    ) -> Result<Reversal, OutsideError> {
        if self.is_closed("replace") {
            return Ok(Reversal::NotIssuedYet);
        }
        self.gateway.replace(request, rest).await
    }
}

struct Town {
    bench: Bench,
    port: Arc<Port>,
    office: Arc<Office>,
}

/// A rail that first answers so, and knows of no refund when it is asked again.
fn town(refund: Answer) -> Town {
    let (plan, store) = (Arc::new(FaultPlan::none()), InMemoryStore::new());
    let port = Arc::new(Port {
        store: store.clone(),
        refund: Mutex::new(refund),
        query: Mutex::new(Ok(RailRefundState::NotFound)),
        redirect: Mutex::new(Ok(RailRefundState::Processing)),
        calls: Mutex::default(),
        held_until: Mutex::default(),
    });
    let refunders = Refunders::new(
        vec![Arc::clone(&port) as Arc<dyn RailRefunds>],
        vec![Arc::clone(&port) as Arc<dyn RefundRedirects>],
    );
    let rail = Arc::new(FakeRail::new(Arc::clone(&plan)));
    let mut bench = Bench::with(store, rail, refunders, &plan);
    let office = Arc::new(Office {
        store: bench.truth.clone(),
        gateway: Arc::clone(&bench.gateway),
        refuses: Mutex::default(),
        closed: Mutex::default(),
        held_until: Mutex::default(),
    });
    bench.send.desk = office.clone();
    bench.send.receipts = office.clone();
    Town { bench, port, office }
}

fn back() -> Answer {
    Ok(RailRefundState::Done { txn: None, at: crate::fakes::samples::at(90) })
}

impl Town {
    /// Money that never counted is to go back.
    fn owes(&self) -> (PaymentNo, RefundNo) {
        let no = self.bench.owed(1, 500);
        wait(self.bench.owe.run_once(16)).unwrap();
        let refund = self.bench.refunds(&no).remove(0).no;
        (no, refund)
    }

    /// The citizen wants so much of this notice; all of it, if none is said.
    fn asked(&self, notice: &str, fen: Option<i64>) -> RefundNo {
        self.bench.settled();
        self.bench.asks(&wanted(Some(notice), fen, "key-number-1")).unwrap().remove(0).no
    }

    /// The worker's next turn, at the moment that it set itself; answers the refund, and how
    /// many seconds later the one after that is due.
    fn turn(&self, no: &RefundNo) -> (Refund, Option<i64>) {
        let due = self.bench.refund(no).next_try_at.unwrap();
        let early = due.duration_since(self.bench.clock.now());
        self.bench.clock.advance(early.max(SignedDuration::ZERO));
        let worked = wait(self.bench.send.run_once(16)).unwrap();
        assert_eq!(worked.iter().map(|(no, _)| no).collect::<Vec<_>>(), [no]);
        let refund = self.bench.refund(no);
        let next = refund.next_try_at.map(|at| at.duration_since(self.bench.clock.now()));
        (refund, next.map(|next| next.as_secs()))
    }

    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.port.calls.lock().unwrap())
    }
}

#[test]
fn a_refund_is_nobody_elses_while_the_gateway_and_the_rail_are_asked() {
    let town = town(back());
    let no = town.asked(NOTICE_2, None);
    town.turn(&no);
    let half_a_minute = Some(town.bench.clock.now() + SignedDuration::from_secs(30));
    assert_eq!(*town.office.held_until.lock().unwrap(), [half_a_minute]);
    assert_eq!(*town.port.held_until.lock().unwrap(), [half_a_minute]);
}

#[test]
fn a_silent_rail_is_asked_again_more_and_more_rarely() {
    let town = town(Err(""));
    let (_, no) = town.owes();
    for (attempts, seconds) in [(1, 5), (2, 10), (3, 20)] {
        let (refund, next) = town.turn(&no);
        assert_eq!((refund.attempts, next), (attempts, Some(seconds)));
    }
}

#[test]
fn a_refusal_of_the_desk_ends_the_refund_once_it_is_believed_and_not_before() {
    let town = town(back());
    let no = town.asked(NOTICE_2, None);
    *town.office.refuses.lock().unwrap() = Some("AMOUNT");
    for attempts in 1..5 {
        let (refund, _) = town.turn(&no);
        assert_eq!((refund.state, refund.attempts), (RefundState::Requested, attempts));
    }
    let (refund, next) = town.turn(&no);
    assert_eq!((refund.state, next), (RefundState::Rejected, None));
}

#[test]
fn a_desk_that_is_busy_is_asked_for_ever() {
    let town = town(back());
    let no = town.asked(NOTICE_2, None);
    *town.office.refuses.lock().unwrap() = Some("SYSTEM_BUSY");
    for attempts in 1..10 {
        let (refund, _) = town.turn(&no);
        assert_eq!((refund.state, refund.attempts), (RefundState::Requested, attempts));
    }
}

#[test]
fn a_refusal_of_the_rail_is_believed_the_sixth_time() {
    let town = town(Err("NOT_ENOUGH"));
    let (_, no) = town.owes();
    for attempts in 1..=5 {
        let (refund, _) = town.turn(&no);
        assert_eq!((refund.state.is_at_rail(), refund.attempts), (true, attempts));
    }
    let failed = RefundState::Failed { code: "NOT_ENOUGH".to_owned() };
    assert_eq!(town.turn(&no).0.state, failed);
}

#[test]
fn waiting_for_a_receipt_is_no_refusal_of_the_rail() {
    let town = town(Err("NOT_ENOUGH"));
    let no = town.asked(NOTICE_2, None);
    *town.office.closed.lock().unwrap() = "reverse";
    for attempts in 1..=6 {
        let (refund, _) = town.turn(&no);
        assert_eq!((refund.state, refund.attempts), (RefundState::Approved, attempts));
    }
    *town.office.closed.lock().unwrap() = "";
    let (refund, next) = town.turn(&no);
    assert_eq!(town.calls(), ["refund"]);
    assert_eq!((refund.state, next), (RefundState::Submitted, Some(5)), "it refused once");
}

#[test]
fn what_the_rail_works_on_is_asked_for_once_a_turn() {
    let town = town(Ok(RailRefundState::Processing));
    let (_, no) = town.owes();
    assert_eq!((town.turn(&no).1, town.calls()), (Some(5), vec!["refund"]));
    *town.port.query.lock().unwrap() = Ok(RailRefundState::Processing);
    assert_eq!((town.turn(&no).1, town.calls()), (Some(10), vec!["query"]));
}

#[test]
fn money_that_is_back_at_once_is_told_and_receipted_in_the_same_turn() {
    let town = town(back());
    let no = town.asked(NOTICE_1, Some(7_001));
    let (refund, next) = town.turn(&no);
    assert_eq!((refund.todo(), refund.attempts, next), (Todo::Nothing, 0, None));
    assert_eq!(town.bench.gateway.desk_case(&no), Some(DeskStanding::PaidBack));
    let rest = PayableFen::new(13_002).ok();
    let notice = refund.notice.unwrap().no;
    assert_eq!(town.bench.gateway.reversals(&notice, &refund.payment_no), (1, rest));
}

#[test]
fn tries_to_tell_the_gateway_are_not_those_of_the_receipt() {
    let town = town(back());
    let no = town.asked(NOTICE_1, Some(7_001));
    *town.office.closed.lock().unwrap() = "tell";
    for attempts in 1..=3 {
        assert_eq!(town.turn(&no).0.attempts, attempts);
    }
    *town.office.closed.lock().unwrap() = "replace";
    let (refund, next) = town.turn(&no);
    assert_eq!(refund.todo(), Todo::ReplaceReceipt);
    assert_eq!((refund.attempts, next), (1, Some(5)));
}

fn account() -> PayeeAccount {
    let (holder, number) = ("王小明".to_owned(), "6222020200112230".to_owned());
    PayeeAccount { holder, number, bank: "工商银行".to_owned() }
}

#[test]
fn a_refund_that_waits_for_an_account_is_not_sent_again_when_the_rail_denies_it() {
    let town = town(Ok(RailRefundState::NeedsAccount));
    let (_, no) = town.owes();
    let (_, next) = town.turn(&no);
    assert_eq!((next, town.calls()), (Some(3_600), vec!["refund"]));
    let (refund, _) = town.turn(&no);
    assert_eq!((refund.state, town.calls()), (RefundState::NeedsAccount, vec!["query"]));
}

#[test]
fn an_account_that_one_person_named_is_never_told_to_the_rail() {
    let town = town(Ok(RailRefundState::NeedsAccount));
    let (payment, no) = town.owes();
    town.turn(&no);
    *town.port.query.lock().unwrap() = Ok(RailRefundState::NeedsAccount);
    *town.port.redirect.lock().unwrap() = back();
    let one = finance("甲", FinanceLevel::Local);
    town.bench.decides(&one, &no, &RefundAct::NameAccount(account())).unwrap();
    for _ in 0..3 {
        town.turn(&no);
    }
    assert_eq!(town.calls(), ["refund", "query", "query", "query"]);
    assert_eq!(town.bench.payment(&payment).state.status(), PaymentStatus::Refunding);
}

#[test]
fn an_account_that_two_agreed_on_is_told_until_the_rail_has_it_and_once() {
    let town = town(Ok(RailRefundState::NeedsAccount));
    let (_, no) = town.owes();
    town.turn(&no);
    *town.port.query.lock().unwrap() = Ok(RailRefundState::NeedsAccount);
    *town.port.redirect.lock().unwrap() = Err("");
    let [one, two] = ["甲", "乙"].map(|name| finance(name, FinanceLevel::Local));
    town.bench.decides(&one, &no, &RefundAct::NameAccount(account())).unwrap();
    town.bench.decides(&two, &no, &RefundAct::AgreeToAccount).unwrap();
    town.calls();
    for attempts in 1..=3 {
        assert_eq!(town.turn(&no).0.attempts, attempts);
        assert_eq!(town.calls(), ["query", "redirect"], "it was silent");
    }
    *town.port.redirect.lock().unwrap() = Ok(RailRefundState::Processing);
    let (refund, next) = town.turn(&no);
    let told = refund.redirect.map(|redirect| redirect.step);
    assert_eq!((told, refund.attempts, next), (Some(RedirectStep::Sent), 1, Some(5)));
    town.calls();

    let (refund, _) = town.turn(&no);
    assert_eq!(town.calls(), ["query"]);
    assert_eq!((refund.state, refund.redirect), (RefundState::NeedsAccount, None), "it did not do");
}

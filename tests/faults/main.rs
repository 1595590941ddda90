//! Every port call of the money flow fails once, in each way a call can fail; a second run and
//! the workers must then settle every payment, with the money counted once.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use domain::fakes::{Fault, FaultPlan, samples};
use domain::ids::IdempotencyKey;
use domain::money::Fen;
use domain::payment::{
    LedgerBook as _, OutboxStore as _, Payment, PaymentStatus, PaymentStore as _, Rail, RailReport,
    Refusal, StartPaymentError, WantedPayment, WriteOffStatus,
};
use domain::receipt::ReceiptBook as _;
use jiff::SignedDuration;
use std::sync::Arc;
use tests::flow::Flow;

const FINE: &str = "330000001FS1";
const FEN: i64 = 20_000;

/// One citizen and one fine.
struct Story(Flow);

impl Story {
    async fn over(plan: Arc<FaultPlan>) -> Self {
        Self(Flow::over(vec![samples::notice(FINE, FEN)], plan).await)
    }

    fn wanted() -> WantedPayment {
        WantedPayment {
            notice_nos: vec![samples::notice_no(FINE)],
            rail: Rail::WeChatPay,
            expected_total: Fen::new(FEN),
            quote: None,
            key: IdempotencyKey::new("key-of-the-client").unwrap(),
        }
    }

    async fn payment(&self) -> Option<Payment> {
        let key = Self::wanted().key;
        self.0.truth.find_by_key(&samples::person("P1").id, &key).await.unwrap()
    }

    /// The citizen taps, pays, and the rail calls back; whatever fails is left as it is.
    async fn story(&self, tells: Tells) {
        let caller = samples::caller("P1");
        let _ = self.0.start.run(&caller, Self::wanted()).await;
        self.pays(tells).await;
        self.0.work().await;
    }

    async fn pays(&self, tells: Tells) {
        let Some(payment) = self.payment().await else { return };
        self.0.rail.citizen_pays(&payment.no, samples::money("T1", FEN));
        if let (Tells::ByCallback, Some(report)) = (tells, self.0.rail.report(&payment.no)) {
            self.0.calls_back(report).await;
        }
    }

    /// The citizen tries again with the same key, and time passes.
    async fn second_run(&self, tells: Tells) {
        self.story(tells).await;
        for _ in 0..12 {
            self.0.clock.advance(SignedDuration::from_secs(120));
            self.0.work().await;
        }
    }

    async fn settled(&self, why: &str) {
        let payment = self.payment().await.unwrap_or_else(|| panic!("{why}: no payment"));
        assert_eq!(payment.state.status(), PaymentStatus::Paid, "{why}");
        assert_eq!(payment.write_off(), WriteOffStatus::Done, "{why}");
        let receipts = self.0.truth.list_of_payment(&payment.no).await.unwrap();
        assert_eq!(receipts.len(), 1, "{why}: one receipt");
        assert_eq!(self.0.gateway.counts(), (1, 1), "{why}: once at the agency");
        assert_eq!(self.0.rail.paid_orders(), 1, "{why}: money was taken once");
        let totals = self.0.truth.totals().await.unwrap();
        // The money, and the agency's claim that it meets.
        let booked = Fen::new(2 * FEN);
        assert_eq!(totals, (booked, booked), "{why}: booked once, balanced");
        assert_eq!(self.0.truth.backlog().await.unwrap(), (0, 0), "{why}: nothing queued");
        let paid = self.0.truth.history(&payment.no).await.unwrap();
        let paid = paid.iter().filter(|record| record.status == PaymentStatus::Paid).count();
        assert_eq!(paid, 1, "{why}: paid once in history");
    }
}

/// How the rail's news arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    ByCallback,
    WhenAsked,
}

#[tokio::test]
async fn every_port_call_may_fail_once_in_every_way() {
    for tells in [Tells::ByCallback, Tells::WhenAsked] {
        let calm = Arc::new(FaultPlan::none());
        let flow = Story::over(calm.clone()).await;
        flow.story(tells).await;
        flow.second_run(tells).await;
        flow.settled("nothing fails").await;
        let calls = calm.calls();
        assert!(calls > 20, "the story makes {calls} calls");
        for at in 0..calls {
            for fault in Fault::ALL {
                let flow = Story::over(Arc::new(FaultPlan::at(at, fault))).await;
                flow.story(tells).await;
                flow.second_run(tells).await;
                flow.settled(&format!("{tells:?}, call {at}, {fault:?}")).await;
            }
        }
    }
}

#[tokio::test]
async fn an_attempt_that_nobody_pays_is_closed_whatever_fails() {
    let calm = Arc::new(FaultPlan::none());
    let flow = Story::over(calm.clone()).await;
    let caller = samples::caller("P1");
    flow.0.start.run(&caller, Story::wanted()).await.unwrap();
    for _ in 0..12 {
        flow.0.clock.advance(SignedDuration::from_secs(120));
        flow.0.work().await;
    }
    let calls = calm.calls();
    for at in 0..calls {
        for fault in Fault::ALL {
            let flow = Story::over(Arc::new(FaultPlan::at(at, fault))).await;
            let _ = flow.0.start.run(&caller, Story::wanted()).await;
            for _ in 0..16 {
                flow.0.clock.advance(SignedDuration::from_secs(120));
                flow.0.work().await;
            }
            let Some(payment) = flow.payment().await else { continue };
            assert_eq!(payment.state.status(), PaymentStatus::Closed, "call {at}, {fault:?}");
            assert_eq!(flow.0.truth.totals().await.unwrap(), (Fen::ZERO, Fen::ZERO));
        }
    }
}

/// Fault case 28.
#[tokio::test]
async fn a_clock_that_jumps_five_minutes_either_way_loses_nothing() {
    for minutes in [5, -5] {
        for tells in [Tells::ByCallback, Tells::WhenAsked] {
            let why = format!("{minutes} minutes, {tells:?}");
            let flow = Story::over(Arc::new(FaultPlan::none())).await;
            let jump = SignedDuration::from_mins(minutes);
            flow.0.clock.advance(SignedDuration::from_hours(1));
            flow.0.start.run(&samples::caller("P1"), Story::wanted()).await.unwrap();
            flow.0.clock.advance(jump);
            flow.0.work().await;
            let open = flow.payment().await.unwrap();
            assert!(open.state.is_unsettled(), "{why}: not closed by a clock");
            flow.pays(tells).await;
            flow.0.clock.advance(-jump);
            flow.0.work().await;
            flow.second_run(tells).await;
            flow.settled(&why).await;
        }
    }
}

/// Fault case 22.
#[tokio::test]
async fn a_hundredfold_never_passes() {
    for seed in 0..100 {
        let fen = i64::try_from(domain::fakes::scramble(22, seed) % 49_000 + 1).unwrap();
        let plan = Arc::new(FaultPlan::none());
        let flow = Flow::over(vec![samples::notice(FINE, fen)], plan).await;
        let caller = samples::caller("P1");
        let wanted = |fen| WantedPayment { expected_total: Fen::new(fen), ..Story::wanted() };
        for wrong in [fen * 100, fen / 100].into_iter().filter(|wrong| *wrong > 0) {
            let refused = flow.start.run(&caller, wanted(wrong)).await;
            let changed = Refusal::AmountChanged(Fen::new(fen));
            let is = |why: &StartPaymentError| matches!(why, StartPaymentError::Refused(w, None) if *w == changed);
            assert!(refused.as_ref().is_err_and(is), "{wrong} for {fen}: {refused:?}");
        }
        let payment = flow.start.run(&caller, wanted(fen)).await.unwrap().payment;
        assert_eq!(payment.amount.fen(), Fen::new(fen));
        // The rail took what was asked; a callback tells of a hundred times as much.
        flow.rail.citizen_pays(&payment.no, samples::money("T1", fen));
        let report = flow.rail.report(&payment.no).unwrap();
        let hundredfold = RailReport { money: samples::money("T1", fen * 100), ..report.clone() };
        flow.calls_back(hundredfold).await;
        flow.acts_on_callbacks().await;
        assert_eq!(flow.truth.totals().await.unwrap(), (Fen::ZERO, Fen::ZERO), "{fen}");
        flow.calls_back(report).await;
        flow.acts_on_callbacks().await;
        let booked = Fen::new(2 * fen); // And the agency's claim that it meets.
        assert_eq!(flow.truth.totals().await.unwrap(), (booked, booked));
    }
}

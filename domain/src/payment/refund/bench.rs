//! The use cases of refunds over a store, a rail and a gateway in memory.

use super::{
    Actor, ApplyRefundReport, Balance, DecideError, DecideRefund, DecideRefusal, OweBack, Refund,
    RefundAct, RefundMaker, RefundReasonCode, RefundRedirects, RefundRefusal, RefundStore,
    Refunders, RequestRefund, RequestRefundError, SendRefunds, WantedRefund,
};
use crate::fakes::samples::{self, at};
use crate::fakes::{CountingIds, FakeClock, FakeGateway, FakeRail, FaultPlan, InMemoryStore};
use crate::identity::{StaffAccount, StaffRole};
use crate::ids::{IdempotencyKey, PaymentNo, RefundNo};
use crate::money::{Fen, FinanceLevel, PayableFen};
use crate::notice::NoticeNo;
use crate::payment::{
    EventReason, Evidence, Payment, PaymentEvent, PaymentRail, PaymentStore, RailRefunds, Rails,
};
use crate::receipt::FulfilPayments;
use jiff::SignedDuration;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Polls until done; the fakes wake nobody.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

pub const NOTICE_1: &str = "330000001FS1";
pub const NOTICE_2: &str = "330000001FS2";
/// What may go back by rule on one day.
pub const CEILING: i64 = 30_000;

pub fn staff(name: &str, role: StaffRole) -> StaffAccount {
    let (name, password_hash) = (name.to_owned(), String::new());
    StaffAccount { name, password_hash, roles: vec![role], created_at: at(0) }
}

pub fn agency() -> StaffAccount {
    staff("甲", StaffRole::Agency("330101".to_owned()))
}

pub fn finance(name: &str, level: FinanceLevel) -> StaffAccount {
    staff(name, StaffRole::Finance(level))
}

pub struct Bench {
    /// Never fails: for looking.
    pub truth: InMemoryStore,
    pub clock: Arc<FakeClock>,
    pub rail: Arc<FakeRail>,
    pub gateway: Arc<FakeGateway>,
    pub request: RequestRefund,
    pub decide: DecideRefund,
    pub owe: OweBack,
    pub send: SendRefunds,
    fulfil: FulfilPayments,
}

impl Bench {
    /// `plan` decides which calls of the use cases fail.
    pub fn over(plan: &Arc<FaultPlan>) -> Self {
        let truth = InMemoryStore::new();
        let rail = Arc::new(FakeRail::new(Arc::clone(plan)));
        let ports = Refunders::new(
            vec![Arc::clone(&rail) as Arc<dyn RailRefunds>],
            vec![Arc::clone(&rail) as Arc<dyn RefundRedirects>],
        );
        Self::with(truth, rail, ports, plan)
    }

    /// With other ports of the rail.
    pub fn with(
        truth: InMemoryStore,
        rail: Arc<FakeRail>,
        refunders: Refunders,
        plan: &Arc<FaultPlan>,
    ) -> Self {
        let store = Arc::new(truth.with_plan(Arc::clone(plan)));
        let clock = Arc::new(FakeClock::at(at(60)));
        let ids = Arc::new(CountingIds::default());
        let notices =
            [(NOTICE_1, 20_003), (NOTICE_2, 101)].map(|(no, fen)| samples::notice(no, fen));
        let gateway = Arc::new(FakeGateway::new(notices.to_vec(), Arc::clone(plan)));
        let apply = Arc::new(ApplyRefundReport {
            refunds: store.clone(),
            payments: store.clone(),
            rails: Rails::new(vec![Arc::clone(&rail) as Arc<dyn PaymentRail>]),
            clock: clock.clone(),
        });
        let owe = OweBack {
            refunds: store.clone(),
            payments: store.clone(),
            ceiling: Fen::new(CEILING),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        Self {
            request: RequestRefund {
                refunds: store.clone(),
                payments: store.clone(),
                clock: clock.clone(),
                ids,
            },
            decide: DecideRefund { refunds: store.clone(), clock: clock.clone() },
            owe: owe.clone(),
            send: SendRefunds {
                refunds: store.clone(),
                payments: store,
                refunders,
                desk: gateway.clone(),
                receipts: gateway.clone(),
                apply,
                clock: clock.clone(),
            },
            fulfil: FulfilPayments {
                outbox: Arc::new(truth.clone()),
                payments: Arc::new(truth.clone()),
                persons: Arc::new(truth.clone()),
                write_offs: gateway.clone(),
                receipts: gateway.clone(),
                owe_back: Arc::new(owe),
                clock: clock.clone(),
            },
            truth,
            clock,
            rail,
            gateway,
        }
    }

    fn happens(&self, no: &PaymentNo, event: PaymentEvent) {
        let reason = (EventReason::RailConfirmed, Some(Evidence::Callback("E1".to_owned())));
        let change = self.payment(no).after(event, reason, at(20)).unwrap();
        wait(PaymentStore::save(&self.truth, &change)).unwrap();
    }

    fn takes_money(&self, payment: &Payment) -> PaymentEvent {
        let fen = payment.amount.fen().value();
        let money = samples::money(&format!("T-{}", payment.no), fen);
        wait(self.rail.submit(&payment.order())).unwrap();
        assert!(self.rail.citizen_pays(&payment.no, money.clone()));
        wait(PaymentStore::insert(&self.truth, payment, &samples::started())).unwrap();
        PaymentEvent::Confirm(money)
    }

    /// One payment by P1 of two notices, of 200.03 and 1.01; not written off yet.
    pub fn paid(&self) -> PaymentNo {
        let mut payment = samples::payment("YW000001", NOTICE_1, 20_003);
        payment.notices.append(&mut samples::payment("YW000001", NOTICE_2, 101).notices);
        payment.amount = PayableFen::new(20_104).unwrap();
        let confirm = self.takes_money(&payment);
        self.happens(&payment.no, confirm);
        payment.no
    }

    /// The same, written off and with receipts.
    pub fn settled(&self) -> PaymentNo {
        let no = self.paid();
        for _ in 0..2 {
            wait(self.fulfil.run_once(16)).unwrap();
        }
        assert_eq!(self.gateway.counts(), (2, 2));
        no
    }

    /// Money that came late and does not count.
    pub fn owed(&self, number: u32, fen: i64) -> PaymentNo {
        let payment = samples::payment(&format!("YW{number:06}"), NOTICE_1, fen);
        let confirm = self.takes_money(&payment);
        self.happens(&payment.no, PaymentEvent::Close);
        self.happens(&payment.no, confirm);
        payment.no
    }

    pub fn payment(&self, no: &PaymentNo) -> Payment {
        wait(PaymentStore::find(&self.truth, no)).unwrap().unwrap()
    }

    pub fn refunds(&self, no: &PaymentNo) -> Vec<Refund> {
        wait(RefundStore::list_of_payment(&self.truth, no)).unwrap()
    }

    pub fn refund(&self, no: &RefundNo) -> Refund {
        wait(RefundStore::find(&self.truth, no)).unwrap().unwrap()
    }

    pub fn refundable(&self, no: &PaymentNo) -> i64 {
        let (payment, refunds) = (self.payment(no), self.refunds(no));
        Balance { payment: &payment, refunds: &refunds }.refundable().value()
    }

    /// P1 asks.
    pub fn asks(&self, wanted: &WantedRefund) -> Result<Vec<Refund>, RefundRefusal> {
        let caller = samples::caller("P1");
        self.asks_as(RefundMaker::Citizen(&caller), wanted)
    }

    pub fn asks_as(
        &self,
        maker: RefundMaker<'_>,
        wanted: &WantedRefund,
    ) -> Result<Vec<Refund>, RefundRefusal> {
        wait(self.request.run(maker, wanted)).map_err(|error| match error {
            RequestRefundError::Refused(why) => why,
            RequestRefundError::Store(error) => panic!("{error}"),
        })
    }

    pub fn decides(
        &self,
        who: &StaffAccount,
        no: &RefundNo,
        act: &RefundAct,
    ) -> Result<Refund, DecideRefusal> {
        wait(self.decide.run(who, no, act)).map_err(|error| match error {
            DecideError::Refused(why) => why,
            DecideError::Store(error) => panic!("{error}"),
        })
    }

    /// One turn of the worker; what fails comes again.
    pub fn work(&self) {
        let _ = wait(self.owe.run_once(16));
        let _ = wait(self.send.run_once(16));
    }

    /// Turns, and time between them.
    pub fn works_for(&self, turns: usize) {
        for _ in 0..turns {
            self.work();
            self.clock.advance(SignedDuration::from_mins(10));
        }
    }

    /// Who made the refund.
    pub fn maker(&self, no: &RefundNo) -> Actor {
        self.refund(no).maker().cloned().unwrap()
    }
}

/// So much of this notice; `None`: all that is left.
pub fn wanted(notice: Option<&str>, fen: Option<i64>, key: &str) -> WantedRefund {
    WantedRefund {
        payment_no: samples::payment_no("YW000001"),
        notice_no: notice.map(|no| NoticeNo::new(no).unwrap()),
        amount: fen.map(Fen::new),
        reason_code: RefundReasonCode::Overcharged,
        reason: "多缴".to_owned(),
        key: IdempotencyKey::new(key).unwrap(),
    }
}

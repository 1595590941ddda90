//! What every rail must do: the fake, and each real one against its platform.

use crate::rail_bench::RailBench;
use domain::clock::beijing_day;
use domain::ids::RefundNo;
use domain::money::PayableFen;
use domain::outside::OutsideError;
use domain::payment::{
    CashierKind, RailNews, RailOrder, RailOrderState, RailRefundState, RailReport, RefundOrder,
};
use jiff::SignedDuration;

async fn paid(bench: &RailBench, order: &RailOrder) -> RailReport {
    match bench.rail.query(&order.key()).await.unwrap() {
        RailOrderState::Paid(report) => *report,
        other @ (RailOrderState::Open | RailOrderState::Closed | RailOrderState::NotFound) => {
            panic!("{other:?}")
        }
    }
}

async fn an_order_that_never_arrived_is_not_found(bench: RailBench) {
    let order = bench.order(20_000);
    let state = bench.rail.query(&order.key()).await.unwrap();
    assert_eq!(state, RailOrderState::NotFound);
    let closed = bench.rail.close(&order.key()).await;
    assert!(matches!(closed, Err(OutsideError::Refused { .. }) | Ok(())), "{closed:?}");
    bench.end().await;
}

async fn an_order_that_is_repeated_stays_one_order(bench: RailBench) {
    let order = bench.order(20_000);
    let first = bench.rail.submit(&order).await.unwrap();
    bench.opens(&first).await;
    let again = bench.rail.submit(&order).await.unwrap();
    assert_eq!(std::mem::discriminant(&first), std::mem::discriminant(&again));
    if !bench.is_union_pay() {
        assert_eq!(bench.rail.query(&order.key()).await.unwrap(), RailOrderState::Open);
    }
    bench.pays(&order).await;
    let report = paid(&bench, &order).await;
    assert_eq!(report.money.amount, order.amount);
    bench.end().await;
}

async fn money_is_told_with_everything_that_proves_it(bench: RailBench) {
    let order = bench.placed(20_601).await;
    bench.pays(&order).await;
    let report = paid(&bench, &order).await;
    assert_eq!(report.rail, bench.rail.rail());
    assert_eq!(report.order_no, order.no.as_str());
    assert_eq!(report.merchant_no, bench.rail.merchant().merchant_no);
    assert!(bench.rail.merchant().app_ids.contains(&report.app_id), "{report:?}");
    assert_eq!((report.currency.as_str(), report.money.amount), ("CNY", order.amount));
    let late = bench.clock.now() - report.money.at;
    assert!(late.abs() < SignedDuration::from_mins(1), "{report:?}");
    assert_eq!(paid(&bench, &order).await, report, "and the same again");
    bench.end().await;
}

async fn a_paid_order_is_neither_closed_nor_taken_twice(bench: RailBench) {
    let order = bench.placed(20_000).await;
    bench.pays(&order).await;
    let report = paid(&bench, &order).await;
    let closed = bench.rail.close(&order.key()).await;
    assert!(closed.is_err(), "a paid order cannot be closed: {closed:?}");
    // Whatever the rail answers to the same order, there is one payment of it.
    let _ = bench.rail.submit(&order).await;
    assert_eq!(paid(&bench, &order).await, report);
    bench.end().await;
}

async fn an_order_ends_closed_and_stays_it(bench: RailBench) {
    let order = bench.placed(20_000).await;
    match bench.rail.close(&order.key()).await {
        Ok(()) => {
            assert!(!bench.is_union_pay());
            assert!(bench.rail.close(&order.key()).await.is_ok(), "the second click");
            let state = bench.rail.query(&order.key()).await.unwrap();
            assert_eq!(state, RailOrderState::Closed);
            // An order string is made without the platform, whose wallet refuses it.
            let again = bench.rail.submit(&order).await;
            assert!(again.is_err() || bench.kind == CashierKind::AlipayApp, "{again:?}");
            let state = bench.rail.query(&order.key()).await.unwrap();
            assert_eq!(state, RailOrderState::Closed, "and is not opened again");
        }
        Err(error) => {
            assert!(bench.is_union_pay(), "{error:?}");
            assert!(matches!(error, OutsideError::Refused { .. }), "it says so: {error:?}");
        }
    }
    bench.end().await;
}

async fn an_answer_that_is_lost_leaves_the_outcome_open_and_one_order(bench: RailBench) {
    let order = bench.order(20_000);
    // Enough for every repeat within one call.
    if bench.fault(false, "lost-answer", 4).await {
        let lost = bench.rail.submit(&order).await;
        assert!(matches!(lost, Err(OutsideError::OutcomeUnknown(_))), "{lost:?}");
        bench.played.as_ref().unwrap().levers.clear_faults().await;
        if let Ok(cashier) = bench.rail.submit(&order).await {
            bench.opens(&cashier).await;
            bench.pays(&order).await;
            assert_eq!(paid(&bench, &order).await.money.amount, order.amount);
        } else {
            assert!(bench.is_union_pay(), "only there the tn of a lost answer stays lost");
        }
    }
    bench.end().await;
}

async fn a_rail_that_does_not_answer_is_never_taken_for_an_answer(bench: RailBench) {
    let order = bench.placed(20_000).await;
    for fault in ["error500", "truncated", "wrong-signature"] {
        if bench.fault(true, fault, 4).await {
            let asked = bench.rail.query(&order.key()).await;
            assert!(matches!(asked, Err(OutsideError::OutcomeUnknown(_))), "{fault}: {asked:?}");
            bench.played.as_ref().unwrap().levers.clear_faults().await;
        }
    }
    bench.end().await;
}

async fn a_callback_says_what_a_question_would(bench: RailBench) {
    let order = bench.placed(20_000).await;
    bench.pays(&order).await;
    let asked = paid(&bench, &order).await;
    if let Some(played) = &bench.played {
        let callback = played.next_callback().await;
        let read = played.callbacks.read(&callback, bench.clock.now()).await.unwrap();
        let RailNews::Paid(told) = read.expect("news of a payment").news else { panic!() };
        assert_eq!(told.order_no, asked.order_no);
        assert_eq!(told.merchant_no, asked.merchant_no);
        assert!(bench.rail.merchant().app_ids.contains(&told.app_id), "{told:?}");
        assert_eq!((told.currency, told.money), (asked.currency, asked.money));

        let mut forged = callback.clone();
        let at = forged.body.iter().position(u8::is_ascii_digit).unwrap();
        forged.body[at] = if forged.body[at] == b'1' { b'2' } else { b'1' };
        assert!(played.callbacks.read(&forged, bench.clock.now()).await.is_err(), "one digit");
        let later = bench.clock.now() + SignedDuration::from_hours(24 * 8);
        assert!(played.callbacks.read(&callback, later).await.is_err(), "a week old");
    }
    bench.end().await;
}

fn refund(
    bench: &RailBench,
    order: &RailOrder,
    report: &RailReport,
    no: &str,
    fen: i64,
) -> RefundOrder {
    RefundOrder {
        no: RefundNo::new(&format!("{no}{}", order.no.as_str().rsplit('T').next().unwrap()))
            .unwrap(),
        payment: order.key(),
        txn: report.money.txn.clone(),
        paid: order.amount,
        amount: PayableFen::new(fen).unwrap(),
        reason: "重复缴款退回".to_owned(),
        made_at: bench.clock.now(),
    }
}

/// Asks until the rail has made up its mind; platforms take their time, in virtual time.
async fn ends(bench: &RailBench, refund: &RefundOrder) -> RailRefundState {
    let played = bench.played.as_ref().unwrap();
    for _ in 0..20 {
        let state = played.refunds.query_refund(refund).await.unwrap();
        if state != RailRefundState::Processing {
            return state;
        }
        played.levers.advance(30).await;
    }
    panic!("never ended: {refund:?}")
}

async fn refunds_go_back_part_by_part_and_never_beyond_the_payment(bench: RailBench) {
    let order = bench.placed(20_000).await;
    bench.pays(&order).await;
    let report = paid(&bench, &order).await;
    if let Some(played) = &bench.played {
        let part = refund(&bench, &order, &report, "YWR20260302AAAAAAAA", 3_000);
        let unknown = played.refunds.query_refund(&part).await.unwrap();
        assert_eq!(unknown, RailRefundState::NotFound);
        played.refunds.refund(&part).await.unwrap();
        played.refunds.refund(&part).await.unwrap_or(RailRefundState::Processing);
        let done = ends(&bench, &part).await;
        assert!(matches!(done, RailRefundState::Done { .. }), "{done:?}");

        // WeChat Pay takes one refund of an order a minute, Alipay one in three seconds.
        played.levers.advance(61).await;
        let same = refund(&bench, &order, &report, "YWR20260302BBBBBBBB", 3_000);
        played.refunds.refund(&same).await.unwrap();
        assert!(matches!(ends(&bench, &same).await, RailRefundState::Done { .. }), "told apart");

        played.levers.advance(61).await;
        let beyond = refund(&bench, &order, &report, "YWR20260302CCCCCCCC", 14_001);
        let refused = played.refunds.refund(&beyond).await;
        let at_once = matches!(
            refused,
            Err(OutsideError::Refused { .. }) | Ok(RailRefundState::Failed { .. })
        );
        let nothing =
            at_once || matches!(ends(&bench, &beyond).await, RailRefundState::Failed { .. });
        assert!(nothing, "one fen too much: {refused:?}");

        played.levers.advance(61).await;
        let rest = refund(&bench, &order, &report, "YWR20260302DDDDDDDD", 14_000);
        played.refunds.refund(&rest).await.unwrap();
        assert!(matches!(ends(&bench, &rest).await, RailRefundState::Done { .. }));
        assert_eq!(paid(&bench, &order).await.money, report.money, "what was paid stays told");
    }
    bench.end().await;
}

async fn the_statement_has_each_payment_once(bench: RailBench) {
    let (first, second) = (bench.placed(20_000).await, bench.placed(601).await);
    for order in [&first, &second] {
        bench.pays(order).await;
    }
    let never = bench.placed(333).await;
    if let Some(played) = &bench.played {
        let day = beijing_day(bench.clock.now());
        let early = played.statements.fetch(day).await;
        assert!(early.is_err(), "the day is not over: {early:?}");
        played.levers.tomorrow_at("12:00").await;
        played.levers.tomorrow_at("12:00").await;
        let statement = played.statements.fetch(day).await.unwrap();
        statement.check(day, bench.rail.merchant()).unwrap();
        let mut lines: Vec<_> = statement
            .lines
            .iter()
            .map(|line| (line.order_no.as_str(), line.amount.value()))
            .collect();
        lines.sort_unstable();
        assert_eq!(lines, [(first.no.as_str(), 20_000), (second.no.as_str(), 601)]);
        assert!(statement.quarantined.is_empty() && !lines.contains(&(never.no.as_str(), 333)));
    }
    bench.end().await;
}

macro_rules! every_rail_contract {
    ($bench:path: $($contract:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $contract() {
                super::$contract($bench().await).await;
            }
        )*
    };
    ($bench:path) => {
        every_rail_contract! {
            $bench:
            an_order_that_never_arrived_is_not_found
            an_order_that_is_repeated_stays_one_order
            money_is_told_with_everything_that_proves_it
            a_paid_order_is_neither_closed_nor_taken_twice
            an_order_ends_closed_and_stays_it
            an_answer_that_is_lost_leaves_the_outcome_open_and_one_order
            a_rail_that_does_not_answer_is_never_taken_for_an_answer
            a_callback_says_what_a_question_would
            refunds_go_back_part_by_part_and_never_beyond_the_payment
            the_statement_has_each_payment_once
        }
    };
}

mod fake {
    every_rail_contract!(crate::rail_bench::fake);
}

mod we_chat_mini {
    every_rail_contract!(crate::rail_bench::we_chat_mini);
}

mod we_chat_app {
    every_rail_contract!(crate::rail_bench::we_chat_app);
}

mod we_chat_native {
    every_rail_contract!(crate::rail_bench::we_chat_native);
}

mod alipay_mini {
    every_rail_contract!(crate::rail_bench::alipay_mini);
}

mod alipay_app {
    every_rail_contract!(crate::rail_bench::alipay_app);
}

mod union_pay_app {
    every_rail_contract!(crate::rail_bench::union_pay_app);
}

//! The contracts of `GatewayInbox` and `ClearingBook`.

use crate::bench::{Bench, EveryPort};
use domain::fakes::samples::{at, notice_no, payment_no};
use domain::ids::RefundNo;
use domain::money::{Fen, FinanceLevel, PayableFen};
use domain::payment::{DeskDecision, DeskStage, DeskStanding, NoticeAfter, Received};
use domain::receipt::{
    GatewayEvent, GatewayInbox, GatewayNews, RefundDecided, RejectionReason, WriteOffVerdict,
};
use domain::reconciliation::{
    ClearedDay, ClearingBook, ClearingDifference, ClearingDifferenceKind, ClearingState,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};

/// What every `GatewayInbox` must do.
pub async fn gateway_inbox_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    every_kind_of_news_comes_back_as_it_was_kept(&new_bench().await.store).await;
    an_event_is_kept_once_and_a_twin_too(&new_bench().await.store).await;
    a_lease_is_for_one_worker_and_ends(&new_bench().await).await;
    a_finished_event_does_not_come_again(&new_bench().await.store).await;
}

/// What every `ClearingBook` must do.
pub async fn clearing_book_contract<S: EveryPort>(new_bench: impl AsyncFn() -> Bench<S>) {
    a_day_comes_back_as_it_was_kept(&new_bench().await.store).await;
    a_later_result_replaces_the_day(&new_bench().await.store).await;
}

fn write_off(fen: i64, verdict: WriteOffVerdict) -> GatewayNews {
    GatewayNews::WriteOff {
        notice_no: notice_no("330000001FS1"),
        payment_no: payment_no("YW000001"),
        amount: Fen::new(fen),
        verdict,
        at: at(1),
    }
}

fn withdrawal(reason: &str) -> GatewayNews {
    let (notice_no, reason) = (notice_no("330000001FS1"), reason.to_owned());
    GatewayNews::NoticeWithdrawn { notice_no, reason, at: at(2) }
}

fn decided(stage: DeskStage, approved: bool, standing: DeskStanding) -> GatewayNews {
    let (decided_by, reason) = ("王科长".to_owned(), String::new());
    GatewayNews::RefundDecided(RefundDecided {
        refund_no: RefundNo::new("RF20260302101531AB").ok(),
        notice_no: notice_no("330000001FS1"),
        payment_no: payment_no("YW000001"),
        amount: PayableFen::new(500).unwrap(),
        decision: DeskDecision { stage, approved, decided_by, reason, at: at(3) },
        standing,
    })
}

fn event(id: &str, news: GatewayNews) -> GatewayEvent {
    GatewayEvent { id: id.to_owned(), received_at: at(0), news }
}

async fn record(store: &impl EveryPort, event: &GatewayEvent) -> Received {
    GatewayInbox::record(store, event, b"<xml>\xff\x00").await.unwrap()
}

async fn leased(store: &impl EveryPort, now: Timestamp, until: Timestamp) -> Vec<GatewayEvent> {
    GatewayInbox::lease(store, now, until, 100).await.unwrap()
}

async fn every_kind_of_news_comes_back_as_it_was_kept(store: &impl EveryPort) {
    use DeskStanding as Standing;
    let rejected = |reason_code| WriteOffVerdict::Rejected { reason_code, reason: "柜台".into() };
    let levels = [FinanceLevel::Local, FinanceLevel::Province, FinanceLevel::Central];
    let mut all = vec![
        write_off(20_600, WriteOffVerdict::Confirmed),
        write_off(20_600, rejected(RejectionReason::AlreadyPaid)),
        write_off(20_600, rejected(RejectionReason::Withdrawn)),
        write_off(20_600, rejected(RejectionReason::Other)),
        withdrawal("复议撤销"),
        decided(DeskStage::Agency, false, Standing::Rejected),
        decided(DeskStage::Agency, true, Standing::WithFinance),
        decided(DeskStage::Agency, true, Standing::WithAgency),
        decided(DeskStage::Agency, true, Standing::Approved(NoticeAfter::Open)),
        decided(DeskStage::Agency, true, Standing::Approved(NoticeAfter::Cancelled)),
        decided(DeskStage::Agency, true, Standing::PaidBack),
    ];
    let of = |level| decided(DeskStage::Finance(level), true, Standing::WithFinance);
    all.extend(levels.map(of));
    if let GatewayNews::RefundDecided(ours) = all[5].clone() {
        all.push(GatewayNews::RefundDecided(RefundDecided { refund_no: None, ..ours }));
    }
    // The same event id for all: what differs is what they say.
    let events: Vec<_> = all.into_iter().map(|news| event("E1", news)).collect();
    for one in &events {
        assert_eq!(record(store, one).await, Received::New, "{one:?}");
        assert_eq!(record(store, one).await, Received::Seen);
    }
    let mut found = leased(store, at(1), at(20)).await;
    assert_eq!(found.len(), events.len());
    found.retain(|one| !events.contains(one));
    assert_eq!(found, []);
}

async fn an_event_is_kept_once_and_a_twin_too(store: &impl EveryPort) {
    let first = event("E1", withdrawal("撤销"));
    assert_eq!(record(store, &first).await, Received::New);
    let again = GatewayEvent { received_at: at(15), ..first.clone() };
    assert_eq!(record(store, &again).await, Received::Seen);
    assert_eq!(record(store, &event("E2", withdrawal("撤销"))).await, Received::New);
    assert_eq!(record(store, &event("E1", withdrawal("别的"))).await, Received::New);
    let kept = leased(store, at(20), at(40)).await;
    assert_eq!(kept.len(), 3);
    assert!(kept.contains(&first), "as it came first");
}

async fn a_lease_is_for_one_worker_and_ends<S: EveryPort>(bench: &Bench<S>) {
    let one = event("E1", withdrawal("撤销"));
    record(&bench.store, &one).await;
    let one = [one];
    assert_eq!(leased(&bench.store, at(1), at(20)).await, one);
    assert_eq!(leased(&bench.other, at(19), at(40)).await, []);
    assert_eq!(leased(&bench.other, at(20), at(40)).await, one);
    assert_eq!(GatewayInbox::lease(&bench.store, at(99), at(100), 0).await.unwrap(), []);
}

async fn a_finished_event_does_not_come_again(store: &impl EveryPort) {
    let (one, two) = (event("E1", withdrawal("撤销")), event("E2", withdrawal("撤销")));
    record(store, &one).await;
    record(store, &two).await;
    GatewayInbox::finish(store, &one, "Moved\0").await.unwrap();
    assert_eq!(leased(store, at(99), at(100)).await, [two]);
    assert_eq!(record(store, &one).await, Received::Seen);
}

fn day(day: Date) -> ClearedDay {
    let differences = ClearingDifferenceKind::ALL.map(|kind| ClearingDifference {
        kind,
        order_no: "YW000001".to_owned(),
        notice_no: "330000001FS1".to_owned(),
        amount: Fen::new(20_600),
        code: "AMOUNT".to_owned(),
        reason: "金额不符".to_owned(),
    });
    ClearedDay {
        day,
        state: ClearingState::Different,
        judged_at: at(5),
        orders: 3,
        paid: Fen::new(61_800),
        refunded: Fen::new(1),
        batches: 2,
        agreed: 1,
        differences: differences.to_vec(),
        next_try_at: Some(at(600)),
    }
}

async fn a_day_comes_back_as_it_was_kept(store: &impl EveryPort) {
    let (first, second) = (day(date(2026, 3, 2)), day(date(2026, 3, 3)));
    assert_eq!(ClearingBook::find(store, first.day).await.unwrap(), None);
    ClearingBook::save(store, &second).await.unwrap();
    ClearingBook::save(store, &first).await.unwrap();
    assert_eq!(ClearingBook::find(store, first.day).await.unwrap().as_ref(), Some(&first));
    assert_eq!(ClearingBook::list(store, 10).await.unwrap(), [second.clone(), first]);
    assert_eq!(ClearingBook::list(store, 1).await.unwrap(), [second]);
}

async fn a_later_result_replaces_the_day(store: &impl EveryPort) {
    let first = day(date(2026, 3, 2));
    ClearingBook::save(store, &first).await.unwrap();
    for state in ClearingState::ALL {
        let later =
            ClearedDay { state, differences: Vec::new(), next_try_at: None, ..first.clone() };
        ClearingBook::save(store, &later).await.unwrap();
        assert_eq!(ClearingBook::find(store, first.day).await.unwrap(), Some(later));
    }
}

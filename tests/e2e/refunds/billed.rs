//! Refunds in the rails' statements of a day.

use super::{FEN, Payer, RAILS};
use domain::payment::{LedgerBook as _, Rail};
use domain::reconciliation::{
    Bucket, DayBook as _, DayResult, DayState, Discrepancy, DiscrepancyCode as Code,
};
use jiff::civil::{Date, date};
use tests::app::TestApp;
use tests::citizen::codes;
use tests::console::Console;
use tests::levers::eventually;

const DAY: Date = date(2026, 3, 2);
/// What goes back of [`FEN`].
const PART: i64 = 5_000;

/// Somebody pays and gets a part back; the number of the payment and that of the refund.
async fn part_is_back<'a>(app: &'a TestApp, rail: &'static str) -> (Payer<'a>, String, String) {
    let (payer, notice, no) = Payer::approved_at_once(app, rail).await;
    let made = payer.asks_back(&no, &notice, Some(PART), &format!("{no}-part")).await;
    assert_eq!(codes(&made), [""; 0], "{made}");
    let number = made["refund"]["refundNo"].as_str().unwrap().to_owned();
    payer.waits_for(&no, "PARTIALLY_REFUNDED").await;
    (payer, no, number)
}

/// What became of [`DAY`] by this rail, once its statement is there.
async fn judged(app: &TestApp, rail: &str) -> DayResult {
    app.levers.tomorrow_at("10:00").await;
    if rail == "UNIONPAY" {
        // The last hour is in the next day's file; that there is none is sure from noon on.
        app.levers.tomorrow_at("12:01").await;
    }
    eventually("the day's result", || async {
        let found = app.node.store.find(Rail::from_code(rail).unwrap(), DAY).await.unwrap();
        found.filter(|day| day.state != DayState::WaitingForFile)
    })
    .await
}

/// What a test looks at of a discrepancy: kind, payment, and how many fen the rail has too many.
fn brief(found: &[Discrepancy]) -> Vec<(Code, &str, i64)> {
    found.iter().map(|d| (d.code, d.order_no.as_str(), d.at_risk.value())).collect()
}

/// The page of [`DAY`] at the desk.
async fn shown_to_staff(app: &TestApp, rail: &str) -> String {
    let clerk = Console::of_first_clerk(app).await;
    clerk.get(&format!("/staff/days/{rail}/{DAY}")).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_and_its_refund_agree_with_every_rails_statement() {
    for rail in RAILS {
        let app = TestApp::start().await;
        let (_, no, _) = part_is_back(&app, rail).await;
        let day = judged(&app, rail).await;
        assert_eq!(day.discrepancies, [], "{rail}");
        assert_eq!((day.state, day.lines.len(), day.next_try_at), (DayState::Matched, 2, None));
        let (matched, sum) = day.tally(|bucket| bucket == Bucket::Matched).unwrap();
        assert_eq!((matched, sum.value()), (2, FEN - PART), "{rail}");
        assert_eq!((day.ledger_count, day.ledger_total), (2, sum), "{rail}");
        // 0.60 % was kept, and that of the part came back.
        assert_eq!(app.on_account(&format!("fees:{rail}")).await, -(120 - 30), "{rail}");
        assert_eq!(day.fee_total.value(), 120 - 30, "{rail}");
        let net = FEN - PART - (120 - 30);
        assert_eq!(app.on_account(&format!("rail_clearing:{rail}")).await, -net, "{rail}");
        let back = format!("journal WHERE kind = 'FEE_BACK' AND payment_no = '{no}'");
        assert_eq!(app.counts(&back).await, 1, "{rail}");
        // Judged again, nothing is booked twice.
        let (debits, _) = app.node.store.totals().await.unwrap();
        if rail == "WECHAT_PAY" {
            let again = app.node.reconcile.run(DAY).await.unwrap();
            assert_eq!((again.state, again.lines), (DayState::Matched, day.lines), "{rail}");
        }
        assert_eq!(app.node.store.totals().await.unwrap().0, debits, "{rail}");
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refunds_line_that_is_wrong_is_one_discrepancy_of_its_kind() {
    for (rail, platform) in RAILS.into_iter().zip(["wechat-pay", "alipay", "unionpay"]) {
        for (does, code, at_risk) in [
            ("drop line 2", Code::R01, PART),
            ("duplicate line 2", Code::F04, 0),
            // A fen up: more goes back, but Alipay prints what goes back with a minus.
            ("change line 2", Code::R03, if rail == "ALIPAY" { 1 } else { -1 }),
        ] {
            let app = TestApp::start().await;
            app.levers.plays(&format!("statement {platform} 2026-03-02: {does}\n")).await;
            let (_, no, number) = part_is_back(&app, rail).await;
            let day = judged(&app, rail).await;
            let found = &day.discrepancies;
            assert_eq!(brief(found), [(code, no.as_str(), at_risk)], "{rail} {does}: {found:?}");
            assert_eq!(day.state, DayState::Different, "{rail} {does}");
            let (matched, _) = day.tally(|bucket| bucket == Bucket::Matched).unwrap();
            assert_eq!(matched, if code == Code::F04 { 2 } else { 1 }, "{rail} {does}");
            if code == Code::R01 {
                assert!(found[0].note.contains(&number), "{rail}: {}", found[0].note);
                let page = shown_to_staff(&app, rail).await;
                for words in ["R01", "平台已退、渠道没有", &number, "50.00"] {
                    assert!(page.contains(words), "{words} in {page}");
                }
            }
            app.finish().await;
        }
    }
}

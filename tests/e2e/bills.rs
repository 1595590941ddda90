//! Trade bills that are wrong, cut, repeated or late.

use domain::identity::StaffRole;
use domain::payment::{Account, LedgerBalances as _, Rail};
use domain::reconciliation::source::SourceStore;
use domain::reconciliation::{Bucket, DayBook, DayResult, DayState, DiscrepancyCode, Resolution};
use jiff::civil::{Date, date};
use serde_json::json;
use tests::app::TestApp;
use tests::console::Console;
use tests::levers::eventually;

const DAY: Date = date(2026, 3, 2);

/// Two fines paid on [`DAY`]; the callback of the second is lost.
async fn two_payments(app: &TestApp) -> (tests::citizen::Citizen, Vec<String>) {
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let other = app.levers.notice(id, json!({ "amountFen": 15_000 })).await;
    let mut numbers = Vec::new();
    for (no, fen) in [(fine, fen), (other, 15_000)] {
        let payment_no = citizen.starts_paying(&no, fen).await;
        app.levers.pays(&payment_no).await;
        citizen.waits_for_receipt(&payment_no).await;
        numbers.push(payment_no);
    }
    (citizen, numbers)
}

async fn result(app: &TestApp, wanted: impl Fn(&DayResult) -> bool) -> DayResult {
    eventually("the day's result", || async {
        let found = DayBook::find(&app.node.store, Rail::WeChatPay, DAY).await.unwrap();
        found.filter(|result| wanted(result))
    })
    .await
}

fn codes(result: &DayResult) -> Vec<DiscrepancyCode> {
    result.discrepancies.iter().map(|d| d.code).collect()
}

/// Fault case 34.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_bill_is_never_used_and_fetched_again() {
    for (fault, code) in [
        ("truncated", DiscrepancyCode::F02),
        ("wrong-hash", DiscrepancyCode::F02),
        ("wrong-day", DiscrepancyCode::F02),
        ("wrong-totals", DiscrepancyCode::F03),
    ] {
        let app = TestApp::start().await;
        two_payments(&app).await;
        app.levers.pull("bills", json!({ "date": "2026-03-02", "fault": fault, "times": 1 })).await;
        app.levers.tomorrow_at("10:00").await;
        let waiting = result(&app, |_| true).await;
        assert_eq!(
            (waiting.state, codes(&waiting)),
            (DayState::WaitingForFile, vec![code]),
            "{fault}"
        );
        assert!(waiting.lines.is_empty(), "{fault}: nothing of it is used");
        app.levers.advance(31 * 60).await;
        let good = result(&app, |day| day.state == DayState::Matched).await;
        assert_eq!(good.tally(|bucket| bucket == Bucket::Matched).unwrap().0, 2, "{fault}");
        app.finish().await;
    }
}

/// Fault case 34.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_lines_are_told_one_by_one_and_the_good_rest_goes_on() {
    for (fault, expected, lines) in [
        ("duplicate-line", vec![DiscrepancyCode::F04], 3),
        ("drop-line", vec![DiscrepancyCode::L03], 1),
        ("extra-line", vec![DiscrepancyCode::L01], 3),
        ("change-amount", vec![DiscrepancyCode::L05], 2),
        ("bad-line", vec![DiscrepancyCode::F05, DiscrepancyCode::L03], 2),
    ] {
        let app = TestApp::start().await;
        two_payments(&app).await;
        app.levers.pull("bills", json!({ "date": "2026-03-02", "fault": fault })).await;
        app.levers.tomorrow_at("10:00").await;
        let day = result(&app, |_| true).await;
        assert_eq!(day.state, DayState::Different, "{fault}");
        assert_eq!(codes(&day), expected, "{fault}");
        let buckets = [
            day.tally(|b| b == Bucket::Matched).unwrap().0,
            day.tally(|b| matches!(b, Bucket::Discrepancy(_))).unwrap().0,
            day.tally(|b| b == Bucket::Quarantined).unwrap().0,
        ];
        assert_eq!(day.lines.len(), lines, "{fault}");
        assert_eq!(buckets.iter().sum::<usize>(), lines, "{fault}: each line in one bucket");
        assert!(buckets[0] >= 1, "{fault}: the good rest is matched");
        app.finish().await;
    }
}

/// The file is kept before it is judged; a clerk mends the line that could not be read, and the day is judged with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_cannot_be_read_is_mended_at_the_desk_and_its_day_judged_again() {
    let app = TestApp::start().await;
    two_payments(&app).await;
    app.levers.pull("bills", json!({ "date": "2026-03-02", "fault": "bad-line" })).await;
    app.levers.tomorrow_at("10:00").await;
    let day = result(&app, |_| true).await;
    assert_eq!(codes(&day), [DiscrepancyCode::F05, DiscrepancyCode::L03]);
    let clerk = Console::of_first_clerk(&app).await;
    let (status, page) = clerk.get("/staff/sources").await;
    assert!(status == 200 && page.contains("已采用，有行待处理"), "{page}");
    assert!(page.contains("待处理的行（1）"), "{page}");
    let open = SourceStore::list_open_lines(&app.node.store, 9).await.unwrap();
    let (file, line) = (open[0].file.to_string(), open[0].line_no.to_string());
    let (_, rest) = open[0].raw.split_once(',').unwrap();
    let mended = format!("`2026-03-02 10:05:00,{rest}");
    let sends = async |text: &str, act: &str, reason: &str| {
        let fields = [
            ("file", file.as_str()),
            ("line", &line),
            ("text", text),
            ("do", act),
            ("reason", reason),
        ];
        clerk.post("/staff/lines", &fields).await.map_err(|(status, _)| status)
    };
    assert_eq!(sends(&mended, "repair", " ").await, Err(400), "a reason is asked for");
    assert_eq!(sends(&open[0].raw, "repair", "原样").await, Err(400), "it is as bad as before");
    let other = mended.replace("2026-03-02", "2026-03-01");
    assert_eq!(sends(&other, "repair", "另一天").await, Err(400), "of another day");
    assert_eq!(sends(&mended, "dance", "x").await, Err(400));
    let auditor = Console::of(&app, "审计员", &[StaffRole::Auditor]).await;
    let fields = [("file", file.as_str()), ("line", &line), ("do", "drop"), ("reason", "x")];
    assert_eq!(auditor.post("/staff/lines", &fields).await.unwrap_err().0, 403);
    assert_eq!(sends(&mended, "repair", "微信支付回函").await.as_deref(), Ok("/staff/sources"));
    assert_eq!(sends(&mended, "repair", "再来一次").await, Err(409));
    let day = result(&app, |day| day.state == DayState::Matched).await;
    assert_eq!(day.tally(|bucket| bucket == Bucket::Matched).unwrap().0, 2);
    let (_, page) = clerk.get("/staff/sources").await;
    assert!(!page.contains("有行待处理") && page.contains("没有无法解析的行"), "{page}");
    assert_eq!(app.counts("audit_entry WHERE act = 'LINE_REPAIR'").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_that_does_not_come_is_late_in_the_calendar() {
    let app = TestApp::start().await;
    two_payments(&app).await;
    app.levers.fault("wechat-pay", "tradebill", "error500", 100_000).await;
    app.levers.tomorrow_at("11:30").await;
    let clerk = Console::of_first_clerk(&app).await;
    let page = eventually("the calendar's word", || async {
        let (_, page) = clerk.get("/staff/sources").await;
        page.contains("迟到").then_some(page)
    })
    .await;
    assert!(page.contains("F01") && page.contains("微信支付交易账单未按时到达"), "{page}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_only_the_bill_knows_is_put_right() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.callbacks("lose").await;
    app.levers.pays(&payment_no).await;
    // The rail's query is broken until after the bill: only the bill can tell.
    app.levers.fault("wechat-pay", "query", "error500", 100_000).await;
    app.levers.tomorrow_at("10:00").await;
    let day = result(&app, |_| true).await;
    assert_eq!(codes(&day), [DiscrepancyCode::L02]);
    assert_eq!(day.discrepancies[0].resolution, Resolution::PutRight);
    assert_eq!(day.state, DayState::Matched, "nobody needs to act");
    assert_eq!(day.ledger_total.value(), fen);
    let rerun = app.node.reconcile.run(DAY).await.unwrap();
    assert_eq!(rerun.discrepancies[0].resolution, Resolution::PutRight, "and stays visible");
    assert_eq!(rerun.lines.len(), 1);
    let again = tests::citizen::Citizen::signs_in(&app.node.base_url, &app.levers, citizen.facts);
    again.await.waits_for_receipt(&payment_no).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_are_proved_every_night_and_the_desk_says_so() {
    let app = TestApp::start().await;
    two_payments(&app).await;
    app.levers.tomorrow_at("10:00").await;
    let day = result(&app, |day| day.state == DayState::Matched).await;
    let check =
        eventually("the night's check", || async { app.node.store.last_check().await.unwrap() })
            .await;
    assert_eq!(check.faults, Vec::<String>::new());
    let sums = app.node.store.sums().await.unwrap();
    let fees = sums.iter().find(|of| of.account == Account::Fees(Rail::WeChatPay));
    let kept = fees.map_or(0, |of| of.kept.debits.value());
    assert_eq!(kept, day.fee_total.value(), "what the rail kept, as its statement says");
    let (_, desk) = Console::of_first_clerk(&app).await.get("/staff/").await;
    assert!(desk.contains("余额与分录一致"), "{desk}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worse_file_takes_nothing_from_a_judged_day() {
    let app = TestApp::start().await;
    two_payments(&app).await;
    app.levers.tomorrow_at("10:00").await;
    let judged = result(&app, |day| day.state == DayState::Matched).await;
    app.levers.pull("bills", json!({ "date": "2026-03-02", "fault": "truncated" })).await;
    let again = app.node.reconcile.run(DAY).await.unwrap();
    assert_eq!((again.state, again.lines.len()), (DayState::Matched, 2));
    assert_eq!(result(&app, |_| true).await.lines, judged.lines, "what was judged stays");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_money_is_reconciled_too() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    citizen.starts_paying(&fine, fen).await;
    app.levers.tomorrow_at("10:00").await;
    let day = result(&app, |_| true).await;
    assert_eq!((day.state, day.lines.len()), (DayState::Matched, 0));
    app.finish().await;
}

//! The main job, end to end, and the day of it in figures.

use domain::money::Fen;
use domain::payment::{LedgerBook as _, Rail, Side};
use domain::reconciliation::{Bucket, DayState};
use jiff::civil::date;
use serde_json::json;
use tests::app::TestApp;
use tests::console::Console;
use tests::levers::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_fine_is_paid_receipted_and_reconciled_on_sqlite() {
    the_thread(TestApp::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fine_is_paid_receipted_and_reconciled_on_postgres() {
    the_thread(TestApp::on_postgres().await).await;
}

async fn the_thread(app: TestApp) {
    let citizen = app.citizen().await;
    let data = citizen.anonymous().reads("{categories{slug name apps{slug kind}}}").await;
    let categories = data["categories"].as_array().unwrap();
    let apps: usize = categories.iter().map(|c| c["apps"].as_array().unwrap().len()).sum();
    assert_eq!((categories.len(), apps), (16, 153));

    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    assert_eq!(citizen.payment_status(&payment_no).await, "SUBMITTED");
    app.levers.pays(&payment_no).await;
    let payment = citizen.waits_for_receipt(&payment_no).await;
    assert_eq!(payment["status"], "PAID");
    assert_eq!(payment["notices"][0]["status"], "PAID");
    assert_eq!(payment["notices"][0]["writeOff"], "DONE");

    let receipt = &payment["receipts"][0];
    assert_eq!(receipt["amount"]["fen"], fen);
    verified(&citizen, receipt, true).await;
    let forged = json!({ "code": receipt["code"], "number": receipt["number"],
        "checkCode": "zzzzzz" });
    verified(&citizen, &forged, false).await;

    let gateway = app.levers.gateway_notice(&fine).await;
    assert_eq!(gateway["state"], "PAID", "{gateway}");
    assert_eq!(citizen.looks_up_violations().await[1]["notice"]["status"], "PAID");

    reconciled(&app, fen).await;
    seen_by_the_clerk(&app, &payment_no).await;
    app.finish().await;
}

async fn verified(citizen: &tests::citizen::Citizen, receipt: &serde_json::Value, valid: bool) {
    let query = "query($c:String!,$n:String!,$k:String!){verifyReceipt(code:$c,number:$n,\
                 checkCode:$k){valid receipt{number amount{fen}}}}";
    let asked = json!({ "c": receipt["code"], "n": receipt["number"], "k": receipt["checkCode"] });
    let answer = citizen.anonymous().ask(query, asked).await;
    assert_eq!(answer["data"]["verifyReceipt"]["valid"], valid, "{answer}");
    assert_eq!(answer["data"]["verifyReceipt"]["receipt"].is_null(), !valid);
}

/// Every line of the statement in exactly one bucket; debits equal credits.
async fn reconciled(app: &TestApp, fen: i64) {
    let day = date(2026, 3, 2);
    let store = &app.node.store;
    assert_eq!(store.find_day(day).await, None, "not before the next day");
    app.levers.tomorrow_at("10:00").await;
    let result = eventually("a reconciled day", || store.find_day(day)).await;
    assert_eq!(result.state, DayState::Matched);
    let all = result.tally(|_| true).unwrap();
    let matched = result.tally(|bucket| bucket == Bucket::Matched).unwrap();
    assert_eq!(all, (1, Fen::new(fen)));
    assert_eq!(all, matched, "each line in one bucket, and that is `matched`");
    assert_eq!((result.ledger_count, result.ledger_total), (1, Fen::new(fen)));
    assert_eq!(result.discrepancies, Vec::new());

    let journals = store.journals_of(Rail::WeChatPay, day).await.unwrap();
    let sum = |side| {
        let entries = journals.iter().flat_map(|journal| journal.entries().iter());
        Fen::sum(entries.filter(|e| e.side == side).map(|e| e.amount)).unwrap()
    };
    // The money, the agency's claim that it meets, and what the rail kept.
    assert_eq!(sum(Side::Debit), Fen::new(2 * fen + result.fee_total.value()));
    assert_eq!(sum(Side::Debit), sum(Side::Credit));
}

/// Short words for looking behind the door.
trait Days {
    async fn find_day(&self, day: jiff::civil::Date) -> Option<domain::reconciliation::DayResult>;
}

impl Days for adapters::store::Store {
    async fn find_day(&self, day: jiff::civil::Date) -> Option<domain::reconciliation::DayResult> {
        domain::reconciliation::DayBook::find(self, Rail::WeChatPay, day).await.unwrap()
    }
}

async fn seen_by_the_clerk(app: &TestApp, payment_no: &str) {
    let nobody = Console::nobody(app);
    assert_eq!(nobody.get("/staff/").await.0, 303, "not without signing in");
    let clerk = Console::of_first_clerk(app).await;
    let (status, days) = clerk.get("/staff/").await;
    assert_eq!(status, 200);
    assert!(days.contains("2026-03-02") && days.contains("已对平"), "{days}");
    let (status, day) = clerk.get("/staff/days/WECHAT_PAY/2026-03-02").await;
    assert_eq!(status, 200);
    assert!(day.contains(payment_no) && day.contains("没有差错"), "{day}");
    let (status, csv) = clerk.get("/staff/days/WECHAT_PAY/2026-03-02.csv").await;
    assert_eq!(status, 200);
    assert!(csv.starts_with('\u{feff}') && csv.contains(payment_no), "{csv}");
    assert_eq!(clerk.get("/staff/days/WECHAT_PAY/2026-03-01").await.0, 404);
    assert_eq!(clerk.get("/staff/days/CASH/today").await.0, 404);
}

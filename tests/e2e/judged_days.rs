//! Days that are judged by themselves: the ledger's export and the kept files through the matcher of four legs, to the desk.

use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use domain::reconciliation::desk::{
    DeskBook, Exception, ExceptionFilter, ExceptionState, LineVerdict, RuleBook, RunFacts, WORKER,
};
use domain::reconciliation::engine::Placed;
use domain::reconciliation::source::SourceStore;
use jiff::civil::{Date, date};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;
use std::collections::BTreeMap;
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::console::Console;
use tests::levers::eventually;

const DAY: Date = date(2026, 3, 2);

/// The latest run of a day, once it pleases.
async fn judged(app: &TestApp, day: Date, pleases: impl Fn(&RunFacts) -> bool) -> RunFacts {
    eventually("the day's run", || async {
        let runs = app.node.store.runs(day).await.unwrap();
        runs.into_iter().next().filter(|run| pleases(run))
    })
    .await
}

async fn exceptions(app: &TestApp, day: Date) -> Vec<Exception> {
    let of_day = ExceptionFilter { day: Some(day), ..ExceptionFilter::default() };
    app.node.store.exceptions(&of_day, None, 999).await.unwrap()
}

async fn open_codes(app: &TestApp, day: Date) -> Vec<&'static str> {
    let open = exceptions(app, day).await.into_iter().filter(|found| found.state.is_open());
    open.map(|found| found.is.code.words().0).collect()
}

/// How many lines of each file ended up where.
async fn placed(app: &TestApp, run: &RunFacts) -> BTreeMap<String, Vec<LineVerdict>> {
    let mut all = BTreeMap::new();
    for file in app.node.store.judged_files(run.day, run.number).await.unwrap() {
        let lines = app.node.store.line_verdicts(run.day, run.number, file.position, 1).await;
        let lines = lines.unwrap().into_iter().filter_map(LineVerdict::from_byte).collect();
        all.insert(file.file, lines);
    }
    all
}

/// One fine each by WeChat Pay, Alipay and UnionPay, all written off.
async fn three_rails(app: &TestApp) {
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment_no = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment_no).await;
    citizen.waits_for_receipt(&payment_no).await;
    for rail in ["ALIPAY", "UNIONPAY"] {
        let facts = app.levers.citizen().await;
        let id = facts["citizenId"].clone();
        let fine = app.levers.notice(id.as_str().unwrap(), json!({ "amountFen": 20_000 })).await;
        let citizen = Citizen::signs_in_by_phone(&app.node.base_url, &app.levers, facts).await;
        let mut wish = Citizen::wish(&fine, 20_000, &format!("key-{fine}"));
        wish["rail"] = rail.into();
        let started = citizen.starts(&wish).await;
        let payment_no = started["payment"]["paymentNo"].as_str().unwrap().to_owned();
        if rail == "ALIPAY" {
            let opened =
                json!({ "orderString": started["cashier"]["orderString"], "citizenId": id });
            app.levers.pull("alipay/app-cashier", opened).await;
            app.levers.pull(&format!("alipay/trades/{payment_no}/approve"), json!({})).await;
        } else {
            app.levers.pull(&format!("unionpay/orders/{payment_no}/approve"), json!({})).await;
        }
        citizen.waits_for_receipt(&payment_no).await;
    }
}

/// The truth of the outside world, beside what the desk says of it.
async fn agrees_with_the_truth(app: &TestApp, run: &RunFacts) {
    let truth = app.levers.look(&format!("truth?date={DAY}")).await;
    let placed = placed(app, run).await;
    for (platform, kind) in [
        ("wechat-pay", "WECHAT_TRADE"),
        ("alipay", "ALIPAY_TRADE"),
        ("unionpay", "UNIONPAY_SETTLEMENT"),
    ] {
        let moved = &truth["platforms"][platform];
        let happened = moved["payments"].as_array().unwrap().len()
            + moved["refunds"].as_array().unwrap().len();
        let (_, lines) = placed
            .iter()
            .find(|(file, _)| file.starts_with(kind))
            .unwrap_or_else(|| panic!("{kind} in {:?}", placed.keys()));
        let matched =
            lines.iter().filter(|line| **line == LineVerdict::Judged(Placed::Matched, None));
        assert_eq!(matched.count(), happened, "{platform}: {truth}");
        assert!(happened > 0, "{platform}: {truth}");
    }
}

async fn three_rails_are_judged_by_themselves(app: TestApp) {
    three_rails(&app).await;
    app.levers.tomorrow_at("10:00").await;
    // UnionPay's settlement days end at 23:00: its file of the day comes a day later.
    let first = judged(&app, DAY, |run| run.by == WORKER).await;
    assert!(first.holds && first.findings == 0, "{:?}", exceptions(&app, DAY).await);
    let clerk = Console::of(&app, "文员", &[StaffRole::Clerk]).await;
    let close = format!("/staff/desk/{DAY}/close");
    let (status, why) = clerk.post(&close, &[("reason", "日终")]).await.unwrap_err();
    assert!(status == 409 && why.contains("银联清算明细"), "{why}");
    app.levers.tomorrow_at("12:10").await;
    let whole = judged(&app, DAY, |run| run.number > first.number).await;
    assert!(whole.holds && whole.findings == 0, "{:?}", exceptions(&app, DAY).await);
    agrees_with_the_truth(&app, &whole).await;
    // A session of staff does not last over night.
    let clerk = Console::of(&app, "早班文员", &[StaffRole::Clerk]).await;
    let (status, page) = clerk.get(&format!("/staff/desk/{DAY}")).await;
    assert!(status == 200 && page.contains("可关账"), "{page}");
    assert!(clerk.post(&close, &[("reason", "日终")]).await.is_ok());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_three_rails_is_judged_without_a_finding_and_as_the_truth_has_it() {
    three_rails_are_judged_by_themselves(TestApp::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_is_on_postgres() {
    three_rails_are_judged_by_themselves(TestApp::on_postgres().await).await;
}

async fn two_fines(app: &TestApp) {
    let citizen = app.citizen().await;
    let (fine, fen) = citizen.finds_fine().await;
    let id = citizen.facts["citizenId"].as_str().unwrap();
    let other = app.levers.notice(id, json!({ "amountFen": 15_000 })).await;
    for (no, fen) in [(fine, fen), (other, 15_000)] {
        let payment_no = citizen.starts_paying(&no, fen).await;
        app.levers.pays(&payment_no).await;
        citizen.waits_for_receipt(&payment_no).await;
    }
}

/// Faults of a bill, each with the codes that the desk must open and no other.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_bill_opens_exceptions_with_its_lines() {
    for (fault, codes) in [
        ("truncated", vec!["F02"]),
        ("wrong-totals", vec!["F03"]),
        ("duplicate-line", vec!["F04"]),
        ("drop-line", vec!["L03"]),
        ("extra-line", vec!["L01"]),
        ("bad-line", vec!["F05", "L03"]),
    ] {
        let app = TestApp::start().await;
        two_fines(&app).await;
        app.levers.pull("bills", json!({ "date": "2026-03-02", "fault": fault })).await;
        app.levers.tomorrow_at("11:10").await;
        let run = judged(&app, DAY, |run| run.findings > 0).await;
        assert!(run.holds, "{fault}: {}", run.summary);
        let mut found = open_codes(&app, DAY).await;
        found.sort_unstable();
        assert_eq!(found, codes, "{fault}: {:?}", exceptions(&app, DAY).await);
        let one = exceptions(&app, DAY).await.remove(0);
        let legs = app.node.store.legs(&one.no).await.unwrap();
        let of_a_file = ["F02", "F03"].contains(&one.is.code.words().0);
        assert_eq!(legs.is_empty(), of_a_file, "{fault}: {legs:?}");
        app.node.stop().await;
        app.mocks.stop().await;
    }
}

/// A mended line is judged, and what hung on it is over without anybody's click.
#[tokio::test(flavor = "multi_thread")]
async fn a_mended_line_ends_what_it_had_caused() {
    let app = TestApp::start().await;
    two_fines(&app).await;
    app.levers.pull("bills", json!({ "date": "2026-03-02", "fault": "bad-line" })).await;
    app.levers.tomorrow_at("10:00").await;
    judged(&app, DAY, |run| run.findings == 2).await;
    let clerk = Console::of(&app, "文员", &[StaffRole::Clerk]).await;
    let open = SourceStore::list_open_lines(&app.node.store, 9).await.unwrap();
    let (file, line) = (open[0].file.to_string(), open[0].line_no.to_string());
    let mended = format!("`2026-03-02 10:05:00,{}", open[0].raw.split_once(',').unwrap().1);
    let fields = [
        ("file", file.as_str()),
        ("line", &line),
        ("text", &mended),
        ("do", "repair"),
        ("reason", "微信支付回函"),
    ];
    clerk.post("/staff/lines", &fields).await.unwrap();
    let run = judged(&app, DAY, |run| run.findings == 0).await;
    assert!(run.holds);
    let states: Vec<_> = exceptions(&app, DAY).await.into_iter().map(|found| found.state).collect();
    assert_eq!(states, [ExceptionState::Resolved, ExceptionState::Resolved]);
    app.finish().await;
}

/// What two persons agreed to about rules, after they saw what it would have changed.
#[tokio::test(flavor = "multi_thread")]
async fn other_rules_are_tried_on_closed_days_and_come_into_force_by_others() {
    other_rules(TestApp::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_change_the_same_way_on_postgres() {
    other_rules(TestApp::on_postgres().await).await;
}

async fn other_rules(app: TestApp) {
    two_fines(&app).await;
    app.levers.tomorrow_at("12:10").await;
    judged(&app, DAY, |run| run.findings == 0).await;
    app.levers.tomorrow_at("12:10").await;
    let clerk = Console::of(&app, "文员", &[StaffRole::Clerk]).await;
    let checker = Console::of(&app, "复核员", &[StaffRole::Checker]).await;
    let finance = StaffRole::Finance(FinanceLevel::Province);
    let finance = Console::of(&app, "财政员", &[finance]).await;
    let decides = async |who: &Console, path: &str, word: &str| {
        let (_, page) = who.get(path).await;
        let digest = page.split("name=\"digest\" value=\"").nth(1).unwrap_or_default();
        let digest = digest.split('"').next().unwrap_or_default().to_owned();
        who.post(path, &[("do", word), ("digest", &digest), ("reason", "同意")]).await
    };
    // The day is closed.
    let close = format!("/staff/desk/{DAY}/close");
    let closing = eventually("a day that can be closed", || async {
        clerk.post(&close, &[("reason", "日终")]).await.ok()
    })
    .await;
    decides(&checker, &closing, "APPROVE").await.unwrap();
    decides(&clerk, &closing, "DAY").await.unwrap();
    // Rules that are none, that are the same, and of somebody who may not.
    let (status, page) = clerk.get("/staff/rules").await;
    assert!(status == 200 && page.contains("fee_ppm.WECHAT_PAY=6000"), "{page}");
    let wish = |rules: &'static str| [("rules", rules), ("reason", "与渠道签了新费率")];
    let (status, why) =
        clerk.post("/staff/rules", &wish("fee_ppm.CASH=1\ncut_minutes=x")).await.unwrap_err();
    assert!(status == 400 && why.contains("第1行") && why.contains("第2行"), "{why}");
    assert_eq!(clerk.post("/staff/rules", &wish("cut_minutes=10")).await.unwrap_err().0, 400);
    let auditor = Console::of(&app, "审计员", &[StaffRole::Auditor]).await;
    let cheaper = wish("fee_ppm.WECHAT_PAY=5000");
    assert_eq!(auditor.post("/staff/rules", &cheaper).await.unwrap_err().0, 403);
    let proposal = clerk.post("/staff/rules", &cheaper).await.unwrap();
    let (_, page) = checker.get(&proposal).await;
    assert!(page.contains("差错0条变为2条") && page.contains("新增 C01"), "{page}");
    assert_eq!(decides(&clerk, &proposal, "APPROVE").await.unwrap_err().0, 403, "its maker");
    decides(&checker, &proposal, "APPROVE").await.unwrap();
    assert_eq!(decides(&clerk, &proposal, "RULES").await.unwrap_err().0, 409, "one is not enough");
    decides(&finance, &proposal, "APPROVE").await.unwrap();
    assert_eq!(decides(&clerk, &proposal, "RULES").await.unwrap(), "/staff/rules");
    assert_eq!(decides(&clerk, &proposal, "RULES").await.unwrap_err().0, 409, "once");
    let set = app.node.store.in_force().await.unwrap();
    assert_eq!(set.version, 1);
    assert_eq!(set.rules.fee_ppm[&domain::payment::Rail::WeChatPay], 5_000);
    assert!(open_codes(&app, DAY).await.is_empty(), "a closed day stays as it was");
    let database = Database::connect(&app.database_url).await.unwrap();
    for sql in [
        "UPDATE desk_rule SET rules = 'x'",
        "DELETE FROM desk_rule",
        "INSERT INTO desk_rule SELECT 2, rules, proposal_no, at FROM desk_rule",
    ] {
        assert!(database.execute_unprepared(sql).await.is_err(), "{sql}");
    }
    database.close().await.unwrap();
    // The next day is judged by them.
    let today = date(2026, 3, 4);
    two_fines(&app).await;
    app.levers.tomorrow_at("10:00").await;
    let run = judged(&app, today, |run| run.findings > 0).await;
    assert!(run.holds);
    assert_eq!(open_codes(&app, today).await, ["C01", "C01"]);
    app.finish().await;
}

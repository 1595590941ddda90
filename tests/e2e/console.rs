//! The console over HTTP: who gets in, which forms count, and a day from its files to its seal.

use adapters::day_files::Detail;
use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use domain::reconciliation::desk::{ExceptionFilter, FileRun};
use std::sync::Arc;
use tests::app::{Folder, TestApp};
use tests::console::{Console, Keys, enrolled};
use tests::planted::{paths, plant};

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_all_three_stays_out_and_a_code_is_used_once() {
    let app = TestApp::start().await;
    let keys = enrolled(&app, "复核员", &[StaffRole::Checker]).await;
    let mut somebody = Console::nobody(&app);
    let wrong = [
        Keys { name: "没有这个人".to_owned(), ..keys.clone() },
        Keys { password: "x".to_owned(), ..keys.clone() },
        Keys { secret: "A".repeat(32), ..keys.clone() },
    ];
    for keys in &wrong {
        assert_eq!(somebody.sign_in(keys, 0).await, 401);
        assert_eq!(somebody.get("/staff/").await.0, 303);
    }
    assert_eq!(somebody.sign_in(&keys, 0).await, 303);
    assert_eq!(somebody.get("/staff/").await.0, 200);
    let mut other = Console::nobody(&app);
    assert_eq!(other.sign_in(&keys, 0).await, 401, "the code was used");
    assert_eq!(other.sign_in(&keys, -1).await, 401, "so are those before it");
    assert_eq!(other.sign_in(&keys, 1).await, 303);
    // Ten wrong ones, and even the right one waits.
    let guessed = enrolled(&app, "被猜的", &[StaffRole::Clerk]).await;
    let guess = Keys { secret: "B".repeat(32), ..guessed.clone() };
    for _ in 0..10 {
        assert_eq!(other.sign_in(&guess, 0).await, 401);
    }
    let mut late = Console::nobody(&app);
    assert_eq!(late.sign_in(&guessed, 0).await, 401);
    assert_eq!(late.get("/staff/").await.0, 303);
    // An account that never got a second factor stays out here.
    let desk = tests::desk::Desk::of(&app, "没有口令", &[StaffRole::Clerk]).await;
    assert!(desk.token.is_some());
    let keys =
        Keys {
            name: "没有口令".to_owned(), password: tests::desk::PASSWORD.to_owned(), ..keys
        };
    assert_eq!(late.sign_in(&keys, 0).await, 401);
    // Whoever signs out is out, with the old cookie too.
    let left = somebody.post("/staff/sign-out", &[]).await;
    assert_eq!(left.unwrap(), "/staff/sign-in");
    assert_eq!(somebody.get("/staff/").await.0, 303);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_from_elsewhere_and_accounts_of_other_desks_are_refused() {
    let app = TestApp::start().await;
    let clerk = Console::of(&app, "文员", &[StaffRole::Clerk]).await;
    let other = Console::of(&app, "复核员", &[StaffRole::Checker]).await;
    let (mark, others) = (clerk.mark().await, other.mark().await);
    assert_ne!(mark, others);
    let own = app.node.base_url.clone();
    for (mark, origin) in [
        ("", None),
        (others.as_str(), Some(own.as_str())),
        (mark.as_str(), Some("https://evil.example")),
        (mark.as_str(), Some("null")),
    ] {
        for path in ["/staff/exceptions", "/staff/proposals/TA1", "/staff/desk/2026-09-30/close"] {
            assert_eq!(clerk.forges(path, mark, origin).await, 403, "{path} {origin:?}");
        }
    }
    assert_eq!(clerk.forges("/staff/proposals/TA1", &mark, Some(&own)).await, 400, "its own form");
    let editor = Console::of(&app, "编辑", &[StaffRole::Editor]).await;
    let (status, page) = editor.get("/staff/").await;
    assert_eq!(status, 403);
    assert!(page.contains("没有对账工作台的岗位"), "{page}");
    for path in
        ["/staff/desk/2026-09-30", "/staff/exceptions/DZ1", "/staff/proposals/TA1", "/staff/desk/x"]
    {
        assert_eq!(clerk.get(path).await.0, 404, "{path}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_day_is_worked_off_closed_sealed_and_exported() {
    let app = TestApp::start().await;
    let folder = Folder::fresh();
    plant(11, &folder.0);
    let judged = adapters::day_files::judge(&paths(&folder.0), Detail::Filed).unwrap();
    let day = judged.rules.day;
    let run = adapters::day_files::as_run(&judged, domain::fakes::samples::at(10), "test");
    let book = Arc::new(app.node.store.clone());
    FileRun { book: book.clone() }.run(&run).await.unwrap();
    let clerk = Console::of(&app, "文员", &[StaffRole::Clerk]).await;
    let checker = Console::of(&app, "复核员", &[StaffRole::Checker]).await;
    let finance = StaffRole::Finance(FinanceLevel::Province);
    let finance = Console::of(&app, "财政员", &[finance]).await;

    let (status, page) = clerk.get(&format!("/staff/desk/{day}")).await;
    assert_eq!(status, 200);
    assert!(page.contains("恒等式") && page.contains("全部成立"), "{page}");
    let refused = clerk.post(&format!("/staff/desk/{day}/close"), &[("reason", "日终")]).await;
    assert_eq!(refused.unwrap_err().0, 409, "files are missing, nobody has the rest");
    // Everything at once, by the first action that each code has.
    let filter = ExceptionFilter { day: Some(day), ..ExceptionFilter::default() };
    let all = domain::reconciliation::desk::DeskBook::exceptions(&*book, &filter, None, 9_999);
    let all = all.await.unwrap();
    let files: Vec<_> =
        all.iter().filter(|one| ["F01", "F02", "F03"].contains(&one.is.code.words().0)).collect();
    assert!(!files.is_empty());
    let pick =
        |one: &domain::reconciliation::desk::Exception| format!("{}:{}", one.no, one.revision);
    let picks: Vec<String> = all.iter().map(pick).collect();
    let mut fields: Vec<(&str, &str)> = picks.iter().map(|pick| ("pick", pick.as_str())).collect();
    fields.push(("do", "take"));
    fields.push(("back", "/staff/list"));
    assert_eq!(clerk.post("/staff/exceptions", &fields).await.unwrap(), "/staff/list");
    let stale = clerk.post("/staff/exceptions", &fields).await.unwrap_err();
    assert_eq!(stale.0, 409);
    assert!(stale.1.contains("请刷新后重新核对"), "{}", stale.1);
    // Two agree to go on without the files.
    let picks: Vec<String> =
        files.iter().map(|one| format!("{}:{}", one.no, one.revision + 1)).collect();
    let mut fields: Vec<(&str, &str)> = picks.iter().map(|pick| ("pick", pick.as_str())).collect();
    fields.extend([("do", "propose"), ("action", "ACCEPT"), ("reason", "渠道停机，文件无法补发")]);
    let proposal = clerk.post("/staff/exceptions", &fields).await.unwrap();
    let decide = async |who: &Console, word: &str| {
        let (_, page) = who.get(&proposal).await;
        let digest = page.split("name=\"digest\" value=\"").nth(1);
        let digest =
            digest.map_or(String::new(), |rest| rest.split('"').next().unwrap().to_owned());
        who.post(
            &proposal,
            &[("do", word), ("digest", &digest), ("reason", "同意"), ("reference", "记1")],
        )
        .await
    };
    assert_eq!(decide(&clerk, "APPROVE").await.unwrap_err().0, 403);
    decide(&checker, "APPROVE").await.unwrap();
    if clerk.get(&proposal).await.1.contains("（1/2）") {
        decide(&finance, "APPROVE").await.unwrap();
    }
    decide(&clerk, "EXECUTE").await.unwrap();
    // The day is closed by another person's agreement, and sealed.
    let closing =
        clerk.post(&format!("/staff/desk/{day}/close"), &[("reason", "日终")]).await.unwrap();
    let (_, page) = checker.get(&closing).await;
    let digest = page.split("name=\"digest\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let agreed = checker.post(&closing, &[("do", "APPROVE"), ("digest", digest)]).await;
    assert_eq!(agreed.unwrap(), closing);
    let sealed = clerk.post(&closing, &[("do", "DAY")]).await.unwrap();
    let (_, page) = clerk.get(&sealed).await;
    assert!(page.contains("封存第1号") && page.contains("已关账"), "{page}");
    let heads = std::fs::read_to_string(app.key_file("seal-heads.txt")).unwrap();
    let report = app.node.store.verify_audit(&heads).await.unwrap();
    assert_eq!((report.faults, report.seals, report.heads), (vec![], 1, 1));
    let (status, csv) = clerk.get(&format!("/staff/desk/{day}.csv")).await;
    assert_eq!((status, csv.lines().count()), (200, all.len() + 1));
    let found = clerk.get(&format!("/staff/list?q={}", &all[0].no)).await.1;
    assert!(found.contains(&all[0].no), "{found}");
    let (_, page) = clerk.get(&format!("/staff/exceptions/{}", all[0].no)).await;
    assert!(page.contains("热线答复") && page.contains("对账发现"), "{page}");
    personal_data_is_shown_to_who_says_why(&app, &clerk, &all).await;
    the_verdict_of_a_line_is_told(&clerk, day).await;
    app.finish().await;
}

async fn personal_data_is_shown_to_who_says_why(
    app: &TestApp,
    clerk: &Console,
    all: &[domain::reconciliation::desk::Exception],
) {
    let book = &app.node.store;
    let (mut no, mut openid) = (String::new(), String::new());
    for exception in all.iter().filter(|one| one.is.rail == "WECHAT_PAY") {
        let legs = domain::reconciliation::desk::DeskBook::legs(book, &exception.no).await.unwrap();
        if let Some(part) = legs.iter().flat_map(|leg| &leg.personal).find(|part| part.len() > 9) {
            (no, openid) = (exception.no.clone(), part.clone());
        }
    }
    assert!(!openid.is_empty(), "a line of the bill has an openid");
    let (_, page) = clerk.get(&format!("/staff/exceptions/{no}")).await;
    assert!(page.contains("各方记录") && !page.contains(&openid), "{page}");
    let look = format!("/staff/exceptions/{no}/look");
    assert_eq!(clerk.post(&look, &[("reason", " ")]).await.unwrap_err().0, 400);
    let (status, page) = clerk.post(&look, &[("reason", "市民来电")]).await.unwrap_err();
    assert!(status == 200 && page.contains(&openid), "{page}");
    let noted =
        app.counts("audit_entry WHERE act = 'EXCEPTION_LOOK' AND detail = '市民来电'").await;
    assert_eq!(noted, 1);
    let mark = clerk.mark().await;
    assert_eq!(clerk.forges(&look, &mark, Some("https://evil.example")).await, 403);
}

async fn the_verdict_of_a_line_is_told(clerk: &Console, day: jiff::civil::Date) {
    let line =
        |file: u32, line: &str| format!("/staff/desk/{day}/line?run=1&file={file}&line={line}");
    let (status, page) = clerk.get(&line(1, "1")).await;
    assert!(status == 200 && page.contains("不是明细"), "the header: {page}");
    let (status, page) = clerk.get(&line(1, "2")).await;
    assert!(status == 200 && page.contains("第1次对账") && !page.contains("不是明细"), "{page}");
    for (path, expected) in [(line(1, "0"), 400), (line(1, "x"), 400), (line(99, "2"), 404)] {
        assert_eq!(clerk.get(&path).await.0, expected, "{path}");
    }
}

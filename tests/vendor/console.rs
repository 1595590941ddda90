//! The clerk's day in headless Chromium, from the keyboard alone: a planted day is worked off, another person agrees, the
//! next day's file proves a refund, the day is closed, sealed and exported. axe on every page; pictures of each.

use crate::portal::{install, run};
use adapters::day_files::Detail;
use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use domain::reconciliation::desk::{
    DeskBook as _, ExceptionFilter, ExceptionState, FileRun, NewRun, Proof, Seen,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tests::app::{Folder, TestApp};
use tests::console::{Keys, enrolled};
use tests::planted::{paths, plant};

/// One of each kind that a clerk settles, and the three of whole files that stand against closing.
const CODES: [&str; 28] = [
    "F01", "F02", "F03", "F04", "F05", "L01", "L02", "L03", "L04", "L05", "L06", "L07", "L08",
    "L09", "L10", "L11", "R01", "R02", "R03", "R04", "R05", "C01", "B01", "B02", "B03", "B04",
    "A01", "A02",
];

async fn phase(app: &TestApp, pictures: &Path, staff: &Folder, phase: &str, checks: usize) {
    let file = staff.0.join("staff.json");
    let args = [
        "clerk.mjs".to_owned(),
        app.node.base_url.clone(),
        pictures.to_str().unwrap().to_owned(),
        file.to_str().unwrap().to_owned(),
        phase.to_owned(),
    ];
    let output = run("node", args.to_vec()).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().last(), Some(format!("checks: {checks}").as_str()), "{said}");
}

fn kept_in() -> Option<PathBuf> {
    std::env::var_os("YIWANG_PICTURES").map(PathBuf::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_closes_a_day_from_the_keyboard_alone() {
    install().await;
    let (app, staff) = (TestApp::start().await, Folder::fresh());
    let pictures = kept_in().unwrap_or_else(|| staff.0.join("pictures"));
    std::fs::create_dir_all(&pictures).unwrap();
    plant(11, &staff.0);
    let judged = adapters::day_files::judge(&paths(&staff.0), Detail::Filed).unwrap();
    let day = judged.rules.day;
    let book = Arc::new(app.node.store.clone());
    let file = FileRun { book: book.clone() };
    let first = adapters::day_files::as_run(&judged, domain::fakes::samples::at(10), "夜间对账");
    file.run(&first).await.unwrap();
    let finance = StaffRole::Finance(FinanceLevel::Province);
    let mut keys = serde_json::Map::new();
    for (who, name, role) in [
        ("clerk", "李文", StaffRole::Clerk),
        ("checker", "王核", StaffRole::Checker),
        ("finance", "赵财", finance),
    ] {
        let Keys { name, password, secret } = enrolled(&app, name, &[role]).await;
        keys.insert(
            who.to_owned(),
            json!({ "name": name, "password": password, "secret": secret }),
        );
    }
    let body = json!({ "day": day.to_string(), "staff": keys, "codes": CODES });
    std::fs::write(staff.0.join("staff.json"), body.to_string()).unwrap();
    phase(&app, &pictures, &staff, "1", 10).await;

    // The next day's file shows the refund of the second transaction; the desk learns it by the next run.
    let executed = ExceptionFilter {
        day: Some(day),
        states: vec![ExceptionState::Executed],
        code: Some("L07".to_owned()),
        ..ExceptionFilter::default()
    };
    let waiting = book.exceptions(&executed, None, 9).await.unwrap();
    let refunded = waiting.first().expect("a refund waits for its proof");
    let seen = Seen {
        proof: Proof::Refund,
        subject: refunded.is.order_no.clone(),
        txn_no: "50300000012026100100000000001".to_owned(),
        amount: refunded.is.at_risk,
        reference: "50300000012026100100000000001".to_owned(),
    };
    let next = NewRun {
        day: day.tomorrow().unwrap(),
        findings: Vec::new(),
        seen: vec![seen],
        at: domain::fakes::samples::at(86_410),
        ..first
    };
    file.run(&next).await.unwrap();
    phase(&app, &pictures, &staff, "2", 3).await;

    let taken = std::fs::read_dir(&pictures).unwrap().map(|file| file.unwrap());
    let shots: Vec<_> =
        taken.filter(|file| file.file_name().to_string_lossy().ends_with(".png")).collect();
    assert_eq!(shots.len(), 13);
    assert!(shots.iter().all(|shot| shot.metadata().unwrap().len() > 5_000));
    let heads = std::fs::read_to_string(app.key_file("seal-heads.txt")).unwrap();
    let report = app.node.store.verify_audit(&heads).await.unwrap();
    assert_eq!((report.faults, report.seals), (vec![], 1));
    app.finish().await;
}

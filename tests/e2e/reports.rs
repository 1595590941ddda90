//! Reports of a day on which somebody paid: the page, files, GraphQL and the command say the same.

use domain::clock::beijing_day;
use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use jiff::Timestamp;
use serde_json::Value;
use std::io::Read as _;
use std::process::Command;
use tests::app::{Folder, START_MS, TestApp};
use tests::console::Console;
use tests::desk::Desk;
use tests::node::binary;

fn texts(xlsx: &[u8]) -> String {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(xlsx)).unwrap();
    let mut text = String::new();
    zip.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_fine_is_in_every_report_and_all_of_them_agree() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    citizen.proves_name().await;
    let (fine, fen) = citizen.finds_fine().await;
    let payment = citizen.starts_paying(&fine, fen).await;
    app.levers.pays(&payment).await;
    citizen.waits_for(&payment, "PAID").await;
    let day = beijing_day(Timestamp::from_millisecond(START_MS).unwrap()).to_string();
    let span = format!("first={day}&last={day}");

    let finance = StaffRole::Finance(FinanceLevel::Province);
    let console = Console::of(&app, "财政员", std::slice::from_ref(&finance)).await;
    let (status, page) = console.get(&format!("/staff/reports?{span}")).await;
    assert_eq!(status, 200);
    assert!(page.contains("相符") && page.contains("按资金去向与分成"), "{page}");
    let (_, csv) = console.get(&format!("/staff/reports/summary.csv?{span}")).await;
    let rail = csv.lines().find(|line| line.starts_with("按支付渠道")).unwrap();
    let cells: Vec<&str> = rail.split(',').collect();
    assert_eq!((cells[1], cells[3]), ("WECHAT_PAY", "1"), "{csv}");
    assert!(page.contains(cells[4]), "the page has {} too", cells[4]);
    let (_, unsettled) = console.get(&format!("/staff/reports/unsettled.csv?{span}")).await;
    assert!(unsettled.starts_with("\u{feff}订单号,"), "{unsettled}");
    for wrong in ["/staff/reports?first=x", "/staff/reports?first=2026-02-01&last=2026-01-01"] {
        assert_eq!(console.get(wrong).await.0, 400, "{wrong}");
    }
    for none in ["/staff/reports/moon.csv", "/staff/reports/summary.pdf"] {
        assert_eq!(console.get(none).await.0, 404, "{none}");
    }
    let nobody = Console::nobody(&app);
    assert_eq!(nobody.get(&format!("/staff/reports/summary.csv?{span}")).await.0, 303);

    // The same by GraphQL.
    let desk = Desk::of(&app, "财政二", &[finance]).await;
    let asked = format!(
        "{{settlementSummary(from:\"{day}\",to:\"{day}\"){{addsUp taken rows{{by key paidCount paid net}}}} \
         unsettledPayments(from:\"{day}\",to:\"{day}\"){{nodes{{paymentNo}} hasNextPage}}}}"
    );
    let found = desk.reads(&asked).await;
    let summary = &found["settlementSummary"];
    assert_eq!(summary["addsUp"], true);
    let rows = summary["rows"].as_array().unwrap();
    let by_rail = rows.iter().find(|row| row["by"] == "RAIL").unwrap();
    assert_eq!((&by_rail["key"], &by_rail["paidCount"]), (&Value::from("WECHAT_PAY"), &"1".into()));
    let editor = Desk::of(&app, "编辑", &[StaffRole::Editor]).await;
    let refused = editor.asks(&asked, Value::Null).await;
    assert!(refused["errors"].to_string().contains("NOT_ALLOWED"), "{refused}");

    // The same by the command, in both formats.
    let folder = Folder::fresh();
    for ending in ["csv", "xlsx"] {
        let out = folder.0.join(format!("report.{ending}"));
        let done = Command::new(binary("bff"))
            .env_clear()
            .env("YIWANG_DATABASE_URL", &app.database_url)
            .env("YIWANG_KEY_DIR", app.key_file(""))
            .args(["export", "summary", "--from", &day, "--out"])
            .arg(&out)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let bytes = std::fs::read(&out).unwrap();
        if ending == "csv" {
            assert_eq!(String::from_utf8(bytes).unwrap(), csv);
        } else {
            assert!(texts(&bytes).contains("WECHAT_PAY"));
        }
    }
    let (status, downloaded) = console.bytes(&format!("/staff/reports/summary.xlsx?{span}")).await;
    assert_eq!(status, 200);
    assert!(texts(&downloaded).contains("WECHAT_PAY"));
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing half written stays");
    app.finish().await;
}

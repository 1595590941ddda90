//! 摇号: committed to before, drawn again by anybody.

use super::{back, start};
use serde_json::{Value, json};
use std::process::Command;
use tests::app::{Folder, TestApp};
use tests::kept_case::KeptCase;
use tests::levers::eventually;

const LOTTERY: &str = "passenger_car_lottery";

#[tokio::test(flavor = "multi_thread")]
async fn a_draw_is_committed_to_before_and_anybody_can_do_it_again() {
    let apps = apps_with_small_quotas();
    let app = TestApp::with_settings(&[("YIWANG_APPS_DIR", apps.0.to_str().unwrap())]).await;
    let citizen = app.citizen().await;
    for number in 0..30 {
        let pool = if number % 10 == 0 { "单位普通" } else { "个人普通" };
        let entrant = KeptCase { pool, ..KeptCase::done(LOTTERY, start()) };
        entrant.of(&app.node.store, &citizen).await;
    }
    eventually("all take part", || async {
        (app.counts("lottery_entry").await == 30).then_some(())
    })
    .await;
    let draw = "{lotteryDraw(app:\"passenger_car_lottery\",issue:\"202603\"){issue eligible \
                pools{name quota} listDigest commitment publicDay textsUrl \
                result{secret publicValue seed winning}}}";
    assert_eq!(citizen.anonymous().reads(draw).await["lotteryDraw"], Value::Null);
    app.levers.pull("clock", json!({"set": "2026-03-25T12:00:05+08:00"})).await;
    let committed = eventually("a commitment", || async {
        let draw = citizen.anonymous().reads(draw).await["lotteryDraw"].clone();
        (!draw.is_null()).then_some(draw)
    })
    .await;
    assert_eq!((&committed["eligible"], &committed["result"]), (&json!(30), &Value::Null));
    assert_eq!(committed["publicDay"], "2026-03-25");
    let url = committed["textsUrl"].as_str().unwrap().trim_end_matches('/').to_owned();
    let scanned =
        format!("{{resolveScan(text:\"{url}/draw.txt\"){{... on LotteryDraw{{issue}}}}}}");
    let scanned = citizen.anonymous().reads(&scanned).await;
    assert_eq!(scanned["resolveScan"], json!({ "issue": "202603" }));
    let http = tests::levers::Http::default();
    let (status, text) = http.get(&format!("{url}/draw.txt"), &[]).await;
    assert_eq!(status, 200);
    assert!(!text.contains("secret=") && text.contains("commitment="), "{text}");
    assert_eq!(http.get(&format!("{url}/winners.txt"), &[]).await, (200, String::new()));
    assert_eq!(http.get(&format!("{url}/other.txt"), &[]).await.0, 404);

    app.levers.pull("clock", json!({"set": "2026-03-26T10:00:05+08:00"})).await;
    let drawn = eventually("a result", || async {
        let draw = citizen.anonymous().reads(draw).await["lotteryDraw"].clone();
        (!draw["result"].is_null()).then_some(draw)
    })
    .await;
    assert_eq!(drawn["commitment"], committed["commitment"]);
    assert_eq!(drawn["result"]["winning"], 6, "as many as the quotas have");
    let checked = Command::new("python3").arg(SCRIPT).arg(&url).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{said} {}", String::from_utf8_lossy(&checked.stderr));
    assert_eq!(said.trim(), "right: 30 took part, 6 won");

    let folder = Folder::fresh();
    for name in ["draw.txt", "eligible.txt", "winners.txt"] {
        let (_, text) = http.get(&format!("{url}/{name}"), &[]).await;
        std::fs::write(folder.0.join(name), &text).unwrap();
    }
    let winners = std::fs::read_to_string(folder.0.join("winners.txt")).unwrap();
    let told = app.counts("message_event WHERE kind = 'LOTTERY_WON'").await;
    assert_eq!((winners.lines().count(), told), (6, 6), "winners hear of it");
    let turned: Vec<&str> = winners.lines().rev().collect();
    std::fs::write(folder.0.join("winners.txt"), turned.join("\n") + "\n").unwrap();
    let checked = Command::new("python3").arg(SCRIPT).arg(&folder.0).output().unwrap();
    assert!(!checked.status.success(), "other winners are noticed");

    let citizen = back(&app, &citizen).await;
    let query =
        "{viewer{cases(first:100){nodes{lottery{applicationCode lost standing lastIssue}}}}}";
    let own = citizen.reads(query).await["viewer"]["cases"]["nodes"].clone();
    let own = own.as_array().unwrap();
    for entry in own.iter().map(|case| &case["lottery"]) {
        let code = entry["applicationCode"].as_str().unwrap();
        let won = winners.lines().any(|line| line.ends_with(code));
        let (standing, lost) = if won { ("WON", 0) } else { ("LOST", 1) };
        assert_eq!((&entry["standing"], &entry["lost"]), (&json!(standing), &json!(lost)));
        assert_eq!(entry["lastIssue"], "202603");
    }
    assert_eq!(own.len(), 30);
    app.finish().await;
}

/// The apps as they are, but for the quotas: five and one win.
fn apps_with_small_quotas() -> Folder {
    let folder = Folder::fresh();
    let from = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/apps"));
    copy(from, &folder.0);
    let file = folder.0.join("transport_travel/passenger_car_lottery.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let small = text.replace("quota = 4693", "quota = 5").replace("quota = 640", "quota = 1");
    assert_ne!(small, text);
    std::fs::write(file, small).unwrap();
    folder
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/lottery_check.py");

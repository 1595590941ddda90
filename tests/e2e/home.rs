//! The home page: everything in one query, and what hangs leaves only its own part out.

use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::home_page::{busy, page};

/// Sections of the store: the table that each needs, and its name for the citizen.
const STORED: [(&str, &str, &str); 5] = [
    ("favourites", "favourite_app", "收藏的应用"),
    ("recent", "recent_app", "最近使用"),
    ("cases", "case_file", "办件"),
    ("bookings", "booking", "预约"),
    ("messages", "message", "消息"),
];

fn slugs(apps: &Value) -> Vec<&str> {
    let apps = apps.as_array().unwrap_or_else(|| panic!("apps: {apps}"));
    apps.iter().map(|app| app["slug"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_query_gives_the_whole_page() {
    let app = TestApp::start().await;
    let (citizen, made) = busy(&app).await;
    let home = page(&citizen, Some("330100"), false).await;
    assert_eq!(home["categories"].as_array().unwrap().len(), 16);
    let hot = slugs(&home["hot"]);
    assert_eq!((hot.len(), hot[0], hot[9]), (10, "personal_social_insurance", "metro_ticket"));
    assert_eq!(home["hot"][4]["availability"]["status"], "OPEN", "{home}");
    assert_eq!(slugs(&home["favourites"]["apps"]), ["weather_forecast"]);
    let recent = ["museum_booking", "pollution_complaint", "traffic_violation_query"];
    assert_eq!(slugs(&home["recent"]["apps"]), recent, "the last first");
    let nodes = home["notices"]["nodes"].as_array().unwrap();
    let nodes: Vec<_> = nodes.iter().map(|node| node["noticeNo"].as_str().unwrap()).collect();
    assert_eq!(nodes, made.notices.iter().take(5).map(String::as_str).collect::<Vec<_>>());
    assert!(nodes.len() >= 3, "{nodes:?}");
    let cases = home["cases"]["nodes"].as_array().unwrap();
    assert_eq!(cases.len(), 1, "{home}");
    assert_eq!((&cases[0]["caseNo"], &cases[0]["status"]), (&json!(made.case), &json!("ACCEPTED")));
    let bookings = home["bookings"]["nodes"].as_array().unwrap();
    assert_eq!(bookings.len(), 1, "{home}");
    assert_eq!(bookings[0]["bookingNo"], made.booking.as_str());
    let messages = &home["messages"];
    assert_eq!(messages["unread"], 2);
    let groups: Vec<_> =
        messages["nodes"].as_array().unwrap().iter().map(|m| &m["group"]).collect();
    assert_eq!(groups, ["BOOKINGS", "CASES"], "the newest first");
    assert_eq!((&home["textClass"], &home["elder"]), (&json!("NORMAL"), &Value::Null));

    let nobody = page(&citizen.anonymous(), None, false).await;
    assert_eq!(nobody["categories"].as_array().unwrap().len(), 16);
    for own in ["favourites", "recent", "notices", "cases", "bookings", "messages"] {
        assert!(nobody[own].is_null(), "{own}: {nobody}");
    }
    let other = page(&app.citizen().await, None, false).await;
    for own in ["cases", "bookings", "messages"] {
        assert_eq!(other[own]["nodes"], json!([]), "another's {own}: {other}");
    }
    assert_eq!(other["messages"]["unread"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_or_read_leaves_the_page() {
    let app = TestApp::start().await;
    let (citizen, made) = busy(&app).await;
    let given_back = json!({ "bookingNo": made.booking });
    citizen.mutation("cancelBooking", "CancelBookingInput", "", &given_back).await;
    let taken_back = json!({ "caseNo": made.case });
    citizen.mutation("withdrawCase", "WithdrawCaseInput", "", &taken_back).await;
    tests::scenarios::case::waits(&citizen, &made.case, "withdrawn", |case| {
        case["status"] == "WITHDRAWN"
    })
    .await;
    let ids = citizen.reads("{viewer{messages(first:20){nodes{id}}}}").await;
    let nodes = ids["viewer"]["messages"]["nodes"].as_array().unwrap();
    let ids: Vec<_> = nodes.iter().map(|message| message["id"].clone()).collect();
    let read = json!({ "messages": ids });
    citizen.mutation("markMessagesRead", "MarkMessagesReadInput", "", &read).await;
    let home = page(&citizen, None, false).await;
    assert_eq!(home["bookings"]["nodes"], json!([]));
    assert_eq!(home["cases"]["nodes"], json!([]));
    assert!(home["messages"]["nodes"].as_array().unwrap().len() <= 3, "{home}");
    let read = home["messages"]["nodes"].as_array().unwrap().iter();
    assert!(read.filter(|message| message["read"] == true).count() >= 1, "read ones stay: {home}");
    app.finish().await;
}

/// The section is null with its reason, and everything else is as before.
fn only_missing(section: &str, source: &str, before: &Value, mut now: Value) {
    let mut rest = before.clone();
    rest[section].take();
    let missing = now[section].take();
    let shown = if missing.get("apps").is_some() { "apps" } else { "nodes" };
    assert!(missing[shown].is_null(), "{section}: {missing}");
    let unavailable = &missing["unavailable"];
    assert_eq!(unavailable["source"], source, "{missing}");
    assert!(unavailable["reason"].as_str().unwrap().contains("没有应答"), "{unavailable}");
    assert!(unavailable["retryAfterMs"].as_i64().unwrap() > 0, "{unavailable}");
    assert_eq!(now, rest, "without {section} everything else is as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_hangs_leaves_out_its_own_part_with_a_reason() {
    let app = TestApp::start().await;
    let (citizen, _) = busy(&app).await;
    let before = page(&citizen, Some("330100"), true).await;
    for fault in ["silent", "error500"] {
        app.levers.fault("gateway", "Get_AppPay_Infos", fault, 100).await;
        let now = page(&citizen, Some("330100"), true).await;
        only_missing("notices", "统一公共支付平台", &before, now);
        app.levers.clear_faults().await;
    }
    assert!(page(&citizen, None, false).await["notices"]["nodes"].is_array(), "it is back");
    app.finish().await;
}

/// Locks are PostgreSQL's.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_section_hangs_alone_the_others_are_there() {
    let app = TestApp::on_postgres_with(&[("YIWANG_HOME_DEADLINE_MS", "1500")]).await;
    let (citizen, _) = busy(&app).await;
    let before = page(&citizen, Some("330100"), true).await;
    let database = Database::connect(&app.database_url).await.unwrap();
    for (section, table, source) in STORED {
        let holding = database.begin().await.unwrap();
        let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        holding.execute_unprepared(&lock).await.unwrap();
        let now = page(&citizen, Some("330100"), true).await;
        holding.rollback().await.unwrap();
        only_missing(section, source, &before, now);
        assert_eq!(page(&citizen, Some("330100"), true).await, before, "{section} is back");
    }
    database.close().await.unwrap();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_section_is_dead_alone_the_others_are_there() {
    let app = TestApp::with_settings(&[("YIWANG_HOME_DEADLINE_MS", "1500")]).await;
    let (citizen, _) = busy(&app).await;
    let before = page(&citizen, Some("330100"), true).await;
    for (section, table, source) in STORED {
        app.tampers(&format!("ALTER TABLE {table} RENAME TO {table}_gone")).await;
        let now = page(&citizen, Some("330100"), true).await;
        app.tampers(&format!("ALTER TABLE {table}_gone RENAME TO {table}")).await;
        only_missing(section, source, &before, now);
        assert_eq!(page(&citizen, Some("330100"), true).await, before, "{section} is back");
    }
    app.finish().await;
}

/// Larger letters everywhere, words for every tile, everything reached.
fn is_whole_for_the_elderly(home: &Value, of: &str) {
    assert_eq!(home["textClass"], "EXTRA_LARGE");
    let categories = home["categories"].as_array().unwrap().iter();
    let usual: BTreeSet<&str> = categories.flat_map(|c| slugs(&c["apps"])).collect();
    assert!(usual.len() > 100, "{of}: {}", usual.len());
    let elder = &home["elder"];
    let groups = elder["groups"].as_array().unwrap();
    let mut tiles: Vec<&Value> = elder["tiles"].as_array().unwrap().iter().collect();
    assert!((4..=6).contains(&tiles.len()), "{of}: {tiles:?}");
    let first: BTreeSet<&str> =
        tiles.iter().map(|tile| tile["app"]["slug"].as_str().unwrap()).collect();
    assert_eq!(first.len(), tiles.len(), "{of}: a tile twice");
    for group in groups {
        assert!(!group["tiles"].as_array().unwrap().is_empty(), "{of}: {group}");
    }
    let behind: Vec<&Value> =
        groups.iter().flat_map(|group| group["tiles"].as_array().unwrap()).collect();
    let reached: Vec<&str> =
        behind.iter().map(|tile| tile["app"]["slug"].as_str().unwrap()).collect();
    assert_eq!(reached.iter().copied().collect::<BTreeSet<_>>(), usual, "{of}");
    assert_eq!(reached.len(), usual.len(), "{of}: an app twice");
    tiles.extend(behind);
    for spoken in tiles.into_iter().chain(groups) {
        let voice = spoken["voiceLabel"].as_str().unwrap();
        assert!(voice.chars().count() >= 6, "{of}: {spoken}");
        assert!(!voice.contains(['(', '（', '/', '；']), "{of}: {voice}");
        assert_eq!(spoken["textClass"], "EXTRA_LARGE", "{of}: {spoken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_elderly_reach_everything_by_fewer_tiles_on_every_channel() {
    let app = TestApp::start().await;
    let base = &app.node.base_url;
    let in_we_chat = app.citizen().await;
    let facts = app.levers.citizen().await;
    let at_alipay = Citizen::signs_in_at_alipay(base, &app.levers, facts).await;
    let facts = app.levers.citizen().await;
    let in_app = Citizen::signs_in_by_phone(base, &app.levers, facts).await;
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let for_elders: BTreeSet<&str> =
        catalogue.apps().filter(|app| app.elder.is_some()).map(|app| app.slug.as_str()).collect();
    let everyone = [("WECHAT", in_we_chat), ("ALIPAY", at_alipay), ("APP", in_app)];
    for (channel, citizen) in &everyone {
        for region in [None, Some("330100"), Some("330106"), Some("330900")] {
            let home = page(citizen, region, true).await;
            let of = format!("{channel} {region:?}");
            is_whole_for_the_elderly(&home, &of);
            for tile in home["elder"]["tiles"].as_array().unwrap() {
                let slug = tile["app"]["slug"].as_str().unwrap();
                assert!(for_elders.contains(slug), "{of}: {slug} is not one of theirs");
            }
            let offered = offered(citizen, region, &for_elders).await;
            let shown = home["elder"]["tiles"].as_array().unwrap();
            let shown: BTreeSet<_> =
                shown.iter().map(|tile| tile["app"]["slug"].as_str().unwrap().to_owned()).collect();
            assert!(shown.is_subset(&offered), "{of}: {shown:?} of {offered:?}");
            assert_eq!(shown.len(), offered.len().min(6), "{of}: {offered:?}");
        }
    }
    app.finish().await;
}

/// Which of these apps are open here.
async fn offered(
    citizen: &Citizen,
    region: Option<&str>,
    apps: &BTreeSet<&str>,
) -> BTreeSet<String> {
    let query =
        "query($r:RegionCode){home(region:$r){categories{apps{slug availability{status}}}}}";
    let answer = citizen.ask(query, json!({ "r": region })).await;
    let categories = answer["data"]["home"]["categories"].as_array().unwrap().clone();
    let all = categories.iter().flat_map(|category| category["apps"].as_array().unwrap());
    let open = all.filter(|app| app["availability"]["status"] == "OPEN");
    let slugs = open.map(|app| app["slug"].as_str().unwrap());
    slugs.filter(|slug| apps.contains(slug)).map(str::to_owned).collect()
}

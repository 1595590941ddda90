//! The home page: everything in one query, and what hangs leaves only its own part out.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::app::TestApp;
use tests::citizen::Citizen;

const HOME: &str = "query($r:RegionCode,$e:Boolean!){home(region:$r,elder:$e){textClass \
     categories{slug apps{slug}} hot{slug availability{status}} \
     favourites{apps{slug} unavailable{source reason retryAfterMs}} \
     recent{apps{slug} unavailable{reason}} \
     notices{nodes{noticeNo total{fen}} more unavailable{source reason retryAfterMs}} \
     elder{tiles{app{slug} textClass voiceLabel} \
     groups{category{slug name} textClass voiceLabel tiles{app{slug} textClass voiceLabel}}}}}";

async fn home(citizen: &Citizen, region: Option<&str>, elder: bool) -> Value {
    let answer = citizen.ask(HOME, json!({ "r": region, "e": elder })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["home"].clone()
}

/// A citizen whose name is proved.
async fn proved(app: &TestApp) -> Citizen {
    let citizen = app.citizen().await;
    let input = json!({ "name": citizen.facts["name"], "idCard": citizen.facts["idCard"] });
    let proved = citizen.mutation("verifyRealName", "VerifyRealNameInput", "", &input).await;
    assert_eq!(proved["userErrors"], json!([]), "{proved}");
    citizen
}

fn slugs(apps: &Value) -> Vec<&str> {
    let apps = apps.as_array().unwrap_or_else(|| panic!("apps: {apps}"));
    apps.iter().map(|app| app["slug"].as_str().unwrap()).collect()
}

/// Favourites, apps used last, and notices of which some begin to cost more tomorrow.
async fn busy(app: &TestApp) -> (Citizen, Vec<String>) {
    let citizen = proved(app).await;
    citizen.finds_fine().await;
    let input = json!({ "app": "weather_forecast" });
    let added = citizen.mutation("setFavourite", "SetFavouriteInput", "", &input).await;
    assert_eq!(added["userErrors"], json!([]), "{added}");
    let id = citizen.facts["citizenId"].as_str().unwrap();
    for fen in [10_000, 20_000] {
        app.levers.notice(id, json!({ "amountFen": fen })).await;
    }
    let data = citizen.reads("{viewer{notices{nodes{noticeNo}}}}").await;
    let nodes = data["viewer"]["notices"]["nodes"].as_array().unwrap().clone();
    let order = nodes.iter().map(|node| node["noticeNo"].as_str().unwrap().to_owned()).collect();
    (citizen, order)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_query_gives_the_whole_page() {
    let app = TestApp::start().await;
    let (citizen, order) = busy(&app).await;
    let page = home(&citizen, Some("330100"), false).await;
    assert_eq!(page["categories"].as_array().unwrap().len(), 16);
    let hot = slugs(&page["hot"]);
    assert_eq!((hot.len(), hot[0], hot[9]), (10, "personal_social_insurance", "metro_ticket"));
    assert_eq!(page["hot"][4]["availability"]["status"], "OPEN", "{page}");
    assert_eq!(slugs(&page["favourites"]["apps"]), ["weather_forecast"]);
    assert_eq!(slugs(&page["recent"]["apps"]), ["traffic_violation_query"]);
    let nodes = page["notices"]["nodes"].as_array().unwrap();
    let nodes: Vec<_> = nodes.iter().map(|node| node["noticeNo"].as_str().unwrap()).collect();
    assert_eq!(nodes, order.iter().take(5).map(String::as_str).collect::<Vec<_>>());
    assert!(nodes.len() >= 3, "{nodes:?}");
    assert_eq!((&page["textClass"], &page["elder"]), (&json!("NORMAL"), &Value::Null));

    let nobody = home(&citizen.anonymous(), None, false).await;
    assert_eq!(nobody["categories"].as_array().unwrap().len(), 16);
    for own in ["favourites", "recent", "notices"] {
        assert!(nobody[own].is_null(), "{own}: {nobody}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_hangs_leaves_out_its_own_part_with_a_reason() {
    let app = TestApp::start().await;
    let (citizen, _) = busy(&app).await;
    let before = home(&citizen, Some("330100"), true).await;
    for fault in ["silent", "error500"] {
        app.levers.fault("gateway", "Get_AppPay_Infos", fault, 100).await;
        let mut page = home(&citizen, Some("330100"), true).await;
        let notices = page["notices"].take();
        assert!(notices["nodes"].is_null(), "{fault}: {notices}");
        let unavailable = &notices["unavailable"];
        assert_eq!(unavailable["source"], "统一公共支付平台");
        assert!(unavailable["reason"].as_str().unwrap().contains("没有应答"), "{unavailable}");
        assert!(unavailable["retryAfterMs"].as_i64().unwrap() > 0, "{unavailable}");
        let mut rest = before.clone();
        rest["notices"].take();
        assert_eq!(page, rest, "everything else is as before");
        app.levers.clear_faults().await;
    }
    assert!(home(&citizen, None, false).await["notices"]["nodes"].is_array(), "it is back");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_elderly_reach_everything_by_fewer_tiles_and_each_has_a_voice() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    for region in [None, Some("330100"), Some("330106"), Some("330900")] {
        let page = home(&citizen, region, true).await;
        assert_eq!(page["textClass"], "EXTRA_LARGE");
        let usual: BTreeSet<&str> = page["categories"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|category| slugs(&category["apps"]))
            .collect();
        let elder = &page["elder"];
        let groups = elder["groups"].as_array().unwrap();
        let mut tiles: Vec<&Value> = elder["tiles"].as_array().unwrap().iter().collect();
        assert!((4..=6).contains(&tiles.len()), "{region:?}: {tiles:?}");
        tiles.extend(groups.iter().flat_map(|group| group["tiles"].as_array().unwrap()));
        let reached: BTreeSet<&str> =
            tiles.iter().map(|tile| tile["app"]["slug"].as_str().unwrap()).collect();
        assert_eq!(reached, usual, "{region:?}");
        for spoken in tiles.into_iter().chain(groups) {
            let voice = spoken["voiceLabel"].as_str().unwrap();
            assert!(voice.chars().count() >= 6, "{spoken}");
            assert!(!voice.contains(['(', '（', '/', '；']), "{voice}");
            assert_eq!(spoken["textClass"], "EXTRA_LARGE");
        }
    }
    app.finish().await;
}

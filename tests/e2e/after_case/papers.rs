//! Certificates on paper.

use super::APP;
use super::parcels::{asks_for, parcel};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::{Citizen, codes};
use tests::levers::eventually;

/// The ownership of the house of the first citizen's town, on paper or as a file.
async fn owned(citizen: &Citizen, how: &str, key: &str) -> Value {
    let text = |name: &str, value: &Value| json!({"name": name, "value": {"text": value}});
    let answers = json!([
        text("name", &citizen.facts["name"]),
        text("id_card", &citizen.facts["idCard"]),
        text("region", &json!("330200")),
        {"name": "delivery", "value": {"choice": how}},
        text("address_region", &json!("330206")),
        text("address", &json!("样例路1号2幢301室")),
        text("phone", &json!("13900000002")),
        {"name": "purpose", "value": {"choice": "落户"}},
    ]);
    let input = json!({"app": APP, "formVersion": 1, "answers": answers, "idempotencyKey": key});
    let fields = "outcome{... on Certificate{serialNo byPost deliveries{deliveryNo status}}}";
    citizen.mutation("submitApp", "SubmitAppInput", fields, &input).await
}

/// Every channel that offers the app: the second citizen of the first start owns a house there.
#[tokio::test(flavor = "multi_thread")]
async fn the_ownership_of_a_house_comes_by_post_on_each_channel_that_offers_it() {
    for channel in ["app", "alipay"] {
        let app = TestApp::start().await;
        let facts = app.levers.look("citizens/C00002").await;
        let (base, levers) = (&app.node.base_url, &app.levers);
        let citizen = match channel {
            "app" => Citizen::signs_in_by_phone(base, levers, facts).await,
            _ => Citizen::signs_in_at_alipay(base, levers, facts).await,
        };
        tests::scenarios::proves_name(&citizen).await;
        tests::scenarios::proves_face(&app, &citizen).await;
        let issued = owned(&citizen, "邮政速递", "key-paper-1").await;
        let paper = issued["outcome"].clone();
        assert_eq!(paper["byPost"], true, "{issued}");
        assert_eq!(paper["deliveries"][0]["status"], "ORDERED", "{issued}");
        let again = owned(&citizen, "邮政速递", "key-paper-1").await["outcome"].clone();
        assert_eq!(again["deliveries"], paper["deliveries"], "one certificate, one parcel");
        let file = owned(&citizen, "电子文件", "key-file-1").await["outcome"].clone();
        assert_eq!((&file["byPost"], &file["deliveries"]), (&json!(false), &json!([])));
        let asked = |serial: &Value| {
            let mut wish = parcel("", "key-parcel-1");
            wish.as_object_mut().unwrap().remove("caseNo");
            wish["certificateSerial"] = serial.clone();
            wish
        };
        let twice = asks_for(&citizen, &asked(&paper["serialNo"])).await;
        assert_eq!(codes(&twice), ["CONFLICT"], "on its way already: {twice}");
        let no_paper = asks_for(&citizen, &asked(&file["serialNo"])).await;
        assert_eq!(codes(&no_paper), ["CONFLICT"], "there is no paper: {no_paper}");
        let stranger = app.citizen().await;
        let foreign = asks_for(&stranger, &asked(&paper["serialNo"])).await;
        assert_eq!(codes(&foreign), ["NOT_FOUND"]);
        eventually("the carrier knows it", || async {
            let parcels = app.levers.look("express").await["parcels"].clone();
            (parcels.as_array()?.len() == 1).then_some(())
        })
        .await;
        for _ in 0..29 {
            app.levers.advance(3600).await;
        }
        let facts = citizen.facts.clone();
        let citizen = match channel {
            "app" => Citizen::comes_back_by_phone(base, levers, facts).await,
            _ => Citizen::comes_back_at_alipay(base, levers, facts).await,
        };
        let query = "{viewer{certificates{nodes{serialNo deliveries{status tracks{text}}}}}}";
        eventually("delivered", || async {
            let own = citizen.reads(query).await["viewer"]["certificates"]["nodes"].clone();
            let of = |one: &&Value| one["serialNo"] == paper["serialNo"];
            let one = own.as_array()?.iter().find(of)?["deliveries"][0].clone();
            (one["status"] == "DELIVERED" && one["tracks"].as_array()?.len() == 5).then_some(())
        })
        .await;
        app.finish().await;
    }
}

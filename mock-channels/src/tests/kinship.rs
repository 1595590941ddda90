//! The registers of families and of legal representatives.

use serde_json::{Value, json};

use super::Bench;

impl Bench {
    async fn asked(&self, operation: &str, who: &Value, parameters: Value) -> Value {
        let subject = json!({"name": who["name"], "idCard": who["idCard"]});
        self.asks(operation, subject, parameters).await
    }

    async fn kin(&self, who: &Value, other: &Value, name: &Value) -> Value {
        let parameters = json!({"name": name, "id_card": other["idCard"]});
        self.asked("police.family_relation", who, parameters).await["rows"].clone()
    }
}

#[actix_web::test]
async fn the_register_tells_parents_and_children_and_nobody_else() {
    let bench = Bench::start().await;
    let parent = bench.lever("/citizens", json!({})).await;
    let child = bench.lever("/citizens", json!({"idCard": "330106201806079004"})).await;
    let other = bench.first_citizen().await;
    assert_eq!(bench.kin(&parent, &child, &child["name"]).await, json!([]), "no family yet");
    let family = json!({"parentId": parent["citizenId"], "childId": child["citizenId"]});
    bench.lever("/families", family).await;
    let of = |relation: &str| json!([{"relation": relation}]);
    assert_eq!(bench.kin(&parent, &child, &child["name"]).await, of("CHILD"));
    assert_eq!(bench.kin(&child, &parent, &parent["name"]).await, of("PARENT"));
    assert_eq!(bench.kin(&other, &child, &child["name"]).await, json!([]), "no kin");
    assert_eq!(bench.kin(&parent, &child, &json!("别人")).await, json!([]), "another name");
    let malformed = json!({"name": "x", "id_card": "1"});
    let refused = bench.asked("police.family_relation", &parent, malformed).await;
    assert_eq!(refused["code"], "INVALID");
    let same = json!({"parentId": parent["citizenId"], "childId": parent["citizenId"]});
    assert_eq!(bench.try_lever("/families", same).await.0, 400);
}

#[actix_web::test]
async fn the_register_names_one_representative_and_tells_nobody_else() {
    let bench = Bench::start().await;
    let (head, other) = (bench.lever("/citizens", json!({})).await, bench.first_citizen().await);
    let company = bench.lever("/companies", json!({"name": "样例有限公司"})).await;
    let uscc = company["uscc"].as_str().unwrap();
    let asks = async |who: &Value, code: &str| {
        bench.asked("registry.legal_person", who, json!({"uscc": code})).await
    };
    assert_eq!(asks(&head, uscc).await["rows"], json!([]));
    let path = format!("/companies/{uscc}/representative");
    bench.lever(&path, json!({"citizenId": head["citizenId"]})).await;
    assert_eq!(asks(&head, uscc).await["rows"][0]["name"], "样例有限公司");
    assert_eq!(asks(&other, uscc).await["rows"], json!([]));
    bench.lever(&path, json!({"citizenId": other["citizenId"]})).await;
    assert_eq!(asks(&head, uscc).await["rows"], json!([]), "no more");
    assert_eq!(asks(&head, "x").await["code"], "INVALID");
    let nowhere = bench.try_lever("/companies/x/representative", json!({"citizenId": "C00001"}));
    assert_eq!(nowhere.await.0, 404);
}

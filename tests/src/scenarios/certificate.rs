//! What every certificate of a scenario must be beside its rows: genuine for whoever has its code,
//! and nothing for whoever has another.

use crate::citizen::Citizen;
use serde_json::{Value, json};

/// Everything that is otherwise.
pub(super) async fn judge(citizen: &Citizen, answer: &Value) -> Vec<String> {
    let outcome = &answer["data"]["submitApp"]["outcome"];
    let asked = async |code: &Value| {
        let query = "query($s:String!,$c:String!){verifyCertificate(serialNo:$s,\
                     authorisationCode:$c){status certificate{serialNo holder}}}";
        let variables = json!({ "s": outcome["serialNo"], "c": code });
        let verified = citizen.anonymous().ask(query, variables).await;
        verified["data"]["verifyCertificate"].clone()
    };
    let mut faults = Vec::new();
    let genuine = asked(&outcome["authorisationCode"]).await;
    let name = citizen.facts["name"].as_str().unwrap();
    let holder = genuine["certificate"]["holder"].as_str().unwrap_or_default();
    if genuine["status"] != "VALID" || holder.is_empty() || holder == name {
        faults.push(format!("its own code: {genuine}"));
    }
    let other = asked(&json!("ZZZZ-ZZZZ-ZZZZ")).await;
    if other != json!({ "status": "UNKNOWN", "certificate": null }) {
        faults.push(format!("another code: {other}"));
    }
    faults
}

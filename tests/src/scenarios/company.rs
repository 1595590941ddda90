//! Scenarios of apps that serve legal persons alone: the citizen stands for the company whose code
//! the scenario answers with.

use super::Scenario;
use crate::app::TestApp;
use crate::citizen::Citizen;
use domain::catalogue::{AppDefinition, FieldType};
use domain::identity::{Audience, IdentityLevel};
use serde_json::{Value, json};

/// The field of the company's code, where the app is a company's own.
fn code_field(app: &AppDefinition) -> Option<&str> {
    let own =
        app.audience == [Audience::LegalPerson] && app.identity_level >= IdentityLevel::RealName;
    let mut codes = app.fields.iter().filter(|field| field.field_type == FieldType::Uscc);
    codes.next().filter(|_| own).map(|field| field.name.as_str())
}

async fn act_as(citizen: &Citizen, mandate: &Value) -> Value {
    let input = json!({ "mandate": mandate });
    citizen.mutation("actAs", "ActAsInput", "actingFor{id}", &input).await
}

/// The register names the citizen, and the citizen's session acts; what went wrong.
pub(super) async fn acts(
    app: &TestApp,
    citizen: &Citizen,
    definition: &AppDefinition,
    scenario: &Scenario,
) -> Option<String> {
    let code = scenario.answers.get(code_field(definition)?)?["text"].clone();
    let known = app.levers.look("companies").await["companies"].clone();
    if known.as_array()?.iter().all(|company| company["uscc"] != code) {
        let company = json!({ "uscc": code, "name": "浙江示例企业有限公司" });
        app.levers.pull("companies", company).await;
    }
    let path = format!("companies/{}/representative", code.as_str()?);
    app.levers.pull(&path, json!({ "citizenId": citizen.facts["citizenId"] })).await;
    let input = json!({ "uscc": code });
    let fields = "mandate{id}";
    let linked = citizen.mutation("linkLegalPerson", "LinkLegalPersonInput", fields, &input).await;
    let acting = act_as(citizen, &linked["mandate"]["id"]).await;
    acting["actingFor"].is_null().then(|| format!("does not act for {code}: {linked} {acting}"))
}

/// The session acts for the citizen again.
pub(super) async fn acts_no_more(citizen: &Citizen, definition: &AppDefinition) {
    if code_field(definition).is_some() {
        act_as(citizen, &Value::Null).await;
    }
}

//! Scenarios of apps that open cases: the case, its promise and its materials, a second click, a
//! department that is dead and comes back.

use super::{Answers, OFTEN, Scenario};
use crate::app::TestApp;
use crate::citizen::Citizen;
use crate::files::{jpeg, uploads};
use crate::levers::eventually;
use domain::catalogue::AppDefinition;
use domain::standards::workday::add_workdays;
use serde::Deserialize;
use serde_json::{Value, json};

/// What must come of an application.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    /// Who has it once the department has accepted it.
    holder: String,
    /// Within how many working days it is promised.
    promised_days: u16,
    /// Keys of the result that say something by then.
    #[serde(default)]
    filled: Vec<String>,
    /// Names of the materials that these answers make necessary, in their order.
    #[serde(default)]
    materials: Vec<String>,
}

/// What every test wants to know of a case.
pub const CASE: &str = "id caseNo title department status statusText holder departmentNo \
     promisedOn submittedAt heardAt endedAt formVersion canWithdraw express \
     timeline{at status holder text} materials{name label source uploaded} \
     wanted{name label source field{name type}} result{name label value}";

/// Plays it; everything that is otherwise.
pub(super) async fn plays(
    app: &TestApp,
    citizen: &Citizen,
    definition: &AppDefinition,
    scenario: &Scenario,
    expected: &Expected,
) -> Vec<String> {
    let answers = with_files(app, citizen, &scenario.answers).await;
    let submit = async |citizen: &Citizen, answers: &Answers, key: &str| {
        submits(citizen, definition, scenario.region.as_deref(), answers, key).await
    };
    let slug = definition.slug.as_str();
    let mut faults = Vec::new();
    let nobody = submit(&citizen.anonymous(), &answers, "scenario-nobody").await;
    if !nobody["data"]["submitApp"]["outcome"].is_null() {
        faults.push(format!("opens a case of somebody who is not signed in: {nobody}"));
    }
    let wrong = with_files(app, citizen, &scenario.refused.answers).await;
    let refused = submit(citizen, &wrong, &format!("scenario-wrong-{slug}")).await;
    faults.extend(scenario.refused.judge(&refused));

    let key = format!("scenario-{slug}");
    let opened = submit(citizen, &answers, &key).await;
    let Some(no) = opened["data"]["submitApp"]["outcome"]["caseNo"].as_str() else {
        faults.push(format!("no case: {opened}"));
        return faults;
    };
    let again = submit(citizen, &answers, &key).await;
    if again["data"]["submitApp"]["outcome"]["caseNo"] != no {
        faults.push(format!("the second click opens another case: {again}"));
    }
    let case = waits(citizen, no, "the department accepts it", |case| case["status"] == "ACCEPTED");
    faults.extend(expected.judge(&case.await));

    let department = format!("{}.*", scenario.dead.department);
    app.levers.fault("exchange", &department, "error500", OFTEN * OFTEN).await;
    let answers = with_files(app, citizen, &scenario.answers).await;
    let dead = submit(citizen, &answers, &format!("scenario-dead-{slug}")).await;
    faults.extend(comes_back(app, citizen, &department, &dead).await);
    faults
}

/// The case is ours though the department is dead, says so, and goes through once it is back.
async fn comes_back(
    app: &TestApp,
    citizen: &Citizen,
    department: &str,
    dead: &Value,
) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(no) = dead["data"]["submitApp"]["outcome"]["caseNo"].as_str() else {
        app.levers.clear_faults().await;
        return vec![format!("with {department} dead there is no case: {dead}")];
    };
    let told = |case: &Value| {
        let lines = case["timeline"].as_array().unwrap();
        lines.iter().any(|line| line["text"].as_str().unwrap().contains("暂时没有应答"))
    };
    let waiting = waits(citizen, no, "the timeline says that nobody answers", told).await;
    if waiting["status"] != "SUBMITTED" || !waiting["heardAt"].is_null() {
        faults.push(format!("with {department} dead: {waiting}"));
    }
    app.levers.clear_faults().await;
    app.levers.pull("clock", json!({ "advanceSeconds": 60 })).await;
    let there = |case: &Value| case["status"] == "ACCEPTED";
    waits(citizen, no, "the department that is back accepts it", there).await;
    faults
}

impl Expected {
    fn judge(&self, case: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        if case["holder"] != self.holder.as_str() {
            faults.push(format!("{} has it, not {}", case["holder"], self.holder));
        }
        let day = case["submittedAt"].as_str().unwrap().split('T').next().unwrap();
        let promised = add_workdays(day.parse().unwrap(), self.promised_days).to_string();
        if case["promisedOn"] != promised.as_str() {
            faults.push(format!("promised on {}, not {promised}", case["promisedOn"]));
        }
        if case["departmentNo"].as_str().is_none_or(str::is_empty) {
            faults.push(format!("the department gave no number: {case}"));
        }
        let empty = Vec::new();
        let result = case["result"].as_array().unwrap_or(&empty);
        for key in &self.filled {
            if !result.iter().any(|field| field["name"] == key.as_str()) {
                faults.push(format!("nothing under {key}: {result:?}"));
            }
        }
        let materials = case["materials"].as_array().unwrap_or(&empty);
        let names: Vec<&str> = materials.iter().filter_map(|m| m["name"].as_str()).collect();
        if names != self.materials {
            faults.push(format!("materials {names:?}, not {:?}", self.materials));
        }
        for missing in materials.iter().filter(|m| m["source"] == "FILE" && m["uploaded"] != true) {
            faults.push(format!("not uploaded: {missing}"));
        }
        faults
    }
}

/// `{ file = "photo" }` becomes the id of an uploaded photograph.
pub async fn with_files(app: &TestApp, citizen: &Citizen, answers: &Answers) -> Answers {
    let mut sent = answers.clone();
    for value in sent.values_mut() {
        if let Some(word) = value["file"].as_str() {
            let file = uploads(&app.node.base_url, citizen, &jpeg(word)).await;
            *value = json!({ "fileId": file["id"] });
        }
    }
    sent
}

/// The whole body of the answer.
async fn submits(
    citizen: &Citizen,
    app: &AppDefinition,
    region: Option<&str>,
    answers: &Answers,
    key: &str,
) -> Value {
    let answers: Vec<Value> =
        answers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let input = json!({
        "app": app.slug.as_str(), "region": region, "formVersion": app.form_version,
        "answers": answers, "idempotencyKey": key,
    });
    let fields = format!("outcome{{... on Case{{{CASE}}}}}");
    citizen.try_mutation("submitApp", "SubmitAppInput", &fields, &input).await
}

/// The citizen's case of that number.
pub async fn case(citizen: &Citizen, no: &str) -> Value {
    let query = format!("{{viewer{{cases(first:100){{nodes{{{CASE}}}}}}}}}");
    let cases = citizen.reads(&query).await["viewer"]["cases"]["nodes"].clone();
    let mut found = cases.as_array().unwrap().iter().filter(|case| case["caseNo"] == no);
    found.next().unwrap_or_else(|| panic!("{no} in {cases}")).clone()
}

/// The case, once it is as the test waits for.
pub async fn waits(citizen: &Citizen, no: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || async {
        let case = case(citizen, no).await;
        is(&case).then_some(case)
    })
    .await
}

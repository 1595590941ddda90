//! Scenarios of apps that pay: what is owed or ordered, that a repeat finds the same, and what is
//! said where nothing is owed. Paying the notices is the same for all, and has its own suites.

use super::{Answers, OFTEN, Scenario, value};
use crate::app::TestApp;
use crate::citizen::Citizen;
use domain::catalogue::AppDefinition;
use domain::identity::IdentityLevel;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const FIELDS: &str = "outcome{... on PaymentDue{source nothingDue rows{fields{name label value}} \
     notices{noticeNo status total{fen}}}}";

/// What must come of it. Answers may name what the mock channels know: `$papers/clinic_visit` of
/// the citizen, `$notice` and `$decision` of the notice that is raised before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// So many, all of them payable.
    notices: usize,
    /// All together.
    total_fen: i64,
    /// Keys that say something in every row.
    #[serde(default)]
    filled: Vec<String>,
    /// What exactly the first row says under these keys.
    #[serde(default)]
    first: BTreeMap<String, String>,
    /// A notice that the citizen gets before, as the lever takes it.
    raised: Option<Value>,
    /// Answers for which nothing is owed.
    nothing: Option<Answers>,
}

/// Plays it; everything that is otherwise.
pub(super) async fn plays(
    app: &TestApp,
    citizen: &Citizen,
    definition: &AppDefinition,
    scenario: &Scenario,
    expected: &Expected,
) -> Vec<String> {
    let mut facts = citizen.facts.clone();
    if let Some(wish) = &expected.raised {
        let id = facts["citizenId"].as_str().unwrap().to_owned();
        let no = app.levers.notice(&id, wish.clone()).await;
        facts["decision"] = app.levers.gateway_notice(&no).await["decisionNo"].clone();
        facts["notice"] = json!(no);
    }
    let stage = Stage { definition, region: scenario.region.as_deref(), facts };
    let key = format!("{}-once", definition.slug);
    let first = stage.submits(citizen, &scenario.answers, Some(&key)).await;
    let mut faults = expected.judge(&first);
    let again = stage.submits(citizen, &scenario.answers, Some(&key)).await;
    if first["data"]["submitApp"]["outcome"] != again["data"]["submitApp"]["outcome"] {
        faults.push(format!("a repeat found something else: {again}"));
    }
    let keyless = stage.submits(citizen, &scenario.answers, None).await;
    if keyless["data"]["submitApp"]["userErrors"][0]["field"] != json!(["idempotencyKey"]) {
        faults.push(format!("without a key: {keyless}"));
    }
    if definition.identity_level > IdentityLevel::Anonymous {
        let nobody = stage.submits(&citizen.anonymous(), &scenario.answers, Some(&key)).await;
        if !nobody["data"]["submitApp"]["outcome"].is_null() {
            faults.push(format!("answers somebody who is not signed in: {nobody}"));
        }
    }
    if let Some(answers) = &expected.nothing {
        let key = format!("{}-nothing", definition.slug);
        let nothing = stage.submits(citizen, answers, Some(&key)).await;
        let outcome = &nothing["data"]["submitApp"]["outcome"];
        if outcome["notices"] != json!([]) || outcome["nothingDue"] != "没有待缴款项" {
            faults.push(format!("where nothing is owed: {nothing}"));
        }
    }
    let key = format!("{}-other", definition.slug);
    let refused = stage.submits(citizen, &scenario.refused.answers, Some(&key)).await;
    faults.extend(scenario.refused.judge(&refused));
    let department = format!("{}.*", scenario.dead.department);
    app.levers.fault("exchange", &department, "error500", OFTEN).await;
    let dead = stage.submits(citizen, &scenario.answers, Some(&key)).await;
    super::recovers(app).await;
    if dead["data"]["submitApp"]["userErrors"][0]["code"] != "DEPARTMENT_UNAVAILABLE" {
        faults.push(format!("with {department} dead: {dead}"));
    }
    let later = stage.submits(citizen, &scenario.answers, Some(&key)).await;
    faults.extend(expected.judge(&later).into_iter().map(|fault| format!("afterwards: {fault}")));
    faults
}

struct Stage<'a> {
    definition: &'a AppDefinition,
    region: Option<&'a str>,
    facts: Value,
}

impl Stage<'_> {
    async fn submits(&self, citizen: &Citizen, answers: &Answers, key: Option<&str>) -> Value {
        let answer =
            |(name, value): (&String, &Value)| json!({ "name": name, "value": self.known(value) });
        let answers: Vec<Value> = answers.iter().map(answer).collect();
        let input = json!({
            "app": self.definition.slug.as_str(), "region": self.region,
            "formVersion": self.definition.form_version, "answers": answers,
            "idempotencyKey": key,
        });
        citizen.try_mutation("submitApp", "SubmitAppInput", FIELDS, &input).await
    }

    /// The answer, with what it names put in its place.
    fn known(&self, answer: &Value) -> Value {
        let mut answer = answer.clone();
        for (_, text) in answer.as_object_mut().unwrap() {
            let name = text.as_str().and_then(|text| text.strip_prefix('$')).map(str::to_owned);
            if let Some(name) = name {
                let fact = self.facts.pointer(&format!("/{name}"));
                *text = fact.unwrap_or_else(|| panic!("nobody knows ${name}")).clone();
            }
        }
        answer
    }
}

impl Expected {
    fn judge(&self, answer: &Value) -> Vec<String> {
        let outcome = &answer["data"]["submitApp"]["outcome"];
        let Some(notices) = outcome["notices"].as_array() else {
            return vec![format!("no outcome: {answer}")];
        };
        let mut faults = Vec::new();
        if notices.len() != self.notices {
            faults.push(format!("{} notices, not {}", notices.len(), self.notices));
        }
        let total: i64 = notices.iter().filter_map(|of| of["total"]["fen"].as_i64()).sum();
        if total != self.total_fen {
            faults.push(format!("{total} fen, not {}", self.total_fen));
        }
        if !notices.iter().all(|notice| notice["status"] == "PAYABLE") {
            faults.push(format!("not all can be paid: {outcome}"));
        }
        if !outcome["nothingDue"].is_null() || outcome["source"] == "" {
            faults.push(format!("says {} by {}", outcome["nothingDue"], outcome["source"]));
        }
        let rows = outcome["rows"].as_array().cloned().unwrap_or_default();
        for row in &rows {
            for key in &self.filled {
                if value(row, key).is_none_or(str::is_empty) {
                    faults.push(format!("nothing under {key}: {row}"));
                }
            }
        }
        for (key, expected) in &self.first {
            let said = rows.first().and_then(|row| value(row, key));
            if said != Some(expected) {
                faults.push(format!("{key}: {said:?}, not {expected:?}"));
            }
        }
        faults
    }
}

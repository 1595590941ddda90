//! Scenarios of apps: files that say what is answered and what must come of it, played through
//! GraphQL against the whole product. Which app it is stands in the name of the file alone.

pub mod booking;
pub mod case;
mod certificate;
mod company;
pub mod pay;

use crate::app::TestApp;
use crate::citizen::Citizen;
use domain::catalogue::{Action, AppDefinition, Catalogue};
use domain::identity::IdentityLevel;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// More than a call is tried.
const OFTEN: u32 = 10;

/// What a file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    format: u32,
    #[serde(default)]
    channel: Way,
    region: Option<String>,
    answers: Answers,
    /// Of an app that looks something up.
    outcome: Option<Expected>,
    /// Of an app that books.
    booking: Option<booking::Expected>,
    /// Of an app that opens cases.
    case: Option<case::Expected>,
    /// Of an app that pays.
    payment: Option<pay::Expected>,
    refused: Refused,
    dead: Dead,
}

/// By field, as a client sends them: `{ text = "…" }`, `{ fen = 100 }`.
pub type Answers = BTreeMap<String, Value>;

/// From where the person of the scenario comes. Each way has a citizen of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Way {
    /// The citizen C00001, in the mini-program.
    #[default]
    WeChat,
    /// The citizen C00002, in the native app.
    App,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// At least.
    rows: usize,
    /// Keys that say something in every row.
    #[serde(default)]
    filled: Vec<String>,
    /// What exactly the first row says under these keys.
    #[serde(default)]
    first: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    /// `answers`: all of them together, as when the department says no.
    field: String,
    code: String,
    answers: Answers,
}

/// The department that does not answer, by the first word of its operations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dead {
    department: String,
    /// Its earlier answer stands in.
    #[serde(default)]
    stale: bool,
}

/// All scenarios below a folder, by slug; `CATEGORY/SLUG.toml`.
///
/// # Panics
/// With every file that is no scenario.
pub fn read(folder: &Path) -> BTreeMap<String, Scenario> {
    let mut scenarios = BTreeMap::new();
    let mut faults = Vec::new();
    for path in files(folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let slug = path.file_stem().unwrap().to_string_lossy().into_owned();
        match toml::from_str::<Scenario>(&text) {
            Ok(scenario) if scenario.format == 1 => {
                scenarios.insert(slug, scenario);
            }
            Ok(_) => faults.push(format!("{}: format is not 1", path.display())),
            Err(error) => faults.push(format!("{}: {error}", path.display())),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    scenarios
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

/// Plays the scenario of every app that runs; everything that is otherwise than they say.
pub async fn play(
    app: &TestApp,
    catalogue: &Catalogue,
    scenarios: &BTreeMap<String, Scenario>,
) -> Vec<String> {
    let mut faults = Vec::new();
    let stray = scenarios.keys().filter(|slug| {
        !catalogue.apps().any(|app| app.runs() && app.slug.as_str() == slug.as_str())
    });
    faults.extend(stray.map(|slug| format!("{slug}: a scenario of an app that does not run")));
    let mut cast = Cast::arrives(app).await;
    for level in [
        IdentityLevel::Anonymous,
        IdentityLevel::Phone,
        IdentityLevel::RealName,
        IdentityLevel::Face,
    ] {
        cast.proves(app, level).await;
        let of_level = |app: &&AppDefinition| app.runs() && app.identity_level == level;
        for definition in catalogue.apps().filter(of_level) {
            let slug = definition.slug.as_str();
            let Some(scenario) = scenarios.get(slug) else {
                faults.push(format!("{slug}: runs and has no scenario"));
                continue;
            };
            let for_company = company::acts(app, cast.of(scenario.channel), definition, scenario);
            faults.extend(for_company.await.map(|fault| format!("{slug}: {fault}")));
            let played = cast.plays(app, definition, scenario).await;
            company::acts_no_more(cast.of(scenario.channel), definition).await;
            faults.extend(played.into_iter().map(|fault| format!("{slug}: {fault}")));
        }
    }
    faults
}

/// The two citizens of all scenarios, as they are from the first start of the outside world.
struct Cast {
    in_we_chat: Citizen,
    in_app: Citizen,
}

impl Cast {
    async fn arrives(app: &TestApp) -> Self {
        let (base, levers) = (&app.node.base_url, &app.levers);
        let first = levers.look("citizens/C00001").await;
        let second = levers.look("citizens/C00002").await;
        Self {
            in_we_chat: Citizen::signs_in(base, levers, first).await,
            in_app: Citizen::signs_in_by_phone(base, levers, second).await,
        }
    }

    /// Both prove what is asked for at this level.
    async fn proves(&mut self, app: &TestApp, level: IdentityLevel) {
        for citizen in [&self.in_we_chat, &self.in_app] {
            match level {
                IdentityLevel::Anonymous | IdentityLevel::Phone => {}
                IdentityLevel::RealName => proves_name(citizen).await,
                IdentityLevel::Face => proves_face(app, citizen).await,
            }
        }
    }

    fn of(&self, way: Way) -> &Citizen {
        match way {
            Way::WeChat => &self.in_we_chat,
            Way::App => &self.in_app,
        }
    }

    async fn plays(
        &self,
        app: &TestApp,
        definition: &AppDefinition,
        scenario: &Scenario,
    ) -> Vec<String> {
        let citizen = self.of(scenario.channel);
        let submit = async |citizen: &Citizen, answers: &Answers| {
            submits(citizen, definition, scenario.region.as_deref(), answers).await
        };
        if let (Some(Action::Pay(_)), Some(expected)) = (&definition.action, &scenario.payment) {
            return pay::plays(app, citizen, definition, scenario, expected).await;
        }
        if let (Some(Action::Book(_)), Some(expected)) = (&definition.action, &scenario.booking) {
            return booking::plays(app, citizen, definition, scenario, expected).await;
        }
        if let (Some(Action::Apply(_)), Some(expected)) = (&definition.action, &scenario.case) {
            return case::plays(app, citizen, definition, scenario, expected).await;
        }
        let Some(expected) = &scenario.outcome else {
            return vec!["does not say what must come of it".to_owned()];
        };
        let answer = submit(citizen, &scenario.answers).await;
        let mut faults = expected.judge(&answer);
        if matches!(definition.action, Some(Action::Certify(_))) {
            faults.extend(certificate::judge(citizen, &answer).await);
        }
        if definition.identity_level > IdentityLevel::Anonymous {
            let nobody = submit(&citizen.anonymous(), &scenario.answers).await;
            if !nobody["data"]["submitApp"]["outcome"].is_null() {
                faults.push(format!("answers somebody who is not signed in: {nobody}"));
            }
        }
        faults.extend(scenario.refused.judge(&submit(citizen, &scenario.refused.answers).await));
        let department = format!("{}.*", scenario.dead.department);
        app.levers.fault("exchange", &department, "error500", OFTEN).await;
        let dead = submit(citizen, &scenario.answers).await;
        recovers(app).await;
        let said = &dead["data"]["submitApp"]["userErrors"][0]["code"];
        if scenario.dead.stale {
            faults.extend(expected.judge(&dead));
            let outcome = &dead["data"]["submitApp"]["outcome"];
            if outcome["stale"] != true || outcome["staleReason"].is_null() {
                faults.push(format!("with {department} dead, and not marked as old: {dead}"));
            }
        } else if said != "DEPARTMENT_UNAVAILABLE" {
            faults.push(format!("with {department} dead: {dead}"));
        }
        faults
    }
}

/// All departments answer again, and are asked again: their breakers' pause is over.
pub async fn recovers(app: &TestApp) {
    app.levers.clear_faults().await;
    app.levers.advance(31).await;
}

/// Proves the name that the mock channels know.
pub async fn proves_name(citizen: &Citizen) {
    let own = json!({ "name": citizen.facts["name"], "idCard": citizen.facts["idCard"] });
    let fields = "person{identityLevel}";
    let proved = citizen.mutation("verifyRealName", "VerifyRealNameInput", fields, &own).await;
    assert_eq!(proved["person"]["identityLevel"], "REAL_NAME", "{proved}");
}

/// Shows the face that belongs to the name.
pub async fn proves_face(app: &TestApp, citizen: &Citizen) {
    let started = citizen.starts_face_check("face-check-0001").await;
    let ticket = started["ticket"].as_str().unwrap();
    app.levers.pull(&format!("face/{ticket}"), json!({ "passed": true })).await;
    let (input, fields) = (json!({ "ticket": ticket }), "state person{identityLevel}");
    let done = citizen.mutation("finishFaceCheck", "FinishFaceCheckInput", fields, &input).await;
    assert_eq!(done["person"]["identityLevel"], "FACE", "{done}");
}

/// The whole body of the answer.
async fn submits(
    citizen: &Citizen,
    app: &AppDefinition,
    region: Option<&str>,
    answers: &Answers,
) -> Value {
    let answers: Vec<Value> =
        answers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let input = json!({
        "app": app.slug.as_str(), "region": region, "idempotencyKey": fresh_key(),
        "formVersion": app.form_version, "answers": answers,
    });
    let fields = "outcome{... on LookupResult{source asOf stale staleReason \
                  rows{fields{name label value}}} \
                  ... on Certificate{source:issuer asOf rows{fields{name label value}} \
                  serialNo authorisationCode}}";
    citizen.try_mutation("submitApp", "SubmitAppInput", fields, &input).await
}

/// What is stored needs a key; every submission of a scenario is one of its own.
fn fresh_key() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("scenario-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Expected {
    fn judge(&self, answer: &Value) -> Vec<String> {
        let payload = &answer["data"]["submitApp"];
        let Some(rows) = payload["outcome"]["rows"].as_array() else {
            return vec![format!("no outcome: {answer}")];
        };
        let mut faults = Vec::new();
        if payload["outcome"]["source"] == "" {
            faults.push("nobody says so".to_owned());
        }
        if rows.len() < self.rows {
            faults.push(format!("{} rows, not {}", rows.len(), self.rows));
        }
        for (number, row) in rows.iter().enumerate() {
            for key in &self.filled {
                if value(row, key).is_none_or(str::is_empty) {
                    faults.push(format!("row {number}: nothing under {key}"));
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

impl Refused {
    fn judge(&self, answer: &Value) -> Vec<String> {
        let payload = &answer["data"]["submitApp"];
        let errors = payload["userErrors"].as_array().cloned().unwrap_or_default();
        let whole = json!(["answers"]);
        let named = |error: &&Value| {
            let of_field = error["field"] == json!(["answers", self.field]);
            of_field || (self.field == "answers" && error["field"] == whole)
        };
        let found = errors.iter().find(named);
        if payload["outcome"].is_null() && found.is_some_and(|error| error["code"] == *self.code) {
            return Vec::new();
        }
        vec![format!("not refused for {} with {}: {answer}", self.field, self.code)]
    }
}

fn value<'a>(row: &'a Value, key: &str) -> Option<&'a str> {
    let fields = row["fields"].as_array()?;
    fields.iter().find(|field| field["name"] == key)?["value"].as_str()
}

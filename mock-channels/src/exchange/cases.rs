//! Applications at departments: taken, asked about, completed, taken back.

use serde_json::{Map, Value, json};

use super::answer::values;
use super::people;
use super::{Call, Found, Refusal};
use crate::outside::Outside;
use crate::world::World;
use crate::world::case_book::{CaseState, FiledCase};
use crate::world::people::number_of;

mod data;

use data::CaseOperation;
pub(super) use data::embedded;

/// What every department that takes applications answers besides.
const ABOUT_ONE: [&str; 3] = ["progress", "supplement", "withdraw"];
const NUMBER_MOST: usize = 64;

/// Every operation about applications.
pub(super) fn names() -> Vec<String> {
    let Ok(table) = embedded() else { return Vec::new() };
    let departments = table.keys().filter_map(|name| name.split('.').next());
    let departments: std::collections::BTreeSet<&str> = departments.collect();
    let about_one = departments
        .iter()
        .flat_map(|department| ABOUT_ONE.map(|word| format!("{department}.application_{word}")));
    table.keys().cloned().chain(about_one).collect()
}

/// Nothing when it is no operation about applications.
pub(super) fn run(
    outside: &Outside,
    operation: &str,
    call: &Call,
) -> Option<Result<Found, Refusal>> {
    let table = embedded().ok()?;
    if let Some((name, found)) = table.get_key_value(operation) {
        return Some(file(outside, name, found, call));
    }
    let (department, word) = operation.split_once(".application_")?;
    let source = |name: &String| name.split('.').next() == Some(department);
    let (_, of_department) = table.iter().find(|(name, _)| source(name))?;
    let act = match word {
        "progress" => progress,
        "supplement" => supplement,
        "withdraw" => withdraw,
        _ => return None,
    };
    let at = Counter { outside, department, call };
    Some(act(&at).map(|row| Found { source: &of_department.source, rows: vec![row] }))
}

/// Takes an application; the same `request_no` is the same application.
fn file(
    outside: &Outside,
    name: &str,
    operation: &'static CaseOperation,
    call: &Call,
) -> Result<Found, Refusal> {
    operation.check(call)?;
    let request_no = number(call, "request_no")?.to_owned();
    let now_ms = outside.now_ms();
    let row = outside.change(|world| {
        let id_card = applicant(world, operation.subject, call)?;
        if let Some(known) = world.cases.get_mut(&request_no) {
            let same = known.case_no.is_empty()
                || (known.operation == name && known.parameters == call.parameters);
            if !same || known.id_card.as_ref().is_some_and(|own| Some(own) != id_card.as_ref()) {
                return Err(Refusal::Invalid("request_no 已用于另一申请".to_owned()));
            }
            known.catch_up(now_ms);
            return Ok(shown(known));
        }
        let citizen = id_card.as_deref().and_then(|id_card| world.citizen_by_id_card(id_card));
        let mut row = values(name, call, citizen, now_ms, &operation.row);
        let mut result = values(name, call, citizen, now_ms, &operation.result);
        let serial = number_of(&request_no) % 100_000_000;
        let case_no = format!("33{}{serial:08}", crate::clock::Day::of(now_ms).compact());
        for facts in [&mut row, &mut result] {
            for (_, value) in facts.iter_mut() {
                if value == "{case_no}" {
                    *value = Value::from(case_no.as_str());
                }
            }
        }
        let filed = FiledCase {
            case_no,
            operation: name.to_owned(),
            id_card,
            parameters: call.parameters.clone(),
            filed_ms: now_ms,
            since_ms: now_ms,
            state: CaseState::Accepted,
            station: 1,
            stations: operation.stations.clone(),
            wanted: Vec::new(),
            words: String::new(),
            supplements: Vec::new(),
            row,
            result,
            status_keys: operation.status.clone(),
            held: false,
        };
        let row = shown(&filed);
        world.cases.insert(request_no, filed);
        Ok(row)
    })?;
    Ok(Found { source: &operation.source, rows: vec![row] })
}

/// The number of whom it is about. A person whom nobody knows may apply, under a name that fits.
fn applicant(world: &World, about: bool, call: &Call) -> Result<Option<String>, Refusal> {
    if !about {
        return Ok(None);
    }
    people::subject(world, call)?;
    Ok(Some(call.subject()?.id_card.clone()))
}

fn number<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    let number = call.required(name)?;
    if number.len() <= NUMBER_MOST {
        Ok(number)
    } else {
        Err(Refusal::Invalid(format!("{name} 过长")))
    }
}

/// Where one application is asked for.
struct Counter<'a> {
    outside: &'a Outside,
    department: &'a str,
    call: &'a Call,
}

impl Counter<'_> {
    /// Does something to the application that is asked for; only for whom it is about.
    fn with<T>(
        &self,
        act: impl FnOnce(&mut FiledCase, i64) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let application = number(self.call, "application")?;
        let now_ms = self.outside.now_ms();
        self.outside.change(|world| {
            let case = world.cases.get_mut(application);
            let here = |case: &&mut FiledCase| {
                case.case_no.is_empty() || case.operation.split('.').next() == Some(self.department)
            };
            let case = case.filter(here);
            let case = case.ok_or_else(|| Refusal::Invalid("没有这个申请".to_owned()))?;
            if let Some(own) = &case.id_card
                && self.call.subject()?.id_card != *own
            {
                return Err(Refusal::Denied("不是本人的申请"));
            }
            case.catch_up(now_ms);
            act(case, now_ms)
        })
    }
}

fn progress(at: &Counter<'_>) -> Result<Value, Refusal> {
    at.with(|case, _| Ok(shown(case)))
}

/// The same `request_no` is the same supplement.
fn supplement(at: &Counter<'_>) -> Result<Value, Refusal> {
    let request_no = number(at.call, "request_no")?.to_owned();
    at.with(|case, now_ms| {
        if case.supplements.contains(&request_no) {
            return Ok(shown(case));
        }
        if case.state != CaseState::NeedsMaterials {
            return Err(Refusal::Invalid("没有要求补正".to_owned()));
        }
        for (name, value) in &at.call.parameters {
            if !matches!(name.as_str(), "request_no" | "application" | "materials") {
                case.parameters.insert(name.clone(), value.clone());
            }
        }
        case.supplements.push(request_no);
        case.moves(CaseState::InReview, now_ms);
        Ok(shown(case))
    })
}

/// Takes back what is not decided. One that never came will not be taken when it comes.
fn withdraw(at: &Counter<'_>) -> Result<Value, Refusal> {
    let application = number(at.call, "application")?.to_owned();
    let known = at.outside.read(|world| world.cases.contains_key(&application));
    if !known {
        let now_ms = at.outside.now_ms();
        let never_came = FiledCase {
            case_no: String::new(),
            operation: String::new(),
            id_card: at.call.subject.as_ref().map(|subject| subject.id_card.clone()),
            parameters: std::collections::BTreeMap::new(),
            filed_ms: now_ms,
            since_ms: now_ms,
            state: CaseState::Withdrawn,
            station: 0,
            stations: Vec::new(),
            wanted: Vec::new(),
            words: String::new(),
            supplements: Vec::new(),
            row: Map::new(),
            result: Map::new(),
            status_keys: Vec::new(),
            held: true,
        };
        at.outside.change(|world| {
            world.cases.entry(application).or_insert(never_came);
        });
    }
    at.with(|case, now_ms| {
        if !case.state.is_over() && case.state != CaseState::Approved {
            case.moves(CaseState::Withdrawn, now_ms);
        }
        Ok(shown(case))
    })
}

/// The row of an application.
pub(crate) fn shown(case: &FiledCase) -> Value {
    let mut row = case.row.clone();
    if matches!(case.state, CaseState::Approved | CaseState::Done) {
        row.extend(case.result.clone());
    }
    for key in &case.status_keys {
        row.insert(key.clone(), json!(case.state.said()));
    }
    row.insert("case_no".to_owned(), json!(case.case_no));
    row.insert("case_state".to_owned(), json!(case.state.word()));
    row.insert("case_step".to_owned(), json!(case.station));
    row.insert("case_holder".to_owned(), json!(case.holder()));
    row.insert("case_wanted".to_owned(), json!(case.wanted.join(",")));
    row.insert("case_words".to_owned(), json!(case.words));
    Value::Object(row)
}

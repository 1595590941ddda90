//! Scenarios of apps that book: the cascade of choices, the hold, the confirmation that the
//! department hears of, and the cancellation.

use super::{Answers, Scenario};
use crate::app::TestApp;
use crate::citizen::{Citizen, codes};
use crate::levers::eventually;
use domain::catalogue::{AppDefinition, AppSlug, FieldType};
use serde::Deserialize;
use serde_json::{Value, json};

/// What must come of a booking.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    /// Keys that say something as soon as the place is held.
    held: Vec<String>,
    /// Keys that say something once the department knows.
    confirmed: Vec<String>,
    /// What is paid on the spot.
    price_fen: Option<i64>,
    /// The first time that is offered begins too soon to cancel it once it is confirmed.
    #[serde(default)]
    too_late_to_cancel: bool,
}

/// What every test wants to know of a booking.
pub const BOOKING: &str = "id bookingNo status slot places price{fen} holdUntil cancelUntil \
     departmentNo departmentKnows fields{name label value}";

/// Plays it; everything that is otherwise. The answers with the choices in them come back.
pub(super) async fn plays(
    app: &TestApp,
    citizen: &Citizen,
    definition: &AppDefinition,
    scenario: &Scenario,
    expected: &Expected,
) -> Vec<String> {
    let answers = match chosen(citizen, definition, &scenario.answers).await {
        Ok(answers) => answers,
        Err(fault) => return vec![fault],
    };
    let submit = async |citizen: &Citizen, answers: &Answers, key: &str| {
        submits(citizen, definition, scenario.region.as_deref(), answers, key).await
    };
    let slug = definition.slug.as_str();
    let mut faults = Vec::new();
    let nobody = submit(&citizen.anonymous(), &answers, "scenario-nobody").await;
    if !nobody["data"]["submitApp"]["outcome"].is_null() {
        faults.push(format!("books for somebody who is not signed in: {nobody}"));
    }
    match chosen(citizen, definition, &scenario.refused.answers).await {
        Ok(wrong) => {
            let answer = submit(citizen, &wrong, &format!("scenario-wrong-{slug}")).await;
            faults.extend(scenario.refused.judge(&answer));
        }
        Err(fault) => faults.push(fault),
    }
    faults.extend(dies(app, citizen, definition, scenario, &answers).await);

    let key = format!("scenario-{slug}");
    let held = submit(citizen, &answers, &key).await["data"]["submitApp"]["outcome"].clone();
    if held["status"] != "HELD" {
        faults.push(format!("not held: {}", submit(citizen, &answers, &key).await));
        return faults;
    }
    faults.extend(expected.judge_held(&held));
    let again = submit(citizen, &answers, &key).await;
    if again["data"]["submitApp"]["outcome"]["bookingNo"] != held["bookingNo"] {
        faults.push(format!("the second click books again: {again}"));
    }
    faults.extend(expected.goes_on(citizen, held["bookingNo"].as_str().unwrap()).await);
    faults
}

/// With its department dead nothing is offered and nothing booked, and the citizen is told.
async fn dies(
    app: &TestApp,
    citizen: &Citizen,
    definition: &AppDefinition,
    scenario: &Scenario,
    answers: &Answers,
) -> Vec<String> {
    let mut faults = Vec::new();
    let department = format!("{}.*", scenario.dead.department);
    app.levers.fault("exchange", &department, "error500", super::OFTEN).await;
    let slug = definition.slug.as_str();
    let (region, key) = (scenario.region.as_deref(), format!("scenario-dead-{slug}"));
    let dead = submits(citizen, definition, region, answers, &key).await;
    let said = &dead["data"]["submitApp"]["userErrors"][0]["code"];
    if said != "DEPARTMENT_UNAVAILABLE" {
        faults.push(format!("with {department} dead: {dead}"));
    }
    let offers = options(citizen, slug, "slot", answers).await;
    if offers["data"]["fieldOptions"]["unavailable"]["reason"].is_null() {
        faults.push(format!("with {department} dead it offers: {offers}"));
    }
    app.levers.clear_faults().await;
    faults
}

impl Expected {
    fn judge_held(&self, held: &Value) -> Vec<String> {
        let mut faults = nothing_under(held, &self.held);
        if held["price"]["fen"].as_i64() != self.price_fen {
            faults.push(format!("price {} not {:?}", held["price"], self.price_fen));
        }
        faults
    }

    /// Confirms, waits until the department knows, cancels.
    async fn goes_on(&self, citizen: &Citizen, no: &str) -> Vec<String> {
        let confirmed = changes(citizen, "confirmBooking", no, None).await;
        if confirmed["booking"]["status"] != "CONFIRMED" {
            return vec![format!("not confirmed: {confirmed}")];
        }
        let told = waits(citizen, no, "the department hears of it", |booking| {
            booking["departmentKnows"] == true
        });
        let mut faults = nothing_under(&told.await, &self.confirmed);
        let cancelled = changes(citizen, "cancelBooking", no, None).await;
        if self.too_late_to_cancel {
            if codes(&cancelled) != ["CONFLICT"] {
                faults.push(format!("cancelled too late: {cancelled}"));
            }
            return faults;
        }
        if cancelled["booking"]["status"] != "CANCELLED" {
            faults.push(format!("not cancelled: {cancelled}"));
            return faults;
        }
        let known = |booking: &Value| booking["departmentKnows"] == true;
        waits(citizen, no, "the department hears that nobody comes", known).await;
        faults
    }
}

fn nothing_under(booking: &Value, keys: &[String]) -> Vec<String> {
    let fields = booking["fields"].as_array().cloned().unwrap_or_default();
    let value = |key: &String| {
        let field = fields.iter().find(|field| field["name"] == **key)?;
        field["value"].as_str().map(str::to_owned)
    };
    let empty = |key: &&String| value(key).is_none_or(|value| value.is_empty());
    keys.iter().filter(empty).map(|key| format!("nothing under {key}: {booking}")).collect()
}

/// The answers with `first_option` replaced, in the order of the form.
pub async fn chosen(
    citizen: &Citizen,
    definition: &AppDefinition,
    answers: &Answers,
) -> Result<Answers, String> {
    let mut done: Answers = answers
        .iter()
        .filter(|(_, value)| value["first_option"].is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for field in &definition.fields {
        let wanted = answers.get(&field.name).is_some_and(|value| value["first_option"] == true);
        if !wanted {
            continue;
        }
        let offers = options(citizen, definition.slug.as_str(), &field.name, &done).await;
        let first = &offers["data"]["fieldOptions"]["options"][0]["value"];
        if first.is_null() {
            return Err(format!("no option of {}: {offers}", field.name));
        }
        let shape = if field.field_type == FieldType::Date { "date" } else { "choice" };
        done.insert(field.name.clone(), json!({ shape: first }));
    }
    Ok(done)
}

/// The whole body of `fieldOptions`.
pub async fn options(citizen: &Citizen, app: &str, field: &str, answers: &Answers) -> Value {
    let query = "query($app:String!,$field:String!,$answers:[AnswerInput!]!){fieldOptions(app:$app,\
         field:$field,answers:$answers){options{value label remaining price{fen}} \
         unavailable{source reason retryAfterMs}}}";
    let answers = listed(answers);
    citizen.ask(query, json!({ "app": app, "field": field, "answers": answers })).await
}

fn listed(answers: &Answers) -> Vec<Value> {
    answers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// The whole body of `submitApp`.
pub async fn submits(
    citizen: &Citizen,
    definition: &AppDefinition,
    region: Option<&str>,
    answers: &Answers,
    key: &str,
) -> Value {
    let input = json!({
        "app": definition.slug.as_str(), "region": region, "idempotencyKey": key,
        "formVersion": definition.form_version, "answers": listed(answers),
    });
    let fields = format!("outcome{{__typename ... on Booking{{{BOOKING}}}}}");
    citizen.try_mutation("submitApp", "SubmitAppInput", &fields, &input).await
}

/// `confirmBooking` or `cancelBooking`; the payload.
pub async fn changes(citizen: &Citizen, name: &str, no: &str, key: Option<&str>) -> Value {
    let input = json!({ "bookingNo": no, "idempotencyKey": key });
    let kind = if name == "confirmBooking" { "ConfirmBookingInput" } else { "CancelBookingInput" };
    citizen.mutation(name, kind, &format!("booking{{{BOOKING}}}"), &input).await
}

/// The citizen's booking of that number.
pub async fn booking(citizen: &Citizen, no: &str) -> Value {
    let query = format!("{{viewer{{bookings(first:100){{nodes{{{BOOKING}}}}}}}}}");
    let data = citizen.reads(&query).await;
    let nodes = data["viewer"]["bookings"]["nodes"].as_array().unwrap().clone();
    let found = nodes.into_iter().find(|booking| booking["bookingNo"] == no);
    found.unwrap_or_else(|| panic!("no booking {no}"))
}

/// A form's answers whose choices are the first that the department offers.
pub fn answers_of(definition: &AppDefinition, facts: &Value) -> Answers {
    let answer = |name: &str| match name {
        "name" => json!({ "text": facts["name"] }),
        "id_card" => json!({ "text": facts["idCard"] }),
        "phone" => json!({ "text": facts["phone"] }),
        "visitors" => json!({ "number": 1 }),
        _ => json!({ "first_option": true }),
    };
    let fields = definition.fields.iter();
    fields.map(|field| (field.name.clone(), answer(&field.name))).collect()
}

/// An app of the repository.
pub fn definition(slug: &str) -> AppDefinition {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    catalogue.app(&AppSlug::new(slug).unwrap()).unwrap().clone()
}

/// The citizen, who has proved a phone, books a visit of a museum; the booking.
pub async fn books_a_museum(citizen: &Citizen, key: &str) -> Value {
    let museum = definition("museum_booking");
    let answers = answers_of(&museum, &citizen.facts);
    let answers = chosen(citizen, &museum, &answers).await.unwrap();
    let answer = submits(citizen, &museum, None, &answers, key).await;
    let booking = answer["data"]["submitApp"]["outcome"].clone();
    assert_eq!(booking["status"], "HELD", "{answer}");
    booking
}

/// Waits until the booking is so.
pub async fn waits(citizen: &Citizen, no: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("{no}: {what}"), || async {
        let booking = booking(citizen, no).await;
        is(&booking).then_some(booking)
    })
    .await
}

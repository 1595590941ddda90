//! From answers to what they ask for. Pure: no clock, no port, no await.

mod certify;
mod own;
mod price;

pub use certify::Certification;
pub(super) use own::Own;
pub use price::PayCall;

use super::check::{Map, check};
use super::options::call_of;
use super::{Answer, AnswerFault, AnswerFaultCode, AnswerValue, ExchangeCall, Subject};
use crate::casework::booking::Place;
use crate::casework::case::{Application, HandedIn};
use crate::catalogue::{
    Action, AppDefinition, BookingTerms, Call, CaseTerms, Field, MaterialBy, RegionTable,
};
use crate::files::StoredFile;
use crate::identity::{LegalPerson, Person, RealName};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// No form is answered with more answers.
const ANSWERS_MAX: usize = 50;

/// What a checked submission asks for. A new kind is a variant; the compiler lists who must learn
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask a department, and show the answer.
    LookUp(ExchangeCall),
    /// Give a place of a slot.
    Book(Box<SlotWish>),
    /// Open a case at a department.
    Apply(Application),
    /// Ask what is owed, or order something.
    Pay(PayCall),
    /// Have a department certify something.
    Certify(Box<Certification>),
}

/// A place that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotWish {
    /// What the department is told once it is confirmed, without the number of the request.
    pub call: ExchangeCall,
    /// The question whose answer has the slot.
    pub offer: ExchangeCall,
    /// Which slot.
    pub slot: String,
    /// How many places of it.
    pub places: Place,
}

/// What answers are checked against, besides the form.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Who answers; `None`: somebody anonymous.
    pub who: Option<&'a Person>,
    /// The legal person for which that one acts; `None`: for none.
    pub company: Option<&'a LegalPerson>,
    /// The regions.
    pub regions: &'a RegionTable,
    /// The day of the submission in Beijing.
    pub today: Date,
    /// The caller's own files, as far as the answers name them.
    pub files: &'a [StoredFile],
}

/// What these answers ask for; `None` when nothing runs behind the app yet.
///
/// # Errors
/// Every [`AnswerFault`] at once, in the order of the form, unknown fields last.
pub fn plan(
    app: &AppDefinition,
    answers: &[Answer],
    circumstances: Circumstances<'_>,
) -> Result<Option<Effect>, Vec<AnswerFault>> {
    let real_name = circumstances.who.and_then(|person| person.real_name.as_ref());
    let mut form = FilledForm::of(app, answers)?;
    let accepted = form.accept_all(app.fields.iter(), circumstances);
    form.check_places(&accepted);
    let own = Own::of(circumstances.who, circumstances.company);
    form.faults.extend(own::party_faults(app, &accepted, own));
    form.note_unknown_fields(answers);
    let subject = form.subject_of(app.call(), real_name);
    let mut materials = Vec::new();
    if let Some(Action::Apply(terms)) = &app.action {
        materials = form.materials_of(terms, &accepted);
    }
    let price = price::of(app, &accepted).map_err(|fault| form.faults.push(fault)).ok();
    if let Some(Action::Certify(terms)) = &app.action {
        form.faults.extend(certify::faults(app, terms, &accepted, circumstances.today));
    }
    if !form.faults.is_empty() {
        return Err(form.faults);
    }
    Ok(app.action.as_ref().map(|action| match action {
        Action::LookUp(call) => Effect::LookUp(exchange_call(call, subject, &accepted)),
        Action::Pay(terms) => Effect::Pay(PayCall {
            call: exchange_call(&terms.call, subject, &accepted),
            orders: terms.orders,
            notice: terms.notice.clone(),
            price: price.flatten(),
        }),
        Action::Book(terms) => Effect::Book(Box::new(slot_wish(app, terms, subject, &accepted))),
        Action::Apply(terms) => Effect::Apply(Application {
            call: exchange_call(&terms.call, subject, &accepted),
            answers: answers.iter().filter(|answer| !answer.value.is_blank()).cloned().collect(),
            materials,
        }),
        Action::Certify(terms) => Effect::Certify(Box::new(Certification {
            call: exchange_call(&terms.call, subject, &accepted),
            post: certify::post_address(terms, &accepted),
            terms: terms.as_ref().clone(),
        })),
    }))
}

fn slot_wish(
    app: &AppDefinition,
    terms: &BookingTerms,
    subject: Option<Subject>,
    accepted: &BTreeMap<&str, String>,
) -> SlotWish {
    let call = exchange_call(&terms.call, subject, accepted);
    let from = app.field(&terms.slot).and_then(|field| field.options_from.as_ref());
    let nothing = || ExchangeCall {
        operation: terms.call.operation.clone(),
        subject: None,
        parameters: Vec::new(),
    };
    SlotWish {
        call,
        offer: from.map_or_else(nothing, |from| call_of(from, accepted)),
        slot: accepted.get(terms.slot.as_str()).cloned().unwrap_or_default(),
        places: places(terms, accepted).unwrap_or(Place::ONE),
    }
}

/// How many places are wanted; `None`: not a number of places.
fn places(terms: &BookingTerms, accepted: &BTreeMap<&str, String>) -> Option<Place> {
    match &terms.places {
        None => Some(Place::ONE),
        Some(field) => Place::new(accepted.get(field.as_str())?.parse().ok()?),
    }
}

/// The answers of these fields alone, as departments read them: for choices that depend on them.
///
/// # Errors
/// Every [`AnswerFault`] of them, and every field that the form does not have.
pub(super) fn accept_some<'a>(
    app: &'a AppDefinition,
    fields: &[&str],
    answers: &[Answer],
    circumstances: Circumstances<'_>,
) -> Result<BTreeMap<&'a str, String>, Vec<AnswerFault>> {
    let mut form = FilledForm::of(app, answers)?;
    let wanted = |field: &&Field| fields.contains(&field.name.as_str());
    let accepted = form.accept_all(app.fields.iter().filter(wanted), circumstances);
    form.note_unknown_fields(answers);
    if form.faults.is_empty() { Ok(accepted) } else { Err(form.faults) }
}

fn exchange_call(
    call: &Call,
    subject: Option<Subject>,
    accepted: &BTreeMap<&str, String>,
) -> ExchangeCall {
    let value = |field: &str| accepted.get(field).cloned().unwrap_or_default();
    let sends = call.sends.iter();
    let parameters = sends.map(|s| (s.parameter.clone(), value(&s.field))).collect();
    ExchangeCall { operation: call.operation.clone(), subject, parameters }
}

/// A form on its way through the checks.
struct FilledForm<'a> {
    app: &'a AppDefinition,
    given: BTreeMap<&'a str, Vec<&'a AnswerValue>>,
    faults: Vec<AnswerFault>,
}

/// The answers that are more than blank.
fn by_field(answers: &[Answer]) -> BTreeMap<&str, Vec<&AnswerValue>> {
    let mut given: BTreeMap<&str, Vec<&AnswerValue>> = BTreeMap::new();
    for answer in answers.iter().filter(|answer| !answer.value.is_blank()) {
        given.entry(answer.name.as_str()).or_default().push(&answer.value);
    }
    given
}

impl<'f> FilledForm<'f> {
    fn of(app: &'f AppDefinition, answers: &'f [Answer]) -> Result<Self, Vec<AnswerFault>> {
        if answers.len() > ANSWERS_MAX {
            let message = format!("一次最多提交{ANSWERS_MAX}项内容，请更新页面后重试");
            return Err(vec![fault("", AnswerFaultCode::Invalid, message)]);
        }
        Ok(Self { app, given: by_field(answers), faults: Vec::new() })
    }

    /// The answers of these fields that are right; faults are noted.
    fn accept_all<'a>(
        &mut self,
        fields: impl Iterator<Item = &'a Field>,
        circumstances: Circumstances<'_>,
    ) -> BTreeMap<&'a str, String> {
        let Circumstances { who, company, regions, today, files } = circumstances;
        let (map, own) = (Map { regions, today, files }, Own::of(who, company));
        let accepted = fields.filter_map(|field| {
            let text = self.accept(field, map, own)?;
            Some((field.name.as_str(), text))
        });
        accepted.collect()
    }

    /// A number that is right, but no number of places.
    fn check_places(&mut self, accepted: &BTreeMap<&str, String>) {
        let Some(Action::Book(terms)) = &self.app.action else { return };
        let Some(field) = terms.places.as_deref().and_then(|name| self.app.field(name)) else {
            return;
        };
        if accepted.contains_key(field.name.as_str()) && places(terms, accepted).is_none() {
            let message = format!("“{}”应为1至{}，请核对后重填", field.label.zh, Place::MAX);
            self.faults.push(fault(&field.name, AnswerFaultCode::Invalid, message));
        }
    }

    /// The field's answer as departments read it; faults are noted.
    fn accept(&mut self, field: &Field, map: Map<'_>, own: Own<'_>) -> Option<String> {
        let label = &field.label.zh;
        let value = match self.given.get(field.name.as_str()).map(Vec::as_slice) {
            None | Some([]) => {
                if field.required || self.is_needed_by_another(field) {
                    let message = format!("请填写“{label}”");
                    self.faults.push(fault(&field.name, AnswerFaultCode::Required, message));
                }
                return None;
            }
            Some([value]) => *value,
            Some(_) => {
                let message = format!("“{label}”重复填写，请只保留一项");
                self.faults.push(fault(&field.name, AnswerFaultCode::Duplicate, message));
                return None;
            }
        };
        match check(field, value, map) {
            Ok(text) if own.allows(field, &text) => Some(text),
            Ok(_) => {
                let message = own.refusal(field);
                self.faults.push(fault(&field.name, AnswerFaultCode::NotYourOwn, message));
                None
            }
            Err(message) => {
                self.faults.push(fault(&field.name, AnswerFaultCode::Invalid, message));
                None
            }
        }
    }

    /// An optional field becomes needed once a field that depends on it is answered.
    fn is_needed_by_another(&self, field: &Field) -> bool {
        let answered = |other: &&Field| self.given.contains_key(other.name.as_str());
        let mut others = self.app.fields.iter().filter(answered);
        others.any(|other| other.depends_on.contains(&field.name))
    }

    fn note_unknown_fields(&mut self, answers: &[Answer]) {
        for answer in answers.iter().filter(|answer| self.app.field(&answer.name).is_none()) {
            // Whatever a client calls a field, an answer of ours stays short.
            let name: String = answer.name.chars().take(64).collect();
            let message = "表单中没有该项，请更新页面后重新填写".to_owned();
            self.faults.push(fault(&name, AnswerFaultCode::UnknownField, message));
        }
    }

    /// The materials that these answers make necessary; a file that is missing is a fault.
    fn materials_of(
        &mut self,
        terms: &CaseTerms,
        accepted: &BTreeMap<&str, String>,
    ) -> Vec<HandedIn> {
        let mut materials = Vec::new();
        for material in terms.needed(accepted) {
            let file = match &material.by {
                MaterialBy::Window | MaterialBy::Shared => None,
                MaterialBy::File { field } => {
                    let noted = self.faults.iter().any(|fault| fault.field == *field);
                    if !accepted.contains_key(field.as_str()) && !noted {
                        let message = format!("请上传“{}”", material.label.zh);
                        self.faults.push(fault(field, AnswerFaultCode::Required, message));
                    }
                    accepted.get(field.as_str()).cloned()
                }
            };
            materials.push(HandedIn { name: material.name.clone(), file });
        }
        materials
    }

    /// Whom the call is about, if it is about somebody.
    fn subject_of(&mut self, call: Option<&Call>, real_name: Option<&RealName>) -> Option<Subject> {
        if !call.is_some_and(|call| call.subject) {
            return None;
        }
        let Some(RealName { name, id_card, checked_at: _ }) = real_name else {
            let message = "请先登录并完成实名认证".to_owned();
            self.faults.push(fault("", AnswerFaultCode::NotYourOwn, message));
            return None;
        };
        Some(Subject { name: name.clone(), id_card: id_card.clone() })
    }
}

pub(super) fn fault(field: &str, code: AnswerFaultCode, message: String) -> AnswerFault {
    AnswerFault { field: field.to_owned(), code, message }
}

#[cfg(test)]
mod tests;

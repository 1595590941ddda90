//! What a form may be filled in with for the citizen, and where that is from: what was verified,
//! what a department said (by consent), and what the citizen answered last time.

use super::{ActingFor, Caller, DataStore, IdentityLevel, Person};
use crate::catalogue::{
    AppDefinition, AppSlug, Catalogue, CatalogueSource, Field, FieldType, OwnData,
};
use crate::clock::Clock;
use crate::engine::{Answer, AnswerValue, Outcome, OutcomeField};
use crate::ids::PersonId;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

/// Who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactOrigin {
    /// The citizen, in a form.
    Answer,
    /// This department, in Chinese.
    Department(String),
}

/// Something of a person that a form can ask for again. `Debug` hides the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Fact {
    /// The name of the form's field.
    pub field: String,
    /// The word of its type: another type of that name is another thing.
    pub kind: &'static str,
    /// As an answer has it.
    pub value: String,
    /// Who said it.
    pub origin: FactOrigin,
    /// When that was so.
    pub as_of: Timestamp,
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fact({} {:?}: ***)", self.field, self.origin)
    }
}

/// Facts. Values MUST be stored sealed.
#[async_trait]
pub trait FactStore: Send + Sync {
    /// Keeps these; each takes the place of an earlier one of its field, kind and origin.
    async fn keep_facts(&self, person: &PersonId, facts: &[Fact]) -> Result<(), StoreError>;
    /// Those of a person's ids, the newest first; at most 200.
    async fn facts_of(&self, persons: &[PersonId]) -> Result<Vec<Fact>, StoreError>;
}

/// Where a value is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrefillSource {
    /// Name and number, confirmed by public security.
    RealName,
    /// The phone, proved by a code or by a platform.
    Phone,
    /// The represented person's name and number, as the mandate has them.
    Mandate,
    /// A department said so.
    Department(String),
    /// The citizen answered so.
    Answer,
}

/// A value for one field. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Prefill {
    /// The field's name.
    pub field: String,
    /// In full: a masked value would be refused by the form's own check.
    pub value: String,
    /// Where it is from.
    pub source: PrefillSource,
    /// When that was so.
    pub as_of: Timestamp,
}

impl fmt::Debug for Prefill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefill({} {:?}: ***)", self.field, self.source)
    }
}

/// Use case: what one form may be filled in with.
pub struct Prefills {
    /// The forms.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// What was said before.
    pub facts: Arc<dyn FactStore>,
    /// Consents.
    pub data: Arc<dyn DataStore>,
}

impl Prefills {
    /// In the order of the form, at most one value for each field; `None`: no such app. Somebody
    /// who acts for another person gets that person's name and number alone.
    ///
    /// # Errors
    /// As the stores fail.
    pub async fn run(
        &self,
        person: &Person,
        acting: &ActingFor,
        app: &AppSlug,
    ) -> Result<Option<Vec<Prefill>>, StoreError> {
        let catalogue = self.catalogue.current();
        let Some(app) = catalogue.app(app) else { return Ok(None) };
        if matches!(acting, ActingFor::Over(_)) {
            return Ok(Some(Vec::new()));
        }
        let seen = acting.stand_in(person);
        let for_other = seen.real_name != person.real_name;
        let facts = if for_other { Vec::new() } else { self.allowed_facts(person).await? };
        let of = |field: &Field| {
            represented(field, acting)
                .or_else(|| verified(app, field, &seen, for_other))
                .or_else(|| said(app, field, &facts))
        };
        Ok(Some(app.fields.iter().filter_map(of).collect()))
    }

    async fn allowed_facts(&self, person: &Person) -> Result<Vec<Fact>, StoreError> {
        let ids = person.ids();
        let consents = self.data.consents_of(&ids).await?;
        let allowed = |fact: &Fact| match &fact.origin {
            FactOrigin::Answer => true,
            FactOrigin::Department(name) => consents.iter().any(|c| c.department == *name),
        };
        Ok(self.facts.facts_of(&ids).await?.into_iter().filter(allowed).collect())
    }
}

/// What the field asks of the verified data: by its mark, or because a form for people with a
/// proved name calls it so.
fn own_of(app: &AppDefinition, field: &Field) -> Option<OwnData> {
    let named = match (field.name.as_str(), field.field_type) {
        ("name", FieldType::Text) => Some(OwnData::Name),
        ("id_card", FieldType::IdCard) => Some(OwnData::IdCard),
        _ => None,
    };
    let own = field.own.or(named.filter(|_| app.identity_level >= IdentityLevel::RealName));
    // Which of several parties the caller is, only the caller knows.
    own.filter(|_| field.party.is_none())
}

/// The code of the company for which one acts.
fn represented(field: &Field, acting: &ActingFor) -> Option<Prefill> {
    let ActingFor::Mandate(mandate) = acting else { return None };
    let company = acting.company().filter(|_| field.own == Some(OwnData::Uscc))?;
    let (name, value) = (field.name.clone(), company.uscc.as_str().to_owned());
    Some(Prefill { field: name, value, source: PrefillSource::Mandate, as_of: mandate.asked_at })
}

fn verified(
    app: &AppDefinition,
    field: &Field,
    person: &Person,
    for_other: bool,
) -> Option<Prefill> {
    let name = field.name.clone();
    if let (Some(own), Some(proved)) = (own_of(app, field), &person.real_name) {
        let value = match own {
            OwnData::Name => proved.name.as_str(),
            OwnData::IdCard => proved.id_card.as_str(),
            OwnData::Uscc => return None,
        };
        let source = if for_other { PrefillSource::Mandate } else { PrefillSource::RealName };
        let (value, as_of) = (value.to_owned(), proved.checked_at);
        return Some(Prefill { field: name, value, source, as_of });
    }
    let phone = person.phone.as_ref();
    let phone = phone.filter(|_| field.field_type == FieldType::Phone && !for_other)?;
    Some(Prefill {
        field: name,
        value: phone.as_str().to_owned(),
        source: PrefillSource::Phone,
        as_of: person.phone_checked_at.unwrap_or(person.created_at),
    })
}

/// The newest fact of this field whose value the form can still take.
fn said(app: &AppDefinition, field: &Field, facts: &[Fact]) -> Option<Prefill> {
    let fits = |fact: &&Fact| {
        let option = field.options.is_empty()
            || field.options.iter().any(|option| option.value == fact.value);
        let kind = match &fact.origin {
            FactOrigin::Answer => repeatable(field),
            FactOrigin::Department(name) if *name == app.department => tellable(field),
            FactOrigin::Department(_) => None,
        };
        fact.field == field.name && kind == Some(fact.kind) && option
    };
    let fact = facts.iter().find(fits)?;
    let source = match &fact.origin {
        FactOrigin::Answer => PrefillSource::Answer,
        FactOrigin::Department(name) => PrefillSource::Department(name.clone()),
    };
    let (value, as_of) = (fact.value.clone(), fact.as_of);
    Some(Prefill { field: field.name.clone(), value, source, as_of })
}

/// Types whose answers stay the same from one form to the next, by their word: a car, a place, a
/// company. Never a number that opens something (notice, receipt, check code), a file, a free
/// text, a day or an amount; and nothing that must be verified anew.
fn repeatable(field: &Field) -> Option<&'static str> {
    if field.own.is_some() {
        return None;
    }
    match field.field_type {
        FieldType::PlateNo => Some("PLATE_NO"),
        FieldType::Uscc => Some("USCC"),
        FieldType::Phone => Some("PHONE"),
        FieldType::Region => Some("REGION"),
        FieldType::Address => Some("ADDRESS"),
        // A choice that depends on others means nothing without them.
        FieldType::Enum if field.depends_on.is_empty() => Some("ENUM"),
        FieldType::Text if field.check.is_some() => Some("TEXT"),
        FieldType::Enum
        | FieldType::Text
        | FieldType::IdCard
        | FieldType::Date
        | FieldType::Month
        | FieldType::Int
        | FieldType::Amount
        | FieldType::Bool
        | FieldType::File
        | FieldType::NoticeNo
        | FieldType::ReceiptCode
        | FieldType::ReceiptNo
        | FieldType::CheckCode => None,
    }
}

/// Every word of [`repeatable`].
const KINDS: [&str; 7] = ["PLATE_NO", "USCC", "PHONE", "REGION", "ADDRESS", "ENUM", "TEXT"];

impl Fact {
    /// The kind of that word, as columns have it.
    pub fn kind_of(word: &str) -> Option<&'static str> {
        KINDS.into_iter().find(|kind| *kind == word)
    }
}

/// What came of a submission, to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Learnt<'a> {
    /// Which app.
    pub app: &'a AppSlug,
    /// What was answered.
    pub answers: &'a [Answer],
    /// What came of it.
    pub outcome: &'a Outcome,
}

/// Use case: remember what the next form can be filled in with.
pub struct LearnFacts {
    /// The forms.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Where it is kept.
    pub facts: Arc<dyn FactStore>,
    /// Consents.
    pub data: Arc<dyn DataStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl LearnFacts {
    /// Comes after something went through. What was done for somebody else is not learnt.
    ///
    /// # Errors
    /// As the stores fail; what was done stays done.
    pub async fn run(
        &self,
        caller: &Caller,
        acting: &ActingFor,
        learnt: Learnt<'_>,
    ) -> Result<(), StoreError> {
        let catalogue = self.catalogue.current();
        let app = catalogue.app(learnt.app);
        let (Some(app), ActingFor::Oneself) = (app, acting) else { return Ok(()) };
        let mut facts = answered(app, learnt.answers, self.clock.now());
        let told = told(&catalogue, app, learnt.outcome);
        if !told.is_empty() {
            let consents = self.data.consents_of(&caller.person.ids()).await?;
            if consents.iter().any(|consent| consent.department == app.department) {
                facts.extend(told);
            }
        }
        if facts.is_empty() {
            return Ok(());
        }
        self.facts.keep_facts(&caller.person.id, &facts).await
    }
}

fn answered(app: &AppDefinition, answers: &[Answer], as_of: Timestamp) -> Vec<Fact> {
    let fact = |answer: &Answer| {
        let kind = repeatable(app.field(&answer.name)?)?;
        let value = match &answer.value {
            AnswerValue::Text(text) | AnswerValue::Choice(text) => text.trim().to_owned(),
            AnswerValue::Number(_)
            | AnswerValue::Fen(_)
            | AnswerValue::Date(_)
            | AnswerValue::Flag(_)
            | AnswerValue::FileId(_) => return None,
        };
        let field = answer.name.clone();
        let origin = FactOrigin::Answer;
        (!value.is_empty()).then_some(Fact { field, kind, value, origin, as_of })
    };
    answers.iter().filter_map(fact).collect()
}

/// Of an answer about the citizen, and where it has one row: of several nobody knows which is
/// meant. Only what a form of the same department asks for under that name: `card_no` of one
/// department is no other's.
fn told(catalogue: &Catalogue, app: &AppDefinition, outcome: &Outcome) -> Vec<Fact> {
    let about_them = app.call().is_some_and(|call| call.subject);
    let Outcome::Lookup { rows, as_of, .. } = outcome else { return Vec::new() };
    let [row] = rows.as_slice() else { return Vec::new() };
    if !about_them {
        return Vec::new();
    }
    let same = |other: &&AppDefinition| other.department == app.department;
    let fact = |shown: &OutcomeField| {
        let mut forms = catalogue.apps().filter(same);
        let kind = forms.find_map(|form| form.field(&shown.name).and_then(tellable))?;
        let origin = FactOrigin::Department(app.department.clone());
        let (field, value) = (shown.name.clone(), shown.value.clone());
        (!value.is_empty()).then_some(Fact { field, kind, value, origin, as_of: *as_of })
    };
    row.fields.iter().filter_map(fact).collect()
}

/// What a department may fill in besides: the numbers that it gave out itself are texts.
fn tellable(field: &Field) -> Option<&'static str> {
    let text = field.field_type == FieldType::Text && field.own.is_none();
    repeatable(field).or(text.then_some("TEXT"))
}

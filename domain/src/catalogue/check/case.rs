//! Checks the section `[case]`.

use super::super::raw::{RawCase, RawMaterial};
use super::super::words::Word as _;
use super::super::{
    Action, AppKind, CaseStep, CaseTerms, FieldType, Material, MaterialBy, Place, Problem, RawApp,
    RawField, When,
};
use super::run::check_call;
use super::texts::Findings;
use crate::identity::IdentityLevel;
use std::collections::BTreeSet;

const SECTION: &str = "case";
const STEPS_MAX: usize = 10;
const MATERIALS_MAX: usize = 20;
const LABEL_MAX: usize = 60;
/// A year of working days.
const DAYS_MAX: u16 = 250;

/// What the section says, with every fault in `findings`.
pub(super) fn check_case(
    findings: &mut Findings,
    case: &RawCase,
    raw: &RawApp,
    level: Option<IdentityLevel>,
) -> Option<Action> {
    let at = |key| Place::Section { section: SECTION, key };
    if AppKind::read(&raw.kind).is_some_and(|kind| kind != AppKind::Apply) {
        let problem = Problem::Contradiction("only an app of kind apply opens cases");
        findings.add(Place::App { key: "kind" }, problem);
    }
    if raw.look_up.is_some() {
        let problem = Problem::Contradiction("an app that opens cases looks nothing up");
        findings.add(Place::Section { section: "look_up", key: "operation" }, problem);
    }
    if level == Some(IdentityLevel::Anonymous) {
        let problem = Problem::Contradiction("a case belongs to somebody: it needs a level");
        findings.add(Place::App { key: "identity_level" }, problem);
    }
    if !(1..=DAYS_MAX).contains(&case.promised_days) {
        findings.add(at("promised_days"), Problem::OutOfRange("1 to 250"));
    }
    if case.steps.is_empty() {
        findings.add(at("steps"), Problem::Empty);
    }
    if case.steps.len() > STEPS_MAX {
        findings.add(at("steps"), Problem::TooMany { max: STEPS_MAX });
    }
    let mut steps = Vec::new();
    for step in &case.steps {
        let name = findings.text(at("steps"), &step.name, LABEL_MAX);
        let holder = findings.text(at("steps"), &step.holder, LABEL_MAX);
        steps.push(CaseStep { name, holder });
    }
    let materials = check_materials(findings, &case.materials, raw);
    let call = check_call(findings, SECTION, &case.call, raw, level)?;
    let (promised_days, express) = (case.promised_days, case.express);
    Some(Action::Apply(CaseTerms { call, promised_days, steps, materials, express }))
}

fn check_materials(
    findings: &mut Findings,
    materials: &[RawMaterial],
    raw: &RawApp,
) -> Vec<Material> {
    if materials.len() > MATERIALS_MAX {
        let problem = Problem::TooMany { max: MATERIALS_MAX };
        findings.add(Place::Section { section: SECTION, key: "material" }, problem);
    }
    let mut seen = BTreeSet::new();
    let mut checked = Vec::new();
    for (index, material) in materials.iter().enumerate() {
        let at = |key| Place::Material { index, name: material.name.clone(), key };
        findings.name(at("name"), &material.name);
        if !seen.insert(material.name.as_str()) {
            findings.add(at("name"), Problem::Duplicate(material.name.clone()));
        }
        let label = findings.wording(at("label"), &material.label, LABEL_MAX);
        let by = check_by(findings, material, &at, raw);
        let when = material.when.as_ref().map(|(field, is)| {
            check_when(findings, (field, is), &at("when"), raw);
            When { field: field.clone(), is: is.clone() }
        });
        checked.extend(by.map(|by| Material { name: material.name.clone(), label, when, by }));
    }
    checked
}

fn field<'a>(raw: &'a RawApp, name: &str) -> Option<&'a RawField> {
    raw.fields.iter().find(|field| field.name == name)
}

fn check_by(
    findings: &mut Findings,
    material: &RawMaterial,
    at: &dyn Fn(&'static str) -> Place,
    raw: &RawApp,
) -> Option<MaterialBy> {
    let by = match material.by.as_str() {
        "file" => None,
        "window" => Some(MaterialBy::Window),
        "shared" => Some(MaterialBy::Shared),
        other => {
            let (word, known) = (other.to_owned(), "file, window, shared".to_owned());
            findings.add(at("by"), Problem::UnknownWord { word, known });
            return None;
        }
    };
    match (by, &material.field) {
        (Some(by), None) => Some(by),
        (Some(_), Some(_)) => {
            let problem = Problem::Contradiction("only a material by file names a field");
            findings.add(at("field"), problem);
            None
        }
        (None, None) => {
            findings.add(at("field"), Problem::Empty);
            None
        }
        (None, Some(name)) => {
            match field(raw, name).map(|field| FieldType::read(&field.field_type)) {
                None => {
                    let problem = Problem::Dangling { kind: "field", name: name.clone() };
                    findings.add(at("field"), problem);
                }
                // A type that is no word is a fault of the field.
                Some(Some(FieldType::File) | None) => {}
                Some(Some(_)) => {
                    let problem = Problem::Contradiction("a material is a field of type file");
                    findings.add(at("field"), problem);
                }
            }
            Some(MaterialBy::File { field: name.clone() })
        }
    }
}

/// The field is there, and can have these answers.
fn check_when(
    findings: &mut Findings,
    (name, is): (&String, &[String]),
    place: &Place,
    raw: &RawApp,
) {
    findings.list(place, is, 100);
    let Some(field) = field(raw, name) else {
        let problem = Problem::Dangling { kind: "field", name: name.clone() };
        findings.add(place.clone(), problem);
        return;
    };
    match FieldType::read(&field.field_type) {
        Some(FieldType::Enum) => {
            let known = |value: &&String| field.options.iter().any(|o| o.value == **value);
            for value in is.iter().filter(|value| !known(value)) {
                let problem = Problem::Dangling { kind: "option", name: value.clone() };
                findings.add(place.clone(), problem);
            }
        }
        Some(FieldType::Bool) => {
            let known = |value: &&String| matches!(value.as_str(), "true" | "false");
            for value in is.iter().filter(|value| !known(value)) {
                let (word, known) = (value.clone(), "true, false".to_owned());
                findings.add(place.clone(), Problem::UnknownWord { word, known });
            }
        }
        Some(_) => {
            let problem = Problem::Contradiction("only answers to an enum or a bool decide");
            findings.add(place.clone(), problem);
        }
        None => {}
    }
}

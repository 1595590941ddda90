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

#[cfg(test)]
mod tests {
    use super::super::super::samples::{application, sample};
    use super::super::super::{AppDefinition, Fault, RawCase};
    use super::*;

    /// Every fault of the sample after `change`, as maintainers read it.
    fn faults(change: impl FnOnce(&mut RawApp, &mut RawCase)) -> Vec<String> {
        let mut app = application();
        let mut case = app.case.take().unwrap();
        change(&mut app, &mut case);
        app.case = Some(case);
        match AppDefinition::check(&app) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(Fault::to_string).collect(),
        }
    }

    #[test]
    fn every_fault_of_the_section_is_told_with_its_path() {
        assert_eq!(faults(|_, _| ()), Vec::<String>::new());
        let got = faults(|_, case| {
            case.promised_days = 0;
            case.steps.clear();
            case.call.operation = "police".to_owned();
            case.materials[0].by = "post".to_owned();
            case.materials[1].field = Some("photo".to_owned());
            case.materials[2].field = Some("card_no".to_owned());
            case.materials[2].when = Some(("reason".to_owned(), vec!["stolen".to_owned()]));
        });
        assert_eq!(
            got,
            [
                "case.promised_days: is outside 1 to 250",
                "case.steps: is empty",
                "material.old_card.by: `post` is unknown; known are file, window, shared",
                "material.portrait.field: only a material by file names a field",
                "material.photo.field: a material is a field of type file",
                "material.photo.when: there is no option `stolen`",
                "case.operation: `police` is not an operation: words of a-z and _ between dots",
            ]
        );
    }

    #[test]
    fn names_that_nothing_has_are_told() {
        let got = faults(|_, case| {
            case.materials[0].when = Some(("colour".to_owned(), vec!["red".to_owned()]));
            case.materials[1].name = "old_card".to_owned();
            case.materials[2].field = Some("scan".to_owned());
        });
        assert_eq!(
            got,
            [
                "material.old_card.when: there is no field `colour`",
                "material.old_card.name: `old_card` is there twice",
                "material.photo.field: there is no field `scan`",
            ]
        );
    }

    #[test]
    fn a_case_belongs_to_an_app_that_applies_for_somebody() {
        let got = faults(|app, _| {
            app.kind = "query".to_owned();
            app.identity_level = "anonymous".to_owned();
            app.look_up = sample().look_up;
        });
        for expected in ["kind: only an app", "look_up.operation: an app", "identity_level: a case"]
        {
            assert!(got.iter().any(|fault| fault.starts_with(expected)), "{expected}: {got:?}");
        }
    }
}

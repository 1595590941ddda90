//! Versions of apps that the store keeps: the shape of the files, as JSON, with the category.

use super::FORMAT;
use super::wire::read_kept;
use domain::catalogue::{
    AppDefinition, RawApp, RawCase, RawField, RawOptionsFrom, RawRow, RawSent, RawWording,
};
use serde_json::{Value, json};

/// What is kept of this version; the same text for the same version.
pub(crate) fn kept(app: &AppDefinition) -> String {
    let raw = app.kept();
    json!({ "category": raw.category, "app": json_of(&raw) }).to_string()
}

/// The version that [`kept`] wrote; `None` for any other text.
pub(crate) fn read(text: &str) -> Option<AppDefinition> {
    let whole: Value = serde_json::from_str(text).ok()?;
    let mut raw = read_kept(&whole["app"].to_string())?;
    raw.category = whole["category"].as_str()?.to_owned();
    AppDefinition::check(&raw).ok()
}

fn json_of(raw: &RawApp) -> Value {
    json!({
        "format": FORMAT,
        "slug": raw.slug,
        "name": wording(&raw.name),
        "summary": raw.summary,
        "kind": raw.kind,
        "identity_level": raw.identity_level,
        "channels": raw.channels,
        "audience": raw.audience,
        "department": raw.department,
        "coverage": raw.coverage,
        "form_version": raw.form_version,
        "provenance": raw.provenance,
        "source": raw.source,
        "keywords": raw.keywords,
        "note": raw.note,
        "field": raw.fields.iter().map(field).collect::<Vec<_>>(),
        "case": raw.case.as_ref().map(case),
        "row": raw.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn wording(wording: &RawWording) -> Value {
    json!({ "zh": wording.zh, "en": wording.en })
}

fn field(field: &RawField) -> Value {
    let options = field
        .options
        .iter()
        .map(|o| json!({ "value": o.value, "label": o.label, "price_fen": o.price_fen }));
    json!({
        "name": field.name,
        "label": wording(&field.label),
        "type": field.field_type,
        "required": field.required,
        "help": field.help,
        "options": options.collect::<Vec<_>>(),
        "options_from": field.options_from.as_ref().map(options_from),
        "depends_on": field.depends_on,
        "own": field.own,
        "party": field.party,
        "letters_and_digits": field.letters_and_digits,
        "between": field.between,
        "accepts": field.accepts,
        "most_kilobytes": field.most_kilobytes,
    })
}

fn row(row: &RawRow) -> Value {
    json!({ "from": row.from, "label": wording(&row.label), "shown_as": row.shown_as })
}

fn options_from(from: &RawOptionsFrom) -> Value {
    json!({
        "operation": from.operation,
        "sends": sends(&from.sends),
        "value": from.value,
        "label": from.label,
        "remaining": from.remaining,
        "price": from.price,
    })
}

fn sends(sends: &[RawSent]) -> Vec<Value> {
    sends.iter().map(|s| json!({ "field": s.field, "as": s.parameter })).collect()
}

fn case(case: &RawCase) -> Value {
    let steps = case.steps.iter().map(|s| json!({ "name": s.name, "holder": s.holder }));
    let materials = case.materials.iter().map(|material| {
        let when = material.when.as_ref().map(|(field, is)| json!({ "field": field, "is": is }));
        json!({
            "name": material.name,
            "label": wording(&material.label),
            "by": material.by,
            "field": material.field,
            "when": when,
        })
    });
    json!({
        "operation": case.call.operation,
        "sends": sends(&case.call.sends),
        "subject": case.call.subject,
        "promised_days": case.promised_days,
        "steps": steps.collect::<Vec<_>>(),
        "material": materials.collect::<Vec<_>>(),
        "express": case.express,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::Action;

    #[test]
    fn every_app_that_opens_cases_comes_back_as_it_was_kept() {
        let catalogue = super::super::load_embedded().unwrap();
        let mut cases = 0;
        for app in catalogue.apps() {
            let text = kept(app);
            let again = read(&text).unwrap_or_else(|| panic!("{}: {text}", app.slug));
            assert_eq!(kept(&again), text, "{}", app.slug);
            assert_eq!(again.fields, app.fields, "{}", app.slug);
            if let Some(Action::Apply(_)) = &app.action {
                cases += 1;
                assert_eq!(again.action, app.action, "{}", app.slug);
                assert_eq!(again.rows, app.rows, "{}", app.slug);
            }
        }
        assert!(cases > 0);
        assert_eq!(read("{}"), None);
        assert_eq!(read(""), None);
    }
}

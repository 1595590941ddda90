//! A checked app as it would be written: to keep the version that somebody has begun.

use super::super::words::Word as _;
use super::super::{
    Action, AppDefinition, AppKind, Call, CaseTerms, Field, FieldCheck, Material, MaterialBy,
    OptionsFrom, Provenance, RowField, Sent, Wording,
};
use super::{
    RawApp, RawCall, RawCase, RawField, RawMaterial, RawOption, RawOptionsFrom, RawRow, RawSent,
    RawStep, RawWording,
};

impl AppDefinition {
    /// What a draft or a case needs of this version, however it is published since. Checking it
    /// gives an app that is filled in and followed like this one. Of an app that opens no cases
    /// only the form is kept.
    pub fn kept(&self) -> RawApp {
        let case = match &self.action {
            Some(Action::Apply(terms)) => Some(raw_case(terms)),
            Some(_) | None => None,
        };
        let kind = if case.is_some() { self.kind } else { AppKind::Query };
        let words = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
        RawApp {
            slug: self.slug.to_string(),
            name: raw_wording(&self.name),
            summary: self.summary.clone(),
            category: self.category.to_string(),
            department: self.department.clone(),
            kind: kind.word().to_owned(),
            channels: words(self.channels.iter().map(|channel| channel.word()).collect()),
            identity_level: self.identity_level.word().to_owned(),
            audience: words(self.audience.iter().map(|audience| audience.word()).collect()),
            coverage: self.coverage.iter().map(ToString::to_string).collect(),
            form_version: self.form_version,
            fields: self.fields.iter().map(raw_field).collect(),
            case,
            rows: self.rows.iter().map(raw_row).collect(),
            provenance: match &self.provenance {
                Provenance::Sourced { .. } => "sourced".to_owned(),
                Provenance::Composed => "composed".to_owned(),
            },
            source: match &self.provenance {
                Provenance::Sourced { source } => Some(source.clone()),
                Provenance::Composed => None,
            },
            keywords: self.keywords.clone(),
            note: self.note.clone(),
            ..RawApp::default()
        }
    }
}

fn raw_wording(wording: &Wording) -> RawWording {
    RawWording { zh: wording.zh.clone(), en: wording.en.clone() }
}

fn raw_field(field: &Field) -> RawField {
    let options = field.options.iter().map(|option| RawOption {
        value: option.value.clone(),
        label: option.label.clone(),
        price_fen: option.price.map(|price| price.fen().value()),
    });
    let options = options.collect();
    RawField {
        name: field.name.clone(),
        label: raw_wording(&field.label),
        field_type: field.field_type.word().to_owned(),
        required: field.required,
        help: field.help.clone(),
        options,
        options_from: field.options_from.as_ref().map(raw_options_from),
        depends_on: field.depends_on.clone(),
        own: field.own.map(|own| own.word().to_owned()),
        party: field.party.clone(),
        letters_and_digits: match field.check {
            Some(FieldCheck::LettersAndDigits { length }) => Some(length),
            Some(FieldCheck::Between { .. }) | None => None,
        },
        between: match field.check {
            Some(FieldCheck::Between { least, most }) => Some([least, most]),
            Some(FieldCheck::LettersAndDigits { .. }) | None => None,
        },
        accepts: field
            .file
            .iter()
            .flat_map(|rule| &rule.kinds)
            .map(|k| k.word().to_owned())
            .collect(),
        most_kilobytes: field
            .file
            .as_ref()
            .and_then(|rule| u32::try_from(rule.most_bytes / 1024).ok()),
    }
}

fn raw_options_from(from: &OptionsFrom) -> RawOptionsFrom {
    RawOptionsFrom {
        operation: from.operation.to_string(),
        sends: from.sends.iter().map(raw_sent).collect(),
        value: from.value.clone(),
        label: from.label.clone(),
        remaining: from.remaining.clone(),
        price: from.price.clone(),
    }
}

fn raw_sent(sent: &Sent) -> RawSent {
    RawSent { field: sent.field.clone(), parameter: sent.parameter.clone() }
}

fn raw_row(row: &RowField) -> RawRow {
    RawRow {
        from: row.from.clone(),
        label: raw_wording(&row.label),
        shown_as: Some(row.shown_as.word().to_owned()),
    }
}

fn raw_call(call: &Call) -> RawCall {
    let sends = call.sends.iter().map(raw_sent);
    RawCall {
        operation: call.operation.to_string(),
        sends: sends.collect(),
        subject: call.subject,
        stale_minutes: call.stale_minutes,
    }
}

fn raw_case(terms: &CaseTerms) -> RawCase {
    let steps = terms
        .steps
        .iter()
        .map(|step| RawStep { name: step.name.clone(), holder: step.holder.clone() });
    RawCase {
        call: raw_call(&terms.call),
        promised_days: terms.promised_days,
        steps: steps.collect(),
        materials: terms.materials.iter().map(raw_material).collect(),
        express: terms.express,
    }
}

fn raw_material(material: &Material) -> RawMaterial {
    let (by, field) = match &material.by {
        MaterialBy::File { field } => ("file", Some(field.clone())),
        MaterialBy::Window => ("window", None),
        MaterialBy::Shared => ("shared", None),
    };
    RawMaterial {
        name: material.name.clone(),
        label: raw_wording(&material.label),
        by: by.to_owned(),
        field,
        when: material.when.as_ref().map(|when| (when.field.clone(), when.is.clone())),
    }
}

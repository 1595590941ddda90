//! Reads the templates of messages: one file per kind of event in `domain/messages`.

use super::fault::{Collected, DefinitionFaults};
use super::lines::{line_at, line_in};
use domain::messaging::{MessageTemplate, MessageTemplates, RawMini, RawTemplate};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The files of the folder when this program was built.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/message_files.rs"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWire {
    kind: String,
    version: i64,
    #[serde(default)]
    urgent: bool,
    about: Option<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    push: bool,
    #[serde(default)]
    samples: BTreeMap<String, String>,
    we_chat: Option<MiniWire>,
    alipay: Option<MiniWire>,
    sms: Option<SmsWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MiniWire {
    template: String,
    page: String,
    trade: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SmsWire {
    text: String,
}

impl From<MiniWire> for RawMini {
    fn from(wire: MiniWire) -> Self {
        let fields = wire.fields.into_iter().collect();
        Self { template: wire.template, page: wire.page, fields, trade: wire.trade }
    }
}

impl From<FileWire> for RawTemplate {
    fn from(wire: FileWire) -> Self {
        Self {
            kind: wire.kind,
            version: wire.version,
            urgent: wire.urgent,
            about: wire.about,
            title: wire.title,
            body: wire.body,
            samples: wire.samples.into_iter().collect(),
            we_chat: wire.we_chat.map(RawMini::from),
            alipay: wire.alipay.map(RawMini::from),
            push: wire.push,
            sms: wire.sms.map(|sms| sms.text),
        }
    }
}

/// The templates that this program was built with.
///
/// # Errors
/// Every fault of every file; a test keeps it from happening.
pub fn load_message_templates() -> Result<MessageTemplates, DefinitionFaults> {
    templates_of(EMBEDDED)
}

fn templates_of(files: &[(&str, &str)]) -> Result<MessageTemplates, DefinitionFaults> {
    let mut collected = Collected::default();
    let read = files.iter().filter_map(|(path, text)| template_of(path, text, &mut collected));
    let templates: Vec<MessageTemplate> = read.collect();
    if collected.is_empty() {
        Ok(MessageTemplates::new(templates))
    } else {
        Err(collected.into_faults())
    }
}

fn template_of(path: &str, text: &str, collected: &mut Collected) -> Option<MessageTemplate> {
    let file: FileWire = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            collected.add(path, line_at(text, offset), error.message().replace('\n', " "));
            return None;
        }
    };
    if path.trim_end_matches(".toml") != file.kind.to_lowercase() {
        let what = format!("kind: `{}` is not the file's name in capitals", file.kind);
        collected.add(path, line_in(text, "", 0, "kind"), what);
    }
    match MessageTemplate::check(&RawTemplate::from(file)) {
        Ok(template) => Some(template),
        Err(faults) => {
            for fault in faults {
                let line = line_in(text, fault.section, 0, &fault.key);
                collected.add(path, line, fault.to_string());
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::messaging::EventKind;

    #[test]
    fn every_kind_of_event_has_words() {
        let templates = load_message_templates().unwrap();
        let without: Vec<&str> = EventKind::ALL
            .into_iter()
            .filter(|kind| templates.of(*kind).is_none())
            .map(EventKind::as_str)
            .collect();
        assert_eq!(without, [""; 0], "kinds without a file in domain/messages");
    }

    #[test]
    fn every_fault_of_every_file_is_told_with_its_line() {
        let sound = "kind = \"PAYMENT_PAID\"\nversion = 1\ntitle = \"a\"\nbody = \"b\"\n";
        assert!(templates_of(&[("payment_paid.toml", sound)]).is_ok());
        let files = [
            ("payment_paid.toml", "kind = \"DANCE\"\nversion = 0\ntitle = \"{x}\"\nbody = \"b\"\n"),
            ("receipt_issued.toml", "kind = \"RECEIPT_ISSUED\"\nversion = 1\ncolour = 1\n"),
            ("case_overdue.toml", sound),
        ];
        let told = templates_of(&files).unwrap_err().to_string();
        for place in [
            "payment_paid.toml:1",
            "payment_paid.toml:2",
            "payment_paid.toml:3",
            "receipt_issued.toml:3",
            "case_overdue.toml:1",
        ] {
            assert!(told.contains(place), "{place} in {told}");
        }
    }
}

//! The table of applications that departments take. Data, so that one more is some lines in
//! `data/cases.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::super::parameter::{Kind, Parameter};
use super::super::table::TableFaults;
use super::super::template::Template;
use super::super::{Call, Refusal};

const FILE: &str = include_str!("../../../data/cases.toml");

type Table = BTreeMap<String, CaseOperation>;

static TABLE: LazyLock<Result<Table, TableFaults>> = LazyLock::new(|| parse(FILE));

/// What every application has besides its own parameters.
const OF_ALL: [&str; 2] = ["request_no", "materials"];

/// An operation that takes applications.
#[derive(Debug)]
pub(crate) struct CaseOperation {
    /// Which department says so.
    pub(crate) source: String,
    /// Whether it is about the person in `subject`.
    pub(crate) subject: bool,
    pub(crate) parameters: Vec<Parameter>,
    /// Who has it in turn.
    pub(crate) stations: Vec<String>,
    /// Known from the start; `{case_no}` alone is the department's number.
    pub(crate) row: BTreeMap<String, Template>,
    /// Known once it is approved.
    pub(crate) result: BTreeMap<String, Template>,
    /// Keys that tell the state in words.
    pub(crate) status: Vec<String>,
}

/// The table of this program, or what is wrong with it.
pub(crate) fn embedded() -> Result<&'static Table, &'static TableFaults> {
    TABLE.as_ref()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWire {
    case: Vec<CaseWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseWire {
    name: String,
    source: String,
    subject: bool,
    stations: Vec<String>,
    #[serde(default)]
    status: Vec<String>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    #[serde(default)]
    row: BTreeMap<String, String>,
    #[serde(default)]
    result: BTreeMap<String, String>,
}

fn parse(text: &str) -> Result<Table, TableFaults> {
    let file: FileWire =
        toml::from_str(text).map_err(|error| TableFaults(vec![error.to_string()]))?;
    let (mut table, mut faults) = (Table::new(), Vec::new());
    for wire in file.case {
        let name = wire.name.clone();
        let mut own = Vec::new();
        let operation = wire.check(&mut own);
        faults.extend(own.into_iter().map(|fault| format!("{name}: {fault}")));
        if table.insert(name.clone(), operation).is_some() {
            faults.push(format!("{name}: is there twice"));
        }
    }
    if faults.is_empty() { Ok(table) } else { Err(TableFaults(faults)) }
}

impl CaseWire {
    fn check(self, faults: &mut Vec<String>) -> CaseOperation {
        if !self.name.contains('.') || self.stations.is_empty() {
            faults.push("has no department, or nobody who has it".to_owned());
        }
        let mut parameters = Vec::new();
        for (name, shape) in &self.parameters {
            match Parameter::parse(name, shape) {
                Ok(parameter) if matches!(parameter.kind, Kind::Same(_)) => {
                    faults.push(format!("parameters.{name}: nothing is looked up"));
                }
                Ok(parameter) => parameters.push(parameter),
                Err(fault) => faults.push(format!("parameters.{name}: {fault}")),
            }
        }
        let mut templates = |texts: &BTreeMap<String, String>| {
            let mut read = BTreeMap::new();
            for (key, text) in texts {
                let parsed = match text.as_str() {
                    // Not a word of templates: it is known when the application is there.
                    "{case_no}" => Ok(Template::plain(text)),
                    text => Template::parse(text),
                };
                match parsed {
                    Ok(template) => drop(read.insert(key.clone(), template)),
                    Err(fault) => faults.push(format!("{key}: {fault}")),
                }
            }
            read
        };
        CaseOperation {
            row: templates(&self.row),
            result: templates(&self.result),
            source: self.source,
            subject: self.subject,
            parameters,
            stations: self.stations,
            status: self.status,
        }
    }
}

impl CaseOperation {
    /// Everything that is needed is there and has its shape, and there is nothing else.
    pub(super) fn check(&self, call: &Call) -> Result<(), Refusal> {
        for parameter in &self.parameters {
            let name = &parameter.name;
            let value =
                if parameter.required { Some(call.required(name)?) } else { call.optional(name) };
            if let Some(fault) = value.and_then(|value| parameter.kind.fault(value)) {
                return Err(Refusal::Invalid(format!("{name} {fault}")));
            }
        }
        let known = |name: &str| {
            OF_ALL.contains(&name) || self.parameters.iter().any(|known| known.name == name)
        };
        match call.parameters.keys().find(|name| !known(name)) {
            Some(name) => Err(Refusal::Invalid(format!("没有参数 {name}"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_this_program_is_sound() {
        let table = embedded().unwrap_or_else(|faults| panic!("{faults}"));
        assert!(table.len() >= 36, "{}", table.len());
    }

    #[test]
    fn every_fault_of_the_table_is_told() {
        let sound = "[[case]]\nname = \"a.b\"\nsource = \"省\"\nsubject = true\n\
            stations = [\"窗口\"]\nparameters = { kind = \"choice A|B\" }\nrow = { no = \"{row}\" }\n";
        assert!(parse(sound).is_ok());
        for (from, to, expected) in [
            ("\"a.b\"", "\"a\"", "no department"),
            ("[\"窗口\"]", "[]", "nobody who has it"),
            ("choice A|B", "choice A", "parameters.kind"),
            ("choice A|B", "same {own:x}", "nothing is looked up"),
            ("{row}", "{roww}", "no: "),
            ("subject", "subjekt", "subjekt"),
        ] {
            let faults = parse(&sound.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(faults.contains(expected), "{expected}: {faults}");
        }
        assert!(parse(&format!("{sound}{sound}")).unwrap_err().to_string().contains("twice"));
    }
}

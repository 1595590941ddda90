//! The table of operations: what each department is asked, and how its rows are made. Data, so
//! that one more operation is some lines in `data/operations.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

use super::parameter::{Kind, Parameter};
use super::template::{Fact, Template, Word, range};

const FILE: &str = include_str!("../../data/operations.toml");
const MOST_ROWS: i64 = 200;

static TABLE: LazyLock<Result<Table, TableFaults>> = LazyLock::new(|| Table::parse(FILE));

/// All operations that are data.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) operations: BTreeMap<String, Operation>,
    /// What the numbers of a citizen's papers look like; every department has the same number.
    pub(super) papers: BTreeMap<String, String>,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    /// Which department says so.
    pub(super) source: String,
    pub(super) about: About,
    pub(super) parameters: Vec<Parameter>,
    pub(super) rows: (i64, i64),
    pub(super) row: BTreeMap<String, Template>,
}

/// Whom an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum About {
    Nobody,
    /// The person in `subject`.
    Subject,
    /// The person whose number is the parameter `id_card`.
    IdCard,
    /// The owner of the car that is the parameter `plate_no`.
    PlateNo,
}

/// Everything that is wrong with the table.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) struct TableFaults(pub(crate) Vec<String>);

impl fmt::Display for TableFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the table of operations is not sound:\n{}", self.0.join("\n"))
    }
}

/// The table of this program, or what is wrong with it.
pub(super) fn embedded() -> Result<&'static Table, &'static TableFaults> {
    TABLE.as_ref()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWire {
    papers: BTreeMap<String, String>,
    operation: Vec<OperationWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationWire {
    name: String,
    source: String,
    about: About,
    rows: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    row: BTreeMap<String, String>,
}

impl Table {
    pub(super) fn parse(text: &str) -> Result<Self, TableFaults> {
        let file: FileWire =
            toml::from_str(text).map_err(|error| TableFaults(vec![error.to_string()]))?;
        let mut table = Self { papers: file.papers, ..Self::default() };
        let mut faults = Vec::new();
        for (paper, pattern) in &table.papers {
            if !pattern.contains(['#', '@']) {
                faults.push(format!("papers.{paper}: `{pattern}` has no # and no @"));
            }
        }
        for wire in file.operation {
            let name = wire.name.clone();
            let (operation, found) = wire.check(&table.papers);
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
            if table.operations.insert(name.clone(), operation).is_some() {
                faults.push(format!("{name}: is there twice"));
            }
        }
        if faults.is_empty() { Ok(table) } else { Err(TableFaults(faults)) }
    }
}

impl OperationWire {
    fn check(self, papers: &BTreeMap<String, String>) -> (Operation, Vec<String>) {
        let mut faults = Vec::new();
        if !is_operation(&self.name) {
            faults.push("is not words of a-z and _ between dots".to_owned());
        }
        let rows = match range(&self.rows) {
            Some(rows @ (0.., ..=MOST_ROWS)) => rows,
            Some(_) | None => {
                faults.push(format!("rows: `{}` is no range of 0 to {MOST_ROWS}", self.rows));
                (0, 0)
            }
        };
        let mut parameters = Vec::new();
        for (name, shape) in &self.parameters {
            match Parameter::parse(name, shape) {
                Ok(parameter) => parameters.push(parameter),
                Err(fault) => faults.push(format!("parameters.{name}: {fault}")),
            }
        }
        let mut row = BTreeMap::new();
        for (key, text) in &self.row {
            match Template::parse(text) {
                Ok(template) => {
                    let fault = amount_fault(key, &template);
                    faults.extend(fault.map(|fault| format!("row.{key}: {fault}")));
                    row.insert(key.clone(), template);
                }
                Err(fault) => faults.push(format!("row.{key}: {fault}")),
            }
        }
        if row.is_empty() {
            faults.push("row: is empty".to_owned());
        }
        let operation = Operation { source: self.source, about: self.about, parameters, rows, row };
        operation.check_words(papers, &mut faults);
        (operation, faults)
    }
}

impl Operation {
    /// Every name that a word uses exists.
    fn check_words(&self, papers: &BTreeMap<String, String>, faults: &mut Vec<String>) {
        let needed = match self.about {
            About::IdCard => Some("id_card"),
            About::PlateNo => Some("plate_no"),
            About::Nobody | About::Subject => None,
        };
        let has = |name: &str| self.parameters.iter().any(|parameter| parameter.name == name);
        if let Some(name) = needed.filter(|name| !has(name)) {
            faults.push(format!("about: there is no parameter `{name}`"));
        }
        let same = self.parameters.iter().filter_map(|parameter| {
            let Kind::Same(template) = &parameter.kind else { return None };
            Some((parameter.name.as_str(), template))
        });
        let row = self.row.iter().map(|(key, template)| (key.as_str(), template));
        for (place, template) in row.chain(same) {
            for word in template.words() {
                let mut fault = |what: &str| faults.push(format!("{place}: {word:?}: {what}"));
                if let Word::Asked(name, _) = word
                    && !has(name)
                {
                    fault("there is no parameter");
                }
                if let Word::Own(paper) = word
                    && !papers.contains_key(paper)
                {
                    fault("there is no paper");
                }
                if word.needs_citizen() && self.about == About::Nobody {
                    fault("nobody is asked about");
                }
            }
        }
    }
}

/// Amounts are fen, under keys that end in `_fen` and nowhere else.
fn amount_fault(key: &str, template: &Template) -> Option<&'static str> {
    let is_fen = template.words().iter().any(|word| matches!(word, Word::Fen(..)));
    let can_be_fen = matches!(
        template.only_word(),
        Some(Word::Fen(..) | Word::Asked(..) | Word::Citizen(Fact::BaseFen))
    );
    match (key.ends_with("_fen"), is_fen, can_be_fen) {
        (true, _, false) => Some("an amount is one word, of fen or asked for"),
        (false, true, _) => Some("an amount stands under a key that ends in _fen"),
        (true, _, true) | (false, false, _) => None,
    }
}

fn is_operation(name: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'))
    };
    name.contains('.') && name.split('.').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_this_program_is_sound() {
        let table = embedded().unwrap_or_else(|faults| panic!("{faults}"));
        assert!(table.operations.len() > 60, "{}", table.operations.len());
    }

    const SOUND: &str = r##"
[papers]
exam_no = "33######"
[[operation]]
name = "exams.score"
source = "省教育考试院"
about = "id_card"
rows = "1..2"
parameters = { id_card = "id_card", exam_no = "same {own:exam_no}" }
row = { total = "{number:1..9}", fee_fen = "{fen:100..200}" }
"##;

    #[test]
    fn every_fault_of_the_table_is_told() {
        assert!(Table::parse(SOUND).is_ok());
        for (from, to, expected) in [
            ("33######", "33", "papers.exam_no"),
            ("exams.score", "exams", "exams: is not words"),
            ("\"1..2\"", "\"1..900\"", "rows: `1..900`"),
            ("\"id_card\", exam_no", "\"card\", exam_no", "parameters.id_card: `card`"),
            ("{ id_card = \"id_card\", ", "{ ", "about: there is no parameter `id_card`"),
            ("{own:exam_no}", "{own:passport}", "there is no paper"),
            ("{number:1..9}", "{asked:year}", "there is no parameter"),
            ("{number:1..9}", "{fen:1..9}", "row.total: an amount stands"),
            ("{fen:100..200}", "{number:1..2}", "row.fee_fen: an amount is"),
            ("\"id_card\"\nrows", "\"nobody\"\nrows", "nobody is asked about"),
            ("row = {", "rowe = {", "rowe"),
        ] {
            let text = SOUND.replacen(from, to, 1);
            assert_ne!(text, SOUND, "{from}");
            let faults = Table::parse(&text).unwrap_err().to_string();
            assert!(faults.contains(expected), "{expected}: {faults}");
        }
        let (head, operation) = SOUND.split_once("[[operation]]").unwrap();
        let twice = format!("{head}[[operation]]{operation}[[operation]]{operation}");
        assert!(Table::parse(&twice).unwrap_err().to_string().contains("is there twice"));
    }
}

//! An example of every operation, made from the schema: a document that asks for what is next to
//! the result, and variables that fit it. Nothing of it is kept, so nothing of it can be stale.

use super::reference::{Field, Operation, Reference, Shape, base};
use async_graphql::parser::types::{BaseType, Type};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// The number plate in the samples; a page puts a played citizen's own in its place.
pub const SAMPLE_PLATE: &str = "浙A00001";
/// The last six of the VIN in the samples.
pub const SAMPLE_VIN: &str = "000000";

/// More single values are not asked for: an example is to be read.
const MOST_LEAVES: usize = 40;
/// Below the result so many levels are shown.
const LEVELS: usize = 3;

static SAMPLES: LazyLock<BTreeMap<String, Value>> =
    LazyLock::new(|| toml::from_str(include_str!("samples.toml")).unwrap_or_default());

/// A document that can be sent as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The text.
    pub document: String,
    /// What stands in for its variables.
    pub variables: Value,
}

impl Example {
    /// Of one operation.
    pub fn of(reference: &Reference, operation: &Operation) -> Self {
        let field = &operation.field;
        let (mut declared, mut passed) = (Vec::new(), Vec::new());
        let mut variables = Map::new();
        for argument in &field.arguments {
            let Field { name, of, default, .. } = argument;
            let default = default.as_ref().map_or_else(String::new, |value| format!(" = {value}"));
            declared.push(format!("${name}: {of}{default}"));
            passed.push(format!("{name}: ${name}"));
            if is_required(argument) {
                let own = SAMPLES.get(&format!("{}.{name}", field.name)).cloned();
                let value = own.unwrap_or_else(|| sample(reference, name, of));
                variables.insert(name.clone(), value);
            }
        }
        let in_brackets = |all: Vec<String>| match all.as_slice() {
            [] => String::new(),
            some => format!("({})", some.join(", ")),
        };
        let mut document = format!(
            "{} {}{} {{\n  {}{}",
            operation.verb.word(),
            capitalised(&field.name),
            in_brackets(declared),
            field.name,
            in_brackets(passed)
        );
        let mut left = MOST_LEAVES;
        let below = selected(reference, base(&field.of), LEVELS, &mut left);
        write_set(&mut document, &below, 1);
        document.push_str("\n}\n");
        Self { document, variables: Value::Object(variables) }
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// One line of a selection, with what is below it.
#[derive(Debug)]
struct Selected {
    line: String,
    below: Vec<Selected>,
}

impl Selected {
    fn leaf(line: &str) -> Self {
        Self { line: line.to_owned(), below: Vec::new() }
    }
}

/// Whether it must be given.
fn is_required(field: &Field) -> bool {
    !field.of.nullable && field.default.is_none()
}

/// What is asked for of a type: single values first, then what is below, as long as there is room.
fn selected(reference: &Reference, name: &str, levels: usize, left: &mut usize) -> Vec<Selected> {
    match reference.find(name).map(|found| &found.shape) {
        Some(Shape::Object(fields) | Shape::Interface(fields)) => {
            of_fields(reference, fields, levels, left)
        }
        Some(Shape::Union(members)) => of_members(reference, members, levels, left),
        Some(Shape::Scalar | Shape::Enum(_) | Shape::Input { .. }) | None => Vec::new(),
    }
}

fn of_fields(
    reference: &Reference,
    fields: &[Field],
    levels: usize,
    left: &mut usize,
) -> Vec<Selected> {
    let shown =
        |field: &&Field| field.deprecated.is_none() && !field.arguments.iter().any(is_required);
    let (leaves, branches): (Vec<_>, Vec<_>) =
        fields.iter().filter(shown).partition(|field| is_leaf(reference, base(&field.of)));
    let mut all = Vec::new();
    for field in leaves {
        if *left > 0 {
            *left -= 1;
            all.push(Selected::leaf(&field.name));
        }
    }
    for field in branches {
        if levels > 0 && *left > 0 {
            let below = selected(reference, base(&field.of), levels - 1, left);
            if !below.is_empty() {
                all.push(Selected { line: field.name.clone(), below });
            }
        }
    }
    all
}

/// Of each member the single values. Two members may call different things by one name: the first
/// has it.
fn of_members(
    reference: &Reference,
    members: &[String],
    levels: usize,
    left: &mut usize,
) -> Vec<Selected> {
    let mut all = vec![Selected::leaf("__typename")];
    let mut types: HashMap<String, String> = HashMap::new();
    for member in members {
        let Some(Shape::Object(fields)) = reference.find(member).map(|found| &found.shape) else {
            continue;
        };
        let mut below = of_fields(reference, fields, levels, left);
        below.retain(|one| {
            let field = fields.iter().find(|field| field.name == one.line);
            let of = field.map(|field| field.of.to_string()).unwrap_or_default();
            *types.entry(one.line.clone()).or_insert_with(|| of.clone()) == of
        });
        if !below.is_empty() {
            all.push(Selected { line: format!("... on {member}"), below });
        }
    }
    all
}

fn is_leaf(reference: &Reference, name: &str) -> bool {
    match reference.find(name).map(|found| &found.shape) {
        Some(Shape::Scalar | Shape::Enum(_)) | None => true,
        Some(Shape::Object(_) | Shape::Interface(_) | Shape::Union(_) | Shape::Input { .. }) => {
            false
        }
    }
}

fn write_set(text: &mut String, set: &[Selected], depth: usize) {
    if set.is_empty() {
        return;
    }
    let indent = "  ".repeat(depth + 1);
    text.push_str(" {");
    for one in set {
        // Writing into a text cannot fail.
        let _ = write!(text, "\n{indent}{}", one.line);
        write_set(text, &one.below, depth + 1);
    }
    let _ = write!(text, "\n{}}}", "  ".repeat(depth));
}

/// A value of this type.
fn sample(reference: &Reference, name: &str, of: &Type) -> Value {
    if let Some(known) = SAMPLES.get(name) {
        return known.clone();
    }
    match &of.base {
        BaseType::List(inner) => Value::Array(vec![sample(reference, name, inner)]),
        BaseType::Named(named) => sample_of(reference, named.as_str()),
    }
}

fn sample_of(reference: &Reference, named: &str) -> Value {
    match reference.find(named).map(|found| &found.shape) {
        Some(Shape::Enum(words)) => words.first().map_or(Value::Null, |word| json!(word.name)),
        Some(Shape::Input { fields, one_of }) => {
            let sent: Vec<&Field> = match one_of {
                true => fields.iter().take(1).collect(),
                false => fields.iter().filter(|field| is_required(field)).collect(),
            };
            let value = |field: &Field| sample(reference, &field.name, &field.of);
            sent.into_iter().map(|field| (field.name.clone(), value(field))).collect()
        }
        Some(Shape::Scalar | Shape::Object(_) | Shape::Interface(_) | Shape::Union(_)) | None => {
            match named {
                "Int" => json!(1),
                "Float" => json!(1.0),
                "Boolean" => json!(true),
                "Fen" => json!(20_000),
                "RegionCode" => json!("330100"),
                "Date" => json!("2026-03-02"),
                "DateTime" => json!("2026-03-02T10:00:00+08:00"),
                _ => json!("sample"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::Introspection;
    use crate::http::front::trusted::Preparer;
    use prometheus_client::metrics::counter::Counter;

    fn examples() -> Vec<(Operation, Example)> {
        let reference = Reference::of(&crate::graphql::sdl());
        let made: Vec<_> =
            reference.operations.iter().map(|one| Example::of(&reference, one)).collect();
        reference.operations.into_iter().zip(made).collect()
    }

    #[test]
    fn every_operation_has_an_example_that_the_schema_accepts() {
        let preparer = Preparer::new(Introspection::Off, Counter::default());
        let all = examples();
        assert!(all.len() > 50);
        for (operation, Example { document, variables }) in all {
            let prepared = preparer.prepare(&document, None);
            let prepared = prepared.unwrap_or_else(|why| {
                panic!("{}: {:?}\n{document}", operation.field.name, why.errors)
            });
            let variables = variables.as_object().unwrap().clone();
            let fits = prepared.fit(0, variables);
            assert!(fits.is_ok(), "{}: {fits:?}\n{document}", operation.field.name);
        }
    }

    #[test]
    fn samples_are_read() {
        assert_eq!(SAMPLES["app"], "traffic_violation_query");
        let answers = SAMPLES["answers"].to_string();
        assert!(answers.contains(SAMPLE_PLATE) && answers.contains(SAMPLE_VIN));
    }

    #[test]
    fn an_example_is_written_as_a_person_would() {
        let reference = Reference::of(
            "type Query { fine(no: ID!, first: Int! = 20): Found } \
             union Found = Fine | Note \
             type Fine { fen: Int! of: Car at(day: Date!): Int } type Note { fen: String text: String } \
             type Car { plate: String! owner: Owner } type Owner { name: String home: Home } \
             type Home { town: String owner: Owner } scalar Date",
        );
        let example = Example::of(&reference, &reference.operations[0]);
        let expected = "query Fine($no: ID!, $first: Int! = 20) {\n  fine(no: $no, first: $first) {\n    \
             __typename\n    ... on Fine {\n      fen\n      of {\n        plate\n        owner {\n          name\n          \
             home {\n            town\n          }\n        }\n      }\n    }\n    \
             ... on Note {\n      text\n    }\n  }\n}\n";
        assert_eq!(example.document, expected);
        assert_eq!(example.variables, json!({ "no": "sample" }));
    }
}

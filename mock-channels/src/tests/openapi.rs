//! The description of the control API names every lever, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
const DESCRIPTION: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mock-channels.openapi.json");
const MANUAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mock-channels.md");
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// `post /orders/{}/approve`: the names of parameters do not matter to a caller.
fn lever(method: &str, path: &str) -> String {
    let parts: Vec<&str> =
        path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
    format!("{method} {}", parts.join("/"))
}

fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// Every `.route("…", web::get()…)` under the levers, read from the sources: the server itself
/// does not tell what it serves.
fn registered() -> BTreeSet<String> {
    let folder = Path::new(SOURCES);
    let mut texts = vec![fs::read_to_string(folder.join("control.rs")).unwrap()];
    sources(&folder.join("control"), &mut texts);
    let mut found = BTreeSet::new();
    for text in texts {
        let dense: String = text.split_whitespace().collect();
        for part in dense.split(".route(\"").skip(1) {
            let (path, rest) =
                part.split_once("\",web::").expect("a route has a path and a method");
            let (method, _) = rest.split_once('(').unwrap();
            assert!(METHODS.contains(&method), "{method} {path}");
            assert!(found.insert(lever(method, path)), "twice: {method} {path}");
        }
    }
    found
}

fn description() -> Value {
    serde_json::from_str(&fs::read_to_string(DESCRIPTION).unwrap()).unwrap()
}

fn described(description: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in METHODS.into_iter().filter(|method| item.get(*method).is_some()) {
            assert!(found.insert(lever(method, path)), "twice: {method} {path}");
        }
    }
    found
}

#[test]
fn every_lever_is_described_and_no_other() {
    let (registered, described) = (registered(), described(&description()));
    assert!(registered.len() > 40, "the sources were read");
    let missing: Vec<&String> = registered.difference(&described).collect();
    let invented: Vec<&String> = described.difference(&registered).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "missing {missing:?}, invented {invented:?}"
    );
}

/// Up to the first parameter, and every fixed part after it.
fn fixed_parts(path: &str) -> Vec<String> {
    let (head, rest) = path.split_once("/{").unwrap_or((path, ""));
    let after = rest.split('/').skip(1).filter(|part| !part.starts_with('{'));
    std::iter::once(head.to_owned()).chain(after.map(|part| format!("/{part}"))).collect()
}

#[test]
fn the_manual_names_every_lever() {
    let manual = fs::read_to_string(MANUAL).unwrap();
    for path in description()["paths"].as_object().unwrap().keys() {
        for part in fixed_parts(path) {
            assert!(manual.contains(&part), "{path}: {part}");
        }
    }
}

#[test]
fn the_description_holds_together() {
    let description = description();
    assert_eq!(description["openapi"], "3.1.0");
    let schemas = description["components"]["schemas"].as_object().unwrap();
    let mut used = BTreeSet::new();
    references(&description, &mut used);
    for name in &used {
        let name = name.strip_prefix("#/components/schemas/").expect("references are local");
        assert!(schemas.contains_key(name), "{name} is nowhere");
    }
    for name in schemas.keys() {
        assert!(used.contains(&format!("#/components/schemas/{name}")), "{name} is not used");
    }
    for (path, item) in description["paths"].as_object().unwrap() {
        let own: BTreeSet<&str> =
            path.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
        for method in METHODS.into_iter().filter_map(|method| item.get(method)) {
            assert!(method["summary"].as_str().is_some_and(|words| !words.is_empty()), "{path}");
            assert!(method["responses"].get("200").is_some(), "{path}");
            let parameters = item["parameters"].as_array().cloned().unwrap_or_default();
            let named: BTreeSet<&str> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            assert_eq!(named, own, "{path}");
        }
    }
}

fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                into.insert(reference.to_owned());
            }
            members.values().for_each(|member| references(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The words that a fault, an outcome or a mode may have are those that the mock reads.
#[test]
fn the_lists_of_words_are_those_that_are_read() {
    use crate::world::callback::{CallbackMode, Platform};
    use crate::world::fault::{BillFaultKind, Channel, FaultKind};
    use crate::world::wechat_pay::RefundOutcome;

    fn read<T: serde::de::DeserializeOwned>(description: &Value, name: &str) {
        let words = description["components"]["schemas"][name]["enum"].as_array().unwrap();
        assert!(!words.is_empty());
        for word in words {
            assert!(serde_json::from_value::<T>(word.clone()).is_ok(), "{name}: {word}");
        }
        // What serde says when it meets another word lists all that there are.
        let all = serde_json::from_value::<T>("no such word".into()).err().unwrap().to_string();
        assert_eq!(all.matches('`').count() / 2 - 1, words.len(), "{name}: {all}");
    }
    let description = description();
    read::<Channel>(&description, "Channel");
    read::<FaultKind>(&description, "FaultKind");
    read::<BillFaultKind>(&description, "BillFaultKind");
    read::<CallbackMode>(&description, "CallbackMode");
    read::<Platform>(&description, "Platform");
    read::<RefundOutcome>(&description, "WechatPayRefundOutcome");
}

//! Who may depend on whom, over `cargo metadata`: a Cargo.toml is a wall that nobody forgets.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Direct, ordinary and build dependencies of every crate of the workspace, by name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path", root])
        .output()
        .unwrap();
    assert!(output.status.success());
    of_metadata(&serde_json::from_slice(&output.stdout).unwrap())
}

fn of_metadata(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    let of = |package: &Value| {
        package["dependencies"].as_array().unwrap().iter().map(name).collect::<BTreeSet<_>>()
    };
    packages.iter().map(|package| (name(package), of(package))).collect()
}

/// What each crate may name; `None`: anything but what stands in [`BEHIND_A_WALL`].
fn allowed(package: &str) -> Option<&'static [&'static str]> {
    match package {
        "domain" => Some(&["async-trait", "jiff", "thiserror"]),
        _ => None,
    }
}

/// These may be named by these crates alone.
const BEHIND_A_WALL: [(&str, &[&str]); 9] = [
    ("domain", &["adapters", "bff", "tests"]),
    ("adapters", &["bff", "tests"]),
    ("mock-channels", &["bff", "tests"]),
    ("bff", &["tests"]),
    ("sea-orm", &["adapters", "tests"]),
    ("sqlx", &["adapters"]),
    ("reqwest", &["adapters", "mock-channels", "tests"]),
    ("async-graphql", &["bff"]),
    ("actix-web", &["bff", "mock-channels", "tests"]),
];

fn breaches(dependencies: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    for (package, names) in dependencies {
        for name in names {
            let listed = allowed(package).is_none_or(|list| list.contains(&name.as_str()));
            let wall = BEHIND_A_WALL.iter().find(|(walled, _)| walled == name);
            let open = wall.is_none_or(|(_, who)| who.contains(&package.as_str()));
            if !(listed && open) {
                found.push(format!("{package} -> {name}"));
            }
        }
    }
    found
}

#[test]
fn the_walls_stand() {
    let dependencies = dependencies();
    let crates: Vec<_> = dependencies.keys().map(String::as_str).collect();
    assert_eq!(crates, ["adapters", "bff", "domain", "mock-channels", "tests"]);
    assert_eq!(breaches(&dependencies), Vec::<String>::new());
}

#[test]
fn a_breach_is_seen() {
    let walled = ["tokio", "serde", "sea-orm", "reqwest", "actix-web", "async-graphql"];
    let cases = walled.map(|name| ("domain", name)).into_iter().chain([
        ("mock-channels", "domain"),
        ("mock-channels", "adapters"),
        ("bff", "sea-orm"),
        ("adapters", "async-graphql"),
    ]);
    for (package, name) in cases {
        let metadata = json!({ "packages": [
            { "name": package, "dependencies": [{ "name": name, "kind": null }] }
        ] });
        let expected = vec![format!("{package} -> {name}")];
        assert_eq!(breaches(&of_metadata(&metadata)), expected);
    }
}

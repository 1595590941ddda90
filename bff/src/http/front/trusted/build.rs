//! A manifest out of a folder of files: one operation a file, fragments in `fragments/`. Each
//! document carries the fragments that it spreads and no others.

use super::manifest::{Entry, Manifest};
use super::prepare::Preparer;
use crate::graphql::Introspection;
use async_graphql::Response;
use async_graphql::parser::parse_query;
use prometheus_client::metrics::counter::Counter;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where fragments are, below the folder of the documents.
const FRAGMENTS: &str = "fragments";

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentFault {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// What.
    pub what: String,
}

impl fmt::Display for DocumentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// A file of the folder.
struct Source {
    path: String,
    /// Without the comment at its head.
    text: String,
    /// Lines of that comment.
    above: usize,
}

/// A fragment, and the fragments that it spreads.
struct Fragment {
    source: Source,
    spreads: BTreeSet<String>,
}

impl Source {
    /// A comment at the head speaks to maintainers and is no part of the document.
    fn of(path: String, text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let is_comment = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
        let above = text.lines().take_while(is_comment).count();
        let kept = text.lines().skip(above).collect::<Vec<_>>().join("\n").trim_end().to_owned();
        Self { path, text: kept, above }
    }

    /// A fault at a line of the text.
    fn fault(&self, line: usize, what: String) -> DocumentFault {
        let line = u32::try_from(line.max(1) + self.above).unwrap_or(1);
        DocumentFault { file: self.path.clone(), line, what }
    }
}

/// The manifest of the folder's documents.
///
/// # Errors
/// Every fault of every file: what cannot be read, is no GraphQL, asks for too much, or does not
/// fit the schema.
pub fn build(folder: &Path) -> Result<Manifest, Vec<DocumentFault>> {
    let mut faults = Vec::new();
    let fragments = fragments_of(&folder.join(FRAGMENTS), &mut faults);
    // As production takes them: a client's document has no business with the schema itself.
    let preparer = Preparer::new(Introspection::Off, Counter::default());
    let (mut entries, mut names) = (Vec::new(), BTreeMap::new());
    let mut used = BTreeSet::new();
    for source in sources(folder, &mut faults) {
        match document(&source, &fragments, &preparer, &mut used) {
            Ok(entry) => {
                if let Some(twin) = names.insert(entry.name.clone(), source.path.clone()) {
                    let what =
                        format!("`{}` is the name of the operation of {twin}, too", entry.name);
                    faults.push(source.fault(1, what));
                } else {
                    entries.push(entry);
                }
            }
            Err(found) => faults.extend(found),
        }
    }
    for (name, fragment) in fragments.iter().filter(|(name, _)| !used.contains(*name)) {
        let what = format!("no document spreads `{name}`");
        faults.push(fragment.source.fault(1, what));
    }
    faults.sort();
    if faults.is_empty() { Ok(Manifest::new(entries)) } else { Err(faults) }
}

/// Checks a folder, and whether the manifest beside it is made of it; answers how many documents
/// there are.
///
/// # Errors
/// Every fault.
pub fn check_folder(folder: &Path, manifest: Option<&Path>) -> Result<usize, Vec<DocumentFault>> {
    let made = build(folder)?;
    if let Some(path) = manifest {
        let kept = read(path)?;
        if kept != made.to_json() {
            let what = "it is not what the folder's documents make: build it anew".to_owned();
            return Err(vec![fault(path, what)]);
        }
    }
    Ok(made.len())
}

/// Checks a manifest; answers how many documents there are.
///
/// # Errors
/// Every fault.
pub fn check_manifest(path: &Path) -> Result<usize, Vec<DocumentFault>> {
    let text = read(path)?;
    let preparer = Preparer::new(Introspection::Off, Counter::default());
    let taken = Manifest::take_in(&text, &path.display().to_string(), &preparer);
    taken.map(|documents| documents.len()).map_err(|(_, faults)| faults)
}

fn read(path: &Path) -> Result<String, Vec<DocumentFault>> {
    std::fs::read_to_string(path).map_err(|error| vec![fault(path, error.to_string())])
}

fn fault(path: &Path, what: String) -> DocumentFault {
    DocumentFault { file: path.display().to_string(), line: 1, what }
}

/// The `.graphql` files of a folder, in the order of their names.
fn sources(folder: &Path, faults: &mut Vec<DocumentFault>) -> Vec<Source> {
    let listed = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<PathBuf> = match listed {
        Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
        Err(error) => {
            faults.push(fault(folder, error.to_string()));
            return Vec::new();
        }
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "graphql"));
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                found.push(Source::of(path.display().to_string(), &text));
            }
            Err(error) => faults.push(fault(&path, error.to_string())),
        }
    }
    found
}

/// A folder without fragments needs no folder for them.
fn fragments_of(folder: &Path, faults: &mut Vec<DocumentFault>) -> BTreeMap<String, Fragment> {
    let mut all = BTreeMap::new();
    if !folder.is_dir() {
        return all;
    }
    for source in sources(folder, faults) {
        // A document of fragments alone is none for the library: it needs an operation.
        let parsed = match parse_query(format!("{}\n{{__typename}}", source.text)) {
            Ok(parsed) => parsed,
            Err(error) => {
                faults.push(syntax(&source, &error));
                continue;
            }
        };
        let mut names = parsed.fragments.keys();
        let (Some(name), None, 1) = (names.next(), names.next(), parsed.operations.iter().len())
        else {
            let what = "there must be one fragment in it, and nothing else".to_owned();
            faults.push(source.fault(1, what));
            continue;
        };
        if all.contains_key(name.as_str()) {
            faults.push(source.fault(1, format!("there is another fragment `{name}`")));
            continue;
        }
        let spreads = spread_in(&source.text);
        all.insert(name.to_string(), Fragment { source, spreads });
    }
    all
}

fn document(
    source: &Source,
    fragments: &BTreeMap<String, Fragment>,
    preparer: &Preparer,
    used: &mut BTreeSet<String>,
) -> Result<Entry, Vec<DocumentFault>> {
    // By itself first, so that the line of a fault is that of its own file.
    parse_query(&source.text).map_err(|error| vec![syntax(source, &error)])?;
    let mut open: Vec<String> = spread_in(&source.text).into_iter().collect();
    let mut needed = BTreeMap::new();
    while let Some(name) = open.pop() {
        let Some(fragment) = fragments.get(&name) else { continue };
        if needed.insert(name, fragment).is_none() {
            open.extend(fragment.spreads.iter().cloned());
        }
    }
    used.extend(needed.keys().cloned());
    let parts: Vec<&Source> =
        std::iter::once(source).chain(needed.values().map(|found| &found.source)).collect();
    let body = parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n\n");
    let prepared = preparer.prepare(&body, None).map_err(|refused| told(&refused, &parts))?;
    let [operation] = prepared.operations.as_slice() else {
        return Err(vec![source.fault(1, "there must be one operation in it".to_owned())]);
    };
    let Some(name) = operation.name.clone() else {
        return Err(vec![source.fault(1, "the operation needs a name".to_owned())]);
    };
    Ok(Entry::of(&prepared, &name, body))
}

/// What is no GraphQL, in the parser's last words.
fn syntax(source: &Source, error: &async_graphql::parser::Error) -> DocumentFault {
    let last = source.text.lines().count().max(1);
    let line = error.positions().next().map_or(1, |at| at.line).min(last);
    let text = error.to_string();
    let what = text.rsplit("= ").next().unwrap_or(&text).trim().to_owned();
    source.fault(line, what)
}

/// Errors of a whole document, each at its own file and line.
fn told(refused: &Response, parts: &[&Source]) -> Vec<DocumentFault> {
    let fault = |error: &async_graphql::ServerError| {
        let mut line = error.locations.first().map_or(1, |at| at.line);
        for part in parts {
            let lines = part.text.lines().count();
            if line <= lines {
                return Some(part.fault(line, error.message.clone()));
            }
            // One empty line between two of them.
            line = line.saturating_sub(lines + 1);
        }
        parts.last().map(|part| part.fault(part.text.lines().count(), error.message.clone()))
    };
    refused.errors.iter().filter_map(fault).collect()
}

/// The names that stand behind `...` in a text, comments left out. One too many does no harm: it
/// is no fragment, or validation says that it is not spread.
fn spread_in(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let named = |rest: &str| {
        let rest = rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = &rest[..end];
        (!name.is_empty() && name != "on").then(|| name.to_owned())
    };
    code.split("...").skip(1).filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn of(files: &[(&str, &str)]) -> Self {
            let name = format!("yiwang-documents-{}-{:p}", std::process::id(), files);
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(folder.join(FRAGMENTS)).unwrap();
            for (path, text) in files {
                std::fs::write(folder.join(path), text).unwrap();
            }
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    const TILE: &str = "fragment Tile on App {\n  slug\n  ...Named\n}\n";
    const NAMED: &str = "fragment Named on App { name }\n";

    #[test]
    fn a_document_carries_the_fragments_that_it_spreads() {
        let folder = Folder::of(&[
            ("home.graphql", "# The page.\nquery Home {\n  home { hot { ...Tile } }\n}\n"),
            ("regions.graphql", "query Regions { regions { code } }\n"),
            ("fragments/tile.graphql", TILE),
            ("fragments/named.graphql", NAMED),
            ("readme.md", "no document"),
        ]);
        let made = build(&folder.0).unwrap();
        assert_eq!(made.len(), 2);
        let json: serde_json::Value = serde_json::from_str(&made.to_json()).unwrap();
        let home = json["operations"][0]["body"].as_str().unwrap();
        assert!(home.contains("fragment Tile") && home.contains("fragment Named"), "{home}");
        assert!(home.starts_with("query Home") && home.ends_with('}'), "{home}");
        assert!(!json["operations"][1]["body"].as_str().unwrap().contains("fragment"));
        let path = folder.0.join("manifest.json");
        std::fs::write(&path, made.to_json()).unwrap();
        assert_eq!(check_folder(&folder.0, Some(&path)), Ok(2));
        assert_eq!(check_manifest(&path), Ok(2));
        std::fs::write(&path, made.to_json().replace("slug", "name")).unwrap();
        assert!(check_folder(&folder.0, Some(&path)).is_err() && check_manifest(&path).is_err());
    }

    #[test]
    fn every_fault_is_told_with_its_own_file_and_line() {
        let folder = Folder::of(&[
            ("a.graphql", "# For A.\n\nquery A {\n  home { hot { ...Tile } }\n  nothing\n}\n"),
            ("b.graphql", "query B {\n  home {"),
            ("c.graphql", "{ regions { code } }"),
            ("d.graphql", "query D { regions { code } } query E { regions { code } }"),
            ("f.graphql", "query A2 { ...Missing }"),
            ("fragments/named.graphql", "fragment Named on App {\n  nowhere\n}"),
            ("fragments/tile.graphql", TILE),
            ("fragments/unused.graphql", "fragment Unused on App { slug }"),
        ]);
        let faults = build(&folder.0).unwrap_err();
        let told: Vec<_> = faults
            .iter()
            .map(|fault| {
                let file = Path::new(&fault.file).file_name().unwrap().to_str().unwrap();
                format!("{file}:{}: {}", fault.line, fault.what)
            })
            .collect();
        for expected in [
            "a.graphql:5: ",
            "b.graphql:2: ",
            "c.graphql:1: the operation needs a name",
            "d.graphql:1: there must be one operation",
            "f.graphql:1: ",
            "named.graphql:2: ",
            "unused.graphql:1: no document spreads `Unused`",
        ] {
            assert!(told.iter().any(|fault| fault.starts_with(expected)), "{expected}: {told:#?}");
        }
        assert!(build(&folder.0.join("nowhere")).is_err());
    }
}

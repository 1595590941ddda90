//! The 36 faults that this service must survive, and the tests that show it. A test names its
//! case in a doc comment right above it: `/// Fault case 7.` or `/// Fault cases 8 and 9.`

mod cases;

use super::pages::writing;
use cases::{CASES, Case};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const WHERE: [&str; 4] = ["tests", "adapters/src", "bff/src", "domain/src"];
const BEGIN: &str = "<!-- fault cases -->";
const END: &str = "<!-- end -->";
const HINT: &str = "YIWANG_WRITE=1 cargo test -p tests --test house";

/// One test: its file and its name.
type Shown = BTreeMap<usize, Vec<(String, String)>>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.ends_with("node_modules") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The numbers of `/// Fault cases 8 and 9.`; `None` for any other line.
fn numbers(line: &str) -> Option<Vec<usize>> {
    let rest = line.trim().strip_prefix("/// Fault case")?;
    let named = rest.split_once('.').map_or(rest, |(named, _)| named);
    let words = named.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
    Some(words.map(|word| word.parse().unwrap()).collect())
}

/// The name of the test whose doc comment ends above these lines.
fn test_below<'a>(lines: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut is_test = false;
    for line in lines.map(str::trim) {
        if let Some((_, after)) = line.split_once("fn ").filter(|_| !line.starts_with("//")) {
            return is_test.then(|| after.split(['(', '<']).next().unwrap());
        }
        is_test |= line.starts_with("#[") && line.contains("test");
        if !(line.starts_with("///") || line.starts_with("#[")) {
            return None;
        }
    }
    None
}

/// Adds what `text` shows; answers the lines that stand above no test.
fn read(file: &str, text: &str, shown: &mut Shown) -> Vec<String> {
    let lines: Vec<_> = text.lines().collect();
    let mut lost = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(numbers) = numbers(line) else { continue };
        match test_below(lines[index + 1..].iter().copied()) {
            Some(name) if !numbers.is_empty() => {
                for number in numbers {
                    shown.entry(number).or_default().push((file.to_owned(), name.to_owned()));
                }
            }
            Some(_) | None => lost.push(format!("{file}:{}: {line}", index + 1)),
        }
    }
    lost
}

fn table(shown: &Shown) -> String {
    let mut table =
        String::from("| # | fault | what must happen | shown by |\n|---|---|---|---|\n");
    for (number, Case { fault, must }) in (1..).zip(&CASES) {
        let tests = shown.get(&number).into_iter().flatten();
        let tests: Vec<_> = tests.map(|(file, name)| format!("`{name}` ({file})")).collect();
        writeln!(table, "| {number} | {fault} | {must} | {} |", tests.join("<br>")).unwrap();
    }
    table
}

#[test]
fn every_fault_case_has_a_test_and_the_page_lists_them() {
    let (mut shown, mut files, mut lost) = (Shown::new(), Vec::new(), Vec::new());
    WHERE.iter().for_each(|folder| sources(&root().join(folder), &mut files));
    for path in files.iter().filter(|path| !path.to_string_lossy().contains("house/fault_cases")) {
        let file = path.strip_prefix(root()).unwrap().display().to_string();
        lost.extend(read(&file, &std::fs::read_to_string(path).unwrap(), &mut shown));
    }
    assert_eq!(lost, Vec::<String>::new(), "named above no test");
    let unknown: Vec<_> = shown.keys().filter(|n| !(1..=CASES.len()).contains(*n)).collect();
    assert!(unknown.is_empty(), "there is no fault case {unknown:?}");
    let without = (1..=CASES.len()).filter(|n| !shown.contains_key(n));
    assert_eq!(without.collect::<Vec<_>>(), Vec::<usize>::new(), "fault cases without a test");

    let path = root().join("docs/reliability.md");
    let kept = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = kept.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let made = format!("{before}{BEGIN}\n\n{}\n{END}{after}", table(&shown));
    if writing() {
        std::fs::write(&path, &made).unwrap();
    } else {
        assert!(kept == made, "docs/reliability.md is stale; write it anew: {HINT}");
    }
}

#[test]
fn a_case_is_read_from_above_a_test_and_nowhere_else() {
    let text = "
        /// Fault cases 8 and 9. And more words with 77.
        #[tokio::test(flavor = \"multi_thread\")]
        async fn shows_both() {}
        /// Fault case 3.
        /// It is what it is.
        #[test]
        fn shows_three() {}
        /// Fault case 4.
        async fn helps() {}
        /// Fault case 5.

        #[test]
        fn stands_too_far() {}
        /// Fault case without a number.
        #[test]
        fn names_none() {}
    ";
    let mut shown = Shown::new();
    let lost = read("x.rs", text, &mut shown);
    let tests = |number| {
        let all: &[(String, String)] = shown.get(&number).map_or(&[], Vec::as_slice);
        all.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        (tests(8), tests(9), tests(3)),
        (vec!["shows_both"], vec!["shows_both"], vec!["shows_three"])
    );
    assert_eq!((shown.len(), lost.len()), (3, 3), "{lost:?}");
}

//! Days with planted discrepancies: made by the mock channels, judged by the real binary, scored by the published score.

use crate::app::Folder;
use crate::node::binary;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder of the score.
pub fn score_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recon-benchmark")
}

/// Makes the day of a seed.
///
/// # Panics
/// When it cannot be made.
pub fn plant(seed: u64, folder: &Path) {
    let mut command = Command::new(binary("mock-channels"));
    let output = command.args(["plant", "--seed", &seed.to_string(), "--out"]).arg(folder).output();
    let output = output.unwrap();
    assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Judges a day by the arguments that stand in its folder.
pub fn judge(folder: &Path) -> Output {
    let words = std::fs::read_to_string(folder.join("args.txt")).unwrap();
    let mut command = Command::new(binary("bff"));
    command.current_dir(folder).arg("match").args(words.lines().flat_map(str::split_whitespace));
    command.output().unwrap()
}

/// The files of a day, by the arguments that stand in its folder.
pub fn paths(folder: &Path) -> adapters::day_files::Paths {
    let words = std::fs::read_to_string(folder.join("args.txt")).unwrap();
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut paths = adapters::day_files::Paths::default();
    for pair in words.windows(2) {
        let file = folder.join(pair[1]);
        match pair[0] {
            "--ledger" => paths.ledger = file,
            "--rules" => paths.rules = Some(file),
            "--statement" => paths.statements.push(file),
            "--bank" => paths.bank.push(file),
            "--agency" => paths.agency.push(file),
            _ => {}
        }
    }
    paths
}

/// The digest that stands in a summary.
pub fn digest(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("verdicts/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(summary["holds"], true, "{}: {}", folder.display(), summary["identities"]);
    summary["digest"].as_str().unwrap().to_owned()
}

/// Plants, judges and scores days; answers what the score printed.
///
/// # Panics
/// When a day cannot be judged, an identity is broken, or anything was missed, wrong or too much.
pub fn scored(seeds: impl IntoIterator<Item = u64>) -> String {
    let folder = Folder::fresh();
    let mut pairs: Vec<PathBuf> = Vec::new();
    for seed in seeds {
        let day = folder.0.join(seed.to_string());
        plant(seed, &day);
        let output = judge(&day);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "seed {seed}: {said}");
        digest(&day);
        pairs.push(day.clone());
        pairs.push(day.join("verdicts"));
    }
    let output = Command::new("python3").arg(score_folder().join("score.py")).args(&pairs).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

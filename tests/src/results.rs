//! Dated results in docs/results/: what was measured, on which commit and machine.

use std::path::PathBuf;
use std::process::Command;

fn said(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    text.unwrap_or_default().trim().to_owned()
}

/// Writes `docs/results/<date>-<name>.md`.
pub fn write(name: &str, body: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/results");
    std::fs::create_dir_all(&folder).unwrap();
    let date = said("date", &["+%Y-%m-%d"]);
    let commit = said("git", &["rev-parse", "--short", "HEAD"]);
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
    let text = format!(
        "# {name}, {date}\n\nCommit `{commit}`, {cpus} cores ({model}), {}.\n\n{body}",
        said("rustc", &["--version"])
    );
    std::fs::write(folder.join(format!("{date}-{name}.md")), text).unwrap();
}

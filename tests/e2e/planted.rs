//! Planted discrepancies are found, all of them and nothing else; no order of lines or files matters; arguments.

use adapters::crypto::sha256_hex;
use std::process::Command;
use tests::app::Folder;
use tests::node::binary;
use tests::planted::{digest, judge, plant, score_folder, scored};

/// Today's sample: other seeds every day, the same all day.
#[expect(clippy::disallowed_methods, reason = "the sample changes with the real day")]
fn seeds() -> impl Iterator<Item = u64> {
    const SAMPLE: u64 = 20;
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let day = seconds.as_secs() / 86_400;
    (0..SAMPLE).map(move |n| day * SAMPLE + n)
}

#[test]
fn everything_planted_is_found_and_nothing_else() {
    let said = scored(seeds());
    assert!(
        said.contains("28 of 28 codes whole; 0 false alarms, 0 false matches, 0 of wrong money"),
        "{said}"
    );
}

#[test]
fn no_order_of_lines_or_files_matters() {
    let folder = Folder::fresh();
    for seed in [3, 4] {
        let day = folder.0.join(seed.to_string());
        plant(seed, &day);
        assert!(judge(&day).status.success());
        let first = digest(&day);
        let args = std::fs::read_to_string(day.join("args.txt")).unwrap();
        let words: Vec<&str> = args.split_whitespace().collect();
        // Options with their values, the other way round; the last one has none.
        let mut pairs: Vec<_> =
            words[..words.len() - 1].chunks(2).map(|pair| pair.join("\n")).collect();
        pairs.reverse();
        std::fs::write(day.join("args.txt"), pairs.join("\n")).unwrap();
        let rules = std::fs::read_to_string(day.join("rules.json")).unwrap();
        for entry in std::fs::read_dir(&day).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // Turned round it is another file: only what the rules do not know by its hash, and no file of which there is a copy.
            let seen =
                path.is_file() && rules.contains(&sha256_hex(&std::fs::read(&path).unwrap()));
            let known = seen
                || rules.contains(&format!("\"{name}\""))
                || name.starts_with("z-")
                || day.join(format!("z-{name}")).exists();
            if name == "ledger.csv" || (name.starts_with("wechat-") && !known) {
                reverse(&path);
            }
        }
        assert!(judge(&day).status.success());
        assert_eq!(digest(&day), first, "seed {seed}");
    }
}

/// Turns the lines between header and totals round.
fn reverse(path: &std::path::Path) {
    let bytes = std::fs::read(path).unwrap();
    let Ok(text) = String::from_utf8(bytes) else { return };
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let ends = |line: &&str| line.starts_with("总交易单数") || line.starts_with("#total");
    let end = lines.iter().position(ends).unwrap_or(lines.len());
    if end > 1 && lines[end - 1].ends_with('\n') {
        lines[1..end].reverse();
        std::fs::write(path, lines.concat()).unwrap();
    }
}

#[test]
fn what_is_wrong_with_arguments_is_told_all_at_once_and_nothing_is_written() {
    let folder = Folder::fresh();
    let out = folder.0.join("out");
    let mut command = Command::new(binary("bff"));
    command.args(["match", "--ledger", "/nowhere", "--bank", "--moon", "--out"]).arg(&out);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for part in ["--bank后面缺少文件", "不认识的参数：--moon", "usage: bff match"] {
        assert!(said.contains(part), "{said}");
    }
    let mut command = Command::new(binary("bff"));
    command
        .args(["match", "--ledger", "/nowhere/a", "--statement", "/nowhere/b", "--out"])
        .arg(&out);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for part in ["/nowhere/a：打不开", "/nowhere/b：打不开", "/nowhere/rules.json：打不开"]
    {
        assert!(said.contains(part), "{said}");
    }
    assert!(!out.exists());
}

#[test]
fn the_score_finds_what_is_missed_wrong_and_too_much() {
    let mut python = Command::new("python3");
    let output =
        python.args(["-m", "unittest", "-q"]).current_dir(score_folder()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

//! `match`: judges the files of a day, as docs/recon-benchmark.md says.

use adapters::day_files::{Detail, Judged, Paths, by_code, judge, write};
use domain::money::Fen;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// What follows `match`.
pub const USAGE: &str = "match --ledger FILE --statement FILE… --bank FILE… --agency FILE… \
                         [--rules FILE] --out DIR [--lines]";
/// An identity is broken: what was written must not be used.
const BROKEN: u8 = 2;

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    paths: Paths,
    out: PathBuf,
    lines: bool,
}

/// Reads, judges and writes a day.
pub fn run(words: &[&str]) -> Result<ExitCode, String> {
    let wanted = wanted(words).map_err(|faults| {
        let faults = faults.join("\n");
        format!("{faults}\nusage: bff {USAGE}")
    })?;
    let begun = Instant::now();
    let detail = if wanted.lines { Detail::Lines } else { Detail::Findings };
    let judged = judge(&wanted.paths, detail).map_err(|faults| faults.join("\n"))?;
    let said = |error: std::io::Error| format!("{}：写不进去：{error}", wanted.out.display());
    write(&judged, &wanted.out).map_err(said)?;
    print!("{}", report(&judged, &wanted.out));
    println!("用时{:.2}秒", begun.elapsed().as_secs_f64());
    Ok(if judged.verdicts.hold() { ExitCode::SUCCESS } else { ExitCode::from(BROKEN) })
}

/// The files alone, for who writes nothing to a folder.
pub fn paths(words: &[&str]) -> Result<Paths, Vec<String>> {
    let nowhere = [words, &["--out", "."]].concat();
    let wanted = wanted(&nowhere)?;
    if wanted.lines {
        Err(vec!["不认识的参数：--lines".to_owned()])
    } else {
        Ok(wanted.paths)
    }
}

/// The arguments; whatever is wrong with them, all at once.
fn wanted(words: &[&str]) -> Result<Wanted, Vec<String>> {
    let (mut wanted, mut faults) = (Wanted::default(), Vec::new());
    let (mut ledger, mut out) = (None, None);
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        if word == "--lines" {
            if wanted.lines {
                faults.push("--lines给了两次".to_owned());
            }
            wanted.lines = true;
            continue;
        }
        if !["--ledger", "--statement", "--bank", "--agency", "--rules", "--out"].contains(&word) {
            faults.push(format!("不认识的参数：{word}"));
            continue;
        }
        let Some(value) = words.next_if(|value| !value.starts_with("--")) else {
            faults.push(format!("{word}后面缺少文件"));
            continue;
        };
        let path = PathBuf::from(value);
        let mut once = |place: &mut Option<PathBuf>| {
            if place.replace(path.clone()).is_some() {
                faults.push(format!("{word}给了两次"));
            }
        };
        match word {
            "--ledger" => once(&mut ledger),
            "--rules" => once(&mut wanted.paths.rules),
            "--out" => once(&mut out),
            "--statement" => wanted.paths.statements.push(path),
            "--bank" => wanted.paths.bank.push(path),
            _ => wanted.paths.agency.push(path),
        }
    }
    let mut needed = |name: &str, path: Option<PathBuf>| {
        if path.is_none() && !faults.iter().any(|fault| fault.starts_with(name)) {
            faults.push(format!("缺少{name}"));
        }
        path.unwrap_or_default()
    };
    wanted.paths.ledger = needed("--ledger", ledger);
    wanted.out = needed("--out", out);
    if faults.is_empty() { Ok(wanted) } else { Err(faults) }
}

/// For the person at the terminal.
fn report(judged: &Judged, out: &Path) -> String {
    let mut text = format!("{}的对账结果已写入{}\n", judged.rules.day, out.display());
    let codes = by_code(&judged.verdicts.findings);
    if codes.is_empty() {
        text.push_str("没有差错\n");
    }
    for (code, (count, fen)) in codes {
        let (code, name) = code.words();
        let fen = Fen::new(i64::try_from(fen).unwrap_or(i64::MAX));
        let _ = writeln!(text, "{code} {name}：{count}笔，风险{fen}元");
    }
    let broken: Vec<_> = judged
        .verdicts
        .identities
        .iter()
        .filter(|identity| !identity.holds)
        .map(|identity| {
            format!("{} {}：{}≠{}", identity.name, identity.of, identity.left, identity.right)
        })
        .collect();
    if broken.is_empty() {
        text.push_str("恒等式全部成立\n");
    } else {
        let _ = writeln!(text, "恒等式不成立，结果不可用：{}", broken.join("；"));
    }
    let _ = writeln!(text, "摘要 {}", judged.digest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_and_all_faults_told() {
        let right = [
            "--ledger",
            "l",
            "--statement",
            "a",
            "--statement",
            "b",
            "--bank",
            "c",
            "--out",
            "o",
            "--lines",
        ];
        let read = wanted(&right).unwrap();
        assert_eq!(read.paths.statements, [PathBuf::from("a"), PathBuf::from("b")]);
        assert!(read.lines && read.paths.rules.is_none());
        let wrong =
            ["--ledger", "l", "--ledger", "m", "--bank", "--lines", "--lines", "x", "--rules"];
        let faults = wanted(&wrong).unwrap_err();
        assert_eq!(
            faults,
            [
                "--ledger给了两次",
                "--bank后面缺少文件",
                "--lines给了两次",
                "不认识的参数：x",
                "--rules后面缺少文件",
                "缺少--out"
            ]
        );
        assert_eq!(wanted(&[]).unwrap_err(), ["缺少--ledger", "缺少--out"]);
    }
}

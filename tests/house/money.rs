//! I7: payments and refunds are whole fen in 64 bits everywhere. Nothing that touches money knows a float, and no number of fen is
//! narrowed without saying what becomes of one that does not fit.

use std::path::{Path, PathBuf};

/// Where money is: below these folders no float is named.
const OF_MONEY: [&str; 13] = [
    "domain/src/money.rs",
    "domain/src/payment",
    "domain/src/receipt",
    "domain/src/notice",
    "domain/src/reconciliation",
    "adapters/src/store",
    "adapters/src/day_files",
    "adapters/src/wechat",
    "adapters/src/alipay",
    "adapters/src/unionpay",
    "adapters/src/non_tax",
    "bff/src/staff",
    "bff/src/report",
];

/// Spreadsheets know no other number than a float: yuan with cents that are exact as they are shown. Larger sums are texts.
const SPREADSHEET: &str = "bff/src/report/workbook.rs";

/// Words that are floats, and narrowings of an amount.
fn faults(source: &str) -> Vec<String> {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    let narrowing = ["value() as ", "fen as i32", "fen as u32", "amount as i32", "amount as u32"];
    let mut found = Vec::new();
    for (number, line) in (1..).zip(code) {
        let words = line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let float = words.into_iter().any(|word| {
            matches!(word, "f32" | "f64") || word.ends_with("_f64") || word.ends_with("_f32")
        });
        if float || narrowing.iter().any(|narrow| line.contains(narrow)) {
            found.push(format!("line {number}: {}", line.trim()));
        }
    }
    found
}

fn sources(at: &Path, into: &mut Vec<PathBuf>) {
    if at.is_file() {
        into.push(at.to_owned());
        return;
    }
    for entry in std::fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|ending| ending == "rs") {
            sources(&path, into);
        }
    }
}

#[test]
fn money_is_whole_fen_everywhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for place in OF_MONEY {
        let mut files = Vec::new();
        sources(&root.join(place), &mut files);
        assert!(!files.is_empty(), "{place} is not there any more");
        for file in files {
            let name = file.strip_prefix(root).unwrap().display().to_string();
            let of_file = faults(&std::fs::read_to_string(&file).unwrap());
            if name != SPREADSHEET {
                found.extend(of_file.into_iter().map(|fault| format!("{name} {fault}")));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_float_and_a_narrowed_amount_are_seen() {
    assert_eq!(faults("let yuan = fen as f64 / 100.0;").len(), 1);
    assert_eq!(faults("fn rate() -> f32 { 0.6 }").len(), 1);
    assert_eq!(faults("let short = amount.value() as i32;").len(), 1);
    assert_eq!(faults("let x = row.as_f64();").len(), 1);
    assert_eq!(faults("// f64 would lose a fen\nlet fen: i64 = 1;"), Vec::<String>::new());
}

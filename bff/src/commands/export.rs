//! `export`: a report of some days as a file.

use bff::graphql::error::chain;
use bff::report::{Format, Report, ReportError, write_file};
use bff::settings::Environment;
use domain::reconciliation::report::Span;
use jiff::civil::Date;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// What follows the program's name.
pub const USAGE: &str = "export summary|refunds|unsettled|exceptions|lines --from DATE [--to DATE] --out FILE.csv|FILE.xlsx";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    report: Report,
    span: Span,
    format: Format,
    out: PathBuf,
}

/// Writes the report beside, and then under its name: who reads the file never sees half of it.
pub async fn run(words: &[&str], environment: &Environment) -> Result<ExitCode, String> {
    let wanted = wanted(words).map_err(|faults| {
        let faults = faults.join("\n");
        format!("{faults}\nusage: bff {USAGE}")
    })?;
    let settings = super::load(environment)?;
    let store = bff::application::open_store(&settings).await.map_err(|error| chain(&error))?;
    let parts = bff::application::report_parts(&Arc::new(store));
    let Wanted { report, span, format, out } = wanted;
    let mut beside = out.clone().into_os_string();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let done = write_file(&parts, (report, span), format, &beside).await;
    let done = done.and_then(|count| {
        std::fs::rename(&beside, &out)?;
        Ok::<_, ReportError>(count)
    });
    match done {
        Ok(count) => {
            let (first, last) = (span.first(), span.last());
            println!("{first}至{last}的{}共{count}行，已写入{}", report.words().1, out.display());
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            // It may not be there; what is of no use is not left behind.
            let _ = std::fs::remove_file(&beside);
            Err(format!("{}：{}", out.display(), chain(&error)))
        }
    }
}

/// The arguments; whatever is wrong with them, all at once.
fn wanted(words: &[&str]) -> Result<Wanted, Vec<String>> {
    let mut faults = Vec::new();
    let (name, rest) = words.split_first().map_or(("", words), |(name, rest)| (*name, rest));
    let report = Report::from_word(name);
    if report.is_none() {
        faults.push(format!("不认识的报表：{name}"));
    }
    let [mut from, mut to, mut out] = [const { None }; 3];
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        let place = match *word {
            "--from" => &mut from,
            "--to" => &mut to,
            "--out" => &mut out,
            other => {
                faults.push(format!("不认识的参数：{other}"));
                continue;
            }
        };
        match rest.next() {
            None => faults.push(format!("{word}后面缺少内容")),
            Some(value) if place.replace(*value).is_some() => {
                faults.push(format!("{word}给了两次"))
            }
            Some(_) => {}
        }
    }
    let mut day = |name: &str, text: Option<&str>| {
        let day: Option<Date> = text.and_then(|text| text.parse().ok());
        if day.is_none()
            && let Some(text) = text
        {
            faults.push(format!("{name}不是日期：{text}，应如2026-09-30"));
        }
        day
    };
    let (first, last) = (day("--from", from), day("--to", to.or(from)));
    if from.is_none() {
        faults.push("缺少--from".to_owned());
    }
    let span = first.zip(last).map(|(first, last)| Span::new(first, last));
    if let Some(Err(error)) = &span {
        faults.push(format!("日期不对，结束不早于开始，一次最多366天：{error}"));
    }
    let out = out.map(PathBuf::from);
    let ending = out.as_ref().and_then(|out| out.extension()?.to_str());
    let format = ending.and_then(Format::from_ending);
    match (&out, format) {
        (None, _) => faults.push("缺少--out".to_owned()),
        (Some(out), None) => faults.push(format!("{}：只写.csv或.xlsx", out.display())),
        (Some(_), Some(_)) => {}
    }
    match (report, span.and_then(Result::ok), format, out) {
        (Some(report), Some(span), Some(format), Some(out)) if faults.is_empty() => {
            Ok(Wanted { report, span, format, out })
        }
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn arguments_are_read_and_all_faults_told() {
        let right = wanted(&["refunds", "--from", "2026-09-30", "--out", "r.xlsx"]).unwrap();
        let span = Span::day(date(2026, 9, 30));
        let out = PathBuf::from("r.xlsx");
        assert_eq!(right, Wanted { report: Report::Refunds, span, format: Format::Xlsx, out });
        let wrong = [
            "moon",
            "--from",
            "x",
            "--to",
            "2026-01-01",
            "--to",
            "2026-01-02",
            "y",
            "--out",
            "r.pdf",
        ];
        let faults = wanted(&wrong).unwrap_err();
        assert_eq!(
            faults,
            [
                "不认识的报表：moon",
                "--to给了两次",
                "不认识的参数：y",
                "--from不是日期：x，应如2026-09-30",
                "r.pdf：只写.csv或.xlsx"
            ]
        );
        assert_eq!(wanted(&[]).unwrap_err(), ["不认识的报表：", "缺少--from", "缺少--out"]);
        let back = ["lines", "--from", "2026-01-02", "--to", "2026-01-01", "--out", "l.csv"];
        assert_eq!(wanted(&back).unwrap_err().len(), 1);
    }
}

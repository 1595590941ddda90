//! Writes what was found: into a folder beside, which then takes the name.

use super::load::Judged;
use domain::reconciliation::DiscrepancyCode;
use domain::reconciliation::engine::Finding;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes `verdicts.csv`, `suggestions.csv`, `summary.json` and, where it was asked for, `lines.csv` into `out`. What was in `out`
/// under these names is replaced all at once; anything else in it stays.
///
/// # Errors
/// The disk's.
pub fn write(judged: &Judged, out: &Path) -> io::Result<()> {
    std::fs::create_dir_all(out)?;
    let mut written = Vec::new();
    let mut file = |name: &'static str, fill: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        let beside = out.join(format!(".{name}.{}", std::process::id()));
        let mut writer = BufWriter::with_capacity(1 << 20, File::create(&beside)?);
        let done = fill(&mut writer).and_then(|()| writer.flush());
        written.push((beside, out.join(name)));
        done
    };
    let done = (|| {
        file("verdicts.csv", &|into| verdicts(judged, into))?;
        file("suggestions.csv", &|into| suggestions(judged, into))?;
        if judged.lines.is_some() {
            file("lines.csv", &|into| lines(judged, into))?;
        }
        file("summary.json", &|into| summary(judged, into))
    })();
    for (beside, name) in &written {
        match &done {
            Ok(()) => std::fs::rename(beside, name)?,
            Err(_) => drop(std::fs::remove_file(beside)),
        }
    }
    done
}

/// A value of a table: in quotes where it must be.
pub(super) fn cell(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

fn row(into: &mut dyn Write, cells: &[&str]) -> io::Result<()> {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    writeln!(into, "{}", cells.join(","))
}

fn verdicts(judged: &Judged, into: &mut dyn Write) -> io::Result<()> {
    writeln!(
        into,
        "code,at_risk_fen,equation_fen,rail,merchant_no,order_no,refund_no,notice_no,txn_no,credit_no,file,line_no,\
         ambiguous,cause,owner,first_action,due_at,note"
    )?;
    for finding in &judged.verdicts.findings {
        let (text, _) = finding.code.words();
        let (file, line_no) = place(judged, finding);
        let due = domain::clock::beijing_time(finding.due_at);
        row(
            into,
            &[
                text,
                &finding.at_risk.value().to_string(),
                &finding.equation.value().to_string(),
                finding.rail,
                &finding.merchant_no,
                &finding.order_no,
                &finding.refund_no,
                &finding.notice_no,
                &finding.txn_no,
                &finding.credit_no,
                file,
                &line_no,
                if finding.ambiguous { "true" } else { "false" },
                &finding.cause,
                finding.code.owner(),
                finding.code.first_action(),
                &due.strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string(),
                &finding.note,
            ],
        )?;
    }
    Ok(())
}

fn place<'a>(judged: &'a Judged, finding: &'a Finding) -> (&'a str, String) {
    match finding.origin {
        None => (&finding.file, String::new()),
        Some(origin) => {
            let file = judged.files.get(usize::from(origin.file));
            (file.map_or("", |file| &file.name), origin.line_no.to_string())
        }
    }
}

fn suggestions(judged: &Judged, into: &mut dyn Write) -> io::Result<()> {
    writeln!(into, "kind,order_no,txn_no,other_order_no,at_risk_fen,reason")?;
    for pair in &judged.verdicts.suggestions {
        let fen = pair.at_risk.value().to_string();
        row(
            into,
            &[pair.kind, &pair.order_no, &pair.txn_no, &pair.other_order_no, &fen, &pair.reason],
        )?;
    }
    Ok(())
}

fn lines(judged: &Judged, into: &mut dyn Write) -> io::Result<()> {
    writeln!(into, "file,line_no,bucket,code,order_no,refund_no,txn_no")?;
    for line in judged.lines.iter().flatten() {
        let file = judged.files.get(usize::from(line.file)).map_or("", |file| &file.name);
        let [order_no, refund_no, txn] = &line.nos;
        let (bucket, code) = line.verdict.words();
        row(into, &[file, &line.line_no.to_string(), bucket, code, order_no, refund_no, txn])?;
    }
    Ok(())
}

/// How often each code was found, and its fen at risk.
pub fn by_code(findings: &[Finding]) -> BTreeMap<DiscrepancyCode, (u64, i128)> {
    let mut sums: BTreeMap<DiscrepancyCode, (u64, i128)> = BTreeMap::new();
    for finding in findings {
        let of = sums.entry(finding.code).or_default();
        *of = (of.0 + 1, of.1 + i128::from(finding.at_risk.value()));
    }
    sums
}

fn summary(judged: &Judged, into: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *into, &summed_up(judged))?;
    writeln!(into)
}

/// What `summary.json` holds.
pub(super) fn summed_up(judged: &Judged) -> serde_json::Value {
    let files: Vec<_> = judged
        .files
        .iter()
        .zip(&judged.counts)
        .map(|(file, (lines, quarantined))| {
            json!({ "name": file.name, "sha256": file.sha256, "lines": lines, "quarantined": quarantined })
        })
        .collect();
    let codes: BTreeMap<_, _> = by_code(&judged.verdicts.findings)
        .into_iter()
        .map(|(code, (count, fen))| {
            (code.words().0, json!({ "count": count, "at_risk_fen": fen.to_string() }))
        })
        .collect();
    let identities: Vec<_> = judged
        .verdicts
        .identities
        .iter()
        .map(|identity| {
            json!({
                "name": identity.name, "of": identity.of, "left": identity.left.to_string(),
                "right": identity.right.to_string(), "holds": identity.holds,
            })
        })
        .collect();
    let incidents: Vec<_> = judged
        .verdicts
        .incidents
        .iter()
        .map(|incident| {
            json!({ "cause": incident.cause, "count": incident.count, "at_risk_fen": incident.at_risk.value() })
        })
        .collect();
    json!({
        "day": judged.rules.day.to_string(),
        "judged_at": judged.rules.judged_at.to_string(),
        "digest": judged.digest,
        "inputs": judged.inputs,
        "holds": judged.verdicts.hold(),
        "matched_aside": { "orders": judged.aside.orders, "paid_fen": judged.aside.paid.value(),
            "fees_fen": judged.aside.fees.value() },
        "files": files,
        "codes": codes,
        "identities": identities,
        "incidents": incidents,
    })
}

//! Tables as files: what a spreadsheet makes of them.

use super::*;
use std::sync::{Arc, Mutex};

/// A writer whose bytes can be looked at.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn cells(text: &str, fen: i64) -> Vec<Cell> {
    let time = Timestamp::from_second(1_790_000_000).unwrap();
    vec![text.into(), Cell::Count(7), Cell::Money(Fen::new(fen)), Cell::Time(time), Cell::Nothing]
}

#[test]
fn csv_is_quoted_and_runs_nothing() {
    let kept = Kept::default();
    let mut csv = Box::new(Csv::begin(Box::new(kept.clone()), &["甲", "乙"]).unwrap());
    csv.row(&cells("=1+1", -105)).unwrap();
    csv.row(&cells("a,\"b\"\nc", 5)).unwrap();
    csv.finish().unwrap();
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "\u{feff}甲,乙");
    assert_eq!(lines[1], "'=1+1,7,-1.05,2026-09-21 22:13:20,");
    assert_eq!(lines[2], "\"a,\"\"b\"\"\nc\",7,0.05,2026-09-21 22:13:20,");
}

/// The parts of a workbook that is a zip of XML.
fn part(bytes: &[u8], name: &str) -> Option<String> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    zip.by_name(name).ok()?.read_to_string(&mut text).unwrap();
    Some(text)
}

#[test]
fn a_workbook_has_numbers_for_money_and_goes_on_in_another_sheet() {
    let kept = Kept::default();
    let mut book = Box::new(Workbook::with_rows(Box::new(kept.clone()), Report::Refunds, 2));
    for fen in [12_345, -1, 1 << 50] {
        book.row(&cells("=cmd()", fen)).unwrap();
    }
    book.finish().unwrap();
    let bytes = kept.0.lock().unwrap().clone();
    let first = part(&bytes, "xl/worksheets/sheet1.xml").unwrap();
    assert!(first.contains("<v>123.45</v>") && first.contains("<v>-0.01</v>"), "{first}");
    assert!(first.contains("=cmd()") && !first.contains("<f>"), "text, no formula: {first}");
    assert!(first.contains("退款单号"), "{first}");
    let second = part(&bytes, "xl/worksheets/sheet2.xml").unwrap();
    assert!(second.contains("11258999068426.24"), "{second}");
    assert!(part(&bytes, "xl/worksheets/sheet3.xml").is_none());
    // A report without a row is a sheet with a header.
    let kept = Kept::default();
    Box::new(Workbook::begin(Box::new(kept.clone()), Report::Summary)).finish().unwrap();
    let bytes = kept.0.lock().unwrap().clone();
    assert!(part(&bytes, "xl/worksheets/sheet1.xml").unwrap().contains("净额"));
}

#[test]
fn every_row_has_the_columns_of_its_report() {
    let span = Span::day(jiff::civil::date(2026, 9, 30));
    let summary = Summary::of(span, &[], Vec::new());
    for row in summary_rows(&summary) {
        assert_eq!(row.len(), Report::Summary.columns().len());
    }
    for report in Report::ALL {
        assert_eq!(Report::from_word(report.words().0), Some(report));
    }
    for format in [Format::Csv, Format::Xlsx] {
        assert_eq!(Format::from_ending(format.words().0), Some(format));
    }
    assert_eq!((Report::from_word("x"), Format::from_ending("pdf")), (None, None));
}

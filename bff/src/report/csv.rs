//! CSV (RFC 4180) that spreadsheets open with Chinese and without running anything.

use super::{Cell, Table};
use domain::clock::beijing_time;
use std::io::{self, Write};

/// Without it, spreadsheets take UTF-8 for something else.
const BOM: &str = "\u{feff}";

/// A table that is written line by line.
pub struct Csv {
    into: Box<dyn Write + Send>,
}

impl Csv {
    /// With its header.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(into: Box<dyn Write + Send>, columns: &[&str]) -> io::Result<Self> {
        let mut csv = Self { into };
        csv.into.write_all(BOM.as_bytes())?;
        let head: Vec<Cell> = columns.iter().map(|name| Cell::from(*name)).collect();
        csv.row(&head)?;
        Ok(csv)
    }
}

/// Quotes what needs it. A cell that a spreadsheet would take for a formula is made a text; a
/// plain number is none.
pub fn quoted(cell: &str) -> String {
    let number = cell.strip_prefix('-').unwrap_or(cell);
    let number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number;
    let safe = if formula { format!("'{cell}") } else { cell.to_owned() };
    if safe.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

impl Table for Csv {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.into.write_all(b",")?;
            }
            let text = match cell {
                Cell::Text(text) => quoted(text),
                Cell::Count(count) => count.to_string(),
                Cell::Money(fen) => fen.to_string(),
                Cell::Time(at) => beijing_time(*at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
                Cell::Nothing => String::new(),
            };
            self.into.write_all(text.as_bytes())?;
        }
        self.into.write_all(b"\r\n")
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.into.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_never_become_formulas() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-12.50", "-12.50"),
            ("-x", "'-x"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("", ""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}

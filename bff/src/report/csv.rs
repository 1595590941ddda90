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

/// A text as a cell: what a spreadsheet would take for a formula begins with a quote, as it does there by hand.
pub(super) fn harmless(text: &str) -> String {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if begins { format!("'{text}") } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

impl Table for Csv {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.into.write_all(b",")?;
            }
            let text = match cell {
                Cell::Text(text) => quoted(&harmless(text)),
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

//! A workbook (ECMA-376). Rows go to a temporary file, not into memory; a sheet that is full goes on in another.

use super::{Cell, Report, Table};
use domain::clock::beijing_time;
use rust_xlsxwriter::{Color, Format, XlsxError};
use std::io::{self, Write};

/// Excel's own limit of rows, less the header.
const ROWS: u32 = 1_048_575;
/// Above this, a number of fen does not stand whole in a float of yuan; it is written as text.
const EXACT: i64 = 1 << 50;

/// A workbook with one sheet, or several if it is long.
pub struct Workbook {
    book: rust_xlsxwriter::Workbook,
    yuan: Format,
    into: Box<dyn Write + Send>,
    report: Report,
    /// Rows of the last sheet, below its header; `None` before the first.
    rows: Option<u32>,
    sheets: u32,
    /// A sheet takes no more than this.
    most: u32,
}

fn failed(error: XlsxError) -> io::Error {
    io::Error::other(error)
}

impl Workbook {
    /// Of this report.
    pub fn begin(into: Box<dyn Write + Send>, report: Report) -> Self {
        Self::with_rows(into, report, ROWS)
    }

    pub(super) fn with_rows(into: Box<dyn Write + Send>, report: Report, most: u32) -> Self {
        let book = rust_xlsxwriter::Workbook::new();
        let yuan = Format::new().set_num_format("#,##0.00");
        Self { book, yuan, into, report, rows: None, sheets: 0, most }
    }

    /// A sheet with its header, which stays in view.
    fn sheet(&mut self) -> io::Result<()> {
        self.sheets += 1;
        let name = match self.sheets {
            1 => self.report.words().1.to_owned(),
            number => format!("{}{number}", self.report.words().1),
        };
        let bold = Format::new().set_bold().set_background_color(Color::RGB(0x00e9_eef4));
        let sheet = self.book.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(name).map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        for (column, name) in (0_u16..).zip(self.report.columns()) {
            sheet.set_column_width(column, 18).map_err(failed)?;
            sheet.write_with_format(0, column, *name, &bold).map_err(failed)?;
        }
        self.rows = Some(0);
        Ok(())
    }
}

impl Table for Workbook {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        if self.rows.is_none_or(|rows| rows >= self.most) {
            self.sheet()?;
        }
        let row = self.rows.unwrap_or_default() + 1;
        self.rows = Some(row);
        let last = self.book.worksheets().len() - 1;
        let sheet = self.book.worksheet_from_index(last).map_err(failed)?;
        for (column, cell) in (0_u16..).zip(cells) {
            let done = match cell {
                Cell::Text(text) => sheet.write_string(row, column, text),
                #[expect(clippy::cast_precision_loss, reason = "no table has 2^53 of anything")]
                Cell::Count(count) => sheet.write_number(row, column, *count as f64),
                #[expect(clippy::cast_precision_loss, reason = "larger ones are written as text")]
                Cell::Money(fen) if fen.value().abs() < EXACT => sheet.write_number_with_format(
                    row,
                    column,
                    fen.value() as f64 / 100.0,
                    &self.yuan,
                ),
                Cell::Money(fen) => sheet.write_string(row, column, fen.to_string()),
                Cell::Time(at) => {
                    let time = beijing_time(*at).strftime("%Y-%m-%d %H:%M:%S").to_string();
                    sheet.write_string(row, column, time)
                }
                Cell::Nothing => continue,
            };
            done.map_err(failed)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if self.rows.is_none() {
            self.sheet()?;
        }
        let bytes = self.book.save_to_buffer().map_err(failed)?;
        self.into.write_all(&bytes)?;
        self.into.flush()
    }
}

//! Comma separated values as the page of the benchmark has them.

/// A table that is written at once.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

/// How a file of ours may look and mean the same.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    pub(super) bom: bool,
    pub(super) crlf: bool,
}

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(|&name| name.to_owned()).collect()] }
    }

    pub(super) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// With `#total,<lines>,<sum>` where a sum is told.
    pub(super) fn text(&self, total: Option<(usize, i64)>, look: Look) -> String {
        let end = if look.crlf { "\r\n" } else { "\n" };
        let mut text = if look.bom { "\u{feff}".to_owned() } else { String::new() };
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
            text.push_str(&cells.join(","));
            text.push_str(end);
        }
        if let Some((lines, sum)) = total {
            text.push_str(&format!("#total,{lines},{sum}{end}"));
        }
        text
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

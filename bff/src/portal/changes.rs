//! The tables of docs/schema-changes.md.

const TEXT: &str = include_str!("../../../docs/schema-changes.md");

/// A table: the words of its head, and its rows.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub head: Vec<String>,
    /// Row by row.
    pub rows: Vec<Vec<String>>,
}

/// All of them, in their order.
pub fn tables() -> Vec<Table> {
    read(TEXT)
}

fn read(text: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut within = false;
    for line in text.lines() {
        let cells = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |"));
        let cells = cells.map(|cells| cells.split(" | ").map(str::to_owned).collect());
        match (cells, tables.last_mut()) {
            (Some(row), Some(table)) if within => table.rows.push(row),
            (Some(head), _) => tables.push(Table { head, rows: Vec::new() }),
            (None, _) => {}
        }
        within = line.starts_with('|');
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_row_by_row_and_one_may_be_empty() {
        let text = "# T\n\n| date | what |\n|---|---|\n| 1 | a b |\n| 2 | c |\n\nx\n\n| d | e |\n|---|---|\n";
        let cells = |words: [&str; 2]| words.map(str::to_owned).to_vec();
        let first = Table {
            head: cells(["date", "what"]),
            rows: vec![cells(["1", "a b"]), cells(["2", "c"])],
        };
        assert_eq!(read(text), [first, Table { head: cells(["d", "e"]), rows: Vec::new() }]);
        assert_eq!(tables().len(), 2, "changes, and breaks that were decided");
        assert!(!tables()[0].rows.is_empty());
    }
}

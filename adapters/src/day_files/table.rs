//! Tables of the benchmark's own making: comma separated, quotes where needed, found by name.

use super::bytes::{number, without_bom, without_cr};
use std::borrow::Cow;

/// A line's values, unquoted.
pub type Row<'a> = Vec<Cow<'a, str>>;

/// Splits a line; `None` if its quotes do not close.
pub fn split(line: &str) -> Option<Row<'_>> {
    let mut row = Vec::new();
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (value, after) = unquote(quoted)?;
            row.push(Cow::Owned(value));
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None if after.is_empty() => return Some(row),
                None => return None,
            }
        } else {
            match rest.split_once(',') {
                Some((value, next)) => {
                    row.push(Cow::Borrowed(value));
                    rest = next;
                }
                None => {
                    row.push(Cow::Borrowed(rest));
                    return Some(row);
                }
            }
        }
    }
}

fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        value.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                value.push('"');
                rest = next;
            }
            None => return Some((value, after)),
        }
    }
}

/// Where each wanted column stands, and how many there are.
#[derive(Debug, Clone)]
pub struct Columns<const N: usize> {
    /// Places of the wanted columns, in their order.
    pub places: [usize; N],
    /// Columns of the header.
    pub count: usize,
}

impl<const N: usize> Columns<N> {
    /// Finds the columns in a header.
    pub fn find(header: &[u8], names: [&str; N]) -> Result<Self, String> {
        let header = std::str::from_utf8(header).or(Err("表头不是UTF-8编码"))?;
        let row = split(header).ok_or("表头的引号没有成对")?;
        let place = |name: &str| row.iter().position(|column| column.trim() == name);
        let missing: Vec<_> = names.iter().filter(|name| place(name).is_none()).copied().collect();
        if !missing.is_empty() {
            return Err(format!("表头缺少列：{}", missing.join("、")));
        }
        let places = names.map(|name| place(name).unwrap_or_default());
        Ok(Self { places, count: row.len() })
    }
}

/// A whole small table.
pub struct Table<'a> {
    /// Line number and values of the wanted columns.
    pub rows: Vec<(u32, Vec<Cow<'a, str>>)>,
    /// Lines that cannot be split: number, bytes, why.
    pub bad: Vec<(u32, &'a [u8], String)>,
    /// What its last line says: how many, and the sum of their fen.
    pub total: Option<(i64, i64)>,
}

impl<'a> Table<'a> {
    /// Reads a table of few columns and lines.
    pub fn read<const N: usize>(file: &'a [u8], names: [&str; N]) -> Result<Self, String> {
        let mut lines = (1..).zip(without_bom(file).split(|byte| *byte == b'\n'));
        let header = lines.next().map(|(_, header)| without_cr(header)).unwrap_or_default();
        if header.is_empty() {
            return Err("文件是空的".to_owned());
        }
        let columns = Columns::find(header, names)?;
        let mut table = Self { rows: Vec::new(), bad: Vec::new(), total: None };
        for (no, line) in lines {
            let line = without_cr(line);
            if line.is_empty() {
                continue;
            }
            if table.total.is_some() {
                return Err("合计行之后还有内容".to_owned());
            }
            if line.starts_with(b"#total,") {
                table.total = Some(total_of(line).ok_or("合计行不是笔数和金额")?);
                continue;
            }
            match row_of(line, &columns) {
                Ok(row) => table.rows.push((no, row)),
                Err(reason) => table.bad.push((no, line, reason)),
            }
        }
        Ok(table)
    }
}

fn row_of<'a, const N: usize>(line: &'a [u8], columns: &Columns<N>) -> Result<Row<'a>, String> {
    let text = std::str::from_utf8(line).or(Err("不是UTF-8编码"))?;
    let mut row = split(text).ok_or("引号没有成对")?;
    if row.len() != columns.count {
        return Err(format!("应有{}列，实有{}列", columns.count, row.len()));
    }
    Ok(columns.places.iter().map(|place| std::mem::take(&mut row[*place])).collect())
}

/// `#total,<lines>,<sum of fen>`.
pub fn total_of(line: &[u8]) -> Option<(i64, i64)> {
    let mut parts = line.strip_prefix(b"#total,")?.split(|byte| *byte == b',');
    let (count, sum) = (number(parts.next()?)?, number(parts.next()?)?);
    parts.next().is_none().then_some((count, sum))
}

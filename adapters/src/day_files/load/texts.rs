//! Lines that are read again, because they must be judged.

use super::judging::file_key;
use super::opened::Opened;
use super::{BillBlock, Detail, LedgerBlock, Reading};
use crate::day_files::faults::Faults;
use crate::day_files::ledger::{self, Ledger};
use crate::day_files::legs::{self, Raws};
use crate::day_files::others::SmallStatement;
use crate::day_files::pass::read_again;
use crate::day_files::sift::{Side, sift};
use crate::day_files::wechat::Bill;
use domain::reconciliation::engine::{FileKey, Origin};
use std::collections::HashSet;

/// Lines that are read again, because they must be judged.
pub(super) struct Second<'s, 'r> {
    pub(super) reading: &'s Reading<'r>,
    pub(super) files: &'s [Opened],
    pub(super) ledger: &'s Ledger,
    pub(super) ledger_blocks: &'s [LedgerBlock],
}

/// A line with its number in the file.
pub(super) type NumberedLine = (u32, Vec<u8>);

/// What was read again.
pub(super) struct Texts {
    pub(super) ledger: Vec<(u32, LedgerText)>,
    /// By file.
    pub(super) lines: Vec<(usize, Vec<NumberedLine>)>,
    /// Lines that were put aside: of the ledger, and by file.
    pub(super) aside: Vec<(FileKey, u32)>,
    pub(super) plain: u64,
}

pub(super) enum LedgerText {
    Plain(String),
    /// With the line as it stands in the file.
    Quoted(String, Vec<String>),
}

impl LedgerText {
    pub(super) fn raw(&self) -> &str {
        match self {
            Self::Plain(line) | Self::Quoted(line, _) => line,
        }
    }
}

/// The lines that are wanted, as they stand in their files.
pub(super) fn raws(
    wanted: &HashSet<Origin>,
    texts: &Texts,
    small: &[(usize, SmallStatement)],
    tables: &[(usize, Result<Vec<u8>, String>)],
) -> Raws {
    let mut raws = Raws::new();
    let mut take = |origin: Origin, raw: &dyn Fn() -> String| {
        if wanted.contains(&origin) {
            raws.insert(origin, raw());
        }
    };
    for (line_no, text) in &texts.ledger {
        take(Origin { file: 0, line_no: *line_no }, &|| text.raw().to_owned());
    }
    for (place, lines) in &texts.lines {
        for (line_no, line) in lines {
            let origin = Origin { file: file_key(*place), line_no: *line_no };
            take(origin, &|| String::from_utf8_lossy(line).into_owned());
        }
    }
    for (place, statement) in small {
        for line in &statement.lines {
            let origin = Origin { file: file_key(*place), line_no: line.line_no };
            take(origin, &|| line.raw.clone());
        }
    }
    for (place, bytes) in tables {
        if let Ok(bytes) = bytes {
            legs::lines_of(bytes, file_key(*place), wanted, &mut raws);
        }
    }
    raws
}

impl Second<'_, '_> {
    pub(super) fn texts(
        &self,
        bills: &[(usize, &Bill<'_>, &[BillBlock])],
    ) -> Result<Texts, Vec<String>> {
        let ours = Side::of(self.ledger_blocks.iter().map(|block| block.kept.as_slice()));
        let theirs = bills.iter().flat_map(|(_, _, blocks)| blocks.iter());
        let theirs = Side::of(theirs.map(|block| block.kept.as_slice()));
        let sides = ours.zip(theirs).ok_or_else(|| vec!["明细过多，一次处理不了".to_owned()])?;
        let judged = sift(&sides.0, &sides.1);
        let mut texts =
            Texts { ledger: Vec::new(), lines: Vec::new(), aside: Vec::new(), plain: 0 };
        let told = |error: std::io::Error| vec![format!("读取失败：{error}")];
        let mut faults = Faults::default();
        let with_lines = self.reading.detail != Detail::Findings;
        let mut which = judged.ledger.iter();
        let mut before = 2_u32;
        for block in self.ledger_blocks {
            for (kept, judged) in block.kept.iter().zip(which.by_ref()) {
                let line_no = before.saturating_add(kept.line());
                if !judged {
                    if with_lines {
                        texts.aside.push((0, line_no));
                    }
                    texts.plain += 1;
                    continue;
                }
                let from = block.start + u64::from(kept.at);
                let file = &self.files[0];
                let line = read_again(&file.file, from, file.length).map_err(told)?;
                let text = String::from_utf8(line).unwrap_or_default();
                let text = match text.contains('"') {
                    false => LedgerText::Plain(text),
                    true => {
                        let values = self.ledger.quoted(&text).unwrap_or_default();
                        LedgerText::Quoted(text, values)
                    }
                };
                texts.ledger.push((line_no, text));
            }
            before = before.saturating_add(block.lines);
        }
        let mut which = judged.lines.iter();
        for (place, _, blocks) in bills {
            let file = &self.files[*place];
            let key = file_key(*place);
            let (mut before, mut of) = (2_u32, Vec::new());
            for block in *blocks {
                for (kept, judged) in block.kept.iter().zip(which.by_ref()) {
                    let line_no = before.saturating_add(kept.line());
                    if *judged {
                        let from = block.start + u64::from(kept.at);
                        let line = read_again(&file.file, from, file.length).map_err(told)?;
                        of.push((line_no, line));
                    } else if with_lines {
                        texts.aside.push((key, line_no));
                    }
                }
                before = before.saturating_add(block.lines);
            }
            texts.lines.push((*place, of));
        }
        self.unique(&texts, &mut faults);
        faults.none()?;
        Ok(texts)
    }

    /// Numbers of the ledger are unique. What was put aside shares none with anything.
    pub(super) fn unique(&self, texts: &Texts, faults: &mut Faults) {
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        for (line_no, text) in &texts.ledger {
            let Some(values) = self.values(text) else { continue };
            let no = if values[0] == "PAY" { values[1] } else { values[2] };
            if !seen.insert((values[0], no)) {
                let name = if values[0] == "PAY" { "order_no" } else { "refund_no" };
                faults.at(&self.files[0].name, *line_no, &format!("{name}重复：{no}"));
            }
        }
    }

    pub(super) fn values<'a>(&self, text: &'a LedgerText) -> Option<ledger::Values<'a>> {
        match text {
            LedgerText::Plain(line) => self.ledger.plain(line).ok(),
            LedgerText::Quoted(_, values) if values.len() == 15 => {
                Some(std::array::from_fn(|place| values[place].as_str()))
            }
            LedgerText::Quoted(..) => None,
        }
    }
}

pub(super) fn check_ledger(name: &str, blocks: &[LedgerBlock]) -> Result<(), Vec<String>> {
    let mut faults = Faults::default();
    let (mut before, mut count, mut sum, mut total) = (1_u32, 0_i64, 0_i128, None);
    for block in blocks {
        for (no, reason) in &block.sums.faults {
            faults.at(name, before.saturating_add(*no).saturating_add(1), reason);
        }
        if total.is_some() && block.sums.count > 0 {
            faults.at(name, before.saturating_add(1), "合计行之后还有内容");
        }
        count += block.sums.count;
        sum += i128::from(block.sums.fen);
        total = total.or(block.sums.total);
        before = before.saturating_add(block.lines);
    }
    if let Some((lines, fen)) = total
        && faults.is_empty()
        && (lines, i128::from(fen)) != (count, sum)
    {
        faults.add(format!("{name}：合计行写{lines}行{fen}分，实有{count}行{sum}分"));
    }
    faults.none()
}

//! Reads all files of a day and judges it.

mod judging;
mod opened;
mod standing;
mod texts;

use super::bytes::Keys;
use super::faults::Faults;
use super::ledger::{COLUMNS, Ledger};
use super::others::{self, SmallStatement};
use super::pass::{BLOCK, Block, Both, Range, hashes, read_both};
use super::places::LineRow;
use super::table::Columns;
use super::wechat::{self, Bill, Layout, Totals};
use super::{ledger, rules};
use domain::reconciliation::DiscrepancyCode as Code;
use domain::reconciliation::desk::{FileVerdicts, Leg, Seen};
use domain::reconciliation::engine::{DayVerdicts, FileFact, FileRole, Rules, Sifted};
use opened::{Opened, opened};
use standing::{Standing, once_only};
use std::collections::BTreeMap;
use std::path::PathBuf;
use texts::{Second, check_ledger};

/// Header and end of a large file are looked for in so many bytes.
const EDGE: usize = 64 * 1024;
/// Bank, agencies, Alipay and UnionPay are read whole.
const SMALL_MAX: u64 = 1024 * 1024 * 1024;

/// Where the files are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    /// Our ledger's export.
    pub ledger: PathBuf,
    /// Statements of rails.
    pub statements: Vec<PathBuf>,
    /// The bank's files.
    pub bank: Vec<PathBuf>,
    /// The agencies' files.
    pub agency: Vec<PathBuf>,
    /// The rules; without them `rules.json` beside the ledger.
    pub rules: Option<PathBuf>,
}

/// A day that was judged, ready to be written.
pub struct Judged {
    /// The rules.
    pub rules: Rules,
    /// The files, sorted.
    pub files: Vec<FileFact>,
    /// What was found.
    pub verdicts: DayVerdicts,
    /// SHA-256 of what was found, lower-case hex: the same for any order of lines and files.
    pub digest: String,
    /// SHA-256 of the files' hashes and the rules.
    pub inputs: String,
    /// Of every line where it ended up, if that was asked for.
    pub lines: Option<Vec<LineRow>>,
    /// How many lines each file has that were read, quarantined or not used.
    pub counts: Vec<(u64, u64)>,
    /// How many orders were put aside as wholly equal, their fen and fees.
    pub aside: Sifted,
    /// Lines that may prove what was agreed about an exception of this or another day.
    pub seen: Vec<Seen>,
    /// Of every file the verdicts of its lines, if that was asked for.
    pub places: Vec<FileVerdicts>,
    /// Of every finding the lines that it is about, if that was asked for.
    pub legs: Vec<Vec<Leg>>,
}

/// How much of a day is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What was found.
    Findings,
    /// The place of every line too, as rows with their numbers.
    Lines,
    /// The place of every line as a byte, and the lines that findings are about: what the desk keeps.
    Filed,
}

/// Judges the day that these files tell of.
///
/// # Errors
/// What is wrong with rules, ledger or paths, all at once; nothing was judged then.
pub fn judge(paths: &Paths, detail: Detail) -> Result<Judged, Vec<String>> {
    judge_in_blocks(paths, detail, BLOCK, true)
}

/// As [`judge`]; tests choose the size of blocks, and whether anything may be put aside.
pub(super) fn judge_in_blocks(
    paths: &Paths,
    detail: Detail,
    size: usize,
    may_sift: bool,
) -> Result<Judged, Vec<String>> {
    let mut faults = Faults::default();
    let rules_path =
        paths.rules.clone().unwrap_or_else(|| paths.ledger.with_file_name("rules.json"));
    let rules_name = rules_path.display().to_string();
    let rules_text = std::fs::read(&rules_path)
        .map_err(|error| faults.add(format!("{rules_name}：打不开：{error}")))
        .unwrap_or_default();
    let rules = match rules_text.is_empty() && !faults.is_empty() {
        true => None,
        false => rules::read(&rules_name, &rules_text, &mut faults),
    };
    let mut files = opened(paths, &mut faults);
    faults.none()?;
    let rules = rules.ok_or_else(Vec::new)?;
    let day = Reading { rules: &rules, size, keys: Keys::fresh(), detail };
    let wants_agencies = rules.expected_files.iter().any(|file| file.starts_with("AGENCY"));
    let sift = may_sift && paths.agency.is_empty() && !wants_agencies;
    let read = day.read(&mut files, sift)?;
    let mut sum = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for file in &files {
        sum.update(format!("{:?} {}\n", file.role, file.sha256).as_bytes());
    }
    sum.update(&rules_text);
    let inputs = crate::crypto::hex(sum.finish().as_ref());
    let files = files.into_iter().map(|file| FileFact {
        name: file.name,
        sha256: file.sha256,
        role: file.role,
    });
    let Outcome { verdicts, digest, lines, counts, aside, seen, places, legs } = read;
    let files = files.collect();
    Ok(Judged { rules, files, verdicts, digest, inputs, lines, counts, aside, seen, places, legs })
}

struct Reading<'r> {
    rules: &'r Rules,
    size: usize,
    keys: Keys,
    detail: Detail,
}

struct Outcome {
    verdicts: DayVerdicts,
    digest: String,
    lines: Option<Vec<LineRow>>,
    counts: Vec<(u64, u64)>,
    aside: Sifted,
    seen: Vec<Seen>,
    places: Vec<FileVerdicts>,
    legs: Vec<Vec<Leg>>,
}

/// A bill of WeChat Pay whose frame could be read.
struct Framed {
    place: usize,
    layout: Layout,
    from: u64,
    to: u64,
    totals: Result<Totals, String>,
}

type LedgerBlock = Block<ledger::Sums>;
type BillBlock = Block<wechat::Sums>;

impl Reading<'_> {
    fn read(&self, files: &mut [Opened], sift_on: bool) -> Result<Outcome, Vec<String>> {
        let (ledger_format, ledger_from) = self.ledger_frame(&files[0], sift_on)?;
        let mut standings: BTreeMap<usize, Standing> = BTreeMap::new();
        let mut framed = Vec::new();
        let mut small: Vec<(usize, SmallStatement)> = Vec::new();
        for (place, file) in files.iter().enumerate().skip(1) {
            if file.role == FileRole::Statement {
                match self.frame(file, place) {
                    Ok(Some(frame)) => framed.push(frame),
                    Ok(None) => match self.small(file) {
                        Ok(statement) => small.push((place, statement)),
                        Err(reason) => {
                            standings.insert(place, Standing::refused(Code::F02, 0, reason));
                        }
                    },
                    Err(reason) => {
                        standings.insert(place, Standing::refused(Code::F02, 0, reason));
                    }
                }
            }
        }
        let bills: Vec<Bill<'_>> = framed.iter().map(|frame| self.bill(frame, sift_on)).collect();
        let (ledger_blocks, bill_blocks) =
            self.first_reading(files, (&ledger_format, ledger_from), &framed, &bills)?;
        check_ledger(&files[0].name, &ledger_blocks)?;
        for (frame, blocks) in framed.iter().zip(&bill_blocks) {
            standings.insert(frame.place, self.bill_standing(frame, blocks));
        }
        for (place, statement) in &small {
            standings.insert(*place, self.small_standing(statement));
        }
        self.hashes_agree(files, &mut standings);
        let unused = once_only(files, &self.rules.seen_files);
        let usable = |place: usize| {
            !unused.contains_key(&place)
                && standings.get(&place).is_none_or(|standing| standing.fault.is_none())
        };
        let good: Vec<bool> = framed.iter().map(|frame| usable(frame.place)).collect();
        let second =
            Second { reading: self, files, ledger: &ledger_format, ledger_blocks: &ledger_blocks };
        let lines: Vec<(usize, &Bill<'_>, &[BillBlock])> = framed
            .iter()
            .zip(&bills)
            .zip(&bill_blocks)
            .zip(&good)
            .filter(|(_, good)| **good)
            .map(|(((frame, bill), blocks), _)| (frame.place, bill, blocks.as_slice()))
            .collect();
        let texts = second.texts(&lines)?;
        self.judge(
            files,
            &texts,
            (&ledger_format, &lines, &framed, &bill_blocks),
            &small,
            (standings, &unused),
        )
    }

    fn ledger_frame(&self, file: &Opened, sift: bool) -> Result<(Ledger, u64), Vec<String>> {
        let told = |reason: String| vec![format!("{} 第1行：{reason}", file.name)];
        let head = file.head().map_err(|error| told(format!("读取失败：{error}")))?;
        let end = memchr::memchr(b'\n', &head).unwrap_or(head.len());
        let header = super::bytes::without_cr(super::bytes::without_bom(&head[..end]));
        let columns = Columns::find(header, COLUMNS).map_err(told)?;
        let from = (end as u64 + 1).min(file.length);
        Ok((Ledger { columns, day: self.rules.day, keys: self.keys, sift }, from))
    }

    /// `None` if it is no bill of WeChat Pay.
    fn frame(&self, file: &Opened, place: usize) -> Result<Option<Framed>, String> {
        let failed = |error: std::io::Error| format!("读取失败：{error}");
        if file.length == 0 {
            return Err("文件是空的".to_owned());
        }
        let head = file.head().map_err(failed)?;
        let end = memchr::memchr(b'\n', &head).unwrap_or(head.len());
        let Some(layout) = Layout::find(super::bytes::without_cr(&head[..end])) else {
            return Ok(None);
        };
        let layout = layout?;
        let tail_from = file.length.saturating_sub(EDGE as u64);
        let tail = file.part(tail_from, EDGE).map_err(failed)?;
        let (at, totals) = wechat::totals(&tail).ok_or("缺少合计行，文件不完整")?;
        let (from, to) = (end as u64 + 1, tail_from + at as u64);
        Ok(Some(Framed { place, layout, from, to: to.max(from), totals }))
    }

    fn small(&self, file: &Opened) -> Result<SmallStatement, String> {
        let bytes = file.whole()?;
        // Alipay's zip, or its two tables as they are kept.
        if bytes.starts_with(b"PK") || bytes.starts_with(b"#") {
            return others::alipay(&bytes, self.rules);
        }
        others::unionpay(&bytes, self.rules)
    }

    fn bill<'a>(&'a self, frame: &Framed, sift: bool) -> Bill<'a> {
        Bill {
            layout: frame.layout.clone(),
            rules: self.rules,
            day: self.rules.day.to_string(),
            keys: self.keys,
            sift,
        }
    }

    /// Reads the large files line by line, and hashes all of them at the same time.
    fn first_reading(
        &self,
        files: &mut [Opened],
        (ledger, from): (&Ledger, u64),
        framed: &[Framed],
        bills: &[Bill<'_>],
    ) -> Result<Both<ledger::Sums, wechat::Sums>, Vec<String>> {
        let told = |error: std::io::Error| vec![format!("读取失败：{error}")];
        let shared: &[Opened] = files;
        let (blocks, sums) = std::thread::scope(|scope| {
            let hasher = scope.spawn(|| self.sums(shared));
            let ledger_range = Range { file: &shared[0].file, from, to: shared[0].length };
            let range = |frame: &Framed| Range {
                file: &shared[frame.place].file,
                from: frame.from,
                to: frame.to,
            };
            let ranges: Vec<_> = framed.iter().map(range).collect();
            let bills: Vec<_> = ranges.iter().zip(bills).collect();
            let blocks = read_both((&ledger_range, ledger), &bills, self.size);
            let sums = hasher.join().map_err(|_| std::io::Error::other("the hasher panicked"));
            (blocks, sums.and_then(|sums| sums))
        });
        for (file, (sha256, sha1)) in files.iter_mut().zip(sums.map_err(told)?) {
            (file.sha256, file.sha1) = (sha256, sha1);
        }
        blocks.map_err(told)
    }

    fn sums(&self, files: &[Opened]) -> std::io::Result<Vec<(String, Option<String>)>> {
        let wants = |file: &Opened| {
            let hash = self.rules.file_hashes.get(&file.name);
            hash.is_some_and(|hash| hash.starts_with("sha1:"))
        };
        files.iter().map(|file| hashes(&file.file, wants(file))).collect()
    }
}

//! Reads all files of a day and judges it.

use super::bytes::Keys;
use super::faults::Faults;
use super::filed::seen_in;
use super::ledger::{COLUMNS, Ledger};
use super::legs::{self, Raws};
use super::others::{self, AGENCY, BANK, BadRow, SmallStatement};
use super::pass::{BLOCK, Block, Both, Range, hashes, read_again, read_both};
use super::places::{self, LineRow};
use super::sift::{Side, sift};
use super::table::{Columns, Table};
use super::wechat::{self, Bill, Layout, Totals, Unread};
use super::{ledger, rules};
use domain::money::Fen;
use domain::payment::Rail;
use domain::reconciliation::DiscrepancyCode as Code;
use domain::reconciliation::desk::{FileVerdicts, Leg, Seen};
use domain::reconciliation::engine::{
    DayInput, DayVerdicts, FileFact, FileFault, FileKey, FileRole, LedgerRecord, Origin,
    QuarantinedRecord, RailLine, Rules, Sifted, TrustedStatement,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

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

/// A file that was opened.
struct Opened {
    role: FileRole,
    name: String,
    file: File,
    length: u64,
    sha256: String,
    sha1: Option<String>,
}

impl Opened {
    fn new(role: FileRole, path: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}：打不开：{error}", path.display());
        let file = File::open(path).map_err(told)?;
        let facts = file.metadata().map_err(told)?;
        if !facts.is_file() {
            return Err(format!("{}：不是文件", path.display()));
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let (sha256, sha1) = (String::new(), None);
        Ok(Self { role, name, file, length: facts.len(), sha256, sha1 })
    }

    fn head(&self) -> std::io::Result<Vec<u8>> {
        self.part(0, EDGE)
    }

    fn part(&self, from: u64, most: usize) -> std::io::Result<Vec<u8>> {
        let length = usize::try_from(self.length.saturating_sub(from)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(most)];
        self.file.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }

    fn whole(&self) -> Result<Vec<u8>, String> {
        if self.length > SMALL_MAX {
            return Err("文件过大".to_owned());
        }
        self.part(0, usize::MAX).map_err(|error| format!("读取失败：{error}"))
    }
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

/// All files; the ledger first, the others sorted by role, name and length.
fn opened(paths: &Paths, faults: &mut Faults) -> Vec<Opened> {
    let one = |role: FileRole| move |path: &PathBuf| Opened::new(role.clone(), path);
    let all = std::iter::once(&paths.ledger)
        .map(one(FileRole::Ledger))
        .chain(paths.statements.iter().map(one(FileRole::Statement)))
        .chain(paths.bank.iter().map(one(FileRole::Bank)))
        .chain(paths.agency.iter().map(one(FileRole::Agency)));
    let mut files = Vec::new();
    for file in all {
        match file {
            Ok(file) => files.push(file),
            Err(fault) => faults.add(fault),
        }
    }
    // By name, so that the order on the command line means nothing.
    files.sort_by(|a, b| {
        (a.role.rank(), &a.name, a.length).cmp(&(b.role.rank(), &b.name, b.length))
    });
    if files.len() > usize::from(FileKey::MAX) {
        faults.add("文件过多".to_owned());
    }
    files
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

/// What is known of a statement file after it was read.
#[derive(Default)]
struct Standing {
    owner: Option<(Rail, String)>,
    fault: Option<(Code, Fen, String)>,
    net: Option<Fen>,
}

impl Standing {
    fn refused(code: Code, at_risk: i64, reason: String) -> Self {
        Self { fault: Some((code, Fen::new(at_risk), reason)), ..Self::default() }
    }
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
        if bytes.starts_with(b"PK") {
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

    /// Who has most lines owns the bill; what is wrong with it as a whole.
    fn bill_standing(&self, frame: &Framed, blocks: &[BillBlock]) -> Standing {
        let refuse = |code, at_risk: i64, reason: String| Standing::refused(code, at_risk, reason);
        let totals = match &frame.totals {
            Ok(totals) => *totals,
            Err(reason) => return refuse(Code::F02, 0, reason.clone()),
        };
        let unread = || blocks.iter().flat_map(|block| &block.sums.unread);
        let sum = |of: fn(&wechat::Sums) -> i64| -> i128 {
            blocks.iter().map(|block| i128::from(of(&block.sums))).sum()
        };
        let (count, paid) = (sum(|s| s.count), sum(|s| s.paid));
        let (refunded, fees) = (sum(|s| s.refunded), sum(|s| s.fees));
        let (bad, others) = (unread().count() as i128, unread().filter(|u| u.of_other_day).count());
        let mut merchants: BTreeMap<&str, u64> = BTreeMap::new();
        for (merchant_no, lines) in blocks.iter().flat_map(|block| &block.sums.merchants) {
            *merchants.entry(merchant_no).or_default() += lines;
        }
        let ours = |no: &str| {
            let of = &self.rules.merchants;
            of.iter().any(|rule| rule.rail == Rail::WeChatPay && rule.merchant_no == no)
        };
        let most = merchants.iter().filter(|(no, _)| ours(no)).max_by_key(|(_, lines)| **lines);
        let owner = most.map(|(no, _)| (Rail::WeChatPay, (*no).to_owned()));
        let own = |standing: Standing| Standing { owner: owner.clone(), ..standing };
        if count == 0 && others > 0 {
            let reason = format!("没有一行是{}的，文件不是这一天的账单", self.rules.day);
            return own(refuse(Code::F02, 0, reason));
        }
        if owner.is_none() && count > 0 {
            return refuse(Code::F02, 0, "没有一行是本平台商户的，文件是其他商户的账单".to_owned());
        }
        let unreadable = unread().any(|line| line.amount.is_none());
        let aside: i128 = unread().map(|line| i128::from(line.amount.unwrap_or(0))).sum();
        let gap = i128::from(totals.paid) - i128::from(totals.refunded) - (paid - refunded);
        let overflow = blocks.iter().any(|block| block.sums.overflow);
        if count + bad != i128::from(totals.count) {
            let at_risk = if unreadable { 0 } else { fen(gap - aside) };
            let reason = format!("文件合计{}笔，实有{}行", totals.count, count + bad);
            return own(refuse(Code::F03, at_risk, reason));
        }
        if overflow || (!unreadable && gap != aside) {
            let reason = format!(
                "文件合计净收{}元，逐行相加{}元",
                Fen::new(fen(i128::from(totals.paid) - i128::from(totals.refunded))),
                Fen::new(fen(paid - refunded + aside))
            );
            return own(refuse(Code::F03, fen(gap - aside), reason));
        }
        let fees_known = unread().all(|line| line.fee.is_some());
        let bad_fees: i128 = unread().map(|line| i128::from(line.fee.unwrap_or(0))).sum();
        if let Some(total) = totals.fees.filter(|_| fees_known)
            && i128::from(total) != fees + bad_fees
        {
            let reason = format!(
                "文件合计手续费{}元，逐行相加{}元",
                Fen::new(total),
                Fen::new(fen(fees + bad_fees))
            );
            return own(refuse(Code::F03, 0, reason));
        }
        let net = totals.fees.map(|fees| Fen::new(totals.paid - totals.refunded - fees));
        own(Standing { net, ..Standing::default() })
    }

    fn small_standing(&self, statement: &SmallStatement) -> Standing {
        let owner = Some((statement.rail, statement.merchant_no.clone()));
        let Some((count, paid, refunded)) = statement.totals else {
            return Standing { owner, ..Standing::default() };
        };
        let lines = (statement.lines.len() + statement.set_aside.len()) as i64;
        let signed = |line: &domain::reconciliation::StatementLine| match line.refund {
            None => i128::from(line.amount.value()),
            Some(_) => -i128::from(line.amount.value()),
        };
        let net: i128 = statement.lines.iter().map(signed).sum();
        let amounts = statement.set_aside.iter().map(|line| line.amount);
        let unreadable = amounts.clone().any(|amount| amount.is_none());
        let aside: i128 = amounts.map(|amount| i128::from(amount.map_or(0, Fen::value))).sum();
        let gap = i128::from(paid) - i128::from(refunded) - net - aside;
        let off = !unreadable && gap != 0;
        if lines == count && !off && statement.disagreement.is_none() {
            let net = statement.fees.map(|fees| Fen::new(paid - refunded - fees.value()));
            return Standing { owner, net, ..Standing::default() };
        }
        let reason = match (&statement.disagreement, lines == count) {
            (Some(reason), _) => reason.clone(),
            (None, false) => format!("文件合计{count}笔，实有{lines}行"),
            (None, true) => "文件合计金额与逐行相加不符".to_owned(),
        };
        let at_risk = if unreadable { 0 } else { fen(gap) };
        Standing { owner, ..Standing::refused(Code::F03, at_risk, reason) }
    }

    /// Hashes that the rules name.
    fn hashes_agree(&self, files: &[Opened], standings: &mut BTreeMap<usize, Standing>) {
        for (place, file) in files.iter().enumerate() {
            let Some(wanted) = self.rules.file_hashes.get(&file.name) else { continue };
            let agrees = match wanted.split_once(':') {
                Some(("sha1", hex)) => file.sha1.as_deref() == Some(hex),
                Some((_, hex)) => file.sha256 == hex,
                None => false,
            };
            if !agrees {
                let of = standings.entry(place).or_default();
                of.fault = Some((Code::F02, Fen::ZERO, "哈希与渠道给出的不符".to_owned()));
            }
        }
    }
}

fn fen(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// Of files that are the same, one is used; of those seen before, none. By place, with the reason.
fn once_only(files: &[Opened], seen: &[String]) -> HashMap<usize, String> {
    let mut unused = HashMap::new();
    let mut first: HashMap<&str, &str> = HashMap::new();
    for (place, file) in files.iter().enumerate().skip(1) {
        if seen.contains(&file.sha256) {
            unused.insert(place, "这份文件以前用过，不再使用".to_owned());
        } else if let Some(other) = first.get(file.sha256.as_str()) {
            unused.insert(place, format!("与{other}是同一份文件，只用一份"));
        } else {
            first.insert(&file.sha256, &file.name);
        }
    }
    unused
}

fn check_ledger(name: &str, blocks: &[LedgerBlock]) -> Result<(), Vec<String>> {
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

/// Lines that are read again, because they must be judged.
struct Second<'s, 'r> {
    reading: &'s Reading<'r>,
    files: &'s [Opened],
    ledger: &'s Ledger,
    ledger_blocks: &'s [LedgerBlock],
}

/// A line with its number in the file.
type NumberedLine = (u32, Vec<u8>);

/// What was read again.
struct Texts {
    ledger: Vec<(u32, LedgerText)>,
    /// By file.
    lines: Vec<(usize, Vec<NumberedLine>)>,
    /// Lines that were put aside: of the ledger, and by file.
    aside: Vec<(FileKey, u32)>,
    plain: u64,
}

enum LedgerText {
    Plain(String),
    /// With the line as it stands in the file.
    Quoted(String, Vec<String>),
}

impl LedgerText {
    fn raw(&self) -> &str {
        match self {
            Self::Plain(line) | Self::Quoted(line, _) => line,
        }
    }
}

/// The lines that are wanted, as they stand in their files.
fn raws(
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
    fn texts(&self, bills: &[(usize, &Bill<'_>, &[BillBlock])]) -> Result<Texts, Vec<String>> {
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
    fn unique(&self, texts: &Texts, faults: &mut Faults) {
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

    fn values<'a>(&self, text: &'a LedgerText) -> Option<ledger::Values<'a>> {
        match text {
            LedgerText::Plain(line) => self.ledger.plain(line).ok(),
            LedgerText::Quoted(_, values) if values.len() == 15 => {
                Some(std::array::from_fn(|place| values[place].as_str()))
            }
            LedgerText::Quoted(..) => None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "there are no more files than keys")]
const fn file_key(place: usize) -> FileKey {
    place as FileKey
}

type Bills<'b, 'r> =
    (&'b Ledger, &'b [(usize, &'b Bill<'r>, &'b [BillBlock])], &'b [Framed], &'b [Vec<BillBlock>]);

/// A leg of small tables, read.
struct Tables<'t> {
    tables: Vec<(usize, Result<Table<'t>, String>)>,
}

impl<'t> Tables<'t> {
    fn read<const N: usize>(
        files: &[Opened],
        role: &FileRole,
        bytes: &'t [(usize, Result<Vec<u8>, String>)],
        names: [&str; N],
    ) -> Self {
        let of = bytes.iter().filter(|(place, _)| files[*place].role == *role);
        let table = |bytes: &'t Result<Vec<u8>, String>| match bytes {
            Ok(bytes) => Table::read(bytes, names),
            Err(reason) => Err(reason.clone()),
        };
        Self { tables: of.map(|(place, bytes)| (*place, table(bytes))).collect() }
    }
}

impl Reading<'_> {
    fn judge(
        &self,
        files: &[Opened],
        texts: &Texts,
        (ledger, bills, framed, bill_blocks): Bills<'_, '_>,
        small: &[(usize, SmallStatement)],
        (mut standings, unused): (BTreeMap<usize, Standing>, &HashMap<usize, String>),
    ) -> Result<Outcome, Vec<String>> {
        let names: Vec<FileFact> = files
            .iter()
            .map(|file| FileFact {
                name: file.name.clone(),
                sha256: file.sha256.clone(),
                role: file.role.clone(),
            })
            .collect();
        let second = Second { reading: self, files, ledger, ledger_blocks: &[] };
        let mut records: Vec<LedgerRecord<'_>> = Vec::with_capacity(texts.ledger.len());
        for (line_no, text) in &texts.ledger {
            let origin = Origin { file: 0, line_no: *line_no };
            let values = second.values(text).ok_or_else(Vec::new)?;
            records.push(Ledger::record(&values, origin).map_err(|reason| vec![reason])?);
        }
        let mut lines: Vec<RailLine<'_>> = Vec::new();
        for (place, of) in &texts.lines {
            let bill = bills.iter().find(|(at, ..)| at == place).map(|(_, bill, _)| *bill);
            for (line_no, line) in of {
                let origin = Origin { file: file_key(*place), line_no: *line_no };
                lines.extend(bill.and_then(|bill| bill.rail_line(line, origin)));
            }
        }
        let usable = |place: &usize, standings: &BTreeMap<usize, Standing>| {
            !unused.contains_key(place)
                && standings.get(place).is_none_or(|standing| standing.fault.is_none())
        };
        let mut quarantined: Vec<QuarantinedRecord<'_>> = Vec::new();
        let no_name = String::new();
        let owners: Vec<String> = (0..files.len())
            .map(|place| {
                let owner = standings.get(&place).and_then(|standing| standing.owner.as_ref());
                owner.map_or_else(|| no_name.clone(), |(_, no)| no.clone())
            })
            .collect();
        for (place, statement) in small.iter().filter(|(place, _)| usable(place, &standings)) {
            let rail = statement.rail;
            lines.extend(
                statement.lines.iter().map(|line| others::rail_line(rail, line, file_key(*place))),
            );
            quarantined.extend(statement.set_aside.iter().map(|aside| QuarantinedRecord {
                origin: Origin { file: file_key(*place), line_no: aside.line.line_no },
                owner: Some((rail, &owners[*place])),
                amount: aside.amount,
                fee: aside.fee,
                order_no: "",
                refund_no: "",
                raw: aside.line.raw.as_bytes(),
                reason: aside.line.reason.clone(),
            }));
        }
        for (frame, blocks) in framed.iter().zip(bill_blocks) {
            if !usable(&frame.place, &standings) {
                continue;
            }
            let mut before = 2_u32;
            for block in blocks {
                for unread in &block.sums.unread {
                    let origin = Origin {
                        file: file_key(frame.place),
                        line_no: before.saturating_add(unread.place.1),
                    };
                    quarantined.push(unread_record(unread, origin, &owners[frame.place]));
                }
                before = before.saturating_add(block.lines);
            }
        }
        // The legs of bank and agencies.
        let bytes: Vec<(usize, Result<Vec<u8>, String>)> = (1..files.len())
            .filter(|place| matches!(files[*place].role, FileRole::Bank | FileRole::Agency))
            .map(|place| (place, files[place].whole()))
            .collect();
        let bank = Tables::read(files, &FileRole::Bank, &bytes, BANK);
        let agency = Tables::read(files, &FileRole::Agency, &bytes, AGENCY);
        let mut bad: Vec<(usize, BadRow)> = Vec::new();
        let mut credits = Vec::new();
        let mut bank_waits = false;
        for (place, table) in &bank.tables {
            let rows = table
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|table| others::credits(table, file_key(*place)));
            let summed = rows.map(|rows| {
                let sum = rows.rows.iter().map(|row| i128::from(row.amount.value())).sum();
                (checked(&rows, sum), rows)
            });
            match settle(summed, *place, &mut standings, unused) {
                Some(rows) => {
                    credits.extend(rows.rows);
                    bad.extend(rows.bad.into_iter().map(|row| (*place, row)));
                }
                None if unused.get(place).is_some_and(|why| why.starts_with('与')) => {}
                None => bank_waits = true,
            }
        }
        let mut confirmations = Vec::new();
        let mut agency_waits = false;
        for (place, table) in &agency.tables {
            let rows = table
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|table| others::confirmations(table, file_key(*place)));
            let summed = rows.map(|rows| {
                let sum = rows.rows.iter().map(|row| i128::from(row.amount.value())).sum();
                (checked(&rows, sum), rows)
            });
            match settle(summed, *place, &mut standings, unused) {
                Some(rows) => {
                    confirmations.extend(rows.rows);
                    bad.extend(rows.bad.into_iter().map(|row| (*place, row)));
                }
                None if unused.get(place).is_some_and(|why| why.starts_with('与')) => {}
                None => agency_waits = true,
            }
        }
        quarantined.extend(bad.iter().map(|(place, row)| QuarantinedRecord {
            origin: Origin { file: file_key(*place), line_no: row.line_no },
            owner: None,
            amount: row.amount.map(Fen::new),
            fee: None,
            order_no: "",
            refund_no: "",
            raw: row.raw.as_bytes(),
            reason: row.reason.clone(),
        }));
        let heard: HashSet<&str> = confirmations.iter().map(|line| line.agency_code).collect();
        let mut silent: Vec<String> = Vec::new();
        for expected in &self.rules.expected_files {
            if let Some(code) =
                expected.strip_prefix("AGENCY:").filter(|code| !heard.contains(code))
            {
                silent.push(code.to_owned());
            }
        }
        if agency_waits {
            let others = records.iter().map(|record| record.agency_code);
            let unheard = others.filter(|code| !code.is_empty() && !heard.contains(code));
            silent.extend(unheard.map(str::to_owned));
        }
        silent.sort();
        silent.dedup();
        let statements = trusted(&standings, unused);
        let bank_given = !bank.tables.is_empty() && !bank_waits;
        let agency_given = !agency.tables.is_empty();
        let mut faults = file_faults(files, &standings, unused);
        faults.extend(self.missing(
            files,
            &standings,
            (bank.tables.is_empty(), &heard, agency_waits),
        ));
        let sifted = self.sifted(bills, &lines, texts.plain);
        let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
        let input = DayInput {
            rules: self.rules,
            files: &names,
            faults: &faults,
            owners: &owners,
            statements: &statements,
            ledger: &records,
            lines: &lines,
            credits: bank_given.then_some(credits.as_slice()),
            confirmations: agency_given.then_some(confirmations.as_slice()),
            silent_agencies: &silent,
            quarantined: &quarantined,
            sifted: &sifted,
        };
        let verdicts = domain::reconciliation::engine::judge(&input);
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        verdicts.canonical(&input, &mut |piece| digest.update(piece));
        let digest = crate::crypto::hex(digest.finish().as_ref());
        let counts = counts(files, &input, bill_blocks, framed, texts);
        let rows =
            (self.detail == Detail::Lines).then(|| places::rows(&input, &verdicts, &texts.aside));
        let (mut bytes_of_lines, mut legs) = (Vec::new(), Vec::new());
        if self.detail == Detail::Filed {
            bytes_of_lines = places::bytes(&input, &verdicts, &texts.aside);
            legs =
                legs::legs(&input, &verdicts.findings, |wanted| raws(wanted, texts, small, &bytes));
        }
        let aside = sifted.iter().fold(Sifted::default(), |sum, (.., of)| Sifted {
            orders: sum.orders + of.orders,
            paid: Fen::new(sum.paid.value().saturating_add(of.paid.value())),
            fees: Fen::new(sum.fees.value().saturating_add(of.fees.value())),
        });
        let seen = seen_in(&input);
        let places = bytes_of_lines;
        Ok(Outcome { verdicts, digest, lines: rows, counts, aside, seen, places, legs })
    }

    /// What was put aside, by merchant: all that might be, less what was judged after all.
    fn sifted(
        &self,
        bills: &[(usize, &Bill<'_>, &[BillBlock])],
        lines: &[RailLine<'_>],
        plain: u64,
    ) -> Vec<(Rail, String, Sifted)> {
        if plain == 0 {
            return Vec::new();
        }
        let mut sums: BTreeMap<String, (u64, i64, i64)> = BTreeMap::new();
        for (merchant_no, (orders, paid, fees)) in bills
            .iter()
            .flat_map(|(_, _, blocks)| blocks.iter())
            .flat_map(|block| &block.sums.plain)
        {
            let of = sums.entry(merchant_no.clone()).or_default();
            *of = (of.0 + orders, of.1.saturating_add(*paid), of.2.saturating_add(*fees));
        }
        let Some((_, bill, _)) = bills.first() else { return Vec::new() };
        for line in lines.iter().filter(|line| line.rail == Rail::WeChatPay) {
            let rule = self.rules.merchants.iter().find(|rule| {
                rule.rail == Rail::WeChatPay
                    && rule.merchant_no == line.merchant_no
                    && rule.app_ids.iter().any(|app| app == line.app_id)
            });
            let (amount, fee) = (line.amount.value(), line.fee.value());
            if bill.is_plain(line.kind, amount, fee, rule)
                && let Some(of) = sums.get_mut(line.merchant_no)
            {
                *of =
                    (of.0.saturating_sub(1), of.1.saturating_sub(amount), of.2.saturating_sub(fee));
            }
        }
        let one = |(merchant_no, (orders, paid, fees))| {
            let sifted = Sifted { orders, paid: Fen::new(paid), fees: Fen::new(fees) };
            (Rail::WeChatPay, merchant_no, sifted)
        };
        sums.into_iter().map(one).collect()
    }

    /// Files that are expected and not there. One that cannot be told whose it is stands for one that nobody else covers.
    fn missing(
        &self,
        files: &[Opened],
        standings: &BTreeMap<usize, Standing>,
        (no_bank, heard, agency_waits): (bool, &HashSet<&str>, bool),
    ) -> Vec<FileFault> {
        let owned = |rail: Rail, no: &str| {
            standings.values().any(|standing| {
                standing.owner.as_ref().is_some_and(|(of, owner)| *of == rail && owner == no)
            })
        };
        let nobodys = |place: &usize| {
            let standing = standings.get(place);
            files[*place].role == FileRole::Statement && standing.is_none_or(|s| s.owner.is_none())
        };
        let merchants = &self.rules.merchants;
        let named = |role: FileRole, no: &str| {
            files.iter().any(|file| file.role == role && file.name.contains(no))
        };
        let nameless = |place: &usize| {
            !merchants.iter().any(|rule| files[*place].name.contains(&rule.merchant_no))
        };
        let mut unattributed = (1..files.len()).filter(nobodys).filter(nameless).count();
        let agency_files = (1..files.len()).filter(|place| files[*place].role == FileRole::Agency);
        let refused = agency_files
            .filter(|place| standings.get(place).is_some_and(|standing| standing.fault.is_some()));
        let unnamed = |place: &usize| {
            let codes =
                self.rules.expected_files.iter().filter_map(|file| file.strip_prefix("AGENCY:"));
            !codes.into_iter().any(|code| files[*place].name.contains(code))
        };
        let mut refused_agencies = if agency_waits { refused.filter(unnamed).count() } else { 0 };
        let mut missing = Vec::new();
        for expected in &self.rules.expected_files {
            let absent = match expected.split_once(':') {
                None => no_bank,
                Some(("AGENCY", code)) if heard.contains(code) => false,
                Some(("AGENCY", code)) if named(FileRole::Agency, code) => false,
                Some(("AGENCY", _)) => take_one(&mut refused_agencies),
                Some((rail, no)) => match Rail::from_code(rail) {
                    Some(rail) if owned(rail, no) || named(FileRole::Statement, no) => false,
                    Some(_) | None => take_one(&mut unattributed),
                },
            };
            if absent {
                let note = format!("{expected}的文件没有到，应在{}之前到", self.rules.judged_at);
                let (code, at_risk) = (Code::F01, Fen::ZERO);
                missing.push(FileFault { code, at_risk, file: expected.clone(), note });
            }
        }
        missing
    }
}

/// Whether none is left to stand for it.
const fn take_one(of: &mut usize) -> bool {
    match *of {
        0 => true,
        some => {
            *of = some - 1;
            false
        }
    }
}

/// F03 of a table: its last line against its rows.
fn checked<T>(rows: &others::Rows<T>, sum: i128) -> Option<(i64, String)> {
    let (lines, fen_total) = rows.total;
    let count = (rows.rows.len() + rows.bad.len()) as i64;
    let unreadable = rows.bad.iter().any(|row| row.amount.is_none());
    let aside: i128 = rows.bad.iter().map(|row| i128::from(row.amount.unwrap_or(0))).sum();
    let gap = i128::from(fen_total) - sum - aside;
    let off = !unreadable && gap != 0;
    if lines == count && !off {
        return None;
    }
    let at_risk = if unreadable { 0 } else { fen(gap) };
    let all = sum + aside;
    Some((at_risk, format!("合计行写{lines}行{fen_total}分，实有{count}行{all}分")))
}

type Summed<T> = Result<(Option<(i64, String)>, others::Rows<T>), String>;

/// Notes what is wrong with a table's file; its rows, if it can be used.
fn settle<T>(
    read: Summed<T>,
    place: usize,
    standings: &mut BTreeMap<usize, Standing>,
    unused: &HashMap<usize, String>,
) -> Option<others::Rows<T>> {
    let standing = standings.entry(place).or_default();
    match read {
        Err(reason) => {
            standing.fault.get_or_insert((Code::F02, Fen::ZERO, reason));
            None
        }
        Ok((Some((at_risk, reason)), _)) => {
            standing.fault.get_or_insert((Code::F03, Fen::new(at_risk), reason));
            None
        }
        Ok((None, rows)) => {
            (standing.fault.is_none() && !unused.contains_key(&place)).then_some(rows)
        }
    }
}

fn unread_record<'a>(unread: &'a Unread, origin: Origin, owner: &'a str) -> QuarantinedRecord<'a> {
    QuarantinedRecord {
        origin,
        owner: Some((Rail::WeChatPay, owner)),
        amount: unread.amount.map(Fen::new),
        fee: unread.fee.map(Fen::new),
        order_no: &unread.nos.0,
        refund_no: &unread.nos.1,
        raw: &unread.raw,
        reason: unread.reason.clone(),
    }
}

/// One per owner; of two files of one owner no totals are known together.
fn trusted(
    standings: &BTreeMap<usize, Standing>,
    unused: &HashMap<usize, String>,
) -> Vec<TrustedStatement> {
    let mut trusted: BTreeMap<(Rail, String), Option<Fen>> = BTreeMap::new();
    for (place, standing) in standings {
        let Some(owner) = standing.owner.clone() else { continue };
        if standing.fault.is_some() || unused.contains_key(place) {
            continue;
        }
        trusted.entry(owner).and_modify(|net| *net = None).or_insert(standing.net);
    }
    let one = |((rail, merchant_no), net)| TrustedStatement { rail, merchant_no, net };
    trusted.into_iter().map(one).collect()
}

fn file_faults(
    files: &[Opened],
    standings: &BTreeMap<usize, Standing>,
    unused: &HashMap<usize, String>,
) -> Vec<FileFault> {
    let mut faults = Vec::new();
    for (place, file) in files.iter().enumerate() {
        if let Some(note) = unused.get(&place) {
            let (code, at_risk) = (Code::F04, Fen::ZERO);
            let (file, note) = (file.name.clone(), note.clone());
            faults.push(FileFault { code, at_risk, file, note });
        } else if let Some((code, at_risk, note)) =
            standings.get(&place).and_then(|standing| standing.fault.clone())
        {
            faults.push(FileFault { code, at_risk, file: file.name.clone(), note });
        }
    }
    faults
}

/// Lines of each file, and how many of them were put aside.
fn counts(
    files: &[Opened],
    input: &DayInput<'_>,
    bill_blocks: &[Vec<BillBlock>],
    framed: &[Framed],
    texts: &Texts,
) -> Vec<(u64, u64)> {
    let mut counts = vec![(0_u64, 0_u64); files.len()];
    let mut add = |file: FileKey| counts[usize::from(file)].0 += 1;
    input.ledger.iter().for_each(|record| add(record.origin.file));
    input.lines.iter().for_each(|line| add(line.origin.file));
    input.credits.unwrap_or_default().iter().for_each(|credit| add(credit.origin.file));
    input.confirmations.unwrap_or_default().iter().for_each(|line| add(line.origin.file));
    counts[0].0 += texts.plain;
    for (frame, blocks) in framed.iter().zip(bill_blocks) {
        let read: i64 = blocks.iter().map(|block| block.sums.count).sum();
        counts[frame.place].0 = u64::try_from(read).unwrap_or_default();
    }
    for line in input.quarantined {
        counts[usize::from(line.origin.file)].1 += 1;
    }
    counts
}

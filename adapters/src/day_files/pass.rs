//! The first reading of a large file: in blocks, by all processors, keeping a few words of each line.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A longer line is no line of any of these files; its rest is read as another one.
pub const LINE_MAX: usize = 64 * 1024;
/// What is read at once.
pub const BLOCK: usize = 2 * 1024 * 1024;

/// What is kept of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Keyed hash of the order's number.
    pub order: u64,
    /// Keyed hash of all that must agree.
    pub content: u64,
    /// Short hash of the rail's number; 0 without one.
    pub txn: u32,
    /// Short hash of the notice; 0 without one.
    pub notice: u32,
    /// Where it begins in its block.
    pub at: u32,
    /// Which line of its block, from 0; the highest bit says that it cannot be put aside.
    line: u32,
}

const JUDGE: u32 = 1 << 31;

impl Kept {
    /// `judge`: it must be judged, whatever its counterpart says.
    pub const fn new(
        (order, content): (u64, u64),
        (txn, notice): (u32, u32),
        (at, line): (u32, u32),
        judge: bool,
    ) -> Self {
        let line = if judge { line | JUDGE } else { line };
        Self { order, content, txn, notice, at, line }
    }

    /// Which line of its block, from 0.
    pub const fn line(self) -> u32 {
        self.line & !JUDGE
    }

    /// Whether it must be judged.
    pub const fn is_judged(self) -> bool {
        self.line & JUDGE != 0
    }
}

/// What one block gave.
#[derive(Debug, Default)]
pub struct Block<S> {
    /// Where it begins in its file.
    pub start: u64,
    /// How many lines begin in it.
    pub lines: u32,
    /// What was kept of those that could be read.
    pub kept: Vec<Kept>,
    /// What the format sums up.
    pub sums: S,
}

/// Reads one line of a block.
pub trait Format: Sync {
    /// What is summed up.
    type Sums: Default + Send;
    /// `line` has no line break; it begins at `at` of the block and is its `no`th line.
    fn line(&self, line: &[u8], at: u32, no: u32, block: &mut Block<Self::Sums>);
}

/// A file with the part of it that has lines.
pub struct Range<'a> {
    /// The file.
    pub file: &'a File,
    /// Where its first line begins.
    pub from: u64,
    /// Where what follows its lines begins.
    pub to: u64,
}

impl Range<'_> {
    fn blocks(&self, size: usize) -> usize {
        usize::try_from(self.to.saturating_sub(self.from)).unwrap_or(usize::MAX).div_ceil(size)
    }

    /// The lines that begin in the block, given to `each` with their places.
    fn read(
        &self,
        number: usize,
        size: usize,
        each: &mut dyn FnMut(&[u8], u32, u32),
    ) -> io::Result<(u64, u32)> {
        let start = self.from + (number * size) as u64;
        let end = (start + size as u64).min(self.to);
        // One byte before tells whether a line begins with the block.
        let before = u64::from(number > 0);
        let until = (end + LINE_MAX as u64).min(self.to);
        let mut bytes = vec![0; usize::try_from(until - start + before).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, start - before)?;
        let own = usize::try_from(end - start + before).map_err(io::Error::other)?;
        let skipped =
            if before == 0 { Some(0) } else { memchr::memchr(b'\n', &bytes).map(|at| at + 1) };
        let Some(first) = skipped else { return Ok((start, 0)) };
        let (mut at, mut no) = (first, 0);
        while at < own {
            let rest = &bytes[at..];
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len()).min(LINE_MAX);
            let line = super::bytes::without_cr(&rest[..length]);
            let place = u32::try_from(at - usize::from(before > 0)).map_err(io::Error::other)?;
            each(line, place, no);
            no += 1;
            at += length + 1;
        }
        Ok((start, no))
    }
}

/// The blocks of the one file, and of each of the others.
pub type Both<A, B> = (Vec<Block<A>>, Vec<Vec<Block<B>>>);
/// Where a thread puts a block that it has read.
type Slot<S> = Mutex<Option<Block<S>>>;

/// Reads both files by two threads; blocks of both are taken in turns. `size` is a block's.
pub fn read_both<A: Format, B: Format>(
    a: (&Range<'_>, &A),
    b: &[(&Range<'_>, &B)],
    size: usize,
) -> io::Result<Both<A::Sums, B::Sums>> {
    let mut counts = vec![a.0.blocks(size)];
    counts.extend(b.iter().map(|(range, _)| range.blocks(size)));
    let tasks: Vec<(usize, usize)> =
        counts.iter().enumerate().flat_map(|(file, n)| (0..*n).map(move |at| (file, at))).collect();
    let next = AtomicUsize::new(0);
    let done_a: Vec<Slot<A::Sums>> = slots(counts[0]);
    let done_b: Vec<Vec<Slot<B::Sums>>> = counts[1..].iter().map(|n| slots(*n)).collect();
    let work = || -> io::Result<()> {
        while let Some((file, number)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            match file.checked_sub(1) {
                None => keep(&done_a[*number], one_block(a.0, a.1, *number, size)?),
                Some(file) => {
                    let (range, format) = b[file];
                    keep(&done_b[file][*number], one_block(range, format, *number, size)?);
                }
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let own = work();
        let other = other.join().map_err(|_| io::Error::other("a reader panicked"))?;
        own.and(other)
    })?;
    Ok((filled(done_a), done_b.into_iter().map(filled).collect()))
}

fn slots<T>(count: usize) -> Vec<Mutex<Option<T>>> {
    (0..count).map(|_| Mutex::new(None)).collect()
}

fn keep<T>(slot: &Mutex<Option<T>>, block: T) {
    if let Ok(mut slot) = slot.lock() {
        *slot = Some(block);
    }
}

fn filled<T>(slots: Vec<Mutex<Option<T>>>) -> Vec<T> {
    slots.into_iter().filter_map(|slot| slot.into_inner().ok().flatten()).collect()
}

fn one_block<F: Format>(
    range: &Range<'_>,
    format: &F,
    number: usize,
    size: usize,
) -> io::Result<Block<F::Sums>> {
    let mut block = Block { start: 0, lines: 0, kept: Vec::new(), sums: F::Sums::default() };
    let mut each = |line: &[u8], at: u32, no: u32| format.line(line, at, no, &mut block);
    let (start, lines) = range.read(number, size, &mut each)?;
    (block.start, block.lines) = (start, lines);
    // Ten million lines are thousands of blocks: what each has to spare would be a third more.
    block.kept.shrink_to_fit();
    Ok(block)
}

/// A line that is read again: `from` counts from its file's beginning.
pub fn read_again(file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(to.saturating_sub(from)).map_err(io::Error::other)?;
    let mut line = vec![0; length.min(1024)];
    loop {
        file.read_exact_at(&mut line, from)?;
        if let Some(end) = memchr::memchr(b'\n', &line) {
            line.truncate(end);
            break;
        }
        if line.len() >= length.min(LINE_MAX) {
            break;
        }
        line.resize((line.len() * 8).min(length).min(LINE_MAX), 0);
    }
    line.truncate(super::bytes::without_cr(&line).len());
    Ok(line)
}

/// SHA-256 of a whole file, and SHA-1 if that is asked for; lower-case hex.
pub fn hashes(file: &File, with_sha1: bool) -> io::Result<(String, Option<String>)> {
    let (mut sha256, mut sha1) = (Context::new(&SHA256), Context::new(&SHA1_FOR_LEGACY_USE_ONLY));
    let mut bytes = vec![0; 256 * 1024];
    let mut at = 0;
    loop {
        let read = file.read_at(&mut bytes, at)?;
        if read == 0 {
            break;
        }
        sha256.update(&bytes[..read]);
        if with_sha1 {
            sha1.update(&bytes[..read]);
        }
        at += read as u64;
    }
    let sha1 = with_sha1.then(|| crate::crypto::hex(sha1.finish().as_ref()));
    Ok((crate::crypto::hex(sha256.finish().as_ref()), sha1))
}

//! What is put aside: orders of two lines that agree in everything and share nothing with any other line.

use super::pass::Kept;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// Hashes are their own hashes.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }
    fn write_u32(&mut self, value: u32) {
        // Spread, because the table takes the highest bits for itself.
        self.0 = u64::from(value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type Shorts = HashSet<u32, BuildHasherDefault<AsIs>>;

const NONE: u32 = u32::MAX;
const SEVERAL: u32 = u32::MAX - 1;

/// Lines as the blocks keep them: copied into one piece, ten million of them would be held twice.
#[derive(Default)]
pub struct Side<'b> {
    blocks: Vec<&'b [Kept]>,
    /// How many lines are before each block.
    starts: Vec<usize>,
    count: usize,
}

/// Which line: the block in the higher half, the line in the lower. A block of 2 MiB has some 30,000 lines that can be read.
type Place = u32;

impl<'b> Side<'b> {
    /// Over these blocks, in order. More than a place can name are given as `None`.
    pub fn of(blocks: impl Iterator<Item = &'b [Kept]>) -> Option<Self> {
        let mut side = Self::default();
        for block in blocks {
            if block.len() > 1 << 16 || side.blocks.len() >= (1 << 16) - 1 {
                return None;
            }
            side.blocks.push(block);
            side.starts.push(side.count);
            side.count += block.len();
        }
        Some(side)
    }

    fn at(&self, place: Place) -> Kept {
        self.blocks[(place >> 16) as usize][(place & 0xffff) as usize]
    }

    fn index(&self, place: Place) -> usize {
        self.starts[(place >> 16) as usize] + (place & 0xffff) as usize
    }

    /// Every line with its place.
    #[expect(clippy::cast_possible_truncation, reason = "`of` has counted")]
    fn lines(&self) -> impl Iterator<Item = (Place, &'b Kept)> {
        (0_u32..).zip(&self.blocks).flat_map(|(at, block)| {
            block.iter().enumerate().map(move |(no, kept)| (at << 16 | no as Place, kept))
        })
    }
}

/// Of each line whether it must be judged: of the ledger, and of the statements.
pub struct Judged {
    /// In the order of the ledger's lines.
    pub ledger: Vec<bool>,
    /// In the order of the statements' lines.
    pub lines: Vec<bool>,
}

/// Finds the orders that need not be judged. One pass over each side, and one for each round in which something is taken back.
pub fn sift(ledger: &Side<'_>, lines: &Side<'_>) -> Judged {
    let partners = partners(ledger, lines);
    let mut judged = Judged { ledger: vec![true; ledger.count], lines: vec![true; lines.count] };
    let doubled = doubled(ledger);
    for ((_, ours), (index, partner)) in ledger.lines().zip(partners.iter().enumerate()) {
        if *partner >= SEVERAL {
            continue;
        }
        let theirs = lines.at(*partner);
        let agree = ours.content == theirs.content && !ours.is_judged() && !theirs.is_judged();
        if agree && !doubled.contains(&ours.notice) {
            judged.ledger[index] = false;
            judged.lines[lines.index(*partner)] = false;
        }
    }
    // Whoever shares a transaction or a notice with what is judged is judged with it.
    loop {
        let (mut txns, mut notices) = (Shorts::default(), Shorts::default());
        for ((_, kept), _) in ledger.lines().zip(&judged.ledger).filter(|(_, judged)| **judged) {
            txns.insert(kept.txn);
            notices.insert(kept.notice);
        }
        for ((_, kept), _) in lines.lines().zip(&judged.lines).filter(|(_, judged)| **judged) {
            txns.insert(kept.txn);
        }
        txns.remove(&0);
        notices.remove(&0);
        let mut taken_back = false;
        for (index, (_, kept)) in ledger.lines().enumerate() {
            let shares = || txns.contains(&kept.txn) || notices.contains(&kept.notice);
            if !judged.ledger[index] && shares() {
                judged.ledger[index] = true;
                judged.lines[lines.index(partners[index])] = true;
                taken_back = true;
            }
        }
        if !taken_back {
            return judged;
        }
    }
}

/// Of each line of the ledger the one line of a statement under the same order; [`SEVERAL`] if either side has more.
fn partners(ledger: &Side<'_>, lines: &Side<'_>) -> Vec<Place> {
    // At least a third stays free.
    let size = (ledger.count * 3 / 2).next_power_of_two().max(2);
    let mask = size - 1;
    let mut table: Vec<Place> = vec![NONE; size];
    let mut partners = vec![NONE; ledger.count];
    let slot_of = |order: u64| usize::try_from(order >> 20).unwrap_or_default() & mask;
    for (place, kept) in ledger.lines() {
        let mut slot = slot_of(kept.order);
        loop {
            let there = table[slot];
            if there == NONE {
                table[slot] = place;
                break;
            }
            if ledger.at(there).order == kept.order {
                partners[ledger.index(there)] = SEVERAL;
                partners[ledger.index(place)] = SEVERAL;
                break;
            }
            slot = (slot + 1) & mask;
        }
    }
    for (place, kept) in lines.lines() {
        let mut slot = slot_of(kept.order);
        loop {
            let there = table[slot];
            if there == NONE {
                break;
            }
            if ledger.at(there).order == kept.order {
                let partner = &mut partners[ledger.index(there)];
                *partner = if *partner == NONE { place } else { SEVERAL };
                break;
            }
            slot = (slot + 1) & mask;
        }
    }
    partners
}

/// Notices that more than one line of the ledger may name.
fn doubled(ledger: &Side<'_>) -> Shorts {
    let mut notices: Vec<u32> =
        ledger.lines().map(|(_, kept)| kept.notice).filter(|notice| *notice != 0).collect();
    notices.sort_unstable();
    notices.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(order: u64, content: u64, (txn, notice): (u32, u32), judge: bool) -> Kept {
        Kept::new((order << 20, content), (txn, notice), (0, 0), judge)
    }

    #[test]
    fn what_agrees_is_put_aside_and_what_shares_anything_is_not() {
        let ledger = [
            kept(1, 1, (1, 1), false),
            kept(2, 2, (2, 2), false), // Another content there.
            kept(3, 3, (3, 2), false), // The notice of the one before.
            kept(4, 4, (4, 4), true),  // Must be judged.
            kept(5, 5, (4, 5), false), // The transaction of the one before.
            kept(6, 6, (6, 5), false), // The notice of the one before.
            kept(7, 7, (7, 7), false), // Twice there.
            kept(8, 8, (8, 8), false), // Twice here.
            kept(8, 8, (9, 9), false),
            kept(9, 9, (10, 0), false), // No notice is nobody's.
            kept(10, 10, (11, 0), false),
            kept(11, 11, (12, 12), false), // Not there.
        ];
        let lines: Vec<Kept> = [10, 9, 8, 7, 7, 6, 5, 4, 3, 2, 1]
            .iter()
            .map(|order| {
                kept(*order, if *order == 2 { 99 } else { *order }, (*order as u32 + 100, 0), false)
            })
            .collect();
        let judged = in_blocks(&ledger, &lines, 12);
        // However they are cut into blocks.
        for size in 1..12 {
            let other = in_blocks(&ledger, &lines, size);
            assert_eq!((other.ledger, other.lines), (judged.ledger.clone(), judged.lines.clone()));
        }
        let aside: Vec<_> = (0..ledger.len()).filter(|at| !judged.ledger[*at]).collect();
        assert_eq!(aside, [0, 9, 10]);
        let aside: Vec<_> = (0..lines.len()).filter(|at| !judged.lines[*at]).collect();
        assert_eq!(aside, [0, 1, 10]);
    }

    fn in_blocks(ledger: &[Kept], lines: &[Kept], size: usize) -> Judged {
        sift(&Side::of(ledger.chunks(size)).unwrap(), &Side::of(lines.chunks(size)).unwrap())
    }

    #[test]
    fn nothing_is_nothing() {
        assert!(in_blocks(&[], &[], 1).ledger.is_empty());
        let alone = [kept(1, 1, (1, 1), false)];
        assert_eq!(in_blocks(&[], &alone, 1).lines, [true]);
        assert_eq!(in_blocks(&alone, &[], 1).ledger, [true]);
    }

    #[test]
    fn a_block_with_more_lines_than_a_place_can_name_is_told() {
        let most = vec![kept(1, 1, (1, 1), false); 1 << 16];
        assert!(Side::of([most.as_slice()].into_iter()).is_some());
        let more = vec![kept(1, 1, (1, 1), false); (1 << 16) + 1];
        assert!(Side::of([more.as_slice()].into_iter()).is_none());
    }
}

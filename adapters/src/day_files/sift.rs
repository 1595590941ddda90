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

/// Of each line whether it must be judged: of the ledger, and of the statements.
pub struct Judged {
    /// In the order of the ledger's lines.
    pub ledger: Vec<bool>,
    /// In the order of the statements' lines.
    pub lines: Vec<bool>,
}

/// Finds the orders that need not be judged. One pass over each side, and one for each round in which something is taken back.
pub fn sift(ledger: &[Kept], lines: &[Kept]) -> Judged {
    let partners = partners(ledger, lines);
    let mut judged = Judged { ledger: vec![true; ledger.len()], lines: vec![true; lines.len()] };
    let doubled = doubled(ledger);
    for (place, partner) in partners.iter().enumerate() {
        if *partner >= SEVERAL {
            continue;
        }
        let (ours, theirs) = (ledger[place], lines[*partner as usize]);
        let agree = ours.content == theirs.content && !ours.is_judged() && !theirs.is_judged();
        if agree && !doubled.contains(&ours.notice) {
            judged.ledger[place] = false;
            judged.lines[*partner as usize] = false;
        }
    }
    // Whoever shares a transaction or a notice with what is judged is judged with it.
    loop {
        let (mut txns, mut notices) = (Shorts::default(), Shorts::default());
        for (kept, _) in ledger.iter().zip(&judged.ledger).filter(|(_, judged)| **judged) {
            txns.insert(kept.txn);
            notices.insert(kept.notice);
        }
        for (kept, _) in lines.iter().zip(&judged.lines).filter(|(_, judged)| **judged) {
            txns.insert(kept.txn);
        }
        txns.remove(&0);
        notices.remove(&0);
        let mut taken_back = false;
        for (place, kept) in ledger.iter().enumerate() {
            let shares = || txns.contains(&kept.txn) || notices.contains(&kept.notice);
            if !judged.ledger[place] && shares() {
                judged.ledger[place] = true;
                judged.lines[partners[place] as usize] = true;
                taken_back = true;
            }
        }
        if !taken_back {
            return judged;
        }
    }
}

/// Of each line of the ledger the one line of a statement under the same order; [`SEVERAL`] if either side has more.
fn partners(ledger: &[Kept], lines: &[Kept]) -> Vec<u32> {
    let size = (ledger.len() * 2).next_power_of_two().max(2);
    let mask = size - 1;
    let mut table = vec![NONE; size];
    let mut partners = vec![NONE; ledger.len()];
    let slot_of = |order: u64| usize::try_from(order >> 20).unwrap_or_default() & mask;
    for (place, kept) in ledger.iter().enumerate() {
        let mut slot = slot_of(kept.order);
        loop {
            let there = table[slot];
            if there == NONE {
                table[slot] = u32::try_from(place).unwrap_or(SEVERAL);
                break;
            }
            if ledger[there as usize].order == kept.order {
                partners[there as usize] = SEVERAL;
                partners[place] = SEVERAL;
                break;
            }
            slot = (slot + 1) & mask;
        }
    }
    for (place, kept) in lines.iter().enumerate() {
        let mut slot = slot_of(kept.order);
        loop {
            let there = table[slot];
            if there == NONE {
                break;
            }
            if ledger[there as usize].order == kept.order {
                let partner = &mut partners[there as usize];
                *partner = match *partner {
                    NONE => u32::try_from(place).unwrap_or(SEVERAL),
                    _ => SEVERAL,
                };
                break;
            }
            slot = (slot + 1) & mask;
        }
    }
    partners
}

/// Notices that more than one line of the ledger may name.
fn doubled(ledger: &[Kept]) -> Shorts {
    let mut notices: Vec<u32> =
        ledger.iter().map(|kept| kept.notice).filter(|notice| *notice != 0).collect();
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
        let judged = sift(&ledger, &lines);
        let aside: Vec<_> = (0..ledger.len()).filter(|at| !judged.ledger[*at]).collect();
        assert_eq!(aside, [0, 9, 10]);
        let aside: Vec<_> = (0..lines.len()).filter(|at| !judged.lines[*at]).collect();
        assert_eq!(aside, [0, 1, 10]);
    }

    #[test]
    fn nothing_is_nothing() {
        assert!(sift(&[], &[]).ledger.is_empty());
        let alone = [kept(1, 1, (1, 1), false)];
        assert_eq!(sift(&[], &alone).lines, [true]);
        assert_eq!(sift(&alone, &[]).ledger, [true]);
    }
}

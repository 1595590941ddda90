//! What a run leaves behind beside its findings: the verdict of every line of every file, and the lines that a
//! discrepancy is about.

use crate::money::Fen;
use crate::payment::PaymentRecord;
use crate::reconciliation::DiscrepancyCode as Code;
use crate::reconciliation::engine::Placed;
use jiff::Timestamp;

/// What a run says of one line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineVerdict {
    /// It was read and judged; with the code that says why, if one does.
    Judged(Placed, Option<Code>),
    /// It could not be read.
    Quarantined,
}

/// Between the bytes of two places: 28 codes and none fit.
const STEP: usize = 32;
/// Matched, carried, exception, explains: with their codes.
const PLACES: [Placed; 4] = [Placed::Matched, Placed::Carried, Placed::Exception, Placed::Explains];
/// Above all others.
const QUARANTINED: u8 = 0xff;

impl LineVerdict {
    /// One byte, never 0: that is a line which says nothing, as headers and totals. 1 and 32 for each [`Placed`], and the
    /// code's place in [`Code::ALL`] from 1.
    #[expect(clippy::cast_possible_truncation, reason = "four places of 32")]
    pub fn byte(self) -> u8 {
        let Self::Judged(placed, code) = self else { return QUARANTINED };
        let place = PLACES.iter().position(|one| *one == placed).unwrap_or_default();
        let of = code.and_then(|code| Code::ALL.iter().position(|one| *one == code));
        (1 + place * STEP + of.map_or(0, |at| at + 1)) as u8
    }

    /// What the byte says; `None` of 0 and of what no verdict has.
    pub fn from_byte(byte: u8) -> Option<Self> {
        if byte == QUARANTINED {
            return Some(Self::Quarantined);
        }
        let at = usize::from(byte).checked_sub(1)?;
        let placed = *PLACES.get(at / STEP)?;
        let code = match at % STEP {
            0 => None,
            of => Some(*Code::ALL.get(of - 1)?),
        };
        Some(Self::Judged(placed, code))
    }

    /// The words of `lines.csv`: bucket and code.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Quarantined => ("QUARANTINED", "F05"),
            Self::Judged(placed, None) => (placed.word(), ""),
            Self::Judged(placed, Some(code)) => (placed.word(), code.words().0),
        }
    }
}

/// The verdicts of a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileVerdicts {
    /// Its name.
    pub file: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// [`LineVerdict::byte`] of every line from the first; 0 where a line says nothing. Empty of a file that was not used.
    pub lines: Vec<u8>,
}

/// A file that a run judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedFile {
    /// From 1 within the run; names may come again.
    pub position: u32,
    /// Its name.
    pub file: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// The last line that has a verdict.
    pub last_line: u32,
}

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegSide {
    /// Our ledger.
    Ledger,
    /// The rail.
    Rail,
    /// The clearing bank.
    Bank,
    /// The agency.
    Agency,
}

impl LegSide {
    /// All of them, in the order in which money goes.
    pub const ALL: [Self; 4] = [Self::Ledger, Self::Rail, Self::Bank, Self::Agency];

    /// The word of columns, and what staff call it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Ledger => ("LEDGER", "平台账"),
            Self::Rail => ("RAIL", "渠道账单"),
            Self::Bank => ("BANK", "银行入账"),
            Self::Agency => ("AGENCY", "执收单位"),
        }
    }

    /// The side with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.words().0 == word)
    }
}

/// A line that a discrepancy is about, as it stands in its file and as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Leg {
    /// Whose.
    pub side: LegSide,
    /// The file.
    pub file: String,
    /// The line there.
    pub line_no: u32,
    /// The line as it stands there; bytes that are no text are replaced.
    pub raw: String,
    /// What of `raw` is personal: openids, accounts of citizens.
    pub personal: Vec<String>,
    /// What was read: name in Chinese, value. Equal names of two legs mean the same thing.
    pub fields: Vec<(String, String)>,
}

impl Leg {
    /// So many lines are kept of one discrepancy: one that is about more is about a file.
    pub const MAX: usize = 16;

    /// The raw line for everybody: of what is personal only the ends remain.
    pub fn masked(&self) -> String {
        let mask = |text: String, part: &String| text.replace(part.as_str(), &covered(part));
        self.personal.iter().fold(self.raw.clone(), mask)
    }
}

impl std::fmt::Debug for Leg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Leg({:?} {} {})", self.side, self.file, self.line_no)
    }
}

/// Something that happened to an order, by our own records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// The payment moved: by a request, a callback, our question, a statement.
    Step(PaymentRecord),
    /// A rail told us something.
    Callback {
        /// When it came.
        at: Timestamp,
        /// The rail's word.
        rail: String,
        /// The rail's number of the money.
        txn: String,
        /// How much it spoke of.
        amount: Fen,
        /// Our refund, if it told of one.
        refund_no: Option<String>,
        /// What became of it; `None`: not yet acted on.
        outcome: Option<String>,
    },
}

impl Trace {
    /// When.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Step(record) => record.at,
            Self::Callback { at, .. } => *at,
        }
    }
}

fn covered(part: &str) -> String {
    let letters: Vec<char> = part.chars().collect();
    match letters.len() {
        0..8 => "*".repeat(letters.len()),
        all => {
            let (first, last): (String, String) =
                (letters[..3].iter().collect(), letters[all - 2..].iter().collect());
            format!("{first}***{last}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_a_byte_of_its_own() {
        let codes = || std::iter::once(None).chain(Code::ALL.map(Some));
        let judged = PLACES
            .into_iter()
            .flat_map(|placed| codes().map(move |code| LineVerdict::Judged(placed, code)));
        let all: Vec<_> = judged.chain([LineVerdict::Quarantined]).collect();
        let mut bytes: Vec<u8> = all.iter().map(|verdict| verdict.byte()).collect();
        for verdict in &all {
            assert_eq!(LineVerdict::from_byte(verdict.byte()), Some(*verdict));
        }
        bytes.sort_unstable();
        bytes.dedup();
        assert_eq!(bytes.len(), 4 * 29 + 1);
        assert!(!bytes.contains(&0));
        let known = (0..=u8::MAX).filter(|byte| LineVerdict::from_byte(*byte).is_some()).count();
        assert_eq!(known, bytes.len());
    }

    #[test]
    fn what_is_personal_is_covered_and_never_printed() {
        let leg = Leg {
            side: LegSide::Rail,
            file: "wechat.csv".to_owned(),
            line_no: 2,
            raw: "`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,`12.00,`12345".to_owned(),
            personal: vec!["oUpF8uMuAJO_M2pxb1Q9zNjWeS6o".to_owned(), "12345".to_owned()],
            fields: vec![],
        };
        assert_eq!(leg.masked(), "`oUp***6o,`12.00,`*****");
        assert!(!format!("{leg:?}").contains("oUp"));
    }
}

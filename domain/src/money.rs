//! Money: integer fen (分), the hundredth of a yuan. No floats, no implicit conversion.

use std::fmt;

/// What a citizen can be asked to pay, in fen. Never zero, never above [`PayableFen::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayableFen(u64);

/// The amount is zero or above [`PayableFen::MAX`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{fen} fen is outside 1..={max}", max = PayableFen::MAX)]
pub struct FenOutOfRange {
    fen: i64,
}

impl PayableFen {
    /// Ten trillion yuan: above every item of the catalogue, far below 2^53.
    pub const MAX: u64 = 1_000_000_000_000_000;

    /// 50 000 yuan: what a rail usually grants one order of a merchant.
    pub const USUAL_ORDER_LIMIT: Self = Self(5_000_000);

    /// # Errors
    /// [`FenOutOfRange`] unless `fen` lies in 1..=[`PayableFen::MAX`].
    pub fn new(fen: i64) -> Result<Self, FenOutOfRange> {
        match u64::try_from(fen) {
            Ok(whole @ 1..=Self::MAX) => Ok(Self(whole)),
            Ok(_) | Err(_) => Err(FenOutOfRange { fen }),
        }
    }

    /// The same amount as a signed one, for sums and the ledger.
    pub fn fen(self) -> Fen {
        Fen(i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for PayableFen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fen().fmt(f)
    }
}

/// An amount in fen, signed, zero allowed: late fees, ledger, money at risk.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fen(i64);

/// A sum left the range of 64-bit fen; with real amounts it cannot.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a sum of fen overflows")]
pub struct FenOverflow;

/// The text is not an amount in yuan with at most two (significant) decimals.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not an amount in yuan")]
pub struct NotYuan {
    text: String,
}

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Any whole number of fen.
    pub const fn new(fen: i64) -> Self {
        Self(fen)
    }

    /// The bare number, for a wire or a column.
    pub const fn value(self) -> i64 {
        self.0
    }

    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn plus(self, other: Self) -> Result<Self, FenOverflow> {
        self.0.checked_add(other.0).map(Self).ok_or(FenOverflow)
    }

    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn minus(self, other: Self) -> Result<Self, FenOverflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(FenOverflow)
    }

    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn times(self, factor: i64) -> Result<Self, FenOverflow> {
        self.0.checked_mul(factor).map(Self).ok_or(FenOverflow)
    }

    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, FenOverflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// Reads yuan as the rails' files and the gateway print them: `12.50`, `-0.08`, `48`,
    /// `0.08000`. Decimals past the second must be zeros: a tenth of a fen is nobody's money.
    ///
    /// # Errors
    /// [`NotYuan`] for anything else.
    pub fn from_yuan(text: &str) -> Result<Self, NotYuan> {
        let not_yuan = || NotYuan { text: text.chars().take(32).collect() };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(decimals) || whole.len() > 15 {
            return Err(not_yuan());
        }
        let (cents, beyond) = decimals.split_at(decimals.len().min(2));
        if beyond.bytes().any(|b| b != b'0') {
            return Err(not_yuan());
        }
        let whole: i64 = whole.parse().map_err(|_: std::num::ParseIntError| not_yuan())?;
        let cents: i64 =
            format!("{cents:0<2}").parse().map_err(|_: std::num::ParseIntError| not_yuan())?;
        let fen = whole * 100 + cents;
        Ok(Self(if negative { -fen } else { fen }))
    }
}

/// A level of public finance (财政级次): has shares of what is paid, and decides on refunds of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FinanceLevel {
    /// City or county.
    Local,
    /// The province.
    Province,
    /// The central government.
    Central,
}

impl FinanceLevel {
    /// Every level, in the order in which they decide.
    pub const ALL: [Self; 3] = [Self::Local, Self::Province, Self::Central];

    /// The word of columns, and of the gateway.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Local => "LOCAL",
            Self::Province => "PROVINCE",
            Self::Central => "CENTRAL",
        }
    }

    /// The level whose [`FinanceLevel::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }
}

/// Yuan with two decimals: `1234.05`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payable_amounts_start_at_one_fen_and_end_at_the_limit() {
        let limit = i64::try_from(PayableFen::MAX).unwrap();
        assert!(PayableFen::new(1).is_ok());
        assert!(PayableFen::new(limit).is_ok());
        for refused in [0, -1, limit + 1, i64::MIN] {
            assert_eq!(PayableFen::new(refused), Err(FenOutOfRange { fen: refused }));
        }
    }

    #[test]
    fn yuan_survive_a_round_trip() {
        for fen in [0, 1, 9, 10, 99, 100, 101, 1250, 99_999_999, -1, -150] {
            assert_eq!(Fen::from_yuan(&Fen::new(fen).to_string()), Ok(Fen::new(fen)));
        }
    }

    /// Fault case 22.
    #[test]
    fn fen_that_are_read_as_yuan_are_never_the_same_amount() {
        for seed in 0..2_000 {
            let fen = i64::try_from(crate::fakes::scramble(22, seed) % 10_000_000_000).unwrap();
            let amount = Fen::new(fen);
            assert_eq!(Fen::from_yuan(&amount.to_string()), Ok(amount), "as printed");
            let mixed_up = Fen::from_yuan(&fen.to_string()).unwrap();
            assert_eq!(mixed_up, amount.times(100).unwrap(), "a hundredfold, not a little off");
            assert!(mixed_up != amount || fen == 0, "{fen}");
        }
    }

    #[test]
    fn yuan_are_read_as_the_files_print_them_and_never_guessed() {
        for (text, fen) in [("48", 4800), ("45.0", 4500), ("0.08000", 8), ("-0.02000", -2)] {
            assert_eq!(Fen::from_yuan(text), Ok(Fen::new(fen)), "{text}");
        }
        for text in ["", ".", "1.", ".5", "1.005", "0.08400", "1,000.00", "1e3", "--1", "+1", "１"]
        {
            assert!(Fen::from_yuan(text).is_err(), "{text}");
        }
    }

    #[test]
    fn differences_are_exact_and_refuse_to_overflow() {
        assert_eq!(Fen::new(5).minus(Fen::new(7)), Ok(Fen::new(-2)));
        assert_eq!(Fen::new(i64::MIN).minus(Fen::new(1)), Err(FenOverflow));
    }

    #[test]
    fn payable_amounts_read_as_yuan() {
        assert_eq!(PayableFen::new(20_601).unwrap().to_string(), "206.01");
    }

    #[test]
    fn yuan_of_fifteen_digits_are_read_and_longer_ones_refused() {
        assert_eq!(Fen::from_yuan("999999999999999.99"), Ok(Fen::new(99_999_999_999_999_999)));
        assert!(Fen::from_yuan("1000000000000000").is_err());
    }

    #[test]
    fn sums_refuse_to_overflow() {
        assert_eq!(Fen::sum([Fen::new(i64::MAX), Fen::new(1)]), Err(FenOverflow));
        assert_eq!(Fen::sum([Fen::new(5), Fen::new(-7)]), Ok(Fen::new(-2)));
    }
}

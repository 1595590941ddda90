//! The late fee (加处罚款, 滞纳金): a share of the item's amount per late day or month, capped.
//!
//! Source for fines: 行政处罚法 art. 72 with 行政强制法 art. 45: 3 % of the fine a day from the
//! 16th day on, at most the fine itself. Other items have their own rate, start and cap.

use crate::money::{Fen, FenOverflow};
use jiff::civil::Date;

/// A share per day or month, kept as parts per million: 3 % is 30 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateFeeRate(u32);

/// Not a decimal between 0 and 1 with at most six places.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not a rate between 0 and 1 with at most six decimals")]
pub struct RateInvalid {
    text: String,
}

impl LateFeeRate {
    /// Reads a ratio as the gateway prints it: `0.03`, `0.0005`, `1`.
    ///
    /// # Errors
    /// [`RateInvalid`] beyond 0..=1 or beyond six decimals.
    pub fn from_ratio(text: &str) -> Result<Self, RateInvalid> {
        let invalid = || RateInvalid { text: text.chars().take(32).collect() };
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 6 || whole.len() > 1 {
            return Err(invalid());
        }
        let parts: u32 = format!("{whole}{decimals:0<6}")
            .parse()
            .map_err(|_: std::num::ParseIntError| invalid())?;
        if parts <= 1_000_000 { Ok(Self(parts)) } else { Err(invalid()) }
    }

    /// Reads percent as the catalogue prints them: `3`, `0.05`.
    ///
    /// # Errors
    /// [`RateInvalid`] beyond 0..=100 or beyond four decimals.
    pub fn from_percent(text: &str) -> Result<Self, RateInvalid> {
        let invalid = || RateInvalid { text: text.chars().take(32).collect() };
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 4 || whole.len() > 3 {
            return Err(invalid());
        }
        let parts: u32 = format!("{whole}{decimals:0<4}")
            .parse()
            .map_err(|_: std::num::ParseIntError| invalid())?;
        Self::from_ppm(parts).ok_or_else(invalid)
    }

    /// Parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// Rebuilds a rate from [`LateFeeRate::ppm`]; `None` above one.
    pub fn from_ppm(ppm: u32) -> Option<Self> {
        (ppm <= 1_000_000).then_some(Self(ppm))
    }
}

/// What a late fee is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateFeeCycle {
    /// Every late day.
    Day,
    /// Every begun month from the first late day on.
    Month,
}

/// How the late fee of one item grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateFeeRule {
    /// Share of the item's amount, per period; the period's fee is rounded down to the fen.
    pub rate: LateFeeRate,
    /// The period.
    pub cycle: LateFeeCycle,
    /// The first late day, Beijing.
    pub first_late_day: Date,
    /// The most that can accrue; `None`: no limit.
    pub cap: Option<Fen>,
    /// The item that the fee is booked on.
    pub booked_on_code: String,
    /// Its name.
    pub booked_on_name: String,
}

/// Who computes the late fee of an item, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LateFee {
    /// The item bears none.
    None,
    /// The platform (we) by this rule.
    ByRule(LateFeeRule),
    /// The agency did; the amount is part of the notice.
    Fixed {
        /// What the agency computed.
        fee: Fen,
        /// The item that the fee is booked on.
        booked_on_code: String,
        /// Its name.
        booked_on_name: String,
    },
}

impl LateFee {
    /// What `amount` bears if it is paid on `day`.
    ///
    /// # Errors
    /// [`FenOverflow`] beyond 64 bits.
    pub fn on(&self, amount: Fen, day: Date) -> Result<Fen, FenOverflow> {
        match self {
            Self::None => Ok(Fen::ZERO),
            Self::Fixed { fee, .. } => Ok(*fee),
            Self::ByRule(rule) => rule.on(amount, day),
        }
    }

    /// Code and name of the item that the fee is booked on.
    pub fn booked_on(&self) -> Option<(&str, &str)> {
        match self {
            Self::None => None,
            Self::ByRule(rule) => Some((&rule.booked_on_code, &rule.booked_on_name)),
            Self::Fixed { booked_on_code, booked_on_name, .. } => {
                Some((booked_on_code, booked_on_name))
            }
        }
    }
}

impl LateFeeRule {
    fn on(&self, amount: Fen, day: Date) -> Result<Fen, FenOverflow> {
        if day < self.first_late_day {
            return Ok(Fen::ZERO);
        }
        let periods = match self.cycle {
            LateFeeCycle::Day => match day.since(self.first_late_day) {
                Ok(span) => i64::from(span.get_days()) + 1,
                Err(_) => return Err(FenOverflow), // Only dates beyond the calendar's range.
            },
            LateFeeCycle::Month => begun_months(self.first_late_day, day),
        };
        let each = amount.times(i64::from(self.rate.ppm()))?.value() / 1_000_000;
        let accrued = Fen::new(each).times(periods)?;
        Ok(self.cap.map_or(accrued, |cap| accrued.min(cap)))
    }
}

/// A month begins on the day of the month of `first`, or on the last of a shorter month.
fn begun_months(first: Date, day: Date) -> i64 {
    let month = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
    let begun = day.day() >= first.day() || day == day.last_of_month();
    month(day) - month(first) + i64::from(begun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn fine() -> LateFee {
        LateFee::ByRule(LateFeeRule {
            rate: LateFeeRate::from_ratio("0.03").unwrap(),
            cycle: LateFeeCycle::Day,
            first_late_day: date(2026, 3, 1) + jiff::Span::new().days(16),
            cap: Some(Fen::new(20_000)),
            booked_on_code: "00050002".to_owned(),
            booked_on_name: "加处罚款".to_owned(),
        })
    }

    #[test]
    fn a_fine_of_200_yuan_grows_as_the_law_says() {
        let decided = date(2026, 3, 1);
        let table = [(0, 0), (15, 0), (16, 600), (25, 6_000), (48, 19_800), (49, 20_000)];
        for (day, fee) in table.into_iter().chain([(50, 20_000), (4_000, 20_000)]) {
            let on = decided + jiff::Span::new().days(day);
            assert_eq!(fine().on(Fen::new(20_000), on), Ok(Fen::new(fee)), "day {day}");
        }
    }

    #[test]
    fn the_fee_counts_days_across_february_and_the_year() {
        let LateFee::ByRule(rule) = fine() else { unreachable!() };
        let rule = LateFeeRule { first_late_day: date(2027, 12, 31), cap: None, ..rule };
        let on_leap_day = LateFee::ByRule(rule).on(Fen::new(10_000), date(2028, 2, 29));
        assert_eq!(on_leap_day, Ok(Fen::new(300 * 61)));
    }

    #[test]
    fn the_fee_of_a_day_is_rounded_down_to_the_fen() {
        let LateFee::ByRule(rule) = fine() else { unreachable!() };
        let rate = LateFeeRate::from_ratio("0.0005").unwrap();
        let rule = LateFeeRule { rate, cap: None, ..rule };
        let two_days = rule.first_late_day + jiff::Span::new().days(1);
        let fee = LateFee::ByRule(rule).on(Fen::new(3_999), two_days);
        assert_eq!(fee, Ok(Fen::new(2)));
    }

    #[test]
    fn a_fee_is_booked_on_the_item_that_its_rule_or_its_agency_names() {
        let fixed = LateFee::Fixed {
            fee: Fen::new(7),
            booked_on_code: "00050003".to_owned(),
            booked_on_name: "滞纳金".to_owned(),
        };
        assert_eq!(fixed.on(Fen::new(20_000), date(2026, 3, 1)), Ok(Fen::new(7)));
        assert_eq!(fixed.booked_on(), Some(("00050003", "滞纳金")));
        assert_eq!(fine().booked_on(), Some(("00050002", "加处罚款")));
        assert_eq!(LateFee::None.booked_on(), None);
    }

    #[test]
    fn every_begun_month_counts() {
        let monthly = |first_late_day| {
            let LateFee::ByRule(rule) = fine() else { unreachable!() };
            let rate = LateFeeRate::from_percent("0.2").unwrap();
            let cycle = LateFeeCycle::Month;
            LateFee::ByRule(LateFeeRule { rate, cycle, first_late_day, cap: None, ..rule })
        };
        let from_january = monthly(date(2026, 1, 31));
        for (day, months) in [
            (date(2026, 1, 30), 0),
            (date(2025, 12, 31), 0),
            (date(2026, 1, 31), 1),
            (date(2026, 2, 27), 1),
            (date(2026, 2, 28), 2),
            (date(2026, 3, 30), 2),
            (date(2026, 3, 31), 3),
            (date(2026, 4, 30), 4),
            (date(2027, 1, 30), 12),
        ] {
            let fee = from_january.on(Fen::new(100_499), day);
            assert_eq!(fee, Ok(Fen::new(200 * months)), "{day}");
        }
        let from_the_fifth = monthly(date(2026, 11, 5));
        assert_eq!(from_the_fifth.on(Fen::new(1_000), date(2027, 1, 4)), Ok(Fen::new(4)));
        assert_eq!(from_the_fifth.on(Fen::new(1_000), date(2027, 1, 5)), Ok(Fen::new(6)));
    }

    #[test]
    fn rates_are_read_exactly_or_not_at_all() {
        assert_eq!(LateFeeRate::from_ratio("0.03").map(LateFeeRate::ppm), Ok(30_000));
        assert_eq!(LateFeeRate::from_ratio("1").map(LateFeeRate::ppm), Ok(1_000_000));
        assert_eq!(LateFeeRate::from_ratio("0.000001").map(LateFeeRate::ppm), Ok(1));
        for bad in
            ["", "-0.03", "1.000001", "2", "00.03", "0.0000001", "3%", "0,03", ".", "1.", ".03"]
        {
            assert!(LateFeeRate::from_ratio(bad).is_err(), "{bad}");
        }
        assert_eq!(LateFeeRate::from_percent("0.05").map(LateFeeRate::ppm), Ok(500));
        assert_eq!(LateFeeRate::from_percent("100").map(LateFeeRate::ppm), Ok(1_000_000));
        assert_eq!(LateFeeRate::from_percent("0.0001").map(LateFeeRate::ppm), Ok(1));
        for bad in ["", "-3", "100.0001", "0.00001", "3%", "1000", "0003", ".", "3.", ".3"] {
            assert!(LateFeeRate::from_percent(bad).is_err(), "{bad}");
        }
    }
}

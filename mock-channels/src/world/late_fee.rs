//! What being late costs.

use serde::{Deserialize, Serialize};

use crate::clock::Day;

/// What a ratio counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Period {
    Day,
    /// Every begun month.
    Month,
}

/// How being late costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum LateFee {
    None,
    /// Day by day in thousandths: as state files from before the catalogue have it.
    ByDay {
        permille: i64,
        first_late_day: Day,
        cap_fen: i64,
    },
    /// Period by period, each floored to whole fen; a cap of 0 is none.
    Rate {
        per_million: i64,
        period: Period,
        first_late_day: Day,
        cap_fen: i64,
    },
    /// The agency computed it and says the sum.
    Fixed {
        fen: i64,
    },
}

impl LateFee {
    /// The late fee of a principal that is paid on a day.
    pub(crate) fn fen(&self, principal_fen: i64, day: Day) -> i64 {
        match self {
            Self::None => 0,
            Self::Fixed { fen } => *fen,
            Self::ByDay { permille, first_late_day, cap_fen } => {
                let days = (day.0 - first_late_day.0 + 1).max(0);
                capped(days, principal_fen, permille * 1_000, *cap_fen)
            }
            Self::Rate { per_million, period, first_late_day, cap_fen } => {
                let periods = match period {
                    Period::Day => (day.0 - first_late_day.0 + 1).max(0),
                    Period::Month => day.begun_months_since(*first_late_day),
                };
                capped(periods, principal_fen, *per_million, *cap_fen)
            }
        }
    }
}

/// Wide enough in between for land sales that are centuries late.
fn capped(periods: i64, principal_fen: i64, per_million: i64, cap_fen: i64) -> i64 {
    let each = i128::from(principal_fen) * i128::from(per_million) / 1_000_000;
    let fee = i64::try_from(i128::from(periods) * each).unwrap_or(i64::MAX);
    if cap_fen == 0 { fee } else { fee.min(cap_fen) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_late_fee_of_a_200_yuan_fine_is_the_worked_example() {
        let old = LateFee::ByDay { permille: 30, first_late_day: Day(16), cap_fen: 20_000 };
        let new = LateFee::Rate {
            per_million: 30_000,
            period: Period::Day,
            first_late_day: Day(16),
            cap_fen: 20_000,
        };
        for late in [old, new] {
            let due = |day| 20_000 + late.fen(20_000, Day(day));
            let days = [(0, 20_000), (15, 20_000), (16, 20_600), (25, 26_000), (48, 39_800)];
            for (day, expected) in days {
                assert_eq!(due(day), expected, "day {day}");
            }
            assert_eq!((due(49), due(400)), (40_000, 40_000));
        }
    }

    #[test]
    fn a_ratio_is_floored_period_by_period() {
        let late = LateFee::Rate {
            per_million: 500,
            period: Period::Day,
            first_late_day: Day(1),
            cap_fen: 0,
        };
        // 0.05 per cent of 39.99 yuan is 1.9995 fen.
        assert_eq!((late.fen(3_999, Day(1)), late.fen(3_999, Day(10))), (1, 10));
    }

    #[test]
    fn every_begun_month_counts_once() {
        let day = |text| Day::from_text(text).unwrap();
        let late = LateFee::Rate {
            per_million: 2_000,
            period: Period::Month,
            first_late_day: day("2026-01-31"),
            cap_fen: 0,
        };
        for (paid, months) in [
            ("2026-01-30", 0),
            ("2026-01-31", 1),
            ("2026-02-27", 1),
            ("2026-02-28", 2),
            ("2026-03-30", 2),
            ("2026-03-31", 3),
            ("2027-01-31", 13),
        ] {
            assert_eq!(late.fen(100_000, day(paid)), months * 200, "{paid}");
        }
    }
}

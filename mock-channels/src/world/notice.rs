//! What people owe: notices, their late fee, write-offs and receipts.

use serde::{Deserialize, Serialize};

use crate::clock::Day;

/// A notice (缴款单) as the collecting agency filed it with the gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) notice_no: String,
    pub(crate) citizen_id: String,
    pub(crate) made_ms: i64,
    pub(crate) title: String,
    pub(crate) agency_code: String,
    pub(crate) agency_name: String,
    pub(crate) region: String,
    pub(crate) item: Item,
    /// The last moment at which it can be paid, if there is one.
    pub(crate) expires_ms: Option<i64>,
    pub(crate) withdrawn: bool,
    pub(crate) paid: Option<WriteOff>,
    /// Every write-off that arrived, taken or not.
    pub(crate) calls: Vec<WriteOffCall>,
    pub(crate) receipts: Vec<Receipt>,
}

/// The one item of a notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) amount_fen: i64,
    pub(crate) late: LateFee,
}

/// How being late costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum LateFee {
    None,
    /// The payment platform computes it, day by day.
    ByDay {
        permille: i64,
        first_late_day: Day,
        cap_fen: i64,
    },
    /// The agency computed it and says the sum.
    Fixed {
        fen: i64,
    },
}

impl LateFee {
    pub(crate) fn fen(&self, principal_fen: i64, day: Day) -> i64 {
        match self {
            Self::None => 0,
            Self::Fixed { fen } => *fen,
            Self::ByDay { permille, first_late_day, cap_fen } => {
                let days = (day.0 - first_late_day.0 + 1).max(0);
                let fee = days * (principal_fen * permille / 1000);
                if *cap_fen == 0 { fee } else { fee.min(*cap_fen) }
            }
        }
    }
}

/// Parameters of a write-off that matter afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WriteOff {
    pub(crate) pay_no: String,
    pub(crate) trade_no: String,
    pub(crate) amount_fen: i64,
    pub(crate) pay_date: String,
    pub(crate) pay_time: String,
}

/// One call of `GetPay_Info`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WriteOffCall {
    pub(crate) at_ms: i64,
    pub(crate) write_off: WriteOff,
    /// `00`, or what was wrong.
    pub(crate) answer: String,
}

/// A fiscal e-receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    pub(crate) pay_no: String,
    pub(crate) code: String,
    pub(crate) no: String,
    pub(crate) random: String,
    pub(crate) amount_fen: i64,
    pub(crate) issued_ms: i64,
}

impl Notice {
    pub(crate) fn due_fen(&self, day: Day) -> i64 {
        self.item.amount_fen + self.item.late.fen(self.item.amount_fen, day)
    }

    /// The sum due on the day of payment, or on the day before: a quote may cross midnight.
    pub(crate) fn accepts(&self, amount_fen: i64, pay_day: Day) -> bool {
        amount_fen == self.due_fen(pay_day) || amount_fen == self.due_fen(pay_day.plus(-1))
    }

    /// `0` payable, `1` paid, `2` withdrawn.
    pub(crate) fn state_code(&self) -> &'static str {
        match (&self.paid, self.withdrawn) {
            (Some(_), _) => "1",
            (None, true) => "2",
            (None, false) => "0",
        }
    }

    pub(crate) fn state_name(&self) -> &'static str {
        match (&self.paid, self.withdrawn) {
            (Some(_), _) => "PAID",
            (None, true) => "WITHDRAWN",
            (None, false) => "PAYABLE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_late_fee_of_a_200_yuan_fine_is_the_worked_example() {
        let late = LateFee::ByDay { permille: 30, first_late_day: Day(16), cap_fen: 20_000 };
        let due = |day| 20_000 + late.fen(20_000, Day(day));
        let days = [(0, 20_000), (15, 20_000), (16, 20_600), (25, 26_000), (48, 39_800)];
        for (day, expected) in days {
            assert_eq!(due(day), expected, "day {day}");
        }
        assert_eq!((due(49), due(400)), (40_000, 40_000));
    }
}

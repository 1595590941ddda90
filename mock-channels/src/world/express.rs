//! Parcels of the express carrier.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{HOUR_MS, MINUTE_MS};

/// What the carrier knows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Express {
    /// By the customer's order number.
    pub(crate) parcels: BTreeMap<String, Parcel>,
}

/// One parcel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parcel {
    pub(crate) waybill_no: String,
    pub(crate) sender: String,
    pub(crate) content: String,
    pub(crate) recipient: Recipient,
    pub(crate) ordered_ms: i64,
    /// What a tester made of it, and when.
    pub(crate) fate: Option<(Fate, i64)>,
}

/// To whom and where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recipient {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) region: String,
    pub(crate) address: String,
}

/// What becomes of a parcel instead of its arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    /// Handed over at once.
    Delivered,
    /// Nobody was there; a day later it is back.
    Returned,
    /// Not found any more.
    Lost,
}

/// One line of the tracking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Track {
    pub(crate) at_ms: i64,
    pub(crate) op: &'static str,
    pub(crate) place: &'static str,
    pub(crate) words: &'static str,
}

type Line = (i64, &'static str, &'static str, &'static str);

/// Hours after the order.
const USUAL: [Line; 5] = [
    (2 * HOUR_MS, "COLLECTED", "揽投部", "快件已揽收"),
    (5 * HOUR_MS, "DEPARTED", "处理中心", "快件已发出，正送往寄达城市"),
    (20 * HOUR_MS, "ARRIVED", "寄达城市处理中心", "快件已到达"),
    (24 * HOUR_MS, "OUT_FOR_DELIVERY", "寄达投递部", "投递员正在派送，请保持电话畅通"),
    (28 * HOUR_MS, "DELIVERED", "寄达投递部", "快件已签收，签收人：本人"),
];
const RETURNED: [Line; 3] = [
    (0, "NOT_DELIVERED", "寄达投递部", "收件人不在，投递未成功"),
    (2 * HOUR_MS, "TURNED_BACK", "寄达投递部", "快件退回途中"),
    (24 * HOUR_MS, "RETURNED", "揽投部", "快件已退回寄件人"),
];
const LOST: [Line; 1] = [(0, "LOST", "处理中心", "快件查找无下落，已登记遗失")];
const DELIVERED: [Line; 1] = [(0, "DELIVERED", "寄达投递部", "快件已签收，签收人：本人")];

impl Parcel {
    /// Everything that happened until now.
    pub(crate) fn tracks(&self, now_ms: i64) -> Vec<Track> {
        let until_ms = self.fate.map_or(now_ms, |(_, at_ms)| at_ms.min(now_ms));
        let mut tracks = lines(&USUAL, self.ordered_ms, until_ms);
        if let Some((fate, at_ms)) = self.fate {
            let plan: &[Line] = match fate {
                Fate::Delivered => &DELIVERED,
                Fate::Returned => &RETURNED,
                Fate::Lost => &LOST,
            };
            tracks.extend(lines(plan, at_ms, now_ms));
        }
        tracks
    }

    /// Has the carrier said its last word?
    pub(crate) fn is_over(&self, now_ms: i64) -> bool {
        let last = self.tracks(now_ms).pop();
        last.is_some_and(|track| matches!(track.op, "DELIVERED" | "RETURNED" | "LOST"))
    }
}

fn lines(plan: &[Line], from_ms: i64, until_ms: i64) -> Vec<Track> {
    let at = plan.iter().map(|(after_ms, op, place, words)| Track {
        at_ms: (from_ms + after_ms).div_euclid(MINUTE_MS) * MINUTE_MS,
        op,
        place,
        words,
    });
    at.filter(|track| track.at_ms <= until_ms).collect()
}

/// `EA`, a number of eight digits, its check digit, `CN`.
pub(crate) fn waybill_no(number: u64) -> String {
    let digits = format!("{:08}", number % 100_000_000);
    let weighed = digits.bytes().zip([8, 6, 4, 2, 3, 5, 9, 7]);
    let sum: u32 = weighed.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        digit => digit,
    };
    format!("EA{digits}{check}CN")
}

//! The carrier, as this service needs it.

use super::{Address, Recipient};
use crate::ids::DeliveryNo;
use crate::outside::OutsideError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;

/// 运单号 of the post: two letters, eight digits, a check digit, two letters (UPU S10).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Waybill(String);

/// Not of that form, or the check digit is wrong.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a waybill number is two letters, nine digits that check, and two letters")]
pub struct WaybillInvalid;

impl Waybill {
    /// # Errors
    /// [`WaybillInvalid`] as said there.
    pub fn new(text: &str) -> Result<Self, WaybillInvalid> {
        let Some((head, rest)) = text.split_at_checked(2) else { return Err(WaybillInvalid) };
        let Some((digits, tail)) = rest.split_at_checked(9) else { return Err(WaybillInvalid) };
        let letters = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_uppercase());
        let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
        let checks = match digits.split_last() {
            Some((check, number)) if number.len() == 8 => *check == check_digit(number),
            Some(_) | None => false,
        };
        if letters(head) && letters(tail) && checks {
            Ok(Self(text.to_owned()))
        } else {
            Err(WaybillInvalid)
        }
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Waybill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_digit(number: &[u32]) -> u32 {
    const WEIGHTS: [u32; 8] = [8, 6, 4, 2, 3, 5, 9, 7];
    let sum: u32 = WEIGHTS.iter().zip(number).map(|(weight, digit)| weight * digit).sum();
    match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        digit => digit,
    }
}

/// What the carrier is told.
#[derive(Debug, Clone, Copy)]
pub struct CarrierOrder<'a> {
    /// Our number; the carrier takes it once.
    pub no: &'a DeliveryNo,
    /// The department where the parcel is fetched.
    pub sender: &'a str,
    /// What is in it: 不动产权证书.
    pub content: &'a str,
    /// To whom.
    pub recipient: &'a Recipient,
    /// Where to.
    pub address: &'a Address,
}

/// What happened to a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrackKind {
    /// 揽收.
    Collected,
    /// It left a station.
    Departed,
    /// It came to a station.
    Arrived,
    /// 派送中.
    OutForDelivery,
    /// 投递不成功: nobody was there, say; it will be tried again.
    NotDelivered,
    /// 退回途中.
    TurnedBack,
    /// 签收.
    Delivered,
    /// It is back at the sender.
    Returned,
    /// The carrier does not find it any more.
    Lost,
}

impl TrackKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Collected,
        Self::Departed,
        Self::Arrived,
        Self::OutForDelivery,
        Self::NotDelivered,
        Self::TurnedBack,
        Self::Delivered,
        Self::Returned,
        Self::Lost,
    ];

    /// The word of columns.
    pub fn code(self) -> &'static str {
        match self {
            Self::Collected => "COLLECTED",
            Self::Departed => "DEPARTED",
            Self::Arrived => "ARRIVED",
            Self::OutForDelivery => "OUT_FOR_DELIVERY",
            Self::NotDelivered => "NOT_DELIVERED",
            Self::TurnedBack => "TURNED_BACK",
            Self::Delivered => "DELIVERED",
            Self::Returned => "RETURNED",
            Self::Lost => "LOST",
        }
    }

    /// The kind of that word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One line of the tracking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub kind: TrackKind,
    /// Where, in words: 杭州市处理中心.
    pub place: String,
    /// In the carrier's words. May name who signed.
    pub words: String,
}

/// An express carrier.
#[async_trait]
pub trait ExpressCarrier: Send + Sync {
    /// Orders a parcel to be fetched and brought. MUST be safe to repeat with the same number:
    /// the same waybill comes back.
    async fn order(&self, order: &CarrierOrder<'_>) -> Result<Waybill, OutsideError>;
    /// Everything that happened to the parcel so far, oldest first; at most 200 lines.
    async fn track(&self, no: &DeliveryNo, waybill: &Waybill) -> Result<Vec<Track>, OutsideError>;
}

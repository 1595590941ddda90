//! Codes of the platform, and how much each says.

use crate::http::{undecided, unknown};
use domain::outside::OutsideError;
use std::fmt;

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub(super) struct PlatformRefusal {
    /// Five digits.
    pub code: String,
    /// The reason within; empty where there is none.
    pub sub_code: String,
    /// The platform's own words.
    pub message: String,
}

impl fmt::Display for PlatformRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.sub_code, self.message)
    }
}

impl std::error::Error for PlatformRefusal {}

/// How much a refusal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The gateway turned the call away before anybody looked at it: an account or a contract
    /// of ours is wrong.
    Ours,
    /// This call, and any like it, does nothing.
    Definite,
    /// The seller has no trade of this number.
    NoTrade,
    /// The trade, or the refund, is there and stands otherwise than the call supposes.
    OtherState,
    /// Too many calls, a failure inside, or a code that is not known here.
    Unknown,
}

impl PlatformRefusal {
    /// What the codes mean, of every method that is used here. The bill's have no prefix.
    pub fn says(&self) -> Refusal {
        match self.code.as_str() {
            "20001" | "40001" | "40002" | "40003" | "40006" => Refusal::Ours,
            "40004" => match self.sub_code.as_str() {
                "ACQ.TRADE_NOT_EXIST" => Refusal::NoTrade,
                "ACQ.TRADE_HAS_SUCCESS"
                | "ACQ.TRADE_HAS_CLOSE"
                | "ACQ.TRADE_STATUS_ERROR"
                | "ACQ.REASON_TRADE_STATUS_INVALID"
                | "ACQ.REASON_ILLEGAL_STATUS"
                | "ACQ.CONTEXT_INCONSISTENT"
                | "ACQ.TRADE_BUYER_NOT_MATCH"
                | "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR"
                | "ACQ.DISCORDANT_REPEAT_REQUEST" => Refusal::OtherState,
                "ACQ.INVALID_PARAMETER"
                | "ACQ.ACCESS_FORBIDDEN"
                | "ACQ.PARTNER_ERROR"
                | "ACQ.BUYER_SELLER_EQUAL"
                | "ACQ.TOTAL_FEE_EXCEED"
                | "ACQ.EXIST_FORBIDDEN_WORD"
                | "ACQ.BUYER_ENABLE_STATUS_FORBID"
                | "ACQ.SELLER_BEEN_BLOCKED"
                | "ACQ.SELLER_BALANCE_NOT_ENOUGH"
                | "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
                | "ACQ.REASON_TRADE_REFUND_FEE_ERR"
                | "ACQ.REASON_TRADE_BEEN_FREEZEN"
                | "ACQ.TRADE_NOT_ALLOW_REFUND"
                | "ACQ.NOT_ALLOW_PARTIAL_REFUND"
                | "ACQ.TRADE_HAS_FINISHED"
                | "BILL_DATE_BEFORE_REGISTRATION"
                | "TYPE_NOT_SUPPORTED"
                | "INVAILID_ARGUMENTS" => Refusal::Definite,
                // `SYSTEM_ERROR` is spelt in several ways; all of them, and what is new, end here.
                _ => Refusal::Unknown,
            },
            _ => Refusal::Unknown,
        }
    }

    pub fn refused(self) -> OutsideError {
        let code = if self.sub_code.is_empty() { self.code } else { self.sub_code };
        OutsideError::Refused { code, message: self.message }
    }

    /// Only a 20000 (service unavailable) is a sign of sickness: other codes answer one order.
    pub fn unknown(self) -> OutsideError {
        if self.code == "20000" { unknown(self) } else { undecided(self) }
    }
}

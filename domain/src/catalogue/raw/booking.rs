//! `[booking]` and `options_from`, as somebody wrote them.

use super::{RawCall, RawSent};

/// Where choices come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawOptionsFrom {
    /// Operation.
    pub operation: String,
    /// Answers that go along.
    pub sends: Vec<RawSent>,
    /// Key.
    pub value: String,
    /// Key.
    pub label: String,
    /// Key.
    pub remaining: Option<String>,
    /// Key.
    pub price: Option<String>,
}

/// How an app books.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawBooking {
    /// The confirmation.
    pub call: RawCall,
    /// Operation.
    pub cancel: String,
    /// Operation.
    pub visit: Option<String>,
    /// Name of a field.
    pub slot: String,
    /// Name of a field.
    pub places: Option<String>,
    /// Key.
    pub starts: String,
    /// Key.
    pub ends: String,
    /// Minutes.
    pub hold_minutes: u16,
    /// Hours.
    pub cancel_hours: u16,
    /// Bookings.
    pub most_open: u16,
    /// The rule.
    pub no_show: Option<RawNoShowRule>,
}

/// A rule about staying away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawNoShowRule {
    /// How often.
    pub times: u16,
    /// Within how many days.
    pub within_days: u16,
    /// For how many days.
    pub ban_days: u16,
}

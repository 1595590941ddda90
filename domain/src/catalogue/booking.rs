//! What an app that books says about its appointments: `[booking]`.

use super::{Call, Operation, Sent};

/// Where the choices of a field come from: a department's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionsFrom {
    /// Which question.
    pub operation: Operation,
    /// Which answers go along; the field depends on them.
    pub sends: Vec<Sent>,
    /// The department's key of what is answered.
    pub value: String,
    /// The department's key of what the citizen reads.
    pub label: String,
    /// The department's key of how many there are, where that is counted.
    pub remaining: Option<String>,
    /// The department's key of what it costs, in fen.
    pub price: Option<String>,
}

/// How an app books.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BookingTerms {
    /// Tells the department of a confirmed booking. Carries `request_no` besides.
    pub call: Call,
    /// Takes it back, by `request_no`.
    pub cancel: Operation,
    /// Says whether the citizen came, by `request_no`. `None`: the department never says.
    pub visit: Option<Operation>,
    /// The field whose choice is the time that is booked.
    pub slot: String,
    /// The field that says how many places are wanted; `None`: one.
    pub places: Option<String>,
    /// The department's key of when it begins, RFC 3339.
    pub starts: String,
    /// The department's key of when it ends, RFC 3339.
    pub ends: String,
    /// So long a place is held for somebody who has not confirmed.
    pub hold_minutes: u16,
    /// Until so many hours before the beginning a confirmed booking can be cancelled.
    pub cancel_hours: u16,
    /// So many bookings of this app may one person have ahead.
    pub most_open: u16,
    /// What follows when somebody stays away again and again.
    pub no_show: Option<NoShowRule>,
}

/// Who stays away so often within so many days may not book for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoShowRule {
    /// So often.
    pub times: u16,
    /// Within so many days.
    pub within_days: u16,
    /// No booking for so many days, counted from the last time.
    pub ban_days: u16,
}

//! The shape of `[booking]` and of `options_from`.

use super::{CallWire, SentWire};
use domain::catalogue::{RawBooking, RawNoShowRule, RawOptionsFrom};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionsFromWire {
    #[serde(default)]
    operation: String,
    #[serde(default)]
    sends: Vec<SentWire>,
    #[serde(default)]
    value: String,
    #[serde(default)]
    label: String,
    remaining: Option<String>,
    price: Option<String>,
}

/// The keys of the call are written among the others: [`CallWire`] cannot be flattened without
/// taking unknown keys in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BookingWire {
    #[serde(default)]
    operation: String,
    #[serde(default)]
    sends: Vec<SentWire>,
    #[serde(default)]
    subject: bool,
    #[serde(default)]
    cancel: String,
    visit: Option<String>,
    #[serde(default)]
    slot: String,
    places: Option<String>,
    #[serde(default)]
    starts: String,
    #[serde(default)]
    ends: String,
    #[serde(default)]
    hold_minutes: u16,
    #[serde(default)]
    cancel_hours: u16,
    #[serde(default)]
    most_open: u16,
    no_show: Option<NoShowWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoShowWire {
    times: u16,
    within_days: u16,
    ban_days: u16,
}

impl OptionsFromWire {
    pub(super) fn into_raw(self) -> RawOptionsFrom {
        RawOptionsFrom {
            operation: self.operation,
            sends: self.sends.into_iter().map(SentWire::into_raw).collect(),
            value: self.value,
            label: self.label,
            remaining: self.remaining,
            price: self.price,
        }
    }
}

impl BookingWire {
    pub(super) fn into_raw(self) -> RawBooking {
        let call = CallWire {
            operation: self.operation,
            sends: self.sends,
            subject: self.subject,
            stale_minutes: None,
        };
        let no_show = self.no_show.map(|rule| RawNoShowRule {
            times: rule.times,
            within_days: rule.within_days,
            ban_days: rule.ban_days,
        });
        RawBooking {
            call: call.into_raw(),
            cancel: self.cancel,
            visit: self.visit,
            slot: self.slot,
            places: self.places,
            starts: self.starts,
            ends: self.ends,
            hold_minutes: self.hold_minutes,
            cancel_hours: self.cancel_hours,
            most_open: self.most_open,
            no_show,
        }
    }
}

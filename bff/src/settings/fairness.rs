//! How much one may ask of the GraphQL endpoints in a minute.

use super::reader::Reader;
use crate::http::fairness::{Limits, Proxies, Size};
use crate::http::guard::MAX_COST;

/// A page costs about 1 000 points: two pages a second for a whole minute are no person.
const PERSON: u64 = 120_000;
/// One device cannot use up what a person has on three.
const SESSION: u64 = 90_000;
/// A payment with its quote and ten looks at how it stands costs about 1 500: forty a minute.
const MONEY: u64 = 60_000;
/// Carriers put thousands of people behind one address; it pays for those who are not signed in.
const ADDRESS: u64 = 6_000_000;
/// Somebody at the desk, with pages of a hundred rows.
const STAFF: u64 = 240_000;

pub(super) fn limits(reader: &mut Reader<'_>) -> Limits {
    let enforced = match reader.text("rate_limits").as_deref() {
        None | Some("enforce") => true,
        Some("measure") => false,
        Some(other) => {
            reader.fault("rate_limits", format!("`{other}` is neither enforce nor measure"));
            true
        }
    };
    let mut size = |key: &str, usual: u64| {
        let points = reader.parsed::<u64>(key, "a whole number of points a minute");
        let points = points.unwrap_or(usual);
        if !(MAX_COST..=1_000_000_000).contains(&points) {
            let why = format!("must be {MAX_COST}, which one operation may cost, to 1000000000");
            reader.fault(key, why);
        }
        Size::a_minute(points)
    };
    Limits {
        enforced,
        person: size("rate_person", PERSON),
        session: size("rate_session", SESSION),
        money: size("rate_money", MONEY),
        address: size("rate_address", ADDRESS),
        staff: size("rate_staff", STAFF),
    }
}

pub(super) fn proxies(reader: &mut Reader<'_>) -> Proxies {
    let networks = reader.list("trusted_proxies", "addresses or networks like 10.0.0.0/8");
    let header = reader.parsed("forwarded_header", "X-Forwarded-For or Forwarded");
    Proxies { networks, header: header.unwrap_or_default() }
}

//! What an answer says of its cost, in the headers `RateLimit` and `RateLimit-Policy` of the IETF
//! draft "RateLimit header fields for HTTP", and in `extensions.cost`.

use super::Purse;
use super::bucket::{Left, Short, WINDOW_S};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What an operation cost, and what is left of the emptiest purse that paid.
#[derive(Debug, Clone, Copy)]
pub struct Bill {
    requested: u64,
    /// `None`: it was paid by nobody.
    paid: Option<(Purse, Left)>,
}

/// As it stands in `extensions`.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Points of this operation.
    requested: u64,
    /// Points that are left.
    remaining: u64,
    /// Until all of them are there again.
    reset_seconds: u64,
}

impl Bill {
    pub(super) const fn free() -> Self {
        Self { requested: 0, paid: None }
    }

    pub(super) const fn of(requested: u64, purse: Purse, left: Left) -> Self {
        Self { requested, paid: Some((purse, left)) }
    }

    /// More than there was, and yet it was not refused.
    pub(super) const fn of_empty(requested: u64, purse: Purse) -> Self {
        let left = Left { points: 0, full_in_s: WINDOW_S.unsigned_abs() };
        Self { requested, paid: Some((purse, left)) }
    }

    /// For `extensions.cost`.
    pub fn cost(&self) -> Option<Cost> {
        self.paid.map(|(_, left)| Cost {
            requested: self.requested,
            remaining: left.points,
            reset_seconds: left.full_in_s,
        })
    }

    /// Writes the headers.
    pub fn head(&self, headers: &mut HeaderMap) {
        if let Some((purse, left)) = self.paid {
            head(headers, purse, left.points, left.full_in_s);
        }
    }
}

/// There are not so many points in one of the purses.
#[derive(Debug, Clone, Copy)]
pub struct RateLimited {
    purse: Purse,
    come_again_s: u64,
}

impl RateLimited {
    pub(super) const fn of(purse: Purse, short: Short) -> Self {
        Self { purse, come_again_s: short.come_again_s }
    }

    /// Seconds after which there will be enough; at least one.
    pub const fn come_again_s(&self) -> u64 {
        self.come_again_s
    }

    /// Writes the headers; `Retry-After` is not among them.
    pub fn head(&self, headers: &mut HeaderMap) {
        head(headers, self.purse, 0, self.come_again_s);
    }
}

fn head(headers: &mut HeaderMap, purse: Purse, remaining: u64, in_s: u64) {
    let (name, points) = (purse.name, purse.size.points());
    for (header, text) in [
        (RATE_LIMIT_POLICY, format!("\"{name}\";q={points};w={WINDOW_S}")),
        (RATE_LIMIT, format!("\"{name}\";r={remaining};t={in_s}")),
    ] {
        // Names and numbers are what a header may hold.
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bucket::Size;
    use super::*;

    #[test]
    fn the_headers_are_those_of_the_draft() {
        let purse = Purse { name: "person", size: Size::a_minute(600) };
        let mut headers = HeaderMap::new();
        Bill::of(40, purse, Left { points: 560, full_in_s: 4 }).head(&mut headers);
        assert_eq!(headers.get("RateLimit").unwrap(), "\"person\";r=560;t=4");
        assert_eq!(headers.get("RateLimit-Policy").unwrap(), "\"person\";q=600;w=60");
        RateLimited::of(purse, Short { come_again_s: 9 }).head(&mut headers);
        assert_eq!(headers.get("RateLimit").unwrap(), "\"person\";r=0;t=9");
        let mut none = HeaderMap::new();
        Bill::free().head(&mut none);
        assert!(none.is_empty() && Bill::free().cost().is_none());
    }
}

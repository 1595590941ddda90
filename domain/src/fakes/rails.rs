//! Rails that are always well, and quotes that anybody could forge.

use crate::money::Fen;
use crate::notice::NoticeNo;
use crate::payment::{Quote, QuoteSeal, Rail, RailHealth, RailWatch};
use std::sync::Mutex;

/// Every rail is well, until a test says otherwise.
#[derive(Debug, Default)]
pub struct FakeWatch(Mutex<Vec<(Rail, RailHealth)>>);

impl FakeWatch {
    /// From now on this rail is so.
    pub fn becomes(&self, rail: Rail, health: RailHealth) {
        let mut known = super::store::locked(&self.0);
        known.retain(|(other, _)| *other != rail);
        known.push((rail, health));
    }
}

impl RailWatch for FakeWatch {
    fn health(&self, rail: Rail) -> RailHealth {
        let known = super::store::locked(&self.0);
        let found = known.iter().find(|(other, _)| *other == rail);
        found.map_or(RailHealth::Well, |(_, health)| health.clone())
    }
}

/// Writes a quote down in plain text.
#[derive(Debug, Default)]
pub struct PlainSeal;

impl QuoteSeal for PlainSeal {
    fn seal(&self, quote: &Quote) -> String {
        let nos: Vec<_> = quote.notice_nos.iter().map(NoticeNo::as_str).collect();
        format!(
            "{}|{}|{}|{}",
            nos.join(","),
            quote.total.value(),
            quote.issued_at,
            quote.expires_at
        )
    }

    fn open(&self, token: &str) -> Option<Quote> {
        let mut parts = token.split('|');
        let nos = parts.next()?.split(',').map(NoticeNo::new);
        Some(Quote {
            notice_nos: nos.collect::<Result<_, _>>().ok()?,
            total: Fen::new(parts.next()?.parse().ok()?),
            issued_at: parts.next()?.parse().ok()?,
            expires_at: parts.next()?.parse().ok()?,
        })
    }
}

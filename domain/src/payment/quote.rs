//! Quotes: what notices cost for a quarter of an hour, sealed so that nobody can change it.

use super::payable::{Payable, PayableError, order_end};
use super::{NoticeSnapshot, Refusal};
use crate::clock::Clock;
use crate::money::Fen;
use crate::notice::{NoticeBook, NoticeNo, PaymentItems};
use jiff::Timestamp;
use std::sync::Arc;

/// What a quote promises: these notices cost this much if they are paid before its end, also
/// past midnight, when another day of late fee would have begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What was asked for, in order of the numbers.
    pub notice_nos: Vec<NoticeNo>,
    /// With late fees as of `issued_at`.
    pub total: Fen,
    /// Its late fees are of this moment's Beijing day.
    pub issued_at: Timestamp,
    /// It holds until here.
    pub expires_at: Timestamp,
}

/// Makes a text of a quote that only the same key reads back, and no other text reads as.
pub trait QuoteSeal: Send + Sync {
    /// The token: ASCII without spaces, at most 2 KB for the longest quote.
    fn seal(&self, quote: &Quote) -> String;
    /// The quote of a token that this seal, or one of its predecessors, made. MUST be `None` for
    /// every other text, found out in constant time.
    fn open(&self, token: &str) -> Option<Quote>;
}

/// A quote with what a client shows.
#[derive(Debug, Clone)]
pub struct Quoted {
    /// The promise.
    pub quote: Quote,
    /// To send with `startPayment`.
    pub token: String,
    /// The notices as they stand, in order of their numbers.
    pub notices: Vec<NoticeSnapshot>,
}

/// Use case: what notices cost now, for a while.
pub struct MakeQuote {
    /// The gateway.
    pub notices: Arc<dyn NoticeBook>,
    /// The catalogue of items.
    pub items: Arc<PaymentItems>,
    /// What makes it binding.
    pub seal: Arc<dyn QuoteSeal>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl MakeQuote {
    /// # Errors
    /// [`PayableError`]: a refusal names the notice by its place in `notice_nos`.
    pub async fn run(&self, notice_nos: &[NoticeNo]) -> Result<Quoted, PayableError> {
        let now = self.clock.now();
        let payable =
            Payable { notices: self.notices.as_ref(), items: &self.items, now, late_fees_of: now };
        let notices = payable.load(notice_nos).await?;
        let total = Fen::sum(notices.iter().map(NoticeSnapshot::total));
        let total = total.or(Err(PayableError::Refused(Refusal::Notices)))?;
        let quote = Quote {
            notice_nos: notices.iter().map(|notice| notice.no.clone()).collect(),
            total,
            issued_at: now,
            expires_at: order_end(now, now, &notices),
        };
        Ok(Quoted { token: self.seal.seal(&quote), quote, notices })
    }
}

/// For how long a quote holds.
pub(super) const HOLD: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

//! Callbacks of rails: verified, stored and answered first; acted on afterwards.

use super::{
    Applied, ApplyError, ApplyRailReport, ApplyRefundReport, Evidence, Rail, RailNews,
    RefundApplied,
};
use crate::clock::Clock;
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A callback as it came in: header names in lower case, and the raw bytes.
#[derive(Debug, Clone)]
pub struct RailCallback {
    /// Name and value.
    pub headers: Vec<(String, String)>,
    /// As received; the signature is over these bytes.
    pub body: Vec<u8>,
}

/// Why a callback is not believed to be the rail's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CallbackRefused {
    /// A header or the envelope is missing or malformed.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// No key of this id is known.
    #[error("unknown key")]
    UnknownKey,
    /// Older or newer than the window allows.
    #[error("outside the time window")]
    Stale,
    /// The signature is not of these bytes by this key.
    #[error("bad signature")]
    BadSignature,
    /// The content cannot be decrypted.
    #[error("cannot be decrypted")]
    Undecryptable,
}

/// A verified callback, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCallback {
    /// The rail's id of the event, the same on every re-send. Where a rail has none, what tells
    /// this event from others of the order.
    pub event_id: String,
    /// When it came first.
    pub received_at: Timestamp,
    /// What it says.
    pub news: RailNews,
}

/// Reads callbacks of one rail.
#[async_trait]
pub trait RailCallbacks: Send + Sync {
    /// Which rail.
    fn rail(&self) -> Rail;
    /// Verifies over the raw bytes, checks the time window, decrypts. `None`: a genuine
    /// callback about something that is neither a payment's success nor a refund's end. May
    /// fetch the rail's keys, a bounded number of times, when it names one that is not known.
    ///
    /// # Errors
    /// [`CallbackRefused`]; nothing of the content may be believed.
    async fn read(
        &self,
        callback: &RailCallback,
        now: Timestamp,
    ) -> Result<Option<StoredCallback>, CallbackRefused>;
}

/// Was it there before?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// No.
    New,
    /// Yes; nothing to do.
    Seen,
    /// It is genuine, and none of our business.
    Ignored,
}

/// Callbacks that were verified.
#[async_trait]
pub trait CallbackInbox: Send + Sync {
    /// Keeps it. MUST answer [`Received::Seen`] when the same event with the same content is
    /// there, so that a re-send after our crash is kept and a forged twin hides nothing.
    async fn record(&self, callback: &StoredCallback, raw: &[u8]) -> Result<Received, StoreError>;
    /// Takes up to `limit` that wait, for nobody else before `until`; what came first is first.
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u16,
    ) -> Result<Vec<StoredCallback>, StoreError>;
    /// These have been acted on, each with an outcome for staff: none of them comes again.
    async fn finish(&self, done: &[(StoredCallback, String)]) -> Result<(), StoreError>;
}

/// Why a callback was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// It is not the rail's.
    #[error(transparent)]
    Refused(#[from] CallbackRefused),
    /// Not stored: the rail must send it again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Use case: take a callback in. The rail may be told "received" once this is `Ok`.
pub struct ReceiveCallback {
    /// Who can read it.
    pub reader: Arc<dyn RailCallbacks>,
    /// Where it is kept.
    pub inbox: Arc<dyn CallbackInbox>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl ReceiveCallback {
    /// # Errors
    /// [`ReceiveError`].
    pub async fn run(&self, callback: &RailCallback) -> Result<Received, ReceiveError> {
        match self.reader.read(callback, self.clock.now()).await? {
            Some(verified) => Ok(self.inbox.record(&verified, &callback.body).await?),
            None => Ok(Received::Ignored),
        }
    }
}

/// For how long a node keeps a callback before another may act on it.
const LEASE: SignedDuration = SignedDuration::from_secs(15);

/// What a callback did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acted {
    /// It told of money taken.
    Payment(Applied),
    /// It told of a refund.
    Refund(RefundApplied),
}

/// Use case: act on callbacks that were taken in.
pub struct ProcessCallbacks {
    /// Where they are kept.
    pub inbox: Arc<dyn CallbackInbox>,
    /// What acts on money taken.
    pub apply: Arc<ApplyRailReport>,
    /// What acts on refunds.
    pub apply_refund: Arc<ApplyRefundReport>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl ProcessCallbacks {
    /// Acts on up to `limit`; answers what became of each. One that cannot be judged yet stays
    /// and comes again when its lease is over. So do all of them after a crash: they are marked
    /// as done together at the end, and what was applied before is known then.
    ///
    /// # Errors
    /// When the store cannot say which wait, or cannot mark those that were done.
    pub async fn run_once(
        &self,
        limit: u16,
    ) -> Result<Vec<(StoredCallback, Result<Acted, ApplyError>)>, StoreError> {
        let now = self.clock.now();
        let (mut done, mut over) = (Vec::new(), Vec::new());
        for callback in self.inbox.lease(now, now + LEASE, limit).await? {
            let evidence = Evidence::Callback(callback.event_id.clone());
            let acted = match &callback.news {
                RailNews::Paid(report) => {
                    self.apply.run(report, &evidence).await.map(Acted::Payment)
                }
                RailNews::Refunded(report) => {
                    let applied = self.apply_refund.run(report, &evidence).await;
                    applied.map(Acted::Refund).map_err(ApplyError::from)
                }
            };
            match &acted {
                // News that overtook the payment's own stays, and is judged again.
                Ok(Acted::Refund(RefundApplied::TooEarly)) | Err(_) => {}
                Ok(acted) => over.push((callback.clone(), format!("{acted:?}"))),
            }
            done.push((callback, acted));
        }
        if !over.is_empty() {
            self.inbox.finish(&over).await?;
        }
        Ok(done)
    }
}

//! Notices as they stand at the gateway, if every one of them can be paid.

use super::quote::HOLD;
use super::{NoticeSnapshot, Payment, Refusal, SnapshotError};
use crate::notice::{NoticeBook, NoticeNo, NoticeStanding, PaymentItems};
use crate::outside::OutsideError;
use jiff::{SignedDuration, Timestamp};

/// No order lives shorter: rails silently grant a minute.
pub(super) const SHORTEST: SignedDuration = SignedDuration::from_mins(1);

/// Why notices cannot be paid together now.
#[derive(Debug, thiserror::Error)]
pub enum PayableError {
    /// Expected; the citizen can act on it.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The gateway could not be asked.
    #[error("the gateway did not answer")]
    Gateway(#[source] OutsideError),
}

impl From<Refusal> for PayableError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// One look at the gateway.
pub(super) struct Payable<'a> {
    /// The gateway.
    pub notices: &'a dyn NoticeBook,
    /// The catalogue of items.
    pub items: &'a PaymentItems,
    /// Deadlines are compared with this.
    pub now: Timestamp,
    /// Late fees are those of this moment's day.
    pub late_fees_of: Timestamp,
}

impl Payable<'_> {
    /// The notices in order of their numbers, with what they cost. All or none: the first that
    /// cannot be paid is named by its place in `asked`.
    pub async fn load(&self, asked: &[NoticeNo]) -> Result<Vec<NoticeSnapshot>, PayableError> {
        let mut sorted = asked.to_vec();
        sorted.sort();
        let twice = sorted.windows(2).any(|pair| pair[0] == pair[1]);
        if twice || !(1..=Payment::MAX_NOTICES).contains(&sorted.len()) {
            return Err(Refusal::Notices.into());
        }
        let mut snapshots = Vec::with_capacity(sorted.len());
        for no in &sorted {
            let index = asked.iter().position(|asked| asked == no).unwrap_or_default();
            snapshots.push(self.one(no, index).await?);
        }
        Ok(snapshots)
    }

    async fn one(&self, no: &NoticeNo, index: usize) -> Result<NoticeSnapshot, PayableError> {
        let found = self.notices.find(no).await.map_err(PayableError::Gateway)?;
        let notice = found.ok_or(Refusal::UnknownNotice(index))?;
        match notice.standing {
            NoticeStanding::Paid => return Err(Refusal::AlreadyPaid(index).into()),
            NoticeStanding::Withdrawn => return Err(Refusal::NotPayable(index).into()),
            NoticeStanding::Open if notice.expired(self.now + SHORTEST) => {
                return Err(Refusal::NotPayable(index).into());
            }
            NoticeStanding::Open => {}
        }
        match NoticeSnapshot::of(&notice, self.late_fees_of, self.items) {
            Ok(snapshot) => Ok(snapshot),
            Err(SnapshotError::UnknownItem(code)) => Err(Refusal::UnknownItem(index, code).into()),
            Err(SnapshotError::Overflow(_)) => Err(Refusal::NotPayable(index).into()),
        }
    }
}

/// The rail's order ends with the quote or the nearest deadline of a notice, whichever is
/// first, and lives a minute at least.
pub(super) fn order_end(
    now: Timestamp,
    quoted_at: Timestamp,
    notices: &[NoticeSnapshot],
) -> Timestamp {
    let deadline = notices.iter().filter_map(|notice| notice.expires_at).min();
    let quote = quoted_at + HOLD;
    let end = deadline.map_or(quote, |deadline| deadline.min(quote));
    end.max(now + SHORTEST)
}

#[cfg(test)]
#[path = "payable_tests.rs"]
mod tests;

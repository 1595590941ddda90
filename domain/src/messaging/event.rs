//! Something that a citizen should hear of.

use crate::ids::PersonId;
use jiff::Timestamp;
use std::fmt;

/// Something that a citizen should hear of. `Debug` tells the names of the facts only: their
/// values are personal.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageEvent {
    /// Unique: what happened, to which thing. A second event of that key is the first one again.
    pub key: EventKey,
    /// Whom to tell.
    pub person: PersonId,
    /// What kind of thing happened.
    pub kind: EventKind,
    /// Names and values for the words of the message; money as text with 元, times in Beijing's.
    pub facts: Vec<(String, String)>,
    /// When it happened.
    pub at: Timestamp,
}

impl fmt::Debug for MessageEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.facts.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("MessageEvent")
            .field("key", &self.key)
            .field("person", &self.person)
            .field("kind", &self.kind)
            .field("facts", &names)
            .field("at", &self.at)
            .finish()
    }
}

/// `payment:YW…:paid`: the kind of thing, its number, what happened to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(String);

/// Not 1 to 100 letters, digits, `_`, `-` and `:`.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("an event's key is 1 to 100 letters, digits, _, - and :")]
pub struct EventKeyInvalid;

impl EventKey {
    /// # Errors
    /// [`EventKeyInvalid`] as said there.
    pub fn new(text: &str) -> Result<Self, EventKeyInvalid> {
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':');
        let fits = (1..=100).contains(&text.len()) && text.bytes().all(known);
        if fits { Ok(Self(text.to_owned())) } else { Err(EventKeyInvalid) }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A payment succeeded.
    PaymentPaid,
    /// A booking was confirmed.
    BookingConfirmed,
    /// A booking was cancelled, by the citizen or by the department.
    BookingCancelled,
    /// An appointment is tomorrow.
    BookingReminder,
    /// A department has taken an application.
    CaseAccepted,
    /// A department asks for something more.
    CaseNeedsMaterials,
    /// A department has said yes.
    CaseApproved,
    /// A department has said no.
    CaseRejected,
    /// What was applied for is done.
    CaseDone,
    /// An application was taken back.
    CaseWithdrawn,
    /// Money came that is not what was asked for; nobody should pay again.
    PaymentUnderReview,
    /// A refund is with the citizen's bank.
    PaymentRefunded,
    /// A fiscal e-receipt was issued.
    ReceiptIssued,
    /// A certificate was issued.
    CertificateIssued,
    /// An application won a draw.
    LotteryWon,
    /// A department is late with a case, and was told so.
    CaseOverdue,
    /// A parcel is on its way.
    DeliverySent,
    /// A parcel arrived.
    DeliveryDelivered,
    /// A parcel came back, or is lost.
    DeliveryFailed,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::PaymentPaid,
        Self::BookingConfirmed,
        Self::BookingCancelled,
        Self::BookingReminder,
        Self::CaseAccepted,
        Self::CaseNeedsMaterials,
        Self::CaseApproved,
        Self::CaseRejected,
        Self::CaseDone,
        Self::CaseWithdrawn,
        Self::PaymentUnderReview,
        Self::PaymentRefunded,
        Self::ReceiptIssued,
        Self::CertificateIssued,
        Self::LotteryWon,
        Self::CaseOverdue,
        Self::DeliverySent,
        Self::DeliveryDelivered,
        Self::DeliveryFailed,
    ];

    /// The kind's word, in the database and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaymentPaid => "PAYMENT_PAID",
            Self::BookingConfirmed => "BOOKING_CONFIRMED",
            Self::BookingCancelled => "BOOKING_CANCELLED",
            Self::BookingReminder => "BOOKING_REMINDER",
            Self::CaseAccepted => "CASE_ACCEPTED",
            Self::CaseNeedsMaterials => "CASE_NEEDS_MATERIALS",
            Self::CaseApproved => "CASE_APPROVED",
            Self::CaseRejected => "CASE_REJECTED",
            Self::CaseDone => "CASE_DONE",
            Self::CaseWithdrawn => "CASE_WITHDRAWN",
            Self::PaymentUnderReview => "PAYMENT_UNDER_REVIEW",
            Self::PaymentRefunded => "PAYMENT_REFUNDED",
            Self::ReceiptIssued => "RECEIPT_ISSUED",
            Self::CertificateIssued => "CERTIFICATE_ISSUED",
            Self::LotteryWon => "LOTTERY_WON",
            Self::CaseOverdue => "CASE_OVERDUE",
            Self::DeliverySent => "DELIVERY_SENT",
            Self::DeliveryDelivered => "DELIVERY_DELIVERED",
            Self::DeliveryFailed => "DELIVERY_FAILED",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_words_and_numbers_between_colons() {
        for valid in ["payment:YW1-a_b:paid", "a", &"a".repeat(100)] {
            assert_eq!(EventKey::new(valid).unwrap().as_str(), valid);
        }
        for bad in ["", "a b", "张三", &"a".repeat(101)] {
            assert_eq!(EventKey::new(bad), Err(EventKeyInvalid), "{bad}");
        }
    }

    #[test]
    fn every_kind_is_found_by_its_word() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::parse("PAYMENT"), None);
    }
}

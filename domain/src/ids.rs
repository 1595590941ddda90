//! One typed id per kind of thing; opaque outside, never interchangeable.

use crate::clock::{IdSource, beijing_time};
use jiff::Timestamp;
use std::fmt;

/// The text cannot be an id of the named kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a {kind}")]
pub struct NotAnId {
    kind: &'static str,
}

/// Declares an id: a checked text of ASCII letters, digits, `_` and `-`.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $lengths:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// # Errors
            /// [`NotAnId`] when length or characters do not fit.
            pub fn new(text: &str) -> Result<Self, NotAnId> {
                let fits = $lengths.contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
                if fits { Ok(Self(text.to_owned())) } else { Err(NotAnId { kind: $kind }) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A citizen's or company's account, across all channels.
    PersonId, "person id", 1..=32
);
text_id!(
    /// One session of one device.
    SessionId, "session id", 1..=32
);
text_id!(
    /// Our number of one attempt to pay: the `out_trade_no` of the rails, 6 to 32 characters.
    PaymentNo, "payment number", 6..=32
);
text_id!(
    /// Our number of one refund: the `out_refund_no` of the rails, 6 to 32 characters.
    RefundNo, "refund number", 6..=32
);
text_id!(
    /// Our number of one booking.
    BookingNo, "booking number", 6..=32
);
text_id!(
    /// The number on a certificate.
    SerialNo, "serial number", 6..=32
);
text_id!(
    /// An uploaded file.
    FileId, "file id", 1..=32
);
text_id!(
    /// Our number of one submission of an app; departments get it as `request_no`.
    SubmissionNo, "submission number", 6..=32
);
text_id!(
    /// Our number of one mandate to act for somebody.
    MandateNo, "mandate number", 6..=32
);
text_id!(
    /// Our number of one thing that was done for somebody else; later ones are greater.
    ActNo, "act number", 6..=32
);
text_id!(
    /// Our number of one reading of a person's data; later ones are greater.
    ReadNo, "reading's number", 6..=32
);
text_id!(
    /// Our number of one case, 6 to 32 characters.
    CaseNo, "case number", 6..=32
);
text_id!(
    /// Our number of one proposal at the reconciliation desk; later ones are greater.
    ProposalNo, "proposal number", 6..=40
);
text_id!(
    /// One rating. Made at random, so that it tells neither the case nor the time.
    RatingNo, "rating number", 6..=32
);
text_id!(
    /// Our number of one delivery: the carrier's customer order number, 6 to 32 characters.
    DeliveryNo, "delivery number", 6..=32
);
text_id!(
    /// Made by the client before it sends; unique per person and mutation, kept for ever.
    IdempotencyKey, "idempotency key", 8..=64
);

/// Letters and digits that are hard to confuse when read out on the phone.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `length` (at most 32) random characters.
fn random_text(ids: &dyn IdSource, length: usize) -> String {
    let bytes = ids.random_bytes();
    bytes.iter().take(length).map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect()
}

impl PersonId {
    /// A new id, 20 characters of 5 random bits each.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(random_text(ids, 20))
    }
}

impl SessionId {
    /// A new id, 20 characters of 5 random bits each.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(random_text(ids, 20))
    }
}

impl SerialNo {
    /// `ZM` for 证明, the day in Beijing, 12 random characters: 22 on paper, and none follows
    /// from another.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        let day = beijing_time(now).strftime("%Y%m%d").to_string();
        Self(format!("ZM{day}{}", random_text(ids, 12)))
    }
}

impl FileId {
    /// A new id, 26 characters of 5 random bits each: nobody guesses one.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(random_text(ids, 26))
    }
}

impl IdempotencyKey {
    /// A key that nobody sent: for what is started here.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(random_text(ids, 32))
    }
}

impl BookingNo {
    /// Like [`PaymentNo::generate`], with `YY` for 预约.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        let time = beijing_time(now).strftime("%Y%m%d%H%M%S").to_string();
        Self(format!("YY{time}{}", random_text(ids, 12)))
    }
}

impl SubmissionNo {
    /// Like [`PaymentNo::generate`], with `YS` for 申.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        let time = beijing_time(now).strftime("%Y%m%d%H%M%S").to_string();
        Self(format!("YS{time}{}", random_text(ids, 12)))
    }
}

impl CaseNo {
    /// A new number, with `YJ` for 件.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        Self(in_order_of_time("YJ", now, ids))
    }
}

/// Beijing time to the microsecond, then 10 random characters: later ones are greater.
fn in_order_of_time(prefix: &str, now: Timestamp, ids: &dyn IdSource) -> String {
    let time = beijing_time(now).strftime("%Y%m%d%H%M%S%6f").to_string();
    format!("{prefix}{time}{}", random_text(ids, 10))
}

impl ProposalNo {
    /// A new number, with `TA` for 提案.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        Self(in_order_of_time("TA", now, ids))
    }
}

impl MandateNo {
    /// A new number, with `DB` for 代办.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        Self(in_order_of_time("DB", now, ids))
    }
}

impl ActNo {
    /// A new number.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        Self(in_order_of_time("A", now, ids))
    }
}

impl ReadNo {
    /// A new number.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        Self(in_order_of_time("R", now, ids))
    }
}

impl RatingNo {
    /// `PJ` for 评价 and 20 random characters.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(format!("PJ{}", random_text(ids, 20)))
    }
}

impl DeliveryNo {
    /// Like [`PaymentNo::generate`], with `YD` for 邮递.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        let time = beijing_time(now).strftime("%Y%m%d%H%M%S").to_string();
        Self(format!("YD{time}{}", random_text(ids, 12)))
    }
}

impl RefundNo {
    /// Like [`PaymentNo::generate`], with `YT` for 退.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        let time = beijing_time(now).strftime("%Y%m%d%H%M%S").to_string();
        Self(format!("YT{time}{}", random_text(ids, 12)))
    }
}

impl PaymentNo {
    /// `YW`, Beijing time to the second, 12 random characters: unique without asking anybody,
    /// in order of time, and 28 long, which every rail accepts.
    pub fn generate(now: Timestamp, ids: &dyn IdSource) -> Self {
        let time = beijing_time(now).strftime("%Y%m%d%H%M%S").to_string();
        Self(format!("YW{time}{}", random_text(ids, 12)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Same;
    impl IdSource for Same {
        fn random_bytes(&self) -> [u8; 32] {
            [33; 32]
        }
    }

    #[test]
    fn payment_numbers_fit_every_rail_and_sort_by_time() {
        let no = PaymentNo::generate("2026-03-02T02:15:31Z".parse().unwrap(), &Same);
        assert_eq!(no.as_str(), "YW20260302101531111111111111");
        assert_eq!(PaymentNo::new(no.as_str()), Ok(no));
    }

    #[test]
    fn ids_refuse_other_lengths_and_characters() {
        for bad in ["", "12345", "a b c d e f", "1234567;", &"1".repeat(33)] {
            assert!(PaymentNo::new(bad).is_err(), "{bad}");
        }
        assert!(IdempotencyKey::new(&"k".repeat(64)).is_ok());
        assert!(IdempotencyKey::new(&"k".repeat(65)).is_err());
        assert!(IdempotencyKey::new("7-chars").is_err());
    }
}

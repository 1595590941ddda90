//! Ids that carry their kind, opaque to clients.

use async_graphql::ID;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Kinds of things that `node(id:)` finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A category of apps.
    Category,
    /// An app.
    App,
    /// A region.
    Region,
    /// A person.
    Person,
    /// A notice.
    Notice,
    /// A payment.
    Payment,
    /// A refund.
    Refund,
    /// A receipt.
    Receipt,
    /// A session.
    Session,
    /// A booking.
    Booking,
    /// A case.
    Case,
    /// A draft.
    Draft,
    /// A mandate.
    Mandate,
    /// A message.
    Message,
    /// An uploaded file.
    File,
    /// A certificate.
    Certificate,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::Category,
        Self::App,
        Self::Region,
        Self::Person,
        Self::Notice,
        Self::Payment,
        Self::Refund,
        Self::Receipt,
        Self::Session,
        Self::Booking,
        Self::Case,
        Self::Draft,
        Self::Mandate,
        Self::Message,
        Self::File,
        Self::Certificate,
    ];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Category => "cat",
            Self::App => "app",
            Self::Region => "reg",
            Self::Person => "per",
            Self::Notice => "not",
            Self::Payment => "pay",
            Self::Refund => "rfd",
            Self::Receipt => "rcp",
            Self::Session => "ses",
            Self::Booking => "bkg",
            Self::Case => "cas",
            Self::Draft => "dra",
            Self::Mandate => "mdt",
            Self::Message => "msg",
            Self::File => "fil",
            Self::Certificate => "crt",
        }
    }

    /// The kind whose keys begin so.
    pub fn of_prefix(prefix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.prefix() == prefix)
    }

    /// The opaque id of the thing that is `key` among its kind.
    pub fn id(self, key: &str) -> ID {
        ID(URL_SAFE_NO_PAD.encode(format!("{}:{key}", self.prefix())))
    }

    /// Kind and key of an id that we made; `None` for any other text.
    pub fn read(id: &ID) -> Option<(Self, String)> {
        if id.len() > 200 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (prefix, key) = text.split_once(':')?;
        Some((Self::of_prefix(prefix)?, key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_and_foreign_texts_are_none() {
        for kind in Kind::ALL {
            assert_eq!(Kind::read(&kind.id("浙A:1")), Some((kind, "浙A:1".to_owned())));
        }
        for bad in ["", "x", "bm90aGluZw", &"A".repeat(201)] {
            assert_eq!(Kind::read(&ID(bad.to_owned())), None, "{bad}");
        }
    }
}

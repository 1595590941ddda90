//! The ways to tell a citizen something outside this service, and which of them a citizen wishes.

use super::EventKind;
use std::collections::BTreeMap;

/// A way to a citizen, the cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageChannel {
    /// A subscription message of the WeChat mini-program; costs nothing, needs a grant for each.
    WeChat,
    /// A template message of the Alipay mini-program; costs nothing, needs a grant or a trade.
    Alipay,
    /// A notification of the native app.
    Push,
    /// A text message; every one is paid for.
    Sms,
}

impl MessageChannel {
    /// Every channel, in order of what a message costs.
    pub const BY_COST: [Self; 4] = [Self::WeChat, Self::Alipay, Self::Push, Self::Sms];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WeChat => "WECHAT",
            Self::Alipay => "ALIPAY",
            Self::Push => "PUSH",
            Self::Sms => "SMS",
        }
    }

    /// The channel whose [`MessageChannel::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::BY_COST.into_iter().find(|channel| channel.code() == code)
    }
}

/// What a citizen chooses channels for: kinds of events that are alike to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageGroup {
    /// Payments, refunds and receipts.
    Money,
    /// Cases: accepted, asked for more, decided.
    Cases,
    /// Bookings: confirmed, reminded, cancelled.
    Bookings,
    /// Certificates and documents.
    Certificates,
}

impl MessageGroup {
    /// Every group.
    pub const ALL: [Self; 4] = [Self::Money, Self::Cases, Self::Bookings, Self::Certificates];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Money => "MONEY",
            Self::Cases => "CASES",
            Self::Bookings => "BOOKINGS",
            Self::Certificates => "CERTIFICATES",
        }
    }

    /// The group whose [`MessageGroup::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.code() == code)
    }
}

impl EventKind {
    /// What the citizen chooses its channels with.
    pub const fn group(self) -> MessageGroup {
        match self {
            Self::PaymentPaid
            | Self::PaymentUnderReview
            | Self::PaymentRefunded
            | Self::ReceiptIssued => MessageGroup::Money,
            Self::CertificateIssued => MessageGroup::Certificates,
            Self::BookingConfirmed | Self::BookingCancelled | Self::BookingReminder => {
                MessageGroup::Bookings
            }
            Self::CaseAccepted
            | Self::CaseNeedsMaterials
            | Self::CaseApproved
            | Self::CaseRejected
            | Self::CaseDone
            | Self::CaseWithdrawn
            | Self::LotteryWon
            | Self::CaseOverdue
            | Self::DeliverySent
            | Self::DeliveryDelivered
            | Self::DeliveryFailed => MessageGroup::Cases,
        }
    }
}

/// Which channels a citizen wants, by group. Who never chose takes whatever is cheapest; who
/// chose none reads in the app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes(BTreeMap<MessageGroup, Vec<MessageChannel>>);

impl Wishes {
    /// What was chosen; groups that are not there were never spoken of.
    pub fn new(chosen: impl IntoIterator<Item = (MessageGroup, Vec<MessageChannel>)>) -> Self {
        Self(chosen.into_iter().collect())
    }

    /// The channels for a group.
    pub fn of(&self, group: MessageGroup) -> &[MessageChannel] {
        self.0.get(&group).map_or(&MessageChannel::BY_COST, Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_columns_are_read_back() {
        for channel in MessageChannel::BY_COST {
            assert_eq!(MessageChannel::from_code(channel.code()), Some(channel));
        }
        for group in MessageGroup::ALL {
            assert_eq!(MessageGroup::from_code(group.code()), Some(group));
        }
        assert_eq!(MessageChannel::from_code("FAX"), None);
        assert_eq!(MessageGroup::from_code(""), None);
    }

    #[test]
    fn who_never_chose_takes_all_and_who_chose_none_takes_none() {
        let wishes = Wishes::new([(MessageGroup::Money, vec![])]);
        assert_eq!(wishes.of(MessageGroup::Money), []);
        assert_eq!(wishes.of(MessageGroup::Cases), MessageChannel::BY_COST);
    }

    #[test]
    fn channels_stand_in_the_order_of_their_cost() {
        assert!(MessageChannel::BY_COST.is_sorted());
        assert_eq!(MessageChannel::BY_COST.last(), Some(&MessageChannel::Sms));
    }
}

//! The state machine of one payment. The table of its test is printed in docs/payments.md.

use super::RailTxn;
use crate::money::PayableFen;
use jiff::Timestamp;

/// Money that a rail has taken for a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// The rail's number of it.
    pub txn: RailTxn,
    /// How much.
    pub amount: PayableFen,
    /// When, by the rail's clock: it decides the accounting day.
    pub at: Timestamp,
}

/// Whether a refund gives back honoured money or money that was never honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundOrigin {
    /// From `Paid`: the notice stays taken until all is back.
    Paid,
    /// From `RefundDue`: the notice never was taken by this money.
    RefundDue,
}

/// Where a payment stands. Each variant holds exactly what is known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentState {
    /// Stored and sent, or the rail has the order and waits for the citizen.
    Submitted,
    /// We asked and have no usable answer.
    Unknown,
    /// Money arrived, but not the amount that was asked: it goes back once two persons agree.
    UnderReview(Money),
    /// The amount that was asked has arrived and counts.
    Paid(Money),
    /// The rail confirmed that nothing was and nothing can be paid.
    Closed,
    /// Money that must go back.
    RefundDue(Money),
    /// A refund is on its way.
    Refunding(Money, RefundOrigin),
    /// Some of it is back.
    PartiallyRefunded(Money, RefundOrigin),
    /// All of it is back.
    Refunded(Money, RefundOrigin),
}

/// What can happen to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentEvent {
    /// The rail has the order, and the citizen has not paid.
    Wait,
    /// We asked and have no usable answer.
    Silence,
    /// The rail took exactly the amount that was asked.
    Confirm(Money),
    /// The rail took another amount, and says so when it is asked again.
    ConfirmOther(Money),
    /// Late money for a closed payment whose notices are still payable for exactly this amount.
    HonourLate(Money),
    /// The rail's word that nothing was and nothing can be paid. Our clock alone never closes.
    Close,
    /// Two persons decided that money under review goes back.
    GiveBack,
    /// A refund was sent.
    StartRefund,
    /// The rail gave back a part.
    RefundPart,
    /// The rail gave back the rest.
    RefundRest,
    /// The rail gave up the only refund that was under way, and nothing is back.
    StopRefund,
}

/// The machine has no such edge; nothing was changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a payment in {from:?} refuses {event:?}")]
pub struct TransitionRefused {
    /// Where the payment stays.
    pub from: PaymentState,
    /// What came.
    pub event: PaymentEvent,
}

impl PaymentState {
    /// The only way to change state. A repeated event is `Ok` and changes nothing.
    ///
    /// # Errors
    /// [`TransitionRefused`] names both when the machine has no such edge.
    pub fn apply(self, event: PaymentEvent) -> Result<Self, TransitionRefused> {
        use {PaymentEvent as E, PaymentState as S};
        match (self, event) {
            (S::Submitted | S::Unknown, E::Wait) => Ok(S::Submitted),
            (S::Submitted | S::Unknown, E::Silence) => Ok(S::Unknown),
            (S::Submitted | S::Unknown, E::Confirm(money)) => Ok(S::Paid(money)),
            (S::Submitted | S::Unknown, E::ConfirmOther(money)) => Ok(S::UnderReview(money)),
            (S::Submitted | S::Unknown | S::Closed, E::Close) => Ok(S::Closed),
            (S::Closed, E::HonourLate(money)) => Ok(S::Paid(money)),
            (S::Closed, E::Confirm(money) | E::ConfirmOther(money))
            | (S::UnderReview(money) | S::RefundDue(money), E::GiveBack) => Ok(S::RefundDue(money)),
            (S::Paid(money), E::StartRefund) => Ok(S::Refunding(money, RefundOrigin::Paid)),
            (S::RefundDue(money), E::StartRefund) => {
                Ok(S::Refunding(money, RefundOrigin::RefundDue))
            }
            (S::PartiallyRefunded(money, origin), E::StartRefund) => {
                Ok(S::Refunding(money, origin))
            }
            (S::Refunding(money, origin), E::RefundPart) => Ok(S::PartiallyRefunded(money, origin)),
            (S::Refunding(money, origin), E::RefundRest) => Ok(S::Refunded(money, origin)),
            (S::Refunding(money, RefundOrigin::Paid), E::StopRefund) => Ok(S::Paid(money)),
            (S::Refunding(money, RefundOrigin::RefundDue), E::StopRefund) => {
                Ok(S::RefundDue(money))
            }
            (same @ S::Refunding(..), E::StartRefund)
            | (same @ S::PartiallyRefunded(..), E::RefundPart)
            | (same @ S::Refunded(..), E::RefundRest) => Ok(same),
            (same, event) if same.knows(&event) => Ok(same),
            (from, event) => Err(TransitionRefused { from, event }),
        }
    }

    /// Does this event tell again of the money that is already here?
    fn knows(&self, event: &PaymentEvent) -> bool {
        let told = match event {
            PaymentEvent::Confirm(money)
            | PaymentEvent::ConfirmOther(money)
            | PaymentEvent::HonourLate(money) => money,
            PaymentEvent::Wait
            | PaymentEvent::Silence
            | PaymentEvent::Close
            | PaymentEvent::GiveBack
            | PaymentEvent::StartRefund
            | PaymentEvent::RefundPart
            | PaymentEvent::RefundRest
            | PaymentEvent::StopRefund => return false,
        };
        self.money().is_some_and(|known| known.txn == told.txn && known.amount == told.amount)
    }

    /// The money that has arrived, whatever became of it.
    pub fn money(&self) -> Option<&Money> {
        match self {
            Self::Submitted | Self::Unknown | Self::Closed => None,
            Self::UnderReview(money)
            | Self::Paid(money)
            | Self::RefundDue(money)
            | Self::Refunding(money, _)
            | Self::PartiallyRefunded(money, _)
            | Self::Refunded(money, _) => Some(money),
        }
    }

    /// Does this payment keep its notices from being paid by another one?
    pub fn holds_notices(&self) -> bool {
        match self {
            Self::Submitted | Self::Unknown | Self::UnderReview(_) | Self::Paid(_) => true,
            Self::Refunding(_, origin) | Self::PartiallyRefunded(_, origin) => {
                *origin == RefundOrigin::Paid
            }
            Self::Closed | Self::RefundDue(_) | Self::Refunded(..) => false,
        }
    }

    /// Must somebody still ask the rail?
    pub fn is_unsettled(&self) -> bool {
        matches!(self, Self::Submitted | Self::Unknown)
    }

    /// The state without its data.
    pub fn status(&self) -> PaymentStatus {
        match self {
            Self::Submitted => PaymentStatus::Submitted,
            Self::Unknown => PaymentStatus::Unknown,
            Self::UnderReview(_) => PaymentStatus::UnderReview,
            Self::Paid(_) => PaymentStatus::Paid,
            Self::Closed => PaymentStatus::Closed,
            Self::RefundDue(_) => PaymentStatus::RefundDue,
            Self::Refunding(..) => PaymentStatus::Refunding,
            Self::PartiallyRefunded(..) => PaymentStatus::PartiallyRefunded,
            Self::Refunded(..) => PaymentStatus::Refunded,
        }
    }
}

/// The states by name, for columns and clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// See [`PaymentState::Submitted`].
    Submitted,
    /// See [`PaymentState::Unknown`].
    Unknown,
    /// See [`PaymentState::UnderReview`].
    UnderReview,
    /// See [`PaymentState::Paid`].
    Paid,
    /// See [`PaymentState::Closed`].
    Closed,
    /// See [`PaymentState::RefundDue`].
    RefundDue,
    /// See [`PaymentState::Refunding`].
    Refunding,
    /// See [`PaymentState::PartiallyRefunded`].
    PartiallyRefunded,
    /// See [`PaymentState::Refunded`].
    Refunded,
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Unknown,
        Self::UnderReview,
        Self::Paid,
        Self::Closed,
        Self::RefundDue,
        Self::Refunding,
        Self::PartiallyRefunded,
        Self::Refunded,
    ];

    /// The word of the contract and of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Unknown => "UNKNOWN",
            Self::UnderReview => "UNDER_REVIEW",
            Self::Paid => "PAID",
            Self::Closed => "CLOSED",
            Self::RefundDue => "REFUND_DUE",
            Self::Refunding => "REFUNDING",
            Self::PartiallyRefunded => "PARTIALLY_REFUNDED",
            Self::Refunded => "REFUNDED",
        }
    }

    /// The status whose [`PaymentStatus::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in docs/payments.md: rows are states, columns events, cells what follows.
    const TABLE: &str = include_str!("state_table.txt");

    fn money(txn: &str) -> Money {
        let at = Timestamp::UNIX_EPOCH;
        Money { txn: RailTxn::new(txn).unwrap(), amount: PayableFen::new(100).unwrap(), at }
    }

    fn states() -> Vec<(&'static str, PaymentState)> {
        use PaymentState as S;
        use RefundOrigin::{Paid, RefundDue};
        vec![
            ("Submitted", S::Submitted),
            ("Unknown", S::Unknown),
            ("UnderReview", S::UnderReview(money("T1"))),
            ("Paid", S::Paid(money("T1"))),
            ("Closed", S::Closed),
            ("RefundDue", S::RefundDue(money("T1"))),
            ("Refunding/Paid", S::Refunding(money("T1"), Paid)),
            ("Refunding/Due", S::Refunding(money("T1"), RefundDue)),
            ("Partial/Paid", S::PartiallyRefunded(money("T1"), Paid)),
            ("Partial/Due", S::PartiallyRefunded(money("T1"), RefundDue)),
            ("Refunded/Paid", S::Refunded(money("T1"), Paid)),
            ("Refunded/Due", S::Refunded(money("T1"), RefundDue)),
        ]
    }

    fn events() -> Vec<(&'static str, PaymentEvent)> {
        use PaymentEvent as E;
        vec![
            ("Wait", E::Wait),
            ("Silence", E::Silence),
            ("Confirm", E::Confirm(money("T1"))),
            ("ConfirmAgain2", E::Confirm(money("T2"))),
            ("ConfirmOther", E::ConfirmOther(money("T2"))),
            ("HonourLate", E::HonourLate(money("T1"))),
            ("Close", E::Close),
            ("GiveBack", E::GiveBack),
            ("StartRefund", E::StartRefund),
            ("RefundPart", E::RefundPart),
            ("RefundRest", E::RefundRest),
            ("StopRefund", E::StopRefund),
        ]
    }

    /// Exhaustive: a new state cannot hide from the table.
    fn name(state: &PaymentState) -> &'static str {
        use PaymentState as S;
        use RefundOrigin::{Paid, RefundDue};
        match state {
            S::Submitted => "Submitted",
            S::Unknown => "Unknown",
            S::UnderReview(_) => "UnderReview",
            S::Paid(_) => "Paid",
            S::Closed => "Closed",
            S::RefundDue(_) => "RefundDue",
            S::Refunding(_, Paid) => "Refunding/Paid",
            S::Refunding(_, RefundDue) => "Refunding/Due",
            S::PartiallyRefunded(_, Paid) => "Partial/Paid",
            S::PartiallyRefunded(_, RefundDue) => "Partial/Due",
            S::Refunded(_, Paid) => "Refunded/Paid",
            S::Refunded(_, RefundDue) => "Refunded/Due",
        }
    }

    #[test]
    fn every_state_answers_every_event() {
        let mut rows = TABLE.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let columns = rows.next().unwrap();
        let event_names: Vec<_> = events().iter().map(|(name, _)| *name).collect();
        assert_eq!(columns[1..], event_names, "the table has every event, in order");
        let mut seen = 0;
        for (row, (state_name, state)) in rows.zip(states()) {
            assert_eq!(row[0], state_name, "the table has every state, in order");
            assert_eq!(name(&state), state_name);
            assert_eq!(row.len(), columns.len(), "row {state_name}");
            for ((event_name, event), expected) in events().into_iter().zip(&row[1..]) {
                let got = state.clone().apply(event);
                let got = got.as_ref().map_or("-", name);
                assert_eq!(got, *expected, "{state_name} on {event_name}");
            }
            seen += 1;
        }
        assert_eq!(seen, states().len());
    }

    #[test]
    fn money_once_confirmed_is_never_replaced() {
        for (_, state) in states() {
            let Some(before) = state.money().cloned() else { continue };
            for (event_name, event) in events() {
                if let Ok(after) = state.clone().apply(event) {
                    assert_eq!(after.money(), Some(&before), "{event_name} on {state:?}");
                }
            }
        }
    }

    #[test]
    fn the_same_transaction_with_another_amount_is_not_the_same_money() {
        let less = Money { amount: PayableFen::new(99).unwrap(), ..money("T1") };
        for event in [PaymentEvent::Confirm(less.clone()), PaymentEvent::ConfirmOther(less)] {
            assert!(PaymentState::Paid(money("T1")).apply(event.clone()).is_err(), "{event:?}");
        }
    }

    #[test]
    fn the_rail_is_asked_until_it_says_what_became_of_the_order() {
        let asked = states().into_iter().filter(|(_, state)| state.is_unsettled());
        assert_eq!(asked.map(|(name, _)| name).collect::<Vec<_>>(), ["Submitted", "Unknown"]);
    }

    #[test]
    fn statuses_survive_their_columns() {
        for status in PaymentStatus::ALL {
            assert_eq!(PaymentStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(PaymentStatus::from_code("DONE"), None);
    }

    #[test]
    fn only_honoured_or_open_payments_hold_their_notices() {
        let holding: Vec<_> =
            states().iter().filter(|(_, s)| s.holds_notices()).map(|(name, _)| *name).collect();
        let expected =
            ["Submitted", "Unknown", "UnderReview", "Paid", "Refunding/Paid", "Partial/Paid"];
        assert_eq!(holding, expected);
    }
}

//! The state machine of one refund. The table of its test is printed in docs/payments.md.

use crate::payment::RailTxn;
use jiff::Timestamp;

/// Where a refund stands. Each variant holds exactly what is known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundState {
    /// Asked for; somebody must check it.
    Requested,
    /// Checked; finance must approve it, at each level.
    AgencyChecked,
    /// The money may leave.
    Approved,
    /// Refused; nothing leaves.
    Rejected,
    /// Sent, or about to be: the rail is asked until it says what became of it.
    Submitted,
    /// We asked and have no usable answer.
    Unknown,
    /// The payer's account is gone: the money waits at the rail for another account.
    NeedsAccount,
    /// The money is back.
    Done {
        /// The rail's number of the refund, where it has one.
        txn: Option<RailTxn>,
        /// By the rail's clock.
        at: Timestamp,
    },
    /// The rail gave it up for good: this number never gives anything back.
    Failed {
        /// The rail's code.
        code: String,
    },
}

/// What can happen to a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundEvent {
    /// The first of the two persons agreed.
    Check,
    /// The last of those who must approve did.
    Approve,
    /// Somebody refused.
    Reject,
    /// It is sent now; repeated when the rail never got it.
    Send,
    /// The rail works on it.
    Wait,
    /// We asked and have no usable answer.
    Silence,
    /// The rail cannot reach the payer's account.
    NeedAccount,
    /// Two persons named another account.
    Redirect,
    /// The money is back.
    Finish {
        /// The rail's number, where it has one.
        txn: Option<RailTxn>,
        /// By the rail's clock.
        at: Timestamp,
    },
    /// The rail gave it up.
    Fail {
        /// The rail's code.
        code: String,
    },
}

/// The machine has no such edge; nothing was changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a refund in {from:?} refuses {event:?}")]
pub struct RefundTransitionRefused {
    /// Where the refund stays.
    pub from: RefundState,
    /// What came.
    pub event: RefundEvent,
}

impl RefundState {
    /// The only way to change state. A repeated event is `Ok` and changes nothing, and so is
    /// old news of a rail about a refund that has ended since.
    ///
    /// # Errors
    /// [`RefundTransitionRefused`] names both when the machine has no such edge.
    pub fn apply(self, event: RefundEvent) -> Result<Self, RefundTransitionRefused> {
        use {RefundEvent as E, RefundState as S};
        match (self, event) {
            (S::Requested | S::AgencyChecked, E::Check) => Ok(S::AgencyChecked),
            (S::AgencyChecked | S::Approved, E::Approve) => Ok(S::Approved),
            (S::Requested | S::AgencyChecked | S::Approved | S::Rejected, E::Reject) => {
                Ok(S::Rejected)
            }
            (S::Approved | S::Submitted | S::Unknown, E::Send) => Ok(S::Submitted),
            (S::Submitted | S::Unknown | S::NeedsAccount, E::Wait) => Ok(S::Submitted),
            (S::Submitted | S::Unknown, E::Silence) => Ok(S::Unknown),
            (S::NeedsAccount, E::Silence) => Ok(S::NeedsAccount),
            (S::Submitted | S::Unknown | S::NeedsAccount, E::NeedAccount) => Ok(S::NeedsAccount),
            (S::NeedsAccount, E::Redirect) => Ok(S::Submitted),
            (S::Submitted | S::Unknown | S::NeedsAccount, E::Finish { txn, at }) => {
                Ok(S::Done { txn, at })
            }
            (S::Submitted | S::Unknown | S::NeedsAccount, E::Fail { code }) => {
                Ok(S::Failed { code })
            }
            (same @ (S::Done { .. } | S::Failed { .. }), E::Wait | E::Silence | E::NeedAccount)
            | (same @ S::Done { .. }, E::Finish { .. })
            | (same @ S::Failed { .. }, E::Fail { .. }) => Ok(same),
            (from, event) => Err(RefundTransitionRefused { from, event }),
        }
    }

    /// Does it take from what can still be given back?
    pub const fn reserves(&self) -> bool {
        !matches!(self, Self::Rejected | Self::Failed { .. })
    }

    /// May money be under way, so that the rail must be asked?
    pub const fn is_at_rail(&self) -> bool {
        matches!(self, Self::Submitted | Self::Unknown | Self::NeedsAccount)
    }

    /// The state without its data.
    pub const fn status(&self) -> RefundStatus {
        match self {
            Self::Requested => RefundStatus::Requested,
            Self::AgencyChecked => RefundStatus::AgencyChecked,
            Self::Approved => RefundStatus::Approved,
            Self::Rejected => RefundStatus::Rejected,
            Self::Submitted => RefundStatus::Submitted,
            Self::Unknown => RefundStatus::Unknown,
            Self::NeedsAccount => RefundStatus::NeedsAccount,
            Self::Done { .. } => RefundStatus::Done,
            Self::Failed { .. } => RefundStatus::Failed,
        }
    }
}

/// The states by name, for columns and clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundStatus {
    /// See [`RefundState::Requested`].
    Requested,
    /// See [`RefundState::AgencyChecked`].
    AgencyChecked,
    /// See [`RefundState::Approved`].
    Approved,
    /// See [`RefundState::Rejected`].
    Rejected,
    /// See [`RefundState::Submitted`].
    Submitted,
    /// See [`RefundState::Unknown`].
    Unknown,
    /// See [`RefundState::NeedsAccount`].
    NeedsAccount,
    /// See [`RefundState::Done`].
    Done,
    /// See [`RefundState::Failed`].
    Failed,
}

impl RefundStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Requested,
        Self::AgencyChecked,
        Self::Approved,
        Self::Rejected,
        Self::Submitted,
        Self::Unknown,
        Self::NeedsAccount,
        Self::Done,
        Self::Failed,
    ];

    /// The word of the contract and of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::AgencyChecked => "AGENCY_CHECKED",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Submitted => "SUBMITTED",
            Self::Unknown => "UNKNOWN",
            Self::NeedsAccount => "NEEDS_ACCOUNT",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
        }
    }

    /// The status whose [`RefundStatus::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in docs/payments.md: rows are states, columns events, cells what follows.
    const TABLE: &str = include_str!("state_table.txt");

    fn states() -> Vec<RefundState> {
        use RefundState as S;
        let at = Timestamp::UNIX_EPOCH;
        vec![
            S::Requested,
            S::AgencyChecked,
            S::Approved,
            S::Rejected,
            S::Submitted,
            S::Unknown,
            S::NeedsAccount,
            S::Done { txn: None, at },
            S::Failed { code: "X".to_owned() },
        ]
    }

    fn events() -> Vec<(&'static str, RefundEvent)> {
        use RefundEvent as E;
        vec![
            ("Check", E::Check),
            ("Approve", E::Approve),
            ("Reject", E::Reject),
            ("Send", E::Send),
            ("Wait", E::Wait),
            ("Silence", E::Silence),
            ("NeedAccount", E::NeedAccount),
            ("Redirect", E::Redirect),
            ("Finish", E::Finish { txn: None, at: Timestamp::UNIX_EPOCH }),
            ("Fail", E::Fail { code: "X".to_owned() }),
        ]
    }

    #[test]
    fn every_state_answers_every_event() {
        let mut rows = TABLE.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let columns = rows.next().unwrap();
        let event_names: Vec<_> = events().iter().map(|(name, _)| *name).collect();
        assert_eq!(columns[1..], event_names, "the table has every event, in order");
        let mut seen = 0;
        for ((row, state), status) in rows.zip(states()).zip(RefundStatus::ALL) {
            assert_eq!(state.status(), status, "every state is tried, in order");
            assert_eq!(row[0], status.code(), "the table has every state, in order");
            assert_eq!(row.len(), columns.len(), "row {}", row[0]);
            for ((event_name, event), expected) in events().into_iter().zip(&row[1..]) {
                let got = state.clone().apply(event);
                let got = got.as_ref().map_or("-", |next| next.status().code());
                assert_eq!(got, *expected, "{} on {event_name}", row[0]);
            }
            seen += 1;
        }
        assert_eq!(seen, RefundStatus::ALL.len());
    }

    #[test]
    fn what_has_ended_never_moves_again() {
        for state in states().into_iter().filter(|s| !s.is_at_rail()) {
            let ended = matches!(
                state.status(),
                RefundStatus::Rejected | RefundStatus::Done | RefundStatus::Failed
            );
            for (_, event) in events().into_iter().filter(|_| ended) {
                if let Ok(after) = state.clone().apply(event) {
                    assert_eq!(after, state);
                }
            }
        }
    }

    #[test]
    fn statuses_survive_their_columns() {
        for status in RefundStatus::ALL {
            assert_eq!(RefundStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(RefundStatus::from_code("PAID"), None);
    }
}

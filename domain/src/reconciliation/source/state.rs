//! Where a file stands, from the hour at which it must be there to the day on which another takes
//! its place.

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceState {
    /// It must come and need not be here yet.
    Expected,
    /// It should be here.
    Late,
    /// Whoever makes it says that there was nothing on that day.
    Nothing,
    /// Here and kept; nothing of it is believed.
    Received,
    /// It is what was sent: its hash, encoding and envelope agree.
    Verified,
    /// Read, of that day and owner, and its totals add up. One that would take the place of another on
    /// a day that is closed waits here for two persons.
    Parsed,
    /// In use, but for lines that could not be read and wait for somebody.
    Quarantined,
    /// In use, whole.
    Accepted,
    /// It cannot be trusted; kept as evidence.
    Refused,
    /// A newer file of the same source and day took its place.
    Superseded,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceEvent {
    /// Its hour passed.
    FallDue,
    /// Its maker says that there was nothing.
    SayNothing,
    /// It came.
    Arrive,
    /// Its hash and envelope agree.
    Verify,
    /// It was read.
    Parse,
    /// It is used; some lines are set aside.
    SetAside,
    /// It is used, and no line waits.
    Accept,
    /// It cannot be trusted.
    Refuse,
    /// Another took its place.
    Supersede,
}

/// The table has no such step.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a file that is {from:?} cannot {event:?}")]
pub struct SourceStep {
    from: SourceState,
    event: SourceEvent,
}

impl SourceState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Expected,
        Self::Late,
        Self::Nothing,
        Self::Received,
        Self::Verified,
        Self::Parsed,
        Self::Quarantined,
        Self::Accepted,
        Self::Refused,
        Self::Superseded,
    ];

    /// The word of columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expected => "EXPECTED",
            Self::Late => "LATE",
            Self::Nothing => "NOTHING",
            Self::Received => "RECEIVED",
            Self::Verified => "VERIFIED",
            Self::Parsed => "PARSED",
            Self::Quarantined => "QUARANTINED",
            Self::Accepted => "ACCEPTED",
            Self::Refused => "REFUSED",
            Self::Superseded => "SUPERSEDED",
        }
    }

    /// The state whose [`SourceState::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// What staff call it.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Expected => "待收",
            Self::Late => "迟到",
            Self::Nothing => "当日无数据",
            Self::Received => "已收",
            Self::Verified => "已验",
            Self::Parsed => "已解析",
            Self::Quarantined => "有隔离行",
            Self::Accepted => "已采用",
            Self::Refused => "不可用",
            Self::Superseded => "已被替换",
        }
    }

    /// Does the day's reconciliation use a file that stands so?
    pub const fn is_used(self) -> bool {
        matches!(self, Self::Quarantined | Self::Accepted)
    }

    /// The only way to another state. What has happened already is `Ok` and changes nothing.
    ///
    /// # Errors
    /// [`SourceStep`] where the table has none.
    pub fn apply(self, event: SourceEvent) -> Result<Self, SourceStep> {
        use {SourceEvent as E, SourceState as S};
        match (self, event) {
            (S::Expected | S::Late, E::FallDue) => Ok(S::Late),
            (S::Expected | S::Late | S::Nothing, E::SayNothing) => Ok(S::Nothing),
            (S::Expected | S::Late | S::Nothing, E::Arrive) => Ok(S::Received),
            (S::Received, E::Verify) => Ok(S::Verified),
            (S::Verified, E::Parse) => Ok(S::Parsed),
            (S::Parsed | S::Quarantined, E::SetAside) => Ok(S::Quarantined),
            (S::Parsed | S::Quarantined | S::Accepted, E::Accept) => Ok(S::Accepted),
            (S::Received | S::Verified | S::Refused, E::Refuse) => Ok(S::Refused),
            (S::Parsed | S::Quarantined | S::Accepted | S::Superseded, E::Supersede) => {
                Ok(S::Superseded)
            }
            (from, event) => Err(SourceStep { from, event }),
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;

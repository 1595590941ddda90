//! Where a case stands, and what may become of it.

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseState {
    /// Stored here; the department has not confirmed it yet.
    Submitted,
    /// The department has it.
    Accepted,
    /// Somebody there is at it.
    InReview,
    /// The department waits for the citizen.
    NeedsMaterials,
    /// Decided: yes. What was applied for is being made.
    Approved,
    /// Decided: no.
    Rejected,
    /// The citizen takes it back; the department has not confirmed that yet.
    Withdrawing,
    /// Taken back.
    Withdrawn,
    /// Done: there is nothing left to do.
    Done,
}

/// What happens to a case. All but the two of the citizen are what the department says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseEvent {
    /// The department has it.
    Accept,
    /// Somebody there is at it; again with every station.
    Review,
    /// Something is missing.
    AskMaterials,
    /// The citizen hands in what was missing.
    Supplement,
    /// Yes.
    Approve,
    /// No.
    Reject,
    /// The citizen wants it back.
    AskBack,
    /// The department has given it back.
    Withdraw,
    /// Done.
    Finish,
}

/// This cannot happen to a case that stands there.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("a case that is {from:?} does not {event:?}")]
pub struct CaseTransitionRefused {
    /// Where it stands.
    pub from: CaseState,
    /// What was said to have happened.
    pub event: CaseEvent,
}

impl CaseState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Accepted,
        Self::InReview,
        Self::NeedsMaterials,
        Self::Approved,
        Self::Rejected,
        Self::Withdrawing,
        Self::Withdrawn,
        Self::Done,
    ];

    /// The only way to change state. What is repeated is `Ok` and changes nothing; a department
    /// that we have not asked for a while may be some stations ahead.
    ///
    /// # Errors
    /// [`CaseTransitionRefused`] when this cannot happen there.
    pub fn after(self, event: CaseEvent) -> Result<Self, CaseTransitionRefused> {
        use {CaseEvent as E, CaseState as S};
        match (self, event) {
            // From `Withdrawing` on: the department keeps it, and goes on.
            (S::Submitted | S::Accepted | S::Withdrawing, E::Accept) => Ok(S::Accepted),
            (
                S::Submitted | S::Accepted | S::InReview | S::NeedsMaterials | S::Withdrawing,
                E::Review,
            )
            | (S::NeedsMaterials, E::Supplement) => Ok(S::InReview),
            (
                S::Submitted | S::Accepted | S::InReview | S::NeedsMaterials | S::Withdrawing,
                E::AskMaterials,
            ) => Ok(S::NeedsMaterials),
            (
                S::Submitted
                | S::Accepted
                | S::InReview
                | S::NeedsMaterials
                | S::Withdrawing
                | S::Approved,
                E::Approve,
            ) => Ok(S::Approved),
            (
                S::Submitted
                | S::Accepted
                | S::InReview
                | S::NeedsMaterials
                | S::Withdrawing
                | S::Rejected,
                E::Reject,
            ) => Ok(S::Rejected),
            (
                S::Submitted | S::Accepted | S::InReview | S::NeedsMaterials | S::Withdrawing,
                E::AskBack,
            ) => Ok(S::Withdrawing),
            (
                S::Accepted | S::InReview | S::NeedsMaterials | S::Withdrawing | S::Withdrawn,
                E::Withdraw,
            ) => Ok(S::Withdrawn),
            (
                S::Submitted
                | S::Accepted
                | S::InReview
                | S::NeedsMaterials
                | S::Withdrawing
                | S::Approved
                | S::Done,
                E::Finish,
            ) => Ok(S::Done),
            (
                S::Submitted
                | S::Accepted
                | S::InReview
                | S::NeedsMaterials
                | S::Approved
                | S::Rejected
                | S::Withdrawing
                | S::Withdrawn
                | S::Done,
                E::Accept
                | E::Review
                | E::AskMaterials
                | E::Supplement
                | E::Approve
                | E::Reject
                | E::AskBack
                | E::Withdraw
                | E::Finish,
            ) => Err(CaseTransitionRefused { from: self, event }),
        }
    }

    /// Is there nothing left to happen?
    pub fn is_over(self) -> bool {
        match self {
            Self::Rejected | Self::Withdrawn | Self::Done => true,
            Self::Submitted
            | Self::Accepted
            | Self::InReview
            | Self::NeedsMaterials
            | Self::Approved
            | Self::Withdrawing => false,
        }
    }

    /// Has the department decided, one way or the other?
    pub fn is_decided(self) -> bool {
        match self {
            Self::Approved | Self::Rejected | Self::Done => true,
            Self::Submitted
            | Self::Accepted
            | Self::InReview
            | Self::NeedsMaterials
            | Self::Withdrawing
            | Self::Withdrawn => false,
        }
    }

    /// May the citizen take it back?
    pub fn can_be_asked_back(self) -> bool {
        self != Self::Withdrawing && self.after(CaseEvent::AskBack).is_ok()
    }

    /// The word of columns.
    pub fn code(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Accepted => "ACCEPTED",
            Self::InReview => "IN_REVIEW",
            Self::NeedsMaterials => "NEEDS_MATERIALS",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Withdrawing => "WITHDRAWING",
            Self::Withdrawn => "WITHDRAWN",
            Self::Done => "DONE",
        }
    }

    /// The state whose [`CaseState::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// What a citizen reads.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Submitted => "已提交，待受理",
            Self::Accepted => "已受理",
            Self::InReview => "办理中",
            Self::NeedsMaterials => "待补正",
            Self::Approved => "审批通过",
            Self::Rejected => "不予办理",
            Self::Withdrawing => "撤回中",
            Self::Withdrawn => "已撤回",
            Self::Done => "已办结",
        }
    }
}

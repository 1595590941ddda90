//! Proposals: what somebody wants done, fixed to the letter, and what others say about it.

use super::Action;
use crate::money::Fen;
use jiff::Timestamp;
use jiff::civil::Date;

/// Who acts, and for whom, if not for himself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// The account that is signed in.
    pub by: String,
    /// The account on whose behalf; empty: its own. A delegation must say so at that time.
    pub acting_for: String,
}

impl Hand {
    /// Somebody who acts for himself.
    pub fn own(by: &str) -> Self {
        Self { by: by.to_owned(), acting_for: String::new() }
    }
}

/// That one account may act for another for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Who gives.
    pub giver: String,
    /// Who may act.
    pub taker: String,
    /// From then on.
    pub from: Timestamp,
    /// Before then.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// What is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalKind {
    /// This action for each of the exceptions.
    Act(Action),
    /// Close and seal the day.
    CloseDay,
    /// Open a sealed day again, as its next version.
    ReopenDay,
    /// Judge by other rules from now on.
    ChangeRules,
}

impl ProposalKind {
    /// The word of columns.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Act(action) => action.words().0,
            Self::CloseDay => "CLOSE_DAY",
            Self::ReopenDay => "REOPEN_DAY",
            Self::ChangeRules => "CHANGE_RULES",
        }
    }

    /// What staff call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Act(action) => action.words().1,
            Self::CloseDay => "日终关账",
            Self::ReopenDay => "重新打开已关账日",
            Self::ChangeRules => "启用新规则",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "CLOSE_DAY" => Some(Self::CloseDay),
            "REOPEN_DAY" => Some(Self::ReopenDay),
            "CHANGE_RULES" => Some(Self::ChangeRules),
            word => Action::from_word(word).map(Self::Act),
        }
    }
}

/// One exception of a proposal as its maker saw it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Which.
    pub no: String,
    /// Its revision as part of this proposal; whoever changes it afterwards changes the set.
    pub revision: u32,
    /// How much.
    pub at_risk: Fen,
}

/// A proposal as it is made; it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProposal {
    /// Its number.
    pub no: String,
    /// What.
    pub kind: ProposalKind,
    /// Of a day's closing or reopening the day; of rules the newest judged day.
    pub day: Option<Date>,
    /// The exact set, sorted.
    pub marks: Vec<Mark>,
    /// Of a day: its run, its open exceptions, its version. Of rules: their text, and what they would have changed.
    pub state_of_day: String,
    /// Why, in words; at most 500 characters.
    pub reason: String,
    /// A file's number, a letter, a call; may be empty.
    pub evidence: String,
    /// Who proposes.
    pub maker: Hand,
    /// How many others must agree.
    pub needs: u8,
    /// When.
    pub at: Timestamp,
}

impl NewProposal {
    /// So many exceptions at most; a screen shows their count, sum and digest, and one transaction moves them all.
    pub const MAX_MARKS: usize = 5_000;
    /// The longest reason and evidence, in characters.
    pub const MAX_WORDS: usize = 500;

    /// What is agreed to, as text: its SHA-256 is the digest that a checker confirms.
    pub fn content(&self) -> String {
        let day = self.day.map(|day| day.to_string()).unwrap_or_default();
        let mut text = String::from("yiwang-proposal-1\n");
        let head =
            [&self.no, self.kind.word(), &day, &self.state_of_day, &self.reason, &self.evidence];
        for part in head {
            text.push_str(&format!("{}:{part}\n", part.len()));
        }
        text.push_str(&format!("{} of {}\n", self.needs, self.marks.len()));
        for mark in &self.marks {
            text.push_str(&format!("{} {} {}\n", mark.no, mark.revision, mark.at_risk.value()));
        }
        text
    }

    /// Sum of the amounts without their signs: what could go wrong at most.
    pub fn weight(&self) -> i64 {
        self.marks
            .iter()
            .fold(0, |sum: i64, mark| sum.saturating_add(mark.at_risk.value().saturating_abs()))
    }
}

/// Above so many fen two others must agree, one of them of finance: 2,000 yuan, ten times the usual fine for a
/// traffic offence, so that a clerk's everyday refunds wait for one person and everything greater for two.
const ONE_CHECKER_MAX: i64 = 200_000;

/// How many others must agree to so many fen. What is taken over into the books, and what concerns a whole day,
/// has a floor of its own.
pub const fn needed(kind: ProposalKind, weight: i64) -> u8 {
    match kind {
        ProposalKind::CloseDay => 1,
        ProposalKind::ReopenDay | ProposalKind::ChangeRules => 2,
        ProposalKind::Act(_) if weight > ONE_CHECKER_MAX => 2,
        ProposalKind::Act(_) => 1,
    }
}

/// What somebody says about a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionKind {
    /// Agrees to exactly this.
    Approve,
    /// Sends it back.
    Return,
    /// Its maker takes it back.
    Withdraw,
}

impl DecisionKind {
    /// The word of columns, and what staff call it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Approve => ("APPROVE", "同意"),
            Self::Return => ("RETURN", "退回"),
            Self::Withdraw => ("WITHDRAW", "撤回"),
        }
    }

    /// The decision with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Approve, Self::Return, Self::Withdraw]
            .into_iter()
            .find(|kind| kind.words().0 == word)
    }
}

/// One decision; never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// About which proposal.
    pub proposal_no: String,
    /// Its place among the proposal's decisions, from 0.
    pub position: u32,
    /// What.
    pub kind: DecisionKind,
    /// Who.
    pub hand: Hand,
    /// The digest that was shown to whoever decides.
    pub digest: String,
    /// Why; a return needs one.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// That it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Which proposal.
    pub proposal_no: String,
    /// Who did it.
    pub by: String,
    /// What shows it: a refund's number, a journal, a letter.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// Where a proposal stands; follows from its decisions alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalState {
    /// Others must decide.
    Pending,
    /// Enough have agreed.
    Approved,
    /// Sent back.
    Returned,
    /// Taken back.
    Withdrawn,
    /// Done.
    Executed,
}

impl ProposalState {
    /// What staff call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "待复核",
            Self::Approved => "已同意，待执行",
            Self::Returned => "已退回",
            Self::Withdrawn => "已撤回",
            Self::Executed => "已执行",
        }
    }
}

/// A proposal with all that was said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// As it was made.
    pub made: NewProposal,
    /// SHA-256 of its content, lower-case hex.
    pub digest: String,
    /// In order.
    pub decisions: Vec<Decision>,
    /// That it was done.
    pub executed: Option<Execution>,
}

impl Proposal {
    /// How many agreed.
    pub fn approvals(&self) -> usize {
        self.decisions.iter().filter(|made| made.kind == DecisionKind::Approve).count()
    }

    /// Where it stands.
    pub fn state(&self) -> ProposalState {
        let said = |kind| self.decisions.iter().any(|made| made.kind == kind);
        if self.executed.is_some() {
            ProposalState::Executed
        } else if said(DecisionKind::Withdraw) {
            ProposalState::Withdrawn
        } else if said(DecisionKind::Return) {
            ProposalState::Returned
        } else if self.approvals() >= usize::from(self.made.needs) {
            ProposalState::Approved
        } else {
            ProposalState::Pending
        }
    }
}

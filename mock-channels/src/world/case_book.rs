//! Applications that lie at departments, and how they move on with time.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::HOUR_MS;

/// A department takes a working day's hours for each station, and for making what was approved.
const STATION_MS: i64 = 8 * HOUR_MS;

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum CaseState {
    Accepted,
    InReview,
    NeedsMaterials,
    Approved,
    Rejected,
    Withdrawn,
    Done,
}

impl CaseState {
    /// The word of the exchange.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::InReview => "IN_REVIEW",
            Self::NeedsMaterials => "NEEDS_MATERIALS",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Done => "DONE",
        }
    }

    /// As the department's clerks say it.
    pub(crate) const fn said(self) -> &'static str {
        match self {
            Self::Accepted => "已受理",
            Self::InReview => "审核中",
            Self::NeedsMaterials => "待补正",
            Self::Approved => "审核通过",
            Self::Rejected => "审核不通过",
            Self::Withdrawn => "已撤回",
            Self::Done => "已办结",
        }
    }

    /// Nothing happens to it any more.
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Rejected | Self::Withdrawn | Self::Done)
    }
}

/// One application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FiledCase {
    /// The department's number; empty for one that was taken back before it came.
    pub(crate) case_no: String,
    pub(crate) operation: String,
    /// Of the person whom it is about.
    pub(crate) id_card: Option<String>,
    pub(crate) parameters: std::collections::BTreeMap<String, String>,
    pub(crate) filed_ms: i64,
    /// When it came to where it stands.
    pub(crate) since_ms: i64,
    pub(crate) state: CaseState,
    /// The station, from 1.
    pub(crate) station: usize,
    pub(crate) stations: Vec<String>,
    /// What the department waits for.
    pub(crate) wanted: Vec<String>,
    /// The last words for the citizen.
    pub(crate) words: String,
    /// `request_no` of everything that was handed in later.
    pub(crate) supplements: Vec<String>,
    /// What is known of it from the start.
    pub(crate) row: Map<String, Value>,
    /// What is known once it is approved.
    pub(crate) result: Map<String, Value>,
    /// Keys that tell the state in words.
    pub(crate) status_keys: Vec<String>,
    /// Moves by levers only.
    pub(crate) held: bool,
}

impl FiledCase {
    /// What time alone has brought about by `now_ms`.
    pub(crate) fn catch_up(&mut self, now_ms: i64) {
        while !self.held && now_ms - self.since_ms >= STATION_MS {
            let next = match self.state {
                CaseState::Accepted | CaseState::InReview if self.station < self.stations.len() => {
                    self.station += 1;
                    CaseState::InReview
                }
                CaseState::Accepted | CaseState::InReview => CaseState::Approved,
                CaseState::Approved => CaseState::Done,
                CaseState::NeedsMaterials
                | CaseState::Rejected
                | CaseState::Withdrawn
                | CaseState::Done => return,
            };
            let since_ms = self.since_ms + STATION_MS;
            self.moves(next, since_ms);
        }
    }

    /// It comes to stand elsewhere.
    pub(crate) fn moves(&mut self, state: CaseState, at_ms: i64) {
        self.state = state;
        self.since_ms = at_ms;
        self.words.clear();
        if state != CaseState::NeedsMaterials {
            self.wanted.clear();
        }
    }

    pub(crate) fn holder(&self) -> &str {
        let last = self.stations.len().max(1);
        self.stations.get(self.station.clamp(1, last) - 1).map_or("", String::as_str)
    }
}

//! Notices that departments raised because somebody asked or ordered over their exchange.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::World;
use super::filing::NoticeWish;
use super::notice::Notice;

/// What was asked, and the notice that came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Raised {
    /// The operation and everything that went along.
    pub(crate) question: Question,
    pub(crate) notice_no: String,
    pub(crate) made_ms: i64,
}

/// What makes two orders different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) operation: String,
    /// Empty where nobody is asked about.
    pub(crate) id_card: String,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Who is to pay.
#[derive(Debug, Clone)]
pub(crate) enum Payer {
    /// A citizen, by their id.
    Citizen(String),
    /// Somebody of whom nothing is known but this.
    WalkIn(WalkIn),
}

/// A payer without a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WalkIn {
    pub(crate) name: String,
    /// May be empty.
    pub(crate) phone: String,
}

/// The same key stands for another question.
#[derive(Debug)]
pub(crate) struct AnotherQuestion;

impl World {
    /// The notice of this key, raised now if there is none.
    pub(crate) fn raise_once(
        &mut self,
        key: &str,
        question: Question,
        (payer, wish): (Payer, NoticeWish),
        now_ms: i64,
    ) -> Result<String, AnotherQuestion> {
        if let Some(raised) = self.raised.get(key) {
            let same = raised.question == question;
            return if same { Ok(raised.notice_no.clone()) } else { Err(AnotherQuestion) };
        }
        let notice_no = match payer {
            Payer::Citizen(id) => self.add_notice(&id, wish, now_ms),
            Payer::WalkIn(walk_in) => self.add_walk_in_notice(walk_in, wish, now_ms),
        };
        let raised = Raised { question, notice_no: notice_no.clone(), made_ms: now_ms };
        self.raised.insert(key.to_owned(), raised);
        Ok(notice_no)
    }

    /// A citizen if the name fits the number, else whoever they say they are.
    pub(crate) fn payer(&self, name: &str, id_card: &str, phone: &str) -> Payer {
        match self.citizen_by_id_card(id_card).filter(|citizen| citizen.name == name) {
            Some(citizen) => Payer::Citizen(citizen.id.clone()),
            None => Payer::WalkIn(WalkIn { name: name.to_owned(), phone: phone.to_owned() }),
        }
    }
}

impl Notice {
    /// What the police call the decision behind a fine.
    pub(crate) fn decision_no(&self) -> String {
        let tail = self.notice_no.len().saturating_sub(10);
        format!("{}{}", self.region, &self.notice_no[tail..])
    }

    pub(crate) fn state_words(&self) -> &'static str {
        match self.state_name() {
            "PAID" => "已缴款",
            "WITHDRAWN" => "已撤回",
            _ => "待缴款",
        }
    }

    /// The number of the receipt that stands, or nothing.
    pub(crate) fn receipt_no(&self) -> String {
        let standing = self.receipts.iter().find(|receipt| receipt.is_valid());
        standing.map(|receipt| receipt.full_no()).unwrap_or_default()
    }
}

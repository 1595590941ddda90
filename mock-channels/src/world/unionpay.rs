//! What UnionPay knows: transactions and the money that moved for them, its papers, its faults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fault::BillFault;
use super::magic::{EAGER_MS, Magic, SLOW_MS};
use crate::clock::{Day, HOUR_MS, SECOND_MS, compact_time, two_digit_year};
use crate::crypto::CryptoError;
use crate::unionpay::certificates::{self, Authority, Certified, Papers};

/// Fields of a message, in the order in which they are signed.
pub(crate) type Fields = BTreeMap<String, String>;

/// Everything about UnionPay that outlives a restart.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct UnionPay {
    /// Empty only in a state file of a time before UnionPay was played.
    papers: Option<Papers>,
    /// In the order in which they came.
    pub(crate) transactions: Vec<Transaction>,
    /// By settlement day.
    pub(crate) file_faults: BTreeMap<String, BillFault>,
    pub(crate) reversals: ReversalRule,
}

/// What one transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// 01: the citizen pays.
    Consume,
    /// 04: part or all of a payment goes back.
    Refund,
    /// 31: all of a payment goes back within its settlement day.
    Undo,
}

impl Kind {
    pub(crate) fn txn_type(self) -> &'static str {
        match self {
            Self::Consume => "01",
            Self::Refund => "04",
            Self::Undo => "31",
        }
    }

    pub(crate) fn txn_sub_type(self) -> &'static str {
        match self {
            Self::Consume => "01",
            Self::Refund | Self::Undo => "00",
        }
    }

    pub(crate) fn is_reversal(self) -> bool {
        match self {
            Self::Refund | Self::Undo => true,
            Self::Consume => false,
        }
    }
}

/// How far a transaction has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub(crate) enum Outcome {
    /// Nobody tried to pay yet, and a query finds no such transaction.
    Untried,
    /// Taken, and not decided: 03, 04 or 05.
    Pending {
        code: String,
        /// When it decides itself, and how; never when empty.
        then: Option<Planned>,
    },
    /// Decided.
    Done { code: String, at_ms: i64 },
}

/// A decision that is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Planned {
    pub(crate) at_ms: i64,
    pub(crate) code: String,
}

/// What becomes of refunds and undos that are accepted from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct ReversalRule {
    /// Seconds until they are decided; a tester decides when empty.
    pub(crate) after_seconds: Option<i64>,
    /// How they are decided.
    pub(crate) resp_code: String,
}

impl Default for ReversalRule {
    fn default() -> Self {
        Self { after_seconds: Some(2), resp_code: "00".to_owned() }
    }
}

/// One transaction, known by merchant, order number and order time together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) kind: Kind,
    pub(crate) order_id: String,
    /// `yyyyMMddHHmmss` as the merchant sent it.
    pub(crate) txn_time: String,
    /// What was asked for; what was paid, once it is.
    pub(crate) amount_fen: i64,
    pub(crate) back_url: String,
    /// Fields of the request that every answer about the transaction repeats.
    pub(crate) echoed: Fields,
    pub(crate) created_ms: i64,
    /// Nobody can pay from here on.
    pub(crate) deadline_ms: Option<i64>,
    pub(crate) tn: Option<String>,
    pub(crate) trace_no: String,
    /// When the system took it up: with the first attempt to pay, or with the acceptance.
    pub(crate) traced_ms: Option<i64>,
    /// The query id of the payment that goes back.
    pub(crate) original: Option<String>,
    pub(crate) outcome: Outcome,
    /// How often the payer left the cashier without paying.
    pub(crate) refused: u32,
}

/// 00, and A6 (paid, with a blemish).
pub(crate) fn is_success(code: &str) -> bool {
    matches!(code, "00" | "A6")
}

/// Not decided: ask again.
pub(crate) fn is_pending(code: &str) -> bool {
    matches!(code, "03" | "04" | "05")
}

impl Transaction {
    /// When the money moved, if it did.
    pub(crate) fn succeeded_ms(&self) -> Option<i64> {
        match &self.outcome {
            Outcome::Done { code, at_ms } if is_success(code) => Some(*at_ms),
            Outcome::Done { .. } | Outcome::Pending { .. } | Outcome::Untried => None,
        }
    }

    /// Whether it was decided against.
    pub(crate) fn has_failed(&self) -> bool {
        match &self.outcome {
            Outcome::Done { code, .. } => !is_success(code),
            Outcome::Pending { .. } | Outcome::Untried => false,
        }
    }

    pub(crate) fn code(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Untried => None,
            Outcome::Pending { code, .. } | Outcome::Done { code, .. } => Some(code),
        }
    }

    /// What an order's amount brings although nobody opened the cashier.
    fn by_itself(&self) -> Option<Planned> {
        let at_ms = match (self.kind, Magic::of_amount(self.amount_fen)?) {
            (Kind::Consume, Magic::EagerBuyer) => self.created_ms + EAGER_MS,
            (Kind::Consume, Magic::LateSuccess) => self.deadline_ms? + SLOW_MS,
            _ => return None,
        };
        Some(Planned { at_ms, code: "00".to_owned() })
    }

    pub(crate) fn is_expired(&self, now_ms: i64) -> bool {
        self.deadline_ms.is_some_and(|deadline_ms| now_ms >= deadline_ms)
    }

    /// 21 digits: two of the system, when, trace number, one more.
    pub(crate) fn query_id(&self) -> Option<String> {
        let at_ms = self.traced_ms?;
        let system = if self.kind.is_reversal() { "05" } else { "44" };
        let date = &Day::of(at_ms).compact()[4..];
        let (year, time) = (two_digit_year(at_ms), compact_time(at_ms));
        Some(format!("{system}{year}{date}{time}{}8", self.trace_no))
    }

    /// `MMDDhhmmss`
    pub(crate) fn trace_time(&self) -> Option<String> {
        let at_ms = self.traced_ms?;
        Some(Day::of(at_ms).compact()[4..].to_owned() + &compact_time(at_ms))
    }

    /// The day to whose file the money belongs.
    pub(crate) fn settle_day(&self) -> Option<Day> {
        let at_ms = self.succeeded_ms().or(self.traced_ms)?;
        Some(settle_day(at_ms))
    }

    /// The card that paid, or that gets the money back. The first six and last four digits.
    pub(crate) fn card(&self) -> &'static str {
        "622609******0048"
    }
}

/// Settlement days begin at 23:00 of the evening before.
pub(crate) fn settle_day(at_ms: i64) -> Day {
    Day::of(at_ms + HOUR_MS)
}

impl UnionPay {
    /// Keys and certificates, made when first asked for.
    pub(crate) fn papers(&mut self, now_ms: i64) -> Result<&Papers, CryptoError> {
        if self.papers.is_none() {
            self.papers = Some(certificates::first_papers(now_ms)?);
        }
        self.papers.as_ref().ok_or(CryptoError)
    }

    /// Who certifies keys.
    pub(crate) fn authority(&self) -> Option<&Authority> {
        self.papers.as_ref().map(|papers| &papers.middle)
    }

    /// Messages are signed with this from now on.
    pub(crate) fn change_signing(&mut self, signing: Certified) {
        if let Some(papers) = &mut self.papers {
            papers.signing = signing;
        }
    }

    pub(crate) fn by_key(&self, order_id: &str, txn_time: &str) -> Option<&Transaction> {
        self.transactions.iter().find(|one| one.order_id == order_id && one.txn_time == txn_time)
    }

    pub(crate) fn by_query_id(&self, query_id: &str) -> Option<&Transaction> {
        self.transactions.iter().find(|one| one.query_id().as_deref() == Some(query_id))
    }

    /// For testers: the newest with this order number, or the one with this `tn` or query id.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.transactions.iter().rposition(|one| {
            one.order_id == id
                || one.tn.as_deref() == Some(id)
                || one.query_id().as_deref() == Some(id)
        })
    }

    /// An order number is used once in a day.
    pub(crate) fn is_repeated(&self, order_id: &str, txn_time: &str) -> bool {
        let day = txn_time.get(..8);
        self.transactions.iter().any(|one| one.order_id == order_id && one.txn_time.get(..8) == day)
    }

    /// What of a payment has not gone back and is not on its way back.
    pub(crate) fn rest_fen(&self, payment: &Transaction) -> i64 {
        let query_id = payment.query_id();
        let back: i64 = self
            .transactions
            .iter()
            .filter(|one| one.original.is_some() && one.original == query_id && !one.has_failed())
            .map(|one| one.amount_fen)
            .sum();
        payment.amount_fen - back
    }

    /// Whether anything is to be decided by now.
    pub(crate) fn has_due(&self, now_ms: i64) -> bool {
        self.transactions.iter().any(|one| due_code(one, now_ms).is_some())
    }

    /// Decides what is due and hands out what was decided.
    pub(crate) fn settle_due(&mut self, now_ms: i64) -> Vec<Transaction> {
        let mut decided = Vec::new();
        for one in &mut self.transactions {
            if let Some(Planned { code, at_ms }) = due_code(one, now_ms) {
                one.traced_ms = one.traced_ms.or(Some(at_ms));
                one.outcome = Outcome::Done { code, at_ms };
                decided.push(one.clone());
            }
        }
        decided
    }

    /// Money that moved on a settlement day, in the order in which it did.
    pub(crate) fn moved_on(&self, day: Day) -> Vec<&Transaction> {
        let mut moved: Vec<_> = self
            .transactions
            .iter()
            .filter(|one| one.succeeded_ms().is_some() && one.settle_day() == Some(day))
            .collect();
        moved.sort_by_key(|one| one.succeeded_ms());
        moved
    }

    /// When a reversal accepted now decides itself.
    pub(crate) fn planned(&self, now_ms: i64) -> Option<Planned> {
        let seconds = self.reversals.after_seconds?;
        let code = self.reversals.resp_code.clone();
        Some(Planned { at_ms: now_ms + seconds * SECOND_MS, code })
    }
}

fn due_code(one: &Transaction, now_ms: i64) -> Option<Planned> {
    let planned = match &one.outcome {
        Outcome::Pending { then, .. } => then.clone(),
        Outcome::Untried => one.by_itself(),
        Outcome::Done { .. } => None,
    };
    planned.filter(|planned| planned.at_ms <= now_ms)
}

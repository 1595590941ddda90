//! What people and companies owe: notices, their items and their write-offs.

use serde::{Deserialize, Serialize};

use super::catalogue::{self, CatalogueItem};
use super::check_code;
use super::late_fee::LateFee;
use super::raised::WalkIn;
use super::receipt::Receipt;
use crate::clock::Day;

/// A notice (缴款单) as the collecting agency filed it with the gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) notice_no: String,
    /// Empty where a company owes.
    pub(crate) citizen_id: String,
    /// The unified social credit code of the company that owes.
    #[serde(default)]
    pub(crate) company: Option<String>,
    /// Who owes, where it is neither a citizen nor a company.
    #[serde(default)]
    pub(crate) walk_in: Option<WalkIn>,
    /// 20 digits; empty in notices from before there were such codes.
    #[serde(default)]
    pub(crate) pay_code: String,
    pub(crate) made_ms: i64,
    pub(crate) title: String,
    pub(crate) agency_code: String,
    pub(crate) agency_name: String,
    pub(crate) region: String,
    pub(crate) item: Item,
    /// The items after the first.
    #[serde(default)]
    pub(crate) further_items: Vec<Item>,
    /// The agency computes late fees, not the payment platform.
    #[serde(default)]
    pub(crate) counted_by_agency: bool,
    /// The last moment at which it can be paid, if there is one.
    pub(crate) expires_ms: Option<i64>,
    pub(crate) withdrawn: bool,
    /// Another channel collected it: no write-off of ours is taken.
    #[serde(default)]
    pub(crate) paid_elsewhere: bool,
    pub(crate) paid: Option<WriteOff>,
    /// Write-offs that were undone: rejected by the agency, or paid back in full.
    #[serde(default)]
    pub(crate) undone: Vec<WriteOff>,
    /// The sequence number of the last message that passed.
    #[serde(default)]
    pub(crate) last_sequence: u64,
    /// Every write-off that arrived, taken or not.
    pub(crate) calls: Vec<WriteOffCall>,
    pub(crate) receipts: Vec<Receipt>,
}

/// One item of a notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    /// CHITCODE.
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) amount_fen: i64,
    pub(crate) late: LateFee,
}

impl Item {
    /// Its rules, unless a tester made it up.
    pub(crate) fn rules(&self) -> Option<&'static CatalogueItem> {
        catalogue::find(&self.code)
    }

    pub(crate) fn late_fen(&self, day: Day) -> i64 {
        self.late.fen(self.amount_fen, day)
    }
}

/// Parameters of a write-off that matter afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WriteOff {
    pub(crate) pay_no: String,
    pub(crate) trade_no: String,
    /// The payment institution.
    #[serde(default)]
    pub(crate) trade_code: String,
    pub(crate) amount_fen: i64,
    pub(crate) pay_date: String,
    pub(crate) pay_time: String,
    /// The day whose late fee was paid, where the caller says so.
    #[serde(default)]
    pub(crate) quote_day: Option<Day>,
    #[serde(default)]
    pub(crate) confirmation: Confirmation,
    /// When the agency speaks by itself, and whether it then rejects.
    #[serde(default)]
    pub(crate) confirms_ms: Option<i64>,
    #[serde(default)]
    pub(crate) will_reject: bool,
    /// When the gateway took it.
    #[serde(default)]
    pub(crate) taken_ms: i64,
}

/// Whether the agency stands by a write-off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Confirmation {
    Pending,
    #[default]
    Confirmed,
    Rejected,
}

impl Confirmation {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Confirmed => "CONFIRMED",
            Self::Rejected => "REJECTED",
        }
    }
}

/// One call of `GetPay_Info`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WriteOffCall {
    pub(crate) at_ms: i64,
    pub(crate) write_off: WriteOff,
    /// `00`, or what was wrong.
    pub(crate) answer: String,
}

impl Notice {
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        std::iter::once(&self.item).chain(&self.further_items)
    }

    pub(crate) fn principal_fen(&self) -> i64 {
        self.items().map(|item| item.amount_fen).sum()
    }

    pub(crate) fn late_fen(&self, day: Day) -> i64 {
        self.items().map(|item| item.late_fen(day)).sum()
    }

    pub(crate) fn due_fen(&self, day: Day) -> i64 {
        self.principal_fen() + self.late_fen(day)
    }

    /// The day whose late fee is in a sum that was paid on `pay_day`: that of the quote where it
    /// is named; else of the day, or the day before, because a quote may cross midnight.
    pub(crate) fn priced_on(
        &self,
        amount_fen: i64,
        pay_day: Day,
        quote: Option<Day>,
    ) -> Option<Day> {
        let days = match quote {
            Some(day) => [day, day],
            None => [pay_day, pay_day.plus(-1)],
        };
        days.into_iter().find(|day| self.due_fen(*day) == amount_fen)
    }

    pub(crate) fn full_check(&self) -> String {
        check_code::full_check(&self.agency_code, &self.notice_no, self.principal_fen())
    }

    /// The text of the QR code on the paper.
    pub(crate) fn qr_text(&self) -> String {
        let (region, agency, number) = (&self.region, &self.agency_code, &self.notice_no);
        let check = check_code::notice_check(agency, number);
        let (fen, full_check) = (self.principal_fen(), self.full_check());
        format!("{region}|{agency}|{number}|{fen}|{check}|{full_check}||")
    }

    /// `0` payable, `1` paid, `2` withdrawn.
    pub(crate) fn state_code(&self) -> &'static str {
        match self.state_name() {
            "PAID" => "1",
            "WITHDRAWN" => "2",
            _ => "0",
        }
    }

    pub(crate) fn state_name(&self) -> &'static str {
        match (self.paid.is_some() || self.paid_elsewhere, self.withdrawn) {
            (true, _) => "PAID",
            (false, true) => "WITHDRAWN",
            (false, false) => "PAYABLE",
        }
    }

    /// The finance levels that have a share in any item; the local one always decides.
    pub(crate) fn levels(&self) -> Vec<Level> {
        let has = |share: fn(&CatalogueItem) -> i64| {
            self.items().filter_map(Item::rules).any(|rules| share(rules) > 0)
        };
        let mut levels = vec![Level::Local];
        if has(|rules| rules.share_province) {
            levels.push(Level::Province);
        }
        if has(|rules| rules.share_central) {
            levels.push(Level::Central);
        }
        levels
    }

    /// Undoes the write-off; the notice is payable again unless something else forbids it.
    pub(crate) fn undo(&mut self, confirmation: Confirmation) {
        if let Some(mut write_off) = self.paid.take() {
            write_off.confirmation = confirmation;
            self.undone.push(write_off);
        }
    }
}

/// A level of finance departments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Level {
    Local,
    Province,
    Central,
}

impl Level {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Local => "LOCAL",
            Self::Province => "PROVINCE",
            Self::Central => "CENTRAL",
        }
    }
}

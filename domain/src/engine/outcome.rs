//! What came of a submission, as the citizen reads it.

use super::{ExchangeRow, ExchangeValue};
use crate::casework::booking::{Booking, BookingFact};
use crate::casework::case::Case;
use crate::casework::certificate::Certificate;
use crate::catalogue::{AppDefinition, RowField, ShownAs, Wording};
use crate::clock::beijing_time;
use crate::money::Fen;
use crate::notice::Notice;
use jiff::Timestamp;
use std::fmt;

/// What came of a submission. One variant for each kind of effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A department answered.
    Lookup {
        /// In the department's order.
        rows: Vec<OutcomeRow>,
        /// When that was so.
        as_of: Timestamp,
        /// Who says so.
        source: String,
        /// Why this is an earlier answer, in Chinese; `None`: it is the department's present one.
        stale: Option<String>,
    },
    /// A place is held, or was by an earlier call with the same key.
    Booking(Box<Booking>),
    /// A case is open.
    Case(Box<Case>),
    /// A certificate was issued, now or by an earlier call with the same key.
    Certificate(Box<Certificate>),
    /// What is owed, and can be paid now.
    PaymentDue(Box<PaymentDue>),
}

/// What is owed, as a department and the gateway have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentDue {
    /// In the department's order, no two the same; also those that are paid or withdrawn.
    pub notices: Vec<Notice>,
    /// What the department says beside: of an order its number, and once it is paid what is given
    /// for it.
    pub rows: Vec<Vec<OutcomeField>>,
    /// When that was so.
    pub as_of: Timestamp,
    /// Who says so.
    pub source: String,
    /// Why nothing can be paid, in Chinese; `None` where something can.
    pub nothing_due: Option<&'static str>,
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRow {
    /// In the order of the definition; every row has all of them.
    pub fields: Vec<OutcomeField>,
    /// What can be paid for it.
    pub notice: NoticeLink,
}

/// One value of a row. `Debug` hides the value: it is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct OutcomeField {
    /// The department's key.
    pub name: String,
    /// What stands beside the value.
    pub label: Wording,
    /// The value in words; empty where there is none.
    pub value: String,
}

impl fmt::Debug for OutcomeField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutcomeField({}: ***)", self.name)
    }
}

/// The notice that a row leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeLink {
    /// Nothing is owed for this row, or the gateway does not know its notice yet.
    None,
    /// As the gateway has it.
    Found(Box<Notice>),
    /// There is one, but the gateway did not answer: ask again later.
    Unavailable,
}

/// The row as the citizen reads it, without its notice.
pub fn shown(app: &AppDefinition, row: &ExchangeRow) -> Vec<OutcomeField> {
    let field = |shown: &RowField| OutcomeField {
        name: shown.from.clone(),
        label: shown.label.clone(),
        value: in_words(shown.shown_as, row.get(&shown.from)),
    };
    app.rows.iter().map(field).collect()
}

/// One value of a department's row, as a booking keeps it; empty where the row does not have it.
pub(super) fn shown_fact(shown: &RowField, row: &ExchangeRow) -> BookingFact {
    BookingFact {
        name: shown.from.clone(),
        label: shown.label.zh.clone(),
        shown_as: shown.shown_as,
        value: in_words(shown.shown_as, row.get(&shown.from)),
    }
}

/// A value as the citizen reads it.
pub(crate) fn in_words(shown_as: ShownAs, value: Option<&ExchangeValue>) -> String {
    match (shown_as, value) {
        (_, Some(ExchangeValue::Null) | None) => String::new(),
        (ShownAs::Money, Some(ExchangeValue::Number(fen))) => yuan(*fen),
        // Money that is no number has no known unit: better nothing than a wrong amount.
        (ShownAs::Money, Some(ExchangeValue::Text(_) | ExchangeValue::Flag(_))) => String::new(),
        (ShownAs::Time, Some(ExchangeValue::Text(text))) => beijing_minute(text),
        (ShownAs::Text, Some(ExchangeValue::Text(text))) => text.clone(),
        (ShownAs::Text | ShownAs::Time, Some(ExchangeValue::Number(n))) => n.to_string(),
        (ShownAs::Text | ShownAs::Time, Some(ExchangeValue::Flag(true))) => "是".to_owned(),
        (ShownAs::Text | ShownAs::Time, Some(ExchangeValue::Flag(false))) => "否".to_owned(),
    }
}

/// A time in another form is shown as it came.
fn beijing_minute(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(at) => beijing_time(at).strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => text.to_owned(),
    }
}

fn yuan(fen: i64) -> String {
    let text = Fen::new(fen).to_string();
    match text.strip_prefix('-') {
        Some(owed) => format!("-¥{owed}"),
        None => format!("¥{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExchangeValue::{Flag, Null, Number, Text};

    #[test]
    fn values_are_put_in_words() {
        let text = |text: &str| Some(Text(text.to_owned()));
        for (shown_as, value, expected) in [
            (ShownAs::Text, text("文三路"), "文三路"),
            (ShownAs::Text, Some(Number(-3)), "-3"),
            (ShownAs::Text, Some(Flag(true)), "是"),
            (ShownAs::Text, Some(Flag(false)), "否"),
            (ShownAs::Text, Some(Null), ""),
            (ShownAs::Text, None, ""),
            (ShownAs::Money, Some(Number(20_000)), "¥200.00"),
            (ShownAs::Money, Some(Number(-5)), "-¥0.05"),
            (ShownAs::Money, Some(Number(i64::MIN)), "-¥92233720368547758.08"),
            (ShownAs::Money, text("200"), ""),
            (ShownAs::Money, None, ""),
            (ShownAs::Time, text("2026-03-02T02:15:31Z"), "2026-03-02 10:15"),
            (ShownAs::Time, text("2026-03-02T10:15:31+08:00"), "2026-03-02 10:15"),
            (ShownAs::Time, text("昨天"), "昨天"),
        ] {
            assert_eq!(in_words(shown_as, value.as_ref()), expected, "{shown_as:?}");
        }
    }
}

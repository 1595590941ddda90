//! What a department says of a case, read from its answer.

use super::CaseEvent;
use crate::engine::{ExchangeAnswer, ExchangeRow, ExchangeValue};

/// Longer texts of a department are cut.
const TEXT_MAX: usize = 200;
/// A department waits for at most so many things at once.
const WANTED_MAX: usize = 20;

/// What a department says of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its own number.
    pub department_no: Option<String>,
    /// What happened to the case.
    pub event: CaseEvent,
    /// The station, from 1; 0: not said.
    pub step: u16,
    /// Who has it; may be empty.
    pub holder: String,
    /// What it waits for.
    pub wanted: Vec<String>,
    /// Its words for the citizen; may be empty.
    pub words: String,
    /// All else that it says.
    pub facts: ExchangeRow,
}

/// The answer says nothing about the case.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the answer has no row with a known case_state")]
pub struct ReportUnreadable;

impl Report {
    /// Reads the first row.
    ///
    /// # Errors
    /// [`ReportUnreadable`] without a row, or with a `case_state` that is none.
    pub fn read(answer: ExchangeAnswer) -> Result<Self, ReportUnreadable> {
        let mut row = answer.rows.into_iter().next().ok_or(ReportUnreadable)?;
        let event = match text(row.remove("case_state")).as_str() {
            "ACCEPTED" => CaseEvent::Accept,
            "IN_REVIEW" => CaseEvent::Review,
            "NEEDS_MATERIALS" => CaseEvent::AskMaterials,
            "APPROVED" => CaseEvent::Approve,
            "REJECTED" => CaseEvent::Reject,
            "WITHDRAWN" => CaseEvent::Withdraw,
            "DONE" => CaseEvent::Finish,
            _ => return Err(ReportUnreadable),
        };
        let step = match row.remove("case_step") {
            Some(ExchangeValue::Number(step)) => u16::try_from(step).unwrap_or(0),
            Some(ExchangeValue::Text(_) | ExchangeValue::Flag(_) | ExchangeValue::Null) | None => 0,
        };
        let wanted = text(row.remove("case_wanted"));
        let wanted = wanted.split(',').map(str::trim).filter(|name| !name.is_empty());
        let department_no = text(row.remove("case_no"));
        Ok(Self {
            department_no: Some(department_no).filter(|no| !no.is_empty()),
            event,
            step,
            holder: text(row.remove("case_holder")),
            wanted: wanted.take(WANTED_MAX).map(str::to_owned).collect(),
            words: text(row.remove("case_words")),
            facts: row,
        })
    }
}

/// One line, not too long; nothing where it is no text.
fn text(value: Option<ExchangeValue>) -> String {
    match value {
        Some(ExchangeValue::Text(text)) => {
            text.trim().chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
        }
        Some(ExchangeValue::Number(number)) => number.to_string(),
        Some(ExchangeValue::Flag(_) | ExchangeValue::Null) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn answer(values: &[(&str, ExchangeValue)]) -> ExchangeAnswer {
        let row = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        ExchangeAnswer { rows: vec![row], as_of: Timestamp::UNIX_EPOCH, source: "省".to_owned() }
    }

    fn said(text: &str) -> ExchangeValue {
        ExchangeValue::Text(text.to_owned())
    }

    #[test]
    fn a_row_is_read_and_the_rest_of_it_kept() {
        let report = Report::read(answer(&[
            ("case_state", said("NEEDS_MATERIALS")),
            ("case_no", said(" 33010600001 ")),
            ("case_step", ExchangeValue::Number(2)),
            ("case_wanted", said("photo, ,hukou")),
            ("case_words", said(&format!("照片\n{}", "不".repeat(300)))),
            ("fee", said("20")),
        ]));
        let report = report.unwrap();
        assert_eq!(report.event, CaseEvent::AskMaterials);
        assert_eq!(report.department_no.as_deref(), Some("33010600001"));
        assert_eq!((report.step, report.holder.as_str()), (2, ""));
        assert_eq!(report.wanted, ["photo", "hukou"]);
        assert_eq!(report.words.chars().count(), TEXT_MAX);
        assert!(!report.words.contains('\n'));
        assert_eq!(report.facts.into_iter().collect::<Vec<_>>(), [("fee".to_owned(), said("20"))]);
    }

    #[test]
    fn what_says_nothing_of_the_case_is_not_read() {
        let empty = ExchangeAnswer { rows: Vec::new(), ..answer(&[]) };
        for bad in [empty, answer(&[]), answer(&[("case_state", said("LOST"))])] {
            assert_eq!(Report::read(bad), Err(ReportUnreadable));
        }
    }
}

//! Asks a department and shows the answer; where the app allows it, an earlier answer stands in
//! for a silent department, and says so.

use super::super::outcome::shown;
use super::super::{Asked, ExchangeAnswer, ExchangeCall, Outcome, OutcomeRow};
use super::{SubmitApp, SubmitError, notices, refused_or_silent};
use crate::catalogue::AppDefinition;
use crate::clock::beijing_time;
use crate::identity::Person;
use crate::outside::OutsideError;
use jiff::{SignedDuration, Timestamp};

impl SubmitApp {
    pub(super) async fn look_up(
        &self,
        app: &AppDefinition,
        who: Option<&Person>,
        call: &ExchangeCall,
    ) -> Result<Outcome, SubmitError> {
        let asked = Asked { person: who.map(|person| &person.id), call };
        let kept_for = app.call().and_then(|call| call.stale_minutes);
        let kept_for = kept_for.map(|minutes| SignedDuration::from_mins(i64::from(minutes)));
        let (answer, stale) = match self.exchange.call(call).await {
            Ok(answer) => {
                if kept_for.is_some() {
                    self.last_answers.keep(asked, &answer, self.clock.now()).await;
                }
                (answer, None)
            }
            Err(error) => {
                let earlier = self.stands_in(asked, kept_for, &error).await;
                let answer = earlier.ok_or_else(|| refused_or_silent(app, error))?;
                let reason = silent_since(app, answer.as_of);
                (answer, Some(reason))
            }
        };
        let links = notices::links_of(self.notices.as_ref(), notice_key(app), &answer.rows).await;
        let rows = answer
            .rows
            .iter()
            .zip(links)
            .map(|(row, notice)| OutcomeRow { fields: shown(app, row), notice })
            .collect();
        Ok(Outcome::Lookup { rows, as_of: answer.as_of, source: answer.source, stale })
    }

    /// An earlier answer in the place of silence. A department that says no has spoken: what it
    /// said before is not shown any more.
    async fn stands_in(
        &self,
        asked: Asked<'_>,
        kept_for: Option<SignedDuration>,
        error: &OutsideError,
    ) -> Option<ExchangeAnswer> {
        let kept_for = kept_for?;
        match error {
            OutsideError::Refused { .. } => {
                self.last_answers.forget(asked).await;
                None
            }
            OutsideError::NotSent(_) | OutsideError::OutcomeUnknown(_) => {
                self.last_answers.find(asked, self.clock.now() - kept_for).await
            }
        }
    }
}

/// The key of rows that lead to a notice.
fn notice_key(app: &AppDefinition) -> Option<&str> {
    app.leads_to.as_ref().map(|leads_to| leads_to.notice.as_str())
}

fn silent_since(app: &AppDefinition, as_of: Timestamp) -> String {
    let then = beijing_time(as_of).strftime("%m月%d日%H:%M");
    format!("{}暂时没有应答，以下是截至{then}的信息，可能已有变化", app.department)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, bench_of, row, submission, wait};
    use super::*;
    use crate::catalogue::samples::sample;
    use crate::fakes::samples::caller;
    use crate::identity::Caller;

    fn allowing(minutes: Option<u16>) -> Bench {
        let mut app = sample();
        app.look_up.as_mut().unwrap().stale_minutes = minutes;
        bench_of(app, Ok(vec![row("")]))
    }

    /// Rows, and why they are old.
    fn asks(bench: &Bench, who: &Caller) -> Result<(usize, Option<String>), SubmitError> {
        match wait(bench.submit.run(Some(who), &submission()))? {
            Outcome::Lookup { rows, stale, .. } => Ok((rows.len(), stale)),
            other @ (Outcome::Booking(_)
            | Outcome::Case(_)
            | Outcome::Certificate(_)
            | Outcome::PaymentDue(_)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_earlier_answer_stands_in_for_a_silent_department_and_says_so() {
        let bench = allowing(Some(10));
        assert_eq!(asks(&bench, &caller("P1")).unwrap(), (1, None));
        bench.exchange.says(Err("SILENT"));
        bench.clock.advance(SignedDuration::from_mins(10));
        let (rows, reason) = asks(&bench, &caller("P1")).unwrap();
        assert_eq!(rows, 1);
        assert!(reason.is_some_and(|reason| reason.contains("没有应答") && reason.contains(":")));
        bench.clock.advance(SignedDuration::from_secs(1));
        assert!(matches!(
            asks(&bench, &caller("P1")),
            Err(SubmitError::DepartmentUnavailable { .. })
        ));
    }

    #[test]
    fn nobody_else_and_no_other_question_gets_an_earlier_answer() {
        let bench = allowing(Some(10));
        asks(&bench, &caller("P1")).unwrap();
        bench.exchange.says(Err("SILENT"));
        assert!(asks(&bench, &caller("P2")).is_err());
        let mut other = submission();
        other.answers.retain(|answer| answer.name != "vin_tail");
        let tail = crate::engine::AnswerValue::Text("000002".to_owned());
        other.answers.push(crate::engine::Answer { name: "vin_tail".to_owned(), value: tail });
        assert!(wait(bench.submit.run(Some(&caller("P1")), &other)).is_err());
        assert!(asks(&bench, &caller("P1")).is_ok());
    }

    #[test]
    fn an_app_that_does_not_allow_it_keeps_nothing() {
        let bench = allowing(None);
        asks(&bench, &caller("P1")).unwrap();
        bench.exchange.says(Err("SILENT"));
        assert!(asks(&bench, &caller("P1")).is_err());
    }

    #[test]
    fn a_refusal_is_an_answer_and_ends_the_earlier_one() {
        let bench = allowing(Some(10));
        asks(&bench, &caller("P1")).unwrap();
        bench.exchange.says(Err("DENIED"));
        assert!(matches!(asks(&bench, &caller("P1")), Err(SubmitError::Refused { .. })));
        bench.exchange.says(Err("SILENT"));
        assert!(asks(&bench, &caller("P1")).is_err(), "what was refused is not shown any more");
    }

    #[test]
    fn a_fresh_answer_replaces_the_earlier_one() {
        let bench = allowing(Some(10));
        asks(&bench, &caller("P1")).unwrap();
        bench.exchange.says(Ok(vec![row(""), row("")]));
        asks(&bench, &caller("P1")).unwrap();
        bench.exchange.says(Err("SILENT"));
        assert_eq!(asks(&bench, &caller("P1")).unwrap().0, 2);
    }
}

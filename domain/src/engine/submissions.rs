//! What was submitted under which key: the number that everything done for it carries.

use super::{Answer, AnswerValue, Submission};
use crate::identity::{ActingFor, Principal};
use crate::ids::{IdempotencyKey, PersonId, SubmissionNo};
use crate::outside::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt::Write as _;

/// What a person submits under a key. `Debug` is not there: the input is personal.
#[derive(Clone)]
pub struct NewSubmission<'a> {
    /// The person's ids, the present one first: a key keeps its meaning when accounts become one.
    pub owners: &'a [PersonId],
    /// Made by the client.
    pub key: &'a IdempotencyKey,
    /// Everything that was said, so that two that differ are told apart: see
    /// [`Submission::input`].
    pub input: &'a str,
    /// The number it gets if the key is new.
    pub no: &'a SubmissionNo,
    /// When.
    pub at: Timestamp,
}

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// This submission; the number was made when the key first came.
    Same(SubmissionNo),
    /// Another one.
    Other,
}

/// The book of submissions. Nothing is ever taken out of it.
#[async_trait]
pub trait Submissions: Send + Sync {
    /// The number of the submission under that key, which is stored now if the key is new. MUST
    /// give the same number for the same key and input for ever, also to two who ask at once; MUST
    /// answer [`Claimed::Other`] for other input; MUST NOT keep the input in clear. Of accounts that
    /// became one, each of which had used the key, each input finds its own.
    async fn claim(&self, new: &NewSubmission<'_>) -> Result<Claimed, StoreError>;
}

impl Submission {
    /// Everything that was said and for whom, each part with its length before it, so that no two
    /// submissions read alike. A mandate that was ended and given again is the same principal's.
    /// Personal.
    pub fn input(&self, acting: &ActingFor) -> String {
        let mut input = String::new();
        part(&mut input, self.app.as_str());
        part(&mut input, self.region.as_ref().map_or("", |region| region.as_str()));
        part(&mut input, &self.form_version.to_string());
        for Answer { name, value } in &self.answers {
            part(&mut input, name);
            match value {
                AnswerValue::Text(text) => part(&mut input, &format!("t{text}")),
                AnswerValue::Number(number) => part(&mut input, &format!("n{number}")),
                AnswerValue::Fen(fen) => part(&mut input, &format!("f{fen}")),
                AnswerValue::Date(date) => part(&mut input, &format!("d{date}")),
                AnswerValue::Flag(flag) => part(&mut input, &format!("b{flag}")),
                AnswerValue::Choice(choice) => part(&mut input, &format!("c{choice}")),
                AnswerValue::FileId(id) => part(&mut input, &format!("i{id}")),
            }
        }
        // Answers come in pairs, so one more part is nobody's answer.
        match acting {
            ActingFor::Oneself => {}
            ActingFor::Mandate(mandate) | ActingFor::Over(mandate) => match &mandate.principal {
                Principal::Person { id_card, .. } => {
                    part(&mut input, &format!("p{}", id_card.as_str()))
                }
                Principal::LegalPerson(company) => part(&mut input, &format!("u{}", company.uscc)),
            },
        }
        input
    }
}

pub(super) fn part(input: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = write!(input, "{}:{text}", text.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::AppSlug;
    use crate::fakes::samples::{legal_person, mandate, represented};
    use crate::identity::Channel;

    fn submission(answers: &[(&str, AnswerValue)]) -> Submission {
        let answer = |(name, value): &(&str, AnswerValue)| Answer {
            name: (*name).to_owned(),
            value: value.clone(),
        };
        Submission {
            app: AppSlug::new("sample_fines").unwrap(),
            region: None,
            channel: Channel::App,
            form_version: 1,
            answers: answers.iter().map(answer).collect(),
            idempotency_key: None,
        }
    }

    #[test]
    fn submissions_that_differ_read_differently() {
        use AnswerValue as V;
        let text = |text: &str| V::Text(text.to_owned());
        let inputs = [
            submission(&[]),
            Submission { form_version: 2, ..submission(&[]) },
            submission(&[("a", text("1"))]),
            submission(&[("a", V::Number(1))]),
            submission(&[("a", V::Fen(1))]),
            submission(&[("a", V::Choice("1".to_owned()))]),
            submission(&[("a", V::FileId("1".to_owned()))]),
            submission(&[("a", text("1")), ("b", text("2"))]),
            submission(&[("a", text("11:b2:t2"))]),
        ]
        .map(|submission| submission.input(&ActingFor::Oneself));
        for (at, input) in inputs.iter().enumerate() {
            assert!(!inputs[at + 1..].contains(input), "{input}");
        }
        let by_phone = Submission { channel: Channel::WeChat, ..submission(&[]) };
        let oneself = |submission: Submission| submission.input(&ActingFor::Oneself);
        assert_eq!(oneself(by_phone), oneself(submission(&[])), "the way does not matter");
    }

    #[test]
    fn the_same_words_for_somebody_else_read_differently_and_under_a_new_mandate_alike() {
        let submission = submission(&[("a", AnswerValue::Number(1))]);
        let under = |no: &str, principal: &Principal| {
            let mandate = mandate(no, principal.clone());
            submission.input(&ActingFor::Mandate(Box::new(mandate)))
        };
        let (company, other) =
            (legal_person("91330100XXXXXX019U"), legal_person("913301060100000129"));
        let inputs = [
            submission.input(&ActingFor::Oneself),
            under("M1", &company),
            under("M1", &other),
            under("M1", &represented("33010619000101099X")),
            under("M1", &represented("330106198001010013")),
        ];
        for (at, input) in inputs.iter().enumerate() {
            assert!(!inputs[at + 1..].contains(input), "{input}");
        }
        assert_eq!(under("M1", &company), under("M2", &company), "given again");
    }
}

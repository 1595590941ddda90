//! Checks answers of a form that is not complete: a draft, or what is handed in later.

use super::check::{Map, check};
use super::plan::{Own, fault};
use super::{Answer, AnswerFault, AnswerFaultCode, Circumstances};
use crate::catalogue::AppDefinition;
use std::collections::{BTreeMap, BTreeSet};

/// No form is answered with more answers.
const ANSWERS_MAX: usize = 50;

/// What answers that are given must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Of the right shape; whose data they are is asked when the form is submitted.
    Shaped,
    /// And the caller's own, where the form says so of the caller alone. Which of several parties
    /// the caller is, only a whole form tells.
    Own,
}

/// The answers that are more than blank, as departments read them. Nothing has to be answered.
///
/// # Errors
/// Every [`AnswerFault`] at once, in the order of the answers.
pub fn check_given(
    app: &AppDefinition,
    answers: &[Answer],
    circumstances: Circumstances<'_>,
    given: Given,
) -> Result<BTreeMap<String, String>, Vec<AnswerFault>> {
    if answers.len() > ANSWERS_MAX {
        let message = format!("一次最多提交{ANSWERS_MAX}项内容，请更新页面后重试");
        return Err(vec![fault("", AnswerFaultCode::Invalid, message)]);
    }
    let Circumstances { who, company, regions, today, files } = circumstances;
    let (map, own) = (Map { regions, today, files }, Own::of(who, company));
    let (mut accepted, mut faults, mut seen) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for answer in answers.iter().filter(|answer| !answer.value.is_blank()) {
        // Whatever a client calls a field, an answer of ours stays short.
        let name: String = answer.name.chars().take(64).collect();
        let Some(field) = app.field(&answer.name) else {
            let message = "表单中没有该项，请更新页面后重新填写".to_owned();
            faults.push(fault(&name, AnswerFaultCode::UnknownField, message));
            continue;
        };
        let label = &field.label.zh;
        if !seen.insert(field.name.as_str()) {
            let message = format!("“{label}”重复填写，请只保留一项");
            faults.push(fault(&name, AnswerFaultCode::Duplicate, message));
            continue;
        }
        match check(field, &answer.value, map) {
            Ok(text) if given == Given::Shaped || own.allows(field, &text) => {
                accepted.insert(name, text);
            }
            Ok(_) => {
                let message = own.refusal(field);
                faults.push(fault(&name, AnswerFaultCode::NotYourOwn, message));
            }
            Err(message) => faults.push(fault(&name, AnswerFaultCode::Invalid, message)),
        }
    }
    if faults.is_empty() { Ok(accepted) } else { Err(faults) }
}

//! Answers to the fields of a form, and what is wrong with them.

use jiff::civil::Date;
use std::fmt;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The field answered.
    pub name: String,
    /// What was answered.
    pub value: AnswerValue,
}

/// What was answered. `Debug` tells the kind only: answers are personal.
#[derive(Clone, PartialEq, Eq)]
pub enum AnswerValue {
    /// Every type of field without a variant of its own.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Money, in fen.
    Fen(i64),
    /// A day.
    Date(Date),
    /// Yes or no.
    Flag(bool),
    /// The value of an option.
    Choice(String),
    /// An uploaded file.
    FileId(String),
}

impl AnswerValue {
    /// Is it as good as no answer?
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) | Self::Choice(text) | Self::FileId(text) => text.trim().is_empty(),
            Self::Number(_) | Self::Fen(_) | Self::Date(_) | Self::Flag(_) => false,
        }
    }
}

impl fmt::Debug for AnswerValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(***)",
            Self::Number(_) => "Number(***)",
            Self::Fen(_) => "Fen(***)",
            Self::Date(_) => "Date(***)",
            Self::Flag(_) => "Flag(***)",
            Self::Choice(_) => "Choice(***)",
            Self::FileId(_) => "FileId(***)",
        })
    }
}

/// One thing that is wrong with the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerFault {
    /// The field; empty when it is about all of them.
    pub field: String,
    /// What kind of fault.
    pub code: AnswerFaultCode,
    /// What the citizen can do about it, in Chinese. Never repeats the answer.
    pub message: String,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerFaultCode {
    /// Not answered.
    Required,
    /// Not an answer to this field.
    Invalid,
    /// The form has no such field.
    UnknownField,
    /// Answered twice.
    Duplicate,
    /// Not the caller's own data.
    NotYourOwn,
}

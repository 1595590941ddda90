//! An app and its parts, checked.

use super::{
    AppKind, AppSlug, BookingTerms, CaseTerms, CategorySlug, CertificateTerms, Field, PayTerms,
    Schedule, ShownAs, Wording,
};
use crate::casework::lottery::LotteryTerms;
use crate::identity::{Audience, Channel, IdentityLevel};
use crate::standards::RegionCode;
use std::fmt;

/// Apps of one part of life, shown together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Category {
    /// Unique.
    pub slug: CategorySlug,
    /// Its name, in both languages.
    pub name: Wording,
    /// Place on the screen, from 1; unique.
    pub order: u8,
}

/// A checked app: every name it uses exists, every word is known. Made by
/// [`AppDefinition::check`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppDefinition {
    /// Unique, for ever.
    pub slug: AppSlug,
    /// Its name, in both languages.
    pub name: Wording,
    /// One sentence in Chinese.
    pub summary: String,
    /// Where it is shown.
    pub category: CategorySlug,
    /// Who answers for it.
    pub department: String,
    /// What it does.
    pub kind: AppKind,
    /// By which ways it can be reached; at least one.
    pub channels: Vec<Channel>,
    /// What the citizen must have proved.
    pub identity_level: IdentityLevel,
    /// Whom it serves; at least one.
    pub audience: Vec<Audience>,
    /// Where it serves, with everything below; at least one.
    pub coverage: Vec<RegionCode>,
    /// When it can be used.
    pub schedule: Schedule,
    /// How far it goes without a way to an office, 1 to 5 stars; `None`: nobody has judged it.
    pub stars: Option<u8>,
    /// Its place among the apps that most people use; `None`: it is none of them.
    pub hot: Option<u8>,
    /// Its place on the first screen for the elderly; `None`: it stands behind, by its category.
    pub elder: Option<u8>,
    /// Grows when the form changes.
    pub form_version: u32,
    /// The form.
    pub fields: Vec<Field>,
    /// What runs behind it. `None`: the app is listed, but nothing runs behind it yet.
    pub action: Option<Action>,
    /// How it draws, where there are more applications than there is to give.
    pub lottery: Option<LotteryTerms>,
    /// What the citizen reads of each row of the answer.
    pub rows: Vec<RowField>,
    /// What a row can lead to.
    pub leads_to: Option<LeadsTo>,
    /// How sure we are of it.
    pub provenance: Provenance,
    /// Other words by which citizens look for it; none for its name, which is found anyway.
    pub keywords: Vec<String>,
    /// For the maintainers of the file.
    pub note: Option<String>,
}

impl AppDefinition {
    /// Whether something runs behind it.
    pub fn runs(&self) -> bool {
        self.action.is_some()
    }

    /// The call at the departments' exchange that it makes when it is submitted, if it makes one.
    pub fn call(&self) -> Option<&Call> {
        match &self.action {
            Some(Action::LookUp(call)) => Some(call),
            Some(Action::Book(terms)) => Some(&terms.call),
            Some(Action::Apply(terms)) => Some(&terms.call),
            Some(Action::Pay(terms)) => Some(&terms.call),
            Some(Action::Certify(terms)) => Some(&terms.call),
            None => None,
        }
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// What runs behind an app: one variant for each section that a file may have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// `[look_up]`: ask a department, and show the answer.
    LookUp(Call),
    /// `[booking]`: give a place at a time, and tell the department.
    Book(Box<BookingTerms>),
    /// `[case]`: open a case at a department.
    Apply(CaseTerms),
    /// `[payment]`: find or order what is owed.
    Pay(PayTerms),
    /// `[certificate]`: ask a department, and put on paper what it says.
    Certify(Box<CertificateTerms>),
}

/// The one call an app makes at the departments' exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// Which.
    pub operation: Operation,
    /// Which answers go along.
    pub sends: Vec<Sent>,
    /// Whether the verified name and number of the caller go along. Only with a level that has
    /// both.
    pub subject: bool,
    /// For so many minutes the last good answer to the same person's same question stands in for
    /// a silent department, and is marked as such. `None`: never. Only of a look-up.
    pub stale_minutes: Option<u16>,
}

/// An answer that goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The field answered.
    pub field: String,
    /// The department's name for it.
    pub parameter: String,
}

/// An operation of the departments' exchange: `traffic.violations`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation(String);

/// Not two or more words of `a-z` and `_` between dots.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("an operation is words of a-z and _ between dots")]
pub struct OperationInvalid;

impl Operation {
    /// # Errors
    /// [`OperationInvalid`] as said there; at most 64 characters.
    pub fn new(text: &str) -> Result<Self, OperationInvalid> {
        let word = |w: &str| !w.is_empty() && w.bytes().all(|b| matches!(b, b'a'..=b'z' | b'_'));
        let fits = text.len() <= 64 && text.contains('.') && text.split('.').all(word);
        if fits { Ok(Self(text.to_owned())) } else { Err(OperationInvalid) }
    }

    /// The operation as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One value of a row, as the citizen reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowField {
    /// The department's key.
    pub from: String,
    /// What stands beside the value.
    pub label: Wording,
    /// How the value is written.
    pub shown_as: ShownAs,
}

/// What a row can lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadsTo {
    /// The key whose value is the number of a notice that can be paid; empty where there is none.
    pub notice: String,
}

/// How sure we are of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// The app's name is attested.
    Sourced {
        /// Where.
        source: String,
    },
    /// Written from general knowledge of the field.
    Composed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_words_between_dots() {
        for valid in ["traffic.violations", "environment.air_quality", "a.b.c"] {
            assert_eq!(Operation::new(valid).unwrap().as_str(), valid);
        }
        for bad in ["", "traffic", "traffic.", ".a", "a..b", "a.B", "a.b/c", "a.b1"] {
            assert_eq!(Operation::new(bad), Err(OperationInvalid), "{bad}");
        }
    }
}

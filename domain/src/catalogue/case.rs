//! What an app says about the cases (办件) that it opens.

use super::{Call, Wording};
use std::collections::BTreeMap;

/// How an application is made and followed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaseTerms {
    /// The department's operation that takes the application. Its progress is asked for at the
    /// same department.
    pub call: Call,
    /// In how many working days of its acceptance the department promises to decide; 1 to 250.
    pub promised_days: u16,
    /// By whose hands it goes, in order; at least one.
    pub steps: Vec<CaseStep>,
    /// What has to be handed in.
    pub materials: Vec<Material>,
    /// Whether the result can be sent by express.
    pub express: bool,
}

/// One station of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseStep {
    /// What is done there, in Chinese: 受理.
    pub name: String,
    /// Who holds the case there, in Chinese: 派出所户籍窗口.
    pub holder: String,
}

/// Something that has to be handed in with an application.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Material {
    /// Unique in its app; the department calls it so, too.
    pub name: String,
    /// What the citizen reads.
    pub label: Wording,
    /// With which answers it is needed; `None`: always.
    pub when: Option<When>,
    /// How it comes to the department.
    pub by: MaterialBy,
}

/// How a material comes to the department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaterialBy {
    /// It is the file that answers this field.
    File {
        /// The field, of type file.
        field: String,
    },
    /// It is shown at the window; nothing is uploaded.
    Window,
    /// Departments have it from each other (数据共享); the citizen does nothing.
    Shared,
}

/// A condition on one answer: a small closed set, not a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// The field.
    pub field: String,
    /// It holds when the answer is one of these, as departments read answers.
    pub is: Vec<String>,
}

impl CaseTerms {
    /// The materials that these answers, as departments read them, make necessary.
    pub fn needed<'a>(
        &'a self,
        answers: &'a BTreeMap<&str, String>,
    ) -> impl Iterator<Item = &'a Material> {
        self.materials.iter().filter(|material| {
            material.when.as_ref().is_none_or(|when| {
                answers.get(when.field.as_str()).is_some_and(|answer| when.is.contains(answer))
            })
        })
    }

    /// The station of that number, from 1; the last one for greater numbers.
    pub fn step(&self, number: u16) -> Option<&CaseStep> {
        let last = self.steps.len().checked_sub(1)?;
        self.steps.get(usize::from(number.saturating_sub(1)).min(last))
    }

    /// The material of that name.
    pub fn material(&self, name: &str) -> Option<&Material> {
        self.materials.iter().find(|material| material.name == name)
    }
}
